/* Debug ports. */
#include "devices/debug_ports.h"

#include <stdlib.h>

#include "base/memory.h"

static const char shutdown_word[] = "Shutdown";

struct debug_ports {
    struct bay bay;
    struct debug_ports_config config;
    struct wire poweroff;
    uint8_t post_code;
    uint8_t shutdown_progress; /* letters of shutdown_word seen in a row */
};

static const struct state_field debug_ports_fields[] = {
    STATE_U8(struct debug_ports, post_code),
    STATE_U8(struct debug_ports, shutdown_progress),
};

static void restored(void *object)
{
    struct debug_ports *ports = object;

    if (ports->shutdown_progress >= sizeof shutdown_word - 1)
        ports->shutdown_progress = 0;
}

static STATE_TABLE(debug_ports_table, "debug_ports", 1, debug_ports_fields, restored);

static uint32_t post_read(void *device, uint16_t port, unsigned size)
{
    (void)port, (void)size;
    return ((struct debug_ports *)device)->post_code;
}

static void post_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct debug_ports *ports = device;

    (void)port, (void)size;
    ports->post_code = (uint8_t)value;
    log_write(ports->bay.log, LOG_DEVICE, "POST code %02x", value);
}

/* Reading E9 at port E9h is how a guest finds out that the console is there; 402h does the same. */
static uint32_t console_read(void *device, uint16_t port, unsigned size)
{
    (void)device, (void)port, (void)size;
    return 0xe9;
}

static void console_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct debug_ports *ports = device;

    (void)port, (void)size;
    if (ports->config.console)
        ports->config.console(ports->config.console_owner, (uint8_t)value);
}

static void shutdown_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct debug_ports *ports = device;
    uint8_t byte = (uint8_t)value;

    (void)port, (void)size;
    if (byte == (uint8_t)shutdown_word[ports->shutdown_progress])
        ports->shutdown_progress++;
    else
        ports->shutdown_progress = byte == (uint8_t)shutdown_word[0];
    if (!shutdown_word[ports->shutdown_progress]) {
        ports->shutdown_progress = 0;
        log_write(ports->bay.log, LOG_MACHINE, "power off by port 8900h");
        wire_set(&ports->poweroff, true);
    }
}

static void exit_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct debug_ports *ports = device;

    (void)size;
    log_write(ports->bay.log, LOG_MACHINE, "exit device: %x written to port %04x", value, port);
    if (ports->config.exit)
        ports->config.exit(ports->config.exit_owner, value);
}

uint8_t debug_ports_post_code(const struct debug_ports *ports)
{
    return ports->post_code;
}

struct debug_ports *debug_ports_new(const struct bay *bay, const struct debug_ports_config *config, struct wire poweroff)
{
    struct debug_ports *ports = memory_new(sizeof *ports);

    ports->bay = *bay;
    ports->config = *config;
    ports->poweroff = poweroff;
    ports_claim(bay->ports, 0x80, 1, PORT_BYTE, post_read, post_write, ports, "debug.post");
    ports_claim(bay->ports, 0xe9, 1, PORT_BYTE, console_read, console_write, ports, "debug.console");
    ports_claim(bay->ports, 0x402, 1, PORT_BYTE, console_read, console_write, ports, "debug.console");
    ports_claim(bay->ports, 0x8900, 1, PORT_BYTE, NULL, shutdown_write, ports, "debug.shutdown");
    if (config->exit_present)
        ports_claim(bay->ports, config->exit_port, 4, PORT_ANY, NULL, exit_write, ports, "debug.exit");
    state_registry_add(bay->states, "debug_ports", &debug_ports_table, ports);
    return ports;
}

void debug_ports_free(struct debug_ports *ports)
{
    free(ports);
}
