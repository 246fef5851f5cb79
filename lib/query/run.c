/* SPDX-License-Identifier: MIT */
/* See run.h. */
#include "query/run.h"

#include "base/error.h"
#include "base/map.h"
#include "base/sort.h"
#include "calendar/date_text.h"

#include <string.h>

enum {
    TIER_NAME = 6 /* bytes at most */,
    ROWS_BATCH = 4096,
    PART_SAMPLES_LEAST = 1 << 16 /* for a thread to be worth waking */
};

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

/* The group of a name, made where it is new; NULL: out of memory. Each service is a group of its own by service. */
static uint32_t *find_group(struct dora__run *run, struct dora__map *index, uint32_t name, uint32_t *room) {
    uint32_t *group = room;
    *room = run->groups_count;
    if (run->plan->query.by != DORA_GROUP_SERVICE)
        group = dora__map_at(index, (uint64_t)name + 1, run->groups_count);
    if (!group || !dora__grow(run->memory, (void **)&run->groups, &run->groups_capacity, (size_t)run->groups_count + 1,
                              sizeof *run->groups))
        return NULL;
    if (*group == run->groups_count)
        run->groups[run->groups_count++] = (struct dora__group){name, INT32_MAX};
    return group;
}

/* Gathers the groups that have samples; group_of then has their places. */
static bool gather_groups(struct dora__run *run, struct dora__map *index) {
    const struct dora__derived *derived = run->derived;
    const char *only = run->plan->query.only;
    uint32_t wanted = only ? dora__pool_find(names_of(run), only, strlen(only)) : 0;
    for (uint32_t service = 0; service <= derived->services; service++) {
        run->group_of[service] = DORA__NO_GROUP;
        if (derived->born[service] == INT32_MAX)
            continue;
        if (only && (!wanted || name_of_service(run, service) != wanted))
            continue;
        uint32_t room, *group = find_group(run, index, name_of_service(run, service), &room);
        if (!group)
            return false;
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
static dora_status check_rows(struct dora__run *run, dora_error *error) {
    uint64_t rows = 0;
    for (uint32_t group = 0; group < run->groups_count; group++) {
        rows += run->windows - dora__plan_first_window(run->plan, &run->span, run->groups[group].born);
        if (rows > run->plan->query.rows_max)
            return fail_rows(run, error);
    }
    run->rows_expected = rows;
    return DORA_OK;
}

/* Those that say of which group, window and phase a row is. */
static bool key_columns(const struct dora__run *run) {
    const dora_query *query = &run->plan->query;
    if (query->by != DORA_GROUP_NONE &&
        !dora__result_column(run->result, DORA_TYPE_STRING, DORA_UNIT_NONE, group_columns[query->by], NULL, NULL))
        return false;
    if (!dora__result_column(run->result, DORA_TYPE_DATE, DORA_UNIT_NONE, "window_start", NULL, NULL) ||
        !dora__result_column(run->result, DORA_TYPE_DATE, DORA_UNIT_NONE, "window_end", NULL, NULL) ||
        !dora__result_column(run->result, DORA_TYPE_INT64, DORA_UNIT_DAYS, "days", NULL, NULL))
        return false;
    return query->table != DORA_TABLE_PHASES ||
           dora__result_column(run->result, DORA_TYPE_STRING, DORA_UNIT_NONE, "phase", NULL, NULL);
}

/* Whether each column that was asked for is there. */
static dora_status check_columns(const struct dora_result *result, dora_error *error) {
    for (const char *text = result->wanted; text;) {
        size_t size = strcspn(text, ","), i = 0;
        while (i < result->columns_count &&
               (strlen(result->columns[i].name) != size || memcmp(result->columns[i].name, text, size) != 0))
            i++;
        if (i == result->columns_count)
            return dora__fail(error, DORA_ERROR_ARGUMENT,
                              "columns: there is no '%s' among those of the metrics and percentiles asked for",
                              dora__quote(text, size).text);
        text = text[size] ? text + size + 1 : NULL;
    }
    return DORA_OK;
}

static dora_status make_columns(struct dora__run *run, struct dora__plan *plan) {
    struct dora_result *result = run->result = dora__result_new(run->memory);
    if (!result || !key_columns(run))
        return DORA_ERROR_MEMORY;
    result->wanted = plan->query.columns;
    bool phases = plan->query.table == DORA_TABLE_PHASES;
    if (!(phases ? dora__phase_columns(plan, result) : dora__row_columns(plan, result)))
        return DORA_ERROR_MEMORY;
    dora_status status = check_columns(result, run->error);
    result->wanted = NULL;
    dora__plan_find_series(plan);
    return status;
}

bool dora__run_begin_row(struct dora__run *run, struct dora__cursor *cursor, uint32_t group,
                         const struct dora__window *window, dora_status *status) {
    *cursor = (struct dora__cursor){run->result, 0, DORA_OK};
    if (run->rows_made == run->plan->query.rows_max) {
        *status = fail_rows(run, run->error);
        return false;
    }
    if (!dora__result_reserve(run->result, 1)) {
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

dora_status dora__run_hand_over(struct dora__run *run, const struct dora_result *rows) {
    if (run->rows(run->rows_context, rows))
        return dora__fail(run->error, DORA_ERROR_CANCELLED, "stopped by the function that takes the rows");
    return DORA_OK;
}

static dora_status hand_over(struct dora__run *run) {
    dora_status status = dora__run_hand_over(run, run->result);
    if (status == DORA_OK)
        dora__result_clear(run->result);
    return status;
}

dora_status dora__run_fail_bytes(struct dora__run *run) {
    return dora__fail(run->error, DORA_ERROR_LIMIT, "more than 4 GiB of names in one result");
}

dora_status dora__run_end_row(struct dora__run *run, const struct dora__cursor *cursor) {
    if (cursor->status == DORA_ERROR_LIMIT)
        return dora__run_fail_bytes(run);
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

bool dora__part_init(struct dora__part *part, const struct dora__run *run, const struct dora__placed *placed,
                     struct dora_result *result, struct dora__asking *asking) {
    part->run = run;
    part->placed = placed;
    part->result = result;
    dora__row_writer_init(&part->writer, run->plan, run->derived);
    bool done = dora__figures_init(&part->figures, run->plan, run->derived);
    dora__source_init(&part->source, run->plan, run->memory, part->figures.events, asking);
    return done;
}

void dora__part_free(struct dora__part *part) {
    dora__source_free(&part->source);
    dora__figures_free(&part->figures);
}

dora_status dora__run_write(const struct dora__run *run, const struct dora__row_writer *writer,
                            const struct dora__figures *figures, uint32_t group, struct dora_result *result) {
    const struct dora__windows *windows = &figures->windows;
    uint32_t count = windows->count;
    struct dora__cursor cursor = {result, 0, DORA_OK};
    if (!dora__result_reserve(result, count))
        return DORA_ERROR_MEMORY;
    if (run->plan->query.by != DORA_GROUP_NONE)
        dora__fill_string(&cursor, count, dora__pool_get(names_of(run), run->groups[group].name));
    memcpy(dora__fill_date(&cursor, count), windows->first, count * sizeof *windows->first);
    memcpy(dora__fill_date(&cursor, count), windows->last, count * sizeof *windows->last);
    memcpy(dora__fill_int64(&cursor, count, NULL), windows->days, count * sizeof *windows->days);
    dora__row_write(writer, figures, &cursor);
    result->rows += count;
    dora__result_touch_ahead(result, count);
    return cursor.status;
}

dora_status dora__part_rows(struct dora__part *part, uint32_t group, uint64_t window, uint32_t count) {
    const struct dora__run *run = part->run;
    dora__plan_windows_from(run->plan, &run->span, window, count, &part->figures.windows);
    if (!dora__source_find(&part->source, &part->figures))
        return DORA_ERROR_MEMORY;
    return dora__run_write(run, &part->writer, &part->figures, group, part->result);
}

uint32_t dora__run_stride(const struct dora__run *run, const struct dora__placed *placed, uint32_t group) {
    enum { ASK_SAMPLES = 1 << 20 };
    uint64_t samples = 0;
    if (!run->derived->linking.progress)
        return DORA__WINDOWS;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        if (placed[series].begin)
            samples += placed[series].begin[group + 1] - placed[series].begin[group];
    uint64_t stride = run->windows / (samples / ASK_SAMPLES + 1) + 1;
    return (uint32_t)(stride < DORA__WINDOWS ? stride : DORA__WINDOWS);
}

/* How many windows to take at once. */
static uint32_t next_windows(const struct dora__run *run, uint64_t window, uint32_t stride) {
    uint64_t left = run->windows - window, room = run->rows_batch - run->result->rows;
    left = left < room ? left : room;
    return (uint32_t)(left < stride ? left : stride);
}

static dora_status run_group(struct dora__run *run, struct dora__part *part, uint32_t group) {
    uint64_t window = dora__plan_first_window(run->plan, &run->span, run->groups[group].born);
    dora_status status = DORA_OK;
    if (window < run->windows && !dora__source_begin(&part->source, part->placed, group))
        status = dora__source_failure(&part->source);
    if (status == DORA_ERROR_CANCELLED)
        return dora__fail(run->error, status, "cancelled");
    uint32_t stride = dora__run_stride(run, part->placed, group);
    if (status == DORA_OK && stride < DORA__WINDOWS) /* to load many samples takes as long as to rank them */
        status = dora__run_step(run, group);
    while (window < run->windows && status == DORA_OK) {
        uint32_t count = next_windows(run, window, stride);
        status = dora__part_rows(part, group, window, count);
        if (status == DORA_ERROR_LIMIT)
            return dora__run_fail_bytes(run);
        window += count;
        run->rows_made += count;
        if (status == DORA_OK && run->result->rows == run->rows_batch)
            status = hand_over(run);
        if (status == DORA_OK && window < run->windows)
            status = dora__run_step(run, group);
    }
    return status == DORA_OK ? dora__run_step(run, group) : status;
}

/* Room for the rows, a few columns at a time: the system takes its time for the first page of each. */
static dora_status reserve_columns(struct dora__run *run, size_t rows) {
    enum { ASK_COLUMNS = 4 };
    dora_status status = DORA_OK;
    for (size_t i = 0; i < run->result->columns_count && status == DORA_OK; i++) {
        if (!dora__result_reserve_column(run->result, i, rows))
            return DORA_ERROR_MEMORY;
        if (i % ASK_COLUMNS == ASK_COLUMNS - 1)
            status = dora__run_step(run, 0);
    }
    return status;
}

/* Room for all rows at once where they are kept, since it is known how many there will be. */
static dora_status make_room(struct dora__run *run) {
    uint64_t rows = run->rows_expected < run->rows_batch ? run->rows_expected : run->rows_batch, names = 0;
    if (rows > SIZE_MAX / TIER_NAME)
        return DORA_ERROR_MEMORY;
    dora_status status = reserve_columns(run, (size_t)rows);
    if (status != DORA_OK)
        return status;
    if (!dora__result_reserve(run->result, (size_t)rows))
        return DORA_ERROR_MEMORY;
    for (uint32_t group = 0; group < run->groups_count && rows == run->rows_expected; group++)
        names += dora__pool_get(names_of(run), run->groups[group].name).size *
                 (run->windows - dora__plan_first_window(run->plan, &run->span, run->groups[group].born));
    for (size_t i = 0; i < run->result->columns_count; i++) {
        bool name = i == 0 && run->plan->query.by != DORA_GROUP_NONE;
        uint64_t bytes = name ? names : rows * TIER_NAME;
        if (run->result->columns[i].type == DORA_TYPE_STRING && bytes < UINT32_MAX &&
            !dora__result_reserve_bytes(run->result, i, (size_t)bytes + ROWS_BATCH))
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

/* How many threads to make the rows with. */
static uint32_t threads_of(const struct dora__run *run, const struct dora__placed *placed) {
    uint64_t work = run->rows_expected;
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        work += placed[series].count;
    return dora__threads_parts(run->derived->linking.threads, work, PART_SAMPLES_LEAST);
}

/* Takes what an earlier query placed, or places it. */
static dora_status place(const struct dora__run *run, struct dora__placed placed[DORA__SERIES_COUNT]) {
    struct dora__groups groups = {run->group_of, run->groups_count};
    const dora_query *query = &run->plan->query;
    if (!query->only && dora__kept_is(run->kept, (int)query->by, run->plan->series)) {
        memcpy(placed, run->kept->placed, sizeof run->kept->placed);
        *run->kept = (struct dora__kept){0};
        return DORA_OK;
    }
    dora__kept_clear(run->kept);
    return dora__place(placed, run->derived, run->plan->series, &groups);
}

static dora_status run_report(struct dora__run *run) {
    struct dora__placed placed[DORA__SERIES_COUNT] = {{0}};
    struct dora__part *part = dora__alloc_zeroed(run->memory, 1, sizeof *part);
    const struct dora__linking *linking = &run->derived->linking;
    struct dora__asking asking = {.progress = linking->progress,
                                  .context = linking->progress_context,
                                  .told = {"querying", 0, run->groups_count}};
    if (!part)
        return DORA_ERROR_MEMORY;
    dora_status status = dora__part_init(part, run, placed, run->result, &asking) ? make_room(run) : DORA_ERROR_MEMORY;
    if (status == DORA_OK)
        status = place(run, placed);
    if (status == DORA_ERROR_CANCELLED)
        dora__fail(run->error, status, "cancelled");
    uint32_t threads = status == DORA_OK ? threads_of(run, placed) : 1;
    if (threads > 1)
        status = dora__run_slices(run, placed, part, threads);
    for (uint32_t group = 0; threads == 1 && group < run->groups_count && status == DORA_OK; group++)
        status = run_group(run, part, group);
    if (status == DORA_OK && !run->plan->query.only)
        dora__keep(run->kept, (int)run->plan->query.by, run->plan->series, placed);
    dora__placed_free(placed);
    dora__part_free(part);
    dora__free(run->memory, part, 1, sizeof *part);
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
    if (status == DORA_OK && report && !dora__run_stands(run)) {
        status = dora__derived_make_leads(run->derived, run->plan->series);
        if (status == DORA_ERROR_CANCELLED)
            return dora__fail(run->error, status, "cancelled");
    }
    if (status == DORA_OK)
        status = !report ? dora__run_phases(run) : dora__run_is_narrow(run) ? dora__run_narrow(run) : run_report(run);
    return status;
}

dora_status dora__run_query(struct dora__plan *plan, struct dora__derived *derived, struct dora__standing *standing,
                            struct dora__kept *kept, dora_rows_fn rows, void *rows_context, dora_result **result,
                            dora_error *error) {
    dora_error own = {0};
    struct dora__run run = {.plan = plan,
                            .derived = derived,
                            .standing = standing,
                            .kept = kept,
                            .memory = derived->memory,
                            .rows_batch = rows ? ROWS_BATCH : SIZE_MAX,
                            .rows = rows,
                            .rows_context = rows_context,
                            .error = error ? error : &own};
    dora_status status = make_columns(&run, plan);
    if (status == DORA_OK)
        status = run_rows(&run);
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
