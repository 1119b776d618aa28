/* The BIOS data area at 0040:0000 and the extended BIOS data area whose segment is at 0040:000E.
 * Names and offsets after the IBM PS/2 and PC BIOS Interface Technical Reference. */
#ifndef BIOS_BDA_H
#define BIOS_BDA_H
#include "x86.h"

enum { BDA_SEG = 0x40, EBDA_SEG = 0x9FC0, EBDA_KB = 1 };

struct bda {
    u16 com[4];    /* 00 */
    u16 lpt[3];    /* 08 */
    u16 ebda_seg;  /* 0E */
    u16 equipment; /* 10 */
    u8 post;       /* 12 */
    u16 memory_kb; /* 13 */
    u16 reserved_15;
    u8 shift1, shift2; /* 17 keyboard flags */
    u8 alt_number;     /* 19 */
    u16 key_head, key_tail;
    u16 key_buffer[16]; /* 1E */
    u8 fd_recalibrated; /* 3E bit 7: interrupt seen */
    u8 fd_motors;
    u8 fd_motor_timeout;
    u8 fd_status; /* 41 */
    u8 fd_result[7];
    u8 video_mode;     /* 49 */
    u16 columns;       /* 4A */
    u16 page_size;     /* 4C */
    u16 page_start;    /* 4E */
    u16 cursor[8];     /* 50 */
    u16 cursor_shape;  /* 60 */
    u8 page;           /* 62 */
    u16 crtc;          /* 63 */
    u8 cga_mode;       /* 65 */
    u8 cga_palette;    /* 66 */
    u32 reset_pointer; /* 67 */
    u8 spurious;       /* 6B */
    u32 ticks;         /* 6C */
    u8 midnight;       /* 70 */
    u8 ctrl_break;     /* 71 */
    u16 warm_boot;     /* 72 */
    u8 hd_status;      /* 74 */
    u8 hd_count;       /* 75 */
    u8 hd_control, hd_port;
    u8 lpt_timeout[4];                            /* 78 */
    u8 com_timeout[4];                            /* 7C */
    u16 key_start;                                /* 80 */
    u16 key_end;                                  /* 82 */
    u8 rows_minus_1;                              /* 84 */
    u16 char_height;                              /* 85 */
    u8 video_control;                             /* 87 */
    u8 video_switches;                            /* 88 */
    u8 mode_options;                              /* 89 */
    u8 dcc_index;                                 /* 8A */
    u8 fd_rate;                                   /* 8B */
    u8 hd_status_reg, hd_error_reg, hd_interrupt; /* 8C */
    u8 fd_info;                                   /* 8F */
    u8 fd_state[2];                               /* 90 */
    u8 fd_start_state[2];
    u8 fd_cylinder[2]; /* 94 */
    u8 shift3;         /* 96 */
    u8 leds;           /* 97 */
    u32 wait_pointer;  /* 98 */
    u32 wait_count;    /* 9C */
    u8 wait_active;    /* A0 */
    u8 lan[7];
    u32 video_save; /* A8 */
} PACKED;

_Static_assert(__builtin_offsetof(struct bda, video_mode) == 0x49, "BDA layout");
_Static_assert(__builtin_offsetof(struct bda, key_start) == 0x80, "BDA layout");
_Static_assert(__builtin_offsetof(struct bda, video_save) == 0xA8, "BDA layout");

#define BDA_P ((volatile struct bda __seg_gs *)0)
#define BDA_GET(field)   \
    ({                   \
        set_gs(BDA_SEG); \
        BDA_P->field;    \
    })
#define BDA_SET(field, value) \
    ({                        \
        u32 v_ = (value);     \
        set_gs(BDA_SEG);      \
        BDA_P->field = v_;    \
    })

/* The EBDA: size, the private stack of entry.S, and what changes after POST. Everything else that POST finds
 * out is frozen in the shadow RAM. An operating system may move the EBDA: always go through ebda_seg(). */
struct ebda {
    u8 size_kb; /* 00 */
    u8 reserved_01;
    u16 stack_ptr;   /* 02: where the next switch to the private stack begins (entry.S) */
    u16 stack_guard; /* 04 */
    u8 reserved_06[0x1C];
    u16 mouse_off, mouse_seg;                       /* 22: handler of INT 15h C207h */
    u8 mouse_flags1, mouse_flags2, mouse_packet[8]; /* 26 */
    u8 cd_drive;                                    /* 30: number of the CD it was booted from, 0: none */
    u8 ata_multiple[4];
    u8 fd_probing;               /* 35: the media type is being searched for */
    u16 cd_load_seg, cd_sectors; /* 36: what INT 13h 4Bh reports */
    u32 cd_lba;
    u8 boot_index; /* 3E: how far INT 19h has come */
    u8 cd_media;   /* El Torito media type: 0 no emulation, 1-3 floppy, 4 hard disk */
    u16 cd_cylinders;
    u8 cd_heads, cd_track; /* 42: geometry of the emulated drive */
    u8 apm_connected;      /* 44: the real-mode interface of INT 15h 53h */
} PACKED;
enum { EBDA_STACK_FLOOR = 0x60, EBDA_STACK_TOP = 0x400 };
_Static_assert(__builtin_offsetof(struct ebda, mouse_off) == 0x22, "EBDA layout");

INLINE u16 ebda_seg(void)
{
    return BDA_GET(ebda_seg);
}
#define EBDA_P ((volatile struct ebda __seg_gs *)0)
#define EBDA_GET(field)      \
    ({                       \
        u16 s_ = ebda_seg(); \
        set_gs(s_);          \
        EBDA_P->field;       \
    })
#define EBDA_SET(field, value) \
    ({                         \
        u32 v_ = (value);      \
        u16 s_ = ebda_seg();   \
        set_gs(s_);            \
        EBDA_P->field = v_;    \
    })

#endif
