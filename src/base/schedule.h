/* The machine clock and the queue of what is to happen at which count.

   The clock counts executed instructions (and REP iterations) plus the skips while every processor halts; it is the
   only time there is (R2). Devices never tick (R6): they compute outputs from (state, now), and queue an event for
   their next visible transition. */
#ifndef TRUEBOX_BASE_SCHEDULE_H
#define TRUEBOX_BASE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_NEVER UINT64_MAX

struct event {
    uint64_t when;             /* SCHEDULE_NEVER while not queued */
    void (*fire)(void *owner); /* called with schedule->now == when */
    void *owner;
    const char *name; /* for explanations and snapshots */
    uint64_t order;   /* of queueing: decides among events of the same time, across snapshots too */
    struct event *next;
};

struct schedule {
    uint64_t now;        /* clock counts since reset; exact whenever a device is called */
    uint64_t frequency;  /* clock counts per second of virtual time (--ips) */
    struct event *first; /* sorted by when, then by order of queueing */
    uint64_t next_order;
};

void schedule_initialise(struct schedule *schedule, uint64_t frequency);

void event_initialise(struct event *event, const char *name, void (*fire)(void *owner), void *owner);

/* Queues (or moves) `event` to fire when the clock reaches `when`; a time already past fires at the next boundary. */
void schedule_at(struct schedule *schedule, struct event *event, uint64_t when);
void schedule_cancel(struct schedule *schedule, struct event *event);

/* Queues an event as it was queued when a snapshot was taken; `when` SCHEDULE_NEVER: it was not. */
void schedule_restore(struct schedule *schedule, struct event *event, uint64_t when, uint64_t order);

/* The count at which the first event is due, or SCHEDULE_NEVER. */
static inline uint64_t schedule_deadline(const struct schedule *schedule)
{
    return schedule->first ? schedule->first->when : SCHEDULE_NEVER;
}

/* Fires every event whose time has come (when <= now), in order. */
void schedule_run_due(struct schedule *schedule);

/* Complete ticks of an oscillator of `hertz` at clock count `count` since reset: floor(count * hertz / frequency). */
uint64_t schedule_ticks_at(const struct schedule *schedule, uint64_t count, uint64_t hertz);

static inline uint64_t schedule_ticks(const struct schedule *schedule, uint64_t hertz)
{
    return schedule_ticks_at(schedule, schedule->now, hertz);
}

/* The first clock count at which schedule_ticks_at(count, hertz) >= tick; saturates at SCHEDULE_NEVER - 1. */
uint64_t schedule_count_of_tick(const struct schedule *schedule, uint64_t tick, uint64_t hertz);

/* Clock counts in `nanoseconds` of virtual time, rounded up, at least 1. */
uint64_t schedule_counts_in_ns(const struct schedule *schedule, uint64_t nanoseconds);

#endif
