/* SPDX-License-Identifier: MIT */
/* The twin of walk_loops.h for x86-64 with AVX-512; only ever called where the machine has it. */
#define DORA__WALK_KERNEL dora__walk_avx512
#include "derive/walk_loops.h"
