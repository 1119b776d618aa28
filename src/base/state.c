/* Walking the field tables: hash, save, restore and visit are one recursion each over the same rows. */
#include "base/state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/hash.h"
#include "base/memory.h"

struct entry {
    const char *instance;
    const struct state_table *table;
    void *object;
};

struct state_registry {
    struct schedule *schedule;
    struct entry *entries;
    size_t count;
};

struct state_registry *state_registry_new(struct schedule *schedule)
{
    struct state_registry *registry = memory_new(sizeof *registry);

    registry->schedule = schedule;
    return registry;
}

void state_registry_free(struct state_registry *registry)
{
    if (!registry)
        return;
    free(registry->entries);
    free(registry);
}

void state_registry_add(struct state_registry *registry, const char *instance, const struct state_table *table, void *object)
{
    registry->entries = memory_resize(registry->entries, (registry->count + 1) * sizeof *registry->entries);
    registry->entries[registry->count++] = (struct entry){instance, table, object};
}

static unsigned kind_size(enum state_kind kind)
{
    switch (kind) {
    case STATE_KIND_U8:
    case STATE_KIND_BOOL: return 1;
    case STATE_KIND_U16: return 2;
    case STATE_KIND_U32: return 4;
    case STATE_KIND_U64: return 8;
    case STATE_KIND_EVENT: return 16; /* when and order */
    case STATE_KIND_BYTES:
    case STATE_KIND_STRUCT: break;
    }
    return 0;
}

/* Bytes of one element of a field that is not a struct. */
static size_t field_size(const struct state_field *field)
{
    return field->kind == STATE_KIND_BYTES ? field->stride : kind_size(field->kind);
}

static uint64_t scalar_get(enum state_kind kind, const void *element)
{
    switch (kind) {
    case STATE_KIND_U8: return *(const uint8_t *)element;
    case STATE_KIND_BOOL: return *(const bool *)element;
    case STATE_KIND_U16: return *(const uint16_t *)element;
    case STATE_KIND_U32: return *(const uint32_t *)element;
    case STATE_KIND_U64: return *(const uint64_t *)element;
    case STATE_KIND_EVENT: return ((const struct event *)element)->when;
    case STATE_KIND_BYTES:
    case STATE_KIND_STRUCT: break;
    }
    return 0;
}

static void scalar_set(enum state_kind kind, void *element, uint64_t value)
{
    switch (kind) {
    case STATE_KIND_U8: *(uint8_t *)element = (uint8_t)value; break;
    case STATE_KIND_BOOL: *(bool *)element = value != 0; break;
    case STATE_KIND_U16: *(uint16_t *)element = (uint16_t)value; break;
    case STATE_KIND_U32: *(uint32_t *)element = (uint32_t)value; break;
    case STATE_KIND_U64: *(uint64_t *)element = value; break;
    case STATE_KIND_EVENT:
    case STATE_KIND_BYTES:
    case STATE_KIND_STRUCT: break;
    }
}

/* One recursion serves every use: the callback sees each scalar with its row. */
struct walk {
    void (*scalar)(struct walk *walk, const struct state_field *field, uint32_t index, void *element);
    char path[256];
    size_t path_length;
    enum state_visibility visibility;
    uint64_t hash;
    uint8_t *bytes;
    struct schedule *schedule;
    void (*visit)(void *owner, const char *path, uint64_t value, enum state_visibility visibility);
    void *owner;
};

static size_t path_push(struct walk *walk, const char *name, bool indexed, uint32_t index)
{
    size_t before = walk->path_length, room = sizeof walk->path - before;
    int written;

    if (!walk->visit)
        return before;
    written = indexed ? snprintf(walk->path + before, room, "%s%s[%u]", before ? "." : "", name, index)
                      : snprintf(walk->path + before, room, "%s%s", before ? "." : "", name);
    walk->path_length = before + ((size_t)written < room ? (size_t)written : room - 1);
    return before;
}

static void path_pop(struct walk *walk, size_t length)
{
    walk->path_length = length;
    walk->path[length] = 0;
}

static void walk_table(struct walk *walk, const struct state_table *table, void *object)
{
    for (size_t i = 0; i < table->field_count; i++) {
        const struct state_field *field = &table->fields[i];
        enum state_visibility outer = walk->visibility;

        if (field->visibility == STATE_HIDDEN)
            walk->visibility = STATE_HIDDEN;
        for (uint32_t n = 0; n < field->count; n++) {
            void *element = (char *)object + field->offset + (size_t)n * field->stride;
            size_t mark = path_push(walk, field->name, field->count > 1, n);

            if (field->kind == STATE_KIND_STRUCT)
                walk_table(walk, field->table, element);
            else
                walk->scalar(walk, field, n, element);
            path_pop(walk, mark);
        }
        walk->visibility = outer;
    }
}

/* Large memories are mostly zeros: only pages with something in them cost a hash, taken with their place. */
static uint64_t hash_memory(uint64_t hash, const uint8_t *bytes, size_t size)
{
    enum { PAGE = 4096 };

    for (size_t at = 0; at < size; at += PAGE) {
        size_t length = size - at < PAGE ? size - at : PAGE;

        if (bytes[at] == 0 && memcmp(bytes + at, bytes + at + 1, length - 1) == 0)
            continue;
        hash = hash_bytes(hash_u64(hash, at), bytes + at, length);
    }
    return hash;
}

static void hash_scalar(struct walk *walk, const struct state_field *field, uint32_t index, void *element)
{
    (void)index;
    if (walk->visibility != STATE_VISIBLE)
        return;
    if (field->kind == STATE_KIND_BYTES)
        walk->hash = hash_memory(walk->hash, element, field->stride);
    else
        walk->hash = hash_u64(walk->hash, scalar_get(field->kind, element));
}

uint64_t state_registry_hash(const struct state_registry *registry)
{
    struct walk walk = {.scalar = hash_scalar, .hash = HASH_SEED};

    for (size_t i = 0; i < registry->count; i++)
        walk_table(&walk, registry->entries[i].table, registry->entries[i].object);
    return walk.hash;
}

static size_t table_size(const struct state_table *table)
{
    size_t size = 0;

    for (size_t i = 0; i < table->field_count; i++) {
        const struct state_field *field = &table->fields[i];

        size += field->count * (field->kind == STATE_KIND_STRUCT ? table_size(field->table) : field_size(field));
    }
    return size;
}

size_t state_registry_size(const struct state_registry *registry)
{
    size_t size = 0;

    for (size_t i = 0; i < registry->count; i++)
        size += 4 + table_size(registry->entries[i].table);
    return size;
}

static void save_scalar(struct walk *walk, const struct state_field *field, uint32_t index, void *element)
{
    uint64_t value = scalar_get(field->kind, element);

    (void)index;
    if (field->kind == STATE_KIND_BYTES) {
        memcpy(walk->bytes, element, field->stride);
        walk->bytes += field->stride;
        return;
    }
    if (field->kind == STATE_KIND_EVENT) {
        store_le64(walk->bytes, value);
        store_le64(walk->bytes + 8, ((const struct event *)element)->order);
        walk->bytes += 16;
        return;
    }
    for (unsigned n = kind_size(field->kind); n; n--, value >>= 8)
        *walk->bytes++ = (uint8_t)value;
}

void state_registry_save(const struct state_registry *registry, uint8_t *bytes)
{
    struct walk walk = {.scalar = save_scalar, .bytes = bytes};

    for (size_t i = 0; i < registry->count; i++) {
        store_le32(walk.bytes, registry->entries[i].table->version);
        walk.bytes += 4;
        walk_table(&walk, registry->entries[i].table, registry->entries[i].object);
    }
}

static void restore_scalar(struct walk *walk, const struct state_field *field, uint32_t index, void *element)
{
    uint64_t value = 0;
    unsigned size = kind_size(field->kind);

    (void)index;
    if (field->kind == STATE_KIND_BYTES) {
        memcpy(element, walk->bytes, field->stride);
        walk->bytes += field->stride;
        return;
    }
    if (field->kind == STATE_KIND_EVENT) {
        schedule_restore(walk->schedule, element, load_le64(walk->bytes), load_le64(walk->bytes + 8));
        walk->bytes += 16;
        return;
    }
    for (unsigned n = 0; n < size; n++)
        value |= (uint64_t)walk->bytes[n] << 8 * n;
    walk->bytes += size;
    scalar_set(field->kind, element, value);
}

static void run_restored(const struct state_table *table, void *object)
{
    for (size_t i = 0; i < table->field_count; i++) {
        const struct state_field *field = &table->fields[i];

        for (uint32_t n = 0; field->kind == STATE_KIND_STRUCT && n < field->count; n++)
            run_restored(field->table, (char *)object + field->offset + (size_t)n * field->stride);
    }
    if (table->restored)
        table->restored(object);
}

bool state_registry_restore(struct state_registry *registry, const uint8_t *bytes, size_t size)
{
    struct walk walk = {.scalar = restore_scalar, .schedule = registry->schedule};
    size_t at = 0;

    if (size != state_registry_size(registry))
        return false;
    for (size_t i = 0; i < registry->count; i++) {
        if (load_le32(bytes + at) != registry->entries[i].table->version)
            return false;
        at += 4 + table_size(registry->entries[i].table);
    }
    walk.bytes = (uint8_t *)(uintptr_t)bytes; /* read only: restore_scalar never writes through it */
    for (size_t i = 0; i < registry->count; i++) {
        walk.bytes += 4;
        walk_table(&walk, registry->entries[i].table, registry->entries[i].object);
    }
    for (size_t i = 0; i < registry->count; i++)
        run_restored(registry->entries[i].table, registry->entries[i].object);
    return true;
}

static void visit_scalar(struct walk *walk, const struct state_field *field, uint32_t index, void *element)
{
    (void)index;
    walk->visit(walk->owner, walk->path,
                field->kind == STATE_KIND_BYTES ? hash_memory(HASH_SEED, element, field->stride)
                                                : scalar_get(field->kind, element),
                walk->visibility);
}

void state_registry_visit(const struct state_registry *registry,
                          void (*visit)(void *owner, const char *path, uint64_t value, enum state_visibility), void *owner)
{
    struct walk walk = {.scalar = visit_scalar, .visit = visit, .owner = owner};

    for (size_t i = 0; i < registry->count; i++) {
        size_t mark = path_push(&walk, registry->entries[i].instance, false, 0);

        walk_table(&walk, registry->entries[i].table, registry->entries[i].object);
        path_pop(&walk, mark);
    }
}
