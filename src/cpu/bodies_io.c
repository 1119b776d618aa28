/* Input and output: IN, OUT, INS, OUTS, the I/O permission bitmap and I/O breakpoints (SDM 1 chapter 19). */
#include "cpu/system_body.h"
#include "devices/ports.h"

/* SDM 1 19.5.2. The processor reads two bytes of the bitmap always, and both must lie within the TSS. */
static void check_bitmap(struct cpu *cpu, uint16_t port, unsigned size)
{
    uint32_t map = 0, bits;

    if (!(cpu->tr.attributes & 8) || cpu->tr.limit < 103) /* an 80286 TSS has none */
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_IO_BITMAP, port, cpu->tr.limit);
    map = (uint32_t)linear_read(cpu, (uint32_t)(cpu->tr.base + 102), 2, false) + port / 8;
    if (map + 1 > cpu->tr.limit)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_IO_BITMAP, port, cpu->tr.limit);
    bits = (uint32_t)linear_read(cpu, (uint32_t)(cpu->tr.base + map), 2, false) >> (port & 7);
    if (bits & ((1u << size) - 1))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_IO_BITMAP, port, bits);
}

void io_check(struct cpu *cpu, uint16_t port, unsigned size)
{
    if (cpu_real(cpu))
        return;
    if (cpu_v86(cpu) || cpu->cpl > cpu_iopl(cpu))
        check_bitmap(cpu, port, size);
}

/* SDM 3B 17.2.4: R/W 10b, with CR4.DE. */
static void io_breakpoints(struct cpu *cpu, uint16_t port, unsigned size)
{
    static const uint8_t lengths[] = {1, 2, 1, 4};

    if (!(cpu->cr4 & CR4_DE) || !(cpu->dr[7] & 0xff))
        return;
    for (unsigned i = 0; i < 4; i++) {
        unsigned length = lengths[cpu->dr[7] >> (18 + 4 * i) & 3];
        uint64_t first = cpu->dr[i] & ~(uint64_t)(length - 1);

        if ((cpu->dr[7] >> (2 * i) & 3) && (cpu->dr[7] >> (16 + 4 * i) & 3) == 2 && port < first + length && first < port + (uint64_t)size)
            cpu->pending_debug |= UINT64_C(1) << i;
    }
}

static uint32_t port_in(struct cpu *cpu, uint16_t port, unsigned size)
{
    uint32_t value;

    clock_exact(cpu);
    value = ports_read(cpu->ports, port, size);
    io_breakpoints(cpu, port, size);
    return value;
}

static void port_out(struct cpu *cpu, uint16_t port, uint32_t value, unsigned size)
{
    clock_exact(cpu);
    ports_write(cpu->ports, port, value, size);
    io_breakpoints(cpu, port, size);
}

/* --- IN and OUT: there is no 64-bit form, 32 bits it is ---------------------------------------------------------------------------- */

static NOINLINE void input(struct cpu *cpu, const struct insn *in, uint16_t port, unsigned width)
{
    cpu->in = in;
    io_check(cpu, port, width / 8);
    reg_write(cpu, RAX, port_in(cpu, port, width / 8), width);
}

static NOINLINE void output(struct cpu *cpu, const struct insn *in, uint16_t port, unsigned width)
{
    cpu->in = in;
    io_check(cpu, port, width / 8);
    port_out(cpu, port, (uint32_t)reg_read(cpu, RAX, width), width / 8);
}

#define PORT_BODY(name, action, port, suffix, W)  \
    BODY(name##_##suffix)                         \
    {                                             \
        action(cpu, in, port, W);                 \
        LEAVE_AFTER;                              \
    }
#define PORT_BODIES(name, action, port)           \
    PORT_BODY(name, action, port, 8, 8)           \
    PORT_BODY(name, action, port, 16, 16)         \
    PORT_BODY(name, action, port, 32, 32)         \
    PORT_BODY(name, action, port, 64, 32)
PORT_BODIES(in_immediate, input, (uint8_t)in->imm)
PORT_BODIES(in_dx, input, (uint16_t)cpu->gpr[RDX])
PORT_BODIES(out_immediate, output, (uint8_t)in->imm)
PORT_BODIES(out_dx, output, (uint16_t)cpu->gpr[RDX])

/* --- INS and OUTS ------------------------------------------------------------------------------------------------------------------- */

static void index_advance(struct cpu *cpu, unsigned reg, uint64_t mask, unsigned size)
{
    uint64_t step = cpu->eflags & FLAG_DF ? -(uint64_t)size : size;
    uint64_t value = (cpu->gpr[reg] + step) & mask;

    cpu->gpr[reg] = mask == 0xffff ? (cpu->gpr[reg] & ~mask) | value : value;
}

/* The destination is checked before the port is read: a port read cannot be taken back (R4). */
static void ins_step(struct cpu *cpu, const struct insn *in, unsigned size)
{
    uint64_t mask = address_mask(in);
    uint16_t port = (uint16_t)cpu->gpr[RDX];

    io_check(cpu, port, size);
    memory_probe_write(cpu, ES, cpu->gpr[RDI] & mask, size);
    memory_write(cpu, ES, cpu->gpr[RDI] & mask, port_in(cpu, port, size), size);
    index_advance(cpu, RDI, mask, size);
}

static void outs_step(struct cpu *cpu, const struct insn *in, unsigned size)
{
    uint64_t mask = address_mask(in);
    uint16_t port = (uint16_t)cpu->gpr[RDX];

    io_check(cpu, port, size);
    port_out(cpu, port, (uint32_t)memory_read(cpu, in->segment, cpu->gpr[RSI] & mask, size), size);
    index_advance(cpu, RSI, mask, size);
}

/* Whether the loop would come straight back here after this iteration: nothing to deliver, no event moved up, budget left. */
static bool may_go_on(const struct cpu *cpu)
{
    return cpu->budget >= 0 && !cpu->leave && !cpu->pending_debug && !cpu->init_pending && !cpu->attention && !cpu->nmi_pending &&
           !(cpu->intr && (cpu->eflags & FLAG_IF)) && !(cpu->eflags & FLAG_TF) &&
           schedule_deadline(cpu->schedule) >= cpu->deadline;
}

/* One visit: true if the instruction is done, false if it is to be repeated. Iterations but the last are charged as they end, so
   that the clock is exact in each. */
static NOINLINE bool string_io(struct cpu *cpu, const struct insn *in, unsigned size,
                               void (*step)(struct cpu *cpu, const struct insn *in, unsigned size))
{
    uint64_t mask = address_mask(in);

    cpu->in = in;
    if (!(in->flags & (INSN_REP | INSN_REPNE))) {
        step(cpu, in, size);
        return true;
    }
    if (!(cpu->gpr[RCX] & mask))
        return true;
    for (;;) {
        uint64_t left;

        step(cpu, in, size);
        left = (cpu->gpr[RCX] - 1) & mask;
        cpu->gpr[RCX] = mask == 0xffff ? (cpu->gpr[RCX] & ~mask) | left : left;
        if (!left)
            return true;
        cpu->budget--;
        if (!may_go_on(cpu))
            return false;
    }
}

#define STRING_IO(name, step, suffix, size)       \
    BODY(name##_##suffix)                         \
    {                                             \
        if (string_io(cpu, in, size, step))       \
            LEAVE_AFTER;                          \
        LEAVE_AT(0);                              \
    }
#define STRING_IO_BODIES(name, step)              \
    STRING_IO(name, step, 8, 1)                   \
    STRING_IO(name, step, 16, 2)                  \
    STRING_IO(name, step, 32, 4)                  \
    STRING_IO(name, step, 64, 4)
STRING_IO_BODIES(ins, ins_step)
STRING_IO_BODIES(outs, outs_step)
