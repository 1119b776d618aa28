/* What the files of the system BIOS offer each other. */
#ifndef BIOS_BIOS_H
#define BIOS_BIOS_H
#include "bda.h"
#include "regs.h"

/* console.c */
void print(romstr format, ...); /* %s romstr, %d, %x (with width: %04x), %c, %D u64-free decimal u32 */
void log_print(romstr format, ...);
void put_char(char c);
void post_code(u8 code);

/* timer.c */
void pit_init(void);
void delay_us(u32 us); /* busy, by counter 2 of the 8254 */
u32 ticks_now(void);
bool ticks_passed(u32 since, u32 ticks);

/* pic.c */
void pic_init(void);
void pic_unmask(u8 irq);
void pic_eoi(u8 irq);

/* cmos.c */
u8 cmos_read(u8 reg);
void cmos_write(u8 reg, u8 v);
u8 from_bcd(u8 v);
u8 to_bcd(u8 v);
bool rtc_wait_ready(void);

/* kbc.c: 8042 */
bool kbc_command(u8 command);
bool kbc_write(u8 v);
int kbc_read(u32 ms); /* -1 on time-out */
bool keyboard_command(u8 v);
void kbc_init(void);
void keyboard_update_leds(void);
bool a20_set(bool on);
bool a20_get(void);

/* keyboard buffer, int16_keyboard.c */
bool key_put(u16 code);

/* memory */
void memory_init(void);
u16 extended_kb(void);      /* above 1 MiB, at most FFFFh, up to 64 MiB: for INT 15h 88h */
u32 memory_above_16m(void); /* in 64 KiB units */
void e820(struct regs *r);
void apm(struct regs *r);
void e801(struct regs *r);
extern FROZEN u16 base_kb;

/* int15_mouse.c */
void pointing_device(struct regs *r);
void mouse_init(void);

/* pci.c */
u32 pci_read(u16 bdf, u8 reg, u8 size);
void pci_write(u16 bdf, u8 reg, u8 size, u32 v);
void pci_bios(struct regs *r);
extern FROZEN u8 pci_last_bus;
extern FROZEN bool pci_present;
void pci_setup(void);

/* reset.S: beyond 1 MiB, at POST */
void flat_copy(u32 to, u32 from, u32 bytes);
void flat_write32(u32 at, u32 value);
u32 flat_read32(u32 at);
/* apic.c */
void apic_init(void);
/* shadow.c */
void shadow_reset(void);
void shadow_open(u16 seg, u16 kb);
void shadow_lock(void);
/* optionrom.c */
void video_rom_init(void);
void option_roms_init(void);

/* fdc.c / int13_floppy.c */
void floppy_init(void);
void floppy_request(struct regs *r);
extern FROZEN u8 floppy_count, floppy_type[2];

/* ata.c */
struct ata_drive {
    u8 present, atapi, slave, lba48;
    u16 command, control;                /* port bases */
    u16 cylinders, heads, sectors;       /* the drive's own */
    u16 l_cylinders, l_heads, l_sectors; /* as INT 13h shows it */
    u32 total, total_high;               /* sectors */
    u16 multiple;
    char model[41];
};
enum { ATA_MAX = 4 };
extern FROZEN struct ata_drive ata[ATA_MAX];
extern FROZEN u8 disk_count, disk_map[ATA_MAX], cd_count, cd_map[ATA_MAX];
enum ata_op { ATA_READ, ATA_WRITE, ATA_VERIFY, ATA_SEEK };
void ata_init(void);
u8 ata_transfer(u8 unit, enum ata_op op, u32 lba, u32 lba_high, u16 *count, u16 seg, u16 off);
u8 ata_command_simple(u8 unit, u8 command, u8 feature, u8 count);
bool ata_identify(u8 unit, u16 seg, u16 off);
u8 atapi_read(u8 unit, u32 lba, u16 blocks, u16 seg, u16 off);
u8 atapi_read_sectors(u8 unit, u32 base, u32 sector, u16 count, u16 seg, u16 off);
u8 atapi_packet(u8 unit, const u8 *packet, u16 seg, u16 off, u16 skip, u16 bytes);
void ata_reset(u8 unit);

/* int13 */
void disk_request(struct regs *r);
void edd_request(struct regs *r, u8 unit);
void disk_tables_init(void);
u8 disk_result(struct regs *r, u8 status);

/* int19_boot.c */
void boot(void);
/* int14, int17 */
void serial_init(void);
void parallel_init(void);
void clock_init(void);

#endif
