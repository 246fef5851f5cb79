/* SPDX-License-Identifier: MIT */
/*
 * Numbers and dates as text: values with known shortest forms, round trips of random doubles of many shapes, a locale
 * with a decimal comma where there is one, and buffers that cannot grow.
 */
#include "base/text.h"
#include "calendar/date_text.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state = UINT64_C(88172645463325252);

static uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void assert_double(double value, const char *expected) {
    char out[DORA__NUMBER_ROOM + 1];
    size_t size = dora__format_double(out, value);
    assert_true(size <= DORA__NUMBER_ROOM);
    out[size] = '\0';
    assert_string_equal(out, expected);
}

/* Digits as Python's repr gives them, in the forms of dora__format_double. */
static const struct {
    double value;
    const char *text;
} shortest[] = {
    {0.25, "0.25"},
    {0.1, "0.1"},
    {0.3, "0.3"},
    {0.3333333333333333, "0.3333333333333333"},
    {0.6666666666666666, "0.6666666666666666"},
    {0.30000000000000004, "0.30000000000000004"},
    {3.0, "3"},
    {86400.5, "86400.5"},
    {123456.789012, "123456.789012"},
    {0.0001, "0.0001"},
    {1e-05, "0.00001"},
    {1.5e-05, "0.000015"},
    {9.999e-06, "9.999e-6"},
    {1e-06, "1e-6"},
    {1.5e-07, "1.5e-7"},
    {1e-07, "1e-7"},
    {5e-324, "5e-324"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {1.7976931348623157e+308, "1.7976931348623157e308"},
    {1e+300, "1e300"},
    {1e+22, "1e22"},
    {1e+23, "1e23"},
    {9007199254740991.0, "9007199254740991"},
    {9007199254740992.0, "9007199254740992"},
    {9007199254740994.0, "9007199254740994"},
    {4503599627370495.5, "4503599627370495.5"},
    {4503599627370498.0, "4503599627370498"},
    {2251799813685247.8, "2251799813685247.8"},
    {0.5000000000000001, "0.5000000000000001"},
    {0.49999999999999994, "0.49999999999999994"},
    {1.0000000000000002, "1.0000000000000002"},
    {0.9999999999999999, "0.9999999999999999"},
    {1000000000000000.0, "1000000000000000"},
    {1e+16, "10000000000000000"},
    {1e+17, "1e17"},
    {1.2345678901234568e+17, "1.2345678901234568e17"},
    {1.2345678e+18, "1.2345678e18"},
    {3.141592653589793, "3.141592653589793"},
    {2.718281828459045, "2.718281828459045"},
    {5e-10, "5e-10"},
    {1.4551915228366852e-11, "1.4551915228366852e-11"},
    {1.455191522836685e-11, "1.455191522836685e-11"},
    {0.05, "0.05"},
    {0.15, "0.15"},
    {0.14285714285714285, "0.14285714285714285"},
    {0.03285420944558522, "0.03285420944558522"},
    {0.0054757015742642025, "0.0054757015742642025"},
    {299792458.5, "299792458.5"},
    {0.000123, "0.000123"},
    {12345.678901, "12345.678901"},
    {9.5367431640625e-07, "9.5367431640625e-7"},
    {100.0, "100"},
    {1234567.0000005, "1234567.0000005"},
    {9e-11, "9e-11"},
    {1.1125369292536007e-308, "1.1125369292536007e-308"},
};

static void test_shortest(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shortest / sizeof *shortest; i++) {
        assert_double(shortest[i].value, shortest[i].text);
        char negative[DORA__NUMBER_ROOM + 2];
        snprintf(negative, sizeof negative, "-%s", shortest[i].text);
        assert_double(-shortest[i].value, negative);
    }
    assert_double(0.0, "0");
    assert_double(-0.0, "0");
}

static double double_of_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Doubles of the shapes that results have, and of any. */
static double random_double(unsigned shape) {
    uint64_t any = random_word(), exponent = 1023 - 40 + random_word() % 100;
    switch (shape % 8) {
    case 0:
        return double_of_bits(any);
    case 1:
        return (double)(any % 10000) / (double)(random_word() % 10000 + 1);
    case 2:
        return (double)(any >> 14) / 1e6;
    case 3:
        return double_of_bits((any & ((UINT64_C(1) << 52) - 1)) | exponent << 52);
    case 4:
        return double_of_bits((exponent << 52) + any % 3 - 1);
    case 5:
        return (double)(any >> random_word() % 64) / 1e7;
    case 6:
        return -(double)(any % 1000000) / 1e9;
    default:
        return (double)(any >> random_word() % 64) * 0.5;
    }
}

static void assert_round_trip(double value) {
    char out[DORA__NUMBER_ROOM + 1];
    size_t size = dora__format_double(out, value);
    assert_true(size <= DORA__NUMBER_ROOM);
    out[size] = '\0';
    if (strtod(out, NULL) != value)
        fail_msg("%a became %s", value, out);
}

static void test_round_trip(void **state) {
    (void)state;
    for (unsigned i = 0; i < 1500000; i++) {
        double value = random_double(i);
        if (isfinite(value))
            assert_round_trip(value);
    }
}

static void test_locale(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                        "fr_FR.utf8",  "de_DE",      "nl_NL.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]);
    if (!found || *localeconv()->decimal_point != ',') {
        setlocale(LC_NUMERIC, "C");
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    assert_double(0.25, "0.25");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(1.5e-300, "1.5e-300");
    assert_double(1.7976931348623157e308, "1.7976931348623157e308");
    setlocale(LC_NUMERIC, "C");
}

static void test_integers(void **state) {
    (void)state;
    char out[DORA__NUMBER_ROOM], expected[32];
    int64_t value = 1;
    for (int i = 0; i < 200000; i++) {
        int64_t tried = i == 0 ? 0 : i == 1 ? INT64_MIN : i == 2 ? INT64_MAX : value;
        size_t size = dora__format_int64(out, tried);
        assert_int_equal(size, snprintf(expected, sizeof expected, "%lld", (long long)tried));
        assert_memory_equal(out, expected, size);
        value = (int64_t)random_word() >> random_word() % 64;
    }
    for (int64_t power = 10; power < INT64_MAX / 10; power *= 10)
        for (int64_t near = power - 1; near <= power + 1; near++) {
            size_t size = dora__format_int64(out, near);
            assert_int_equal(size, snprintf(expected, sizeof expected, "%lld", (long long)near));
            assert_memory_equal(out, expected, size);
        }
}

static void test_dates(void **state) {
    (void)state;
    static const struct {
        int32_t day;
        const char *text;
    } dates[] = {{0, "1970-01-01"},     {-1, "1969-12-31"},      {11016, "2000-02-29"},
                 {19723, "2024-01-01"}, {-719162, "0001-01-01"}, {2932896, "9999-12-31"}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        char out[DORA__NUMBER_ROOM];
        assert_int_equal(dora__format_date(out, dates[i].day), 10);
        assert_memory_equal(out, dates[i].text, 10);
    }
}

static void test_buffer(void **state) {
    (void)state;
    struct dora__memory memory;
    struct dora__text text;
    dora__memory_init(&memory, NULL);
    dora__text_init(&text, &memory);
    for (int i = 0; i < 1000; i++) {
        dora__text_puts(&text, "x=");
        dora__text_double(&text, 0.5);
        dora__text_put(&text, ",", 1);
        dora__text_int64(&text, -7);
        dora__text_put(&text, " ", 1);
        dora__text_date(&text, 0);
        dora__text_put(&text, NULL, 0);
    }
    static const char piece[] = "x=0.5,-7 1970-01-01";
    assert_false(text.failed);
    assert_int_equal(text.size, 1000 * (sizeof piece - 1));
    for (size_t i = 0; i < 1000; i++)
        assert_memory_equal(text.data + i * (sizeof piece - 1), piece, sizeof piece - 1);
    dora__text_free(&text);
    assert_null(text.data);
    dora__text_free(&text);
}

static void *allocate_none(void *context, size_t size) {
    (void)context;
    (void)size;
    return NULL;
}

static void *reallocate_none(void *context, void *block, size_t old_size, size_t new_size) {
    (void)context;
    (void)block;
    (void)old_size;
    (void)new_size;
    return NULL;
}

static void release_none(void *context, void *block, size_t size) {
    (void)context;
    (void)block;
    (void)size;
}

static void test_failed_allocation(void **state) {
    (void)state;
    const dora_allocator none = {allocate_none, reallocate_none, release_none, NULL};
    struct dora__memory memory;
    struct dora__text text;
    dora__memory_init(&memory, &none);
    dora__text_init(&text, &memory);
    dora__text_puts(&text, "a");
    assert_true(text.failed);
    dora__text_int64(&text, 1);
    assert_int_equal(text.size, 0);
    dora__text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortest),          cmocka_unit_test(test_round_trip), cmocka_unit_test(test_locale),
        cmocka_unit_test(test_integers),          cmocka_unit_test(test_dates),      cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
