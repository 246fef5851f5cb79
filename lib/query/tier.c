/* SPDX-License-Identifier: MIT */
/* See tier.h. A value a / b meets a bound c / d by comparing a d with c b in 128 bits. */
#include "query/tier.h"

#include "base/error.h"
#include "base/utf8.h"
#include "base/wide.h"

#include <string.h>

/* clang-format off */
/* A month is 30.4375 days, 487 / 16, and 2,629,800 seconds. */
#define UNREACHABLE     {0, 0, 0}
#define MORE_THAN_DAILY {1, 1, 1}
#define DAILY           {1, 1, 0}
#define WEEKLY          {1, 7, 0}
#define MONTHLY         {16, 487, 0}
#define HALF_YEARLY     {16, 2922, 0}
#define HOUR            {3600, 1, 0}
#define DAY             {86400, 1, 0}
#define WEEK            {604800, 1, 0}
#define MONTH           {2629800, 1, 0}
#define HALF_YEAR       {15778800, 1, 0}
#define PERCENT(n)      {n, 100, 0}

static const struct {
    int year;
    dora_tiers tiers;
} editions[] = {
    {2018, {sizeof(dora_tiers), "2018", 1,
            .frequency = {MORE_THAN_DAILY, DAILY, MONTHLY},
            .lead_time = {HOUR, WEEK, MONTH},
            .recovery = {HOUR, DAY, UNREACHABLE},
            .fail_rate = {PERCENT(15), UNREACHABLE, UNREACHABLE}}},
    {2019, {sizeof(dora_tiers), "2019", 1,
            .frequency = {MORE_THAN_DAILY, WEEKLY, MONTHLY},
            .lead_time = {DAY, WEEK, MONTH},
            .recovery = {HOUR, DAY, UNREACHABLE},
            .fail_rate = {PERCENT(15), UNREACHABLE, UNREACHABLE}}},
    {2021, {sizeof(dora_tiers), "2021", 1,
            .frequency = {MORE_THAN_DAILY, MONTHLY, HALF_YEARLY},
            .lead_time = {HOUR, WEEK, HALF_YEAR},
            .recovery = {HOUR, DAY, WEEK},
            .fail_rate = {PERCENT(15), PERCENT(30), UNREACHABLE}}},
    {2022, {sizeof(dora_tiers), "2022", 1,
            .frequency = {UNREACHABLE, MORE_THAN_DAILY, MONTHLY},
            .lead_time = {UNREACHABLE, WEEK, MONTH},
            .recovery = {UNREACHABLE, DAY, WEEK},
            .fail_rate = {UNREACHABLE, PERCENT(15), PERCENT(30)}}},
    {2023, {sizeof(dora_tiers), "2023", 0,
            .frequency = {MORE_THAN_DAILY, WEEKLY, MONTHLY},
            .lead_time = {DAY, WEEK, MONTH},
            .recovery = {HOUR, DAY, WEEK},
            .fail_rate = {PERCENT(5), PERCENT(10), PERCENT(15)}}},
    {2024, {sizeof(dora_tiers), "2024", 0,
            .frequency = {MORE_THAN_DAILY, WEEKLY, MONTHLY},
            .lead_time = {DAY, WEEK, MONTH},
            .recovery = {HOUR, DAY, UNREACHABLE},
            .fail_rate = {PERCENT(5), PERCENT(10), PERCENT(20)}}},
};
/* clang-format on */

/* The bounds of scores 10, 8, 6, 4 and 2. */
enum { SCORES = 5 };
static const dora_tier_bound score_durations[SCORES] = {HOUR, DAY, WEEK, MONTH, HALF_YEAR};
static const dora_tier_bound score_frequencies[SCORES] = {MORE_THAN_DAILY, DAILY, WEEKLY, MONTHLY, HALF_YEARLY};

static const char *const tier_names[] = {NULL, "low", "medium", "high", "elite"};

const dora_tiers *dora_tiers_edition(int edition) {
    for (size_t i = 0; i < sizeof editions / sizeof *editions; i++)
        if (editions[i].year == edition)
            return &editions[i].tiers;
    return NULL;
}

const char *dora_tier_name(dora_tier tier) {
    return (size_t)tier < sizeof tier_names / sizeof *tier_names ? tier_names[tier] : NULL;
}

static bool reachable(const dora_tier_bound *bound) {
    return bound->denominator != 0;
}

/* deployments >= max(1, floor(numerator * days / denominator)), or with strict more than the quotient itself. The floor
   is at most k where the quotient is below k + 1. */
static bool often(const dora_tier_bound *bound, uint64_t deployments, int64_t days) {
    dora__wide needed = dora__wide_multiply(bound->numerator, (uint64_t)days);
    if (bound->strict)
        return dora__wide_compare(dora__wide_multiply(bound->denominator, deployments), needed) > 0;
    return deployments > 0 && dora__wide_compare(dora__wide_multiply(bound->denominator, deployments + 1), needed) > 0;
}

/* A percentile in microseconds as numerator / denominator. */
struct quantile {
    dora__wide numerator;
    uint64_t denominator;
};

static struct quantile quantile(int64_t x0_us, int64_t x1_us, uint32_t frac_num, uint32_t frac_den) {
    dora__wide whole = dora__wide_multiply(x0_us, frac_den), part = dora__wide_multiply(x1_us - x0_us, frac_num);
    return (struct quantile){dora__wide_add(whole, part), frac_den};
}

static bool shorter(const dora_tier_bound *bound, const struct quantile *value) {
    dora__wide left = dora__wide_scale(value->numerator, (uint64_t)bound->denominator);
    dora__wide right = dora__wide_multiply(bound->numerator, value->denominator * 1000000);
    return dora__wide_compare(left, right) < 0;
}

dora_tier dora__tier_frequency(const dora_tiers *tiers, uint64_t deployments, int64_t days) {
    if (days <= 0)
        return DORA_TIER_NONE;
    for (int i = 0; i < 3; i++)
        if (reachable(&tiers->frequency[i]) && often(&tiers->frequency[i], deployments, days))
            return (dora_tier)(DORA_TIER_ELITE - i);
    return DORA_TIER_LOW;
}

dora_tier dora__tier_duration(const dora_tier_bound bounds[3], int64_t x0_us, int64_t x1_us, uint32_t frac_num,
                              uint32_t frac_den) {
    struct quantile value = quantile(x0_us, x1_us, frac_num, frac_den);
    for (int i = 0; i < 3; i++)
        if (reachable(&bounds[i]) && shorter(&bounds[i], &value))
            return (dora_tier)(DORA_TIER_ELITE - i);
    return DORA_TIER_LOW;
}

dora_tier dora__tier_fail_rate(const dora_tiers *tiers, uint64_t failed, uint64_t deployments) {
    if (deployments == 0)
        return DORA_TIER_NONE;
    for (int i = 0; i < 3; i++) {
        const dora_tier_bound *bound = &tiers->fail_rate[i];
        if (reachable(bound) && dora__wide_compare(dora__wide_multiply(bound->denominator, failed),
                                                   dora__wide_multiply(bound->numerator, deployments)) <= 0)
            return (dora_tier)(DORA_TIER_ELITE - i);
    }
    return DORA_TIER_LOW;
}

int dora__score_duration(int64_t x0_us, int64_t x1_us, uint32_t frac_num, uint32_t frac_den) {
    struct quantile value = quantile(x0_us, x1_us, frac_num, frac_den);
    for (int i = 0; i < SCORES; i++)
        if (shorter(&score_durations[i], &value))
            return 10 - 2 * i;
    return 0;
}

int dora__score_frequency(uint64_t deployments, int64_t days) {
    for (int i = 0; i < SCORES; i++)
        if (often(&score_frequencies[i], deployments, days))
            return 10 - 2 * i;
    return 0;
}

enum what { FREQUENCY, DURATION, RATE };

/* Compares two ratios: -1, 0 or 1. */
static int compare_bounds(const dora_tier_bound *a, const dora_tier_bound *b) {
    return dora__wide_compare(dora__wide_multiply(a->numerator, (uint64_t)b->denominator),
                              dora__wide_multiply(b->numerator, (uint64_t)a->denominator));
}

/* Whether `worse` asks for more than `better` does. */
static bool stricter(const dora_tier_bound *worse, const dora_tier_bound *better, bool frequency) {
    int order = compare_bounds(worse, better);
    return frequency ? order > 0 || (order == 0 && worse->strict && !better->strict) : order < 0;
}

static dora_status check_row(const char *row, const dora_tier_bound bounds[3], enum what what, dora_error *error) {
    const dora_tier_bound *better = NULL;
    for (int i = 0; i < 3; i++) {
        const dora_tier_bound *bound = &bounds[i];
        if (!reachable(bound))
            continue;
        const char *name = tier_names[DORA_TIER_ELITE - i];
        if (bound->numerator < (what != RATE) || bound->numerator > DORA__TIER_NUMBER_MAX || bound->denominator < 0 ||
            bound->denominator > DORA__TIER_NUMBER_MAX)
            return dora__fail(error, DORA_ERROR_ARGUMENT, "%s: the bound of %s is out of range", row, name);
        if (what == RATE && bound->numerator > bound->denominator)
            return dora__fail(error, DORA_ERROR_ARGUMENT, "%s: the bound of %s is above 1", row, name);
        if (better && stricter(bound, better, what == FREQUENCY))
            return dora__fail(error, DORA_ERROR_ARGUMENT, "%s: the bound of %s is stricter than that of a better tier",
                              row, name);
        better = bound;
    }
    return DORA_OK;
}

static dora_status check_name(const dora_tiers *tiers, dora_error *error) {
    const char *end = memchr(tiers->name, '\0', sizeof tiers->name);
    if (!end)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "name: longer than %d bytes", (int)sizeof tiers->name - 1);
    size_t size = (size_t)(end - tiers->name), length;
    if (size && (tiers->name[0] == ' ' || end[-1] == ' '))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "name: begins or ends with a space");
    for (size_t i = 0; i < size; i += length) {
        int32_t point = dora__utf8_decode(tiers->name + i, size - i, &length);
        if (point < 0 || point == '#' || dora__utf8_unsafe(point))
            return dora__fail(error, DORA_ERROR_ARGUMENT, "name: expected printable UTF-8 without #");
    }
    return DORA_OK;
}

dora_status dora__tiers_check(const dora_tiers *tiers, dora_error *error) {
    dora_status status = check_name(tiers, error);
    if (status == DORA_OK)
        status = check_row("frequency", tiers->frequency, FREQUENCY, error);
    if (status == DORA_OK)
        status = check_row("lead_time", tiers->lead_time, DURATION, error);
    if (status == DORA_OK)
        status = check_row(tiers->restore ? "restore" : "recovery", tiers->recovery, DURATION, error);
    if (status == DORA_OK)
        status = check_row("fail_rate", tiers->fail_rate, RATE, error);
    return status;
}
