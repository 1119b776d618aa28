/* The A20 gate. */
#include "devices/a20.h"

#include <stdlib.h>

#include "base/memory.h"

struct a20 {
    struct wire gate;
    uint8_t inputs; /* bit per a20_source */
};

static void restored(void *object)
{
    struct a20 *a20 = object;

    wire_set(&a20->gate, a20->inputs != 0);
}

static const struct state_field a20_fields[] = {STATE_U8(struct a20, inputs)};
static STATE_TABLE(a20_table, "a20", 1, a20_fields, restored);

void a20_set(void *owner, unsigned source, bool level)
{
    struct a20 *a20 = owner;
    bool before = a20->inputs != 0;

    a20->inputs = (uint8_t)(level ? a20->inputs | 1u << source : a20->inputs & ~(1u << source));
    if ((a20->inputs != 0) != before)
        wire_set(&a20->gate, !before);
}

struct a20 *a20_new(const struct bay *bay, struct wire gate)
{
    struct a20 *a20 = memory_new(sizeof *a20);

    a20->gate = gate;
    state_registry_add(bay->states, "a20", &a20_table, a20);
    wire_set(&a20->gate, false);
    return a20;
}

void a20_free(struct a20 *a20)
{
    free(a20);
}
