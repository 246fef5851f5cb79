/* SPDX-License-Identifier: MIT */
/*
 * Runs the steps of a derivation in order and keeps what they share.
 */
#include "derive/step.h"

dora_status dora__step_on(struct dora__steps *steps, uint64_t facts) {
    const struct dora__linking *linking = &steps->derived->linking;
    steps->derived->steps += facts;
    if (!linking->progress)
        return DORA_OK;
    uint64_t total = 0;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        total += steps->facts->tables[kind].rows;
    dora_progress progress = {"settling", steps->derived->steps < total ? steps->derived->steps : total, total};
    return linking->progress(linking->progress_context, &progress) ? DORA_ERROR_CANCELLED : DORA_OK;
}

int64_t *dora__deployment_column(struct dora__steps *steps, int64_t **column, int64_t initial) {
    uint32_t count = steps->derived->deployments;
    if (*column)
        return *column;
    *column = dora__alloc(steps->memory, count, sizeof **column);
    for (uint32_t row = 0; *column && row < count; row++)
        (*column)[row] = initial;
    return *column;
}

dora_status dora__put_sample(struct dora__steps *steps, enum dora__series series, int64_t cohort_us, uint32_t service,
                             int64_t value) {
    struct dora__samples *samples = &steps->derived->samples[series];
    if (samples->count == samples->capacity && !dora__grow(steps->memory, (void **)&samples->data, &samples->capacity,
                                                           samples->count + 1, sizeof *samples->data))
        return DORA_ERROR_MEMORY;
    int32_t day = dora__zone_day(steps->derived->linking.zone, cohort_us, &steps->span);
    samples->data[samples->count++] = (struct dora__sample){service, day, value};
    return DORA_OK;
}

uint32_t dora__service_group(const struct dora__facts *facts, uint32_t service, enum dora__field field) {
    const struct dora__table *services = &facts->tables[DORA_KIND_SERVICE];
    uint32_t row = dora__row_of(services, service);
    return row == DORA__NO_ROW || dora__is_deleted(services, row) ? 0 : dora__table_handle(services, field, row);
}

static dora_status note_days(void *context, const struct dora__block *block) {
    struct dora__derived *derived = context;
    for (uint32_t i = 0; i < block->count; i++) {
        int32_t day = block->day[i], *born = &derived->born[block->service[i]];
        *born = day < *born ? day : *born;
        derived->first_day = day < derived->first_day ? day : derived->first_day;
        derived->last_day = day > derived->last_day ? day : derived->last_day;
    }
    derived->any = true;
    return DORA_OK;
}

/* Every sample made from a deployment falls on the day of its event, so of the deployments only events are asked. */
static dora_status note_all_days(struct dora__derived *derived) {
    derived->born = dora__alloc(derived->memory, (size_t)derived->services + 1, sizeof *derived->born);
    if (!derived->born)
        return DORA_ERROR_MEMORY;
    for (size_t service = 0; service <= derived->services; service++)
        derived->born[service] = INT32_MAX;
    derived->first_day = INT32_MAX;
    derived->last_day = INT32_MIN;
    dora_status status = dora__derived_each(derived, DORA__EVENTS, note_days, derived);
    if (status == DORA_OK)
        status = dora__derived_each(derived, DORA__RESTORE, note_days, derived);
    return status == DORA_OK ? dora__derived_each(derived, DORA__RELEASE_LAG, note_days, derived) : status;
}

dora_status dora__derive(struct dora__derived *derived, const struct dora__facts *facts,
                         const struct dora__linking *linking) {
    static dora_status (*const all_steps[])(struct dora__steps *) = {
        dora__derive_deployments, dora__derive_changes,  dora__derive_incidents,
        dora__derive_rollbacks,   dora__derive_outcomes, dora__derive_releases,
    };
    derived->facts = facts;
    derived->linking = *linking;
    derived->memory = facts->memory;
    derived->deployments = facts->tables[DORA_KIND_DEPLOYMENT].rows;
    derived->services = facts->services.count;
    if (derived->deployments && !(derived->flags = dora__alloc_zeroed(derived->memory, derived->deployments, 1)))
        return DORA_ERROR_MEMORY;
    struct dora__steps steps = {.derived = derived,
                                .facts = facts,
                                .deployments = &facts->tables[DORA_KIND_DEPLOYMENT],
                                .memory = derived->memory};
    dora_status status = DORA_OK;
    for (size_t i = 0; i < sizeof all_steps / sizeof all_steps[0] && status == DORA_OK; i++)
        status = all_steps[i](&steps);
    if (status == DORA_OK)
        status = note_all_days(derived);
    dora__free(steps.memory, steps.lanes.rows, steps.lanes.count, sizeof *steps.lanes.rows);
    dora__free(steps.memory, steps.scratch, steps.lanes.count, sizeof *steps.scratch);
    dora__free(steps.memory, steps.lanes.begin, (size_t)derived->services + 2, sizeof *steps.lanes.begin);
    return status;
}

void dora__derived_free(struct dora__derived *derived) {
    struct dora__memory *memory = derived->memory;
    if (!memory)
        return;
    dora__free(memory, derived->flags, derived->deployments, 1);
    dora__free(memory, derived->resolved, derived->deployments, sizeof *derived->resolved);
    dora__free(memory, derived->rolled_by, derived->deployments, sizeof *derived->rolled_by);
    dora__free(memory, derived->environments, derived->environments_capacity, sizeof *derived->environments);
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__free(memory, derived->samples[series].data, derived->samples[series].capacity,
                   sizeof *derived->samples[series].data);
    dora__free(memory, derived->phases, derived->phases_capacity, sizeof *derived->phases);
    dora__free(memory, derived->born, (size_t)derived->services + 1, sizeof *derived->born);
    *derived = (struct dora__derived){0};
}
