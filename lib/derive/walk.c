/* SPDX-License-Identifier: MIT */
/*
 * Walks over deployments in blocks, column by column. Where a chunk has its times in whole seconds, as nearly always,
 * the loops are those of walk_kernel.h; any other chunk goes row by row.
 */
#include "base/kernel.h"
#include "derive/step.h"
#include "derive/walk_kernel.h"

#include <string.h>

static const uint32_t no_service[DORA__BLOCK];

static const struct dora__walk_kernel *pick_kernel(void) {
    static const struct dora__walk_kernel *const kernels[] = {
        [DORA__KERNEL_PORTABLE] = &dora__walk_portable,
#ifdef DORA__WITH_AVX2
        [DORA__KERNEL_AVX2] = &dora__walk_avx2,
        [DORA__KERNEL_AVX512] = &dora__walk_avx512,
#endif
    };
    return kernels[dora__kernel_pick()];
}

void dora__walk_begin(struct dora__walk *walk, const struct dora__derived *derived, uint32_t row, uint32_t end,
                      bool leads, bool recoveries) {
    walk->derived = derived;
    walk->kernel = pick_kernel();
    walk->row = row;
    walk->end = end;
    walk->leads = leads;
    walk->recoveries = recoveries;
    walk->lead_fits = walk->recovery_fits = true;
    walk->span = (struct dora__zone_span){0, 0, 0};
    memset(walk->absent, 0xFF, sizeof walk->absent);
    memset(walk->lead_s, 0, sizeof walk->lead_s);
    memset(walk->has_lead, 0, sizeof walk->has_lead);
}

/* A duration in whole seconds, if it is one. */
static bool seconds_of(int64_t duration_us, uint32_t *seconds) {
    *seconds = (uint32_t)((uint64_t)duration_us / DORA__US_PER_SECOND);
    return duration_us >= 0 && duration_us % DORA__US_PER_SECOND == 0 &&
           duration_us / DORA__US_PER_SECOND <= UINT32_MAX;
}

static void walk_rows(struct dora__walk *walk, const struct dora__chunk *chunk) {
    for (uint32_t i = 0; i < walk->count; i++) {
        uint32_t row = walk->row + i;
        walk->lead_s[i] = walk->has_lead[i] = 0;
        if (!walk->flags[i])
            continue;
        int64_t t = dora__t(chunk, row);
        walk->day[i] = dora__zone_day(walk->derived->linking.zone, t, &walk->span);
        int64_t committed = walk->leads ? dora__instant_at(chunk, DORA__COMMITTED_AT, row) : DORA_ABSENT;
        if (!(walk->flags[i] & DORA__IS_PLUS) || committed == DORA_ABSENT || committed > t)
            continue;
        walk->has_lead[i] = 1;
        walk->lead_fits &= seconds_of(t - committed, &walk->lead_s[i]);
    }
}

/* The block's part of a narrow column, or one of absent values. */
static const uint32_t *column_of(const struct dora__walk *walk, const struct dora__chunk *chunk,
                                 enum dora__field field) {
    const uint32_t *column = dora__narrow_column(chunk, field);
    return column ? column + (walk->row & (DORA__CHUNK_ROWS - 1)) : walk->absent;
}

/* finished_at, else started_at. */
static const uint32_t *times_of(struct dora__walk *walk, const struct dora__chunk *chunk) {
    const uint32_t *finished = column_of(walk, chunk, DORA__FINISHED_AT);
    const uint32_t *started = column_of(walk, chunk, DORA__STARTED_AT);
    if (started == walk->absent)
        return finished;
    for (uint32_t i = 0; i < walk->count; i++)
        walk->t_s[i] = finished[i] == DORA__NARROW_ABSENT ? started[i] : finished[i];
    return walk->t_s;
}

/* Days by one addition and division each where all times share an offset, else one by one. */
static void days_of(struct dora__walk *walk, const uint32_t *t_s) {
    uint32_t least, most;
    walk->kernel->range(t_s, walk->count, &least, &most);
    if (!most)
        return;
    int64_t least_us = least * DORA__US_PER_SECOND, most_us = (most - 1) * DORA__US_PER_SECOND;
    if (least_us < walk->span.begin_us || least_us >= walk->span.end_us)
        dora__zone_find(walk->derived->linking.zone, least_us, &walk->span);
    int64_t shift_s = walk->span.offset_us / DORA__US_PER_SECOND + DORA__WALK_DAYS_BEFORE * DORA__WALK_DAY_S;
    if (most_us < walk->span.end_us && shift_s >= 0 && most + shift_s <= UINT32_MAX) {
        walk->kernel->days(t_s, walk->count, (uint32_t)shift_s, walk->day);
        return;
    }
    for (uint32_t i = 0; i < walk->count; i++)
        if (t_s[i] != DORA__NARROW_ABSENT)
            walk->day[i] = dora__zone_day(walk->derived->linking.zone, t_s[i] * DORA__US_PER_SECOND, &walk->span);
}

static void walk_columns(struct dora__walk *walk, const struct dora__chunk *chunk) {
    const uint32_t *t_s = times_of(walk, chunk);
    days_of(walk, t_s);
    if (!walk->leads)
        return;
    const uint32_t *committed_s = column_of(walk, chunk, DORA__COMMITTED_AT);
    walk->kernel->leads(t_s, committed_s, walk->flags, walk->count, walk->has_lead, walk->lead_s);
}

static void walk_recoveries(struct dora__walk *walk, const struct dora__chunk *chunk) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < walk->count; i++) {
        walk->recovered[count] = (uint16_t)i;
        count += (walk->flags[i] & (DORA__IS_FAILED | DORA__IS_OPEN)) == DORA__IS_FAILED;
    }
    walk->recovered_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = walk->row + walk->recovered[i];
        int64_t recovery_us = dora__recovered_at(walk->derived, chunk, row) - dora__t(chunk, row);
        walk->has_recovery[i] = recovery_us >= 0;
        walk->recovery_s[i] = 0;
        if (recovery_us >= 0)
            walk->recovery_fits &= seconds_of(recovery_us, &walk->recovery_s[i]);
    }
}

bool dora__walk_next(struct dora__walk *walk) {
    const uint64_t times = DORA__BIT(DORA__FINISHED_AT) | DORA__BIT(DORA__STARTED_AT) | DORA__BIT(DORA__COMMITTED_AT);
    if (walk->row == walk->end)
        return false;
    const struct dora__chunk *chunk = dora__chunk_of(&walk->derived->facts->tables[DORA_KIND_DEPLOYMENT], walk->row);
    uint32_t place = walk->row & (DORA__CHUNK_ROWS - 1);
    walk->count = walk->end - walk->row < DORA__BLOCK ? walk->end - walk->row : DORA__BLOCK;
    if (walk->count > DORA__CHUNK_ROWS - place)
        walk->count = DORA__CHUNK_ROWS - place;
    const uint32_t *services = chunk->column[DORA__SERVICE_NAME];
    walk->service = services ? services + place : no_service;
    walk->flags = walk->derived->flags + walk->row;
    if (chunk->columns & chunk->wide & times)
        walk_rows(walk, chunk);
    else
        walk_columns(walk, chunk);
    if (walk->recoveries)
        walk_recoveries(walk, chunk);
    walk->row += walk->count;
    return true;
}
