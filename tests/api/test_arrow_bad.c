/* SPDX-License-Identifier: MIT */
/*
 * Arrow that is not as it should be: rows that are rejected one by one, types that cannot be a field's, arrays that
 * contradict themselves, producers and allocations that fail. Nothing crashes, and everything is released once.
 */
#include "../support/fixture.h"
#include "../support/heap.h"
#include "../support/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define S(text)                                                                                                        \
    { text, sizeof text - 1 }
#define ABSENT                                                                                                         \
    { NULL, 0 }

static const struct layout text = {.format = "u"}, coded = {.format = "u", .codes = "c"}, view = {.format = "vu"};

static dora_engine *new_engine(void) {
    dora_engine *engine;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    return engine;
}

static dora_account account_of(dora_engine *engine) {
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    return account;
}

/* The rows that were rejected, and why; stops at the one of number `stop_at`. */
struct rejects {
    uint64_t records[16];
    char messages[16][64];
    size_t count;
    size_t stop_at;
};

static int on_reject(void *context, const dora_error *error) {
    struct rejects *rejects = context;
    assert_in_range(rejects->count, 0, COUNT(rejects->records) - 1);
    rejects->records[rejects->count] = error->record;
    snprintf(rejects->messages[rejects->count], sizeof *rejects->messages, "%.63s", error->message);
    return ++rejects->count == rejects->stop_at;
}

/* Rows of kinds that each are bad in another way, but for the first, sixth and last. */
static struct made bad_rows(void) {
    static const dora_string kinds[] = {S("change"),     S("change"),   S("deployment"), S("deployment"),
                                        S("deployment"), ABSENT,        S("nope\x1b"),   S("feedback"),
                                        S("change"),     S("feedback"), S("change"),     S("service")};
    static const dora_string ids[] = {S("1"), ABSENT, S("3"), S("\xff"), S("5"),  S("6"),
                                      S("7"), S("8"), S(""),  S("10"),   S("11"), S("12")};
    static const dora_string flags[] = {S("maybe"), S("x"), S("maybe"), S("yes"), ABSENT, S("NO"),
                                        S("x"),     S("x"), S("x"),     S("x"),   S("x"), S("x")};
    static const dora_string statuses[] = {S("x"), S("x"),    S("x"), S("x"), S("Success"), S("success"),
                                           S("x"), S("high"), S("x"), S("x"), S("x"),       S("x")};
    static const dora_string measures[] = {S("x"), S("x"),    S("x"), S("x"),        S("x"), S("x"),
                                           S("x"), S("high"), S("x"), S("adoption"), S("x"), S("x")};
    static const dora_string values[] = {S("x"), S("x"), S("x"), S("x"),  S("x"), S("x"),
                                         S("x"), ABSENT, S("x"), S("05"), S("x"), S("x")};
    static const dora_string bad_item[] = {S("a"), S("\xc0\x80")};
    const dora_string *parents[12] = {NULL};
    size_t sizes[12] = {0};
    parents[10] = bad_item;
    sizes[10] = COUNT(bad_item);
    struct made table = made_array("+s", "", 12, 0);
    made_buffer(&table, NULL, 0);
    made_child(&table, made_strings("kind", coded, kinds, 12));
    made_child(&table, made_strings("id", text, ids, 12));
    made_child(&table, made_strings("failed", coded, flags, 12));
    made_child(&table, made_strings("status", text, statuses, 12));
    made_child(&table, made_strings("measure", view, measures, 12));
    made_child(&table, made_strings("value", view, values, 12));
    made_child(&table, made_lists("parents", "+l", text, parents, sizes, 12, 0));
    return table;
}

static void test_rejected_rows(void **state) {
    (void)state;
    static const struct {
        uint64_t record;
        const char *message;
    } expected[] = {
        {2, "id: missing"},
        {3, "status: not one of in_progress, canceled, success, failure"},
        {4, "id: ill-formed UTF-8"},
        {5, "status: not one of in_progress, canceled, success, failure"},
        {7, "kind: unknown kind 'nope\\x1b'"},
        {8, "measure: not one of complaints, satisfaction, adoption"},
        {9, "id: missing"},
        {10, "value: not a number"},
        {11, "parents: ill-formed UTF-8"},
    };
    for (size_t stop_at = 0; stop_at <= COUNT(expected); stop_at++) {
        struct rejects rejects = {.stop_at = stop_at};
        const dora_arrow_options options = {
            .struct_size = sizeof options, .on_reject = on_reject, .on_reject_context = &rejects};
        struct made tables[] = {bad_rows(), bad_rows()};
        struct ArrowArrayStream stream = made_stream(tables, stop_at ? 2 : 1, 0);
        if (!stop_at)
            made_release(&tables[1]);
        dora_engine *engine = new_engine();
        dora_error error = {0};
        dora_status status = dora_engine_add_arrow(engine, &stream, &options, &error);
        size_t count = stop_at ? stop_at : COUNT(expected);
        assert_int_equal(status, stop_at ? DORA_ERROR_INPUT : DORA_OK);
        assert_int_equal(rejects.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(rejects.records[i], expected[i].record);
            assert_string_equal(rejects.messages[i], expected[i].message);
        }
        if (stop_at) {
            assert_int_equal(error.record, expected[count - 1].record);
            assert_string_equal(error.message, expected[count - 1].message);
        }
        dora_account account = account_of(engine);
        assert_int_equal(account.rejected, count);
        assert_int_equal(account.records, stop_at ? expected[count - 1].record : 12);
        assert_int_equal(account.facts, account.records - account.rejected);
        dora_engine_free(engine);
    }
    assert_int_equal(made_alive, 0);
}

/* Tables of two rows with the columns that a case breaks. */
enum { SERVICE, VERSION, FAILED, FINISHED, CHANGES };

static struct made good_table(void) {
    static const dora_string services[] = {S("shop"), S("a name longer than twelve")};
    static const dora_string items[] = {S("c1"), S("c2"), S("c3")}, *const lists[] = {items, items + 1};
    static const size_t sizes[] = {2, 2};
    static const int8_t failed[] = {1, DORA_UNKNOWN};
    static const int64_t finished[] = {1704067200, 1704067260};
    struct made table = made_array("+s", "", 2, 0);
    made_buffer(&table, NULL, 0);
    made_child(&table, made_strings("service", (struct layout){.format = "vu", .codes = "i"}, services, 2));
    made_child(&table, made_strings("version", text, services, 2));
    made_child(&table, made_bools("failed", (struct layout){.format = "b"}, failed, 2));
    made_child(&table, made_numbers("finished_at", (struct layout){.format = "tss:"}, finished, 2));
    made_child(&table, made_lists("changes", "+l", view, lists, sizes, 2, 0));
    return table;
}

#define CHILD(n)  made->array.children[n]
#define SCHEMA(n) made->schema.children[n]
#define CASE(name, ...)                                                                                                \
    static void name(struct made *made) {                                                                              \
        __VA_ARGS__;                                                                                                   \
    }

CASE(negative_length, CHILD(FINISHED)->length = -1)
CASE(negative_offset, CHILD(FINISHED)->offset = -1)
CASE(huge_offset, CHILD(FINISHED)->offset = INT64_MAX)
CASE(huge_length, CHILD(FINISHED)->length = INT64_MAX)
CASE(strange_null_count, CHILD(FAILED)->null_count = -2)
CASE(nulls_without_validity, CHILD(FINISHED)->null_count = 1)
CASE(short_column, CHILD(VERSION)->length = 1)
CASE(no_data, CHILD(FINISHED)->buffers[1] = NULL)
CASE(no_bits, CHILD(FAILED)->buffers[1] = NULL)
CASE(no_bytes, CHILD(VERSION)->buffers[2] = NULL)
CASE(no_offsets, CHILD(VERSION)->buffers[1] = NULL)
CASE(two_buffers, CHILD(VERSION)->n_buffers = 2)
CASE(no_buffers, CHILD(FINISHED)->n_buffers = 0)
CASE(negative_buffers, CHILD(FINISHED)->n_buffers = -4)
CASE(released_column, CHILD(FINISHED)->release(CHILD(FINISHED)))
CASE(fewer_columns, made->array.n_children--; CHILD(CHANGES)->release(CHILD(CHANGES)); free(CHILD(CHANGES)))
CASE(long_table, made->array.length = 3)
CASE(offset_table, made->array.offset = 1)
CASE(huge_table, made->array.offset = INT64_MAX; made->array.length = INT64_MAX)
CASE(negative_table, made->array.length = -2)
CASE(code_too_large, ((int32_t *)(uintptr_t)CHILD(SERVICE)->buffers[1])[1] = 3)
CASE(code_negative, ((int32_t *)(uintptr_t)CHILD(SERVICE)->buffers[1])[0] = -1)
CASE(view_too_long, ((int32_t *)(uintptr_t)CHILD(SERVICE)->dictionary->buffers[1])[8] = 26)
CASE(view_negative, ((int32_t *)(uintptr_t)CHILD(SERVICE)->dictionary->buffers[1])[8] = -1)
CASE(view_elsewhere, ((int32_t *)(uintptr_t)CHILD(SERVICE)->dictionary->buffers[1])[10] = 2)
CASE(view_before, ((int32_t *)(uintptr_t)CHILD(SERVICE)->dictionary->buffers[1])[11] = -1)
CASE(view_without_sizes, CHILD(SERVICE)->dictionary->buffers[4] = NULL)
CASE(view_without_block, CHILD(SERVICE)->dictionary->buffers[2] = NULL)
CASE(text_runs_back, ((int32_t *)(uintptr_t)CHILD(VERSION)->buffers[1])[1] = 100)
CASE(text_before, ((int32_t *)(uintptr_t)CHILD(VERSION)->buffers[1])[0] = -1)
CASE(text_ends_early, ((int32_t *)(uintptr_t)CHILD(VERSION)->buffers[1])[2] = 1)
CASE(list_too_long, ((int32_t *)(uintptr_t)CHILD(CHANGES)->buffers[1])[2] = 5)
CASE(list_runs_back, ((int32_t *)(uintptr_t)CHILD(CHANGES)->buffers[1])[1] = -1)
CASE(list_without_child, CHILD(CHANGES)->children[0]->release(CHILD(CHANGES)->children[0]))
CASE(no_format, SCHEMA(FINISHED)->format = NULL)
CASE(bad_name, SCHEMA(FINISHED)->name = "\xff")
CASE(table_of_ints, made->schema.format = "i")
CASE(no_field, for (int i = 0; i < 5; i++) SCHEMA(i)->name = NULL)
CASE(codes_of_text, SCHEMA(SERVICE)->format = "u")

static void test_hostile_arrays(void **state) {
    (void)state;
    static const struct {
        void (*break_it)(struct made *made);
        const char *part; /* of the message */
    } cases[] = {
        {negative_length, "'finished_at'"},
        {negative_offset, "'finished_at'"},
        {huge_offset, "'finished_at'"},
        {huge_length, "'finished_at'"},
        {strange_null_count, "'failed'"},
        {nulls_without_validity, "'finished_at': nulls without a validity buffer"},
        {short_column, "'version': fewer rows"},
        {no_data, "'finished_at': a buffer is missing"},
        {no_bits, "'failed'"},
        {no_bytes, "'version'"},
        {no_offsets, "'version'"},
        {two_buffers, "'version': too few buffers"},
        {no_buffers, "'finished_at'"},
        {negative_buffers, "'finished_at'"},
        {released_column, "'finished_at'"},
        {fewer_columns, "other columns"},
        {long_table, "fewer rows"},
        {offset_table, "fewer rows"},
        {huge_table, "the table"},
        {negative_table, "the table"},
        {code_too_large, "'service': offsets or codes"},
        {code_negative, "'service'"},
        {view_too_long, "'service'"},
        {view_negative, "'service'"},
        {view_elsewhere, "'service'"},
        {view_before, "'service'"},
        {view_without_sizes, "'service'"},
        {view_without_block, "'service'"},
        {text_runs_back, "'version': offsets or codes"},
        {text_before, "'version': offsets that run backwards"},
        {text_ends_early, "'version'"},
        {list_too_long, "'changes'"},
        {list_runs_back, "'changes'"},
        {list_without_child, "'changes'"},
        {no_format, "no type"},
        {bad_name, "column '\\xff'"},
        {table_of_ints, "not a table: its type is 'i'"},
        {no_field, "no column is a field"},
        {codes_of_text, "'service': a dictionary without codes"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct made made = good_table();
        cases[i].break_it(&made);
        dora_engine *engine = new_engine();
        dora_error error = {0};
        assert_int_equal(dora_engine_add_arrow_array(engine, &made.array, &made.schema, NULL, &error),
                         DORA_ERROR_INPUT);
        if (!strstr(error.message, cases[i].part))
            fail_msg("case %zu: %s", i, error.message);
        assert_int_equal(account_of(engine).records, 0);
        dora_engine_free(engine);
    }
    assert_int_equal(made_alive, 0);
}

/* Bytes of buffers that can be checked, at random: any status, no crash. */
static void test_random_bytes(void **state) {
    (void)state;
    uint64_t random = 7;
    for (int round = 0; round < 3000; round++) {
        struct made made = good_table();
        struct ArrowArray *service = made.array.children[SERVICE], *changes = made.array.children[CHANGES];
        unsigned char *buffers[] = {
            (unsigned char *)(uintptr_t)service->buffers[1],
            (unsigned char *)(uintptr_t)service->dictionary->buffers[1],
            (unsigned char *)(uintptr_t)changes->buffers[1],
            (unsigned char *)(uintptr_t)changes->children[0]->buffers[1],
            (unsigned char *)(uintptr_t)made.array.children[VERSION]->buffers[2],
            (unsigned char *)(uintptr_t)made.array.children[FINISHED]->buffers[1],
        };
        static const uint32_t sizes[] = {8, 48, 12, 64, 29, 16};
        for (uint32_t flips = 1 + random_below(&random, 3); flips; flips--) {
            uint32_t at = random_below(&random, COUNT(sizes));
            buffers[at][random_below(&random, sizes[at])] ^= (unsigned char)(1u << random_below(&random, 8));
        }
        dora_engine *engine = new_engine();
        dora_status status = dora_engine_add_arrow_array(engine, &made.array, &made.schema, NULL, NULL);
        assert_true(status == DORA_OK || status == DORA_ERROR_INPUT);
        assert_true(account_of(engine).records <= 2);
        dora_engine_free(engine);
    }
}

/* Types that no field, or not this one, can have. */
static void test_types_refused(void **state) {
    (void)state;
    static const struct {
        const char *name, *format, *part;
    } cases[] = {
        {"finished_at", "z", "column 'finished_at': binary is no finished_at, which is an instant"},
        {"finished_at", "e", "half-precision float"},
        {"finished_at", "d:19,3", "decimal"},
        {"finished_at", "b", "boolean"},
        {"finished_at", "tts", "time of day"},
        {"finished_at", "tDu", "duration"},
        {"finished_at", "+r", "run-end encoded array"},
        {"finished_at", "+us:0,1", "union"},
        {"finished_at", "what", "type that is not known"},
        {"service", "tsu:", "timestamp is no service, which is a string"},
        {"service", "g", "float"},
        {"failed", "g", "float is no failed, which is a boolean"},
        {"status", "i", "integer is no status"},
        {"changes", "i", "integer is no changes, which is a list of strings"},
        {"version", "+s", "struct"},
        {"kind", "i", "integer is no kind"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct made table = made_array("+s", "", 0, 0);
        made_buffer(&table, NULL, 0);
        made_child(&table, made_array(cases[i].format, cases[i].name, 0, 0));
        dora_engine *engine = new_engine();
        dora_error error = {0};
        assert_int_equal(dora_engine_add_arrow_array(engine, &table.array, &table.schema, NULL, &error),
                         DORA_ERROR_INPUT);
        if (!strstr(error.message, cases[i].part))
            fail_msg("case %zu: %s", i, error.message);
        dora_engine_free(engine);
    }
}

static void test_failing_producers(void **state) {
    (void)state;
    for (int fail_at = -1; fail_at <= 4; fail_at++) {
        struct made tables[] = {good_table(), good_table(), good_table()};
        struct ArrowArrayStream stream = made_stream(tables, 3, fail_at);
        dora_engine *engine = new_engine();
        dora_error error = {0};
        assert_int_equal(dora_engine_add_arrow(engine, &stream, NULL, &error), fail_at ? DORA_ERROR_IO : DORA_OK);
        if (fail_at)
            assert_string_equal(error.message, fail_at % 2 ? "the producer failed: the \\x1b disk is gone"
                                                           : "the producer failed with error 5");
        assert_int_equal(account_of(engine).records, fail_at < 0 ? 0 : fail_at ? 2 * (fail_at - 1) : 6);
        assert_null(stream.release);
        dora_engine_free(engine);
    }
    assert_int_equal(made_alive, 0);
}

/* Cancels the call of number `stop_at`. */
struct watch {
    int calls;
    int stop_at;
    uint64_t done;
};

static int on_progress(void *context, const dora_progress *progress) {
    struct watch *watch = context;
    if (strcmp(progress->stage, "reading") != 0)
        return 0;
    assert_true(progress->done > watch->done);
    watch->done = progress->done;
    return ++watch->calls == watch->stop_at;
}

static struct made instants(size_t count) {
    int64_t *values = calloc(count, sizeof *values);
    struct made table = made_array("+s", "", (int64_t)count, 0);
    made_buffer(&table, NULL, 0);
    made_child(&table, made_numbers("finished_at", (struct layout){.format = "tss:"}, values, count));
    free(values);
    return table;
}

/* Arrays long and short: progress is told by rows, and the rows before a cancellation are in. */
static void test_cancelled(void **state) {
    (void)state;
    for (int stop_at = 0; stop_at <= 3; stop_at++) {
        struct watch watch = {.stop_at = stop_at};
        const dora_engine_options options = {
            .struct_size = sizeof options, .progress = on_progress, .progress_context = &watch};
        struct made tables[] = {instants(140000), instants(40000), instants(20000), instants(10)};
        struct ArrowArrayStream stream = made_stream(tables, COUNT(tables), 0);
        dora_engine *engine;
        dora_error error = {0};
        assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
        assert_int_equal(dora_engine_add_arrow(engine, &stream, NULL, &error),
                         stop_at ? DORA_ERROR_CANCELLED : DORA_OK);
        assert_int_equal(watch.calls, stop_at ? stop_at : 3);
        assert_null(stream.release);
        assert_int_equal(error.record, stop_at ? watch.done : 0);
        uint64_t records = stop_at ? watch.done : 200010;
        struct made more = good_table();
        assert_int_equal(dora_engine_add_arrow_array(engine, &more.array, &more.schema, NULL, NULL), DORA_OK);
        assert_int_equal(account_of(engine).records, records + 2);
        dora_engine_free(engine);
    }
    assert_int_equal(made_alive, 0);
}

static void test_arguments(void **state) {
    (void)state;
    static const dora_field_name wrong[] = {{"nope", "x"}};
    const dora_arrow_options bad[] = {
        {.struct_size = 3},
        {.struct_size = sizeof *bad, .kind = "nope"},
        {.struct_size = sizeof *bad, .names_count = 1},
        {.struct_size = sizeof *bad, .names = wrong, .names_count = 1},
    };
    dora_engine *engine = new_engine();
    for (size_t i = 0; i <= 2 * COUNT(bad); i++) {
        const dora_arrow_options *options = i < 2 * COUNT(bad) ? &bad[i / 2] : NULL;
        struct made table = good_table();
        dora_engine *into = options ? engine : NULL;
        if (i % 2) {
            struct ArrowArrayStream stream = made_stream(&table, 1, 0);
            assert_int_equal(dora_engine_add_arrow(into, &stream, options, NULL), DORA_ERROR_ARGUMENT);
            assert_null(stream.release);
            assert_int_equal(dora_engine_add_arrow(engine, &stream, NULL, NULL), DORA_ERROR_ARGUMENT);
        } else {
            assert_int_equal(dora_engine_add_arrow_array(into, &table.array, &table.schema, options, NULL),
                             DORA_ERROR_ARGUMENT);
            assert_int_equal(dora_engine_add_arrow_array(engine, &table.array, &table.schema, NULL, NULL),
                             DORA_ERROR_ARGUMENT);
        }
    }
    assert_int_equal(dora_engine_add_arrow(engine, NULL, NULL, NULL), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_add_arrow_array(engine, NULL, NULL, NULL, NULL), DORA_ERROR_ARGUMENT);
    dora_engine_free(engine);
    assert_int_equal(made_alive, 0);
}

static void test_failing_allocations(void **state) {
    (void)state;
    dora_status status = DORA_ERROR_MEMORY;
    for (size_t n = 1; status == DORA_ERROR_MEMORY; n++) {
        struct heap heap = {0};
        const dora_allocator allocator = heap_allocator(&heap);
        const dora_engine_options options = {.struct_size = sizeof options, .allocator = &allocator};
        dora_engine *engine;
        assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
        heap.calls = 0;
        heap.fail_at = n;
        struct made tables[] = {bad_rows(), bad_rows()};
        struct ArrowArrayStream stream = made_stream(tables, 2, 0);
        dora_error error = {0};
        status = dora_engine_add_arrow(engine, &stream, NULL, &error);
        assert_int_equal(error.status, status);
        heap.fail_at = 0;
        struct made again = bad_rows();
        uint64_t accepted = account_of(engine).records - account_of(engine).rejected;
        assert_true(status == DORA_OK ? accepted == 6 : accepted <= 6);
        assert_int_equal(dora_engine_add_arrow_array(engine, &again.array, &again.schema, NULL, NULL), DORA_OK);
        assert_int_equal(account_of(engine).facts, 3); /* all accepted rows have ids */
        dora_engine_free(engine);
        assert_int_equal(heap.blocks, 0);
    }
    assert_int_equal(status, DORA_OK);
    assert_int_equal(made_alive, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rejected_rows),     cmocka_unit_test(test_hostile_arrays),
        cmocka_unit_test(test_random_bytes),      cmocka_unit_test(test_types_refused),
        cmocka_unit_test(test_failing_producers), cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_arguments),         cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
