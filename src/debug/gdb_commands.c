/* GDB's packets and their answers (GDB manual, appendix E). Whatever is malformed is answered by an error, whatever is
   unknown by the empty packet; guest memory is never patched for breakpoints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "debug/gdb_internal.h"

static void put_error(struct tb_gdb *gdb)
{
    gdb_put_text(&gdb->reply, "E01");
}

static void put_ok(struct tb_gdb *gdb)
{
    gdb_put_text(&gdb->reply, "OK");
}

/* ------------------------------------------------------------------------------------------------------------------
   Registers */

static void read_all_registers(struct tb_gdb *gdb)
{
    for (unsigned i = 0; i < gdb_register_count(); i++)
        gdb_register_put(gdb, &gdb->reply, i);
}

static void write_all_registers(struct tb_gdb *gdb, const char *text)
{
    size_t digits = 0;

    for (unsigned i = 0; i < gdb_register_count(); i++)
        digits += gdb_register_digits(i);
    if (strlen(text) != digits || strspn(text, "0123456789abcdefABCDEF") != digits) {
        put_error(gdb);
        return;
    }
    /* eip is CS.base + EIP: cs_base comes behind it in GDB's order, so it is written twice. */
    for (unsigned pass = 0; pass < 2; pass++) {
        const char *at = text;

        for (unsigned i = 0; i < gdb_register_count(); at += gdb_register_digits(i++))
            gdb_register_write(gdb, i, at);
    }
    put_ok(gdb);
}

static void read_register(struct tb_gdb *gdb, const char *text)
{
    uint64_t number;

    if (gdb_parse_hex(&text, &number) && !*text && number < gdb_register_count())
        gdb_register_put(gdb, &gdb->reply, (unsigned)number);
    else
        put_error(gdb);
}

static void write_register(struct tb_gdb *gdb, const char *text)
{
    uint64_t number;

    if (gdb_parse_hex(&text, &number) && *text == '=' && number < gdb_register_count() &&
        strlen(text + 1) == gdb_register_digits((unsigned)number) && gdb_register_write(gdb, (unsigned)number, text + 1))
        put_ok(gdb);
    else
        put_error(gdb);
}

/* ------------------------------------------------------------------------------------------------------------------
   Memory */

/* "addr,length" and the character behind it, or false. */
static bool parse_range(const char **text, char end, uint64_t *address, uint64_t *length)
{
    if (!gdb_parse_hex(text, address) || *(*text)++ != ',' || !gdb_parse_hex(text, length) || **text != end)
        return false;
    *text += end != 0;
    return true;
}

static void read_memory(struct tb_gdb *gdb, const char *text)
{
    uint64_t address, length;
    uint8_t bytes[GDB_PACKET_SIZE / 2 - 8];
    size_t got;

    if (!parse_range(&text, 0, &address, &length)) {
        put_error(gdb);
        return;
    }
    got = tb_linear_read(gdb->machine, 0, address, bytes, length < sizeof bytes ? (size_t)length : sizeof bytes);
    if (!got && length)
        put_error(gdb);
    gdb_put_hex(&gdb->reply, bytes, got);
}

static void write_bytes(struct tb_gdb *gdb, uint64_t address, const void *bytes, size_t size)
{
    if (tb_linear_write(gdb->machine, 0, address, bytes, size) == size)
        put_ok(gdb);
    else
        put_error(gdb);
}

static void write_memory(struct tb_gdb *gdb, const char *text)
{
    uint64_t address, length;
    uint8_t bytes[GDB_PACKET_SIZE / 2];

    if (parse_range(&text, ':', &address, &length) && length <= sizeof bytes && strlen(text) == 2 * length &&
        gdb_parse_bytes(text, bytes, (size_t)length))
        write_bytes(gdb, address, bytes, (size_t)length);
    else
        put_error(gdb);
}

static void write_memory_binary(struct tb_gdb *gdb, const char *text, const char *end)
{
    uint64_t address, length;

    if (parse_range(&text, ':', &address, &length) &&
        gdb_unescape((char *)(uintptr_t)text, (size_t)(end - text)) == length) /* the receiver's buffer is ours to change */
        write_bytes(gdb, address, text, (size_t)length);
    else
        put_error(gdb);
}

/* ------------------------------------------------------------------------------------------------------------------
   Breakpoints and watchpoints */

static void set_point(struct tb_gdb *gdb, const struct gdb_point *point, bool add)
{
    static const enum tb_watch kinds[] = {TB_WATCH_WRITE, TB_WATCH_READ, TB_WATCH_ACCESS};

    if (point->type < 2)
        (add ? tb_breakpoint_add : tb_breakpoint_remove)(gdb->machine, point->linear);
    else
        (add ? tb_watchpoint_add : tb_watchpoint_remove)(gdb->machine, point->linear, point->length, kinds[point->type - 2]);
}

static size_t find_point(const struct tb_gdb *gdb, const struct gdb_point *wanted)
{
    for (size_t i = 0; i < gdb->point_count; i++)
        if (gdb->points[i].type == wanted->type && gdb->points[i].linear == wanted->linear &&
            gdb->points[i].length == wanted->length)
            return i;
    return gdb->point_count;
}

static void change_point(struct tb_gdb *gdb, const char *text, bool add)
{
    struct gdb_point point;
    uint64_t type;
    size_t found;

    if (!gdb_parse_hex(&text, &type) || *text++ != ',' || type > 4) {
        if (type <= 4)
            put_error(gdb);
        return; /* a type that we do not have: the empty answer */
    }
    point.type = (unsigned)type;
    if (!gdb_parse_hex(&text, &point.linear) || *text++ != ',' || !gdb_parse_hex(&text, &point.length) ||
        (type >= 2 && (!point.length || point.length > 4096))) {
        put_error(gdb);
        return;
    }
    found = find_point(gdb, &point);
    if (add && found == gdb->point_count) {
        if (gdb->point_count == GDB_MAXIMUM_POINTS) {
            put_error(gdb);
            return;
        }
        gdb->points = memory_resize(gdb->points, (gdb->point_count + 1) * sizeof *gdb->points);
        gdb->points[gdb->point_count++] = point;
        set_point(gdb, &point, true);
    } else if (!add && found < gdb->point_count) {
        gdb->points[found] = gdb->points[--gdb->point_count];
        set_point(gdb, &point, false);
    }
    put_ok(gdb); /* setting one twice, or removing none, is no error: the packets are idempotent */
}

void gdb_forget_points(struct tb_gdb *gdb)
{
    while (gdb->point_count)
        set_point(gdb, &gdb->points[--gdb->point_count], false);
}

void gdb_put_stop(struct tb_gdb *gdb, struct gdb_sender *sender, enum tb_stop stop)
{
    char text[64];
    uint64_t linear = 0;
    enum tb_watch kind = TB_WATCH_WRITE;

    if (stop == TB_STOP_WATCHPOINT) {
        tb_watchpoint_hit(gdb->machine, &linear, &kind);
        snprintf(text, sizeof text, "T05%s:%llx;",
                 kind == TB_WATCH_WRITE  ? "watch"
                 : kind == TB_WATCH_READ ? "rwatch"
                                         : "awatch",
                 (unsigned long long)linear);
        gdb_put_text(sender, text);
    } else if (stop == TB_STOP_BREAKPOINT) {
        struct gdb_point software = {0, gdb_pc(gdb), 0};
        bool known = false;

        for (size_t i = 0; i < gdb->point_count; i++)
            known |= gdb->points[i].type == 0 && gdb->points[i].linear == software.linear;
        gdb_put_text(sender, known ? "T05swbreak:;" : "T05hwbreak:;");
    } else {
        gdb_put_text(sender, stop == TB_STOP_REQUEST ? "T02" : stop == TB_STOP_SHUTDOWN ? "T0b" : "T05");
    }
    gdb_put_text(sender, "thread:1;");
}

/* ------------------------------------------------------------------------------------------------------------------
   Running */

static void resume(struct tb_gdb *gdb, enum tb_gdb_state state, bool *answer)
{
    gdb->state = state;
    gdb->reply_pending = true;
    *answer = false;
}

/* "c", "s" with an optional address, "C", "S" with a signal that a machine has no use for and an optional address. */
static void resume_old(struct tb_gdb *gdb, const char *text, bool *answer)
{
    char command = *text++;
    uint64_t value;
    bool signal = command == 'C' || command == 'S';

    if (signal && !gdb_parse_hex(&text, &value)) {
        put_error(gdb);
        return;
    }
    if (signal && *text == ';')
        text++;
    if (*text) {
        if (!gdb_parse_hex(&text, &value) || *text) {
            put_error(gdb);
            return;
        }
        gdb_set_pc(gdb, value);
    }
    resume(gdb, command == 's' || command == 'S' ? TB_GDB_STEP : TB_GDB_RUN, answer);
}

static void resume_vcont(struct tb_gdb *gdb, const char *text, bool *answer)
{
    if (!strcmp(text, "?"))
        gdb_put_text(&gdb->reply, "vCont;c;C;s;S");
    else if (text[0] == ';' && (text[1] == 'c' || text[1] == 'C'))
        resume(gdb, TB_GDB_RUN, answer);
    else if (text[0] == ';' && (text[1] == 's' || text[1] == 'S'))
        resume(gdb, TB_GDB_STEP, answer);
    else
        put_error(gdb);
}

/* ------------------------------------------------------------------------------------------------------------------
   Queries */

static void query_features(struct tb_gdb *gdb, const char *text)
{
    static const char annex[] = "target.xml:";
    char description[8192];
    uint64_t offset, length;
    size_t size = gdb_target_description(description, sizeof description), room = GDB_PACKET_SIZE - 16;

    if (strncmp(text, annex, sizeof annex - 1)) {
        gdb_put_text(&gdb->reply, "E00");
        return;
    }
    text += sizeof annex - 1;
    if (!parse_range(&text, 0, &offset, &length) || offset > size) {
        put_error(gdb);
        return;
    }
    if (length > size - offset)
        length = size - offset;
    if (length > room)
        length = room;
    gdb_put_text(&gdb->reply, offset + length < size ? "m" : "l");
    gdb_put_binary(&gdb->reply, description + offset, (size_t)length);
}

static void query_monitor(struct tb_gdb *gdb, const char *hex)
{
    char command[256];
    size_t length = strlen(hex) / 2;
    char *text;

    if (strlen(hex) % 2 || length >= sizeof command || !gdb_parse_bytes(hex, command, length)) {
        put_error(gdb);
        return;
    }
    command[length] = 0;
    text = gdb_monitor(gdb, command);
    gdb_put_hex(&gdb->reply, text, strlen(text));
    free(text);
}

static bool begins(const char *text, const char *with, const char **rest)
{
    size_t length = strlen(with);

    if (strncmp(text, with, length))
        return false;
    *rest = text + length;
    return true;
}

static void query(struct tb_gdb *gdb, const char *text)
{
    const char *rest;
    char line[160];

    if (begins(text, "qSupported", &rest)) {
        snprintf(line, sizeof line, "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;vContSupported+;swbreak+;hwbreak+",
                 GDB_PACKET_SIZE);
        gdb_put_text(&gdb->reply, line);
    } else if (begins(text, "qXfer:features:read:", &rest)) {
        query_features(gdb, rest);
    } else if (begins(text, "qRcmd,", &rest)) {
        query_monitor(gdb, rest);
    } else if (!strcmp(text, "qC")) {
        gdb_put_text(&gdb->reply, "QC1");
    } else if (!strcmp(text, "qfThreadInfo")) {
        gdb_put_text(&gdb->reply, "m1");
    } else if (!strcmp(text, "qsThreadInfo")) {
        gdb_put_text(&gdb->reply, "l");
    } else if (begins(text, "qAttached", &rest)) {
        gdb_put_text(&gdb->reply, "1");
    } else if (begins(text, "qSymbol", &rest)) {
        put_ok(gdb);
    }
}

static void detach(struct tb_gdb *gdb)
{
    gdb_forget_points(gdb);
    gdb->wait_for_client = false;
    gdb->state = TB_GDB_RUN;
    gdb->reply_pending = false;
    put_ok(gdb);
}

void gdb_command(struct tb_gdb *gdb, bool *answer)
{
    const char *text = gdb->receiver.packet, *end = text + gdb->receiver.length, *rest;

    *answer = true;
    gdb_begin(&gdb->reply);
    switch (*text) {
    case '?': gdb_put_text(&gdb->reply, "T05thread:1;"); break;
    case 'g': read_all_registers(gdb); break;
    case 'G': write_all_registers(gdb, text + 1); break;
    case 'p': read_register(gdb, text + 1); break;
    case 'P': write_register(gdb, text + 1); break;
    case 'm': read_memory(gdb, text + 1); break;
    case 'M': write_memory(gdb, text + 1); break;
    case 'X': write_memory_binary(gdb, text + 1, end); break;
    case 'Z': change_point(gdb, text + 1, true); break;
    case 'z': change_point(gdb, text + 1, false); break;
    case 'c':
    case 'C':
    case 's':
    case 'S': resume_old(gdb, text, answer); break;
    case 'D': detach(gdb); break;
    case 'k':
        gdb->state = TB_GDB_KILLED;
        *answer = false;
        break;
    case 'H':
    case 'T': put_ok(gdb); break;
    case 'q': query(gdb, text); break;
    case 'Q':
        if (!strcmp(text, "QStartNoAckMode")) {
            gdb->no_ack_next = true; /* this very packet is still acknowledged */
            put_ok(gdb);
        }
        break;
    case 'v':
        if (begins(text, "vCont", &rest))
            resume_vcont(gdb, rest, answer);
        else if (begins(text, "vKill", &rest)) {
            gdb->state = TB_GDB_KILLED;
            put_ok(gdb);
        }
        break;
    default: break; /* unknown: the empty answer */
    }
}
