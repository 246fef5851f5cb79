/* SPDX-License-Identifier: MIT */
/* See catalog.h. A mark of a handle in use is a 1 in the place of its rank. */
#include "state/catalog.h"

static bool init_ranks(struct dora__memory *memory, struct dora__ranks *ranks, const struct dora__pool *pool) {
    *ranks = (struct dora__ranks){.capacity = pool->count + 1};
    ranks->of = dora__alloc_zeroed(memory, ranks->capacity, sizeof *ranks->of);
    ranks->handles = dora__alloc(memory, ranks->capacity, sizeof *ranks->handles);
    return ranks->of && ranks->handles;
}

static void free_ranks(struct dora__memory *memory, struct dora__ranks *ranks) {
    dora__free(memory, ranks->of, ranks->capacity, sizeof *ranks->of);
    dora__free(memory, ranks->handles, ranks->capacity, sizeof *ranks->handles);
    *ranks = (struct dora__ranks){0};
}

static void mark_handles(struct dora__ranks *ranks, const uint32_t *handles, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        ranks->of[handles[i]] = 1;
}

static void mark_lists(struct dora__ranks *ranks, struct dora__list *const *lists, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (lists[i])
            mark_handles(ranks, lists[i]->items, lists[i]->count);
}

static void mark_chunk(struct dora__catalog *catalog, const struct dora__facts *facts, dora_kind kind,
                       const struct dora__chunk *chunk, uint32_t rows) {
    for (uint64_t left = chunk->columns & (facts->handles | DORA__BIT(DORA__ID)); left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        struct dora__ranks *ranks = dora__is_of_services(kind, field) ? &catalog->services : &catalog->strings;
        mark_handles(ranks, chunk->column[field], rows);
    }
    for (uint64_t left = chunk->columns & DORA__LISTS; left; left &= left - 1)
        mark_lists(&catalog->strings, chunk->column[__builtin_ctzll(left)], rows);
}

static bool mark_used(struct dora__catalog *catalog, const struct dora__facts *facts) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        const struct dora__table *table = &facts->tables[kind];
        for (uint32_t row = 0, rows; row < table->rows; row += rows) {
            rows = table->rows - row < DORA__CHUNK_ROWS ? table->rows - row : DORA__CHUNK_ROWS;
            if (!dora__asking_take(catalog->asking, rows))
                return false;
            mark_chunk(catalog, facts, (dora_kind)kind, dora__chunk_of(table, row), rows);
        }
    }
    return true;
}

static void mark_frozen(struct dora__catalog *catalog, const struct dora__frozen *frozen) {
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        for (size_t i = 0; i < frozen->samples[series].count; i++)
            catalog->services.of[frozen->samples[series].data[i].service] = 1;
    for (size_t i = 0; i < frozen->phases_count; i++) {
        catalog->services.of[frozen->phases[i].service] = 1;
        catalog->strings.of[frozen->phases[i].name] = 1;
    }
    mark_handles(&catalog->services, frozen->anchored, (uint32_t)frozen->anchored_count);
    for (size_t i = 0; i < frozen->environments_count; i++)
        catalog->strings.of[frozen->environments[i].name] = 1;
}

static bool rank(const struct dora__catalog *catalog, struct dora__ranks *ranks, const struct dora__pool *pool) {
    for (uint32_t handle = 1; handle < ranks->capacity; handle++)
        if (ranks->of[handle])
            ranks->handles[ranks->count++] = handle;
    if (!dora__sort_strings(catalog->memory, pool, ranks->handles, ranks->count, catalog->asking))
        return false;
    ranks->of[0] = 0;
    for (uint32_t i = 0; i < ranks->count; i++) {
        if (!dora__asking_at(catalog->asking, i))
            return false;
        ranks->of[ranks->handles[i]] = i + 1;
    }
    return true;
}

bool dora__catalog_make(struct dora__catalog *catalog, const struct dora__facts *facts, struct dora__asking *asking) {
    *catalog = (struct dora__catalog){.memory = facts->memory, .asking = asking};
    bool made = init_ranks(facts->memory, &catalog->strings, &facts->strings) &&
                init_ranks(facts->memory, &catalog->services, &facts->services);
    if (made && facts->frozen)
        mark_frozen(catalog, facts->frozen);
    made = made && mark_used(catalog, facts) && rank(catalog, &catalog->strings, &facts->strings) &&
           rank(catalog, &catalog->services, &facts->services);
    if (!made)
        dora__catalog_free(catalog);
    return made;
}

void dora__catalog_free(struct dora__catalog *catalog) {
    free_ranks(catalog->memory, &catalog->strings);
    free_ranks(catalog->memory, &catalog->services);
}
