/* SPDX-License-Identifier: MIT */
/*
 * Steps that look at each deployment by itself, on several threads: each thread has a range of rows and a copy of what
 * is derived, of which the flags of the rows are the only part that is shared. What the copies counted is added up.
 */
#include "derive/step.h"

enum { PART_ROWS_LEAST = 1 << 16, ROUNDS_MOST = 8 };

struct part {
    struct dora__derived derived; /* counts are the part's own */
    struct dora__steps steps;
    uint32_t row;
    uint32_t end;
    dora_status status;
};

struct ranges {
    struct part *parts;
    dora__range_fn *range;
};

/* A dora__task_fn. */
static void run_part(void *context, size_t number, uint32_t thread) {
    const struct ranges *ranges = context;
    struct part *part = &ranges->parts[number];
    (void)thread;
    if (part->row < part->end)
        part->status = ranges->range(&part->steps, part->row, part->end);
}

/* False: out of memory; the part is to be joined all the same. */
static bool begin_part(struct part *part, const struct dora__steps *steps) {
    const struct dora__derived *whole = steps->derived;
    struct dora__derived *own = &part->derived;
    *own = *whole;
    own->linking.progress = NULL; /* not from other threads than the caller's */
    own->linking.threads = NULL;
    own->environments = NULL;
    own->environments_count = own->environments_capacity = 0;
    own->any = false;
    own->first_day = INT32_MAX;
    own->last_day = INT32_MIN;
    own->born = NULL;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int disposition = 0; disposition < DORA_DISPOSITION_COUNT; disposition++)
            own->account[kind][disposition] = 0;
    part->steps = *steps;
    part->steps.derived = own;
    if (!whole->born)
        return true;
    own->born = dora__alloc(steps->memory, (size_t)whole->services + 1, sizeof *own->born);
    for (size_t service = 0; own->born && service <= whole->services; service++)
        own->born[service] = INT32_MAX;
    return own->born != NULL;
}

/* Adds what the part has found. False: out of memory. */
static bool join_part(struct part *part, struct dora__derived *whole) {
    struct dora__derived *own = &part->derived;
    bool done = dora__add_environments(whole, own->environments, own->environments_count);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int disposition = 0; disposition < DORA_DISPOSITION_COUNT; disposition++)
            whole->account[kind][disposition] += own->account[kind][disposition];
    whole->has_inline |= own->has_inline;
    whole->failure_known |= own->failure_known;
    whole->rework_known |= own->rework_known;
    whole->any |= own->any;
    whole->first_day = own->first_day < whole->first_day ? own->first_day : whole->first_day;
    whole->last_day = own->last_day > whole->last_day ? own->last_day : whole->last_day;
    for (size_t service = 0; own->born && service <= whole->services; service++)
        if (own->born[service] < whole->born[service])
            whole->born[service] = own->born[service];
    dora__free(whole->memory, own->environments, own->environments_capacity, sizeof *own->environments);
    dora__free(whole->memory, own->born, (size_t)whole->services + 1, sizeof *own->born);
    return done;
}

/* A range of whole chunks for each part, of rows first .. end - 1. */
static void divide(struct part *parts, uint32_t count, uint32_t first, uint32_t end) {
    uint64_t chunk = first >> DORA__CHUNK_BITS, chunks = (end >> DORA__CHUNK_BITS) + 1 - chunk;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = (uint32_t)(chunk + chunks * i / count) << DORA__CHUNK_BITS;
        parts[i].row = from < first ? first : from < end ? from : end;
        if (i > 0)
            parts[i - 1].end = parts[i].row;
    }
    parts[count - 1].end = end;
}

/* All rows, a round of them between two questions whether to go on. */
static dora_status run_parts(struct dora__steps *steps, struct ranges *ranges, uint32_t count) {
    const struct dora__linking *linking = &steps->derived->linking;
    uint32_t first = steps->first, rows = steps->derived->deployments - first, rounds = rows / count / PART_ROWS_LEAST;
    rounds = !linking->progress || rounds < 1 ? 1 : rounds < ROUNDS_MOST ? rounds : ROUNDS_MOST;
    dora_status status = DORA_OK;
    for (uint32_t round = 0; round < rounds && status == DORA_OK; round++) {
        uint32_t row = first + (uint32_t)((uint64_t)rows * round / rounds);
        uint32_t end = first + (uint32_t)((uint64_t)rows * (round + 1) / rounds);
        row = round == 0 ? first : row & ~(uint32_t)(DORA__CHUNK_ROWS - 1);
        end = round + 1 == rounds ? end : end & ~(uint32_t)(DORA__CHUNK_ROWS - 1);
        divide(ranges->parts, count, row, end);
        dora__threads_run(linking->threads, run_part, ranges, count);
        for (uint32_t i = 0; i < count && status == DORA_OK; i++)
            status = ranges->parts[i].status;
        if (status == DORA_OK)
            status = dora__step_on(steps, end - row);
    }
    return status;
}

dora_status dora__in_ranges(struct dora__steps *steps, dora__range_fn *range) {
    struct dora__derived *whole = steps->derived;
    uint32_t count = dora__threads_parts(whole->linking.threads, whole->deployments - steps->first, PART_ROWS_LEAST);
    if (count == 1)
        return range(steps, steps->first, whole->deployments);
    struct ranges ranges = {dora__alloc_zeroed(steps->memory, count, sizeof *ranges.parts), range};
    dora_status status = ranges.parts ? DORA_OK : DORA_ERROR_MEMORY;
    for (uint32_t i = 0; ranges.parts && i < count; i++)
        if (!begin_part(&ranges.parts[i], steps))
            status = DORA_ERROR_MEMORY;
    if (status == DORA_OK)
        status = run_parts(steps, &ranges, count);
    for (uint32_t i = 0; ranges.parts && i < count; i++)
        if (!join_part(&ranges.parts[i], whole) && status == DORA_OK)
            status = DORA_ERROR_MEMORY;
    dora__free(steps->memory, ranges.parts, count, sizeof *ranges.parts);
    return status;
}
