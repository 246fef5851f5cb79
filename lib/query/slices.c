/* SPDX-License-Identifier: MIT */
/*
 * The rows of a report on several threads. The number of a group's rows is known before they are made, so a slice of
 * the rows is made where it belongs: numbers go straight into the columns of the result, and only what has no fixed
 * place, strings and bits of validity, is kept by the slice and joined at the end.
 *
 * A slice is some groups, or, of a group that holds much of all samples, some windows; each then takes the samples of
 * its own days. Rows that are handed over are made a bounded number at a time.
 */
#include "query/run.h"

#include "base/error.h"

#include <string.h>

enum { SLICES_A_THREAD = 8, ROW_WEIGHT = 4 /* of a row, in samples */ };
enum { ROWS_ROUND = 1 << 14, ROWS_HANDED = 4096 /* of which a column's bits of validity begin with a byte */ };

struct slice {
    uint32_t group; /* the first; of a slice of windows the only one */
    uint32_t groups;
    uint64_t window;  /* of a slice of windows, the first */
    uint64_t windows; /* 0: all windows of the groups */
    size_t first_row;
    size_t rows;
    struct dora_result result; /* a view of the whole one's columns */
    dora_status status;
};

struct slicing {
    struct dora__run *run;
    const struct dora__placed *placed;
    struct dora__part *parts[DORA__THREADS_MOST]; /* of each thread, made when it comes */
    uint32_t threads;
    uint32_t group; /* of the round: the first, and the one behind the last */
    uint32_t end;
    struct slice *slices;
    size_t count;
    size_t capacity;
    size_t rows;      /* of the slices so far */
    int stopped;      /* a slice failed, or the caller cancelled; by atomic operations */
    dora_status step; /* what the caller said */
};

static uint64_t first_window(const struct dora__run *run, uint32_t group) {
    return dora__plan_first_window(run->plan, &run->span, run->groups[group].born);
}

static size_t rows_of(const struct dora__run *run, uint32_t group) {
    return (size_t)(run->windows - first_window(run, group));
}

static uint64_t weight_of(const struct slicing *slicing, uint32_t group) {
    uint64_t weight = (uint64_t)rows_of(slicing->run, group) * ROW_WEIGHT;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        if (slicing->placed[series].begin)
            weight += slicing->placed[series].begin[group + 1] - slicing->placed[series].begin[group];
    return weight;
}

static bool add_slice(struct slicing *slicing, struct slice slice) {
    if (!dora__grow(slicing->run->memory, (void **)&slicing->slices, &slicing->capacity, slicing->count + 1,
                    sizeof *slicing->slices))
        return false;
    slice.first_row = slicing->rows;
    slicing->rows += slice.rows;
    slicing->slices[slicing->count++] = slice;
    return true;
}

/* The window where part `i` of a group's windows begins, so that parts have about as many deployments. */
static uint64_t cut_windows(const struct slicing *slicing, uint32_t group, uint32_t i) {
    const struct dora__run *run = slicing->run;
    const struct dora__placed *events = &slicing->placed[DORA__EVENTS];
    uint64_t first = first_window(run, group), samples = events->begin[group + 1] - events->begin[group];
    if (i == 0 || i == slicing->threads || !samples)
        return i == 0 ? first : run->windows;
    int32_t day = dora__placed_day(events, group, (size_t)(samples / slicing->threads * i));
    uint64_t window = dora__plan_first_window(run->plan, &run->span, day);
    return window < first ? first : window;
}

/* A slice of a group's windows for each thread. */
static dora_status divide_group(struct slicing *slicing, uint32_t group, bool *divided) {
    if (!dora__source_share(&slicing->parts[0]->source, slicing->placed, group, divided))
        return dora__source_failure(&slicing->parts[0]->source);
    for (uint32_t i = 0; *divided && i < slicing->threads; i++) {
        uint64_t begin = cut_windows(slicing, group, i), end = cut_windows(slicing, group, i + 1);
        if (begin < end && !add_slice(slicing, (struct slice){.group = group,
                                                              .groups = 1,
                                                              .window = begin,
                                                              .windows = end - begin,
                                                              .rows = (size_t)(end - begin)}))
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

/* Slices of about the same weight, in the order of rows. */
static dora_status divide(struct slicing *slicing) {
    const struct dora__run *run = slicing->run;
    uint64_t all = 0, most, slice_weight = 0;
    struct slice slice = {.group = slicing->group};
    for (uint32_t group = slicing->group; group < slicing->end; group++)
        all += weight_of(slicing, group);
    most = all / (SLICES_A_THREAD * slicing->threads);
    for (uint32_t group = slicing->group; group < slicing->end; group++) {
        uint64_t weight = weight_of(slicing, group);
        bool divided = false;
        if (slice.groups && (slice_weight + weight > most)) {
            if (!add_slice(slicing, slice))
                return DORA_ERROR_MEMORY;
            slice = (struct slice){.group = group};
            slice_weight = 0;
        }
        if (weight > 2 * most) {
            dora_status status = divide_group(slicing, group, &divided);
            if (status != DORA_OK)
                return status;
        }
        if (divided) {
            slice.group = group + 1;
            continue;
        }
        slice.groups++;
        slice.rows += rows_of(run, group);
        slice_weight += weight;
    }
    return !slice.groups || add_slice(slicing, slice) ? DORA_OK : DORA_ERROR_MEMORY;
}

/* Columns whose numbers are those of the whole result from the slice's first row on. */
static bool make_view(struct slice *slice, const struct dora__run *run) {
    const struct dora_result *whole = run->result;
    struct dora_result *view = &slice->result;
    view->memory = *run->memory;
    view->columns = dora__alloc_zeroed(&view->memory, whole->columns_count, sizeof *view->columns);
    if (!view->columns)
        return false;
    view->columns_count = view->columns_capacity = whole->columns_count;
    view->rows_capacity = slice->rows;
    view->slots = whole->slots;
    for (size_t i = 0; i < whole->columns_count; i++) {
        struct dora__column *column = &view->columns[i];
        size_t width = dora__type_width(column->type = whole->columns[i].type), validity = slice->rows / 8 + 1;
        column->data = (char *)whole->columns[i].data + slice->first_row * width;
        if (column->type == DORA_TYPE_STRING)
            column->data = dora__alloc(&view->memory, column->data_capacity = slice->rows + 1, width);
        column->validity = dora__alloc_zeroed(&view->memory, column->validity_capacity = validity, 1);
        if (!column->data || !column->validity)
            return false;
        if (column->type == DORA_TYPE_STRING)
            ((uint32_t *)column->data)[0] = 0;
    }
    return true;
}

static void free_view(struct slice *slice) {
    struct dora_result *view = &slice->result;
    for (size_t i = 0; i < view->columns_count; i++) {
        struct dora__column *column = &view->columns[i];
        if (column->type == DORA_TYPE_STRING)
            dora__free(&view->memory, column->data, column->data_capacity, sizeof(uint32_t));
        dora__free(&view->memory, column->validity, column->validity_capacity, 1);
        dora__free(&view->memory, column->bytes, column->bytes_capacity, 1);
    }
    if (view->columns)
        dora__free(&view->memory, view->columns, view->columns_capacity, sizeof *view->columns);
}

static void stop(struct slicing *slicing) {
    __atomic_store_n(&slicing->stopped, 1, __ATOMIC_RELAXED);
}

/* Asks the caller; false: to stop. */
static bool step_on(struct slicing *slicing, uint32_t group) {
    if (slicing->step == DORA_OK)
        slicing->step = dora__run_step(slicing->run, group);
    if (slicing->step != DORA_OK)
        stop(slicing);
    return slicing->step == DORA_OK;
}

/* Windows `window` .. end - 1 of a group that the part's source has begun. The caller's own thread asks it whether to
   go on. */
static dora_status make_windows(struct slicing *slicing, struct dora__part *part, uint32_t group, uint64_t window,
                                uint64_t end, uint32_t thread) {
    dora_status status = DORA_OK;
    uint32_t stride = dora__run_stride(slicing->run, slicing->placed, group);
    for (uint32_t count; window < end && status == DORA_OK; window += count) {
        if (__atomic_load_n(&slicing->stopped, __ATOMIC_RELAXED))
            return DORA_OK;
        count = (uint32_t)(end - window < stride ? end - window : stride);
        status = dora__part_rows(part, group, window, count);
        if (thread == 0 && !step_on(slicing, group))
            return DORA_OK;
    }
    return status;
}

static dora_status make_groups(struct slicing *slicing, struct dora__part *part, const struct slice *slice,
                               uint32_t thread) {
    const struct dora__run *run = slicing->run;
    dora_status status = DORA_OK;
    for (uint32_t group = slice->group; group < slice->group + slice->groups && status == DORA_OK; group++) {
        uint64_t window = first_window(run, group);
        if (window < run->windows && !dora__source_begin(&part->source, slicing->placed, group))
            return dora__source_failure(&part->source);
        status = make_windows(slicing, part, group, window, run->windows, thread);
    }
    return status;
}

static dora_status make_rows(struct slicing *slicing, struct dora__part *part, struct slice *slice, uint32_t thread) {
    const struct dora__run *run = slicing->run;
    part->result = &slice->result;
    if (!make_view(slice, run))
        return DORA_ERROR_MEMORY;
    if (!slice->windows)
        return make_groups(slicing, part, slice, thread);
    uint64_t end = slice->window + slice->windows;
    int32_t first = dora__plan_window(run->plan, &run->span, slice->window).from;
    int32_t last = dora__plan_window(run->plan, &run->span, end - 1).to;
    if (!dora__source_begin_days(&part->source, slicing->placed, slice->group, first, last))
        return dora__source_failure(&part->source);
    return make_windows(slicing, part, slice->group, slice->window, end, thread);
}

/* The thread's own; NULL: out of memory. */
static struct dora__part *part_of(struct slicing *slicing, uint32_t thread) {
    struct dora__part **part = &slicing->parts[thread];
    if (*part)
        return *part;
    *part = dora__alloc_zeroed(slicing->run->memory, 1, sizeof **part);
    return *part && dora__part_init(*part, slicing->run, slicing->placed, NULL, NULL) ? *part : NULL;
}

/* A dora__task_fn. */
static void make_slice(void *context, size_t number, uint32_t thread) {
    struct slicing *slicing = context;
    struct slice *slice = &slicing->slices[number];
    if (__atomic_load_n(&slicing->stopped, __ATOMIC_RELAXED))
        return;
    struct dora__part *part = part_of(slicing, thread);
    slice->status = part ? make_rows(slicing, part, slice, thread) : DORA_ERROR_MEMORY;
    if (slice->status != DORA_OK)
        stop(slicing);
    else if (thread == 0)
        step_on(slicing, slice->group + slice->groups - 1);
}

/* Sets the bits of a slice, which stand from bit 0 on, from bit `row` on. */
static void join_validity(uint8_t *validity, size_t row, const uint8_t *bits, size_t rows) {
    unsigned shift = row % 8;
    uint8_t *to = validity + row / 8;
    for (size_t i = 0; i < (rows + 7) / 8; i++) {
        to[i] |= (uint8_t)(bits[i] << shift);
        if (bits[i] >> (8 - shift)) /* else there may be no next byte */
            to[i + 1] |= (uint8_t)(bits[i] >> (8 - shift));
    }
}

/* A dora__task_fn over columns. */
static void join_column(void *context, size_t number, uint32_t thread) {
    const struct slicing *slicing = context;
    struct dora__column *whole = &slicing->run->result->columns[number];
    uint32_t base = 0;
    (void)thread;
    for (size_t s = 0; s < slicing->count; s++) {
        const struct slice *slice = &slicing->slices[s];
        const struct dora__column *column = &slice->result.columns[number];
        join_validity(whole->validity, slice->first_row, column->validity, slice->rows);
        whole->nulls += column->nulls;
        if (whole->type != DORA_TYPE_STRING)
            continue;
        const uint32_t *from = column->data;
        uint32_t *to = (uint32_t *)whole->data + slice->first_row;
        for (size_t row = 0; row <= slice->rows; row++)
            to[row] = base + from[row];
        if (from[slice->rows])
            memcpy(whole->bytes + base, column->bytes, from[slice->rows]);
        base += from[slice->rows];
    }
}

/* Room for the strings of all slices. MEMORY or LIMIT. */
static dora_status make_string_room(struct slicing *slicing) {
    struct dora_result *whole = slicing->run->result;
    for (size_t i = 0; i < whole->columns_count; i++) {
        uint64_t bytes = 0;
        if (whole->columns[i].type != DORA_TYPE_STRING)
            continue;
        for (size_t s = 0; s < slicing->count; s++)
            bytes += ((const uint32_t *)slicing->slices[s].result.columns[i].data)[slicing->slices[s].rows];
        if (bytes > UINT32_MAX - DORA__NAME_MOST)
            return DORA_ERROR_LIMIT;
        if (bytes && !dora__result_reserve_bytes(whole, i, (size_t)bytes))
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

/* What all slices came to. */
static dora_status outcome(const struct slicing *slicing) {
    dora_status status = slicing->step;
    for (size_t s = 0; s < slicing->count && status == DORA_OK; s++)
        status = slicing->slices[s].status;
    return status;
}

/* Gives the slices' own memory back. */
static void end_round(struct slicing *slicing) {
    for (size_t s = 0; s < slicing->count; s++)
        free_view(&slicing->slices[s]);
    slicing->count = slicing->rows = 0;
}

/* The rows of the groups of a round, all at once. */
static dora_status make_round(struct slicing *slicing) {
    struct dora__run *run = slicing->run;
    struct dora__threads *threads = run->derived->linking.threads;
    dora_status status = divide(slicing);
    if (status == DORA_OK && !dora__result_reserve(run->result, slicing->rows))
        status = DORA_ERROR_MEMORY;
    if (status != DORA_OK)
        return status;
    dora__threads_run(threads, make_slice, slicing, slicing->count);
    status = outcome(slicing);
    if (status == DORA_OK)
        status = make_string_room(slicing);
    if (status != DORA_OK)
        return status;
    dora__threads_run(threads, join_column, slicing, run->result->columns_count);
    run->result->rows = slicing->rows;
    run->rows_made += slicing->rows;
    return DORA_OK;
}

/* Nulls among `rows` bits. */
static size_t count_nulls(const uint8_t *validity, size_t rows) {
    size_t known = 0;
    for (size_t i = 0; i < rows / 8; i++)
        known += (size_t)__builtin_popcount(validity[i]);
    if (rows % 8)
        known += (size_t)__builtin_popcount(validity[rows / 8] & ((1u << rows % 8) - 1));
    return rows - known;
}

/* Hands over all rows so far, some at a time, each time as a view of them. */
static dora_status hand_over(struct dora__run *run) {
    const struct dora_result *whole = run->result;
    struct dora_result view = *whole;
    dora_status status = DORA_OK;
    view.columns = dora__alloc(run->memory, whole->columns_count, sizeof *view.columns);
    if (!view.columns)
        return DORA_ERROR_MEMORY;
    for (size_t first = 0; first < whole->rows && status == DORA_OK; first += view.rows) {
        view.rows = whole->rows - first < ROWS_HANDED ? whole->rows - first : ROWS_HANDED;
        for (size_t i = 0; i < whole->columns_count; i++) {
            struct dora__column *column = &view.columns[i];
            *column = whole->columns[i];
            column->data = (char *)column->data + first * dora__type_width(column->type);
            column->validity += first / 8;
            column->nulls = count_nulls(column->validity, view.rows);
        }
        status = dora__run_hand_over(run, &view);
    }
    dora__free(run->memory, view.columns, whole->columns_count, sizeof *view.columns);
    dora__result_clear(run->result);
    return status;
}

/* Where a round ends that begins with a group. */
static uint32_t end_of_round(const struct dora__run *run, uint32_t group) {
    uint64_t rows = 0;
    if (!run->rows)
        return run->groups_count;
    while (group < run->groups_count && (rows == 0 || rows + rows_of(run, group) <= ROWS_ROUND))
        rows += rows_of(run, group++);
    return group;
}

dora_status dora__run_slices(struct dora__run *run, const struct dora__placed *placed, struct dora__part *part,
                             uint32_t threads) {
    struct slicing slicing = {.run = run, .placed = placed, .parts = {part}, .threads = threads};
    dora_status status = DORA_OK;
    for (; slicing.group < run->groups_count && status == DORA_OK; slicing.group = slicing.end) {
        slicing.end = end_of_round(run, slicing.group);
        status = make_round(&slicing);
        end_round(&slicing);
        if (status == DORA_OK && run->rows)
            status = hand_over(run);
    }
    dora__free(run->memory, slicing.slices, slicing.capacity, sizeof *slicing.slices);
    for (uint32_t i = 1; i < DORA__THREADS_MOST; i++) {
        if (slicing.parts[i])
            dora__part_free(slicing.parts[i]);
        dora__free(run->memory, slicing.parts[i], 1, sizeof *slicing.parts[i]);
    }
    if (status == DORA_ERROR_CANCELLED && part->source.asking->stopped)
        return dora__fail(run->error, status, "cancelled");
    return status == DORA_ERROR_LIMIT ? dora__run_fail_bytes(run) : status;
}
