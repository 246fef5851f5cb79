/* SPDX-License-Identifier: MIT */
/*
 * Forgetting changes nothing: of two engines that get the same random history as it comes in, one forgets again and
 * again what is past, and both answer the same to the byte. What the one refuses as too late the other does not get.
 * So it is through saved states, in copies that are merged, and in parts by service that are compacted apart.
 */
#include "../support/fixture.h"

#include <dora/compact.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FACTS = 240, DAYS = 60, IDS = 80, SERVICES = 3, SEEDS_DEFAULT = 12, FIRST_DAY = 19723 };

static const char *const services[SERVICES] = {"shop", "s\xc3\xb8k", "x,y"};
static const char *const environments[] = {"production", "Prod", "staging"};
static const char *const versions[] = {"v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8"};
static const char *const phase_names[] = {"planning", "building", "testing"};
static const char *const measures[] = {"complaints", "satisfaction", "adoption"};
static char ids[DORA_KIND_COUNT][IDS * DAYS][12];

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof *(array))

static unsigned seeds(void) {
    const char *wanted = getenv("DORA_SEEDS");
    return wanted && atoi(wanted) > 0 ? (unsigned)atoi(wanted) : SEEDS_DEFAULT;
}

/* A history as it comes in: facts mostly of the day they come in, which name what is of days near by. */
struct history {
    uint64_t state;
    int64_t now_us;
    unsigned day;
    const char *part; /* in front of ids, so that those of parts differ */
    uint32_t service; /* the only one; SERVICES: all */
};

static bool chance(struct history *history, uint32_t one_in) {
    return random_below(&history->state, one_in) == 0;
}

static dora_string absent(void) {
    return (dora_string){NULL, 0};
}

/* An id of a day near by. */
static dora_string near_id(struct history *history, dora_kind kind) {
    uint32_t back = random_below(&history->state, chance(history, 8) ? 20 : 3), day = history->day;
    day = back < day ? day - back : 0;
    uint32_t number = day * 3 + random_below(&history->state, 4);
    char *id = ids[kind][number];
    snprintf(id, sizeof ids[0][0], "%s%u-%" PRIu32, history->part, (unsigned)kind, number);
    return dora_string_of(id);
}

static dora_string perhaps_id(struct history *history, dora_kind kind, uint32_t one_in) {
    return chance(history, one_in) ? near_id(history, kind) : absent();
}

static int64_t near_time(struct history *history) {
    const int64_t hour_us = INT64_C(3600000000);
    int64_t back_us = (int64_t)random_below(&history->state, chance(history, 10) ? 24 * 15 : 30) * hour_us;
    return history->now_us - back_us + (int64_t)random_below(&history->state, 12) * hour_us +
           (chance(history, 3) ? 500 : 0);
}

static int64_t perhaps_time(struct history *history, uint32_t one_in) {
    return chance(history, one_in) ? near_time(history) : DORA_ABSENT;
}

static dora_string one_of(struct history *history, const char *const *texts, uint32_t count) {
    return dora_string_of(texts[random_below(&history->state, count)]);
}

static void set_list(struct history *history, const dora_string **list, size_t *count) {
    static dora_string items[64][4];
    static unsigned next;
    dora_string *own = items[next++ % 64];
    *count = random_below(&history->state, 3);
    for (size_t i = 0; i < *count; i++)
        own[i] = near_id(history, DORA_KIND_CHANGE);
    *list = own;
}

static void set_deployment(struct history *history, dora_fact *fact) {
    if (chance(history, 4))
        fact->environment = one_of(history, environments, COUNT(environments));
    fact->status = (int8_t)(chance(history, 4) ? (int)random_below(&history->state, 4) : DORA_UNKNOWN);
    fact->started_at = perhaps_time(history, 3);
    fact->finished_at = chance(history, 8) ? DORA_ABSENT : near_time(history);
    fact->version = chance(history, 3) ? one_of(history, versions, COUNT(versions)) : absent();
    fact->sha = perhaps_id(history, DORA_KIND_CHANGE, 2);
    if (!fact->sha.size)
        set_list(history, &fact->changes, &fact->changes_count);
    fact->committed_at = perhaps_time(history, 3);
    fact->release = perhaps_id(history, DORA_KIND_RELEASE, 12);
    fact->rollback_of = perhaps_id(history, DORA_KIND_DEPLOYMENT, 12);
    fact->failed = chance(history, 10) ? 1 : DORA_UNKNOWN;
    fact->rework = chance(history, 12) ? 1 : DORA_UNKNOWN;
    fact->restored_at = perhaps_time(history, 15);
    fact->rolled_back_at = perhaps_time(history, 30);
}

static void set_change(struct history *history, dora_fact *fact) {
    fact->committed_at = chance(history, 10) ? DORA_ABSENT : near_time(history);
    fact->opened_at = perhaps_time(history, 3);
    fact->first_review_at = perhaps_time(history, 4);
    fact->merged_at = perhaps_time(history, 3);
    fact->deployment = perhaps_id(history, DORA_KIND_DEPLOYMENT, 5);
    set_list(history, &fact->parents, &fact->parents_count);
}

static void set_release(struct history *history, dora_fact *fact) {
    fact->version = chance(history, 2) ? one_of(history, versions, COUNT(versions)) : absent();
    fact->category = chance(history, 5) ? dora_string_of("emergency") : absent();
    fact->started_at = perhaps_time(history, 2);
    fact->released_at = chance(history, 4) ? DORA_ABSENT : near_time(history);
    fact->rolled_back_at = perhaps_time(history, 10);
}

static void set_other(struct history *history, dora_fact *fact) {
    switch (fact->kind) {
    case DORA_KIND_INCIDENT:
        fact->opened_at = chance(history, 10) ? DORA_ABSENT : near_time(history);
        fact->resolved_at = chance(history, 3) ? DORA_ABSENT : near_time(history);
        fact->deployment = perhaps_id(history, DORA_KIND_DEPLOYMENT, 3);
        return;
    case DORA_KIND_PHASE:
        fact->name = one_of(history, phase_names, COUNT(phase_names));
        fact->started_at = near_time(history);
        fact->finished_at = chance(history, 4) ? DORA_ABSENT : near_time(history);
        fact->active = chance(history, 2);
        break;
    case DORA_KIND_DOWNTIME:
        fact->started_at = near_time(history);
        fact->ended_at = near_time(history);
        fact->deployment = perhaps_id(history, DORA_KIND_DEPLOYMENT, 2);
        break;
    case DORA_KIND_FEEDBACK:
        fact->measure = one_of(history, measures, COUNT(measures));
        fact->value_millionths = (int64_t)random_below(&history->state, 9000000) - 1000000;
        break;
    case DORA_KIND_FLAG:
        fact->enabled_at = chance(history, 6) ? DORA_ABSENT : near_time(history);
        fact->deployment = perhaps_id(history, DORA_KIND_DEPLOYMENT, 2);
        break;
    default:
        break;
    }
    fact->release = perhaps_id(history, DORA_KIND_RELEASE, 2);
}

static void set_service(struct history *history, dora_fact *fact) {
    static const char *const teams[] = {"red", "blue"};
    fact->id =
        history->service < SERVICES ? dora_string_of(services[history->service]) : one_of(history, services, SERVICES);
    fact->team = one_of(history, teams, COUNT(teams));
    fact->product = chance(history, 2) ? one_of(history, teams, COUNT(teams)) : absent();
}

static void make_fact(struct history *history, dora_fact *fact) {
    uint32_t of = random_below(&history->state, 2 * DORA_KIND_COUNT);
    dora_kind kind = of < DORA_KIND_COUNT ? (dora_kind)of : of % 2 ? DORA_KIND_DEPLOYMENT : DORA_KIND_CHANGE;
    bool nameless = kind == DORA_KIND_DEPLOYMENT || kind == DORA_KIND_PHASE || kind == DORA_KIND_FEEDBACK;
    dora_fact_init(fact, kind);
    if (kind == DORA_KIND_SERVICE) {
        set_service(history, fact);
        return;
    }
    bool has_service = kind <= DORA_KIND_RELEASE || kind == DORA_KIND_DOWNTIME || kind == DORA_KIND_FLAG;
    uint32_t service = history->service < SERVICES ? history->service : random_below(&history->state, SERVICES + 1);
    if (has_service && service < SERVICES)
        fact->service = dora_string_of(services[service]);
    fact->id = nameless && chance(history, 3) ? absent() : near_id(history, kind);
    if (kind == DORA_KIND_DEPLOYMENT)
        set_deployment(history, fact);
    else if (kind == DORA_KIND_CHANGE)
        set_change(history, fact);
    else if (kind == DORA_KIND_RELEASE)
        set_release(history, fact);
    else
        set_other(history, fact);
    fact->as_of = chance(history, 3) ? near_time(history) : DORA_ABSENT;
    fact->deleted = chance(history, 30) ? 1 : chance(history, 40) ? 0 : DORA_UNKNOWN;
}

static dora_engine *new_engine(const dora_engine_options *options) {
    dora_engine *engine;
    dora_error error;
    if (dora_engine_new(options, &engine, &error) != DORA_OK)
        fail_msg("%s", error.message);
    return engine;
}

/* All reports, and what became of the facts. */
static void answer(dora_engine *engine, struct bytes *out) {
    static const dora_query phases = {.struct_size = sizeof phases, .table = DORA_TABLE_PHASES};
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_NDJSON};
    dora_account account = {.struct_size = sizeof account};
    dora_name_count environment;
    dora_error error;
    dora_result *result = NULL;
    out->size = 0;
    if (fixture_answer(engine, NULL, out, &error) != DORA_OK ||
        dora_query_run(engine, &phases, &result, &error) != DORA_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dora_result_write(result, &options, bytes_append, out, &error), DORA_OK);
    dora_result_free(result);
    assert_int_equal(dora_engine_account(engine, &account, &error), DORA_OK);
    assert_true(account.records + account.loaded == account.facts + account.merged + account.rejected);
    bytes_append(out, account.dispositions, sizeof account.dispositions);
    for (size_t i = 0; dora_engine_environment(engine, i, &environment); i++) {
        assert_int_equal(environment.name.data[environment.name.size], 0);
        bytes_append(out, environment.name.data, environment.name.size);
        bytes_append(out, &environment.count, sizeof environment.count);
    }
}

static void assert_same(dora_engine *engine, dora_engine *other, const char *when, uint64_t seed) {
    struct bytes a = {0}, b = {0};
    answer(engine, &a);
    answer(other, &b);
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0)
        fail_msg("seed %" PRIu64 ": answers differ %s:\n%.*s\n--- and ---\n%.*s", seed, when, (int)a.size, a.data,
                 (int)b.size, b.data);
    bytes_free(&a);
    bytes_free(&b);
}

static void forget(dora_engine *engine, int32_t day, uint64_t seed) {
    char date[11];
    dora_error error;
    dora_date_format(day, date);
    if (dora_engine_compact(engine, date, &error) != DORA_OK)
        fail_msg("seed %" PRIu64 ", %s: %s", seed, date, error.message);
}

/* The engine that a state of it makes, in its place; its options come with the state where something was forgotten. */
static dora_engine *through_state(dora_engine *engine, uint64_t seed) {
    struct bytes state = {0}, again = {0};
    dora_engine *loaded = new_engine(NULL);
    dora_error error;
    assert_int_equal(dora_engine_save(engine, bytes_append, &state, &error), DORA_OK);
    assert_int_equal(fixture_answer(loaded, NULL, &again, &error), DORA_OK); /* what it says while empty is forgotten */
    again.size = 0;
    if (dora_engine_load(loaded, state.data, state.size, NULL, &error) != DORA_OK)
        fail_msg("seed %" PRIu64 ": %s (byte %" PRIu64 ")", seed, error.message, error.byte);
    assert_int_equal(dora_engine_save(loaded, bytes_append, &again, &error), DORA_OK);
    assert_int_equal(again.size, state.size);
    assert_memory_equal(again.data, state.data, state.size);
    bytes_free(&state);
    bytes_free(&again);
    dora_engine_free(engine);
    return loaded;
}

struct tally {
    unsigned accepted; /* once something was forgotten */
    unsigned refused;
    uint64_t forgotten;
};

/* Adds a fact to both, unless it is too late for the first. */
static void add(dora_engine *engine, dora_engine *other, const dora_fact *fact, struct tally *tally, bool counts) {
    dora_error error;
    dora_status status = dora_engine_add(engine, fact, 1, &error);
    if (status != DORA_ERROR_TOO_LATE) {
        assert_int_equal(status, DORA_OK);
        assert_int_equal(dora_engine_add(other, fact, 1, &error), DORA_OK);
    }
    if (counts)
        *(status == DORA_OK ? &tally->accepted : &tally->refused) += 1;
}

static void begin(struct history *history, dora_engine_options *options, uint64_t seed) {
    static const char *const zones[] = {NULL, "+05:30", "-08:00"};
    static const int64_t attributions[] = {0, DORA_ATTRIBUTION_EXPLICIT, DORA_ATTRIBUTION_UNLIMITED,
                                           INT64_C(86400000000)};
    *history = (struct history){.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1, .part = "", .service = SERVICES};
    *options =
        (dora_engine_options){.struct_size = sizeof *options,
                              .time_zone = zones[random_below(&history->state, COUNT(zones))],
                              .attribution_us = attributions[random_below(&history->state, COUNT(attributions))]};
}

static void move_on(struct history *history, unsigned fact) {
    const int64_t day_us = INT64_C(86400000000);
    history->day = fact * DAYS / FACTS;
    history->now_us = FIRST_DAY * day_us + (int64_t)fact * DAYS * (day_us / FACTS);
}

static void compare(uint64_t seed, bool states, struct tally *tally) {
    struct history history;
    dora_engine_options options;
    begin(&history, &options, seed);
    dora_engine *engine = new_engine(&options), *other = new_engine(&options);
    int32_t before = 0;
    for (unsigned i = 0; i < FACTS; i++) {
        dora_fact fact;
        move_on(&history, i);
        make_fact(&history, &fact);
        add(engine, other, &fact, tally, before != 0);
        if (random_below(&history.state, FACTS / 6))
            continue;
        int32_t day = FIRST_DAY + (int32_t)history.day - (int32_t)random_below(&history.state, 12);
        before = day > before ? day : before;
        assert_same(engine, other, "before forgetting", seed);
        forget(engine, before, seed);
        assert_same(engine, other, "after forgetting", seed);
        if (states)
            engine = through_state(engine, seed);
    }
    assert_same(engine, other, "at the end", seed);
    dora_account account = {.struct_size = sizeof account};
    dora_error error;
    assert_int_equal(dora_engine_account(engine, &account, &error), DORA_OK);
    tally->forgotten += account.forgotten;
    dora_engine_free(engine);
    dora_engine_free(other);
}

static void test_nothing_changes(void **unused) {
    (void)unused;
    struct tally tally = {0};
    for (unsigned seed = 1; seed <= seeds(); seed++)
        compare(seed, seed % 2, &tally);
    assert_true(tally.accepted > seeds() * FACTS / 5);
    assert_true(tally.refused > seeds());
    assert_true(tally.forgotten > seeds());
}

/* Two copies of a state, each with facts that came later, merged in both orders. Facts have ids, which tell what both
   have. */
static void merge_copies(uint64_t seed) {
    struct history history;
    dora_engine_options options;
    dora_error error;
    begin(&history, &options, seed);
    dora_engine *all = new_engine(&options), *engines[2] = {new_engine(&options), new_engine(&options)};
    struct tally tally = {0};
    for (unsigned i = 0; i < FACTS; i++) {
        dora_fact fact;
        move_on(&history, i);
        make_fact(&history, &fact);
        if (!fact.id.size)
            fact.id = near_id(&history, fact.kind);
        if (i < FACTS / 2) {
            for (int k = 0; k < 2; k++)
                assert_int_equal(dora_engine_add(engines[k], &fact, 1, &error), DORA_OK);
            assert_int_equal(dora_engine_add(all, &fact, 1, &error), DORA_OK);
        } else {
            add(engines[random_below(&history.state, 2)], all, &fact, &tally, true);
        }
        for (int k = 0; k < 2 && i == FACTS / 2; k++)
            forget(engines[k], FIRST_DAY + DAYS / 2 - 3, seed);
    }
    struct bytes states[2] = {{0}, {0}};
    for (int k = 0; k < 2; k++) {
        dora_engine *merged = new_engine(&options);
        dora_status status = dora_engine_merge(merged, engines[k], NULL, &error);
        if (status == DORA_OK)
            status = dora_engine_merge(merged, engines[!k], NULL, &error);
        if (status == DORA_OK)
            assert_same(merged, all, "after merging copies", seed);
        else
            assert_int_equal(status, DORA_ERROR_STATE); /* what one took is too late beside what the other took */
        if (status == DORA_OK)
            assert_int_equal(dora_engine_save(merged, bytes_append, &states[k], &error), DORA_OK);
        dora_engine_free(merged);
    }
    assert_int_equal(states[0].size, states[1].size);
    if (states[0].size)
        assert_memory_equal(states[0].data, states[1].data, states[0].size);
    for (int k = 0; k < 2; k++) {
        bytes_free(&states[k]);
        dora_engine_free(engines[k]);
    }
    dora_engine_free(all);
}

static void test_copies(void **unused) {
    (void)unused;
    for (unsigned seed = 1; seed <= seeds(); seed++)
        merge_copies(seed + 1000);
}

/* Parts of a history, a service each, compacted apart and then merged. */
static void merge_parts(uint64_t seed) {
    static const char *const parts[SERVICES] = {"a", "b", "c"};
    struct history history;
    dora_engine_options options;
    dora_error error;
    begin(&history, &options, seed);
    dora_engine *all = new_engine(&options), *merged = new_engine(&options);
    for (uint32_t part = 0; part < SERVICES; part++) {
        dora_engine *engine = new_engine(&options);
        struct tally tally = {0};
        history.part = parts[part];
        history.service = part;
        for (unsigned i = 0; i < FACTS / 2; i++) {
            dora_fact fact;
            move_on(&history, 2 * i);
            make_fact(&history, &fact);
            add(engine, all, &fact, &tally, true);
            if (i == FACTS / 3)
                forget(engine, FIRST_DAY + DAYS / 2, seed);
        }
        if (dora_engine_merge(merged, engine, NULL, &error) != DORA_OK)
            fail_msg("seed %" PRIu64 ": %s", seed, error.message);
        dora_engine_free(engine);
    }
    assert_same(merged, all, "after merging parts", seed);
    forget(merged, FIRST_DAY + DAYS / 2 + 10, seed);
    assert_same(merged, all, "after merging parts and forgetting more", seed);
    dora_engine_free(through_state(merged, seed));
    dora_engine_free(all);
}

static void test_parts(void **unused) {
    (void)unused;
    for (unsigned seed = 1; seed <= seeds(); seed++)
        merge_parts(seed + 2000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changes),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
