/* Inside the floppy controller: shared by its register file (i82077.c) and its execution phase (i82077_transfer.c). */
#ifndef TRUEBOX_DEVICES_I82077_STATE_H
#define TRUEBOX_DEVICES_I82077_STATE_H

#include "devices/i82077.h"

#define FLOPPY_SECTOR_BYTES BLOCK_SECTOR
#define FLOPPY_SECTOR_CODE 2u /* N: 128 << 2 */

enum { /* main status register */
       MSR_BUSY = 0x10,
       MSR_NON_DMA = 0x20,
       MSR_DIO = 0x40,
       MSR_RQM = 0x80
};

enum { /* digital output register */
       DOR_SELECT = 0x03,
       DOR_RESET = 0x04, /* active low */
       DOR_DMA_GATE = 0x08,
       DOR_MOTOR_0 = 0x10
};

enum { /* status register 0 */
       ST0_ABNORMAL = 0x40,
       ST0_INVALID = 0x80,
       ST0_POLLING = 0xC0,
       ST0_SEEK_END = 0x20,
       ST0_EQUIPMENT_CHECK = 0x10
};

enum { /* status register 1 */
       ST1_END_OF_CYLINDER = 0x80,
       ST1_DATA_ERROR = 0x20,
       ST1_OVERRUN = 0x10,
       ST1_NO_DATA = 0x04,
       ST1_NOT_WRITABLE = 0x02,
       ST1_MISSING_ADDRESS_MARK = 0x01
};

enum { /* status register 2 */
       ST2_CONTROL_MARK = 0x40,
       ST2_DATA_ERROR = 0x20,
       ST2_WRONG_CYLINDER = 0x10,
       ST2_SCAN_EQUAL = 0x08,
       ST2_SCAN_NOT_SATISFIED = 0x04
};

enum { /* status register 3 */
       ST3_WRITE_PROTECTED = 0x40,
       ST3_READY = 0x20, /* no READY pin: always set */
       ST3_TRACK_0 = 0x10,
       ST3_TWO_SIDED = 0x08 /* always set */
};

enum { CONFIG_IMPLIED_SEEK = 0x40, CONFIG_FIFO_OFF = 0x20, CONFIG_POLL_OFF = 0x10, CONFIG_THRESHOLD = 0x0F };

enum fdc_phase { PHASE_IDLE, PHASE_COMMAND, PHASE_EXECUTION, PHASE_RESULT };

/* What the execution phase waits for. */
enum fdc_step {
    STEP_NONE,
    STEP_FIND,       /* the sector looked for comes under the head */
    STEP_FAIL,       /* two index pulses without success: end with fail_st0..2 */
    STEP_STREAM_IN,  /* non-DMA: bytes flow from the disk */
    STEP_STREAM_OUT, /* non-DMA: bytes flow to the disk */
    STEP_STALLED     /* no index pulses: no diskette or motor off; only reset or a diskette ends this */
};

/* What a data command does with each sector. */
enum fdc_operation {
    OPERATION_READ,
    OPERATION_READ_DELETED,
    OPERATION_READ_TRACK,
    OPERATION_WRITE,
    OPERATION_WRITE_DELETED,
    OPERATION_VERIFY,
    OPERATION_SCAN_EQUAL,
    OPERATION_SCAN_LOW,
    OPERATION_SCAN_HIGH,
    OPERATION_FORMAT,
    OPERATION_READ_ID
};

struct floppy_drive {
    enum floppy_drive_type type;
    struct block *block; /* NULL: no diskette */
    const struct floppy_geometry *geometry;
    uint8_t track;                               /* where the head stands */
    bool changed;                                /* DSKCHG: latched on change, cleared by a step with a diskette in */
    uint8_t deleted[FLOPPY_MAXIMUM_SECTORS / 8]; /* sectors with a deleted data address mark */
};

struct floppy_seek {
    struct i82077 *fdc;
    uint8_t unit; /* as the command named it */
    bool busy, done;
    uint8_t target; /* PCN when finished */
    uint8_t st0;    /* for SENSE INTERRUPT STATUS */
    struct event end;
};

struct i82077 {
    struct bay bay;
    struct wire irq;
    struct i8237_pair *dma;
    unsigned channel;

    uint8_t dor, tdr, rate;  /* rate: DSR/CCR bits 1:0 */
    uint8_t precompensation; /* DSR bits 6:2 */
    uint8_t phase, step, operation;
    uint8_t command[9], command_at, command_length;
    uint8_t result[10], result_at, result_length;
    uint8_t specify[2]; /* SRT and HUT, HLT and ND */
    uint8_t configuration, precompensation_track, perpendicular, lock;
    uint8_t eot; /* SC/EOT of the last data or format command, for DUMPREG */
    uint8_t pcn[4];
    bool result_interrupt, reset_interrupt;
    uint8_t reset_status; /* bit per unit: polling status not sensed yet */
    struct event reset_end;

    struct floppy_drive drive[I82077_DRIVES];
    struct floppy_seek seek[4];

    /* execution phase */
    uint8_t head;          /* HEAD SELECT line */
    uint8_t c, h, r;       /* ID of the sector looked for */
    uint8_t sectors_done;  /* of VERIFY with EC, READ TRACK, FORMAT */
    uint8_t st0, st1, st2; /* gathered so far */
    uint8_t buffer[FLOPPY_SECTOR_BYTES];
    uint16_t buffer_at;     /* bytes the processor has moved (non-DMA) */
    uint16_t stream_length; /* 512, or 4 for FORMAT */
    uint64_t stream_start;  /* clock at which the first byte passes the head */
    bool stream_request;    /* RQM and INT, with the FIFO's hysteresis */
    struct event transfer;
};

/* i82077.c */
void fdc_update_irq(struct i82077 *fdc);
void fdc_result(struct i82077 *fdc, unsigned length, bool interrupt);
uint64_t fdc_step_time(const struct i82077 *fdc, unsigned steps);
struct floppy_drive *fdc_selected_drive(struct i82077 *fdc); /* NULL: no such drive */
void fdc_move_head(struct floppy_drive *drive, int steps);
static inline bool fdc_non_dma(const struct i82077 *fdc)
{
    return fdc->specify[1] & 1;
}

/* i82077_transfer.c */
void fdc_begin_transfer(struct i82077 *fdc, enum fdc_operation operation);
void fdc_transfer_event(void *owner);
void fdc_drive_ready_changed(struct i82077 *fdc);
uint8_t fdc_stream_read(struct i82077 *fdc);
void fdc_stream_write(struct i82077 *fdc, uint8_t value);
void fdc_stream_update(struct i82077 *fdc); /* brings stream_request up to now */

#endif
