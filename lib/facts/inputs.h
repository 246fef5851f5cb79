/* SPDX-License-Identifier: MIT */
/*
 * The inputs that were read whole into a set of facts, each by the digest of its bytes. Facts without an id count as
 * often as they are stated, so that an input that holds some must not be read twice: this is what can tell.
 */
#ifndef DORA_FACTS_INPUTS_H
#define DORA_FACTS_INPUTS_H

#include "base/digest.h"
#include "base/memory.h"

struct dora__input {
    struct dora__digest digest;
    uint64_t nameless; /* facts without an id that it states */
};

/* Ordered by digest, each once. */
struct dora__inputs {
    struct dora__input *items;
    size_t count;
    size_t capacity;
};

void dora__inputs_free(struct dora__inputs *inputs, struct dora__memory *memory);

/* The input of that digest, or NULL. */
const struct dora__input *dora__inputs_find(const struct dora__inputs *inputs, const struct dora__digest *digest);

/* Room for `count` more inputs, so that adding them cannot fail. False: out of memory. */
bool dora__inputs_reserve(struct dora__inputs *inputs, struct dora__memory *memory, size_t count);

/* Adds an input; of one that is there the greater count stays. O(count). False: out of memory. */
bool dora__inputs_add(struct dora__inputs *inputs, struct dora__memory *memory, const struct dora__input *input);

/* Whether some input with facts without an id is in both. */
bool dora__inputs_overlap(const struct dora__inputs *a, const struct dora__inputs *b);

#endif
