/* SPDX-License-Identifier: MIT */
/* Samples and phases in an order of their own, so that two sets of them can be compared. */
#include "facts/samples.h"

#include "base/sort.h"

#include <string.h>

static int compare_samples(const void *context, uint32_t a, uint32_t b) {
    const struct dora__sample *samples = context;
    return dora__sample_compare(&samples[a], &samples[b]);
}

static int compare_phases(const void *context, uint32_t a, uint32_t b) {
    const struct dora__phase_sample *phases = context;
    return dora__phase_compare(&phases[a], &phases[b]);
}

bool dora__samples_order(struct dora__memory *memory, struct dora__samples *samples) {
    size_t count = samples->count;
    if (count < 2)
        return true;
    uint32_t *order = dora__order(memory, count, compare_samples, samples->data);
    struct dora__sample *sorted = dora__alloc(memory, count, sizeof *sorted);
    bool done = order && sorted;
    for (size_t i = 0; done && i < count; i++)
        sorted[i] = samples->data[order[i]];
    if (done)
        memcpy(samples->data, sorted, count * sizeof *sorted);
    dora__order_free(memory, order, count);
    dora__free(memory, sorted, count, sizeof *sorted);
    return done;
}

bool dora__phases_order(struct dora__memory *memory, struct dora__phase_sample *phases, size_t count) {
    if (count < 2)
        return true;
    uint32_t *order = dora__order(memory, count, compare_phases, phases);
    struct dora__phase_sample *sorted = dora__alloc(memory, count, sizeof *sorted);
    bool done = order && sorted;
    for (size_t i = 0; done && i < count; i++)
        sorted[i] = phases[order[i]];
    if (done)
        memcpy(phases, sorted, count * sizeof *sorted);
    dora__order_free(memory, order, count);
    dora__free(memory, sorted, count, sizeof *sorted);
    return done;
}
