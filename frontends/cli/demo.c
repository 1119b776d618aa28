/* The demo guest as a temporary file. */
#include "cli/demo.h"

#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool nothing_named(const struct run_options *options)
{
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        if (options->machine.drives[i].path)
            return false;
    }
    return !options->image && !options->machine.bios_path && !options->machine.kernel_path;
}

static bool write_demo(int handle, const uint8_t *bytes, size_t size)
{
    while (size) {
        ssize_t written = write(handle, bytes, size);

        if (written < 0 && errno != EINTR)
            return false;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

bool demo_insert(struct run_options *options, char **path, struct tb_error *error)
{
    const char *folder = getenv("TMPDIR");
    const uint8_t *bytes;
    size_t size;

    *path = NULL;
    bytes = tb_demo_image(&size);
    if (!bytes || !nothing_named(options))
        return true;
    if (!folder || !*folder)
        folder = "/tmp";
    size_t length = strlen(folder) + sizeof "/truebox-demo.XXXXXX";
    *path = report_resize(NULL, length);
    snprintf(*path, length, "%s/truebox-demo.XXXXXX", folder);
    int handle = mkstemp(*path);
    bool good = handle >= 0 && write_demo(handle, bytes, size);
    if (!good)
        report_set(error, TB_STATUS_NO_INPUT, "%s: %s", *path, strerror(errno));
    if (handle >= 0)
        close(handle);
    options->machine.drives[TB_FDA] = (struct tb_drive_config){TB_DRIVE_FLOPPY, *path};
    return good;
}

void demo_forget(char **path)
{
    if (*path)
        unlink(*path);
    free(*path);
    *path = NULL;
}
