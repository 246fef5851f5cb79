/* SPDX-License-Identifier: MIT */
/*
 * What the text of a cell says where a truth value or a number belongs: in CSV, and in columns of strings.
 */
#ifndef DORA_READ_CELL_H
#define DORA_READ_CELL_H

#include <stddef.h>
#include <stdint.h>

/* 1 or 0 for true, yes, 1, false, no, 0 in any case; -1 for anything else. */
int dora__cell_bool(const char *text, size_t size);

/* Millionths of a number by the grammar of JSON. NULL, or why not. */
const char *dora__cell_number(const char *text, size_t size, int64_t *millionths);

#endif
