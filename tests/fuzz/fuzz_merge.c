/* SPDX-License-Identifier: MIT */
/*
 * Three engines of facts that the input makes, few ids and few values, so that they meet: merging is commutative and
 * associative, gives what adding all facts gives, and for facts with an id a second merge changes nothing. All to the
 * byte of the state.
 */
#include "facts.h"

#include <string.h>

enum { PARTS = 3, FACTS_MOST = 40 };

static dora_engine *new_engine(void) {
    dora_engine *engine;
    REQUIRE(dora_engine_new(NULL, &engine, NULL) == DORA_OK);
    return engine;
}

static void merge(dora_engine *into, dora_engine *from) {
    REQUIRE(dora_engine_merge(into, from, NULL, NULL) == DORA_OK);
}

/* As merge, by way of bytes. */
static void load(dora_engine *into, dora_engine *from) {
    struct bytes state = {0};
    fuzz_save(from, &state);
    REQUIRE(dora_engine_load(into, state.data, state.size, NULL, NULL) == DORA_OK);
    bytes_free(&state);
}

static void require_same(dora_engine *one, dora_engine *other) {
    struct bytes a = {0}, b = {0};
    fuzz_save(one, &a);
    fuzz_save(other, &b);
    REQUIRE(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    bytes_free(&a);
    bytes_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct fuzz_input input = {bytes, size};
    dora_engine *parts[PARTS], *all = new_engine(), *left = new_engine(), *right = new_engine(), *inner = new_engine();
    struct fuzz_fact facts[FACTS_MOST];
    int nameless = 0;
    for (int i = 0; i < PARTS; i++)
        parts[i] = new_engine();
    for (int i = 0; i < FACTS_MOST && input.size; i++) {
        int part = fuzz_below(&input, PARTS);
        fuzz_fact(&input, &facts[i]);
        dora_status status = dora_engine_add(parts[part], &facts[i].fact, 1, NULL);
        REQUIRE(status == DORA_OK || status == DORA_ERROR_INPUT);
        REQUIRE(dora_engine_add(all, &facts[i].fact, 1, NULL) == status);
        nameless |= status == DORA_OK && !facts[i].fact.id.size;
    }
    for (int i = 0; i < PARTS; i++)
        merge(left, parts[i]);
    load(inner, parts[1]);
    merge(inner, parts[0]);
    load(right, parts[2]);
    load(right, inner);
    require_same(all, left);
    require_same(all, right);
    if (!nameless) {
        merge(left, inner);
        require_same(all, left);
    }
    fuzz_use(left, fuzz_byte(&input));
    for (int i = 0; i < PARTS; i++)
        dora_engine_free(parts[i]);
    dora_engine_free(all);
    dora_engine_free(left);
    dora_engine_free(right);
    dora_engine_free(inner);
    return 0;
}
