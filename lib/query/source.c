/* SPDX-License-Identifier: MIT */
/*
 * See source.h. Windows come in the order of time, so places in the directories of days only move forwards.
 */
#include "query/source.h"

#include <float.h>
#include <string.h>

void dora__source_init(struct dora__source *source, const struct dora__plan *plan, struct dora__memory *memory,
                       uint32_t events, struct dora__asking *asking) {
    memset(source, 0, sizeof *source);
    source->plan = plan;
    source->memory = memory;
    source->asking = asking;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__strip_init(&source->strips[series], memory, series == DORA__EVENTS ? events : 0, asking);
    for (int series = 0; series < DORA__DISTRIBUTIONS; series++)
        dora__select_init(&source->selects[series], memory, dora__select_kernel(), asking);
}

void dora__source_free(struct dora__source *source) {
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__strip_free(&source->strips[series]);
    for (int series = 0; series < DORA__DISTRIBUTIONS; series++)
        dora__select_free(&source->selects[series]);
}

dora_status dora__source_failure(const struct dora__source *source) {
    return source->asking && source->asking->stopped ? DORA_ERROR_CANCELLED : DORA_ERROR_MEMORY;
}

static bool needs(const struct dora__source *source, int series) {
    return source->plan->series >> series & 1;
}

static bool picks(const struct dora__source *source, int series) {
    return source->plan->picked >> series & 1;
}

/* The series whose strip has the samples of `series`. */
static int strip_of(const struct dora__source *source, int series) {
    return series == DORA__LEAD_TIME && source->shared ? DORA__EVENTS : series;
}

/* Whether the strip of a series is to be loaded. */
static bool loads(const struct dora__source *source, int series) {
    return needs(source, series) && strip_of(source, series) == series;
}

static void end_selects(struct dora__source *source) {
    for (int series = 0; series < DORA__DISTRIBUTIONS; series++)
        dora__select_end(&source->selects[series]);
}

/* With all strips loaded. */
static bool begin_selects(struct dora__source *source) {
    const dora_query *query = &source->plan->query;
    uint32_t sliding_days = query->window_days > query->step_days ? query->window_days : 0;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        source->last_low[series] = source->last_high[series] = 0;
    for (int series = 0; series < DORA__DISTRIBUTIONS; series++)
        if (picks(source, series) &&
            !dora__select_begin(&source->selects[series], &source->strips[strip_of(source, series)], sliding_days))
            return false;
    return true;
}

bool dora__source_begin(struct dora__source *source, const struct dora__placed *placed, uint32_t group) {
    end_selects(source);
    source->shared = placed[DORA__EVENTS].has_leads;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        if (loads(source, series) && !dora__strip_load(&source->strips[series], &placed[series], group))
            return false;
    return begin_selects(source);
}

bool dora__source_share(struct dora__source *source, const struct dora__placed *placed, uint32_t group,
                        bool *shareable) {
    source->shared = placed[DORA__EVENTS].has_leads;
    *shareable = true;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        *shareable &= !loads(source, series) || !placed[series].wide;
    for (int series = 0; series < DORA__SERIES_COUNT && *shareable; series++)
        if (loads(source, series) && !dora__strip_order(&source->strips[series], &placed[series], group))
            return false;
    return true;
}

bool dora__source_begin_days(struct dora__source *source, const struct dora__placed *placed, uint32_t group,
                             int32_t first, int32_t last) {
    end_selects(source);
    source->shared = placed[DORA__EVENTS].has_leads;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        if (loads(source, series) &&
            !dora__strip_load_days(&source->strips[series], &placed[series], group, first, last))
            return false;
    return begin_selects(source);
}

/* The windows' places in a directory. */
static void find_places(struct dora__source *source, const struct dora__figures *figures, int series) {
    const struct dora__strip *strip = &source->strips[series];
    const struct dora__windows *windows = &figures->windows;
    uint32_t *low = source->low[series], *high = source->high[series], last = windows->count - 1;
    dora__strip_find(strip, source->last_low[series], windows->from, windows->count, low);
    dora__strip_find(strip, source->last_high[series], windows->end, windows->count, high);
    source->last_low[series] = low[last];
    source->last_high[series] = high[last];
}

static void find_events(const struct dora__source *source, struct dora__figures *figures) {
    const uint32_t *low = source->low[DORA__EVENTS], *high = source->high[DORA__EVENTS];
    for (int event = 0; event < DORA__TOTALS; event++) {
        const uint32_t *totals = source->strips[DORA__EVENTS].totals[event];
        if (figures->events >> event & 1)
            for (uint32_t w = 0; w < figures->windows.count; w++)
                figures->event[event][w] = totals[high[w]] - totals[low[w]];
    }
}

static void find_sums(const struct dora__source *source, struct dora__figures *figures, int series) {
    struct dora__series_figures *found = figures->series[series];
    int of = strip_of(source, series);
    const struct dora__strip *strip = &source->strips[of];
    const uint32_t *low = source->low[of], *high = source->high[of];
    found->unit = strip->unit;
    found->small = strip->narrow_sums && strip->narrow_sums[strip->days] >> DBL_MANT_DIG == 0;
    for (uint32_t w = 0; w < figures->windows.count; w++)
        found->n[w] = strip->begin[high[w]] - strip->begin[low[w]];
    if (strip->wide_sums)
        for (uint32_t w = 0; w < figures->windows.count; w++)
            found->sum[w] = dora__wide_subtract(strip->wide_sums[high[w]], strip->wide_sums[low[w]]);
    else
        for (uint32_t w = 0; w < figures->windows.count; w++)
            found->sum[w] = (dora__wide){strip->narrow_sums[high[w]] - strip->narrow_sums[low[w]], 0};
}

bool dora__source_find(struct dora__source *source, struct dora__figures *figures) {
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        if (needs(source, series) && strip_of(source, series) == series)
            find_places(source, figures, series);
    find_events(source, figures);
    for (int series = 0; series < DORA__EVENTS; series++) {
        struct dora__series_figures *found = figures->series[series];
        if (!found)
            continue;
        find_sums(source, figures, series);
        dora__figures_ask(figures, (enum dora__series)series);
        if (!picks(source, series))
            continue;
        found->asked.low = source->low[strip_of(source, series)];
        found->asked.high = source->high[strip_of(source, series)];
        if (!dora__select_run(&source->selects[series], &found->asked))
            return false;
    }
    return true;
}
