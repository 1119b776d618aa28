/* The schematic: an i440FX class PC with its AT peripherals. Each chip is made with its wires as arguments; what is not
   drawn here is not connected.

   IRQ  0 timer   1 keyboard   2 cascade   3 COM2, COM4   4 COM1, COM3   6 floppy   7 LPT1   8 RTC   12 PS/2 mouse   13 x87
   14, 15 IDE DMA  2 floppy PCI  0 host bridge   1 ISA bridge   2 display */
#include "machine/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

#define IRQ_TIMER 0
#define IRQ_KEYBOARD 1
#define IRQ_SERIAL_EVEN 3 /* COM2, COM4 */
#define IRQ_SERIAL_ODD 4  /* COM1, COM3 */
#define IRQ_FLOPPY 6
#define IRQ_PARALLEL 7
#define IRQ_RTC 8
#define IRQ_MOUSE 12
#define IRQ_COPROCESSOR 13
#define IRQ_IDE 14
#define DMA_FLOPPY 2

#define VGA_LINEAR_BASE UINT64_C(0xe0000000)
#define VGA_PCI_DEVICE 2

static struct wire wire(void (*set)(void *owner, unsigned line, bool level), void *owner, unsigned line)
{
    return (struct wire){set, owner, line};
}

static struct wire irq(struct board *board, unsigned line)
{
    return wire(i8259_pair_set_irq, board->pic, line);
}

/* ------------------------------------------------------------------------------------------------------------------
   What leaves the board */

static void power_off(void *owner, unsigned line, bool level)
{
    struct board *board = owner;

    (void)line;
    if (level)
        board->wiring.power_off(board->wiring.owner);
}

static void reset_line(void *owner, unsigned line, bool level)
{
    struct board *board = owner;

    (void)line;
    if (level)
        board->wiring.reset(board->wiring.owner);
}

static void debug_exit(void *owner, uint32_t value)
{
    struct board *board = owner;

    board->wiring.debug_exit(board->wiring.owner, value);
}

static void put_output(void *owner, uint8_t byte)
{
    struct board_output *output = owner;

    output->board->wiring.output(output->board->wiring.owner, output->output, byte);
}

uint8_t board_acknowledge(void *owner)
{
    struct board *board = owner;

    return i8259_pair_acknowledge(board->pic);
}

/* COM1 and COM3 share a line, COM2 and COM4 another: either request raises it. */
static void serial_irq(void *owner, unsigned port, bool level)
{
    struct board *board = owner;
    unsigned partner = (port + 2) % BOARD_SERIAL_PORTS;

    board->serial_request[port] = level;
    i8259_pair_set_irq(board->pic, port % 2 ? IRQ_SERIAL_EVEN : IRQ_SERIAL_ODD, level || board->serial_request[partner]);
}

static const struct state_field board_fields[] = {
    STATE_ROW(struct board, serial_request, STATE_KIND_BOOL, STATE_VISIBLE, BOARD_SERIAL_PORTS, sizeof(bool), NULL),
};
static STATE_TABLE(board_state_table, "board", 1, board_fields, NULL);

/* ------------------------------------------------------------------------------------------------------------------
   Memory map */

/* RAM from 0 (the adapters' window and the bridge lay themselves over it), the BIOS at the top of what the processor
 * addresses. */
static void map_memory(struct board *board, const struct firmware_set *firmware)
{
    struct physical_map *memory = board->wiring.bay->memory;
    unsigned bits = board->wiring.model->address_bits;
    uint64_t top = bits < 32 ? UINT64_C(1) << bits : UINT64_C(1) << 32;

    board->bios_rom = physical_map_new_rom(memory, firmware->bios.bytes, firmware->bios.size);
    board->bios_size = firmware->bios.size;
    if (firmware->options_size)
        board->option_rom = physical_map_new_rom(memory, firmware->options, firmware->options_size);
    /* The video BIOS comes first; PCI firmware (SeaBIOS) takes it from the adapter's expansion ROM, ours from C0000. */
    if (board->option_rom && (!board->wiring.config->vga_bios_path || board->wiring.config->vga_bios_path[0]))
        board->vga_rom_size = firmware->options[2] * 512u;
    board->option_size = (firmware->options_size + PHYSICAL_PAGE_SIZE - 1) & ~(uint64_t)(PHYSICAL_PAGE_SIZE - 1);
    physical_map_route_ram(memory, 0, physical_map_ram_size(memory), 0);
    if (firmware->kernel.bytes)
        physical_map_route_rom(memory, KERNEL_CARD_BASE, firmware->kernel.size,
                               physical_map_new_rom(memory, firmware->kernel.bytes, firmware->kernel.size), 0);
    if (bits > 20 && top - board->bios_size >= UINT64_C(0x100000))
        physical_map_route_rom(memory, top - board->bios_size, board->bios_size, board->bios_rom, 0);
}

/* What answers at [base, base + 16K) where PAM leaves it to the bus: option ROMs from C0000, the end of the BIOS up to
   FFFFF. A segment is either; a BIOS of more than 128K shows its last 128K. */
static struct physical_source behind_segment(const struct board *board, uint32_t base)
{
    uint64_t below = board->bios_size < 0x20000 ? board->bios_size : 0x20000;

    if (base >= 0x100000 - below)
        return (struct physical_source){
            .target = PHYSICAL_ROM, .rom = board->bios_rom, .offset = board->bios_size - (0x100000 - base)};
    if (base - FIRMWARE_OPTION_SPACE < board->option_size)
        return (struct physical_source){
            .target = PHYSICAL_ROM, .rom = board->option_rom, .offset = base - FIRMWARE_OPTION_SPACE};
    return (struct physical_source){.target = PHYSICAL_NOTHING};
}

/* ------------------------------------------------------------------------------------------------------------------
   Drives */

static unsigned open_options(const struct board *board, enum tb_drive_kind kind)
{
    return (kind == TB_DRIVE_CDROM ? BLOCK_READ_ONLY : 0u) | (kind == TB_DRIVE_DISK ? 0u : BLOCK_PARTIAL_SECTOR) |
           (board->wiring.config->discard_disk_writes ? BLOCK_DISCARD_WRITES : 0u);
}

static struct block *open_image(struct board *board, enum tb_drive_kind kind, const char *path, struct tb_error *error)
{
    struct block *block = block_open(&board->images, path, open_options(board, kind), board->wiring.bay->log, error);

    if (block && kind == TB_DRIVE_FLOPPY && !floppy_geometry_for(block_sectors(block))) {
        error_set(error, TB_STATUS_DATA, "%s: no diskette has %llu sectors", path, (unsigned long long)block_sectors(block));
        block_close(block, NULL);
        return NULL;
    }
    return block;
}

static bool open_images(struct board *board, struct tb_error *error)
{
    const struct tb_drive_config *drives = board->wiring.config->drives;

    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        if (!drives[i].path)
            continue;
        board->blocks[i] = open_image(board, drives[i].kind, drives[i].path, error);
        if (!board->blocks[i])
            return false;
    }
    return true;
}

/* A drive takes the diskette it was bought for: 1.44M unless the image needs another. */
static enum floppy_drive_type floppy_type(const struct board *board, unsigned unit)
{
    const struct block *block = board->blocks[TB_FDA + unit];

    if (unit == 1 && board->wiring.config->drives[TB_FDB].kind == TB_DRIVE_EMPTY)
        return FLOPPY_DRIVE_NONE;
    return block ? floppy_geometry_for(block_sectors(block))->drive : FLOPPY_DRIVE_1440K;
}

static void attach_floppies(struct board *board)
{
    for (unsigned unit = 0; unit < 2; unit++) {
        enum floppy_drive_type type = floppy_type(board, unit);

        if (type == FLOPPY_DRIVE_NONE)
            continue;
        i82077_attach(board->floppy, unit, type);
        if (board->blocks[TB_FDA + unit])
            i82077_insert(board->floppy, unit, board->blocks[TB_FDA + unit]);
    }
}

static void attach_ide(struct board *board)
{
    for (unsigned i = 0; i < 4; i++) {
        switch (board->wiring.config->drives[TB_HDA + i].kind) {
        case TB_DRIVE_DISK: ata_channel_attach_disk(board->ide[i / 2], i % 2, board->blocks[TB_HDA + i]); break;
        case TB_DRIVE_CDROM: ata_channel_attach_cdrom(board->ide[i / 2], i % 2, board->blocks[TB_HDA + i]); break;
        default: break;
        }
    }
}

bool board_change_medium(struct board *board, enum tb_drive drive, const char *path, struct tb_error *error)
{
    enum tb_drive_kind kind = (unsigned)drive < TB_DRIVE_COUNT ? board->wiring.config->drives[drive].kind : TB_DRIVE_EMPTY;
    struct block *block = NULL;
    bool written;

    if (kind != TB_DRIVE_FLOPPY && kind != TB_DRIVE_CDROM)
        return error_set(error, TB_STATUS_USAGE, "%s: that drive takes no other medium", path ? path : "eject");
    if (path && !(block = open_image(board, kind, path, error)))
        return false;
    if (kind == TB_DRIVE_CDROM)
        ata_channel_change_cd(board->ide[(drive - TB_HDA) / 2], (drive - TB_HDA) % 2, block);
    else {
        i82077_eject(board->floppy, drive - TB_FDA);
        if (block)
            i82077_insert(board->floppy, drive - TB_FDA, block);
    }
    written = block_close(board->blocks[drive], error);
    board->blocks[drive] = block;
    return written;
}

/* ------------------------------------------------------------------------------------------------------------------
   The chips */

static struct mc146818_config cmos_config(const struct board *board)
{
    const struct tb_config *config = board->wiring.config;
    struct mc146818_config cmos = {
        .seconds = config->rtc_seconds,
        .memory_below_4g = config->memory_size,
        .mouse = true,
        .processors = 1,
    };

    for (unsigned unit = 0; unit < 2; unit++) {
        const struct block *disk = config->drives[TB_HDA + unit].kind == TB_DRIVE_DISK ? board->blocks[TB_HDA + unit] : NULL;

        cmos.floppies[unit] = (enum cmos_floppy)floppy_type(board, unit);
        if (disk) {
            struct ata_geometry geometry = ata_geometry_for(block_sectors(disk));

            cmos.disks[unit] = (struct cmos_disk){geometry.cylinders, geometry.heads, geometry.sectors};
        }
    }
    memcpy(cmos.boot_order, config->boot_order, sizeof cmos.boot_order);
    return cmos;
}

static void make_system_chips(struct board *board)
{
    const struct bay *bay = board->wiring.bay;
    struct cpu *cpu = board->wiring.cpu;
    const struct mc146818_config cmos = cmos_config(board);
    const struct wire init = wire(cpu_pulse_init, cpu, 0), none = {0};

    board->pic = i8259_pair_new(bay, wire(cpu_set_intr, cpu, 0));
    board->timer = i8254_new(bay, (const struct wire[3]){irq(board, IRQ_TIMER), none, none});
    board->a20 = a20_new(bay, wire(cpu_set_a20, cpu, 0));
    board->port61 = port61_new(bay, board->timer);
    board->coprocessor_error = coprocessor_error_new(bay, irq(board, IRQ_COPROCESSOR), wire(cpu_set_ignne, cpu, 0));
    cpu->fpu_error = coprocessor_error_ferr;
    cpu->fpu_error_owner = board->coprocessor_error;
    board->port92 = port92_new(bay, wire(a20_set, board->a20, A20_PORT92), init);
    board->dma = i8237_pair_new(bay);
    board->rtc = mc146818_new(bay, &cmos, irq(board, IRQ_RTC), none); /* nothing on this board raises NMI */
    board->keyboard_controller = i8042_new(bay, irq(board, IRQ_KEYBOARD), irq(board, IRQ_MOUSE),
                                           wire(a20_set, board->a20, A20_KEYBOARD_CONTROLLER), init);
    board->keyboard = at_keyboard_new(bay, board->keyboard_controller);
    board->mouse = ps2_mouse_new(bay, board->keyboard_controller);
}

static void make_pci(struct board *board)
{
    const struct bay *bay = board->wiring.bay;
    struct i440fx_config bridge;

    for (unsigned i = 0; i < I440FX_SEGMENTS; i++)
        bridge.behind[i] = behind_segment(board, I440FX_FIRST_SEGMENT + i * I440FX_SEGMENT_SIZE);
    board->south_bridge =
        piix3_new(bay, irq(board, 0), wire(reset_line, board, 0), wire(cpu_pulse_init, board->wiring.cpu, 0));
    board->pci = pci_bus_new(bay, wire(piix3_set_pirq, board->south_bridge, 0));
    piix3_attach(board->south_bridge, board->pci);
    board->north_bridge = i440fx_new(bay, board->pci, &bridge, (struct wire){0});
}

static struct byte_sink sink(struct board *board, enum tb_output output)
{
    board->outputs[output] = (struct board_output){board, output};
    return (struct byte_sink){put_output, &board->outputs[output]};
}

static void make_peripherals(struct board *board)
{
    static const uint16_t serial_ports[BOARD_SERIAL_PORTS] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
    static const char *const serial_names[BOARD_SERIAL_PORTS] = {"com1", "com2", "com3", "com4"};
    const struct bay *bay = board->wiring.bay;

    board->floppy = i82077_new(bay, irq(board, IRQ_FLOPPY), board->dma, DMA_FLOPPY);
    board->ide[0] = ata_channel_new(bay, "ide.primary", 0x1f0, 0x3f6, irq(board, IRQ_IDE));
    board->ide[1] = ata_channel_new(bay, "ide.secondary", 0x170, 0x376, irq(board, IRQ_IDE + 1));
    board->ide_bus_master = piix3_ide_new(bay, board->ide[0], board->ide[1]);
    piix3_ide_attach(board->ide_bus_master, board->pci);
    board->vga = vga_new(bay, (struct wire){0}, VGA_LINEAR_BASE);
    vga_attach(board->vga, board->pci, VGA_PCI_DEVICE, board->vga_rom_size ? board->option_rom : NULL, board->vga_rom_size);
    for (unsigned i = 0; i < BOARD_SERIAL_PORTS; i++)
        board->serial[i] = uart16550_new(bay, serial_names[i], serial_ports[i], wire(serial_irq, board, i),
                                         sink(board, TB_OUTPUT_COM1 + i));
    board->parallel = parallel_new(bay, "lpt1", 0x378, irq(board, IRQ_PARALLEL),
                                   board->wiring.config->printer ? sink(board, TB_OUTPUT_LPT1) : (struct byte_sink){0});
}

static void make_debug_ports(struct board *board)
{
    const struct tb_config *config = board->wiring.config;
    const struct debug_ports_config ports = {
        .exit_present = config->debug_exit,
        .exit_port = config->debug_exit_port,
        .console = put_output,
        .console_owner = sink(board, TB_OUTPUT_DEBUGCON).owner,
        .exit = debug_exit,
        .exit_owner = board,
    };

    board->debug_ports = debug_ports_new(board->wiring.bay, &ports, wire(power_off, board, 0));
}

bool board_build(struct board *board, const struct board_wiring *wiring, struct tb_error *error)
{
    struct firmware_set *firmware = memory_new(sizeof *firmware);
    bool loaded;

    board->wiring = *wiring;
    loaded = firmware_load(firmware, wiring->config, error) && open_images(board, error);
    if (loaded) {
        state_registry_add(wiring->bay->states, "board", &board_state_table, board);
        board->firmware_hash = hash_bytes(hash_bytes(HASH_SEED, firmware->bios.bytes, firmware->bios.size),
                                          firmware->options, firmware->options_size);
        if (firmware->kernel.bytes)
            board->firmware_hash = hash_bytes(board->firmware_hash, firmware->kernel.bytes, firmware->kernel.size);
        map_memory(board, firmware);
        make_system_chips(board);
        make_pci(board);
        make_peripherals(board);
        make_debug_ports(board);
        attach_floppies(board);
        attach_ide(board);
    }
    firmware_free(firmware);
    free(firmware);
    return loaded;
}

static bool close_images(struct board *board, struct tb_error *error)
{
    struct tb_error ignored;
    bool written = true;

    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++)
        written = block_close(board->blocks[i], written ? error : &ignored) && written;
    return written;
}

static void free_chips(struct board *board)
{
    debug_ports_free(board->debug_ports);
    parallel_free(board->parallel);
    for (unsigned i = 0; i < BOARD_SERIAL_PORTS; i++)
        uart16550_free(board->serial[i]);
    vga_free(board->vga);
    piix3_ide_free(board->ide_bus_master);
    ata_channel_free(board->ide[1]);
    ata_channel_free(board->ide[0]);
    i82077_free(board->floppy);
    i440fx_free(board->north_bridge);
    pci_bus_free(board->pci);
    piix3_free(board->south_bridge);
    ps2_mouse_free(board->mouse);
    at_keyboard_free(board->keyboard);
    i8042_free(board->keyboard_controller);
    mc146818_free(board->rtc);
    i8237_pair_free(board->dma);
    port92_free(board->port92);
    coprocessor_error_free(board->coprocessor_error);
    port61_free(board->port61);
    a20_free(board->a20);
    i8254_free(board->timer);
    i8259_pair_free(board->pic);
}

bool board_close(struct board *board, struct tb_error *error)
{
    if (board->pic) /* made all together */
        free_chips(board);
    return close_images(board, error);
}

void board_reset_chips(struct board *board)
{
    i8259_pair_reset(board->pic);
    i8237_pair_reset(board->dma);
    mc146818_reset(board->rtc);
    port61_reset(board->port61);
    port92_reset(board->port92);
    coprocessor_error_reset(board->coprocessor_error);
    i8042_reset(board->keyboard_controller);
    pci_bus_reset(board->pci);
    i440fx_reset(board->north_bridge);
    piix3_reset(board->south_bridge);
    piix3_ide_reset(board->ide_bus_master);
    i82077_reset(board->floppy);
    ata_channel_reset(board->ide[0]);
    ata_channel_reset(board->ide[1]);
    vga_reset(board->vga);
    for (unsigned i = 0; i < BOARD_SERIAL_PORTS; i++)
        uart16550_reset(board->serial[i]);
    parallel_reset(board->parallel);
}
