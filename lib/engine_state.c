/* SPDX-License-Identifier: MIT */
/*
 * The public functions that make a state of an engine's facts, and facts of states and of other engines.
 */
#include "base/error.h"
#include "engine.h"
#include "facts/absorb.h"
#include "facts/unite.h"
#include "state/file.h"
#include "state/format.h"
#include "state/load.h"
#include "state/save.h"

#include <string.h>

struct dora__asking dora__engine_asking(const dora_engine *engine, const char *stage) {
    return (struct dora__asking){
        .progress = engine->linking.progress, .context = engine->linking.progress_context, .told = {.stage = stage}};
}

dora_status dora__engine_fail_stopped(const struct dora__asking *asking, dora_error *error) {
    return asking->stopped ? dora__fail(error, DORA_ERROR_CANCELLED, "cancelled") : dora__fail_memory(error);
}

/* The state in `bytes`, from *begin on; to be freed by the caller in any case. */
static dora_status make_state(dora_engine *engine, struct dora__bytes *bytes, size_t *begin, dora_error *error) {
    struct dora__asking asking = dora__engine_asking(engine, "saving");
    dora_status status = dora__engine_flush(engine, error);
    bytes->asking = &asking;
    if (status == DORA_OK && dora__state_save(&engine->facts, bytes, begin) != DORA_OK)
        status = dora__engine_fail_stopped(&asking, error);
    bytes->asking = NULL;
    return status;
}

dora_status dora_engine_save(dora_engine *engine, dora_write_fn write, void *context, dora_error *error) {
    if (!engine || !write)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no function to write with");
    struct dora__bytes bytes = {.memory = &engine->memory};
    size_t begin = 0;
    dora_status status = make_state(engine, &bytes, &begin, error);
    if (status == DORA_OK && write(context, bytes.data + begin, bytes.size - begin))
        status = dora__fail(error, DORA_ERROR_IO, "the caller's write function failed");
    dora__bytes_free(&bytes);
    return status;
}

dora_status dora_engine_save_file(dora_engine *engine, const char *path, dora_error *error) {
    if (!engine || !path)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no name of a file");
    struct dora__bytes bytes = {.memory = &engine->memory};
    size_t begin = 0;
    dora_status status = make_state(engine, &bytes, &begin, error);
    if (status == DORA_OK)
        status = dora__file_replace(&engine->memory, path, bytes.data + begin, bytes.size - begin, error);
    dora__bytes_free(&bytes);
    return status;
}

static dora_status take_options(const dora_merge_options *options, dora_merge_options *own, dora_error *error) {
    *own = (dora_merge_options){0};
    if (options && !dora__take_struct(own, sizeof *own, options))
        return dora__fail(error, DORA_ERROR_ARGUMENT,
                          "merge options: struct_size is not set, or a later version's field is");
    return DORA_OK;
}

/* Adds the facts, of which it is known that none is too late, and puts what both have forgotten in its place. */
static dora_status add_facts(dora_engine *into, const struct dora__facts *from, const struct dora__union *both) {
    struct dora__facts *facts = &into->facts;
    struct dora__frozen *before = facts->frozen;
    facts->frozen = NULL;
    dora_status status = dora__facts_merge(facts, from, &into->threads);
    facts->frozen = status == DORA_OK && both->frozen ? both->frozen : before;
    dora__frozen_free(facts->frozen == before ? both->frozen : before);
    if (status != DORA_OK || !both->frozen)
        return status;
    facts->merged = facts->records + facts->loaded - facts->rejected - dora__facts_count(facts);
    dora__engine_unsettle(into);
    return DORA_OK;
}

static dora_status merge(dora_engine *into, const struct dora__facts *from, bool again, dora_error *error) {
    if (!again && dora__inputs_overlap(&into->facts.inputs, &from->inputs))
        return dora__fail(error, DORA_ERROR_REPEATED, "both have read the same input, whose facts would count twice");
    struct dora__union both;
    dora_status status = dora__unite(&into->facts, from, &both);
    if (status == DORA_OK && both.misfit)
        return dora__fail(error, DORA_ERROR_STATE, "%s", both.misfit);
    if (status == DORA_OK && both.frozen && (status = dora__engine_adopt(into, both.frozen, error)) != DORA_OK) {
        dora__frozen_free(both.frozen);
        return status;
    }
    if (status == DORA_OK)
        status = add_facts(into, from, &both);
    if (status == DORA_ERROR_LIMIT)
        return dora__fail(error, status, "more than 4 billion facts or strings");
    return status == DORA_OK ? status : dora__fail_memory(error);
}

/* Whether an engine has nothing that loaded facts could meet, and no handle of a string is known to its caller. */
static bool is_new(const struct dora__facts *facts) {
    return facts->records == 0 && facts->loaded == 0 && facts->inputs.count == 0 && facts->services.count == 0 &&
           facts->strings.count == 0 && !facts->frozen;
}

dora_status dora_engine_load(dora_engine *engine, const void *bytes, size_t size, const dora_merge_options *options,
                             dora_error *error) {
    if (!engine || (!bytes && size))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no bytes");
    dora_merge_options own;
    struct dora__facts loaded;
    struct dora__asking asking = dora__engine_asking(engine, "loading");
    dora_status status = take_options(options, &own, error);
    if (status == DORA_OK)
        status = dora__engine_flush(engine, error);
    if (status != DORA_OK)
        return status;
    dora__facts_init(&loaded, &engine->memory);
    status = dora__state_load(&loaded, bytes, size, &asking, error);
    if (status == DORA_OK && is_new(&engine->facts)) {
        if ((status = dora__engine_adopt(engine, loaded.frozen, error)) != DORA_OK) {
            dora__facts_free(&loaded);
            return status;
        }
        dora__engine_unsettle(engine); /* it may have been asked while it was empty */
        struct dora__facts empty = engine->facts;
        engine->facts = loaded;
        loaded = empty;
    } else if (status == DORA_OK) {
        status = merge(engine, &loaded, own.again != 0, error);
    }
    dora__facts_free(&loaded);
    return status;
}

dora_status dora_engine_load_file(dora_engine *engine, const char *path, const dora_merge_options *options,
                                  dora_error *error) {
    if (!engine || !path)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no name of a file");
    struct dora__bytes bytes = {.memory = &engine->memory};
    bool missing;
    dora_status status = dora__file_read(path, &bytes, &missing, error);
    if (status == DORA_OK)
        status = dora_engine_load(engine, bytes.data, bytes.size, options, error);
    dora__bytes_free(&bytes);
    return status;
}

dora_status dora_engine_merge(dora_engine *into, dora_engine *from, const dora_merge_options *options,
                              dora_error *error) {
    if (!into || !from || into == from)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "two engines are needed");
    dora_merge_options own;
    dora_status status = take_options(options, &own, error);
    if (status == DORA_OK)
        status = dora__engine_flush(into, error);
    if (status == DORA_OK)
        status = dora__engine_flush(from, error);
    return status == DORA_OK ? merge(into, &from->facts, own.again != 0, error) : status;
}

int dora_is_state(const void *bytes, size_t size) {
    return bytes && size >= DORA__STATE_MAGIC_SIZE && !memcmp(bytes, dora__state_magic, DORA__STATE_MAGIC_SIZE);
}
