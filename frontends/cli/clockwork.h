/* The host's clock: for throttling, --max-seconds and the speed in the title. Nothing that the guest can see comes from
   here, except that
   --ips auto is measured once before the machine is made. */
#ifndef TRUEBOX_FRONTENDS_CLI_CLOCKWORK_H
#define TRUEBOX_FRONTENDS_CLI_CLOCKWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <truebox/truebox.h>

uint64_t clockwork_now_ns(void);
void clockwork_sleep_ms(unsigned milliseconds);

/* Half of what this host executes of a small loop in a second, in whole millions: so much the guest's clock can be promised
   while it does dearer things. */
uint64_t clockwork_measure_ips(const struct tb_config *config);

/* Keeps virtual time from running ahead of the wall's. */
struct throttle {
    uint64_t host_start, virtual_start;
};

/* How many milliseconds to wait before the machine runs on. Who is late by more than a tenth of a second does not have to
 * catch up. */
unsigned throttle_wait_ms(struct throttle *throttle, uint64_t host_ns, uint64_t virtual_ns);

/* Speed over the last second or so. */
struct speed {
    uint64_t host, clock, virtual_ns;
    double mips;
    unsigned percent;
};

void speed_update(struct speed *speed, uint64_t host_ns, uint64_t clock, uint64_t virtual_ns);

#endif
