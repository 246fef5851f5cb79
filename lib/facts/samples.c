/* SPDX-License-Identifier: MIT */
/* Samples and phases in an order of their own, so that two sets of them can be compared. */
#include "facts/samples.h"

#include "base/sort.h"

static int compare_samples(const void *context, uint32_t a, uint32_t b) {
    const struct dora__sample *samples = context;
    return dora__sample_compare(&samples[a], &samples[b]);
}

static int compare_phases(const void *context, uint32_t a, uint32_t b) {
    const struct dora__phase_sample *phases = context;
    return dora__phase_compare(&phases[a], &phases[b]);
}

bool dora__samples_order(struct dora__memory *memory, struct dora__samples *samples) {
    return dora__put_in_order(memory, samples->data, samples->count, sizeof *samples->data, compare_samples,
                              samples->data);
}

bool dora__phases_order(struct dora__memory *memory, struct dora__phase_sample *phases, size_t count) {
    return dora__put_in_order(memory, phases, count, sizeof *phases, compare_phases, phases);
}
