/* SPDX-License-Identifier: MIT */
/*
 * See packed.h. Differences wrap around as unsigned numbers, so that hostile bytes overflow nothing; whether a value
 * can be is for the reader's caller to say.
 */
#include "state/packed.h"

#include <string.h>

enum way { FROM_NOTHING, FROM_BEFORE, FROM_LEAD, WAYS };
enum { UNIT_SHIFT = 2, NULLABLE_SHIFT = 4, HEAD_MOST = 1 << 5 };

static const int64_t units[] = {1000000, 1000, 1};
enum { UNITS = sizeof units / sizeof *units };

struct packing {
    const int64_t *values;
    const int64_t *lead;
    size_t count;
    int64_t unit;
    enum way way;
    bool nullable;
};

/* Towards the past. */
static inline int64_t in_units(int64_t value, int64_t unit) {
    return value / unit - (value % unit < 0);
}

/* What a value is taken to be, in units: the lead where that is asked for and there is one, else the one before. */
static inline int64_t foretold(enum way way, int64_t lead, int64_t unit, int64_t before) {
    if (way == FROM_NOTHING)
        return 0;
    return way == FROM_LEAD && lead != DORA_ABSENT ? in_units(lead, unit) : before;
}

/* Folds a difference: 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
static inline uint64_t folded(uint64_t difference) {
    return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t unfolded(uint64_t number) {
    return number >> 1 ^ (0 - (number & 1));
}

/* The numbers of a block; returns the bits that the largest needs. */
static unsigned take_block(const struct packing *packing, size_t first, size_t count, int64_t *before,
                           uint64_t *numbers) {
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t value = packing->values[first + i];
        numbers[i] = 0;
        if (value == DORA_ABSENT)
            continue;
        int64_t scaled = in_units(value, packing->unit);
        int64_t lead = packing->lead ? packing->lead[first + i] : DORA_ABSENT;
        uint64_t expected = (uint64_t)foretold(packing->way, lead, packing->unit, *before);
        numbers[i] = folded((uint64_t)scaled - expected) + packing->nullable;
        *before = scaled;
        all |= numbers[i];
    }
    return all ? 64 - (unsigned)__builtin_clzll(all) : 0;
}

static size_t bytes_of(size_t count, unsigned width) {
    return (count * width + 7) / 8;
}

/* Numbers of `width` bits, the lowest bit first. */
static void put_bits(uint8_t *out, const uint64_t *numbers, size_t count, unsigned width) {
    size_t bit = 0;
    for (size_t i = 0; i < count; i++, bit += width) {
        uint64_t number = numbers[i];
        unsigned shift = bit % 8;
        uint8_t *at = out + bit / 8;
        *at = (uint8_t)(*at | number << shift);
        for (unsigned done = 8 - shift; done < width; done += 8)
            *++at = (uint8_t)(number >> done);
    }
}

static size_t size_of(const struct packing *packing, struct dora__asking *asking) {
    uint64_t numbers[DORA__PACKED_BLOCK];
    size_t size = 0;
    int64_t before = 0;
    for (size_t i = 0, count; i < packing->count; i += count) {
        count = packing->count - i < DORA__PACKED_BLOCK ? packing->count - i : DORA__PACKED_BLOCK;
        size += 1 + bytes_of(count, take_block(packing, i, count, &before, numbers));
        dora__asking_take(asking, count);
    }
    return size;
}

int64_t dora__packed_unit(const int64_t *values, size_t count, bool *nullable) {
    unsigned unit = 0;
    *nullable = false;
    for (size_t i = 0; i < count; i++) {
        if (values[i] == DORA_ABSENT)
            *nullable = true;
        else
            while (values[i] % units[unit])
                unit++;
    }
    return units[unit];
}

void dora__packed_put(struct dora__bytes *bytes, const int64_t *values, const int64_t *lead, size_t count) {
    struct packing packing = {values, lead, count, 1, FROM_NOTHING, false};
    packing.unit = dora__packed_unit(values, count, &packing.nullable);
    unsigned unit = 0;
    while (units[unit] != packing.unit)
        unit++;
    size_t least = SIZE_MAX;
    enum way best = FROM_NOTHING;
    for (enum way way = FROM_NOTHING; way < (lead ? WAYS : FROM_LEAD); way++) {
        packing.way = way;
        size_t size = size_of(&packing, bytes->asking);
        if (size < least) {
            least = size;
            best = way;
        }
    }
    packing.way = best;
    uint8_t *out = dora__bytes_more(bytes, least + 1);
    if (!out)
        return;
    *out++ = (uint8_t)((unsigned)best | unit << UNIT_SHIFT | (unsigned)packing.nullable << NULLABLE_SHIFT);
    uint64_t numbers[DORA__PACKED_BLOCK];
    int64_t before = 0;
    for (size_t i = 0, size; i < count; i += size) {
        size = count - i < DORA__PACKED_BLOCK ? count - i : DORA__PACKED_BLOCK;
        unsigned width = take_block(&packing, i, size, &before, numbers);
        *out++ = (uint8_t)width;
        if (width)
            put_bits(out, numbers, size, width);
        out += bytes_of(size, width);
        dora__bytes_go_on(bytes, size);
    }
}

void dora__unpack_begin(struct dora__unpacking *unpacking, struct dora__state_cursor *cursor, uint64_t count,
                        bool has_lead) {
    *unpacking = (struct dora__unpacking){.cursor = cursor, .left = count, .unit = 1};
    const uint8_t *head = dora__cursor_take(cursor, 1);
    if (!head)
        return;
    unsigned way = *head & 3, unit = *head >> UNIT_SHIFT & 3;
    if (*head >= HEAD_MOST || way >= (has_lead ? WAYS : FROM_LEAD) || unit >= UNITS) {
        dora__cursor_fail(cursor, "a column of an unknown form");
        return;
    }
    if ((count + DORA__PACKED_BLOCK - 1) / DORA__PACKED_BLOCK > dora__cursor_left(cursor)) {
        dora__cursor_fail(cursor, "a column is shorter than its rows");
        return;
    }
    unpacking->unit = units[unit];
    unpacking->way = (uint8_t)way;
    unpacking->nullable = *head >> NULLABLE_SHIFT;
}

/* The `width` bits of in[0..size) from a bit on. */
static inline uint64_t bits_at(const uint8_t *in, size_t size, size_t bit, unsigned width) {
    size_t at = bit / 8;
    unsigned shift = bit % 8;
    uint64_t number = 0;
    if (at + 9 <= size) {
        number = dora__little_64(in + at) >> shift;
        if (shift + width > 64)
            number |= (uint64_t)in[at + 8] << (64 - shift);
    } else {
        for (unsigned done = 0; done < shift + width; done += 8, at++)
            number |= done < shift ? (uint64_t)in[at] >> shift : (uint64_t)in[at] << (done - shift);
    }
    return width == 64 ? number : number & ((UINT64_C(1) << width) - 1);
}

static void unpack_block(struct dora__unpacking *unpacking, int64_t *values, const int64_t *lead, size_t count) {
    const uint8_t *width = dora__cursor_take(unpacking->cursor, 1);
    if (width && *width > 64)
        dora__cursor_fail(unpacking->cursor, "a block wider than 64 bits");
    size_t size = width ? bytes_of(count, *width) : 0;
    const uint8_t *in = dora__cursor_take(unpacking->cursor, size);
    for (size_t i = 0; i < count; i++) {
        values[i] = DORA_ABSENT;
        if (!in)
            continue;
        uint64_t number = *width ? bits_at(in, size, i * *width, *width) : 0;
        if (unpacking->nullable && number-- == 0)
            continue;
        int64_t expected =
            foretold((enum way)unpacking->way, lead ? lead[i] : DORA_ABSENT, unpacking->unit, unpacking->before);
        uint64_t scaled = unfolded(number) + (uint64_t)expected;
        unpacking->before = (int64_t)scaled;
        values[i] = (int64_t)(scaled * (uint64_t)unpacking->unit);
    }
    unpacking->left -= count;
}

void dora__unpack(struct dora__unpacking *unpacking, int64_t *values, const int64_t *lead, size_t count) {
    for (size_t i = 0, size; i < count; i += size) {
        size = count - i < DORA__PACKED_BLOCK ? count - i : DORA__PACKED_BLOCK;
        if (!dora__asking_take(unpacking->cursor->asking, size))
            dora__cursor_fail(unpacking->cursor, "stopped");
        unpack_block(unpacking, values + i, lead ? lead + i : NULL, size);
    }
}
