/* El Torito floppy and hard disk emulation: the boot image stands in for drive 00h or 80h, read only; the real drives
 * of that kind move up by one number (El Torito 1.0, chapter 4). */
#include "cd.h"
#include "fdc.h"

extern const __seg_fs u8 diskette_parameters[];

static bool is_floppy(void)
{
    return EBDA_GET(cd_media) < 4;
}

static romstr disk_geometry(void)
{
    /* The image's first partition ends at the last head and sector of a cylinder. */
    u16 seg = EBDA_GET(cd_load_seg);
    if (peek16(seg, 510) != 0xAA55)
        return STR("its disk image has no partition table");
    u8 head = peek8(seg, 446 + 5), sector = peek8(seg, 446 + 6), cylinder = peek8(seg, 446 + 7);
    if (!(sector & 0x3F))
        return STR("its disk image has no partition");
    EBDA_SET(cd_cylinders, (cylinder | (sector & 0xC0) << 2) + 1);
    EBDA_SET(cd_heads, head + 1);
    EBDA_SET(cd_track, sector & 0x3F);
    return 0;
}

romstr cd_emulation_start(u8 media)
{
    static ROM u8 tracks[] = {0, 15, 18, 36};
    if (media > 4)
        return STR("unknown kind of boot image");
    if (media == 4) {
        romstr why = disk_geometry();
        if (why)
            return why;
        BDA_SET(hd_count, disk_count + 1);
    } else {
        EBDA_SET(cd_cylinders, 80);
        EBDA_SET(cd_heads, 2);
        EBDA_SET(cd_track, tracks[media]);
        u16 drives = floppy_count; /* the emulated one more, two bits for the number less one */
        BDA_SET(equipment, (BDA_GET(equipment) & ~0xC1) | 1 | (drives > 3 ? 3 : drives) << 6);
    }
    EBDA_SET(cd_media, media);
    return 0;
}

void cd_emulation_end(void)
{
    if (is_floppy())
        BDA_SET(equipment, (BDA_GET(equipment) & ~0xC1) | (floppy_count ? 1 | (floppy_count - 1) << 6 : 0));
    else
        BDA_SET(hd_count, disk_count);
    EBDA_SET(cd_media, 0);
}

static u8 transfer(struct regs *r, bool read)
{
    u32 track = EBDA_GET(cd_track), heads = EBDA_GET(cd_heads);
    u32 cylinder = r->ch | (r->cl & 0xC0) << 2, sector = r->cl & 0x3F;
    if (!r->al)
        return DISK_BAD_COMMAND;
    if (!sector || sector > track || r->dh >= heads || cylinder >= EBDA_GET(cd_cylinders))
        return DISK_NOT_FOUND;
    if (!read)
        return DISK_OK;
    u32 at = (cylinder * heads + r->dh) * track + sector - 1;
    return atapi_read_sectors(cd_map[0], EBDA_GET(cd_lba), at, r->al, r->es + (r->bx >> 4), r->bx & 15);
}

static void parameters(struct regs *r)
{
    u16 last = EBDA_GET(cd_cylinders) - 1;
    r->ax = 0;
    r->ch = (u8)last;
    r->cl = (u8)((last >> 2 & 0xC0) | EBDA_GET(cd_track));
    r->dh = EBDA_GET(cd_heads) - 1;
    r->dl = is_floppy() ? floppy_count + 1 : disk_count + 1;
    if (is_floppy()) {
        static ROM u8 types[] = {0, 2, 4, 6};
        r->bx = types[EBDA_GET(cd_media)];
        r->es = get_cs();
        r->di = (u16)(u32)diskette_parameters;
    }
    disk_result(r, DISK_OK);
}

/* A real drive behind the emulated one, by its own number for the time of the call. */
static void real_drive(struct regs *r)
{
    u8 shown = r->dl--;
    if (is_floppy())
        floppy_request(r);
    else
        disk_request(r);
    if (r->dl == (u8)(shown - 1)) /* unless the answer was put there */
        r->dl = shown;
}

bool cd_emulated(struct regs *r)
{
    u8 drive = is_floppy() ? 0x00 : 0x80;
    if ((r->dl & 0x80) != drive)
        return false;
    if (r->ah == 0x4B) {
        cd_emulation_status(r);
        if (r->al == 0)
            cd_emulation_end();
        return true;
    }
    if (r->dl != drive) {
        real_drive(r);
        return true;
    }
    u8 status;
    switch (r->ah) {
    case 0x00:
    case 0x09:
    case 0x0C:
    case 0x0D:
    case 0x10:
    case 0x11:
    case 0x14:
    case 0x16: disk_result(r, DISK_OK); break;
    case 0x01:
        r->ah = BDA_GET(hd_status);
        set_cf(r, r->ah != 0);
        break;
    case 0x02:
    case 0x04:
        status = transfer(r, r->ah == 0x02);
        if (status != DISK_OK)
            r->al = 0;
        disk_result(r, status);
        break;
    case 0x03:
    case 0x05: disk_result(r, DISK_PROTECTED); break;
    case 0x08: parameters(r); break;
    case 0x15:
        if (is_floppy()) {
            r->ah = 1; /* no change line: it cannot be changed */
        } else {
            u32 n = (u32)EBDA_GET(cd_cylinders) * EBDA_GET(cd_heads) * EBDA_GET(cd_track);
            r->ah = 3;
            r->cx = (u16)(n >> 16);
            r->dx = (u16)n;
        }
        set_cf(r, false);
        break;
    default: disk_result(r, DISK_BAD_COMMAND);
    }
    return true;
}
