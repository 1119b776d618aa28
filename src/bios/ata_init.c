/* Finds the ATA and ATAPI devices at POST and decides how INT 13h shows the disks' geometry. */
#include "bios.h"

enum { BUFFER_SEG = 0x0000, BUFFER = 0x7E00 }; /* free low memory at POST */

static u16 word(u8 i)
{
    return peek16(BUFFER_SEG, BUFFER + i * 2);
}

/* CHS as the outside sees it. Up to 1024 cylinders: the drive's own. More: LBA-assisted translation, the head
 * count that makes the cylinders fit (EDD-3 annex B), 255 at the end since 256 heads crash DOS. */
static void translate(u8 unit)
{
    u32 total = ata[unit].total_high ? 0xFFFFFFFF : ata[unit].total;
    u16 heads = ata[unit].heads, sectors = ata[unit].sectors;
    u32 cylinders = ata[unit].cylinders;
    if (ata[unit].present == 2 && (cylinders > 1024 || total > 1024 * 16 * 63 || !heads || !sectors)) {
        static ROM u8 choice[] = {16, 32, 64, 128, 255};
        sectors = 63;
        for (u32 i = 0; i < ARRAY_LEN(choice); i++) {
            heads = choice[i];
            cylinders = total / ((u32)heads * 63);
            if (cylinders <= 1024)
                break;
        }
    }
    ata[unit].l_cylinders = cylinders > 1024 ? 1024 : (u16)cylinders;
    ata[unit].l_heads = heads;
    ata[unit].l_sectors = sectors;
}

static void read_identity(u8 unit)
{
    for (u8 i = 0; i < 20; i++) {
        u16 w = word(27 + i);
        ata[unit].model[i * 2] = (char)(w >> 8);
        ata[unit].model[i * 2 + 1] = (char)w;
    }
    for (int i = 39; i >= 0 && ata[unit].model[i] == ' '; i--)
        ata[unit].model[i] = 0;
    ata[unit].model[40] = 0;
    if (ata[unit].atapi)
        return;
    ata[unit].cylinders = word(1);
    ata[unit].heads = word(3);
    ata[unit].sectors = word(6);
    ata[unit].multiple = word(47) & 0xFF;
    ata[unit].total = (u32)ata[unit].cylinders * ata[unit].heads * ata[unit].sectors;
    if (word(49) & 0x200) {
        ata[unit].present = 2;
        ata[unit].total = word(60) | (u32)word(61) << 16;
    }
    if ((word(83) & 0xC400) == 0x4400) {
        ata[unit].lba48 = 1;
        ata[unit].total = word(100) | (u32)word(101) << 16;
        ata[unit].total_high = word(102);
    }
    translate(unit);
}

/* After a reset the registers hold the device's signature: ATAPI 14h EBh, ATA zeros. */
static bool detect(u8 unit)
{
    u16 base = ata[unit].command;
    outb(base + 6, ata[unit].slave ? 0xB0 : 0xA0);
    delay_us(2);
    outb(base + 2, 0x55);
    outb(base + 3, 0xAA);
    if (inb(base + 2) != 0x55 || inb(base + 3) != 0xAA)
        return false;
    u8 status = inb(ata[unit].control);
    if (status == 0xFF)
        return false;
    u8 mid = inb(base + 4), high = inb(base + 5);
    ata[unit].atapi = (mid == 0x14 && high == 0xEB) || (mid == 0x69 && high == 0x96);
    if (!ata[unit].atapi && (mid || high))
        return false;
    if (!ata[unit].atapi && !(status & 0x50)) /* no device 1: device 0 answers with zero */
        return false;
    ata[unit].present = 1;
    return ata_identify(unit, BUFFER_SEG, BUFFER);
}

void ata_init(void)
{
    for (u8 unit = 0; unit < ATA_MAX; unit++) {
        ata[unit].command = unit < 2 ? 0x1F0 : 0x170;
        ata[unit].control = unit < 2 ? 0x3F6 : 0x376;
        ata[unit].slave = unit & 1;
        ata[unit].present = ata[unit].atapi = ata[unit].lba48 = 0;
        ata[unit].total = ata[unit].total_high = 0;
        if (!ata[unit].slave) {
            if (inb(ata[unit].command + 7) == 0xFF) { /* nothing drives the bus */
                unit++;
                ata[unit].present = 0;
                continue;
            }
            ata_reset(unit);
        }
        if (!detect(unit)) {
            ata[unit].present = 0;
            continue;
        }
        read_identity(unit);
        log_print(STR("ata%d: %s, %d sectors, CHS %d/%d/%d shown as %d/%d/%d\n"), (u32)unit,
                  ata[unit].atapi ? STR("ATAPI") : STR("ATA"), ata[unit].total, (u32)ata[unit].cylinders,
                  (u32)ata[unit].heads, (u32)ata[unit].sectors, (u32)ata[unit].l_cylinders, (u32)ata[unit].l_heads,
                  (u32)ata[unit].l_sectors);
        if (ata[unit].atapi) {
            cd_map[cd_count++] = unit;
        } else {
            /* The geometry the CHS commands use (INITIALIZE DEVICE PARAMETERS). */
            disk_map[disk_count++] = unit;
        }
    }
    BDA_SET(hd_count, disk_count);
    pic_unmask(14);
    pic_unmask(15);
    pic_unmask(2);
}
