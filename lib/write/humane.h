/* SPDX-License-Identifier: MIT */
/*
 * Numbers and windows as people read them: three digits or so, in the unit that suits the size. Not for reading back.
 */
#ifndef DORA_WRITE_HUMANE_H
#define DORA_WRITE_HUMANE_H

#include "base/text.h"

/* A value in its unit: "3.2 d", "12.5 %", "1.4/day", "42". */
void dora__humane_value(struct dora__text *text, dora_unit unit, double value);

/* "1,234,567" */
void dora__humane_grouped(struct dora__text *text, uint64_t number);

/* The ways to name a window, a bit each: those calendar units that it is one of. The range, which suits every window,
   has no bit. */
unsigned dora__window_styles(int32_t first, int32_t last);

/* "2024-03", "2024-W05", "2024-Q1", "2024", "2024-03-01" or "2024-03-01..2024-03-28": by the first style of the set. */
void dora__window_label(struct dora__text *text, unsigned styles, int32_t first, int32_t last);

#endif
