/* SPDX-License-Identifier: MIT */
/*
 * A look at the bytes of a TZif file (RFC 8536), checked once as a whole: after dora__tzif_open every index below the
 * counts is safe. The 64-bit block is taken where there is one. The bytes stay the caller's.
 */
#ifndef DORA_CALENDAR_TZIF_H
#define DORA_CALENDAR_TZIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dora__tzif {
    size_t transitions_count;
    size_t types_count;
    size_t time_size;           /* 4 or 8 */
    const unsigned char *times; /* big-endian, strictly ascending */
    const unsigned char *transition_types;
    const unsigned char *types; /* 6 bytes each: offset, whether daylight time, name */
    const char *footer;         /* the rule after the last transition; may be empty */
    size_t footer_size;
};

/* NULL, or why the bytes are no usable file. */
const char *dora__tzif_open(const unsigned char *bytes, size_t size, struct dora__tzif *file);

/* Seconds since 1970-01-01T00:00:00Z of a transition. */
int64_t dora__tzif_time(const struct dora__tzif *file, size_t transition);

/* Seconds that local time is ahead of UTC after a transition, and before the first one. */
int32_t dora__tzif_offset(const struct dora__tzif *file, size_t transition);
int32_t dora__tzif_first_offset(const struct dora__tzif *file);

#endif
