/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions for names of things: . [] [^] * + ? | () ^ $ \d \w \s and a backslash before what is special.
 * The search is not anchored, case counts, the leftmost match is taken and of those the one that prefers as written.
 * All ways of matching are followed at once, so that the time is at most that of pattern times text, whatever either
 * is.
 */
#ifndef DORA_READ_SOURCE_PATTERN_H
#define DORA_READ_SOURCE_PATTERN_H

#include "base/memory.h"

#include <dora/dora.h>

/* Where a match begins and ends: the whole, then the first group, SIZE_MAX where that took no part. */
enum { DORA__PATTERN_SLOTS = 4 };

struct dora__pattern_step;
struct dora__pattern_class;
struct dora__pattern_thread;

/* One search at a time. */
struct dora__pattern {
    struct dora__memory *memory;
    struct dora__pattern_step *steps;
    size_t steps_count;
    size_t steps_capacity;
    struct dora__pattern_class *classes;
    size_t classes_count;
    size_t classes_capacity;
    struct dora__pattern_thread *threads; /* of this character, of the next, and a stack */
    size_t threads_count;
    size_t *seen; /* by step: the place in the text where it was last reached, from 1 on */
};

/* Into a pattern of zeros. ARGUMENT says what is wrong; free it either way. */
dora_status dora__pattern_parse(struct dora__pattern *pattern, struct dora__memory *memory, const char *text,
                                size_t size, dora_error *error);
void dora__pattern_free(struct dora__pattern *pattern);

/* Whether the text has a match, and where. */
bool dora__pattern_find(struct dora__pattern *pattern, const char *text, size_t size,
                        size_t slots[DORA__PATTERN_SLOTS]);

#endif
