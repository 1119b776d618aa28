/* The GDB stub's parts: transport (gdb_server.c), commands (gdb_commands.c), registers (gdb_registers.c), monitor
 * (gdb_monitor.c). */
#ifndef TRUEBOX_DEBUG_GDB_INTERNAL_H
#define TRUEBOX_DEBUG_GDB_INTERNAL_H

#include <truebox/truebox.h>

#include "debug/gdb_packet.h"

struct gdb_point { /* a breakpoint or watchpoint that the client set: taken back when it goes */
    unsigned type; /* Z packet's: 0 software, 1 hardware, 2 write, 3 read, 4 access */
    uint64_t linear, length;
};

enum { GDB_MAXIMUM_POINTS = 1024 };

struct tb_gdb {
    tb_machine *machine;
    int listening; /* -1 for stdio */
    int in, out;   /* the client, -1 without one */
    bool stdio;
    char *unix_path;
    bool no_ack, no_ack_next;
    bool wait_for_client; /* -S: hold the machine until one has come and let go */
    bool reply_pending;   /* the client waits for a stop reply */
    enum tb_gdb_state state;
    struct gdb_point *points;
    size_t point_count;
    struct gdb_receiver receiver;
    struct gdb_sender reply, console;
};

/* Answers the packet in gdb->receiver: fills gdb->reply, or leaves it empty with no answer due (*answer false). */
void gdb_command(struct tb_gdb *gdb, bool *answer);

/* The stop reply "T05..." that tells where and why the machine stands. */
void gdb_put_stop(struct tb_gdb *gdb, struct gdb_sender *sender, enum tb_stop stop);

/* Takes back what the client set. */
void gdb_forget_points(struct tb_gdb *gdb);

/* Registers by GDB's number. */
unsigned gdb_register_count(void);
void gdb_register_put(const struct tb_gdb *gdb, struct gdb_sender *sender, unsigned number);
unsigned gdb_register_digits(unsigned number);
bool gdb_register_write(struct tb_gdb *gdb, unsigned number, const char *hex);
/* The target description, built by the caller's leave in a static-size buffer; returns its length. */
size_t gdb_target_description(char *text, size_t size);
/* "pc": the linear address of the next instruction. */
uint64_t gdb_pc(const struct tb_gdb *gdb);
void gdb_set_pc(struct tb_gdb *gdb, uint64_t linear);

/* `monitor COMMAND`: what it printed, as text (to be freed by the caller). */
char *gdb_monitor(struct tb_gdb *gdb, const char *command);

#endif
