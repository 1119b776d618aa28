/* ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NOT NEG: one value function each (ops_alu.h), the templates do the rest. */
#include "cpu/ops_alu.h"

FAMILY_BINARY(add, op_add)
FAMILY_BINARY(or, op_or)
FAMILY_BINARY(adc, op_adc)
FAMILY_BINARY(sbb, op_sbb)
FAMILY_BINARY(and, op_and)
FAMILY_BINARY(sub, op_sub)
FAMILY_BINARY(xor, op_xor)
FAMILY_CONSUME(cmp, op_cmp)
FAMILY_CONSUME(test, op_test)
FAMILY_UNARY(inc, op_inc, SOURCE_NONE)
FAMILY_UNARY(dec, op_dec, SOURCE_NONE)
FAMILY_UNARY(not, op_not, SOURCE_NONE)
FAMILY_UNARY(neg, op_neg, SOURCE_NONE)
