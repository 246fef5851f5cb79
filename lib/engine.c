/* SPDX-License-Identifier: MIT */
/*
 * The public functions of engines: arguments are checked here, then a floor does the work. An engine settles, that is
 * derives what follows from its facts, when it is asked something after facts were added.
 */
#include "engine.h"

#include "base/error.h"
#include "read/arrow.h"
#include "read/reader.h"

#include <string.h>

const char *dora_version(void) {
    return DORA_VERSION_STRING;
}

void dora_fact_init(dora_fact *fact, dora_kind kind) {
    memset(fact, 0, sizeof *fact);
    fact->struct_size = sizeof *fact;
    fact->kind = kind;
    fact->deleted = fact->status = fact->rework = fact->failed = fact->active = DORA_UNKNOWN;
    for (int field = 0; field < DORA__FIELDS; field++)
        if (dora__fields[field].type == DORA__INSTANT || dora__fields[field].type == DORA__NUMBER) {
            const int64_t absent = DORA_ABSENT;
            memcpy((char *)fact + dora__fields[field].offset, &absent, sizeof absent);
        }
}

/* A copy of text, lower case where it is `lowered`. NULL: out of memory. */
static char *copy_text(dora_engine *engine, const char *text, bool lowered) {
    size_t size = strlen(text) + 1;
    char *copy = dora__alloc(&engine->memory, size, 1);
    for (size_t i = 0; copy && i < size; i++)
        copy[i] = (char)(lowered && text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
    return copy;
}

static void put_text(dora_engine *engine, char **text, size_t *size, char *copy) {
    dora__free(&engine->memory, *text, *size, 1);
    *text = copy;
    *size = strlen(copy) + 1;
}

dora_status dora__engine_take(dora_engine *engine, const char *production, const char *zone_name,
                              int64_t attribution_us, dora_error *error) {
    struct dora__zone *zone;
    dora_status status = dora__zone_new(&engine->memory, zone_name, engine->zone_folder, &zone, error);
    if (status != DORA_OK)
        return status;
    char *names = copy_text(engine, production, true);
    char *name = copy_text(engine, strcmp(zone_name, "Z") ? zone_name : "UTC", false);
    if (!names || !name) {
        dora__free(&engine->memory, names, names ? strlen(names) + 1 : 0, 1);
        dora__free(&engine->memory, name, name ? strlen(name) + 1 : 0, 1);
        dora__zone_free(zone);
        return dora__fail_memory(error);
    }
    put_text(engine, &engine->production, &engine->production_size, names);
    put_text(engine, &engine->zone_name, &engine->zone_name_size, name);
    dora__zone_free(engine->zone);
    engine->zone = zone;
    engine->linking.production = engine->production;
    engine->linking.zone = zone;
    engine->linking.attribution_us = attribution_us;
    return DORA_OK;
}

static dora_status take_options(dora_engine *engine, const dora_engine_options *options, dora_error *error) {
    if ((unsigned)options->changes > DORA_CHANGES_TIME)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "changes: no such value");
    if (options->attribution_us < DORA_ATTRIBUTION_EXPLICIT)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "attribution: a negative time");
    if (options->threads > DORA__THREADS_MOST)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "threads: at most %d", (int)DORA__THREADS_MOST);
    const char *production = options->production ? options->production : "production,prod,live";
    if (!*production || strlen(production) > 65536)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "production: names separated by commas are wanted");
    if (options->zone_folder) {
        if (!(engine->zone_folder = copy_text(engine, options->zone_folder, false)))
            return dora__fail_memory(error);
        engine->zone_folder_size = strlen(engine->zone_folder) + 1;
    }
    engine->production_given = options->production != NULL;
    engine->zone_given = options->time_zone != NULL;
    engine->attribution_given = options->attribution_us != 0;
    engine->linking = (struct dora__linking){
        .changes_by_time = options->changes == DORA_CHANGES_TIME,
        .infer_rollbacks = options->infer_rollbacks != 0,
        .progress = options->progress,
        .progress_context = options->progress_context,
        .threads = &engine->threads,
    };
    return dora__engine_take(engine, production, options->time_zone ? options->time_zone : "UTC",
                             options->attribution_us ? options->attribution_us : 7 * DORA__US_PER_DAY, error);
}

dora_status dora_engine_new(const dora_engine_options *options, dora_engine **engine, dora_error *error) {
    if (!engine)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "nowhere to put the engine");
    *engine = NULL;
    dora_engine_options own = {0};
    if (options && !dora__take_struct(&own, sizeof own, options))
        return dora__fail(error, DORA_ERROR_ARGUMENT,
                          "engine options: struct_size is not set, or a later version's field is");
    const dora_allocator *allocator = own.allocator;
    if (allocator && !(allocator->allocate && allocator->reallocate && allocator->release))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "allocator: all three functions are needed");
    struct dora__memory memory;
    dora__memory_init(&memory, allocator);
    dora_engine *made = dora__alloc_zeroed(&memory, 1, sizeof *made);
    if (!made)
        return dora__fail_memory(error);
    made->memory = memory;
    bool lockable = !allocator || own.threads < 2 || dora__memory_lock(&made->memory);
    dora__threads_init(&made->threads, &made->memory, own.threads);
    dora__facts_init(&made->facts, &made->memory);
    dora_status status = lockable ? take_options(made, &own, error) : dora__fail_memory(error);
    if (status == DORA_OK)
        *engine = made;
    else
        dora_engine_free(made);
    return status;
}

void dora_engine_free(dora_engine *engine) {
    if (!engine)
        return;
    struct dora__memory memory = engine->memory;
    dora__standing_clear(&engine->standing);
    dora__kept_clear(&engine->kept);
    dora__derived_free(&engine->derived);
    dora__items_free(&engine->items, &engine->memory);
    dora__pending_free(engine->pending, &engine->memory);
    dora__facts_free(&engine->facts);
    dora__zone_free(engine->zone);
    dora__free(&memory, engine->production, engine->production_size, 1);
    dora__free(&memory, engine->zone_name, engine->zone_name_size, 1);
    dora__free(&memory, engine->zone_folder, engine->zone_folder_size, 1);
    dora__threads_free(&engine->threads);
    dora__memory_unlock(&memory);
    dora__free(&memory, engine, 1, sizeof *engine);
}

static dora_status fail_field(dora_engine *engine, dora_error *error, dora_status status, enum dora__field field,
                              const char *reason) {
    if (status == DORA_ERROR_MEMORY)
        return dora__fail_memory(error);
    if (status == DORA_ERROR_TOO_LATE) {
        engine->facts.records++;
        engine->facts.rejected++;
        engine->facts.too_late++;
        return dora__fail(error, status, "%s", engine->facts.late);
    }
    if (status == DORA_ERROR_LIMIT)
        return dora__fail(error, status, "more than 4 billion facts or strings");
    return dora__fail(error, status, "%s: %s", dora__fields[field].name, reason);
}

static dora_status fail_fact(dora_engine *engine, dora_error *error, dora_status status, size_t index,
                             enum dora__field field, const char *reason) {
    fail_field(engine, error, status, field, reason);
    if (error)
        error->record = index + 1;
    return status;
}

dora_status dora_engine_add(dora_engine *engine, const dora_fact *facts, size_t count, dora_error *error) {
    if (!engine || (!facts && count))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no facts");
    const char *at = (const char *)facts;
    size_t stride = count ? dora__facts_stride(facts) : 0;
    if (count && !stride)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "fact: struct_size is not set; see dora_fact_init");
    for (size_t i = 0; i < count; i++, at += stride) {
        dora_fact own;
        const dora_fact *fact = dora__fact_at(at, stride, &own);
        enum dora__field field = DORA__KIND;
        const char *reason = "";
        if (!fact)
            return fail_fact(engine, error, DORA_ERROR_INPUT, i, field, "a later version's field is set");
        dora_status status =
            dora__record_from_fact(&engine->facts, &engine->record, &engine->items, fact, &field, &reason);
        if (status == DORA_OK)
            status = dora__facts_put(&engine->facts, &engine->record);
        if (status != DORA_OK)
            return fail_fact(engine, error, status, i, field, reason);
    }
    return DORA_OK;
}

dora_status dora_engine_service(dora_engine *engine, dora_string name, uint32_t *service, dora_error *error) {
    if (!engine || !service)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, or nowhere to put the number");
    const char *reason = "";
    dora_status status = dora__service_handle(&engine->facts, name, service, &reason);
    return status == DORA_OK ? status : fail_field(engine, error, status, DORA__SERVICE_NAME, reason);
}

void dora_deployment_init(dora_deployment *deployment) {
    *deployment = (dora_deployment){.struct_size = sizeof *deployment,
                                    .failed = DORA_UNKNOWN,
                                    .rework = DORA_UNKNOWN,
                                    .finished_at = DORA_ABSENT,
                                    .committed_at = DORA_ABSENT,
                                    .restored_at = DORA_ABSENT};
}

/* A deployment of an earlier or later version's size, as one of ours. False: it cannot be. */
static bool take_deployment(dora_deployment *own, const dora_deployment *given) {
    size_t known = given->struct_size < sizeof *own ? given->struct_size : sizeof *own;
    if (given->struct_size < sizeof given->struct_size || given->struct_size > 4096)
        return false;
    dora_deployment_init(own);
    memcpy(own, given, known);
    for (size_t i = known; i < given->struct_size; i++)
        if (((const char *)given)[i])
            return false;
    return true;
}

dora_status dora_engine_add_deployment(dora_engine *engine, const dora_deployment *deployment, dora_error *error) {
    if (!engine || !deployment)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no deployment");
    dora_deployment own;
    if (deployment->struct_size != sizeof own) {
        if (!take_deployment(&own, deployment))
            return dora__fail(error, DORA_ERROR_ARGUMENT,
                              "deployment: struct_size is not set, or a later version's field is");
        deployment = &own;
    }
    enum dora__field field = DORA__KIND;
    const char *reason = "";
    if (!engine->pending && !(engine->pending = dora__pending_new(&engine->memory)))
        return dora__fail_memory(error);
    dora_status status = dora__pending_add(engine->pending, &engine->facts, deployment, &field, &reason);
    return status == DORA_OK ? status : fail_field(engine, error, status, field, reason);
}

dora_status dora_reader_new(dora_engine *engine, const dora_reader_options *options, dora_reader **reader,
                            dora_error *error) {
    if (reader)
        *reader = NULL;
    if (!engine || !reader)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, or nowhere to put the reader");
    dora_reader_options own = {0};
    if (options && !dora__take_struct(&own, sizeof own, options))
        return dora__fail(error, DORA_ERROR_ARGUMENT,
                          "reader options: struct_size is not set, or a later version's field is");
    dora_status status = dora__reader_new(&engine->facts, &own, reader, error);
    bool alone = own.source || own.mapping || engine->facts.frozen; /* read by one thread */
    if (status == DORA_OK && !alone && !(*reader)->giving)
        (*reader)->threads = &engine->threads;
    return status;
}

static struct dora__arrow_target arrow_target(dora_engine *engine) {
    if (!engine)
        return (struct dora__arrow_target){0};
    return (struct dora__arrow_target){&engine->facts, engine->linking.progress, engine->linking.progress_context};
}

dora_status dora_engine_add_arrow(dora_engine *engine, struct ArrowArrayStream *stream,
                                  const dora_arrow_options *options, dora_error *error) {
    struct dora__arrow_target target = arrow_target(engine);
    return dora__add_arrow(&target, stream, options, error);
}

dora_status dora_engine_add_arrow_array(dora_engine *engine, struct ArrowArray *array, struct ArrowSchema *schema,
                                        const dora_arrow_options *options, dora_error *error) {
    struct dora__arrow_target target = arrow_target(engine);
    return dora__add_arrow_array(&target, array, schema, options, error);
}

/* Follows what was added since it was settled, where that is simple. */
static dora_status follow(dora_engine *engine, bool *done) {
    uint32_t first = engine->derived.deployments;
    dora_status status = dora__derive_more(&engine->derived, done);
    if (status == DORA_OK && *done && !dora__standing_follow(&engine->standing, &engine->derived, first))
        dora__standing_clear(&engine->standing); /* to be gathered anew when asked for */
    return status;
}

dora_status dora__engine_flush(dora_engine *engine, dora_error *error) {
    dora_status status = engine->pending ? dora__pending_flush(engine->pending, &engine->facts) : DORA_OK;
    return status == DORA_OK ? status : fail_field(engine, error, status, DORA__KIND, "");
}

dora_status dora__engine_settle(dora_engine *engine, dora_error *error) {
    dora_status put = dora__engine_flush(engine, error);
    if (put != DORA_OK)
        return put;
    uint64_t accepted = engine->facts.records + engine->facts.loaded - engine->facts.rejected;
    bool followed = false;
    if (engine->settled && engine->settled_records == accepted)
        return DORA_OK;
    dora__kept_clear(&engine->kept);
    dora_status status = engine->settled ? follow(engine, &followed) : DORA_OK;
    engine->settled = followed;
    if (!followed) {
        dora__standing_clear(&engine->standing);
        dora__derived_free(&engine->derived);
        if (status == DORA_OK)
            status = dora__derive(&engine->derived, &engine->facts, &engine->linking);
    }
    if (status != DORA_OK) {
        dora__derived_free(&engine->derived);
        return status == DORA_ERROR_MEMORY ? dora__fail_memory(error) : dora__fail(error, status, "cancelled");
    }
    engine->settled = true;
    engine->settled_records = accepted;
    return DORA_OK;
}

dora_status dora_engine_account(dora_engine *engine, dora_account *account, dora_error *error) {
    dora_account own;
    if (!engine || !account || !dora__take_struct(&own, sizeof own, account))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "account: no engine, or struct_size is not set");
    dora_status status = dora__engine_settle(engine, error);
    if (status != DORA_OK)
        return status;
    const struct dora__facts *facts = &engine->facts;
    own.records = facts->records;
    own.loaded = facts->loaded;
    own.merged = facts->merged;
    own.rejected = facts->rejected;
    own.too_late = facts->too_late;
    own.forgotten = facts->frozen ? facts->frozen->forgotten : 0;
    own.compacted = facts->frozen != NULL;
    own.before_day = facts->frozen ? facts->frozen->before_day : 0;
    own.items = facts->items;
    own.silent = facts->silent;
    own.facts = facts->records + facts->loaded - facts->merged - facts->rejected;
    own.unknown_fields = facts->unknown.total;
    memcpy(own.dispositions, engine->derived.account, sizeof own.dispositions);
    memcpy(account, &own, account->struct_size < sizeof own ? account->struct_size : sizeof own);
    return DORA_OK;
}

const char *dora_disposition_name(dora_disposition disposition) {
    static const char *const names[DORA_DISPOSITION_COUNT] = {
        [DORA_COUNTED] = "counted",
        [DORA_FAILED_ATTEMPT] = "failed_attempt",
        [DORA_CANCELED] = "canceled",
        [DORA_IN_PROGRESS] = "in_progress",
        [DORA_NOT_PRODUCTION] = "not_production",
        [DORA_UNDATED] = "undated",
        [DORA_BASELINE] = "baseline",
        [DORA_UNDEPLOYED] = "undeployed",
        [DORA_NEGATIVE] = "negative",
        [DORA_NO_COMMIT_TIME] = "no_commit_time",
        [DORA_EXPLICIT] = "explicit",
        [DORA_BY_TIME] = "by_time",
        [DORA_UNATTRIBUTED] = "unattributed",
        [DORA_UNKNOWN_DEPLOYMENT] = "unknown_deployment",
        [DORA_NO_TIME] = "no_time",
        [DORA_INCOMPLETE] = "incomplete",
        [DORA_DELETED] = "deleted",
    };
    return (unsigned)disposition < DORA_DISPOSITION_COUNT ? names[disposition] : NULL;
}

int dora_engine_unknown_field(const dora_engine *engine, size_t index, dora_name_count *field) {
    if (!engine || !field || index >= engine->facts.unknown.count)
        return 0;
    const struct dora__unknown_name *name = &engine->facts.unknown.names[index];
    *field = (dora_name_count){{name->data, name->size}, name->count};
    return 1;
}

int dora_engine_environment(const dora_engine *engine, size_t index, dora_name_count *environment) {
    if (!engine || !environment || !engine->settled || index >= engine->derived.environments_count)
        return 0;
    const struct dora__environment *found = &engine->derived.environments[index];
    environment->name =
        found->name ? dora__pool_get(&engine->facts.strings, found->name) : dora_string_of("production");
    environment->count = found->count;
    return 1;
}

static dora_status answer(dora_engine *engine, const dora_query *query, dora_rows_fn rows, void *context,
                          dora_result **result, dora_error *error) {
    struct dora__plan *plan = dora__alloc(&engine->memory, 1, sizeof *plan);
    if (!plan)
        return dora__fail_memory(error);
    dora_status status = dora__plan_make(plan, query, error);
    if (status == DORA_OK)
        status = dora__engine_settle(engine, error);
    if (status == DORA_OK)
        status =
            dora__run_query(plan, &engine->derived, &engine->standing, &engine->kept, rows, context, result, error);
    dora__free(&engine->memory, plan, 1, sizeof *plan);
    return status;
}

dora_status dora_query_run(dora_engine *engine, const dora_query *query, dora_result **result, dora_error *error) {
    if (result)
        *result = NULL;
    if (!engine || !query || !result)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, no query or nowhere to put the result");
    return answer(engine, query, NULL, NULL, result, error);
}

dora_status dora_query_each(dora_engine *engine, const dora_query *query, dora_rows_fn rows, void *context,
                            dora_error *error) {
    if (!engine || !query || !rows)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, no query or no function for the rows");
    return answer(engine, query, rows, context, NULL, error);
}
