/* The fuzzed entrances: one function per kind of foreign bytes. targets.c lists them; libFuzzer or replay.c calls them. */
#ifndef TRUEBOX_TESTS_FUZZ_H
#define TRUEBOX_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

struct fuzz_target {
    const char *name;
    void (*run)(const uint8_t *bytes, size_t size);
};

extern const struct fuzz_target fuzz_targets[];
const struct fuzz_target *fuzz_target_find(const char *name);

/* libFuzzer's entrances. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

void fuzz_vectors(const uint8_t *bytes, size_t size); /* MOO, JSON, metadata, gzip */
void fuzz_image(const uint8_t *bytes,
                size_t size); /* images named without an option, and a machine that has them in its drives */
void fuzz_firmware(const uint8_t *bytes, size_t size); /* BIOS, video BIOS and option ROM files */
void fuzz_snapshot(const uint8_t *bytes, size_t size); /* tb_machine_restore */
void fuzz_gdb(const uint8_t *bytes, size_t size);      /* what a client of the stub sends */
void fuzz_script(const uint8_t *bytes, size_t size);   /* --keys */
void fuzz_options(const uint8_t *bytes, size_t size);  /* the command line */
void fuzz_code(const uint8_t *bytes, size_t size);     /* code in every mode, fast engine against plain */
void fuzz_ports(const uint8_t *bytes, size_t size); /* port, MMIO and input traffic, with save and restore in the middle */

/* A file of these bytes that exists only in memory; fuzz_file_path names it until fuzz_file_close. */
struct fuzz_file {
    int descriptor;
    char path[40];
};
struct fuzz_file fuzz_file_new(const uint8_t *bytes, size_t size);
void fuzz_file_close(struct fuzz_file *file);

/* A defect: says what and aborts, so that the fuzzer keeps the input. */
_Noreturn void fuzz_defect(const char *what);

#endif
