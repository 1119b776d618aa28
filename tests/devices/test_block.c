/* Image files: what is refused and how it is said, the overlay, the record of writes, a full host disk. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/image_kind.h"
#include "storage_bench.h"

static struct block_list list;

static void expect_refusal(const char *path, unsigned options, enum tb_status status, const char *why)
{
    struct tb_error error = {0};

    cr_assert_null(block_open(&list, path, options, NULL, &error));
    cr_expect_eq(error.status, status, "%s: status %d", error.text, error.status);
    cr_expect(strncmp(error.text, path, strlen(path)) == 0, "does not begin with the file: %s", error.text);
    cr_expect_not_null(strstr(error.text, why), "%s", error.text);
    cr_expect_null(strchr(error.text, '\n'));
}

Test(block, refuses_with_one_line)
{
    expect_refusal("no-such-image", 0, TB_STATUS_NO_INPUT, "No such file");
    expect_refusal("/", 0, TB_STATUS_DATA, "directory");
    expect_refusal("/dev/null", 0, TB_STATUS_DATA, "not a regular file");
    expect_refusal(temporary_image(0), 0, TB_STATUS_DATA, "empty");
    expect_refusal(temporary_image(1000), 0, TB_STATUS_DATA, "truncated");
    expect_refusal(temporary_file("QFI\xfb", 4), BLOCK_PARTIAL_SECTOR, TB_STATUS_DATA, "qcow2");
}

Test(block, reads_and_writes_reach_the_file)
{
    const char *path = temporary_image(10 * 512);
    struct block *block = block_open(&list, path, 0, NULL, NULL);
    uint8_t bytes[1024], written[1024];

    cr_assert_not_null(block);
    cr_assert_eq(block_sectors(block), 10);
    cr_assert(block_read(block, 8, 2, bytes));
    cr_assert_eq(bytes[513], pattern_byte(9 * 512 + 1));
    cr_expect(!block_read(block, 9, 2, bytes));
    cr_expect(!block_read(block, UINT64_MAX, 1, bytes));
    cr_expect(!block_write(block, 10, 1, bytes));
    memset(written, 0x5A, sizeof written);
    cr_assert(block_write(block, 4, 2, written));
    cr_assert(block_close(block, NULL));
    block = block_open(&list, path, BLOCK_READ_ONLY, NULL, NULL);
    cr_assert(block_read(block, 4, 2, bytes));
    cr_expect_arr_eq(bytes, written, 1024);
    cr_expect(!block_write(block, 4, 1, written));
    block_close(block, NULL);
}

Test(block, past_the_end_are_zeros_until_written)
{
    const char *path = temporary_image(700);
    struct block *block = block_open(&list, path, BLOCK_PARTIAL_SECTOR, NULL, NULL);
    uint8_t bytes[512];
    struct stat status;

    block_extend(block, 100);
    cr_assert_eq(block_sectors(block), 100);
    cr_assert(block_read(block, 1, 1, bytes));
    cr_expect_eq(bytes[187], pattern_byte(699));
    cr_expect_eq(bytes[188], 0);
    cr_assert(block_read(block, 99, 1, bytes));
    cr_expect_eq(bytes[0], 0);
    cr_assert(block_write(block, 50, 1, bytes));
    block_close(block, NULL);
    stat(path, &status);
    cr_expect_eq(status.st_size, 51 * 512);
}

Test(block, overlay_leaves_the_file_alone)
{
    const char *path = temporary_image(64 * 512);
    struct block *block = block_open(&list, path, BLOCK_DISCARD_WRITES, NULL, NULL);
    uint8_t bytes[512], mine[512];

    memset(mine, 0xC3, sizeof mine);
    chmod(path, 0444);
    cr_assert(!block_is_read_only(block));
    cr_assert(block_write(block, 63, 1, mine));
    cr_assert(block_read(block, 63, 1, bytes));
    cr_expect_eq(bytes[5], 0xC3);
    cr_assert(block_read(block, 62, 1, bytes));
    cr_expect_eq(bytes[5], pattern_byte(62 * 512 + 5), "neighbours in the cluster come from the file");
    block_forget_written(block);
    cr_assert(block_read(block, 63, 1, bytes));
    cr_expect_eq(bytes[5], pattern_byte(63 * 512 + 5));
    block_limit_overlay(block, 4096);
    cr_expect(block_write(block, 0, 8, (uint8_t[4096]){0}));
    cr_expect(!block_write(block, 8, 1, mine), "beyond the limit the guest sees a write error");
    block_close(block, NULL);
}

static bool count_sector(void *owner, uint64_t lba, const uint8_t *sector)
{
    uint64_t *sum = owner;

    *sum += lba * 1000 + sector[0];
    return true;
}

Test(block, written_hash_knows_content_not_order)
{
    struct block *first = block_open(&list, temporary_image(9000 * 512), 0, NULL, NULL);
    struct block *second = block_open(&list, temporary_image(9000 * 512), BLOCK_DISCARD_WRITES, NULL, NULL);
    uint8_t a[512] = {1}, b[512] = {2};
    uint64_t sum = 0;

    cr_assert_eq(block_written_hash(first), block_written_hash(second));
    block_write(first, 7, 1, a);
    block_write(first, 8500, 1, b);
    block_write(second, 8500, 1, a); /* overwritten below: only the present content counts */
    block_write(second, 8500, 1, b);
    cr_expect_neq(block_written_hash(first), block_written_hash(second));
    block_write(second, 7, 1, a);
    cr_expect_eq(block_written_hash(first), block_written_hash(second));
    cr_expect_eq(block_written_count(second), 2);
    cr_assert(block_each_written(second, count_sector, &sum));
    cr_expect_eq(sum, 7001 + 8500002);
    block_write(second, 8, 1, a);
    cr_expect_neq(block_written_hash(first), block_written_hash(second));
    block_close(first, NULL);
    block_close(second, NULL);
}

Test(block, same_image_twice)
{
    const char *path = temporary_image(5120);
    struct block *writer = block_open(&list, path, 0, NULL, NULL), *reader;

    expect_refusal(path, 0, TB_STATUS_DATA, "already in use");
    expect_refusal(path, BLOCK_DISCARD_WRITES, TB_STATUS_DATA, "already in use");
    block_close(writer, NULL);
    writer = block_open(&list, path, BLOCK_DISCARD_WRITES, NULL, NULL);
    reader = block_open(&list, path, BLOCK_READ_ONLY, NULL, NULL);
    cr_assert(writer && reader, "two that leave the file alone may share it");
    expect_refusal(path, 0, TB_STATUS_DATA, "already in use");
    block_close(writer, NULL);
    block_close(reader, NULL);
}

Test(block, another_process_has_it)
{
    const char *path = temporary_image(5120);
    int ready[2], done[2];
    char byte = 0;
    pid_t child;

    cr_assert(pipe(ready) == 0 && pipe(done) == 0);
    child = fork();
    if (child == 0) {
        struct block_list other = {NULL};
        struct block *block = block_open(&other, path, 0, NULL, NULL);

        close(done[1]);
        if (write(ready[1], &byte, 1) == 1 && read(done[0], &byte, 1) >= 0)
            block_close(block, NULL);
        _exit(0);
    }
    cr_assert(read(ready[0], &byte, 1) == 1);
    expect_refusal(path, 0, TB_STATUS_NO_INPUT, "in use by another");
    close(done[1]);
    waitpid(child, NULL, 0);
}

Test(block, protected_file_is_read_only)
{
    const char *path = temporary_image(5120);
    struct block *block;
    uint8_t bytes[512] = {0};

    chmod(path, 0444);
    block = block_open(&list, path, 0, NULL, NULL);
    cr_assert(block && block_is_read_only(block));
    cr_expect(!block_write(block, 0, 1, bytes));
    block_close(block, NULL);
}

Test(block, full_host_disk)
{
    const char *path = temporary_image(4 * 512);
    struct block *block = block_open(&list, path, 0, NULL, NULL);
    struct rlimit limit = {6 * 512 + 100, 6 * 512 + 100};
    uint8_t bytes[4 * 512];
    struct stat status;

    memset(bytes, 0x77, sizeof bytes);
    block_extend(block, 2880);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    cr_expect(!block_write(block, 4, 4, bytes), "only two sectors have room");
    stat(path, &status);
    cr_expect_eq(status.st_size, 6 * 512, "no torn sector at the end: %lld", (long long)status.st_size);
    cr_expect_eq(block_written_count(block), 2);
    cr_assert(block_read(block, 5, 1, bytes));
    cr_expect_eq(bytes[511], 0x77);
    cr_assert(block_read(block, 6, 1, bytes));
    cr_expect_eq(bytes[0], 0);
    cr_expect(block_write(block, 0, 1, bytes), "what is there can still be written");
    block_close(block, NULL);
}

Test(image_kind, by_content_and_size)
{
    static uint8_t cd[40 * 2048], little[2048];
    struct tb_error error;

    memcpy(cd + 16 * 2048, "\1CD001\1", 7);
    cd[16 * 2048 + 80] = 40;
    cd[16 * 2048 + 129] = 8;
    cr_expect_eq(image_kind(temporary_file(cd, sizeof cd), &error), TB_DRIVE_CDROM);
    cd[16 * 2048 + 82] = 1; /* a volume of 65576 sectors of which 40 are there */
    cr_expect_eq(image_kind(temporary_file(cd, sizeof cd), &error), TB_DRIVE_EMPTY);
    cr_expect_eq(error.status, TB_STATUS_DATA);
    cr_expect_not_null(strstr(error.text, "truncated"));
    cr_expect_eq(image_kind(temporary_file(little, 512), &error), TB_DRIVE_FLOPPY);
    cr_expect_eq(image_kind(temporary_image(2949120), &error), TB_DRIVE_FLOPPY);
    cr_expect_eq(image_kind(temporary_image(2949120 + 512), &error), TB_DRIVE_DISK);
    cr_expect_eq(image_kind(temporary_file(little, 700), &error), TB_DRIVE_EMPTY);
    cr_expect_eq(error.status, TB_STATUS_DATA);
    cr_expect_eq(image_kind("/nowhere/at/all", &error), TB_DRIVE_EMPTY);
    cr_expect_eq(error.status, TB_STATUS_NO_INPUT);
}
