/* SPDX-License-Identifier: MIT */
/*
 * Time zones. Files made here, byte by byte, hold the parser to RFC 8536 on any machine; known facts of real zones are
 * looked up where the system has them; and files that are cut or have bits turned must be refused or read, never crash.
 */
#include "calendar/rule.h"
#include "calendar/zone.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char system_folder[] = "/usr/share/zoneinfo";
static struct dora__memory memory;
static char folder[] = "dora-zone-XXXXXX";
static char file_path[sizeof folder + 8];

static int set_up(void **state) {
    (void)state;
    dora__memory_init(&memory, NULL);
    if (!mkdtemp(folder))
        return -1;
    snprintf(file_path, sizeof file_path, "%s/Made", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    remove(file_path);
    return rmdir(folder);
}

static void write_file(const void *bytes, size_t size) {
    FILE *file = fopen(file_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static dora_status open_status(const char *name, const char *where) {
    struct dora__zone *zone;
    dora_error error;
    dora_status status = dora__zone_new(&memory, name, where, &zone, &error);
    assert_true((status == DORA_OK) == (zone != NULL));
    dora__zone_free(zone);
    return status;
}

static struct dora__zone *open_zone(const char *name, const char *where) {
    struct dora__zone *zone;
    dora_error error;
    if (dora__zone_new(&memory, name, where, &zone, &error) != DORA_OK)
        fail_msg("%s", error.message);
    return zone;
}

/* Offset in seconds at an instant in seconds; the span must hold the instant. */
static int offset_at(const struct dora__zone *zone, int64_t second) {
    struct dora__zone_span span = {0, 0, 0};
    int64_t us = second * DORA__US_PER_SECOND;
    dora__zone_find(zone, us, &span);
    assert_true(span.begin_us <= us && us < span.end_us);
    return (int)(span.offset_us / DORA__US_PER_SECOND);
}

static int64_t second_of(int year, int month, int day, int hour, int minute) {
    return (int64_t)dora__day_from_date((struct dora__date){year, month, day}) * 86400 + hour * 3600 + minute * 60;
}

static void test_fixed(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int seconds;
    } zones[] = {{NULL, 0},          {"UTC", 0},        {"Z", 0},          {"+05:30", 19800},  {"+0530", 19800},
                 {"-08:00", -28800}, {"-0800", -28800}, {"+23:59", 86340}, {"-23:59", -86340}, {"-00:00", 0}};
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct dora__zone *zone = open_zone(zones[i].name, "/nowhere");
        struct dora__zone_span span = {0, 0, 0};
        dora__zone_find(zone, 0, &span);
        assert_int_equal(span.offset_us, zones[i].seconds * DORA__US_PER_SECOND);
        assert_true(span.begin_us < DORA__INSTANT_MIN && span.end_us > DORA__INSTANT_MAX);
        dora__zone_free(zone);
    }
    dora__zone_free(NULL);
}

static void test_names(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        "+24:00",
        "+05:60",
        "+05",
        "+5:30",
        "+05:3",
        "+05.30",
        "Europe/None",
        "/etc/passwd",
        "../Berlin",
        "Europe/../UTC",
        "Europe//",
        "Europe/",
        "./Made",
        "Ma de",
        "Made\n",
        "Made%",
        "M\xc3\xa4rz",
        "..",
        ".",
        "Made/x",
        "a..b",
        "/",
        "Made/../Made",
        "Mad\\e",
        "utc",
    };
    write_file("x", 1);
    for (size_t i = 0; i < COUNT(names); i++)
        if (open_status(names[i], folder) != DORA_ERROR_ARGUMENT)
            fail_msg("\"%s\" is not refused", names[i]);
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(open_status(longest, folder), DORA_ERROR_ARGUMENT);
    assert_int_equal(open_status("Made", folder), DORA_ERROR_IO);
}

/* A TZif file under construction. */
struct made {
    unsigned char bytes[1024];
    size_t size;
};

static void put_be(struct made *made, int64_t value, int size) {
    for (int i = size - 1; i >= 0; i--)
        made->bytes[made->size++] = (unsigned char)((uint64_t)value >> (8 * i));
}

static void put_text(struct made *made, const char *text) {
    memcpy(made->bytes + made->size, text, strlen(text));
    made->size += strlen(text);
}

struct transition {
    int64_t second;
    int type;
};

static void put_block(struct made *made, char version, int time_size, const struct transition *transitions, int count,
                      const int *offsets, int types) {
    put_text(made, "TZif");
    put_be(made, version, 1);
    put_be(made, 0, 8);
    put_be(made, 0, 7);
    const int counts[] = {types, types, 0, count, types, 4};
    for (size_t i = 0; i < COUNT(counts); i++)
        put_be(made, counts[i], 4);
    for (int i = 0; i < count; i++)
        put_be(made, transitions[i].second, time_size);
    for (int i = 0; i < count; i++)
        put_be(made, transitions[i].type, 1);
    for (int i = 0; i < types; i++) {
        put_be(made, offsets[i], 4);
        put_be(made, 0, 2);
    }
    put_text(made, "ABC");
    put_be(made, 0, 1);
    put_be(made, 0, 2 * types);
}

static void put_version_2(struct made *made, const struct transition *transitions, int count, const int *offsets,
                          int types, const char *footer) {
    static const int nothing[] = {0};
    made->size = 0;
    put_block(made, '2', 4, NULL, 0, nothing, 1);
    put_block(made, '2', 8, transitions, count, offsets, types);
    put_text(made, "\n");
    put_text(made, footer);
    put_text(made, "\n");
}

static dora_status made_status(const struct made *made) {
    write_file(made->bytes, made->size);
    return open_status("Made", folder);
}

static struct dora__zone *made_zone(const struct made *made) {
    write_file(made->bytes, made->size);
    return open_zone("Made", folder);
}

static void test_versions(void **state) {
    (void)state;
    static const struct transition transitions[] = {{-1000, 1}, {0, 2}, {5000, 1}};
    static const int offsets[] = {-300, 3600, 7200};
    struct made made = {.size = 0};
    put_block(&made, 0, 4, transitions, 3, offsets, 3);
    for (int version = 1; version <= 2; version++) {
        struct dora__zone *zone = made_zone(&made);
        assert_int_equal(offset_at(zone, -1001), -300);
        assert_int_equal(offset_at(zone, -1000), 3600);
        assert_int_equal(offset_at(zone, -1), 3600);
        assert_int_equal(offset_at(zone, 0), 7200);
        assert_int_equal(offset_at(zone, 4999), 7200);
        assert_int_equal(offset_at(zone, 5000), 3600);
        assert_int_equal(offset_at(zone, second_of(9997, 1, 1, 0, 0)), 3600);
        dora__zone_free(zone);
        put_version_2(&made, transitions, 3, offsets, 3, "");
    }
}

static void test_spans(void **state) {
    (void)state;
    /* The second transition changes no offset, the first lies before all instants. */
    static const struct transition transitions[] = {{-(INT64_C(1) << 59), 0}, {1000, 0}, {2000, 1}};
    static const int offsets[] = {60, 120};
    struct made made;
    put_version_2(&made, transitions, 3, offsets, 2, "<+02>-0:02");
    struct dora__zone *zone = made_zone(&made);
    struct dora__zone_span span = {0, 0, 0};
    dora__zone_find(zone, 0, &span);
    assert_true(span.begin_us < DORA__INSTANT_MIN);
    assert_int_equal(span.end_us, 2000 * DORA__US_PER_SECOND);
    assert_int_equal(dora__zone_day(zone, -61 * DORA__US_PER_SECOND, &span), -1);
    assert_int_equal(dora__zone_day(zone, -60 * DORA__US_PER_SECOND, &span), 0);
    dora__zone_find(zone, 2000 * DORA__US_PER_SECOND, &span);
    assert_int_equal(span.begin_us, 2000 * DORA__US_PER_SECOND);
    assert_true(span.end_us > DORA__INSTANT_MAX);
    assert_int_equal(span.offset_us, 120 * DORA__US_PER_SECOND);
    dora__zone_free(zone);
}

/* What a file without transitions and with a footer says. */
static void test_footers(void **state) {
    (void)state;
    static const struct {
        const char *footer;
        int64_t second; /* of a switch */
        int before, after;
    } cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1711846800, 3600, 7200},          /* 2024-03-31T01:00Z */
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1729990800, 7200, 3600},          /* 2024-10-27T01:00Z */
        {"EST5EDT,M3.2.0,M11.1.0", 4108690800, -18000, -14400},          /* 2100-03-14T07:00Z */
        {"<-04>4<-03>,M9.1.6/24,M4.1.6/24", 1712458800, -10800, -14400}, /* 2024-04-07T03:00Z */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1711846800, -7200, -3600},   /* 2024-03-30T23:00 local */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", 1711846800, 0, 3600},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1712415600, 39600, 37800}, /* 2024-04-06T15:00Z */
        {"AAA0BBB,J60/0,J300/0", 1709251200, 0, 3600},                      /* 2024-03-01 */
        {"AAA0BBB,J60/0,J300/0", 1677628800, 0, 3600},                      /* 2023-03-01 */
        {"AAA0BBB,59/0,299/0", 1709164800, 0, 3600},                        /* 2024-02-29 */
        {"AAA0BBB,59/0,299/0", 1677628800, 0, 3600},                        /* 2023-03-01 */
        {"AAA0BBB,0/-167:59:59,100", 1703462401, 0, 3600},                  /* 2024-01-01 less 167:59:59 */
    };
    static const int offsets[] = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct made made;
        put_version_2(&made, NULL, 0, offsets, 1, cases[i].footer);
        struct dora__zone *zone = made_zone(&made);
        int before = offset_at(zone, cases[i].second - 1), after = offset_at(zone, cases[i].second);
        if (before != cases[i].before || after != cases[i].after)
            fail_msg("%s at %lld: %d, %d", cases[i].footer, (long long)cases[i].second, before, after);
        dora__zone_free(zone);
    }
}

/* Each of the 8,098 years has its two spans, and they meet. */
static void test_rule_years(void **state) {
    (void)state;
    static const char text[] = "<+10>-10<+1030>-10:30,M10.1.0,M4.1.0/3";
    struct dora__rule rule;
    assert_true(dora__rule_parse(text, sizeof text - 1, &rule));
    struct dora__zone_span span = {0, 0, 0};
    int spans = 0;
    for (int64_t at = DORA__INSTANT_MIN; at <= DORA__INSTANT_MAX; at = span.end_us) {
        dora__rule_find(&rule, at, &span);
        assert_true(span.begin_us <= at && at < span.end_us && (spans == 0 || span.begin_us == at));
        struct dora__zone_span last;
        dora__rule_find(&rule, span.end_us - 1, &last);
        assert_memory_equal(&span, &last, sizeof span);
        assert_int_equal(span.offset_us, (spans % 2 ? 36000 : 37800) * DORA__US_PER_SECOND);
        spans++;
    }
    assert_int_equal(spans, 2 * 8098 + 1);

    /* Daylight time all year: the end of one year is the beginning of the next. */
    static const char always[] = "EST5EDT,0/0,J365/25";
    assert_true(dora__rule_parse(always, sizeof always - 1, &rule));
    for (int64_t at = DORA__INSTANT_MIN; at <= DORA__INSTANT_MAX; at = span.end_us) {
        dora__rule_find(&rule, at, &span);
        assert_int_equal(span.offset_us, -4 * 3600 * DORA__US_PER_SECOND);
    }
}

static void test_bad_rules(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "U",
        "UTC",
        "UT0",
        "UTC+",
        "UTC25",
        "UTC0:60",
        "UTC0:0:60",
        "<UTC0",
        "<U>0",
        "<U_C>0",
        "UTC0\n",
        "UTC0 ",
        "UTC0x",
        "EST5EDT",
        "EST5EDT,",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,",
        "EST5EDT,M3.2.0,M11.1.0,",
        "EST5EDT,M0.2.0,M11.1.0",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.0.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2,M11.1.0",
        "EST5EDT,J0,J1",
        "EST5EDT,J366,J1",
        "EST5EDT,366,1",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.0/,M11.1.0",
        "EST5EDT,M3.2.0/2:,M11.1.0",
        "EST5EDT4M3.2.0,M11.1.0",
        "EST5ED,M3.2.0,M11.1.0",
        "EST0005EDT,M3.2.0,M11.1.0",
        "EST99999999999999999999",
        "EST5EDT,M3.2.0/1:60,M11.1.0",
        ":EST5",
    };
    struct dora__rule rule;
    for (size_t i = 0; i < COUNT(texts); i++) {
        size_t size = strlen(texts[i]);
        char *exact = malloc(size ? size : 1);
        assert_non_null(exact);
        memcpy(exact, texts[i], size);
        if (dora__rule_parse(exact, size, &rule))
            fail_msg("\"%s\" is taken for a rule", texts[i]);
        free(exact);
    }
}

static void test_bad_files(void **state) {
    (void)state;
    static const struct transition good[] = {{0, 0}, {5, 1}}, backward[] = {{5, 0}, {4, 1}},
                                   repeated[] = {{5, 0}, {5, 1}}, typeless[] = {{0, 0}, {5, 2}};
    static const int offsets[] = {0, 26 * 3600}, high[] = {0, 26 * 3600 + 1}, low[] = {0, -26 * 3600 - 1},
                     least[] = {0, INT_MIN};
    struct made made;
    put_version_2(&made, good, 2, offsets, 2, "UTC0");
    assert_int_equal(made_status(&made), DORA_OK);
    const struct {
        const struct transition *transitions;
        const int *offsets;
        int types;
        const char *footer;
    } bad[] = {
        {backward, offsets, 2, ""}, {repeated, offsets, 2, ""}, {typeless, offsets, 2, ""}, {good, high, 2, ""},
        {good, low, 2, ""},         {good, least, 2, ""},       {good, offsets, 0, ""},     {good, offsets, 2, "UTC"},
        {good, offsets, 1, ""},     {good, offsets, 2, "?"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        put_version_2(&made, bad[i].transitions, 2, bad[i].offsets, bad[i].types, bad[i].footer);
        assert_int_equal(made_status(&made), DORA_ERROR_IO);
    }
    /* Counts of 2^32 - 1, one after the other. */
    for (size_t i = 0; i < 6; i++) {
        put_version_2(&made, good, 2, offsets, 2, "UTC0");
        memset(made.bytes + 20 + 4 * i, 0xFF, 4);
        assert_int_equal(made_status(&made), DORA_ERROR_IO);
    }
    made.size = 0;
    assert_int_equal(made_status(&made), DORA_ERROR_IO);
    enum { TOO_LARGE = (1 << 20) + 5000 };
    unsigned char *large = calloc(1, TOO_LARGE);
    assert_non_null(large);
    put_version_2(&made, good, 2, offsets, 2, "UTC0");
    memcpy(large, made.bytes, made.size);
    write_file(large, TOO_LARGE);
    free(large);
    assert_int_equal(open_status("Made", folder), DORA_ERROR_IO);
    assert_int_equal(open_status(folder, "."), DORA_ERROR_IO); /* a folder is no file */
}

/* Whatever a file says, asking it anything must be defined. */
static void ask(const unsigned char *bytes, size_t size) {
    write_file(bytes, size);
    struct dora__zone *zone;
    dora_status status = dora__zone_new(&memory, "Made", folder, &zone, NULL);
    assert_true(status == DORA_OK || status == DORA_ERROR_IO);
    if (zone)
        for (int year = 1900; year < 9998; year += 97)
            offset_at(zone, second_of(year, 6, 1, 0, 0));
    dora__zone_free(zone);
}

static void mutate(unsigned char *bytes, size_t size) {
    for (size_t cut = 0; cut < size; cut++)
        ask(bytes, cut);
    for (size_t place = 0; place < size; place++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[place] ^= (unsigned char)(1 << bit);
            ask(bytes, size);
            bytes[place] ^= (unsigned char)(1 << bit);
        }
}

static void test_mutated(void **state) {
    (void)state;
    static const struct transition transitions[] = {{-100000, 1}, {0, 0}, {1700000000, 1}};
    static const int offsets[] = {3600, -7200};
    struct made made;
    put_version_2(&made, transitions, 3, offsets, 2, "<-02>2<-01>,M3.5.0/-1,J300/24:30");
    mutate(made.bytes, made.size);
}

static void test_mutated_real(void **state) {
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s/Australia/Lord_Howe", system_folder);
    FILE *file = fopen(path, "rb");
    if (!file) {
        print_message("%s is missing\n", path);
        skip();
    }
    unsigned char bytes[8192];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut < size; cut++)
        ask(bytes, cut);
    for (size_t place = 0; place < size; place++) {
        bytes[place] ^= (unsigned char)(1 << place % 8);
        ask(bytes, size);
        bytes[place] ^= (unsigned char)(1 << place % 8);
    }
}

/* An allocator that fails after some calls and counts what is out. */
struct failing {
    int left;
    long out;
};

static void *failing_allocate(void *context, size_t size) {
    struct failing *failing = context;
    if (failing->left-- <= 0)
        return NULL;
    failing->out += (long)size;
    return malloc(size);
}

static void *failing_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct failing *failing = context;
    if (failing->left-- <= 0)
        return NULL;
    failing->out += (long)new_size - (long)old_size;
    return realloc(block, new_size);
}

static void failing_release(void *context, void *block, size_t size) {
    struct failing *failing = context;
    failing->out -= (long)size;
    free(block);
}

static void test_out_of_memory(void **state) {
    (void)state;
    static const int offsets[] = {0};
    struct made made;
    put_version_2(&made, NULL, 0, offsets, 1, "UTC0");
    write_file(made.bytes, made.size);
    static const char *const names[] = {"Made", "+01:00"};
    for (size_t i = 0; i < COUNT(names); i++)
        for (int calls = 0;; calls++) {
            struct failing failing = {calls, 0};
            struct dora__memory short_memory;
            dora_allocator allocator = {failing_allocate, failing_reallocate, failing_release, &failing};
            dora__memory_init(&short_memory, &allocator);
            struct dora__zone *zone;
            dora_error error;
            dora_status status = dora__zone_new(&short_memory, names[i], folder, &zone, &error);
            dora__zone_free(zone);
            assert_int_equal(failing.out, 0);
            if (status == DORA_OK)
                break;
            assert_int_equal(status, DORA_ERROR_MEMORY);
            assert_true(calls < 10);
        }
}

/* What the world's clocks did and, by the rules of today, will do: minutes ahead of UTC just before and at a moment. */
static const struct {
    const char *zone;
    int year, month, day, hour, minute; /* UTC */
    int before, at;
} facts[] = {
    {"Europe/Berlin", 2024, 3, 31, 1, 0, 60, 120},        {"Europe/Berlin", 2024, 10, 27, 1, 0, 120, 60},
    {"Europe/Berlin", 2100, 3, 28, 1, 0, 60, 120},        {"Europe/Berlin", 2100, 10, 31, 1, 0, 120, 60},
    {"Europe/Berlin", 9997, 7, 1, 0, 0, 120, 120},        {"America/New_York", 2024, 3, 10, 7, 0, -300, -240},
    {"America/New_York", 2024, 11, 3, 6, 0, -240, -300},  {"America/New_York", 2006, 4, 2, 7, 0, -300, -240},
    {"America/New_York", 2100, 3, 14, 7, 0, -300, -240},  {"America/New_York", 2100, 11, 7, 6, 0, -240, -300},
    {"Australia/Lord_Howe", 2024, 4, 6, 15, 0, 660, 630}, {"Australia/Lord_Howe", 2024, 10, 5, 15, 30, 630, 660},
    {"Australia/Lord_Howe", 2100, 4, 3, 15, 0, 660, 630}, {"Asia/Kolkata", 2024, 6, 1, 0, 0, 330, 330},
    {"Asia/Kolkata", 2100, 6, 1, 0, 0, 330, 330},         {"Asia/Kathmandu", 1985, 12, 31, 18, 30, 330, 345},
    {"Pacific/Apia", 2011, 12, 30, 10, 0, -600, 840},     {"America/Santiago", 2024, 4, 7, 3, 0, -180, -240},
    {"America/Santiago", 2024, 9, 8, 4, 0, -240, -180},   {"Africa/Casablanca", 2024, 3, 10, 2, 0, 60, 0},
    {"Africa/Casablanca", 2024, 4, 14, 2, 0, 0, 60},      {"Europe/Dublin", 2024, 3, 31, 1, 0, 0, 60},
};

static void test_facts(void **state) {
    (void)state;
    if (access(system_folder, R_OK) != 0) {
        print_message("%s is missing\n", system_folder);
        skip();
    }
    for (size_t i = 0; i < COUNT(facts); i++) {
        struct dora__zone *zone;
        if (dora__zone_new(&memory, facts[i].zone, NULL, &zone, NULL) == DORA_ERROR_ARGUMENT)
            continue;
        assert_non_null(zone);
        int64_t second = second_of(facts[i].year, facts[i].month, facts[i].day, facts[i].hour, facts[i].minute);
        int before = offset_at(zone, second - 1) / 60, at = offset_at(zone, second) / 60;
        if (before != facts[i].before || at != facts[i].at)
            fail_msg("%s in %d-%d: %d, %d", facts[i].zone, facts[i].year, facts[i].month, before, at);
        dora__zone_free(zone);
    }
}

/* Samoa had no 30 December 2011. */
static void test_skipped_day(void **state) {
    (void)state;
    struct dora__zone *zone;
    if (dora__zone_new(&memory, "Pacific/Apia", NULL, &zone, NULL) != DORA_OK) {
        print_message("the system has no zone Pacific/Apia\n");
        skip();
    }
    struct dora__zone_span span = {0, 0, 0};
    int32_t skipped = dora__day_from_date((struct dora__date){2011, 12, 30});
    int64_t begin_us = (skipped - 3) * DORA__US_PER_DAY;
    for (int64_t at = begin_us; at < begin_us + 6 * DORA__US_PER_DAY; at += 60 * DORA__US_PER_SECOND)
        assert_int_not_equal(dora__zone_day(zone, at, &span), skipped);
    dora__zone_free(zone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed),        cmocka_unit_test(test_names),         cmocka_unit_test(test_versions),
        cmocka_unit_test(test_spans),        cmocka_unit_test(test_footers),       cmocka_unit_test(test_rule_years),
        cmocka_unit_test(test_bad_rules),    cmocka_unit_test(test_bad_files),     cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_mutated_real), cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_skipped_day),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
