/* Where a chip's outgoing bytes go: a file, a socket, the embedder's callback. */
#ifndef TRUEBOX_DEVICES_BYTE_SINK_H
#define TRUEBOX_DEVICES_BYTE_SINK_H

#include <stdint.h>

struct byte_sink {
    void (*put)(void *owner, uint8_t byte); /* NULL: nothing is connected */
    void *owner;
};

static inline void byte_sink_put(const struct byte_sink *sink, uint8_t byte)
{
    if (sink->put)
        sink->put(sink->owner, byte);
}

#endif
