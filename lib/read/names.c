/* SPDX-License-Identifier: MIT */
/* See names.h. */
#include "read/names.h"

#include "base/error.h"

#include <string.h>

static unsigned slot_of(const char *data, size_t size) {
    unsigned first = (unsigned char)data[0], middle = (unsigned char)data[size / 2],
             last = (unsigned char)data[size - 1];
    return ((unsigned)size * 31 + first * 7 + middle * 13 + last * 3) % DORA__NAME_SLOTS;
}

static unsigned probe(const struct dora__names *names, const char *data, size_t size) {
    unsigned at = slot_of(data, size);
    while (names->slots[at]) {
        unsigned entry = names->slots[at] - 1u;
        if (names->entries[entry].size == size && memcmp(names->entries[entry].name, data, size) == 0)
            break;
        at = (at + 1) % DORA__NAME_SLOTS;
    }
    return at;
}

unsigned dora__names_entry(const struct dora__names *names, const char *data, size_t size) {
    unsigned slot = size ? names->slots[probe(names, data, size)] : 0;
    return slot ? slot - 1 : DORA__NAMES_MOST;
}

enum dora__field dora__names_find(const struct dora__names *names, const char *data, size_t size) {
    unsigned entry = dora__names_entry(names, data, size);
    return entry < DORA__NAMES_MOST ? (enum dora__field)names->entries[entry].field : DORA__FIELDS;
}

/* False where the name is taken. */
static bool insert(struct dora__names *names, const char *name, char *data, enum dora__field field) {
    size_t size = strlen(name);
    unsigned at = probe(names, name, size);
    if (names->slots[at])
        return false;
    unsigned entry = names->count++;
    names->entries[entry].data = data;
    names->entries[entry].name = name;
    names->entries[entry].size = (uint32_t)size;
    names->entries[entry].field = (uint8_t)field;
    names->slots[at] = (uint8_t)(entry + 1);
    return true;
}

static dora_status insert_given(struct dora__names *names, const dora_field_name *given, uint64_t *renamed,
                                dora_error *error) {
    enum dora__field field = given->field ? dora__field_find(given->field, strlen(given->field)) : DORA__FIELDS;
    if (field == DORA__FIELDS)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no field is named '%s'",
                          dora__quote(given->field ? given->field : "", given->field ? strlen(given->field) : 0).text);
    size_t size = given->source ? strlen(given->source) : 0;
    if (size == 0 || size > 4096 || names->count + DORA__FIELDS >= DORA__NAMES_MOST)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "field %s: no usable name for it", given->field);
    char *copy = dora__alloc(names->memory, size + 1, 1);
    if (!copy)
        return dora__fail_memory(error);
    memcpy(copy, given->source, size + 1);
    if (!insert(names, copy, copy, field)) {
        dora__free(names->memory, copy, size + 1, 1);
        return dora__fail(error, DORA_ERROR_ARGUMENT, "'%s' is given twice as the name of a field",
                          dora__quote(given->source, size).text);
    }
    *renamed |= DORA__BIT(field);
    return DORA_OK;
}

dora_status dora__names_init(struct dora__names *names, struct dora__memory *memory, const dora_field_name *given,
                             size_t given_count, dora_error *error) {
    memset(names, 0, sizeof *names);
    names->memory = memory;
    uint64_t renamed = 0;
    for (size_t i = 0; i < given_count; i++) {
        dora_status status = insert_given(names, &given[i], &renamed, error);
        if (status != DORA_OK) {
            dora__names_free(names);
            return status;
        }
    }
    for (int field = 0; field < DORA__FIELDS; field++)
        if (!(renamed & DORA__BIT(field)))
            insert(names, dora__fields[field].name, NULL, (enum dora__field)field); /* a name given away stays so */
    return DORA_OK;
}

void dora__names_free(struct dora__names *names) {
    for (unsigned i = 0; i < names->count; i++)
        if (names->entries[i].data)
            dora__free(names->memory, names->entries[i].data, names->entries[i].size + 1, 1);
    names->count = 0;
}
