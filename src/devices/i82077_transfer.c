/* 82077AA: the execution phase of the commands that look at the diskette (data sheet 290166, sections 5.2, 6.1).

   In DMA mode a sector is one event at the time its last byte has passed; in non-DMA mode the FIFO is computed from the
   clock, and events stand only where RQM and INT change or the processor would be too late. */
#include <string.h>

#include "base/bits.h"
#include "devices/i82077_state.h"

#define FIFO_BYTES 16u
#define WRITE_LEAD_BYTES 32u /* non-DMA writing: byte times from the first request until the data field begins */

static bool has_multi_track(const struct i82077 *fdc)
{
    return fdc->command[0] & 0x80;
}

static bool has_skip(const struct i82077 *fdc)
{
    return fdc->command[0] & 0x20;
}

static bool is_write(const struct i82077 *fdc)
{
    return fdc->operation == OPERATION_WRITE || fdc->operation == OPERATION_WRITE_DELETED ||
           fdc->operation == OPERATION_FORMAT;
}

static bool is_scan(const struct i82077 *fdc)
{
    return fdc->operation >= OPERATION_SCAN_EQUAL && fdc->operation <= OPERATION_SCAN_HIGH;
}

static bool host_gives(const struct i82077 *fdc)
{
    return is_write(fdc) || is_scan(fdc);
}

/* --- rotation ----------------------------------------------------------------------------------------------------- */

static unsigned rate_kilobits(const struct i82077 *fdc)
{
    static const uint16_t rates[4] = {500, 300, 250, 1000};

    return rates[fdc->rate];
}

/* 360 rpm in 1.2M drives, 300 in all others. */
static uint64_t revolution_ns(const struct floppy_drive *drive)
{
    return (drive->type == FLOPPY_DRIVE_1200K ? 166666667 : 200000000) / I82077_HASTE;
}

static void schedule_transfer(struct i82077 *fdc, enum fdc_step step, uint64_t nanoseconds)
{
    fdc->step = (uint8_t)step;
    schedule_at(fdc->bay.schedule, &fdc->transfer,
                fdc->bay.schedule->now + schedule_counts_in_ns(fdc->bay.schedule, nanoseconds));
}

/* The selected drive if index pulses come from it. */
static struct floppy_drive *turning_drive(struct i82077 *fdc)
{
    struct floppy_drive *drive = fdc_selected_drive(fdc);
    bool motor = fdc->dor & DOR_MOTOR_0 << (fdc->dor & DOR_SELECT);

    return drive && drive->block && motor ? drive : NULL;
}

/* Without index pulses the controller waits for ever, as it does in a PC: drivers time out and reset it. */
static void look_for_sector(struct i82077 *fdc)
{
    struct floppy_drive *drive = turning_drive(fdc);

    if (!drive) {
        fdc->step = STEP_STALLED;
        schedule_cancel(fdc->bay.schedule, &fdc->transfer);
        return;
    }
    schedule_transfer(fdc, STEP_FIND, revolution_ns(drive) / drive->geometry->sectors);
}

static void fail_after_two_index_pulses(struct i82077 *fdc, const struct floppy_drive *drive, uint8_t st1, uint8_t st2)
{
    fdc->st0 |= ST0_ABNORMAL;
    fdc->st1 |= st1;
    fdc->st2 |= st2;
    schedule_transfer(fdc, STEP_FAIL, 2 * revolution_ns(drive));
}

/* --- result phase ------------------------------------------------------------------------------------------------- */

static void finish(struct i82077 *fdc)
{
    fdc->result[0] = (uint8_t)(fdc->st0 | fdc->head << 2 | (fdc->command[1] & 3));
    fdc->result[1] = fdc->st1;
    fdc->result[2] = fdc->st2;
    fdc->result[3] = fdc->c;
    fdc->result[4] = fdc->h;
    fdc->result[5] = fdc->r;
    fdc->result[6] =
        fdc->operation == OPERATION_READ_ID || fdc->operation == OPERATION_FORMAT ? FLOPPY_SECTOR_CODE : fdc->command[5];
    fdc_result(fdc, 7, true);
}

static void finish_with(struct i82077 *fdc, uint8_t st1, uint8_t st2)
{
    fdc->st0 |= ST0_ABNORMAL;
    fdc->st1 |= st1;
    fdc->st2 |= st2;
    finish(fdc);
}

/* Table 5-3: the ID after the last sector handled. Returns false at the end of the cylinder. */
static bool advance(struct i82077 *fdc)
{
    uint8_t step = is_scan(fdc) && fdc->command[8] == 2 ? 2 : 1;

    if (fdc->r != fdc->command[6] && !(step == 2 && fdc->r + 1 == fdc->command[6])) {
        fdc->r = (uint8_t)(fdc->r + step);
        return true;
    }
    fdc->r = 1;
    if (has_multi_track(fdc) && fdc->operation != OPERATION_READ_TRACK) {
        fdc->h ^= 1;
        if (fdc->head == 0)
            return true; /* on side 1, if the command goes on: ST0 shows the side of the last sector */
    }
    fdc->c++;
    return false;
}

/* --- sectors ------------------------------------------------------------------------------------------------------ */

/* The cylinder of the diskette's format that the head is over; false between tracks or past the last. */
static bool cylinder_under_head(const struct i82077 *fdc, const struct floppy_drive *drive, uint8_t *cylinder)
{
    bool double_step = drive->geometry->cylinders <= 42 && floppy_drive_tracks(drive->type) > 42;

    *cylinder = double_step ? drive->track / 2 : drive->track;
    return *cylinder < drive->geometry->cylinders && fdc->head < drive->geometry->heads;
}

/* Are there address marks to be seen at all? MFM only, at the right data rate; perpendicular media need their mode. */
static bool track_readable(const struct i82077 *fdc, const struct floppy_drive *drive, uint8_t *cylinder)
{
    return fdc->command[0] & 0x40 && rate_kilobits(fdc) == floppy_data_rate(drive->type, drive->geometry) &&
           cylinder_under_head(fdc, drive, cylinder);
}

static uint64_t sector_address(const struct i82077 *fdc, const struct floppy_drive *drive, uint8_t cylinder, uint8_t r)
{
    return ((uint64_t)cylinder * drive->geometry->heads + fdc->head) * drive->geometry->sectors + r - 1;
}

/* Compares the track's IDs with the one wanted. false: the failure is on its way. */
static bool find_sector(struct i82077 *fdc, struct floppy_drive *drive, uint64_t *lba)
{
    uint8_t cylinder;

    if (!track_readable(fdc, drive, &cylinder)) {
        fail_after_two_index_pulses(fdc, drive, ST1_MISSING_ADDRESS_MARK, 0);
        return false;
    }
    if (fdc->operation == OPERATION_READ_TRACK) { /* takes what comes after the index, compares only */
        uint8_t r = (uint8_t)(fdc->sectors_done + 1);

        if (r > drive->geometry->sectors) {
            fail_after_two_index_pulses(fdc, drive, ST1_MISSING_ADDRESS_MARK, 0);
            return false;
        }
        if (fdc->c != cylinder || fdc->h != fdc->head || fdc->r != r || fdc->command[5] != FLOPPY_SECTOR_CODE)
            fdc->st1 |= ST1_NO_DATA;
        *lba = sector_address(fdc, drive, cylinder, r);
        return true;
    }
    if (fdc->c != cylinder) {
        fail_after_two_index_pulses(fdc, drive, ST1_NO_DATA, ST2_WRONG_CYLINDER);
        return false;
    }
    if (fdc->h != fdc->head || fdc->r == 0 || fdc->r > drive->geometry->sectors || fdc->command[5] != FLOPPY_SECTOR_CODE) {
        fail_after_two_index_pulses(fdc, drive, ST1_NO_DATA, 0);
        return false;
    }
    *lba = sector_address(fdc, drive, cylinder, fdc->r);
    return true;
}

static bool is_deleted(const struct floppy_drive *drive, uint64_t lba)
{
    return drive->deleted[lba / 8] >> lba % 8 & 1;
}

static void set_deleted(struct floppy_drive *drive, uint64_t lba, bool deleted)
{
    uint8_t bit = (uint8_t)(1 << lba % 8);

    drive->deleted[lba / 8] = (uint8_t)(deleted ? drive->deleted[lba / 8] | bit : drive->deleted[lba / 8] & ~bit);
}

/* The next sector of the command, or its end. `last`: the host sent TC. */
static void sector_done(struct i82077 *fdc, bool last)
{
    uint8_t side = fdc->h;
    bool more;

    fdc->sectors_done++;
    if (fdc->operation == OPERATION_VERIFY && fdc->command[1] & 0x80 && fdc->sectors_done == fdc->command[8])
        last = true; /* EC: SC sectors were asked for */
    if (fdc->operation == OPERATION_READ_TRACK && fdc->sectors_done == fdc->command[6]) {
        advance(fdc);
        finish(fdc);
        return;
    }
    more = advance(fdc);
    if (last || (!more && fdc->operation == OPERATION_VERIFY && !(fdc->command[1] & 0x80)))
        finish(fdc);
    else if (!more && is_scan(fdc))
        finish(fdc); /* the whole cylinder was scanned: SN tells */
    else if (!more)
        finish_with(fdc, ST1_END_OF_CYLINDER, 0);
    else {
        fdc->head ^= fdc->h != side;
        look_for_sector(fdc);
    }
}

/* Section 6.1.8: FF on either side matches anything. Returns true when the scan condition is met. */
static bool scan_matches(struct i82077 *fdc, const uint8_t *disk, unsigned length)
{
    bool equal = true, low = true, high = true;

    for (unsigned i = 0; i < length; i++) {
        uint8_t host = fdc->buffer[i];

        if (host == 0xFF || disk[i] == 0xFF || disk[i] == host)
            continue;
        equal = false;
        low &= disk[i] < host;
        high &= disk[i] > host;
    }
    fdc->st2 &= (uint8_t) ~(ST2_SCAN_EQUAL | ST2_SCAN_NOT_SATISFIED);
    if (equal) {
        fdc->st2 |= ST2_SCAN_EQUAL;
        return true;
    }
    if ((fdc->operation == OPERATION_SCAN_LOW && low) || (fdc->operation == OPERATION_SCAN_HIGH && high))
        return true;
    fdc->st2 |= ST2_SCAN_NOT_SATISFIED;
    return false;
}

/* The bytes from the host are in `buffer`: write or compare them. */
static void store_sector(struct i82077 *fdc, struct floppy_drive *drive, uint64_t lba, unsigned length, bool last)
{
    uint8_t disk[FLOPPY_SECTOR_BYTES];

    if (is_scan(fdc)) {
        if (!block_read(drive->block, lba, 1, disk))
            finish_with(fdc, ST1_DATA_ERROR, ST2_DATA_ERROR);
        else if (scan_matches(fdc, disk, length))
            finish(fdc);
        else
            sector_done(fdc, last);
        return;
    }
    memset(fdc->buffer + length, 0, FLOPPY_SECTOR_BYTES - length); /* after TC the rest of the sector is zeros */
    if (!block_write(drive->block, lba, 1, fdc->buffer)) {         /* the host could not take it: a write fault */
        fdc->st0 |= ST0_EQUIPMENT_CHECK;
        finish_with(fdc, 0, 0);
        return;
    }
    set_deleted(drive, lba, fdc->operation == OPERATION_WRITE_DELETED);
    sector_done(fdc, last);
}

/* Table 6-4 and 6-6: what a data address mark of the other kind does. Returns true if the sector is to be read. */
static bool check_mark(struct i82077 *fdc, const struct floppy_drive *drive, uint64_t lba)
{
    bool wants_deleted = fdc->operation == OPERATION_READ_DELETED;

    if (fdc->operation == OPERATION_READ_TRACK || is_deleted(drive, lba) == wants_deleted)
        return true;
    fdc->st2 |= ST2_CONTROL_MARK;
    return !has_skip(fdc);
}

/* After a sector with the other mark was read (SK = 0) the command ends, its address not incremented. */
static void fetched(struct i82077 *fdc, bool last)
{
    if (fdc->st2 & ST2_CONTROL_MARK && !has_skip(fdc))
        finish(fdc);
    else
        sector_done(fdc, last);
}

/* --- DMA mode ----------------------------------------------------------------------------------------------------- */

static size_t dma(struct i82077 *fdc, size_t length, bool *terminal_count)
{
    size_t moved;

    *terminal_count = false;
    if (!fdc->dma || !(fdc->dor & DOR_DMA_GATE))
        return 0;
    i8237_set_dreq(fdc->dma, fdc->channel, true);
    moved = i8237_transfer(fdc->dma, fdc->channel, fdc->buffer, length, host_gives(fdc) ? DMA_FROM_MEMORY : DMA_TO_MEMORY,
                           terminal_count);
    i8237_set_dreq(fdc->dma, fdc->channel, false);
    return moved;
}

static void dma_sector(struct i82077 *fdc, struct floppy_drive *drive, uint64_t lba)
{
    bool terminal_count;
    size_t moved = dma(fdc, FLOPPY_SECTOR_BYTES, &terminal_count);

    if (moved < FLOPPY_SECTOR_BYTES && !terminal_count)
        finish_with(fdc, ST1_OVERRUN, 0);
    else if (host_gives(fdc))
        store_sector(fdc, drive, lba, (unsigned)moved, terminal_count);
    else
        fetched(fdc, terminal_count);
}

/* --- non-DMA mode ------------------------------------------------------------------------------------------------- */

static uint64_t byte_rate(const struct i82077 *fdc)
{
    return rate_kilobits(fdc) * 125;
}

static uint64_t clock_of_byte(const struct i82077 *fdc, uint64_t bytes)
{
    return fdc->stream_start + schedule_count_of_tick(fdc->bay.schedule, bytes, byte_rate(fdc));
}

/* Bytes that have passed the head. */
static unsigned streamed(const struct i82077 *fdc)
{
    uint64_t now = fdc->bay.schedule->now, bytes;

    if (now < fdc->stream_start)
        return 0;
    bytes = schedule_ticks_at(fdc->bay.schedule, now - fdc->stream_start, byte_rate(fdc));
    return bytes < fdc->stream_length ? (unsigned)bytes : fdc->stream_length;
}

static unsigned fifo_depth(const struct i82077 *fdc)
{
    return fdc->configuration & CONFIG_FIFO_OFF ? 1 : FIFO_BYTES;
}

/* Section 3.2: reading, the FIFO asks when it holds 16 - threshold bytes (threshold = FIFOTHR + 1). */
static unsigned read_threshold(const struct i82077 *fdc)
{
    unsigned threshold = (fdc->configuration & CONFIG_THRESHOLD) + 1;

    return fdc->configuration & CONFIG_FIFO_OFF || threshold >= FIFO_BYTES ? 1 : FIFO_BYTES - threshold;
}

/* Writing, it asks again when no more than the threshold is left. */
static unsigned write_threshold(const struct i82077 *fdc)
{
    unsigned threshold = (fdc->configuration & CONFIG_THRESHOLD) + 1;

    return fdc->configuration & CONFIG_FIFO_OFF ? 0 : threshold < FIFO_BYTES ? threshold : FIFO_BYTES - 1;
}

void fdc_stream_update(struct i82077 *fdc)
{
    unsigned passed, held;

    if (fdc->phase != PHASE_EXECUTION || (fdc->step != STEP_STREAM_IN && fdc->step != STEP_STREAM_OUT))
        return;
    passed = streamed(fdc);
    if (fdc->step == STEP_STREAM_IN) {
        held = passed > fdc->buffer_at ? passed - fdc->buffer_at : 0;
        if (fdc->stream_request)
            fdc->stream_request = held > 0;
        else
            fdc->stream_request = held >= read_threshold(fdc) || (passed == fdc->stream_length && held > 0);
    } else {
        held = fdc->buffer_at > passed ? fdc->buffer_at - passed : 0;
        if (fdc->buffer_at >= fdc->stream_length || held >= fifo_depth(fdc))
            fdc->stream_request = false;
        else if (held <= write_threshold(fdc))
            fdc->stream_request = true;
    }
    fdc_update_irq(fdc);
}

/* The next moment at which RQM changes by itself, the stream ends, or the processor is too late. */
static void schedule_stream(struct i82077 *fdc)
{
    uint64_t at = fdc->buffer_at, next;

    if (fdc->step == STEP_STREAM_IN) {
        uint64_t wanted = at + (fdc->stream_request ? fifo_depth(fdc) + 1 : read_threshold(fdc));

        if (!fdc->stream_request && wanted > fdc->stream_length)
            wanted = fdc->stream_length;
        next = wanted > fdc->stream_length ? SCHEDULE_NEVER : clock_of_byte(fdc, wanted);
    } else if (at >= fdc->stream_length) {
        next = clock_of_byte(fdc, fdc->stream_length);
    } else if (fdc->stream_request) {
        next = clock_of_byte(fdc, at + 1); /* the byte after the last written is due: underrun */
    } else {
        uint64_t threshold = write_threshold(fdc);

        next = clock_of_byte(fdc, at > threshold ? at - threshold : 0);
    }
    schedule_at(fdc->bay.schedule, &fdc->transfer, next);
}

static void start_stream(struct i82077 *fdc, enum fdc_step step, unsigned length)
{
    uint64_t lead = 0;

    fdc->step = (uint8_t)step;
    fdc->stream_length = (uint16_t)length;
    fdc->buffer_at = 0;
    fdc->stream_request = false;
    if (step == STEP_STREAM_OUT)
        lead = schedule_count_of_tick(fdc->bay.schedule, WRITE_LEAD_BYTES, byte_rate(fdc));
    fdc->stream_start = fdc->bay.schedule->now + lead;
    fdc_stream_update(fdc);
    schedule_stream(fdc);
}

uint8_t fdc_stream_read(struct i82077 *fdc)
{
    uint8_t value;

    fdc_stream_update(fdc);
    if (fdc->buffer_at >= streamed(fdc))
        return 0xFF; /* read without RQM */
    value = fdc->buffer[fdc->buffer_at++];
    if (fdc->buffer_at == fdc->stream_length) {
        fdc->stream_request = false;
        fdc_update_irq(fdc);
        fetched(fdc, false);
        return value;
    }
    fdc_stream_update(fdc);
    schedule_stream(fdc);
    return value;
}

void fdc_stream_write(struct i82077 *fdc, uint8_t value)
{
    fdc_stream_update(fdc);
    if (!fdc->stream_request)
        return; /* written without RQM: lost */
    fdc->buffer[fdc->buffer_at++] = value;
    fdc_stream_update(fdc);
    schedule_stream(fdc);
}

static void format_sector(struct i82077 *fdc, struct floppy_drive *drive);

static void stream_event(struct i82077 *fdc)
{
    struct floppy_drive *drive = turning_drive(fdc);
    unsigned passed = streamed(fdc);
    uint64_t lba;

    fdc_stream_update(fdc);
    if (!drive) { /* taken out or stopped under the head */
        fdc->stream_request = false;
        fdc_update_irq(fdc);
        look_for_sector(fdc);
    } else if (fdc->step == STEP_STREAM_IN ? passed > fdc->buffer_at + fifo_depth(fdc) : passed > fdc->buffer_at) {
        finish_with(fdc, ST1_OVERRUN, 0);
    } else if (fdc->step == STEP_STREAM_OUT && passed == fdc->stream_length) {
        if (fdc->operation == OPERATION_FORMAT)
            format_sector(fdc, drive);
        else if (find_sector(fdc, drive, &lba))
            store_sector(fdc, drive, lba, FLOPPY_SECTOR_BYTES, false);
    } else {
        schedule_stream(fdc);
    }
}

/* --- FORMAT TRACK ------------------------------------------------------------------------------------------------- */

static void look_for_next_format_id(struct i82077 *fdc)
{
    if (fdc->sectors_done < fdc->command[3])
        look_for_sector(fdc);
    else
        finish(fdc);
}

/* `buffer` holds C, H, R, N of the next sector. A raw image can hold only the sectors of its own geometry. */
static void format_sector(struct i82077 *fdc, struct floppy_drive *drive)
{
    uint8_t cylinder, r = fdc->buffer[2];
    uint64_t lba;

    fdc->c = fdc->buffer[0];
    fdc->h = fdc->buffer[1];
    fdc->r = r;
    if (!track_readable(fdc, drive, &cylinder) || fdc->c != cylinder || fdc->h != fdc->head || r == 0 ||
        r > drive->geometry->sectors || fdc->buffer[3] != FLOPPY_SECTOR_CODE || fdc->command[2] != FLOPPY_SECTOR_CODE) {
        log_write(fdc->bay.log, LOG_DISK, "fdc: FORMAT TRACK of C %u H %u R %u N %u does not fit the %s image", fdc->c,
                  fdc->h, r, fdc->buffer[3], drive->geometry->name);
        fdc->st0 |= ST0_EQUIPMENT_CHECK;
        finish_with(fdc, 0, 0);
        return;
    }
    lba = sector_address(fdc, drive, cylinder, r);
    memset(fdc->buffer, fdc->command[5], FLOPPY_SECTOR_BYTES);
    if (!block_write(drive->block, lba, 1, fdc->buffer)) {
        fdc->st0 |= ST0_EQUIPMENT_CHECK;
        finish_with(fdc, 0, 0);
        return;
    }
    set_deleted(drive, lba, false);
    fdc->sectors_done++;
    look_for_next_format_id(fdc);
}

static void format_step(struct i82077 *fdc, struct floppy_drive *drive)
{
    bool terminal_count;

    if (fdc->command[3] == 0)
        finish(fdc);
    else if (fdc_non_dma(fdc))
        start_stream(fdc, STEP_STREAM_OUT, 4);
    else if (dma(fdc, 4, &terminal_count) == 4)
        format_sector(fdc, drive);
    else
        finish_with(fdc, ST1_OVERRUN, 0);
}

/* --- the event ---------------------------------------------------------------------------------------------------- */

/* The ID that passes at this moment of the rotation. */
static void read_id(struct i82077 *fdc, struct floppy_drive *drive)
{
    uint64_t turn = schedule_counts_in_ns(fdc->bay.schedule, revolution_ns(drive));
    uint8_t cylinder;

    if (!track_readable(fdc, drive, &cylinder)) {
        fail_after_two_index_pulses(fdc, drive, ST1_MISSING_ADDRESS_MARK, 0);
        return;
    }
    fdc->c = cylinder;
    fdc->h = fdc->head;
    fdc->r = (uint8_t)(1 + fdc->bay.schedule->now % turn * drive->geometry->sectors / turn);
    finish(fdc);
}

static void sector_step(struct i82077 *fdc, struct floppy_drive *drive)
{
    uint64_t lba;

    if (!find_sector(fdc, drive, &lba))
        return;
    if (host_gives(fdc)) {
        if (fdc_non_dma(fdc))
            start_stream(fdc, STEP_STREAM_OUT, FLOPPY_SECTOR_BYTES);
        else
            dma_sector(fdc, drive, lba);
        return;
    }
    if (!check_mark(fdc, drive, lba)) {
        sector_done(fdc, false); /* SK: as if it were not there */
        return;
    }
    if (!block_read(drive->block, lba, 1, fdc->buffer))
        finish_with(fdc, ST1_DATA_ERROR, ST2_DATA_ERROR);
    else if (fdc->operation == OPERATION_VERIFY)
        fetched(fdc, false);
    else if (fdc_non_dma(fdc))
        start_stream(fdc, STEP_STREAM_IN, FLOPPY_SECTOR_BYTES);
    else
        dma_sector(fdc, drive, lba);
}

void fdc_transfer_event(void *owner)
{
    struct i82077 *fdc = owner;
    struct floppy_drive *drive = turning_drive(fdc);

    if (fdc->step == STEP_STREAM_IN || fdc->step == STEP_STREAM_OUT) {
        stream_event(fdc);
    } else if (fdc->step == STEP_FAIL) {
        finish(fdc);
    } else if (fdc->step == STEP_FIND) {
        if (!drive)
            look_for_sector(fdc);
        else if (fdc->operation == OPERATION_READ_ID)
            read_id(fdc, drive);
        else if (is_write(fdc) && block_is_read_only(drive->block))
            finish_with(fdc, ST1_NOT_WRITABLE, 0);
        else if (fdc->operation == OPERATION_FORMAT)
            format_step(fdc, drive);
        else
            sector_step(fdc, drive);
    }
}

void fdc_drive_ready_changed(struct i82077 *fdc)
{
    if (fdc->phase == PHASE_EXECUTION && fdc->step == STEP_STALLED)
        look_for_sector(fdc);
}

/* CONFIGURE's EIS: the seek comes first and shows as SE in ST0. */
static uint64_t implied_seek(struct i82077 *fdc)
{
    struct floppy_drive *drive = fdc_selected_drive(fdc);
    uint8_t *pcn = &fdc->pcn[fdc->command[1] & 3];
    int steps = fdc->c - *pcn;

    if (!(fdc->configuration & CONFIG_IMPLIED_SEEK) || steps == 0)
        return 0;
    if (drive)
        fdc_move_head(drive, steps);
    *pcn = fdc->c;
    fdc->st0 |= ST0_SEEK_END;
    return fdc_step_time(fdc, (unsigned)(steps < 0 ? -steps : steps));
}

void fdc_begin_transfer(struct i82077 *fdc, enum fdc_operation operation)
{
    uint64_t seek_time = 0;

    fdc->phase = PHASE_EXECUTION;
    fdc->operation = (uint8_t)operation;
    fdc->head = fdc->command[1] >> 2 & 1;
    fdc->sectors_done = 0;
    fdc->st0 = fdc->st1 = fdc->st2 = 0;
    fdc->stream_request = false;
    if (operation == OPERATION_FORMAT) {
        fdc->eot = fdc->command[3];
        fdc->c = fdc->pcn[fdc->command[1] & 3];
        fdc->h = fdc->head;
        fdc->r = 1;
    } else if (operation == OPERATION_READ_ID) {
        fdc->c = fdc->h = fdc->r = 0;
    } else {
        fdc->c = fdc->command[2];
        fdc->h = fdc->command[3];
        fdc->r = fdc->command[4];
        fdc->eot = fdc->command[6];
        seek_time = implied_seek(fdc);
    }
    look_for_sector(fdc);
    if (fdc->step == STEP_FIND)
        schedule_at(fdc->bay.schedule, &fdc->transfer, fdc->transfer.when + seek_time);
}
