/* INT 19h and 18h: tries the boot devices in the order of the CMOS and says of each one why it was not booted. */
#include "cd.h"
#include "fdc.h"

enum { FLOPPY = 1, DISK = 2, CD = 3, TRIES = 3 };
extern void boot_jump(u16 seg, u8 drive) __attribute__((noreturn));

/* CMOS 3Dh low nibble first, high nibble second, 38h high nibble third. Nothing set: floppy, disk, CD. */
static u8 device(u8 index)
{
    u8 first = cmos_read(0x3D), third = cmos_read(0x38) >> 4;
    if (!first && !third)
        return index + 1;
    return index == 0 ? first & 15 : index == 1 ? first >> 4 : third;
}

static romstr disk_error(u8 status)
{
    switch (status) {
    case DISK_TIMEOUT:
    case DISK_NOT_READY: return STR("no disk in the drive");
    case DISK_NO_MARK:
    case DISK_NOT_FOUND: return STR("boot sector not found");
    case DISK_CRC: return STR("data error in the boot sector");
    default: return STR("read error");
    }
}

static u8 read_sector(u8 drive)
{
    struct callregs r = {.flags = 0};
    for (int attempt = 0; attempt < 4; attempt++) {
        r = (struct callregs){.es = 0, .ebx = 0x7C00, .ecx = 1, .edx = drive, .eax = 0x0201};
        callout(0x13, &r);
        if (!(r.flags & CF))
            return DISK_OK;
        if (r.ah == DISK_TIMEOUT)
            break;
        u8 status = r.ah;
        r = (struct callregs){.edx = drive, .eax = 0};
        callout(0x13, &r);
        r.ah = status;
    }
    return r.ah;
}

static bool uniform(void)
{
    u8 first = peek8(0, 0x7C00);
    for (u32 i = 1; i < 512; i++)
        if (peek8(0, 0x7C00 + i) != first)
            return false;
    return true;
}

static romstr load_floppy(u8 *drive)
{
    *drive = 0x00;
    if (!floppy_count)
        return STR("no drive");
    u8 status = read_sector(0);
    if (status != DISK_OK)
        return disk_error(status);
    /* Disks older than the AA55h signature boot too; a formatted empty one is all F6h. */
    return uniform() ? STR("disk is not bootable") : 0;
}

static romstr load_disk(u8 *drive)
{
    *drive = 0x80;
    if (!disk_count)
        return STR("no drive");
    u8 status = read_sector(0x80);
    if (status != DISK_OK)
        return disk_error(status);
    return peek16(0, 0x7DFE) != 0xAA55 ? STR("no boot signature (AA55h) in its first sector") : 0;
}

static void try(u8 what)
{
    u8 drive = 0;
    u16 seg = 0x7C0;
    romstr why, name = what == FLOPPY ? STR("Floppy A") : what == DISK ? STR("Hard disk 0") : STR("CD-ROM");
    log_print(STR("boot: trying %s\n"), name);
    if (what == FLOPPY) {
        why = load_floppy(&drive);
    } else if (what == DISK) {
        why = load_disk(&drive);
    } else {
        why = cd_boot_load(&drive);
        seg = EBDA_GET(cd_load_seg);
    }
    if (why) {
        print(STR("%s: %s\n"), name, why);
        return;
    }
    log_print(STR("boot: %s, drive %02x\n"), name, (u32)drive);
    boot_jump(what == CD && seg != 0x7C0 ? seg : 0, drive);
}

enum { F12 = 0x8600, RING_HEAD = 0x1A, RING_TAIL = 0x1C, RING_FIRST = 0x1E, RING_END = 0x3E };

/* F12 among the keys that wait since POST; then all of them go. Keys typed ahead for what is booted stay otherwise. */
static bool f12_waits(void)
{
    u16 at = peek16(BDA_SEG, RING_HEAD), tail = peek16(BDA_SEG, RING_TAIL);
    while (at != tail && at >= RING_FIRST && at < RING_END) {
        if (peek16(BDA_SEG, at) == F12) {
            poke16(BDA_SEG, RING_HEAD, tail);
            return true;
        }
        at += 2;
        if (at == RING_END)
            at = RING_FIRST;
    }
    return false;
}

/* The user's choice for this once; anything but a number: the usual order. */
static void menu(void)
{
    print(STR("Boot from\n  1 Floppy A\n  2 Hard disk 0\n  3 CD-ROM\nor another key for the usual order\n"));
    struct callregs r = {.eax = 0};
    callout(0x16, &r);
    print(STR("\n"));
    if (r.al >= '0' + FLOPPY && r.al <= '0' + CD)
        try(r.al - '0');
}

void boot(void);
void boot(void)
{
    if (f12_waits())
        menu();
    for (;;) {
        for (u8 i = EBDA_GET(boot_index); i < TRIES; i++) {
            EBDA_SET(boot_index, i + 1);
            u8 what = device(i);
            if (what >= FLOPPY && what <= CD)
                try(what);
        }
        print(STR("No bootable device. Insert a bootable disk and press a key to try again.\n"));
        log_print(STR("boot: no bootable device\n"));
        EBDA_SET(boot_index, 0);
        struct callregs r = {.eax = 0x1000}; /* with F12 */
        callout(0x16, &r);
        print(STR("\n"));
        if (r.ax == F12)
            menu();
    }
}
