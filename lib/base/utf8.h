/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 as RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef DORA_BASE_UTF8_H
#define DORA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all of text is well-formed. ASCII is passed over eight bytes at a time. */
bool dora__utf8_valid(const char *text, size_t size);

/* The code point that begins at text (size > 0), its length in *length; -1 and length 1 where it is ill-formed. */
int32_t dora__utf8_decode(const char *text, size_t size, size_t *length);

/* Writes a code point (valid, no surrogate) to out, 1 to 4 bytes; returns how many. */
size_t dora__utf8_encode(uint32_t point, char out[4]);

/* Whether a terminal or browser could be led astray by the code point: controls, bidi, line separators, tags. */
bool dora__utf8_unsafe(int32_t point);

#endif
