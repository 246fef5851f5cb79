/* SPDX-License-Identifier: MIT */
/* See giving.h. */
#include "read/giving.h"

#include <string.h>

enum { STRINGS_MOST = 1 << 16 };

bool dora__giving_new(struct dora_reader *reader, const dora_reader_options *options) {
    struct dora__giving *giving = dora__alloc_zeroed(reader->memory, 1, sizeof *giving);
    if (!giving)
        return false;
    dora__shard_init(&giving->shard, reader->facts);
    giving->on_fact = options->on_fact;
    giving->context = options->on_fact_context;
    reader->facts = &giving->shard.facts;
    reader->giving = giving;
    return true;
}

void dora__giving_free(struct dora_reader *reader) {
    struct dora__giving *giving = reader->giving;
    if (!giving)
        return;
    dora__shard_free(&giving->shard);
    dora__free(reader->memory, giving->items, giving->items_capacity, sizeof *giving->items);
    dora__free(reader->memory, giving, 1, sizeof *giving);
}

dora_status dora__give(struct dora_reader *reader) {
    struct dora__giving *giving = reader->giving;
    struct dora__facts *facts = reader->facts;
    dora_fact fact;
    if (!dora__grow(reader->memory, (void **)&giving->items, &giving->items_capacity, reader->record.items_count + 1,
                    sizeof *giving->items))
        return DORA_ERROR_MEMORY;
    dora__record_to_fact(facts, &reader->record, giving->items, &fact);
    if (giving->on_fact(giving->context, &fact))
        return DORA_ERROR_CANCELLED;
    if (facts->strings.count > STRINGS_MOST || facts->services.count > STRINGS_MOST) {
        dora__shard_clear(&giving->shard);
        memset(reader->last, 0, sizeof reader->last);
    }
    return DORA_OK;
}
