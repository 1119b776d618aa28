/* GDB's packet framing (GDB manual, appendix E.1). */
#include "debug/gdb_packet.h"

#include <string.h>

#include "base/bits.h"

int gdb_hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

static enum gdb_input receive_outside(struct gdb_receiver *receiver, uint8_t byte)
{
    if (byte == '$') {
        receiver->state = GDB_INSIDE;
        receiver->length = 0;
        receiver->sum = 0;
        receiver->too_long = false;
        return GDB_INPUT_NOTHING;
    }
    return byte == 3 ? GDB_INPUT_BREAK : byte == '-' ? GDB_INPUT_RESEND : GDB_INPUT_NOTHING;
}

static void receive_inside(struct gdb_receiver *receiver, uint8_t byte)
{
    if (byte == '#') {
        receiver->state = GDB_CHECK1;
        return;
    }
    receiver->sum = (uint8_t)(receiver->sum + byte);
    if (receiver->length < GDB_PACKET_SIZE)
        receiver->packet[receiver->length++] = (char)byte;
    else
        receiver->too_long = true;
}

enum gdb_input gdb_receive(struct gdb_receiver *receiver, uint8_t byte)
{
    int digit;

    switch (receiver->state) {
    case GDB_OUTSIDE: return receive_outside(receiver, byte);
    case GDB_INSIDE: receive_inside(receiver, byte); return GDB_INPUT_NOTHING;
    case GDB_CHECK1:
        digit = gdb_hex_digit((char)byte);
        receiver->check = (uint8_t)((unsigned)digit << 4);
        receiver->too_long |= digit < 0;
        receiver->state = GDB_CHECK2;
        return GDB_INPUT_NOTHING;
    case GDB_CHECK2: break;
    }
    digit = gdb_hex_digit((char)byte);
    receiver->state = GDB_OUTSIDE;
    receiver->packet[receiver->length] = 0;
    if (digit < 0 || receiver->too_long || (uint8_t)(receiver->check | digit) != receiver->sum)
        return GDB_INPUT_DAMAGED;
    return GDB_INPUT_PACKET;
}

size_t gdb_unescape(char *data, size_t length)
{
    size_t to = 0;

    for (size_t from = 0; from < length; from++) {
        if (data[from] == '}' && from + 1 < length)
            data[to++] = (char)(data[++from] ^ 0x20);
        else
            data[to++] = data[from];
    }
    return to;
}

void gdb_begin(struct gdb_sender *sender)
{
    sender->packet[0] = '$';
    sender->length = 1;
    sender->overflow = false;
}

static bool put_byte(struct gdb_sender *sender, char byte)
{
    if (sender->length > GDB_PACKET_SIZE) {
        sender->overflow = true;
        return false;
    }
    sender->packet[sender->length++] = byte;
    return true;
}

void gdb_put_text(struct gdb_sender *sender, const char *text)
{
    while (*text)
        put_byte(sender, *text++);
}

void gdb_put_hex(struct gdb_sender *sender, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < size; i++) {
        put_byte(sender, "0123456789abcdef"[at[i] >> 4]);
        put_byte(sender, "0123456789abcdef"[at[i] & 15]);
    }
}

void gdb_put_register(struct gdb_sender *sender, uint64_t value, unsigned size)
{
    uint8_t bytes[8];

    store_le64(bytes, value);
    gdb_put_hex(sender, bytes, size);
}

size_t gdb_put_binary(struct gdb_sender *sender, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool escape = memchr("#$}*", bytes[i], 4) != NULL;

        if (sender->length + (escape ? 2 : 1) > GDB_PACKET_SIZE)
            return i;
        if (escape)
            put_byte(sender, '}');
        put_byte(sender, escape ? (char)(bytes[i] ^ 0x20) : bytes[i]);
    }
    return size;
}

void gdb_finish(struct gdb_sender *sender)
{
    uint8_t sum = 0;

    for (size_t i = 1; i < sender->length; i++)
        sum = (uint8_t)(sum + (uint8_t)sender->packet[i]);
    sender->packet[sender->length++] = '#';
    sender->packet[sender->length++] = "0123456789abcdef"[sum >> 4];
    sender->packet[sender->length++] = "0123456789abcdef"[sum & 15];
}

bool gdb_parse_hex(const char **text, uint64_t *value)
{
    unsigned digits = 0;

    *value = 0;
    for (; gdb_hex_digit(**text) >= 0; ++*text, digits++)
        *value = *value << 4 | (unsigned)gdb_hex_digit(**text);
    return digits > 0 && digits <= 16;
}

bool gdb_parse_bytes(const char *text, void *bytes, size_t size)
{
    uint8_t *to = bytes;

    for (size_t i = 0; i < size; i++) {
        int high = gdb_hex_digit(text[2 * i]), low = high < 0 ? -1 : gdb_hex_digit(text[2 * i + 1]);

        if (low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
