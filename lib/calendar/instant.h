/* SPDX-License-Identifier: MIT */
/*
 * Instants from text. RFC 3339 with the freedoms that exports take, and epoch numbers whose unit their size tells.
 * Date and clock have a fixed width and are decoded eight bytes at a time; only what follows them is looked at byte by
 * byte. Where an error is returned the output is left alone.
 */
#ifndef DORA_CALENDAR_INSTANT_H
#define DORA_CALENDAR_INSTANT_H

#include "calendar/civil.h"

/* Text of a string or CSV cell: RFC 3339 forms, a bare date, or a signed integer. NULL, or why not. */
const char *dora__parse_instant(const char *text, size_t size, int64_t *instant_us);

/* A JSON number (its grammar already checked). NULL, or why not. */
const char *dora__parse_epoch(const char *text, size_t size, int64_t *instant_us);

/* A JSON number as millionths, rounded half to even on the decimal as written; |value| <= 1e12. NULL, or why not. */
const char *dora__parse_millionths(const char *text, size_t size, int64_t *millionths);

#endif
