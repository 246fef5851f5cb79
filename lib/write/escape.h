/* SPDX-License-Identifier: MIT */
/*
 * Strings of data as each format must show them, and how wide a terminal shows them.
 */
#ifndef DORA_WRITE_ESCAPE_H
#define DORA_WRITE_ESCAPE_H

#include "base/text.h"

/* As a JSON string without its quotes. What dora__utf8_unsafe names is written \uXXXX, so that a terminal that shows
   the output is not led astray; other UTF-8 as it is. At most 6 bytes a byte. Returns the end. */
enum { DORA__JSON_GROWTH = 6 };
char *dora__escape_json(char *out, const char *bytes, size_t size);
void dora__text_json(struct dora__text *text, const char *bytes, size_t size);

/* As a CSV field (RFC 4180), quoted where it must be. At most 2 bytes a byte and the quotes. Returns the end. */
enum { DORA__CSV_GROWTH = 2 };
char *dora__escape_csv(char *out, const char *bytes, size_t size);

/* As a CSV field that a spreadsheet takes for text: quoted, with an apostrophe before what would start a formula, also
   in full width, or lead up to one. At most 2 bytes a byte, the apostrophe and the quotes. Returns the end. */
char *dora__escape_csv_safe(char *out, const char *bytes, size_t size);

/* For people: what is unsafe as \xNN or \u{NNNN}, a backslash before each of the characters in `special` (NULL: none).
   What is wider than `columns` is cut and ends in "...". */
void dora__text_printable(struct dora__text *text, dora_string string, const char *special, size_t columns);

/* As content, or as the value of a quoted attribute, of HTML. What is unsafe must be gone before, as by the above. */
void dora__text_html(struct dora__text *text, dora_string string);

/* Columns that a terminal needs: 0 for combining marks, 2 for wide East Asian characters, else 1. */
size_t dora__display_width(const char *bytes, size_t size);

#endif
