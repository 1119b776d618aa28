/* The 82077AA below INT 13h: commands, results, motors, data rates. */
#ifndef BIOS_FDC_H
#define BIOS_FDC_H
#include "bios.h"

/* INT 13h status codes, floppy and hard disk. */
enum {
    DISK_OK = 0x00,
    DISK_BAD_COMMAND = 0x01,
    DISK_NO_MARK = 0x02,
    DISK_PROTECTED = 0x03,
    DISK_NOT_FOUND = 0x04,
    DISK_RESET_FAILED = 0x05,
    DISK_CHANGED = 0x06,
    DISK_DMA_OVERRUN = 0x08,
    DISK_DMA_BOUNDARY = 0x09,
    DISK_CRC = 0x10,
    DISK_CONTROLLER = 0x20,
    DISK_NO_MEDIA = 0x31,
    DISK_SEEK = 0x40,
    DISK_TIMEOUT = 0x80,
    DISK_NOT_READY = 0xAA,
    DISK_WRITE_FAULT = 0xCC,
    DISK_LOCKED = 0xB0,
};

enum fdc_dma { FDC_DMA_NONE, FDC_DMA_READ, FDC_DMA_WRITE, FDC_DMA_VERIFY };
enum { RATE_500 = 0, RATE_300 = 1, RATE_250 = 2, RATE_1M = 3 };

struct dpt {
    u8 specify1, specify2, motor_off, size, eot, gap, dtl, format_gap, fill, settle, motor_on;
} PACKED;

void dpt_get(struct dpt *d);
bool fdc_reset(void);
void fdc_motor(u8 drive, bool wait);
bool fdc_motor_on(u8 drive);
void fdc_done(void);
void fdc_rate(u8 rate);
u8 fdc_recalibrate(u8 drive);
u8 fdc_seek(u8 drive, u8 head, u8 cylinder);
u8 fdc_read_id(u8 drive, u8 head, u8 *cylinder);
u8 fdc_command(const u8 *bytes, u8 n); /* with result phase; leaves it at 40:42 */
bool fdc_change_line(void);
u8 fdc_dma(enum fdc_dma mode, u16 seg, u16 off, u16 bytes);
bool fdc_present(void);

#endif
