/* The text trace: clock, CS:RIP, linear address, bytes, disassembly, then the registers that the instruction changed. What
   it changed is known when the next one begins, so a line is completed one step late. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "cpu/flags.h"
#include "machine/machine.h"

enum { TRACED_GPRS = 16, TRACED_CONTROL = 4 };

struct traced {
    uint64_t gpr[TRACED_GPRS];
    uint64_t flags;
    uint16_t segment[SEGMENT_COUNT];
    uint64_t control[TRACED_CONTROL];
};

struct text_trace {
    FILE *file;
    char *path;
    bool open_line; /* an instruction's line waits for its changes */
    struct traced before;
    const struct cpu *cpu; /* whose line it is */
};

static struct traced sample(const struct cpu *cpu)
{
    struct traced now = {.flags = flags_get(cpu), .control = {cpu->cr0, cpu->cr2, cpu->cr3, cpu->cr4}};

    memcpy(now.gpr, cpu->gpr, sizeof now.gpr);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        now.segment[i] = cpu->segment[i].selector;
    return now;
}

static void complete_line(struct text_trace *trace)
{
    static const char *const gprs[2][TRACED_GPRS] = {
        {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d",
         "r15d"},
        {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"}};
    static const char *const segments[SEGMENT_COUNT] = {"es", "cs", "ss", "ds", "fs", "gs"};
    static const char *const control[TRACED_CONTROL] = {"cr0", "cr2", "cr3", "cr4"};
    struct traced now;

    if (!trace->open_line)
        return;
    trace->open_line = false;
    now = sample(trace->cpu);
    for (unsigned i = 0; i < TRACED_GPRS; i++)
        if (now.gpr[i] != trace->before.gpr[i])
            fprintf(trace->file, " %s=%08" PRIx64, gprs[cpu_long_mode(trace->cpu)][i], now.gpr[i]);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        if (now.segment[i] != trace->before.segment[i])
            fprintf(trace->file, " %s=%04x", segments[i], now.segment[i]);
    for (unsigned i = 0; i < TRACED_CONTROL; i++)
        if (now.control[i] != trace->before.control[i])
            fprintf(trace->file, " %s=%08" PRIx64, control[i], now.control[i]);
    if (now.flags != trace->before.flags)
        fprintf(trace->file, " flags=%08" PRIx64, now.flags);
    fputc('\n', trace->file);
}

static void trace_step(void *owner, struct cpu *cpu, const uint8_t *bytes, unsigned length)
{
    struct text_trace *trace = owner;
    char hex[2 * 15 + 1] = "", text[128];
    unsigned bits = cpu_code64(cpu) ? 64 : cpu->segment[CS].attributes & SEGMENT_DB ? 32 : 16;

    complete_line(trace);
    for (unsigned i = 0; i < length && i < 15; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    if (!tb_disassemble(bytes, length, bits, cpu->rip, text, sizeof text))
        snprintf(text, sizeof text, "?");
    fprintf(trace->file, "%" PRIu64 " %04x:%08" PRIx64 " %08" PRIx64 " %-16s %s ;", cpu->schedule->now,
            cpu->segment[CS].selector, cpu->rip, machine_next_linear(cpu), hex, text);
    trace->before = sample(cpu);
    trace->cpu = cpu;
    trace->open_line = true;
}

bool tb_trace_text(tb_machine *machine, const char *path, struct tb_error *error)
{
    struct text_trace *trace;
    FILE *file;

    if (machine->tap.end && !tb_trace_text_stop(machine, error))
        return false;
    file = fopen(path, "w");
    if (!file)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    trace = memory_new(sizeof *trace);
    trace->file = file;
    trace->path = memory_copy_string(path);
    machine->tap = (struct machine_tap){trace_step, tb_trace_text_stop, trace};
    machine_observers_changed(machine);
    return true;
}

bool tb_trace_text_stop(tb_machine *machine, struct tb_error *error)
{
    struct text_trace *trace = machine->tap.owner;
    bool failed;

    if (!trace)
        return true;
    complete_line(trace);
    machine->tap = (struct machine_tap){0};
    machine_observers_changed(machine);
    failed = ferror(trace->file) != 0;
    failed |= fclose(trace->file) != 0;
    if (failed)
        error_set(error, TB_STATUS_NO_INPUT, "%s: the trace could not be written", trace->path);
    free(trace->path);
    free(trace);
    return !failed;
}
