/* MC146818A real-time clock (Motorola's data sheet) with the century byte of the DS12C887 at 32h.

   The clock's state is what it was at the divider count `seen`; seconds, flags and the update bit at any later moment follow
   from it. A second ends with its update cycle: UIP is high for the 244 us of warning and the 1984 us of the cycle, then the
   new time stands in the registers and UF, and AF if it matches, are set. */
#include "devices/mc146818.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/memory.h"

#define CRYSTAL_HERTZ 32768u
#define UIP_TICKS 73u /* 244 us + 1984 us of the 32768 Hz time base */

enum rtc_register {
    RTC_SECONDS,
    RTC_SECONDS_ALARM,
    RTC_MINUTES,
    RTC_MINUTES_ALARM,
    RTC_HOURS,
    RTC_HOURS_ALARM,
    RTC_DAY_OF_WEEK,
    RTC_DAY,
    RTC_MONTH,
    RTC_YEAR,
    RTC_A,
    RTC_B,
    RTC_C,
    RTC_D,
    RTC_CENTURY = 0x32
};

enum register_a { A_UIP = 0x80, A_DIVIDER = 0x70, A_DIVIDER_RUNS = 0x20, A_RATE = 0x0f };
enum register_b {
    B_SET = 0x80,
    B_PIE = 0x40,
    B_AIE = 0x20,
    B_UIE = 0x10,
    B_SQWE = 0x08,
    B_BINARY = 0x04,
    B_24_HOURS = 0x02
};
enum register_c { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };

enum { PM = 0x80, ALARM_ANY = 0xc0, SECONDS_A_DAY = 86400 };

struct mc146818 {
    struct bay bay;
    struct wire irq, nmi_masked;
    struct event event;
    uint64_t origin; /* crystal tick at which the divider would have been zero; seconds end at multiples of 32768 from it */
    uint64_t seen;   /* ticks since origin up to which time and flags are accounted for */
    uint8_t bytes[128];
    uint8_t index;
    bool irq_level;
};

static const struct state_field rtc_fields[] = {
    STATE_EVENT(struct mc146818, event),    STATE_U64(struct mc146818, origin), STATE_U64(struct mc146818, seen),
    STATE_U8_ARRAY(struct mc146818, bytes), STATE_U8(struct mc146818, index),   STATE_BOOL(struct mc146818, irq_level),
};

static STATE_TABLE(rtc_table, "mc146818", 1, rtc_fields, NULL);

static unsigned decode(const struct mc146818 *rtc, uint8_t value)
{
    return rtc->bytes[RTC_B] & B_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

static uint8_t encode(const struct mc146818 *rtc, unsigned value)
{
    return (uint8_t)(rtc->bytes[RTC_B] & B_BINARY ? value : value / 10 << 4 | value % 10);
}

/* Adds one to a register that counts from `first` to `last`; true if it went round. */
static bool count_up(struct mc146818 *rtc, enum rtc_register which, unsigned first, unsigned last)
{
    unsigned value = decode(rtc, rtc->bytes[which]) + 1;
    bool round = value > last;

    rtc->bytes[which] = encode(rtc, round ? first : value);
    return round;
}

static bool count_hours(struct mc146818 *rtc)
{
    uint8_t half = rtc->bytes[RTC_HOURS] & PM;
    unsigned hour;

    if (rtc->bytes[RTC_B] & B_24_HOURS)
        return count_up(rtc, RTC_HOURS, 0, 23);
    hour = decode(rtc, rtc->bytes[RTC_HOURS] & (uint8_t)~PM);
    hour = hour >= 12 ? 1 : hour + 1;
    if (hour == 12)
        half ^= PM;
    rtc->bytes[RTC_HOURS] = encode(rtc, hour) | half;
    return hour == 12 && !half;
}

static unsigned days_in_month(unsigned month, unsigned year)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month < 1 || month > 12)
        return 31;
    return month == 2 && year % 4 == 0 ? 29 : days[month - 1]; /* the chip's own rule, right from 1901 to 2099 */
}

static void count_day(struct mc146818 *rtc)
{
    unsigned last = days_in_month(decode(rtc, rtc->bytes[RTC_MONTH]), decode(rtc, rtc->bytes[RTC_YEAR]));

    count_up(rtc, RTC_DAY_OF_WEEK, 1, 7);
    if (count_up(rtc, RTC_DAY, 1, last) && count_up(rtc, RTC_MONTH, 1, 12) && count_up(rtc, RTC_YEAR, 0, 99))
        count_up(rtc, RTC_CENTURY, 0, 99);
}

static bool alarm_byte_matches(const struct mc146818 *rtc, enum rtc_register which)
{
    uint8_t alarm = rtc->bytes[which + 1];

    return alarm >= ALARM_ANY || alarm == rtc->bytes[which];
}

/* One update cycle. */
static void count_second(struct mc146818 *rtc)
{
    if (count_up(rtc, RTC_SECONDS, 0, 59) && count_up(rtc, RTC_MINUTES, 0, 59) && count_hours(rtc))
        count_day(rtc);
    rtc->bytes[RTC_C] |= C_UF;
    if (alarm_byte_matches(rtc, RTC_SECONDS) && alarm_byte_matches(rtc, RTC_MINUTES) && alarm_byte_matches(rtc, RTC_HOURS))
        rtc->bytes[RTC_C] |= C_AF;
}

/* `seconds` update cycles. One whole day shows every time of day to the alarm and leaves nothing invalid; further whole days
   change only the date. */
static void count_seconds(struct mc146818 *rtc, uint64_t seconds)
{
    if (seconds > 2 * SECONDS_A_DAY) {
        uint64_t days = seconds / SECONDS_A_DAY - 1;

        for (unsigned i = 0; i < SECONDS_A_DAY; i++)
            count_second(rtc);
        seconds -= (days + 1) * SECONDS_A_DAY;
        for (days %= 36525 * 100 * 7; days; days--) /* 10,000 years of the chip's calendar, in whole weeks: it repeats */
            count_day(rtc);
    }
    for (; seconds; seconds--)
        count_second(rtc);
}

static bool divider_runs(const struct mc146818 *rtc)
{
    return (rtc->bytes[RTC_A] & A_DIVIDER) == A_DIVIDER_RUNS;
}

/* Ticks between periodic interrupts ("Periodic Interrupt Rate" for a 32768 Hz time base), 0 for none. */
static uint64_t periodic_ticks(const struct mc146818 *rtc)
{
    unsigned rate = rtc->bytes[RTC_A] & A_RATE;

    if (rate == 0)
        return 0;
    return UINT64_C(1) << (rate < 3 ? rate + 6 : rate - 1);
}

static uint64_t ticks_since_origin(const struct mc146818 *rtc)
{
    return schedule_ticks(rtc->bay.schedule, CRYSTAL_HERTZ) - rtc->origin;
}

static bool set_irqf(struct mc146818 *rtc)
{
    bool level = rtc->bytes[RTC_C] & rtc->bytes[RTC_B] & (C_PF | C_AF | C_UF);

    rtc->bytes[RTC_C] = (uint8_t)((rtc->bytes[RTC_C] & ~C_IRQF) | (level ? C_IRQF : 0));
    return level;
}

/* Accounts for the time that has passed. */
static void bring_up(struct mc146818 *rtc)
{
    uint64_t present = ticks_since_origin(rtc), period = periodic_ticks(rtc);

    if (divider_runs(rtc)) {
        if (period && present / period != rtc->seen / period)
            rtc->bytes[RTC_C] |= C_PF;
        if (!(rtc->bytes[RTC_B] & B_SET))
            count_seconds(rtc, present / CRYSTAL_HERTZ - rtc->seen / CRYSTAL_HERTZ);
    }
    rtc->seen = present;
    set_irqf(rtc);
}

static uint64_t next_multiple(uint64_t value, uint64_t step)
{
    return (value / step + 1) * step;
}

/* Ticks since origin at which an enabled interrupt may come next; an alarm looks at every second. */
static uint64_t next_interrupt(const struct mc146818 *rtc)
{
    uint64_t next = SCHEDULE_NEVER, period = periodic_ticks(rtc);
    uint8_t enabled = rtc->bytes[RTC_B];

    if (!divider_runs(rtc))
        return next;
    if (enabled & B_PIE && period)
        next = next_multiple(rtc->seen, period);
    if (enabled & (B_AIE | B_UIE) && !(enabled & B_SET) && next_multiple(rtc->seen, CRYSTAL_HERTZ) < next)
        next = next_multiple(rtc->seen, CRYSTAL_HERTZ);
    return next;
}

/* After bring_up and every change: IRQF, the wire, and the next event. While the interrupt stands nothing new can be seen.
 */
static void settle(struct mc146818 *rtc)
{
    bool level = set_irqf(rtc);
    uint64_t next = level ? SCHEDULE_NEVER : next_interrupt(rtc);

    if (next == SCHEDULE_NEVER)
        schedule_cancel(rtc->bay.schedule, &rtc->event);
    else
        schedule_at(rtc->bay.schedule, &rtc->event,
                    schedule_count_of_tick(rtc->bay.schedule, rtc->origin + next, CRYSTAL_HERTZ));
    if (level != rtc->irq_level) {
        rtc->irq_level = level;
        wire_set(&rtc->irq, level);
    }
}

static void event_fires(void *owner)
{
    bring_up(owner);
    settle(owner);
}

static bool update_in_progress(const struct mc146818 *rtc)
{
    return divider_runs(rtc) && !(rtc->bytes[RTC_B] & B_SET) &&
           ticks_since_origin(rtc) % CRYSTAL_HERTZ >= CRYSTAL_HERTZ - UIP_TICKS;
}

/* The divider leaves its reset: the first update comes half a second later. */
static void write_a(struct mc146818 *rtc, uint8_t value)
{
    bool ran = divider_runs(rtc);

    rtc->bytes[RTC_A] = value & (uint8_t)~A_UIP;
    if (!ran && divider_runs(rtc)) {
        rtc->origin = schedule_ticks(rtc->bay.schedule, CRYSTAL_HERTZ) - CRYSTAL_HERTZ / 2;
        rtc->seen = CRYSTAL_HERTZ / 2;
    } else if (ran && !divider_runs(rtc)) {
        log_write(rtc->bay.log, LOG_DEVICE, "RTC divider stopped: register A = %02x", value);
    }
}

static void write_register(struct mc146818 *rtc, unsigned index, uint8_t value)
{
    switch (index) {
    case RTC_A: write_a(rtc, value); break;
    case RTC_B: rtc->bytes[RTC_B] = value & B_SET ? value & (uint8_t)~B_UIE : value; break;
    case RTC_C:
    case RTC_D: break; /* read only */
    default: rtc->bytes[index] = value; break;
    }
}

static uint8_t read_register(struct mc146818 *rtc, unsigned index)
{
    uint8_t value = rtc->bytes[index];

    if (index == RTC_A && update_in_progress(rtc))
        value |= A_UIP;
    if (index == RTC_C)
        rtc->bytes[RTC_C] = 0;
    return value;
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct mc146818 *rtc = device;
    uint8_t value;

    (void)size;
    if (!(port & 1))
        return 0xff; /* the address latch cannot be read */
    bring_up(rtc);
    settle(rtc);
    value = read_register(rtc, rtc->index & 0x7f);
    settle(rtc);
    return value;
}

static void port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct mc146818 *rtc = device;

    (void)size;
    if (!(port & 1)) {
        rtc->index = (uint8_t)value;
        wire_set(&rtc->nmi_masked, value & 0x80);
        return;
    }
    bring_up(rtc);
    write_register(rtc, rtc->index & 0x7f, (uint8_t)value);
    settle(rtc);
}

uint8_t mc146818_peek(const struct mc146818 *rtc, unsigned index)
{
    struct mc146818 copy = *rtc;

    bring_up(&copy);
    return read_register(&copy, index & 0x7f);
}

void mc146818_reset(struct mc146818 *rtc)
{
    bring_up(rtc);
    rtc->bytes[RTC_B] &= (uint8_t) ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    rtc->bytes[RTC_C] = 0;
    settle(rtc);
    rtc->index = 0x80;
    wire_set(&rtc->nmi_masked, true);
}

/* Date and time of power-on, 24 hours, BCD. */
static void set_time(struct mc146818 *rtc, int64_t seconds)
{
    int64_t days = seconds / SECONDS_A_DAY - (seconds % SECONDS_A_DAY < 0);
    unsigned second = (unsigned)(seconds - days * SECONDS_A_DAY);
    /* Civil date from a day number, in years that begin in March (so that leap days come last). */
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    unsigned day_of_era = (unsigned)(shifted - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * day_of_year + 2) / 153;
    unsigned year = (unsigned)((uint64_t)(era * 400 + year_of_era + (month >= 10)) % 10000);

    rtc->bytes[RTC_SECONDS] = encode(rtc, second % 60);
    rtc->bytes[RTC_MINUTES] = encode(rtc, second / 60 % 60);
    rtc->bytes[RTC_HOURS] = encode(rtc, second / 3600);
    rtc->bytes[RTC_DAY_OF_WEEK] = encode(rtc, (unsigned)(((days + 4) % 7 + 7) % 7 + 1));
    rtc->bytes[RTC_DAY] = encode(rtc, day_of_year - (153 * month + 2) / 5 + 1);
    rtc->bytes[RTC_MONTH] = encode(rtc, month < 10 ? month + 3 : month - 9);
    rtc->bytes[RTC_YEAR] = encode(rtc, year % 100);
    rtc->bytes[RTC_CENTURY] = encode(rtc, year / 100);
    rtc->bytes[0x37] = rtc->bytes[RTC_CENTURY]; /* the PS/2's place for it, which nothing counts */
}

static void put16(struct mc146818 *rtc, unsigned index, uint64_t value)
{
    store_le16(rtc->bytes + index, (uint16_t)(value > 0xffff ? 0xffff : value));
}

/* Disk type 47, "user defined": parameters from `first` as AMI and Phoenix store them. */
static void put_disk(struct mc146818 *rtc, unsigned first, const struct cmos_disk *disk)
{
    put16(rtc, first, disk->cylinders);
    rtc->bytes[first + 2] = disk->heads;
    put16(rtc, first + 3, 0xffff); /* no write precompensation */
    rtc->bytes[first + 5] = (uint8_t)(0xc0 | (disk->heads > 8) << 3);
    put16(rtc, first + 6, disk->cylinders);
    rtc->bytes[first + 8] = disk->sectors;
}

static uint8_t boot_code(char letter)
{
    switch (letter) {
    case 'a': return 1;
    case 'c': return 2;
    case 'd': return 3;
    default: return 0;
    }
}

static void put_boot_order(struct mc146818 *rtc, const char order[4])
{
    uint8_t codes[3] = {0, 0, 0};

    for (unsigned i = 0; i < 3 && order[i]; i++)
        codes[i] = boot_code(order[i]);
    rtc->bytes[0x3d] = (uint8_t)(codes[0] | codes[1] << 4);
    rtc->bytes[0x38] = (uint8_t)(codes[2] << 4 | 1); /* bit 0: boot a floppy without looking for 55AA */
}

static void put_configuration(struct mc146818 *rtc, const struct mc146818_config *config)
{
    unsigned floppies = (config->floppies[0] != CMOS_FLOPPY_NONE) + (config->floppies[1] != CMOS_FLOPPY_NONE);
    uint64_t kilobytes = config->memory_below_4g >> 10, above = config->memory_above_4g >> 16;
    uint64_t extended = kilobytes > 1024 ? kilobytes - 1024 : 0;
    uint16_t sum = 0;

    rtc->bytes[0x10] = (uint8_t)(config->floppies[0] << 4 | config->floppies[1]);
    for (unsigned i = 0; i < 2; i++) {
        if (!config->disks[i].cylinders)
            continue;
        rtc->bytes[0x12] |= (uint8_t)(i ? 0x0f : 0xf0);
        rtc->bytes[0x19 + i] = 47;
        put_disk(rtc, i ? 0x24 : 0x1b, &config->disks[i]);
    }
    rtc->bytes[0x14] = (uint8_t)((floppies ? 1 | (floppies - 1) << 6 : 0) | config->coprocessor << 1 | config->mouse << 2);
    put16(rtc, 0x15, kilobytes < 640 ? kilobytes : 640);
    put16(rtc, 0x17, extended);
    put16(rtc, 0x30, extended);
    put16(rtc, 0x34, kilobytes > 16384 ? (kilobytes - 16384) / 64 : 0);
    put_boot_order(rtc, config->boot_order);
    rtc->bytes[0x5b] = (uint8_t)above;
    rtc->bytes[0x5c] = (uint8_t)(above >> 8);
    rtc->bytes[0x5d] = (uint8_t)(above >> 16);
    rtc->bytes[0x5f] = (uint8_t)(config->processors ? config->processors - 1 : 0);
    for (unsigned i = 0x10; i <= 0x2d; i++)
        sum = (uint16_t)(sum + rtc->bytes[i]);
    rtc->bytes[0x2e] = (uint8_t)(sum >> 8);
    rtc->bytes[0x2f] = (uint8_t)sum;
}

struct mc146818 *mc146818_new(const struct bay *bay, const struct mc146818_config *config, struct wire irq,
                              struct wire nmi_masked)
{
    struct mc146818 *rtc = memory_new(sizeof *rtc);

    rtc->bay = *bay;
    rtc->irq = irq;
    rtc->nmi_masked = nmi_masked;
    event_initialise(&rtc->event, "rtc", event_fires, rtc);
    rtc->origin = schedule_ticks(bay->schedule, CRYSTAL_HERTZ);
    rtc->bytes[RTC_A] = A_DIVIDER_RUNS | 6;
    rtc->bytes[RTC_B] = B_24_HOURS;
    rtc->bytes[RTC_D] = 0x80; /* VRT: the battery is good */
    set_time(rtc, config->seconds);
    put_configuration(rtc, config);
    mc146818_reset(rtc);
    ports_claim(bay->ports, 0x70, 2, PORT_BYTE, port_read, port_write, rtc, "rtc");
    state_registry_add(bay->states, "rtc", &rtc_table, rtc);
    return rtc;
}

void mc146818_free(struct mc146818 *rtc)
{
    if (!rtc)
        return;
    schedule_cancel(rtc->bay.schedule, &rtc->event);
    free(rtc);
}
