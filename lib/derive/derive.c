/* SPDX-License-Identifier: MIT */
/*
 * Runs the steps of a derivation in order and keeps what they share.
 */
#include "derive/step.h"

#include <string.h>

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
    *(column == &steps->derived->resolved ? &steps->derived->resolved_capacity : &steps->derived->rolled_by_capacity) =
        *column ? count : 0;
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

static void note_day(struct dora__derived *derived, uint32_t service, int32_t day) {
    int32_t *born = &derived->born[service];
    *born = day < *born ? day : *born;
    derived->first_day = day < derived->first_day ? day : derived->first_day;
    derived->last_day = day > derived->last_day ? day : derived->last_day;
    derived->any = true;
}

/* Every sample made from a deployment falls on the day of its event. A dora__range_fn. */
static dora_status note_range(struct dora__steps *steps, uint32_t row, uint32_t end) {
    enum { ASK_BLOCKS = 32 };
    struct dora__derived *derived = steps->derived;
    struct dora__walk *walk = dora__alloc(derived->memory, 1, sizeof *walk);
    int32_t least = INT32_MAX, most = INT32_MIN;
    dora_status status = walk ? DORA_OK : DORA_ERROR_MEMORY;
    if (!walk)
        return status;
    dora__walk_begin(walk, derived, row, end, false, false);
    for (uint32_t block = 1; status == DORA_OK && dora__walk_next(walk); block++) {
        for (uint32_t i = 0; i < walk->count; i++) {
            int32_t day = walk->day[i], *born = &derived->born[walk->service[i]];
            if (!walk->flags[i])
                continue;
            if (day < *born)
                *born = day;
            least = day < least ? day : least;
            most = day > most ? day : most;
        }
        status = block % ASK_BLOCKS ? DORA_OK : dora__step_on(steps, 0);
    }
    dora__free(derived->memory, walk, 1, sizeof *walk);
    derived->first_day = least < derived->first_day ? least : derived->first_day;
    derived->last_day = most > derived->last_day ? most : derived->last_day;
    derived->any |= least <= most;
    return status;
}

dora_status dora__note_deployments(struct dora__steps *steps) {
    return dora__in_ranges(steps, note_range);
}

/* Stored samples of other series fall on days of these or of deployments; what is left of forgotten facts may come from
   a state that says something else. */
static void note_samples(struct dora__derived *derived) {
    const unsigned noted = 1u << DORA__EVENTS | 1u << DORA__RESTORE | 1u << DORA__RELEASE_LAG;
    for (int series = 0; series < DORA__SERIES_COUNT; series++) {
        const struct dora__samples *samples = &derived->samples[series];
        size_t count = noted >> series & 1 ? samples->count : dora__thawed(derived, (enum dora__series)series);
        for (size_t i = 0; i < count; i++)
            note_day(derived, samples->data[i].service, samples->data[i].day);
    }
    for (size_t i = 0; derived->facts->frozen && i < derived->facts->frozen->phases_count; i++)
        note_day(derived, derived->phases[i].service, derived->phases[i].day);
}

static dora_status note_all_days(struct dora__steps *steps) {
    struct dora__derived *derived = steps->derived;
    derived->born = dora__alloc(derived->memory, (size_t)derived->services + 1, sizeof *derived->born);
    if (!derived->born)
        return DORA_ERROR_MEMORY;
    derived->born_capacity = (size_t)derived->services + 1;
    for (size_t service = 0; service <= derived->services; service++)
        derived->born[service] = INT32_MAX;
    derived->first_day = INT32_MAX;
    derived->last_day = INT32_MIN;
    dora_status status = dora__note_deployments(steps);
    if (status == DORA_OK)
        note_samples(derived);
    return status;
}

/* Begins with what is left of forgotten facts. */
static bool thaw(struct dora__derived *derived, const struct dora__frozen *frozen) {
    struct dora__memory *memory = derived->memory;
    memcpy(derived->account, frozen->account, sizeof derived->account);
    derived->failure_known = frozen->failure_known;
    derived->rework_known = frozen->rework_known;
    for (int series = 0; series < DORA__SERIES_COUNT; series++) {
        const struct dora__samples *from = &frozen->samples[series];
        struct dora__samples *to = &derived->samples[series];
        if (!from->count)
            continue;
        if (!dora__grow(memory, (void **)&to->data, &to->capacity, from->count, sizeof *to->data))
            return false;
        memcpy(to->data, from->data, from->count * sizeof *to->data);
        to->count = from->count;
    }
    if (frozen->phases_count) {
        if (!dora__grow(memory, (void **)&derived->phases, &derived->phases_capacity, frozen->phases_count,
                        sizeof *derived->phases))
            return false;
        memcpy(derived->phases, frozen->phases, frozen->phases_count * sizeof *derived->phases);
        derived->phases_count = frozen->phases_count;
    }
    return dora__add_environments(derived, frozen->environments, frozen->environments_count);
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
    derived->merged = facts->merged;
    derived->strings = facts->strings.count;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        derived->rows[kind] = facts->tables[kind].rows;
    if (derived->deployments && !(derived->flags = dora__alloc_zeroed(derived->memory, derived->deployments, 1)))
        return DORA_ERROR_MEMORY;
    derived->flags_capacity = derived->deployments;
    struct dora__steps steps = {.derived = derived,
                                .facts = facts,
                                .deployments = &facts->tables[DORA_KIND_DEPLOYMENT],
                                .memory = derived->memory};
    dora_status status = facts->frozen && !thaw(derived, facts->frozen) ? DORA_ERROR_MEMORY : DORA_OK;
    for (size_t i = 0; i < sizeof all_steps / sizeof all_steps[0] && status == DORA_OK; i++)
        status = all_steps[i](&steps);
    if (status == DORA_OK)
        status = note_all_days(&steps);
    dora__steps_end(&steps);
    return status;
}

void dora__derived_free(struct dora__derived *derived) {
    struct dora__memory *memory = derived->memory;
    if (!memory)
        return;
    dora__free(memory, derived->flags, derived->flags_capacity, 1);
    dora__free(memory, derived->resolved, derived->resolved_capacity, sizeof *derived->resolved);
    dora__free(memory, derived->rolled_by, derived->rolled_by_capacity, sizeof *derived->rolled_by);
    for (int way = 0; way < DORA__WAYS; way++)
        dora__free(memory, derived->first[way], derived->first_capacity[way], sizeof *derived->first[way]);
    dora__free(memory, derived->edits, derived->edits_capacity, sizeof *derived->edits);
    dora__free(memory, derived->anchor, derived->anchor_capacity, sizeof *derived->anchor);
    dora__free(memory, derived->earliest, derived->earliest_capacity, sizeof *derived->earliest);
    dora__free(memory, derived->latest_opened, derived->latest_opened_capacity, sizeof *derived->latest_opened);
    dora__free(memory, derived->environments, derived->environments_capacity, sizeof *derived->environments);
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__free(memory, derived->samples[series].data, derived->samples[series].capacity,
                   sizeof *derived->samples[series].data);
    dora__free(memory, derived->phases, derived->phases_capacity, sizeof *derived->phases);
    dora__free(memory, derived->born, derived->born_capacity, sizeof *derived->born);
    *derived = (struct dora__derived){0};
}
