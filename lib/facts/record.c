/* SPDX-License-Identifier: MIT */
/* See record.h. */
#include "facts/record.h"

#include "base/utf8.h"
#include "calendar/civil.h"

#include <string.h>

enum { STRING_MOST = 1 << 30 };

void dora__items_free(struct dora__items *items, struct dora__memory *memory) {
    dora__free(memory, items->data, items->capacity, sizeof *items->data);
    *items = (struct dora__items){0};
}

dora_status dora__record_string(struct dora__facts *facts, struct dora__record *record, enum dora__field field,
                                const char *data, size_t size) {
    if (size == 0)
        return DORA_OK;
    enum dora__type type = field == DORA__ID ? dora__id_type(record->kind) : (enum dora__type)dora__fields[field].type;
    uint32_t handle;
    dora_status status = dora__pool_intern(dora__facts_pool(facts, type), data, size, &handle);
    if (status != DORA_OK)
        return status;
    if (field == DORA__ID)
        record->id = handle;
    else
        dora__record_value(record, field, handle);
    return DORA_OK;
}

dora_status dora__items_add(struct dora__facts *facts, struct dora__items *items, const char *data, size_t size) {
    if (size == 0)
        return DORA_OK;
    if (!dora__grow(facts->memory, (void **)&items->data, &items->capacity, items->count + 1, sizeof *items->data))
        return DORA_ERROR_MEMORY;
    dora_status status = dora__pool_intern(&facts->strings, data, size, &items->data[items->count]);
    items->count += status == DORA_OK;
    return status;
}

void dora__record_items(struct dora__record *record, enum dora__field field, const struct dora__items *items) {
    record->items = items->data;
    record->items_count = (uint32_t)items->count;
    record->fields |= DORA__BIT(field);
}

const char *dora__record_check(const struct dora__facts *facts, const struct dora__record *record,
                               enum dora__field *field) {
    *field = DORA__ID;
    if (dora__kinds[record->kind].needs_id && record->id == 0)
        return "missing";
    *field = DORA__MEASURE;
    if (record->fields & DORA__BIT(DORA__MEASURE)) {
        dora_string measure = dora__pool_get(&facts->strings, (uint32_t)record->values[DORA__MEASURE]);
        if (!dora__measure_known(measure.data, measure.size))
            return "not one of complaints, satisfaction, adoption";
    }
    return NULL;
}

/* Whether a string of 8 to 16 bytes is ASCII; of others nothing is said. */
static inline bool is_short_ascii(dora_string string) {
    uint64_t first, last;
    if (string.size < 8 || string.size > 16)
        return false;
    memcpy(&first, string.data, 8);
    memcpy(&last, string.data + string.size - 8, 8);
    return ((first | last) & UINT64_C(0x8080808080808080)) == 0;
}

const char *dora__check_string(dora_string string) {
    if (string.size == 0)
        return NULL;
    if (string.size > STRING_MOST)
        return "longer than 1 GiB";
    if (!string.data)
        return "a size without bytes";
    return is_short_ascii(string) || dora__utf8_valid(string.data, string.size) ? NULL : "ill-formed UTF-8";
}

static dora_status take_string(struct dora__facts *facts, struct dora__record *record, enum dora__field field,
                               dora_string string, const char **reason) {
    if ((*reason = dora__check_string(string)))
        return DORA_ERROR_INPUT;
    return dora__record_string(facts, record, field, string.data, string.size);
}

static dora_status take_instant(struct dora__record *record, enum dora__field field, int64_t instant_us,
                                const char **reason) {
    if (instant_us == DORA_ABSENT)
        return DORA_OK;
    if ((*reason = dora__check_instant(instant_us)))
        return DORA_ERROR_INPUT;
    dora__record_value(record, field, instant_us);
    return DORA_OK;
}

/* A bool or a status. */
static dora_status take_byte(struct dora__record *record, enum dora__field field, int8_t byte, int8_t most,
                             const char **reason) {
    if (byte == DORA_UNKNOWN)
        return DORA_OK;
    if (byte < 0 || byte > most) {
        *reason = "not a value of its type";
        return DORA_ERROR_INPUT;
    }
    dora__record_value(record, field, byte + 1);
    return DORA_OK;
}

/* The scalars of a fact. INPUT with a reason, MEMORY or LIMIT. */
static dora_status take_field(struct dora__facts *facts, struct dora__record *record, enum dora__field field,
                              const void *member, const char **reason) {
    int64_t number;
    int8_t byte;
    dora_string string;
    switch (dora__fields[field].type) {
    case DORA__STRING:
    case DORA__SERVICE:
        memcpy(&string, member, sizeof string);
        return take_string(facts, record, field, string, reason);
    case DORA__INSTANT:
        memcpy(&number, member, sizeof number);
        return take_instant(record, field, number, reason);
    case DORA__NUMBER:
        memcpy(&number, member, sizeof number);
        if (number == DORA_ABSENT)
            return DORA_OK;
        if (number > INT64_C(1000000000000000000) || number < -INT64_C(1000000000000000000)) {
            *reason = "number out of range";
            return DORA_ERROR_INPUT;
        }
        dora__record_value(record, field, number);
        return DORA_OK;
    default: /* bool or status; list fields are taken apart */
        memcpy(&byte, member, sizeof byte);
        return take_byte(record, field, byte, dora__fields[field].type == DORA__STATUS ? DORA_STATUS_FAILURE : 1,
                         reason);
    }
}

static dora_status take_list(struct dora__facts *facts, struct dora__record *record, struct dora__items *items,
                             enum dora__field field, const dora_string *strings, size_t count, const char **reason) {
    if (!strings)
        return DORA_OK;
    items->count = 0;
    for (size_t i = 0; i < count; i++) {
        if ((*reason = dora__check_string(strings[i])))
            return DORA_ERROR_INPUT;
        dora_status status = dora__items_add(facts, items, strings[i].data, strings[i].size);
        if (status != DORA_OK)
            return status;
    }
    dora__record_items(record, field, items);
    return DORA_OK;
}

dora_status dora__record_from_fact(struct dora__facts *facts, struct dora__record *record, struct dora__items *items,
                                   const dora_fact *fact, enum dora__field *field, const char **reason) {
    *field = DORA__KIND;
    if ((unsigned)fact->kind >= DORA_KIND_COUNT) {
        *reason = "unknown kind";
        return DORA_ERROR_INPUT;
    }
    dora__record_begin(record, fact->kind);
    uint64_t lists = DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS);
    uint64_t fields = dora__kinds[fact->kind].fields;
    dora_status status = DORA_OK;
    for (uint64_t left = (fields & ~lists) | DORA__BIT(DORA__ID) | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED);
         left && status == DORA_OK; left &= left - 1) {
        *field = (enum dora__field)__builtin_ctzll(left);
        status = take_field(facts, record, *field, (const char *)fact + dora__fields[*field].offset, reason);
    }
    if (status == DORA_OK && fields & DORA__BIT(DORA__CHANGES))
        status = take_list(facts, record, items, *field = DORA__CHANGES, fact->changes, fact->changes_count, reason);
    if (status == DORA_OK && fields & DORA__BIT(DORA__PARENTS))
        status = take_list(facts, record, items, *field = DORA__PARENTS, fact->parents, fact->parents_count, reason);
    if (status != DORA_OK)
        return status;
    if (record->fields & DORA__BIT(DORA__AS_OF))
        record->as_of = record->values[DORA__AS_OF];
    record->deleted = record->fields & DORA__BIT(DORA__DELETED) && record->values[DORA__DELETED] == 2;
    record->fields &= fields;
    *reason = dora__record_check(facts, record, field);
    return *reason ? DORA_ERROR_INPUT : DORA_OK;
}

size_t dora__facts_stride(const dora_fact *facts) {
    size_t stride = facts->struct_size;
    return stride < sizeof stride || stride > 4096 || stride % _Alignof(dora_fact) ? 0 : stride;
}

const dora_fact *dora__fact_at(const char *at, size_t stride, dora_fact *own) {
    if (stride == sizeof *own)
        return (const dora_fact *)(const void *)at;
    dora_fact_init(own, DORA_KIND_DEPLOYMENT);
    memcpy(own, at, stride < sizeof *own ? stride : sizeof *own);
    for (size_t i = sizeof *own; i < stride; i++)
        if (at[i])
            return NULL;
    return own;
}

static void give_field(struct dora__facts *facts, enum dora__field field, int64_t value, void *member) {
    dora_string string;
    int8_t byte;
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        memcpy(member, &value, sizeof value);
        break;
    case DORA__BOOL:
    case DORA__STATUS:
        byte = (int8_t)(value - 1);
        memcpy(member, &byte, sizeof byte);
        break;
    default:
        string = dora__pool_get(dora__facts_pool(facts, (enum dora__type)dora__fields[field].type), (uint32_t)value);
        memcpy(member, &string, sizeof string);
    }
}

void dora__record_to_fact(struct dora__facts *facts, const struct dora__record *record, dora_string *items,
                          dora_fact *fact) {
    dora_fact_init(fact, record->kind);
    if (record->id)
        fact->id = dora__pool_get(dora__facts_pool(facts, dora__id_type(record->kind)), record->id);
    fact->as_of = record->as_of;
    if (record->deleted)
        fact->deleted = 1;
    for (uint64_t left = record->fields & ~DORA__LISTS; left; left &= left - 1) {
        enum dora__field field = (enum dora__field)__builtin_ctzll(left);
        give_field(facts, field, record->values[field], (char *)fact + dora__fields[field].offset);
    }
    for (uint32_t i = 0; i < record->items_count && record->fields & DORA__LISTS; i++)
        items[i] = dora__pool_get(&facts->strings, record->items[i]);
    if (record->fields & DORA__BIT(DORA__CHANGES)) {
        fact->changes = items;
        fact->changes_count = record->items_count;
    } else if (record->fields & DORA__BIT(DORA__PARENTS)) {
        fact->parents = items;
        fact->parents_count = record->items_count;
    }
}

dora_status dora__service_handle(struct dora__facts *facts, dora_string name, uint32_t *service, const char **reason) {
    *service = 0;
    if ((*reason = dora__check_string(name)))
        return DORA_ERROR_INPUT;
    return name.size ? dora__pool_intern(&facts->services, name.data, name.size, service) : DORA_OK;
}
