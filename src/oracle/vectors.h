/* Hardware-captured single-step tests in the formats of the SingleStepTests project: what a test says, and its readers.

   Files are hostile input (R11): sizes are bounded, every count is checked against the bytes there are, errors name the
   place. */
#ifndef TRUEBOX_ORACLE_VECTORS_H
#define TRUEBOX_ORACLE_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Registers in the order of the MOO format. */
enum vector_register {
    VECTOR_REG_AX,
    VECTOR_REG_BX,
    VECTOR_REG_CX,
    VECTOR_REG_DX,
    VECTOR_REG_CS,
    VECTOR_REG_SS,
    VECTOR_REG_DS,
    VECTOR_REG_ES,
    VECTOR_REG_SP,
    VECTOR_REG_BP,
    VECTOR_REG_SI,
    VECTOR_REG_DI,
    VECTOR_REG_IP,
    VECTOR_REG_FLAGS,
    VECTOR_REGISTER_COUNT
};
extern const char *const vector_register_names[VECTOR_REGISTER_COUNT];

struct vector_byte {
    uint32_t address;
    uint8_t value;
};

struct vector_state {
    uint16_t present; /* bit per register given */
    uint16_t registers[VECTOR_REGISTER_COUNT];
    struct vector_byte *memory;
    size_t memory_count, memory_capacity;
};

#define VECTOR_BYTES 32

struct vector_test {
    uint32_t index;
    char name[64];
    char hash[65]; /* hexadecimal, empty if the file has none */
    uint8_t bytes[VECTOR_BYTES];
    unsigned byte_count;
    struct vector_state initial, final; /* final holds what changed */
    bool exception;
    uint8_t exception_number;
    uint32_t flags_address; /* of the pushed flags, if exception */
};

/* Called for each test; false ends the reading without an error. The test is only valid during the call. */
typedef bool vector_visitor(void *owner, const struct vector_test *test);

/* The formats, told apart by content. `path` is for messages. */
bool vectors_read_moo(const char *path, const uint8_t *bytes, size_t size, vector_visitor *visit, void *owner,
                      struct tb_error *error);
bool vectors_read_json(const char *path, const uint8_t *bytes, size_t size, vector_visitor *visit, void *owner,
                       struct tb_error *error);

/* metadata.json: which flags an instruction leaves defined. */
struct vector_masks {
    bool known[512];  /* opcode, or 256 + second byte of 0F opcodes */
    bool by_reg[512]; /* it depends on ModRM.reg */
    uint16_t mask[512][8];
};
bool vectors_read_metadata(const char *path, const uint8_t *bytes, size_t size, struct vector_masks *masks,
                           struct tb_error *error);

/* --- shared by the readers --- */
void vector_test_reset(struct vector_test *test); /* keeps the buffers */
void vector_test_free(struct vector_test *test);
/* false when the state has too many bytes or memory is short. */
bool vector_state_add(struct vector_state *state, uint32_t address, uint8_t value);

/* The whole file, decompressed if it is gzip; free() it. */
uint8_t *vectors_load(const char *path, size_t *size, struct tb_error *error);

#endif
