/* SPDX-License-Identifier: MIT */
/*
 * One value of an Arrow array as a value of a field: instants of any unit, numbers as the decimals that they print as,
 * text as a cell of CSV says it. The table of which types can be which field is here.
 */
#ifndef DORA_READ_ARROW_VALUE_H
#define DORA_READ_ARROW_VALUE_H

#include "facts/record.h"
#include "read/arrow_array.h"

/* Room for any integer. */
enum { DORA__DIGITS_ROOM = 24 };

/* Whether values of the type can be values of the field, or items of the list that it is. */
bool dora__arrow_fits(const struct dora__arrow_type *type, enum dora__field field, bool is_item);

/* What a value of a field that no array can hold is called: "an instant". */
const char *dora__arrow_wanted(enum dora__field field);

/* Instants in the unit of a time array that are in range, and one of them, in range, as microseconds. */
struct dora__arrow_range {
    int64_t least;
    int64_t most;
};
struct dora__arrow_range dora__arrow_time_range(int64_t unit_us);

static inline int64_t dora__arrow_time_us(int64_t time, int64_t unit_us) {
    return unit_us ? time * unit_us : time / 1000 - (time % 1000 < 0);
}

/* The text of a valid row of text or integers; `digits` holds the text of an integer. False: the array is broken. */
bool dora__arrow_string_at(const struct dora__arrow_array *array, size_t row, char digits[DORA__DIGITS_ROOM],
                           dora_string *text);

/* NULL where the text can be a string of a fact, else why not. */
const char *dora__arrow_check_string(dora_string text);

/*
 * The value of a valid row in column form, strings interned; of DORA__KIND it is the kind and 1. What means nothing
 * (empty text, a NaN) is the field's absent value. INPUT with a reason, or without where the array is broken; MEMORY,
 * LIMIT. `last` is the handle that the field had last, of strings; it saves looking up a value that is repeated.
 */
dora_status dora__arrow_value_at(struct dora__facts *facts, const struct dora__arrow_array *array, size_t row,
                                 enum dora__field field, uint32_t *last, int64_t *value, const char **reason);

#endif
