/* SPDX-License-Identifier: MIT */
/* The twin of ndjson_rows_loop.h for x86-64 with AVX2; only ever called where the machine has it. */
#include "base/kernel.h"

#ifdef DORA__WITH_AVX2
#define DORA__NDJSON_TAKE dora__ndjson_take_avx2
#define DORA__NDJSON_AVX2 1
#include "read/ndjson_rows_loop.h"
#endif
