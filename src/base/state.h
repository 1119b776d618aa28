/* R8: one field table beside every stateful struct. Snapshot, state hash, `monitor info`, snapshot diff and the
   save/restore tests are all derived from these rows.

   Serialized form: little-endian, fields in table order, each with its natural width; an event is its u64 count and
   its u64 order of queueing. */
#ifndef TRUEBOX_BASE_STATE_H
#define TRUEBOX_BASE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/schedule.h"

enum state_kind {
    STATE_KIND_U8,
    STATE_KIND_U16,
    STATE_KIND_U32,
    STATE_KIND_U64,
    STATE_KIND_BOOL,
    STATE_KIND_EVENT, /* struct event: its time; queued again on restore */
    STATE_KIND_BYTES, /* `stride` bytes handled as one value (video memory); visits see their hash */
    STATE_KIND_STRUCT /* nested struct with a table of its own */
};

enum state_visibility {
    STATE_VISIBLE, /* the guest can tell: part of the state hash */
    STATE_HIDDEN   /* restored, but not hashed: names, observers, explanations */
};

struct state_table;

struct state_field {
    const char *name;
    enum state_kind kind;
    enum state_visibility visibility;
    uint32_t offset;                 /* in the struct, bytes */
    uint32_t count;                  /* elements; 1 for a scalar */
    uint32_t stride;                 /* bytes from one element to the next */
    const struct state_table *table; /* STATE_KIND_STRUCT only */
};

struct state_table {
    const char *name; /* of the struct */
    uint32_t version; /* raised whenever the fields change */
    const struct state_field *fields;
    size_t field_count;
    void (*restored)(void *object); /* recomputes derived state after a restore; may be NULL */
};

/* An initialiser, which clang-format would take for a block. */
// clang-format off
#define STATE_ROW(type, member, kind, visibility, count, stride, table) \
    {#member, kind, visibility, (uint32_t)offsetof(type, member), count, stride, table}
// clang-format on

#define STATE_U8(type, member) STATE_ROW(type, member, STATE_KIND_U8, STATE_VISIBLE, 1, 1, NULL)
#define STATE_U16(type, member) STATE_ROW(type, member, STATE_KIND_U16, STATE_VISIBLE, 1, 2, NULL)
#define STATE_U32(type, member) STATE_ROW(type, member, STATE_KIND_U32, STATE_VISIBLE, 1, 4, NULL)
#define STATE_U64(type, member) STATE_ROW(type, member, STATE_KIND_U64, STATE_VISIBLE, 1, 8, NULL)
#define STATE_BOOL(type, member) STATE_ROW(type, member, STATE_KIND_BOOL, STATE_VISIBLE, 1, 1, NULL)
#define STATE_EVENT(type, member) STATE_ROW(type, member, STATE_KIND_EVENT, STATE_VISIBLE, 1, 1, NULL)
#define STATE_U8_ARRAY(type, member) \
    STATE_ROW(type, member, STATE_KIND_U8, STATE_VISIBLE, (uint32_t)sizeof(((type *)0)->member), 1, NULL)
#define STATE_U16_ARRAY(type, member) \
    STATE_ROW(type, member, STATE_KIND_U16, STATE_VISIBLE, (uint32_t)sizeof(((type *)0)->member) / 2, 2, NULL)
#define STATE_U64_ARRAY(type, member) \
    STATE_ROW(type, member, STATE_KIND_U64, STATE_VISIBLE, (uint32_t)sizeof(((type *)0)->member) / 8, 8, NULL)
#define STATE_BYTES(type, member) \
    STATE_ROW(type, member, STATE_KIND_BYTES, STATE_VISIBLE, 1, (uint32_t)sizeof(((type *)0)->member), NULL)
#define STATE_STRUCT(type, member, table) \
    STATE_ROW(type, member, STATE_KIND_STRUCT, STATE_VISIBLE, 1, (uint32_t)sizeof(((type *)0)->member), table)
#define STATE_STRUCT_ARRAY(type, member, table)                                         \
    STATE_ROW(type, member, STATE_KIND_STRUCT, STATE_VISIBLE,                           \
              (uint32_t)(sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0])), \
              (uint32_t)sizeof(((type *)0)->member[0]), table)

#define STATE_TABLE(symbol, struct_name, table_version, field_array, restored_function) \
    const struct state_table symbol = {struct_name, table_version, field_array,         \
                                       sizeof(field_array) / sizeof((field_array)[0]), restored_function}

/* The machine's list of everything that has state, in board order. */
struct state_registry;

struct state_registry *state_registry_new(struct schedule *schedule);
void state_registry_free(struct state_registry *registry);

/* `instance` (kept by reference) names the object: "pic.master", "ide.primary", "cpu0". */
void state_registry_add(struct state_registry *registry, const char *instance, const struct state_table *table,
                        void *object);

/* 64-bit hash of every guest-visible field, the same on every host. */
uint64_t state_registry_hash(const struct state_registry *registry);

/* Bytes needed by, and the writing of, the whole registry's fields (each object: u32 version, then its fields). */
size_t state_registry_size(const struct state_registry *registry);
void state_registry_save(const struct state_registry *registry, uint8_t *bytes);

/* Restores what state_registry_save wrote; false (nothing changed) if versions or size do not fit. */
bool state_registry_restore(struct state_registry *registry, const uint8_t *bytes, size_t size);

/* Calls `visit` for each scalar: path such as "pic.master.irr" or "ide.primary.drive[1].error". */
void state_registry_visit(const struct state_registry *registry,
                          void (*visit)(void *owner, const char *path, uint64_t value, enum state_visibility), void *owner);

#endif
