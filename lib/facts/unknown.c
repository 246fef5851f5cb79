/* SPDX-License-Identifier: MIT */
/* See unknown.h. */
#include "facts/unknown.h"

#include "base/pool.h"

#include <string.h>

void dora__unknown_init(struct dora__unknown *unknown, struct dora__memory *memory) {
    *unknown = (struct dora__unknown){.memory = memory};
}

static void free_name(struct dora__unknown *unknown, struct dora__unknown_name *name) {
    dora__free(unknown->memory, name->data, name->size + 1, 1);
}

void dora__unknown_free(struct dora__unknown *unknown) {
    for (size_t i = 0; i < unknown->count; i++)
        free_name(unknown, &unknown->names[i]);
    dora__free(unknown->memory, unknown->names, unknown->capacity, sizeof *unknown->names);
}

static int compare_at(const struct dora__unknown *unknown, size_t at, dora_string name) {
    return dora__string_compare(name, (dora_string){unknown->names[at].data, unknown->names[at].size});
}

/* Where the name is, or where it belongs. */
static size_t find(const struct dora__unknown *unknown, dora_string name, bool *found) {
    size_t next = unknown->last + 1 < unknown->count ? unknown->last + 1 : 0;
    if (unknown->count && compare_at(unknown, next, name) == 0) {
        *found = true;
        return next;
    }
    size_t low = 0, high = unknown->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_at(unknown, middle, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *found = false;
    return low;
}

static bool insert(struct dora__unknown *unknown, size_t at, dora_string name, uint64_t times) {
    if (at == DORA__UNKNOWN_MOST)
        return true;
    if (!dora__grow(unknown->memory, (void **)&unknown->names, &unknown->capacity, unknown->count + 1,
                    sizeof *unknown->names))
        return false;
    char *copy = dora__alloc(unknown->memory, name.size + 1, 1);
    if (!copy)
        return false;
    memcpy(copy, name.data, name.size);
    copy[name.size] = '\0';
    if (unknown->count == DORA__UNKNOWN_MOST)
        free_name(unknown, &unknown->names[--unknown->count]);
    memmove(unknown->names + at + 1, unknown->names + at, (unknown->count - at) * sizeof *unknown->names);
    unknown->names[at] = (struct dora__unknown_name){copy, name.size, times};
    unknown->count++;
    return true;
}

bool dora__unknown_add_times(struct dora__unknown *unknown, const char *data, size_t size, uint64_t times) {
    if (size > DORA__UNKNOWN_NAME_MOST)
        for (size = DORA__UNKNOWN_NAME_MOST; size > 0 && ((unsigned char)data[size] & 0xC0) == 0x80; size--)
            continue;
    dora_string name = {size ? data : "", size};
    bool found;
    size_t at = find(unknown, name, &found);
    if (found) {
        unknown->names[at].count += times;
        unknown->last = at;
    } else if (!insert(unknown, at, name, times)) {
        return false;
    }
    unknown->total += times;
    return true;
}
