/* SPDX-License-Identifier: MIT */
/* See ndjson_rows.h. */
#include "read/ndjson_rows.h"

#include "base/scan.h"
#include "base/utf8.h"
#include "calendar/instant.h"
#include "read/json.h"

#include <string.h>

/* A text in quotes, with what follows it. */
static struct dora__word make_word(const char *text, size_t text_size, const char *after, int value) {
    struct dora__word word = {.value = (uint8_t)value, .bytes = "\""};
    size_t after_size = strlen(after), size = 1 + text_size + after_size;
    if (size > DORA__WORD_BYTES) {
        word.bytes[0] = word.mask[0] = 0xFF; /* begins nothing in JSON */
        return word;
    }
    memcpy(word.bytes + 1, text, text_size);
    memcpy(word.bytes + 1 + text_size, after, after_size);
    memset(word.mask, 0xFF, size);
    word.size = (uint8_t)size;
    return word;
}

void dora__ndjson_repeat(struct dora__repeated *repeated, const char *text, size_t size, uint32_t handle) {
    repeated->word = make_word(text, size, "\"", 0);
    repeated->handle = handle;
}

static enum dora__member member_of(dora_kind kind, int field) {
    static const uint8_t by_type[] = {
        [DORA__INSTANT] = DORA__MEMBER_INSTANT, [DORA__NUMBER] = DORA__MEMBER_NUMBER,
        [DORA__STRING] = DORA__MEMBER_STRING,   [DORA__SERVICE] = DORA__MEMBER_SERVICE,
        [DORA__LIST] = DORA__MEMBER_LIST,       [DORA__BOOL] = DORA__MEMBER_BOOL,
        [DORA__STATUS] = DORA__MEMBER_STATUS,
    };
    uint64_t bit = DORA__BIT(field), fields = dora__kinds[kind].fields;
    if (field == DORA__KIND)
        return DORA__MEMBER_KIND;
    if (field == DORA__ID)
        return DORA__MEMBER_ID;
    if (!(bit & (fields | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED))))
        return DORA__MEMBER_UNKNOWN;
    return DORA__MANY_STRINGS & bit ? DORA__MEMBER_REFERENCE : (enum dora__member)by_type[dora__fields[field].type];
}

static struct dora__ndjson_rows *make_rows(struct dora_reader *reader) {
    static const char *const statuses[DORA__STATUSES] = {"in_progress", "canceled", "success", "failure"};
    const struct dora__names *names = &reader->names;
    struct dora__ndjson_rows *rows = dora__alloc_zeroed(reader->memory, 1, sizeof *rows);
    if (!rows)
        return NULL;
    rows->kernel = dora__kernel_pick();
    rows->kind = reader->kind;
    for (int field = 0; field < DORA__FIELDS; field++)
        dora__ndjson_repeat(&rows->repeated[field], "", SIZE_MAX / 2, 0);
    for (unsigned i = 0; i < names->count; i++) {
        rows->keys[i] = make_word(names->entries[i].name, names->entries[i].size, "\":", names->entries[i].field);
        rows->keys[i].bit = DORA__BIT(names->entries[i].field);
    }
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        rows->kinds[kind] = make_word(dora__kinds[kind].name, strlen(dora__kinds[kind].name), "\"", kind);
        for (int field = 0; field < DORA__FIELDS; field++)
            rows->members[kind][field] = (uint8_t)member_of((dora_kind)kind, field);
    }
    for (int i = 0; i < DORA__STATUSES; i++)
        rows->statuses[i] = make_word(statuses[i], strlen(statuses[i]), "\"", i);
    dora__staging_init(&rows->staging, reader->facts);
    return rows;
}

void dora__ndjson_rows_free(struct dora_reader *reader) {
    if (!reader->ndjson)
        return;
    dora__staging_free(&reader->ndjson->staging);
    dora__free(reader->memory, reader->ndjson, 1, sizeof *reader->ndjson);
}

bool dora__ndjson_rows_put(struct dora_reader *reader) {
    uint32_t lost;
    if (!reader->ndjson || !reader->ndjson->staging.rows)
        return true;
    dora_status status = dora__staging_put(&reader->ndjson->staging, &lost);
    reader->records -= lost;
    if (status != DORA_OK)
        dora__reader_fail(reader, status);
    return status == DORA_OK;
}

size_t dora__ndjson_rows_take(struct dora_reader *reader, const char *bytes, size_t size) {
    if (reader->giving || dora__gate_of(reader->facts)) /* too late is said of a record, with its place */
        return 0;
    if (!reader->ndjson && !(reader->ndjson = make_rows(reader))) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return 0;
    }
#ifdef DORA__WITH_AVX2
    if (reader->ndjson->kernel >= DORA__KERNEL_AVX2)
        return dora__ndjson_take_avx2(reader, bytes, size);
#endif
    return dora__ndjson_take_portable(reader, bytes, size);
}

const char *dora__ndjson_string(const char *at, const char *end) {
    const char *from = ++at;
    bool high = false;
    for (;; at++) {
        at = dora__skip_plain(at, end);
        if (at == end)
            return NULL;
        unsigned char c = (unsigned char)*at;
        if (c == '"')
            break;
        if (c == '\\' || c < 0x20)
            return NULL;
        high |= c >= 0x80;
    }
    return high && !dora__utf8_valid(from, (size_t)(at - from)) ? NULL : at + 1;
}

const char *dora__ndjson_integer(const char *at, const char *end) {
    const char *from = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    bool common = at > from && (*from != '0' || at == from + 1) && at < end && *at != '.' && (*at | 0x20) != 'e';
    return common ? at : NULL;
}

const char *dora__ndjson_instant(const char *at, const char *end, int64_t *instant_us) {
    if (*at == '"') {
        const char *behind = dora__ndjson_string(at, end);
        return behind && !dora__parse_instant(at + 1, (size_t)(behind - at) - 2, instant_us) ? behind : NULL;
    }
    struct dora__json json = {at, end, NULL, false};
    struct dora__raw raw;
    if (!dora__json_scalar(&json, &raw) || raw.form != DORA__JSON_NUMBER)
        return NULL;
    return dora__parse_epoch(raw.data, raw.size, instant_us) ? NULL : json.at;
}

const char *dora__ndjson_number(const char *at, const char *end, int64_t *millionths) {
    struct dora__json json = {at, end, NULL, false};
    struct dora__raw raw;
    if (!dora__json_scalar(&json, &raw) || raw.form != DORA__JSON_NUMBER)
        return NULL;
    return dora__parse_millionths(raw.data, raw.size, millionths) ? NULL : json.at;
}

const char *dora__ndjson_unknown(struct dora_reader *reader, const char *name, size_t size, const char *at,
                                 const char *end) {
    struct dora__json json = {at, end, NULL, false};
    struct dora__raw value;
    const char *behind = *at == '"' ? dora__ndjson_string(at, end) : NULL;
    if (*at != '"' && *at != '[' && *at != '{' && dora__json_scalar(&json, &value))
        behind = json.at;
    bool absent = *at == '"' ? at[1] == '"' : *at == 'n';
    if (!behind || absent)
        return behind;
    if (!dora__grow(reader->memory, (void **)&reader->unknown, &reader->unknown_capacity, reader->unknown_count + 1,
                    sizeof *reader->unknown)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return NULL;
    }
    reader->unknown[reader->unknown_count++] = (struct dora__raw){name, size, DORA__TEXT};
    return behind;
}

void dora__ndjson_count_unknown(struct dora_reader *reader) {
    for (size_t i = 0; i < reader->unknown_count; i++)
        if (!dora__unknown_add(&reader->facts->unknown, reader->unknown[i].data, reader->unknown[i].size)) {
            dora__reader_fail(reader, DORA_ERROR_MEMORY);
            return;
        }
}
