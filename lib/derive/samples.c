/* SPDX-License-Identifier: MIT */
/*
 * Gives out the samples of a series in blocks: those made from deployments on the way, then the stored ones.
 */
#include "derive/step.h"

struct sender {
    dora__block_fn *take;
    void *context;
    struct dora__block block;
};

static dora_status flush(struct sender *sender) {
    if (!sender->block.count)
        return DORA_OK;
    dora_status status = sender->take(sender->context, &sender->block);
    sender->block.count = 0;
    return status;
}

static inline dora_status send(struct sender *sender, uint32_t service, int32_t day, int64_t value) {
    struct dora__block *block = &sender->block;
    block->service[block->count] = service;
    block->day[block->count] = day;
    block->value[block->count] = value;
    return ++block->count == DORA__BLOCK ? flush(sender) : DORA_OK;
}

/* The begin and end of what a deployment measures for a series; DORA_ABSENT where it measures nothing. */
static void span_of(const struct dora__derived *derived, const struct dora__chunk *chunk, uint32_t row,
                    enum dora__series series, int64_t t, int64_t *begin, int64_t *end) {
    *end = t;
    if (series == DORA__LEAD_TIME) {
        *begin = dora__instant_at(chunk, DORA__COMMITTED_AT, row);
    } else if (series == DORA__DURATION) {
        *begin = dora__instant_at(chunk, DORA__STARTED_AT, row);
        *end = dora__instant_at(chunk, DORA__FINISHED_AT, row);
    } else {
        *begin = derived->flags[row] & DORA__IS_FAILED ? t : DORA_ABSENT;
        *end = *begin == DORA_ABSENT ? DORA_ABSENT : dora__recovered_at(derived, chunk, row);
    }
}

/* The samples of deployments row .. end - 1, all in one chunk. */
static dora_status send_chunk(const struct dora__derived *derived, const struct dora__chunk *chunk, uint32_t row,
                              uint32_t end, enum dora__series series, struct dora__zone_span *span,
                              struct sender *sender) {
    dora_status status = DORA_OK;
    if (series == DORA__DURATION && !chunk->column[DORA__STARTED_AT])
        return status;
    unsigned wanted = series == DORA__EVENTS     ? DORA__IS_ATTEMPT
                      : series == DORA__RECOVERY ? DORA__IS_FAILED
                                                 : DORA__IS_PLUS;
    for (; row < end && status == DORA_OK; row++) {
        unsigned flags = derived->flags[row];
        if (!(flags & wanted))
            continue;
        int64_t t = dora__t(chunk, row), value;
        if (series == DORA__EVENTS) {
            value = flags & DORA__EVENT_FLAGS;
        } else {
            int64_t begin, finish;
            span_of(derived, chunk, row, series, t, &begin, &finish);
            if (begin == DORA_ABSENT || finish == DORA_ABSENT || finish < begin)
                continue;
            value = finish - begin;
        }
        status = send(sender, dora__handle_at(chunk, DORA__SERVICE_NAME, row),
                      dora__zone_day(derived->linking.zone, t, span), value);
    }
    return status;
}

static dora_status send_deployments(const struct dora__derived *derived, enum dora__series series, uint32_t first,
                                    struct sender *sender) {
    bool any = series == DORA__EVENTS || series == DORA__DURATION || series == DORA__RECOVERY ||
               (series == DORA__LEAD_TIME && derived->has_inline);
    if (!any)
        return DORA_OK;
    const struct dora__table *table = &derived->facts->tables[DORA_KIND_DEPLOYMENT];
    struct dora__zone_span span = {0, 0, 0};
    dora_status status = DORA_OK;
    for (uint32_t row = first; row < derived->deployments && status == DORA_OK;) {
        uint32_t end = (row | (DORA__CHUNK_ROWS - 1)) + 1;
        if (end > derived->deployments)
            end = derived->deployments;
        status = send_chunk(derived, dora__chunk_of(table, row), row, end, series, &span, sender);
        row = end;
    }
    return status;
}

dora_status dora__derived_each(const struct dora__derived *derived, enum dora__series series, dora__block_fn *take,
                               void *context) {
    struct sender sender;
    sender.take = take;
    sender.context = context;
    sender.block.count = 0;
    dora_status status = send_deployments(derived, series, 0, &sender);
    const struct dora__samples *samples = &derived->samples[series];
    for (size_t i = 0; i < samples->count && status == DORA_OK; i++)
        status = send(&sender, samples->data[i].service, samples->data[i].day, samples->data[i].value);
    return status == DORA_OK ? flush(&sender) : status;
}

dora_status dora__derived_new(const struct dora__derived *derived, enum dora__series series, uint32_t first,
                              dora__block_fn *take, void *context) {
    struct sender sender;
    sender.take = take;
    sender.context = context;
    sender.block.count = 0;
    dora_status status = send_deployments(derived, series, first, &sender);
    return status == DORA_OK ? flush(&sender) : status;
}
