/* SPDX-License-Identifier: MIT */
/* See kernel.h. */
#include "base/kernel.h"

#include <stdlib.h>
#include <string.h>

enum dora__kernel dora__kernel_pick(void) {
#ifdef DORA__WITH_AVX2
    const char *asked = getenv("DORA_KERNEL");
    if (!(asked && strcmp(asked, "portable") == 0) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
        return DORA__KERNEL_AVX2;
#endif
    return DORA__KERNEL_PORTABLE;
}
