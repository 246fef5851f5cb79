/* SPDX-License-Identifier: MIT */
/*
 * A state that holds every kind of section, spoilt in every bit and cut at every byte, with the checksums as they were
 * and made to fit: loading says so or gives facts that can be asked, merged and saved, and takes no more memory than it
 * promises. What loads has a state of its own that stands.
 */
#include "../support/fixture.h"
#include "../support/heap.h"
#include "../support/reseal.h"
#include "base/little.h"
#include "state/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    COUNT = 60,
    FEW = 3,
    MEMORY_A_BYTE = 1000,
    MEMORY_ALWAYS = 32 << 20, /* a column has room for a block of rows, however few there are */
    MEET_EVERY = 11,          /* of the states that load: merging takes longer, too */
    ASK_EVERY = 97            /* of the states that load: asking takes much longer than loading */
};

static struct bytes whole;
static size_t loaded_count;

static dora_engine *new_engine(const dora_allocator *allocator) {
    const dora_engine_options options = {.struct_size = sizeof options, .allocator = allocator};
    dora_engine *engine;
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    return engine;
}

/* The first facts of each kind, since every byte of the state is tried many times; returns how many. */
static size_t keep_few(dora_fact *facts) {
    size_t seen[DORA_KIND_COUNT] = {0}, count = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (seen[facts[i].kind]++ < FEW)
            facts[count++] = facts[i];
    return count;
}

static int make_whole(void **unused) {
    (void)unused;
    static const char input[] = "service,finished_at,rework\nshop,2024-01-05,\nshop,1950-01-05T00:00:00.000001Z,true\n";
    const dora_reader_options once = {.struct_size = sizeof once, .once = DORA_ONCE};
    dora_fact *facts = fixture_facts(11, COUNT, 1);
    size_t count = keep_few(facts);
    dora_engine *engine = new_engine(NULL);
    dora_reader *reader;
    for (size_t i = 0; i < count; i++)
        if (i % 3 == 0)
            facts[i].as_of = INT64_C(1704067200000000) + (int64_t)i;
    facts[7].deleted = facts[8].deleted = 1;
    assert_int_equal(dora_engine_add(engine, facts, count, NULL), DORA_OK);
    for (size_t i = 0; i < count; i++) { /* some once more without an id */
        facts[i].id = (dora_string){NULL, 0};
        if (!dora__kinds[facts[i].kind].needs_id)
            assert_int_equal(dora_engine_add(engine, &facts[i], 1, NULL), DORA_OK);
    }
    assert_int_equal(dora_reader_new(engine, &once, &reader, NULL), DORA_OK);
    assert_int_equal(dora_reader_feed(reader, input, sizeof input - 1, NULL), DORA_OK);
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    dora_reader_free(reader);
    assert_int_equal(dora_engine_save(engine, bytes_append, &whole, NULL), DORA_OK);
    dora_engine_free(engine);
    free(facts);
    return 0;
}

static int free_whole(void **unused) {
    (void)unused;
    bytes_free(&whole);
    return 0;
}

/* An engine with facts from a state that passed: everything can be done with it, and its state stands. */
static void use(dora_engine *engine) {
    struct bytes first = {0}, second = {0}, answer = {0};
    assert_int_equal(dora_engine_save(engine, bytes_append, &first, NULL), DORA_OK);
    dora_engine *again = new_engine(NULL), *merged = new_engine(NULL);
    assert_int_equal(dora_engine_load(again, first.data, first.size, NULL, NULL), DORA_OK);
    assert_int_equal(dora_engine_merge(merged, again, NULL, NULL), DORA_OK);
    assert_int_equal(dora_engine_save(merged, bytes_append, &second, NULL), DORA_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    dora_status status = fixture_answer(engine, NULL, &answer, NULL);
    assert_true(status == DORA_OK || status == DORA_ERROR_LIMIT); /* a span of thousands of years */
    dora_engine_free(merged);
    dora_engine_free(again);
    bytes_free(&answer);
    bytes_free(&second);
    bytes_free(&first);
}

/* What loads has a state that stands, and can be met by other facts. */
static void check_stable(dora_engine *engine) {
    struct bytes first = {0}, second = {0}, met = {0}, turned = {0};
    dora_engine *again = new_engine(NULL), *other = new_engine(NULL);
    const dora_merge_options options = {.struct_size = sizeof options, .again = 1};
    assert_int_equal(dora_engine_save(engine, bytes_append, &first, NULL), DORA_OK);
    assert_int_equal(dora_engine_load(again, first.data, first.size, NULL, NULL), DORA_OK);
    assert_int_equal(dora_engine_save(again, bytes_append, &second, NULL), DORA_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    assert_int_equal(dora_engine_load(other, whole.data, whole.size, NULL, NULL), DORA_OK);
    assert_int_equal(dora_engine_merge(other, engine, &options, NULL), DORA_OK);
    assert_int_equal(dora_engine_load(again, whole.data, whole.size, &options, NULL), DORA_OK);
    assert_int_equal(dora_engine_save(other, bytes_append, &met, NULL), DORA_OK);
    assert_int_equal(dora_engine_save(again, bytes_append, &turned, NULL), DORA_OK);
    assert_int_equal(met.size, turned.size);
    assert_memory_equal(met.data, turned.data, met.size);
    dora_engine_free(other);
    dora_engine_free(again);
    bytes_free(&first);
    bytes_free(&second);
    bytes_free(&met);
    bytes_free(&turned);
}

static void try_load(const void *bytes, size_t size) {
    struct heap heap = {0};
    dora_allocator allocator = heap_allocator(&heap);
    dora_engine *engine = new_engine(&allocator);
    dora_error error;
    dora_status status = dora_engine_load(engine, bytes, size, NULL, &error);
    assert_true(heap.most <= size * MEMORY_A_BYTE + MEMORY_ALWAYS);
    if (status == DORA_OK && loaded_count % MEET_EVERY == 0)
        check_stable(engine);
    if (status == DORA_OK && loaded_count++ % ASK_EVERY == 0)
        use(engine);
    if (status != DORA_OK) {
        dora_account account = {.struct_size = sizeof account};
        assert_int_equal(status, DORA_ERROR_STATE);
        assert_true(error.byte <= size && error.message[0]);
        assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
        assert_int_equal(account.facts + account.loaded, 0);
    }
    dora_engine_free(engine);
    assert_int_equal(heap.blocks, 0);
}

static void test_every_bit(void **unused) {
    (void)unused;
    try_every_bit(whole.data, whole.size, try_load);
    assert_true(loaded_count > ASK_EVERY);
}

static void test_every_length(void **unused) {
    (void)unused;
    try_every_length(whole.data, whole.size, try_load);
}

static void test_several_bytes(void **unused) {
    (void)unused;
    uint64_t state = 3;
    uint8_t *bytes = malloc(whole.size);
    for (int round = 0; round < 800; round++) {
        memcpy(bytes, whole.data, whole.size);
        size_t at = random_below(&state, (uint32_t)whole.size), count = 1 + random_below(&state, 4);
        for (size_t i = at; i < at + count && i < whole.size; i++)
            bytes[i] = (uint8_t)random_below(&state, 256);
        try_copy(bytes, whole.size, true, try_load);
    }
    free(bytes);
}

/* The state with a section of a kind that nobody knows behind the others, and another minor version. */
static dora_status load_with_section(uint32_t flags) {
    enum { MORE = 5, UNKNOWN = 200 };
    size_t head = DORA__STATE_HEAD_SIZE + dora__little_32((uint8_t *)whole.data + 12) * DORA__STATE_ENTRY_SIZE;
    uint8_t *bytes = calloc(1, whole.size + DORA__STATE_ENTRY_SIZE + MORE);
    memcpy(bytes, whole.data, head);
    memcpy(bytes + head + DORA__STATE_ENTRY_SIZE, whole.data + head, whole.size - head);
    dora__put_little_32(bytes + 8, DORA__STATE_MAJOR | 7 << 16);
    dora__put_little_32(bytes + 12, dora__little_32(bytes + 12) + 1);
    dora__put_little_32(bytes + head, UNKNOWN);
    dora__put_little_32(bytes + head + 4, flags);
    dora__put_little_64(bytes + head + 8, MORE);
    assert_true(reseal(bytes, whole.size + DORA__STATE_ENTRY_SIZE + MORE));
    dora_engine *engine = new_engine(NULL);
    struct bytes state = {0};
    dora_status status = dora_engine_load(engine, bytes, whole.size + DORA__STATE_ENTRY_SIZE + MORE, NULL, NULL);
    assert_int_equal(dora_engine_save(engine, bytes_append, &state, NULL), DORA_OK);
    if (status == DORA_OK)
        assert_memory_equal(state.data, whole.data, whole.size);
    bytes_free(&state);
    dora_engine_free(engine);
    free(bytes);
    return status;
}

static void test_later_minor_version(void **unused) {
    (void)unused;
    assert_int_equal(load_with_section(DORA__SECTION_OPTIONAL), DORA_OK);
    assert_int_equal(load_with_section(0), DORA_ERROR_STATE);
}

/* Bytes come in or go anywhere, and sizes and checksums are made to fit: columns and strings of other lengths. */
static void test_moved_bytes(void **unused) {
    (void)unused;
    enum { MOST = 12 };
    uint64_t state = 5;
    uint8_t *bytes = malloc(whole.size + MOST);
    size_t sections = dora__little_32((const uint8_t *)whole.data + 12);
    for (int round = 0; round < 800; round++) {
        uint8_t *entry =
            bytes + DORA__STATE_HEAD_SIZE + random_below(&state, (uint32_t)sections) * (size_t)DORA__STATE_ENTRY_SIZE;
        size_t begin = DORA__STATE_HEAD_SIZE + sections * DORA__STATE_ENTRY_SIZE + DORA__STATE_CHECKSUM_SIZE;
        size_t more = random_below(&state, MOST), less = random_below(&state, MOST), size = whole.size;
        memcpy(bytes, whole.data, size);
        for (const uint8_t *before = bytes + DORA__STATE_HEAD_SIZE; before < entry; before += DORA__STATE_ENTRY_SIZE)
            begin += (size_t)dora__little_64(before + 8);
        size_t section = (size_t)dora__little_64(entry + 8);
        size_t at = begin + random_below(&state, (uint32_t)section);
        less = less < begin + section - at ? less : begin + section - at;
        memmove(bytes + at + more, bytes + at + less, size - at - less);
        for (size_t i = 0; i < more; i++)
            bytes[at + i] = (uint8_t)random_below(&state, random_below(&state, 2) ? 256 : 4);
        dora__put_little_64(entry + 8, section + more - less);
        try_copy(bytes, size + more - less, true, try_load);
    }
    free(bytes);
}

/* Every kind of section is there, else the sweeps would prove less than they say. */
static void test_every_section(void **unused) {
    (void)unused;
    const uint8_t *entry = (const uint8_t *)whole.data + DORA__STATE_HEAD_SIZE;
    uint64_t seen = 0;
    for (size_t i = 0; i < dora__little_32((const uint8_t *)whole.data + 12); i++, entry += DORA__STATE_ENTRY_SIZE)
        seen |= UINT64_C(1) << dora__little_32(entry);
    for (uint32_t kind = DORA__SECTION_SERVICES; kind <= DORA__SECTION_INPUTS; kind++)
        assert_true(seen >> kind & 1);
    for (uint32_t kind = 0; kind < DORA_KIND_COUNT; kind++) {
        assert_true(seen >> (DORA__SECTION_FACTS + 2 * kind) & 1);
        assert_true(dora__kinds[kind].needs_id || seen >> (DORA__SECTION_FACTS + 2 * kind + 1) & 1);
    }
}

static void test_whole(void **unused) {
    (void)unused;
    dora_engine *engine = new_engine(NULL);
    assert_int_equal(dora_engine_load(engine, whole.data, whole.size, NULL, NULL), DORA_OK);
    use(engine);
    dora_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_bit),     cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_several_bytes), cmocka_unit_test(test_later_minor_version),
        cmocka_unit_test(test_moved_bytes),   cmocka_unit_test(test_every_section),
        cmocka_unit_test(test_whole),
    };
    return cmocka_run_group_tests(tests, make_whole, free_whole);
}
