/* The VGA's memory as the processor sees it: maps, planes, latches, each read and write mode. */
#include <criterion/criterion.h>

#include "vga_modes.h"

static struct bench bench;
static struct vga *vga;

static void setup(void)
{
    bench_open(&bench);
    vga = vga_new(&bench.bay, (struct wire){0}, BENCH_FRAME_BUFFER);
    vga_mode_set(&bench, &vga_mode_12);
}

static void teardown(void)
{
    vga_free(vga);
    bench_close(&bench);
}

TestSuite(vga_memory, .init = setup, .fini = teardown);

static uint8_t plane_get(unsigned plane, uint32_t offset)
{
    graphics_set(&bench, 4, (uint8_t)plane);
    graphics_set(&bench, 5, 0);
    return peek8(&bench, 0xA0000 + offset);
}

/* Writes the four bytes plane by plane and leaves all planes enabled. */
static void planes_put(uint32_t offset, const uint8_t bytes[4])
{
    graphics_set(&bench, 1, 0);
    graphics_set(&bench, 3, 0);
    graphics_set(&bench, 5, 0);
    graphics_set(&bench, 8, 0xFF);
    for (unsigned plane = 0; plane < 4; plane++) {
        sequencer_set(&bench, 2, (uint8_t)(1 << plane));
        poke8(&bench, 0xA0000 + offset, bytes[plane]);
    }
    sequencer_set(&bench, 2, 15);
}

static void expect_planes(uint32_t offset, uint8_t p0, uint8_t p1, uint8_t p2, uint8_t p3)
{
    const uint8_t expected[4] = {p0, p1, p2, p3};

    for (unsigned plane = 0; plane < 4; plane++)
        cr_assert_eq(plane_get(plane, offset), expected[plane], "plane %u: %02x, not %02x", plane, plane_get(plane, offset),
                     expected[plane]);
}

static const uint8_t pattern[4] = {0x0F, 0x33, 0x55, 0xFF};

Test(vga_memory, map_mask_and_read_map_select)
{
    planes_put(5, pattern);
    expect_planes(5, 0x0F, 0x33, 0x55, 0xFF);
    sequencer_set(&bench, 2, 0x6);
    poke8(&bench, 0xA0005, 0xA5);
    expect_planes(5, 0x0F, 0xA5, 0xA5, 0xFF);
}

Test(vga_memory, write_mode_0_rotates_then_sets)
{
    planes_put(0, (const uint8_t[4]){0});
    graphics_set(&bench, 0, 0x8); /* set/reset: plane 3 ones, plane 2 zeros */
    graphics_set(&bench, 1, 0xC);
    graphics_set(&bench, 3, 3);
    poke8(&bench, 0xA0000, 0x81);
    expect_planes(0, 0x30, 0x30, 0x00, 0xFF);
}

Test(vga_memory, write_mode_0_logic_and_bit_mask_against_the_latch)
{
    static const struct {
        uint8_t function, result[4];
    } rows[] = {
        {0x00, {0x3F, 0x33, 0x35, 0x3F}}, /* replace: 0x3C within mask 0xF0 */
        {0x08, {0x0F & (0x3C | 0x0F), 0x33 & (0x3C | 0x0F), 0x55 & (0x3C | 0x0F), 0xFF & (0x3C | 0x0F)}},
        {0x10, {0x0F | 0x30, 0x33 | 0x30, 0x55 | 0x30, 0xFF | 0x30}},
        {0x18, {0x0F ^ 0x30, 0x33 ^ 0x30, 0x55 ^ 0x30, 0xFF ^ 0x30}},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        planes_put(7, pattern);
        peek8(&bench, 0xA0007); /* fill the latches */
        graphics_set(&bench, 3, rows[i].function);
        graphics_set(&bench, 8, 0xF0);
        poke8(&bench, 0xA0007, 0x3C);
        graphics_set(&bench, 3, 0);
        expect_planes(7, rows[i].result[0], rows[i].result[1], rows[i].result[2], rows[i].result[3]);
    }
}

Test(vga_memory, write_mode_1_copies_latches_through_the_map_mask)
{
    planes_put(1, pattern);
    planes_put(2, (const uint8_t[4]){0x11, 0x22, 0x44, 0x88});
    graphics_set(&bench, 5, 1);
    graphics_set(&bench, 8, 0x00); /* not used in this mode */
    sequencer_set(&bench, 2, 0xB);
    peek8(&bench, 0xA0001);
    poke8(&bench, 0xA0002, 0x99);
    expect_planes(2, 0x0F, 0x33, 0x44, 0xFF);
}

Test(vga_memory, write_mode_2_spreads_a_colour)
{
    planes_put(3, pattern);
    graphics_set(&bench, 5, 2);
    graphics_set(&bench, 8, 0x3C);
    peek8(&bench, 0xA0003);
    poke8(&bench, 0xA0003, 0xF6); /* colour 6: only the low four bits count */
    expect_planes(3, 0x03, 0x3F, 0x7D, 0xC3);
}

Test(vga_memory, write_mode_3_masks_with_rotated_data)
{
    planes_put(4, pattern);
    graphics_set(&bench, 0, 0x9);
    graphics_set(&bench, 5, 3);
    graphics_set(&bench, 3, 4);
    graphics_set(&bench, 8, 0x7E);
    peek8(&bench, 0xA0004);
    poke8(&bench, 0xA0004, 0x3C); /* rotated C3, masked 42 */
    graphics_set(&bench, 3, 0);
    expect_planes(4, 0x4F, 0x31, 0x15, 0xFF);
}

Test(vga_memory, read_mode_1_compares_colours)
{
    planes_put(6, pattern);
    graphics_set(&bench, 5, 8);
    graphics_set(&bench, 7, 0xF);
    graphics_set(&bench, 2, 0xF); /* pixels with all of 0F 33 55 FF set: bit 0 only */
    cr_assert_eq(peek8(&bench, 0xA0006), 0x01);
    graphics_set(&bench, 2, 0x8); /* none but plane 3 */
    cr_assert_eq(peek8(&bench, 0xA0006), 0x80);
    graphics_set(&bench, 7, 0x8); /* the other planes do not matter */
    cr_assert_eq(peek8(&bench, 0xA0006), 0xFF);
    graphics_set(&bench, 7, 0x0);
    graphics_set(&bench, 2, 0x0);
    cr_assert_eq(peek8(&bench, 0xA0006), 0xFF);
}

Test(vga_memory, latches_survive_save_and_restore)
{
    planes_put(0x10, pattern);
    planes_put(0x11, (const uint8_t[4]){0});
    peek8(&bench, 0xA0010);
    uint8_t *saved = bench_save(&bench);
    peek8(&bench, 0xA0011);
    bench_restore(&bench, saved);
    graphics_set(&bench, 5, 1);
    poke8(&bench, 0xA0011, 0);
    expect_planes(0x11, 0x0F, 0x33, 0x55, 0xFF);
}

Test(vga_memory, odd_even_text_memory)
{
    vga_mode_set(&bench, &vga_mode_03);
    poke8(&bench, 0xB8000 + 0x123 * 2, 'A');
    poke8(&bench, 0xB8000 + 0x123 * 2 + 1, 0x1F);
    cr_assert_eq(peek8(&bench, 0xB8000 + 0x123 * 2), 'A');
    cr_assert_eq(peek8(&bench, 0xB8000 + 0x123 * 2 + 1), 0x1F);
    vga_mode_set(&bench, &vga_mode_12);
    expect_planes(0x246, 'A', 0x1F, 0, 0);
}

Test(vga_memory, chain_4_spreads_addresses_over_planes)
{
    vga_mode_set(&bench, &vga_mode_13);
    for (unsigned i = 0; i < 8; i++)
        poke8(&bench, 0xA0100 + i, (uint8_t)(0x10 + i));
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(peek8(&bench, 0xA0100 + i), 0x10 + i);
    sequencer_set(&bench, 2, 0x1); /* the map mask still holds */
    poke8(&bench, 0xA0104, 0x99);
    poke8(&bench, 0xA0105, 0x99);
    vga_mode_set(&bench, &vga_mode_12);
    expect_planes(0x100, 0x10, 0x11, 0x12, 0x13);
    expect_planes(0x104, 0x99, 0x15, 0x16, 0x17);
}

Test(vga_memory, memory_maps)
{
    static const struct {
        uint8_t map;
        uint32_t first, last;
    } rows[] = {{0x1, 0xA0000, 0xBFFFF}, {0x5, 0xA0000, 0xAFFFF}, {0x9, 0xB0000, 0xB7FFF}, {0xD, 0xB8000, 0xBFFFF}};

    for (unsigned i = 0; i < 4; i++) {
        graphics_set(&bench, 6, rows[i].map);
        for (uint32_t address = 0xA0000; address < 0xC0000; address += 0x7FFF) {
            bool inside = address >= rows[i].first && address <= rows[i].last;
            poke8(&bench, address, 0x5A);
            cr_assert_eq(peek8(&bench, address), inside ? 0x5A : 0xFF, "map %x at %x", rows[i].map, address);
        }
    }
    out8(&bench, 0x3C2, 0xE1); /* RAM disabled */
    cr_assert_eq(peek8(&bench, 0xB8000), 0xFF);
}

Test(vga_memory, wide_accesses_are_bytes_in_address_order)
{
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, back[8];

    vga_mode_set(&bench, &vga_mode_03);
    physical_write(bench.bay.memory, 0xB8010, bytes, 8);
    physical_read(bench.bay.memory, 0xB8010, back, 8);
    cr_assert_arr_eq(back, bytes, 8);
    cr_assert_eq(peek8(&bench, 0xB8013), 4);
    /* The latches hold what the last byte read. */
    vga_mode_set(&bench, &vga_mode_12);
    planes_put(0x20, pattern);
    planes_put(0x21, (const uint8_t[4]){9, 8, 7, 6});
    physical_read(bench.bay.memory, 0xA0020, back, 2);
    graphics_set(&bench, 5, 1);
    poke8(&bench, 0xA0030, 0);
    expect_planes(0x30, 9, 8, 7, 6);
}

/* --- Against a model that goes bit by bit through the data path of IBM's drawing --------------------------------- */
struct model {
    uint8_t planes[4][0x10000], latch[4];
    uint8_t sr[5], gr[9];
};

static bool bit(unsigned value, unsigned number)
{
    return value >> number & 1;
}

/* Where a processor address leads: the offset in the planes and which planes the address itself chooses. */
static unsigned model_address(const struct model *m, uint32_t address, bool odd_even, unsigned *planes)
{
    *planes = 15;
    if (bit(m->sr[4], 3)) {
        *planes = 1u << (address & 3);
        return address & 0xFFFC;
    }
    if (!odd_even)
        return address & 0xFFFF;
    *planes = address & 1 ? 10 : 5;
    return (bit(m->gr[6], 1) ? address & 0xFFFE : address) & 0xFFFF;
}

static void model_write(struct model *m, uint32_t address, uint8_t value)
{
    unsigned planes, offset = model_address(m, address, !bit(m->sr[4], 2), &planes), mode = m->gr[5] & 3;
    uint8_t rotated = (uint8_t)(value >> (m->gr[3] & 7) | (unsigned)value << (8 - (m->gr[3] & 7)));

    for (unsigned plane = 0; plane < 4; plane++) {
        uint8_t result = 0;
        for (unsigned b = 0; b < 8; b++) {
            bool latch = bit(m->latch[plane], b), data = false, masked = bit(m->gr[8], b);
            if (mode == 0)
                data = bit(m->gr[1], plane) ? bit(m->gr[0], plane) : bit(rotated, b);
            if (mode == 2)
                data = bit(value, plane);
            if (mode == 3) {
                data = bit(m->gr[0], plane);
                masked = masked && bit(rotated, b);
            }
            switch (m->gr[3] >> 3 & 3) {
            case 1: data = data && latch; break;
            case 2: data = data || latch; break;
            case 3: data = data != latch; break;
            }
            if (mode == 1 || !masked)
                data = latch;
            result |= (uint8_t)(data << b);
        }
        if (bit(m->sr[2] & planes, plane))
            m->planes[plane][offset] = result;
    }
}

static uint8_t model_read(struct model *m, uint32_t address)
{
    unsigned planes, offset = model_address(m, address, bit(m->gr[5], 4), &planes), plane = m->gr[4];
    uint8_t equal = 0xFF;

    for (unsigned p = 0; p < 4; p++) {
        m->latch[p] = m->planes[p][offset];
        for (unsigned b = 0; b < 8; b++)
            if (bit(m->gr[7], p) && bit(m->latch[p], b) != bit(m->gr[2], p))
                equal &= (uint8_t) ~(1 << b);
    }
    if (bit(m->gr[5], 3))
        return equal;
    if (bit(m->sr[4], 3))
        plane = address & 3;
    else if (bit(m->gr[5], 4))
        plane = (plane & 2) | (address & 1);
    return m->latch[plane];
}

Test(vga_memory, random_traffic_equals_the_model)
{
    static const uint8_t graphics_bits[9] = {15, 15, 15, 31, 3, 0x1B, 2, 15, 255};
    static struct model model;
    uint64_t random = 12345;

    for (unsigned i = 0; i < 40000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        unsigned choice = (unsigned)(random >> 60), index = (unsigned)(random >> 40) % 9;
        uint8_t value = (uint8_t)(random >> 32);
        uint32_t address = (uint32_t)(random >> 20) & 0x1F; /* few places, so that they meet again */

        if (choice < 3) {
            /* Half of the time the values of a plain data path. */
            static const uint8_t plain[9] = {0, 0, 0, 0, 0, 0, 0, 0, 255};
            model.gr[index] = value & 1 ? plain[index] : (uint8_t)(random >> 50) & graphics_bits[index];
            graphics_set(&bench, (uint8_t)index, index == 6 ? (uint8_t)(model.gr[6] | 5) : model.gr[index]);
        } else if (choice == 3) {
            model.sr[2] = value & 15;
            sequencer_set(&bench, 2, model.sr[2]);
        } else if (choice == 4) {
            model.sr[4] = value & 0x0E;
            sequencer_set(&bench, 4, model.sr[4]);
        } else if (choice < 10) {
            model_write(&model, address, value);
            poke8(&bench, 0xA0000 + address, value);
        } else {
            uint8_t expected = model_read(&model, address), got = peek8(&bench, 0xA0000 + address);
            cr_assert_eq(got, expected, "step %u: %02x, not %02x", i, got, expected);
        }
        if (i == 0) { /* start from known registers */
            for (uint8_t r = 0; r < 9; r++)
                graphics_set(&bench, r, r == 6 ? (uint8_t)(model.gr[6] | 5) : model.gr[r]);
            sequencer_set(&bench, 2, model.sr[2]);
            sequencer_set(&bench, 4, model.sr[4]);
        }
    }
}
