/* SPDX-License-Identifier: MIT */
/*
 * See row.h. Each shape of metric has two functions side by side, which must agree: one declares its columns, one fills
 * them, each column in one loop over the windows. Nearly all numbers are small enough for one division of doubles,
 * which rounds right; the others go through base/wide.
 */
#include "query/row.h"

#include "base/checked.h"
#include "query/tier.h"

#include <float.h>
#include <string.h>

struct filling {
    const struct dora__row_writer *writer;
    const struct dora__figures *figures;
    struct dora__cursor *cursor;
    const struct dora__metric *metric;
};

/* Whether doubles are computed with as such, so that one division rounds right. */
#if FLT_EVAL_METHOD == 0
enum { DOUBLES = 1 };
#else
enum { DOUBLES = 0 };
#endif

/* As dora__ratio_i64, of a numerator that is not negative. */
static inline double ratio(uint64_t numerator, uint64_t denominator) {
    if (DOUBLES && !((numerator | denominator) >> DBL_MANT_DIG))
        return (double)(int64_t)numerator / (double)(int64_t)denominator;
    return dora__ratio_i64((int64_t)numerator, (int64_t)denominator);
}

/* Whether the column declared last is there. */
static bool is_there(const struct dora_result *result) {
    return result->slots[result->slots_count - 1] != DORA__NOT_WANTED;
}

/* Where the column declared last is there: it needs a place of a series. */
static void ask_place(struct dora__plan *plan, const struct dora_result *result, uint8_t series, size_t place) {
    if (!is_there(result))
        return;
    plan->asked[series][place] = true;
    plan->picked |= UINT32_C(1) << series;
}

static bool add(struct dora_result *result, const struct dora__metric *metric, const char *part, const char *last) {
    return dora__result_column(result, DORA_TYPE_DOUBLE, (dora_unit)metric->unit, metric->name, part, last);
}

static bool count_columns(struct dora__plan *plan, struct dora_result *result, const struct dora__metric *metric) {
    (void)plan;
    return dora__result_column(result, DORA_TYPE_INT64, (dora_unit)metric->unit, metric->name, NULL, NULL);
}

static void fill_count(const struct filling *fill) {
    const uint32_t *count = fill->figures->event[fill->metric->of];
    int64_t *cell = dora__fill_int64(fill->cursor, fill->figures->windows.count, NULL);
    for (uint32_t w = 0; cell && w < fill->figures->windows.count; w++)
        cell[w] = count[w];
}

static bool ratio_columns(struct dora__plan *plan, struct dora_result *result, const struct dora__metric *metric) {
    bool bounds = plan->query.intervals && metric->interval;
    return add(result, metric, NULL, NULL) &&
           (!bounds || (add(result, metric, NULL, "_lo") && add(result, metric, NULL, "_hi")));
}

/* Of the two, one or none may be wanted. */
static inline void put_bounds(double *low, double *high, uint32_t w, double low_value, double high_value) {
    if (low)
        low[w] = low_value;
    if (high)
        high[w] = high_value;
}

static void fill_rate(const struct filling *fill) {
    const struct dora__figures *figures = fill->figures;
    const uint32_t *count = figures->event[fill->metric->of];
    double *rate = dora__fill_double(fill->cursor, figures->windows.count, NULL);
    for (uint32_t w = 0; rate && w < figures->windows.count; w++)
        rate[w] = ratio(count[w], (uint64_t)figures->windows.days[w]);
    if (!figures->intervals)
        return;
    double *low = dora__fill_double(fill->cursor, figures->windows.count, NULL);
    double *high = dora__fill_double(fill->cursor, figures->windows.count, NULL);
    for (uint32_t w = 0; (low || high) && w < figures->windows.count; w++) {
        double bounds[2], days = (double)figures->windows.days[w];
        dora__garwood_cached(figures->intervals, count[w], &bounds[0], &bounds[1]);
        put_bounds(low, high, w, bounds[0] / days, bounds[1] / days);
    }
}

/* Whether the facts as a whole can tell. */
static bool has_evidence(const struct dora__derived *derived, int evidence) {
    return evidence == DORA__EVIDENCE_FAILURE  ? derived->failure_known
           : evidence == DORA__EVIDENCE_REWORK ? derived->rework_known
                                               : true;
}

/* Bit w: events `per` are not 0 in window w, and the facts can tell. */
static void known_ratios(const struct filling *fill, uint64_t known[DORA__WINDOWS / 64]) {
    const uint32_t *base = fill->figures->event[fill->metric->per];
    bool evidence = has_evidence(fill->writer->derived, fill->metric->evidence);
    memset(known, 0, DORA__WINDOWS / 64 * sizeof *known);
    for (uint32_t w = 0; w < fill->figures->windows.count && evidence; w++)
        known[w / 64] |= (uint64_t)(base[w] > 0) << w % 64;
}

static inline bool is_known(const uint64_t *known, uint32_t w) {
    return known[w / 64] >> w % 64 & 1;
}

static void fill_ratio(const struct filling *fill) {
    const struct dora__figures *figures = fill->figures;
    const uint32_t *count = figures->event[fill->metric->of], *base = figures->event[fill->metric->per];
    uint64_t known[DORA__WINDOWS / 64];
    known_ratios(fill, known);
    double *cell = dora__fill_double(fill->cursor, figures->windows.count, known);
    for (uint32_t w = 0; cell && w < figures->windows.count; w++)
        cell[w] = is_known(known, w) ? ratio(count[w], base[w]) : 0;
    if (!figures->intervals || !fill->metric->interval)
        return;
    double *low = dora__fill_double(fill->cursor, figures->windows.count, known);
    double *high = dora__fill_double(fill->cursor, figures->windows.count, known);
    for (uint32_t w = 0; (low || high) && w < figures->windows.count; w++) {
        double bounds[2] = {0, 0};
        if (is_known(known, w))
            dora__wilson(count[w], base[w], &bounds[0], &bounds[1]);
        put_bounds(low, high, w, bounds[0], bounds[1]);
    }
}

/* A sum of microseconds or millionths in window w, over `count` where it is a mean or a ratio. */
static inline double per_million(const struct dora__series_figures *series, uint32_t w, uint64_t count) {
    dora__wide sum = series->sum[w];
    if (series->unit == DORA__US_PER_SECOND && sum.high == 0 && sum.low <= INT64_MAX)
        return ratio(sum.low, count);
    return dora__wide_ratio(dora__wide_scale(sum, (uint64_t)series->unit), dora__wide_multiply(1000000, count));
}

static void fill_sum(const struct filling *fill) {
    double *cell = dora__fill_double(fill->cursor, fill->figures->windows.count, NULL);
    for (uint32_t w = 0; cell && w < fill->figures->windows.count; w++)
        cell[w] = per_million(fill->figures->series[fill->metric->of], w, 1);
}

static void fill_sum_ratio(const struct filling *fill) {
    const uint32_t *base = fill->figures->event[fill->metric->per];
    uint64_t known[DORA__WINDOWS / 64];
    known_ratios(fill, known);
    double *cell = dora__fill_double(fill->cursor, fill->figures->windows.count, known);
    for (uint32_t w = 0; cell && w < fill->figures->windows.count; w++)
        cell[w] = is_known(known, w) ? per_million(fill->figures->series[fill->metric->of], w, base[w]) : 0;
}

static void fill_mean(const struct filling *fill) {
    const struct dora__series_figures *series = fill->figures->series[fill->metric->of];
    double *cell = dora__fill_double(fill->cursor, fill->figures->windows.count, series->known);
    for (uint32_t w = 0; cell && w < fill->figures->windows.count; w++) {
        if (DOUBLES && series->small)
            cell[w] = (double)(int64_t)series->sum[w].low / (double)(int64_t)(series->n[w] + !series->n[w]);
        else
            cell[w] = series->n[w] ? per_million(series, w, series->n[w]) : 0;
    }
}

static void fill_efficiency(const struct filling *fill) {
    const struct dora__series_figures *active = fill->figures->series[fill->metric->of];
    const struct dora__series_figures *total = fill->figures->series[fill->metric->per];
    uint64_t known[DORA__WINDOWS / 64] = {0};
    for (uint32_t w = 0; w < fill->figures->windows.count; w++)
        known[w / 64] |= (uint64_t)!dora__wide_is_zero(total->sum[w]) << w % 64;
    double *cell = dora__fill_double(fill->cursor, fill->figures->windows.count, known);
    for (uint32_t w = 0; cell && w < fill->figures->windows.count; w++)
        cell[w] = is_known(known, w) ? dora__wide_ratio(dora__wide_scale(active->sum[w], (uint64_t)active->unit),
                                                        dora__wide_scale(total->sum[w], (uint64_t)total->unit))
                                     : 0;
}

static bool distribution_columns(struct dora__plan *plan, struct dora_result *result,
                                 const struct dora__metric *metric) {
    if (!dora__result_column(result, DORA_TYPE_INT64, DORA_UNIT_COUNT, metric->name, "_n", NULL) ||
        !add(result, metric, "_mean", NULL))
        return false;
    for (size_t i = 0; i < plan->percentiles_count; i++) {
        char part[16] = "_";
        for (size_t k = 0; (part[k + 1] = plan->percentiles[i].name[k]); k++)
            continue;
        if (!add(result, metric, part, NULL))
            return false;
        ask_place(plan, result, metric->of, i);
        for (int bound = 0; bound < 2 && plan->query.intervals; bound++) {
            if (!add(result, metric, part, bound ? "_hi" : "_lo"))
                return false;
            ask_place(plan, result, metric->of, plan->percentiles_count + 2 * i);
        }
    }
    return true;
}

/* A percentile in whole seconds, of 32-bit values, times its denominator. */
static inline int64_t scaled(const struct dora__series_figures *series, size_t at, uint32_t denominator) {
    return series->value[at] * denominator + (series->next[at] - series->value[at]) * series->between[at];
}

static double percentile_of(const struct dora__series_figures *series, size_t at, uint32_t denominator) {
    return dora__interpolate_seconds(series->value[at] * series->unit, series->next[at] * series->unit,
                                     series->between[at], denominator);
}

static void fill_percentile(const struct filling *fill, const struct dora__series_figures *series, size_t i) {
    const uint32_t exact = UINT32_C(1) << (DBL_MANT_DIG - 32); /* a denominator that leaves 32-bit values exact */
    uint32_t denominator = fill->figures->plan->percentiles[i].denominator;
    double *cell = dora__fill_double(fill->cursor, fill->figures->windows.count, series->known);
    for (uint32_t w = 0; cell && w < fill->figures->windows.count; w++) {
        size_t at = i * DORA__WINDOWS + w;
        double value;
        if (DOUBLES && series->small && denominator <= exact)
            value = (double)scaled(series, at, denominator) / denominator;
        else
            value = series->n[w] ? percentile_of(series, at, denominator) : 0;
        cell[w] = series->n[w] ? value : 0;
    }
}

/* One of the samples that enclose a percentile, null where there is none. */
static void fill_bound(const struct filling *fill, const struct dora__series_figures *series, size_t place) {
    uint64_t known[DORA__WINDOWS / 64] = {0};
    for (uint32_t w = 0; w < fill->figures->windows.count; w++)
        known[w / 64] |= (uint64_t)(series->k[place * DORA__WINDOWS + w] != DORA__NOT_ASKED) << w % 64;
    double *cell = dora__fill_double(fill->cursor, fill->figures->windows.count, known);
    for (uint32_t w = 0; cell && w < fill->figures->windows.count; w++) {
        int64_t value = is_known(known, w) ? series->value[place * DORA__WINDOWS + w] * series->unit : 0;
        cell[w] = dora__interpolate_seconds(value, value, 0, 1);
    }
}

static void fill_distribution(const struct filling *fill) {
    const struct dora__plan *plan = fill->figures->plan;
    const struct dora__series_figures *series = fill->figures->series[fill->metric->of];
    int64_t *n = dora__fill_int64(fill->cursor, fill->figures->windows.count, NULL);
    for (uint32_t w = 0; n && w < fill->figures->windows.count; w++)
        n[w] = (int64_t)series->n[w];
    fill_mean(fill);
    for (size_t i = 0; i < plan->percentiles_count; i++) {
        fill_percentile(fill, series, i);
        if (!plan->query.intervals)
            continue;
        fill_bound(fill, series, plan->percentiles_count + 2 * i);
        fill_bound(fill, series, plan->percentiles_count + 2 * i + 1);
    }
}

/* The score of the median of a distribution, or -1 where it is not known. */
static int score_median(const struct dora__figures *figures, int which, uint32_t w) {
    const struct dora__series_figures *series = figures->series[which];
    size_t median = figures->plan->median, at = median * DORA__WINDOWS + w;
    if (!series->n[w])
        return -1;
    return dora__score_duration(series->value[at] * series->unit, series->next[at] * series->unit, series->between[at],
                                figures->plan->percentiles[median].denominator);
}

static bool score_columns(struct dora__plan *plan, struct dora_result *result, const struct dora__metric *metric) {
    if (plan->median == SIZE_MAX)
        return true;
    if (!add(result, metric, NULL, NULL))
        return false;
    if (metric->of != DORA__SCORE_STABILITY) {
        ask_place(plan, result, DORA__LEAD_TIME, plan->median);
        ask_place(plan, result, DORA__RECOVERY, plan->median);
    }
    return true;
}

/* The mean of the known of the five scores; whole scores are summed apart from those of ratios, 10 (1 - x / n), which
   share the denominator n: sum = (n whole + 10 good) / n. False: none is known. */
static bool score(const struct filling *fill, uint32_t w, double *mean) {
    const struct dora__figures *figures = fill->figures;
    const struct dora__derived *derived = fill->writer->derived;
    int64_t whole = 0, known = 0, good = 0, n = figures->event[DORA__EVENT_DEPLOYMENT][w];
    if (fill->metric->of != DORA__SCORE_STABILITY) {
        const int scores[] = {score_median(figures, DORA__LEAD_TIME, w), score_median(figures, DORA__RECOVERY, w),
                              dora__score_frequency((uint64_t)n, figures->windows.days[w])};
        for (int i = 0; i < 3; i++) {
            known += scores[i] >= 0;
            whole += scores[i] >= 0 ? scores[i] : 0;
        }
    }
    if (fill->metric->of != DORA__SCORE_THROUGHPUT && n) {
        known += derived->failure_known + derived->rework_known;
        good += derived->failure_known ? n - figures->event[DORA__EVENT_FAILED][w] : 0;
        good += derived->rework_known ? n - figures->event[DORA__EVENT_REWORK][w] : 0;
    }
    *mean = !known ? 0 : good ? dora__ratio_i64(n * whole + 10 * good, known * n) : dora__ratio_i64(whole, known);
    return known > 0;
}

static void fill_score(const struct filling *fill) {
    double mean[DORA__WINDOWS];
    uint64_t known[DORA__WINDOWS / 64] = {0};
    if (fill->figures->plan->median == SIZE_MAX)
        return;
    for (uint32_t w = 0; w < fill->figures->windows.count; w++)
        known[w / 64] |= (uint64_t)score(fill, w, &mean[w]) << w % 64;
    double *cell = dora__fill_double(fill->cursor, fill->figures->windows.count, known);
    if (cell)
        memcpy(cell, mean, fill->figures->windows.count * sizeof *mean);
}

static const struct {
    bool (*columns)(struct dora__plan *, struct dora_result *, const struct dora__metric *);
    void (*fill)(const struct filling *);
} shapes[] = {
    [DORA__SHAPE_COUNT] = {count_columns, fill_count},
    [DORA__SHAPE_RATE] = {ratio_columns, fill_rate},
    [DORA__SHAPE_RATIO] = {ratio_columns, fill_ratio},
    [DORA__SHAPE_SUM] = {ratio_columns, fill_sum},
    [DORA__SHAPE_SUM_RATIO] = {ratio_columns, fill_sum_ratio},
    [DORA__SHAPE_MEAN] = {ratio_columns, fill_mean},
    [DORA__SHAPE_EFFICIENCY] = {ratio_columns, fill_efficiency},
    [DORA__SHAPE_DISTRIBUTION] = {distribution_columns, fill_distribution},
    [DORA__SHAPE_SCORE] = {score_columns, fill_score},
};

static void judge_median(const struct filling *fill, const dora_tier_bound bounds[3],
                         const struct dora__row_limits *limits, uint8_t *tier) {
    const struct dora__plan *plan = fill->figures->plan;
    const struct dora__series_figures *series = fill->figures->series[fill->metric->of];
    uint32_t denominator = plan->percentiles[plan->median].denominator;
    for (uint32_t w = 0; w < fill->figures->windows.count; w++) {
        size_t at = plan->median * DORA__WINDOWS + w;
        if (!series->n[w]) {
            tier[w] = DORA_TIER_NONE;
        } else if (limits->usable && series->small) {
            int64_t median = scaled(series, at, denominator);
            tier[w] = (uint8_t)(DORA_TIER_ELITE - (median >= limits->below[0]) - (median >= limits->below[1]) -
                                (median >= limits->below[2]));
        } else {
            tier[w] = (uint8_t)dora__tier_duration(bounds, series->value[at] * series->unit,
                                                   series->next[at] * series->unit, series->between[at], denominator);
        }
    }
}

/* dora__tier_fail_rate where products fit 64 bits, as they do for tables like the published ones. */
static uint8_t judge_rate(const struct dora__row_writer *writer, uint32_t failed, uint32_t deployments) {
    const dora_tier_bound *bounds = writer->plan->tiers.fail_rate;
    if (!writer->rates_small)
        return (uint8_t)dora__tier_fail_rate(&writer->plan->tiers, failed, deployments);
    if (!deployments)
        return DORA_TIER_NONE;
    for (int i = 0; i < 3; i++)
        if (bounds[i].denominator &&
            (uint64_t)bounds[i].denominator * failed <= (uint64_t)bounds[i].numerator * deployments)
            return (uint8_t)(DORA_TIER_ELITE - i);
    return DORA_TIER_LOW;
}

static void judge(const struct filling *fill, enum dora__judged judged, uint8_t *tier) {
    const struct dora__figures *figures = fill->figures;
    const dora_tiers *tiers = &figures->plan->tiers;
    const uint32_t *count = figures->event[fill->metric->of], *base = figures->event[fill->metric->per];
    bool evidence = has_evidence(fill->writer->derived, fill->metric->evidence);
    switch (judged) {
    case DORA__JUDGED_FREQUENCY:
        for (uint32_t w = 0; w < figures->windows.count; w++)
            tier[w] = (uint8_t)dora__tier_frequency(tiers, count[w], figures->windows.days[w]);
        break;
    case DORA__JUDGED_LEAD_TIME:
        judge_median(fill, tiers->lead_time, &fill->writer->lead_time, tier);
        break;
    case DORA__JUDGED_FAIL_RATE:
        for (uint32_t w = 0; w < figures->windows.count; w++)
            tier[w] = evidence ? judge_rate(fill->writer, count[w], base[w]) : (uint8_t)DORA_TIER_NONE;
        break;
    default:
        judge_median(fill, tiers->recovery, &fill->writer->recovery, tier);
    }
}

/* value / denominator < bound.numerator / bound.denominator where value is below the quotient rounded up of
   bound.numerator * denominator / bound.denominator. A tier that cannot be reached takes the limit of the better one.
 */
static struct dora__row_limits limits_of(const dora_tier_bound bounds[3], uint32_t denominator) {
    struct dora__row_limits limits = {.usable = true};
    for (int i = 0; i < 3; i++) {
        int64_t product;
        limits.below[i] = i ? limits.below[i - 1] : INT64_MIN;
        if (!bounds[i].denominator)
            continue;
        if (dora__multiply_i64(bounds[i].numerator, denominator, &product))
            limits.below[i] = product / bounds[i].denominator + (product % bounds[i].denominator != 0);
        else
            limits.usable = false;
    }
    return limits;
}

void dora__row_writer_init(struct dora__row_writer *writer, const struct dora__plan *plan,
                           const struct dora__derived *derived) {
    *writer = (struct dora__row_writer){.plan = plan, .derived = derived};
    for (size_t i = 0; i < DORA__METRICS; i++)
        writer->judged[i] = (uint8_t)dora__plan_judged(plan, &dora__metrics[i]);
    writer->rates_small = true;
    for (int i = 0; i < 3; i++)
        writer->rates_small &= plan->tiers.fail_rate[i].denominator <= INT32_MAX; /* the numerator is not greater */
    if (plan->median == SIZE_MAX)
        return;
    writer->lead_time = limits_of(plan->tiers.lead_time, plan->percentiles[plan->median].denominator);
    writer->recovery = limits_of(plan->tiers.recovery, plan->percentiles[plan->median].denominator);
}

static bool add_tier(struct dora__plan *plan, struct dora_result *result, const struct dora__metric *metric) {
    if (dora__plan_judged(plan, metric) == DORA__JUDGED_NOT)
        return true;
    if (!dora__result_column(result, DORA_TYPE_STRING, DORA_UNIT_TIER, metric->name, "_tier", NULL))
        return false;
    if (metric->shape == DORA__SHAPE_DISTRIBUTION)
        ask_place(plan, result, metric->of, plan->median);
    return true;
}

bool dora__row_columns(struct dora__plan *plan, struct dora_result *result) {
    for (size_t i = 0; i < DORA__METRICS; i++) {
        const struct dora__metric *metric = &dora__metrics[i];
        size_t slots = result->slots_count, columns = result->columns_count;
        if (!plan->chosen[i])
            continue;
        if (!shapes[metric->shape].columns(plan, result, metric) || !add_tier(plan, result, metric))
            return false;
        if (result->columns_count == columns && result->wanted) {
            plan->chosen[i] = false;
            result->slots_count = slots;
        }
    }
    return true;
}

void dora__row_write(const struct dora__row_writer *writer, const struct dora__figures *figures,
                     struct dora__cursor *cursor) {
    static const struct dora__name names[] = {{"", 0}, {"low", 3}, {"medium", 6}, {"high", 4}, {"elite", 5}};
    for (size_t i = 0; i < DORA__METRICS; i++) {
        struct filling fill = {writer, figures, cursor, &dora__metrics[i]};
        if (!writer->plan->chosen[i])
            continue;
        shapes[fill.metric->shape].fill(&fill);
        if (writer->judged[i] == DORA__JUDGED_NOT || !dora__fill_wanted(cursor))
            continue;
        uint8_t tier[DORA__WINDOWS];
        judge(&fill, (enum dora__judged)writer->judged[i], tier);
        dora__fill_names(cursor, figures->windows.count, names, tier);
    }
}
