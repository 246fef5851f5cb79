/* SPDX-License-Identifier: MIT */
/*
 * NDJSON: one JSON object (RFC 8259, strict) a line. One pass checks the grammar of the whole line and keeps the spans
 * of known fields, the last of a key given twice; no tree is built and nothing recurses. What is nested in a value is
 * only checked, down to a depth of 256.
 */
#include "read/json.h"

#include "base/utf8.h"
#include "read/ndjson_rows.h"

#include <string.h>

/* Keeps a value by the name of its key. False: out of memory. */
static bool keep(struct dora_reader *reader, const struct dora__raw *key, const struct dora__raw *value) {
    size_t size = key->size;
    const char *name = key->form == DORA__JSON_ESCAPED ? dora__unescape(reader, key, &size, true) : key->data;
    enum dora__field field = dora__names_find(&reader->names, name, size);
    if (field < DORA__FIELDS) {
        reader->raws[field] = *value;
        reader->raws_seen |= DORA__BIT(field);
        return true;
    }
    if (value->form == DORA__JSON_NULL || (value->form == DORA__JSON_STRING && value->size == 0))
        return true;
    if (!dora__grow(reader->memory, (void **)&reader->unknown, &reader->unknown_capacity, reader->unknown_count + 1,
                    sizeof *reader->unknown))
        return false;
    reader->unknown[reader->unknown_count++] = (struct dora__raw){name, size, DORA__TEXT};
    return true;
}

/* The members of the object that is the line. */
static bool scan_members(struct dora_reader *reader, struct dora__json *json) {
    json->at++;
    dora__json_skip_space(json);
    if (json->at < json->end && *json->at == '}') {
        json->at++;
        return true;
    }
    for (;;) {
        struct dora__raw key, value;
        if (!dora__json_key(json, &key) || !dora__json_value(json, &value, 1))
            return false;
        if (!keep(reader, &key, &value)) {
            dora__reader_fail(reader, DORA_ERROR_MEMORY);
            return false;
        }
        dora__json_skip_space(json);
        if (json->at == json->end)
            return dora__json_fail(json, "closing brace missing");
        if (*json->at == '}') {
            json->at++;
            return true;
        }
        if (*json->at != ',')
            return dora__json_fail(json, "comma or closing brace missing");
        json->at++;
    }
}

/* One line without its newline, which begins at `byte` of the input. */
static void read_line(struct dora_reader *reader, const char *line, size_t size, uint64_t byte) {
    struct dora__json json = {line, line + size, NULL, false};
    dora__json_skip_space(&json);
    if (json.at == json.end)
        return;
    reader->raws_seen = 0;
    reader->unknown_count = 0;
    reader->scratch_used = 0;
    if (!dora__reserve_scratch(reader, size))
        return;
    bool is_object = *json.at == '{';
    struct dora__raw value;
    bool good = is_object ? scan_members(reader, &json) : dora__json_value(&json, &value, 0);
    if (reader->failure.status != DORA_OK)
        return;
    if (good) {
        dora__json_skip_space(&json);
        if (json.at < json.end)
            good = dora__json_fail(&json, "text after the value");
    }
    if ((json.high || !good) && !dora__utf8_valid(line, size)) {
        dora__reject(reader, byte, "ill-formed UTF-8");
        return;
    }
    if (!good || !is_object) {
        dora__reject(reader, byte + (good ? 0 : (uint64_t)(json.at - line)), "%s",
                     good ? "not an object" : json.problem);
        return;
    }
    dora__convert_record(reader, line, size, byte);
}

size_t dora__read_ndjson(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    size_t at = 0;
    while (at < size && reader->failure.status == DORA_OK) {
        at += dora__ndjson_rows_take(reader, bytes + at, size - at);
        if (at == size || reader->failure.status != DORA_OK)
            break;
        const char *newline = memchr(bytes + at, '\n', size - at);
        size_t end = newline ? (size_t)(newline - bytes) : size;
        if (end - at > reader->record_bytes_max) {
            dora__reject(reader, reader->offset + at, "record longer than %zu bytes", reader->record_bytes_max);
            reader->skipping = !newline;
        } else if (!newline && !final) {
            break;
        } else {
            read_line(reader, bytes + at, end - at, reader->offset + at);
        }
        if (reader->failure.status == DORA_ERROR_MEMORY)
            break;
        reader->line += newline != NULL;
        at = newline ? end + 1 : end;
    }
    dora__ndjson_rows_put(reader);
    return at;
}
