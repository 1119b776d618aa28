/* El Torito (Bootable CD-ROM Format Specification 1.0): the boot catalog, no-emulation boot, drive E0h.
 * Emulated floppies and hard disks: cd_emulation.c. */
#include "cd.h"
#include "fdc.h"

enum { CD_DRIVE = 0xE0, BUFFER = 0x7E00 };

static bool same(u16 at, romstr s)
{
    for (; *s; s++, at++)
        if (peek8(0, at) != (u8)*s)
            return false;
    return true;
}

romstr cd_boot_load(u8 *drive)
{
    if (!cd_count)
        return STR("no drive");
    u8 unit = cd_map[0], status = DISK_NOT_READY;
    for (int attempt = 0; attempt < 5 && status != DISK_OK; attempt++)
        status = atapi_read(unit, 17, 1, 0, BUFFER);
    if (status == DISK_NOT_READY)
        return STR("no disc");
    if (status != DISK_OK)
        return STR("read error");
    if (peek8(0, BUFFER) != 0 || !same(BUFFER + 1, STR("CD001")) || !same(BUFFER + 7, STR("EL TORITO SPECIFICATION")))
        return STR("disc is not bootable");
    u32 catalog = peek32(0, BUFFER + 0x47);
    if (atapi_read(unit, catalog, 1, 0, BUFFER) != DISK_OK)
        return STR("read error in the boot catalog");
    u16 sum = 0;
    for (u16 i = 0; i < 32; i += 2)
        sum += peek16(0, BUFFER + i);
    if (sum || peek8(0, BUFFER) != 1 || peek16(0, BUFFER + 30) != 0xAA55)
        return STR("bad boot catalog");
    if (peek8(0, BUFFER + 32) != 0x88)
        return STR("no bootable entry in the catalog");
    u8 media = peek8(0, BUFFER + 33) & 15;
    u16 seg = peek16(0, BUFFER + 34), sectors = peek16(0, BUFFER + 38);
    u32 lba = peek32(0, BUFFER + 40);
    if (!seg)
        seg = 0x7C0;
    if (!sectors)
        sectors = 4;
    EBDA_SET(cd_lba, lba);
    EBDA_SET(cd_load_seg, seg);
    EBDA_SET(cd_sectors, sectors);
    if (((u32)seg << 4) + sectors * 512 > 0x9F000)
        return STR("boot image too large");
    if (atapi_read_sectors(unit, lba, 0, sectors, seg, 0) != DISK_OK)
        return STR("read error in the boot image");
    EBDA_SET(cd_drive, CD_DRIVE);
    *drive = media == 0 ? CD_DRIVE : media < 4 ? 0x00 : 0x80;
    return media ? cd_emulation_start(media) : 0;
}

static u8 read_dap(struct regs *r, bool transfer)
{
    u16 ds = r->ds, si = r->si;
    if (peek8(ds, si) < 16)
        return DISK_BAD_COMMAND;
    if (!transfer)
        return DISK_OK;
    u16 count = peek16(ds, (u16)(si + 2)), off = peek16(ds, (u16)(si + 4)), seg = peek16(ds, (u16)(si + 6));
    if (peek32(ds, (u16)(si + 12)))
        return DISK_BAD_COMMAND;
    u8 status = atapi_read(cd_map[0], peek32(ds, (u16)(si + 8)), count, seg + (off >> 4), off & 15);
    if (status != DISK_OK)
        poke16(ds, (u16)(si + 2), 0);
    return status;
}

/* READ CAPACITY gives the last block. */
static u8 parameters(struct regs *r)
{
    u16 ds = r->ds, si = r->si;
    u8 answer[8] = {0}, packet[12] = {0x25};
    if (peek16(ds, si) < 0x1A)
        return DISK_BAD_COMMAND;
    u8 status = atapi_packet(cd_map[0], packet, get_ss(), (u16)(u32)answer, 0, 8);
    u32 total = status == DISK_OK ? ((u32)answer[0] << 24 | answer[1] << 16 | answer[2] << 8 | answer[3]) + 1 : 0xFFFFFFFF;
    poke16(ds, si, 0x1A);
    poke16(ds, (u16)(si + 2), 0x0074); /* removable, change line, lockable */
    for (u16 i = 4; i < 16; i += 4)
        poke32(ds, (u16)(si + i), 0xFFFFFFFF);
    poke32(ds, (u16)(si + 16), total);
    poke32(ds, (u16)(si + 20), 0);
    poke16(ds, (u16)(si + 24), 2048);
    return DISK_OK;
}

/* 4B00h, 4B01h: the specification packet (El Torito, figure 5). */
void cd_emulation_status(struct regs *r)
{
    u16 ds = r->ds, si = r->si;
    for (u16 i = 0; i < 0x13; i++)
        poke8(ds, (u16)(si + i), 0);
    poke8(ds, si, 0x13);
    u8 media = EBDA_GET(cd_media);
    poke8(ds, (u16)(si + 1), media);
    poke8(ds, (u16)(si + 2), media == 0 ? CD_DRIVE : media < 4 ? 0x00 : 0x80);
    poke8(ds, (u16)(si + 3), cd_map[0] / 2);
    poke32(ds, (u16)(si + 4), EBDA_GET(cd_lba));
    poke16(ds, (u16)(si + 8), cd_map[0] & 1);
    poke16(ds, (u16)(si + 12), EBDA_GET(cd_load_seg));
    poke16(ds, (u16)(si + 14), EBDA_GET(cd_sectors));
    if (media) {
        u16 last = EBDA_GET(cd_cylinders) - 1;
        poke8(ds, (u16)(si + 16), (u8)last);
        poke8(ds, (u16)(si + 17), (u8)((last >> 2 & 0xC0) | EBDA_GET(cd_track)));
        poke8(ds, (u16)(si + 18), EBDA_GET(cd_heads) - 1);
    }
    disk_result(r, DISK_OK);
}

bool cd_request(struct regs *r)
{
    if (!EBDA_GET(cd_drive))
        return false;
    if (r->dl != CD_DRIVE)
        return EBDA_GET(cd_media) && cd_emulated(r);
    switch (r->ah) {
    case 0x00:
    case 0x09:
    case 0x0D:
    case 0x10:
    case 0x11:
    case 0x14:
    case 0x46:
    case 0x47: disk_result(r, DISK_OK); break;
    case 0x01:
        r->ah = BDA_GET(hd_status);
        set_cf(r, r->ah != 0);
        break;
    case 0x15:
        r->ah = 2;
        set_cf(r, false);
        break;
    case 0x41:
        if (r->bx != 0x55AA) {
            disk_result(r, DISK_BAD_COMMAND);
            break;
        }
        disk_result(r, DISK_OK);
        r->bx = 0xAA55;
        r->ah = 0x30;
        r->cx = 0x0007;
        break;
    case 0x42: disk_result(r, read_dap(r, true)); break;
    case 0x44: disk_result(r, read_dap(r, false)); break;
    case 0x43:
    case 0x03: disk_result(r, DISK_PROTECTED); break;
    case 0x45:
        r->al = 0;
        disk_result(r, DISK_OK);
        break;
    case 0x48: disk_result(r, parameters(r)); break;
    case 0x49: disk_result(r, DISK_OK); break;
    case 0x4B: cd_emulation_status(r); break;
    default: disk_result(r, DISK_BAD_COMMAND);
    }
    return true;
}
