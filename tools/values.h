/* SPDX-License-Identifier: MIT */
/* Text to values: whole numbers, durations, amounts with a unit. Nothing here depends on the locale. */
#ifndef DORA_TOOLS_VALUES_H
#define DORA_TOOLS_VALUES_H

#include <dora/dora.h>

#include <stdbool.h>

/* Digits only, at most `most`. */
bool parse_whole(const char *text, uint64_t most, uint64_t *value);

/* "72h": a whole number of s, m, h, d or w, seconds without one, as microseconds. */
bool parse_duration_us(const char *text, int64_t *value_us);

/* "0.15", "7d", "15%": a decimal, in `*unit` what the unit makes of it: SECONDS, RATIO, or NONE without one. */
bool parse_amount(const char *text, double *value, dora_unit *unit);

#endif
