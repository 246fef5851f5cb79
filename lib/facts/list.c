/* SPDX-License-Identifier: MIT */
/* See list.h. */
#include "facts/list.h"

#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

static struct dora__list *new_list(struct dora__facts *facts, uint32_t capacity) {
    struct dora__list *list = dora__arena_alloc(&facts->lists, sizeof *list + (size_t)capacity * sizeof *list->items,
                                                _Alignof(struct dora__list));
    if (list)
        *list = (struct dora__list){0, capacity};
    return list;
}

static int compare_handles(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Drops items that equal the one before them. */
static void drop_repeats(struct dora__list *list) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (!kept || list->items[i] != list->items[kept - 1])
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static void sort_by_handle(struct dora__list *list) {
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare_handles);
    drop_repeats(list);
}

static int compare_strings(const void *context, uint32_t a, uint32_t b) {
    return dora__pool_compare(context, a, b);
}

/* So that lists of equal deployments compare without more ado. False: out of memory. */
static bool sort_by_bytes(struct dora__facts *facts, struct dora__list *list) {
    if (list->count < 2)
        return true;
    uint32_t *scratch = dora__alloc(facts->memory, list->count, sizeof *scratch);
    if (!scratch)
        return false;
    size_t count = list->count;
    dora__sort_items(list->items, scratch, count, compare_strings, &facts->strings);
    dora__free(facts->memory, scratch, count, sizeof *scratch);
    drop_repeats(list);
    return true;
}

static void append_items(struct dora__list *list, const uint32_t *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) /* mostly very few */
        list->items[list->count + i] = items[i];
    list->count += count;
}

struct dora__list *dora__list_new(struct dora__facts *facts, const uint32_t *items, uint32_t count, bool has_id) {
    struct dora__list *list = new_list(facts, count);
    if (!list)
        return NULL;
    append_items(list, items, count);
    return has_id || sort_by_bytes(facts, list) ? list : NULL;
}

/* Room in the list of a fact for the items of one more record: united, and moved where it is still too small. Items
   already there may be lost from view only by being equal to others. */
static dora_status reserve_list(struct dora__facts *facts, struct dora__list **slot, uint32_t more) {
    struct dora__list *list = *slot;
    if (list && list->capacity - list->count >= more)
        return DORA_OK;
    if (list)
        sort_by_handle(list);
    uint32_t count = list ? list->count : 0;
    if (list && list->capacity - count >= more && count <= list->capacity / 2)
        return DORA_OK;
    if (more > UINT32_MAX / 4 || count > UINT32_MAX / 4)
        return DORA_ERROR_LIMIT;
    struct dora__list *larger = new_list(facts, (count + more) * 2);
    if (!larger)
        return DORA_ERROR_MEMORY;
    if (count)
        memcpy(larger->items, list->items, count * sizeof *list->items);
    larger->count = count;
    *slot = larger;
    return DORA_OK;
}

dora_status dora__list_unite(struct dora__facts *facts, struct dora__list **slot, const struct dora__record *record) {
    dora_status status = reserve_list(facts, slot, record->items_count);
    if (status == DORA_OK)
        append_items(*slot, record->items, record->items_count);
    return status;
}
