/* SPDX-License-Identifier: MIT */
/*
 * The phase table: one row a (group, window, phase name) that has samples. Phases are few; each window sorts its own.
 */
#include "query/run.h"

#include "base/sort.h"
#include "base/wide.h"

#include <string.h>

struct phases {
    struct dora__run *run;
    const struct dora__phase_sample *samples;
    uint32_t *order; /* samples by group and day; a window's are then put by name and duration */
    uint32_t *scratch;
    uint32_t *picked;
    size_t count;
};

bool dora__phase_columns(const struct dora__plan *plan, struct dora_result *result) {
    static const struct {
        const char *name;
        dora_type type;
        dora_unit unit;
    } columns[] = {{"n", DORA_TYPE_INT64, DORA_UNIT_COUNT},
                   {"total", DORA_TYPE_DOUBLE, DORA_UNIT_SECONDS},
                   {"active", DORA_TYPE_DOUBLE, DORA_UNIT_SECONDS},
                   {"share", DORA_TYPE_DOUBLE, DORA_UNIT_RATIO},
                   {"mean", DORA_TYPE_DOUBLE, DORA_UNIT_SECONDS}};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (!dora__result_column(result, columns[i].type, columns[i].unit, columns[i].name, NULL, NULL))
            return false;
    for (size_t i = 0; i < plan->percentiles_count; i++)
        if (!dora__result_column(result, DORA_TYPE_DOUBLE, DORA_UNIT_SECONDS, plan->percentiles[i].name, NULL, NULL))
            return false;
    return dora__result_column(result, DORA_TYPE_BOOL, DORA_UNIT_NONE, "bottleneck", NULL, NULL);
}

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int by_group_and_day(const void *context, uint32_t a, uint32_t b) {
    const struct phases *phases = context;
    const struct dora__phase_sample *x = &phases->samples[a], *y = &phases->samples[b];
    int order = compare_numbers(phases->run->group_of[x->service], phases->run->group_of[y->service]);
    return order ? order : compare_numbers(x->day, y->day);
}

static int by_name_and_duration(const void *context, uint32_t a, uint32_t b) {
    const struct phases *phases = context;
    const struct dora__phase_sample *x = &phases->samples[a], *y = &phases->samples[b];
    int order = dora__pool_compare(&phases->run->derived->facts->strings, x->name, y->name);
    return order ? order : compare_numbers(x->duration_us, y->duration_us);
}

static dora__wide total_of(const struct phases *phases, size_t begin, size_t end, bool active_only) {
    dora__wide sum = {0, 0};
    for (size_t i = begin; i < end; i++) {
        const struct dora__phase_sample *sample = &phases->samples[phases->picked[i]];
        if (sample->active || !active_only)
            sum = dora__wide_add_i64(sum, sample->duration_us);
    }
    return sum;
}

static size_t end_of_name(const struct phases *phases, size_t begin, size_t count) {
    size_t end = begin + 1;
    while (end < count && phases->samples[phases->picked[end]].name == phases->samples[phases->picked[begin]].name)
        end++;
    return end;
}

/* Where the phase with the greatest total begins; of equals the first, which has the least name. */
static size_t find_bottleneck(const struct phases *phases, size_t count) {
    size_t best = 0;
    dora__wide most = {0, -1};
    for (size_t begin = 0; begin < count; begin = end_of_name(phases, begin, count)) {
        dora__wide total = total_of(phases, begin, end_of_name(phases, begin, count), false);
        if (dora__wide_compare(total, most) > 0) {
            most = total;
            best = begin;
        }
    }
    return best;
}

static void put_percentiles(const struct phases *phases, struct dora__cursor *cursor, size_t begin, size_t end) {
    const struct dora__plan *plan = phases->run->plan;
    for (size_t i = 0; i < plan->percentiles_count; i++) {
        struct dora__place place =
            dora__percentile_place(plan->query.percentile_rule, &plan->percentiles[i], end - begin);
        size_t at = begin + (size_t)place.index, next = at + 1 < end ? at + 1 : at;
        dora__put_double(cursor, dora__interpolate_seconds(phases->samples[phases->picked[at]].duration_us,
                                                           phases->samples[phases->picked[next]].duration_us,
                                                           place.numerator, plan->percentiles[i].denominator));
    }
}

static dora_status write_window(struct phases *phases, uint32_t group, const struct dora__window *window,
                                size_t count) {
    const dora__wide million = {1000000, 0};
    struct dora__run *run = phases->run;
    dora_status status = DORA_OK;
    dora__sort_items(phases->picked, phases->scratch, count, by_name_and_duration, phases);
    dora__wide whole = total_of(phases, 0, count, false);
    size_t bottleneck = find_bottleneck(phases, count);
    for (size_t begin = 0, end; begin < count && status == DORA_OK; begin = end) {
        struct dora__cursor cursor;
        end = end_of_name(phases, begin, count);
        if (!dora__run_begin_row(run, &cursor, group, window, &status))
            return status;
        dora__wide total = total_of(phases, begin, end, false);
        dora__put_string(&cursor,
                         dora__pool_get(&run->derived->facts->strings, phases->samples[phases->picked[begin]].name));
        dora__put_int64(&cursor, (int64_t)(end - begin));
        dora__put_double(&cursor, dora__wide_ratio(total, million));
        dora__put_double(&cursor, dora__wide_ratio(total_of(phases, begin, end, true), million));
        if (dora__wide_is_zero(whole))
            dora__put_null(&cursor);
        else
            dora__put_double(&cursor, dora__wide_ratio(total, whole));
        dora__put_double(&cursor, dora__wide_ratio(total, dora__wide_multiply(1000000, end - begin)));
        put_percentiles(phases, &cursor, begin, end);
        dora__put_bool(&cursor, begin == bottleneck);
        status = dora__run_end_row(run, &cursor);
    }
    return status;
}

/* The windows of a group whose samples are order[begin .. end - 1]. */
static dora_status write_group(struct phases *phases, uint32_t group, size_t begin, size_t end) {
    struct dora__run *run = phases->run;
    dora_status status = DORA_OK;
    uint64_t index = dora__plan_first_window(run->plan, &run->span, phases->samples[phases->order[begin]].day);
    size_t low = begin, high = begin;
    for (; index < run->windows && status == DORA_OK; index++) {
        struct dora__window window = dora__plan_window(run->plan, &run->span, index);
        while (low < end && phases->samples[phases->order[low]].day < window.from)
            low++;
        high = high > low ? high : low;
        while (high < end && phases->samples[phases->order[high]].day <= window.to)
            high++;
        if (low == end)
            break;
        if (low == high)
            continue;
        memcpy(phases->picked, phases->order + low, (high - low) * sizeof *phases->picked);
        status = write_window(phases, group, &window, high - low);
        if (status == DORA_OK)
            status = dora__run_step(run, group);
    }
    return status == DORA_OK ? dora__run_step(run, group) : status;
}

static dora_status write_groups(struct phases *phases) {
    dora_status status = DORA_OK;
    for (uint32_t i = 0; i < phases->count; i++)
        phases->order[i] = i;
    dora__sort_items(phases->order, phases->scratch, phases->count, by_group_and_day, phases);
    for (size_t begin = 0, end; begin < phases->count && status == DORA_OK; begin = end) {
        uint32_t group = phases->run->group_of[phases->samples[phases->order[begin]].service];
        if (group == DORA__NO_GROUP) /* the last in order: of groups that are not asked for */
            break;
        end = begin + 1;
        while (end < phases->count && phases->run->group_of[phases->samples[phases->order[end]].service] == group)
            end++;
        status = write_group(phases, group, begin, end);
    }
    return status;
}

dora_status dora__run_phases(struct dora__run *run) {
    size_t count = run->derived->phases_count;
    if (!count)
        return DORA_OK;
    uint32_t *room = dora__alloc(run->memory, count * 3, sizeof *room);
    if (!room)
        return DORA_ERROR_MEMORY;
    struct phases phases = {run, run->derived->phases, room, room + count, room + 2 * count, count};
    dora_status status = write_groups(&phases);
    dora__free(run->memory, room, count * 3, sizeof *room);
    return status;
}
