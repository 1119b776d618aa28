/* Writing files atomically. */
#include "cli/output_file.h"

#include "cli/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int handle, const char *bytes, size_t size)
{
    while (size) {
        ssize_t written = write(handle, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* Devices, pipes, and everything by the name of an open file (/dev/stdout): what is there must not be replaced by a file. */
static bool is_special(const char *path)
{
    struct stat status;

    if (!strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6))
        return true;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static bool write_directly(const char *path, const void *bytes, size_t size, struct tb_error *error)
{
    bool is_stdout = !strcmp(path, "/dev/stdout");
    int handle = is_stdout ? STDOUT_FILENO : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    bool good = handle >= 0 && write_all(handle, bytes, size);

    if (!good)
        report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    if (handle >= 0 && !is_stdout)
        close(handle);
    return good;
}

/* Through a file beside the target. `target` is `path` with its links followed. */
static bool replace(const char *path, const char *target, const void *bytes, size_t size, struct tb_error *error)
{
    size_t length = strlen(target) + sizeof ".XXXXXX";
    char *temporary = report_resize(NULL, length);
    mode_t mask = umask(0);
    int handle, problem;
    bool good;

    umask(mask);
    snprintf(temporary, length, "%s.XXXXXX", target);
    handle = mkstemp(temporary);
    good = handle >= 0 && fchmod(handle, 0666 & ~mask) == 0 && write_all(handle, bytes, size);
    problem = errno;
    if (handle >= 0 && close(handle) && good) {
        good = false;
        problem = errno;
    }
    if (good && rename(temporary, target)) {
        good = false;
        problem = errno;
    }
    if (!good) {
        if (handle >= 0)
            unlink(temporary);
        report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(problem));
    }
    free(temporary);
    return good;
}

bool output_file_write(const char *path, const void *bytes, size_t size, struct tb_error *error)
{
    struct stat status;
    char *target;
    bool good;

    if (is_special(path))
        return write_directly(path, bytes, size, error);
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(EISDIR));
    target = realpath(path, NULL);
    good = replace(path, target ? target : path, bytes, size, error);
    free(target);
    return good;
}

bool output_file_check(const char *path, struct tb_error *error)
{
    struct stat status;

    if (!path)
        return true;
    if (!*path)
        return report_set(error, TB_STATUS_USAGE, "the name of an output file is empty");
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(EISDIR));
        if (access(path, W_OK))
            return report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
        if (!S_ISREG(status.st_mode))
            return true;
    }
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 1;
    char *folder = report_resize(NULL, length + 1);
    memcpy(folder, slash ? path : ".", length);
    folder[length] = 0;
    bool good = access(folder, W_OK | X_OK) == 0;
    if (!good)
        report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    free(folder);
    return good;
}
