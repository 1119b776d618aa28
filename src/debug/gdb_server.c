/* The GDB stub's transport: one client on TCP, a unix socket or standard input and output, served between runs. A second
   client is refused; one that vanishes lets the machine run on. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "debug/gdb_internal.h"

enum { SEND_TIMEOUT_MS = 5000 };

/* ------------------------------------------------------------------------------------------------------------------
   Opening */

static bool open_unix(struct tb_gdb *gdb, const char *path, struct tb_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;

    if (!*path || strlen(path) >= sizeof address.sun_path)
        return error_set(error, TB_STATUS_USAGE, "gdb: %s: no usable name for a socket", path);
    strcpy(address.sun_path, path);
    gdb->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (gdb->listening < 0)
        return error_set(error, TB_STATUS_NO_INPUT, "gdb: %s: %s", path, strerror(errno));
    /* A socket that nobody listens on any more was left behind by an earlier run. */
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
        connect(gdb->listening, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED)
        unlink(path);
    if (bind(gdb->listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(gdb->listening, 1) < 0)
        return error_set(error, TB_STATUS_NO_INPUT, "gdb: %s: %s", path, strerror(errno));
    gdb->unix_path = memory_copy_string(path);
    return true;
}

static bool listen_at(struct tb_gdb *gdb, const struct addrinfo *where)
{
    int on = 1;

    gdb->listening = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (gdb->listening < 0)
        return false;
    setsockopt(gdb->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(gdb->listening, where->ai_addr, where->ai_addrlen) == 0 && listen(gdb->listening, 1) == 0;
}

/* "PORT", ":PORT" and "HOST:PORT"; without a host the loopback interface alone listens. */
static bool open_tcp(struct tb_gdb *gdb, const char *where, struct tb_error *error)
{
    const char *colon = strrchr(where, ':'), *port = colon ? colon + 1 : where;
    char host[256] = "127.0.0.1";
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    bool listens;
    int why;

    if (!*port || strlen(port) > 5 || strspn(port, "0123456789") != strlen(port) || atoi(port) < 1 || atoi(port) > 65535)
        return error_set(error, TB_STATUS_USAGE, "gdb: %s: [HOST:]PORT, unix:PATH or stdio is needed", where);
    if (colon && colon != where) {
        size_t length = (size_t)(colon - where), bracket = where[0] == '[' && colon[-1] == ']';

        if (length >= sizeof host)
            return error_set(error, TB_STATUS_USAGE, "gdb: %s: the host's name is too long", where);
        snprintf(host, sizeof host, "%.*s", (int)(length - 2 * bracket), where + bracket);
    }
    why = getaddrinfo(host, port, &hints, &found);
    if (why)
        return error_set(error, TB_STATUS_NO_INPUT, "gdb: %s: %s", where, gai_strerror(why));
    listens = listen_at(gdb, found);
    freeaddrinfo(found);
    return listens || error_set(error, TB_STATUS_NO_INPUT, "gdb: %s: %s", where, strerror(errno));
}

static void adopt_client(struct tb_gdb *gdb, int in, int out)
{
    gdb->in = in;
    gdb->out = out;
    gdb->no_ack = gdb->no_ack_next = false;
    gdb->receiver.state = GDB_OUTSIDE;
    gdb->reply.length = 0;
    gdb->reply_pending = false;
    gdb->state = TB_GDB_STOPPED;
}

tb_gdb *tb_gdb_open(tb_machine *machine, const char *where, struct tb_error *error)
{
    struct tb_gdb *gdb = memory_new(sizeof *gdb);
    bool opened = true;

    gdb->machine = machine;
    gdb->listening = gdb->in = gdb->out = -1;
    if (!strcmp(where, "stdio")) {
        gdb->stdio = true;
        adopt_client(gdb, STDIN_FILENO, STDOUT_FILENO);
    } else if (!strncmp(where, "unix:", 5)) {
        opened = open_unix(gdb, where + 5, error);
    } else {
        opened = open_tcp(gdb, where, error);
    }
    if (opened)
        return gdb;
    tb_gdb_close(gdb);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
   The client comes and goes */

static void drop_client(struct tb_gdb *gdb)
{
    if (gdb->in < 0)
        return;
    if (!gdb->stdio)
        close(gdb->in);
    gdb->in = gdb->out = -1;
    gdb_forget_points(gdb);
    gdb->wait_for_client = false; /* it has come and is gone */
    gdb->reply_pending = false;
    if (gdb->state != TB_GDB_KILLED)
        gdb->state = TB_GDB_RUN;
}

void tb_gdb_close(tb_gdb *gdb)
{
    if (!gdb)
        return;
    drop_client(gdb);
    if (gdb->listening >= 0)
        close(gdb->listening);
    if (gdb->unix_path)
        unlink(gdb->unix_path);
    free(gdb->unix_path);
    free(gdb->points);
    free(gdb);
}

static void accept_clients(struct tb_gdb *gdb)
{
    int client, on = 1;

    while (gdb->listening >= 0 && (client = accept(gdb->listening, NULL, NULL)) >= 0) {
        if (gdb->in >= 0) { /* one debugger at a time */
            close(client);
            continue;
        }
        fcntl(client, F_SETFD, FD_CLOEXEC);
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails on unix sockets, which have no delay */
        adopt_client(gdb, client, client);
    }
}

static bool wait_for(int file, short events, int milliseconds)
{
    struct pollfd wanted = {.fd = file, .events = events};

    return poll(&wanted, 1, milliseconds) > 0;
}

static void send_bytes(struct tb_gdb *gdb, const char *bytes, size_t size)
{
    while (size && gdb->out >= 0) {
        ssize_t sent;

        if (!wait_for(gdb->out, POLLOUT, SEND_TIMEOUT_MS)) {
            drop_client(gdb); /* it does not read what it asked for */
            return;
        }
        sent = gdb->stdio ? write(gdb->out, bytes, size) : send(gdb->out, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (sent <= 0) {
            drop_client(gdb);
            return;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void send_reply(struct tb_gdb *gdb, struct gdb_sender *sender)
{
    gdb_finish(sender);
    send_bytes(gdb, sender->packet, sender->length);
}

static void serve_packet(struct tb_gdb *gdb)
{
    bool answer;

    if (!gdb->no_ack)
        send_bytes(gdb, "+", 1);
    gdb_command(gdb, &answer);
    if (answer)
        send_reply(gdb, &gdb->reply);
    gdb->no_ack = gdb->no_ack_next;
    if (gdb->receiver.packet[0] == 'D')
        drop_client(gdb);
}

static void serve_byte(struct tb_gdb *gdb, uint8_t byte)
{
    switch (gdb_receive(&gdb->receiver, byte)) {
    case GDB_INPUT_NOTHING: break;
    case GDB_INPUT_PACKET: serve_packet(gdb); break;
    case GDB_INPUT_DAMAGED:
        if (!gdb->no_ack)
            send_bytes(gdb, "-", 1);
        break;
    case GDB_INPUT_RESEND:
        if (!gdb->no_ack && gdb->reply.length > 4)
            send_bytes(gdb, gdb->reply.packet, gdb->reply.length);
        break;
    case GDB_INPUT_BREAK:
        if (gdb->state == TB_GDB_RUN) {
            gdb->state = TB_GDB_STOPPED;
            gdb->reply_pending = false;
            gdb_begin(&gdb->reply);
            gdb_put_stop(gdb, &gdb->reply, TB_STOP_REQUEST);
            send_reply(gdb, &gdb->reply);
        }
        break;
    }
}

/* Takes bytes one at a time until a continue: what follows that waits for the next poll. */
static bool serve_input(struct tb_gdb *gdb)
{
    uint8_t bytes[4096];
    ssize_t got = gdb->stdio ? read(gdb->in, bytes, 1) : recv(gdb->in, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (got <= 0) {
        drop_client(gdb);
        return false;
    }
    for (ssize_t i = 0; i < got && gdb->in >= 0; i++)
        serve_byte(gdb, bytes[i]);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
   Between the frontend and the client */

void tb_gdb_hold(tb_gdb *gdb)
{
    gdb->wait_for_client = true;
    if (gdb->in < 0)
        gdb->state = TB_GDB_STOPPED;
}

enum tb_gdb_state tb_gdb_poll(tb_gdb *gdb, int wait_ms)
{
    accept_clients(gdb);
    if (gdb->in < 0 && gdb->state == TB_GDB_STOPPED && !gdb->wait_for_client)
        gdb->state = TB_GDB_RUN;
    if (gdb->state == TB_GDB_STOPPED && wait_ms > 0) {
        struct pollfd wanted[2] = {{.fd = gdb->listening, .events = POLLIN}, {.fd = gdb->in, .events = POLLIN}};

        poll(wanted, 2, wait_ms);
        accept_clients(gdb);
    }
    while (gdb->in >= 0 && gdb->state != TB_GDB_KILLED && gdb->state != TB_GDB_STEP && wait_for(gdb->in, POLLIN, 0))
        if (!serve_input(gdb))
            break;
    return gdb->state;
}

/* Why the machine cannot go on, for the user's console. */
static void tell(struct tb_gdb *gdb, const char *text)
{
    gdb_begin(&gdb->console);
    gdb_put_text(&gdb->console, "O");
    gdb_put_hex(&gdb->console, text, strlen(text));
    send_reply(gdb, &gdb->console);
}

static void tell_exit(struct tb_gdb *gdb, int status)
{
    char text[8];

    snprintf(text, sizeof text, "W%02x", (unsigned)status & 0xff);
    gdb_begin(&gdb->reply);
    gdb_put_text(&gdb->reply, text);
    send_reply(gdb, &gdb->reply);
    gdb->reply_pending = false;
    gdb->state = TB_GDB_RUN; /* the run ends as the frontend decides */
}

void tb_gdb_stopped(tb_gdb *gdb, enum tb_stop stop)
{
    char why[2000];

    if (gdb->in < 0 || !gdb->reply_pending)
        return;
    if (gdb->state == TB_GDB_RUN && (stop == TB_STOP_CLOCK || stop == TB_STOP_REQUEST))
        return;
    if (stop == TB_STOP_POWEROFF || stop == TB_STOP_DEBUG_EXIT) {
        tell_exit(gdb, stop == TB_STOP_POWEROFF ? 0 : tb_machine_exit_code(gdb->machine));
        return;
    }
    if (stop == TB_STOP_HALTED)
        tell(gdb, "truebox: the processor halts and nothing is queued that could wake it\n");
    if (stop == TB_STOP_SHUTDOWN) {
        tb_explain(gdb->machine, why, sizeof why);
        tell(gdb, "truebox: the processor shut down (triple fault):\n");
        tell(gdb, why);
    }
    gdb->state = TB_GDB_STOPPED;
    gdb->reply_pending = false;
    gdb_begin(&gdb->reply);
    gdb_put_stop(gdb, &gdb->reply, stop);
    send_reply(gdb, &gdb->reply);
}

enum tb_stop tb_gdb_run(tb_gdb *gdb, uint64_t clock, uint64_t slice)
{
    for (;;) {
        enum tb_gdb_state state = tb_gdb_poll(gdb, 200);
        uint64_t now = tb_machine_clock(gdb->machine),
                 end = slice && clock > now && clock - now > slice ? now + slice : clock;
        enum tb_stop stop;

        if (state == TB_GDB_KILLED)
            return TB_STOP_REQUEST;
        if (state == TB_GDB_STOPPED)
            continue;
        stop = state == TB_GDB_STEP ? tb_machine_step(gdb->machine) : tb_machine_run(gdb->machine, end);
        tb_gdb_stopped(gdb, stop);
        if (gdb->state == TB_GDB_STOPPED)
            continue; /* the client looks at it first, even at a machine that cannot go on */
        if (stop != TB_STOP_CLOCK || tb_machine_clock(gdb->machine) >= clock)
            return stop;
    }
}
