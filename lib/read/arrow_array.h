/* SPDX-License-Identifier: MIT */
/*
 * Arrow arrays as they can be read: a type from its format string, and an array bound to it, whose lengths, buffers and
 * offsets were checked as far as the interface lets them be known. Buffers need not be aligned. What is broken is said
 * as text for people; nothing here knows of facts.
 */
#ifndef DORA_READ_ARROW_ARRAY_H
#define DORA_READ_ARROW_ARRAY_H

#include <dora/arrow.h>

#include <stdbool.h>

enum dora__arrow_form {
    DORA__ARROW_NULL,
    DORA__ARROW_BOOL,
    DORA__ARROW_INTEGER,
    DORA__ARROW_FLOAT,
    DORA__ARROW_TIME,       /* date or timestamp */
    DORA__ARROW_TEXT,       /* with offsets */
    DORA__ARROW_VIEW,       /* text, as views */
    DORA__ARROW_LIST,       /* with offsets */
    DORA__ARROW_LIST_VIEW,  /* with offsets and sizes */
    DORA__ARROW_FIXED_LIST, /* each of list_size items */
    DORA__ARROW_OTHER,      /* of which only the validity is read */
    DORA__ARROW_BARE        /* of which not even that is: every row counts as a value */
};

struct dora__arrow_type {
    const char *name; /* for people: "timestamp" */
    enum dora__arrow_form form;
    uint8_t width;     /* bytes of a value or of an offset */
    bool is_signed;    /* of an integer */
    int64_t unit_us;   /* of a time; 0: nanoseconds */
    int64_t list_size; /* of a fixed list */
};

/* The type of a format string; one that is not known is BARE. */
struct dora__arrow_type dora__arrow_type_of(const char *format);

struct dora__arrow_array {
    struct dora__arrow_type type;
    size_t length;
    size_t offset;           /* the array begins at this place of its buffers */
    const uint8_t *validity; /* NULL: no row is null */
    const char *data;        /* values, bits, offsets or views */
    const char *more;        /* bytes of text, or sizes of list views */
    const void **blocks;     /* of views */
    const char *block_sizes; /* of views, int64 */
    size_t blocks_count;
    int64_t low; /* text: where the bytes of the array begin and end */
    int64_t high;
};

/* Makes array->type's view of `given`, which must have at least `rows` rows. NULL, or what is wrong with it. */
const char *dora__arrow_bind(struct dora__arrow_array *array, const struct ArrowArray *given, size_t rows);

/* `count` bits of a bit map from bit `at` on, 1 to 64 of them. */
uint64_t dora__arrow_bits(const uint8_t *map, size_t at, unsigned count);

/* Bit i of the mask: row first + i is not null. `rows` at most 256. */
enum { DORA__MASK_WORDS = 4 };
void dora__arrow_valid(const struct dora__arrow_array *array, size_t first, size_t rows,
                       uint64_t mask[DORA__MASK_WORDS]);

static inline bool dora__arrow_is_valid(const struct dora__arrow_array *array, size_t row) {
    size_t at = array->offset + row;
    return array->type.form != DORA__ARROW_NULL && (!array->validity || (array->validity[at / 8] >> at % 8 & 1));
}

/* An integer as its size and sign. */
struct dora__arrow_integer {
    uint64_t size;
    bool negative;
};
struct dora__arrow_integer dora__arrow_integer_at(const struct dora__arrow_array *array, size_t row);
double dora__arrow_float_at(const struct dora__arrow_array *array, size_t row);
bool dora__arrow_bool_at(const struct dora__arrow_array *array, size_t row);
/* A date or timestamp in its own unit. */
int64_t dora__arrow_time_at(const struct dora__arrow_array *array, size_t row);

/* The text of a valid row of TEXT or VIEW. False: it lies outside of the array's bytes. */
bool dora__arrow_text_at(const struct dora__arrow_array *array, size_t row, dora_string *text);

/* The items of a valid row: rows [*from, *to) of a child of `child_length`. False: they lie outside of it. */
bool dora__arrow_list_at(const struct dora__arrow_array *array, size_t row, size_t child_length, size_t *from,
                         size_t *to);

#endif
