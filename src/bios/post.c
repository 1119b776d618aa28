/* POST: brings the board from reset to INT 19h. Runs on 0000:7C00 downward with interrupts open only while waiting. */
#include "bios.h"

#define ENTRY(name) extern const __seg_fs u8 name[];
#include "vectors.h"
#undef ENTRY

void edd_tables_init(void);
extern const __seg_fs u8 dummy_iret[], diskette_parameters[], font8_low[];

static void vector(u8 n, const __seg_fs u8 *at)
{
    poke32(0, n * 4u, (u32)get_cs() << 16 | (u16)(u32)at);
}

static void vectors_init(void)
{
    for (u32 n = 0; n < 0x100; n++)
        vector((u8)n, dummy_iret);
    for (u32 n = 0x60; n < 0x68; n++)
        poke32(0, n * 4, 0); /* free for users: zero says so */
    for (u8 irq = 0; irq < 16; irq++)
        vector(irq < 8 ? 0x08 + irq : 0x70 + irq - 8, irq_dummy_master);
#define ENTRY(name)
#define VECTOR(n, name) vector(n, name);
#include "vectors.h"
    vector(0x1E, diskette_parameters);
    vector(0x1D, dummy_iret);
    vector(0x1F, font8_low); /* replaced by the video BIOS */
    poke32(0, 0x41 * 4, 0);
    poke32(0, 0x46 * 4, 0);
}

static void bda_init(u16 warm)
{
    far_set8(BDA_SEG, 0, 0, 0xF8);
    far_set8(0x50, 0, 0, 16);
    BDA_SET(warm_boot, warm);
    BDA_SET(key_head, 0x1E);
    BDA_SET(key_tail, 0x1E);
    BDA_SET(key_start, 0x1E);
    BDA_SET(key_end, 0x3E);
    BDA_SET(equipment, 0x0020); /* 80 columns */
    for (int i = 0; i < 4; i++) {
        BDA_SET(lpt_timeout[i], 20);
        BDA_SET(com_timeout[i], 1);
    }
}

static void ebda_init(void)
{
    u16 seg = (u16)((base_kb - EBDA_KB) * 64);
    BDA_SET(ebda_seg, seg);
    far_set8(seg, 0, 0, EBDA_KB * 1024);
    poke8(seg, 0, EBDA_KB);
    EBDA_SET(stack_ptr, EBDA_STACK_TOP);
    EBDA_SET(mouse_flags2, 2); /* three-byte packets */
}

static void dma_init(void)
{
    outb(0x0D, 0); /* master clear of both 8237As */
    outb(0xDA, 0);
    outb(0xD6, 0xC0); /* channel 4 cascades the first one */
    outb(0xD4, 0x00);
}

/* Caches on (CD, NW, from the 80486 on), a coprocessor neither emulated nor monitored. */
static void fpu_init(void)
{
    u16 word = 0x5A5A;
    u32 cr0;
    asm volatile("movl %%cr0,%0; andl $~0x6000000E,%0; movl %0,%%cr0" : "=r"(cr0));
    asm volatile("fninit; fnstcw %0" : "+m"(word));
    if (word == 0x037F) {
        BDA_SET(equipment, BDA_GET(equipment) | 0x02);
        pic_unmask(13);
    }
}

static void banner_drives(void)
{
    static ROM char sizes[][8] = {"", "360 KB", "1.2 MB", "720 KB", "1.44 MB", "2.88 MB", "2.88 MB"};
    for (u8 i = 0; i < floppy_count; i++)
        if (floppy_type[i])
            print(STR("Floppy %c:     %s\n"), 'A' + i, (romstr)sizes[floppy_type[i]]);
    for (u8 i = 0; i < disk_count; i++) {
        u8 u = disk_map[i];
        u32 mb = ata[u].total >> 11 | ata[u].total_high << 21;
        print(STR("Hard disk %d:  %s, %d MB\n"), (u32)i, (romstr)ata[u].model, mb);
    }
    for (u8 i = 0; i < cd_count; i++)
        print(STR("CD-ROM %d:     %s\n"), (u32)i, (romstr)ata[cd_map[i]].model);
}

static void banner_memory(void)
{
    u32 extended = memory_above_16m() ? 15 * 1024 + memory_above_16m() * 64 : extended_kb();
    print(STR("Truebox BIOS\n\nMemory:       %d KB base, %d KB extended\n"), (u32)base_kb, extended);
}

/* Half a second in which F12 can be pressed (int19_boot.c looks for it). */
static void wait_for_user(void)
{
    u32 from = BDA_GET(ticks);
    while (BDA_GET(ticks) - from < 9 && BDA_GET(ticks) >= from)
        asm volatile("sti; hlt" : : : "memory");
}

void post(u32 warm);
void post(u32 warm)
{
    post_code(0x10);
    log_print(STR("Truebox BIOS: POST\n"));
    bda_init((u16)warm);
    vectors_init();
    memory_init();
    ebda_init();
    post_code(0x20);
    dma_init();
    pic_init();
    apic_init();
    pit_init();
    clock_init();
    pic_unmask(0);
    post_code(0x30);
    fpu_init();
    kbc_init();
    post_code(0x40);
    shadow_reset();
    pci_setup();
    video_rom_init();
    post_code(0x50);
    struct callregs r = {.eax = 0x0003};
    callout(0x10, &r);
    banner_memory();
    post_code(0x60);
    mouse_init();
    serial_init();
    parallel_init();
    post_code(0x70);
    floppy_init();
    ata_init();
    disk_tables_init();
    edd_tables_init();
    banner_drives();
    post_code(0x80);
    option_roms_init();
    shadow_lock();
    print(STR("\nF12: boot menu\n\n"));
    wait_for_user();
    post_code(0x00);
    asm volatile("int $0x19");
}
