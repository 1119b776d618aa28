/* The two 8237A DMA controllers of the PC/AT and their page registers.

   Controller 0 serves channels 0-3 byte by byte; its HRQ goes through channel 4 of controller 1 (the cascade), which serves
   channels 5-7 word by word. Peripherals move their data by calling i8237_transfer at the moments when they would raise
   DREQ, so that bus arbitration (rotating priority, compressed timing, extended write) has nothing to decide here: those
   command bits are kept and have no visible effect. */
#include "devices/i8237.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

enum command_bits {
    COMMAND_MEMORY_TO_MEMORY = 0x01,
    COMMAND_ADDRESS_HOLD = 0x02,
    COMMAND_DISABLE = 0x04,
    COMMAND_DREQ_ACTIVE_LOW = 0x40,
    COMMAND_DACK_ACTIVE_HIGH = 0x80
};

enum mode_bits { MODE_AUTOINITIALIZE = 0x10, MODE_DECREMENT = 0x20 };

enum transfer_type { TYPE_VERIFY, TYPE_WRITE, TYPE_READ, TYPE_ILLEGAL }; /* mode bits 2-3 */

enum transfer_mode { MODE_DEMAND, MODE_SINGLE, MODE_BLOCK, MODE_CASCADE }; /* mode bits 6-7 */

struct channel {
    uint16_t base_address;
    uint16_t base_count;
    uint16_t current_address;
    uint16_t current_count;
    uint8_t mode; /* bits 2-7 as written */
};

struct controller {
    struct channel channels[4];
    uint8_t command;
    uint8_t request; /* software requests, a bit per channel */
    uint8_t dreq;    /* levels of the pins */
    uint8_t mask;
    uint8_t terminal_count; /* status bits 0-3 */
    uint8_t temporary;
    bool byte_pointer; /* the first/last flip-flop: set when the high byte is next */
};

struct i8237_pair {
    struct bay bay;
    struct controller controllers[2];
    uint8_t pages[16]; /* ports 80-8F; 80 itself belongs to the POST code latch */
};

static const struct state_field channel_fields[] = {
    STATE_U16(struct channel, base_address),
    STATE_U16(struct channel, base_count),
    STATE_U16(struct channel, current_address),
    STATE_U16(struct channel, current_count),
    STATE_U8(struct channel, mode),
};
static STATE_TABLE(channel_table, "i8237_channel", 1, channel_fields, NULL);

static const struct state_field controller_fields[] = {
    STATE_STRUCT_ARRAY(struct controller, channels, &channel_table),
    STATE_U8(struct controller, command),
    STATE_U8(struct controller, request),
    STATE_U8(struct controller, dreq),
    STATE_U8(struct controller, mask),
    STATE_U8(struct controller, terminal_count),
    STATE_U8(struct controller, temporary),
    STATE_BOOL(struct controller, byte_pointer),
};
static STATE_TABLE(controller_table, "i8237", 1, controller_fields, NULL);

static const struct state_field pair_fields[] = {
    STATE_STRUCT_ARRAY(struct i8237_pair, controllers, &controller_table),
    STATE_U8_ARRAY(struct i8237_pair, pages),
};
static STATE_TABLE(pair_table, "i8237_pair", 1, pair_fields, NULL);

/* Low nibble of the page register's port, by channel (IBM AT technical reference, "DMA page register"). */
static const uint8_t page_port[8] = {0x7, 0x3, 0x1, 0x2, 0xf, 0xb, 0x9, 0xa};

static bool controller_enabled(const struct controller *controller)
{
    return !(controller->command & COMMAND_DISABLE);
}

/* The board's DREQ lines are active high and its DACK lines active low: other settings make the chip deaf to the
 * peripherals. */
static bool polarity_fits(const struct controller *controller)
{
    return !(controller->command & (COMMAND_DREQ_ACTIVE_LOW | COMMAND_DACK_ACTIVE_HIGH));
}

static bool cascade_open(const struct i8237_pair *pair)
{
    const struct controller *upper = &pair->controllers[1];

    return controller_enabled(upper) && polarity_fits(upper) && !(upper->mask & 1);
}

bool i8237_ready(const struct i8237_pair *pair, unsigned channel)
{
    const struct controller *controller = &pair->controllers[channel >> 2 & 1];

    if (channel > 7 || channel == 4 || (channel < 4 && !cascade_open(pair)))
        return false;
    return controller_enabled(controller) && polarity_fits(controller) && !(controller->mask >> (channel & 3) & 1) &&
           controller->channels[channel & 3].mode >> 6 != MODE_CASCADE;
}

/* Physical address of the channel's current unit: the page register does not take part in the count. */
static uint32_t physical_address(const struct i8237_pair *pair, unsigned channel)
{
    uint32_t page = pair->pages[page_port[channel]];
    uint32_t address = pair->controllers[channel >> 2].channels[channel & 3].current_address;

    return channel < 4 ? page << 16 | address : (page & 0xfe) << 16 | address << 1;
}

static void move_address(struct channel *channel, uint32_t units)
{
    if (channel->mode & MODE_DECREMENT)
        channel->current_address = (uint16_t)(channel->current_address - units);
    else
        channel->current_address = (uint16_t)(channel->current_address + units);
}

/* EOP: the channel reloads or masks itself, and its software request ends. */
static void end_of_process(struct controller *controller, unsigned index)
{
    struct channel *channel = &controller->channels[index];

    controller->terminal_count |= (uint8_t)(1u << index);
    controller->request &= (uint8_t) ~(1u << index);
    if (channel->mode & MODE_AUTOINITIALIZE) {
        channel->current_address = channel->base_address;
        channel->current_count = channel->base_count;
    } else {
        controller->mask |= (uint8_t)(1u << index);
    }
}

/* Counts `units` transfers that do not pass terminal count; true if the last one reached it. */
static bool count_down(struct controller *controller, unsigned index, uint32_t units)
{
    struct channel *channel = &controller->channels[index];
    bool reached = units == (uint32_t)channel->current_count + 1;

    move_address(channel, units);
    channel->current_count = (uint16_t)(channel->current_count - units);
    if (reached)
        end_of_process(controller, index);
    return reached;
}

/* Units that can move as one block: neither past terminal count nor over the 64K wrap; one at a time downwards. */
static uint32_t contiguous_units(const struct channel *channel, size_t wanted)
{
    uint32_t limit = (uint32_t)channel->current_count + 1;

    if (channel->mode & MODE_DECREMENT)
        return 1;
    if (limit > UINT32_C(0x10000) - channel->current_address)
        limit = UINT32_C(0x10000) - channel->current_address;
    return wanted < limit ? (uint32_t)wanted : limit;
}

static void move_bytes(struct i8237_pair *pair, unsigned index, uint8_t *bytes, size_t size, enum dma_direction direction)
{
    unsigned type = pair->controllers[index >> 2].channels[index & 3].mode >> 2 & 3;
    uint32_t address = physical_address(pair, index);

    if (direction == DMA_TO_MEMORY) {
        if (type == TYPE_WRITE)
            physical_write(pair->bay.memory, address, bytes, size);
    } else if (type == TYPE_READ) {
        physical_read(pair->bay.memory, address, bytes, size);
    } else {
        memset(bytes, 0xff, size);
    }
}

size_t i8237_transfer(struct i8237_pair *pair, unsigned channel, uint8_t *bytes, size_t count, enum dma_direction direction,
                      bool *terminal_count)
{
    unsigned shift = channel >= 4;
    struct controller *controller = &pair->controllers[channel >> 2 & 1];
    size_t moved = 0;
    bool reached = false;

    if (terminal_count)
        *terminal_count = false;
    if (!i8237_ready(pair, channel))
        return 0;
    if ((controller->channels[channel & 3].mode >> 2 & 3) == (direction == DMA_TO_MEMORY ? TYPE_READ : TYPE_WRITE))
        log_write(pair->bay.log, LOG_GUEST, "DMA channel %u is programmed for the other direction than its peripheral's",
                  channel);
    while (!reached && (count - moved) >> shift) {
        uint32_t units = contiguous_units(&controller->channels[channel & 3], (count - moved) >> shift);

        move_bytes(pair, channel, bytes + moved, (size_t)units << shift, direction);
        moved += (size_t)units << shift;
        reached = count_down(controller, channel & 3, units);
    }
    if (terminal_count)
        *terminal_count = reached;
    return moved;
}

void i8237_set_dreq(void *owner, unsigned channel, bool level)
{
    struct i8237_pair *pair = owner;
    struct controller *controller = &pair->controllers[channel >> 2 & 1];
    uint8_t bit = (uint8_t)(1u << (channel & 3));

    controller->dreq = level ? controller->dreq | bit : controller->dreq & (uint8_t)~bit;
}

/* Data sheet, "Memory-to-Memory": channel 0 is the source, channel 1 the destination whose terminal count ends it. */
static void memory_to_memory(struct i8237_pair *pair)
{
    struct controller *controller = &pair->controllers[0];
    struct channel *source = &controller->channels[0];
    bool source_ended, ended;

    do {
        uint16_t held = source->current_address;

        physical_read(pair->bay.memory, physical_address(pair, 0), &controller->temporary, 1);
        physical_write(pair->bay.memory, physical_address(pair, 1), &controller->temporary, 1);
        source_ended = count_down(controller, 0, 1);
        if (controller->command & COMMAND_ADDRESS_HOLD && !(source_ended && source->mode & MODE_AUTOINITIALIZE))
            source->current_address = held;
        ended = count_down(controller, 1, 1);
    } while (!ended);
    controller->request &= (uint8_t)~1u;
}

/* A software request without a peripheral behind it, in block mode: nobody drives the bus in write transfers, nobody listens
   in read transfers. */
static void block_without_peripheral(struct i8237_pair *pair, unsigned index)
{
    struct controller *controller = &pair->controllers[index >> 2];
    struct channel *channel = &controller->channels[index & 3];
    unsigned shift = index >= 4;
    uint8_t floating[512];
    bool ended;

    memset(floating, 0xff, sizeof floating);
    do {
        uint32_t units = contiguous_units(channel, sizeof floating >> shift);

        if ((channel->mode >> 2 & 3) == TYPE_WRITE)
            physical_write(pair->bay.memory, physical_address(pair, index), floating, (size_t)units << shift);
        ended = count_down(controller, index & 3, units);
    } while (!ended);
}

/* Serves what software asked for as soon as nothing holds it back; the mask does not (data sheet, "Request Register"). */
static void serve_software_requests(struct i8237_pair *pair)
{
    for (unsigned index = 0; index < 8; index++) {
        struct controller *controller = &pair->controllers[index >> 2];

        if (!(controller->request >> (index & 3) & 1) || index == 4 || !controller_enabled(controller) ||
            (index < 4 && !cascade_open(pair)))
            continue;
        if (index == 0 && controller->command & COMMAND_MEMORY_TO_MEMORY)
            memory_to_memory(pair);
        else if (controller->channels[index & 3].mode >> 6 == MODE_BLOCK)
            block_without_peripheral(pair, index);
    }
}

/* RESET and the master clear: everything but the address, count and mode registers. */
static void master_clear(struct controller *controller)
{
    controller->command = 0;
    controller->request = 0;
    controller->terminal_count = 0;
    controller->temporary = 0;
    controller->byte_pointer = false;
    controller->mask = 0x0f;
}

static uint8_t read_half(struct controller *controller, uint16_t value)
{
    controller->byte_pointer = !controller->byte_pointer;
    return (uint8_t)(controller->byte_pointer ? value : value >> 8);
}

static void write_half(struct controller *controller, uint16_t *base, uint16_t *current, uint8_t value)
{
    *base = controller->byte_pointer ? (uint16_t)((*base & 0x00ff) | value << 8) : (uint16_t)((*base & 0xff00) | value);
    *current =
        controller->byte_pointer ? (uint16_t)((*current & 0x00ff) | value << 8) : (uint16_t)((*current & 0xff00) | value);
    controller->byte_pointer = !controller->byte_pointer;
}

static uint8_t status(struct controller *controller)
{
    uint8_t pins = controller->command & COMMAND_DREQ_ACTIVE_LOW ? (uint8_t)~controller->dreq : controller->dreq;
    uint8_t value = (uint8_t)(controller->terminal_count | ((pins | controller->request) & 0x0f) << 4);

    controller->terminal_count = 0;
    return value;
}

static uint8_t register_read(struct controller *controller, unsigned number)
{
    const struct channel *channel = &controller->channels[number >> 1 & 3];

    if (number < 8)
        return read_half(controller, number & 1 ? channel->current_count : channel->current_address);
    switch (number) {
    case 0x8: return status(controller);
    case 0xd: return controller->temporary;
    case 0xf: return controller->mask; /* as the south bridges' cores do; illegal on the discrete chip */
    default: return 0xff;
    }
}

static void register_write(struct i8237_pair *pair, struct controller *controller, unsigned number, uint8_t value)
{
    struct channel *channel = &controller->channels[number >> 1 & 3];
    uint8_t bit = (uint8_t)(1u << (value & 3));

    if (number < 8) {
        if (number & 1)
            write_half(controller, &channel->base_count, &channel->current_count, value);
        else
            write_half(controller, &channel->base_address, &channel->current_address, value);
        return;
    }
    switch (number) {
    case 0x8:
        controller->command = value;
        if (!polarity_fits(controller))
            log_write(pair->bay.log, LOG_GUEST, "DMA command %02x inverts DREQ or DACK: peripherals will not be heard",
                      value);
        break;
    case 0x9: controller->request = value & 4 ? controller->request | bit : controller->request & (uint8_t)~bit; break;
    case 0xa: controller->mask = value & 4 ? controller->mask | bit : controller->mask & (uint8_t)~bit; break;
    case 0xb: controller->channels[value & 3].mode = value & 0xfc; break;
    case 0xc: controller->byte_pointer = false; break;
    case 0xd: master_clear(controller); break;
    case 0xe: controller->mask = 0; break;
    case 0xf: controller->mask = value & 0x0f; break;
    }
    serve_software_requests(pair);
}

/* Controller 1 hangs on address lines A1-A4: each register answers at two ports. */
static unsigned register_number(uint16_t port)
{
    return port < 0x10 ? port : (port - 0xc0u) >> 1;
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct i8237_pair *pair = device;

    (void)size;
    return register_read(&pair->controllers[port >= 0xc0], register_number(port));
}

static void port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct i8237_pair *pair = device;

    (void)size;
    register_write(pair, &pair->controllers[port >= 0xc0], register_number(port), (uint8_t)value);
}

static uint32_t page_read(void *device, uint16_t port, unsigned size)
{
    struct i8237_pair *pair = device;

    (void)size;
    return pair->pages[port & 0xf];
}

static void page_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct i8237_pair *pair = device;

    (void)size;
    pair->pages[port & 0xf] = (uint8_t)value;
}

void i8237_pair_reset(struct i8237_pair *pair)
{
    master_clear(&pair->controllers[0]);
    master_clear(&pair->controllers[1]);
}

struct i8237_pair *i8237_pair_new(const struct bay *bay)
{
    struct i8237_pair *pair = memory_new(sizeof *pair);

    pair->bay = *bay;
    i8237_pair_reset(pair);
    ports_claim(bay->ports, 0x00, 16, PORT_BYTE, port_read, port_write, pair, "dma.lower");
    ports_claim(bay->ports, 0xc0, 32, PORT_BYTE, port_read, port_write, pair, "dma.upper");
    ports_claim(bay->ports, 0x81, 15, PORT_BYTE, page_read, page_write, pair, "dma.pages");
    state_registry_add(bay->states, "dma", &pair_table, pair);
    return pair;
}

void i8237_pair_free(struct i8237_pair *pair)
{
    free(pair);
}
