/* SPDX-License-Identifier: MIT */
/*
 * Packed columns of integers: what is put comes out, in any pieces; bytes that are no column fail the cursor.
 */
#include "../support/fixture.h"
#include "state/packed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1000 };

static struct dora__memory memory;

/* Values of several characters: small, wide, in seconds, rising, absent. */
static int64_t make_value(uint64_t *state, unsigned character, int64_t before) {
    switch (character) {
    case 0:
        return random_below(state, 3);
    case 1:
        return ((int64_t)random_below(state, UINT32_MAX) << 28) - ((int64_t)1 << 59);
    case 2:
        return (1700000000 + (int64_t)random_below(state, 1000000)) * 1000000;
    case 3:
        return (before == DORA_ABSENT ? 0 : before) + random_below(state, 5000) * INT64_C(1000);
    case 4:
        return random_below(state, 3) ? DORA_ABSENT : -(int64_t)random_below(state, 100000);
    default:
        return DORA_ABSENT;
    }
}

static void check(const int64_t *values, const int64_t *lead, size_t count, size_t piece) {
    struct dora__bytes bytes = {.memory = &memory};
    int64_t *back = malloc((count + 1) * sizeof *back);
    dora__packed_put(&bytes, values, lead, count);
    assert_false(bytes.failed);
    struct dora__state_cursor cursor = {bytes.data, bytes.data + bytes.size, NULL, NULL};
    struct dora__unpacking unpacking;
    dora__unpack_begin(&unpacking, &cursor, count, lead != NULL);
    for (size_t i = 0; i < count; i += piece)
        dora__unpack(&unpacking, back + i, lead ? lead + i : NULL, count - i < piece ? count - i : piece);
    assert_null(cursor.failure);
    assert_ptr_equal(cursor.at, cursor.end);
    assert_memory_equal(values, back, count * sizeof *values);
    for (size_t size = 0; size < bytes.size && size < 100; size++) {
        cursor = (struct dora__state_cursor){bytes.data, bytes.data + size, NULL, NULL};
        dora__unpack_begin(&unpacking, &cursor, count, lead != NULL);
        dora__unpack(&unpacking, back, lead, count);
        assert_true(cursor.failure || !count);
    }
    free(back);
    dora__bytes_free(&bytes);
}

static void test_round_trip(void **unused) {
    (void)unused;
    uint64_t state = 5;
    int64_t *values = malloc(MOST * sizeof *values), *lead = malloc(MOST * sizeof *lead);
    for (int round = 0; round < 300; round++) {
        size_t count = 1 + random_below(&state, round % 3 ? 130 : MOST);
        unsigned character = random_below(&state, 6), other = random_below(&state, 6);
        for (size_t i = 0; i < count; i++) {
            lead[i] = make_value(&state, other, i ? lead[i - 1] : 0);
            values[i] = character == 2 && lead[i] != DORA_ABSENT && other == 2
                            ? lead[i] - random_below(&state, 100) * INT64_C(1000000)
                            : make_value(&state, character, i ? values[i - 1] : 0);
        }
        check(values, round % 2 ? lead : NULL, count, DORA__PACKED_BLOCK << round % 4);
    }
    free(values);
    free(lead);
}

static void test_extremes(void **unused) {
    (void)unused;
    const int64_t most = (int64_t)1 << 61, values[] = {most, -most, DORA_ABSENT, most, 0, -1, 1, -most, -most, most};
    const int64_t lead[] = {-most, most, 0, DORA_ABSENT, 5, -5, most, most, -most, 3};
    check(values, NULL, sizeof values / sizeof *values, DORA__PACKED_BLOCK);
    check(values, lead, sizeof values / sizeof *values, DORA__PACKED_BLOCK);
}

static void test_varints(void **unused) {
    (void)unused;
    const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct dora__bytes bytes = {.memory = &memory};
        dora__bytes_varint(&bytes, numbers[i]);
        struct dora__state_cursor cursor = {bytes.data, bytes.data + bytes.size, NULL, NULL};
        assert_true(dora__cursor_varint(&cursor, UINT64_MAX) == numbers[i]);
        assert_null(cursor.failure);
        cursor = (struct dora__state_cursor){bytes.data, bytes.data + bytes.size, NULL, NULL};
        if (numbers[i])
            dora__cursor_varint(&cursor, numbers[i] - 1);
        assert_true(cursor.failure || !numbers[i]);
        dora__bytes_free(&bytes);
    }
    static const uint8_t long_zero[] = {0x80, 0x00},
                         endless[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F};
    struct dora__state_cursor cursor = {long_zero, long_zero + sizeof long_zero, NULL, NULL};
    dora__cursor_varint(&cursor, UINT64_MAX);
    assert_non_null(cursor.failure);
    cursor = (struct dora__state_cursor){endless, endless + sizeof endless, NULL, NULL};
    dora__cursor_varint(&cursor, UINT64_MAX);
    assert_non_null(cursor.failure);
}

int main(void) {
    dora__memory_init(&memory, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_varints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
