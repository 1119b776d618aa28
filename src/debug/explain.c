/* Why the last exception was raised, in words: the chain that the processor kept, oldest first (R5). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "machine/machine.h"

/* Text that goes on being counted when the caller's buffer is full. */
struct words {
    char *text;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *words, const char *format, ...)
{
    size_t room = words->length < words->size ? words->size - words->length : 0;
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(room ? words->text + words->length : NULL, room, format, arguments);
    va_end(arguments);
    if (written > 0)
        words->length += (size_t)written;
}

static const char *exception_name(unsigned vector)
{
    static const char *const names[] = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "coprocessor segment overrun",
        "#TS", "#NP", "#SS", "#GP", "#PF", "",    "#MF", "#AC", "#MC", "#XM"};

    return vector < sizeof names / sizeof names[0] ? names[vector] : "";
}

static const char *event_words(enum event_kind kind)
{
    switch (kind) {
    case EVENT_EXCEPTION: return "exception";
    case EVENT_EXTERNAL: return "external interrupt";
    case EVENT_NMI: return "NMI";
    case EVENT_SOFTWARE: return "INT";
    case EVENT_SOFTWARE_EXCEPTION: return "software exception";
    }
    return "event";
}

static void say_fault(struct words *words, const struct fault *fault)
{
    const struct reason_row *row = reason_row(fault->reason);
    char text[256];

    reason_format(fault->reason, fault->detail, text, sizeof text);
    say(words, "clock %" PRIu64 ": %s (vector %u) at %04x:%" PRIx64, fault->clock, exception_name(fault->vector),
        fault->vector, fault->cs, fault->rip);
    if (fault->has_error_code)
        say(words, ", error code %x", fault->error_code);
    if (fault->vector == VECTOR_PF)
        say(words, ", linear address %" PRIx64, fault->linear);
    if (fault->delivering)
        say(words, ", while delivering %s %u", event_words(fault->while_delivering), fault->delivering_vector);
    say(words, ": %s [%s, %s]\n", text, row->identifier, row->section);
}

size_t tb_explain(const tb_machine *machine, char *text, size_t size)
{
    const struct cpu *cpu = machine->cpus[0];
    unsigned count = cpu->fault_count < FAULT_CHAIN_LENGTH ? cpu->fault_count : FAULT_CHAIN_LENGTH;
    struct words words = {text, size, 0};

    if (size)
        text[0] = 0;
    if (!count)
        say(&words, "no exception has been raised\n");
    for (unsigned i = 0; i < count; i++)
        say_fault(&words, &cpu->fault_chain[i]);
    if (cpu->activity == CPU_SHUTDOWN)
        say(&words, "the processor is shut down\n");
    return words.length;
}
