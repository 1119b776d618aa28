/* The machine itself: code in every mode with the fast engine against the plain one; ports, MMIO and inputs with save and
   restore in the middle; snapshots; the debugger's packets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include "fuzz.h"

#define ROM_SIZE 65536u
#define CODE 0x1000u /* in the ROM: where the input's code stands */
#define CODE_MAX 0x4000u

/* A machine with this ROM, one MiB of RAM, a floppy, a disk and a CD without writing to any file. */
static struct tb_config configuration(const struct fuzz_file *rom, const struct fuzz_file *media)
{
    struct tb_config config;

    tb_config_init(&config);
    config.memory_size = 1 << 20;
    config.bios_path = rom->path;
    config.vga_bios_path = "";
    config.discard_disk_writes = true;
    config.debug_exit = true;
    if (media) {
        config.drives[TB_FDA] = (struct tb_drive_config){TB_DRIVE_FLOPPY, media->path};
        config.drives[TB_HDA] = (struct tb_drive_config){TB_DRIVE_DISK, media->path};
        config.drives[TB_HDC] = (struct tb_drive_config){TB_DRIVE_CDROM, media->path};
    }
    return config;
}

static tb_machine *machine_new(const struct tb_config *config)
{
    struct tb_error error = {TB_STATUS_OK, ""};
    tb_machine *machine = tb_machine_new(config, &error);

    if (!machine)
        fuzz_defect(error.text);
    return machine;
}

static struct fuzz_file media_new(void)
{
    static const uint8_t sectors[64 * 2048] = {0xeb, 0xfe, [510] = 0x55, 0xaa};

    return fuzz_file_new(sectors, sizeof sectors);
}

/* --- code ----------------------------------------------------------------------------------------------------------------
 */

/* Assembled by hand: from the reset vector to the mode that byte 0 of the input asks for, then a far jump to its code. The
   tables stand in the ROM at 0x100 (GDT) and are used there; the IDT or IVT is at 0 in RAM and all zero, but for vectors
   that lead into the code. Paging maps 4 MiB one to one by a page of 4 MiB. */
static void put(uint8_t **at, const char *code, size_t size)
{
    memcpy(*at, code, size);
    *at += size;
}

#define PUT(at, code) put(&(at), code, sizeof(code) - 1)

static void build_code_rom(uint8_t *rom, uint8_t mode, const uint8_t *code, size_t size)
{
    static const uint8_t tables[] = {
        0,    0,    0, 0, 0,    0,    0,    0, /* null */
        0xff, 0xff, 0, 0, 0,    0x9b, 0xcf, 0, /* 08: flat code */
        0xff, 0xff, 0, 0, 0,    0x93, 0xcf, 0, /* 10: flat data */
        0xff, 0xff, 0, 0, 0x0f, 0x9b, 0,    0, /* 18: 16-bit code at F0000 */
        0xff, 0xff, 0, 0, 0,    0xfb, 0xcf, 0, /* 20: user code */
        0xff, 0xff, 0, 0, 0,    0xf3, 0xcf, 0, /* 28: user data */
        0x67, 0,    0, 6, 0,    0x89, 0,    0, /* 30: TSS at 600 */
        0x37, 0,    0, 1, 0x0f, 0,    0,    0, /* the pseudo-descriptor at 138: F0100, limit 37 */
        0xff, 0x07, 0, 8, 0,    0,             /* and the IDT's at 140: 800, limit 7FF */
    };
    uint8_t *at = rom;

    memcpy(rom + 0x100, tables, sizeof tables);
    memcpy(rom + CODE, code, size < CODE_MAX ? size : CODE_MAX);
    memcpy(rom + 0xfff0, "\xea\x00\x00\x00\xf0", 5);
    /* Real mode: the IVT leads into the code; the stack at 0:7000. The code is copied to RAM 0:8000, so that it can change
     * itself. */
    PUT(at, "\xfa\xfc\x31\xc0\x8e\xd8\x8e\xc0\x8e\xd0\xbc\x00\x70");     /* cli; cld; ds = es = ss = 0; sp = 7000 */
    PUT(at, "\x31\xff\xb9\x00\x01\xb8\x40\x80\xab\x31\xc0\xab\xe2\xf7"); /* 256 times: 0000:8040 */
    PUT(at, "\xbe\x00\x10\xbf\x00\x80\xb9\x00\x10\x2e\xf3\xa5");         /* cs:1000 to 8000, 8 KiB: rep cs movsw */
    if (mode % 5 == 0) {
        PUT(at, "\xfb\xea\x00\x80\x00\x00"); /* sti; jmp 0:8000 */
        return;
    }
    /* Protected mode: interrupt gates 08:8040 of privilege 3 at 800; a TSS at 600 with ss0:esp0 = 10:6000. */
    PUT(at, "\xbf\x00\x08\xb9\x00\x01"); /* di = 800, cx = 256 */
    PUT(at, "\xb8\x40\x80\xab\xb8\x08\x00\xab\xb8\x00\xee\xab\x31\xc0\xab\xe2\xef");
    PUT(at, "\xc7\x06\x04\x06\x00\x60\xc7\x06\x08\x06\x10\x00"); /* [604] = 6000, [608] = 10 */
    PUT(at, "\x2e\x0f\x01\x16\x38\x01\x2e\x0f\x01\x1e\x40\x01"); /* lgdt cs:[138]; lidt cs:[140] */
    if (mode % 5 >= 2) { /* a page directory at 10000: every 4 MiB are the first; user pages, writable, 4 MiB long */
        PUT(at, "\x66\xb8\x87\x00\x00\x00\xbb\x00\x10\x8e\xc3\x31\xff\xb9\x00\x04\x66\xab\xe2\xfc\x8e\xc1");
        PUT(at, "\x66\xb8\x00\x00\x01\x00\x0f\x22\xd8\x66\xb8\x10\x00\x00\x00\x0f\x22\xe0"); /* cr3 = 10000, cr4 = PSE */
        PUT(at, "\x0f\x20\xc0\x66\x0d\x01\x00\x00\x80\x0f\x22\xc0");                         /* cr0 |= PG | PE */
    } else {
        PUT(at, "\x0f\x20\xc0\x0c\x01\x0f\x22\xc0"); /* cr0 |= PE */
    }
    PUT(at, "\xb8\x10\x00\x8e\xd8\x8e\xc0\x8e\xd0\x66\xbc\x00\x70\x00\x00"); /* ds = es = ss = 10, esp = 7000 */
    PUT(at, "\xb8\x30\x00\x0f\x00\xd8");                                     /* ltr 30 */
    if (mode % 5 < 3) {
        PUT(at, "\x66\xea\x00\x80\x00\x00\x08\x00"); /* jmp 08:00008000 */
    } else if (mode % 5 == 3) {
        PUT(at,
            "\x66\x6a\x2b\x66\x68\x00\x68\x00\x00\x66\x68\x02\x02\x00\x00\x66\x6a\x23\x66\x68\x00\x80\x00\x00\x66\xcf"); /* iretd:
                                                                                                                            23:8000 */
    } else { /* V86: gs fs ds es ss = 0, esp 6800, EFLAGS with VM and IOPL 3, 0:8000 */
        PUT(at,
            "\x66\x6a\x00\x66\x6a\x00\x66\x6a\x00\x66\x6a\x00\x66\x6a\x00\x66\x68\x00\x68\x00\x00\x66\x68\x02\x32\x02\x00");
        PUT(at, "\x66\x6a\x00\x66\x68\x00\x80\x00\x00\x66\xcf");
    }
}

/* Byte 0: mode; byte 1: processor and cache sizes; the rest: code. */
void fuzz_code(const uint8_t *bytes, size_t size)
{
    static const char *const models[] = {"pentium-pro", "pentium", "80486", "80386"};
    static const unsigned entries[] = {0, 2, 8, 64}, lengths[] = {0, 1, 2, 7};
    uint8_t *rom = calloc(1, ROM_SIZE);
    struct fuzz_file file;
    struct tb_config config;
    tb_machine *fast, *plain;

    if (size < 3 || !rom) {
        free(rom);
        return;
    }
    build_code_rom(rom, bytes[0], bytes + 2, size - 2);
    file = fuzz_file_new(rom, ROM_SIZE);
    free(rom);
    config = configuration(&file, NULL);
    config.cpu_model =
        models[bytes[0] / 5 % 2 + (bytes[0] % 5 < 2 ? 2 * (bytes[1] & 1) : 0)]; /* pages of 4 MiB need a Pentium */
    config.tlb_entries = entries[bytes[1] >> 1 & 3];
    config.trace_length = lengths[bytes[1] >> 3 & 3];
    config.shutdown_resets = bytes[1] & 0x80;
    fast = machine_new(&config);
    config.engine = TB_ENGINE_PLAIN;
    plain = machine_new(&config);
    for (uint64_t clock = 12000; clock <= 18000; clock += 3000) {
        enum tb_stop one = tb_machine_run(fast, clock), other = tb_machine_run(plain, clock);

        if (one != other || tb_machine_clock(fast) != tb_machine_clock(plain))
            fuzz_defect("the engines stop differently");
        if (tb_machine_state_hash(fast) != tb_machine_state_hash(plain))
            fuzz_defect("the engines differ");
    }
    tb_machine_free(fast, NULL);
    tb_machine_free(plain, NULL);
    fuzz_file_close(&file);
}

/* --- ports ---------------------------------------------------------------------------------------------------------------
 */

/* Ports where somebody listens, so that the fuzzer need not guess them. */
static const uint16_t ports[] = {
    0x00,  0x01,  0x02,  0x03,  0x04,  0x05,  0x08,  0x0a,  0x0b,  0x0c,   0x0d,   0x0f,   0x20,   0x21,   0x40,
    0x41,  0x42,  0x43,  0x60,  0x61,  0x64,  0x70,  0x71,  0x80,  0x81,   0x82,   0x83,   0x87,   0x92,   0xa0,
    0xa1,  0xb2,  0xc0,  0xc2,  0xc4,  0xd0,  0xd4,  0xd6,  0xd8,  0xda,   0xde,   0xe9,   0xf4,   0x170,  0x171,
    0x172, 0x173, 0x174, 0x175, 0x176, 0x177, 0x1ce, 0x1cf, 0x1f0, 0x1f1,  0x1f2,  0x1f3,  0x1f4,  0x1f5,  0x1f6,
    0x1f7, 0x278, 0x2f8, 0x2f9, 0x2fa, 0x2fb, 0x376, 0x378, 0x379, 0x37a,  0x3b4,  0x3b5,  0x3c0,  0x3c1,  0x3c2,
    0x3c4, 0x3c5, 0x3c6, 0x3c7, 0x3c8, 0x3c9, 0x3ce, 0x3cf, 0x3d4, 0x3d5,  0x3da,  0x3f0,  0x3f1,  0x3f2,  0x3f4,
    0x3f5, 0x3f6, 0x3f7, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe,  0x402,  0x4d0,  0x4d1,  0x510,  0x511,
    0x600, 0x604, 0xcf8, 0xcf9, 0xcfa, 0xcfc, 0xcfd, 0xcfe, 0xcff, 0xb000, 0xc000, 0xc002, 0xc004, 0x8900,
};

/* One operation of four bytes as code for real mode with DS = ES = A000. Returns its length, at most 24. */
static size_t operation(uint8_t *to, const uint8_t *op)
{
    uint16_t port = ports[op[1] % (sizeof ports / sizeof *ports)];
    uint8_t *at = to;

    switch (op[0] % 12) {
    case 0:
    case 1:
    case 2:
    case 3: /* out dx, al */
        *at++ = 0xba, *at++ = (uint8_t)port, *at++ = (uint8_t)(port >> 8), *at++ = 0xb0, *at++ = op[2], *at++ = 0xee;
        break;
    case 4: /* in al, dx */ *at++ = 0xba, *at++ = (uint8_t)port, *at++ = (uint8_t)(port >> 8), *at++ = 0xec; break;
    case 5:
    case 6: /* out dx, ax / eax */
        *at++ = 0xba, *at++ = (uint8_t)port, *at++ = (uint8_t)(port >> 8), *at++ = 0xb8, *at++ = op[2], *at++ = op[3];
        if (op[0] % 12 == 6)
            *at++ = 0x66;
        *at++ = 0xef;
        break;
    case 7: /* mov cx, n; rep insw or outsw */
        *at++ = 0xba, *at++ = (uint8_t)port, *at++ = (uint8_t)(port >> 8), *at++ = 0xb9, *at++ = op[2], *at++ = op[3] & 1;
        *at++ = 0xf3, *at++ = op[3] & 2 ? 0x6d : 0x6f;
        break;
    case 8: /* mov byte [n], v */ *at++ = 0xc6, *at++ = 0x06, *at++ = op[1], *at++ = op[2], *at++ = op[3]; break;
    case 9: /* mov al, [n]; mov ax, [n]; mov eax, [n]; and back */
        if (op[3] & 1)
            *at++ = 0x66;
        *at++ = 0xa0 | (op[3] >> 1 & 3), *at++ = op[1], *at++ = op[2];
        break;
    case 10: /* mov ax, n; mov ds, ax; mov es, ax: another place, A000 to FFFF */
        *at++ = 0xb8, *at++ = op[1], *at++ = 0xa0 | op[2], *at++ = 0x8e, *at++ = 0xd8, *at++ = 0x8e, *at++ = 0xc0;
        break;
    default: /* let time pass: mov cx, n; loop $; or sti; hlt; cli */
        if (op[3] & 1)
            *at++ = 0xb9, *at++ = op[1], *at++ = op[2], *at++ = 0xe2, *at++ = 0xfe;
        else
            *at++ = 0xfb, *at++ = 0xf4, *at++ = 0xfa;
    }
    return (size_t)(at - to);
}

static void build_port_rom(uint8_t *rom, const uint8_t *bytes, size_t size)
{
    uint8_t *at = rom + 0x200;

    /* All interrupts return: an IVT of F000:0100, where the handler acknowledges both controllers. */
    memcpy(rom + 0xfff0, "\xea\x00\x00\x00\xf0", 5);
    memcpy(rom,
           "\xfa\xfc\x31\xc0\x8e\xc0\x8e\xd0\xbc\x00\x70\x31\xff\xb9\x00\x01\xb8\x00\x01\xab\xb8\x00\xf0\xab\xe2\xf6"
           "\xb8\x00\xa0\x8e\xd8\x8e\xc0\xe9",
           34);
    rom[34] = (uint8_t)(0x200 - 36), rom[35] = (uint8_t)((0x200 - 36) >> 8);
    memcpy(rom + 0x100, "\x50\xb0\x20\xe6\xa0\xe6\x20\x58\xcf", 9);
    for (size_t i = 0; i + 4 <= size && at < rom + 0xff00; i += 4)
        at += operation(at, bytes + i);
    memcpy(at, "\xfb\xf4\xeb\xfc", 4); /* sti; hlt; again */
}

static void give_input(tb_machine *machine, uint8_t what)
{
    tb_key(machine, what & 0x7f, !(what & 0x80));
    tb_serial_input(machine, what & 3, &what, 1);
}

/* Byte 0: where it is saved; byte 1: input; the rest: operations. The machine that was restored must go the same way. */
void fuzz_ports(const uint8_t *bytes, size_t size)
{
    uint8_t *rom = calloc(1, ROM_SIZE), *snapshot;
    struct fuzz_file file, media;
    struct tb_config config;
    tb_machine *machine, *restored;
    struct tb_error error = {TB_STATUS_OK, ""};
    size_t snapshot_size;

    if (size < 6 || !rom) {
        free(rom);
        return;
    }
    build_port_rom(rom, bytes + 2, size - 2);
    file = fuzz_file_new(rom, ROM_SIZE);
    free(rom);
    media = media_new();
    config = configuration(&file, &media);
    machine = machine_new(&config);
    restored = machine_new(&config);
    tb_machine_run(machine, 1100);
    give_input(machine, bytes[1]);
    tb_machine_run(machine, 1100 + bytes[0] * 8u);
    give_input(machine, bytes[1] ^ 0x80);
    snapshot = tb_machine_save(machine, &snapshot_size);
    if (!snapshot || !tb_machine_restore(restored, snapshot, snapshot_size, &error))
        fuzz_defect(snapshot ? error.text : "no snapshot");
    free(snapshot);
    if (tb_machine_state_hash(machine) != tb_machine_state_hash(restored))
        fuzz_defect("a restored machine is not the same");
    for (unsigned i = 1; i <= 4; i++) {
        struct tb_screen screen;

        tb_machine_run(machine, i * 20000);
        tb_machine_run(restored, i * 20000);
        if (tb_machine_state_hash(machine) != tb_machine_state_hash(restored))
            fuzz_defect("a restored machine goes another way");
        tb_screen_get(machine, &screen);
        if ((uint64_t)screen.width * screen.height > 64u << 20)
            fuzz_defect("a screen that no monitor has");
        if (screen.width && screen.height) {
            uint32_t *pixels = malloc((size_t)screen.width * screen.height * sizeof *pixels);

            if (pixels)
                tb_screen_render(machine, pixels, screen.width);
            free(pixels);
        }
    }
    tb_machine_free(machine, NULL);
    tb_machine_free(restored, NULL);
    fuzz_file_close(&media);
    fuzz_file_close(&file);
}

/* --- snapshots -----------------------------------------------------------------------------------------------------------
 */

enum { SNAPSHOT_HEADER = 32 }; /* its last 8 bytes say how long the rest inflates to */

/* A good snapshot, taken while devices are busy. */
static uint8_t *good_snapshot(tb_machine *machine, size_t *size)
{
    uint8_t *snapshot;

    tb_machine_run(machine, 2000);
    snapshot = tb_machine_save(machine, size);
    if (!snapshot)
        fuzz_defect("no snapshot");
    return snapshot;
}

/* Inflates `snapshot`, writes the input's (offset of three bytes, value) quadruples over it and packs it again. */
static uint8_t *changed_snapshot(const uint8_t *snapshot, size_t size, const uint8_t *bytes, size_t count,
                                 size_t *changed_size)
{
    uLongf plain_size = 0, packed;
    uint8_t *plain, *changed;

    for (unsigned i = 0; i < 8; i++)
        plain_size |= (uLongf)snapshot[SNAPSHOT_HEADER - 8 + i] << 8 * i;
    plain = malloc(plain_size);
    packed = compressBound(plain_size);
    changed = malloc(SNAPSHOT_HEADER + packed);
    if (!plain || !changed || uncompress(plain, &plain_size, snapshot + SNAPSHOT_HEADER, size - SNAPSHOT_HEADER) != Z_OK)
        fuzz_defect("the good snapshot cannot be unpacked");
    for (size_t i = 0; i + 4 <= count; i += 4)
        plain[(bytes[i] | (size_t)bytes[i + 1] << 8 | (size_t)(bytes[i + 2] & 3) << 16) % plain_size] = bytes[i + 3];
    memcpy(changed, snapshot, SNAPSHOT_HEADER);
    if (compress2(changed + SNAPSHOT_HEADER, &packed, plain, plain_size, 1) != Z_OK)
        fuzz_defect("cannot pack");
    *changed_size = SNAPSHOT_HEADER + packed;
    free(plain);
    return changed;
}

/* Byte 0: the bytes as they are, behind a good header if bit 1 says so, or as changes of a good snapshot. */
void fuzz_snapshot(const uint8_t *bytes, size_t size)
{
    static const uint8_t traffic[] = {0, 6,  0x14, 0, 0, 10, 0x58, 0, 0, 14, 0x34, 0, 0, 12, 9, 0,
                                      0, 58, 0x20, 0, 7, 45, 5,    2, 0, 92, 0xe6, 0, 0, 92, 0, 0};
    struct tb_error error = {TB_STATUS_OK, ""};
    uint8_t *rom = calloc(1, ROM_SIZE), *good, *changed;
    struct fuzz_file file, media;
    struct tb_config config;
    tb_machine *machine;
    size_t good_size, changed_size;

    if (!size || !rom) {
        free(rom);
        return;
    }
    build_port_rom(rom, traffic, sizeof traffic);
    file = fuzz_file_new(rom, ROM_SIZE);
    free(rom);
    media = media_new();
    config = configuration(&file, &media);
    machine = machine_new(&config);
    good = good_snapshot(machine, &good_size);
    if (bytes[0] & 1) {
        changed_size = (bytes[0] & 2 ? SNAPSHOT_HEADER : 0) + size - 1;
        changed = malloc(changed_size ? changed_size : 1);
        if (bytes[0] & 2)
            memcpy(changed, good, SNAPSHOT_HEADER);
        memcpy(changed + changed_size - (size - 1), bytes + 1, size - 1);
    } else {
        changed = changed_snapshot(good, good_size, bytes + 1, size - 1, &changed_size);
    }
    if (tb_machine_restore(machine, changed, changed_size, &error)) {
        struct tb_screen screen;
        char text[8192];

        tb_screen_get(machine, &screen);
        tb_screen_text(machine, text, sizeof text);
        tb_machine_run(machine,
                       tb_machine_clock(machine) < UINT64_MAX - 30000 ? tb_machine_clock(machine) + 30000 : UINT64_MAX - 1);
        tb_machine_state_hash(machine);
        free(tb_machine_save(machine, &changed_size));
    } else if (!error.text[0]) {
        fuzz_defect("a snapshot refused without a reason");
    }
    free(changed);
    free(good);
    tb_machine_free(machine, NULL);
    fuzz_file_close(&media);
    fuzz_file_close(&file);
}

/* --- GDB -----------------------------------------------------------------------------------------------------------------
 */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof address) < 0)
        fuzz_defect("cannot connect to the stub");
    return client;
}

/* Bit 7 of byte 0: the bytes as they are; else each line is the payload of a packet. */
static size_t frame(const uint8_t *bytes, size_t size, uint8_t *to)
{
    size_t length = 0;

    for (size_t i = 0; i < size; i++) {
        uint8_t sum = 0;

        to[length++] = '$';
        for (; i < size && bytes[i] != '\n'; i++)
            sum = (uint8_t)(sum + bytes[i]), to[length++] = bytes[i];
        length += (size_t)sprintf((char *)to + length, "#%02x", sum);
    }
    return length;
}

void fuzz_gdb(const uint8_t *bytes, size_t size)
{
    static const uint8_t traffic[] = {11, 200, 0, 1};
    struct tb_error error = {TB_STATUS_OK, ""};
    uint8_t *rom = calloc(1, ROM_SIZE), *sent = malloc(5 * size + 16);
    char where[64], answer[4096];
    struct fuzz_file file;
    struct tb_config config;
    tb_machine *machine;
    tb_gdb *gdb;
    size_t length, done = 0;
    int client;

    if (!size || !rom || !sent) {
        free(rom);
        free(sent);
        return;
    }
    build_port_rom(rom, traffic, sizeof traffic);
    file = fuzz_file_new(rom, ROM_SIZE);
    free(rom);
    config = configuration(&file, NULL);
    machine = machine_new(&config);
    snprintf(where, sizeof where, "unix:/tmp/truebox-fuzz-%ld", (long)getpid());
    gdb = tb_gdb_open(machine, where, &error);
    if (!gdb)
        fuzz_defect(error.text);
    client = connect_to(where + 5);
    if (bytes[0] & 0x80)
        memcpy(sent, bytes + 1, length = size - 1);
    else
        length = frame(bytes + 1, size - 1, sent);
    for (unsigned round = 0; round < 200; round++) {
        enum tb_gdb_state state;
        ssize_t put =
            done < length ? send(client, sent + done, length - done < 1000 ? length - done : 1000, MSG_NOSIGNAL) : 0;

        done += put > 0 ? (size_t)put : 0;
        state = tb_gdb_poll(gdb, 0);
        while (recv(client, answer, sizeof answer, 0) > 0)
            continue;
        if (state == TB_GDB_KILLED)
            break;
        if (state == TB_GDB_RUN)
            tb_gdb_stopped(gdb, tb_machine_run(machine, tb_machine_clock(machine) + 500));
        else if (state == TB_GDB_STEP)
            tb_gdb_stopped(gdb, tb_machine_step(machine));
        else if (done == length && round > 3)
            break;
    }
    tb_machine_state_hash(machine);
    close(client);
    tb_gdb_close(gdb);
    tb_machine_free(machine, NULL);
    fuzz_file_close(&file);
    free(sent);
}
