/* The CPU models' rows, found by index or name. */
#include "cpu/model.h"

#include <stddef.h>
#include <string.h>

#include "base/bits.h"

#define BIT(feature) (UINT64_C(1) << (feature))
#define MODEL(name, level, features, signature, address_bits, vendor, description) \
    {name, description, features, level, signature, address_bits, vendor},

static const struct cpu_model models[] = {
#include "cpu/isa/models.def"
};

const struct cpu_model *cpu_model_at(unsigned index)
{
    return index < ARRAY_LENGTH(models) ? &models[index] : NULL;
}

const struct cpu_model *cpu_model_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(models); i++)
        if (!strcmp(models[i].name, name))
            return &models[i];
    return NULL;
}
