/* SPDX-License-Identifier: MIT */
/*
 * NDJSON: one JSON object (RFC 8259, strict) a line. One pass checks the grammar of the whole line and keeps the spans
 * of known fields, the last of a key given twice; no tree is built and nothing recurses. What is nested in a value is
 * only checked, down to a depth of 256.
 */
#include "read/reader.h"

#include "base/scan.h"
#include "base/utf8.h"

#include <string.h>

enum { DEPTH_MOST = 256 };

struct json {
    const char *at;
    const char *end;
    const char *problem; /* why the line is no JSON; at is the place */
    bool high;           /* a byte above 127 was seen */
};

static bool fail(struct json *json, const char *problem) {
    json->problem = problem;
    return false;
}

static inline void skip_space(struct json *json) {
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\r' || *json->at == '\n'))
        json->at++;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool check_escape(struct json *json) {
    if (json->end - json->at < 2)
        return fail(json, "string without end");
    char c = json->at[1];
    if (c == 'u') {
        if (json->end - json->at < 6)
            return fail(json, "string without end");
        for (int i = 2; i < 6; i++)
            if (!is_hex(json->at[i]))
                return fail(json, "\\u without four hexadecimal digits");
        json->at += 6;
        return true;
    }
    if (c == '\0' || !strchr("\"\\/bfnrt", c))
        return fail(json, "unknown escape in a string");
    json->at += 2;
    return true;
}

/* A string from its opening quote on; the raw is what stands between the quotes. */
static bool scan_string(struct json *json, struct dora__raw *raw) {
    const char *from = ++json->at;
    raw->form = DORA__JSON_STRING;
    for (;;) {
        json->at = dora__skip_plain(json->at, json->end);
        if (json->at == json->end)
            return fail(json, "string without end");
        unsigned char c = (unsigned char)*json->at;
        if (c == '"')
            break;
        if (c == '\\') {
            raw->form = DORA__JSON_ESCAPED;
            if (!check_escape(json))
                return false;
            continue;
        }
        if (c < 0x20)
            return fail(json, "control character in a string");
        json->high |= c >= 0x80;
        json->at++;
    }
    raw->data = from;
    raw->size = (size_t)(json->at - from);
    json->at++;
    return true;
}

static bool skip_digits(struct json *json) {
    const char *from = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at > from;
}

static bool scan_number(struct json *json, struct dora__raw *raw) {
    const char *from = json->at;
    json->at += *json->at == '-';
    const char *digits = json->at;
    if (!skip_digits(json) || (*digits == '0' && json->at > digits + 1))
        return fail(json, "not a number of JSON");
    if (json->at < json->end && *json->at == '.') {
        json->at++;
        if (!skip_digits(json))
            return fail(json, "not a number of JSON");
    }
    if (json->at < json->end && (*json->at == 'e' || *json->at == 'E')) {
        json->at++;
        if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
            json->at++;
        if (!skip_digits(json))
            return fail(json, "not a number of JSON");
    }
    *raw = (struct dora__raw){from, (size_t)(json->at - from), DORA__JSON_NUMBER};
    return true;
}

static bool scan_literal(struct json *json, struct dora__raw *raw) {
    static const struct {
        const char *word;
        enum dora__form form;
    } literals[] = {{"true", DORA__JSON_TRUE}, {"false", DORA__JSON_FALSE}, {"null", DORA__JSON_NULL}};
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        size_t size = strlen(literals[i].word);
        if ((size_t)(json->end - json->at) >= size && memcmp(json->at, literals[i].word, size) == 0) {
            *raw = (struct dora__raw){json->at, size, literals[i].form};
            json->at += size;
            return true;
        }
    }
    return fail(json, "not a value of JSON");
}

static bool scan_scalar(struct json *json, struct dora__raw *raw) {
    if (json->at == json->end)
        return fail(json, "value missing");
    if (*json->at == '"')
        return scan_string(json, raw);
    if (*json->at == '-' || (*json->at >= '0' && *json->at <= '9'))
        return scan_number(json, raw);
    return scan_literal(json, raw);
}

/* A key and its colon, up to the value. */
static bool scan_key(struct json *json, struct dora__raw *key) {
    skip_space(json);
    if (json->at == json->end || *json->at != '"')
        return fail(json, "key missing");
    if (!scan_string(json, key))
        return false;
    skip_space(json);
    if (json->at == json->end || *json->at != ':')
        return fail(json, "colon missing");
    json->at++;
    skip_space(json);
    return true;
}

/* An array or object from its bracket to the closing one, `depth` of them open outside of it. */
static bool scan_nested(struct json *json, struct dora__raw *raw, unsigned depth) {
    char open[DEPTH_MOST + 1];
    struct dora__raw inner;
    const char *from = json->at;
    unsigned level = 0;
    raw->form = *from == '[' ? DORA__JSON_ARRAY : DORA__JSON_OBJECT;
    bool value_next = true;
    do {
        skip_space(json);
        if (json->at == json->end)
            return fail(json, "bracket without end");
        char c = *json->at;
        if (value_next && (c == '[' || c == '{')) {
            if (depth + level >= DEPTH_MOST)
                return fail(json, "nested deeper than 256");
            open[level++] = c;
            json->at++;
            skip_space(json);
            if (json->at < json->end && *json->at == (c == '[' ? ']' : '}')) {
                value_next = false;
                continue;
            }
            if (c == '{' && !scan_key(json, &inner))
                return false;
        } else if (value_next) {
            if (!scan_scalar(json, &inner))
                return false;
            value_next = false;
        } else if (c == ',') {
            json->at++;
            if (open[level - 1] == '{' && !scan_key(json, &inner))
                return false;
            value_next = true;
        } else if (c == (open[level - 1] == '[' ? ']' : '}')) {
            json->at++;
            level--;
        } else {
            return fail(json, "comma or closing bracket missing");
        }
    } while (level);
    raw->data = from;
    raw->size = (size_t)(json->at - from);
    return true;
}

static bool scan_value(struct json *json, struct dora__raw *raw, unsigned depth) {
    if (json->at < json->end && (*json->at == '[' || *json->at == '{'))
        return scan_nested(json, raw, depth);
    return scan_scalar(json, raw);
}

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
static bool scan_members(struct dora_reader *reader, struct json *json) {
    json->at++;
    skip_space(json);
    if (json->at < json->end && *json->at == '}') {
        json->at++;
        return true;
    }
    for (;;) {
        struct dora__raw key, value;
        if (!scan_key(json, &key) || !scan_value(json, &value, 1))
            return false;
        if (!keep(reader, &key, &value)) {
            dora__reader_fail(reader, DORA_ERROR_MEMORY);
            return false;
        }
        skip_space(json);
        if (json->at == json->end)
            return fail(json, "closing brace missing");
        if (*json->at == '}') {
            json->at++;
            return true;
        }
        if (*json->at != ',')
            return fail(json, "comma or closing brace missing");
        json->at++;
    }
}

/* One line without its newline, which begins at `byte` of the input. */
static void read_line(struct dora_reader *reader, const char *line, size_t size, uint64_t byte) {
    struct json json = {line, line + size, NULL, false};
    skip_space(&json);
    if (json.at == json.end)
        return;
    reader->raws_seen = 0;
    reader->unknown_count = 0;
    reader->scratch_used = 0;
    if (!dora__reserve_scratch(reader, size))
        return;
    bool is_object = *json.at == '{';
    struct dora__raw value;
    bool good = is_object ? scan_members(reader, &json) : scan_value(&json, &value, 0);
    if (reader->failure.status != DORA_OK)
        return;
    if (good) {
        skip_space(&json);
        if (json.at < json.end)
            good = fail(&json, "text after the value");
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
    return at;
}
