/* SPDX-License-Identifier: MIT */
/*
 * Follows the windows over the series of one group. Windows come in the order of time, so places in the directories of
 * days only move forwards; and a window with the same places as the one before it has the same figures.
 */
#include "query/row.h"

bool dora__row_source_init(struct dora__row_source *source, const struct dora__plan *plan,
                           const struct dora__derived *derived) {
    *source = (struct dora__row_source){.plan = plan, .derived = derived, .memory = derived->memory};
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__strip_init(&source->strips[series], source->memory);
    for (int series = 0; series < DORA__DISTRIBUTIONS; series++)
        dora__select_init(&source->selects[series], source->memory);
    source->figures = dora__alloc(source->memory, DORA__DISTRIBUTIONS, sizeof *source->figures);
    if (plan->query.intervals)
        source->intervals = dora__alloc_zeroed(source->memory, 1, sizeof *source->intervals);
    return source->figures && (source->intervals || !plan->query.intervals);
}

void dora__row_source_free(struct dora__row_source *source) {
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__strip_free(&source->strips[series]);
    for (int series = 0; series < DORA__DISTRIBUTIONS; series++)
        dora__select_free(&source->selects[series]);
    dora__free(source->memory, source->figures, DORA__DISTRIBUTIONS, sizeof *source->figures);
    dora__free(source->memory, source->intervals, 1, sizeof *source->intervals);
}

static bool needs(const struct dora__row_source *source, int series) {
    return source->plan->series >> series & 1;
}

bool dora__row_source_begin(struct dora__row_source *source, const struct dora__placed *placed, uint32_t group) {
    bool sliding = source->plan->query.window_days > source->plan->query.step_days;
    for (int series = 0; series < DORA__SERIES_COUNT; series++) {
        source->low[series] = source->high[series] = 0;
        if (!needs(source, series))
            continue;
        if (!dora__strip_load(&source->strips[series], &placed[series], group))
            return false;
        if (series >= DORA__DISTRIBUTIONS)
            continue;
        source->figures[series].known = false;
        if (!dora__select_begin(&source->selects[series], &source->strips[series], sliding))
            return false;
    }
    return true;
}

/* Where each percentile of the window lies among its samples. */
static void find_percentiles(struct dora__row_source *source, int series) {
    const struct dora__plan *plan = source->plan;
    const struct dora__select *select = &source->selects[series];
    struct dora__figures *figures = &source->figures[series];
    figures->known = true;
    if (!select->count)
        return;
    for (size_t i = 0; i < plan->percentiles_count; i++) {
        struct dora__place place =
            dora__percentile_place(plan->query.percentile_rule, &plan->percentiles[i], select->count);
        figures->percentiles[i].numerator = place.numerator;
        dora__select_pair(select, (size_t)place.index, &figures->percentiles[i].value_us,
                          &figures->percentiles[i].next_us);
    }
}

bool dora__row_source_move(struct dora__row_source *source, const struct dora__window *window) {
    source->window = *window;
    for (int series = 0; series < DORA__SERIES_COUNT; series++) {
        if (!needs(source, series))
            continue;
        const struct dora__strip *strip = &source->strips[series];
        size_t low = dora__strip_seek(strip, source->low[series], window->from);
        size_t high = dora__strip_seek(strip, source->high[series] > low ? source->high[series] : low, window->to + 1);
        bool moved = low != source->low[series] || high != source->high[series];
        source->low[series] = low;
        source->high[series] = high;
        if (series >= DORA__DISTRIBUTIONS || (!moved && source->figures[series].known))
            continue;
        if (!dora__select_move(&source->selects[series], low, high))
            return false;
        find_percentiles(source, series);
    }
    return true;
}
