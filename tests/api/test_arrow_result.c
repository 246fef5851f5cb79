/* SPDX-License-Identifier: MIT */
/*
 * Results as Arrow: every value as the result itself says it; parts that outlive each other in any order; failing
 * allocations; and a result that goes back into an engine.
 */
#include "../support/fixture.h"
#include "../support/heap.h"

#include <dora/arrow.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A result of the query over `count` facts; its engine is gone. */
static dora_result *result_of(struct heap *heap, const dora_query *query, size_t count) {
    const dora_allocator allocator = heap_allocator(heap);
    const dora_engine_options options = {.struct_size = sizeof options, .allocator = &allocator, .threads = 2};
    dora_engine *engine;
    dora_result *result;
    dora_fact *facts = fixture_facts(3, count, 1);
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    assert_int_equal(dora_engine_add(engine, facts, count, NULL), DORA_OK);
    assert_int_equal(dora_query_run(engine, query, &result, NULL), DORA_OK);
    dora_engine_free(engine);
    free(facts);
    return result;
}

static int bit(const void *bits, size_t at) {
    return ((const uint8_t *)bits)[at / 8] >> at % 8 & 1;
}

static void check_column(const dora_result *result, size_t column, const struct ArrowSchema *schema,
                         const struct ArrowArray *array) {
    static const char *const formats[] = {[DORA_TYPE_INT64] = "l",
                                          [DORA_TYPE_DOUBLE] = "g",
                                          [DORA_TYPE_STRING] = "u",
                                          [DORA_TYPE_DATE] = "tdD",
                                          [DORA_TYPE_BOOL] = "b"};
    size_t rows = dora_result_rows(result), nulls = 0;
    dora_type type = dora_result_type(result, column);
    assert_string_equal(schema->name, dora_result_name(result, column));
    assert_string_equal(schema->format, formats[type]);
    assert_int_equal(array->length, rows);
    assert_int_equal(array->offset, 0);
    for (size_t row = 0; row < rows; row++) {
        int is_null = dora_result_is_null(result, column, row);
        nulls += (size_t)is_null;
        assert_int_equal(is_null, array->buffers[0] ? !bit(array->buffers[0], row) : 0);
        if (type == DORA_TYPE_BOOL)
            assert_int_equal(bit(array->buffers[1], row), dora_result_bool(result, column)[row]);
    }
    assert_int_equal(array->null_count, nulls);
    const char *bytes;
    if (type == DORA_TYPE_STRING)
        assert_ptr_equal(array->buffers[1], dora_result_string(result, column, &bytes));
    if (type == DORA_TYPE_STRING)
        assert_ptr_equal(array->buffers[2], bytes);
    if (type == DORA_TYPE_DOUBLE)
        assert_ptr_equal(array->buffers[1], dora_result_double(result, column));
    if (type == DORA_TYPE_INT64)
        assert_ptr_equal(array->buffers[1], dora_result_int64(result, column));
    if (type == DORA_TYPE_DATE)
        assert_ptr_equal(array->buffers[1], dora_result_date(result, column));
}

/* Parts are let go of in an order that `turn` chooses; a column and its schema are moved out first. */
static void check_stream(struct heap *heap, const dora_query *query, size_t facts_count, unsigned turn) {
    dora_result *result = result_of(heap, query, facts_count);
    size_t columns = dora_result_columns(result);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema, again, moved_schema;
    struct ArrowArray array, end, moved;
    assert_int_equal(dora_result_arrow(result, &stream, NULL), DORA_OK);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_int_equal(stream.get_schema(&stream, &again), 0);
    assert_int_equal(stream.get_next(&stream, &end), 0);
    assert_null(end.release);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, columns);
    assert_int_equal(array.n_children, columns);
    assert_int_equal(array.length, dora_result_rows(result));
    for (size_t column = 0; column < columns; column++)
        check_column(result, column, schema.children[column], array.children[column]);
    moved = *array.children[1];
    array.children[1]->release = NULL;
    moved_schema = *schema.children[1];
    schema.children[1]->release = NULL;
    for (unsigned i = 0; i < 6; i++)
        switch ((i + turn) % 6) {
        case 0:
            stream.release(&stream);
            break;
        case 1:
            schema.release(&schema);
            break;
        case 2:
            array.release(&array);
            break;
        case 3:
            again.release(&again);
            break;
        case 4:
            moved.release(&moved);
            break;
        default:
            assert_string_equal(moved_schema.name, "window_start");
            moved_schema.release(&moved_schema);
        }
    assert_null(stream.release);
    assert_null(array.release);
    assert_null(schema.release);
    assert_int_equal(heap->bytes, 0);
}

static void test_results(void **state) {
    (void)state;
    const dora_query phases = {
        .struct_size = sizeof phases, .table = DORA_TABLE_PHASES, .by = DORA_GROUP_PRODUCT, .period = DORA_PERIOD_WEEK};
    for (unsigned turn = 0; turn < 6; turn++) {
        struct heap heap = {0};
        check_stream(&heap, &fixture_queries[turn % 2], 400, turn);
        check_stream(&heap, &phases, 400, turn);
        check_stream(&heap, &fixture_queries[0], 0, turn);
    }
}

/* Every holder lets go once, in an order that `turn` chooses; the result is there until the last does. */
static void test_holders(void **state) {
    (void)state;
    for (unsigned turn = 0; turn < 4; turn++) {
        struct heap heap = {0};
        struct ArrowArrayStream streams[2];
        struct ArrowArray array;
        dora_result *result = result_of(&heap, &fixture_queries[0], 400);
        assert_ptr_equal(dora_result_retain(result), result);
        assert_int_equal(dora_result_arrow(dora_result_retain(result), &streams[0], NULL), DORA_OK);
        assert_int_equal(dora_result_arrow(dora_result_retain(result), &streams[1], NULL), DORA_OK);
        assert_int_equal(streams[1].get_next(&streams[1], &array), 0);
        streams[1].release(&streams[1]);
        for (unsigned i = 0; i < 4; i++) {
            assert_true(heap.bytes > 0);
            switch ((i + turn) % 4) {
            case 0:
                streams[0].release(&streams[0]);
                break;
            case 1:
                assert_int_equal(array.length, dora_result_rows(result));
                array.release(&array);
                break;
            default:
                dora_result_free(result);
            }
        }
        assert_int_equal(heap.bytes, 0);
    }
    assert_null(dora_result_retain(NULL));
}

static void test_failing_allocations(void **state) {
    (void)state;
    const dora_query phases = {.struct_size = sizeof phases, .table = DORA_TABLE_PHASES, .by = DORA_GROUP_SERVICE};
    size_t failures = 0;
    for (size_t n = 1, done = 0; !done; n++) {
        struct heap heap = {0};
        dora_result *result = result_of(&heap, &phases, 300);
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        dora_error error = {0};
        heap.fail_at = heap.calls + n;
        dora_status status = dora_result_arrow(result, &stream, &error);
        assert_int_equal(status, error.status);
        if (status == DORA_ERROR_MEMORY) {
            failures++;
            dora_result_free(result);
        } else {
            int code = stream.get_schema(&stream, &schema);
            if (code == 0)
                schema.release(&schema);
            else
                assert_string_equal(stream.get_last_error(&stream), "out of memory");
            failures += code != 0;
            done = code == 0;
            stream.release(&stream);
        }
        assert_int_equal(heap.bytes, 0);
    }
    assert_in_range(failures, 4, 100);
}

/* Rows by service are deployments of these services, to an engine that is asked to take them so. */
static void test_into_an_engine(void **state) {
    (void)state;
    struct heap heap = {0};
    dora_result *result = result_of(&heap, &fixture_queries[0], 400);
    uint64_t rows = dora_result_rows(result);
    size_t columns = dora_result_columns(result);
    struct ArrowArrayStream stream;
    dora_engine *engine;
    dora_account account = {.struct_size = sizeof account};
    const dora_field_name names[] = {{"finished_at", "window_start"}};
    const dora_arrow_options options = {.struct_size = sizeof options, .names = names, .names_count = 1};
    assert_int_equal(dora_result_arrow(result, &stream, NULL), DORA_OK);
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    assert_int_equal(dora_engine_add_arrow(engine, &stream, &options, NULL), DORA_OK);
    assert_int_equal(heap.bytes, 0);
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.facts, rows);
    assert_int_equal(account.dispositions[DORA_KIND_DEPLOYMENT][DORA_COUNTED], rows);
    assert_in_range(account.unknown_fields, rows, rows * (columns - 2));
    dora_engine_free(engine);
}

static void test_arguments(void **state) {
    (void)state;
    struct heap heap = {0};
    struct ArrowArrayStream stream;
    dora_result *result = result_of(&heap, &fixture_queries[0], 10);
    assert_int_equal(dora_result_arrow(NULL, &stream, NULL), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_result_arrow(result, NULL, NULL), DORA_ERROR_ARGUMENT);
    dora_result_free(result);
    assert_int_equal(heap.bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_holders),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_into_an_engine),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
