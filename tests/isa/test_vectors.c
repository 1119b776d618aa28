/* The vector runner judges: a right test passes, a wrong one fails, damaged files give an error and nothing worse. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <truebox/truebox.h>
#include <unistd.h>

/* One 8086 test: INC AX (40) at 0100:0010, AX 7FFF. Fields as README-MOO has them. */
struct file {
    uint8_t bytes[1024];
    size_t size;
};

static void put(struct file *file, const void *bytes, size_t count)
{
    memcpy(file->bytes + file->size, bytes, count);
    file->size += count;
}

static void put_le(struct file *file, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        file->bytes[file->size++] = (uint8_t)(value >> 8 * i);
}

static size_t open_chunk(struct file *file, const char *tag)
{
    put(file, tag, 4);
    put_le(file, 0, 4);
    return file->size;
}

static void close_chunk(struct file *file, size_t start)
{
    size_t end = file->size, length = end - start;

    file->size = start - 4;
    put_le(file, (uint32_t)length, 4);
    file->size = end;
}

static struct file inc_ax(uint16_t expected_ax, uint16_t expected_flags, bool stray_byte)
{
    static const uint16_t initial[14] = {0x7fff, 0, 0, 0, 0x100, 0x200, 0x300, 0x400, 0x80, 0, 0, 0, 0x10, 0xf002};
    struct file file = {.size = 0};
    size_t moo = open_chunk(&file, "MOO "), test, state, part;

    put_le(&file, 1, 4);
    put_le(&file, 1, 4);
    put(&file, "8086", 4);
    close_chunk(&file, moo);
    test = open_chunk(&file, "TEST");
    put_le(&file, 7, 4);
    part = open_chunk(&file, "NAME");
    put_le(&file, 6, 4);
    put(&file, "inc ax", 6);
    close_chunk(&file, part);
    part = open_chunk(&file, "BYTS");
    put_le(&file, 1, 4);
    put_le(&file, 0x40, 1);
    close_chunk(&file, part);
    state = open_chunk(&file, "INIT");
    part = open_chunk(&file, "REGS");
    put_le(&file, 0x3fff, 2);
    for (unsigned i = 0; i < 14; i++)
        put_le(&file, initial[i], 2);
    close_chunk(&file, part);
    part = open_chunk(&file, "RAM ");
    put_le(&file, 1, 4);
    put_le(&file, 0x1010, 4);
    put_le(&file, 0x40, 1);
    close_chunk(&file, part);
    close_chunk(&file, state);
    state = open_chunk(&file, "FINA");
    part = open_chunk(&file, "REGS");
    put_le(&file, 1 | 1 << 12 | 1 << 13, 2);
    put_le(&file, expected_ax, 2);
    put_le(&file, 0x11, 2);
    put_le(&file, expected_flags, 2);
    close_chunk(&file, part);
    if (stray_byte) {
        part = open_chunk(&file, "RAM ");
        put_le(&file, 1, 4);
        put_le(&file, 0x5000, 4);
        put_le(&file, 1, 1);
        close_chunk(&file, part);
    }
    close_chunk(&file, state);
    close_chunk(&file, test);
    return file;
}

struct outcome {
    bool good;
    uint64_t run, failed;
    struct tb_error error;
};

static struct outcome judge(const void *bytes, size_t size, const char *model, enum tb_engine engine)
{
    struct outcome outcome = {0};
    char path[] = "/tmp/truebox-vectors-XXXXXX";
    int descriptor = mkstemp(path);

    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, bytes, size), (ssize_t)size);
    close(descriptor);
    outcome.good = tb_vectors_run(path, model, engine, NULL, NULL, &outcome.run, &outcome.failed, &outcome.error);
    unlink(path);
    return outcome;
}

Test(vectors, right_and_wrong)
{
    static const enum tb_engine engines[2] = {TB_ENGINE_FAST, TB_ENGINE_PLAIN};

    for (unsigned i = 0; i < 2; i++) {
        struct file right = inc_ax(0x8000, 0xf896, false), wrong = inc_ax(0x8001, 0xf896, false);
        struct file flags = inc_ax(0x8000, 0xf897, false), memory = inc_ax(0x8000, 0xf896, true);
        struct outcome outcome = judge(right.bytes, right.size, "8086", engines[i]);

        cr_assert(outcome.good, "%s", outcome.error.text);
        cr_assert_eq(outcome.run, 1);
        cr_assert_eq(outcome.failed, 0);
        cr_assert_eq(judge(wrong.bytes, wrong.size, "8086", engines[i]).failed, 1);
        cr_assert_eq(judge(flags.bytes, flags.size, "8086", engines[i]).failed, 1);
        cr_assert_eq(judge(memory.bytes, memory.size, "8086", engines[i]).failed, 1);
    }
}

static const char json[] =
    "[{\"name\":\"inc "
    "ax\",\"bytes\":[64],\"initial\":{\"regs\":{\"ax\":32767,\"bx\":0,\"cx\":0,\"dx\":0,\"cs\":256,\"ss\":512,"
    "\"ds\":768,\"es\":1024,\"sp\":128,\"bp\":0,\"si\":0,\"di\":0,\"ip\":16,\"flags\":61442},\"ram\":[[4112,64]],\"queue\":["
    "]},"
    "\"final\":{\"regs\":{\"ax\":32768,\"ip\":17,\"flags\":63638},\"ram\":[],\"queue\":[]},"
    "\"cycles\":[[1,-2.5e3,\"CO\\\"DE\",null,true]],\"hash\":\"00ff\",\"idx\":3}]\n";

Test(vectors, json)
{
    struct outcome outcome = judge(json, sizeof json - 1, "8086", TB_ENGINE_FAST);

    cr_assert(outcome.good, "%s", outcome.error.text);
    cr_assert_eq(outcome.run, 1);
    cr_assert_eq(outcome.failed, 0);
}

/* Cut off anywhere, or with any byte changed: an error or a judgement, never a crash. */
Test(vectors, damaged_files)
{
    struct file file = inc_ax(0x8000, 0xf896, false);

    for (size_t size = 0; size < file.size; size++) {
        struct outcome outcome = judge(file.bytes, size, "8086", TB_ENGINE_FAST);

        /* whole chunks may be missing at the end, but not half ones */
        if (!outcome.good)
            cr_assert_eq(outcome.error.status, TB_STATUS_DATA);
        else
            cr_assert_eq(outcome.run, 0);
    }
    for (size_t i = 0; i < file.size; i++) {
        struct file changed = file;

        changed.bytes[i] ^= 0xff;
        judge(changed.bytes, changed.size, "8086", TB_ENGINE_FAST);
    }
    for (size_t size = 1; size < sizeof json - 2; size++)
        cr_assert_not(judge(json, size, "8086", TB_ENGINE_FAST).good, "cut at %zu", size);
}

Test(vectors, errors_are_clear)
{
    uint64_t run, failed;
    struct tb_error error;

    cr_assert_not(tb_vectors_run("/nonexistent/vectors", "8086", TB_ENGINE_FAST, NULL, NULL, &run, &failed, &error));
    cr_assert_eq(error.status, TB_STATUS_NO_INPUT);
    cr_assert_not(tb_vectors_run("/dev/null", "z80", TB_ENGINE_FAST, NULL, NULL, &run, &failed, &error));
    cr_assert_eq(error.status, TB_STATUS_USAGE);
    cr_assert_not(judge("hello", 5, "8086", TB_ENGINE_FAST).good);
}
