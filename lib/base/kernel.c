/* SPDX-License-Identifier: MIT */
/* See kernel.h. */
#include "base/kernel.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef DORA__WITH_AVX2

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}

static bool has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
}

enum dora__kernel dora__kernel_pick(void) {
    const char *asked = getenv("DORA_KERNEL");
    if ((asked && strcmp(asked, "portable") == 0) || !has_avx2())
        return DORA__KERNEL_PORTABLE;
    return (asked && strcmp(asked, "avx2") == 0) || !has_avx512() ? DORA__KERNEL_AVX2 : DORA__KERNEL_AVX512;
}

#else

enum dora__kernel dora__kernel_pick(void) {
    return DORA__KERNEL_PORTABLE;
}

#endif
