/* INT 13h for hard disks by cylinder, head and sector; floppies go on to INT 40h, extended calls to EDD. */
#include "cd.h"
#include "fdc.h"

/* Parameter tables that INT 41h and 46h point to, and one per drive for EDD: written at POST. */
struct fdpt {
    u16 cylinders;
    u8 heads, signature, physical_sectors;
    u16 precompensation;
    u8 ecc, control;
    u16 physical_cylinders;
    u8 physical_heads;
    u16 landing;
    u8 sectors, checksum;
} PACKED;
static FROZEN struct fdpt tables[2] = {{0}};

static void table_init(u8 disk)
{
    u8 unit = disk_map[disk], sum = 0;
    struct fdpt t = {.cylinders = ata[unit].l_cylinders,
                     .heads = (u8)ata[unit].l_heads,
                     .sectors = (u8)ata[unit].l_sectors,
                     .control = ata[unit].heads > 8 ? 0xC8 : 0xC0,
                     .landing = ata[unit].l_cylinders,
                     .precompensation = 0xFFFF};
    if (ata[unit].l_cylinders != ata[unit].cylinders || ata[unit].l_heads != ata[unit].heads) {
        t.signature = 0xA0; /* translated */
        t.physical_sectors = (u8)ata[unit].sectors;
        t.physical_cylinders = ata[unit].cylinders;
        t.physical_heads = (u8)ata[unit].heads;
    }
    for (u32 i = 0; i < sizeof t - 1; i++)
        sum += ((u8 *)&t)[i];
    t.checksum = -sum;
    for (u32 i = 0; i < sizeof t; i++)
        ((__seg_fs u8 *)&tables[disk])[i] = ((u8 *)&t)[i];
    poke32(0, (disk ? 0x46 : 0x41) * 4, (u32)get_cs() << 16 | (u16)(u32)&tables[disk]);
}

void disk_tables_init(void)
{
    for (u8 i = 0; i < 2 && i < disk_count; i++)
        table_init(i);
}

u8 disk_result(struct regs *r, u8 status)
{
    BDA_SET(hd_status, status);
    r->ah = status;
    set_cf(r, status != DISK_OK);
    return status;
}

static bool chs_to_lba(struct regs *r, u8 unit, u32 *lba)
{
    u32 cylinder = r->ch | (r->cl & 0xC0) << 2, sector = r->cl & 0x3F;
    if (!sector || sector > ata[unit].l_sectors || r->dh >= ata[unit].l_heads || cylinder >= ata[unit].l_cylinders)
        return false;
    *lba = (cylinder * ata[unit].l_heads + r->dh) * ata[unit].l_sectors + sector - 1;
    return true;
}

static u8 chs_transfer(struct regs *r, u8 unit, enum ata_op op)
{
    u32 lba;
    u16 count = op == ATA_SEEK ? 1 : r->al;
    if (!count || count > 128)
        return DISK_BAD_COMMAND;
    if (!chs_to_lba(r, unit, &lba))
        return DISK_NOT_FOUND;
    u8 status = ata_transfer(unit, op, lba, 0, &count, r->es, r->bx);
    if (op != ATA_SEEK)
        r->al = (u8)count;
    return status;
}

/* 05h: the interleave table at ES:BX means nothing to an ATA drive, which has no FORMAT TRACK any more: the track is
 * checked and left as it is. */
static u8 format_track(struct regs *r, u8 unit)
{
    u32 lba;
    r->cl = (r->cl & 0xC0) | 1;
    if (!chs_to_lba(r, unit, &lba))
        return DISK_NOT_FOUND;
    return DISK_OK;
}

static void parameters(struct regs *r, u8 unit)
{
    u16 last = ata[unit].l_cylinders - 1;
    r->ax = 0;
    r->ch = (u8)last;
    r->cl = (u8)((last >> 2 & 0xC0) | ata[unit].l_sectors);
    r->dh = (u8)(ata[unit].l_heads - 1);
    r->dl = disk_count;
    disk_result(r, DISK_OK);
}

void disk_request(struct regs *r)
{
    u8 disk = r->dl & 0x7F;
    if (disk >= disk_count) {
        if (r->ah == 0x15) {
            r->ah = 0;
            set_cf(r, true);
        } else {
            if (r->ah == 0x08)
                r->dl = disk_count;
            disk_result(r, r->ah == 0x08 ? 0x07 : DISK_BAD_COMMAND);
        }
        return;
    }
    u8 unit = disk_map[disk];
    u32 sectors;
    if (r->ah >= 0x41 && r->ah <= 0x49) {
        edd_request(r, unit);
        return;
    }
    switch (r->ah) {
    case 0x00:
    case 0x0D:
        ata_reset(unit);
        disk_result(r, DISK_OK);
        break;
    case 0x01:
        r->ah = BDA_GET(hd_status);
        BDA_SET(hd_status, 0);
        set_cf(r, r->ah != 0);
        break;
    case 0x02: disk_result(r, chs_transfer(r, unit, ATA_READ)); break;
    case 0x03: disk_result(r, chs_transfer(r, unit, ATA_WRITE)); break;
    case 0x04: disk_result(r, chs_transfer(r, unit, ATA_VERIFY)); break;
    case 0x05: disk_result(r, format_track(r, unit)); break;
    case 0x08: parameters(r, unit); break;
    case 0x09: /* initialise drive parameters */
    case 0x14: /* controller diagnostic */ disk_result(r, DISK_OK); break;
    case 0x0C: disk_result(r, chs_transfer(r, unit, ATA_SEEK)); break;
    case 0x10: disk_result(r, ata_command_simple(unit, 0x00, 0, 0) == DISK_TIMEOUT ? DISK_NOT_READY : DISK_OK); break;
    case 0x11: disk_result(r, ata_command_simple(unit, 0x10, 0, 0) == DISK_TIMEOUT ? DISK_SEEK : DISK_OK); break;
    case 0x15:
        sectors = (u32)ata[unit].l_cylinders * ata[unit].l_heads * ata[unit].l_sectors;
        r->ah = 3;
        r->cx = (u16)(sectors >> 16);
        r->dx = (u16)sectors;
        BDA_SET(hd_status, 0);
        set_cf(r, false);
        break;
    default: disk_result(r, DISK_BAD_COMMAND);
    }
}

void int13_disk(struct regs *r);
void int13_disk(struct regs *r)
{
    if (cd_request(r))
        return;
    if (r->dl < 0x80)
        floppy_request(r);
    else
        disk_request(r);
}
