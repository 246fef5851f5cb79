/* SPDX-License-Identifier: MIT */
/*
 * Windows of a plan. None is stored: each follows from its number, calendar units by their number since year 0.
 */
#include "query/plan.h"

static bool is_rolling(const struct dora__plan *plan) {
    return plan->query.window_days != 0;
}

bool dora__plan_span(const struct dora__plan *plan, const struct dora__derived *derived, struct dora__span *span) {
    if (!derived->any)
        return false;
    span->since = plan->has_since ? plan->since : derived->first_day;
    span->until = plan->has_until ? plan->until : derived->last_day;
    span->data_start = derived->first_day < span->since ? derived->first_day : span->since;
    return span->since <= span->until;
}

/* Months in a unit; 0 for units of days. */
static int32_t months_of(dora_period period) {
    return period == DORA_PERIOD_MONTH ? 1 : period == DORA_PERIOD_QUARTER ? 3 : period == DORA_PERIOD_YEAR ? 12 : 0;
}

/* The number of the unit that holds a day: units of equal length follow one another by 1. */
static int64_t unit_number(dora_period period, int32_t day) {
    int32_t months = months_of(period);
    if (months) {
        struct dora__date date = dora__date_from_day(day);
        return ((int64_t)date.year * 12 + date.month - 1) / months;
    }
    int32_t first, last;
    dora__period_of(day, period, &first, &last);
    return period == DORA_PERIOD_WEEK ? ((int64_t)first + 3) / 7 : first; /* a Monday, as 1969-12-29 was, day -3 */
}

/* The first day of a calendar unit of some months. */
static int32_t month_day(int64_t number, int32_t months) {
    int64_t month = number * months;
    return dora__day_from_date((struct dora__date){(int32_t)(month / 12), (int32_t)(month % 12) + 1, 1});
}

static void unit_days(dora_period period, int64_t number, int32_t *first, int32_t *last) {
    int32_t months = months_of(period);
    if (months) {
        *first = month_day(number, months);
        *last = month_day(number + 1, months) - 1;
    } else {
        dora__period_of((int32_t)(period == DORA_PERIOD_WEEK ? number * 7 - 3 : number), period, first, last);
    }
}

uint64_t dora__plan_windows(const struct dora__plan *plan, const struct dora__span *span) {
    if (is_rolling(plan))
        return (uint64_t)(span->until - span->since) / plan->query.step_days + 1;
    if (plan->query.period == DORA_PERIOD_ALL)
        return 1;
    return (uint64_t)(unit_number(plan->query.period, span->until) - unit_number(plan->query.period, span->since)) + 1;
}

/* The rest of a window, from its first and last day. */
static void complete(const struct dora__plan *plan, const struct dora__span *span, struct dora__window *window) {
    bool rolling = is_rolling(plan);
    int32_t begin = rolling ? span->data_start : span->since;
    window->from = rolling || window->first > span->since ? window->first : span->since;
    window->to = rolling || window->last < span->until ? window->last : span->until;
    int32_t counted_from = window->first > begin ? window->first : begin;
    int32_t counted_to = window->last < span->until ? window->last : span->until;
    window->days = (int64_t)counted_to - counted_from + 1;
}

struct dora__window dora__plan_window(const struct dora__plan *plan, const struct dora__span *span, uint64_t index) {
    struct dora__window window;
    if (is_rolling(plan)) {
        uint64_t back = dora__plan_windows(plan, span) - 1 - index;
        window.last = (int32_t)(span->until - (int64_t)(back * plan->query.step_days));
        window.first = window.last - (int32_t)(plan->query.window_days - 1);
    } else if (plan->query.period == DORA_PERIOD_ALL) {
        window.first = span->since;
        window.last = span->until;
    } else {
        int64_t number = unit_number(plan->query.period, span->since) + (int64_t)index;
        unit_days(plan->query.period, number, &window.first, &window.last);
    }
    complete(plan, span, &window);
    return window;
}

/* Days from one window to the next where that is always the same, else 0. */
static int32_t stride_of(const struct dora__plan *plan) {
    if (is_rolling(plan))
        return (int32_t)plan->query.step_days;
    return plan->query.period == DORA_PERIOD_DAY ? 1 : plan->query.period == DORA_PERIOD_WEEK ? 7 : 0;
}

/* As complete(), for many. */
static void complete_all(const struct dora__plan *plan, const struct dora__span *span, struct dora__windows *windows) {
    bool rolling = is_rolling(plan);
    int32_t begin = rolling ? span->data_start : span->since, until = span->until;
    int32_t from = rolling ? INT32_MIN : span->since, to = rolling ? INT32_MAX : span->until;
    for (uint32_t w = 0; w < windows->count; w++) {
        int32_t first = windows->first[w], last = windows->last[w];
        windows->from[w] = first > from ? first : from;
        windows->end[w] = (last < to ? last : to) + 1;
        windows->days[w] = (last < until ? last : until) - (first > begin ? first : begin) + 1;
    }
}

/* Units of months follow one another, so that each ends where the next one begins. */
static void fill_months(const struct dora__plan *plan, const struct dora__span *span, uint64_t index,
                        struct dora__windows *windows) {
    int32_t months = months_of(plan->query.period);
    int64_t number = unit_number(plan->query.period, span->since) + (int64_t)index;
    int32_t next = month_day(number, months);
    for (uint32_t w = 0; w < windows->count; w++) {
        windows->first[w] = next;
        next = month_day(++number, months);
        windows->last[w] = next - 1;
    }
}

void dora__plan_windows_from(const struct dora__plan *plan, const struct dora__span *span, uint64_t index,
                             uint32_t count, struct dora__windows *windows) {
    int32_t stride = stride_of(plan);
    windows->count = count;
    if (!is_rolling(plan) && months_of(plan->query.period)) {
        fill_months(plan, span, index, windows);
    } else { /* of all time there is one */
        struct dora__window window = dora__plan_window(plan, span, index);
        for (uint32_t w = 0; w < count; w++) {
            windows->first[w] = window.first + (int32_t)w * stride;
            windows->last[w] = window.last + (int32_t)w * stride;
        }
    }
    complete_all(plan, span, windows);
}

uint64_t dora__plan_first_window(const struct dora__plan *plan, const struct dora__span *span, int32_t day) {
    uint64_t windows = dora__plan_windows(plan, span);
    int64_t first;
    if (is_rolling(plan)) /* counted from the last window backwards */
        first = day > span->until ? (int64_t)windows
                                  : (int64_t)windows - 1 - ((int64_t)span->until - day) / plan->query.step_days;
    else if (plan->query.period == DORA_PERIOD_ALL)
        first = day > span->until;
    else
        first = unit_number(plan->query.period, day) - unit_number(plan->query.period, span->since);
    return first < 0 ? 0 : (uint64_t)first < windows ? (uint64_t)first : windows;
}
