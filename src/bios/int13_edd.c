/* INT 13h extensions 41h-49h: Enhanced Disk Drive services, T13 EDD-3. */
#include "fdc.h"

struct dap {
    u8 size, reserved;
    u16 count, off, seg;
    u32 lba, lba_high;
} PACKED;

/* Device parameter table extension, EDD-3 table 12; one per ATA unit, built on demand at POST's end. */
struct dpte {
    u16 command, control;
    u8 head, vendor, irq, block, dma, pio;
    u16 options, reserved;
    u8 revision, checksum;
} PACKED;
static FROZEN struct dpte dptes[ATA_MAX] = {{0}};

void edd_tables_init(void);
void edd_tables_init(void)
{
    for (u8 unit = 0; unit < ATA_MAX; unit++) {
        if (!ata[unit].present || ata[unit].atapi)
            continue;
        bool lba = ata[unit].present == 2;
        bool translated = ata[unit].l_heads != ata[unit].heads || ata[unit].l_cylinders != ata[unit].cylinders;
        struct dpte d = {.command = ata[unit].command,
                         .control = ata[unit].control,
                         .head = 0xA0 | (ata[unit].slave ? 0x10 : 0) | (lba ? 0x40 : 0),
                         .vendor = 0xCB,
                         .irq = unit < 2 ? 14 : 15,
                         .block = 1,
                         .options = (translated ? 0x08 : 0) | (lba ? 0x10 : 0) | (translated && lba ? 0x200 : 0),
                         .revision = 0x11};
        u8 sum = 0;
        for (u32 i = 0; i < sizeof d - 1; i++)
            sum += ((u8 *)&d)[i];
        d.checksum = -sum;
        for (u32 i = 0; i < sizeof d; i++)
            ((__seg_fs u8 *)&dptes[unit])[i] = ((u8 *)&d)[i];
    }
}

static u8 transfer(struct regs *r, u8 unit, enum ata_op op)
{
    u16 ds = r->ds, si = r->si;
    u8 size = peek8(ds, si);
    u16 count = peek16(ds, (u16)(si + 2)), off = peek16(ds, (u16)(si + 4)), seg = peek16(ds, (u16)(si + 6));
    u32 lba = peek32(ds, (u16)(si + 8)), high = peek32(ds, (u16)(si + 12));
    if (size < 16)
        return DISK_BAD_COMMAND;
    if (op == ATA_SEEK)
        count = 1;
    if (!count)
        return DISK_OK;
    if (high > ata[unit].total_high ||
        (high == ata[unit].total_high && (lba >= ata[unit].total || count > ata[unit].total - lba))) {
        poke16(ds, (u16)(si + 2), 0);
        return DISK_BAD_COMMAND;
    }
    if (seg == 0xFFFF && off == 0xFFFF && size >= 0x18) { /* flat address: as far as real mode reaches */
        u32 flat = peek32(ds, (u16)(si + 16));
        if (peek32(ds, (u16)(si + 20)) || flat > 0x100000 - 512)
            return DISK_BAD_COMMAND;
        seg = (u16)(flat >> 4);
        off = flat & 15;
    }
    u8 status = ata_transfer(unit, op, lba, high, &count, seg, off);
    if (op != ATA_SEEK)
        poke16(ds, (u16)(si + 2), count);
    return status;
}

static u8 parameters(struct regs *r, u8 unit)
{
    u16 ds = r->ds, si = r->si, room = peek16(ds, si);
    if (room < 0x1A)
        return DISK_BAD_COMMAND;
    bool chs = !ata[unit].total_high && ata[unit].total <= 16383u * 16 * 63;
    poke16(ds, (u16)(si + 2), chs ? 0x0002 : 0); /* bit 1: geometry valid */
    poke32(ds, (u16)(si + 4), ata[unit].cylinders);
    poke32(ds, (u16)(si + 8), ata[unit].heads);
    poke32(ds, (u16)(si + 12), ata[unit].sectors);
    poke32(ds, (u16)(si + 16), ata[unit].total);
    poke32(ds, (u16)(si + 20), ata[unit].total_high);
    poke16(ds, (u16)(si + 24), 512);
    u16 size = 0x1A;
    if (room >= 0x1E) {
        poke16(ds, (u16)(si + 26), (u16)(u32)&dptes[unit]);
        poke16(ds, (u16)(si + 28), get_cs());
        size = 0x1E;
    }
    if (room >= 0x4A) { /* device path, EDD-3 clause 8.22 */
        static ROM char names[] = "PCI ATA     ";
        u8 sum = 0;
        for (u16 i = 30; i < 74; i++)
            poke8(ds, (u16)(si + i), 0);
        poke16(ds, (u16)(si + 30), 0xBEDD);
        poke8(ds, (u16)(si + 32), 44);
        for (u16 i = 0; i < 12; i++)
            poke8(ds, (u16)(si + 36 + i), (u8)names[i]);
        poke8(ds, (u16)(si + 49), 1); /* the PIIX: bus 0, device 1, function 1, channel */
        poke8(ds, (u16)(si + 50), 1);
        poke8(ds, (u16)(si + 51), unit / 2);
        poke8(ds, (u16)(si + 56), unit & 1);
        for (u16 i = 30; i < 73; i++)
            sum += peek8(ds, (u16)(si + i));
        poke8(ds, (u16)(si + 73), -sum);
        size = 0x4A;
    }
    poke16(ds, si, size);
    return DISK_OK;
}

void edd_request(struct regs *r, u8 unit)
{
    switch (r->ah) {
    case 0x41:
        if (r->bx != 0x55AA) {
            disk_result(r, DISK_BAD_COMMAND);
            return;
        }
        disk_result(r, DISK_OK);
        r->bx = 0xAA55;
        r->ah = 0x30;
        r->cx = 0x0005; /* fixed disk access, EDD information */
        break;
    case 0x42: disk_result(r, transfer(r, unit, ATA_READ)); break;
    case 0x43: disk_result(r, r->al > 2 ? DISK_BAD_COMMAND : transfer(r, unit, ATA_WRITE)); break;
    case 0x44: disk_result(r, transfer(r, unit, ATA_VERIFY)); break;
    case 0x47: disk_result(r, transfer(r, unit, ATA_SEEK)); break;
    case 0x48: disk_result(r, parameters(r, unit)); break;
    case 0x45: /* lock, eject, change: not for fixed media */
    case 0x49: disk_result(r, DISK_BAD_COMMAND); break;
    case 0x46: disk_result(r, 0xB2); break;
    default: disk_result(r, DISK_BAD_COMMAND);
    }
}
