/* SPDX-License-Identifier: MIT */
/* What a person should know beside the rows: what was left out of them, and why there may be nothing in them. */
#ifndef DORA_TOOLS_NOTES_H
#define DORA_TOOLS_NOTES_H

#include "message.h"

/* One line when records were rejected, or facts not counted. */
void note_left_out(dora_engine *engine);

/* One line when no deployment was counted (of a phase table: no phase), or there are no rows. */
void note_nothing(dora_engine *engine, dora_table table, uint64_t rows);

#endif
