/* SPDX-License-Identifier: MIT */
/*
 * What an engine is, for the files that hold the public functions of engines.
 */
#ifndef DORA_ENGINE_H
#define DORA_ENGINE_H

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
    struct dora__derived derived;
    struct dora__standing standing;
    struct dora__kept kept;
    bool settled;
    uint64_t settled_records;      /* accepted and loaded ones when it settled */
    struct dora__pending *pending; /* NULL until the first small deployment */
    struct dora__record record;
    struct dora__items items;
};

/* Puts what waits (see facts/pending.h): to be called before the facts are looked at. */
dora_status dora__engine_flush(dora_engine *engine, dora_error *error);

/* Derives what follows from the facts, if they changed. */
dora_status dora__engine_settle(dora_engine *engine, dora_error *error);

#endif
