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

void dora__strip_init(struct dora__strip *strip, struct dora__memory *memory, uint32_t events,
                      struct dora__asking *asking) {
    if (events >> DORA__EVENT_DAYS & 1)
        events |= UINT32_C(1) << DORA__EVENT_DEPLOYMENT;
    *strip = (struct dora__strip){.memory = memory, .asking = asking, .events = events};
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
    dora__buffer_free(&strip->counted, strip->memory);
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

static bool in_order(const uint64_t *words, size_t count) {
    size_t i = 1;
    while (i < count && words[i - 1] >> DORA__WORD_DAY <= words[i] >> DORA__WORD_DAY)
        i++;
    return i >= count;
}

/* Puts words into the order of days, and wide values with them, whose places the words then hold. */
static bool order_words(struct dora__strip *strip, uint64_t *words, const int64_t *wide, size_t count) {
    if (!dora__buffer_room(&strip->scratch, strip->memory, strip->most, sizeof *words))
        return false;
    if (wide && count > UINT32_MAX)
        return false;
    for (size_t i = 0; wide && i < count; i++)
        words[i] |= i;
    uint64_t *sorted = dora__sort_u64_asking(words, strip->scratch.data, count, DORA__WORD_DAY, strip->asking);
    if (strip->asking && strip->asking->stopped)
        return false;
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

/* Of a day and all before it. */
struct counted {
    size_t words;
    uint64_t lanes; /* their sum */
};

/* For so many days at most. */
static bool make_rooms(struct dora__strip *strip, size_t days, bool wide) {
    size_t totals = strip->events ? DORA__TOTALS : 0;
    strip->days_most = days;
    return dora__buffer_room(&strip->directory_days, strip->memory, days + 1, sizeof *strip->day) &&
           dora__buffer_room(&strip->directory_begin, strip->memory, days + 1, sizeof *strip->begin) &&
           dora__buffer_room(&strip->sums, strip->memory, days + 1,
                             wide ? sizeof *strip->wide_sums : sizeof *strip->narrow_sums) &&
           dora__buffer_room(&strip->counted, strip->memory, strip->events ? days + 1 : 0, sizeof(struct counted)) &&
           dora__buffer_room(&strip->totals_room, strip->memory, totals * (days + 1), sizeof **strip->totals) &&
           (wide || dora__buffer_room(&strip->values, strip->memory, strip->most + VECTOR_ROOM, sizeof *strip->narrow));
}

/* Numbers of events, seven bits each, in one word. The sum of such words over samples may overflow; what one day adds
   to it is right where the day has few samples. */
enum { LANE = 7, LANE_MOST = (1 << LANE) - 1, FEW_EVENTS = 1 << 6 /* those that deployments have */ };

#define LANE_OF(events, event) ((uint64_t)((events) >> (event)&1) << (event)*LANE)
#define LANES(events)                                                                                                  \
    (LANE_OF(events, 0) | LANE_OF(events, 1) | LANE_OF(events, 2) | LANE_OF(events, 3) | LANE_OF(events, 4) |          \
     LANE_OF(events, 5) | LANE_OF(events, 6) | LANE_OF(events, 7) | LANE_OF(events, 8))
#define LANES_4(events)  LANES(events), LANES((events) + 1), LANES((events) + 2), LANES((events) + 3)
#define LANES_16(events) LANES_4(events), LANES_4((events) + 4), LANES_4((events) + 8), LANES_4((events) + 12)

static inline uint64_t lanes_of(uint64_t word) {
    static const uint64_t few[FEW_EVENTS] = {LANES_16(0), LANES_16(16), LANES_16(32), LANES_16(48)};
    unsigned events = word >> DORA__WORD_EVENTS & ((1u << DORA__EVENT_COUNT) - 1);
    return events < FEW_EVENTS ? few[events] : LANES(events);
}

static void count_long_day(const uint64_t *words, size_t from, size_t end, uint32_t counts[DORA__EVENT_COUNT]) {
    memset(counts, 0, DORA__EVENT_COUNT * sizeof *counts);
    while (from < end) {
        uint64_t lanes = 0;
        for (size_t stop = end - from < LANE_MOST ? end : from + LANE_MOST; from < stop; from++)
            lanes += lanes_of(words[from]);
        for (unsigned event = 0; event < DORA__EVENT_COUNT; event++)
            counts[event] += lanes >> event * LANE & LANE_MOST;
    }
}

/* Totals of events, from what was counted up to each day. */
static void total_events(struct dora__strip *strip, const uint64_t *words, const struct counted *counted) {
    uint32_t *totals[DORA__TOTALS], *room = strip->totals_room.data;
    unsigned wanted[DORA__TOTALS], wanted_count = 0;
    for (unsigned event = 0; event < DORA__TOTALS; event++, room += strip->days_most + 1) {
        strip->totals[event] = totals[event] = room;
        room[0] = 0;
        if (strip->events >> event & 1 && event != DORA__EVENT_DAYS)
            wanted[wanted_count++] = event;
    }
    for (size_t d = 0; d < strip->days; d++) {
        const struct counted *day = &counted[d];
        uint32_t counts[DORA__EVENT_COUNT];
        bool is_long = day[1].words - day[0].words > LANE_MOST;
        if (is_long)
            count_long_day(words, day[0].words, day[1].words, counts);
        for (unsigned i = 0; i < wanted_count; i++) {
            unsigned event = wanted[i];
            totals[event][d + 1] =
                totals[event][d] +
                (is_long ? counts[event] : (uint32_t)((day[1].lanes - day[0].lanes) >> event * LANE & LANE_MOST));
        }
    }
    const uint32_t *deployments = totals[DORA__EVENT_DEPLOYMENT];
    for (size_t d = 0; d < strip->days && strip->events >> DORA__EVENT_DAYS & 1; d++)
        totals[DORA__EVENT_DAYS][d + 1] = totals[DORA__EVENT_DAYS][d] + (deployments[d + 1] > deployments[d]);
}

/* Takes words apart; false: they are not in order. Days are short and many, so that what is known of a day is written
   with each word rather than with the last one, for which a branch would be guessed wrong. Called with constants for
   `events`, so that there are two loops. */
static inline bool take_apart(struct dora__strip *strip, const uint64_t *words, size_t count, int32_t first_day,
                              bool events) {
    int32_t *directory = strip->directory_days.data;
    uint32_t *values = strip->values.data;
    size_t *begin = strip->directory_begin.data, n = 0, d = 0;
    uint64_t *sums = strip->sums.data, sum = 0, last = count ? words[0] >> DORA__WORD_DAY : 0;
    struct counted *counted = strip->counted.data, so_far = {0, 0};
    begin[0] = sums[0] = 0;
    if (events)
        counted[0] = so_far;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = words[i], day = word >> DORA__WORD_DAY;
        if (day < last)
            return false;
        d += day != last;
        last = day;
        directory[d] = first_day + (int32_t)day;
        values[n] = (uint32_t)word;
        n += word >> DORA__WORD_HAS_VALUE & 1;
        begin[d + 1] = n;
        sum += (uint32_t)word; /* 0 without a value */
        sums[d + 1] = sum;
        if (events) {
            so_far.words = i + 1;
            so_far.lanes += lanes_of(word);
            counted[d + 1] = so_far;
        }
    }
    strip->days = count ? d + 1 : 0;
    directory[strip->days] = INT32_MAX;
    strip->count = n;
    strip->narrow = values;
    strip->narrow_sums = sums;
    if (events)
        total_events(strip, words, counted);
    return true;
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
    strip->days = d;
    strip->wide_sums = sums;
}

bool dora__strip_order(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group) {
    size_t from = placed->begin[group], count = placed->begin[group + 1] - from;
    uint64_t *words = count ? placed->words + from : NULL;
    strip->most = placed->most;
    strip->wide = placed->wide ? placed->wide + from : NULL;
    return in_order(words, count) || order_words(strip, words, strip->wide, count);
}

/* Makes room for some words, and takes them apart; *ordered: or finds that they are not in order. Wide values are in
   order, and strip->wide. */
static bool load_words(struct dora__strip *strip, const struct dora__placed *placed, const uint64_t *words,
                       size_t count, bool *ordered) {
    strip->unit = placed->unit;
    strip->narrow = NULL;
    strip->narrow_sums = NULL;
    strip->wide_sums = NULL;
    if (!make_rooms(strip, count < placed->days ? count : placed->days, placed->wide != NULL))
        return false;
    strip->day = strip->directory_days.data;
    strip->begin = strip->directory_begin.data;
    *ordered = true;
    if (placed->wide)
        take_apart_wide(strip, words, count, placed->first_day);
    else if (strip->events)
        *ordered = take_apart(strip, words, count, placed->first_day, true);
    else
        *ordered = take_apart(strip, words, count, placed->first_day, false);
    return true;
}

bool dora__strip_load(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group) {
    size_t from = placed->begin[group], count = placed->begin[group + 1] - from;
    uint64_t *words = count ? placed->words + from : NULL;
    bool ordered;
    strip->most = placed->most;
    strip->wide = NULL;
    if (placed->wide && !dora__strip_order(strip, placed, group))
        return false;
    if (!load_words(strip, placed, words, count, &ordered))
        return false;
    return ordered || (order_words(strip, words, NULL, count) && load_words(strip, placed, words, count, &ordered));
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
    return load_words(strip, placed, words, end - begin, &ordered);
}
