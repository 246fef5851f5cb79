/* SPDX-License-Identifier: MIT */
/*
 * Building a record: the rules that hold for every source, be it a struct, a line of JSON or a row of CSV.
 */
#ifndef DORA_FACTS_RECORD_H
#define DORA_FACTS_RECORD_H

#include "calendar/civil.h"
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

/* NULL where the value can be one of a fact, else why not. */
const char *dora__check_string(dora_string string);

static inline const char *dora__check_instant(int64_t instant_us) {
    bool known = instant_us >= DORA__INSTANT_MIN && instant_us <= DORA__INSTANT_MAX;
    return known || instant_us == DORA_ABSENT ? NULL : "instant out of range";
}

/* NULL where the record may be added, else why not; *field is the one to blame. */
const char *dora__record_check(const struct dora__facts *facts, const struct dora__record *record,
                               enum dora__field *field);

/* A record from the caller's struct, strings and items copied. On INPUT *field and *reason say what is wrong. */
dora_status dora__record_from_fact(struct dora__facts *facts, struct dora__record *record, struct dora__items *items,
                                   const dora_fact *fact, enum dora__field *field, const char **reason);

/* The size of each of the facts of a caller, who may be of another version; 0: it is not set. */
size_t dora__facts_stride(const dora_fact *facts);

/* The fact at `at` of that size, perhaps as a copy in *own. NULL: it has a field of a later version. */
const dora_fact *dora__fact_at(const char *at, size_t stride, dora_fact *own);

/* The struct that states what the record does; its strings, and `items`, which has room for those of the record, are
   borrowed from the facts. */
void dora__record_to_fact(struct dora__facts *facts, const struct dora__record *record, dora_string *items,
                          dora_fact *fact);

/* The handle of a service's name, 0 of an empty one. On INPUT *reason says what is wrong. */
dora_status dora__service_handle(struct dora__facts *facts, dora_string name, uint32_t *service, const char **reason);

#endif
