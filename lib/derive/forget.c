/* SPDX-License-Identifier: MIT */
/*
 * See forget.h. The samples of forgotten facts are those of all facts, less those of the facts that stay: two sorted
 * runs, of which one is taken out of the other.
 */
#include "derive/forget.h"

#include "base/error.h"
#include "facts/absorb.h"

#include <string.h>

int64_t dora__day_begin(const struct dora__zone *zone, int32_t day) {
    int64_t midnight_us = day * DORA__US_PER_DAY, begin_us = INT64_MIN;
    struct dora__zone_span span = {0, 0, 0};
    /* A day may begin in several spans of one offset, where clocks go back over midnight: the last one counts. */
    for (int64_t at_us = midnight_us - 2 * DORA__US_PER_DAY; at_us < midnight_us + 2 * DORA__US_PER_DAY;
         at_us = span.end_us) {
        dora__zone_find(zone, at_us, &span);
        int64_t until_us = midnight_us - span.offset_us;
        until_us = until_us < span.end_us ? until_us : span.end_us;
        if (until_us > at_us)
            begin_us = until_us;
    }
    return begin_us;
}

/* The samples of a series, in their order. */
struct gathering {
    struct dora__memory *memory;
    struct dora__samples samples;
};

static dora_status gather(void *context, const struct dora__block *block) {
    struct gathering *gathering = context;
    struct dora__samples *samples = &gathering->samples;
    if (!dora__grow(gathering->memory, (void **)&samples->data, &samples->capacity, samples->count + block->count,
                    sizeof *samples->data))
        return DORA_ERROR_MEMORY;
    for (uint32_t i = 0; i < block->count; i++)
        samples->data[samples->count++] = (struct dora__sample){block->service[i], block->day[i], block->value[i]};
    return DORA_OK;
}

static dora_status gather_all(const struct dora__derived *derived, enum dora__series series,
                              struct gathering *gathering) {
    dora_status status = dora__derived_each(derived, series, gather, gathering);
    if (status == DORA_OK && !dora__samples_order(gathering->memory, &gathering->samples))
        status = DORA_ERROR_MEMORY;
    return status;
}

static const char not_a_part[] = "internal: what stays is no part of what was there; nothing was forgotten";

/* Leaves in `all` what is not in `part`; false: `part` has something that `all` does not. */
static bool subtract(struct dora__samples *all, const struct dora__samples *part) {
    size_t left = 0, at = 0;
    for (size_t i = 0; i < all->count; i++)
        if (at < part->count && dora__sample_compare(&all->data[i], &part->data[at]) == 0)
            at++;
        else
            all->data[left++] = all->data[i];
    all->count = left;
    return at == part->count;
}

/* A sample that a state cannot hold: a sum of downtime of more than 73,000 years. */
static bool is_too_long(const struct dora__samples *samples) {
    for (size_t i = 0; i < samples->count; i++)
        if (samples->data[i].value > INT64_C(1) << 61)
            return true;
    return false;
}

static dora_status freeze_series(const struct dora__derived *all, const struct dora__derived *rest,
                                 enum dora__series series, struct dora__frozen *frozen, dora_error *error) {
    struct gathering whole = {.memory = frozen->memory}, part = {.memory = frozen->memory};
    dora_status status = gather_all(all, series, &whole);
    if (status == DORA_OK)
        status = gather_all(rest, series, &part);
    if (status == DORA_OK && !subtract(&whole.samples, &part.samples))
        status = dora__fail(error, DORA_ERROR_ARGUMENT, not_a_part);
    if (status == DORA_OK && is_too_long(&whole.samples))
        status = dora__fail(error, DORA_ERROR_LIMIT, "a sum of downtime of more than 73,000 years");
    dora__free(frozen->memory, part.samples.data, part.samples.capacity, sizeof *part.samples.data);
    frozen->samples[series] = whole.samples; /* freed with it */
    return status;
}

/* Phases with the names that they have among the facts that stay. */
static dora_status freeze_phases(const struct dora__derived *all, const struct dora__derived *rest,
                                 struct dora__facts *kept, dora_error *error) {
    struct dora__frozen *frozen = kept->frozen;
    size_t left = 0, at = 0, count = all->phases_count;
    struct dora__phase_sample *part = rest->phases;
    if (!count)
        return DORA_OK;
    if (!dora__grow(frozen->memory, (void **)&frozen->phases, &frozen->phases_capacity, count, sizeof *frozen->phases))
        return DORA_ERROR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct dora__phase_sample *phase = &frozen->phases[i];
        *phase = all->phases[i];
        dora_string name = dora__pool_get(&all->facts->strings, phase->name);
        dora_status status = dora__pool_intern(&kept->strings, name.data, name.size, &phase->name);
        if (status != DORA_OK)
            return status;
    }
    if (!dora__phases_order(frozen->memory, frozen->phases, count) ||
        !dora__phases_order(frozen->memory, part, rest->phases_count))
        return DORA_ERROR_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (at < rest->phases_count && dora__phase_compare(&frozen->phases[i], &part[at]) == 0)
            at++;
        else
            frozen->phases[left++] = frozen->phases[i];
    frozen->phases_count = left;
    return at == rest->phases_count ? DORA_OK : dora__fail(error, DORA_ERROR_ARGUMENT, not_a_part);
}

/* Strings that what is left names, in the pool of the facts that stay. */
static dora_status translate_environments(const struct dora__facts *facts, struct dora__facts *kept) {
    struct dora__frozen *frozen = kept->frozen;
    for (size_t i = 0; i < frozen->environments_count; i++) {
        dora_string name = dora__pool_get(&facts->strings, frozen->environments[i].name);
        if (!name.size)
            continue;
        dora_status status = dora__pool_intern(&kept->strings, name.data, name.size, &frozen->environments[i].name);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}

/* What the facts that stay do not account for. */
static dora_status freeze(struct dora__derived *all, struct dora__facts *kept, dora_error *error) {
    struct dora__frozen *frozen = kept->frozen;
    struct dora__derived rest = {0};
    dora_status status = dora__derive(&rest, kept, &all->linking);
    if (status == DORA_OK)
        status = dora__derived_make_leads(all, DORA__LEADS);
    if (status == DORA_OK)
        status = dora__derived_make_leads(&rest, DORA__LEADS);
    for (int series = 0; series < DORA__SERIES_COUNT && status == DORA_OK; series++)
        status = freeze_series(all, &rest, (enum dora__series)series, frozen, error);
    if (status == DORA_OK)
        status = freeze_phases(all, &rest, kept, error);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int disposition = 0; disposition < DORA_DISPOSITION_COUNT && status == DORA_OK; disposition++) {
            uint64_t whole = all->account[kind][disposition], part = rest.account[kind][disposition];
            if (part > whole)
                status = dora__fail(error, DORA_ERROR_ARGUMENT, not_a_part);
            frozen->account[kind][disposition] = whole - part;
        }
    dora__derived_free(&rest);
    return status;
}

static dora_status mark(struct dora__forgetting *forgetting) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        uint32_t rows = forgetting->facts->tables[kind].rows;
        forgetting->keep[kind] = dora__alloc_zeroed(forgetting->memory, rows, 1);
        if (rows && !forgetting->keep[kind])
            return DORA_ERROR_MEMORY;
        if (kind == DORA_KIND_SERVICE && rows)
            memset(forgetting->keep[kind], 1, rows);
    }
    dora_status status = dora__forget_changes(forgetting);
    return status == DORA_OK ? dora__forget_others(forgetting) : status;
}

dora_status dora__forget(struct dora__derived *derived, struct dora__facts *kept, dora_error *error) {
    const struct dora__facts *facts = derived->facts;
    struct dora__frozen *frozen = kept->frozen;
    struct dora__forgetting forgetting = {
        .derived = derived, .facts = facts, .memory = derived->memory, .before_us = frozen->before_us};
    dora_status status = mark(&forgetting);
    kept->frozen = NULL; /* what stays is not too late */
    if (status == DORA_OK)
        status = dora__facts_keep(kept, facts, forgetting.keep);
    kept->frozen = frozen;
    if (status == DORA_OK && !dora__forget_each(&forgetting, frozen))
        status = DORA_ERROR_MEMORY;
    if (status == DORA_OK)
        status = translate_environments(facts, kept);
    if (status == DORA_OK)
        status = freeze(derived, kept, error);
    if (status == DORA_OK)
        frozen->forgotten = dora__facts_count(facts) - dora__facts_count(kept);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        dora__free(forgetting.memory, forgetting.keep[kind], facts->tables[kind].rows, 1);
    return status;
}
