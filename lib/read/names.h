/* SPDX-License-Identifier: MIT */
/*
 * Which input name feeds which field: the fields' own names, and the caller's names in place of them. Looked up once a
 * key, so a small table hashed by length and ends finds nearly every name with one comparison.
 */
#ifndef DORA_READ_NAMES_H
#define DORA_READ_NAMES_H

#include "base/memory.h"
#include "facts/field.h"

enum { DORA__NAME_SLOTS = 256, DORA__NAMES_MOST = 128 };

struct dora__names {
    struct dora__memory *memory;
    struct {
        char *data; /* a copy of the caller's text, or NULL */
        const char *name;
        uint32_t size;
        uint8_t field;
    } entries[DORA__NAMES_MOST];
    unsigned count;
    uint8_t slots[DORA__NAME_SLOTS]; /* 1 + entry, 0 free; linear probing */
};

/* Errors: ARGUMENT (unknown field, empty or repeated name, too many), MEMORY. */
dora_status dora__names_init(struct dora__names *names, struct dora__memory *memory, const dora_field_name *given,
                             size_t given_count, dora_error *error);
void dora__names_free(struct dora__names *names);

/* The number of a name's entry, or DORA__NAMES_MOST. */
unsigned dora__names_entry(const struct dora__names *names, const char *data, size_t size);

/* The field that a name feeds, or DORA__FIELDS. */
enum dora__field dora__names_find(const struct dora__names *names, const char *data, size_t size);

#endif
