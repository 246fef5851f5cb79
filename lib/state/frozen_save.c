/* SPDX-License-Identifier: MIT */
/* See frozen.h. Everything goes in ascending order, of services and strings by their ranks. */
#include "state/frozen.h"

#include "base/sort.h"
#include "state/format.h"
#include "state/packed.h"

#include <string.h>

uint32_t dora__frozen_section(int number) {
    return number == 0                       ? DORA__SECTION_FORGOTTEN
           : number == 1                     ? DORA__SECTION_KEYS
           : number < 2 + DORA__SERIES_COUNT ? DORA__SECTION_SAMPLES + (uint32_t)(number - 2)
                                             : DORA__SECTION_PHASES;
}

int dora__frozen_number(uint32_t kind) {
    for (int number = 0; number < DORA__FROZEN_SECTIONS; number++)
        if (dora__frozen_section(number) == kind)
            return number;
    return -1;
}

static void put_little(struct dora__bytes *bytes, uint64_t number, size_t size) {
    uint8_t little[8];
    dora__put_little_64(little, number);
    dora__bytes_put(bytes, little, size);
}

static void put_text(struct dora__bytes *bytes, const char *text) {
    size_t size = strlen(text);
    dora__bytes_varint(bytes, size);
    dora__bytes_put(bytes, text, size);
}

/* A rank, and of an environment how often it is. */
struct ranked {
    uint64_t rank;
    uint64_t count;
};

static int compare_ranked(const void *context, uint32_t a, uint32_t b) {
    const struct ranked *ranked = context;
    return (ranked[a].rank > ranked[b].rank) - (ranked[a].rank < ranked[b].rank);
}

/* How many there are, then each by its rank. */
static void put_ranked(struct dora__bytes *bytes, const struct ranked *ranked, size_t count, bool counts) {
    uint32_t *order = count ? dora__order(bytes->memory, count, compare_ranked, ranked) : NULL;
    bytes->failed |= count && !order;
    dora__bytes_varint(bytes, count);
    for (size_t i = 0; order && i < count; i++) {
        dora__bytes_varint(bytes, ranked[order[i]].rank);
        if (counts)
            dora__bytes_varint(bytes, ranked[order[i]].count);
    }
    dora__order_free(bytes->memory, order, count);
}

static void put_names(struct dora__bytes *bytes, const struct dora__frozen *frozen,
                      const struct dora__catalog *catalog) {
    size_t room = frozen->environments_count + frozen->anchored_count + 1;
    struct ranked *ranked = dora__alloc(bytes->memory, room, sizeof *ranked);
    if (!ranked) {
        bytes->failed = true;
        return;
    }
    for (size_t i = 0; i < frozen->environments_count; i++) {
        ranked[i].rank = catalog->strings.of[frozen->environments[i].name];
        ranked[i].count = frozen->environments[i].count;
    }
    put_ranked(bytes, ranked, frozen->environments_count, true);
    for (size_t i = 0; i < frozen->anchored_count; i++)
        ranked[i].rank = catalog->services.of[frozen->anchored[i]];
    put_ranked(bytes, ranked, frozen->anchored_count, false);
    dora__free(bytes->memory, ranked, room, sizeof *ranked);
}

static bool put_forgotten(struct dora__bytes *bytes, const struct dora__frozen *frozen,
                          const struct dora__catalog *catalog) {
    put_little(bytes, (uint32_t)frozen->before_day, 4);
    put_little(bytes, (uint64_t)frozen->before_us, 8);
    put_little(bytes, (uint64_t)frozen->attribution_us, 8);
    put_text(bytes, frozen->production);
    put_text(bytes, frozen->zone);
    dora__bytes_varint(bytes, (uint64_t)frozen->failure_known | (uint64_t)frozen->rework_known << 1);
    dora__bytes_varint(bytes, frozen->forgotten);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int disposition = 0; disposition < DORA_DISPOSITION_COUNT; disposition++)
            dora__bytes_varint(bytes, frozen->account[kind][disposition]);
    put_names(bytes, frozen, catalog);
    return true;
}

static bool put_keys(struct dora__bytes *bytes, const struct dora__frozen *frozen) {
    bool any = false;
    for (int of = 0; of < DORA__KEYS; of++)
        any |= frozen->keys[of].count != 0;
    for (int of = 0; of < DORA__KEYS && any; of++) {
        dora__bytes_varint(bytes, frozen->keys[of].count);
        if (frozen->keys[of].count)
            dora__bytes_put(bytes, frozen->keys[of].items, frozen->keys[of].count * DORA__DIGEST_SIZE);
    }
    return any;
}

static int64_t or_absent(uint32_t rank) {
    return rank ? (int64_t)rank : DORA_ABSENT;
}

static bool put_samples(struct dora__bytes *bytes, const struct dora__samples *samples,
                        const struct dora__catalog *catalog) {
    struct dora__memory *memory = bytes->memory;
    size_t count = samples->count;
    if (!count)
        return false;
    struct dora__samples own = {dora__alloc(memory, count, sizeof *own.data), count, count};
    int64_t *column = dora__alloc(memory, count, sizeof *column);
    for (size_t i = 0; own.data && i < count; i++)
        own.data[i] = (struct dora__sample){catalog->services.of[samples->data[i].service], samples->data[i].day,
                                            samples->data[i].value};
    if (own.data && column && dora__samples_order(memory, &own)) {
        dora__bytes_varint(bytes, count);
        for (int which = 0; which < 3; which++) {
            for (size_t i = 0; i < count; i++)
                column[i] = which == 0   ? or_absent(own.data[i].service)
                            : which == 1 ? own.data[i].day
                                         : own.data[i].value;
            dora__packed_put(bytes, column, NULL, count);
        }
    } else {
        bytes->failed = true;
    }
    dora__free(memory, own.data, count, sizeof *own.data);
    dora__free(memory, column, count, sizeof *column);
    return true;
}

static bool put_phases(struct dora__bytes *bytes, const struct dora__frozen *frozen,
                       const struct dora__catalog *catalog) {
    struct dora__memory *memory = bytes->memory;
    size_t count = frozen->phases_count;
    if (!count)
        return false;
    struct dora__phase_sample *own = dora__alloc(memory, count, sizeof *own);
    int64_t *column = dora__alloc(memory, count, sizeof *column);
    for (size_t i = 0; own && i < count; i++) {
        own[i] = frozen->phases[i];
        own[i].service = catalog->services.of[own[i].service];
        own[i].name = catalog->strings.of[own[i].name];
    }
    if (own && column && dora__phases_order(memory, own, count)) {
        dora__bytes_varint(bytes, count);
        for (int which = 0; which < 5; which++) {
            for (size_t i = 0; i < count; i++)
                column[i] = which == 0   ? or_absent(own[i].service)
                            : which == 1 ? own[i].day
                            : which == 2 ? own[i].duration_us
                            : which == 3 ? own[i].name
                                         : own[i].active;
            dora__packed_put(bytes, column, NULL, count);
        }
    } else {
        bytes->failed = true;
    }
    dora__free(memory, own, count, sizeof *own);
    dora__free(memory, column, count, sizeof *column);
    return true;
}

bool dora__frozen_put(struct dora__bytes *bytes, const struct dora__frozen *frozen, const struct dora__catalog *catalog,
                      int number) {
    return number == 0                       ? put_forgotten(bytes, frozen, catalog)
           : number == 1                     ? put_keys(bytes, frozen)
           : number < 2 + DORA__SERIES_COUNT ? put_samples(bytes, &frozen->samples[number - 2], catalog)
                                             : put_phases(bytes, frozen, catalog);
}
