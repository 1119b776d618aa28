/* 8259A pair against the data sheet (Intel 231468). */
#include "devices/i8259.h"
#include "system_bench.h"

static struct bench bench;
static struct probe intr;
static struct i8259_pair *pic;

static void setup(void)
{
    bench_open(&bench, 100000000);
    pic = i8259_pair_new(&bench.bay, probe_wire(&intr, &bench));
}

static void teardown(void)
{
    i8259_pair_free(pic);
    bench_close(&bench);
}

TestSuite(i8259, .init = setup, .fini = teardown);

static void initialise(uint8_t icw1, uint8_t icw4)
{
    out8(&bench, 0x20, icw1);
    out8(&bench, 0x21, 0x08);
    if (!(icw1 & 2))
        out8(&bench, 0x21, 0x04);
    if (icw1 & 1)
        out8(&bench, 0x21, icw4);
    out8(&bench, 0xa0, icw1);
    out8(&bench, 0xa1, 0x70);
    if (!(icw1 & 2))
        out8(&bench, 0xa1, 0x02);
    if (icw1 & 1)
        out8(&bench, 0xa1, icw4);
}

static void raise_irq(unsigned irq)
{
    i8259_pair_set_irq(pic, irq, true);
}

static void lower_irq(unsigned irq)
{
    i8259_pair_set_irq(pic, irq, false);
}

static void pulse(unsigned irq)
{
    lower_irq(irq);
    raise_irq(irq);
}

static uint8_t isr(uint16_t port)
{
    out8(&bench, port, 0x0b);
    return in8(&bench, port);
}

static uint8_t irr(uint16_t port)
{
    out8(&bench, port, 0x0a);
    return in8(&bench, port);
}

Test(i8259, silent_before_initialisation)
{
    raise_irq(1);
    cr_assert_not(intr.level);
    out8(&bench, 0x20, 0x11);
    out8(&bench, 0x21, 0x08);
    out8(&bench, 0x21, 0x04);
    pulse(3);
    cr_assert_not(intr.level, "ICW4 is still to come");
    out8(&bench, 0x21, 0x01);
    cr_assert(intr.level);
    cr_assert_eq(in8(&bench, 0x20), 0x08, "the edge of IRQ 1 before ICW1 is forgotten");
}

Test(i8259, fully_nested)
{
    initialise(0x11, 0x01);
    raise_irq(3);
    raise_irq(4);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0b);
    cr_assert_not(intr.level, "IRQ 4 is lower");
    raise_irq(1);
    cr_assert(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x09);
    cr_assert_eq(isr(0x20), 0x0a);
    cr_assert_eq(irr(0x20), 0x10);
    out8(&bench, 0x20, 0x20);
    cr_assert_eq(isr(0x20), 0x08, "a non-specific EOI ends the highest service");
    cr_assert_not(intr.level);
    out8(&bench, 0x20, 0x20);
    cr_assert(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0c);
    out8(&bench, 0x20, 0x64);
    cr_assert_eq(isr(0x20), 0);
}

Test(i8259, edge_needs_a_new_rise)
{
    initialise(0x11, 0x01);
    raise_irq(5);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0d);
    out8(&bench, 0x20, 0x20);
    raise_irq(5);
    cr_assert_not(intr.level);
    pulse(5);
    cr_assert(intr.level);
}

Test(i8259, level_mode_requests_again)
{
    initialise(0x19, 0x01);
    raise_irq(5);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0d);
    cr_assert_not(intr.level);
    out8(&bench, 0x20, 0x20);
    cr_assert(intr.level);
    lower_irq(5);
    cr_assert_not(intr.level);
}

Test(i8259, elcr_by_line)
{
    initialise(0x11, 0x01);
    out8(&bench, 0x4d0, 0xff);
    out8(&bench, 0x4d1, 0xff);
    cr_assert_eq(in8(&bench, 0x4d0), 0xf8);
    cr_assert_eq(in8(&bench, 0x4d1), 0xde);
    raise_irq(11);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x73);
    out8(&bench, 0xa0, 0x20);
    out8(&bench, 0x20, 0x20);
    cr_assert(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x73);
    lower_irq(11);
    out8(&bench, 0xa0, 0x20);
    out8(&bench, 0x20, 0x20);
    cr_assert_not(intr.level);
}

Test(i8259, request_gone_at_the_acknowledge)
{
    initialise(0x11, 0x01);
    raise_irq(3);
    lower_irq(3);
    cr_assert_not(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0f);
    cr_assert_eq(isr(0x20), 0, "a default IR7 sets no service bit");
}

Test(i8259, cascade_sets_both_services)
{
    initialise(0x11, 0x01);
    raise_irq(12);
    cr_assert_eq(irr(0x20), 0x04);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x74);
    cr_assert_eq(isr(0x20), 0x04);
    cr_assert_eq(isr(0xa0), 0x10);
    raise_irq(8);
    cr_assert_not(intr.level, "the master nests fully: the slave is in service");
    out8(&bench, 0x20, 0x20);
    cr_assert(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x70);
    out8(&bench, 0xa0, 0x20);
    out8(&bench, 0xa0, 0x20);
    out8(&bench, 0x20, 0x20);
    cr_assert_eq(isr(0xa0) | isr(0x20), 0);
}

Test(i8259, special_fully_nested)
{
    initialise(0x11, 0x11);
    raise_irq(12);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x74);
    raise_irq(3);
    cr_assert_not(intr.level, "levels below the slave stay out");
    raise_irq(8);
    cr_assert(intr.level, "a higher request of the slave in service comes through");
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x70);
}

Test(i8259, automatic_eoi_and_rotation)
{
    initialise(0x11, 0x03);
    out8(&bench, 0x20, 0x80);
    raise_irq(0);
    raise_irq(1);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x08);
    cr_assert_eq(isr(0x20), 0);
    pulse(0);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x09, "IRQ 0 has become the lowest");
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x08);
    out8(&bench, 0x20, 0x00);
    pulse(5);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0d);
    pulse(5);
    pulse(1);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x09, "rotation is off: IRQ 1 is still the highest");
}

Test(i8259, automatic_eoi_of_the_slave_gives_the_master_a_new_edge)
{
    initialise(0x11, 0x03);
    raise_irq(8);
    raise_irq(9);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x70);
    cr_assert(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x71);
    cr_assert_not(intr.level);
}

Test(i8259, specific_priority_and_rotate_on_eoi)
{
    initialise(0x11, 0x01);
    out8(&bench, 0x20, 0xc5);
    raise_irq(5);
    raise_irq(6);
    raise_irq(0);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0e, "with 5 lowest, 6 is highest");
    out8(&bench, 0x20, 0xa0);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x08, "6 is lowest now: 7, 0, 1 ... 5");
    out8(&bench, 0x20, 0xe4);
    cr_assert_eq(isr(0x20), 0x01, "the specific EOI names level 4");
    cr_assert(intr.level, "4 is lowest: 5 outranks the service of 0");
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0d);
}

Test(i8259, special_mask)
{
    initialise(0x11, 0x01);
    raise_irq(3);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0b);
    raise_irq(6);
    cr_assert_not(intr.level);
    out8(&bench, 0x21, 0x08);
    cr_assert_not(intr.level, "masked, but its service still holds back");
    out8(&bench, 0x20, 0x68);
    cr_assert(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0e);
    out8(&bench, 0x20, 0x20);
    cr_assert_eq(isr(0x20), 0x08, "a non-specific EOI passes over the masked service");
    out8(&bench, 0x20, 0x48);
    out8(&bench, 0x20, 0x20);
    cr_assert_eq(isr(0x20), 0);
}

Test(i8259, poll)
{
    initialise(0x11, 0x01);
    out8(&bench, 0x20, 0x0c);
    cr_assert_eq(in8(&bench, 0x20) & 0x80, 0);
    raise_irq(4);
    out8(&bench, 0x20, 0x0c);
    cr_assert_eq(in8(&bench, 0x20), 0x84);
    cr_assert_not(intr.level);
    cr_assert_eq(isr(0x20), 0x10);
    out8(&bench, 0x20, 0x0f);
    cr_assert_eq(in8(&bench, 0x20) & 0x80, 0, "poll wins over the register read");
    cr_assert_eq(in8(&bench, 0x20), 0x10, "and the choice of ISR stays");
}

Test(i8259, mask_keeps_the_request)
{
    initialise(0x11, 0x01);
    out8(&bench, 0x21, 0xff);
    raise_irq(7);
    cr_assert_not(intr.level);
    cr_assert_eq(irr(0x20), 0x80);
    cr_assert_eq(in8(&bench, 0x21), 0xff);
    out8(&bench, 0x21, 0x7f);
    cr_assert(intr.level);
}

Test(i8259, single_chip_takes_no_icw3)
{
    initialise(0x13, 0x01);
    cr_assert_eq(in8(&bench, 0x21), 0, "after ICW4 the odd port is OCW1");
    out8(&bench, 0x21, 0x55);
    cr_assert_eq(in8(&bench, 0x21), 0x55);
}

Test(i8259, mcs80_mode_gives_the_low_byte_of_the_call)
{
    initialise(0x54, 0); /* interval 4, A6 set, no ICW4 */
    raise_irq(3);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x40 | 3 << 2);
}

Test(i8259, saved_in_the_middle)
{
    size_t size;
    uint8_t *saved;
    uint64_t hash;

    initialise(0x11, 0x01);
    raise_irq(3);
    raise_irq(12);
    i8259_pair_acknowledge(pic);
    hash = state_registry_hash(bench.bay.states);
    saved = bench_save(&bench, &size);
    out8(&bench, 0x20, 0x20);
    i8259_pair_acknowledge(pic);
    initialise(0x19, 0x03);
    bench_restore(&bench, saved, size, 0);
    cr_assert_eq(state_registry_hash(bench.bay.states), hash);
    cr_assert_eq(isr(0x20), 0x04);
    out8(&bench, 0xa0, 0x20);
    out8(&bench, 0x20, 0x20);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x0b);
}
