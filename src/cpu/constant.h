/* Bodies with registers as constants (bodies_constant.c). */
#ifndef TRUEBOX_CPU_CONSTANT_H
#define TRUEBOX_CPU_CONSTANT_H

#include "cpu/insn.h"

/* The version of a decoded record's body that has its registers built in, or the body it has. Same effects to the bit. */
insn_body *constant_body(const struct insn *in);

#endif
