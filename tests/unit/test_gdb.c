/* The GDB stub over a unix socket: the packets that GDB sends, and what nobody should send. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "machine_bench.h"

struct session {
    tb_machine *machine;
    tb_gdb *gdb;
    int client;
    char path[64], answer[40000];
};

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, path);
    cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
    return client;
}

static void open_session(struct session *session, const struct rom *rom)
{
    struct tb_config config = machine_config(TB_ENGINE_FAST);
    struct tb_error error = {TB_STATUS_OK, ""};
    char where[80];

    config.shutdown_resets = false;
    session->machine = machine_configured(rom, &config);
    snprintf(session->path, sizeof session->path, "/tmp/truebox-gdb-%ld", (long)getpid());
    snprintf(where, sizeof where, "unix:%s", session->path);
    session->gdb = tb_gdb_open(session->machine, where, &error);
    cr_assert(session->gdb, "%s", error.text);
    cr_expect_eq(tb_gdb_poll(session->gdb, 0), TB_GDB_RUN, "nobody there");
    session->client = connect_to(session->path);
    cr_expect_eq(tb_gdb_poll(session->gdb, 0), TB_GDB_STOPPED, "a client stops the machine");
}

static void close_session(struct session *session)
{
    close(session->client);
    tb_gdb_close(session->gdb);
    tb_machine_free(session->machine, NULL);
}

/* What has come back so far, as it stands. */
static const char *received(struct session *session)
{
    ssize_t size = recv(session->client, session->answer, sizeof session->answer - 1, MSG_DONTWAIT);

    session->answer[size > 0 ? size : 0] = 0;
    return session->answer;
}

static enum tb_gdb_state send_raw(struct session *session, const char *bytes, size_t size)
{
    cr_assert_eq(send(session->client, bytes, size, 0), (ssize_t)size);
    return tb_gdb_poll(session->gdb, 0);
}

static enum tb_gdb_state send_packet(struct session *session, const char *payload)
{
    char frame[8192];
    uint8_t sum = 0;

    for (const char *at = payload; *at; at++)
        sum = (uint8_t)(sum + (uint8_t)*at);
    return send_raw(session, frame, (size_t)snprintf(frame, sizeof frame, "$%s#%02x", payload, sum));
}

/* The payload of the answer to a packet, acknowledgement and checksum checked and taken off. */
static const char *ask(struct session *session, const char *payload)
{
    char *text, *end;
    uint8_t sum = 0;

    send_packet(session, payload);
    received(session);
    cr_assert_eq(session->answer[0], '+', "%s: %s", payload, session->answer);
    cr_assert_eq(session->answer[1], '$');
    text = session->answer + 2;
    end = strchr(text, '#');
    cr_assert(end);
    for (char *at = text; at < end; at++)
        sum = (uint8_t)(sum + (uint8_t)*at);
    cr_assert_eq(strtoul(end + 1, NULL, 16), sum);
    *end = 0;
    return text;
}

Test(gdb, describes_the_target)
{
    struct session s;
    const char *text;

    open_session(&s, &rom_busy);
    cr_expect(strstr(ask(&s, "qSupported:multiprocess+;swbreak+"), "qXfer:features:read+"));
    text = ask(&s, "qXfer:features:read:target.xml:0,3000");
    cr_expect_eq(text[0], 'l');
    cr_expect(strstr(text, "org.gnu.gdb.i386.core"));
    cr_expect(strstr(text, "name=\"cs_base\""));
    cr_expect(strstr(text, "</target>"));
    text = ask(&s, "qXfer:features:read:target.xml:0,10");
    cr_expect_str_eq(text, "m<?xml version=\"1");
    cr_expect_str_eq(ask(&s, "qXfer:features:read:other.xml:0,10"), "E00");
    cr_expect_eq(ask(&s, "qXfer:features:read:target.xml:99999,10")[0], 'E');
    cr_expect_str_eq(ask(&s, "vMustReplyEmpty"), "");
    cr_expect_str_eq(ask(&s, "?"), "T05thread:1;");
    cr_expect_str_eq(ask(&s, "vCont?"), "vCont;c;C;s;S");
    close_session(&s);
}

Test(gdb, registers)
{
    struct session s;
    char all[2000];

    open_session(&s, &rom_busy);
    cr_expect_str_eq(ask(&s, "p8"), "f0ffffff", "the linear address of the reset vector");
    cr_expect_str_eq(ask(&s, "pa"), "00f00000");
    cr_expect_str_eq(ask(&s, "P0=78563412"), "OK");
    cr_expect_eq(machine_register(s.machine, "rax"), 0x12345678);
    cr_expect_str_eq(ask(&s, "P8=00000f00"), "OK");
    cr_expect_eq(machine_register(s.machine, "rip"), (uint32_t)(0xf0000 - 0xffff0000u), "eip is linear");
    cr_expect_str_eq(ask(&s, "P8=f0ffffff"), "OK");
    cr_expect_eq(machine_register(s.machine, "rip"), 0xfff0);
    snprintf(all, sizeof all, "G%s", ask(&s, "g"));
    cr_expect_eq(strlen(all) - 1, 2 * (16 * 4 + 8 * 10 + 8 * 4 + 12 * 4 + 4 * 2), "%zu", strlen(all));
    memcpy(all + 1, "efbeadde", 8);
    cr_expect_str_eq(ask(&s, all), "OK");
    cr_expect_eq(machine_register(s.machine, "rax"), 0xdeadbeef);
    cr_expect_eq(machine_register(s.machine, "rip"), 0xfff0);
    cr_expect_eq(ask(&s, "p99")[0], 'E');
    cr_expect_eq(ask(&s, "P0=1")[0], 'E');
    cr_expect_eq(ask(&s, "P0=zzzzzzzz")[0], 'E');
    cr_expect_eq(ask(&s, "Gabc")[0], 'E');
    close_session(&s);
}

Test(gdb, memory)
{
    struct session s;
    uint8_t bytes[4];

    open_session(&s, &rom_busy);
    cr_expect_str_eq(ask(&s, "mf0000,5"), "b800108ed8");
    cr_expect_str_eq(ask(&s, "M5000,3:010203"), "OK");
    cr_expect_str_eq(ask(&s, "m5000,4"), "01020300");
    cr_expect_str_eq(ask(&s, "X5001,3:a}\x03"
                             "b"),
                     "OK", "an escaped # between a and b");
    tb_memory_read(s.machine, 0x5000, bytes, 4);
    cr_expect_arr_eq(bytes,
                     "\x01"
                     "a#b",
                     4);
    cr_expect_eq(ask(&s, "m80000000,4")[0], 'E', "nothing there");
    cr_expect_eq(ask(&s, "m5000")[0], 'E');
    cr_expect_eq(ask(&s, "m,,")[0], 'E');
    cr_expect_eq(ask(&s, "M5000,ffffffffffffffff:00")[0], 'E');
    cr_expect_eq(ask(&s, "M5000,4:00")[0], 'E');
    cr_expect_eq(ask(&s, "X5000,10:a")[0], 'E');
    close_session(&s);
}

Test(gdb, breakpoints_step_and_continue)
{
    struct session s;

    open_session(&s, &rom_busy);
    cr_expect_str_eq(ask(&s, "Z0,f0007,1"), "OK");
    cr_expect_eq(send_packet(&s, "vCont;c"), TB_GDB_RUN);
    cr_expect_str_eq(received(&s), "+");
    tb_gdb_stopped(s.gdb, TB_STOP_CLOCK);
    cr_expect_str_eq(received(&s), "", "the end of a slice is nobody's business");
    tb_gdb_stopped(s.gdb, tb_machine_run(s.machine, 1000));
    cr_expect(strstr(received(&s), "T05swbreak:;thread:1;"), "%s", s.answer);
    cr_expect_eq(tb_gdb_poll(s.gdb, 0), TB_GDB_STOPPED);
    cr_expect_eq(machine_register(s.machine, "rip"), 7);
    cr_expect_str_eq(ask(&s, "mf0007,2"), "ff07", "memory was never patched");
    cr_expect_eq(send_packet(&s, "s"), TB_GDB_STEP);
    received(&s);
    tb_gdb_stopped(s.gdb, tb_machine_step(s.machine));
    cr_expect(strstr(received(&s), "T05thread:1;"), "%s", s.answer);
    cr_expect_eq(machine_register(s.machine, "rip"), 9);
    cr_expect_str_eq(ask(&s, "z0,f0007,1"), "OK");
    cr_expect_str_eq(ask(&s, "Z1,f0010,1"), "OK");
    cr_expect_eq(send_packet(&s, "c"), TB_GDB_RUN);
    received(&s);
    tb_gdb_stopped(s.gdb, tb_machine_run(s.machine, 1000));
    cr_expect(strstr(received(&s), "T05hwbreak:;thread:1;"), "%s", s.answer);
    cr_expect_eq(machine_register(s.machine, "rip"), 16);
    cr_expect_str_eq(ask(&s, "Z7,0,1"), "");
    cr_expect_eq(ask(&s, "Z0,")[0], 'E');
    close_session(&s);
}

Test(gdb, control_c_stops)
{
    struct session s;

    open_session(&s, &rom_busy);
    cr_expect_eq(send_packet(&s, "c"), TB_GDB_RUN);
    received(&s);
    tb_machine_run(s.machine, 100);
    tb_gdb_stopped(s.gdb, TB_STOP_CLOCK);
    cr_expect_eq(send_raw(&s, "\x03", 1), TB_GDB_STOPPED);
    cr_expect(strstr(received(&s), "T02"), "%s", s.answer);
    close_session(&s);
}

Test(gdb, no_ack_mode_and_damaged_packets)
{
    struct session s;

    open_session(&s, &rom_busy);
    send_raw(&s, "$?#00", 5);
    cr_expect_str_eq(received(&s), "-", "wrong checksum");
    send_raw(&s, "$?#zz", 5);
    cr_expect_str_eq(received(&s), "-");
    cr_expect_str_eq(ask(&s, "QStartNoAckMode"), "OK");
    send_packet(&s, "qC");
    cr_expect_str_eq(received(&s), "$QC1#c5");
    send_raw(&s, "$?#00", 5);
    cr_expect_str_eq(received(&s), "");
    close_session(&s);
}

Test(gdb, nonsense_never_hurts)
{
    struct session s;
    uint32_t random = 12345;
    char bytes[512];

    open_session(&s, &rom_busy);
    for (unsigned round = 0; round < 300; round++) {
        static const char starts[] = "gGpPmMXZzsScCqQvHTD?$#}*+-";
        size_t size = 1 + round % (sizeof bytes - 2);

        for (size_t i = 0; i < size; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = (char)(" 0123456789abcdef,;:=#$}*\xff"[random >> 24 & 15] + (random >> 30 == 3 ? 7 : 0));
            if (!bytes[i])
                bytes[i] = '1';
        }
        bytes[0] = starts[round % (sizeof starts - 1)];
        bytes[size] = 0;
        if (bytes[0] == 'D' || bytes[0] == 'v')
            continue; /* letting go is tested elsewhere */
        send_packet(&s, bytes);
        received(&s);
    }
    memset(bytes, 'm', sizeof bytes);
    for (unsigned i = 0; i < 100; i++) /* a packet longer than any buffer */
        send_raw(&s, bytes, sizeof bytes);
    send_raw(&s, "#00", 3);
    received(&s);
    send_raw(&s, "\x03", 1);
    received(&s);
    cr_expect_str_eq(ask(&s, "qC"), "QC1", "and still there");
    close_session(&s);
}

Test(gdb, a_second_client_is_refused_and_a_lost_one_lets_go)
{
    struct session s;
    int second;
    char byte;

    open_session(&s, &rom_busy);
    cr_expect_str_eq(ask(&s, "Z0,f0007,1"), "OK");
    second = connect_to(s.path);
    tb_gdb_poll(s.gdb, 0);
    cr_expect_eq(recv(second, &byte, 1, MSG_DONTWAIT), 0, "closed at once");
    close(second);
    cr_expect_str_eq(ask(&s, "qC"), "QC1", "the first one stays");
    close(s.client);
    cr_expect_eq(tb_gdb_poll(s.gdb, 0), TB_GDB_RUN, "the machine runs on");
    cr_expect_eq(tb_machine_run(s.machine, 1000), TB_STOP_CLOCK, "without the lost client's breakpoints");
    s.client = connect_to(s.path);
    cr_expect_eq(tb_gdb_poll(s.gdb, 0), TB_GDB_STOPPED);
    cr_expect_str_eq(ask(&s, "D"), "OK");
    cr_expect_eq(tb_gdb_poll(s.gdb, 0), TB_GDB_RUN);
    close_session(&s);
}

Test(gdb, kill_ends_the_run)
{
    struct session s;

    open_session(&s, &rom_busy);
    cr_expect_eq(send_packet(&s, "k"), TB_GDB_KILLED);
    close_session(&s);
}

/* "O" packets carry text in hexadecimal: is this word in there? */
static bool says(const char *answer, const char *word)
{
    char hex[100] = "";

    for (size_t i = 0; word[i]; i++)
        snprintf(hex + 2 * i, sizeof hex - 2 * i, "%02x", (uint8_t)word[i]);
    return strstr(answer, hex) != NULL;
}

Test(gdb, ends_of_the_guest_are_told)
{
    struct session s;

    open_session(&s, &rom_triple);
    send_packet(&s, "c");
    received(&s);
    tb_gdb_stopped(s.gdb, tb_machine_run(s.machine, 1000));
    received(&s);
    cr_expect(says(s.answer, "TRIPLE_FAULT"));
    cr_expect(strstr(s.answer, "T0b"), "%s", s.answer);
    cr_expect_eq(tb_gdb_poll(s.gdb, 0), TB_GDB_STOPPED, "to be looked at");
    close_session(&s);

    open_session(&s, &rom_debug_exit);
    send_packet(&s, "c");
    received(&s);
    tb_gdb_stopped(s.gdb, tb_machine_run(s.machine, 1000));
    cr_expect(strstr(received(&s), "$W0b#"), "%s", s.answer);
    close_session(&s);
}

Test(gdb, monitor_commands)
{
    struct session s;

    open_session(&s, &rom_busy);
    cr_expect(says(ask(&s, "qRcmd,68656c70"), "why"), "monitor help");
    cr_expect(says(ask(&s, "qRcmd,72656773"), "cs.base=ffff0000"), "monitor regs");
    cr_expect(says(ask(&s, "qRcmd,776879"), "no exception"), "monitor why");
    cr_expect(says(ask(&s, "qRcmd,696e666f20637075"), "cpu0"), "monitor info cpu");
    cr_expect(says(ask(&s, "qRcmd,7878"), "no such command"));
    cr_expect_eq(ask(&s, "qRcmd,7")[0], 'E');
    close_session(&s);
}

Test(gdb, bad_addresses_are_errors)
{
    static const char *const wrong[] = {"", "70000", "x", "host:", "unix:", "unix:/nonexistent/directory/socket", "1:2:x"};
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct tb_error error = {TB_STATUS_OK, ""};

        cr_expect_null(tb_gdb_open(machine, wrong[i], &error), "%s", wrong[i]);
        cr_expect(error.text[0] && error.status != TB_STATUS_OK, "%s", wrong[i]);
    }
    tb_machine_free(machine, NULL);
}
