/* SPDX-License-Identifier: MIT */
/*
 * Arrow arrays made by hand, of any layout. Each buffer is a block of its own of the exact size, so that reading beyond
 * it shows; rows before an array's offset hold rubbish; what is not released once shows as a leak or a crash.
 */
#ifndef DORA_TESTS_MADE_H
#define DORA_TESTS_MADE_H

#include <dora/arrow.h>

/* An array and its schema; both are released, or handed over, together. */
struct made {
    struct ArrowSchema schema;
    struct ArrowArray array;
};

/* How many schemas, arrays and streams made here were not yet released. */
extern int made_alive;

/* An array without buffers and children. */
struct made made_array(const char *format, const char *name, int64_t length, int64_t offset);
/* Appends a copy of `size` bytes, or NULL where `data` is. */
void made_buffer(struct made *made, const void *data, size_t size);
/* Moves another in as the next child, or as the dictionary. */
void made_child(struct made *made, struct made child);
void made_dictionary(struct made *made, struct made dictionary);
void made_release(struct made *made);

/* How a column is laid out: `format` of its values; with `codes` (a format of integers) as a dictionary; `offset` rows
   of rubbish before the first. */
struct layout {
    const char *format;
    const char *codes;
    int64_t offset;
};

/* Columns of `count` rows. Absent values are nulls. */
struct made made_strings(const char *name, struct layout layout, const dora_string *values, size_t count);
/* Instants or numbers in the terms of the format, which is one of integers, floats, times or strings. */
struct made made_numbers(const char *name, struct layout layout, const int64_t *values, size_t count);
/* 1, 0 and DORA_UNKNOWN as booleans, integers or strings. */
struct made made_bools(const char *name, struct layout layout, const int8_t *values, size_t count);
/* Lists of strings of the layout; `lists[i]` NULL: null. `format` is +l, +L, +vl, +vL, or +w: and a number. */
struct made made_lists(const char *name, const char *format, struct layout items, const dora_string *const *lists,
                       const size_t *sizes, size_t count, int64_t offset);

/* A stream of arrays, which it takes over; the schema is that of the first. The call of get_next of number `fail_at`
   (from 1; 0: none) fails with errno EIO, get_schema with number -1. */
struct ArrowArrayStream made_stream(struct made *arrays, size_t count, int fail_at);

#endif
