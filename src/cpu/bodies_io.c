/* Input and output: IN, OUT, INS, OUTS, the I/O permission bitmap and I/O breakpoints (SDM 1 chapter 19). */
#include "cpu/system_body.h"
#include "devices/ports.h"

static uint64_t tss_linear(const struct cpu *cpu, uint32_t offset)
{
    return cpu_long_mode(cpu) ? cpu->tr.base + offset : (uint32_t)(cpu->tr.base + offset);
}

/* SDM 1 19.5.2. The processor reads two bytes of the bitmap always, and both must lie within the TSS. */
static void check_bitmap(struct cpu *cpu, uint16_t port, unsigned size)
{
    uint32_t map = 0, bits;

    if (!(cpu->tr.attributes & 8) || cpu->tr.limit < 103) /* an 80286 TSS has none */
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_IO_BITMAP, port, cpu->tr.limit);
    map = (uint32_t)linear_read(cpu, tss_linear(cpu, 102), 2, false) + port / 8;
    if (map + 1 > cpu->tr.limit)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_IO_BITMAP, port, cpu->tr.limit);
    bits = (uint32_t)linear_read(cpu, tss_linear(cpu, map), 2, false) >> (port & 7);
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

        if ((cpu->dr[7] >> (2 * i) & 3) && (cpu->dr[7] >> (16 + 4 * i) & 3) == 2 && port < first + length &&
            first < port + (uint64_t)size)
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

/* --- IN and OUT: there is no 64-bit form, 32 bits it is ------------------------------------------------------------- */

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

#define PORT_BODY(name, action, port, suffix, W) \
    BODY(name##_##suffix)                        \
    {                                            \
        action(cpu, in, port, W);                \
        NEXT_OR_LEAVE;                           \
    }
#define PORT_BODIES(name, action, port)   \
    PORT_BODY(name, action, port, 8, 8)   \
    PORT_BODY(name, action, port, 16, 16) \
    PORT_BODY(name, action, port, 32, 32) \
    PORT_BODY(name, action, port, 64, 32)
PORT_BODIES(in_immediate, input, (uint8_t)in->imm)
PORT_BODIES(in_dx, input, (uint16_t)cpu->gpr[RDX])
PORT_BODIES(out_immediate, output, (uint8_t)in->imm)
PORT_BODIES(out_dx, output, (uint16_t)cpu->gpr[RDX])

/* --- INS and OUTS --------------------------------------------------------------------------------------------------- */

/* A register of the address size: SI, DI, CX and their wider forms. */
static void address_register_add(struct cpu *cpu, const struct insn *in, unsigned reg, uint64_t step)
{
    uint64_t mask = address_mask(in);
    uint64_t value = (cpu->gpr[reg] + step) & mask;

    cpu->gpr[reg] = mask == 0xffff ? (cpu->gpr[reg] & ~mask) | value : value;
}

/* The destination is checked before the port is read: a port read cannot be taken back (R4). */
static void ins_transfer(struct cpu *cpu, const struct insn *in, uint64_t offset, unsigned size)
{
    (void)in; /* ES is fixed */
    memory_probe_write(cpu, ES, offset, size);
    memory_write(cpu, ES, offset, port_in(cpu, (uint16_t)cpu->gpr[RDX], size), size);
}

static void outs_transfer(struct cpu *cpu, const struct insn *in, uint64_t offset, unsigned size)
{
    port_out(cpu, (uint16_t)cpu->gpr[RDX], (uint32_t)memory_read(cpu, in->segment, offset, size), size);
}

typedef void string_transfer(struct cpu *cpu, const struct insn *in, uint64_t offset, unsigned size);

/* The 80286 has moved index and count already when the access faults (captured from silicon); later ones have not. */
static void string_step(struct cpu *cpu, const struct insn *in, unsigned size, unsigned index, string_transfer *transfer)
{
    uint64_t offset = cpu->gpr[index] & address_mask(in);
    uint64_t step = cpu->eflags & FLAG_DF ? -(uint64_t)size : size;
    uint64_t count = in->flags & (INSN_REP | INSN_REPNE) ? -UINT64_C(1) : 0;
    bool early = cpu->model->level == 2;

    io_check(cpu, (uint16_t)cpu->gpr[RDX], size);
    if (!early)
        transfer(cpu, in, offset, size);
    address_register_add(cpu, in, index, step);
    if (count)
        address_register_add(cpu, in, RCX, count);
    if (early)
        transfer(cpu, in, offset, size);
}

/* One visit: true if the instruction is done, false if it is to be repeated. Iterations but the last are charged as they
   end, so that the clock is exact in each. */
static NOINLINE bool string_io(struct cpu *cpu, const struct insn *in, unsigned size, unsigned index,
                               string_transfer *transfer)
{
    uint64_t mask = address_mask(in);

    cpu->in = in;
    if (!(in->flags & (INSN_REP | INSN_REPNE))) {
        string_step(cpu, in, size, index, transfer);
        return true;
    }
    if (!(cpu->gpr[RCX] & mask))
        return true;
    for (;;) {
        string_step(cpu, in, size, index, transfer);
        if (!(cpu->gpr[RCX] & mask))
            return true;
        cpu->budget--;
        if (!body_may_go_on(cpu))
            return false;
    }
}

#define STRING_IO(name, index, suffix, size)                  \
    BODY(name##_##suffix)                                     \
    {                                                         \
        if (string_io(cpu, in, size, index, name##_transfer)) \
            LEAVE_AFTER;                                      \
        LEAVE_AT(0);                                          \
    }
#define STRING_IO_BODIES(name, index) \
    STRING_IO(name, index, 8, 1)      \
    STRING_IO(name, index, 16, 2)     \
    STRING_IO(name, index, 32, 4)     \
    STRING_IO(name, index, 64, 4)
STRING_IO_BODIES(ins, RDI)
STRING_IO_BODIES(outs, RSI)
