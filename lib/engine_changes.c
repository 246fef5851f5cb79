/* SPDX-License-Identifier: MIT */
/*
 * The public functions that tell what changed since a mark.
 */
#include "base/error.h"
#include "engine.h"
#include "query/mark.h"

static void init_mark(dora_mark *mark, dora_engine *engine, dora_group by) {
    *mark = (dora_mark){.memory = &engine->memory,
                        .facts = &engine->facts,
                        .by = by,
                        .secret = engine->facts.strings.key,
                        .strings = engine->facts.strings.key};
}

static dora_status fill(dora_mark *mark, dora_engine *engine, dora_error *error) {
    dora_status status = dora__engine_settle(engine, error);
    if (status != DORA_OK)
        return status;
    status = dora__mark_fill(mark, &engine->derived);
    if (status == DORA_ERROR_MEMORY)
        return dora__fail_memory(error);
    return status == DORA_OK ? status : dora__fail(error, status, "cancelled");
}

dora_status dora_mark_new(dora_engine *engine, dora_group by, int from_nothing, dora_mark **mark, dora_error *error) {
    if (mark)
        *mark = NULL;
    if (!engine || !mark)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, or nowhere to put the mark");
    if ((unsigned)by > DORA_GROUP_PRODUCT)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "by: no such group");
    dora_mark *made = dora__alloc(&engine->memory, 1, sizeof *made);
    if (!made)
        return dora__fail_memory(error);
    init_mark(made, engine, by);
    dora_status status = from_nothing ? DORA_OK : fill(made, engine, error);
    if (status == DORA_OK)
        *mark = made;
    else
        dora_mark_free(made);
    return status;
}

void dora_mark_free(dora_mark *mark) {
    if (!mark)
        return;
    dora__mark_clear(mark);
    dora__free(mark->memory, mark, 1, sizeof *mark);
}

dora_status dora_engine_changes(dora_engine *engine, dora_mark *mark, dora_moves *moves, dora_result **cells,
                                dora_error *error) {
    if (cells)
        *cells = NULL;
    if (!engine || !mark || !cells || mark->facts != &engine->facts)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, no mark of this engine, or nowhere to put the cells");
    dora_moves own = {0};
    if (moves && !dora__take_struct(&own, sizeof own, moves))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "moves: struct_size is not set, or a later version's field is");
    dora_mark now;
    init_mark(&now, engine, mark->by);
    now.secret = mark->secret;
    dora_status status = fill(&now, engine, error);
    if (status != DORA_OK)
        return status;
    bool renewed = mark->strings != now.strings; /* since facts were forgotten; what it noted names other strings */
    if (renewed)
        dora__mark_clear(mark);
    if (dora__mark_compare(mark, &now, &own, cells) != DORA_OK) {
        dora__mark_clear(&now);
        return dora__fail_memory(error);
    }
    dora__mark_clear(mark);
    *mark = now;
    if (moves) {
        moves->span = own.span;
        moves->grouping = own.grouping || renewed;
        moves->evidence = own.evidence;
    }
    return DORA_OK;
}
