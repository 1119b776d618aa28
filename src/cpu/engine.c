/* The loop: boundaries, interrupts, entering traces, and the landing of faults.

   The clock at a boundary is deadline - budget. Entering a trace takes all its counts off the budget; whoever leaves it early
   gives the rest back (body.h). A trace is entered only if the budget covers it, so events fall on exact counts whatever the
   shape of the traces; the rest runs through the scratch record. */
#include "cpu/engine.h"

#include "cpu/raise.h"
#include "cpu/segment.h"

enum { DR6_BD = 1 << 13, DR6_BS = 1 << 14, DR6_BT = 1 << 15 };
#define DR7_GD (UINT64_C(1) << 13)

/* --- raising ------------------------------------------------------------------------------------------------------------- */

bool vector_has_error_code(unsigned vector)
{
    return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC;
}

uint64_t cpu_current_rip(const struct cpu *cpu)
{
    return cpu->in ? insn_rip(cpu, cpu->in) : cpu->rip;
}

uint64_t cpu_current_clock(const struct cpu *cpu)
{
    return cpu->deadline - (uint64_t)(cpu->budget + (cpu->in ? cpu->in->left : 0));
}

static _Noreturn void raise_fault(struct cpu *cpu, struct fault fault)
{
    fault.rip = cpu_current_rip(cpu);
    fault.cs = cpu->segment[CS].selector;
    fault.clock = cpu_current_clock(cpu);
    fault.has_error_code = vector_has_error_code(fault.vector);
    cpu->pending_fault = fault;
    longjmp(*cpu->raise_target, 1);
}

_Noreturn void raise_exception(struct cpu *cpu, unsigned vector, uint32_t error_code, enum reason reason, uint64_t detail0,
                               uint64_t detail1)
{
    raise_fault(
        cpu,
        (struct fault){.reason = reason, .vector = (uint8_t)vector, .error_code = error_code, .detail = {detail0, detail1}});
}

_Noreturn void raise_page_fault(struct cpu *cpu, uint64_t linear, uint32_t error_code, enum reason reason, uint64_t entry)
{
    raise_fault(
        cpu,
        (struct fault){
            .reason = reason, .vector = VECTOR_PF, .error_code = error_code, .detail = {linear, entry}, .linear = linear});
}

/* --- landing ------------------------------------------------------------------------------------------------------------- */

enum fault_class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

/* SDM 3A table 6-4. */
static enum fault_class class_of(unsigned vector)
{
    switch (vector) {
    case VECTOR_DE:
    case VECTOR_TS:
    case VECTOR_NP:
    case VECTOR_SS:
    case VECTOR_GP: return CONTRIBUTORY;
    case VECTOR_PF: return PAGE_FAULT;
    case VECTOR_DF: return DOUBLE_FAULT;
    default: return BENIGN;
    }
}

static void chain_record(struct cpu *cpu, const struct fault *fault)
{
    if (cpu->fault_count == FAULT_CHAIN_LENGTH) {
        memmove(&cpu->fault_chain[0], &cpu->fault_chain[1], (FAULT_CHAIN_LENGTH - 1) * sizeof *fault);
        cpu->fault_count--;
    }
    cpu->fault_chain[cpu->fault_count++] = *fault;
}

static void shut_down(struct cpu *cpu)
{
    cpu->activity = CPU_SHUTDOWN;
    cpu->delivering = false;
    cpu->attention = true;
    if (cpu->shutdown)
        cpu->shutdown(cpu->shutdown_owner);
}

/* SDM 3A table 6-5: what a second fault makes of the first. Returns false if the processor shuts down. */
static bool combine(struct cpu *cpu, struct fault *fault)
{
    enum fault_class first = cpu->delivering_kind == EVENT_EXCEPTION ? class_of(cpu->delivering_vector) : BENIGN;
    enum fault_class second = class_of(fault->vector);
    uint8_t second_vector = fault->vector;

    fault->delivering = true;
    fault->while_delivering = cpu->delivering_kind;
    fault->delivering_vector = cpu->delivering_vector;
    chain_record(cpu, fault);
    if (first == DOUBLE_FAULT && second != BENIGN) {
        fault->reason = REASON_TRIPLE_FAULT;
        fault->detail[0] = VECTOR_DF;
        fault->detail[1] = second_vector;
        chain_record(cpu, fault);
        return false;
    }
    if ((first == CONTRIBUTORY && second == CONTRIBUTORY) ||
        (first == PAGE_FAULT && (second == CONTRIBUTORY || second == PAGE_FAULT))) {
        fault->reason = REASON_DF_NESTED;
        fault->detail[0] = cpu->delivering_vector;
        fault->detail[1] = second_vector;
        fault->vector = VECTOR_DF;
        fault->has_error_code = true;
        fault->error_code = 0;
        chain_record(cpu, fault);
    }
    return true;
}

static void prepare_debug_exception(struct cpu *cpu, const struct fault *fault)
{
    if (fault->reason == REASON_DB_GENERAL_DETECT)
        cpu->dr[6] |= DR6_BD;
    cpu->dr[7] &= ~DR7_GD;
}

/* SDM 3B 17.3.1.1: faults push RF = 1, except instruction breakpoints; traps push it as it is. */
static bool pushes_rf(const struct fault *fault)
{
    return fault->vector != VECTOR_DB && fault->vector != VECTOR_BP && fault->vector != VECTOR_OF &&
           fault->vector != VECTOR_NMI && fault->vector != VECTOR_DF;
}

/* Called at the landing place with the pending fault: settles the interrupted instruction and delivers. */
static void land_fault(struct cpu *cpu)
{
    struct fault fault = cpu->pending_fault;

    if (cpu->in) { /* the instruction counts, so that a guest that only faults cannot stop the clock */
        cpu->rip = insn_rip(cpu, cpu->in);
        if (fault.vector == VECTOR_DE && cpu->model->level < 2) /* a trap on the 8086 (SDM 3B 22.18) */
            cpu->rip = (cpu->rip + cpu->in->length) & 0xffff;
        cpu->budget += cpu->in->left - 1;
        cpu->in = NULL;
    } else if (!cpu->delivering) {
        cpu->budget--;
    }
    cpu->engine->fetching = false;
    cpu->inhibit = INHIBIT_NONE;
    if (fault.vector == VECTOR_PF)
        cpu->cr2 = fault.linear;
    if (cpu->delivering) {
        if (!combine(cpu, &fault)) {
            shut_down(cpu);
            return;
        }
    } else {
        cpu->fault_count = 0;
        chain_record(cpu, &fault);
    }
    if (fault.vector == VECTOR_DB)
        prepare_debug_exception(cpu, &fault);
    if (log_wanted(cpu->log, LOG_FAULT)) {
        char text[256];

        reason_format(fault.reason, fault.detail, text, sizeof text);
        log_write(cpu->log, LOG_FAULT, "cpu%u vector %u error %x at %04x:%llx clock %llu: %s", cpu->number, fault.vector,
                  fault.error_code, fault.cs, (unsigned long long)fault.rip, (unsigned long long)fault.clock, text);
    }
    cpu->delivering = true;
    cpu->delivering_vector = fault.vector;
    cpu->delivering_kind = EVENT_EXCEPTION;
    if (cpu->model->level >= 3 && pushes_rf(&fault))
        cpu->eflags |= FLAG_RF;
    interrupt_deliver(cpu, fault.vector, EVENT_EXCEPTION, fault.has_error_code && !cpu_real(cpu), fault.error_code,
                      cpu->rip);
    cpu->delivering = false;
}

/* An interrupt that arrives between instructions. */
static void deliver_interrupt(struct cpu *cpu, unsigned vector, enum event_kind kind)
{
    if (log_wanted(cpu->log, LOG_INTERRUPT))
        log_write(cpu->log, LOG_INTERRUPT, "cpu%u %s %02x at %04x:%llx clock %llu", cpu->number,
                  kind == EVENT_NMI ? "NMI" : "interrupt", vector, cpu->segment[CS].selector, (unsigned long long)cpu->rip,
                  (unsigned long long)cpu->schedule->now);
    cpu->delivering = true;
    cpu->delivering_vector = (uint8_t)vector;
    cpu->delivering_kind = kind;
    interrupt_deliver(cpu, vector, kind, false, 0, cpu->rip);
    cpu->delivering = false;
}

/* --- boundaries ---------------------------------------------------------------------------------------------------------- */

static bool interrupt_wanted(const struct cpu *cpu)
{
    return cpu->intr && (cpu->eflags & FLAG_IF) && cpu->inhibit == INHIBIT_NONE;
}

static bool nmi_wanted(const struct cpu *cpu)
{
    return cpu->nmi_pending && !cpu->nmi_blocked && cpu->inhibit != INHIBIT_MOV_SS;
}

/* Debug traps, NMI, INTR in the order of SDM 3A table 6-2. Returns false if the processor does not run. */
static bool boundary(struct cpu *cpu)
{
    if (cpu->init_pending) {
        cpu->init_pending = false;
        cpu_init(cpu);
    }
    if (cpu->activity != CPU_RUNNING) {
        if (!nmi_wanted(cpu) && (cpu->activity == CPU_SHUTDOWN || !interrupt_wanted(cpu)))
            return false;
        cpu->activity = CPU_RUNNING;
    }
    if (cpu->pending_debug && cpu->inhibit != INHIBIT_MOV_SS) {
        uint64_t bits = cpu->pending_debug;

        cpu->pending_debug = 0;
        cpu->dr[6] = (cpu->dr[6] & ~UINT64_C(15)) | bits;
        raise_exception(cpu, VECTOR_DB, 0,
                        bits & DR6_BS   ? REASON_DB_SINGLE_STEP
                        : bits & DR6_BT ? REASON_DB_TASK_SWITCH
                                        : REASON_DB_BREAKPOINT,
                        bits, 0);
    }
    if (nmi_wanted(cpu)) {
        cpu->nmi_pending = false;
        cpu->nmi_blocked = true;
        deliver_interrupt(cpu, VECTOR_NMI, EVENT_NMI);
    } else if (interrupt_wanted(cpu)) {
        deliver_interrupt(cpu, cpu->acknowledge(cpu->acknowledge_owner), EVENT_EXTERNAL);
    }
    return true;
}

/* Instruction breakpoints of the debug registers; a fault before the instruction (SDM 3B 17.3.1.1). */
static void check_instruction_breakpoints(struct cpu *cpu)
{
    uint64_t linear = cpu->segment[CS].base + cpu->rip;

    for (unsigned i = 0; i < 4; i++)
        if ((cpu->dr[7] >> 2 * i & 3) && (cpu->dr[7] >> (16 + 4 * i) & 3) == 0 && cpu->dr[i] == linear) {
            cpu->dr[6] = (cpu->dr[6] & ~UINT64_C(15)) | UINT64_C(1) << i;
            raise_exception(cpu, VECTOR_DB, 0, REASON_DB_BREAKPOINT, UINT64_C(1) << i, 0);
        }
}

static void execute(struct cpu *cpu, const struct trace *trace)
{
    cpu->budget -= trace->count;
    cpu->rip_base = cpu->rip;
    insn_run(cpu, trace->insns);
}

static uint64_t settle_clock(struct cpu *cpu)
{
    cpu->schedule->now = cpu->deadline - (uint64_t)cpu->budget;
    cpu->deadline = cpu->schedule->now;
    cpu->budget = 0;
    cpu->leave = false;
    cpu->in = NULL;
    return cpu->schedule->now;
}

static void allow(struct cpu *cpu, uint64_t counts)
{
    cpu->deadline = cpu->schedule->now + counts;
    cpu->budget = (int64_t)counts;
}

/* Exactly one instruction or REP iteration, with everything that only single steps see. */
static void step(struct cpu *cpu)
{
    bool trap = cpu->eflags & FLAG_TF, resume = cpu->eflags & FLAG_RF;
    uint64_t rip = cpu->rip;
    uint16_t cs = cpu->segment[CS].selector;
    struct trace *trace;

    if ((cpu->dr[7] & 0xff) && !resume)
        check_instruction_breakpoints(cpu);
    cpu->inhibit = INHIBIT_NONE;
    allow(cpu, 1);
    trace = trace_scratch(cpu);
    cpu->eflags &= ~(uint64_t)FLAG_RF;
    if (cpu->engine->step) {
        uint8_t bytes[15];
        unsigned length = 0;

        for (; length < trace->insns[0].length; length++) {
            uint64_t physical;

            if (!linear_peek_physical(cpu, cpu->segment[CS].base + rip + length, &physical) ||
                !physical_peek(cpu->memory, physical, &bytes[length], 1))
                break;
        }
        cpu->engine->step(cpu->engine->step_owner, cpu, bytes, length);
    }
    cpu->event_delivered = false;
    execute(cpu, trace);
    if (resume && cpu->rip == rip && cpu->segment[CS].selector == cs)
        cpu->eflags |= FLAG_RF; /* a REP that goes on */
    if (trap && !cpu->event_delivered && cpu->inhibit != INHIBIT_MOV_SS)
        cpu->pending_debug |= DR6_BS;
}

static bool at_breakpoint(struct cpu *cpu)
{
    uint64_t linear = cpu->segment[CS].base + cpu->rip;

    for (size_t i = 0; i < cpu->engine->breakpoint_count; i++)
        if (cpu->engine->breakpoints[i] == linear)
            return true;
    return false;
}

static bool must_step(const struct cpu *cpu)
{
    return cpu->engine->plain || (cpu->eflags & (FLAG_TF | FLAG_RF)) || cpu->engine->observing || cpu->inhibit ||
           (cpu->dr[7] & 0xff);
}

/* One turn of the loop; false with *exit set when cpu_run is to return. */
static bool turn(struct cpu *cpu, enum cpu_exit *exit)
{
    struct engine *engine = cpu->engine;
    uint64_t now = settle_clock(cpu), counts;
    struct trace *trace = NULL;

    if (engine->watch_hit) {
        engine->watch_hit = false;
        *exit = CPU_EXIT_WATCHPOINT;
        return false;
    }
    if (now >= cpu->run_limit) {
        *exit = CPU_EXIT_CLOCK;
        return false;
    }
    if (cpu->attention || schedule_deadline(cpu->schedule) <= now) {
        cpu->attention = false;
        *exit = CPU_EXIT_ATTENTION;
        return false;
    }
    if (UNLIKELY(engine->breakpoint_count) && !engine->resume && cpu->activity == CPU_RUNNING && at_breakpoint(cpu)) {
        engine->resume = true;
        *exit = CPU_EXIT_BREAKPOINT;
        return false;
    }
    if (!boundary(cpu)) {
        *exit = CPU_EXIT_ATTENTION;
        return false;
    }
    engine->resume = false;
    if (!cpu->intr && !cpu->nmi_pending && !(cpu->eflags & FLAG_TF))
        cpu->inhibit = INHIBIT_NONE; /* a shadow with nothing behind it: the next boundary is past it anyway */
    if (must_step(cpu)) {
        step(cpu);
        return true;
    }
    counts =
        cpu->run_limit < schedule_deadline(cpu->schedule) ? cpu->run_limit - now : schedule_deadline(cpu->schedule) - now;
    allow(cpu, counts);
    trace = trace_find(cpu, cpu->rip);
    if (!trace || trace->count > counts)
        trace = trace_scratch(cpu);
    execute(cpu, trace);
    return true;
}

enum cpu_exit cpu_run(struct cpu *cpu, uint64_t limit)
{
    jmp_buf target;
    enum cpu_exit exit = CPU_EXIT_CLOCK;

    cpu->run_limit = limit;
    cpu->deadline = cpu->schedule->now;
    cpu->budget = 0;
    cpu->raise_target = &target;
    if (_setjmp(target)) /* raise_fault comes back here, each time that something faults */
        land_fault(cpu);
    while (turn(cpu, &exit))
        ;
    cpu->raise_target = NULL;
    return exit;
}
