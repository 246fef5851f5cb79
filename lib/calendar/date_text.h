/* SPDX-License-Identifier: MIT */
/*
 * Dates as text: "2024-01-31". The way back is dora__parse_date.
 */
#ifndef DORA_CALENDAR_DATE_TEXT_H
#define DORA_CALENDAR_DATE_TEXT_H

#include "base/text.h"

/* Days since 1970-01-01, years 1 to 9999. Returns the length, not terminated. */
size_t dora__format_date(char out[DORA__NUMBER_ROOM], int32_t day);
void dora__text_date(struct dora__text *text, int32_t day);

#endif
