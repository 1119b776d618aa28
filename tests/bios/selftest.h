/* The self-test guest: calls every BIOS service and checks what comes back. Results go to port E9h and,
 * the last line, to the screen: "BIOS-TEST PASS n" or "BIOS-TEST FAIL n". Needs a floppy with spare sectors behind
 * it (its own disk); tests a first hard disk too if there is one, whose last sectors it writes and restores. */
#ifndef SELFTEST_H
#define SELFTEST_H
#include "regs.h"

void call_int(u8 vector, struct callregs *r);
extern u8 boot_drive;
extern u32 selftest_ticks, selftest_alarms;
extern u8 selftest_tick[], selftest_alarm[];
extern u8 buffer[2][2048];
u16 segment(void);

void say(const char *s);
void say_hex(u32 v);
void check_at(const char *what, u32 got, u32 want);
#define CHECK(what, got, want) check_at(what, (u32)(got), (u32)(want))
#define CALL(vector, ...)                   \
    ({                                      \
        struct callregs r_ = {__VA_ARGS__}; \
        r_.flags |= IF;                     \
        call_int(vector, &r_);              \
        r_;                                 \
    })

void test_video(void);
void test_graphics(void);
void test_vbe(void);
void test_floppy(void);
void test_disk(void);
void test_system(void);
void test_keyboard(void);
void test_clock(void);

#endif
