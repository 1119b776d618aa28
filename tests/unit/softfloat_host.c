/* The host's own x87 and SSE as references for the soft floating point, and the operands to compare them with. */
#include "softfloat_host.h"

#include <string.h>

#include "base/bits.h"

struct float80 host_value(const struct host_image *image)
{
    return (struct float80){load_le64(image->bytes), load_le16(image->bytes + 8)};
}

struct host_image host_image(struct float80 value)
{
    struct host_image image;

    store_le64(image.bytes, value.significand);
    store_le16(image.bytes + 8, value.sign_exponent);
    return image;
}

#define BOTH(exponent, significand)                \
    {UINT64_C(significand), exponent},             \
    {                                              \
        UINT64_C(significand), (exponent) | 0x8000 \
    }
const struct float80 boundary_values[] = {
    BOTH(0, 0x0000000000000000),      BOTH(0, 0x0000000000000001),      BOTH(0, 0x7fffffffffffffff),
    BOTH(0, 0x8000000000000000),      BOTH(0, 0xffffffffffffffff),      BOTH(0, 0x0000010000000000),
    BOTH(0, 0x4000000000000400),      BOTH(1, 0x8000000000000000),      BOTH(1, 0x8000000000000001),
    BOTH(1, 0xffffffffffffffff),      BOTH(2, 0x8000000000000000),      BOTH(0x40, 0x8000000000000000),
    BOTH(0x1fff, 0xb504f333f9de6484), BOTH(0x3c00, 0x8000000000000000), BOTH(0x3c01, 0x8000000000000000),
    BOTH(0x3c00, 0xfffffffffffff800), BOTH(0x3c00, 0xffffffffffffffff), BOTH(0x3bcd, 0x8000000000000001),
    BOTH(0x3bcc, 0xffffffffffffffff), BOTH(0x3f80, 0x8000000000000000), BOTH(0x3f81, 0x8000000000000000),
    BOTH(0x3f80, 0xffffff0000000000), BOTH(0x3f80, 0xffffff8000000000), BOTH(0x3f69, 0xffffffffffffffff),
    BOTH(0x3fbf, 0x8000000000000000), BOTH(0x3ffd, 0x8000000000000000), BOTH(0x3ffe, 0x8000000000000000),
    BOTH(0x3ffe, 0xffffffffffffffff), BOTH(0x3fff, 0x8000000000000000), BOTH(0x3fff, 0x8000000000000001),
    BOTH(0x3fff, 0x8000008000000000), BOTH(0x3fff, 0x8000018000000000), BOTH(0x3fff, 0x8000000000000400),
    BOTH(0x3fff, 0x8000000000000c00), BOTH(0x3fff, 0xc000000000000000), BOTH(0x3fff, 0xffffffffffffffff),
    BOTH(0x3fff, 0xffffff8000000000), BOTH(0x4000, 0x8000000000000000), BOTH(0x4000, 0xa000000000000000),
    BOTH(0x4000, 0xc90fdaa22168c235), BOTH(0x4001, 0xc000000000000000), BOTH(0x400d, 0xfffe000000000000),
    BOTH(0x400d, 0xffff000000000000), BOTH(0x400e, 0x8000000000000000), BOTH(0x401d, 0xfffffffc00000000),
    BOTH(0x401d, 0xfffffffe00000000), BOTH(0x401e, 0x8000000000000000), BOTH(0x403a, 0xde0b6b3a763fffe0),
    BOTH(0x403a, 0xde0b6b3a764003f0), BOTH(0x403d, 0xffffffffffffffff), BOTH(0x403e, 0x8000000000000000),
    BOTH(0x403e, 0xffffffffffffffff), BOTH(0x4040, 0x8000000000000000), BOTH(0x407e, 0xffffff0000000000),
    BOTH(0x407e, 0xffffff8000000000), BOTH(0x407f, 0x8000000000000000), BOTH(0x43fe, 0xfffffffffffff800),
    BOTH(0x43fe, 0xfffffffffffffc00), BOTH(0x43ff, 0x8000000000000000), BOTH(0x5fff, 0xb504f333f9de6485),
    BOTH(0x7ffd, 0xffffffffffffffff), BOTH(0x7ffe, 0x8000000000000000), BOTH(0x7ffe, 0xffffffffffffffff),
    BOTH(0x7ffe, 0xffffff0000000000), BOTH(0x7fff, 0x8000000000000000), BOTH(0x7fff, 0x8000000000000001),
    BOTH(0x7fff, 0xbfffffffffffffff), BOTH(0x7fff, 0xc000000000000000), BOTH(0x7fff, 0xc000000000000001),
    BOTH(0x7fff, 0xffffffffffffffff), BOTH(0x7fff, 0x0000000000000000), BOTH(0x7fff, 0x4000000000000001),
    BOTH(0x3fff, 0x0000000000000000), BOTH(0x3fff, 0x7fffffffffffffff), BOTH(0x7ffe, 0x4000000000000000),
};
const size_t boundary_count = ARRAY_LENGTH(boundary_values);

uint64_t random_bits(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct float80 random_value(uint64_t *state)
{
    uint64_t bits = random_bits(state), choice = random_bits(state);
    struct float80 value = {bits | FLOAT80_INTEGER_BIT, (uint16_t)(choice >> 16)};

    if (choice & 0x100) /* few bits, so that ties and exact results come up */
        value.significand &= ~UINT64_C(0) << (choice >> 40 & 63);
    if (choice & 0x200) /* or many ones */
        value.significand |= ~(~UINT64_C(0) << (choice >> 46 & 63)) << (choice >> 52 & 7);
    switch (choice & 15) {
    case 0: return boundary_values[(choice >> 16) % boundary_count];
    case 1:
        value.sign_exponent &= 0x8000;
        value.significand >>= choice >> 34 & 63;
        break;
    case 2: value.sign_exponent |= 0x7ff0; break;
    case 3: return (struct float80){bits, (uint16_t)(choice >> 16)};
    case 4: value.sign_exponent = (uint16_t)((choice >> 16 & 0x8000) | (0x3c00 + (choice >> 16 & 0x7f) - 0x40)); break;
    case 5: value.sign_exponent = (uint16_t)((choice >> 16 & 0x8000) | (0x3f80 + (choice >> 16 & 0x3f) - 0x20)); break;
    case 6: value.sign_exponent = (uint16_t)((choice >> 16 & 0x8000) | (0x407e + (choice >> 16 & 3) - 1)); break;
    case 7: value.sign_exponent = (uint16_t)((choice >> 16 & 0x8000) | (0x43fe + (choice >> 16 & 3) - 1)); break;
    case 8: break;
    default: value.sign_exponent = (uint16_t)((choice >> 16 & 0x8000) | (0x3fff + (choice >> 16 & 0x7f) - 0x10)); break;
    }
    return value;
}

struct fp_status status_of_control(uint16_t control)
{
    static const uint8_t precisions[4] = {24, 64, 53, 64};

    return (struct fp_status){
        .rounding = control >> 10 & 3, .precision = precisions[control >> 8 & 3], .masked = control & FP_ALL};
}

uint16_t control_word(unsigned index)
{
    static const uint8_t precisions[3] = {0, 2, 3};
    unsigned masks = index / 12 % 8;

    return (uint16_t)((index & 3) << 10 | precisions[index / 4 % 3] << 8 | 0x40 |
                      (masks == 0   ? FP_ALL
                       : masks == 7 ? 0
                                    : FP_ALL & ~(1u << (masks - 1))));
}

#if HOST_X87

#define RUN(instruction)                                                               \
    __asm__ volatile("fninit\n\tfldcw %[cw]\n\tfldt %[b]\n\tfldt %[a]\n\t" instruction \
                     "\n\tfnstsw %[sw]\n\tfnclex\n\tfstpt %[r]\n\tfninit"              \
                     : [r] "=m"(result), [sw] "=m"(*status)                            \
                     : [cw] "m"(control), [a] "m"(x), [b] "m"(y))
/* For two results: the second one. */
#define RUN_SECOND(instruction)                                                           \
    __asm__ volatile("fninit\n\tfldcw %[cw]\n\tfldt %[a]\n\t" instruction                 \
                     "\n\tfnstsw %[sw]\n\tfnclex\n\tfstp %%st(0)\n\tfstpt %[r]\n\tfninit" \
                     : [r] "=m"(result), [sw] "=m"(*status)                               \
                     : [cw] "m"(control), [a] "m"(x), [b] "m"(y))

struct float80 host_run(enum host_operation operation, uint16_t control, struct float80 a, struct float80 b,
                        uint16_t *status)
{
    struct host_image x = host_image(a), y = host_image(b), result;

    switch (operation) {
    case HOST_ADD: RUN("fadd %%st(1), %%st"); break;
    case HOST_SUB: RUN(".byte 0xd8, 0xe1"); break;
    case HOST_SUBR: RUN(".byte 0xd8, 0xe9"); break;
    case HOST_MUL: RUN("fmul %%st(1), %%st"); break;
    case HOST_DIV: RUN(".byte 0xd8, 0xf1"); break;
    case HOST_DIVR: RUN(".byte 0xd8, 0xf9"); break;
    case HOST_SQRT: RUN("fsqrt"); break;
    case HOST_PREM: RUN("fprem"); break;
    case HOST_PREM1: RUN("fprem1"); break;
    case HOST_RNDINT: RUN("frndint"); break;
    case HOST_SCALE: RUN("fscale"); break;
    case HOST_COM: RUN("fcom %%st(1)"); break;
    case HOST_UCOM: RUN("fucom %%st(1)"); break;
    case HOST_TST: RUN("ftst"); break;
    case HOST_XAM: RUN("fxam"); break;
    case HOST_ABS: RUN("fabs"); break;
    case HOST_CHS: RUN("fchs"); break;
    case HOST_2XM1: RUN("f2xm1"); break;
    case HOST_SIN: RUN("fsin"); break;
    case HOST_COS: RUN("fcos"); break;
    case HOST_XTRACT: RUN("fxtract"); break;
    case HOST_PATAN: RUN("fpatan"); break;
    case HOST_YL2X: RUN("fyl2x"); break;
    case HOST_YL2XP1: RUN("fyl2xp1"); break;
    default: RUN_SECOND("fptan"); break;
    }
    return host_value(&result);
}

#define STORE(instruction)                                                                                  \
    __asm__ volatile("fninit\n\tfldcw %[cw]\n\tfldt %[a]\n\t" instruction " %[m]\n\tfnstsw %[sw]\n\tfninit" \
                     : [m] "+m"(*(struct bytes16 *)bytes), [sw] "=m"(*status)                               \
                     : [cw] "m"(control), [a] "m"(x))
#define LOAD(instruction)                                                      \
    __asm__ volatile("fninit\n\tfldcw %[cw]\n\tfldz\n\t" instruction           \
                     " %[m]\n\tfnstsw %[sw]\n\tfnclex\n\tfstpt %[r]\n\tfninit" \
                     : [r] "=m"(result), [sw] "=m"(*status)                    \
                     : [cw] "m"(control), [m] "m"(*(const struct bytes16 *)bytes))
struct bytes16 {
    uint8_t bytes[16];
};

void host_x87_store(enum host_format format, uint16_t control, struct float80 value, uint8_t bytes[16], uint16_t *status)
{
    struct host_image x = host_image(value);

    memset(bytes, 0xaa, 16);
    switch (format) {
    case HOST_FLOAT32: STORE("fsts"); break;
    case HOST_FLOAT64: STORE("fstl"); break;
    case HOST_INT16: STORE("fists"); break;
    case HOST_INT32: STORE("fistl"); break;
    case HOST_INT64: STORE("fistpll"); break;
    default: STORE("fbstp"); break;
    }
}

struct float80 host_x87_load(enum host_format format, uint16_t control, const uint8_t bytes[16], uint16_t *status)
{
    struct host_image result;

    switch (format) {
    case HOST_FLOAT32: LOAD("flds"); break;
    case HOST_FLOAT64: LOAD("fldl"); break;
    case HOST_INT16: LOAD("filds"); break;
    case HOST_INT32: LOAD("fildl"); break;
    case HOST_INT64: LOAD("fildll"); break;
    default: LOAD("fbld"); break;
    }
    return host_value(&result);
}

#define SSE(instruction, move)                                                                                            \
    __asm__ volatile("ldmxcsr %[csr]\n\t" move " %[a], %%xmm0\n\t" instruction " %[b], %%xmm0\n\tstmxcsr %[out]\n\t" move \
                     " %%xmm0, %[r]\n\tldmxcsr %[old]"                                                                    \
                     : [out] "=m"(out), [r] "=m"(result)                                                                  \
                     : [csr] "m"(mxcsr), [old] "m"(standard), [a] "m"(a), [b] "m"(b)                                      \
                     : "xmm0")

uint32_t host_sse32(enum sse_operation operation, uint32_t mxcsr, uint32_t a, uint32_t b, unsigned *flags)
{
    uint32_t out, result, standard = 0x1f80;

    switch (operation) {
    case SSE_ADD: SSE("addss", "movss"); break;
    case SSE_SUB: SSE("subss", "movss"); break;
    case SSE_MUL: SSE("mulss", "movss"); break;
    case SSE_DIV: SSE("divss", "movss"); break;
    default: SSE("sqrtss", "movss"); break;
    }
    *flags = out & FP_ALL;
    return result;
}

uint64_t host_sse64(enum sse_operation operation, uint32_t mxcsr, uint64_t a, uint64_t b, unsigned *flags)
{
    uint64_t result;
    uint32_t out, standard = 0x1f80;

    switch (operation) {
    case SSE_ADD: SSE("addsd", "movsd"); break;
    case SSE_SUB: SSE("subsd", "movsd"); break;
    case SSE_MUL: SSE("mulsd", "movsd"); break;
    case SSE_DIV: SSE("divsd", "movsd"); break;
    default: SSE("sqrtsd", "movsd"); break;
    }
    *flags = out & FP_ALL;
    return result;
}

#endif
