/* The demo's shared declarations. It runs with CS = DS = SS, so ordinary C data is fine here. */
#ifndef DEMO_H
#define DEMO_H
#include "../x86.h"

struct seen {
    u32 cr0, cs, eflags, extra;
};
void mode_real(struct seen *s);
void mode_protected16(struct seen *s);
void mode_protected32(struct seen *s);
void mode_paging(struct seen *s);
void mode_v86(struct seen *s);
void mode_long(struct seen *s);
extern u32 video_at;
extern char here_text[32];
extern u8 boot_drive;

struct bregs {
    u32 eax, ebx, ecx, edx;
};
void bios(u8 vector, struct bregs *r); /* the few registers the demo passes */

/* sine.c */
void sine_init(void);
int sine(u32 angle); /* 256 steps a turn, 16384 is one */
int cosine(u32 angle);

/* screen.c */
void text(int row, int column, u8 attr, const char *s);
void hex(int row, int column, u8 attr, u32 v, int digits);
void decimal(int row, int column, u8 attr, u32 v, int width);
void fill(int row, int column, int height, int width, u8 attr, u8 c);
void box(int row, int column, int height, int width, u8 attr, const char *title);

/* plasma.c, whirl.c: true if a key ended them early */
bool plasma(void);
bool whirl(void);

u32 ticks(void);
bool key_waiting(void);
u16 key_read(void);

#endif
