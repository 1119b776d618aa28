/* 82077AA floppy controller, DMA channel 2, IRQ 6 (Intel 82077AA data sheet; 8237A data sheet). */
#include "fdc.h"

enum { DOR = 0x3F2, MSR = 0x3F4, FIFO = 0x3F5, DIR = 0x3F7, CCR = 0x3F7 };
enum { RQM = 0x80, DIO = 0x40, INTERRUPTED = 0x80 };

void dpt_get(struct dpt *d)
{
    u32 at = peek32(0, 0x1E * 4);
    u8 *p = (u8 *)d;
    for (u32 i = 0; i < sizeof *d; i++)
        p[i] = peek8((u16)(at >> 16), (u16)(at + i));
}

static bool send(u8 v)
{
    for (u32 i = 0; i < 40000; i++) {
        u8 s = inb(MSR);
        if ((s & (RQM | DIO)) == RQM) {
            outb(FIFO, v);
            return true;
        }
        io_delay();
    }
    return false;
}

static int receive(void)
{
    for (u32 i = 0; i < 40000; i++) {
        u8 s = inb(MSR);
        if ((s & (RQM | DIO)) == (RQM | DIO))
            return inb(FIFO);
        io_delay();
    }
    return -1;
}

static void interrupt_expect(void)
{
    BDA_SET(fd_recalibrated, BDA_GET(fd_recalibrated) & ~INTERRUPTED);
}

/* Two seconds at most; the timer's interrupt ends every HLT. */
static bool interrupt_wait(void)
{
    struct callregs r = {.eax = 0x9001}; /* INT 15h 90h: waiting for the diskette */
    callout(0x15, &r);
    for (u32 start = ticks_now(); !(BDA_GET(fd_recalibrated) & INTERRUPTED);) {
        if (ticks_passed(start, 37))
            return false;
        cpu_idle();
    }
    interrupt_expect();
    return true;
}

void irq6_floppy(struct regs *frame);
void irq6_floppy(struct regs *frame)
{
    (void)frame;
    BDA_SET(fd_recalibrated, BDA_GET(fd_recalibrated) | INTERRUPTED);
    pic_eoi(6);
    struct callregs r = {.eax = 0x9101};
    callout(0x15, &r);
}

static bool sense(u8 *st0, u8 *cylinder)
{
    if (!send(0x08))
        return false;
    int a = receive();
    if (a < 0)
        return false;
    *st0 = (u8)a;
    *cylinder = 0;
    if (a == 0x80) /* nothing to report: one byte only */
        return true;
    a = receive();
    *cylinder = (u8)a;
    return a >= 0;
}

bool fdc_present(void)
{
    u8 s = inb(MSR);
    return s != 0xFF;
}

bool fdc_reset(void)
{
    struct dpt d;
    u8 motors = BDA_GET(fd_motors), st0, cylinder;
    u8 dor = (motors & 0x0F) << 4 | (motors >> 4 & 3);
    interrupt_expect();
    BDA_SET(fd_recalibrated, 0);
    outb(DOR, dor | 0x08);
    io_delay();
    delay_us(20);
    outb(DOR, dor | 0x0C);
    if (!interrupt_wait())
        return false;
    for (int i = 0; i < 4; i++) /* polling mode reports each of the four drives once */
        if (!sense(&st0, &cylinder) || (i == 0 && (st0 & 0xC0) != 0xC0))
            return false;
    dpt_get(&d);
    return send(0x03) && send(d.specify1) && send(d.specify2);
}

bool fdc_motor_on(u8 drive)
{
    return BDA_GET(fd_motors) >> drive & 1;
}

/* Selects the drive; starts its motor and waits until it is up to speed (DPT byte 10, in 1/8 s). */
void fdc_motor(u8 drive, bool wait)
{
    bool running = fdc_motor_on(drive);
    BDA_SET(fd_motor_timeout, 0xFF);
    u8 motors = (BDA_GET(fd_motors) & 0x80) | drive << 4 | 1 << drive;
    BDA_SET(fd_motors, motors);
    outb(DOR, 0x0C | 0x10 << drive | drive);
    if (!running && wait) {
        struct dpt d;
        dpt_get(&d);
        u32 start = ticks_now(), ticks = d.motor_on * 9 / 4 + 1;
        while (!ticks_passed(start, ticks)) {
            BDA_SET(fd_motor_timeout, 0xFF);
            cpu_idle();
        }
    }
}

void fdc_done(void)
{
    struct dpt d;
    dpt_get(&d);
    BDA_SET(fd_motor_timeout, d.motor_off);
}

void fdc_rate(u8 rate)
{
    outb(CCR, rate);
    BDA_SET(fd_rate, (BDA_GET(fd_rate) & 0x3F) | rate << 6);
}

bool fdc_change_line(void)
{
    return inb(DIR) & 0x80;
}

static u8 seek_end(void)
{
    u8 st0, cylinder;
    if (!interrupt_wait())
        return DISK_TIMEOUT;
    if (!sense(&st0, &cylinder))
        return DISK_CONTROLLER;
    return (st0 & 0xE0) == 0x20 ? DISK_OK : DISK_SEEK;
}

u8 fdc_recalibrate(u8 drive)
{
    u8 status = DISK_SEEK;
    for (int i = 0; i < 2 && status != DISK_OK; i++) { /* one command makes at most 79 steps */
        interrupt_expect();
        if (!send(0x07) || !send(drive))
            return DISK_CONTROLLER;
        status = seek_end();
    }
    if (status == DISK_OK) {
        BDA_SET(fd_recalibrated, BDA_GET(fd_recalibrated) | 1 << drive);
        BDA_SET(fd_cylinder[drive], 0);
    }
    return status;
}

u8 fdc_seek(u8 drive, u8 head, u8 cylinder)
{
    if (!(BDA_GET(fd_recalibrated) >> drive & 1)) {
        u8 status = fdc_recalibrate(drive);
        if (status != DISK_OK)
            return status;
    }
    if (BDA_GET(fd_cylinder[drive]) == cylinder)
        return DISK_OK;
    interrupt_expect();
    if (!send(0x0F) || !send(head << 2 | drive) || !send(cylinder))
        return DISK_CONTROLLER;
    u8 status = seek_end();
    if (status == DISK_OK) {
        struct dpt d;
        dpt_get(&d);
        BDA_SET(fd_cylinder[drive], cylinder);
        delay_us(d.settle ? d.settle * 1000u : 1000);
    } else {
        BDA_SET(fd_recalibrated, BDA_GET(fd_recalibrated) & ~(1 << drive));
    }
    return status;
}

static u8 result_status(u8 st0, u8 st1, u8 st2)
{
    if (!(st0 & 0xC0))
        return DISK_OK;
    if (st0 & 0x08)
        return DISK_TIMEOUT; /* not ready */
    if (st1 & 0x80)
        return DISK_NOT_FOUND;
    if (st1 & 0x20)
        return DISK_CRC;
    if (st1 & 0x10)
        return DISK_DMA_OVERRUN;
    if (st1 & 0x04)
        return DISK_NOT_FOUND;
    if (st1 & 0x02)
        return DISK_PROTECTED;
    if (st1 & 0x01)
        return DISK_NO_MARK;
    if (st2 & 0x10)
        return DISK_NOT_FOUND;
    return DISK_CONTROLLER;
}

u8 fdc_command(const u8 *bytes, u8 n)
{
    interrupt_expect();
    for (u8 i = 0; i < n; i++)
        if (!send(bytes[i]))
            return DISK_CONTROLLER;
    if (!interrupt_wait())
        return DISK_TIMEOUT;
    u8 st[3] = {0x80, 0, 0};
    for (u32 i = 0; i < 7; i++) {
        int v = receive();
        if (v < 0)
            return DISK_CONTROLLER;
        poke8(BDA_SEG, __builtin_offsetof(struct bda, fd_result) + i, (u8)v);
        if (i < 3)
            st[i] = (u8)v;
        if (i == 0 && v == 0x80 && (inb(MSR) & (RQM | DIO)) == RQM) /* invalid command: one byte */
            break;
    }
    return result_status(st[0], st[1], st[2]);
}

u8 fdc_read_id(u8 drive, u8 head, u8 *cylinder)
{
    u8 c[2] = {0x4A, head << 2 | drive};
    u8 status = fdc_command(c, 2);
    *cylinder = BDA_GET(fd_result[3]);
    return status;
}

/* Channel 2 reaches 16 MiB and wraps within 64 KiB. */
u8 fdc_dma(enum fdc_dma mode, u16 seg, u16 off, u16 bytes)
{
    static ROM u8 modes[] = {0, 0x46, 0x4A, 0x42};
    u32 at = ((u32)seg << 4) + off;
    if ((at & 0xFFFF) + bytes > 0x10000)
        return DISK_DMA_BOUNDARY;
    outb(0x0A, 0x06);
    outb(0x0C, 0);
    outb(0x0B, modes[mode]);
    outb(0x04, (u8)at);
    outb(0x04, (u8)(at >> 8));
    outb(0x81, (u8)(at >> 16));
    outb(0x0C, 0);
    outb(0x05, (u8)(bytes - 1));
    outb(0x05, (u8)((bytes - 1) >> 8));
    outb(0x0A, 0x02);
    return DISK_OK;
}
