/* SPDX-License-Identifier: MIT */
/*
 * Tiers and scores at and next to their bounds, the text form of tables there and back, and text that must be refused.
 */
#include "query/tier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int years[] = {2018, 2019, 2021, 2022, 2023, 2024};
enum { YEARS = sizeof years / sizeof *years };

static const int64_t hour_us = INT64_C(3600000000);
static const int64_t month_us = INT64_C(2629800000000);

static const dora_tiers *edition(int year) {
    const dora_tiers *tiers = dora_tiers_edition(year);
    assert_non_null(tiers);
    return tiers;
}

static void test_editions(void **state) {
    (void)state;
    for (int i = 0; i < YEARS; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", years[i]);
        assert_string_equal(edition(years[i])->name, name);
        assert_int_equal(edition(years[i])->restore, years[i] < 2023);
        assert_int_equal(dora__tiers_check(edition(years[i]), NULL), DORA_OK);
    }
    assert_null(dora_tiers_edition(2020));
    assert_null(dora_tiers_edition(2025));
    assert_string_equal(dora_tier_name(DORA_TIER_ELITE), "elite");
    assert_string_equal(dora_tier_name(DORA_TIER_HIGH), "high");
    assert_string_equal(dora_tier_name(DORA_TIER_MEDIUM), "medium");
    assert_string_equal(dora_tier_name(DORA_TIER_LOW), "low");
    assert_null(dora_tier_name(DORA_TIER_NONE));
    assert_null(dora_tier_name((dora_tier)5));
    assert_null(dora_tier_name((dora_tier)-1));
}

static const struct {
    int year;
    uint64_t deployments;
    int64_t days;
    dora_tier tier;
} frequencies[] = {
    {2024, 8, 7, DORA_TIER_ELITE},
    {2024, 7, 7, DORA_TIER_HIGH},
    {2024, 1, 13, DORA_TIER_HIGH},
    {2024, 1, 14, DORA_TIER_MEDIUM},
    {2024, 2, 14, DORA_TIER_HIGH},
    {2024, 1, 1, DORA_TIER_HIGH},
    {2024, 2, 1, DORA_TIER_ELITE},
    {2024, 0, 1, DORA_TIER_LOW},
    {2024, 1, 60, DORA_TIER_MEDIUM},
    {2024, 1, 61, DORA_TIER_LOW},
    {2024, 0, 0, DORA_TIER_NONE},
    {2018, 30, 30, DORA_TIER_HIGH},
    {2018, 29, 30, DORA_TIER_MEDIUM},
    {2018, 31, 30, DORA_TIER_ELITE},
    {2021, 1, 365, DORA_TIER_MEDIUM},
    {2021, 1, 366, DORA_TIER_LOW},
    {2022, 31, 30, DORA_TIER_HIGH},
    {2022, 30, 30, DORA_TIER_MEDIUM},
    {2024, UINT64_MAX - 1, 1, DORA_TIER_ELITE},
};

static void test_frequency(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof frequencies / sizeof *frequencies; i++)
        assert_int_equal(
            dora__tier_frequency(edition(frequencies[i].year), frequencies[i].deployments, frequencies[i].days),
            frequencies[i].tier);
}

static void test_duration(void **state) {
    (void)state;
    const dora_tier_bound *bounds = edition(2024)->recovery; /* < 1 hour, < 1 day, - */
    assert_int_equal(dora__tier_duration(bounds, 0, 0, 0, 1), DORA_TIER_ELITE);
    assert_int_equal(dora__tier_duration(bounds, hour_us - 1, hour_us - 1, 0, 1), DORA_TIER_ELITE);
    assert_int_equal(dora__tier_duration(bounds, hour_us, hour_us, 0, 1), DORA_TIER_HIGH);
    /* Half a microsecond before, on and after the bound. */
    assert_int_equal(dora__tier_duration(bounds, hour_us - 1, hour_us, 1, 2), DORA_TIER_ELITE);
    assert_int_equal(dora__tier_duration(bounds, hour_us - 1, hour_us + 1, 1, 2), DORA_TIER_HIGH);
    assert_int_equal(dora__tier_duration(bounds, hour_us - 1, hour_us + 1, 49999999, 100000000), DORA_TIER_ELITE);
    assert_int_equal(dora__tier_duration(bounds, 24 * hour_us, 24 * hour_us, 1, 2), DORA_TIER_LOW);
    bounds = edition(2021)->lead_time;
    assert_int_equal(dora__tier_duration(bounds, 6 * month_us - 1, 6 * month_us - 1, 0, 1), DORA_TIER_MEDIUM);
    assert_int_equal(dora__tier_duration(bounds, 6 * month_us, 6 * month_us, 0, 1), DORA_TIER_LOW);
    /* The largest values that can be. */
    const int64_t most = INT64_C(260000000000000000);
    const dora_tier_bound far[3] = {
        {1, DORA__TIER_NUMBER_MAX, 0}, {DORA__TIER_NUMBER_MAX, 1, 0}, {DORA__TIER_NUMBER_MAX, 1, 0}};
    assert_int_equal(dora__tier_duration(far, most, most, 99999999, 100000000), DORA_TIER_HIGH);
    assert_int_equal(dora__tier_duration(far, 0, 0, 99999999, 100000000), DORA_TIER_ELITE);
}

static void test_fail_rate(void **state) {
    (void)state;
    assert_int_equal(dora__tier_fail_rate(edition(2024), 0, 1), DORA_TIER_ELITE);
    assert_int_equal(dora__tier_fail_rate(edition(2024), 1, 20), DORA_TIER_ELITE);
    assert_int_equal(dora__tier_fail_rate(edition(2024), 51, 1000), DORA_TIER_HIGH);
    assert_int_equal(dora__tier_fail_rate(edition(2024), 1, 10), DORA_TIER_HIGH);
    assert_int_equal(dora__tier_fail_rate(edition(2024), 1, 5), DORA_TIER_MEDIUM);
    assert_int_equal(dora__tier_fail_rate(edition(2024), 201, 1000), DORA_TIER_LOW);
    assert_int_equal(dora__tier_fail_rate(edition(2024), 0, 0), DORA_TIER_NONE);
    assert_int_equal(dora__tier_fail_rate(edition(2018), 3, 20), DORA_TIER_ELITE);
    assert_int_equal(dora__tier_fail_rate(edition(2018), 16, 100), DORA_TIER_LOW);
    assert_int_equal(dora__tier_fail_rate(edition(2022), 0, 100), DORA_TIER_HIGH);
    assert_int_equal(dora__tier_fail_rate(edition(2022), 30, 100), DORA_TIER_MEDIUM);
}

static void test_scores(void **state) {
    (void)state;
    const int64_t bounds[] = {hour_us, 24 * hour_us, 168 * hour_us, month_us, 6 * month_us};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(dora__score_duration(bounds[i] - 1, bounds[i] - 1, 0, 1), 10 - 2 * i);
        assert_int_equal(dora__score_duration(bounds[i] - 1, bounds[i], 1, 2), 10 - 2 * i);
        assert_int_equal(dora__score_duration(bounds[i], bounds[i], 0, 1), 8 - 2 * i);
    }
    static const struct {
        uint64_t deployments;
        int64_t days;
        int score;
    } scores[] = {{31, 30, 10}, {30, 30, 8}, {29, 30, 6}, {4, 30, 6},  {3, 30, 4},  {1, 30, 4},
                  {0, 30, 0},   {1, 61, 2},  {1, 365, 2}, {1, 366, 0}, {2, 366, 2}, {1, 1, 8}};
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        assert_int_equal(dora__score_frequency(scores[i].deployments, scores[i].days), scores[i].score);
}

static void assert_bounds(const dora_tier_bound a[3], const dora_tier_bound b[3]) {
    for (int i = 0; i < 3; i++) {
        assert_int_equal(a[i].numerator, b[i].numerator);
        assert_int_equal(a[i].denominator, b[i].denominator);
        assert_int_equal(a[i].strict, b[i].strict);
    }
}

static void assert_prints(const dora_tiers *tiers, const char *expected) {
    struct dora__memory memory;
    struct dora__text text;
    dora_tiers back;
    dora_error error = {0};
    dora__memory_init(&memory, NULL);
    dora__text_init(&text, &memory);
    dora__tiers_text(&text, tiers);
    assert_false(text.failed);
    if (dora_tiers_parse(text.data, text.size, &back, &error) != DORA_OK)
        fail_msg("%s on line %d of:\n%.*s", error.message, (int)error.line, (int)text.size, text.data);
    assert_string_equal(back.name, tiers->name);
    assert_int_equal(back.restore, tiers->restore);
    assert_bounds(back.frequency, tiers->frequency);
    assert_bounds(back.lead_time, tiers->lead_time);
    assert_bounds(back.recovery, tiers->recovery);
    assert_bounds(back.fail_rate, tiers->fail_rate);
    if (expected) {
        assert_int_equal(text.size, strlen(expected));
        assert_memory_equal(text.data, expected, text.size);
    }
    dora__text_free(&text);
}

static void test_text_round_trip(void **state) {
    (void)state;
    for (int i = 0; i < YEARS; i++)
        assert_prints(edition(years[i]), NULL);
    assert_prints(edition(2024), "name       2024\n"
                                 "frequency  > 1/day       >= 1/week     >= 1/month\n"
                                 "lead_time  < 1 day       < 1 week      < 1 month\n"
                                 "recovery   < 1 hour      < 1 day       -\n"
                                 "fail_rate  <= 0.05       <= 0.10       <= 0.20\n");
    assert_prints(edition(2021), "name       2021\n"
                                 "frequency  > 1/day       >= 1/month    >= 1/6 months\n"
                                 "lead_time  < 1 hour      < 1 week      < 6 months\n"
                                 "restore    < 1 hour      < 1 day       < 1 week\n"
                                 "fail_rate  <= 0.15       <= 0.30       -\n");
    dora_tiers odd = {.struct_size = sizeof odd,
                      .name = "ours, caf\xC3\xA9",
                      .frequency = {{DORA__TIER_NUMBER_MAX, 3, 1}, {4, 1461, 1}, {1, DORA__TIER_NUMBER_MAX, 0}},
                      .lead_time = {{1, DORA__TIER_NUMBER_MAX, 0}, {90, 1, 0}, {DORA__TIER_NUMBER_MAX, 7, 0}},
                      .recovery = {{0, 0, 0}, {31557600, 1, 0}, {0, 0, 0}},
                      .fail_rate = {{0, 1, 0}, {1, 3, 0}, {DORA__TIER_NUMBER_MAX, DORA__TIER_NUMBER_MAX, 0}}};
    assert_prints(&odd, "name       ours, caf\xC3\xA9\n"
                        "frequency  > 1000000000000/3 days  > 1/year      >= 1/1000000000000 days\n"
                        "lead_time  < 1/1000000000000 seconds  < 90 seconds  < 1000000000000/7 seconds\n"
                        "recovery   -             < 12 months   -\n"
                        "fail_rate  <= 0          <= 1/3        <= 1.000000000000\n");
}

static void test_text_forms(void **state) {
    (void)state;
    static const char text[] = "# any order, any spacing\r\n"
                               "\r\n"
                               "fail_rate <=0.05\t<= 0.1 <= 1 # a comment\r\n"
                               "restore\t<60 minutes < 24hours -\r\n"
                               "lead_time - < 7 days < 1/2 year\n"
                               "  frequency  >1/1 days >= 2/3weeks >= 1/year";
    dora_tiers tiers;
    dora_error error;
    assert_int_equal(dora_tiers_parse(text, sizeof text - 1, &tiers, &error), DORA_OK);
    assert_string_equal(tiers.name, "");
    assert_int_equal(tiers.restore, 1);
    assert_int_equal(tiers.struct_size, sizeof tiers);
    assert_int_equal(tiers.frequency[1].numerator, 2);
    assert_int_equal(tiers.frequency[1].denominator, 21);
    assert_int_equal(tiers.lead_time[0].denominator, 0);
    assert_int_equal(tiers.lead_time[2].numerator, 31557600);
    assert_int_equal(tiers.lead_time[2].denominator, 2);
    assert_int_equal(tiers.recovery[1].numerator, 86400);
    assert_int_equal(tiers.fail_rate[2].numerator, 1);
}

#define REST "lead_time - - -\nrecovery - - -\nfail_rate - - -\n"

static const struct {
    const char *text;
    int line;
    int byte;
    const char *part; /* of the message */
} refused[] = {
    {"", 1, 0, "without a line frequency"},
    {"frequency - - -\nlead_time - - -\nfail_rate - - -\n", 4, 48, "without a line recovery or restore"},
    {"frequency - - -\n" REST "recovery - - -", 5, 63, "recovery: already given"},
    {"frequency - - -\n" REST "restore - - -", 5, 63, "restore: already given as recovery"},
    {"name a\nname b\n", 2, 12, "once"},
    {"name\n", 1, 4, "1 to 23 bytes"},
    {"name 123456789012345678901234", 1, 5, "1 to 23 bytes"},
    {"name \x1B[31m", 1, 0, "printable"},
    {"name \xFF", 1, 0, "printable"},
    {"speed > 1/day\n", 1, 0, "got \"speed\""},
    {"Frequency - - -", 1, 0, "got \"Frequency\""},
    {"# a\n\nfrequency > 1/day >= 1/week\n", 3, 32, "bound 3 of 3"},
    {"frequency - - - -", 1, 16, "got more"},
    {"frequency > 1/fortnight - -", 1, 10, "expected \"> 1/day\""},
    {"frequency > 1/hour - -", 1, 10, "expected"},
    {"frequency >= 1.5/day - -", 1, 10, "expected"},
    {"frequency >= 1/0 days - -", 1, 10, "expected"},
    {"frequency >= 01/day - -", 1, 10, "expected"},
    {"frequency >= -1/day - -", 1, 10, "expected"},
    {"frequency < 1/day - -", 1, 10, "expected"},
    {"frequency >= 0/day - -", 1, 0, "out of range"},
    {"frequency >= 1000000000000/year - -", 1, 0, "out of range"},
    {"frequency >= 99999999999999999999/day - -", 1, 10, "expected"},
    {"frequency >= 1/day > 1/day -", 1, 0, "bound of high is stricter"},
    {"frequency >= 1/week - >= 2/week", 1, 0, "bound of medium is stricter"},
    {"lead_time <= 1 day - -", 1, 10, "expected \"< 1 hour\""},
    {"lead_time < 1 - -", 1, 10, "expected"},
    {"lead_time < 1 s - -", 1, 10, "expected"},
    {"lead_time < 0 days - -", 1, 0, "out of range"},
    {"lead_time < 1000000000000 days - -", 1, 10, "expected"},
    {"lead_time < 1 day < 1 hour -", 1, 0, "bound of high is stricter"},
    {"fail_rate <= 5 - -", 1, 0, "above 1"},
    {"fail_rate <= 0. - -", 1, 10, "expected"},
    {"fail_rate <= .5 - -", 1, 10, "expected"},
    {"fail_rate <= 5% - -", 1, 10, "got \"<= 5%"},
    {"fail_rate < 0.5 - -", 1, 10, "expected"},
    {"fail_rate <= 0.1234567890123 - -", 1, 10, "expected"},
    {"fail_rate <= 0.2 <= 0.1 -", 1, 0, "stricter"},
};

static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        dora_tiers tiers, before;
        dora_error error = {0};
        memset(&tiers, 0x5A, sizeof tiers);
        before = tiers;
        assert_int_equal(dora_tiers_parse(refused[i].text, strlen(refused[i].text), &tiers, &error), DORA_ERROR_INPUT);
        assert_int_equal(error.status, DORA_ERROR_INPUT);
        if ((int)error.line != refused[i].line || (int)error.byte != refused[i].byte ||
            !strstr(error.message, refused[i].part))
            fail_msg("%s: line %d, byte %d, %s", refused[i].text, (int)error.line, (int)error.byte, error.message);
        assert_memory_equal(&tiers, &before, sizeof tiers);
        assert_int_equal(dora_tiers_parse(refused[i].text, strlen(refused[i].text), &tiers, NULL), DORA_ERROR_INPUT);
    }
}

static void test_hostile(void **state) {
    (void)state;
    dora_tiers tiers;
    dora_error error;
    static char large[(1 << 16) + 1];
    memset(large, '\n', sizeof large);
    assert_int_equal(dora_tiers_parse(large, sizeof large, &tiers, &error), DORA_ERROR_INPUT);
    assert_non_null(strstr(error.message, "65536"));
    assert_int_equal(dora_tiers_parse("name a\0b\n", 9, &tiers, &error), DORA_ERROR_INPUT);
    assert_int_equal(dora_tiers_parse("frequency\0- - -\n", 16, &tiers, &error), DORA_ERROR_INPUT);
    assert_int_equal(dora_tiers_parse("x", 1, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_tiers_parse(NULL, 1, &tiers, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_tiers_parse(NULL, 0, &tiers, &error), DORA_ERROR_INPUT);

    /* Every cut, and every byte of a good table replaced. */
    static const char good[] = "name x\nfrequency > 1/day >= 1/week >= 1/6 months\nlead_time < 1 day < 1 week -\n"
                               "restore < 1 hour - < 1/2 year\nfail_rate <= 0.05 <= 1/3 - # c\n";
    char text[sizeof good];
    for (size_t size = 0; size < sizeof good; size++) {
        memcpy(text, good, size);
        dora_tiers_parse(text, size, &tiers, &error);
    }
    for (size_t i = 0; i < sizeof good - 1; i++)
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, good, sizeof good);
            text[i] = (char)byte;
            if (dora_tiers_parse(text, sizeof good - 1, &tiers, &error) == DORA_OK)
                assert_prints(&tiers, NULL);
        }
}

static void test_check(void **state) {
    (void)state;
    dora_error error;
    dora_tiers tiers = *edition(2024);
    memset(tiers.name, 'x', sizeof tiers.name);
    assert_int_equal(dora__tiers_check(&tiers, &error), DORA_ERROR_ARGUMENT);
    tiers = *edition(2024);
    tiers.frequency[0].denominator = -1;
    assert_int_equal(dora__tiers_check(&tiers, &error), DORA_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "frequency: the bound of elite"));
    tiers = *edition(2023);
    tiers.recovery[2].numerator = DORA__TIER_NUMBER_MAX + 1;
    assert_int_equal(dora__tiers_check(&tiers, &error), DORA_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "recovery: the bound of medium"));
    strcpy(tiers.name, "a#b");
    assert_int_equal(dora__tiers_check(&tiers, &error), DORA_ERROR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_editions),   cmocka_unit_test(test_frequency), cmocka_unit_test(test_duration),
        cmocka_unit_test(test_fail_rate),  cmocka_unit_test(test_scores),    cmocka_unit_test(test_text_round_trip),
        cmocka_unit_test(test_text_forms), cmocka_unit_test(test_refused),   cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
