/* A first embedder: makes a machine, puts a few instructions into its memory, runs them, and reads a register. Uses nothing but
   the public header. Build it against an installed Truebox:
       cc registers.c $(pkg-config --cflags --libs --static truebox) -o registers */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <truebox/truebox.h>

/* mov ax, 6; mov cx, 7; mul cx: three instructions, three counts of the clock. */
static const uint8_t code[] = {0xb8, 0x06, 0x00, 0xb9, 0x07, 0x00, 0xf7, 0xe1};
enum { CODE_ADDRESS = 0x1000, CODE_COUNTS = 3 };

static int fail(const struct tb_error *error)
{
    fprintf(stderr, "registers: %s\n", error->text);
    return error->status;
}

int main(void)
{
    struct tb_config config;
    struct tb_error error;
    tb_machine *machine;
    uint64_t rax = 0, rip = 0;

    tb_config_init(&config);
    config.memory_size = UINT64_C(1) << 20;
    machine = tb_machine_new(&config, &error);
    if (!machine)
        return fail(&error);
    tb_memory_write(machine, CODE_ADDRESS, code, sizeof code);
    tb_register_set(machine, 0, "cs", 0);
    tb_register_set(machine, 0, "cs.base", 0);
    tb_register_set(machine, 0, "rip", CODE_ADDRESS);
    tb_machine_run(machine, tb_machine_clock(machine) + CODE_COUNTS);
    tb_register_get(machine, 0, "rax", &rax);
    tb_register_get(machine, 0, "rip", &rip);
    printf("after %" PRIu64 " instructions: rax = %" PRIu64 ", rip = 0x%" PRIx64 "\n", tb_machine_clock(machine), rax, rip);
    if (!tb_machine_free(machine, &error))
        return fail(&error);
    return rax == 42 && rip == CODE_ADDRESS + sizeof code ? EXIT_SUCCESS : EXIT_FAILURE;
}
