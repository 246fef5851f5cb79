/* SPDX-License-Identifier: MIT */
/* See run.h. */
#include "query/run.h"

#include "base/error.h"
#include "base/map.h"
#include "base/sort.h"
#include "calendar/date_text.h"
#include "query/row.h"

#include <string.h>

enum { ROWS_BATCH = 4096 };

static const char *const group_columns[] = {NULL, "service", "team", "product"};

/* Team and product are strings; a service is a name of its own pool. */
static const struct dora__pool *names_of(const struct dora__run *run) {
    const struct dora__facts *facts = run->derived->facts;
    return run->plan->query.by == DORA_GROUP_SERVICE ? &facts->services : &facts->strings;
}

static uint32_t name_of_service(const struct dora__run *run, uint32_t service) {
    switch (run->plan->query.by) {
    case DORA_GROUP_SERVICE:
        return service;
    case DORA_GROUP_TEAM:
        return dora__service_group(run->derived->facts, service, DORA__TEAM);
    case DORA_GROUP_PRODUCT:
        return dora__service_group(run->derived->facts, service, DORA__PRODUCT);
    default:
        return 0;
    }
}

static int compare_groups(const void *context, uint32_t a, uint32_t b) {
    const struct dora__run *run = context;
    return dora__pool_compare(names_of(run), run->groups[a].name, run->groups[b].name);
}

/* Gathers the groups that have samples; group_of then has their places. */
static bool gather_groups(struct dora__run *run, struct dora__map *index) {
    const struct dora__derived *derived = run->derived;
    for (uint32_t service = 0; service <= derived->services; service++) {
        run->group_of[service] = DORA__NO_GROUP;
        if (derived->born[service] == INT32_MAX)
            continue;
        uint32_t name = name_of_service(run, service);
        uint32_t *group = dora__map_at(index, (uint64_t)name + 1, run->groups_count);
        if (!group || !dora__grow(run->memory, (void **)&run->groups, &run->groups_capacity,
                                  (size_t)run->groups_count + 1, sizeof *run->groups))
            return false;
        if (*group == run->groups_count)
            run->groups[run->groups_count++] = (struct dora__group){name, INT32_MAX};
        run->group_of[service] = *group;
        if (derived->born[service] < run->groups[*group].born)
            run->groups[*group].born = derived->born[service];
    }
    return true;
}

/* Puts the groups into the order of rows. */
static bool order_groups(struct dora__run *run) {
    size_t count = run->groups_count;
    if (count < 2)
        return true;
    uint32_t *order = dora__order(run->memory, count, compare_groups, run);
    uint32_t *place = dora__alloc(run->memory, count, sizeof *place);
    struct dora__group *sorted = dora__alloc(run->memory, count, sizeof *sorted);
    bool done = order && place && sorted;
    for (uint32_t i = 0; done && i < count; i++) {
        sorted[i] = run->groups[order[i]];
        place[order[i]] = i;
    }
    if (done)
        memcpy(run->groups, sorted, count * sizeof *sorted);
    for (uint32_t service = 0; done && service <= run->derived->services; service++)
        if (run->group_of[service] != DORA__NO_GROUP)
            run->group_of[service] = place[run->group_of[service]];
    dora__order_free(run->memory, order, count);
    dora__free(run->memory, place, count, sizeof *place);
    dora__free(run->memory, sorted, count, sizeof *sorted);
    return done;
}

static bool make_groups(struct dora__run *run) {
    struct dora__map index;
    dora__map_init(&index, run->memory, run->derived->facts->strings.key);
    run->group_of = dora__alloc(run->memory, (size_t)run->derived->services + 1, sizeof *run->group_of);
    bool done = run->group_of && gather_groups(run, &index) && order_groups(run);
    dora__map_free(&index);
    return done;
}

static dora_status fail_rows(const struct dora__run *run, dora_error *error) {
    char first[DORA__NUMBER_ROOM], last[DORA__NUMBER_ROOM];
    int first_size = (int)dora__format_date(first, run->span.since);
    int last_size = (int)dora__format_date(last, run->span.until);
    return dora__fail(error, DORA_ERROR_LIMIT, "more than %llu rows: the span is %.*s to %.*s",
                      (unsigned long long)run->plan->query.rows_max, first_size, first, last_size, last);
}

/* Refuses a report of too many rows before any is made. */
static dora_status check_rows(const struct dora__run *run, dora_error *error) {
    uint64_t rows = 0;
    for (uint32_t group = 0; group < run->groups_count; group++) {
        rows += run->windows - dora__plan_first_window(run->plan, &run->span, run->groups[group].born);
        if (rows > run->plan->query.rows_max)
            return fail_rows(run, error);
    }
    return DORA_OK;
}

static bool make_columns(struct dora__run *run) {
    const dora_query *query = &run->plan->query;
    run->result = dora__result_new(run->memory);
    if (!run->result)
        return false;
    if (query->by != DORA_GROUP_NONE &&
        !dora__result_column(run->result, DORA_TYPE_STRING, DORA_UNIT_NONE, group_columns[query->by], NULL, NULL))
        return false;
    if (!dora__result_column(run->result, DORA_TYPE_DATE, DORA_UNIT_NONE, "window_start", NULL, NULL) ||
        !dora__result_column(run->result, DORA_TYPE_DATE, DORA_UNIT_NONE, "window_end", NULL, NULL) ||
        !dora__result_column(run->result, DORA_TYPE_INT64, DORA_UNIT_DAYS, "days", NULL, NULL))
        return false;
    return query->table == DORA_TABLE_PHASES ? dora__phase_columns(run->plan, run->result)
                                             : dora__row_columns(run->plan, run->result);
}

bool dora__run_begin_row(struct dora__run *run, struct dora__cursor *cursor, uint32_t group,
                         const struct dora__window *window, dora_status *status) {
    *cursor = (struct dora__cursor){run->result, 0, DORA_OK};
    if (run->rows_made == run->plan->query.rows_max) {
        *status = fail_rows(run, run->error);
        return false;
    }
    if (!dora__result_reserve(run->result)) {
        *status = DORA_ERROR_MEMORY;
        return false;
    }
    if (run->plan->query.by != DORA_GROUP_NONE)
        dora__put_string(cursor, dora__pool_get(names_of(run), run->groups[group].name));
    dora__put_date(cursor, window->first);
    dora__put_date(cursor, window->last);
    dora__put_int64(cursor, window->days);
    return true;
}

static dora_status hand_over(struct dora__run *run) {
    if (run->rows(run->rows_context, run->result))
        return dora__fail(run->error, DORA_ERROR_CANCELLED, "stopped by the function that takes the rows");
    dora__result_clear(run->result);
    return DORA_OK;
}

dora_status dora__run_end_row(struct dora__run *run, const struct dora__cursor *cursor) {
    if (cursor->status == DORA_ERROR_LIMIT)
        return dora__fail(run->error, DORA_ERROR_LIMIT, "more than 4 GiB of names in one result");
    if (cursor->status != DORA_OK)
        return cursor->status;
    run->result->rows++;
    run->rows_made++;
    return run->result->rows == run->rows_batch ? hand_over(run) : DORA_OK;
}

dora_status dora__run_step(struct dora__run *run, uint32_t group) {
    const struct dora__linking *linking = &run->derived->linking;
    dora_progress progress = {"querying", group + 1, run->groups_count};
    if (linking->progress && linking->progress(linking->progress_context, &progress))
        return dora__fail(run->error, DORA_ERROR_CANCELLED, "cancelled");
    return DORA_OK;
}

static dora_status run_group(struct dora__run *run, struct dora__row_source *source, const struct dora__placed *placed,
                             uint32_t group) {
    if (!dora__row_source_begin(source, placed, group))
        return DORA_ERROR_MEMORY;
    uint64_t index = dora__plan_first_window(run->plan, &run->span, run->groups[group].born);
    dora_status status = DORA_OK;
    for (; index < run->windows && status == DORA_OK; index++) {
        struct dora__window window = dora__plan_window(run->plan, &run->span, index);
        struct dora__cursor cursor;
        if (!dora__row_source_move(source, &window))
            return DORA_ERROR_MEMORY;
        if (!dora__run_begin_row(run, &cursor, group, &window, &status))
            return status;
        dora__row_write(source, &cursor);
        status = dora__run_end_row(run, &cursor);
        if (status == DORA_OK && (index & 0xFFFF) == 0xFFFF)
            status = dora__run_step(run, group);
    }
    return status == DORA_OK ? dora__run_step(run, group) : status;
}

static dora_status run_report(struct dora__run *run) {
    struct dora__placed placed[DORA__SERIES_COUNT] = {{0}};
    struct dora__groups groups = {run->group_of, run->groups_count};
    struct dora__row_source source;
    dora_status status = dora__row_source_init(&source, run->plan, run->derived) ? DORA_OK : DORA_ERROR_MEMORY;
    for (int series = 0; series < DORA__SERIES_COUNT && status == DORA_OK; series++)
        if (run->plan->series >> series & 1)
            status = dora__place(&placed[series], run->derived, (enum dora__series)series, &groups);
    for (uint32_t group = 0; group < run->groups_count && status == DORA_OK; group++)
        status = run_group(run, &source, placed, group);
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__placed_free(&placed[series]);
    dora__row_source_free(&source);
    return status;
}

static dora_status run_rows(struct dora__run *run) {
    bool report = run->plan->query.table == DORA_TABLE_REPORT;
    if (!dora__plan_span(run->plan, run->derived, &run->span))
        return DORA_OK;
    run->windows = dora__plan_windows(run->plan, &run->span);
    if (!make_groups(run))
        return DORA_ERROR_MEMORY;
    dora_status status = report ? check_rows(run, run->error) : DORA_OK;
    if (status == DORA_OK)
        status = report ? run_report(run) : dora__run_phases(run);
    return status;
}

dora_status dora__run_query(const struct dora__plan *plan, const struct dora__derived *derived, dora_rows_fn rows,
                            void *rows_context, dora_result **result, dora_error *error) {
    dora_error own = {0};
    struct dora__run run = {.plan = plan,
                            .derived = derived,
                            .memory = derived->memory,
                            .rows_batch = rows ? ROWS_BATCH : SIZE_MAX,
                            .rows = rows,
                            .rows_context = rows_context,
                            .error = error ? error : &own};
    dora_status status = make_columns(&run) ? run_rows(&run) : DORA_ERROR_MEMORY;
    if (status == DORA_OK && rows && (run.result->rows || !run.rows_made))
        status = hand_over(&run);
    dora__free(run.memory, run.groups, run.groups_capacity, sizeof *run.groups);
    dora__free(run.memory, run.group_of, (size_t)derived->services + 1, sizeof *run.group_of);
    if (status == DORA_OK && result)
        *result = run.result;
    else
        dora_result_free(run.result);
    return status == DORA_ERROR_MEMORY ? dora__fail_memory(error) : status;
}
