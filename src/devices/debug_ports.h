/* Ports that exist for firmware and test programs: POST code (80h), debug consoles (E9h, 402h), power-off by the word
   "Shutdown" (8900h) and the exit device. */
#ifndef TRUEBOX_DEVICES_DEBUG_PORTS_H
#define TRUEBOX_DEVICES_DEBUG_PORTS_H

#include "devices/bay.h"

struct debug_ports;

struct debug_ports_config {
    bool exit_present;                          /* the exit device answers at exit_port to exit_port + 3 */
    uint16_t exit_port;                         /* 0xf4 is the customary one */
    void (*console)(void *owner, uint8_t byte); /* bytes written to E9h and 402h; may be NULL */
    void *console_owner;
    void (*exit)(void *owner, uint32_t value); /* a write of 1, 2 or 4 bytes to the exit device */
    void *exit_owner;
};

/* `poweroff` goes high when "Shutdown" has been written to port 8900h letter by letter. */
struct debug_ports *debug_ports_new(const struct bay *bay, const struct debug_ports_config *config, struct wire poweroff);
void debug_ports_free(struct debug_ports *ports);

/* The last POST code. */
uint8_t debug_ports_post_code(const struct debug_ports *ports);

#endif
