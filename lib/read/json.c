/* SPDX-License-Identifier: MIT */
/* See json.h. */
#include "read/json.h"

#include <string.h>

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool check_escape(struct dora__json *json) {
    if (json->end - json->at < 2)
        return dora__json_fail(json, "string without end");
    char c = json->at[1];
    if (c == 'u') {
        if (json->end - json->at < 6)
            return dora__json_fail(json, "string without end");
        for (int i = 2; i < 6; i++)
            if (!is_hex(json->at[i]))
                return dora__json_fail(json, "\\u without four hexadecimal digits");
        json->at += 6;
        return true;
    }
    if (c == '\0' || !strchr("\"\\/bfnrt", c))
        return dora__json_fail(json, "unknown escape in a string");
    json->at += 2;
    return true;
}

bool dora__json_string_rest(struct dora__json *json, struct dora__raw *raw, const char *at) {
    const char *from = json->at + 1;
    raw->form = DORA__JSON_STRING;
    for (json->at = at;; json->at = dora__skip_plain(json->at, json->end)) {
        if (json->at == json->end)
            return dora__json_fail(json, "string without end");
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
            return dora__json_fail(json, "control character in a string");
        json->high |= c >= 0x80;
        json->at++;
    }
    raw->data = from;
    raw->size = (size_t)(json->at - from);
    json->at++;
    return true;
}

static bool skip_digits(struct dora__json *json) {
    const char *from = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at > from;
}

static bool scan_number(struct dora__json *json, struct dora__raw *raw) {
    const char *from = json->at;
    json->at += *json->at == '-';
    const char *digits = json->at;
    if (!skip_digits(json) || (*digits == '0' && json->at > digits + 1))
        return dora__json_fail(json, "not a number of JSON");
    if (json->at < json->end && *json->at == '.') {
        json->at++;
        if (!skip_digits(json))
            return dora__json_fail(json, "not a number of JSON");
    }
    if (json->at < json->end && (*json->at == 'e' || *json->at == 'E')) {
        json->at++;
        if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
            json->at++;
        if (!skip_digits(json))
            return dora__json_fail(json, "not a number of JSON");
    }
    *raw = (struct dora__raw){from, (size_t)(json->at - from), DORA__JSON_NUMBER};
    return true;
}

static bool scan_literal(struct dora__json *json, struct dora__raw *raw) {
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
    return dora__json_fail(json, "not a value of JSON");
}

bool dora__json_scalar(struct dora__json *json, struct dora__raw *raw) {
    if (json->at == json->end)
        return dora__json_fail(json, "value missing");
    if (*json->at == '"')
        return dora__json_string(json, raw);
    if (*json->at == '-' || (*json->at >= '0' && *json->at <= '9'))
        return scan_number(json, raw);
    return scan_literal(json, raw);
}

bool dora__json_key(struct dora__json *json, struct dora__raw *key) {
    dora__json_skip_space(json);
    if (json->at == json->end || *json->at != '"')
        return dora__json_fail(json, "key missing");
    if (!dora__json_string(json, key))
        return false;
    dora__json_skip_space(json);
    if (json->at == json->end || *json->at != ':')
        return dora__json_fail(json, "colon missing");
    json->at++;
    dora__json_skip_space(json);
    return true;
}

/* An array or object from its bracket to the closing one, `depth` of them open outside of it. */
static bool scan_nested(struct dora__json *json, struct dora__raw *raw, unsigned depth) {
    char open[DORA__JSON_DEPTH_MOST + 1];
    struct dora__raw inner;
    const char *from = json->at;
    unsigned level = 0;
    raw->form = *from == '[' ? DORA__JSON_ARRAY : DORA__JSON_OBJECT;
    bool value_next = true;
    do {
        dora__json_skip_space(json);
        if (json->at == json->end)
            return dora__json_fail(json, "bracket without end");
        char c = *json->at;
        if (value_next && (c == '[' || c == '{')) {
            if (depth + level >= DORA__JSON_DEPTH_MOST)
                return dora__json_fail(json, "nested deeper than 256");
            open[level++] = c;
            json->at++;
            dora__json_skip_space(json);
            if (json->at < json->end && *json->at == (c == '[' ? ']' : '}')) {
                value_next = false;
                continue;
            }
            if (c == '{' && !dora__json_key(json, &inner))
                return false;
        } else if (value_next) {
            if (!dora__json_scalar(json, &inner))
                return false;
            value_next = false;
        } else if (c == ',') {
            json->at++;
            if (open[level - 1] == '{' && !dora__json_key(json, &inner))
                return false;
            value_next = true;
        } else if (c == (open[level - 1] == '[' ? ']' : '}')) {
            json->at++;
            level--;
        } else {
            return dora__json_fail(json, "comma or closing bracket missing");
        }
    } while (level);
    raw->data = from;
    raw->size = (size_t)(json->at - from);
    return true;
}

bool dora__json_value(struct dora__json *json, struct dora__raw *raw, unsigned depth) {
    if (json->at < json->end && (*json->at == '[' || *json->at == '{'))
        return scan_nested(json, raw, depth);
    return dora__json_scalar(json, raw);
}
