/* Pictures to PNG files through libpng: written beside the target under a temporary name, then renamed over it. */
#include "png_write.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A frontend sees the public header only (R10), so it formats its own errors. */
static bool fail(struct tb_error *error, enum tb_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct tb_error *error, enum tb_status status, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
    }
    return false;
}

/* What libpng's callbacks need; libpng's own message is kept for the error line. */
struct png_job {
    char message[256];
};

static void keep_message(png_structp png, png_const_charp message)
{
    struct png_job *job = png_get_error_ptr(png);
    snprintf(job->message, sizeof(job->message), "%s", message);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* Everything that may be longjmp'ed over lives in the caller, so nothing here is lost or clobbered. */
static bool encode(png_structp png, png_infop info, FILE *file, uint8_t *row, const uint32_t *pixels, unsigned width,
                   unsigned height, size_t stride)
{
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (unsigned y = 0; y < height; y++) {
        const uint32_t *source = pixels + y * stride;
        for (unsigned x = 0; x < width; x++) {
            row[3 * x] = (uint8_t)(source[x] >> 16);
            row[3 * x + 1] = (uint8_t)(source[x] >> 8);
            row[3 * x + 2] = (uint8_t)source[x];
        }
        png_write_row(png, row);
    }
    png_write_end(png, info);
    return true;
}

static bool encode_file(FILE *file, struct png_job *job, const uint32_t *pixels, unsigned width, unsigned height,
                        size_t stride)
{
    bool written = false;
    uint8_t *row = malloc(3 * (size_t)width);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, job, keep_message, ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (row && info)
        written = encode(png, info, file, row, pixels, width, height, stride);
    else
        snprintf(job->message, sizeof(job->message), "out of memory");
    png_destroy_write_struct(&png, &info);
    free(row);
    return written;
}

/* The mode a plain fopen would have given; mkstemp makes files that only the owner can read. */
static void give_ordinary_mode(int descriptor)
{
    mode_t mask = umask(0);
    umask(mask);
    /* A file system without modes keeps its own; the picture is readable all the same. */
    if (fchmod(descriptor, 0666 & ~mask) != 0)
        errno = 0;
}

static bool replace_file(const char *temporary, const char *path, const uint32_t *pixels, unsigned width, unsigned height,
                         size_t stride, int descriptor, struct tb_error *error)
{
    FILE *file = fdopen(descriptor, "wb");
    if (!file) {
        fail(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
        close(descriptor);
        return false;
    }
    struct png_job job = {""};
    errno = 0;
    bool encoded = encode_file(file, &job, pixels, width, height, stride);
    int reason = errno;
    give_ordinary_mode(descriptor);
    if (encoded && fflush(file) != 0) {
        encoded = false;
        reason = errno;
    }
    if (fclose(file) != 0 && encoded) {
        encoded = false;
        reason = errno;
    }
    if (!encoded)
        return fail(error, TB_STATUS_NO_INPUT, "%s: cannot write the picture: %s", path,
                    reason ? strerror(reason) : job.message);
    if (rename(temporary, path) != 0)
        return fail(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    return true;
}

/* A device or pipe (/dev/stdout, /dev/null) is written through, since a rename would replace it. */
static bool is_special(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static bool write_through(const char *path, const uint32_t *pixels, unsigned width, unsigned height, size_t stride,
                          struct tb_error *error)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return fail(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    struct png_job job = {""};
    bool encoded = encode_file(file, &job, pixels, width, height, stride);
    if (fclose(file) != 0 && encoded) {
        encoded = false;
        snprintf(job.message, sizeof(job.message), "%s", strerror(errno));
    }
    return encoded || fail(error, TB_STATUS_NO_INPUT, "%s: cannot write the picture: %s", path, job.message);
}

bool png_write_rgb(const char *path, const uint32_t *pixels, unsigned width, unsigned height, size_t stride,
                   struct tb_error *error)
{
    if (width == 0 || height == 0)
        return fail(error, TB_STATUS_DATA, "%s: no picture to write: the display is off", path);
    if (is_special(path))
        return write_through(path, pixels, width, height, stride, error);

    size_t size = strlen(path) + sizeof(".XXXXXX");
    char *temporary = malloc(size);
    if (!temporary)
        return fail(error, TB_STATUS_SOFTWARE, "%s: out of memory", path);
    snprintf(temporary, size, "%s.XXXXXX", path);
    int descriptor = mkstemp(temporary);
    bool written = false;
    if (descriptor < 0) {
        fail(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    } else {
        written = replace_file(temporary, path, pixels, width, height, stride, descriptor, error);
        if (!written)
            unlink(temporary);
    }
    free(temporary);
    return written;
}
