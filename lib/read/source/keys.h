/* SPDX-License-Identifier: MIT */
/*
 * The keys that the paths of a mapping begin with, numbered. An item's members are looked up among them once, as they
 * come; a path then goes from a number, and a fact that needs a member which is not there is passed over at once.
 */
#ifndef DORA_READ_SOURCE_KEYS_H
#define DORA_READ_SOURCE_KEYS_H

#include "base/memory.h"

#include <stdint.h>

struct dora__span {
    const char *data;
    size_t size;
};

enum { DORA__NO_KEY = UINT16_MAX, DORA__KEYS_MOST = UINT16_MAX - 1 };

struct dora__keys {
    struct dora__span *names;
    size_t count;
    size_t capacity;
    uint16_t *slots; /* numbers by hash, DORA__NO_KEY where there is none */
    size_t slots_count;
    size_t slots_capacity;
};

void dora__keys_free(struct dora__keys *keys, struct dora__memory *memory);

/* The key that a path begins with, which is in quotes where it holds a dot or a bracket; *next: behind it. */
struct dora__span dora__key_at(const char *path, const char *end, const char **next);

/* The number of a name, which is added where it is new. False: out of memory, or too many. */
bool dora__keys_add(struct dora__keys *keys, struct dora__memory *memory, struct dora__span name, uint16_t *number);

/* The bytes at both ends and the size tell the keys of most exports apart. */
static inline size_t dora__key_hash(const char *name, size_t size) {
    size_t hash = size;
    if (size)
        hash += (size_t)(unsigned char)name[0] * 37 + (size_t)(unsigned char)name[size - 1] * 11 +
                (size_t)(unsigned char)name[size / 2] * 131;
    return hash;
}

/* The number of a name, or DORA__NO_KEY. */
uint16_t dora__keys_find(const struct dora__keys *keys, const char *name, size_t size);

#endif
