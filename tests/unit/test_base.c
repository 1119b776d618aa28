/* The clock's queue. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/schedule.h"
#include "base/state.h"

struct recorder {
    struct schedule schedule;
    char order[32];
    struct event events[3];
    uint64_t fired_at;
};

struct item {
    struct recorder *recorder;
    char name;
};

static void fire(void *owner)
{
    struct item *item = owner;
    size_t length = strlen(item->recorder->order);

    item->recorder->order[length] = item->name;
    item->recorder->order[length + 1] = 0;
    item->recorder->fired_at = item->recorder->schedule.now;
}

static void set_up(struct recorder *recorder, struct item items[3])
{
    memset(recorder, 0, sizeof *recorder);
    schedule_initialise(&recorder->schedule, 100000000);
    for (unsigned i = 0; i < 3; i++) {
        items[i] = (struct item){recorder, (char)('a' + i)};
        event_initialise(&recorder->events[i], "test", fire, &items[i]);
    }
}

Test(schedule, fires_in_order_of_time_then_of_queueing)
{
    struct recorder r;
    struct item items[3];

    set_up(&r, items);
    schedule_at(&r.schedule, &r.events[0], 20);
    schedule_at(&r.schedule, &r.events[1], 10);
    schedule_at(&r.schedule, &r.events[2], 10);
    cr_expect_eq(schedule_deadline(&r.schedule), 10);
    r.schedule.now = 9;
    schedule_run_due(&r.schedule);
    cr_expect_str_eq(r.order, "");
    r.schedule.now = 20;
    schedule_run_due(&r.schedule);
    cr_expect_str_eq(r.order, "bca");
    cr_expect_eq(schedule_deadline(&r.schedule), SCHEDULE_NEVER);
}

Test(schedule, moving_and_cancelling)
{
    struct recorder r;
    struct item items[3];

    set_up(&r, items);
    schedule_at(&r.schedule, &r.events[0], 5);
    schedule_at(&r.schedule, &r.events[0], 50);
    schedule_at(&r.schedule, &r.events[1], 7);
    schedule_cancel(&r.schedule, &r.events[1]);
    schedule_cancel(&r.schedule, &r.events[1]);
    cr_expect_eq(schedule_deadline(&r.schedule), 50);
    schedule_at(&r.schedule, &r.events[0], SCHEDULE_NEVER);
    cr_expect_eq(schedule_deadline(&r.schedule), SCHEDULE_NEVER);
}

Test(schedule, ticks_of_an_oscillator_never_drift)
{
    struct schedule schedule;

    schedule_initialise(&schedule, 100000000);
    for (uint64_t tick = 0; tick < 1000000; tick += 997) {
        uint64_t count = schedule_count_of_tick(&schedule, tick, 1193182);

        cr_assert_eq(schedule_ticks_at(&schedule, count, 1193182), tick);
        cr_assert(count == 0 || schedule_ticks_at(&schedule, count - 1, 1193182) < tick);
    }
    cr_expect_eq(schedule_ticks_at(&schedule, UINT64_C(100000000) * 86400 * 365, 1193182), UINT64_C(1193182) * 86400 * 365);
    cr_expect_eq(schedule_counts_in_ns(&schedule, 1), 1);
    cr_expect_eq(schedule_counts_in_ns(&schedule, 15), 2);
}

/* --- the state registry ---------------------------------------------------------------------------------------------------
 */

struct inner {
    uint16_t word;
};

struct outer {
    uint8_t byte;
    bool flag;
    uint32_t hidden;
    struct inner inners[2];
    struct event event, twin;
    unsigned derived;
};

static const struct state_field inner_fields[] = {STATE_U16(struct inner, word)};
static STATE_TABLE(inner_table, "inner", 1, inner_fields, NULL);

static void recompute(void *object)
{
    struct outer *outer = object;

    outer->derived = outer->byte * 2u;
}

static const struct state_field outer_fields[] = {
    STATE_U8(struct outer, byte),
    STATE_BOOL(struct outer, flag),
    STATE_ROW(struct outer, hidden, STATE_KIND_U32, STATE_HIDDEN, 1, 4, NULL),
    STATE_STRUCT_ARRAY(struct outer, inners, &inner_table),
    STATE_EVENT(struct outer, event),
    STATE_EVENT(struct outer, twin),
};
static STATE_TABLE(outer_table, "outer", 3, outer_fields, recompute);

static char fired[8];

static void fire_event(void *owner)
{
    (void)owner;
    strcat(fired, "e");
}

static void fire_twin(void *owner)
{
    (void)owner;
    strcat(fired, "t");
}

static void find_word(void *owner, const char *path, uint64_t value, enum state_visibility visibility)
{
    (void)visibility;
    if (!strcmp(path, "thing.inners[1].word"))
        *(uint64_t *)owner = value;
}

Test(state, saves_restores_and_hashes_what_the_rows_say)
{
    struct schedule schedule;
    struct state_registry *registry;
    struct outer outer = {.byte = 7, .flag = true, .hidden = 9, .inners = {{1}, {0xbeef}}};
    uint8_t bytes[256];
    uint64_t hash, value = 0;
    size_t size;

    schedule_initialise(&schedule, 1000);
    registry = state_registry_new(&schedule);
    event_initialise(&outer.event, "event", fire_event, &outer);
    event_initialise(&outer.twin, "twin", fire_twin, &outer);
    state_registry_add(registry, "thing", &outer_table, &outer);
    schedule_at(&schedule, &outer.twin, 44); /* queued first: fires first, and must after a restore too */
    schedule_at(&schedule, &outer.event, 44);
    size = state_registry_size(registry);
    cr_assert_leq(size, sizeof bytes);
    hash = state_registry_hash(registry);
    state_registry_save(registry, bytes);
    state_registry_visit(registry, find_word, &value);
    cr_expect_eq(value, 0xbeef);

    outer.hidden = 10;
    cr_expect_eq(state_registry_hash(registry), hash, "hidden rows are not hashed");
    outer.inners[1].word = 2;
    cr_expect_neq(state_registry_hash(registry), hash);
    outer.byte = 0;
    schedule_cancel(&schedule, &outer.event);
    schedule_cancel(&schedule, &outer.twin);

    cr_expect_not(state_registry_restore(registry, bytes, size - 1));
    bytes[0] ^= 1;
    cr_expect_not(state_registry_restore(registry, bytes, size), "another version");
    bytes[0] ^= 1;
    cr_expect_eq(outer.byte, 0, "a refused restore changes nothing");
    cr_assert(state_registry_restore(registry, bytes, size));
    cr_expect_eq(outer.byte, 7);
    cr_expect_eq(outer.derived, 14, "derived state is recomputed");
    cr_expect_eq(outer.hidden, 9);
    cr_expect_eq(outer.inners[1].word, 0xbeef);
    cr_expect_eq(state_registry_hash(registry), hash);
    cr_expect_eq(schedule_deadline(&schedule), 44);
    schedule.now = 44;
    fired[0] = 0;
    schedule_run_due(&schedule);
    cr_expect_str_eq(fired, "te", "events due together keep their order");
    state_registry_free(registry);
}
