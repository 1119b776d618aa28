/* INT 13h (INT 40h) for floppy drives: reset, status, read, write, verify, format, parameters, media change.
 * The media is recognised as the AT did it: by which data rate finds an address mark (state bytes 40:90, 40:91). */
#include "fdc.h"

FROZEN u8 floppy_count = 0, floppy_type[2] = {0};

enum { ESTABLISHED = 0x10, DOUBLE_STEP = 0x20 };
extern const __seg_fs u8 diskette_parameters[];

/* By CMOS type: last cylinder, sectors, and the data rates to try, ended by FFh. */
static ROM struct {
    u8 cylinders, sectors, rate[4];
} drives[7] = {
    {0, 0, {0xFF}},
    {39, 9, {RATE_250, 0xFF}},
    {79, 15, {RATE_500, RATE_300, RATE_250, 0xFF}},
    {79, 9, {RATE_250, 0xFF}},
    {79, 18, {RATE_500, RATE_250, 0xFF}},
    {79, 36, {RATE_1M, RATE_500, RATE_250, 0xFF}},
    {79, 36, {RATE_1M, RATE_500, RATE_250, 0xFF}},
};

/* One parameter table for each kind of media, found by last cylinder and sectors (functions 08h, 18h). */
static ROM struct {
    u8 cylinders, sectors, rate, dpt[11];
} media[] = {
    {39, 8, RATE_250, {0xDF, 0x02, 0x25, 0x02, 8, 0x2A, 0xFF, 0x50, 0xF6, 0x0F, 0x04}},
    {39, 9, RATE_250, {0xDF, 0x02, 0x25, 0x02, 9, 0x2A, 0xFF, 0x50, 0xF6, 0x0F, 0x04}},
    {79, 9, RATE_250, {0xDF, 0x02, 0x25, 0x02, 9, 0x2A, 0xFF, 0x50, 0xF6, 0x0F, 0x04}},
    {79, 15, RATE_500, {0xDF, 0x02, 0x25, 0x02, 15, 0x1B, 0xFF, 0x54, 0xF6, 0x0F, 0x04}},
    {79, 18, RATE_500, {0xAF, 0x02, 0x25, 0x02, 18, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x04}},
    {79, 36, RATE_1M, {0xAF, 0x02, 0x25, 0x02, 36, 0x1B, 0xFF, 0x53, 0xF6, 0x0F, 0x04}},
};

static u8 state_get(u8 d)
{
    return peek8(BDA_SEG, __builtin_offsetof(struct bda, fd_state) + d);
}
static void state_set(u8 d, u8 v)
{
    poke8(BDA_SEG, __builtin_offsetof(struct bda, fd_state) + d, v);
}

void floppy_init(void)
{
    u8 types = cmos_read(0x10);
    floppy_type[0] = types >> 4;
    floppy_type[1] = types & 15;
    pic_unmask(6);
    if (!fdc_present())
        types = floppy_type[0] = floppy_type[1] = 0;
    for (int i = 0; i < 2; i++) {
        if (floppy_type[i] > 6)
            floppy_type[i] = 4;
        if (floppy_type[i])
            floppy_count = (u8)(i + 1);
    }
    u16 equipment = BDA_GET(equipment) & ~0xC1;
    if (floppy_count)
        equipment |= 1 | (floppy_count - 1) << 6;
    BDA_SET(equipment, equipment);
    BDA_SET(fd_info, (floppy_type[0] ? 0x07 : 0) | (floppy_type[1] ? 0x70 : 0));
    if (floppy_count && !fdc_reset()) {
        log_print(STR("floppy controller does not answer\n"));
        floppy_count = floppy_type[0] = floppy_type[1] = 0;
        BDA_SET(equipment, BDA_GET(equipment) & ~0xC1);
    }
}

/* The table's EOT, unless the vector still shows our default: then what the media's rate implies. */
static u8 last_sector(u8 drive, const struct dpt *d, u8 sector)
{
    u8 rate = state_get(drive) >> 6;
    u8 natural = rate == RATE_1M ? 36 : rate == RATE_500 ? (floppy_type[drive] == 2 ? 15 : 18) : 9;
    bool ours = peek32(0, 0x1E * 4) == ((u32)get_cs() << 16 | (u16)(u32)diskette_parameters);
    return ours || sector > d->eot ? (natural > sector ? natural : sector) : d->eot;
}

static u8 go_to(u8 drive, u8 head, u8 cylinder)
{
    return fdc_seek(drive, head, state_get(drive) & DOUBLE_STEP ? cylinder * 2 : cylinder);
}

/* Tries each data rate of the drive until an address mark is found on the wanted cylinder. */
static u8 recognise(u8 drive, u8 head, u8 cylinder)
{
    u8 status = DISK_NO_MARK, type = floppy_type[drive], found;
    for (int i = 0; drives[type].rate[i] != 0xFF; i++) {
        u8 rate = drives[type].rate[i];
        state_set(drive, rate << 6 | (type == 2 && rate == RATE_300 ? DOUBLE_STEP : 0));
        fdc_rate(rate);
        for (int attempt = 0; attempt < 2; attempt++) {
            status = go_to(drive, head, cylinder);
            if (status == DISK_OK)
                status = fdc_read_id(drive, head, &found);
            if (status == DISK_OK) {
                u8 kind = type == 1 ? 3 : type == 2 ? (rate == RATE_500 ? 5 : 4) : 7;
                state_set(drive, state_get(drive) | ESTABLISHED | kind);
                return DISK_OK;
            }
            if (status == DISK_TIMEOUT || status == DISK_CONTROLLER)
                fdc_reset();
        }
    }
    state_set(drive, 0);
    return status;
}

/* The change line is cleared by a step with a disk in the drive; if it stays there is none. */
static u8 check_change(u8 drive)
{
    if (floppy_type[drive] == 1 || !fdc_change_line())
        return DISK_OK;
    state_set(drive, state_get(drive) & ~ESTABLISHED);
    fdc_reset();
    fdc_seek(drive, 0, 1);
    fdc_recalibrate(drive);
    return fdc_change_line() ? DISK_TIMEOUT : DISK_CHANGED;
}

static u8 start(u8 drive, bool wait)
{
    fdc_motor(drive, wait);
    return check_change(drive);
}

/* Bytes of one command: opcode, then C H R N EOT GPL DTL, the same for read, write and verify. */
static u8 transfer_once(struct regs *r, u8 opcode, enum fdc_dma dma, const struct dpt *d)
{
    u8 drive = r->dl, head = r->dh & 1, cylinder = r->ch, sector = r->cl, status = DISK_OK;
    if (dma != FDC_DMA_NONE)
        status = fdc_dma(dma, r->es, r->bx, (u16)r->al << (7 + (d->size & 3)));
    if (status == DISK_OK)
        status = go_to(drive, head, cylinder);
    if (status != DISK_OK)
        return status;
    u8 c[9] = {opcode, head << 2 | drive, cylinder, head, sector, d->size, last_sector(drive, d, sector), d->gap, d->dtl};
    if (opcode == 0xF6) { /* VERIFY with the count in the last byte: needs no DMA */
        c[1] |= 0x80;
        c[8] = r->al;
    }
    return fdc_command(c, sizeof c);
}

static u8 transfer(struct regs *r, u8 opcode, enum fdc_dma dma)
{
    struct dpt d;
    u8 drive = r->dl;
    if (!r->al || !r->cl)
        return DISK_BAD_COMMAND;
    dpt_get(&d);
    if (dma != FDC_DMA_NONE && ((((u32)r->es << 4) + r->bx) & 0xFFFF) + ((u32)r->al << (7 + (d.size & 3))) > 0x10000)
        return DISK_DMA_BOUNDARY;
    u8 status = start(drive, true);
    if (status != DISK_OK)
        return status;
    for (int attempt = 0; attempt < 3; attempt++) {
        if (!(state_get(drive) & ESTABLISHED)) {
            status = recognise(drive, r->dh & 1, r->ch);
            if (status != DISK_OK)
                return status;
        }
        fdc_rate(state_get(drive) >> 6);
        status = transfer_once(r, opcode, dma, &d);
        if (opcode == 0xF6 && BDA_GET(fd_result[0]) == 0x80) { /* an older controller without VERIFY */
            opcode = 0xE6;
            dma = FDC_DMA_VERIFY;
            status = transfer_once(r, opcode, dma, &d);
        }
        if (status == DISK_OK || status == DISK_PROTECTED)
            return status;
        if (status == DISK_TIMEOUT || status == DISK_CONTROLLER)
            fdc_reset();
        else if (attempt)
            fdc_recalibrate(drive);
        if (attempt == 1)
            state_set(drive, state_get(drive) & ~ESTABLISHED);
    }
    return status;
}

static u8 format(struct regs *r)
{
    struct dpt d;
    u8 drive = r->dl, head = r->dh & 1;
    dpt_get(&d);
    u8 status = start(drive, true);
    if (status == DISK_CHANGED)
        status = start(drive, true);
    if (status != DISK_OK)
        return status;
    if (!(state_get(drive) & ESTABLISHED)) /* not set by 17h or 18h: the drive's own capacity */
        state_set(drive, drives[floppy_type[drive]].rate[0] << 6 | ESTABLISHED | 7);
    fdc_rate(state_get(drive) >> 6);
    status = fdc_dma(FDC_DMA_WRITE, r->es, r->bx, (u16)d.eot * 4);
    if (status == DISK_OK)
        status = go_to(drive, head, r->ch);
    if (status != DISK_OK)
        return status;
    u8 c[6] = {0x4D, head << 2 | drive, d.size, d.eot, d.format_gap, d.fill};
    return fdc_command(c, sizeof c);
}

static u8 find_media(u8 type, u8 cylinders, u8 sectors)
{
    for (u8 i = 0; i < ARRAY_LEN(media); i++)
        if (media[i].sectors == sectors && media[i].cylinders == cylinders)
            for (int k = 0; drives[type].rate[k] != 0xFF; k++)
                if (drives[type].rate[k] == media[i].rate || (type == 2 && media[i].rate == RATE_250))
                    return i;
    return 0xFF;
}

static void parameters(struct regs *r)
{
    u8 drive = r->dl;
    if (drive >= floppy_count || !floppy_type[drive]) {
        r->ax = r->bx = r->cx = r->dx = r->es = r->di = 0;
        r->dl = floppy_count;
        return;
    }
    u8 type = floppy_type[drive];
    u8 m = find_media(type, drives[type].cylinders, drives[type].sectors);
    r->ax = 0;
    r->bx = type;
    r->ch = drives[type].cylinders;
    r->cl = drives[type].sectors;
    r->dh = 1;
    r->dl = floppy_count;
    r->es = get_cs();
    r->di = (u16)(u32)media[m == 0xFF ? 4 : m].dpt;
}

static u8 set_type(struct regs *r)
{
    static ROM u8 states[] = {0x93, 0x74, 0x15, 0x97}; /* 360K, 360K in 1.2M, 1.2M, 720K */
    if (r->al < 1 || r->al > 4)
        return DISK_BAD_COMMAND;
    u8 status = start(r->dl, false);
    if (status != DISK_OK && status != DISK_CHANGED)
        return status;
    state_set(r->dl, states[r->al - 1]);
    return DISK_OK;
}

static u8 set_media(struct regs *r)
{
    u8 type = floppy_type[r->dl], m = find_media(type, r->ch, r->cl & 0x3F);
    if (m == 0xFF)
        return 0x0C;
    u8 status = start(r->dl, false);
    if (status == DISK_TIMEOUT)
        return status;
    u8 rate = type == 2 && media[m].rate == RATE_250 ? RATE_300 : media[m].rate;
    state_set(r->dl, rate << 6 | ESTABLISHED | 7 | (type == 2 && media[m].cylinders == 39 ? DOUBLE_STEP : 0));
    r->es = get_cs();
    r->di = (u16)(u32)media[m].dpt;
    return DISK_OK;
}

static void finish(struct regs *r, u8 status)
{
    BDA_SET(fd_status, status);
    r->ah = status;
    set_cf(r, status != DISK_OK);
    fdc_done();
}

void floppy_request(struct regs *r)
{
    u8 function = r->ah;
    if (function == 0x00) {
        BDA_SET(fd_recalibrated, 0);
        finish(r, floppy_count == 0 || fdc_reset() ? DISK_OK : DISK_CONTROLLER);
        return;
    }
    if (function == 0x01) {
        r->ah = BDA_GET(fd_status);
        set_cf(r, r->ah != 0);
        return;
    }
    if (function == 0x08) {
        parameters(r);
        BDA_SET(fd_status, 0);
        set_cf(r, false);
        return;
    }
    bool present = r->dl < floppy_count && floppy_type[r->dl];
    if (function == 0x15) {
        r->ah = !present ? 0 : floppy_type[r->dl] == 1 ? 1 : 2;
        set_cf(r, false);
        return;
    }
    if (!present) {
        finish(r, function > 0x18 ? DISK_BAD_COMMAND : DISK_TIMEOUT);
        if (function >= 0x02 && function <= 0x04)
            r->al = 0;
        return;
    }
    u8 status = DISK_BAD_COMMAND;
    switch (function) {
    case 0x02: status = transfer(r, 0xE6, FDC_DMA_READ); break;
    case 0x03: status = transfer(r, 0xC5, FDC_DMA_WRITE); break;
    case 0x04: status = transfer(r, 0xF6, FDC_DMA_NONE); break;
    case 0x05: status = format(r); break;
    case 0x16: status = start(r->dl, false); break;
    case 0x17: status = set_type(r); break;
    case 0x18: status = set_media(r); break;
    default: break;
    }
    if (function >= 0x02 && function <= 0x04 && status != DISK_OK)
        r->al = 0;
    finish(r, status);
}

void int40_floppy(struct regs *r);
void int40_floppy(struct regs *r)
{
    floppy_request(r);
}
