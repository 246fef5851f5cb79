/* SPDX-License-Identifier: MIT */
/*
 * Threads of one engine, for work that falls into parts that share nothing: started when first needed, asleep between
 * runs, joined at the end. What cannot be started is done without, down to the caller's own thread alone.
 */
#ifndef DORA_BASE_THREADS_H
#define DORA_BASE_THREADS_H

#include "base/memory.h"

enum { DORA__THREADS_MOST = 64 };

struct dora__threads {
    struct dora__memory *memory;
    uint32_t most;                 /* that work at once, the caller's among them */
    bool eager;                    /* for tests: the smallest work is divided */
    bool tried;                    /* to start them */
    struct dora__workers *workers; /* NULL: none */
};

/* One part of the work; says how it went by way of the context. Of those that run at once each has another `thread`,
   below `most`; 0 is the caller's. */
typedef void dora__task_fn(void *context, size_t task, uint32_t thread);

void dora__threads_init(struct dora__threads *threads, struct dora__memory *memory, uint32_t most);
void dora__threads_free(struct dora__threads *threads);

/* How many parts to divide work of that size into, each of `least` at least. `threads` may be NULL: one. */
static inline uint32_t dora__threads_parts(const struct dora__threads *threads, uint64_t work, uint64_t least) {
    uint64_t parts = !threads ? 1 : threads->eager ? work : work / least;
    return parts < 2 ? 1 : parts < threads->most ? (uint32_t)parts : threads->most;
}

/* Calls task(context, i, thread) once for each i below count, several at once, in no order but that lower ones are
   begun first; returns when all are done. The caller's thread does its share. */
void dora__threads_run(struct dora__threads *threads, dora__task_fn *task, void *context, size_t count);

/* The allocator of a caller who is promised that one thread calls it at a time: with a lock around it. Takes the place
   of the one in `memory`. False: out of memory, nothing changed. Where there are no threads there is no lock. */
bool dora__memory_lock(struct dora__memory *memory);
/* Gives back the lock, and the allocator as it was. */
void dora__memory_unlock(struct dora__memory *memory);
/* The allocator without the lock, for what outlives it. */
struct dora__memory dora__memory_unlocked(const struct dora__memory *memory);

#endif
