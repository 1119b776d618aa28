/* The machine clock and its event queue. */
#include "base/schedule.h"

#include <stddef.h>

void schedule_initialise(struct schedule *schedule, uint64_t frequency)
{
    schedule->now = 0;
    schedule->frequency = frequency;
    schedule->first = NULL;
    schedule->next_order = 0;
}

void event_initialise(struct event *event, const char *name, void (*fire)(void *owner), void *owner)
{
    event->when = SCHEDULE_NEVER;
    event->fire = fire;
    event->owner = owner;
    event->name = name;
    event->order = 0;
    event->next = NULL;
}

void schedule_cancel(struct schedule *schedule, struct event *event)
{
    if (event->when == SCHEDULE_NEVER)
        return;
    for (struct event **link = &schedule->first; *link; link = &(*link)->next)
        if (*link == event) {
            *link = event->next;
            break;
        }
    event->when = SCHEDULE_NEVER;
    event->next = NULL;
}

static bool comes_before(const struct event *a, const struct event *b)
{
    return a->when < b->when || (a->when == b->when && a->order < b->order);
}

void schedule_restore(struct schedule *schedule, struct event *event, uint64_t when, uint64_t order)
{
    struct event **link = &schedule->first;

    schedule_cancel(schedule, event);
    event->order = order;
    if (order >= schedule->next_order)
        schedule->next_order = order + 1;
    if (when == SCHEDULE_NEVER)
        return;
    event->when = when;
    while (*link && comes_before(*link, event))
        link = &(*link)->next;
    event->next = *link;
    *link = event;
}

void schedule_at(struct schedule *schedule, struct event *event, uint64_t when)
{
    schedule_restore(schedule, event, when, schedule->next_order);
}

void schedule_run_due(struct schedule *schedule)
{
    while (schedule->first && schedule->first->when <= schedule->now) {
        struct event *event = schedule->first;

        schedule->first = event->next;
        event->next = NULL;
        event->when = SCHEDULE_NEVER;
        event->fire(event->owner);
    }
}

uint64_t schedule_ticks_at(const struct schedule *schedule, uint64_t count, uint64_t hertz)
{
    return (uint64_t)((unsigned __int128)count * hertz / schedule->frequency);
}

uint64_t schedule_count_of_tick(const struct schedule *schedule, uint64_t tick, uint64_t hertz)
{
    unsigned __int128 count = ((unsigned __int128)tick * schedule->frequency + hertz - 1) / hertz;

    return count >= SCHEDULE_NEVER ? SCHEDULE_NEVER - 1 : (uint64_t)count;
}

uint64_t schedule_counts_in_ns(const struct schedule *schedule, uint64_t nanoseconds)
{
    uint64_t count = schedule_count_of_tick(schedule, nanoseconds, 1000000000);

    return count ? count : 1;
}
