/* SPDX-License-Identifier: MIT */
/*
 * Lines of NDJSON, common ones and all that is a little off: read whole, when the common go into batches, and read in
 * pieces so small that every line goes the general way, they make the same facts, field by field.
 */
#include "ways.h"

static const char *const strings[] = {
    "\"a\"",
    "\"b\"",
    "\"svc-0001\"",
    "\"c-0000000007\"",
    "\"0123456789abcdef\"",
    "\"0123456789abcdef0\"",
    "\"a name of much more than sixteen or thirty-two bytes\"",
    "\"\"",
    "null",
    "7",
    "123456789",
    "\"caf\xc3\xa9\"",
    "\"esc\\u0041ped\"",
    "\"quo\\\"te\"",
    "\"bad\xff\"",
    "\"tab\there\"",
    "-1",
    "1.5",
    "1e3",
    "00",
    "[\"a\"]",
    "{}",
    "true",
};
static const char *const instants[] = {
    "\"2024-02-29T12:34:56Z\"",
    "\"2023-12-31T23:59:59Z\"",
    "\"1970-01-01T00:00:00Z\"",
    "\"2031-07-01T00:00:00Z\"",
    "\"2024-03-01T01:02:03.25Z\"",
    "\"2024-03-01 01:02:03\"",
    "\"2024-03-01T01:02:03+02:00\"",
    "\"2024-03-01\"",
    "\"\"",
    "null",
    "1700000000",
    "1700000000.5",
    "\"1700000000123\"",
    "\"1899-12-31T23:59:59Z\"",
    "\"1900-01-01T00:00:00Z\"",
    "\"9997-12-31T23:59:59Z\"",
    "\"9998-01-01T00:00:00Z\"",
    "\"2023-02-29T00:00:00Z\"",
    "\"2024-04-31T00:00:00Z\"",
    "\"2024-13-01T00:00:00Z\"",
    "\"2024-00-01T00:00:00Z\"",
    "\"2024-01-00T00:00:00Z\"",
    "\"2024-01-01T24:00:00Z\"",
    "\"2024-01-01T00:60:00Z\"",
    "\"2024-01-01T23:59:60Z\"",
    "\"2024-01-01T00:00:61Z\"",
    "\"2024-01-01T0a:00:00Z\"",
    "\"2024/01-01T00:00:00Z\"",
    "\"2024-01-01t00:00:00z\"",
    "\"x\"",
    "true",
};
static const char *const bools[] = {"true", "false", "null", "\"\"", "\"true\"", "1", "truth", "falsy"};
static const char *const statuses[] = {
    "\"success\"", "\"failure\"", "\"in_progress\"", "\"canceled\"", "\"Success\"", "null", "\"\"", "0"};
static const char *const numbers[] = {"0", "-1.5", "12.3456785", "1e6", "null", "\"\"", "\"5\"", "1e99", "01", "-"};
static const char *const lists[] = {"[]",
                                    "[\"a\"]",
                                    "[\"a\",\"b\",\"a\"]",
                                    "[ \"c\" , \"d\" ]",
                                    "[\"e\", \"f\"]",
                                    "[\"\",null,7]",
                                    "\"g;h i\"",
                                    "null",
                                    "[[]]",
                                    "[\"a\",]",
                                    "[\"x\\n\"]",
                                    "\"\""};
static const char *const kinds[] = {"\"deployment\"", "\"change\"",   "\"incident\"", "\"release\"", "\"phase\"",
                                    "\"defect\"",     "\"downtime\"", "\"feedback\"", "\"flag\"",    "\"service\"",
                                    "null",           "\"\"",         "\"Change\"",   "\"flags\"",   "1"};
static const char *const measures[] = {"\"complaints\"", "\"satisfaction\"", "\"adoption\"", "\"noise\""};
static const char *const others[] = {"1", "\"text\"", "null", "\"\"", "[1,{}]", "{\"a\":[]}", "nul", "false"};

/* One of `count` values: mostly among the first few, which are common. */
static const char *pick(uint64_t *state, const char *const *values, size_t count, size_t few) {
    return values[random_below(state, random_below(state, 40) ? few : count)];
}

static const char *value_of(uint64_t *state, int field) {
    if (field == DORA__KIND)
        return pick(state, kinds, COUNT(kinds), 10);
    if (field == DORA__MEASURE)
        return pick(state, measures, COUNT(measures), 3);
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
        return pick(state, instants, COUNT(instants), 8);
    case DORA__BOOL:
        return pick(state, bools, COUNT(bools), 3);
    case DORA__STATUS:
        return pick(state, statuses, COUNT(statuses), 4);
    case DORA__NUMBER:
        return pick(state, numbers, COUNT(numbers), 4);
    case DORA__LIST:
        return pick(state, lists, COUNT(lists), 5);
    default:
        return pick(state, strings, COUNT(strings), 12);
    }
}

static void put_id(uint64_t *state, struct bytes *out) {
    char text[40];
    snprintf(text, sizeof text, "\"id-%u\"", (unsigned)random_below(state, 300));
    bytes_puts(out, text);
}

/* A space now and then, of one style in most of the line. */
static void put_space(uint64_t *state, unsigned style, struct bytes *out) {
    static const char *const spaces[] = {"", " ", "  ", "\t"};
    bytes_puts(out, spaces[random_below(state, 200) ? style : random_below(state, 4)]);
}

static void put_member(uint64_t *state, unsigned style, int field, struct bytes *out) {
    char key[40];
    if (field == DORA__FIELDS)
        snprintf(key, sizeof key, "\"other-%u\"", (unsigned)random_below(state, 5));
    else
        snprintf(key, sizeof key, random_below(state, 300) ? "\"%s\"" : "\"\\u006%s\"", dora__fields[field].name);
    bytes_puts(out, key);
    put_space(state, random_below(state, 100) == 0, out);
    bytes_puts(out, ":");
    put_space(state, style, out);
    if (field == DORA__ID && random_below(state, 30))
        put_id(state, out);
    else
        bytes_puts(out, field == DORA__FIELDS ? pick(state, others, COUNT(others), 4) : value_of(state, field));
}

/* A line of some kind, the kind first, last, in the middle or left out. */
static void put_line(uint64_t *state, struct bytes *out) {
    unsigned kind = random_below(state, DORA_KIND_COUNT), style = random_below(state, 4) == 0;
    uint64_t fields = dora__kinds[kind].fields | DORA__BIT(DORA__ID);
    int members[DORA__FIELDS + 4], count = 0;
    for (; fields; fields &= fields - 1)
        if (random_below(state, 3))
            members[count++] = __builtin_ctzll(fields);
    if (random_below(state, 10) == 0)
        members[count++] = random_below(state, 2) ? DORA__AS_OF : DORA__DELETED;
    if (random_below(state, 20) == 0)
        members[count++] = (int)random_below(state, DORA__FIELDS + 1);
    if (random_below(state, 3) == 0)
        for (int i = count - 1; i > 0; i--) {
            int k = (int)random_below(state, (uint32_t)i + 1), member = members[i];
            members[i] = members[k];
            members[k] = member;
        }
    int place = random_below(state, 3) ? 0 : (int)random_below(state, (uint32_t)count + 1);
    bool stated = random_below(state, 5) != 0;
    bytes_puts(out, "{");
    for (int i = 0; i <= count; i++) {
        if (i == place && stated) {
            char text[40];
            snprintf(text, sizeof text, "\"kind\":\"%s\"%s", dora__kinds[kind].name, i < count ? "," : "");
            bytes_puts(out, text);
        }
        if (i == count)
            break;
        put_space(state, style && i, out);
        put_member(state, style, members[i], out);
        bytes_puts(out, i + 1 < count || (i + 1 == place && stated) ? "," : "");
    }
    bytes_puts(out, random_below(state, 100) ? "}" : "} x");
    bytes_puts(out, random_below(state, 50) ? "\n" : random_below(state, 2) ? "\r\n" : " \n\n");
}

static void test_lines(void **state) {
    (void)state;
    const dora_field_name names[] = {{"service", "application"},
                                     {"service", "svc"},
                                     {"committed_at", "a rather long name"
                                                      " of a field"}};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t random = seed;
        struct bytes input = {0};
        dora_reader_options options = {.struct_size = sizeof options, .format = DORA_FORMAT_NDJSON};
        if (seed % 3 == 0)
            options.kind = "change";
        if (seed % 5 == 0)
            options.record_bytes_max = 250;
        if (seed % 4 == 0) {
            options.names = names;
            options.names_count = 3;
        }
        for (unsigned i = 0; i < 600; i++)
            put_line(&random, &input);
        check_ways(&input, &options, seed);
        bytes_free(&input);
    }
}

/* More items than wait at once, in one list and in many. */
static void test_long_lists(void **state) {
    (void)state;
    for (unsigned items = 1; items < 5000; items = items * 5 + 3) {
        struct bytes input = {0};
        dora_reader_options options = {.struct_size = sizeof options, .format = DORA_FORMAT_NDJSON};
        for (unsigned line = 0; line < 40; line++) {
            char text[80];
            snprintf(text, sizeof text, "{\"id\":\"d%u\",\"sha\":\"c%u\",\"changes\":[\"c0\"", line % 30, line);
            bytes_puts(&input, text);
            for (unsigned i = 1; i < items; i++) {
                snprintf(text, sizeof text, ",\"c%u\"", i * 7 % 1000 + line);
                bytes_puts(&input, text);
            }
            bytes_puts(&input, "],\"finished_at\":\"2024-05-06T07:08:09Z\"}\n");
        }
        check_ways(&input, &options, items);
        bytes_free(&input);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_long_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
