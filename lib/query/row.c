/* SPDX-License-Identifier: MIT */
/*
 * See row.h. Each shape of metric has two functions side by side, which must agree: one declares its columns, one fills
 * them.
 */
#include "query/row.h"

#include "query/tier.h"

struct filling {
    struct dora__row_source *source;
    struct dora__cursor *cursor;
    const struct dora__metric *metric;
};

static bool add(struct dora_result *result, const struct dora__metric *metric, const char *part, const char *last) {
    return dora__result_column(result, DORA_TYPE_DOUBLE, (dora_unit)metric->unit, metric->name, part, last);
}

static bool add_interval(const struct dora__plan *plan, struct dora_result *result, const struct dora__metric *metric,
                         const char *part) {
    return !plan->query.intervals || !metric->interval ||
           (add(result, metric, part, "_lo") && add(result, metric, part, "_hi"));
}

static uint64_t count_of(const struct dora__row_source *source, int event) {
    const struct dora__strip *strip = &source->strips[DORA__EVENTS];
    return strip->counts[source->high[DORA__EVENTS]][event] - strip->counts[source->low[DORA__EVENTS]][event];
}

static dora__wide sum_of(const struct dora__row_source *source, int series) {
    const struct dora__strip *strip = &source->strips[series];
    dora__wide sum = dora__wide_subtract(strip->sums[source->high[series]], strip->sums[source->low[series]]);
    return dora__wide_scale(sum, (uint64_t)strip->unit);
}

static uint64_t size_of(const struct dora__row_source *source, int series) {
    const struct dora__strip *strip = &source->strips[series];
    return strip->begin[source->high[series]] - strip->begin[source->low[series]];
}

/* A sum of microseconds or millionths, over `count` where it is a mean or a ratio. */
static double per_million(dora__wide sum, uint64_t count) {
    return dora__wide_ratio(sum, dora__wide_multiply(1000000, count));
}

static void put_pair(struct dora__cursor *cursor, double low, double high) {
    dora__put_double(cursor, low);
    dora__put_double(cursor, high);
}

static void put_nulls(struct dora__cursor *cursor, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        dora__put_null(cursor);
}

static bool count_columns(const struct dora__plan *plan, struct dora_result *result,
                          const struct dora__metric *metric) {
    (void)plan;
    return dora__result_column(result, DORA_TYPE_INT64, (dora_unit)metric->unit, metric->name, NULL, NULL);
}

static void fill_count(struct filling *fill) {
    dora__put_int64(fill->cursor, (int64_t)count_of(fill->source, fill->metric->of));
}

static bool ratio_columns(const struct dora__plan *plan, struct dora_result *result,
                          const struct dora__metric *metric) {
    return add(result, metric, NULL, NULL) && add_interval(plan, result, metric, NULL);
}

static void fill_rate(struct filling *fill) {
    uint64_t count = count_of(fill->source, fill->metric->of);
    int64_t days = fill->source->window.days;
    dora__put_double(fill->cursor, dora__ratio_i64((int64_t)count, days));
    if (!fill->source->plan->query.intervals)
        return;
    double low, high;
    dora__garwood_cached(fill->source->intervals, count, &low, &high);
    put_pair(fill->cursor, low / (double)days, high / (double)days);
}

/* Whether the facts as a whole can tell. */
static bool has_evidence(const struct dora__derived *derived, int evidence) {
    return evidence == DORA__EVIDENCE_FAILURE  ? derived->failure_known
           : evidence == DORA__EVIDENCE_REWORK ? derived->rework_known
                                               : true;
}

static uint64_t ratio_base(const struct filling *fill) {
    bool known = has_evidence(fill->source->derived, fill->metric->evidence);
    return known ? count_of(fill->source, fill->metric->per) : 0;
}

static void fill_ratio(struct filling *fill) {
    uint64_t count = count_of(fill->source, fill->metric->of), base = ratio_base(fill);
    bool interval = fill->source->plan->query.intervals && fill->metric->interval;
    if (!base) {
        put_nulls(fill->cursor, interval ? 3 : 1);
        return;
    }
    dora__put_double(fill->cursor, dora__ratio_i64((int64_t)count, (int64_t)base));
    if (!interval)
        return;
    double low, high;
    dora__wilson(count, base, &low, &high);
    put_pair(fill->cursor, low, high);
}

static void fill_sum(struct filling *fill) {
    dora__put_double(fill->cursor, per_million(sum_of(fill->source, fill->metric->of), 1));
}

static void put_mean(struct filling *fill, uint64_t count) {
    if (count)
        dora__put_double(fill->cursor, per_million(sum_of(fill->source, fill->metric->of), count));
    else
        dora__put_null(fill->cursor);
}

static void fill_sum_ratio(struct filling *fill) {
    put_mean(fill, count_of(fill->source, fill->metric->per));
}

static void fill_mean(struct filling *fill) {
    put_mean(fill, size_of(fill->source, fill->metric->of));
}

static void fill_efficiency(struct filling *fill) {
    dora__wide total = sum_of(fill->source, fill->metric->per);
    if (dora__wide_is_zero(total))
        dora__put_null(fill->cursor);
    else
        dora__put_double(fill->cursor, dora__wide_ratio(sum_of(fill->source, fill->metric->of), total));
}

static bool distribution_columns(const struct dora__plan *plan, struct dora_result *result,
                                 const struct dora__metric *metric) {
    if (!dora__result_column(result, DORA_TYPE_INT64, DORA_UNIT_COUNT, metric->name, "_n", NULL) ||
        !add(result, metric, "_mean", NULL))
        return false;
    for (size_t i = 0; i < plan->percentiles_count; i++) {
        char part[16] = "_";
        for (size_t k = 0; (part[k + 1] = plan->percentiles[i].name[k]); k++)
            continue;
        if (!add(result, metric, part, NULL) || !add_interval(plan, result, metric, part))
            return false;
    }
    return true;
}

/* The value of a 1-based rank, null for 0. */
static void put_rank(struct filling *fill, uint64_t rank) {
    const struct dora__select *select = &fill->source->selects[fill->metric->of];
    int64_t value, next;
    if (rank == 0) {
        dora__put_null(fill->cursor);
        return;
    }
    dora__select_pair(select, rank - 1, &value, &next);
    dora__put_double(fill->cursor, dora__interpolate_seconds(value, value, 0, 1));
}

static void fill_distribution(struct filling *fill) {
    const struct dora__plan *plan = fill->source->plan;
    const struct dora__figures *figures = &fill->source->figures[fill->metric->of];
    uint64_t count = size_of(fill->source, fill->metric->of);
    dora__put_int64(fill->cursor, (int64_t)count);
    put_mean(fill, count);
    for (size_t i = 0; i < plan->percentiles_count; i++) {
        const struct dora__percentile *percentile = &plan->percentiles[i];
        if (!count) {
            put_nulls(fill->cursor, plan->query.intervals ? 3 : 1);
            continue;
        }
        dora__put_double(fill->cursor,
                         dora__interpolate_seconds(figures->percentiles[i].value_us, figures->percentiles[i].next_us,
                                                   figures->percentiles[i].numerator, percentile->denominator));
        if (!plan->query.intervals)
            continue;
        uint64_t lower, upper;
        dora__order_ranks_cached(fill->source->intervals, count, percentile->numerator, percentile->denominator, &lower,
                                 &upper);
        put_rank(fill, lower);
        put_rank(fill, upper);
    }
}

/* The score of the median of a distribution, or -1 where it is not known. */
static int score_median(const struct dora__row_source *source, int series) {
    const struct dora__figures *figures = &source->figures[series];
    size_t median = source->plan->median;
    if (!size_of(source, series))
        return -1;
    return dora__score_duration(figures->percentiles[median].value_us, figures->percentiles[median].next_us,
                                figures->percentiles[median].numerator, source->plan->percentiles[median].denominator);
}

static bool score_columns(const struct dora__plan *plan, struct dora_result *result,
                          const struct dora__metric *metric) {
    return plan->median == SIZE_MAX || add(result, metric, NULL, NULL);
}

/* The mean of the known of the five scores; whole scores are summed apart from those of ratios, 10 (1 - x / n), which
   share the denominator n: sum = (n whole + 10 good) / n. */
static void fill_score(struct filling *fill) {
    const struct dora__row_source *source = fill->source;
    int64_t whole = 0, known = 0, good = 0, n = (int64_t)count_of(source, DORA__EVENT_DEPLOYMENT);
    if (source->plan->median == SIZE_MAX)
        return;
    if (fill->metric->of != DORA__SCORE_STABILITY) {
        const int scores[] = {score_median(source, DORA__LEAD_TIME), score_median(source, DORA__RECOVERY),
                              dora__score_frequency((uint64_t)n, source->window.days)};
        for (int i = 0; i < 3; i++) {
            known += scores[i] >= 0;
            whole += scores[i] >= 0 ? scores[i] : 0;
        }
    }
    if (fill->metric->of != DORA__SCORE_THROUGHPUT && n) {
        known += source->derived->failure_known + source->derived->rework_known;
        good += source->derived->failure_known ? n - (int64_t)count_of(source, DORA__EVENT_FAILED) : 0;
        good += source->derived->rework_known ? n - (int64_t)count_of(source, DORA__EVENT_REWORK) : 0;
    }
    if (!known)
        dora__put_null(fill->cursor);
    else if (good)
        dora__put_double(fill->cursor, dora__ratio_i64(n * whole + 10 * good, known * n));
    else
        dora__put_double(fill->cursor, dora__ratio_i64(whole, known));
}

static const struct {
    bool (*columns)(const struct dora__plan *, struct dora_result *, const struct dora__metric *);
    void (*fill)(struct filling *);
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

static dora_tier judge_duration(const struct filling *fill, const dora_tier_bound bounds[3]) {
    const struct dora__plan *plan = fill->source->plan;
    const struct dora__figures *figures = &fill->source->figures[fill->metric->of];
    if (!size_of(fill->source, fill->metric->of))
        return DORA_TIER_NONE;
    return dora__tier_duration(bounds, figures->percentiles[plan->median].value_us,
                               figures->percentiles[plan->median].next_us, figures->percentiles[plan->median].numerator,
                               plan->percentiles[plan->median].denominator);
}

static dora_tier judge(const struct filling *fill, enum dora__judged judged) {
    const dora_tiers *tiers = &fill->source->plan->tiers;
    uint64_t base;
    switch (judged) {
    case DORA__JUDGED_FREQUENCY:
        return dora__tier_frequency(tiers, count_of(fill->source, fill->metric->of), fill->source->window.days);
    case DORA__JUDGED_LEAD_TIME:
        return judge_duration(fill, tiers->lead_time);
    case DORA__JUDGED_FAIL_RATE:
        base = ratio_base(fill);
        return base ? dora__tier_fail_rate(tiers, count_of(fill->source, fill->metric->of), base) : DORA_TIER_NONE;
    default:
        return judge_duration(fill, tiers->recovery);
    }
}

bool dora__row_columns(const struct dora__plan *plan, struct dora_result *result) {
    for (size_t i = 0; i < DORA__METRICS; i++) {
        const struct dora__metric *metric = &dora__metrics[i];
        if (!plan->chosen[i])
            continue;
        if (!shapes[metric->shape].columns(plan, result, metric))
            return false;
        if (dora__plan_judged(plan, metric) != DORA__JUDGED_NOT &&
            !dora__result_column(result, DORA_TYPE_STRING, DORA_UNIT_TIER, metric->name, "_tier", NULL))
            return false;
    }
    return true;
}

void dora__row_write(struct dora__row_source *source, struct dora__cursor *cursor) {
    for (size_t i = 0; i < DORA__METRICS; i++) {
        struct filling fill = {source, cursor, &dora__metrics[i]};
        if (!source->plan->chosen[i])
            continue;
        shapes[fill.metric->shape].fill(&fill);
        enum dora__judged judged = dora__plan_judged(source->plan, fill.metric);
        if (judged != DORA__JUDGED_NOT)
            dora__put_string(cursor, dora_string_of(dora_tier_name(judge(&fill, judged))));
    }
}
