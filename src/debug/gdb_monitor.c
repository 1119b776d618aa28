/* GDB's `monitor` commands: what the protocol has no packets for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "debug/gdb_internal.h"

enum { ANSWER_SIZE = 6000 };

struct answer {
    char *text;
    size_t length;
    const char *prefix; /* of the state paths asked for */
};

static void say(struct answer *answer, const char *line)
{
    size_t length = strlen(line);

    if (answer->length + length >= ANSWER_SIZE)
        return;
    memcpy(answer->text + answer->length, line, length + 1);
    answer->length += length;
}

static void say_register(struct tb_gdb *gdb, struct answer *answer, const char *name, const char *end)
{
    uint64_t value = 0;
    char line[64];

    tb_register_get(gdb->machine, 0, name, &value);
    snprintf(line, sizeof line, "%s=%08" PRIx64 "%s", name, value, end);
    say(answer, line);
}

static void command_regs(struct tb_gdb *gdb, struct answer *answer, const char *argument)
{
    static const char *const general[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip", "rflags"};
    static const char *const segments[] = {"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"};
    static const char *const system[] = {"gdtr.base", "gdtr.limit", "idtr.base", "idtr.limit", "cr0", "cr2",
                                         "cr3",       "cr4",        "dr6",       "dr7",        "cpl", "tsc"};
    char name[32];

    (void)argument;
    for (size_t i = 0; i < sizeof general / sizeof general[0]; i++)
        say_register(gdb, answer, general[i], i % 4 == 3 ? "\n" : " ");
    say(answer, "\n");
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        static const char *const parts[] = {"", ".base", ".limit", ".attributes"};

        for (size_t part = 0; part < 4; part++) {
            snprintf(name, sizeof name, "%s%s", segments[i], parts[part]);
            say_register(gdb, answer, name, part == 3 ? "\n" : " ");
        }
    }
    for (size_t i = 0; i < sizeof system / sizeof system[0]; i++)
        say_register(gdb, answer, system[i], i % 4 == 3 ? "\n" : " ");
}

static void command_why(struct tb_gdb *gdb, struct answer *answer, const char *argument)
{
    char text[3000];

    (void)argument;
    tb_explain(gdb->machine, text, sizeof text);
    say(answer, text);
}

static void command_reset(struct tb_gdb *gdb, struct answer *answer, const char *argument)
{
    (void)argument;
    tb_machine_reset(gdb->machine);
    say(answer, "the machine resets at its next step\n");
}

static void say_state(void *owner, const char *path, uint64_t value)
{
    struct answer *answer = owner;
    char line[320];

    if (strncmp(path, answer->prefix, strlen(answer->prefix)))
        return;
    snprintf(line, sizeof line, "%s = %" PRIx64 "\n", path, value);
    say(answer, line);
}

static void command_info(struct tb_gdb *gdb, struct answer *answer, const char *argument)
{
    char line[120];

    snprintf(line, sizeof line, "clock %" PRIu64 ", virtual time %" PRIu64 " ns\n", tb_machine_clock(gdb->machine),
             tb_machine_virtual_ns(gdb->machine));
    say(answer, line);
    if (!*argument) {
        say(answer, "info NAME: the state of what is called so, for instance `info pic`\n");
        return;
    }
    answer->prefix = argument;
    tb_machine_visit_state(gdb->machine, say_state, answer);
}

static void command_help(struct tb_gdb *gdb, struct answer *answer, const char *argument);

static const struct {
    const char *name;
    void (*run)(struct tb_gdb *gdb, struct answer *answer, const char *argument);
    const char *help;
} commands[] = {
    {"help", command_help, "this list"},
    {"regs", command_regs, "all registers, hidden parts of segment registers too"},
    {"why", command_why, "why the last exceptions were raised"},
    {"info", command_info, "the clock, and the state of devices by name"},
    {"reset", command_reset, "press the reset button"},
};

static void command_help(struct tb_gdb *gdb, struct answer *answer, const char *argument)
{
    char line[160];

    (void)gdb;
    (void)argument;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        snprintf(line, sizeof line, "%-6s %s\n", commands[i].name, commands[i].help);
        say(answer, line);
    }
    say(answer, "eip is linear (CS.base + EIP): in real mode subtract cs_base for the offset\n");
}

char *gdb_monitor(struct tb_gdb *gdb, const char *command)
{
    struct answer answer = {memory_new(ANSWER_SIZE + 1), 0, ""};
    size_t length = strcspn(command, " ");
    const char *argument = command + length + strspn(command + length, " ");

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strlen(commands[i].name) == length && !memcmp(commands[i].name, command, length)) {
            commands[i].run(gdb, &answer, argument);
            return answer.text;
        }
    say(&answer, "no such command; try `monitor help`\n");
    return answer.text;
}
