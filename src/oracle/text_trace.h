/* The text trace: a line for each instruction, written as it runs. */
#ifndef TRUEBOX_ORACLE_TEXT_TRACE_H
#define TRUEBOX_ORACLE_TEXT_TRACE_H

#include <stdint.h>

struct cpu;
struct text_trace;

/* Before each instruction of the machine that the trace belongs to. */
void text_trace_step(struct text_trace *trace, struct cpu *cpu, const uint8_t *bytes, unsigned length);

#endif
