/* SPDX-License-Identifier: MIT */
/*
 * Bytes as a state: as they are, and with the checksums that they should have, so that what lies behind these is
 * reached. Memory is bounded by the size of the input; what loads is saved, asked, merged and compacted.
 */
#include "fuzz.h"

#include "../support/heap.h"
#include "../support/reseal.h"

#include <dora/compact.h>

#include <stdlib.h>
#include <string.h>

/* A column takes a block of rows however few it has: so many bytes of each kind that occurs. */
enum { BYTES_A_BYTE = 1000, BYTES_MORE = 32 << 20, INPUT_MOST = 1 << 16 };

static void use_loaded(dora_engine *engine) {
    struct bytes saved = {0}, merged = {0};
    dora_engine *other;
    const dora_merge_options again = {.struct_size = sizeof again, .again = 1};
    fuzz_save(engine, &saved);
    REQUIRE(dora_engine_new(NULL, &other, NULL) == DORA_OK);
    REQUIRE(dora_engine_merge(other, engine, NULL, NULL) == DORA_OK);
    fuzz_save(other, &merged);
    REQUIRE(saved.size == merged.size && memcmp(saved.data, merged.data, saved.size) == 0);
    dora_status status = dora_engine_merge(other, engine, &again, NULL);
    REQUIRE(status == DORA_OK || status == DORA_ERROR_LIMIT || status == DORA_ERROR_STATE); /* forgotten, and there */
    fuzz_use(other, (uint8_t)(saved.size >> 2));
    fuzz_use(engine, (uint8_t)saved.size);
    status = dora_engine_compact(engine, saved.size & 1 ? "2024-03-15" : "2030-01-01", NULL);
    REQUIRE(status == DORA_OK || status == DORA_ERROR_ARGUMENT || status == DORA_ERROR_LIMIT);
    if (status == DORA_OK)
        fuzz_use(engine, (uint8_t)(saved.size >> 1));
    dora_engine_free(other);
    bytes_free(&saved);
    bytes_free(&merged);
}

static void load(const uint8_t *bytes, size_t size) {
    struct heap heap = {0};
    dora_allocator allocator = heap_allocator(&heap);
    const dora_engine_options options = {.struct_size = sizeof options, .allocator = &allocator};
    dora_engine *engine;
    dora_error error;
    REQUIRE(dora_engine_new(&options, &engine, NULL) == DORA_OK);
    dora_status status = dora_engine_load(engine, bytes, size, NULL, &error);
    fuzz_check_error(status, &error);
    REQUIRE(heap.most <= size * BYTES_A_BYTE + BYTES_MORE);
    REQUIRE(status != DORA_ERROR_STATE || error.byte <= size);
    if (status == DORA_OK)
        use_loaded(engine);
    dora_engine_free(engine);
    REQUIRE(heap.blocks == 0 && heap.bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size > INPUT_MOST)
        return 0;
    load(bytes, size);
    uint8_t *copy = malloc(size ? size : 1);
    REQUIRE(copy);
    memcpy(copy, bytes, size);
    if (reseal(copy, size))
        load(copy, size);
    free(copy);
    return 0;
}
