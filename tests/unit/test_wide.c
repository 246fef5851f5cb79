/* SPDX-License-Identifier: MIT */
/*
 * 128-bit integers. The portable code is compiled here under other names, so that it is compared with whatever the
 * library was built with, and both with values worked out by exact fractions.
 */
#define DORA__WIDE_PORTABLE
#define dora__wide_ratio          portable_wide_ratio
#define dora__ratio_i64           portable_ratio_i64
#define dora__interpolate_seconds portable_interpolate_seconds
#include "../../lib/base/wide.c"
#undef dora__wide_ratio
#undef dora__ratio_i64
#undef dora__interpolate_seconds

double dora__wide_ratio(dora__wide numerator, dora__wide denominator);
double dora__ratio_i64(int64_t numerator, int64_t denominator);
double dora__interpolate_seconds(int64_t x0_us, int64_t x1_us, uint32_t frac_num, uint32_t frac_den);

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t random_state = UINT64_C(88172645463325252);

static uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Of any length from 1 to 127 bits. */
static dora__wide random_wide(void) {
    int bits = 1 + (int)(random_word() % 127);
    dora__wide value = {random_word(), (int64_t)(random_word() >> 1)};
    if (bits > 64)
        value.high >>= 127 - bits;
    else
        value = (dora__wide){value.low >> (64 - bits), 0};
    return value;
}

static void assert_wide(dora__wide value, int64_t high, uint64_t low) {
    assert_int_equal(value.high, high);
    assert_int_equal(value.low, low);
}

static void test_sums(void **state) {
    (void)state;
    dora__wide sum = {0, 0};
    for (int i = 0; i < 4; i++)
        sum = dora__wide_add_i64(sum, INT64_MAX);
    assert_wide(sum, 1, UINT64_MAX - 3);
    for (int i = 0; i < 8; i++)
        sum = dora__wide_add_i64(sum, INT64_MIN);
    assert_wide(sum, -3, UINT64_MAX - 3);
    assert_wide(dora__wide_negate(sum), 2, 4);
    assert_wide(dora__wide_subtract(sum, sum), 0, 0);
    assert_true(dora__wide_is_zero(dora__wide_subtract(sum, sum)));
    assert_false(dora__wide_is_zero(sum));
    assert_wide(dora__wide_from_i64(-1), -1, UINT64_MAX);
}

static void test_compare(void **state) {
    (void)state;
    dora__wide ordered[] = {{0, INT64_MIN}, {UINT64_MAX, -2}, {0, -1},         {UINT64_MAX, -1},
                            {0, 0},         {1, 0},           {UINT64_MAX, 0}, {0, 1}};
    int count = (int)(sizeof ordered / sizeof *ordered);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            assert_int_equal(dora__wide_compare(ordered[i], ordered[j]), (i > j) - (i < j));
}

static void test_products(void **state) {
    (void)state;
    assert_wide(dora__wide_multiply(INT64_MAX, UINT64_MAX), INT64_C(0x7FFFFFFFFFFFFFFE), UINT64_C(0x8000000000000001));
    assert_wide(dora__wide_multiply(INT64_MIN, UINT64_MAX), INT64_MIN, UINT64_C(0x8000000000000000));
    assert_wide(dora__wide_multiply(-3, 5), -1, UINT64_MAX - 14);
    assert_wide(dora__wide_scale((dora__wide){UINT64_MAX, 5}, 10), 59, UINT64_MAX - 9);
#ifdef __SIZEOF_INT128__
    for (int i = 0; i < 10000; i++) {
        uint64_t a = random_word() >> random_word() % 64, b = random_word() >> random_word() % 64, high;
        __extension__ unsigned __int128 product = (unsigned __int128)a * b;
        uint64_t low = dora__multiply_u64(a, b, &high);
        assert_true(low == (uint64_t)product && high == (uint64_t)(product >> 64));
    }
#endif
}

/* Nearest doubles of ratios, by exact fractions. */
static const struct {
    dora__wide numerator;
    dora__wide denominator;
    double ratio;
} ratios[] = {
    {{UINT64_C(0x0), INT64_MIN}, {UINT64_C(0x1), 0}, -0x1.0000000000000p+127},
    {{UINT64_C(0x0), INT64_MIN}, {UINT64_C(0xFFFFFFFFFFFFFFFF), INT64_C(9223372036854775807)}, -0x1.0000000000000p+0},
    {{UINT64_C(0xFFFFFFFFFFFFFFFF), INT64_C(9223372036854775807)},
     {UINT64_C(0xFFFFFFFFFFFFFFFF), INT64_C(9223372036854775807)},
     0x1.0000000000000p+0},
    {{UINT64_C(0xFFFFFFFFFFFFFFFF), INT64_C(9223372036854775807)}, {UINT64_C(0x1), 0}, 0x1.0000000000000p+127},
    {{UINT64_C(0x1), 0}, {UINT64_C(0xFFFFFFFFFFFFFFFF), INT64_C(9223372036854775807)}, 0x1.0000000000000p-127},
    {{UINT64_C(0x1), 0}, {UINT64_C(0x3), 0}, 0x1.5555555555555p-2},
    {{UINT64_C(0xFFFFFFFFFFFFFFF9), -1}, {UINT64_C(0x2), 0}, -0x1.c000000000000p+1},
    {{UINT64_C(0x40000000000001), 0}, {UINT64_C(0x1), 0}, 0x1.0000000000000p+54},
    {{UINT64_C(0x40000000000003), 0}, {UINT64_C(0x2), 0}, 0x1.0000000000001p+53},
    {{UINT64_C(0x1), INT64_C(72057594037927936)}, {UINT64_C(0x3), 4}, 0x1.0000000000000p+54},
    {{UINT64_C(0x5BC8FBBCBDE5C099), 53364536},
     {UINT64_C(0xD7210DFF076CE2EF), INT64_C(3578477267383421915)},
     0x1.06588d2164fd0p-36},
    {{UINT64_C(0xFFFFFFD7195E95C5), -1}, {UINT64_C(0x17CB765F), 0}, -0x1.b80a002e88f39p+8},
    {{UINT64_C(0x8B33E968617959CE), 0}, {UINT64_C(0x24BB73D1), 0}, 0x1.e513a9de4033ap+33},
    {{UINT64_C(0xFFFFFFC844D124E0), -1}, {UINT64_C(0x2E9C82B1478C281D), INT64_C(59770248225)}, -0x1.004d7868ad6cdp-62},
    {{UINT64_C(0x33EE2CA83CF2748A), -1}, {UINT64_C(0x8E190BB), 0}, -0x1.6fa599ef83f62p+36},
    {{UINT64_C(0x74513021DA8978), 0}, {UINT64_C(0xD67BBBF), 0}, 0x1.15aa12ca5490ap+27},
    {{UINT64_C(0x2A9EBA0CDF561D80), 0}, {UINT64_C(0xF6236BF2504B74BB), 0}, 0x1.629ef4b26475bp-3},
    {{UINT64_C(0x80CA9CB0F1C3269), -1}, {UINT64_C(0xF7108E96F770C227), 0}, -0x1.00eafb40a96d1p+0},
    {{UINT64_C(0xA3890E75FA7A5FE4), -27843919}, {UINT64_C(0x254CB864EF901B93), 0}, -0x1.6c7f7f4ef25dcp+27},
    {{UINT64_C(0xFFFFFFB2AB0B9597), -1},
     {UINT64_C(0xDDB74D960D5A8F), INT64_C(3126419886886228886)},
     -0x1.c847857738e72p-88},
    {{UINT64_C(0x5A4F596727), 0}, {UINT64_C(0xB24891917B121DC5), 0}, 0x1.035add28a14e3p-25},
    {{UINT64_C(0x4B9ACDAD8707BA0B), INT64_C(-525740801361589429)},
     {UINT64_C(0xF06313FFF9A01FE9), 0},
     -0x1.f147a2ec7fbaep+58},
    {{UINT64_C(0x8C8F95EF04A012E8), INT64_C(3862999434579752870)},
     {UINT64_C(0x9419CF4D60597BDD), 1},
     0x1.0fb2797a4cc97p+61},
    {{UINT64_C(0xB52FA53C0BF64EF7), INT64_C(5752737277882187086)},
     {UINT64_C(0xC177F1131E782197), 0},
     0x1.a68e5fc3cde69p+62},
};

static void test_ratios(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
        assert_true(dora__wide_ratio(ratios[i].numerator, ratios[i].denominator) == ratios[i].ratio);
        assert_true(portable_wide_ratio(ratios[i].numerator, ratios[i].denominator) == ratios[i].ratio);
    }
    assert_true(dora__ratio_i64(-1, 3) == (double)(-1.0 / 3)); /* a constant may have more digits */
    assert_true(dora__ratio_i64(0, 7) == 0 && !signbit(dora__ratio_i64(0, 7)));
    assert_true(dora__ratio_i64((INT64_C(1) << 53) + 1, 1) == 0x1p53);
    assert_true(dora__ratio_i64((INT64_C(1) << 53) + 3, 1) == 0x1p53 + 4);
    assert_true(dora__ratio_i64(INT64_MIN, 1) == -0x1p63);
    assert_true(dora__ratio_i64(INT64_MAX, INT64_MAX) == 1);
}

static void test_ratio_paths_agree(void **state) {
    (void)state;
    for (int i = 0; i < 200000; i++) {
        dora__wide numerator = random_wide(), denominator = random_wide();
        if (dora__wide_is_zero(denominator))
            continue;
        if (i & 1)
            numerator = dora__wide_negate(numerator);
        double ratio = dora__wide_ratio(numerator, denominator);
        assert_true(ratio == portable_wide_ratio(numerator, denominator));
    }
}

/* A ratio half way between two doubles goes to the even one, and a hair off to the near one. */
static void test_ties(void **state) {
    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t odd = (random_word() >> 11 | UINT64_C(1) << 52) * 2 + 1;
        uint64_t factor = random_word() >> 2 | 1;
        dora__wide numerator = dora__wide_multiply((int64_t)odd, factor),
                   denominator = dora__wide_from_i64((int64_t)factor);
        double below = ldexp((double)(odd >> 1), 1), above = below + 2, even = odd & 2 ? above : below;
        assert_true(dora__wide_ratio(numerator, denominator) == even);
        if (factor > 2) {
            assert_true(dora__wide_ratio(dora__wide_add_i64(numerator, 1), denominator) == above);
            assert_true(dora__wide_ratio(dora__wide_add_i64(numerator, -1), denominator) == below);
            assert_true(portable_wide_ratio(dora__wide_add_i64(numerator, 1), denominator) == above);
        }
        assert_true(portable_wide_ratio(numerator, denominator) == even);
    }
}

static void test_interpolation(void **state) {
    (void)state;
    const int64_t day_us = INT64_C(86400000000), most_us = INT64_C(260000000000000000);
    assert_true(dora__interpolate_seconds(0, day_us, 1, 2) == 43200);
    assert_true(dora__interpolate_seconds(1, 2, 1, 2) == (double)1.5e-6);
    assert_true(dora__interpolate_seconds(7, 7, 0, 1) == (double)7e-6);
    assert_true(dora__interpolate_seconds(5, 5, 99, 100) == (double)5e-6);
    assert_true(dora__interpolate_seconds(most_us, most_us, 99999999, 100000000) == 260000000000.0);
    assert_true(dora__interpolate_seconds(INT64_C(102262177086500954), INT64_C(253497183527741218), 46222145,
                                          99999989) == 0x1.40af43c93fd37p+37);
    assert_true(dora__interpolate_seconds(INT64_C(169987715048757844), INT64_C(222920823869040261), 62122644,
                                          100000000) == 0x1.79e0821e3a841p+37);
    assert_true(dora__interpolate_seconds(INT64_C(26280810301920914), INT64_C(124492582814466438), 4916608,
                                          100000000) == 0x1.cf91514d8dbadp+34);
    assert_true(dora__interpolate_seconds(INT64_C(79458305185388144), INT64_C(105996639865808318), 19890482,
                                          100000000) == 0x1.3bab69a5c18cdp+36);
    assert_true(dora__interpolate_seconds(INT64_C(123456789), INT64_C(987654321), 1, 3) == 0x1.9b85cb46bacf7p+8);
    for (int i = 0; i < 100000; i++) {
        int64_t x0 = (int64_t)(random_word() % (uint64_t)most_us) >> random_word() % 58;
        int64_t x1 = x0 + (int64_t)(random_word() % (uint64_t)(most_us - x0));
        uint32_t den = 1 + (uint32_t)(random_word() % 100000000), num = (uint32_t)(random_word() % den);
        assert_true(dora__interpolate_seconds(x0, x1, num, den) == portable_interpolate_seconds(x0, x1, num, den));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),          cmocka_unit_test(test_compare),           cmocka_unit_test(test_products),
        cmocka_unit_test(test_ratios),        cmocka_unit_test(test_ratio_paths_agree), cmocka_unit_test(test_ties),
        cmocka_unit_test(test_interpolation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
