/* 82077AA: registers, command and result phases, seeks and interrupts (data sheet 290166, sections 2 to 6). */
#include "devices/i82077.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "devices/i82077_state.h"

#define RECALIBRATE_STEPS 79                      /* section 6.2.1: then equipment check */
#define POLLING_DELAY_NS (1024000 / I82077_HASTE) /* section 5.2.4: the first poll after reset */
#define MINIMUM_SEEK_NS 20000

/* --- drives ------------------------------------------------------------------------------------------------------- */

struct floppy_drive *fdc_selected_drive(struct i82077 *fdc)
{
    unsigned unit = fdc->dor & DOR_SELECT;

    return unit < I82077_DRIVES && fdc->drive[unit].type != FLOPPY_DRIVE_NONE ? &fdc->drive[unit] : NULL;
}

void fdc_move_head(struct floppy_drive *drive, int steps)
{
    int track = drive->track + steps, last = (int)floppy_drive_tracks(drive->type) - 1;

    drive->track = (uint8_t)(track < 0 ? 0 : track > last ? last : track);
    if (steps != 0 && drive->block)
        drive->changed = false;
}

/* SRT counts down from 16 in units of 1 ms at 500 kbit/s, longer at lower rates (table 5-8). */
uint64_t fdc_step_time(const struct i82077 *fdc, unsigned steps)
{
    static const uint32_t unit_ns[4] = {1000000, 1666667, 2000000, 500000};
    uint64_t step_ns = (uint64_t)(16 - (fdc->specify[0] >> 4)) * unit_ns[fdc->rate];
    uint64_t all_ns = steps * step_ns / I82077_HASTE;

    return schedule_counts_in_ns(fdc->bay.schedule, all_ns > MINIMUM_SEEK_NS ? all_ns : MINIMUM_SEEK_NS);
}

void i82077_attach(struct i82077 *fdc, unsigned unit, enum floppy_drive_type type)
{
    fdc->drive[unit].type = type;
    fdc->drive[unit].changed = type != FLOPPY_DRIVE_NONE;
}

bool i82077_insert(struct i82077 *fdc, unsigned unit, struct block *block)
{
    struct floppy_drive *drive = &fdc->drive[unit];
    const struct floppy_geometry *geometry = floppy_geometry_for(block_sectors(block));

    if (!geometry || drive->type == FLOPPY_DRIVE_NONE)
        return false;
    block_extend(block, (uint64_t)geometry->cylinders * geometry->heads * geometry->sectors);
    drive->block = block;
    drive->geometry = geometry;
    drive->changed = true;
    memset(drive->deleted, 0, sizeof drive->deleted);
    fdc_drive_ready_changed(fdc);
    return true;
}

struct block *i82077_eject(struct i82077 *fdc, unsigned unit)
{
    struct floppy_drive *drive = &fdc->drive[unit];
    struct block *block = drive->block;

    drive->block = NULL;
    drive->geometry = NULL;
    drive->changed = drive->type != FLOPPY_DRIVE_NONE;
    fdc_drive_ready_changed(fdc);
    return block;
}

/* --- interrupts --------------------------------------------------------------------------------------------------- */

static bool interrupt_pin(const struct i82077 *fdc)
{
    bool seek_done = false;

    for (unsigned unit = 0; unit < 4; unit++)
        seek_done |= fdc->seek[unit].done;
    return fdc->result_interrupt || fdc->reset_interrupt || seek_done ||
           (fdc->phase == PHASE_EXECUTION && fdc->stream_request);
}

void fdc_update_irq(struct i82077 *fdc)
{
    wire_set(&fdc->irq, interrupt_pin(fdc) && fdc->dor & DOR_DMA_GATE);
}

/* --- reset -------------------------------------------------------------------------------------------------------- */

/* Section 4: what a software reset (DOR or DSR) does too. */
static void abort_and_default(struct i82077 *fdc)
{
    schedule_cancel(fdc->bay.schedule, &fdc->transfer);
    schedule_cancel(fdc->bay.schedule, &fdc->reset_end);
    for (unsigned unit = 0; unit < 4; unit++) {
        schedule_cancel(fdc->bay.schedule, &fdc->seek[unit].end);
        fdc->seek[unit].busy = fdc->seek[unit].done = false;
        fdc->pcn[unit] = 0;
    }
    fdc->phase = PHASE_IDLE;
    fdc->step = STEP_NONE;
    fdc->stream_request = fdc->result_interrupt = fdc->reset_interrupt = false;
    fdc->reset_status = 0;
    fdc->perpendicular &= 0x3C; /* GAP and WGATE are cleared, D3-D0 stay (section 6.2.8) */
    if (!fdc->lock) {
        fdc->configuration = CONFIG_FIFO_OFF;
        fdc->precompensation_track = 0;
    }
    fdc->configuration &= CONFIG_FIFO_OFF | CONFIG_THRESHOLD; /* EIS and POLL return to 0 whatever LOCK says */
    fdc_update_irq(fdc);
}

static void leave_reset(struct i82077 *fdc)
{
    schedule_at(fdc->bay.schedule, &fdc->reset_end,
                fdc->bay.schedule->now + schedule_counts_in_ns(fdc->bay.schedule, POLLING_DELAY_NS));
}

/* The drives' READY, polled for the first time, "changes" on all four units (section 5.2.4). */
static void polling_event(void *owner)
{
    struct i82077 *fdc = owner;

    if (fdc->configuration & CONFIG_POLL_OFF)
        return;
    fdc->reset_status = 0x0F;
    fdc->reset_interrupt = true;
    fdc_update_irq(fdc);
}

void i82077_reset(struct i82077 *fdc)
{
    fdc->lock = 0;
    fdc->dor = 0; /* holds the controller in reset until the host writes DOR */
    fdc->rate = 2;
    fdc->precompensation = 0;
    fdc->tdr = 0;
    fdc->perpendicular = 0;
    memset(fdc->specify, 0, sizeof fdc->specify);
    abort_and_default(fdc);
}

/* --- result phase ------------------------------------------------------------------------------------------------- */

void fdc_result(struct i82077 *fdc, unsigned length, bool interrupt)
{
    fdc->phase = PHASE_RESULT;
    fdc->step = STEP_NONE;
    fdc->stream_request = false;
    fdc->result_at = 0;
    fdc->result_length = (uint8_t)length;
    fdc->result_interrupt = interrupt;
    fdc_update_irq(fdc);
}

static void command_done(struct i82077 *fdc)
{
    fdc->phase = PHASE_IDLE;
}

/* --- commands without a data transfer ----------------------------------------------------------------------------- */

static void command_specify(struct i82077 *fdc)
{
    memcpy(fdc->specify, fdc->command + 1, 2);
    command_done(fdc);
}

static void command_sense_drive(struct i82077 *fdc)
{
    const struct floppy_drive *drive = fdc_selected_drive(fdc);
    uint8_t st3 = ST3_READY | ST3_TWO_SIDED | (fdc->command[1] & 7);

    if (drive && drive->track == 0)
        st3 |= ST3_TRACK_0;
    if (drive && drive->block && block_is_read_only(drive->block))
        st3 |= ST3_WRITE_PROTECTED;
    fdc->result[0] = st3;
    fdc_result(fdc, 1, false);
}

static void seek_event(void *owner)
{
    struct floppy_seek *seek = owner;
    struct i82077 *fdc = seek->fdc;

    seek->busy = false;
    seek->done = true;
    fdc->pcn[seek->unit] = seek->target;
    fdc_update_irq(fdc);
}

/* The step pulses go to the drive that DOR selects, whatever the command byte says; they are counted for PCN of the latter.
 */
static void start_seek(struct i82077 *fdc, unsigned steps, bool inward, uint8_t target, uint8_t error)
{
    struct floppy_seek *seek = &fdc->seek[fdc->command[1] & 3];
    struct floppy_drive *drive = fdc_selected_drive(fdc);

    if (drive)
        fdc_move_head(drive, inward ? (int)steps : -(int)steps);
    seek->busy = true;
    seek->done = false;
    seek->target = target;
    seek->st0 = (uint8_t)(ST0_SEEK_END | error | (fdc->command[1] & 7));
    command_done(fdc);
    schedule_at(fdc->bay.schedule, &seek->end, fdc->bay.schedule->now + fdc_step_time(fdc, steps));
    fdc_update_irq(fdc);
}

static void command_recalibrate(struct i82077 *fdc)
{
    const struct floppy_drive *drive = fdc_selected_drive(fdc);
    unsigned away = drive ? drive->track : 255;
    bool reached = away <= RECALIBRATE_STEPS;

    fdc->command[1] &= 3;
    fdc->pcn[fdc->command[1]] = 0;
    start_seek(fdc, reached ? away : RECALIBRATE_STEPS, false, 0, reached ? 0 : ST0_ABNORMAL | ST0_EQUIPMENT_CHECK);
}

static void command_seek(struct i82077 *fdc)
{
    uint8_t from = fdc->pcn[fdc->command[1] & 3], to = fdc->command[2];

    start_seek(fdc, to > from ? to - from : from - to, to > from, to, 0);
}

/* Section 6.2.4: DIR set moves towards the spindle by RCN; PCN follows modulo 256. */
static void command_relative_seek(struct i82077 *fdc)
{
    uint8_t from = fdc->pcn[fdc->command[1] & 3], steps = fdc->command[2];
    bool inward = fdc->command[0] & 0x40;

    start_seek(fdc, steps, inward, (uint8_t)(inward ? from + steps : from - steps), 0);
}

static void command_sense_interrupt(struct i82077 *fdc)
{
    if (fdc->reset_status) {
        unsigned unit = (unsigned)__builtin_ctz(fdc->reset_status);

        fdc->reset_status &= (uint8_t)(fdc->reset_status - 1);
        fdc->reset_interrupt = false;
        fdc->result[0] = (uint8_t)(ST0_POLLING | unit);
        fdc->result[1] = fdc->pcn[unit];
        fdc_result(fdc, 2, false);
        return;
    }
    for (unsigned unit = 0; unit < 4; unit++) {
        struct floppy_seek *seek = &fdc->seek[unit];

        if (!seek->done)
            continue;
        seek->done = false;
        fdc->result[0] = seek->st0;
        fdc->result[1] = fdc->pcn[unit];
        wire_set(&fdc->irq, false); /* another seek that waits gives a new edge */
        fdc_result(fdc, 2, false);
        return;
    }
    fdc->result[0] = ST0_INVALID;
    fdc_result(fdc, 1, false);
}

static void command_configure(struct i82077 *fdc)
{
    fdc->configuration = fdc->command[2] & 0x7F;
    fdc->precompensation_track = fdc->command[3];
    command_done(fdc);
}

static void command_perpendicular(struct i82077 *fdc)
{
    if (fdc->command[1] & 0x80) /* OW: the drive bits are to be written too */
        fdc->perpendicular = fdc->command[1] & 0x3F;
    else
        fdc->perpendicular = (fdc->perpendicular & 0x3C) | (fdc->command[1] & 3);
    command_done(fdc);
}

static void command_dump_registers(struct i82077 *fdc)
{
    memcpy(fdc->result, fdc->pcn, 4);
    memcpy(fdc->result + 4, fdc->specify, 2);
    fdc->result[6] = fdc->eot;
    fdc->result[7] = (uint8_t)(fdc->lock << 7 | fdc->perpendicular);
    fdc->result[8] = fdc->configuration;
    fdc->result[9] = fdc->precompensation_track;
    fdc_result(fdc, 10, false);
}

static void command_lock(struct i82077 *fdc)
{
    fdc->lock = fdc->command[0] >> 7;
    fdc->result[0] = (uint8_t)(fdc->lock << 4);
    fdc_result(fdc, 1, false);
}

static void command_version(struct i82077 *fdc)
{
    fdc->result[0] = 0x90;
    fdc_result(fdc, 1, false);
}

static void command_invalid(struct i82077 *fdc)
{
    log_write(fdc->bay.log, LOG_GUEST, "fdc: invalid command %02x", fdc->command[0]);
    fdc->result[0] = ST0_INVALID;
    fdc_result(fdc, 1, false);
}

/* --- data commands: the execution phase is in i82077_transfer.c --------------------------------------------------- */

#define DATA_COMMAND(name, operation)              \
    static void command_##name(struct i82077 *fdc) \
    {                                              \
        fdc_begin_transfer(fdc, operation);        \
    }
DATA_COMMAND(read, OPERATION_READ)
DATA_COMMAND(read_deleted, OPERATION_READ_DELETED)
DATA_COMMAND(read_track, OPERATION_READ_TRACK)
DATA_COMMAND(write, OPERATION_WRITE)
DATA_COMMAND(write_deleted, OPERATION_WRITE_DELETED)
DATA_COMMAND(verify, OPERATION_VERIFY)
DATA_COMMAND(scan_equal, OPERATION_SCAN_EQUAL)
DATA_COMMAND(scan_low, OPERATION_SCAN_LOW)
DATA_COMMAND(scan_high, OPERATION_SCAN_HIGH)
DATA_COMMAND(format, OPERATION_FORMAT)
DATA_COMMAND(read_id, OPERATION_READ_ID)
#undef DATA_COMMAND

/* Table 5-1. MT, MFM, SK, DIR and LOCK are outside the masks. PART ID (18h) came with the 82078: invalid here. */
static const struct {
    uint8_t mask, opcode, length;
    void (*execute)(struct i82077 *fdc);
    const char *name;
} commands[] = {
    {0x1F, 0x06, 9, command_read, "READ DATA"},
    {0x1F, 0x0C, 9, command_read_deleted, "READ DELETED DATA"},
    {0x3F, 0x05, 9, command_write, "WRITE DATA"},
    {0x3F, 0x09, 9, command_write_deleted, "WRITE DELETED DATA"},
    {0xBF, 0x02, 9, command_read_track, "READ TRACK"},
    {0x1F, 0x16, 9, command_verify, "VERIFY"},
    {0xFF, 0x10, 1, command_version, "VERSION"},
    {0xBF, 0x0D, 6, command_format, "FORMAT TRACK"},
    {0x1F, 0x11, 9, command_scan_equal, "SCAN EQUAL"},
    {0x1F, 0x19, 9, command_scan_low, "SCAN LOW OR EQUAL"},
    {0x1F, 0x1D, 9, command_scan_high, "SCAN HIGH OR EQUAL"},
    {0xFF, 0x07, 2, command_recalibrate, "RECALIBRATE"},
    {0xFF, 0x08, 1, command_sense_interrupt, "SENSE INTERRUPT STATUS"},
    {0xFF, 0x03, 3, command_specify, "SPECIFY"},
    {0xFF, 0x04, 2, command_sense_drive, "SENSE DRIVE STATUS"},
    {0xFF, 0x13, 4, command_configure, "CONFIGURE"},
    {0xFF, 0x0F, 3, command_seek, "SEEK"},
    {0xBF, 0x8F, 3, command_relative_seek, "RELATIVE SEEK"},
    {0xFF, 0x0E, 1, command_dump_registers, "DUMPREG"},
    {0xBF, 0x0A, 2, command_read_id, "READ ID"},
    {0xFF, 0x12, 2, command_perpendicular, "PERPENDICULAR MODE"},
    {0x7F, 0x14, 1, command_lock, "LOCK"},
    {0x00, 0x00, 1, command_invalid, "invalid"},
};

static unsigned find_command(uint8_t opcode)
{
    unsigned row = 0;

    while ((opcode & commands[row].mask) != commands[row].opcode)
        row++;
    return row;
}

static void command_byte(struct i82077 *fdc, uint8_t value)
{
    unsigned row;

    if (fdc->phase == PHASE_IDLE) {
        fdc->phase = PHASE_COMMAND;
        fdc->command_at = 0;
        fdc->command_length = commands[find_command(value)].length;
    }
    fdc->command[fdc->command_at++] = value;
    if (fdc->command_at < fdc->command_length)
        return;
    row = find_command(fdc->command[0]);
    log_write(fdc->bay.log, LOG_DISK, "fdc: %s, unit %u, bytes %02x %02x %02x %02x", commands[row].name, fdc->command[1] & 3,
              fdc->command[0], fdc->command[1], fdc->command[2], fdc->command[3]);
    commands[row].execute(fdc);
}

/* --- ports -------------------------------------------------------------------------------------------------------- */

static uint8_t main_status(struct i82077 *fdc)
{
    uint8_t status = 0;

    if (!(fdc->dor & DOR_RESET))
        return 0;
    fdc_stream_update(fdc);
    for (unsigned unit = 0; unit < 4; unit++)
        if (fdc->seek[unit].busy)
            status |= (uint8_t)(1 << unit);
    switch (fdc->phase) {
    case PHASE_IDLE: status |= MSR_RQM; break;
    case PHASE_COMMAND: status |= MSR_RQM | MSR_BUSY; break;
    case PHASE_RESULT: status |= MSR_RQM | MSR_DIO | MSR_BUSY; break;
    default:
        status |= MSR_BUSY;
        if (fdc_non_dma(fdc))
            status |= MSR_NON_DMA;
        if (fdc->stream_request)
            status |= MSR_RQM;
        if (fdc->step == STEP_STREAM_IN)
            status |= MSR_DIO;
        break;
    }
    return status;
}

static uint8_t read_fifo(struct i82077 *fdc)
{
    uint8_t value;

    if (fdc->phase == PHASE_EXECUTION && fdc->step == STEP_STREAM_IN)
        return fdc_stream_read(fdc);
    if (fdc->phase != PHASE_RESULT)
        return 0xFF;
    fdc->result_interrupt = false;
    value = fdc->result[fdc->result_at++];
    if (fdc->result_at >= fdc->result_length)
        fdc->phase = PHASE_IDLE;
    fdc_update_irq(fdc);
    return value;
}

static void write_fifo(struct i82077 *fdc, uint8_t value)
{
    if (!(fdc->dor & DOR_RESET))
        return;
    if (fdc->phase == PHASE_IDLE || fdc->phase == PHASE_COMMAND)
        command_byte(fdc, value);
    else if (fdc->phase == PHASE_EXECUTION && fdc->step == STEP_STREAM_OUT)
        fdc_stream_write(fdc, value);
    else
        log_write(fdc->bay.log, LOG_GUEST, "fdc: byte %02x written while the controller has nothing to take it", value);
}

static void write_dor(struct i82077 *fdc, uint8_t value)
{
    uint8_t old = fdc->dor;

    fdc->dor = value;
    if (!(value & DOR_RESET))
        abort_and_default(fdc);
    else if (!(old & DOR_RESET))
        leave_reset(fdc);
    fdc_update_irq(fdc);
    fdc_drive_ready_changed(fdc);
}

static void write_dsr(struct i82077 *fdc, uint8_t value)
{
    fdc->rate = value & 3;
    fdc->precompensation = value & 0x7C;
    if (value & 0x80 && fdc->dor & DOR_RESET) { /* S/W RESET clears itself */
        abort_and_default(fdc);
        leave_reset(fdc);
    }
}

/* In AT mode only DSKCHG drives the bus; the other bits are the fixed disk's (section 2.1.8). */
static uint8_t digital_input(struct i82077 *fdc)
{
    const struct floppy_drive *drive = fdc_selected_drive(fdc);
    bool motor = fdc->dor & DOR_MOTOR_0 << (fdc->dor & DOR_SELECT); /* the AT adapter selects a drive by both */

    if (!drive || !motor || drive->type == FLOPPY_DRIVE_360K) /* that drive has no change line */
        return 0x7F;
    return 0x7F | (drive->changed ? 0x80 : 0);
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct i82077 *fdc = device;

    (void)size;
    switch (port & 7) {
    case 2: return fdc->dor;
    case 3: return 0xFC | fdc->tdr;
    case 4: return main_status(fdc);
    case 5: return read_fifo(fdc);
    case 7: return digital_input(fdc);
    default: return 0xFF; /* SRA and SRB are not there in AT mode (sections 2.1.1, 2.1.2) */
    }
}

static void port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct i82077 *fdc = device;

    (void)size;
    switch (port & 7) {
    case 2: write_dor(fdc, (uint8_t)value); break;
    case 3: fdc->tdr = value & 3; break;
    case 4: write_dsr(fdc, (uint8_t)value); break;
    case 5: write_fifo(fdc, (uint8_t)value); break;
    case 7: fdc->rate = value & 3; break;
    }
}

/* --- state -------------------------------------------------------------------------------------------------------- */

static const struct state_field drive_fields[] = {
    STATE_U8(struct floppy_drive, track),
    STATE_BOOL(struct floppy_drive, changed),
    STATE_U8_ARRAY(struct floppy_drive, deleted),
};
static STATE_TABLE(drive_table, "floppy_drive", 1, drive_fields, NULL);

static const struct state_field seek_fields[] = {
    STATE_BOOL(struct floppy_seek, busy), STATE_BOOL(struct floppy_seek, done), STATE_U8(struct floppy_seek, target),
    STATE_U8(struct floppy_seek, st0),    STATE_EVENT(struct floppy_seek, end),
};
static STATE_TABLE(seek_table, "floppy_seek", 1, seek_fields, NULL);

static const struct state_field fields[] = {
    STATE_U8(struct i82077, dor),
    STATE_U8(struct i82077, tdr),
    STATE_U8(struct i82077, rate),
    STATE_U8(struct i82077, precompensation),
    STATE_U8(struct i82077, phase),
    STATE_U8(struct i82077, step),
    STATE_U8(struct i82077, operation),
    STATE_U8_ARRAY(struct i82077, command),
    STATE_U8(struct i82077, command_at),
    STATE_U8(struct i82077, command_length),
    STATE_U8_ARRAY(struct i82077, result),
    STATE_U8(struct i82077, result_at),
    STATE_U8(struct i82077, result_length),
    STATE_U8_ARRAY(struct i82077, specify),
    STATE_U8(struct i82077, configuration),
    STATE_U8(struct i82077, precompensation_track),
    STATE_U8(struct i82077, perpendicular),
    STATE_U8(struct i82077, lock),
    STATE_U8(struct i82077, eot),
    STATE_U8_ARRAY(struct i82077, pcn),
    STATE_BOOL(struct i82077, result_interrupt),
    STATE_BOOL(struct i82077, reset_interrupt),
    STATE_U8(struct i82077, reset_status),
    STATE_EVENT(struct i82077, reset_end),
    STATE_STRUCT_ARRAY(struct i82077, drive, &drive_table),
    STATE_STRUCT_ARRAY(struct i82077, seek, &seek_table),
    STATE_U8(struct i82077, head),
    STATE_U8(struct i82077, c),
    STATE_U8(struct i82077, h),
    STATE_U8(struct i82077, r),
    STATE_U8(struct i82077, sectors_done),
    STATE_U8(struct i82077, st0),
    STATE_U8(struct i82077, st1),
    STATE_U8(struct i82077, st2),
    STATE_U8_ARRAY(struct i82077, buffer),
    STATE_U16(struct i82077, buffer_at),
    STATE_U16(struct i82077, stream_length),
    STATE_U64(struct i82077, stream_start),
    STATE_BOOL(struct i82077, stream_request),
    STATE_EVENT(struct i82077, transfer),
};

/* A snapshot is hostile input (R11): nothing in it may lead outside our arrays or to a step that cannot go on. */
static void restored(void *object)
{
    struct i82077 *fdc = object;

    fdc->rate &= 3;
    fdc->lock &= 1;
    if (fdc->command_at > sizeof fdc->command || (fdc->phase == PHASE_COMMAND && fdc->command_at == sizeof fdc->command))
        fdc->command_at = 0;
    fdc->command_length = fdc->command_length > sizeof fdc->command ? sizeof fdc->command : fdc->command_length;
    if (fdc->result_at > sizeof fdc->result || (fdc->phase == PHASE_RESULT && fdc->result_at == sizeof fdc->result))
        fdc->result_at = 0;
    fdc->result_length = fdc->result_length > sizeof fdc->result ? sizeof fdc->result : fdc->result_length;
    if (fdc->stream_length != 4)
        fdc->stream_length = FLOPPY_SECTOR_BYTES;
    if (fdc->buffer_at > fdc->stream_length)
        fdc->buffer_at = fdc->stream_length;
}

static STATE_TABLE(table, "i82077", 1, fields, restored);

struct i82077 *i82077_new(const struct bay *bay, struct wire irq, struct i8237_pair *dma, unsigned channel)
{
    struct i82077 *fdc = memory_new(sizeof *fdc);

    fdc->bay = *bay;
    fdc->irq = irq;
    fdc->dma = dma;
    fdc->channel = channel;
    event_initialise(&fdc->reset_end, "fdc reset", polling_event, fdc);
    event_initialise(&fdc->transfer, "fdc transfer", fdc_transfer_event, fdc);
    for (unsigned unit = 0; unit < 4; unit++) {
        fdc->seek[unit].fdc = fdc;
        fdc->seek[unit].unit = (uint8_t)unit;
        event_initialise(&fdc->seek[unit].end, "fdc seek", seek_event, &fdc->seek[unit]);
    }
    fdc->stream_length = FLOPPY_SECTOR_BYTES;
    i82077_reset(fdc);
    ports_claim(bay->ports, 0x3F0, 6, PORT_BYTE, port_read, port_write, fdc, "floppy controller");
    ports_claim(bay->ports, 0x3F7, 1, PORT_BYTE, port_read, port_write, fdc, "floppy controller");
    state_registry_add(bay->states, "fdc", &table, fdc);
    return fdc;
}

void i82077_free(struct i82077 *fdc)
{
    if (!fdc)
        return;
    schedule_cancel(fdc->bay.schedule, &fdc->transfer);
    schedule_cancel(fdc->bay.schedule, &fdc->reset_end);
    for (unsigned unit = 0; unit < 4; unit++)
        schedule_cancel(fdc->bay.schedule, &fdc->seek[unit].end);
    free(fdc);
}
