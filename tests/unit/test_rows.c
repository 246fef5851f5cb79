/* SPDX-License-Identifier: MIT */
/*
 * Rows of CSV, common ones and all that is a little off, read in blocks and read one by one, with each kernel.
 */
#include "ways.h"

static const char *const strings[] = {
    "a",
    "b",
    "svc-0001",
    "c-00000007",
    "0123456789abcdef",
    "",
    "0123456789abcdef0",
    "a name of much more than sixteen or thirty-two bytes",
    "12345678",
    "123456789",
    "caf\xc3\xa9",
    "quo\"te",
    "\"quoted\"",
    "\"quo\"\"ted, and\nmore\"",
    "bad\xff",
    "\r",
    "\"text\" behind",
};
static const char *const instants[] = {
    "2024-02-29T12:34:56Z",
    "2023-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z",
    "2031-07-01T00:00:00Z",
    "",
    "2024-03-01T01:02:03.25Z",
    "2024-03-01 01:02:03",
    "2024-03-01T01:02:03+02:00",
    "2024-03-01T01:02+02:00",
    "2024-03-01",
    "1700000000",
    "1700000000123",
    "-86400",
    "1969-12-31T23:59:59Z",
    "2105-12-31T23:59:59Z",
    "2106-01-01T00:00:00Z",
    "1899-12-31T23:59:59Z",
    "1900-01-01T00:00:00Z",
    "9997-12-31T23:59:59Z",
    "9998-01-01T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "2024-01-00T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:60:00Z",
    "2024-01-01T23:59:60Z",
    "2024-01-01T00:00:61Z",
    "2024-01-01T0a:00:00Z",
    "2024/01-01T00:00:00Z",
    "2024-01-01t00:00:00z",
    "x",
    "\"2024-02-29T12:34:56Z\"",
};
static const char *const bools[] = {"true", "false", "",       "1",    "0",    "TRUE",    "yes",
                                    "No",   "truth", "falsey", "\x10", "\x11", "\"true\""};
static const char *const statuses[] = {"success", "failure", "", "in_progress", "canceled", "Success", "failures"};
static const char *const numbers[] = {"", "", "0", "-1.5", "12.3456785", "1e99", "01"};
static const char *const lists[] = {"", "", "a", "a;b a", "c  d"};
static const char *const kinds[] = {"", "deployment", "change", "Change", "changes", "incident"};
static const char *const measures[] = {"complaints", "", "noise"};
static const char *const others[] = {"", "1", "text", "\"more, text\""};

/* How the rows of an input are: one in so many is off, cells and rows alike. */
struct style {
    dora_kind kind;
    uint32_t off_every;
    char delimiter;
    const char *line_end;
    int columns[DORA__FIELDS + 4]; /* DORA__FIELDS: no field */
    uint32_t columns_count;
};

static const char *pick(uint64_t *state, const struct style *style, const char *const *values, size_t count,
                        size_t few) {
    return values[random_below(state, (uint32_t)(random_below(state, style->off_every) ? few : count))];
}

static const char *value_of(uint64_t *state, const struct style *style, int field) {
    if (field == DORA__FIELDS)
        return pick(state, style, others, COUNT(others), 3);
    if (field == DORA__KIND)
        return random_below(state, style->off_every) ? dora__kinds[style->kind].name
                                                     : kinds[random_below(state, COUNT(kinds))];
    if (field == DORA__MEASURE)
        return pick(state, style, measures, COUNT(measures), 2);
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
        return pick(state, style, instants, COUNT(instants), 5);
    case DORA__BOOL:
        return pick(state, style, bools, COUNT(bools), 3);
    case DORA__STATUS:
        return pick(state, style, statuses, COUNT(statuses), 3);
    case DORA__NUMBER:
        return pick(state, style, numbers, COUNT(numbers), 2);
    case DORA__LIST:
        return pick(state, style, lists, COUNT(lists), 2);
    default:
        return pick(state, style, strings, COUNT(strings), 6);
    }
}

static void put_cell(uint64_t *state, const struct style *style, int field, struct bytes *out) {
    char text[40];
    if (field == DORA__ID && random_below(state, style->off_every)) {
        snprintf(text, sizeof text, "id-%u", (unsigned)random_below(state, 400));
        bytes_puts(out, text);
    } else if (dora__fields[field % DORA__FIELDS].type == DORA__STRING && random_below(state, 8) == 0) {
        snprintf(text, sizeof text, "one of many strings %u", (unsigned)random_below(state, 3000));
        bytes_puts(out, text + (random_below(state, 2) ? 12 : 0));
    } else {
        bytes_puts(out, value_of(state, style, field));
    }
}

static void put_delimiter(const struct style *style, struct bytes *out) {
    bytes_append(out, &style->delimiter, 1);
}

static void put_header(uint64_t *state, struct style *style, struct bytes *out) {
    style->columns_count = 0;
    for (int field = 0; field < DORA__FIELDS; field++) {
        bool known = dora__kinds[style->kind].fields >> field & 1;
        if (random_below(state, field == DORA__ID ? 2 : known ? 4 : 60) == 0 || (known && field > DORA__DELETED))
            style->columns[style->columns_count++] = field;
    }
    if (random_below(state, 8) == 0)
        style->columns_count = 1;
    for (uint32_t more = random_below(state, 3); more && style->columns_count > 1; more--)
        style->columns[style->columns_count++] = DORA__FIELDS;
    if (random_below(state, 10) == 0)
        style->columns[style->columns_count++] = style->columns[0];
    for (uint32_t i = style->columns_count; i-- > 0;) {
        uint32_t other = random_below(state, i + 1);
        int field = style->columns[i];
        style->columns[i] = style->columns[other];
        style->columns[other] = field;
    }
    for (uint32_t i = 0; i < style->columns_count; i++) {
        if (i)
            put_delimiter(style, out);
        int field = style->columns[i];
        bytes_puts(out, field == DORA__FIELDS ? "something else" : dora__fields[field].name);
    }
    bytes_puts(out, style->line_end);
}

static void put_row_of(uint64_t *state, const struct style *style, struct bytes *out) {
    bool off = random_below(state, style->off_every) == 0;
    uint32_t count = style->columns_count + (off ? random_below(state, 3) : 1) - 1;
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            put_delimiter(style, out);
        put_cell(state, style, style->columns[i % style->columns_count], out);
    }
    if (off && random_below(state, 10) == 0)
        bytes_append(out, "\0", 1);
    bytes_puts(out, off && random_below(state, 4) == 0 ? "\r\n" : style->line_end);
    if (off && random_below(state, 4) == 0)
        bytes_puts(out, random_below(state, 2) ? "\n" : "\r\n");
}

static void check_seed(uint64_t seed) {
    static const uint32_t off_every[] = {3, 20, 100, 1000, 100000};
    static const char delimiters[] = ",;\t,,";
    uint64_t state = seed;
    struct bytes input = {0};
    struct style style = {
        .kind = (dora_kind)(seed % 3 ? 0 : random_below(&state, DORA_KIND_COUNT)),
        .off_every = off_every[seed % 5],
        .delimiter = delimiters[random_below(&state, 5)],
        .line_end = random_below(&state, 4) ? "\n" : "\r\n",
    };
    put_header(&state, &style, &input);
    size_t header_size = input.size;
    for (unsigned i = 0; i < 1500; i++)
        put_row_of(&state, &style, &input);
    if (seed % 2)
        input.size--; /* the last newline, or more */
    dora_reader_options options = {.struct_size = sizeof options,
                                   .format = DORA_FORMAT_CSV,
                                   .kind = dora__kinds[style.kind].name,
                                   .delimiter = style.delimiter};
    if (seed % 4 == 0)
        options.record_bytes_max = header_size + random_below(&state, 200);
    check_ways(&input, &options, seed);
    bytes_free(&input);
}

static void test_rows(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        check_seed(seed);
}

/* Every day of the years that have narrow instants, and some around them. */
static void test_days(void **state) {
    (void)state;
    struct bytes input = {0};
    bytes_puts(&input, "service,finished_at,committed_at\n");
    uint64_t random = 1;
    for (int year = 1968; year < 2108; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 31; day++) {
                char text[80];
                snprintf(text, sizeof text, "s,%04d-%02d-%02dT%02u:%02u:%02uZ,%04d-%02d-%02dT00:00:00Z\n", year, month,
                         day, random_below(&random, 24), random_below(&random, 60), random_below(&random, 60),
                         year + (month == 2), day < 29 ? month : 12, day);
                bytes_puts(&input, text);
            }
    const dora_reader_options options = {.struct_size = sizeof options, .format = DORA_FORMAT_CSV};
    check_ways(&input, &options, 0);
    bytes_free(&input);
}

/* One byte of an instant is anything. */
static void test_wrong_bytes(void **state) {
    (void)state;
    struct bytes input = {0};
    bytes_puts(&input, "service,finished_at,environment\n");
    for (unsigned at = 0; at < 20; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[] = "s,2024-10-19T11:09:10Z,production\n";
            text[2 + at] = (char)byte;
            bytes_append(&input, text, sizeof text - 1);
        }
    const dora_reader_options options = {.struct_size = sizeof options, .format = DORA_FORMAT_CSV};
    check_ways(&input, &options, 0);
    bytes_free(&input);
}

static int ask_avx2(void **state) {
    (void)state;
    return setenv("DORA_KERNEL", "avx2", 1);
}

static int ask_portable(void **state) {
    (void)state;
    return setenv("DORA_KERNEL", "portable", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_wrong_bytes),
    };
    int failed = cmocka_run_group_tests_name("kernel of this machine", tests, NULL, NULL);
    failed += cmocka_run_group_tests_name("kernel with AVX2, where there is one", tests, ask_avx2, NULL);
    return failed + cmocka_run_group_tests_name("portable kernel", tests, ask_portable, NULL);
}
