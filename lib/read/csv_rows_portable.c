/* SPDX-License-Identifier: MIT */
/* The portable twin of csv_rows_loop.h: eight bytes at a time in a register. */
#define DORA__CSV_ROWS_TAKE dora__csv_rows_take_portable
#include "read/csv_rows_loop.h"
