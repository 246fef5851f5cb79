/* SPDX-License-Identifier: MIT */
/*
 * What an engine is, for the files that hold the public functions of engines.
 */
#ifndef DORA_ENGINE_H
#define DORA_ENGINE_H

#include "base/asking.h"
#include "base/threads.h"
#include "derive/derived.h"
#include "facts/pending.h"
#include "facts/record.h"
#include "query/run.h"

struct dora_engine {
    struct dora__memory memory;
    struct dora__threads threads;
    struct dora__facts facts;
    struct dora__linking linking;
    struct dora__zone *zone;
    char *production;
    size_t production_size;
    char *zone_name; /* terminated; UTC has one name */
    size_t zone_name_size;
    char *zone_folder; /* NULL: the system's */
    size_t zone_folder_size;
    bool production_given; /* by the caller, who is not to get others from a state */
    bool zone_given;
    bool attribution_given;
    struct dora__derived derived;
    struct dora__standing standing;
    struct dora__kept kept;
    bool settled;
    uint64_t settled_records;      /* accepted and loaded ones when it settled */
    struct dora__pending *pending; /* NULL until the first small deployment */
    struct dora__record record;
    struct dora__items items;
};

/* Long work of an engine, not yet begun. */
struct dora__asking dora__engine_asking(const dora_engine *engine, const char *stage);
/* The failure of work that had only these two: CANCELLED where it was stopped, else MEMORY. */
dora_status dora__engine_fail_stopped(const struct dora__asking *asking, dora_error *error);

/* Puts what waits (see facts/pending.h): to be called before the facts are looked at. */
dora_status dora__engine_flush(dora_engine *engine, dora_error *error);

/* Takes these options in the place of those that there are; on failure these stay. ARGUMENT, IO or MEMORY. */
dora_status dora__engine_take(dora_engine *engine, const char *production, const char *zone_name,
                              int64_t attribution_us, dora_error *error);

/* Takes over the options of forgotten facts, NULL for none, as far as the caller left them alone. ARGUMENT where the
   engine has others. */
dora_status dora__engine_adopt(dora_engine *engine, const struct dora__frozen *frozen, dora_error *error);

/* Forgets what was derived. */
void dora__engine_unsettle(dora_engine *engine);

/* Derives what follows from the facts, if they changed. */
dora_status dora__engine_settle(dora_engine *engine, dora_error *error);

#endif
