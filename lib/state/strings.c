/* SPDX-License-Identifier: MIT */
/*
 * Strings in order of bytes: sorted by radix, written front-coded. A string shares at most 255 bytes with the one
 * before, so that a few hostile bytes cannot ask for many.
 */
#include "base/sort.h"
#include "base/utf8.h"
#include "state/catalog.h"

#include <string.h>

enum { SHARED_MOST = 255, PIECE = 3, FEW = 24, STRING_MOST = 1 << 30 };

/* Handles of strings that are equal in their first `depth` bytes. */
struct run {
    size_t begin, end, depth;
};

struct runs {
    struct dora__memory *memory;
    struct dora__asking *asking;
    struct run *items;
    size_t count;
    size_t capacity;
};

static bool push(struct runs *runs, size_t begin, size_t end, size_t depth) {
    if (!dora__grow(runs->memory, (void **)&runs->items, &runs->capacity, runs->count + 1, sizeof *runs->items))
        return false;
    runs->items[runs->count++] = (struct run){begin, end, depth};
    return true;
}

/* Three bytes from `depth` on, zeros behind the end, then how many there are, 4 for more: in the order of the strings,
   and equal for two different ones only where both go on. */
static uint32_t piece_of(dora_string string, size_t depth) {
    uint32_t piece = 0;
    size_t left = string.size - depth;
    for (size_t i = 0; i < PIECE; i++)
        piece = piece << 8 | (i < left ? (unsigned char)string.data[depth + i] : 0);
    return piece << 8 | (uint32_t)(left < PIECE + 1 ? left : PIECE + 1);
}

static int compare(const void *pool, uint32_t a, uint32_t b) {
    return dora__pool_compare(pool, a, b);
}

/* Sorts a run by its next piece, and puts runs that are equal in it on the heap, short ones aside. */
static bool sort_run(struct runs *runs, const struct dora__pool *pool, struct run run, uint32_t *handles,
                     uint64_t *keys, uint64_t *scratch) {
    size_t count = run.end - run.begin;
    uint32_t *own = handles + run.begin;
    for (size_t i = 0; i < count; i++) {
        if (!dora__asking_at(runs->asking, i))
            return false;
        keys[i] = (uint64_t)piece_of(dora__pool_get(pool, own[i]), run.depth) << 32 | own[i];
    }
    const uint64_t *sorted = dora__sort_u64_asking(keys, scratch, count, 32, runs->asking);
    for (size_t i = 0; i < count; i++)
        own[i] = (uint32_t)sorted[i];
    uint32_t *room = (uint32_t *)(void *)(sorted == keys ? scratch : keys);
    for (size_t begin = 0, end; begin < count; begin = end) {
        if (!dora__asking_take(runs->asking, 1))
            return false;
        for (end = begin + 1; end < count && sorted[end] >> 32 == sorted[begin] >> 32;)
            end++;
        if (end - begin > 1 && end - begin <= FEW)
            dora__sort_items(own + begin, room, end - begin, compare, pool);
        else if (end - begin > 1 && !push(runs, run.begin + begin, run.begin + end, run.depth + PIECE))
            return false;
    }
    return true;
}

bool dora__sort_strings(struct dora__memory *memory, const struct dora__pool *pool, uint32_t *handles, size_t count,
                        struct dora__asking *asking) {
    if (count < 2)
        return true;
    struct runs runs = {.memory = memory, .asking = asking};
    uint64_t *keys = dora__alloc(memory, count, sizeof *keys), *scratch = dora__alloc(memory, count, sizeof *scratch);
    bool done = keys && scratch && push(&runs, 0, count, 0);
    while (done && runs.count)
        done = sort_run(&runs, pool, runs.items[--runs.count], handles, keys, scratch);
    dora__free(memory, runs.items, runs.capacity, sizeof *runs.items);
    dora__free(memory, scratch, count, sizeof *scratch);
    dora__free(memory, keys, count, sizeof *keys);
    return done;
}

static size_t shared(dora_string a, dora_string b) {
    size_t most = a.size < b.size ? a.size : b.size, same = 0;
    most = most < SHARED_MOST ? most : SHARED_MOST;
    while (same < most && a.data[same] == b.data[same])
        same++;
    return same;
}

void dora__strings_put(struct dora__bytes *bytes, const struct dora__pool *pool, const struct dora__ranks *ranks) {
    dora_string before = {NULL, 0};
    dora__bytes_varint(bytes, ranks->count);
    for (uint32_t i = 0; i < ranks->count && dora__bytes_go_on(bytes, 1); i++) {
        dora_string string = dora__pool_get(pool, ranks->handles[i]);
        size_t same = shared(before, string);
        dora__bytes_varint(bytes, same);
        dora__bytes_varint(bytes, string.size - same);
        dora__bytes_put(bytes, string.data + same, string.size - same);
        before = string;
    }
}

struct taking {
    struct dora__memory *memory;
    char *text;
    size_t capacity;
};

/* The next string, behind `before`, in taking->text. MEMORY, or the cursor fails. */
static dora_status take_string(struct dora__state_cursor *cursor, dora_string before, struct taking *taking,
                               dora_string *string) {
    size_t same = (size_t)dora__cursor_varint(cursor, SHARED_MOST);
    size_t rest = (size_t)dora__cursor_varint(cursor, STRING_MOST);
    const uint8_t *bytes = dora__cursor_take(cursor, rest);
    if (!bytes)
        return DORA_OK;
    if (same > before.size || rest == 0 || same + rest > STRING_MOST) {
        dora__cursor_fail(cursor, "a string that cannot be");
        return DORA_OK;
    }
    if (!dora__grow(taking->memory, (void **)&taking->text, &taking->capacity, same + rest, 1))
        return DORA_ERROR_MEMORY;
    if (same)
        memcpy(taking->text, before.data, same);
    memcpy(taking->text + same, bytes, rest);
    *string = (dora_string){taking->text, same + rest};
    if (dora__string_compare(before, *string) >= 0)
        dora__cursor_fail(cursor, "strings are not in order");
    else if (!dora__utf8_valid(string->data, string->size))
        dora__cursor_fail(cursor, "a string of ill-formed UTF-8");
    return DORA_OK;
}

static dora_status take_strings(struct dora__state_cursor *cursor, struct dora__pool *pool, struct taking *taking) {
    uint64_t count = dora__cursor_varint(cursor, dora__cursor_left(cursor));
    dora_string before = {NULL, 0}, string = {NULL, 0};
    for (uint64_t i = 0; i < count; i++) {
        uint32_t handle;
        if (!dora__asking_take(cursor->asking, 1))
            dora__cursor_fail(cursor, "stopped");
        dora_status status = take_string(cursor, before, taking, &string);
        if (status != DORA_OK || cursor->failure)
            return status;
        status = dora__pool_intern(pool, string.data, string.size, &handle);
        if (status != DORA_OK)
            return status;
        before = dora__pool_get(pool, handle);
    }
    return DORA_OK;
}

dora_status dora__strings_take(struct dora__state_cursor *cursor, struct dora__pool *pool) {
    struct taking taking = {.memory = pool->bytes.memory};
    dora_status status = take_strings(cursor, pool, &taking);
    dora__free(taking.memory, taking.text, taking.capacity, 1);
    return status;
}
