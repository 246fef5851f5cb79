/* SPDX-License-Identifier: MIT */
/* See map.h. */
#include "base/map.h"

#include <string.h>

void dora__map_init(struct dora__map *map, struct dora__memory *memory, uint64_t hash_key) {
    *map = (struct dora__map){.memory = memory, .hash_key = hash_key};
}

void dora__map_free(struct dora__map *map) {
    dora__free(map->memory, map->entries, map->capacity, sizeof *map->entries);
    map->entries = NULL;
    map->capacity = map->count = 0;
}

void dora__map_clear(struct dora__map *map) {
    if (map->capacity > 64 && map->count * 16 < map->capacity)
        dora__map_free(map);
    else if (map->count)
        memset(map->entries, 0, map->capacity * sizeof *map->entries);
    map->count = 0;
}

static size_t slot_of(const struct dora__map *map, uint64_t key) {
    uint64_t hash = (key ^ map->hash_key) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 32) * (UINT64_C(0xD6E8FEB86659FD93) ^ (map->hash_key & ~UINT64_C(1)));
    size_t at = (size_t)(hash ^ hash >> 32) & (map->capacity - 1);
    while (map->entries[at].key && map->entries[at].key != key)
        at = (at + 1) & (map->capacity - 1);
    return at;
}

uint32_t *dora__map_find(const struct dora__map *map, uint64_t key) {
    if (!map->capacity)
        return NULL;
    struct dora__map_entry *entry = &map->entries[slot_of(map, key)];
    return entry->key ? &entry->value : NULL;
}

static bool grow(struct dora__map *map) {
    struct dora__map larger = *map;
    larger.capacity = map->capacity ? map->capacity * 2 : 32;
    larger.entries = dora__alloc_zeroed(map->memory, larger.capacity, sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].key)
            larger.entries[slot_of(&larger, map->entries[i].key)] = map->entries[i];
    dora__free(map->memory, map->entries, map->capacity, sizeof *map->entries);
    *map = larger;
    return true;
}

uint32_t *dora__map_at(struct dora__map *map, uint64_t key, uint32_t initial) {
    if (map->count * 3 >= map->capacity * 2 && !grow(map))
        return NULL;
    struct dora__map_entry *entry = &map->entries[slot_of(map, key)];
    if (!entry->key) {
        *entry = (struct dora__map_entry){key, initial};
        map->count++;
    }
    return &entry->value;
}
