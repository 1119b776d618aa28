/* The AT's coprocessor error logic: FERR#, IRQ 13, port F0h, IGNNE#. */
#ifndef TRUEBOX_DEVICES_COPROCESSOR_ERROR_H
#define TRUEBOX_DEVICES_COPROCESSOR_ERROR_H

#include "devices/bay.h"

struct coprocessor_error;

struct coprocessor_error *coprocessor_error_new(const struct bay *bay, struct wire irq, struct wire ignne);
void coprocessor_error_free(struct coprocessor_error *logic);
void coprocessor_error_reset(struct coprocessor_error *logic);
/* The processor's FERR# output. */
void coprocessor_error_ferr(void *logic, bool asserted);

#endif
