/* Pictures to PNG files through libpng: encoded in memory, then written like any other output. */
#include "cli/png_write.h"

#include "cli/output_file.h"
#include "cli/report.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>

/* What libpng's callbacks need; libpng's own message is kept for the error line. */
struct png_job {
    char message[256];
};

static void keep_message(png_structp png, png_const_charp message)
{
    struct png_job *job = png_get_error_ptr(png);

    snprintf(job->message, sizeof job->message, "%s", message);
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
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
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
        snprintf(job->message, sizeof job->message, "out of memory");
    png_destroy_write_struct(&png, &info);
    free(row);
    return written;
}

bool png_write_rgb(const char *path, const uint32_t *pixels, unsigned width, unsigned height, size_t stride,
                   struct tb_error *error)
{
    struct png_job job = {"out of memory"};
    char *bytes = NULL;
    size_t size = 0;
    bool good;

    if (!width || !height)
        return report_set(error, TB_STATUS_DATA, "%s: the picture has no pixels", path);
    FILE *memory = open_memstream(&bytes, &size);
    good = memory && encode_file(memory, &job, pixels, width, height, stride);
    if (memory && fclose(memory))
        good = false;
    if (good)
        good = output_file_write(path, bytes, size, error);
    else
        report_set(error, TB_STATUS_SOFTWARE, "%s: cannot encode the picture: %s", path, job.message);
    free(bytes);
    return good;
}
