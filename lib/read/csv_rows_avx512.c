/* SPDX-License-Identifier: MIT */
/* The twin of csv_rows_loop.h for x86-64 with AVX-512; compiled with it, and only ever called where the machine has it.
 */
#include "base/kernel.h"

#ifdef DORA__WITH_AVX2
#define DORA__CSV_ROWS_TAKE dora__csv_rows_take_avx512
#include "read/csv_rows_loop.h"
#endif
