/* SPDX-License-Identifier: MIT */
/*
 * The public function that forgets, and the options that go with what was forgotten: an engine whose caller left one
 * alone takes it over from a state, since only under these do the samples hold.
 */
#include <dora/compact.h>

#include "engine.h"

#include "base/error.h"
#include "base/text.h"
#include "calendar/civil.h"
#include "calendar/date_text.h"
#include "derive/forget.h"

#include <string.h>

/* Why an engine can have nothing forgotten, or NULL. */
static const char *unfit(const dora_engine *engine) {
    return engine->linking.changes_by_time ? "changes by time cannot be compacted: what comes later restates the past"
           : engine->linking.infer_rollbacks
               ? "inferred rollbacks cannot be compacted: what comes later restates the past"
               : NULL;
}

/* Frozen facts of none, with the engine's options. NULL: out of memory. */
static struct dora__frozen *new_frozen(dora_engine *engine, int32_t day) {
    struct dora__frozen *frozen = dora__frozen_new(&engine->memory);
    if (!frozen)
        return NULL;
    frozen->before_day = day;
    frozen->before_us = dora__day_begin(engine->zone, day);
    frozen->attribution_us = engine->linking.attribution_us;
    if (dora__frozen_text(frozen, &frozen->production, &frozen->production_size, engine->production) &&
        dora__frozen_text(frozen, &frozen->zone, &frozen->zone_size, engine->zone_name))
        return frozen;
    dora__frozen_free(frozen);
    return NULL;
}

void dora__engine_unsettle(dora_engine *engine) {
    dora__kept_clear(&engine->kept);
    dora__standing_clear(&engine->standing);
    dora__derived_free(&engine->derived);
    engine->settled = false;
}

/* Puts the facts that stay in the place of all. */
static void replace(dora_engine *engine, struct dora__facts *kept) {
    dora__engine_unsettle(engine);
    dora__facts_free(&engine->facts);
    engine->facts = *kept;
}

dora_status dora_engine_compact(dora_engine *engine, const char *before, dora_error *error) {
    int32_t day;
    if (!engine || !before)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no day");
    if (!dora__parse_date(before, strlen(before), &day))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "before: \"%s\" is no date; one is written 2024-01-31",
                          dora__quote(before, strlen(before)).text);
    if (unfit(engine))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "%s", unfit(engine));
    if (engine->facts.frozen && day < engine->facts.frozen->before_day) {
        char date[DORA__NUMBER_ROOM];
        int size = (int)dora__format_date(date, engine->facts.frozen->before_day);
        return dora__fail(error, DORA_ERROR_ARGUMENT, "before: what was before %.*s is forgotten already", size, date);
    }
    dora_status status = dora__engine_settle(engine, error);
    if (status != DORA_OK)
        return status;
    struct dora__facts kept;
    dora__facts_init(&kept, &engine->memory);
    kept.frozen = new_frozen(engine, day);
    status = kept.frozen ? DORA_OK : DORA_ERROR_MEMORY;
    if (error)
        *error = (dora_error){0};
    if (status == DORA_OK)
        status = dora__forget(&engine->derived, &kept, error);
    if (status == DORA_OK) {
        replace(engine, &kept);
        return DORA_OK;
    }
    dora__facts_free(&kept);
    return status == DORA_ERROR_MEMORY  ? dora__fail_memory(error)
           : error && error->message[0] ? status
           : status == DORA_ERROR_LIMIT ? dora__fail(error, status, "too many facts")
                                        : dora__fail(error, status, "cancelled");
}

dora_status dora__engine_adopt(dora_engine *engine, const struct dora__frozen *frozen, dora_error *error) {
    if (!frozen)
        return DORA_OK;
    if (unfit(engine))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "the state is compacted: %s", unfit(engine));
    bool production = !strcmp(engine->production, frozen->production), zone = !strcmp(engine->zone_name, frozen->zone);
    bool attribution = engine->linking.attribution_us == frozen->attribution_us;
    const char *other = !production && engine->production_given     ? "production"
                        : !zone && engine->zone_given               ? "time zone"
                        : !attribution && engine->attribution_given ? "attribution"
                                                                    : NULL;
    if (other)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "the state was compacted with another %s than is asked for",
                          other);
    if (production && zone && attribution)
        return DORA_OK;
    dora__engine_unsettle(engine);
    return dora__engine_take(engine, frozen->production, frozen->zone, frozen->attribution_us, error);
}
