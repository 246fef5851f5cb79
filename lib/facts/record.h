/* SPDX-License-Identifier: MIT */
/*
 * Building a record: the rules that hold for every source, be it a struct, a line of JSON or a row of CSV.
 */
#ifndef DORA_FACTS_RECORD_H
#define DORA_FACTS_RECORD_H

#include "facts/facts.h"

/* Handles of list items, reused from record to record. */
struct dora__items {
    uint32_t *data;
    size_t count;
    size_t capacity;
};

void dora__items_free(struct dora__items *items, struct dora__memory *memory);

static inline void dora__record_begin(struct dora__record *record, dora_kind kind) {
    record->kind = kind;
    record->id = 0;
    record->fields = 0;
    record->as_of = DORA_ABSENT;
    record->items = NULL;
    record->items_count = 0;
    record->deleted = false;
}

/* A string of a field, or the id. Empty is absent. OK, MEMORY or LIMIT. */
dora_status dora__record_string(struct dora__facts *facts, struct dora__record *record, enum dora__field field,
                                const char *data, size_t size);

/* One item of the list field; empty ones are passed over. */
dora_status dora__items_add(struct dora__facts *facts, struct dora__items *items, const char *data, size_t size);

/* The list field with the items gathered. */
void dora__record_items(struct dora__record *record, enum dora__field field, const struct dora__items *items);

static inline void dora__record_value(struct dora__record *record, enum dora__field field, int64_t value) {
    record->values[field] = value;
    record->fields |= DORA__BIT(field);
}

/* NULL where the record may be added, else why not; *field is the one to blame. */
const char *dora__record_check(const struct dora__facts *facts, const struct dora__record *record,
                               enum dora__field *field);

/* A record from the caller's struct, strings and items copied. On INPUT *field and *reason say what is wrong. */
dora_status dora__record_from_fact(struct dora__facts *facts, struct dora__record *record, struct dora__items *items,
                                   const dora_fact *fact, enum dora__field *field, const char **reason);

/* The same from the small struct. */
dora_status dora__record_from_deployment(struct dora__facts *facts, struct dora__record *record,
                                         const dora_deployment *deployment, enum dora__field *field,
                                         const char **reason);

/* The handle of a service's name, 0 of an empty one. On INPUT *reason says what is wrong. */
dora_status dora__service_handle(struct dora__facts *facts, dora_string name, uint32_t *service, const char **reason);

#endif
