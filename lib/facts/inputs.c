/* SPDX-License-Identifier: MIT */
/* See inputs.h. */
#include "facts/inputs.h"

#include <string.h>

void dora__inputs_free(struct dora__inputs *inputs, struct dora__memory *memory) {
    dora__free(memory, inputs->items, inputs->capacity, sizeof *inputs->items);
    *inputs = (struct dora__inputs){0};
}

/* The first input whose digest is not less. */
static size_t place_of(const struct dora__inputs *inputs, const struct dora__digest *digest) {
    size_t low = 0, high = inputs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(inputs->items[middle].digest.bytes, digest->bytes, DORA__DIGEST_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct dora__inputs *inputs, size_t place, const struct dora__digest *digest) {
    return place < inputs->count && !memcmp(inputs->items[place].digest.bytes, digest->bytes, DORA__DIGEST_SIZE);
}

const struct dora__input *dora__inputs_find(const struct dora__inputs *inputs, const struct dora__digest *digest) {
    size_t place = place_of(inputs, digest);
    return is_at(inputs, place, digest) ? &inputs->items[place] : NULL;
}

bool dora__inputs_reserve(struct dora__inputs *inputs, struct dora__memory *memory, size_t count) {
    return count <= SIZE_MAX - inputs->count &&
           dora__grow(memory, (void **)&inputs->items, &inputs->capacity, inputs->count + count, sizeof *inputs->items);
}

bool dora__inputs_add(struct dora__inputs *inputs, struct dora__memory *memory, const struct dora__input *input) {
    size_t place = place_of(inputs, &input->digest);
    if (is_at(inputs, place, &input->digest)) {
        if (inputs->items[place].nameless < input->nameless)
            inputs->items[place].nameless = input->nameless;
        return true;
    }
    if (!dora__inputs_reserve(inputs, memory, 1))
        return false;
    memmove(&inputs->items[place + 1], &inputs->items[place], (inputs->count - place) * sizeof *inputs->items);
    inputs->items[place] = *input;
    inputs->count++;
    return true;
}

bool dora__inputs_overlap(const struct dora__inputs *a, const struct dora__inputs *b) {
    for (size_t i = 0; i < a->count; i++) {
        const struct dora__input *same = dora__inputs_find(b, &a->items[i].digest);
        if (same && (same->nameless || a->items[i].nameless))
            return true;
    }
    return false;
}
