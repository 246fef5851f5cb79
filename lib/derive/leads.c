/* SPDX-License-Identifier: MIT */
/*
 * What changes measure: their lead times and the stages of these. Changes are many and few reports ask for the stages,
 * so that the samples of a series are made when they are first asked for. Nothing else waits for them: the account
 * needs no values, and each sample falls on the day of a deployment that has an event there.
 */
#include "derive/links.h"

struct dora__owner dora__owner_of(const struct dora__derived *derived, uint32_t change) {
    for (int way = 0; way < DORA__WAYS; way++)
        if (derived->first[way] && derived->first[way][change] != DORA__NO_ROW)
            return (struct dora__owner){derived->first[way][change], (enum dora__way)way};
    return (struct dora__owner){DORA__NO_ROW, DORA__WAYS};
}

dora_disposition dora__change_disposition(const struct dora__chunk *chunk, uint32_t row, int64_t t, bool baseline) {
    int64_t committed = dora__instant_at(chunk, DORA__COMMITTED_AT, row);
    return dora__byte_at(chunk, DORA__DELETED, row) == 2 ? DORA_DELETED
           : t == DORA_ABSENT                            ? DORA_UNDEPLOYED
           : baseline                                    ? DORA_BASELINE
           : committed == DORA_ABSENT                    ? DORA_NO_COMMIT_TIME
           : t < committed                               ? DORA_NEGATIVE
                                                         : DORA_COUNTED;
}

dora_disposition dora__owned(const struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t change,
                             struct dora__owner owner) {
    if (owner.deployment == DORA__NO_ROW)
        return dora__change_disposition(chunk, change, DORA_ABSENT, false);
    uint32_t service = dora__table_handle(steps->deployments, DORA__SERVICE_NAME, owner.deployment);
    return dora__change_disposition(chunk, change, dora__t_of(steps, owner.deployment),
                                    dora__is_baseline(steps->derived, owner.way, service, owner.deployment));
}

int64_t dora__change_value(const struct dora__chunk *chunk, uint32_t row, int64_t t, enum dora__series series) {
    static const uint8_t begins[] = {
        [DORA__LEAD_TIME] = DORA__COMMITTED_AT, [DORA__LEAD_CODING] = DORA__COMMITTED_AT,
        [DORA__LEAD_PICKUP] = DORA__OPENED_AT,  [DORA__LEAD_REVIEW] = DORA__FIRST_REVIEW_AT,
        [DORA__LEAD_DEPLOY] = DORA__MERGED_AT,
    };
    int64_t begin = dora__instant_at(chunk, (enum dora__field)begins[series], row), end = t;
    if (series != DORA__LEAD_TIME && series != DORA__LEAD_DEPLOY)
        end = dora__instant_at(chunk, (enum dora__field)begins[series + 1], row);
    return begin == DORA_ABSENT || end == DORA_ABSENT || end < begin ? DORA_ABSENT : end - begin;
}

struct leads {
    struct dora__steps *steps;
    const struct dora__table *changes;
    uint32_t series; /* to be made */
};

/* gcc 12 drops calls of a function that only prefetches. */
__attribute__((always_inline)) static inline void fetch_cell(const struct dora__chunk *chunk, enum dora__field field,
                                                             uint32_t row) {
    size_t at = row & (DORA__CHUNK_ROWS - 1), width = chunk->wide >> field & 1 ? sizeof(int64_t) : sizeof(uint32_t);
    if (chunk->column[field])
        __builtin_prefetch((const char *)chunk->column[field] + at * width);
}

/* Room for the samples of all changes that count, in the place of those that were there. */
static bool make_room(const struct leads *leads) {
    struct dora__derived *derived = leads->steps->derived;
    uint64_t counted = derived->account[DORA_KIND_CHANGE][DORA_COUNTED]; /* with those of deployments of their own */
    size_t most = counted < leads->changes->rows ? (size_t)counted : leads->changes->rows;
    for (uint32_t left = leads->series; left; left &= left - 1) {
        enum dora__series series = (enum dora__series)__builtin_ctz(left);
        struct dora__samples *samples = &derived->samples[series];
        samples->count = dora__thawed(derived, series);
        if (!dora__grow(derived->memory, (void **)&samples->data, &samples->capacity, samples->count + most,
                        sizeof *samples->data))
            return false;
    }
    return true;
}

static void put_change(const struct leads *leads, uint32_t change, struct dora__owner owner) {
    struct dora__derived *derived = leads->steps->derived;
    const struct dora__chunk *chunk = dora__chunk_of(leads->changes, change);
    const struct dora__chunk *deployment = dora__chunk_of(leads->steps->deployments, owner.deployment);
    uint32_t service = dora__handle_at(deployment, DORA__SERVICE_NAME, owner.deployment);
    int64_t t = dora__t(deployment, owner.deployment);
    bool baseline = dora__is_baseline(derived, owner.way, service, owner.deployment);
    if (dora__change_disposition(chunk, change, t, baseline) != DORA_COUNTED)
        return;
    int32_t day = dora__zone_day(derived->linking.zone, t, &leads->steps->span);
    for (uint32_t left = leads->series; left; left &= left - 1) {
        enum dora__series series = (enum dora__series)__builtin_ctz(left);
        struct dora__samples *samples = &derived->samples[series];
        int64_t value = dora__change_value(chunk, change, t, series);
        if (value != DORA_ABSENT)
            samples->data[samples->count++] = (struct dora__sample){service, day, value};
    }
}

static void put_changes(const struct leads *leads, uint32_t begin, uint32_t end) {
    const struct dora__table *deployments = leads->steps->deployments;
    struct dora__owner owners[DORA__TOGETHER];
    for (uint32_t change = begin; change < end; change++) {
        struct dora__owner owner = owners[change - begin] = dora__owner_of(leads->steps->derived, change);
        if (owner.deployment == DORA__NO_ROW)
            continue;
        const struct dora__chunk *chunk = dora__chunk_of(deployments, owner.deployment);
        fetch_cell(chunk, DORA__FINISHED_AT, owner.deployment);
        fetch_cell(chunk, DORA__SERVICE_NAME, owner.deployment);
    }
    for (uint32_t change = begin; change < end; change++)
        if (owners[change - begin].deployment != DORA__NO_ROW)
            put_change(leads, change, owners[change - begin]);
}

dora_status dora__derived_make_leads(struct dora__derived *derived, uint32_t series) {
    struct dora__steps steps = {.derived = derived,
                                .facts = derived->facts,
                                .deployments = &derived->facts->tables[DORA_KIND_DEPLOYMENT],
                                .memory = derived->memory};
    struct leads leads = {.steps = &steps, .changes = &derived->facts->tables[DORA_KIND_CHANGE]};
    leads.series = series & DORA__LEADS & ~derived->leads_made;
    if (!leads.series || !leads.changes->rows)
        return DORA_OK;
    dora_status status = make_room(&leads) ? DORA_OK : DORA_ERROR_MEMORY;
    for (uint32_t begin = 0, end; begin < leads.changes->rows && status == DORA_OK; begin = end) {
        end = leads.changes->rows - begin < DORA__TOGETHER ? leads.changes->rows : begin + DORA__TOGETHER;
        put_changes(&leads, begin, end);
        if (begin % DORA__CHUNK_ROWS == 0)
            status = dora__step_on(&steps, 0);
    }
    if (status == DORA_OK)
        derived->leads_made |= leads.series;
    return status;
}
