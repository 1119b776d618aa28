/* System control port B (61h): timer 2's gate, the speaker's data bit, the refresh toggle and the parity status. */
#ifndef TRUEBOX_DEVICES_PORT61_H
#define TRUEBOX_DEVICES_PORT61_H

#include "devices/bay.h"
#include "devices/i8254.h"

struct port61;

/* `timer` outlives the port: bit 0 drives its gate 2, bit 5 reads its OUT2. */
struct port61 *port61_new(const struct bay *bay, struct i8254 *timer);
void port61_free(struct port61 *port);
void port61_reset(struct port61 *port);

/* The level of the loudspeaker's line now: the data bit and timer 2's output. */
bool port61_speaker_level(const struct port61 *port);

/* The tone it makes now as a period in timer clocks (i8254.h), or 0 for silence. */
uint32_t port61_speaker_tone(const struct port61 *port);

#endif
