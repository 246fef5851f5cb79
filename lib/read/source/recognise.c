/* SPDX-License-Identifier: MIT */
/*
 * See recognise.h. The input is looked at from its begin as far as it is there: a path that leads into what is missing
 * leads nowhere. The lines are read from the text of the mappings; those that are built in are well-formed.
 */
#include "read/source/recognise.h"

#include "read/json.h"

#include <string.h>

struct text {
    const char *data;
    const char *end;
};

/* JSON items, or columns. */
struct look {
    struct text item; /* empty: it is CSV */
    const struct dora__span *columns;
    const struct dora__span *cells; /* of the first row; NULL: not there yet */
    size_t columns_count;
};

enum answer { ANSWER_NO, ANSWER_OPEN, ANSWER_YES };

/* Of a line of a mapping. */
static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line, up to a comment; false at the end. */
static bool next_word(struct text *line, struct dora__span *word) {
    while (line->data < line->end && is_blank(*line->data))
        line->data++;
    const char *from = line->data;
    for (bool quoted = false; line->data < line->end && (quoted || !is_blank(*line->data)); line->data++)
        quoted ^= *line->data == '"';
    *word = (struct dora__span){from, (size_t)(line->data - from)};
    return word->size && *from != '#';
}

static bool is_word(struct dora__span word, const char *text) {
    return word.size == strlen(text) && memcmp(word.data, text, word.size) == 0;
}

/* The next line of a mapping that begins with that word, which is taken off. */
static bool next_line(struct text *mapping, const char *first, struct text *line) {
    while (mapping->data < mapping->end) {
        const char *newline = memchr(mapping->data, '\n', (size_t)(mapping->end - mapping->data));
        *line = (struct text){mapping->data, newline ? newline : mapping->end};
        mapping->data = newline ? newline + 1 : mapping->end;
        struct dora__span word;
        if (next_word(line, &word) && is_word(word, first))
            return true;
    }
    return false;
}

/* Where the value of a member begins; false: there is none, or not yet. */
static bool enter(struct text object, struct dora__span name, struct text *value) {
    struct dora__json json = {object.data, object.end, NULL, false};
    dora__json_skip_space(&json);
    if (json.at == json.end || *json.at++ != '{')
        return false;
    for (;;) {
        struct dora__raw key, other;
        dora__json_skip_space(&json);
        if (json.at == json.end || *json.at == '}' || !dora__json_key(&json, &key))
            return false;
        dora__json_skip_space(&json);
        if (key.size == name.size && memcmp(key.data, name.data, name.size) == 0) {
            *value = (struct text){json.at, json.end};
            return json.at < json.end;
        }
        if (!dora__json_value(&json, &other, 1))
            return false;
        dora__json_skip_space(&json);
        if (json.at == json.end || *json.at++ != ',')
            return false;
    }
}

/* The first element of an array, where there is one. */
static bool first_of(struct text array, struct text *item) {
    struct dora__json json = {array.data, array.end, NULL, false};
    if (json.at == json.end || *json.at++ != '[')
        return false;
    dora__json_skip_space(&json);
    *item = (struct text){json.at, json.end};
    return json.at < json.end && *json.at != ']';
}

/* The next key of a path, which may stand in quotes, or an index, of which all mean the first. */
static struct dora__span next_key(const char **at, const char *end) {
    bool quoted = **at == '"';
    *at += quoted;
    const char *from = *at;
    while (*at < end && (quoted ? **at != '"' : **at != '.' && (**at != '[' || *at == from)))
        ++*at;
    struct dora__span key = {from, (size_t)(*at - from)};
    *at += quoted && *at < end;
    *at += *at < end && **at == '.';
    return key;
}

static bool follow(struct text item, struct dora__span path, struct text *value) {
    *value = item;
    for (const char *at = path.data, *end = path.data + path.size; at < end;) {
        bool is_index = *at == '[';
        struct dora__span key = next_key(&at, end);
        if (!(is_index ? first_of(*value, value) : enter(*value, key, value)))
            return false;
    }
    return true;
}

static bool equals(struct dora__span word, const char *text, size_t size) {
    if (word.size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (word.data[i] != text[i] && ((word.data[i] ^ text[i]) != 0x20 || (text[i] | 0x20) < 'a'))
            return false;
    return true;
}

/* A condition on a column, and on what the first row has there unless the word is without data. */
static enum answer column_holds(const struct look *look, struct dora__span name, struct dora__span word) {
    const char *at = name.data;
    if (*at == '"')
        name = next_key(&at, name.data + name.size);
    for (size_t i = 0; i < look->columns_count; i++) {
        if (look->columns[i].size != name.size || memcmp(look->columns[i].data, name.data, name.size) != 0)
            continue;
        if (!word.data)
            return ANSWER_YES;
        if (!look->cells)
            return ANSWER_OPEN;
        return equals(word, look->cells[i].data, look->cells[i].size) ? ANSWER_YES : ANSWER_NO;
    }
    return ANSWER_NO;
}

/* A path that is known, or PATH=WORD. */
static enum answer holds(const struct look *look, struct dora__span condition) {
    const char *sign = condition.data, *end = sign + condition.size;
    for (bool quoted = false; sign < end && (quoted || *sign != '='); sign++)
        quoted ^= *sign == '"';
    sign = sign < end ? sign : NULL;
    struct dora__span path = {condition.data, sign ? (size_t)(sign - condition.data) : condition.size};
    struct dora__span word = {sign ? sign + 1 : NULL, sign ? condition.size - path.size - 1 : 0};
    if (word.size > 1 && *word.data == '"')
        word = (struct dora__span){word.data + 1, word.size - 2};
    struct text value;
    if (!look->item.data)
        return column_holds(look, path, word);
    if (!follow(look->item, path, &value))
        return ANSWER_NO;
    struct dora__json json = {value.data, value.end, NULL, false};
    struct dora__raw raw;
    bool nested = *value.data == '{' || *value.data == '[';
    if (nested)
        return sign ? ANSWER_NO : ANSWER_YES;
    if (!dora__json_value(&json, &raw, 1) || raw.form == DORA__JSON_NULL)
        return ANSWER_NO;
    return !sign || equals(word, raw.data, raw.size) ? ANSWER_YES : ANSWER_NO;
}

/* What the lines of a mapping say of it, the most that one does. */
static enum answer recognises(const struct dora__builtin *builtin, const struct look *look) {
    struct text mapping = {(const char *)builtin->text, (const char *)builtin->text + builtin->size}, line;
    enum answer best = ANSWER_NO;
    while (next_line(&mapping, "recognise", &line)) {
        struct dora__span word;
        enum answer least = ANSWER_YES;
        while (next_word(&line, &word)) {
            enum answer answer = holds(look, word);
            least = answer < least ? answer : least;
        }
        best = least > best ? least : best;
    }
    return best;
}

/* The first item as the mapping sees it: in an array, in a wrapper, or what is at the top. */
static bool first_item(const struct dora__builtin *builtin, struct text top, struct text *item) {
    struct text mapping = {(const char *)builtin->text, (const char *)builtin->text + builtin->size}, line, array;
    if (*top.data == '[')
        return first_of(top, item) && *item->data == '{';
    while (next_line(&mapping, "items", &line)) {
        struct dora__span path;
        while (next_word(&line, &path))
            if (follow(top, path, &array) && *array.data == '[')
                return first_of(array, item) && *item->data == '{';
    }
    *item = top;
    return true;
}

/* The kind of a fact, or the name of a service, is only in the normal form a string at the top. */
static bool is_normal(struct text top) {
    static const struct dora__span names[] = {{"kind", 4}, {"service", 7}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text value;
        struct dora__raw raw;
        struct dora__json json;
        if (!enter(top, names[i], &value))
            continue;
        json = (struct dora__json){value.data, value.end, NULL, false};
        if (*value.data == '"' && dora__json_value(&json, &raw, 1) && (i || dora__kind_find(raw.data, raw.size) >= 0))
            return true;
    }
    return false;
}

const struct dora__builtin *dora__recognise_json(const char *bytes, size_t size, bool *whole) {
    struct dora__json json = {bytes, bytes + size, NULL, false};
    struct dora__raw raw;
    dora__json_skip_space(&json);
    struct text top = {json.at, json.end}, item = top;
    *whole = true;
    if (top.data == top.end || (*top.data != '{' && *top.data != '['))
        return NULL;
    if (*top.data == '[' && !first_of(top, &item))
        item = top;
    json.at = item.data;
    *whole = dora__json_value(&json, &raw, 1);
    if (is_normal(item))
        return NULL;
    for (size_t i = 0; i < dora__builtins_count; i++) {
        struct look look = {0};
        if (first_item(&dora__builtins[i], top, &look.item) && recognises(&dora__builtins[i], &look) == ANSWER_YES)
            return &dora__builtins[i];
    }
    return NULL;
}

static bool is_empty_array(struct text array) {
    struct text item = array;
    return !first_of(array, &item) && *array.data == '[' && item.data < item.end;
}

/* Fields by which a record in the normal form is told from an export. */
static bool is_telling(enum dora__field field) {
    return field == DORA__KIND || field == DORA__SERVICE_NAME ||
           (field < DORA__FIELDS && dora__fields[field].type == DORA__INSTANT);
}

static bool has_fact(struct text object) {
    struct text value;
    for (int field = 0; field < DORA__FIELDS; field++)
        if ((is_telling((enum dora__field)field) || field == DORA__ID) &&
            enter(object, (struct dora__span){dora__fields[field].name, strlen(dora__fields[field].name)}, &value))
            return true;
    return false;
}

/* Whether what some mapping takes for the items of a wrapper is empty. */
static bool is_empty_wrapper(struct text top) {
    for (size_t i = 0; i < dora__builtins_count; i++) {
        const char *data = (const char *)dora__builtins[i].text;
        struct text mapping = {data, data + dora__builtins[i].size}, line, array;
        while (next_line(&mapping, "items", &line))
            for (struct dora__span path; next_word(&line, &path);)
                if (follow(top, path, &array) && is_empty_array(array))
                    return !has_fact(top);
    }
    return false;
}

size_t dora__pass_empty(const char *bytes, size_t size) {
    struct dora__json json = {bytes, bytes + size, NULL, false};
    for (;;) {
        dora__json_skip_space(&json);
        const char *passed = json.at;
        struct dora__raw value;
        if (json.at == json.end || (*json.at != '[' && *json.at != '{') || !dora__json_value(&json, &value, 0))
            return (size_t)(passed - bytes);
        struct text top = {passed, json.at};
        if (*passed == '[' ? !is_empty_array(top) : !is_empty_wrapper(top))
            return (size_t)(passed - bytes);
    }
}

const struct dora__builtin *dora__recognise_columns(const struct dora__span *columns, const struct dora__span *cells,
                                                    size_t count, bool *open) {
    const struct look look = {{NULL, NULL}, columns, cells, count};
    *open = false;
    for (size_t i = 0; i < count; i++)
        if (is_telling(dora__field_find(columns[i].data, columns[i].size)))
            return NULL;
    for (size_t i = 0; i < count; i++)
        *open |= dora__is_answer(columns[i].data, columns[i].size);
    for (size_t i = 0; i < dora__builtins_count; i++) {
        enum answer answer = recognises(&dora__builtins[i], &look);
        if (answer == ANSWER_YES)
            return &dora__builtins[i];
        *open |= answer == ANSWER_OPEN;
    }
    return NULL;
}
