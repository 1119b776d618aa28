/* String instructions: MOVS CMPS SCAS LODS STOS with REP, REPE and REPNE (SDM 2).

   Each iteration is one count of the clock and a boundary: a fault leaves the registers as before its iteration, and when
   the budget is used up the instruction is left to be repeated. Iterations go through host memory in runs that stay inside a
   page on each side, inside the segments' plain windows and without the index wrapping; everything else goes element by
   element through the slow road. */
#include "cpu/engine.h"
#include "cpu/operand.h"

enum string_operation { STRING_MOVS, STRING_CMPS, STRING_SCAS, STRING_LODS, STRING_STOS };

ALWAYS_INLINE bool string_reads_source(enum string_operation operation)
{
    return operation == STRING_MOVS || operation == STRING_CMPS || operation == STRING_LODS;
}

ALWAYS_INLINE bool string_uses_destination(enum string_operation operation)
{
    return operation != STRING_LODS;
}

ALWAYS_INLINE bool string_writes(enum string_operation operation)
{
    return operation == STRING_MOVS || operation == STRING_STOS;
}

ALWAYS_INLINE bool string_compares(enum string_operation operation)
{
    return operation == STRING_CMPS || operation == STRING_SCAS;
}

ALWAYS_INLINE unsigned address_width(const struct insn *in)
{
    return 16u << (in->flags & INSN_ADDRESS);
}

/* Advances an index register by `elements`, backwards where DF is set. */
ALWAYS_INLINE void index_advance(struct cpu *cpu, const struct insn *in, unsigned reg, uint64_t elements, unsigned size)
{
    uint64_t distance = elements * size;

    reg_write(cpu, reg, cpu->eflags & FLAG_DF ? cpu->gpr[reg] - distance : cpu->gpr[reg] + distance, address_width(in));
}

/* The linear address of a string operand if the segment's plain window holds it, else LINEAR_NONE. */
ALWAYS_INLINE uint64_t string_linear(const struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size, bool write)
{
    const struct segment *s = &cpu->segment[segment];

    if (UNLIKELY(cpu->mode_key & (KEY_ALIGN | KEY_CODE64))) {
        if (cpu->mode_key & KEY_ALIGN)
            return LINEAR_NONE;
        return segment >= FS ? s->base + offset : offset;
    }
    if (UNLIKELY(offset + size > (write ? s->write_end : s->read_end)))
        return LINEAR_NONE;
    return (uint32_t)(s->base + offset);
}

/* --- one element by the slow road ------------------------------------------------------------------------------- */

/* The 80286 advances index registers and count before the access, and a fault leaves them so; its writes are posted, by
   which time a repetition has counted once more. CMPS reads its destination first. Everything as captured (word operands at
   FFFF). */
static NOINLINE void string_element_286(struct cpu *cpu, const struct insn *in, enum string_operation operation,
                                        unsigned width)
{
    uint64_t a = reg_read(cpu, RAX, width), b = 0, from = cpu->gpr[RSI] & 0xffff, to = cpu->gpr[RDI] & 0xffff;
    uint64_t count = cpu->gpr[RCX] & 0xffff;
    bool repeated = in->flags & (INSN_REP | INSN_REPNE);
    unsigned size = width / 8;

    if (operation == STRING_CMPS) {
        index_advance(cpu, in, RDI, 1, size);
        b = memory_read(cpu, ES, to, size);
    }
    if (repeated)
        reg_write(cpu, RCX, count - 1, 16);
    if (string_reads_source(operation)) {
        index_advance(cpu, in, RSI, 1, size);
        a = memory_read(cpu, in->segment, from, size);
    }
    if (string_uses_destination(operation) && operation != STRING_CMPS)
        index_advance(cpu, in, RDI, 1, size);
    if (operation == STRING_SCAS)
        b = memory_read(cpu, ES, to, size);
    if (string_writes(operation)) {
        if (repeated && count > 1)
            reg_write(cpu, RCX, count - 2, 16);
        memory_write(cpu, ES, to, a, size);
        if (repeated)
            reg_write(cpu, RCX, count - 1, 16);
    }
    if (string_compares(operation))
        flags_subtract(cpu, a, b, (a - b) & width_mask(width), width);
    if (operation == STRING_LODS)
        reg_write(cpu, RAX, a, width);
}

ALWAYS_INLINE void string_element(struct cpu *cpu, const struct insn *in, enum string_operation operation, unsigned width)
{
    uint64_t mask = address_mask(in), a = reg_read(cpu, RAX, width), b = 0;
    unsigned size = width / 8;

    if (cpu->model->level == 2) {
        string_element_286(cpu, in, operation, width);
        return;
    }
    if (string_reads_source(operation))
        a = memory_read(cpu, in->segment, cpu->gpr[RSI] & mask, size);
    if (string_compares(operation))
        b = memory_read(cpu, ES, cpu->gpr[RDI] & mask, size);
    if (string_writes(operation))
        memory_write(cpu, ES, cpu->gpr[RDI] & mask, a, size);
    if (string_compares(operation))
        flags_subtract(cpu, a, b, (a - b) & width_mask(width), width);
    if (operation == STRING_LODS)
        reg_write(cpu, RAX, a, width);
    if (string_reads_source(operation))
        index_advance(cpu, in, RSI, 1, size);
    if (string_uses_destination(operation))
        index_advance(cpu, in, RDI, 1, size);
}

/* --- runs through host memory ----------------------------------------------------------------------------------- */

/* How many elements from `offset` on, in the direction of DF, stay in the page of `linear`, in the window and do not wrap.
 */
ALWAYS_INLINE uint64_t string_room(const struct cpu *cpu, const struct insn *in, unsigned segment, uint64_t offset,
                                   uint64_t linear, unsigned size, bool write)
{
    uint64_t in_page, in_offset;

    if (cpu->eflags & FLAG_DF) {
        in_page = (linear & 4095) / size + 1;
        in_offset = offset / size + 1;
    } else {
        uint64_t end = (in->flags & INSN_ADDRESS) == INSN_ADDRESS64 ? 0 : address_mask(in) + 1; /* 0: no wrap within reach */

        in_page = (4096 - (linear & 4095)) / size;
        if (!(cpu->mode_key & KEY_CODE64)) {
            const struct segment *s = &cpu->segment[segment];
            uint64_t window = write ? s->write_end : s->read_end;

            if (window < end)
                end = window;
        }
        in_offset = (end - offset) / size;
    }
    return in_page < in_offset ? in_page : in_offset;
}

/* Copies `count` elements one after the other, as the instruction does: what overlaps repeats. */
ALWAYS_INLINE void copy_elements(uint8_t *to, const uint8_t *from, uint64_t count, bool backwards, unsigned width)
{
    uint64_t bytes = count * (width / 8);
    int64_t step = backwards ? -(int64_t)(width / 8) : (int64_t)(width / 8);
    const uint8_t *from_low = backwards ? from - (bytes - width / 8) : from;
    uint8_t *to_low = backwards ? to - (bytes - width / 8) : to;
    uintptr_t distance = (uintptr_t)to_low - (uintptr_t)from_low;

    /* an element is never overwritten before it is read unless the target runs ahead of the source */
    if (backwards ? -distance >= bytes || !distance : distance >= bytes || !distance) {
        memmove(to_low, from_low, bytes);
        return;
    }
    for (; count; count--, to += step, from += step)
        host_store(to, host_load(from, width), width);
}

ALWAYS_INLINE void fill_elements(uint8_t *to, uint64_t value, uint64_t count, bool backwards, unsigned width)
{
    uint64_t bytes = count * (width / 8), done = width / 8;
    uint8_t *low = backwards ? to - (bytes - width / 8) : to;

    if (width == 8) {
        memset(low, (int)(value & 0xff), bytes);
        return;
    }
    host_store(low, value, width);
    while (done < bytes) { /* what is filled already is copied behind itself */
        uint64_t piece = done < bytes - done ? done : bytes - done;

        memcpy(low + done, low, piece);
        done += piece;
    }
}

/* Up to `limit` iterations through host memory; returns how many, 0 if the next element needs the slow road. Registers other
   than rCX are advanced. *ended: a comparison ended the repetition with the last of them. */
ALWAYS_INLINE uint64_t string_run(struct cpu *cpu, const struct insn *in, enum string_operation operation, unsigned width,
                                  uint64_t limit, bool *ended)
{
    uint64_t mask = address_mask(in), count = limit;
    unsigned size = width / 8;
    bool backwards = cpu->eflags & FLAG_DF;
    int64_t step = backwards ? -(int64_t)size : (int64_t)size;
    const uint8_t *source = NULL;
    uint8_t *destination = NULL;

    if (string_reads_source(operation)) {
        uint64_t offset = cpu->gpr[RSI] & mask, linear = string_linear(cpu, in->segment, offset, size, false);

        source = hot_read(cpu, linear, size);
        if (!source)
            return 0;
        uint64_t room = string_room(cpu, in, in->segment, offset, linear, size, false);
        count = room < count ? room : count;
    }
    if (string_uses_destination(operation)) {
        bool write = string_writes(operation);
        uint64_t offset = cpu->gpr[RDI] & mask, linear = string_linear(cpu, ES, offset, size, write);

        destination = write ? hot_write(cpu, linear, size) : hot_read(cpu, linear, size);
        if (!destination)
            return 0;
        uint64_t room = string_room(cpu, in, ES, offset, linear, size, write);
        count = room < count ? room : count;
    }
    if (!count) /* the element itself wraps or ends the window */
        return 0;
    if (operation == STRING_MOVS) {
        copy_elements(destination, source, count, backwards, width);
    } else if (operation == STRING_STOS) {
        fill_elements(destination, reg_read(cpu, RAX, width), count, backwards, width);
    } else if (operation == STRING_LODS) {
        reg_write(cpu, RAX, host_load(source + (int64_t)(count - 1) * step, width), width);
    } else {
        bool until_equal = in->flags & INSN_REPNE;
        uint64_t a = reg_read(cpu, RAX, width), b, done = 0;

        do {
            if (operation == STRING_CMPS)
                a = host_load(source + (int64_t)done * step, width);
            b = host_load(destination + (int64_t)done * step, width);
            done++;
            *ended = (a == b) == until_equal;
        } while (done < count && !*ended);
        flags_subtract(cpu, a, b, (a - b) & width_mask(width), width);
        count = done;
    }
    if (string_reads_source(operation))
        index_advance(cpu, in, RSI, count, size);
    if (string_uses_destination(operation))
        index_advance(cpu, in, RDI, count, size);
    return count;
}

/* Iterations of a repeated string instruction, as many as the budget allows; true when the instruction is complete. On
   return the budget is that of the iterations executed, the first one's count still to be given back. */
ALWAYS_INLINE bool string_repeat(struct cpu *cpu, const struct insn *in, enum string_operation operation, unsigned width)
{
    uint64_t left = cpu->gpr[RCX] & address_mask(in), allowed = cpu->budget > 0 ? (uint64_t)cpu->budget + 1 : 1;
    bool ended = false;

    if (!left) {
        cpu->budget--;
        return true;
    }
    while (left && allowed && !ended) {
        uint64_t done = string_run(cpu, in, operation, width, left < allowed ? left : allowed, &ended);

        if (!done) {
            string_element(cpu, in, operation, width);
            if (string_compares(operation))
                ended = flag_zf(cpu) == ((in->flags & INSN_REPNE) != 0);
            done = 1;
        }
        left -= done;
        allowed -= done;
        cpu->budget -= (int64_t)done;
        reg_write(cpu, RCX, left, address_width(in));
        if (cpu->leave)
            break;
    }
    return !left || ended;
}

/* Without REP: one element, through host memory if it can be. */
ALWAYS_INLINE bool string_once_hot(struct cpu *cpu, const struct insn *in, enum string_operation operation, unsigned width)
{
    uint64_t mask = address_mask(in), a = reg_read(cpu, RAX, width);
    unsigned size = width / 8;

    if (string_reads_source(operation)) {
        const void *source = hot_read(cpu, string_linear(cpu, in->segment, cpu->gpr[RSI] & mask, size, false), size);

        if (UNLIKELY(!source))
            return false;
        a = host_load(source, width);
    }
    if (string_uses_destination(operation)) {
        bool write = string_writes(operation);
        uint64_t linear = string_linear(cpu, ES, cpu->gpr[RDI] & mask, size, write);
        void *destination = write ? hot_write(cpu, linear, size) : hot_read(cpu, linear, size);

        if (UNLIKELY(!destination))
            return false;
        if (write) {
            host_store(destination, a, width);
        } else {
            uint64_t b = host_load(destination, width);

            flags_subtract(cpu, a, b, (a - b) & width_mask(width), width);
        }
    }
    if (operation == STRING_LODS)
        reg_write(cpu, RAX, a, width);
    if (string_reads_source(operation))
        index_advance(cpu, in, RSI, 1, size);
    if (string_uses_destination(operation))
        index_advance(cpu, in, RDI, 1, size);
    return true;
}

#define STRING_BODIES(name, OPERATION, W)                                          \
    static NOINLINE bool name##_repeat_##W(struct cpu *cpu, const struct insn *in) \
    {                                                                              \
        return string_repeat(cpu, in, OPERATION, W);                               \
    }                                                                              \
    BODY(name##_##W##_rep)                                                         \
    {                                                                              \
        cpu->in = in;                                                              \
        if (!name##_repeat_##W(cpu, in))                                           \
            LEAVE_AT(0);                                                           \
        cpu->budget++;                                                             \
        NEXT_COLD;                                                                 \
    }                                                                              \
    BODY(name##_##W##_cold)                                                        \
    {                                                                              \
        cpu->in = in;                                                              \
        string_element(cpu, in, OPERATION, W);                                     \
        NEXT_COLD;                                                                 \
    }                                                                              \
    BODY(name##_##W)                                                               \
    {                                                                              \
        if (in->flags & (INSN_REP | INSN_REPNE))                                   \
            TAIL(name##_##W##_rep);                                                \
        if (UNLIKELY(!string_once_hot(cpu, in, OPERATION, W)))                     \
            TAIL(name##_##W##_cold);                                               \
        NEXT;                                                                      \
    }
EACH_WIDTH(STRING_BODIES, movs, STRING_MOVS)
EACH_WIDTH(STRING_BODIES, cmps, STRING_CMPS)
EACH_WIDTH(STRING_BODIES, scas, STRING_SCAS)
EACH_WIDTH(STRING_BODIES, lods, STRING_LODS)
EACH_WIDTH(STRING_BODIES, stos, STRING_STOS)
