/* ATA and ATAPI devices by programmed I/O on both channels (ATA/ATAPI-6). Detection by signature, every wait ends. */
#include "fdc.h"

enum {
    DATA = 0,
    ERROR = 1,
    FEATURES = 1,
    COUNT = 2,
    LBA_LOW = 3,
    LBA_MID = 4,
    LBA_HIGH = 5,
    DEVICE = 6,
    STATUS = 7,
    COMMAND = 7
};
enum { BSY = 0x80, DRDY = 0x40, DF = 0x20, DRQ = 0x08, ERR = 0x01 };
enum { SECONDS = 18 };

FROZEN struct ata_drive ata[ATA_MAX] = {{0}};
FROZEN u8 disk_count = 0, disk_map[ATA_MAX] = {0}, cd_count = 0, cd_map[ATA_MAX] = {0};

/* Until BSY falls; interrupts get in meanwhile. -1: it did not. */
static int wait_idle(u8 unit, u32 ticks)
{
    u16 control = ata[unit].control;
    for (int i = 0; i < 32; i++) {
        u8 s = inb(control);
        if (!(s & BSY))
            return inb(ata[unit].command + STATUS);
    }
    for (u32 start = ticks_now(); !ticks_passed(start, ticks);) {
        u8 s = inb(control);
        if (!(s & BSY))
            return inb(ata[unit].command + STATUS);
        cpu_open();
    }
    return -1;
}

static void select(u8 unit, u8 device_bits)
{
    outb(ata[unit].command + DEVICE, device_bits | (ata[unit].slave ? 0xB0 : 0xA0));
    for (int i = 0; i < 4; i++) /* 400 ns */
        (void)inb(ata[unit].control);
}

/* INT 13h's error codes from the error register. */
static u8 error_status(u8 unit, int s)
{
    if (s < 0)
        return DISK_TIMEOUT;
    u8 e = inb(ata[unit].command + ERROR);
    BDA_SET(hd_status_reg, (u8)s);
    BDA_SET(hd_error_reg, e);
    if (s & DF)
        return DISK_WRITE_FAULT;
    if (!(s & ERR))
        return DISK_CONTROLLER;
    if (e & 0x40)
        return DISK_CRC;
    if (e & 0x10)
        return DISK_NOT_FOUND;
    if (e & 0x02)
        return DISK_SEEK;
    if (e & 0x01)
        return DISK_NO_MARK;
    if (e & 0x80)
        return 0x0A; /* bad sector */
    return e & 0x04 ? DISK_BAD_COMMAND : DISK_CONTROLLER;
}

static bool ready(u8 unit)
{
    if (wait_idle(unit, 10 * SECONDS) < 0)
        return false;
    select(unit, 0);
    return wait_idle(unit, 10 * SECONDS) >= 0;
}

/* Registers of a block command: CHS, LBA28 or LBA48, whichever the drive and the address need. */
static u8 issue(u8 unit, enum ata_op op, u32 lba, u32 lba_high, u16 count)
{
    static ROM u8 opcodes[] = {0x20, 0x30, 0x40, 0x70}, opcodes48[] = {0x24, 0x34, 0x42, 0x70};
    u16 base = ata[unit].command;
    u8 opcode = opcodes[op];
    if (!ready(unit))
        return DISK_TIMEOUT;
    outb(ata[unit].control, 0x08); /* interrupts on */
    BDA_SET(hd_interrupt, 0);
    if (lba_high || lba + count > 0x0FFFFFFF) {
        if (!ata[unit].lba48)
            return DISK_NOT_FOUND;
        outb(base + COUNT, count >> 8);
        outb(base + LBA_LOW, (u8)(lba >> 24));
        outb(base + LBA_MID, (u8)lba_high);
        outb(base + LBA_HIGH, (u8)(lba_high >> 8));
        outb(base + DEVICE, 0x40 | (ata[unit].slave ? 0x10 : 0));
        opcode = opcodes48[op];
    } else if (ata[unit].present == 2) { /* LBA */
        outb(base + DEVICE, 0xE0 | (ata[unit].slave ? 0x10 : 0) | (lba >> 24 & 15));
    } else {
        u32 track = lba / ata[unit].sectors, sector = lba % ata[unit].sectors + 1;
        u32 cylinder = track / ata[unit].heads, head = track % ata[unit].heads;
        outb(base + DEVICE, 0xA0 | (ata[unit].slave ? 0x10 : 0) | head);
        lba = cylinder << 8 | sector;
    }
    outb(base + COUNT, (u8)count);
    outb(base + LBA_LOW, (u8)lba);
    outb(base + LBA_MID, (u8)(lba >> 8));
    outb(base + LBA_HIGH, (u8)(lba >> 16));
    outb(base + COMMAND, opcode);
    (void)inb(ata[unit].control);
    struct callregs r = {.eax = 0x9000}; /* INT 15h 90h: waiting for the disk */
    callout(0x15, &r);
    return DISK_OK;
}

/* count is what was asked and becomes what was done. */
u8 ata_transfer(u8 unit, enum ata_op op, u32 lba, u32 lba_high, u16 *count, u16 seg, u16 off)
{
    u16 left = *count, done = 0;
    u8 status = DISK_OK;
    *count = 0;
    while (left && status == DISK_OK) {
        u16 n = left > 128 ? 128 : left;
        status = issue(unit, op, lba, lba_high, n);
        if (status != DISK_OK)
            break;
        if (op == ATA_VERIFY || op == ATA_SEEK) {
            int s = wait_idle(unit, 10 * SECONDS);
            if (s < 0 || s & (ERR | DF))
                status = error_status(unit, s);
            else
                done += n;
        } else {
            for (u16 i = 0; i < n && status == DISK_OK; i++) {
                int s = wait_idle(unit, 10 * SECONDS);
                if (s < 0 || (s & (ERR | DF)) || !(s & DRQ)) {
                    status = error_status(unit, s);
                    break;
                }
                seg += off >> 4;
                off &= 15;
                if (op == ATA_READ)
                    insw_far(ata[unit].command + DATA, seg, off, 256);
                else
                    outsw_far(ata[unit].command + DATA, seg, off, 256);
                off += 512;
                done++;
            }
            if (status == DISK_OK) {
                int s = wait_idle(unit, 10 * SECONDS);
                if (s < 0 || s & (ERR | DF)) {
                    status = error_status(unit, s);
                    if (op == ATA_WRITE)
                        done--;
                }
            }
        }
        left -= n;
        lba_high += lba + n < lba;
        lba += n;
    }
    *count = done;
    return status;
}

u8 ata_command_simple(u8 unit, u8 command, u8 feature, u8 count)
{
    u16 base = ata[unit].command;
    if (!ready(unit))
        return DISK_TIMEOUT;
    outb(base + FEATURES, feature);
    outb(base + COUNT, count);
    outb(base + COMMAND, command);
    (void)inb(ata[unit].control);
    int s = wait_idle(unit, 10 * SECONDS);
    return s < 0 || s & (ERR | DF) ? error_status(unit, s) : DISK_OK;
}

/* IDENTIFY (PACKET) DEVICE: 256 words to seg:off. */
bool ata_identify(u8 unit, u16 seg, u16 off)
{
    u16 base = ata[unit].command;
    select(unit, 0);
    outb(base + COMMAND, ata[unit].atapi ? 0xA1 : 0xEC);
    (void)inb(ata[unit].control);
    int s = wait_idle(unit, 5 * SECONDS);
    if (s <= 0 || s & (ERR | DF) || !(s & DRQ))
        return false;
    insw_far(base + DATA, seg, off, 256);
    return true;
}

void ata_reset(u8 unit)
{
    outb(ata[unit].control, 0x0C);
    delay_us(10);
    outb(ata[unit].control, 0x08);
    delay_us(2000);
    wait_idle(unit, 10 * SECONDS);
}

/* Words that nobody wants: a data phase must be read to its end. */
static void discard(u16 port, u16 bytes)
{
    for (u16 i = 0; i < (bytes + 1) / 2; i++)
        (void)inw(port);
}

/* PACKET: 12 command bytes, then whatever the device sends: the first `skip` bytes are dropped, the next `bytes` kept, the
 * rest dropped (all even). 0 or an INT 13h status. */
u8 atapi_packet(u8 unit, const u8 *packet, u16 seg, u16 off, u16 skip, u16 bytes)
{
    u16 base = ata[unit].command;
    if (!ready(unit))
        return DISK_TIMEOUT;
    outb(ata[unit].control, 0x08);
    outb(base + FEATURES, 0);
    outb(base + LBA_MID, 0x00); /* at most F800h bytes a burst */
    outb(base + LBA_HIGH, 0xF8);
    outb(base + COMMAND, 0xA0);
    (void)inb(ata[unit].control);
    int s = wait_idle(unit, 10 * SECONDS);
    if (s < 0 || (s & ERR) || !(s & DRQ))
        return error_status(unit, s);
    outsw_far(base + DATA, get_ss(), (u16)(u32)packet, 6);
    for (;;) {
        (void)inb(ata[unit].control);
        s = wait_idle(unit, 20 * SECONDS);
        if (s < 0)
            return DISK_TIMEOUT;
        if (s & ERR) {
            u8 key = inb(base + ERROR) >> 4;
            return key == 2 ? DISK_NOT_READY : key == 6 ? DISK_CHANGED : key == 5 ? DISK_BAD_COMMAND : DISK_CONTROLLER;
        }
        if (!(s & DRQ))
            return DISK_OK;
        u16 n = inb(base + LBA_MID) | inb(base + LBA_HIGH) << 8;
        u16 lead = n < skip ? n : skip;
        discard(base + DATA, lead);
        skip -= lead;
        n -= lead;
        u16 take = n < bytes ? n : bytes;
        seg += off >> 4;
        off &= 15;
        insw_far(base + DATA, seg, off, take / 2);
        off += take & ~1;
        bytes -= take;
        discard(base + DATA, n - take);
    }
}

/* READ(10) of one burst. A fresh disc reports "unit attention" first. */
static u8 read_blocks(u8 unit, u32 lba, u8 blocks, u16 seg, u16 off, u16 skip, u16 bytes)
{
    u8 p[12] = {0x28, 0, (u8)(lba >> 24), (u8)(lba >> 16), (u8)(lba >> 8), (u8)lba, 0, 0, blocks, 0, 0, 0};
    u8 status = DISK_OK;
    for (int attempt = 0; attempt < 4; attempt++) {
        status = atapi_packet(unit, p, seg, off, skip, bytes);
        if (status == DISK_OK || status == DISK_TIMEOUT || status == DISK_NOT_READY)
            break;
    }
    return status;
}

/* Blocks of 2048 bytes. */
u8 atapi_read(u8 unit, u32 lba, u16 blocks, u16 seg, u16 off)
{
    u8 status = DISK_OK;
    while (blocks && status == DISK_OK) {
        u16 n = blocks > 16 ? 16 : blocks;
        status = read_blocks(unit, lba, (u8)n, seg, off, 0, n * 2048);
        seg += n * 128;
        lba += n;
        blocks -= n;
    }
    return status;
}

/* Sectors of 512 bytes, four to a block, counted from block `base`: what emulated floppies and disks have. */
u8 atapi_read_sectors(u8 unit, u32 base, u32 sector, u16 count, u16 seg, u16 off)
{
    u8 status = DISK_OK;
    while (count && status == DISK_OK) {
        u16 first = sector & 3, n = count > 60 ? 60 : count;
        status = read_blocks(unit, base + sector / 4, (u8)((first + n + 3) / 4), seg, off, first * 512, n * 512);
        seg += n * 32;
        sector += n;
        count -= n;
    }
    return status;
}

static void irq_end(u8 irq)
{
    BDA_SET(hd_interrupt, 0xFF);
    pic_eoi(irq);
    struct callregs r = {.eax = 0x9100};
    callout(0x15, &r);
}

void irq14_disk(struct regs *frame);
void irq15_disk(struct regs *frame);
void irq14_disk(struct regs *frame)
{
    (void)frame;
    irq_end(14);
}
void irq15_disk(struct regs *frame)
{
    (void)frame;
    irq_end(15);
}
