/* Host ends of serial ports. */
#include "cli/channel.h"

#include "cli/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { KEPT_WITHOUT_CLIENT = 65536, KEPT_CONGESTED = 262144, LAST_WORDS_MS = 2000 };

static bool open_file(struct channel *channel, const char *path, struct tb_error *error)
{
    channel->out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return channel->out >= 0 || report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
}

static bool open_socket(struct channel *channel, const char *path, struct tb_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    int handle;

    if (strlen(path) >= sizeof address.sun_path)
        return report_set(error, TB_STATUS_USAGE, "%s: too long for the name of a socket", path);
    strcpy(address.sun_path, path);
    handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle < 0)
        return report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    if (connect(handle, (struct sockaddr *)&address, sizeof address) == 0) {
        channel->in = channel->out = handle;
        return true;
    }
    if (errno == ECONNREFUSED && stat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        unlink(path); /* left behind by a server that is gone */
    if (bind(handle, (struct sockaddr *)&address, sizeof address) || listen(handle, 1)) {
        report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
        close(handle);
        return false;
    }
    channel->listener = handle;
    channel->socket_path = strdup(path);
    return true;
}

bool channel_open(struct channel *channel, const char *where, struct tb_error *error)
{
    memset(channel, 0, sizeof *channel);
    channel->name = where ? where : "null";
    channel->in = channel->out = channel->listener = -1;
    if (!strcmp(channel->name, "stdio")) {
        channel->in = STDIN_FILENO;
        channel->out = STDOUT_FILENO;
        return true;
    }
    if (!strncmp(channel->name, "file:", 5))
        return open_file(channel, channel->name + 5, error);
    if (!strncmp(channel->name, "unix:", 5))
        return open_socket(channel, channel->name + 5, error);
    return true;
}

static void drop(struct channel *channel, size_t count)
{
    channel->kept_size -= count;
    memmove(channel->kept, channel->kept + count, channel->kept_size);
}

void channel_put(struct channel *channel, uint8_t byte)
{
    if (channel->failed || (channel->out < 0 && channel->listener < 0))
        return;
    if (channel->kept_size == channel->capacity) {
        channel->capacity = channel->capacity ? channel->capacity * 2 : 4096;
        channel->kept = report_resize(channel->kept, channel->capacity);
    }
    channel->kept[channel->kept_size++] = byte;
    if (channel->out < 0 && channel->kept_size == 2 * KEPT_WITHOUT_CLIENT)
        drop(channel, KEPT_WITHOUT_CLIENT);
}

bool channel_congested(const struct channel *channel)
{
    return channel->out >= 0 && channel->kept_size >= KEPT_CONGESTED;
}

static bool ready(int handle, short events, int milliseconds)
{
    struct pollfd wanted = {handle, events, 0};

    return poll(&wanted, 1, milliseconds) > 0;
}

/* The client is gone (or, without a listener, the other end). */
static void disconnect(struct channel *channel)
{
    if (channel->listener >= 0) {
        close(channel->in);
        channel->in = channel->out = -1;
    } else {
        channel->in = -1;
    }
}

/* Writes as long as it does not block; pieces up to PIPE_BUF never do when poll says that there is room. */
static void write_kept(struct channel *channel, int milliseconds)
{
    size_t done = 0;

    while (done < channel->kept_size && ready(channel->out, POLLOUT, milliseconds)) {
        size_t piece = channel->kept_size - done < PIPE_BUF ? channel->kept_size - done : PIPE_BUF;
        ssize_t written = write(channel->out, channel->kept + done, piece);

        if (written < 0 && (errno == EINTR || errno == EAGAIN))
            break;
        if (written < 0 && channel->listener >= 0) {
            disconnect(channel);
            break;
        }
        if (written < 0) {
            channel->failed = errno;
            done = channel->kept_size;
            break;
        }
        done += (size_t)written;
    }
    drop(channel, done);
}

static void read_input(struct channel *channel)
{
    ssize_t count;

    if (channel->in < 0 || channel->input_size || !ready(channel->in, POLLIN, 0))
        return;
    count = read(channel->in, channel->input, sizeof channel->input);
    if (count > 0)
        channel->input_size = (size_t)count;
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
        disconnect(channel);
}

void channel_poll(struct channel *channel)
{
    if (channel->listener >= 0 && channel->out < 0 && ready(channel->listener, POLLIN, 0))
        channel->in = channel->out = accept(channel->listener, NULL, NULL);
    if (channel->kept_size && channel->out >= 0)
        write_kept(channel, 0);
    read_input(channel);
}

bool channel_close(struct channel *channel, struct tb_error *error)
{
    bool good = true;

    if (channel->kept_size && channel->out >= 0) {
        write_kept(channel, LAST_WORDS_MS);
        if (channel->kept_size && channel->listener < 0)
            good = report_set(error, TB_STATUS_NO_INPUT, "%s: %zu bytes could not be written", channel->name,
                              channel->kept_size);
    }
    if (channel->failed)
        good = report_set(error, TB_STATUS_NO_INPUT, "%s: cannot write: %s", channel->name, strerror(channel->failed));
    if (channel->out > STDERR_FILENO)
        close(channel->out);
    if (channel->listener >= 0)
        close(channel->listener);
    if (channel->socket_path)
        unlink(channel->socket_path);
    free(channel->socket_path);
    free(channel->kept);
    channel->socket_path = NULL;
    channel->kept = NULL;
    channel->in = channel->out = channel->listener = -1;
    return good;
}
