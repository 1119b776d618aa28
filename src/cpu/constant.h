/* Bodies with registers as constants (bodies_constant.c). */
#ifndef TRUEBOX_CPU_CONSTANT_H
#define TRUEBOX_CPU_CONSTANT_H

#include "cpu/insn.h"

/* The version of a finished record's body that has its registers built in, or the body it has. Same effects to the bit.
   `flat_stack`: data segments and stack are flat and 32 bits wide (KEY_FLAT). */
insn_body *constant_body(const struct insn *in, bool flat_stack);

#endif
