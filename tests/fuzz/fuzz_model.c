/* SPDX-License-Identifier: MIT */
/*
 * A life of three engines, which the input tells: facts are added, some again, engines merged, put away as states and
 * loaded, asked, compacted, and dealt anew. Beside each engine goes a naive model of its facts. In the end an engine
 * that is told what the model says has the same state, unless that was compacted, and gives the same reports.
 */
#include "facts.h"
#include "model.h"

#include <dora/compact.h>

#include <string.h>

enum { ENGINES = 3, OPERATIONS_MOST = 60, FACTS_MOST = 40 };

enum operation { ADD, ADD_TO, ADD_MORE_TO, REPEAT, PUT_AWAY, LOAD, MERGE, ASK, DEAL, FORGET, COMPACT, OPERATIONS };

struct life {
    struct fuzz_input input;
    dora_engine *engines[ENGINES];
    struct model models[ENGINES];
    bool compacted[ENGINES];
    bool nameless; /* some fact has no id: of such that are forgotten, copies do not tell how many both have */
    struct fuzz_fact facts[FACTS_MOST]; /* that were added */
    int count;
};

static dora_engine *new_engine(uint8_t threads) {
    const dora_engine_options options = {.struct_size = sizeof options, .threads = threads};
    dora_engine *engine;
    REQUIRE(dora_engine_new(&options, &engine, NULL) == DORA_OK);
    return engine;
}

static dora_status load(dora_engine *into, dora_engine *from) {
    struct bytes state = {0};
    fuzz_save(from, &state);
    dora_status status = dora_engine_load(into, state.data, state.size, NULL, NULL);
    bytes_free(&state);
    return status;
}

/* The library says which facts can be; what they come to, the model. */
static void add(struct life *life, int which, const dora_fact *fact) {
    if (life->models[which].count == MODEL_FACTS_MOST)
        return;
    dora_status status = dora_engine_add(life->engines[which], fact, 1, NULL);
    REQUIRE(status == DORA_OK || status == DORA_ERROR_INPUT ||
            (status == DORA_ERROR_TOO_LATE && life->compacted[which]));
    life->nameless |= status == DORA_OK && !fact->id.size;
    if (status == DORA_OK)
        REQUIRE(model_add(&life->models[which], fact));
}

/* `meets`, if any, is a fact that the new one says more of. */
static void add_new(struct life *life, int which, const dora_fact *meets) {
    if (life->count == FACTS_MOST)
        return;
    struct fuzz_fact *made = &life->facts[life->count++];
    fuzz_fact(&life->input, made);
    if (meets) {
        made->fact.kind = meets->kind;
        made->fact.id = meets->id;
    }
    add(life, which, &made->fact);
}

static void put_away(struct life *life, int which) {
    dora_engine *loaded = new_engine(0);
    REQUIRE(load(loaded, life->engines[which]) == DORA_OK);
    dora_engine_free(life->engines[which]);
    life->engines[which] = loaded;
}

static void join(struct life *life, int into, int from, bool by_state) {
    bool compacted = life->compacted[into] || life->compacted[from];
    if (into == from || life->models[into].count + life->models[from].count > MODEL_FACTS_MOST ||
        (compacted && life->nameless))
        return;
    dora_status status = by_state ? load(life->engines[into], life->engines[from])
                                  : dora_engine_merge(life->engines[into], life->engines[from], NULL, NULL);
    REQUIRE(status == DORA_OK || (status == DORA_ERROR_STATE && compacted));
    if (status != DORA_OK)
        return;
    REQUIRE(model_merge(&life->models[into], &life->models[from]));
    life->compacted[into] |= life->compacted[from];
}

/* Some day around those of the facts, or any other. */
static void compact(struct life *life, int which) {
    char date[11];
    int32_t day = 19723 + (int32_t)fuzz_byte(&life->input) - 60;
    dora_date_format(day, date);
    dora_error error;
    dora_status status = dora_engine_compact(life->engines[which], date, &error);
    bool earlier = status == DORA_ERROR_ARGUMENT && strstr(error.message, "already");
    REQUIRE(status == DORA_OK || status == DORA_ERROR_LIMIT || (earlier && life->compacted[which]));
    life->compacted[which] |= status == DORA_OK;
}

/* All facts of the life, shuffled, one part each to two engines, which are merged: the third. */
static void deal(struct life *life, int which) {
    uint64_t random = (uint64_t)fuzz_byte(&life->input) + 1;
    dora_engine *half = new_engine(0), *whole = new_engine(fuzz_below(&life->input, 3));
    int order[FACTS_MOST];
    for (int i = 0; i < life->count; i++) {
        int place = (int)random_below(&random, (uint32_t)i + 1);
        order[i] = order[place];
        order[place] = i;
    }
    model_free(&life->models[which]);
    dora_engine_free(life->engines[which]);
    life->compacted[which] = false;
    for (int i = 0; i < life->count; i++) {
        life->engines[which] = random_below(&random, 2) ? half : whole;
        add(life, which, &life->facts[order[i]].fact);
    }
    REQUIRE(dora_engine_merge(whole, half, NULL, NULL) == DORA_OK);
    dora_engine_free(half);
    life->engines[which] = whole;
}

static void forget(struct life *life, int which) {
    model_free(&life->models[which]);
    dora_engine_free(life->engines[which]);
    life->engines[which] = new_engine(fuzz_below(&life->input, 3));
    life->compacted[which] = false;
}

static void operate(struct life *life) {
    int which = fuzz_below(&life->input, ENGINES);
    uint8_t choice = fuzz_byte(&life->input);
    const dora_fact *before = life->count ? &life->facts[choice / OPERATIONS % life->count].fact : NULL;
    switch ((enum operation)(choice % OPERATIONS)) {
    case REPEAT:
        if (before)
            add(life, which, before);
        break;
    case PUT_AWAY:
        put_away(life, which);
        break;
    case LOAD:
    case MERGE:
        join(life, which, fuzz_below(&life->input, ENGINES), choice % OPERATIONS == LOAD);
        break;
    case ASK:
        fuzz_use(life->engines[which], fuzz_byte(&life->input));
        break;
    case DEAL:
        deal(life, which);
        break;
    case FORGET:
        forget(life, which);
        break;
    case COMPACT:
        compact(life, which);
        break;
    case ADD:
        add_new(life, which, NULL);
        break;
    default:
        add_new(life, which, before);
    }
}

static void require_as_model(struct life *life, int which, uint8_t choice) {
    struct bytes state = {0}, told_state = {0}, report = {0}, told_report = {0};
    dora_engine *engine = life->engines[which], *told = new_engine(0);
    model_tell(&life->models[which], told, choice);
    fuzz_report(engine, choice, &report);
    fuzz_report(told, choice, &told_report);
    fuzz_save(engine, &state);
    fuzz_save(told, &told_state);
    REQUIRE(life->compacted[which] ||
            (state.size == told_state.size && memcmp(state.data, told_state.data, state.size) == 0));
    REQUIRE(report.size == told_report.size);
    REQUIRE(!report.size || memcmp(report.data, told_report.data, report.size) == 0);
    bytes_free(&state);
    bytes_free(&told_state);
    bytes_free(&report);
    bytes_free(&told_report);
    dora_engine_free(told);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct life life;
    life.input = (struct fuzz_input){bytes, size};
    life.count = 0;
    life.nameless = false;
    for (int i = 0; i < ENGINES; i++) {
        life.engines[i] = new_engine(0);
        life.compacted[i] = false;
    }
    for (int i = 0; i < OPERATIONS_MOST && life.input.size; i++)
        operate(&life);
    for (int i = 0; i < ENGINES; i++) {
        require_as_model(&life, i, (uint8_t)(size + (size_t)i * 37));
        dora_engine_free(life.engines[i]);
        model_free(&life.models[i]);
    }
    return 0;
}
