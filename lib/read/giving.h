/* SPDX-License-Identifier: MIT */
/*
 * Facts that a reader gives to its caller as they are read, and keeps none of. Their strings are interned like those of
 * facts that stay, in a set of their own, which forgets them when they have become many.
 */
#ifndef DORA_READ_GIVING_H
#define DORA_READ_GIVING_H

#include "read/reader.h"

struct dora__giving {
    struct dora__shard shard; /* never has a fact */
    dora_fact_fn on_fact;
    void *context;
    dora_string *items; /* of the list at hand */
    size_t items_capacity;
};

/* Makes the reader give its facts away. False: out of memory. */
bool dora__giving_new(struct dora_reader *reader, const dora_reader_options *options);
void dora__giving_free(struct dora_reader *reader);

/* Gives away the record at hand. OK, MEMORY or CANCELLED. */
dora_status dora__give(struct dora_reader *reader);

#endif
