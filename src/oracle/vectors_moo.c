/* The MOO format: chunks of a four-character tag, a 32-bit length and a payload, nested (see its README-MOO). */
#include "oracle/vectors.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"

/* A stretch of the file; `at` moves forward. */
struct span {
    const uint8_t *bytes;
    size_t at, end;
};

struct moo {
    const char *path;
    struct span whole;
    struct vector_test test;
    struct tb_error *error;
};

static bool fail(struct moo *moo, size_t at, const char *what)
{
    error_set(moo->error, TB_STATUS_DATA, "%s: at byte %zu: %s", moo->path, at, what);
    return false;
}

/* The next chunk of `outer`: its tag and payload. */
static bool next_chunk(struct moo *moo, struct span *outer, const uint8_t **tag, struct span *payload)
{
    uint32_t length;

    if (outer->end - outer->at < 8)
        return fail(moo, outer->at, "a chunk header is cut off");
    *tag = outer->bytes + outer->at;
    length = load_le32(*tag + 4);
    if (length > outer->end - outer->at - 8)
        return fail(moo, outer->at, "a chunk is longer than what holds it");
    *payload = (struct span){outer->bytes, outer->at + 8, outer->at + 8 + length};
    outer->at = payload->end;
    return true;
}

static bool take(struct moo *moo, struct span *span, size_t count, const uint8_t **bytes)
{
    if (span->end - span->at < count)
        return fail(moo, span->at, "a chunk is too short for its contents");
    *bytes = span->bytes + span->at;
    span->at += count;
    return true;
}

static bool read_registers(struct moo *moo, struct span *span, struct vector_state *state)
{
    const uint8_t *bytes;

    if (!take(moo, span, 2, &bytes))
        return false;
    state->present = load_le16(bytes);
    if (state->present >> VECTOR_REGISTER_COUNT)
        return fail(moo, span->at, "registers that a 16-bit processor does not have");
    for (unsigned i = 0; i < VECTOR_REGISTER_COUNT; i++)
        if (state->present >> i & 1) {
            if (!take(moo, span, 2, &bytes))
                return false;
            state->registers[i] = load_le16(bytes);
        }
    return true;
}

static bool read_memory(struct moo *moo, struct span *span, struct vector_state *state)
{
    const uint8_t *bytes;
    uint32_t count;

    if (!take(moo, span, 4, &bytes))
        return false;
    count = load_le32(bytes);
    if (count > (span->end - span->at) / 5)
        return fail(moo, span->at, "more memory bytes announced than the chunk holds");
    for (uint32_t i = 0; i < count; i++) {
        if (!take(moo, span, 5, &bytes))
            return false;
        if (!vector_state_add(state, load_le32(bytes), bytes[4]))
            return fail(moo, span->at, "too many memory bytes");
    }
    return true;
}

static bool read_state(struct moo *moo, struct span *span, struct vector_state *state)
{
    while (span->at < span->end) {
        const uint8_t *tag;
        struct span payload;

        if (!next_chunk(moo, span, &tag, &payload))
            return false;
        if (!memcmp(tag, "REGS", 4) && !read_registers(moo, &payload, state))
            return false;
        if (!memcmp(tag, "RAM ", 4) && !read_memory(moo, &payload, state))
            return false;
    }
    return true;
}

/* NAME, BYTS: a 32-bit length and as many bytes; what does not fit is cut. */
static bool read_counted(struct moo *moo, struct span *span, void *target, size_t room, unsigned *count)
{
    const uint8_t *bytes;
    uint32_t length;

    if (!take(moo, span, 4, &bytes))
        return false;
    length = load_le32(bytes);
    if (!take(moo, span, length, &bytes))
        return false;
    *count = (unsigned)(length < room ? length : room);
    memcpy(target, bytes, *count);
    return true;
}

static bool read_hash(struct moo *moo, struct span *span, char *text, size_t size)
{
    const uint8_t *bytes;
    size_t length = span->end - span->at;

    if (length > (size - 1) / 2)
        length = (size - 1) / 2;
    if (!take(moo, span, length, &bytes))
        return false;
    for (size_t i = 0; i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static bool read_part(struct moo *moo, const uint8_t *tag, struct span *payload)
{
    struct vector_test *test = &moo->test;
    const uint8_t *bytes;
    unsigned length;

    if (!memcmp(tag, "NAME", 4)) {
        if (!read_counted(moo, payload, test->name, sizeof test->name - 1, &length))
            return false;
        test->name[length] = 0;
    } else if (!memcmp(tag, "BYTS", 4)) {
        return read_counted(moo, payload, test->bytes, sizeof test->bytes, &test->byte_count);
    } else if (!memcmp(tag, "INIT", 4)) {
        return read_state(moo, payload, &test->initial);
    } else if (!memcmp(tag, "FINA", 4)) {
        return read_state(moo, payload, &test->final);
    } else if (!memcmp(tag, "EXCP", 4)) {
        if (!take(moo, payload, 5, &bytes))
            return false;
        test->exception = true;
        test->exception_number = bytes[0];
        test->flags_address = load_le32(bytes + 1);
    } else if (!memcmp(tag, "HASH", 4)) {
        return read_hash(moo, payload, test->hash, sizeof test->hash);
    }
    return true; /* bus cycles and what later versions add */
}

static bool read_test(struct moo *moo, struct span *span)
{
    const uint8_t *bytes;

    vector_test_reset(&moo->test);
    if (!take(moo, span, 4, &bytes))
        return false;
    moo->test.index = load_le32(bytes);
    while (span->at < span->end) {
        const uint8_t *tag;
        struct span payload;

        if (!next_chunk(moo, span, &tag, &payload) || !read_part(moo, tag, &payload))
            return false;
    }
    if (moo->test.initial.present != (1 << VECTOR_REGISTER_COUNT) - 1 || !moo->test.byte_count)
        return fail(moo, span->at, "the test has no complete initial state or no instruction");
    return true;
}

bool vectors_read_moo(const char *path, const uint8_t *bytes, size_t size, vector_visitor *visit, void *owner,
                      struct tb_error *error)
{
    struct moo moo = {.path = path, .whole = {bytes, 0, size}, .error = error};
    bool good = true, more = true;

    while (good && more && moo.whole.at < moo.whole.end) {
        const uint8_t *tag;
        struct span payload;

        good = next_chunk(&moo, &moo.whole, &tag, &payload);
        if (good && !memcmp(tag, "TEST", 4)) {
            good = read_test(&moo, &payload);
            if (good)
                more = visit(owner, &moo.test);
        }
    }
    vector_test_free(&moo.test);
    return good;
}
