/* The JSON form of the tests, and metadata.json. A recursive reader of bounded depth that keeps what it knows and skips the
 * rest. */
#include "oracle/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_LIMIT 32

struct json {
    const char *path;
    const uint8_t *bytes;
    size_t at, size;
    unsigned depth;
    struct tb_error *error;
};

static bool fail(struct json *json, const char *what)
{
    return error_set(json->error, TB_STATUS_DATA, "%s: at byte %zu: %s", json->path, json->at, what);
}

static int peek(struct json *json)
{
    while (json->at < json->size && strchr(" \t\r\n", json->bytes[json->at]) && json->bytes[json->at])
        json->at++;
    return json->at < json->size ? json->bytes[json->at] : -1;
}

static bool accept(struct json *json, int character)
{
    if (peek(json) != character)
        return false;
    json->at++;
    return true;
}

static bool expect(struct json *json, int character)
{
    char text[32];

    if (accept(json, character))
        return true;
    snprintf(text, sizeof text, "'%c' expected", character);
    return fail(json, text);
}

/* A string; escapes are kept as they are written, but for the quote and the backslash. What does not fit is cut. */
static bool read_string(struct json *json, char *text, size_t room)
{
    size_t length = 0;

    if (!expect(json, '"'))
        return false;
    while (json->at < json->size && json->bytes[json->at] != '"') {
        if (json->bytes[json->at] == '\\' && json->at + 1 < json->size)
            json->at++;
        if (length + 1 < room)
            text[length++] = (char)json->bytes[json->at];
        json->at++;
    }
    if (room)
        text[length] = 0;
    return expect(json, '"');
}

static bool read_number(struct json *json, uint64_t *value)
{
    size_t start;

    *value = 0;
    peek(json);
    start = json->at;
    while (json->at < json->size && json->bytes[json->at] >= '0' && json->bytes[json->at] <= '9') {
        *value = *value * 10 + (json->bytes[json->at] - '0');
        if (++json->at - start > 18)
            return fail(json, "the number is too large");
    }
    return json->at > start || fail(json, "a number expected");
}

static bool read_bounded(struct json *json, uint64_t limit, uint64_t *value)
{
    return read_number(json, value) && (*value <= limit || fail(json, "the number is too large"));
}

static bool skip(struct json *json);

/* Walks { "key": value, ... }: member(json, owner, key) reads the value. */
static bool read_object(struct json *json, bool (*member)(struct json *json, void *owner, const char *key), void *owner)
{
    char key[64];

    if (++json->depth > DEPTH_LIMIT)
        return fail(json, "nested too deeply");
    if (!expect(json, '{'))
        return false;
    if (!accept(json, '}')) {
        do {
            if (!read_string(json, key, sizeof key) || !expect(json, ':') || !member(json, owner, key))
                return false;
        } while (accept(json, ','));
        if (!expect(json, '}'))
            return false;
    }
    json->depth--;
    return true;
}

static bool read_array(struct json *json, bool (*element)(struct json *json, void *owner), void *owner)
{
    if (++json->depth > DEPTH_LIMIT)
        return fail(json, "nested too deeply");
    if (!expect(json, '['))
        return false;
    if (!accept(json, ']')) {
        do {
            if (!element(json, owner))
                return false;
        } while (accept(json, ','));
        if (!expect(json, ']'))
            return false;
    }
    json->depth--;
    return true;
}

static bool skip_member(struct json *json, void *owner, const char *key)
{
    (void)owner, (void)key;
    return skip(json);
}

static bool skip_element(struct json *json, void *owner)
{
    (void)owner;
    return skip(json);
}

static bool skip(struct json *json)
{
    size_t start;

    switch (peek(json)) {
    case '"': return read_string(json, NULL, 0);
    case '{': return read_object(json, skip_member, NULL);
    case '[': return read_array(json, skip_element, NULL);
    default: break;
    }
    start = json->at;
    while (json->at < json->size && json->bytes[json->at] &&
           strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", json->bytes[json->at]))
        json->at++;
    return json->at > start || fail(json, "a value expected");
}

/* --- tests ------------------------------------------------------------------------------------------------------ */

const char *const vector_register_names[VECTOR_REGISTER_COUNT] = {"ax", "bx", "cx", "dx", "cs", "ss", "ds",
                                                                  "es", "sp", "bp", "si", "di", "ip", "flags"};

static bool read_register(struct json *json, void *owner, const char *key)
{
    struct vector_state *state = owner;
    uint64_t value;

    for (unsigned i = 0; i < VECTOR_REGISTER_COUNT; i++)
        if (!strcmp(key, vector_register_names[i])) {
            if (!read_bounded(json, 0xffff, &value))
                return false;
            state->registers[i] = (uint16_t)value;
            state->present |= (uint16_t)(1 << i);
            return true;
        }
    return fail(json, "registers that a 16-bit processor does not have");
}

static bool read_memory_byte(struct json *json, void *owner)
{
    uint64_t address, value;

    if (!expect(json, '[') || !read_bounded(json, 0xffffffff, &address) || !expect(json, ',') ||
        !read_bounded(json, 0xff, &value) || !expect(json, ']'))
        return false;
    return vector_state_add(owner, (uint32_t)address, (uint8_t)value) || fail(json, "too many memory bytes");
}

static bool read_state_member(struct json *json, void *owner, const char *key)
{
    if (!strcmp(key, "regs"))
        return read_object(json, read_register, owner);
    if (!strcmp(key, "ram"))
        return read_array(json, read_memory_byte, owner);
    return skip(json);
}

static bool read_instruction_byte(struct json *json, void *owner)
{
    struct vector_test *test = owner;
    uint64_t value;

    if (!read_bounded(json, 0xff, &value))
        return false;
    if (test->byte_count < VECTOR_BYTES)
        test->bytes[test->byte_count++] = (uint8_t)value;
    return true;
}

static bool read_exception_member(struct json *json, void *owner, const char *key)
{
    struct vector_test *test = owner;
    uint64_t value;

    if (!strcmp(key, "number")) {
        if (!read_bounded(json, 0xff, &value))
            return false;
        test->exception_number = (uint8_t)value;
    } else if (!strcmp(key, "flag_address")) {
        if (!read_bounded(json, 0xffffffff, &value))
            return false;
        test->flags_address = (uint32_t)value;
    } else {
        return skip(json);
    }
    return true;
}

static bool read_test_member(struct json *json, void *owner, const char *key)
{
    struct vector_test *test = owner;
    uint64_t value;

    if (!strcmp(key, "name"))
        return read_string(json, test->name, sizeof test->name);
    if (!strcmp(key, "hash") || !strcmp(key, "test_hash"))
        return read_string(json, test->hash, sizeof test->hash);
    if (!strcmp(key, "bytes"))
        return read_array(json, read_instruction_byte, test);
    if (!strcmp(key, "initial"))
        return read_object(json, read_state_member, &test->initial);
    if (!strcmp(key, "final"))
        return read_object(json, read_state_member, &test->final);
    if (!strcmp(key, "exception")) {
        test->exception = true;
        return read_object(json, read_exception_member, test);
    }
    if (!strcmp(key, "idx") || !strcmp(key, "test_num")) {
        if (!read_bounded(json, 0xffffffff, &value))
            return false;
        test->index = (uint32_t)value;
        return true;
    }
    return skip(json);
}

struct test_reader {
    struct vector_test test;
    vector_visitor *visit;
    void *owner;
    bool stopped;
};

static bool read_test(struct json *json, void *owner)
{
    struct test_reader *reader = owner;

    vector_test_reset(&reader->test);
    if (!read_object(json, read_test_member, &reader->test))
        return false;
    if (reader->test.initial.present != (1 << VECTOR_REGISTER_COUNT) - 1 || !reader->test.byte_count)
        return fail(json, "the test has no complete initial state or no instruction");
    if (!reader->stopped)
        reader->stopped = !reader->visit(reader->owner, &reader->test);
    return true;
}

bool vectors_read_json(const char *path, const uint8_t *bytes, size_t size, vector_visitor *visit, void *owner,
                       struct tb_error *error)
{
    struct json json = {.path = path, .bytes = bytes, .size = size, .error = error};
    struct test_reader reader = {.visit = visit, .owner = owner};
    bool good = read_array(&json, read_test, &reader);

    if (good && peek(&json) != -1)
        good = fail(&json, "something follows the array of tests");
    vector_test_free(&reader.test);
    return good;
}

/* --- metadata --------------------------------------------------------------------------------------------------- */

struct masks_reader {
    struct vector_masks *masks;
    unsigned opcode; /* as in struct vector_masks */
    int reg;         /* -1: all */
};

static bool read_opcode_member(struct json *json, void *owner, const char *key);

static bool read_reg_member(struct json *json, void *owner, const char *key)
{
    struct masks_reader *reader = owner;
    bool good;

    if (key[0] < '0' || key[0] > '7' || key[1])
        return fail(json, "ModRM.reg is a digit from 0 to 7");
    reader->reg = key[0] - '0';
    reader->masks->by_reg[reader->opcode] = true;
    good = read_object(json, read_opcode_member, reader);
    reader->reg = -1;
    return good;
}

static bool read_opcode_member(struct json *json, void *owner, const char *key)
{
    struct masks_reader *reader = owner;
    uint64_t value;

    if (!strcmp(key, "reg") && reader->reg < 0)
        return read_object(json, read_reg_member, reader);
    if (strcmp(key, "flags-mask") != 0)
        return skip(json);
    if (!read_bounded(json, 0xffff, &value))
        return false;
    for (int reg = 0; reg < 8; reg++)
        if (reader->reg < 0 || reader->reg == reg)
            reader->masks->mask[reader->opcode][reg] = (uint16_t)value;
    return true;
}

static bool read_opcode(struct json *json, void *owner, const char *key)
{
    struct masks_reader *reader = owner;
    char *end;
    unsigned long opcode = strtoul(key, &end, 16);

    if (*end || end == key || (opcode > 0xff && (opcode < 0x0f00 || opcode > 0x0fff)))
        return fail(json, "an opcode of two or four hexadecimal digits expected");
    reader->opcode = (unsigned)(opcode > 0xff ? opcode - 0x0f00 + 256 : opcode);
    reader->reg = -1;
    reader->masks->known[reader->opcode] = true;
    return read_object(json, read_opcode_member, reader);
}

static bool read_metadata_member(struct json *json, void *owner, const char *key)
{
    return strcmp(key, "opcodes") ? skip(json) : read_object(json, read_opcode, owner);
}

bool vectors_read_metadata(const char *path, const uint8_t *bytes, size_t size, struct vector_masks *masks,
                           struct tb_error *error)
{
    struct json json = {.path = path, .bytes = bytes, .size = size, .error = error};
    struct masks_reader reader = {.masks = masks, .reg = -1};

    memset(masks, 0, sizeof *masks);
    memset(masks->mask, 0xff, sizeof masks->mask);
    return read_object(&json, read_metadata_member, &reader);
}
