/* The host's clock. */
#include "cli/clockwork.h"

#include <string.h>
#include <time.h>

uint64_t clockwork_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void clockwork_sleep_ms(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

    nanosleep(&time, NULL);
}

uint64_t clockwork_measure_ips(const struct tb_config *config)
{
    /* Real mode: inc word [bx]; add ax, [bx]; mov [bx + 2], ax; xor dx, ax; loop back; jmp back */
    static const uint8_t program[] = {0xff, 0x07, 0x03, 0x07, 0x89, 0x47, 0x02, 0x31, 0xc2, 0xe2, 0xf5, 0xeb, 0xf3};
    enum { PLACE = 0x1000, DATA = 0x2000 };
    struct tb_config scratch = *config;
    uint64_t start, elapsed, clocks = 0, ips;

    memset(scratch.drives, 0, sizeof scratch.drives);
    scratch.memory_size = 1 << 20;
    tb_machine *machine = tb_machine_new(&scratch, NULL);
    if (!machine)
        return config->ips;
    tb_memory_write(machine, PLACE, program, sizeof program);
    tb_register_set(machine, 0, "cs", 0);
    tb_register_set(machine, 0, "cs.base", 0);
    tb_register_set(machine, 0, "rip", PLACE);
    tb_register_set(machine, 0, "rbx", DATA);
    start = clockwork_now_ns();
    do {
        clocks += 500000;
        if (tb_machine_run(machine, clocks) != TB_STOP_CLOCK)
            break;
        elapsed = clockwork_now_ns() - start;
    } while (elapsed < 50000000);
    elapsed = clockwork_now_ns() - start;
    tb_machine_free(machine, NULL);
    ips = (uint64_t)((double)clocks / (double)(elapsed + 1) * 1e9 / 2);
    ips -= ips % 1000000;
    return ips < 1000000 ? 1000000 : ips > 1000000000 ? 1000000000 : ips;
}

unsigned throttle_wait_ms(struct throttle *throttle, uint64_t host_ns, uint64_t virtual_ns)
{
    enum { LATE_NS = 100000000, LONGEST_MS = 20 };
    uint64_t host = host_ns - throttle->host_start, guest = virtual_ns - throttle->virtual_start;

    if (!throttle->host_start || host > guest + LATE_NS) {
        throttle->host_start = host_ns;
        throttle->virtual_start = virtual_ns;
        return 0;
    }
    if (guest <= host)
        return 0;
    uint64_t milliseconds = (guest - host) / 1000000;
    return milliseconds > LONGEST_MS ? LONGEST_MS : (unsigned)milliseconds;
}

void speed_update(struct speed *speed, uint64_t host_ns, uint64_t clock, uint64_t virtual_ns)
{
    uint64_t elapsed = host_ns - speed->host;

    if (speed->host && elapsed < 1000000000)
        return;
    if (speed->host) {
        speed->mips = (double)(clock - speed->clock) * 1000 / (double)elapsed;
        speed->percent = (unsigned)((virtual_ns - speed->virtual_ns) * 100 / elapsed);
    }
    speed->host = host_ns;
    speed->clock = clock;
    speed->virtual_ns = virtual_ns;
}
