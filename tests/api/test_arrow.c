/* SPDX-License-Identifier: MIT */
/*
 * Arrow through the public interface: the same facts as structs and as columns of every layout give the same answer;
 * each type by itself; rows that are rejected; arrays that lie about themselves; producers and allocations that fail.
 */
#include "../support/fixture.h"
#include "../support/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US    INT64_C(1000000)
#define JANUARY_1    INT64_C(1704067200) /* 2024, in seconds */
#define COUNT(array) (sizeof(array) / sizeof *(array))

enum type { STRING, INSTANT, NUMBER, BOOL, STATUS, LIST };

#define FIELD(name, type)                                                                                              \
    { #name, offsetof(dora_fact, name), type }

static const struct field {
    const char *name;
    size_t offset;
    enum type type;
} fields[] = {
    FIELD(id, STRING),
    FIELD(service, STRING),
    FIELD(environment, STRING),
    FIELD(version, STRING),
    FIELD(sha, STRING),
    FIELD(release, STRING),
    FIELD(rollback_of, STRING),
    FIELD(deployment, STRING),
    FIELD(severity, STRING),
    FIELD(category, STRING),
    FIELD(name, STRING),
    FIELD(measure, STRING),
    FIELD(team, STRING),
    FIELD(product, STRING),
    FIELD(status, STATUS),
    FIELD(deleted, BOOL),
    FIELD(rework, BOOL),
    FIELD(failed, BOOL),
    FIELD(active, BOOL),
    FIELD(as_of, INSTANT),
    FIELD(started_at, INSTANT),
    FIELD(finished_at, INSTANT),
    FIELD(committed_at, INSTANT),
    FIELD(rolled_back_at, INSTANT),
    FIELD(restored_at, INSTANT),
    FIELD(opened_at, INSTANT),
    FIELD(first_review_at, INSTANT),
    FIELD(merged_at, INSTANT),
    FIELD(resolved_at, INSTANT),
    FIELD(released_at, INSTANT),
    FIELD(found_at, INSTANT),
    FIELD(ended_at, INSTANT),
    FIELD(enabled_at, INSTANT),
    FIELD(at, INSTANT),
    FIELD(changes, LIST),
    FIELD(parents, LIST),
    {"value", offsetof(dora_fact, value_millionths), NUMBER},
};

static const char *const text_formats[] = {"u", "U", "vu"};
static const char *const code_formats[] = {"c", "C", "s", "S", "i", "I", "l", "L"};
static const char *const bool_formats[] = {"b", "b", "C", "l", "u"};
static const char *const list_formats[] = {"+l", "+L", "+vl", "+vL", "+w:4"};

/* A layout for strings; where there are many, codes of a byte are too small. */
static struct layout some_layout(uint64_t *state, int many) {
    struct layout layout = {.format = text_formats[random_below(state, 3)], .offset = random_below(state, 11)};
    if (random_below(state, 2))
        layout.codes = code_formats[many ? 2 + random_below(state, 6) : random_below(state, 8)];
    return layout;
}

static struct made make_strings(uint64_t *state, const dora_fact *facts, size_t count, const struct field *field) {
    static const char *const statuses[] = {"in_progress", "canceled", "success", "failure"};
    dora_string *values = calloc(count + 1, sizeof *values);
    struct layout layout = some_layout(state, field->offset == offsetof(dora_fact, id));
    for (size_t i = 0; i < count; i++) {
        const void *at = (const char *)&facts[i] + field->offset;
        if (field->type == STRING)
            values[i] = *(const dora_string *)at;
        else if (*(const int8_t *)at != DORA_UNKNOWN)
            values[i] = dora_string_of(statuses[*(const int8_t *)at]);
        if (!values[i].data && random_below(state, 8) == 0)
            values[i].data = ""; /* empty is absent, too */
    }
    struct made made = made_strings(field->name, layout, values, count);
    free(values);
    return made;
}

static struct made make_numbers(uint64_t *state, const dora_fact *facts, size_t count, const struct field *field) {
    static const char *const formats[] = {"tsu:", "tsu:UTC", "tsn:Europe/Berlin", "l", "L", "g", "u"};
    int64_t *values = calloc(count + 1, sizeof *values);
    struct layout layout = {.format = formats[random_below(state, COUNT(formats))], .offset = random_below(state, 11)};
    if (layout.format[0] == 'u')
        layout = some_layout(state, 1);
    for (size_t i = 0; i < count; i++) {
        values[i] = *(const int64_t *)(const void *)((const char *)&facts[i] + field->offset);
        if (values[i] != DORA_ABSENT && strncmp(layout.format, "tsn", 3) == 0)
            values[i] = values[i] * 1000 + random_below(state, 1000);
    }
    struct made made = made_numbers(field->name, layout, values, count);
    free(values);
    return made;
}

/* Millionths as decimals. */
static struct made make_decimals(uint64_t *state, const dora_fact *facts, size_t count, const struct field *field) {
    dora_string *values = calloc(count + 1, sizeof *values);
    char(*texts)[32] = calloc(count + 1, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        int64_t value = facts[i].value_millionths, size = value == DORA_ABSENT ? 0 : llabs(value);
        snprintf(texts[i], sizeof texts[i], "%s%lld.%06lld", value < 0 ? "-" : "", (long long)size / 1000000,
                 (long long)size % 1000000);
        values[i] = dora_string_of(value == DORA_ABSENT ? NULL : texts[i]);
    }
    struct made made = made_strings(field->name, some_layout(state, 1), values, count);
    free(values);
    free(texts);
    return made;
}

static struct made make_bools(uint64_t *state, const dora_fact *facts, size_t count, const struct field *field) {
    int8_t *values = calloc(count + 1, 1);
    for (size_t i = 0; i < count; i++)
        values[i] = *((const int8_t *)&facts[i] + field->offset);
    struct layout layout = {.format = bool_formats[random_below(state, 5)], .offset = random_below(state, 11)};
    if (layout.format[0] == 'u')
        layout = some_layout(state, 1);
    struct made made = made_bools(field->name, layout, values, count);
    free(values);
    return made;
}

static struct made make_lists(uint64_t *state, const dora_fact *facts, size_t count, const struct field *field) {
    const dora_string **lists = calloc(count + 1, sizeof *lists);
    size_t *sizes = calloc(count + 1, sizeof *sizes);
    const char *format = list_formats[random_below(state, 5)];
    dora_string(*padded)[4] = calloc(count + 1, sizeof *padded);
    for (size_t i = 0; i < count; i++) {
        int is_changes = field->offset == offsetof(dora_fact, changes);
        lists[i] = is_changes ? facts[i].changes : facts[i].parents;
        sizes[i] = is_changes ? facts[i].changes_count : facts[i].parents_count;
        assert_true(sizes[i] <= 4);
        if (lists[i] && format[1] == 'w')
            lists[i] = memcpy(padded[i], lists[i], sizes[i] * sizeof **padded);
        if (format[1] == 'w')
            sizes[i] = 4;
    }
    struct made made =
        made_lists(field->name, format, some_layout(state, 0), lists, sizes, count, random_below(state, 11));
    free(lists);
    free(sizes);
    free(padded);
    return made;
}

/* A table of `offset` rows of rubbish and the facts; the seed alone decides about order and layout of the columns. */
static struct made make_table(uint64_t seed, const dora_fact *facts, size_t count, int64_t offset) {
    size_t length = count + (size_t)offset, turn = seed % COUNT(fields);
    dora_fact *rows = calloc(length + 1, sizeof *rows);
    dora_string *kinds = calloc(length + 1, sizeof *kinds);
    for (size_t i = 0; i < length; i++) {
        rows[i] = facts[i < (size_t)offset ? 0 : i - (size_t)offset];
        kinds[i] = dora_string_of(dora_kind_name(rows[i].kind));
    }
    struct made table = made_array("+s", "", (int64_t)count, offset);
    made_buffer(&table, NULL, 0);
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct field *field = &fields[(i + turn) % COUNT(fields)];
        uint64_t state = seed * 100 + i + 1;
        random_below(&state, 2);
        if (i == turn)
            made_child(&table, made_strings("kind", some_layout(&state, 0), kinds, length));
        made_child(&table, field->type == INSTANT  ? make_numbers(&state, rows, length, field)
                           : field->type == NUMBER ? make_decimals(&state, rows, length, field)
                           : field->type == BOOL   ? make_bools(&state, rows, length, field)
                           : field->type == LIST   ? make_lists(&state, rows, length, field)
                                                   : make_strings(&state, rows, length, field));
    }
    free(rows);
    free(kinds);
    return table;
}

static dora_engine *new_engine(const dora_allocator *allocator) {
    const dora_engine_options options = {.struct_size = sizeof options,
                                         .allocator = allocator,
                                         .production = "production,prod",
                                         .changes = DORA_CHANGES_TIME,
                                         .time_zone = "+02:00"};
    dora_engine *engine;
    return dora_engine_new(&options, &engine, NULL) == DORA_OK ? engine : NULL;
}

/* The rows of all reports, then the account. */
static struct bytes answer_of(dora_engine *engine) {
    struct bytes answer = {0};
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(fixture_answer(engine, NULL, &answer, NULL), DORA_OK);
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    bytes_append(&answer, &account, sizeof account);
    dora_name_count field;
    for (size_t i = 0; dora_engine_unknown_field(engine, i, &field); i++) {
        bytes_append(&answer, field.name.data, field.name.size);
        bytes_append(&answer, &field.count, sizeof field.count);
    }
    return answer;
}

static void assert_same(dora_engine *one, dora_engine *other) {
    struct bytes a = answer_of(one), b = answer_of(other);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    bytes_free(&a);
    bytes_free(&b);
}

/* Adds the facts as a stream of tables of random sizes, some of them empty. */
static dora_status add_as_arrow(dora_engine *engine, uint64_t seed, const dora_fact *facts, size_t count,
                                dora_error *error) {
    struct made tables[16];
    size_t tables_count = 0, at = 0;
    uint64_t state = seed + 1;
    while (tables_count < COUNT(tables) && (at < count || tables_count == 0)) {
        size_t size = tables_count + 1 == COUNT(tables) || random_below(&state, 8) == 0 ? count
                      : random_below(&state, 4)                                         ? random_below(&state, 700)
                                                                                        : 0;
        size = size < count - at ? size : count - at;
        tables[tables_count++] = make_table(seed, facts + at, size, size ? 3 : 0);
        at += size;
    }
    struct ArrowArrayStream stream = made_stream(tables, tables_count, 0);
    dora_status status = dora_engine_add_arrow(engine, &stream, NULL, error);
    assert_null(stream.release);
    return status;
}

static void test_same_as_facts(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        size_t count = seed % 3 ? 300 : 1500;
        dora_fact *facts = fixture_facts(seed, count, seed % 2);
        dora_engine *one = new_engine(NULL), *other = new_engine(NULL);
        dora_error error = {0};
        assert_int_equal(dora_engine_add(one, facts, count, NULL), DORA_OK);
        if (add_as_arrow(other, seed, facts, count, &error) != DORA_OK)
            fail_msg("seed %d: %s", (int)seed, error.message);
        assert_same(one, other);
        dora_engine_free(one);
        dora_engine_free(other);
        free(facts);
    }
    assert_int_equal(made_alive, 0);
}

/* The lead time of a deployment at `finished_s` whose commit time the column has; -1: the row was rejected,
   DORA_ABSENT: it has none. */
static double lead_of(struct made column, int64_t finished_s, int64_t length) {
    int64_t finished[4] = {finished_s, finished_s, finished_s, finished_s};
    struct made table = made_array("+s", "", length, 0);
    made_buffer(&table, NULL, 0);
    made_child(&table, column);
    made_child(&table, made_numbers("finished_at", (struct layout){.format = "tss:"}, finished, (size_t)length));
    dora_engine *engine = new_engine(NULL);
    dora_error error = {0};
    if (dora_engine_add_arrow_array(engine, &table.array, &table.schema, NULL, &error) != DORA_OK)
        fail_msg("%s", error.message);
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    double lead = -1;
    if (!account.rejected) {
        const dora_query query = {.struct_size = sizeof query, .period = DORA_PERIOD_ALL};
        dora_result *result;
        assert_int_equal(dora_query_run(engine, &query, &result, NULL), DORA_OK);
        size_t mean = dora_result_find(result, "change_lead_time_mean");
        lead = dora_result_is_null(result, mean, 0) ? (double)DORA_ABSENT : dora_result_double(result, mean)[0];
        dora_result_free(result);
    }
    dora_engine_free(engine);
    return lead;
}

static void test_instants_of_each_type(void **unused) {
    (void)unused;
    const int64_t finished_s = JANUARY_1 + 86400;
    static const struct {
        const char *format;
        int64_t value;
        double lead_s;
    } cases[] = {
        {"tss:", JANUARY_1, 86400},
        {"tsm:UTC", JANUARY_1 * 1000 + 250, 86399.75},
        {"tsu:+05:30", JANUARY_1 * SECOND_US + 1, 86399.999999},
        {"tsn:", (JANUARY_1 * SECOND_US + 1) * 1000 + 999, 86399.999999},
        {"tsn:", -1, (double)JANUARY_1 + 86400 + 0.000001},
        {"tdD", 19723, 86400},
        {"tdm", JANUARY_1 * 1000, 86400},
        {"i", JANUARY_1, 86400},
        {"I", JANUARY_1, 86400},
        {"l", JANUARY_1 * 1000, 86400},
        {"L", JANUARY_1 * SECOND_US, 86400},
        {"l", JANUARY_1 * SECOND_US * 1000 + 1999, 86399.999999},
        {"c", -5, (double)JANUARY_1 + 86405},
        {"C", 250, (double)JANUARY_1 + 86150},
        {"s", -300, (double)JANUARY_1 + 86700},
        {"S", 65000, (double)JANUARY_1 + 21400},
        {"g", JANUARY_1, 86400},
        {"f", 0, (double)JANUARY_1 + 86400},
        {"u", JANUARY_1, 86400},
        {"vu", JANUARY_1 * 1000, 86400},
        {"tss:", INT64_MAX, -1},
        {"tss:", -2208988801, -1},
        {"tss:", 253339228800, -1},
        {"tsu:", INT64_MIN + 1, -1},
        {"tsm:", 253339228800000, -1},
        {"tsn:", INT64_MIN + 1, -1},
        {"tdD", 2932168, -1},
        {"l", -INT64_MAX, -1},
        {"l", INT64_MAX, (double)DORA_ABSENT}, /* in the year 2262, hence negative */
        {"L", -1, (double)DORA_ABSENT},
        {"g", -INT64_MAX, -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int64_t length = 1; length < 3; length++) {
            /* Alone, and before a row where it is null, which goes another way. */
            int64_t values[] = {cases[i].value, DORA_ABSENT};
            struct layout layout = {.format = cases[i].format, .offset = length};
            double lead = lead_of(made_numbers("committed_at", layout, values, (size_t)length), finished_s, length);
            if (lead != cases[i].lead_s)
                fail_msg("%s %lld: %.6f", cases[i].format, (long long)cases[i].value, lead);
        }
    assert_int_equal(made_alive, 0);
}

/* An integer is what its text is, whatever its size; so are doubles that are decimals. */
static void test_epochs_as_text(void **unused) {
    (void)unused;
    static const int64_t sizes[] = {0,
                                    1,
                                    99999999999,
                                    100000000000,
                                    2208988800,
                                    2208988801,
                                    99999999999999,
                                    100000000000000,
                                    99999999999999999,
                                    100000000000000000,
                                    1704067200123456789,
                                    2208988800000000000,
                                    2208988800000000001,
                                    INT64_MAX};
    for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
        int64_t value = i % 2 ? -sizes[i / 2] : sizes[i / 2];
        const struct layout number = {.format = "l"}, text = {.format = "u"};
        double lead = lead_of(made_numbers("committed_at", number, &value, 1), 253339228799, 1);
        if (lead != lead_of(made_numbers("committed_at", text, &value, 1), 253339228799, 1))
            fail_msg("%lld: %.6f", (long long)value, lead);
    }
    static const struct {
        double value;
        double lead_s;
    } doubles[] = {{1704067200.25, 86399.75},
                   {1704067200.123456, 86399.876544},
                   {1704067200250.5, 86399.7495},
                   {0.0 / 0.0, (double)DORA_ABSENT},
                   {1.0 / 0.0, -1},
                   {-0.5, (double)JANUARY_1 + 86400.5}};
    for (size_t i = 0; i < COUNT(doubles); i++) {
        struct made column = made_array("g", "committed_at", 1, 0);
        made_buffer(&column, NULL, 0);
        made_buffer(&column, &doubles[i].value, sizeof(double));
        assert_true(lead_of(column, JANUARY_1 + 86400, 1) == doubles[i].lead_s);
    }
    assert_int_equal(made_alive, 0);
}

/* Kind and names from the options; columns that are no field; of two columns of a field the last. */
static void test_options(void **unused) {
    (void)unused;
    static const dora_string ids[] = {{"c1", 2}, {"c2", 2}, {"c1", 2}}, texts[] = {{"x", 1}, {"", 0}, {NULL, 0}};
    static const int64_t times[] = {JANUARY_1, DORA_ABSENT, JANUARY_1};
    const struct layout text = {.format = "u"}, coded = {.format = "vu", .codes = "S"}, time = {.format = "tss:"};
    const dora_field_name names[] = {{"id", "key"}};
    const dora_arrow_options options = {
        .struct_size = sizeof options, .kind = "change", .names = names, .names_count = 1};
    struct made table = made_array("+s", "", 3, 0), inner = made_array("+s", "labels", 3, 0);
    uint8_t validity = 0xFD; /* and the second row is null as a whole */
    made_buffer(&table, NULL, 0);
    made_buffer(&inner, &validity, 1);
    inner.array.null_count = 1;
    made_child(&table, made_strings("key", text, texts, 3));
    made_child(&table, made_strings("key", coded, ids, 3));
    made_child(&table, made_strings("id", text, texts, 3));
    made_child(&table, made_strings("note", coded, texts, 3));
    made_child(&table, made_numbers("finished_at", time, times, 3));
    made_child(&table, made_numbers("merged_at", time, times, 3));
    made_child(&table, inner);
    dora_engine *engine = new_engine(NULL);
    assert_int_equal(dora_engine_add_arrow_array(engine, &table.array, &table.schema, &options, NULL), DORA_OK);
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.records, 3);
    assert_int_equal(account.merged, 1);
    assert_int_equal(account.dispositions[DORA_KIND_CHANGE][DORA_UNDEPLOYED], 2);
    static const dora_name_count unknown[] = {
        {{"finished_at", 11}, 2}, {{"id", 2}, 1}, {{"labels", 6}, 2}, {{"note", 4}, 1}};
    dora_name_count field;
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(dora_engine_unknown_field(engine, i, &field), 1);
        assert_string_equal(field.name.data, unknown[i].name.data);
        assert_int_equal(field.count, unknown[i].count);
    }
    assert_int_equal(account.unknown_fields, 6);
    dora_engine_free(engine);
    assert_int_equal(made_alive, 0);
}

/* A row of the table that is null as a whole is no record. */
static void test_null_rows(void **unused) {
    (void)unused;
    static const dora_string services[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
    struct made table = made_array("+s", "", 3, 1);
    uint8_t validity = 0x0B;
    made_buffer(&table, &validity, 1);
    table.array.null_count = -1;
    made_child(&table, made_strings("service", (struct layout){.format = "U", .offset = 2}, services, 4));
    dora_engine *engine = new_engine(NULL);
    assert_int_equal(dora_engine_add_arrow_array(engine, &table.array, &table.schema, NULL, NULL), DORA_OK);
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.records, 2);
    dora_engine_free(engine);
    assert_int_equal(made_alive, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_facts),  cmocka_unit_test(test_instants_of_each_type),
        cmocka_unit_test(test_epochs_as_text), cmocka_unit_test(test_options),
        cmocka_unit_test(test_null_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
