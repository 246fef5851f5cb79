/* SPDX-License-Identifier: MIT */
/* See keys.h. Slots are twice as many as keys at least, a power of two, probed one after the other. */
#include "read/source/keys.h"

#include <string.h>

enum { SLOTS_LEAST = 64 };

void dora__keys_free(struct dora__keys *keys, struct dora__memory *memory) {
    dora__free(memory, keys->names, keys->capacity, sizeof *keys->names);
    dora__free(memory, keys->slots, keys->slots_capacity, sizeof *keys->slots);
    *keys = (struct dora__keys){0};
}

struct dora__span dora__key_at(const char *path, const char *end, const char **next) {
    const char *quote = path < end && *path == '"' ? memchr(path + 1, '"', (size_t)(end - path) - 1) : NULL;
    const char *stop = path;
    while (!quote && stop < end && *stop != '.' && *stop != '[')
        stop++;
    *next = quote ? quote + 1 : stop;
    return quote ? (struct dora__span){path + 1, (size_t)(quote - path) - 1}
                 : (struct dora__span){path, (size_t)(stop - path)};
}

static void put_slot(struct dora__keys *keys, uint16_t number) {
    size_t mask = keys->slots_count - 1;
    size_t at = dora__key_hash(keys->names[number].data, keys->names[number].size) & mask;
    while (keys->slots[at] != DORA__NO_KEY)
        at = (at + 1) & mask;
    keys->slots[at] = number;
}

static bool make_slots(struct dora__keys *keys, struct dora__memory *memory) {
    size_t wanted = keys->slots_count ? keys->slots_count : SLOTS_LEAST;
    while (wanted < 2 * (keys->count + 1))
        wanted *= 2;
    if (wanted == keys->slots_count)
        return true;
    if (!dora__grow(memory, (void **)&keys->slots, &keys->slots_capacity, wanted, sizeof *keys->slots))
        return false;
    keys->slots_count = wanted;
    memset(keys->slots, 0xFF, wanted * sizeof *keys->slots);
    for (size_t i = 0; i < keys->count; i++)
        put_slot(keys, (uint16_t)i);
    return true;
}

uint16_t dora__keys_find(const struct dora__keys *keys, const char *name, size_t size) {
    size_t mask = keys->slots_count - 1;
    if (!keys->slots_count)
        return DORA__NO_KEY;
    for (size_t at = dora__key_hash(name, size) & mask;; at = (at + 1) & mask) {
        uint16_t number = keys->slots[at];
        if (number == DORA__NO_KEY ||
            (keys->names[number].size == size && memcmp(keys->names[number].data, name, size) == 0))
            return number;
    }
}

bool dora__keys_add(struct dora__keys *keys, struct dora__memory *memory, struct dora__span name, uint16_t *number) {
    *number = dora__keys_find(keys, name.data, name.size);
    if (*number != DORA__NO_KEY)
        return true;
    if (keys->count == DORA__KEYS_MOST || !make_slots(keys, memory) ||
        !dora__grow(memory, (void **)&keys->names, &keys->capacity, keys->count + 1, sizeof *keys->names))
        return false;
    *number = (uint16_t)keys->count;
    keys->names[keys->count++] = name;
    put_slot(keys, *number);
    return true;
}
