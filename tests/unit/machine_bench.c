/* Machines that run a few bytes of ROM. */
#include "machine_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t busy[] = {
    0xb8, 0x00, 0x10, /* mov ax, 1000h */
    0x8e, 0xd8,       /* mov ds, ax */
    0x31, 0xdb,       /* xor bx, bx */
    0xff, 0x07,       /* again: inc word [bx] */
    0x83, 0xc3, 0x02, /* add bx, 2 */
    0xe4, 0x40,       /* in al, 40h */
    0x00, 0x07,       /* add [bx], al */
    0xeb, 0xf5,       /* jmp again */
};
const struct rom rom_busy = {busy, sizeof busy};

static const uint8_t timer[] = {
    0xfa,                               /* cli */
    0x31, 0xc0,                         /* xor ax, ax */
    0x8e, 0xd8,                         /* mov ds, ax */
    0x8e, 0xd0,                         /* mov ss, ax */
    0xbc, 0x00, 0x70,                   /* mov sp, 7000h */
    0xc7, 0x06, 0x20, 0x00, 0x3e, 0x00, /* mov word [20h], handler */
    0xc7, 0x06, 0x22, 0x00, 0x00, 0xf0, /* mov word [22h], F000h */
    0xb0, 0x11, 0xe6, 0x20,             /* ICW1-ICW4, vectors from 8 */
    0xb0, 0x08, 0xe6, 0x21, 0xb0, 0x04, 0xe6, 0x21, 0xb0, 0x01, 0xe6, 0x21, 0xb0, 0xfe, 0xe6, 0x21, /* IRQ 0 alone */
    0xb0, 0x34, 0xe6, 0x43,                               /* counter 0, mode 2, 1000 */
    0xb0, 0xe8, 0xe6, 0x40, 0xb0, 0x03, 0xe6, 0x40, 0xfb, /* sti */
    0xf4,                                                 /* again: hlt */
    0xff, 0x06, 0x00, 0x05,                               /* inc word [500h] */
    0xeb, 0xf9,                                           /* jmp again */
    0xff, 0x06, 0x02, 0x05,                               /* handler: inc word [502h] */
    0xb0, 0x20, 0xe6, 0x20,                               /* EOI */
    0xcf,                                                 /* iret */
};
const struct rom rom_timer = {timer, sizeof timer};

static const uint8_t poweroff[] = {
    0xba, 0x00, 0x89, /* mov dx, 8900h */
    0xbe, 0x11, 0x00, /* mov si, text */
    0x2e, 0xac,       /* again: cs lodsb */
    0x84, 0xc0,       /* test al, al */
    0x74, 0x03,       /* jz end */
    0xee,             /* out dx, al */
    0xeb, 0xf7,       /* jmp again */
    0xeb, 0xfe,       /* end: jmp end */
    'S',  'h',  'u',  't', 'd', 'o', 'w', 'n', 0,
};
const struct rom rom_poweroff = {poweroff, sizeof poweroff};

static const uint8_t debug_exit[] = {
    0xb0, 0x05, /* mov al, 5 */
    0xe6, 0xf4, /* out F4h, al */
    0xeb, 0xfe, /* end: jmp end */
};
const struct rom rom_debug_exit = {debug_exit, sizeof debug_exit};

static const uint8_t triple[] = {
    0x2e, 0x0f, 0x01, 0x1e, 0x07, 0x00, /* lidt cs:[7] */
    0xcc,                               /* int3 */
    0,    0,    0,    0,    0,    0,
};
const struct rom rom_triple = {triple, sizeof triple};

static const uint8_t hello[] = {
    0xb0, 'h',  0xe6, 0xe9, /* mov al, 'h'; out E9h, al */
    0xb0, 'i',  0xe6, 0xe9, /* mov al, 'i'; out E9h, al */
    0xfa, 0xf4,             /* cli; hlt */
};
const struct rom rom_hello = {hello, sizeof hello};

struct tb_config machine_config(enum tb_engine engine)
{
    struct tb_config config;

    tb_config_init(&config);
    config.memory_size = 1 << 20;
    config.engine = engine;
    config.debug_exit = true;
    config.vga_bios_path = "";
    return config;
}

tb_machine *machine_configured(const struct rom *rom, struct tb_config *config)
{
    static const uint8_t reset_vector[] = {0xea, 0x00, 0x00, 0x00, 0xf0}; /* jmp F000:0000 */
    uint8_t *image = calloc(1, 65536);
    char path[] = "/tmp/truebox-rom-XXXXXX";
    int file = mkstemp(path);
    struct tb_error error = {TB_STATUS_OK, ""};
    tb_machine *machine;

    cr_assert(image && file >= 0);
    memcpy(image, rom->code, rom->size);
    memcpy(image + 0xfff0, reset_vector, sizeof reset_vector);
    cr_assert_eq(write(file, image, 65536), 65536);
    close(file);
    free(image);
    config->bios_path = path;
    machine = tb_machine_new(config, &error);
    config->bios_path = NULL;
    unlink(path);
    cr_assert(machine, "%s", error.text);
    return machine;
}

tb_machine *machine_with(const struct rom *rom, enum tb_engine engine)
{
    struct tb_config config = machine_config(engine);

    return machine_configured(rom, &config);
}

uint64_t machine_register(tb_machine *machine, const char *name)
{
    uint64_t value = 0;

    cr_assert(tb_register_get(machine, 0, name, &value), "%s", name);
    return value;
}
