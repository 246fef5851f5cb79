/* SPDX-License-Identifier: MIT */
/* See frozen.h. A kind and the bytes of an id make a key; what stands before a version says how long it is. */
#include "facts/frozen.h"

#include "base/little.h"
#include "base/sort.h"

#include <string.h>

enum { VERSION_KIND = 0x80 };

struct dora__frozen *dora__frozen_new(struct dora__memory *memory) {
    struct dora__frozen *frozen = dora__alloc_zeroed(memory, 1, sizeof *frozen);
    if (frozen)
        frozen->memory = memory;
    return frozen;
}

void dora__frozen_free(struct dora__frozen *frozen) {
    if (!frozen)
        return;
    struct dora__memory *memory = frozen->memory;
    dora__free(memory, frozen->production, frozen->production_size, 1);
    dora__free(memory, frozen->zone, frozen->zone_size, 1);
    dora__free(memory, frozen->environments, frozen->environments_capacity, sizeof *frozen->environments);
    dora__free(memory, frozen->anchored, frozen->anchored_capacity, sizeof *frozen->anchored);
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        dora__free(memory, frozen->samples[series].data, frozen->samples[series].capacity,
                   sizeof *frozen->samples[series].data);
    dora__free(memory, frozen->phases, frozen->phases_capacity, sizeof *frozen->phases);
    for (int of = 0; of < DORA__KEYS; of++)
        dora__free(memory, frozen->keys[of].items, frozen->keys[of].capacity, sizeof *frozen->keys[of].items);
    dora__free(memory, frozen, 1, sizeof *frozen);
}

bool dora__frozen_text(struct dora__frozen *frozen, char **text, size_t *size, const char *from) {
    size_t needed = strlen(from) + 1;
    char *copy = dora__alloc(frozen->memory, needed, 1);
    if (!copy)
        return false;
    memcpy(copy, from, needed);
    dora__free(frozen->memory, *text, *size, 1);
    *text = copy;
    *size = needed;
    return true;
}

struct dora__digest dora__key_of_id(dora_kind kind, dora_string id) {
    struct dora__digesting digesting;
    uint8_t begin = (uint8_t)kind;
    dora__digest_begin(&digesting);
    dora__digest_add(&digesting, &begin, 1);
    dora__digest_add(&digesting, id.data, id.size);
    return dora__digest_end(&digesting);
}

struct dora__digest dora__key_of_version(dora_string version, dora_string service) {
    struct dora__digesting digesting;
    uint8_t begin[5] = {VERSION_KIND};
    dora__put_little_32(begin + 1, (uint32_t)version.size);
    dora__digest_begin(&digesting);
    dora__digest_add(&digesting, begin, sizeof begin);
    dora__digest_add(&digesting, version.data, version.size);
    dora__digest_add(&digesting, service.data, service.size);
    return dora__digest_end(&digesting);
}

bool dora__id_keys_add(struct dora__id_keys *keys, struct dora__memory *memory, const struct dora__digest *key) {
    if (!dora__grow(memory, (void **)&keys->items, &keys->capacity, keys->count + 1, sizeof *keys->items))
        return false;
    keys->items[keys->count++] = *key;
    return true;
}

static int compare_keys(const void *context, uint32_t a, uint32_t b) {
    const struct dora__digest *items = context;
    return memcmp(items[a].bytes, items[b].bytes, DORA__DIGEST_SIZE);
}

bool dora__id_keys_order(struct dora__id_keys *keys, struct dora__memory *memory) {
    size_t count = 0;
    if (!dora__put_in_order(memory, keys->items, keys->count, sizeof *keys->items, compare_keys, keys->items))
        return false;
    for (size_t i = 0; i < keys->count; i++)
        if (count == 0 || memcmp(keys->items[count - 1].bytes, keys->items[i].bytes, DORA__DIGEST_SIZE))
            keys->items[count++] = keys->items[i];
    keys->count = count;
    return true;
}

bool dora__id_keys_have(const struct dora__id_keys *keys, const struct dora__digest *key) {
    size_t low = 0, high = keys->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(keys->items[middle].bytes, key->bytes, DORA__DIGEST_SIZE);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool dora__frozen_has_id(const struct dora__frozen *frozen, dora_kind kind, dora_string id) {
    struct dora__digest key = dora__key_of_id(kind, id);
    return dora__id_keys_have(&frozen->keys[kind], &key) ||
           (kind == DORA_KIND_CHANGE && dora__id_keys_have(&frozen->keys[DORA__KEY_NAMED_CHANGE], &key));
}

bool dora__frozen_has_spent(const struct dora__frozen *frozen, dora_string id) {
    struct dora__digest key = dora__key_of_id(DORA_KIND_CHANGE, id);
    return dora__id_keys_have(&frozen->keys[DORA__KEY_SPENT_CHANGE], &key);
}

bool dora__frozen_has_change(const struct dora__frozen *frozen, dora_string id) {
    struct dora__digest key = dora__key_of_id(DORA_KIND_CHANGE, id);
    return dora__id_keys_have(&frozen->keys[DORA_KIND_CHANGE], &key);
}
