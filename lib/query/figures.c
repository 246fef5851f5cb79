/* SPDX-License-Identifier: MIT */
/* See figures.h. */
#include "query/figures.h"

#include <string.h>

/* Events that a metric asks for. */
static uint32_t events_of(const struct dora__metric *metric) {
    switch (metric->shape) {
    case DORA__SHAPE_COUNT:
    case DORA__SHAPE_RATE:
        return UINT32_C(1) << metric->of;
    case DORA__SHAPE_RATIO:
        return UINT32_C(1) << metric->of | UINT32_C(1) << metric->per;
    case DORA__SHAPE_SUM_RATIO:
        return UINT32_C(1) << metric->per;
    case DORA__SHAPE_SCORE:
        return UINT32_C(1) << DORA__EVENT_DEPLOYMENT | UINT32_C(1) << DORA__EVENT_FAILED |
               UINT32_C(1) << DORA__EVENT_REWORK;
    default:
        return 0;
    }
}

static bool init_series(struct dora__figures *figures, int series) {
    struct dora__series_figures *made = dora__alloc_zeroed(figures->memory, 1, sizeof *made);
    figures->series[series] = made;
    if (!made || series >= DORA__DISTRIBUTIONS || !figures->places)
        return made != NULL;
    size_t cells = figures->places * DORA__WINDOWS;
    made->k = dora__alloc(figures->memory, cells, sizeof *made->k);
    made->between = dora__alloc_zeroed(figures->memory, cells, sizeof *made->between);
    made->value = dora__alloc_zeroed(figures->memory, cells, sizeof *made->value);
    made->next = dora__alloc_zeroed(figures->memory, cells, sizeof *made->next);
    made->asked = (struct dora__asked){
        .places = figures->places, .k = made->k, .between = made->between, .value = made->value, .next = made->next};
    return made->k && made->between && made->value && made->next;
}

bool dora__figures_init(struct dora__figures *figures, const struct dora__plan *plan,
                        const struct dora__derived *derived) {
    memset(figures, 0, sizeof *figures);
    figures->plan = plan;
    figures->derived = derived;
    figures->memory = derived->memory;
    figures->places = plan->percentiles_count * (plan->query.intervals ? 3 : 1);
    for (size_t i = 0; i < DORA__METRICS; i++)
        if (plan->chosen[i])
            figures->events |= events_of(&dora__metrics[i]);
    bool done = true;
    for (int series = 0; series < DORA__EVENTS && done; series++)
        if (plan->series >> series & 1)
            done = init_series(figures, series);
    if (plan->query.intervals)
        figures->intervals = dora__alloc_zeroed(figures->memory, 1, sizeof *figures->intervals);
    return done && (figures->intervals || !plan->query.intervals);
}

void dora__figures_free(struct dora__figures *figures) {
    size_t cells = figures->places * DORA__WINDOWS;
    for (int series = 0; series < DORA__SERIES_COUNT; series++) {
        struct dora__series_figures *made = figures->series[series];
        if (!made)
            continue;
        dora__free(figures->memory, made->k, cells, sizeof *made->k);
        dora__free(figures->memory, made->between, cells, sizeof *made->between);
        dora__free(figures->memory, made->value, cells, sizeof *made->value);
        dora__free(figures->memory, made->next, cells, sizeof *made->next);
        dora__free(figures->memory, made, 1, sizeof *made);
    }
    dora__free(figures->memory, figures->intervals, 1, sizeof *figures->intervals);
}

/* The samples that enclose a percentile, by 1-based ranks of which 0 is none. */
static void ask_interval(struct dora__figures *figures, struct dora__series_figures *series, size_t percentile) {
    const struct dora__percentile *asked = &figures->plan->percentiles[percentile];
    size_t *lower = series->k + (figures->plan->percentiles_count + 2 * percentile) * DORA__WINDOWS;
    size_t *upper = lower + DORA__WINDOWS;
    for (uint32_t w = 0; w < figures->windows.count; w++) {
        uint64_t low, high;
        dora__order_ranks_cached(figures->intervals, series->n[w], asked->numerator, asked->denominator, &low, &high);
        lower[w] = low ? (size_t)low - 1 : DORA__NOT_ASKED;
        upper[w] = high ? (size_t)high - 1 : DORA__NOT_ASKED;
    }
}

/* Below which numbers of samples ask_small may be used. */
static uint64_t most_small(const struct dora__plan *plan, const struct dora__percentile *asked) {
    bool linear = plan->query.percentile_rule == DORA_PERCENTILE_LINEAR;
    return linear ? (uint64_t)INT32_MAX / (asked->numerator + UINT64_C(1)) : 0;
}

/* dora__percentile_place, linear, in numbers of 31 bits, whose quotient as a double rounds to no other whole number
   from below. In loops for vectors: free of branches, and each over numbers of one size. */
static void ask_small(const struct dora__figures *figures, const struct dora__percentile *asked, const uint64_t *n,
                      size_t *k, uint32_t *between) {
    int32_t count[DORA__WINDOWS], index[DORA__WINDOWS];
    int32_t numerator = (int32_t)asked->numerator, denominator = (int32_t)asked->denominator;
    uint32_t windows = figures->windows.count;
    for (uint32_t w = 0; w < windows; w++)
        count[w] = (int32_t)n[w];
    for (uint32_t w = 0; w < windows; w++) {
        int32_t none = count[w] == 0, scaled = (count[w] - 1 + none) * numerator;
        int32_t quotient = (int32_t)((double)scaled / denominator);
        between[w] = (uint32_t)(scaled - quotient * denominator);
        index[w] = quotient - none;
    }
    for (uint32_t w = 0; w < windows; w++)
        k[w] = (size_t)index[w]; /* of -1 it is DORA__NOT_ASKED */
}

/* Where a percentile lies in each window. */
static void ask_percentile(const struct dora__figures *figures, struct dora__series_figures *series, size_t which) {
    const struct dora__percentile *asked = &figures->plan->percentiles[which];
    size_t *k = series->k + which * DORA__WINDOWS;
    uint32_t *between = series->between + which * DORA__WINDOWS;
    uint64_t any = 0;
    for (uint32_t w = 0; w < figures->windows.count; w++)
        any |= series->n[w];
    if (any < most_small(figures->plan, asked)) {
        ask_small(figures, asked, series->n, k, between);
        return;
    }
    for (uint32_t w = 0; w < figures->windows.count; w++) {
        struct dora__place place = {0, 0};
        if (series->n[w])
            place = dora__percentile_place(figures->plan->query.percentile_rule, asked, series->n[w]);
        k[w] = series->n[w] ? (size_t)place.index : DORA__NOT_ASKED;
        between[w] = place.numerator;
    }
}

static void ask_nothing(const struct dora__figures *figures, struct dora__series_figures *series, size_t place) {
    for (uint32_t w = 0; w < figures->windows.count; w++)
        series->k[place * DORA__WINDOWS + w] = DORA__NOT_ASKED;
}

void dora__figures_ask(struct dora__figures *figures, enum dora__series which) {
    struct dora__series_figures *series = figures->series[which];
    for (uint32_t w = 0; w < figures->windows.count; w += 64) {
        uint64_t known = 0;
        for (uint32_t i = 0; i < 64 && w + i < figures->windows.count; i++)
            known |= (uint64_t)(series->n[w + i] > 0) << i;
        series->known[w / 64] = known;
    }
    if (which >= DORA__DISTRIBUTIONS)
        return;
    series->asked.windows = figures->windows.count;
    const bool *asked = figures->plan->asked[which];
    for (size_t i = 0; i < figures->plan->percentiles_count; i++) {
        size_t bounds = figures->plan->percentiles_count + 2 * i;
        if (asked[i])
            ask_percentile(figures, series, i);
        else
            ask_nothing(figures, series, i);
        if (!figures->plan->query.intervals)
            continue;
        if (asked[bounds]) {
            ask_interval(figures, series, i);
        } else {
            ask_nothing(figures, series, bounds);
            ask_nothing(figures, series, bounds + 1);
        }
    }
}
