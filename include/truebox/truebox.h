/* Truebox: an x86 PC in software. The one public header: frontends, tools and embedders include nothing else.

   A machine is created from a configuration, runs only when told to, and is a pure function of its configuration,
   its images and the inputs it was given. Time is the clock: one count per executed instruction or REP iteration.
   No function here is thread-safe for one machine; different machines are independent of each other. */
#ifndef TRUEBOX_TRUEBOX_H
#define TRUEBOX_TRUEBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tb_machine tb_machine;

/* Exit statuses of the program; the library reports errors with the same numbers. */
enum tb_status {
    TB_STATUS_OK = 0,
    TB_STATUS_USAGE = 64,    /* the caller's arguments are wrong */
    TB_STATUS_DATA = 65,     /* a file was read but is not what it should be */
    TB_STATUS_NO_INPUT = 66, /* a file cannot be opened or read */
    TB_STATUS_SOFTWARE = 70, /* our own defect */
    TB_STATUS_LIMIT = 124,
    TB_STATUS_SHUTDOWN = 125
};

struct tb_error {
    enum tb_status status;
    char text[512]; /* one line, "what: why", without newline */
};

/* ------------------------------------------------------------------------------------------------------------------
   Configuration */

enum tb_drive { TB_FDA, TB_FDB, TB_HDA, TB_HDB, TB_HDC, TB_HDD, TB_DRIVE_COUNT };

enum tb_drive_kind { TB_DRIVE_EMPTY, TB_DRIVE_FLOPPY, TB_DRIVE_DISK, TB_DRIVE_CDROM };

struct tb_drive_config {
    enum tb_drive_kind kind; /* TB_DRIVE_EMPTY: no drive there (floppy A exists always) */
    const char *path;        /* NULL with kind FLOPPY or CDROM: a drive without medium */
};

enum tb_engine {
    TB_ENGINE_FAST, /* traces, TLB, links */
    TB_ENGINE_PLAIN /* decode every time, walk every time: the reference for self-lockstep */
};

struct tb_config {
    uint64_t memory_size;  /* bytes of RAM, a multiple of 64 KiB, 1 MiB to 3 GiB; 64 MiB */
    const char *cpu_model; /* a name that tb_cpu_model lists; NULL: the default model */
    enum tb_engine engine;
    uint64_t ips;        /* clock counts per second of virtual time; 100,000,000 */
    uint64_t seed;       /* for RDRAND and its kind */
    int64_t rtc_seconds; /* RTC at power-on: seconds since 1970-01-01T00:00:00, local time of the guest */
    struct tb_drive_config drives[TB_DRIVE_COUNT];
    bool discard_disk_writes;    /* --snapshot: guest writes never reach the image files */
    char boot_order[4];          /* letters of a (floppy), c (disk), d (CD), zero-terminated; "acd" */
    const char *bios_path;       /* NULL: Truebox's own */
    const char *vga_bios_path;   /* NULL: Truebox's own; "" : none */
    const char *option_rom_path; /* NULL: none */
    const char *kernel_path; /* a multiboot 1 kernel, entered after the firmware's initialisation; NULL: boot from a drive */
    const char *initrd_paths;        /* its modules, "FILE[ ARGUMENTS],FILE..."; NULL: none */
    const char *kernel_command_line; /* follows the kernel's name; NULL: nothing */
    bool printer;                    /* something is plugged into the parallel port: see TB_OUTPUT_LPT1 */
    bool debug_exit;                 /* isa-debug-exit present */
    uint16_t debug_exit_port;        /* 0xf4 */
    bool shutdown_resets;            /* a triple fault resets the machine (true) or stops it (false) */
    unsigned tlb_entries;            /* 0: the default; a power of two from 2: hostile sizes for tests */
    unsigned trace_length;           /* 0: the default of 32; 1..32 */
};

/* Fills in the defaults given above. */
void tb_config_init(struct tb_config *config);

/* Name and one-line description of CPU model number `index`, false past the last; the default model is index 0. */
bool tb_cpu_model(unsigned index, const char **name, const char **description);

/* What the image file `path` is when named without an option: by content and size a CD, a floppy or a disk;
   TB_DRIVE_EMPTY with *error set if it is none of them. */
enum tb_drive_kind tb_image_kind(const char *path, struct tb_error *error);

/* The demo guest's floppy image, which is built in; NULL if this library was built without it. */
const uint8_t *tb_demo_image(size_t *size);

/* ------------------------------------------------------------------------------------------------------------------
   Life of a machine */

/* Creates a machine that stands at its reset vector with clock 0, or NULL with *error set. Files named in the configuration
   are opened here and stay open; the strings need not outlive the call. */
tb_machine *tb_machine_new(const struct tb_config *config, struct tb_error *error);

/* Flushes and closes the images. false with *error (may be NULL) if something could not be written. */
bool tb_machine_free(tb_machine *machine, struct tb_error *error);

/* The reset button; takes effect at the current boundary. */
void tb_machine_reset(tb_machine *machine);

enum tb_stop {
    TB_STOP_CLOCK,      /* the clock asked for was reached */
    TB_STOP_REQUEST,    /* tb_machine_stop was called from a callback */
    TB_STOP_POWEROFF,   /* the guest powered the machine off */
    TB_STOP_DEBUG_EXIT, /* isa-debug-exit written: see tb_machine_exit_code */
    TB_STOP_SHUTDOWN,   /* triple fault with shutdown_resets false */
    TB_STOP_HALTED,     /* every processor halted and nothing is queued that could wake one */
    TB_STOP_BREAKPOINT, /* a breakpoint set by tb_breakpoint_add, before its instruction ran */
    TB_STOP_WATCHPOINT  /* a watchpoint fired, after the instruction that caused it */
};

/* Runs until the clock equals `clock` (at once if it is already past) or something else stops the machine. Always stops on
   an instruction boundary, exactly at `clock` in the first case. */
enum tb_stop tb_machine_run(tb_machine *machine, uint64_t clock);

/* Executes one instruction or REP iteration, or delivers one pending interrupt together with its first instruction; while
   halted, skips to the next event. */
enum tb_stop tb_machine_step(tb_machine *machine);

/* From inside a callback: the run in progress returns TB_STOP_REQUEST at the end of the current instruction. */
void tb_machine_stop(tb_machine *machine);

/* Counts since power-on, and the same as nanoseconds of the guest's time: clock * 1,000,000,000 / ips, rounded down. */
uint64_t tb_machine_clock(const tb_machine *machine);
uint64_t tb_machine_virtual_ns(const tb_machine *machine);

/* How many counts of the clock passed while every processor was halted: clock minus this is what the host had to execute. */
uint64_t tb_machine_idle(const tb_machine *machine);

/* The value given to isa-debug-exit, as exit status (v << 1 | 1) truncated to 8 bits. */
int tb_machine_exit_code(const tb_machine *machine);

/* 64-bit hash of all guest-visible state: processors, RAM, devices, written sectors, clock. */
uint64_t tb_machine_state_hash(tb_machine *machine);

/* Calls `visit` with each state scalar's path ("cpu0.rax", "pic.master.irr") and value, in board order. */
void tb_machine_visit_state(const tb_machine *machine, void (*visit)(void *owner, const char *path, uint64_t value),
                            void *owner);

/* Whole-machine state into a buffer that the caller frees with free(), and back into a machine of the same configuration,
   firmware and images. Saving: NULL if memory is short or an image cannot be read. Restoring: the bytes may be hostile;
   false with *error (may be NULL) and the machine as it was if they are damaged or of another configuration
   (TB_STATUS_DATA); TB_STATUS_NO_INPUT if an image could not be written while its sectors were put back: the machine is then
   of no more use. */
uint8_t *tb_machine_save(tb_machine *machine, size_t *size);
bool tb_machine_restore(tb_machine *machine, const uint8_t *bytes, size_t size, struct tb_error *error);

/* ------------------------------------------------------------------------------------------------------------------
   Registers and memory */

/* Number of processors: they are numbered from 0. */
unsigned tb_cpu_count(const tb_machine *machine);

/* Reads or writes a register of processor `cpu` by its SDM name in lower case: "rax".."r15", "rip", "rflags", "cs".."gs"
   (selector), "cs.base", "cs.limit", "cs.attributes" (bits 8-23 of the descriptor's second doubleword, shifted to 0),
   "gdtr.base", "gdtr.limit", "idtr.base", "idtr.limit", "ldtr", "tr" (same subfields), "cr0".."cr4", "dr0".."dr7", "tsc",
   "cpl". false if there is no such register. Writes go past the checks that a guest would meet, but keep derived state
   consistent. */
bool tb_register_get(const tb_machine *machine, unsigned cpu, const char *name, uint64_t *value);
bool tb_register_set(tb_machine *machine, unsigned cpu, const char *name, uint64_t value);

/* Physical memory as DMA sees it, device windows included: reads there have the device's side effects. Where nothing
   answers, reads give all ones and writes are lost. Code written this way runs at once. */
void tb_memory_read(tb_machine *machine, uint64_t physical, void *bytes, size_t size);
void tb_memory_write(tb_machine *machine, uint64_t physical, const void *bytes, size_t size);

/* Translates a linear address with the processor's current paging, as a supervisor read, without side effects. */
bool tb_linear_to_physical(tb_machine *machine, unsigned cpu, uint64_t linear, uint64_t *physical);

/* Up to `size` bytes of RAM or ROM at a linear address without side effects; returns how many could be read (written) before
   the first page that is not mapped or is a device's. */
size_t tb_linear_read(tb_machine *machine, unsigned cpu, uint64_t linear, void *bytes, size_t size);
size_t tb_linear_write(tb_machine *machine, unsigned cpu, uint64_t linear, const void *bytes, size_t size);

/* Breakpoints by linear address; one that was added twice must be removed twice. The guest cannot see them. */
void tb_breakpoint_add(tb_machine *machine, uint64_t linear);
void tb_breakpoint_remove(tb_machine *machine, uint64_t linear);

/* Watchpoints on [linear, linear + length) of data; to remove one, give the same three values. */
enum tb_watch { TB_WATCH_READ = 1, TB_WATCH_WRITE = 2, TB_WATCH_ACCESS = 3 };
void tb_watchpoint_add(tb_machine *machine, uint64_t linear, uint64_t length, enum tb_watch kind);
void tb_watchpoint_remove(tb_machine *machine, uint64_t linear, uint64_t length, enum tb_watch kind);
/* Address and kind of the access that stopped the last run with TB_STOP_WATCHPOINT. */
void tb_watchpoint_hit(const tb_machine *machine, uint64_t *linear, enum tb_watch *kind);

/* Why the last exception was raised, in words: the chain up to a triple fault, one line each, zero-terminated; returns the
   length that would have been written, as snprintf does. */
size_t tb_explain(const tb_machine *machine, char *text, size_t size);

/* ------------------------------------------------------------------------------------------------------------------
   Screen */

struct tb_screen {
    unsigned width, height; /* pixels of the rendered picture; 0 while the display is blanked or off */
    bool text_mode;
    unsigned columns, rows;      /* character cells in text mode, else 0 */
    unsigned aspect_x, aspect_y; /* a pixel's shape; 1:1 where the monitor would show square pixels */
    uint64_t generation;         /* changes whenever the picture may have changed */
};

/* What the picture is at this clock; it may be of another size after each run. */
void tb_screen_get(tb_machine *machine, struct tb_screen *screen);

/* Renders the current picture as 0x00RRGGBB, `stride` pixels from row to row; the buffer holds width x height as
   tb_screen_get just said. Blinking is by the clock. */
void tb_screen_render(tb_machine *machine, uint32_t *pixels, size_t stride);

/* The text screen as UTF-8 (code page 437 through Unicode), a newline after each row, trailing blanks kept out,
   zero-terminated. Returns the length needed as snprintf does; 0 in graphics modes. */
size_t tb_screen_text(tb_machine *machine, char *text, size_t size);

/* Character code and attribute of a text cell, and where the cursor stands (false: hidden). */
bool tb_screen_cell(tb_machine *machine, unsigned column, unsigned row, uint8_t *code, uint8_t *attribute);
bool tb_screen_cursor(tb_machine *machine, unsigned *column, unsigned *row);

/* ------------------------------------------------------------------------------------------------------------------
   Inputs: each takes effect at the current clock and is part of the run's input log */

/* A key by its scan set 1 code (E0-prefixed keys: 0xE000 | code; Pause: 0xE11D), pressed or released, as the keyboard would
   send it. false if the keyboard's 16-byte buffer has no room: try again after running. */
bool tb_key(tb_machine *machine, uint16_t scan_code, bool pressed);

/* True when the guest has taken every key byte sent so far. */
bool tb_keyboard_idle(const tb_machine *machine);

enum tb_mouse_button {
    TB_MOUSE_LEFT = 1,
    TB_MOUSE_RIGHT = 2,
    TB_MOUSE_MIDDLE = 4,
    TB_MOUSE_FOURTH = 8,
    TB_MOUSE_FIFTH = 16
};

/* The mouse moves by counts right and down, its wheel turns by clicks towards the user, and `buttons` (enum tb_mouse_button)
   are down from now on. What one report cannot carry goes into the next; but of a button's changes between two reports the
   guest sees only the last: wait for tb_mouse_idle. */
void tb_mouse(tb_machine *machine, int right, int down, int wheel, unsigned buttons);

/* True when the guest has taken all that the mouse had to report, or wants no reports. */
bool tb_mouse_idle(const tb_machine *machine);

/* Bytes arriving at serial port `index` (0 = COM1); returns how many were accepted into the receive queue. */
size_t tb_serial_input(tb_machine *machine, unsigned index, const uint8_t *bytes, size_t count);

/* Puts another medium in a floppy or CD drive, or takes it out (path NULL). false with *error (may be NULL) if the drive
   does not exist or takes no other medium, if the file cannot be used (the drive then keeps what it has), or if what the
   guest wrote to the old medium could not all be kept (the new one is in). */
bool tb_drive_change(tb_machine *machine, enum tb_drive drive, const char *path, struct tb_error *error);

/* Whether the medium in this drive is write-protected for the guest, because its file was opened for reading only: a CD
   always; a floppy or disk image if it may not be written and discard_disk_writes is false. false without a medium. */
bool tb_drive_read_only(const tb_machine *machine, enum tb_drive drive);

/* ------------------------------------------------------------------------------------------------------------------
   Outputs: callbacks run inside tb_machine_run and must not change the machine except through tb_machine_stop */

enum tb_output {
    TB_OUTPUT_COM1,
    TB_OUTPUT_COM2,
    TB_OUTPUT_COM3,
    TB_OUTPUT_COM4,
    TB_OUTPUT_DEBUGCON, /* ports 0xE9 and 0x402 */
    TB_OUTPUT_LPT1,     /* what the guest prints, if the configuration has a printer */
    TB_OUTPUT_COUNT
};
/* `put` gets each byte as the guest sends it; NULL: nobody listens, the bytes are lost. */
void tb_on_output(tb_machine *machine, enum tb_output output, void (*put)(void *owner, uint8_t byte), void *owner);

/* One line per event in the enabled categories: a comma-separated list such as "guest,fault", "all" or "". false: no such
 * name. */
bool tb_on_log(tb_machine *machine, const char *categories, void (*line)(void *owner, const char *text), void *owner);

/* Called before each instruction or REP iteration while set; the machine runs by single records then. */
struct tb_step {
    uint64_t clock;
    uint64_t rip;    /* offset in CS */
    uint64_t linear; /* of the instruction's first byte */
    uint8_t bytes[15];
    uint8_t length;
};
void tb_on_step(tb_machine *machine, void (*step)(void *owner, const struct tb_step *step), void *owner);

/* Writes a text trace to the file `path` (replacing it) from now on: for each instruction or REP iteration one line of
   clock, CS:RIP, linear address, bytes and disassembly, then what it changed in the registers. tb_trace_text_stop ends it;
   false with *error (may be NULL) if something could not be written. tb_machine_free ends it too. Uses the same hook as
   tb_on_step, which may be set beside it. */
bool tb_trace_text(tb_machine *machine, const char *path, struct tb_error *error);
bool tb_trace_text_stop(tb_machine *machine, struct tb_error *error);

/* ------------------------------------------------------------------------------------------------------------------
   GDB's remote protocol. The registers' order and names are in the target description that the stub sends; "pc" is the
   linear address CS.base + RIP, so that breakpoints and backtraces work in real mode too. */

typedef struct tb_gdb tb_gdb;

/* Opens the stub: "PORT" or ":PORT" (TCP, loopback only), "HOST:PORT", "unix:PATH" or "stdio". The machine must outlive it.
 */
tb_gdb *tb_gdb_open(tb_machine *machine, const char *where, struct tb_error *error);
void tb_gdb_close(tb_gdb *gdb);

enum tb_gdb_state {
    TB_GDB_RUN,  /* no client, or the client said continue: run the machine and report what stopped it by tb_gdb_stopped */
    TB_GDB_STEP, /* the client asked for one step: tb_machine_step, then tb_gdb_stopped */
    TB_GDB_STOPPED, /* the client holds the machine: only poll */
    TB_GDB_KILLED   /* the client ended the run */
};

/* Serves whatever the client sent; waits for it up to `wait_ms` milliseconds of host time (0: not at all) while the client
   holds the machine. A client that connects stops the machine; one that vanishes lets it run on. */
enum tb_gdb_state tb_gdb_poll(tb_gdb *gdb, int wait_ms);

/* Tells the client why the machine stopped; TB_STOP_CLOCK and TB_STOP_REQUEST are nobody's business and are ignored after a
   continue. Called after each tb_machine_run or tb_machine_step made for the stub. */
void tb_gdb_stopped(tb_gdb *gdb, enum tb_stop stop);

/* Holds the machine until a client has come and let go of it (-S). */
void tb_gdb_hold(tb_gdb *gdb);

/* A simple loop for programs without a display: runs the machine until `clock`, serving the client every `slice` counts;
   returns TB_STOP_REQUEST if the client killed the run. */
enum tb_stop tb_gdb_run(tb_gdb *gdb, uint64_t clock, uint64_t slice);

/* ------------------------------------------------------------------------------------------------------------------
   Tools */

/* One instruction as text (Zydis, Intel syntax); `bits` 16, 32 or 64. Returns its length in bytes, 0 if undecodable. */
unsigned tb_disassemble(const uint8_t *bytes, size_t size, unsigned bits, uint64_t rip, char *text, size_t text_size);

/* Runs a file of hardware-captured single-step vectors (MOO or JSON, plain or gzip) on `cpu_model`; `report` gets one line
   per failed test. Counts tests run and failed. false with *error if the file cannot be used. */
bool tb_vectors_run(const char *path, const char *cpu_model, enum tb_engine engine,
                    void (*report)(void *owner, const char *line), void *owner, uint64_t *run, uint64_t *failed,
                    struct tb_error *error);

const char *tb_version(void);

#ifdef __cplusplus
}
#endif
#endif
