/* The PC/AT's 8259A pair, after Intel's data sheet 231468, with the edge/level control registers of the EISA chip set.

   A chip's request register is not stored: an input in level mode requests while it is high; one in edge mode requests from
   its rising edge until it is acknowledged or goes low again (data sheet, "Edge and Level Triggered Modes": a request that
   is gone at INTA is answered with IR7). The slave's INT output is the master's input 2. */
#include "devices/i8259.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/memory.h"

enum icw1_bits { ICW1_IC4 = 0x01, ICW1_SNGL = 0x02, ICW1_ADI = 0x04, ICW1_LTIM = 0x08, ICW1_SELECT = 0x10 };
enum icw4_bits { ICW4_8086 = 0x01, ICW4_AEOI = 0x02, ICW4_SFNM = 0x10 };
enum ocw2_bits { OCW2_EOI = 0x20, OCW2_SL = 0x40, OCW2_R = 0x80 };
enum ocw3_bits { OCW3_RIS = 0x01, OCW3_RR = 0x02, OCW3_P = 0x04, OCW3_SELECT = 0x08, OCW3_SMM = 0x20, OCW3_ESMM = 0x40 };

/* Which command word the next write to the odd port is. */
enum expected_word { EXPECT_ICW1, EXPECT_ICW2, EXPECT_ICW3, EXPECT_ICW4, EXPECT_OCW1 };

enum { CASCADE_LEVEL = 2, NO_LEVEL = 8 };

struct i8259 {
    uint8_t lines;      /* levels of IR0-IR7 */
    uint8_t edge_latch; /* rising edges not yet acknowledged */
    uint8_t edge_level; /* ELCR: a set bit makes the input level-triggered */
    uint8_t imr;
    uint8_t isr;
    uint8_t icw1;
    uint8_t icw2;
    uint8_t icw3;
    uint8_t icw4;
    uint8_t expected;        /* enum expected_word */
    uint8_t lowest_priority; /* the level with priority 7 */
    bool read_isr;           /* OCW3 RIS */
    bool poll;
    bool special_mask;
    bool rotate_on_aeoi;
};

struct i8259_pair {
    struct bay bay;
    struct wire intr;
    struct i8259 chips[2]; /* master, slave */
    bool intr_level;
};

static const struct state_field chip_fields[] = {
    STATE_U8(struct i8259, lines),
    STATE_U8(struct i8259, edge_latch),
    STATE_U8(struct i8259, edge_level),
    STATE_U8(struct i8259, imr),
    STATE_U8(struct i8259, isr),
    STATE_U8(struct i8259, icw1),
    STATE_U8(struct i8259, icw2),
    STATE_U8(struct i8259, icw3),
    STATE_U8(struct i8259, icw4),
    STATE_U8(struct i8259, expected),
    STATE_U8(struct i8259, lowest_priority),
    STATE_BOOL(struct i8259, read_isr),
    STATE_BOOL(struct i8259, poll),
    STATE_BOOL(struct i8259, special_mask),
    STATE_BOOL(struct i8259, rotate_on_aeoi),
};
static STATE_TABLE(chip_table, "i8259", 1, chip_fields, NULL);

static const struct state_field pair_fields[] = {
    STATE_STRUCT_ARRAY(struct i8259_pair, chips, &chip_table),
    STATE_BOOL(struct i8259_pair, intr_level),
};
static STATE_TABLE(pair_table, "i8259_pair", 1, pair_fields, NULL);

static uint8_t level_triggered(const struct i8259 *chip)
{
    return chip->icw1 & ICW1_LTIM ? 0xff : chip->edge_level;
}

static uint8_t irr(const struct i8259 *chip)
{
    return chip->lines & (chip->edge_latch | level_triggered(chip));
}

/* Of the levels in `levels` the one of highest priority, or NO_LEVEL. */
static unsigned highest_level(const struct i8259 *chip, uint8_t levels)
{
    for (unsigned rank = 0; rank < 8; rank++) {
        unsigned level = (chip->lowest_priority + 1 + rank) & 7;

        if (levels >> level & 1)
            return level;
    }
    return NO_LEVEL;
}

static unsigned rank_of(const struct i8259 *chip, unsigned level)
{
    return level == NO_LEVEL ? 8 : (level - chip->lowest_priority - 1) & 7;
}

/* The level that makes INT active, or NO_LEVEL: an unmasked request that no service of the same or higher priority holds
   back. Special mask mode ignores services that are masked; special fully nested mode lets a slave interrupt itself. */
static unsigned interrupting_level(const struct i8259 *chip)
{
    unsigned request, in_service;

    if (chip->expected != EXPECT_OCW1)
        return NO_LEVEL;
    request = highest_level(chip, irr(chip) & (uint8_t)~chip->imr);
    in_service = highest_level(chip, chip->special_mask ? chip->isr & (uint8_t)~chip->imr : chip->isr);
    if (request == NO_LEVEL || rank_of(chip, request) < rank_of(chip, in_service))
        return request;
    if (request == in_service && chip->icw4 & ICW4_SFNM && !(chip->icw1 & ICW1_SNGL) && chip->icw3 >> request & 1)
        return request;
    return NO_LEVEL;
}

static void set_line(struct i8259 *chip, unsigned level, bool high)
{
    uint8_t bit = (uint8_t)(1u << level);

    if (high && !(chip->lines & bit)) {
        chip->lines |= bit;
        chip->edge_latch |= bit;
    } else if (!high) {
        chip->lines &= (uint8_t)~bit;
        chip->edge_latch &= (uint8_t)~bit;
    }
}

/* Carries the slave's INT to the master and the master's to the processor. */
static void update_outputs(struct i8259_pair *pair)
{
    bool level;

    set_line(&pair->chips[0], CASCADE_LEVEL, interrupting_level(&pair->chips[1]) != NO_LEVEL);
    level = interrupting_level(&pair->chips[0]) != NO_LEVEL;
    if (level != pair->intr_level) {
        pair->intr_level = level;
        wire_set(&pair->intr, level);
    }
}

/* The request becomes a service; with automatic EOI the service ends at once. */
static void begin_service(struct i8259 *chip, unsigned level)
{
    uint8_t bit = (uint8_t)(1u << level);

    chip->edge_latch &= (uint8_t)~bit;
    if (!(chip->icw4 & ICW4_AEOI))
        chip->isr |= bit;
    else if (chip->rotate_on_aeoi)
        chip->lowest_priority = (uint8_t)level;
}

/* What a chip puts on the bus in the second INTA cycle. In MCS-80 mode that is the low byte of a CALL's address (data sheet,
   "Interrupt Sequence"), which an x86 processor takes for a vector. */
static uint8_t vector_of(const struct i8259_pair *pair, const struct i8259 *chip, unsigned level)
{
    if (chip->icw4 & ICW4_8086)
        return (uint8_t)((chip->icw2 & 0xf8) | level);
    log_write(pair->bay.log, LOG_GUEST, "interrupt acknowledged while the 8259A is in MCS-80 mode (ICW4 bit 0 clear)");
    return chip->icw1 & ICW1_ADI ? (uint8_t)((chip->icw1 & 0xe0) | level << 2) : (uint8_t)((chip->icw1 & 0xc0) | level << 3);
}

static uint8_t acknowledge_chip(struct i8259_pair *pair, struct i8259 *chip)
{
    unsigned level = interrupting_level(chip);

    if (level == NO_LEVEL) {
        log_write(pair->bay.log, LOG_INTERRUPT, "spurious interrupt: IRQ %d", chip == pair->chips ? 7 : 15);
        return vector_of(pair, chip, 7);
    }
    begin_service(chip, level);
    return vector_of(pair, chip, level);
}

/* The acknowledge drops the slave's INT; one that rises again at once (automatic EOI) is a new edge for the master. */
static uint8_t acknowledge_slave(struct i8259_pair *pair, struct i8259 *slave)
{
    uint8_t vector = acknowledge_chip(pair, slave);

    set_line(&pair->chips[0], CASCADE_LEVEL, false);
    return vector;
}

uint8_t i8259_pair_acknowledge(struct i8259_pair *pair)
{
    struct i8259 *master = &pair->chips[0], *slave = &pair->chips[1];
    unsigned level = interrupting_level(master);
    uint8_t vector = acknowledge_chip(pair, master);

    if (level != NO_LEVEL && !(master->icw1 & ICW1_SNGL) && master->icw3 >> level & 1) {
        if (level == CASCADE_LEVEL && (slave->icw3 & 7) == CASCADE_LEVEL)
            vector = acknowledge_slave(pair, slave);
        else
            vector = 0xff; /* no slave of that identity answers: the bus floats */
    }
    update_outputs(pair);
    return vector;
}

bool i8259_pair_interrupt_pending(const struct i8259_pair *pair)
{
    return pair->intr_level;
}

void i8259_pair_set_irq(void *owner, unsigned irq, bool level)
{
    struct i8259_pair *pair = owner;

    if (irq > 15 || irq == CASCADE_LEVEL)
        return;
    set_line(&pair->chips[irq >> 3], irq & 7, level);
    update_outputs(pair);
}

/* Data sheet, "Initialization Command Words 1 and 2", items a to f. */
static void write_icw1(struct i8259 *chip, uint8_t value)
{
    chip->icw1 = value;
    chip->edge_latch = 0;
    chip->imr = 0;
    chip->isr = 0;
    chip->lowest_priority = 7;
    chip->icw3 = 7; /* slave address; a master writes its own ICW3 */
    chip->special_mask = false;
    chip->read_isr = false;
    chip->poll = false;
    chip->rotate_on_aeoi = false;
    chip->icw4 = 0;
    chip->expected = EXPECT_ICW2;
}

static void write_ocw2(struct i8259 *chip, uint8_t value)
{
    unsigned level = value & 7;

    if (!(value & OCW2_EOI)) {
        if (!(value & OCW2_SL))
            chip->rotate_on_aeoi = value & OCW2_R;
        else if (value & OCW2_R)
            chip->lowest_priority = (uint8_t)level;
        return;
    }
    if (!(value & OCW2_SL)) /* "Special Mask Mode": a non-specific EOI passes over masked services */
        level = highest_level(chip, chip->special_mask ? chip->isr & (uint8_t)~chip->imr : chip->isr);
    if (level == NO_LEVEL)
        return;
    chip->isr &= (uint8_t) ~(1u << level);
    if (value & OCW2_R)
        chip->lowest_priority = (uint8_t)level;
}

static void write_ocw3(struct i8259 *chip, uint8_t value)
{
    if (value & OCW3_ESMM)
        chip->special_mask = value & OCW3_SMM;
    if (value & OCW3_RR)
        chip->read_isr = value & OCW3_RIS;
    chip->poll = value & OCW3_P;
}

static void write_odd(struct i8259 *chip, uint8_t value)
{
    switch (chip->expected) {
    case EXPECT_ICW2:
        chip->icw2 = value;
        if (!(chip->icw1 & ICW1_SNGL))
            chip->expected = EXPECT_ICW3;
        else
            chip->expected = chip->icw1 & ICW1_IC4 ? EXPECT_ICW4 : EXPECT_OCW1;
        break;
    case EXPECT_ICW3:
        chip->icw3 = value;
        chip->expected = chip->icw1 & ICW1_IC4 ? EXPECT_ICW4 : EXPECT_OCW1;
        break;
    case EXPECT_ICW4:
        chip->icw4 = value;
        chip->expected = EXPECT_OCW1;
        break;
    default: chip->imr = value; break;
    }
}

static void port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct i8259_pair *pair = device;
    struct i8259 *chip = &pair->chips[port >> 7];

    (void)size;
    if (port & 1)
        write_odd(chip, (uint8_t)value);
    else if (value & ICW1_SELECT)
        write_icw1(chip, (uint8_t)value);
    else if (value & OCW3_SELECT)
        write_ocw3(chip, (uint8_t)value);
    else
        write_ocw2(chip, (uint8_t)value);
    update_outputs(pair);
}

/* A read after OCW3 with P set acknowledges (data sheet, "Poll Command"): bit 7 says whether there was a request. */
static uint8_t poll(struct i8259 *chip)
{
    unsigned level = interrupting_level(chip);

    chip->poll = false;
    if (level == NO_LEVEL)
        return 7;
    begin_service(chip, level);
    return (uint8_t)(0x80 | level);
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct i8259_pair *pair = device;
    struct i8259 *chip = &pair->chips[port >> 7];
    uint8_t value;

    (void)size;
    if (chip->poll) {
        value = poll(chip);
        if (chip != pair->chips && value & 0x80)
            set_line(&pair->chips[0], CASCADE_LEVEL, false);
        update_outputs(pair);
        return value;
    }
    if (port & 1)
        return chip->imr;
    return chip->read_isr ? chip->isr : irr(chip);
}

/* Lines whose trigger the board fixes at edge: timer, keyboard and cascade; clock and coprocessor. */
static const uint8_t edge_level_writable[2] = {0xf8, 0xde};

static uint32_t edge_level_read(void *device, uint16_t port, unsigned size)
{
    struct i8259_pair *pair = device;

    (void)size;
    return pair->chips[port & 1].edge_level;
}

static void edge_level_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct i8259_pair *pair = device;

    (void)size;
    pair->chips[port & 1].edge_level = (uint8_t)value & edge_level_writable[port & 1];
    update_outputs(pair);
}

void i8259_pair_reset(struct i8259_pair *pair)
{
    for (unsigned i = 0; i < 2; i++) {
        struct i8259 *chip = &pair->chips[i];

        write_icw1(chip, ICW1_SELECT);
        chip->imr = 0xff;
        chip->icw2 = 0;
        chip->edge_level = 0;
        chip->expected = EXPECT_ICW1;
    }
    update_outputs(pair);
}

struct i8259_pair *i8259_pair_new(const struct bay *bay, struct wire intr)
{
    struct i8259_pair *pair = memory_new(sizeof *pair);

    pair->bay = *bay;
    pair->intr = intr;
    i8259_pair_reset(pair);
    ports_claim(bay->ports, 0x20, 2, PORT_BYTE, port_read, port_write, pair, "pic.master");
    ports_claim(bay->ports, 0xa0, 2, PORT_BYTE, port_read, port_write, pair, "pic.slave");
    ports_claim(bay->ports, 0x4d0, 2, PORT_BYTE, edge_level_read, edge_level_write, pair, "pic.elcr");
    state_registry_add(bay->states, "pic", &pair_table, pair);
    return pair;
}

void i8259_pair_free(struct i8259_pair *pair)
{
    free(pair);
}
