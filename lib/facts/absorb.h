/* SPDX-License-Identifier: MIT */
/*
 * One set of facts added to another, as if each record of the one had been read into the other. Strings have other
 * handles there; which, is looked up once a string and kept, for sets that are filled and absorbed again and again.
 */
#ifndef DORA_FACTS_ABSORB_H
#define DORA_FACTS_ABSORB_H

#include "base/threads.h"
#include "facts/facts.h"

/* For each handle of a pool up to `count` the handle of the same string in another. */
struct dora__translation {
    uint32_t *to;
    size_t capacity;
    uint32_t count;
};

/* A set of facts on its way into another, with which it shares an allocator and which outlives it. */
struct dora__shard {
    struct dora__facts facts; /* to be filled by its owner */
    struct dora__facts *into;
    struct dora__translation strings;
    struct dora__translation services;
    unsigned renewals;             /* how often its strings were forgotten: handles from before mean nothing */
    uint32_t row[DORA_KIND_COUNT]; /* where the rows of a kind go; UINT32_MAX: they go one by one */
    uint64_t singly;               /* rows that went one by one, all in all */
    uint32_t *items;               /* of the list at hand, translated */
    size_t items_capacity;
};

void dora__shard_init(struct dora__shard *shard, struct dora__facts *into);
void dora__shard_free(struct dora__shard *shard);

/* Adds the facts and counts of several shards, in their order, and leaves the shards without any. Rows of facts that
   have no id, list or tombstone are copied by `threads`. MEMORY or LIMIT: part of the facts is in, counted as that many
   records. */
dora_status dora__shards_absorb(struct dora__shard *const *shards, size_t count, struct dora__threads *threads);

/* Adds the facts and inputs of another set with the same allocator, which stays as it is: `into` then has what it would
   have if the records of both had been read into it, but counts them as loaded. MEMORY or LIMIT: part of it is in. */
dora_status dora__facts_merge(struct dora__facts *into, const struct dora__facts *from, struct dora__threads *threads);

/* The fact of a row as one record, whenever its fields were stated; its strings and list stay those of `facts`. */
void dora__record_of_row(const struct dora__facts *facts, dora_kind kind, uint32_t row, struct dora__record *record);

/* Makes `into`, empty before, of the rows of `from` that keep[kind] marks, a byte each, with their inputs and counts.
   Services keep their handles; of strings only those go over that a row has. MEMORY or LIMIT. */
dora_status dora__facts_keep(struct dora__facts *into, const struct dora__facts *from,
                             uint8_t *const keep[DORA_KIND_COUNT]);

/* Forgets the facts and counts; keeps room, and strings unless they are many (see renewals). */
void dora__shard_clear(struct dora__shard *shard);

#endif
