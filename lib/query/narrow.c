/* SPDX-License-Identifier: MIT */
/*
 * Reports of a few windows of one service, answered from its standing samples: what a program asks that adds facts as
 * they happen. The figures and the rows are those of any report.
 */
#include "query/run.h"

enum { WINDOWS_MOST = 64 };

static void find_events(const struct dora__standing_series *events, struct dora__figures *figures) {
    for (uint32_t w = 0; w < figures->windows.count; w++) {
        size_t low, high;
        dora__standing_find(events, figures->windows.from[w], figures->windows.end[w], &low, &high);
        for (int event = 0; event < DORA__TOTALS; event++) {
            figures->event[event][w] = 0;
            for (size_t i = low; i < high; i++)
                figures->event[event][w] += events->days[i].totals[event];
        }
    }
}

/* The samples asked of window w. */
static bool find_values(const struct dora__standing *standing, const struct dora__standing_series *series,
                        struct dora__series_figures *found, uint32_t w, size_t low, size_t high) {
    for (size_t place = 0; place < found->asked.places; place++) {
        size_t at = place * DORA__WINDOWS + w;
        if (found->k[at] != DORA__NOT_ASKED &&
            !dora__standing_select(standing, series, low, high, found->k[at], &found->value[at], &found->next[at]))
            return false;
    }
    return true;
}

static bool find_figures(const struct dora__standing *standing, const struct dora__standing_service *service,
                         struct dora__figures *figures) {
    find_events(&service->series[DORA__EVENTS], figures);
    for (int which = 0; which < DORA__EVENTS; which++) {
        const struct dora__standing_series *series = &service->series[which];
        struct dora__series_figures *found = figures->series[which];
        if (!found)
            continue;
        size_t low[WINDOWS_MOST], high[WINDOWS_MOST];
        found->unit = 1;
        found->small = false;
        for (uint32_t w = 0; w < figures->windows.count; w++) {
            found->n[w] = 0;
            found->sum[w] = dora__wide_from_i64(0);
            dora__standing_find(series, figures->windows.from[w], figures->windows.end[w], &low[w], &high[w]);
            for (size_t i = low[w]; i < high[w]; i++) {
                found->n[w] += series->days[i].count;
                found->sum[w] = dora__wide_add(found->sum[w], series->days[i].sum);
            }
        }
        dora__figures_ask(figures, (enum dora__series)which);
        for (uint32_t w = 0; w < figures->windows.count && which < DORA__DISTRIBUTIONS; w++)
            if (!find_values(standing, series, found, w, low[w], high[w]))
                return false;
    }
    return true;
}

bool dora__run_is_narrow(const struct dora__run *run) {
    return run->plan->query.only && run->plan->query.by == DORA_GROUP_SERVICE && run->groups_count == 1 &&
           run->rows_expected <= WINDOWS_MOST;
}

bool dora__run_stands(const struct dora__run *run) {
    return dora__run_is_narrow(run) && dora__standing_has(run->standing, run->groups[0].name, run->plan->series);
}

dora_status dora__run_narrow(struct dora__run *run) {
    struct dora__row_writer writer;
    struct dora__figures *figures = dora__alloc_zeroed(run->memory, 1, sizeof *figures);
    if (!figures)
        return DORA_ERROR_MEMORY;
    uint32_t count = (uint32_t)run->rows_expected;
    bool done = dora__figures_init(figures, run->plan, run->derived);
    dora__row_writer_init(&writer, run->plan, run->derived);
    const struct dora__standing_service *service =
        done ? dora__standing_of(run->standing, run->derived, run->groups[0].name, run->plan->series) : NULL;
    dora_status status = DORA_ERROR_MEMORY;
    if (service) {
        dora__plan_windows_from(run->plan, &run->span, run->windows - count, count, &figures->windows);
        if (find_figures(run->standing, service, figures))
            status = dora__run_write(run, &writer, figures, 0, run->result);
    }
    if (status == DORA_OK)
        run->rows_made = count;
    dora__figures_free(figures);
    dora__free(run->memory, figures, 1, sizeof *figures);
    if (status == DORA_ERROR_LIMIT)
        return dora__run_fail_bytes(run);
    return status == DORA_OK ? dora__run_step(run, 0) : status;
}
