/* SPDX-License-Identifier: MIT */
/* See frozen.h. As with facts nothing is believed: order, ranges, and that what is named is there. */
#include "state/frozen.h"

#include "base/utf8.h"
#include "calendar/civil.h"
#include "state/format.h"
#include "state/packed.h"

#include <string.h>

enum { TEXT_MOST = 65536, PIECE = 16 * DORA__PACKED_BLOCK };

/* Local days of valid instants, and a day on either side. */
#define DAY_LEAST (DORA__INSTANT_MIN / DORA__US_PER_DAY - 2)
#define DAY_MOST  (DORA__INSTANT_MAX / DORA__US_PER_DAY + 2)

static const char out_of_order[] = "what is left of forgotten facts is not in order";
static const char out_of_range[] = "what is left of forgotten facts is out of range";

static uint64_t take_little(struct dora__state_cursor *cursor, size_t size) {
    uint8_t little[8] = {0};
    const uint8_t *bytes = dora__cursor_take(cursor, size);
    if (bytes)
        memcpy(little, bytes, size);
    return dora__little_64(little);
}

/* False: out of memory. */
static bool take_text(struct dora__state_cursor *cursor, struct dora__frozen *frozen, char **text, size_t *size) {
    size_t length = (size_t)dora__cursor_varint(cursor, TEXT_MOST);
    const uint8_t *bytes = dora__cursor_take(cursor, length);
    if (!bytes || length == 0 || memchr(bytes, 0, length) || !dora__utf8_valid((const char *)bytes, length)) {
        dora__cursor_fail(cursor, "the name of an option that cannot be");
        return true;
    }
    if (!(*text = dora__alloc_zeroed(frozen->memory, length + 1, 1)))
        return false;
    *size = length + 1;
    memcpy(*text, bytes, length);
    return true;
}

/* Environments with their counts, by rank. */
static bool take_environments(struct dora__state_cursor *cursor, struct dora__frozen *frozen, uint32_t strings) {
    uint64_t count = dora__cursor_varint(cursor, dora__cursor_left(cursor));
    for (uint64_t i = 0; i < count && !cursor->failure; i++) {
        struct dora__environment own;
        own.name = (uint32_t)dora__cursor_varint(cursor, strings);
        own.count = dora__cursor_varint(cursor, INT64_MAX);
        if (i && own.name <= frozen->environments[i - 1].name)
            dora__cursor_fail(cursor, out_of_order);
        if (!dora__grow(frozen->memory, (void **)&frozen->environments, &frozen->environments_capacity, (size_t)i + 1,
                        sizeof own))
            return false;
        frozen->environments[frozen->environments_count++] = own;
    }
    return true;
}

static bool take_anchored(struct dora__state_cursor *cursor, struct dora__frozen *frozen, uint32_t services) {
    uint64_t count = dora__cursor_varint(cursor, dora__cursor_left(cursor));
    for (uint64_t i = 0; i < count && !cursor->failure; i++) {
        uint32_t service = (uint32_t)dora__cursor_varint(cursor, services);
        if (i && service <= frozen->anchored[i - 1])
            dora__cursor_fail(cursor, out_of_order);
        if (!dora__grow(frozen->memory, (void **)&frozen->anchored, &frozen->anchored_capacity, (size_t)i + 1,
                        sizeof service))
            return false;
        frozen->anchored[frozen->anchored_count++] = service;
    }
    return true;
}

static dora_status take_forgotten(struct dora__state_cursor *cursor, struct dora__facts *facts) {
    struct dora__frozen *frozen = facts->frozen;
    frozen->before_day = (int32_t)(uint32_t)take_little(cursor, 4);
    frozen->before_us = (int64_t)take_little(cursor, 8);
    frozen->attribution_us = (int64_t)take_little(cursor, 8);
    if (frozen->before_day < DAY_LEAST || frozen->before_day > DAY_MOST || frozen->attribution_us < -1 ||
        frozen->before_us < DAY_LEAST * DORA__US_PER_DAY || frozen->before_us > DAY_MOST * DORA__US_PER_DAY)
        dora__cursor_fail(cursor, out_of_range);
    if (!take_text(cursor, frozen, &frozen->production, &frozen->production_size) ||
        !take_text(cursor, frozen, &frozen->zone, &frozen->zone_size))
        return DORA_ERROR_MEMORY;
    unsigned evidence = (unsigned)dora__cursor_varint(cursor, 3);
    frozen->failure_known = evidence & 1;
    frozen->rework_known = evidence >> 1;
    frozen->forgotten = dora__cursor_varint(cursor, INT64_MAX);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int disposition = 0; disposition < DORA_DISPOSITION_COUNT; disposition++)
            frozen->account[kind][disposition] = dora__cursor_varint(cursor, INT64_MAX);
    facts->loaded += frozen->forgotten;
    return take_environments(cursor, frozen, facts->strings.count) &&
                   take_anchored(cursor, frozen, facts->services.count)
               ? DORA_OK
               : DORA_ERROR_MEMORY;
}

static dora_status take_keys(struct dora__state_cursor *cursor, struct dora__frozen *frozen) {
    bool any = false;
    for (int of = 0; of < DORA__KEYS && !cursor->failure; of++) {
        struct dora__id_keys *keys = &frozen->keys[of];
        size_t count = (size_t)dora__cursor_varint(cursor, dora__cursor_left(cursor) / DORA__DIGEST_SIZE);
        const uint8_t *bytes = dora__cursor_take(cursor, count * DORA__DIGEST_SIZE);
        if (!count || !bytes)
            continue;
        any = true;
        if (!dora__grow(frozen->memory, (void **)&keys->items, &keys->capacity, count, sizeof *keys->items))
            return DORA_ERROR_MEMORY;
        memcpy(keys->items, bytes, count * DORA__DIGEST_SIZE);
        keys->count = count;
        for (size_t i = 1; i < count; i++)
            if (memcmp(keys->items[i - 1].bytes, keys->items[i].bytes, DORA__DIGEST_SIZE) >= 0)
                dora__cursor_fail(cursor, out_of_order);
    }
    if (!any)
        dora__cursor_fail(cursor, "a section without anything");
    return DORA_OK;
}

/* The number of rows behind, at least one, of which each column takes a byte for 64. */
static size_t take_count(struct dora__state_cursor *cursor) {
    size_t left = dora__cursor_left(cursor);
    uint64_t most = left > SIZE_MAX / DORA__PACKED_BLOCK ? SIZE_MAX : left * (uint64_t)DORA__PACKED_BLOCK;
    size_t count = (size_t)dora__cursor_varint(cursor, most < UINT32_MAX ? most : UINT32_MAX);
    if (count == 0)
        dora__cursor_fail(cursor, "a section without anything");
    return count;
}

/* A column goes where its values belong, row by row. */
typedef void store_fn(void *rows, size_t row, int64_t value);

/* Values from `least` to `most`, an absent one as `absent`, or DORA_ABSENT: none may be. */
static void take_column(struct dora__state_cursor *cursor, void *rows, size_t count, store_fn *store, int64_t least,
                        int64_t most, int64_t absent) {
    struct dora__unpacking unpacking;
    int64_t values[PIECE];
    dora__unpack_begin(&unpacking, cursor, count, false);
    for (size_t row = 0, size; row < count && !cursor->failure; row += size) {
        size = count - row < PIECE ? count - row : PIECE;
        dora__unpack(&unpacking, values, NULL, size);
        for (size_t i = 0; i < size; i++) {
            int64_t value = values[i] == DORA_ABSENT ? absent : values[i];
            if (value == DORA_ABSENT || (values[i] != DORA_ABSENT && (value < least || value > most)))
                dora__cursor_fail(cursor, out_of_range);
            else
                store(rows, row + i, value);
        }
    }
}

static void store_service(void *rows, size_t row, int64_t value) {
    ((struct dora__sample *)rows)[row].service = (uint32_t)value;
}

static void store_day(void *rows, size_t row, int64_t value) {
    ((struct dora__sample *)rows)[row].day = (int32_t)value;
}

static void store_value(void *rows, size_t row, int64_t value) {
    ((struct dora__sample *)rows)[row].value = value;
}

#define VALUE_MOST (INT64_C(1) << 61)

static void range_of(enum dora__series series, int64_t *least, int64_t *most) {
    bool is_number = series >= DORA__COMPLAINTS && series <= DORA__ADOPTION;
    *least = series == DORA__EVENTS ? 1 : is_number ? -INT64_C(1000000000000000000) : 0;
    *most = series == DORA__EVENTS ? (1 << DORA__EVENT_COUNT) - 1
            : is_number            ? INT64_C(1000000000000000000)
                                   : VALUE_MOST;
}

static dora_status take_samples(struct dora__state_cursor *cursor, struct dora__facts *facts,
                                enum dora__series series) {
    struct dora__samples *samples = &facts->frozen->samples[series];
    size_t count = take_count(cursor);
    int64_t least, most;
    if (cursor->failure)
        return DORA_OK;
    if (!dora__grow(facts->memory, (void **)&samples->data, &samples->capacity, count, sizeof *samples->data))
        return DORA_ERROR_MEMORY;
    range_of(series, &least, &most);
    take_column(cursor, samples->data, count, store_service, 1, facts->services.count, 0);
    take_column(cursor, samples->data, count, store_day, DAY_LEAST, DAY_MOST, DORA_ABSENT);
    take_column(cursor, samples->data, count, store_value, least, most, DORA_ABSENT);
    for (size_t i = 1; i < count && !cursor->failure; i++)
        if (dora__sample_compare(&samples->data[i - 1], &samples->data[i]) > 0)
            dora__cursor_fail(cursor, out_of_order);
    samples->count = cursor->failure ? 0 : count;
    return DORA_OK;
}

static void store_phase_service(void *rows, size_t row, int64_t value) {
    ((struct dora__phase_sample *)rows)[row].service = (uint32_t)value;
}

static void store_phase_day(void *rows, size_t row, int64_t value) {
    ((struct dora__phase_sample *)rows)[row].day = (int32_t)value;
}

static void store_duration(void *rows, size_t row, int64_t value) {
    ((struct dora__phase_sample *)rows)[row].duration_us = value;
}

static void store_name(void *rows, size_t row, int64_t value) {
    ((struct dora__phase_sample *)rows)[row].name = (uint32_t)value;
}

static void store_active(void *rows, size_t row, int64_t value) {
    ((struct dora__phase_sample *)rows)[row].active = value != 0;
}

static dora_status take_phases(struct dora__state_cursor *cursor, struct dora__facts *facts) {
    struct dora__frozen *frozen = facts->frozen;
    size_t count = take_count(cursor);
    if (cursor->failure)
        return DORA_OK;
    if (!dora__grow(facts->memory, (void **)&frozen->phases, &frozen->phases_capacity, count, sizeof *frozen->phases))
        return DORA_ERROR_MEMORY;
    take_column(cursor, frozen->phases, count, store_phase_service, 1, facts->services.count, 0);
    take_column(cursor, frozen->phases, count, store_phase_day, DAY_LEAST, DAY_MOST, DORA_ABSENT);
    take_column(cursor, frozen->phases, count, store_duration, 0, VALUE_MOST, DORA_ABSENT);
    take_column(cursor, frozen->phases, count, store_name, 1, facts->strings.count, DORA_ABSENT);
    take_column(cursor, frozen->phases, count, store_active, 0, 1, DORA_ABSENT);
    for (size_t i = 1; i < count && !cursor->failure; i++)
        if (dora__phase_compare(&frozen->phases[i - 1], &frozen->phases[i]) > 0)
            dora__cursor_fail(cursor, out_of_order);
    frozen->phases_count = cursor->failure ? 0 : count;
    return DORA_OK;
}

dora_status dora__frozen_take(struct dora__state_cursor *cursor, struct dora__facts *facts, int number) {
    if (number == 0 && !(facts->frozen = dora__frozen_new(facts->memory)))
        return DORA_ERROR_MEMORY;
    if (!facts->frozen) {
        dora__cursor_fail(cursor, "what is left of forgotten facts without the section that says of which");
        return DORA_OK;
    }
    return number == 0                       ? take_forgotten(cursor, facts)
           : number == 1                     ? take_keys(cursor, facts->frozen)
           : number < 2 + DORA__SERIES_COUNT ? take_samples(cursor, facts, (enum dora__series)(number - 2))
                                             : take_phases(cursor, facts);
}
