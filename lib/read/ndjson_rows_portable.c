/* SPDX-License-Identifier: MIT */
/* The portable twin of ndjson_rows_loop.h. */
#define DORA__NDJSON_TAKE dora__ndjson_take_portable
#include "read/ndjson_rows_loop.h"
