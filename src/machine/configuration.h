/* Checking and copying the public configuration. */
#ifndef TRUEBOX_MACHINE_CONFIGURATION_H
#define TRUEBOX_MACHINE_CONFIGURATION_H

#include <truebox/truebox.h>

#include "cpu/model.h"

/* false with *error if a value makes no sense; else *model is the CPU model meant. */
bool configuration_check(const struct tb_config *config, const struct cpu_model **model, struct tb_error *error);

/* Copies `config` with its strings; configuration_free releases them. */
void configuration_copy(struct tb_config *copy, const struct tb_config *config);
void configuration_free(struct tb_config *config);

#endif
