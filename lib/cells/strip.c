/* SPDX-License-Identifier: MIT */
/*
 * See strip.h. Samples mostly arrive in the order of days; otherwise their words, whose upper bits are the day, are
 * sorted by these. Then one pass takes them apart.
 */
#include "cells/strip.h"

#include "base/checked.h"
#include "base/sort.h"

#include <string.h>

enum { VECTOR_ROOM = 8 }; /* values that may be read, not used, past the last */

void dora__strip_init(struct dora__strip *strip, struct dora__memory *memory, uint32_t events) {
    if (events >> DORA__EVENT_DAYS & 1)
        events |= UINT32_C(1) << DORA__EVENT_DEPLOYMENT;
    *strip = (struct dora__strip){.memory = memory, .events = events};
}

void dora__buffer_free(struct dora__buffer *buffer, struct dora__memory *memory) {
    dora__free(memory, buffer->data, buffer->capacity, 1);
    *buffer = (struct dora__buffer){0};
}

void dora__strip_free(struct dora__strip *strip) {
    dora__buffer_free(&strip->directory_days, strip->memory);
    dora__buffer_free(&strip->directory_begin, strip->memory);
    dora__buffer_free(&strip->values, strip->memory);
    dora__buffer_free(&strip->scratch, strip->memory);
    dora__buffer_free(&strip->sums, strip->memory);
    dora__buffer_free(&strip->totals_room, strip->memory);
}

bool dora__buffer_room(struct dora__buffer *buffer, struct dora__memory *memory, size_t count, size_t item_size) {
    size_t size;
    if (!dora__multiply_size(count, item_size, &size))
        return false;
    if (size <= buffer->capacity)
        return true;
    size_t wanted;
    if (!dora__add_size(size, size / 4, &wanted))
        wanted = size;
    dora__buffer_free(buffer, memory);
    void *data = dora__alloc(memory, wanted, 1);
    if (!data)
        return false;
    *buffer = (struct dora__buffer){data, wanted};
    return true;
}

/* Of days that follow one another each is found by counting those before it that the directory has. */
static void find_consecutive(const int32_t *directory, uint32_t from, int32_t first, uint32_t count, uint32_t *found) {
    memset(found, 0, count * sizeof *found);
    while (directory[from] < first)
        from++;
    for (uint32_t place = from; (int64_t)directory[place] - first < count - INT64_C(1); place++)
        found[directory[place] - first + 1] = 1;
    for (uint32_t i = 0; i < count; i++)
        found[i] = from += found[i];
}

void dora__strip_find(const struct dora__strip *strip, uint32_t from, const int32_t *day, uint32_t count,
                      uint32_t *found) {
    const int32_t *directory = strip->day;
    if (day[count - 1] - (int64_t)day[0] == count - INT64_C(1)) {
        find_consecutive(directory, from, day[0], count, found);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        while (directory[from] < day[i])
            from++;
        found[i] = from;
    }
}

/* The number of days among words; *ordered: whether they are in order. */
static size_t count_days(const uint64_t *words, size_t count, bool *ordered) {
    size_t days = count > 0;
    bool falls = false;
    for (size_t i = 1; i < count; i++) {
        uint64_t before = words[i - 1] >> DORA__WORD_DAY, day = words[i] >> DORA__WORD_DAY;
        days += day != before;
        falls |= day < before;
    }
    *ordered = !falls;
    return days;
}

/* Puts words into the order of days, and wide values with them, whose places the words then hold. */
static bool order_words(struct dora__strip *strip, uint64_t *words, const int64_t *wide, size_t count) {
    if (!dora__buffer_room(&strip->scratch, strip->memory, strip->most, sizeof *words))
        return false;
    if (wide && count > UINT32_MAX)
        return false;
    for (size_t i = 0; wide && i < count; i++)
        words[i] |= i;
    uint64_t *sorted = dora__sort_u64(words, strip->scratch.data, count, DORA__WORD_DAY);
    if (sorted != words)
        memcpy(words, sorted, count * sizeof *words);
    if (!wide)
        return true;
    if (!dora__buffer_room(&strip->values, strip->memory, strip->most, sizeof *wide))
        return false;
    int64_t *values = strip->values.data;
    for (size_t i = 0; i < count; i++)
        values[i] = wide[(uint32_t)words[i]];
    strip->wide = values;
    return true;
}

static bool make_rooms(struct dora__strip *strip, bool wide) {
    size_t days = strip->days, totals = strip->events ? DORA__TOTALS : 0;
    return dora__buffer_room(&strip->directory_days, strip->memory, days + 1, sizeof *strip->day) &&
           dora__buffer_room(&strip->directory_begin, strip->memory, days + 1, sizeof *strip->begin) &&
           dora__buffer_room(&strip->sums, strip->memory, days + 1,
                             wide ? sizeof *strip->wide_sums : sizeof *strip->narrow_sums) &&
           dora__buffer_room(&strip->totals_room, strip->memory, totals * (days + 1), sizeof **strip->totals) &&
           (wide || dora__buffer_room(&strip->values, strip->memory, strip->most + VECTOR_ROOM, sizeof *strip->narrow));
}

/* Counters of events, seven bits each, in one word: to add a set of events spreads its bits, five and four of them. */
enum { LANE = 7, LANE_MOST = (1 << LANE) - 1 };

static inline uint64_t spread_events(uint64_t word) {
    const uint64_t copies = 1 + (1 << 6) + (1 << 12) + (1 << 18) + (1 << 24);
    const uint64_t lanes = 1 + (1 << LANE) + (1 << 2 * LANE) + (1 << 3 * LANE) + (UINT64_C(1) << 4 * LANE);
    uint64_t low = word >> DORA__WORD_EVENTS & 31, high = word >> (DORA__WORD_EVENTS + 5) & 15;
    return (low * copies & lanes) | (high * copies & lanes) << 5 * LANE;
}

struct totalling {
    uint32_t *totals[DORA__TOTALS];
    uint32_t so_far[DORA__TOTALS];
    uint8_t wanted[DORA__TOTALS]; /* events, without days */
    unsigned wanted_count;
    bool days;
    uint64_t lanes;
};

static void begin_totals(struct dora__strip *strip, struct totalling *totalling) {
    memset(totalling, 0, sizeof *totalling);
    uint32_t *room = strip->totals_room.data;
    for (unsigned event = 0; event < DORA__TOTALS; event++, room += strip->days + 1) {
        if (!(strip->events >> event & 1))
            continue;
        strip->totals[event] = totalling->totals[event] = room;
        if (event < DORA__EVENT_COUNT)
            totalling->wanted[totalling->wanted_count++] = (uint8_t)event;
    }
    totalling->days = strip->events >> DORA__EVENT_DAYS & 1;
}

static inline void add_lanes(struct totalling *totalling) {
    for (unsigned i = 0; i < totalling->wanted_count; i++)
        totalling->so_far[totalling->wanted[i]] += totalling->lanes >> totalling->wanted[i] * LANE & LANE_MOST;
    totalling->lanes = 0;
}

/* What was before day d. */
static inline void put_totals(const struct totalling *totalling, size_t d) {
    for (unsigned i = 0; i < totalling->wanted_count; i++)
        totalling->totals[totalling->wanted[i]][d] = totalling->so_far[totalling->wanted[i]];
    if (totalling->days)
        totalling->totals[DORA__EVENT_DAYS][d] = totalling->so_far[DORA__EVENT_DAYS];
}

/* Ends a day; it had deployments where their number has risen. */
static inline void end_day(struct totalling *totalling, uint32_t deployments_before) {
    add_lanes(totalling);
    totalling->so_far[DORA__EVENT_DAYS] += totalling->so_far[DORA__EVENT_DEPLOYMENT] > deployments_before;
}

/* Takes ordered words apart. Called with constants for `events`, so that there are two loops. */
static inline void take_apart(struct dora__strip *strip, const uint64_t *words, size_t count, int32_t first_day,
                              bool events) {
    int32_t *directory = strip->directory_days.data;
    size_t *begin = strip->directory_begin.data, i = 0, n = 0, d = 0;
    uint64_t *sums = strip->sums.data, sum = 0;
    uint32_t *values = strip->values.data;
    struct totalling totalling;
    if (events)
        begin_totals(strip, &totalling);
    for (; i < count; d++) {
        uint64_t day = words[i] >> DORA__WORD_DAY;
        directory[d] = first_day + (int32_t)day;
        begin[d] = n;
        sums[d] = sum;
        uint32_t deployments = events ? totalling.so_far[DORA__EVENT_DEPLOYMENT] : 0;
        if (events)
            put_totals(&totalling, d);
        for (size_t stop = LANE_MOST + i;; i++) {
            uint64_t word = words[i];
            if (word >> DORA__WORD_DAY != day)
                break;
            values[n] = (uint32_t)word;
            n += word >> DORA__WORD_HAS_VALUE & 1;
            sum += (uint32_t)word; /* 0 without a value */
            if (events) {
                totalling.lanes += spread_events(word);
                if (i + 1 == stop) {
                    add_lanes(&totalling);
                    stop += LANE_MOST;
                }
            }
            if (i + 1 == count) {
                i++;
                break;
            }
        }
        if (events)
            end_day(&totalling, deployments);
    }
    if (events)
        put_totals(&totalling, d);
    directory[d] = INT32_MAX;
    begin[d] = n;
    sums[d] = sum;
    strip->count = n;
    strip->narrow = values;
    strip->narrow_sums = sums;
}

/* The same where values are beside the words, one each, in the order of the words. */
static void take_apart_wide(struct dora__strip *strip, const uint64_t *words, size_t count, int32_t first_day) {
    int32_t *directory = strip->directory_days.data;
    size_t *begin = strip->directory_begin.data, d = 0;
    dora__wide *sums = strip->sums.data, sum = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (!i || words[i] >> DORA__WORD_DAY != words[i - 1] >> DORA__WORD_DAY) {
            directory[d] = first_day + (int32_t)(words[i] >> DORA__WORD_DAY);
            begin[d] = i;
            sums[d++] = sum;
        }
        sum = dora__wide_add_i64(sum, strip->wide[i]);
    }
    directory[d] = INT32_MAX;
    begin[d] = strip->count = count;
    sums[d] = sum;
    strip->wide_sums = sums;
}

bool dora__strip_order(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group) {
    size_t from = placed->begin[group], count = placed->begin[group + 1] - from;
    uint64_t *words = count ? placed->words + from : NULL;
    bool ordered;
    strip->most = placed->most;
    strip->wide = placed->wide ? placed->wide + from : NULL;
    strip->days = count_days(words, count, &ordered);
    if (ordered)
        return true;
    if (!order_words(strip, words, strip->wide, count))
        return false;
    strip->days = count_days(words, count, &ordered);
    return true;
}

/* Words in order, of strip->days days; where values are wide, they are strip->wide. */
static bool load_words(struct dora__strip *strip, const struct dora__placed *placed, const uint64_t *words,
                       size_t count) {
    strip->unit = placed->unit;
    strip->narrow = NULL;
    strip->narrow_sums = NULL;
    strip->wide_sums = NULL;
    if (!make_rooms(strip, placed->wide != NULL))
        return false;
    strip->day = strip->directory_days.data;
    strip->begin = strip->directory_begin.data;
    if (placed->wide)
        take_apart_wide(strip, words, count, placed->first_day);
    else if (strip->events)
        take_apart(strip, words, count, placed->first_day, true);
    else
        take_apart(strip, words, count, placed->first_day, false);
    return true;
}

bool dora__strip_load(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group) {
    size_t from = placed->begin[group], count = placed->begin[group + 1] - from;
    return dora__strip_order(strip, placed, group) &&
           load_words(strip, placed, count ? placed->words + from : NULL, count);
}

/* The first of ordered words that is not before a day. */
static size_t find_word(const uint64_t *words, size_t count, int64_t day) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((int64_t)(words[middle] >> DORA__WORD_DAY) < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool dora__strip_load_days(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group, int32_t first,
                           int32_t last) {
    size_t from = placed->begin[group], all = placed->begin[group + 1] - from;
    const uint64_t *words = all ? placed->words + from : NULL;
    size_t begin = find_word(words, all, (int64_t)first - placed->first_day);
    size_t end = find_word(words, all, (int64_t)last + 1 - placed->first_day);
    bool ordered;
    strip->most = end - begin;
    words = end > begin ? words + begin : NULL;
    strip->wide = NULL;
    strip->days = count_days(words, end - begin, &ordered);
    return load_words(strip, placed, words, end - begin);
}
