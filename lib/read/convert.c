/* SPDX-License-Identifier: MIT */
/*
 * Gives the raw values of a record their types. The kind decides which of them are its fields; the others are counted
 * as unknown, once the record is accepted. Text that holds escapes is unescaped into the scratch, which has room for it
 * because unescaping never lengthens.
 */
#include "read/reader.h"

#include "base/utf8.h"
#include "calendar/instant.h"
#include "read/cell.h"
#include "read/giving.h"

#include <string.h>

#define COMMON_FIELDS (DORA__BIT(DORA__KIND) | DORA__BIT(DORA__ID) | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED))

static bool is_absent(const struct dora__raw *raw) {
    return raw->form == DORA__JSON_NULL || (raw->form == DORA__JSON_STRING && raw->size == 0);
}

static unsigned hex_value(char c) {
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static uint32_t hex4(const char *digits) {
    return hex_value(digits[0]) << 12 | hex_value(digits[1]) << 8 | hex_value(digits[2]) << 4 | hex_value(digits[3]);
}

const char *dora__unescape(struct dora_reader *reader, const struct dora__raw *raw, size_t *size, bool lenient) {
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char *out = reader->scratch + reader->scratch_used, *to = out;
    const char *at = raw->data, *end = at + raw->size;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        if (at[1] != 'u') {
            *to++ = meant[strchr(plain, at[1]) - plain];
            at += 2;
            continue;
        }
        uint32_t point = hex4(at + 2);
        at += 6;
        if (point >= 0xD800 && point < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
            uint32_t low = hex4(at + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
                at += 6;
            }
        }
        if (point >= 0xD800 && point < 0xE000) {
            if (!lenient)
                return NULL;
            point = 0xFFFD;
        }
        to += dora__utf8_encode(point, to);
    }
    *size = (size_t)(to - out);
    reader->scratch_used += *size;
    return out;
}

static bool is_integer(const struct dora__raw *raw) {
    for (size_t i = 0; i < raw->size; i++)
        if (raw->data[i] == '.' || raw->data[i] == 'e' || raw->data[i] == 'E')
            return false;
    return true;
}

/* The text of a string or, as text, of an integer. NULL: *reason says why not. */
static const char *text_of(struct dora_reader *reader, const struct dora__raw *raw, size_t *size, const char **reason) {
    *size = raw->size;
    if (raw->form == DORA__TEXT || raw->form == DORA__JSON_STRING)
        return raw->data;
    if (raw->form == DORA__JSON_ESCAPED) {
        const char *text = dora__unescape(reader, raw, size, false);
        *reason = "unpaired surrogate escape";
        return text;
    }
    *reason = "not a string";
    if (raw->form != DORA__JSON_NUMBER || !is_integer(raw))
        return NULL;
    bool minus_zero = raw->size == 2 && raw->data[0] == '-' && raw->data[1] == '0';
    *size = raw->size - minus_zero;
    return raw->data + minus_zero;
}

/* 1 or 0; -1: neither. */
static int bool_of(const struct dora__raw *raw) {
    if (raw->form == DORA__JSON_TRUE || raw->form == DORA__JSON_FALSE)
        return raw->form == DORA__JSON_TRUE;
    return raw->form == DORA__TEXT ? dora__cell_bool(raw->data, raw->size) : -1;
}

static const char *instant_of(struct dora_reader *reader, const struct dora__raw *raw, int64_t *instant_us) {
    if (raw->form == DORA__TEXT || raw->form == DORA__JSON_STRING)
        return dora__parse_instant(raw->data, raw->size, instant_us);
    if (raw->form == DORA__JSON_NUMBER)
        return dora__parse_epoch(raw->data, raw->size, instant_us);
    if (raw->form != DORA__JSON_ESCAPED)
        return "not an instant";
    const char *reason = NULL;
    size_t size;
    const char *text = text_of(reader, raw, &size, &reason);
    return text ? dora__parse_instant(text, size, instant_us) : reason;
}

static const char *number_of(const struct dora__raw *raw, int64_t *millionths) {
    if (raw->form == DORA__TEXT)
        return dora__cell_number(raw->data, raw->size, millionths);
    return raw->form == DORA__JSON_NUMBER ? dora__parse_millionths(raw->data, raw->size, millionths) : "not a number";
}

/* The items of a text split at ; and spaces. */
static dora_status split_items(struct dora_reader *reader, const char *text, size_t size) {
    for (size_t i = 0; i < size;) {
        size_t from = i;
        while (i < size && text[i] != ';' && text[i] != ' ')
            i++;
        dora_status status = dora__items_add(reader->facts, &reader->items, text + from, i - from);
        if (status != DORA_OK)
            return status;
        i++;
    }
    return DORA_OK;
}

/* The next element of an array whose grammar was checked: strings, numbers and literals; a nested array or object is
   returned as such with nothing behind it to be read. */
static bool next_element(const char **at, struct dora__raw *raw) {
    const char *p = *at;
    while (*p == ' ' || *p == '\t' || *p == '\r' || *p == ',')
        p++;
    if (*p == ']')
        return false;
    if (*p == '"') {
        const char *from = ++p;
        raw->form = DORA__JSON_STRING;
        while (*p != '"') {
            if (*p == '\\') {
                raw->form = DORA__JSON_ESCAPED;
                p++;
            }
            p++;
        }
        raw->data = from;
        raw->size = (size_t)(p - from);
        *at = p + 1;
        return true;
    }
    raw->data = p;
    raw->form = *p == 'n'                               ? DORA__JSON_NULL
                : *p == '-' || (*p >= '0' && *p <= '9') ? DORA__JSON_NUMBER
                                                        : DORA__JSON_TRUE;
    while (*p != ',' && *p != ']' && *p != ' ' && *p != '\t' && *p != '\r')
        p++;
    raw->size = (size_t)(p - raw->data);
    *at = p;
    return true;
}

static dora_status array_items(struct dora_reader *reader, const struct dora__raw *raw, const char **reason) {
    const char *at = raw->data + 1;
    struct dora__raw element;
    while (next_element(&at, &element)) {
        if (element.form == DORA__JSON_NULL)
            continue;
        size_t size;
        const char *text = text_of(reader, &element, &size, reason);
        if (!text)
            return DORA_ERROR_INPUT;
        dora_status status = dora__items_add(reader->facts, &reader->items, text, size);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}

static dora_status take_list(struct dora_reader *reader, enum dora__field field, const struct dora__raw *raw,
                             const char **reason) {
    reader->items.count = 0;
    dora_status status;
    if (raw->form == DORA__JSON_ARRAY) {
        status = array_items(reader, raw, reason);
    } else if (raw->form == DORA__JSON_NUMBER) {
        *reason = "not a list";
        return DORA_ERROR_INPUT;
    } else {
        size_t size;
        const char *text = text_of(reader, raw, &size, reason);
        if (!text) {
            if (raw->form != DORA__JSON_ESCAPED)
                *reason = "not a list";
            return DORA_ERROR_INPUT;
        }
        status = split_items(reader, text, size);
    }
    if (status == DORA_OK)
        dora__record_items(&reader->record, field, &reader->items);
    return status;
}

/* A string, most often the one that the field had last. */
static dora_status take_string(struct dora_reader *reader, enum dora__field field, const char *text, size_t size) {
    struct dora__record *record = &reader->record;
    if (field == DORA__ID)
        return dora__record_string(reader->facts, record, field, text, size);
    uint32_t *last = &reader->last[field];
    enum dora__type type = (enum dora__type)dora__fields[field].type;
    dora_string known = dora__pool_get(dora__facts_pool(reader->facts, type), *last);
    if (known.size == size && memcmp(known.data, text, size) == 0) {
        dora__record_value(record, field, *last);
        return DORA_OK;
    }
    dora_status status = dora__record_string(reader->facts, record, field, text, size);
    if (status == DORA_OK)
        *last = (uint32_t)record->values[field];
    return status;
}

/* One field of the record's kind. INPUT: *reason says why. */
static dora_status take_field(struct dora_reader *reader, enum dora__field field, const struct dora__raw *raw,
                              const char **reason) {
    struct dora__record *record = &reader->record;
    int64_t number;
    size_t size;
    const char *text;
    int value;
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
        if ((*reason = instant_of(reader, raw, &number)))
            return DORA_ERROR_INPUT;
        dora__record_value(record, field, number);
        return DORA_OK;
    case DORA__STRING:
    case DORA__SERVICE:
        if (!(text = text_of(reader, raw, &size, reason)))
            return DORA_ERROR_INPUT;
        return take_string(reader, field, text, size);
    case DORA__BOOL:
        *reason = "not a boolean";
        if ((value = bool_of(raw)) < 0)
            return DORA_ERROR_INPUT;
        dora__record_value(record, field, value + 1);
        return DORA_OK;
    case DORA__STATUS:
        *reason = "not one of in_progress, canceled, success, failure";
        if (raw->form == DORA__JSON_NUMBER || !(text = text_of(reader, raw, &size, reason)) ||
            (value = dora__status_find(text, size)) < 0)
            return DORA_ERROR_INPUT;
        dora__record_value(record, field, value + 1);
        return DORA_OK;
    case DORA__NUMBER:
        if ((*reason = number_of(raw, &number)))
            return DORA_ERROR_INPUT;
        dora__record_value(record, field, number);
        return DORA_OK;
    default:
        return take_list(reader, field, raw, reason);
    }
}

/* The record's kind, or -1. */
static int kind_of(struct dora_reader *reader, uint64_t seen) {
    const struct dora__raw *raw = &reader->raws[DORA__KIND];
    if (!(seen & DORA__BIT(DORA__KIND)) || is_absent(raw))
        return (int)reader->kind;
    if (raw->form == DORA__JSON_NUMBER)
        return -1;
    size_t size;
    const char *reason, *text = text_of(reader, raw, &size, &reason);
    return text ? dora__kind_find(text, size) : -1;
}

/* Counts what the accepted record carried beside its fields. */
static void count_unknown(struct dora_reader *reader, uint64_t seen) {
    struct dora__unknown *unknown = &reader->facts->unknown;
    bool counted = true;
    for (uint64_t left = seen & ~dora__kinds[reader->record.kind].fields & ~COMMON_FIELDS; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        const char *name = dora__fields[field].name;
        counted = counted && (is_absent(&reader->raws[field]) || dora__unknown_add(unknown, name, strlen(name)));
    }
    for (size_t i = 0; i < reader->unknown_count; i++)
        counted = counted && dora__unknown_add(unknown, reader->unknown[i].data, reader->unknown[i].size);
    if (!counted)
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
}

/* Where in the record a value stands; unescaped cells are elsewhere and give the record's begin. */
static uint64_t place_of(const struct dora__raw *raw, const char *record, size_t size) {
    uintptr_t data = (uintptr_t)raw->data, begin = (uintptr_t)record;
    return data >= begin && data <= begin + size ? data - begin : 0;
}

void dora__convert_record(struct dora_reader *reader, const char *record, size_t size, uint64_t byte) {
    uint64_t seen = reader->raws_seen;
    int kind = kind_of(reader, seen);
    if (kind < 0) {
        size_t shown = reader->raws[DORA__KIND].size < 64 ? reader->raws[DORA__KIND].size : 64;
        dora__reject(reader, byte + place_of(&reader->raws[DORA__KIND], record, size), "kind: unknown kind '%.*s'",
                     (int)shown, reader->raws[DORA__KIND].data);
        return;
    }
    dora__record_begin(&reader->record, (dora_kind)kind);
    uint64_t fields = dora__kinds[kind].fields | COMMON_FIELDS;
    for (uint64_t left = seen & fields & ~DORA__BIT(DORA__KIND); left; left &= left - 1) {
        enum dora__field field = (enum dora__field)__builtin_ctzll(left);
        const char *reason = NULL;
        if (is_absent(&reader->raws[field]))
            continue;
        dora_status status = take_field(reader, field, &reader->raws[field], &reason);
        if (status == DORA_ERROR_INPUT) {
            dora__reject(reader, byte + place_of(&reader->raws[field], record, size), "%s: %s",
                         dora__fields[field].name, reason);
            return;
        }
        if (status != DORA_OK) {
            dora__reader_fail(reader, status);
            return;
        }
    }
    if (reader->record.fields & DORA__BIT(DORA__AS_OF))
        reader->record.as_of = reader->record.values[DORA__AS_OF];
    reader->record.deleted =
        reader->record.fields & DORA__BIT(DORA__DELETED) && reader->record.values[DORA__DELETED] == 2;
    reader->record.fields &= dora__kinds[kind].fields;
    enum dora__field field;
    const char *reason = dora__record_check(reader->facts, &reader->record, &field);
    if (reason) {
        dora__reject(reader, byte, "%s: %s", dora__fields[field].name, reason);
        return;
    }
    dora_status status = reader->giving ? dora__give(reader) : dora__facts_put(reader->facts, &reader->record);
    if (status == DORA_ERROR_TOO_LATE) {
        reader->facts->too_late++;
        dora__reject(reader, byte, "%s", reader->facts->late);
        return;
    }
    if (status != DORA_OK) {
        dora__reader_fail(reader, status);
        return;
    }
    reader->records++;
    if (seen & ~fields || reader->unknown_count)
        count_unknown(reader, seen);
}
