/* SPDX-License-Identifier: MIT */
/*
 * See mark.h. A report's row is a function of the samples of its group in its window, the observed span, the day of the
 * group's first sample, and of whether there is evidence of failures and rework: what is not told by cells is told by
 * dora_moves. The first day of a group is that of its first cell.
 */
#include "query/mark.h"

#include "base/map.h"
#include "base/sort.h"
#include "cells/placed.h"
#include "query/result.h"

#include <string.h>

struct marking {
    struct dora_mark *mark;
    const struct dora__derived *derived;
    struct dora__map index; /* of keys, to places among the cells */
    enum dora__series series;
    uint32_t blocks;
};

static uint64_t mixed(uint64_t word) {
    word = (word ^ word >> 31) * UINT64_C(0x7FB5D329728EA185);
    word = (word ^ word >> 27) * UINT64_C(0x81DADEF4BC2DD44D);
    return word ^ word >> 33;
}

static uint32_t group_of(const struct dora_mark *mark, uint32_t service) {
    switch (mark->by) {
    case DORA_GROUP_SERVICE:
        return service;
    case DORA_GROUP_TEAM:
        return dora__service_group(mark->facts, service, DORA__TEAM);
    case DORA_GROUP_PRODUCT:
        return dora__service_group(mark->facts, service, DORA__PRODUCT);
    default:
        return 0;
    }
}

static uint64_t key_of(uint32_t group, int32_t day) {
    return (uint64_t)group << 32 | ((uint32_t)day ^ UINT32_C(0x80000000));
}

static uint32_t group_in(uint64_t key) {
    return (uint32_t)(key >> 32);
}

static int32_t day_in(uint64_t key) {
    return (int32_t)((uint32_t)key ^ UINT32_C(0x80000000));
}

static bool add_sample(struct marking *marking, uint32_t service, int32_t day, uint64_t sample) {
    struct dora_mark *mark = marking->mark;
    uint64_t key = key_of(group_of(mark, service), day);
    uint32_t *place = dora__map_at(&marking->index, key, (uint32_t)mark->count);
    if (!place)
        return false;
    if (*place == mark->count) {
        if (!dora__grow(mark->memory, (void **)&mark->cells, &mark->capacity, mark->count + 1, sizeof *mark->cells))
            return false;
        mark->cells[mark->count++] = (struct dora__marked_cell){key, {0, 0}};
    }
    mark->cells[*place].sums[0] += sample;
    mark->cells[*place].sums[1] += mixed(sample ^ mark->secret);
    return true;
}

static dora_status take_block(void *context, const struct dora__block *block) {
    struct marking *marking = context;
    uint64_t series = mixed(marking->mark->secret + (uint64_t)marking->series + 1);
    if (!dora__blocks_go_on(marking->derived, 0, &marking->blocks))
        return DORA_ERROR_CANCELLED;
    for (uint32_t i = 0; i < block->count; i++)
        if (!add_sample(marking, block->service[i], block->day[i], mixed((uint64_t)block->value[i] ^ series)))
            return DORA_ERROR_MEMORY;
    return DORA_OK;
}

static dora_status take_samples(struct marking *marking) {
    const struct dora__derived *derived = marking->derived;
    for (int series = 0; series < DORA__SERIES_COUNT; series++) {
        marking->series = (enum dora__series)series;
        dora_status status = dora__derived_each(derived, marking->series, take_block, marking);
        if (status != DORA_OK)
            return status;
    }
    for (size_t i = 0; i < derived->phases_count; i++) {
        const struct dora__phase_sample *phase = &derived->phases[i];
        uint64_t name = mixed(marking->mark->secret ^ ((uint64_t)phase->name << 1 | phase->active));
        if (!add_sample(marking, phase->service, phase->day, mixed((uint64_t)phase->duration_us ^ name)))
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

/* Cells by key: the keys, which all differ, then the cell of each, by the index. OK, MEMORY or CANCELLED. */
static dora_status sort_cells(struct marking *marking) {
    struct dora_mark *mark = marking->mark;
    const struct dora__linking *linking = &marking->derived->linking;
    struct dora__asking asking = {
        .progress = linking->progress, .context = linking->progress_context, .told = {.stage = "querying"}};
    size_t count = mark->count;
    if (count < 2)
        return DORA_OK;
    uint64_t *keys = dora__alloc(mark->memory, 2 * count, sizeof *keys);
    struct dora__marked_cell *cells = dora__alloc(mark->memory, count, sizeof *cells);
    bool done = keys && cells;
    for (size_t i = 0; done && i < count; i++)
        keys[i] = mark->cells[i].key;
    const uint64_t *sorted = done ? dora__sort_u64_asking(keys, keys + count, count, 0, &asking) : NULL;
    for (size_t i = 0; done && i < count; i++) {
        const uint32_t *place = dora__asking_at(&asking, i) ? dora__map_find(&marking->index, sorted[i]) : NULL;
        if (place)
            cells[i] = mark->cells[*place];
        done = place != NULL;
    }
    if (done) {
        dora__free(mark->memory, mark->cells, mark->capacity, sizeof *mark->cells);
        mark->cells = cells;
        mark->capacity = count;
    } else {
        dora__free(mark->memory, cells, count, sizeof *cells);
    }
    dora__free(mark->memory, keys, 2 * count, sizeof *keys);
    return done ? DORA_OK : asking.stopped ? DORA_ERROR_CANCELLED : DORA_ERROR_MEMORY;
}

static void take_whole(struct dora_mark *mark, const struct dora__derived *derived) {
    mark->any = derived->any;
    mark->first_day = derived->any ? derived->first_day : 0;
    mark->last_day = derived->any ? derived->last_day : 0;
    mark->failure_known = derived->failure_known;
    mark->rework_known = derived->rework_known;
    for (uint32_t service = 0; service <= derived->services; service++)
        if (derived->born[service] != INT32_MAX)
            mark->grouping += mixed(((uint64_t)service << 32 | group_of(mark, service)) ^ mark->secret);
}

dora_status dora__mark_fill(struct dora_mark *mark, struct dora__derived *derived) {
    struct marking marking = {.mark = mark, .derived = derived};
    dora_status status = dora__derived_make_leads(derived, DORA__LEADS);
    if (status != DORA_OK)
        return status;
    dora__map_init(&marking.index, mark->memory, mark->secret);
    status = take_samples(&marking);
    if (status == DORA_OK)
        status = sort_cells(&marking);
    dora__map_free(&marking.index);
    if (status == DORA_OK)
        take_whole(mark, derived);
    else
        dora__mark_clear(mark);
    return status;
}

void dora__mark_clear(struct dora_mark *mark) {
    dora__free(mark->memory, mark->cells, mark->capacity, sizeof *mark->cells);
    mark->cells = NULL;
    mark->count = mark->capacity = 0;
}

/* A cell that differs. */
struct moved {
    uint64_t key;
    bool first_day_moved;
};

struct comparing {
    const struct dora_mark *before;
    const struct dora_mark *now;
    const struct dora__pool *names;
    struct moved *moved;
    size_t count;
    size_t capacity;
};

static bool begins_group(const struct dora_mark *mark, size_t at) {
    return at == 0 || group_in(mark->cells[at].key) != group_in(mark->cells[at - 1].key);
}

/* Both marks' cells in step. The first day of a group has moved where the earlier of its two first cells is in one mark
   alone. */
static bool find_moved(struct comparing *comparing) {
    const struct dora_mark *before = comparing->before, *now = comparing->now;
    for (size_t i = 0, k = 0; i < before->count || k < now->count;) {
        uint64_t old = i < before->count ? before->cells[i].key : UINT64_MAX;
        uint64_t new = k < now->count ? now->cells[k].key : UINT64_MAX;
        bool gone = old <= new &&i < before->count, come = new <= old &&k < now->count, first = false;
        if (gone != come)
            first = gone ? begins_group(before, i) : begins_group(now, k);
        if (gone != come || memcmp(before->cells[i].sums, now->cells[k].sums, sizeof before->cells[i].sums)) {
            if (!dora__grow(now->memory, (void **)&comparing->moved, &comparing->capacity, comparing->count + 1,
                            sizeof *comparing->moved))
                return false;
            comparing->moved[comparing->count++] = (struct moved){old < new ? old : new, first};
        }
        i += gone;
        k += come;
    }
    return true;
}

static int compare_moved(const void *context, uint32_t a, uint32_t b) {
    const struct comparing *comparing = context;
    uint64_t x = comparing->moved[a].key, y = comparing->moved[b].key;
    int names = dora__pool_compare(comparing->names, group_in(x), group_in(y));
    return names ? names : (x > y) - (x < y);
}

static bool make_columns(struct dora_result *result, dora_group by) {
    static const char *const groups[] = {NULL, "service", "team", "product"};
    return (by == DORA_GROUP_NONE ||
            dora__result_column(result, DORA_TYPE_STRING, DORA_UNIT_NONE, groups[by], NULL, NULL)) &&
           dora__result_column(result, DORA_TYPE_DATE, DORA_UNIT_NONE, "day", NULL, NULL) &&
           dora__result_column(result, DORA_TYPE_BOOL, DORA_UNIT_NONE, "first_day_moved", NULL, NULL);
}

static dora_status put_moved(const struct comparing *comparing, struct dora_result *result) {
    if (!make_columns(result, comparing->now->by) || !dora__result_reserve(result, comparing->count))
        return DORA_ERROR_MEMORY;
    if (!comparing->count)
        return DORA_OK;
    uint32_t *order = dora__order(comparing->now->memory, comparing->count, compare_moved, comparing);
    if (!order)
        return DORA_ERROR_MEMORY;
    dora_status status = DORA_OK;
    for (size_t i = 0; i < comparing->count && status == DORA_OK; i++) {
        const struct moved *moved = &comparing->moved[order[i]];
        struct dora__cursor cursor = {result, 0, DORA_OK};
        if (comparing->now->by != DORA_GROUP_NONE)
            dora__put_string(&cursor, dora__pool_get(comparing->names, group_in(moved->key)));
        dora__put_date(&cursor, day_in(moved->key));
        dora__put_bool(&cursor, moved->first_day_moved);
        status = cursor.status;
        result->rows += status == DORA_OK;
    }
    dora__order_free(comparing->now->memory, order, comparing->count);
    return status;
}

dora_status dora__mark_compare(const struct dora_mark *before, const struct dora_mark *now, dora_moves *moves,
                               dora_result **result) {
    const struct dora__facts *facts = now->facts;
    struct comparing comparing = {
        .before = before, .now = now, .names = now->by == DORA_GROUP_SERVICE ? &facts->services : &facts->strings};
    struct dora_result *made = dora__result_new(now->memory);
    dora_status status = made && find_moved(&comparing) ? put_moved(&comparing, made) : DORA_ERROR_MEMORY;
    dora__free(now->memory, comparing.moved, comparing.capacity, sizeof *comparing.moved);
    moves->span = before->any != now->any || before->first_day != now->first_day || before->last_day != now->last_day;
    moves->grouping = before->grouping != now->grouping;
    moves->evidence = before->failure_known != now->failure_known || before->rework_known != now->rework_known;
    if (status == DORA_OK)
        *result = made;
    else
        dora_result_free(made);
    return status;
}
