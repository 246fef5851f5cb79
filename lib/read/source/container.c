/* SPDX-License-Identifier: MIT */
/*
 * See source.h. An object at the top is a wrapper if one of the mapping's paths leads to an array in it, else it is an
 * item. What was not whole is walked again once more bytes are there.
 */
#include "read/source/source.h"

#include "base/utf8.h"

#include <string.h>

enum { LONGEST_WORD = 8 }; /* of a literal or an escape, which a piece may cut */

enum step { STEP_DONE, STEP_MORE, STEP_BAD };

/* Whether a failure may be that the bytes end too early. */
static enum step failed_or_more(const struct dora__json *json, bool final) {
    return !final && json->end - json->at < LONGEST_WORD ? STEP_MORE : STEP_BAD;
}

/* Whether the path with one more key is that of items, or leads there. */
static bool find_path(const struct dora__export *source, const char *path, size_t size, bool *leads) {
    *leads = false;
    for (size_t i = 0; i < source->mapping.items_count; i++) {
        const struct dora__span *items = &source->mapping.items[i];
        if (items->size < size || memcmp(items->data, path, size) != 0)
            continue;
        if (items->size == size)
            return true;
        *leads |= items->data[size] == '.';
    }
    return false;
}

/* One member of an open object, or its end. */
static enum step step_member(struct dora_reader *reader, struct dora__json *json, bool final) {
    struct dora__export *source = reader->source;
    struct dora__place *place = &source->place;
    dora__json_skip_space(json);
    if (json->at == json->end)
        return dora__json_fail(json, "closing brace missing"), failed_or_more(json, final);
    if (*json->at == '}') {
        json->at++;
        place->depth--;
        place->path_size = place->path_sizes[place->depth];
        place->form = place->depth ? DORA__AT_MEMBERS : DORA__AT_TOP;
        place->joined = place->depth > 0;
        return STEP_DONE;
    }
    if (place->joined && *json->at++ != ',')
        return json->at--, dora__json_fail(json, "comma or closing brace missing"), STEP_BAD;
    struct dora__raw key, value;
    if (!dora__json_key(json, &key))
        return failed_or_more(json, final);
    if (json->at == json->end)
        return dora__json_fail(json, "value missing"), failed_or_more(json, final);
    char path[DORA__SOURCE_PATH_MOST];
    size_t size = place->path_size + (place->path_size > 0) + key.size;
    bool leads = false, is_items = false;
    if (size < sizeof path && (*json->at == '[' || *json->at == '{')) {
        memcpy(path, place->path, place->path_size);
        path[place->path_size] = '.';
        memcpy(path + size - key.size, key.data, key.size);
        is_items = find_path(source, path, size, &leads);
    }
    if (is_items && *json->at == '[') {
        json->at++;
        place->form = DORA__AT_ITEMS;
        place->joined = false;
        return STEP_DONE;
    }
    if (leads && *json->at == '{' && place->depth < DORA__SOURCE_DEPTH_MOST) {
        json->at++;
        place->path_sizes[place->depth++] = place->path_size;
        memcpy(place->path, path, size);
        place->path_size = size;
        place->joined = false;
        return STEP_DONE;
    }
    place->joined = true;
    if (!dora__json_value(json, &value, place->depth))
        return failed_or_more(json, final);
    return json->at == json->end && !final ? STEP_MORE : STEP_DONE;
}

/* The key and colon at hand, most often those that stood at this place of the item before: its number. False: none. */
static bool take_key(struct dora__export *source, struct dora__json *json, size_t place, uint16_t *number) {
    struct dora__expected *expected = place < DORA__EXPECTED ? &source->expected[place] : NULL;
    struct dora__raw key;
    dora__json_skip_space(json);
    if (expected && expected->size && (size_t)(json->end - json->at) >= expected->size &&
        memcmp(json->at, expected->text, expected->size) == 0) {
        *number = expected->number;
        json->at += expected->size;
        dora__json_skip_space(json);
        return true;
    }
    const char *from = json->at;
    if (!dora__json_key(json, &key))
        return false;
    *number = dora__keys_find(&source->mapping.keys, key.data, key.size);
    size_t size = key.size + sizeof "\"\":" - 1;
    if (expected && key.form == DORA__JSON_STRING && !json->high && size <= sizeof expected->text &&
        from[size - 1] == ':') {
        memcpy(expected->text, from, size);
        expected->size = (uint8_t)size;
        expected->number = *number;
    }
    return true;
}

/* An object's members are kept while its grammar is checked, which goes by the words of dora__json_value(). */
static bool take_members(struct dora_reader *reader, struct dora__json *json, unsigned depth) {
    struct dora__raw value;
    uint16_t number;
    dora__export_begin(reader);
    json->at++;
    dora__json_skip_space(json);
    if (json->at < json->end && *json->at == '}') {
        json->at++;
        return true;
    }
    for (size_t place = 0;; place++) {
        if (!take_key(reader->source, json, place, &number))
            return false;
        if (json->at == json->end)
            return dora__json_fail(json, "bracket without end");
        if (!dora__json_value(json, &value, depth + 1))
            return false;
        dora__export_value(reader->source, number, &value);
        dora__json_skip_space(json);
        if (json->at == json->end)
            return dora__json_fail(json, "bracket without end");
        char c = *json->at;
        if (c != ',' && c != '}')
            return dora__json_fail(json, "comma or closing bracket missing");
        json->at++;
        if (c == '}')
            return true;
    }
}

bool dora__export_accepts(struct dora_reader *reader, const char *item, size_t size, bool high, uint64_t byte) {
    if (size > reader->record_bytes_max)
        dora__reject(reader, byte, "record longer than %zu bytes", reader->record_bytes_max);
    else if (high && !dora__utf8_valid(item, size))
        dora__reject(reader, byte, "ill-formed UTF-8");
    else
        return true;
    return false;
}

/* An item up to json->at; `taken`: its members are kept. */
static void take_item(struct dora_reader *reader, const struct dora__json *json, const char *item, uint64_t byte,
                      bool taken) {
    size_t size = (size_t)(json->at - item);
    if (!dora__export_accepts(reader, item, size, json->high, byte))
        return;
    if (*item != '{')
        dora__reject(reader, byte, "not an object");
    else if (!taken)
        dora__export_item(reader, item, size, byte);
    else if (dora__reserve_scratch(reader, size))
        dora__export_facts(reader, item, size, byte);
}

/* An object at the top: up to the items in it, or the whole of it. */
static enum step step_object(struct dora_reader *reader, struct dora__json *json, bool final, uint64_t byte) {
    struct dora__place *place = &reader->source->place;
    const char *item = json->at++;
    *place = (struct dora__place){.form = DORA__AT_MEMBERS, .depth = 1};
    enum step step = STEP_DONE;
    while (step == STEP_DONE && place->form == DORA__AT_MEMBERS)
        step = step_member(reader, json, final);
    if (step == STEP_DONE && place->form == DORA__AT_TOP)
        take_item(reader, json, item, byte, false);
    if (step != STEP_DONE)
        *place = (struct dora__place){.form = DORA__AT_TOP};
    return step;
}

static enum step step_item(struct dora_reader *reader, struct dora__json *json, bool final, uint64_t byte) {
    struct dora__place *place = &reader->source->place;
    const char *begin = json->at;
    dora__json_skip_space(json);
    if (json->at == json->end)
        return dora__json_fail(json, "closing bracket missing"), failed_or_more(json, final);
    if (*json->at == ']') {
        json->at++;
        place->form = place->depth ? DORA__AT_MEMBERS : DORA__AT_TOP;
        place->joined = true;
        return STEP_DONE;
    }
    if (place->joined && *json->at++ != ',')
        return json->at--, dora__json_fail(json, "comma or closing bracket missing"), STEP_BAD;
    dora__json_skip_space(json);
    const char *item = json->at;
    struct dora__raw value;
    bool object = item < json->end && *item == '{';
    if (!(object ? take_members(reader, json, place->depth + 1) : dora__json_value(json, &value, place->depth + 1)))
        return failed_or_more(json, final);
    if (json->at == json->end && !final && !object)
        return STEP_MORE;
    place->joined = true;
    take_item(reader, json, item, byte + (uint64_t)(item - begin), object);
    return STEP_DONE;
}

/* Past a rejected item: to a comma or bracket that closes what it is in, at the top to the end of the line. */
static void skip_item(struct dora__export *source, struct dora__json *json) {
    for (; json->at < json->end; json->at++) {
        char c = *json->at;
        if (source->place.form == DORA__AT_TOP) {
            if (c == '\n')
                break;
        } else if (source->in_string) {
            source->in_string = source->escaped || c != '"';
            source->escaped = !source->escaped && c == '\\';
        } else if (c == '"') {
            source->in_string = true;
        } else if (c == '[' || c == '{') {
            source->level++;
        } else if (source->level == 0 && (c == ',' || c == ']' || c == '}')) {
            break;
        } else if (c == ']' || c == '}') {
            source->level--;
        }
    }
    source->skipping = json->at == json->end;
}

/* Rejects what begins where the step began, and goes past its first byte at least. */
static void reject_item(struct dora_reader *reader, struct dora__json *json, const char *begin, uint64_t byte,
                        const char *problem) {
    struct dora__export *source = reader->source;
    dora__reject(reader, byte + (uint64_t)(json->at - begin), "%s", problem);
    json->at = begin;
    dora__json_skip_space(json);
    if (json->at < json->end && source->place.joined && *json->at == ',')
        json->at++;
    else if (json->at < json->end && (*json->at == '}' || *json->at == ']'))
        json->at++;
    source->in_string = source->escaped = false;
    source->level = 0;
    source->place.joined = true;
    if (json->at == begin && json->at < json->end && source->place.form != DORA__AT_TOP && *json->at == ',')
        json->at++;
    skip_item(source, json);
}

static enum step step_any(struct dora_reader *reader, struct dora__json *json, bool final, uint64_t byte) {
    struct dora__export *source = reader->source;
    struct dora__place before = source->place;
    const char *begin = json->at;
    enum step step;
    if (source->place.form == DORA__AT_ITEMS) {
        step = step_item(reader, json, final, byte);
    } else if (source->place.form == DORA__AT_MEMBERS) {
        step = step_member(reader, json, final);
    } else {
        dora__json_skip_space(json);
        if (json->at == json->end)
            return STEP_DONE;
        uint64_t place = byte + (uint64_t)(json->at - begin);
        if (*json->at == '{') {
            step = step_object(reader, json, final, place);
        } else if (*json->at == '[') {
            json->at++;
            source->place = (struct dora__place){.form = DORA__AT_ITEMS};
            step = STEP_DONE;
        } else {
            dora__json_fail(json, "not an array or an object");
            step = STEP_BAD;
        }
    }
    if (step != STEP_DONE)
        source->place = before;
    return step;
}

size_t dora__read_export(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    struct dora__export *source = reader->source;
    const char *at = bytes, *end = bytes + size;
    while (at < end && reader->failure.status == DORA_OK) {
        struct dora__json json = {at, end, NULL, false};
        uint64_t byte = reader->offset + (uint64_t)(at - bytes);
        bool is_space = *at == ' ' || *at == '\t' || *at == '\n' || *at == '\r';
        if (is_space && !source->skipping && source->place.form == DORA__AT_TOP) {
            dora__json_skip_space(&json); /* alone, so that what follows is rejected on its own line */
        } else if (source->skipping) {
            skip_item(source, &json);
        } else {
            enum step step = step_any(reader, &json, final, byte);
            bool long_item = step == STEP_MORE && (size_t)(end - at) > reader->record_bytes_max;
            if (step == STEP_MORE && !long_item)
                break;
            if (long_item)
                json.at = at;
            if (step != STEP_DONE)
                reject_item(reader, &json, at, byte, long_item ? "record longer than record_bytes_max" : json.problem);
        }
        if (reader->failure.status == DORA_ERROR_MEMORY)
            break;
        for (const char *p = at; p < json.at && (p = memchr(p, '\n', (size_t)(json.at - p))); p++)
            reader->line++;
        at = json.at;
    }
    if (final && at == end && reader->failure.status == DORA_OK && source->place.form != DORA__AT_TOP) {
        dora__reject(reader, reader->offset + size, "the input ends within an array or object");
        source->place = (struct dora__place){.form = DORA__AT_TOP};
    }
    return (size_t)(at - bytes);
}
