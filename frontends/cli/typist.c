/* Sending keys at the pace at which the guest takes them. */
#include "cli/typist.h"

#include <string.h>

void typist_init(struct typist *typist, bool paced)
{
    memset(typist, 0, sizeof *typist);
    typist->paced = paced;
    typist->room_asked = UINT64_MAX;
}

bool typist_add(struct typist *typist, uint16_t code, bool pressed)
{
    if (typist->count == TYPIST_QUEUE)
        return false;
    typist->queue[(typist->head + typist->count++) % TYPIST_QUEUE] = (struct key_stroke){code, pressed};
    return true;
}

/* Under the BIOS keys wait in a ring of 15 words at 40:1E (head at 40:1A, tail at 40:1C), and one key more is lost with a
   beep. A system that does not use the BIOS leaves the ring as it is; if it happens to be full, nobody will ever make room.
 */
static bool bios_ring_full(tb_machine *machine)
{
    uint8_t bytes[4];

    tb_memory_read(machine, 0x41a, bytes, sizeof bytes);
    unsigned head = bytes[0] | bytes[1] << 8, tail = bytes[2] | bytes[3] << 8;

    if (head < 0x1e || head > 0x3c || tail < 0x1e || tail > 0x3c || (head & 1) || (tail & 1))
        return false;
    return (tail == 0x3c ? 0x1e : tail + 2) == head;
}

/* Whether the next key may go down: at once if there is room, after two virtual seconds without room whatever happens. */
static bool room_for_key(struct typist *typist, tb_machine *machine, uint64_t now, uint64_t second)
{
    if (!bios_ring_full(machine)) {
        typist->room_asked = UINT64_MAX;
        return true;
    }
    if (typist->room_asked == UINT64_MAX)
        typist->room_asked = now;
    return now - typist->room_asked >= 2 * second;
}

void typist_send(struct typist *typist, tb_machine *machine, uint64_t second)
{
    uint64_t now = tb_machine_clock(machine);

    while (typist->count && now >= typist->not_before) {
        const struct key_stroke *stroke = &typist->queue[typist->head];

        if (typist->paced &&
            (!tb_keyboard_idle(machine) || (stroke->pressed && !room_for_key(typist, machine, now, second))))
            return;
        if (!tb_key(machine, stroke->code, stroke->pressed))
            return;
        if (stroke->pressed && typist->hold)
            typist->not_before = now + typist->hold;
        typist->head = (typist->head + 1) % TYPIST_QUEUE;
        typist->count--;
    }
}
