/* SPDX-License-Identifier: MIT */
/* See plan.h. */
#include "query/plan.h"

#include "base/error.h"
#include "calendar/civil.h"
#include "query/tier.h"

#include <stdio.h>
#include <string.h>

enum { WINDOW_MOST = 690000 }; /* days; a window that ends in 1900 then begins after the year 0 */

static uint32_t common_divisor(uint32_t a, uint32_t b) {
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static dora_status fail_percentile(const char *text, size_t size, dora_error *error) {
    return dora__fail(error, DORA_ERROR_ARGUMENT, "percentiles: '%s' is no decimal from 0 to 100 with at most 6 digits",
                      dora__quote(text, size).text);
}

/* "99.90" becomes p99.9 and 999/1000. */
static dora_status take_percentile(struct dora__plan *plan, const char *text, size_t size, dora_error *error) {
    uint32_t whole = 0, fraction = 0, scale = 1, digits = 0;
    bool point = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && !point && i > 0 && i + 1 < size) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9' && ++digits <= 6) {
            if (point) {
                fraction = fraction * 10 + (uint32_t)(text[i] - '0');
                scale *= 10;
            } else {
                whole = whole * 10 + (uint32_t)(text[i] - '0');
            }
        } else {
            return fail_percentile(text, size, error);
        }
    }
    if (plan->percentiles_count == DORA__PERCENTILES_MOST)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "percentiles: at most %d", DORA__PERCENTILES_MOST);
    if (digits == 0 || whole > 100 || (whole == 100 && fraction))
        return fail_percentile(text, size, error);
    while (scale > 1 && fraction % 10 == 0) {
        fraction /= 10;
        scale /= 10;
    }
    struct dora__percentile *made = &plan->percentiles[plan->percentiles_count];
    size_t length = (size_t)snprintf(made->name, sizeof made->name, "p%u", (unsigned)whole);
    if (scale > 1) {
        made->name[length++] = '.';
        for (uint32_t place = scale / 10; place; place /= 10)
            made->name[length++] = (char)('0' + fraction / place % 10);
    }
    uint32_t numerator = whole * scale + fraction, denominator = 100 * scale;
    uint32_t divisor = common_divisor(denominator, numerator);
    made->numerator = numerator / divisor;
    made->denominator = denominator / divisor;
    for (size_t i = 0; i < plan->percentiles_count; i++)
        if (strcmp(plan->percentiles[i].name, made->name) == 0)
            return DORA_OK;
    if (made->numerator == 1 && made->denominator == 2)
        plan->median = plan->percentiles_count;
    plan->percentiles_count++;
    return DORA_OK;
}

static dora_status take_metric(struct dora__plan *plan, const char *text, size_t size, dora_error *error) {
    static const struct {
        const char *name;
        uint8_t set;
    } sets[] = {{"dora", DORA__SET_DORA},
                {"deployment", DORA__SET_DEPLOYMENT},
                {"release", DORA__SET_RELEASE},
                {"all", DORA__SET_DEPLOYMENT | DORA__SET_RELEASE}};
    uint8_t set = 0;
    bool found = false;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (strlen(sets[i].name) == size && memcmp(sets[i].name, text, size) == 0)
            set = sets[i].set;
    for (size_t i = 0; i < DORA__METRICS; i++) {
        const struct dora__metric *metric = &dora__metrics[i];
        bool named = strlen(metric->name) == size && memcmp(metric->name, text, size) == 0;
        bool key_of_edition = set & DORA__SET_DORA && metric->judged == DORA__JUDGED_RESTORE && plan->tiers.restore;
        found |= named;
        plan->chosen[i] |= named || metric->sets & set || key_of_edition;
    }
    if (!found && !set)
        return dora__fail(error, DORA_ERROR_ARGUMENT,
                          "metrics: there is no '%s' (sets are dora, deployment, release, all)",
                          dora__quote(text, size).text);
    return DORA_OK;
}

/* Each piece of a list separated by commas. */
static dora_status take_list(struct dora__plan *plan, const char *text, dora_error *error,
                             dora_status (*take)(struct dora__plan *, const char *, size_t, dora_error *)) {
    for (;;) {
        size_t size = strcspn(text, ",");
        dora_status status = take(plan, text, size, error);
        if (status != DORA_OK)
            return status;
        if (!text[size])
            return DORA_OK;
        text += size + 1;
    }
}

static dora_status take_date(const char *option, const char *text, bool *has, int32_t *day, dora_error *error) {
    *has = text != NULL;
    if (text && !dora__parse_date(text, strlen(text), day))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "%s: '%s' is no date like 2024-01-31", option,
                          dora__quote(text, strlen(text)).text);
    return DORA_OK;
}

enum dora__judged dora__plan_judged(const struct dora__plan *plan, const struct dora__metric *metric) {
    bool wrong_key = metric->judged == (plan->tiers.restore ? DORA__JUDGED_RECOVERY : DORA__JUDGED_RESTORE);
    return plan->median == SIZE_MAX || wrong_key ? DORA__JUDGED_NOT : (enum dora__judged)metric->judged;
}

struct dora__place dora__percentile_place(dora_percentile_rule rule, const struct dora__percentile *percentile,
                                          uint64_t count) {
    uint64_t numerator = percentile->numerator, denominator = percentile->denominator;
    if (rule == DORA_PERCENTILE_NEAREST_RANK) {
        uint64_t rank = (count * numerator + denominator - 1) / denominator;
        return (struct dora__place){rank ? rank - 1 : 0, 0};
    }
    uint64_t scaled = (count - 1) * numerator; /* below 2^32 * 10^8 */
    uint32_t rest = rule == DORA_PERCENTILE_LINEAR ? (uint32_t)(scaled % denominator) : 0;
    return (struct dora__place){scaled / denominator, rest};
}

static uint32_t series_of(const struct dora__metric *metric) {
    switch (metric->shape) {
    case DORA__SHAPE_SUM:
    case DORA__SHAPE_SUM_RATIO:
    case DORA__SHAPE_MEAN:
    case DORA__SHAPE_DISTRIBUTION:
        return UINT32_C(1) << metric->of;
    case DORA__SHAPE_EFFICIENCY:
        return UINT32_C(1) << metric->of | UINT32_C(1) << metric->per;
    case DORA__SHAPE_SCORE:
        return metric->of == DORA__SCORE_STABILITY ? 0 : UINT32_C(1) << DORA__LEAD_TIME | UINT32_C(1) << DORA__RECOVERY;
    default:
        return 0;
    }
}

void dora__plan_find_series(struct dora__plan *plan) {
    plan->series = UINT32_C(1) << DORA__EVENTS;
    for (size_t i = 0; i < DORA__METRICS; i++)
        if (plan->chosen[i])
            plan->series |= series_of(&dora__metrics[i]);
}

static dora_status check_numbers(const dora_query *query, dora_error *error) {
    if ((unsigned)query->table > DORA_TABLE_PHASES || (unsigned)query->by > DORA_GROUP_PRODUCT ||
        (unsigned)query->period > DORA_PERIOD_ALL || (unsigned)query->percentile_rule > DORA_PERCENTILE_NEAREST_RANK)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "an enumerated field of the query has no such value");
    if (query->window_days > WINDOW_MOST || query->step_days > WINDOW_MOST)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "window, step: at most %d days", WINDOW_MOST);
    return DORA_OK;
}

dora_status dora__plan_make(struct dora__plan *plan, const dora_query *query, dora_error *error) {
    memset(plan, 0, sizeof *plan);
    if (!query || !dora__take_struct(&plan->query, sizeof plan->query, query))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "query: struct_size is not set, or a later version's field is");
    query = &plan->query;
    if (query->only && query->by == DORA_GROUP_NONE)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "only: a group needs a grouping, which `by` names");
    dora_status status = check_numbers(query, error);
    if (status != DORA_OK)
        return status;
    if (!query->tiers)
        plan->tiers = *dora_tiers_edition(2024);
    else if (!dora__take_struct(&plan->tiers, sizeof plan->tiers, query->tiers))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "tiers: struct_size is not set, or a later version's field is");
    status = dora__tiers_check(&plan->tiers, error);
    if (status != DORA_OK)
        return status;
    plan->median = SIZE_MAX;
    if (!plan->query.step_days)
        plan->query.step_days = 1;
    if (!plan->query.rows_max)
        plan->query.rows_max = DORA_ROWS_MAX_DEFAULT;
    status = take_list(plan, query->percentiles ? query->percentiles : "50,75,90,95", error, take_percentile);
    if (status == DORA_OK)
        status = take_list(plan, query->metrics ? query->metrics : "all", error, take_metric);
    if (status == DORA_OK)
        status = take_date("since", query->since, &plan->has_since, &plan->since, error);
    if (status == DORA_OK)
        status = take_date("until", query->until, &plan->has_until, &plan->until, error);
    dora__plan_find_series(plan);
    return status;
}
