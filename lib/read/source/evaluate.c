/* SPDX-License-Identifier: MIT */
/*
 * See source.h. The members of an item are numbered once; a path is followed from there. Values are put together as
 * text in one buffer, whose places become pointers only when the fact is whole, since the buffer moves as it grows.
 */
#include "read/source/git.h"
#include "read/source/source.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/text.h"
#include "calendar/instant.h"

#include <string.h>

enum { STARS_MOST = 8 };

static bool put_text(struct dora_reader *reader, const char *data, size_t size) {
    struct dora__export *source = reader->source;
    if (size == 0)
        return true;
    if (size > source->text_capacity - source->text_size &&
        !dora__grow(reader->memory, (void **)&source->text, &source->text_capacity, source->text_size + size, 1)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return false;
    }
    memcpy(source->text + source->text_size, data, size);
    source->text_size += size;
    return true;
}

/* A scalar as text; null, nested and empty values put nothing. */
static void put_raw(struct dora_reader *reader, const struct dora__raw *raw, bool list) {
    if (raw->form == DORA__JSON_NULL || raw->form == DORA__JSON_ARRAY || raw->form == DORA__JSON_OBJECT)
        return;
    size_t size = raw->size;
    const char *data = raw->data;
    reader->scratch_used = reader->source->scratch_kept;
    if (raw->form == DORA__JSON_ESCAPED)
        data = dora__unescape(reader, raw, &size, true);
    if (put_text(reader, data, size) && list)
        put_text(reader, &reader->source->between, 1);
}

static struct dora__json inside(const struct dora__raw *raw) {
    struct dora__json json = {raw->data + 1, raw->data + raw->size, NULL, false};
    dora__json_skip_space(&json);
    return json;
}

/* The next element or member; false at the end. The grammar was checked. */
static bool next_value(struct dora__json *json, struct dora__raw *key, struct dora__raw *value) {
    dora__json_skip_space(json);
    if (json->at < json->end && *json->at == ',')
        json->at++;
    dora__json_skip_space(json);
    if (json->at == json->end || *json->at == ']' || *json->at == '}')
        return false;
    return (!key || dora__json_key(json, key)) && dora__json_value(json, value, 0);
}

static bool is_key(const struct dora__raw *key, const char *name, size_t size) {
    return key->size == size && memcmp(key->data, name, size) == 0;
}

static bool find_member(const struct dora__raw *object, const char *name, size_t size, struct dora__raw *found) {
    struct dora__raw key, value;
    bool any = false;
    if (object->form != DORA__JSON_OBJECT)
        return false;
    for (struct dora__json json = inside(object); next_value(&json, &key, &value);)
        if (is_key(&key, name, size)) {
            *found = value;
            any = true;
        }
    return any;
}

/* The value of the key with that number, and in a fact of elements the element itself as `each`. */
static bool find_top(const struct dora__export *source, uint16_t key, struct dora__raw *found) {
    *found = source->each.data && key == source->mapping.each ? source->each : source->values[key];
    return found->data != NULL;
}

/* Whether the element's member, from `path` to `equals`, is the text that stands before the closing bracket. */
static bool is_chosen(const struct dora__raw *element, const char *path, const char *equals, const char *close) {
    struct dora__raw found;
    const char *text = equals + 1;
    if (close - text > 1 && *text == '"') {
        text++;
        close--;
    }
    return find_member(element, path, (size_t)(equals - path), &found) && is_key(&found, text, (size_t)(close - text));
}

/* Puts the values that the path leads to from `here`, of a list all of them, else the first. */
static void put_path(struct dora_reader *reader, struct dora__raw here, const char *path, const char *end, bool list,
                     unsigned stars) {
    while (path < end) {
        if (*path == '[') {
            const char *close = memchr(path, ']', (size_t)(end - path));
            const char *equals = close ? memchr(path, '=', (size_t)(close - path)) : NULL;
            if (!close || here.form != DORA__JSON_ARRAY || stars == STARS_MOST)
                return;
            bool all = path[1] == '*';
            size_t wanted = 0, at = 0;
            for (const char *p = path + 1; p < close && !all && wanted < SIZE_MAX / 16 && *p >= '0' && *p <= '9'; p++)
                wanted = wanted * 10 + (size_t)(*p - '0');
            struct dora__raw element;
            size_t before = reader->source->text_size;
            for (struct dora__json json = inside(&here); next_value(&json, NULL, &element); at++) {
                if (equals ? !is_chosen(&element, path + 1, equals, close) : !all && at != wanted)
                    continue;
                put_path(reader, element, close + 1, end, list, stars + 1);
                if (!all || (!list && reader->source->text_size > before))
                    return;
            }
            return;
        }
        path += *path == '.';
        const char *next;
        const struct dora__span key = dora__key_at(path, end, &next);
        struct dora__raw found;
        if (next == path || !find_member(&here, key.data, key.size, &found))
            return;
        here = found;
        path = next;
    }
    put_raw(reader, &here, list);
}

static void put_part(struct dora_reader *reader, const struct dora__part *part, bool list) {
    struct dora__export *source = reader->source;
    struct dora__raw top;
    if (part->form == DORA__PART_LITERAL)
        put_text(reader, part->text.data, part->text.size);
    else if (part->form == DORA__PART_PROJECT && source->project)
        put_text(reader, source->project, source->project_size);
    else if (part->form == DORA__PART_PATH && find_top(source, part->key, &top)) {
        if (part->rest.size)
            put_path(reader, top, part->rest.data, part->rest.data + part->rest.size, list, 0);
        else
            put_raw(reader, &top, list);
    }
}

static bool whole_number(const char *text, size_t size, int64_t *value) {
    int64_t number = 0;
    if (size == 0 || size > 15)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *value = number;
    return true;
}

/* Whether a date and time have all their digits, as nearly always: then all that divides them stands in its place. */
static bool is_padded(const char *text, size_t size) {
    enum { WHOLE = sizeof "2022-01-01T08:51:47" - 1 }; /* behind it a fraction, Z or an offset to the east */
    return size >= WHOLE && text[7] == '-' && (text[10] == 'T' || text[10] == ' ') && text[13] == ':' &&
           text[16] == ':' && (size == WHOLE || text[WHOLE] == 'Z' || text[WHOLE] == '.' || text[WHOLE] == '+');
}

/* Fills in the zeros that "2022-1-1 8:51:47" leaves out. */
static void pad_instant(struct dora_reader *reader, size_t from) {
    struct dora__export *source = reader->source;
    char out[48];
    size_t size = source->text_size - from, used = 0, digits = 0, colons = 0;
    if (size < 8 || size > 40 || source->text[from + 4] != '-' || is_padded(source->text + from, size))
        return;
    for (size_t i = 0; i <= size && used + 3 < sizeof out; i++) {
        char c = i < size ? source->text[from + i] : '\0';
        bool date_or_time = colons < 3;
        if (date_or_time && digits == 1 && (c < '0' || c > '9')) {
            out[used] = out[used - 1];
            out[used++ - 1] = '0';
        }
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        colons += c == '.' || c == 'Z' || c == '+' ? 3 : 0;
        if (c)
            out[used++] = c;
    }
    source->text_size = from;
    put_text(reader, out, used);
}

/* Sentinels of tools that write an instant where they know none: the years 1 and 9999, and the begin of the epoch. */
static bool is_no_instant(const char *text, size_t size) {
    static const char epoch[] = "1970-01-01T00:00:00";
    bool begin = size >= sizeof epoch - 1 && memcmp(text, epoch, 10) == 0 && memcmp(text + 11, epoch + 11, 8) == 0;
    return begin || (size == 1 && *text == '0') || (size >= 10 && memcmp(text, "0001-01-01", 10) == 0) ||
           (size >= 5 && memcmp(text, "9999-", 5) == 0);
}

/* Puts the sum of the number at `from` and the one at `second` in their place; to a written instant seconds are added.
 */
static bool put_sum(struct dora_reader *reader, size_t from, size_t second) {
    const int64_t seconds_most = INT64_C(100000000000);
    struct dora__export *source = reader->source;
    int64_t left, right;
    char digits[DORA__NUMBER_ROOM];
    const char *point = memchr(source->text + second, '.', source->text_size - second);
    size_t whole = point ? (size_t)(point - source->text) - second : source->text_size - second;
    if (!whole_number(source->text + second, whole, &right) || is_no_instant(source->text + from, second - from))
        return false;
    source->text_size = second;
    if (!whole_number(source->text + from, second - from, &left)) {
        pad_instant(reader, from);
        if (right > seconds_most || dora__parse_instant(source->text + from, source->text_size - from, &left))
            return false;
        right *= 1000000;
    }
    size_t size = dora__format_int64(digits, left + right);
    source->text_size = from;
    return put_text(reader, digits, size);
}

/* Puts the first alternative all of whose parts have a value; false: none. */
static bool put_expression(struct dora_reader *reader, const struct dora__rule *rule, bool list) {
    struct dora__export *source = reader->source;
    const struct dora__part *part = source->mapping.parts + rule->parts_from, *end = part + rule->parts_count;
    size_t from = source->text_size, left = from;
    bool known = true, plus = false;
    for (; part < end; part++) {
        if (part->form == DORA__PART_OR) {
            if (known && source->text_size > from)
                return true;
            known = true;
            source->text_size = from;
            continue;
        }
        if (part->form == DORA__PART_PLUS) {
            plus = true;
            continue;
        }
        if (part->form == DORA__PART_APPLY) {
            dora__apply_function(reader, part, left, list);
            known = known && source->text_size > left;
            continue;
        }
        size_t before = source->text_size;
        put_part(reader, part, list);
        known = known && source->text_size > before && (!plus || put_sum(reader, left, before));
        left = plus ? left : before;
        plus = false;
    }
    if (known && source->text_size > from)
        return true;
    source->text_size = from;
    return false;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* A pattern in which * stands for any text; ASCII case is ignored. */
static bool matches_glob(const struct dora__span *pattern, const char *text, size_t size) {
    size_t at = 0, p = 0, star = SIZE_MAX, star_at = 0;
    while (at < size) {
        if (p < pattern->size && pattern->data[p] == '*') {
            star = p++;
            star_at = at;
        } else if (p < pattern->size && lower(pattern->data[p]) == lower(text[at])) {
            p++;
            at++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (p < pattern->size && pattern->data[p] == '*')
        p++;
    return p == pattern->size;
}

bool dora__word_matches(const struct dora__filter_word *word, const char *text, size_t size,
                        size_t slots[DORA__PATTERN_SLOTS]) {
    if (word->pattern)
        return dora__pattern_find(word->pattern, text, size, slots);
    slots[0] = 0;
    slots[1] = size;
    slots[2] = slots[3] = SIZE_MAX;
    return matches_glob(&word->text, text, size);
}

static bool any_matches(const struct dora__export *source, const struct dora__rule *rule, size_t from, bool list) {
    size_t slots[DORA__PATTERN_SLOTS];
    for (size_t i = 0; i < rule->words_count; i++) {
        const struct dora__filter_word *word = &source->mapping.words[rule->words_from + i];
        if (!list && dora__word_matches(word, source->text + from, source->text_size - from, slots))
            return true;
        for (size_t at = from, end; list && at < source->text_size; at = end + 1) {
            for (end = at; end < source->text_size && source->text[end] != source->between;)
                end++;
            if (dora__word_matches(word, source->text + at, end - at, slots))
                return true;
        }
    }
    return rule->words_count == 0;
}

static bool passes(struct dora_reader *reader, const struct dora__rule *rule) {
    struct dora__export *source = reader->source;
    size_t from = source->text_size;
    source->between = '\0'; /* names may have spaces */
    bool met = put_expression(reader, rule, rule->lists) && any_matches(source, rule, from, rule->lists);
    source->between = ' ';
    source->text_size = from;
    return met == (rule->form == DORA__RULE_WHEN);
}

/* Fetches where the pool keeps a string that is most likely new, as ids and long texts are, while the rest of the fact
   is put together. */
static void fetch_string(struct dora_reader *reader, enum dora__field field, const char *text, size_t size) {
    enum { LONG = 20 };
    if (dora__fields[field].type != DORA__STRING || (size < LONG && field != DORA__ID))
        return;
    const struct dora__pool *pool = &reader->facts->strings;
    dora__pool_prefetch(pool, dora__pool_hash(pool, text, size));
}

/* The values of one fact. */
static void state_fact(struct dora_reader *reader, const struct dora__fact_rules *fact, const char *item, size_t size,
                       uint64_t byte) {
    struct dora__export *source = reader->source;
    const struct dora__rule *rules = source->mapping.rules + fact->rules_from;
    size_t from[DORA__FIELDS], sizes[DORA__FIELDS];
    source->text_size = 0;
    reader->raws_seen = 0;
    for (size_t i = 0; i < fact->rules_count; i++)
        if (rules[i].form <= DORA__RULE_UNLESS && !passes(reader, &rules[i]))
            return;
    for (size_t i = 0; i < fact->rules_count; i++) {
        enum dora__field field = rules[i].field;
        size_t begin = source->text_size;
        if (rules[i].form != DORA__RULE_FIELD || !put_expression(reader, &rules[i], DORA__BIT(field) & DORA__LISTS))
            continue;
        for (size_t k = 0; rules[i].translated && k < fact->rules_count; k++)
            if (rules[k].form == DORA__RULE_TRANSLATE && rules[k].field == field &&
                any_matches(source, &rules[k], begin, false)) {
                source->text_size = begin;
                put_text(reader, rules[k].to.data, rules[k].to.size);
                break;
            }
        if (dora__fields[field].type == DORA__INSTANT && source->text_size > begin) {
            if (is_no_instant(source->text + begin, source->text_size - begin))
                source->text_size = begin;
            else
                pad_instant(reader, begin);
        }
        from[field] = begin;
        sizes[field] = source->text_size - begin;
        if (sizes[field]) {
            reader->raws_seen |= DORA__BIT(field);
            fetch_string(reader, field, source->text + begin, sizes[field]);
        }
    }
    for (uint64_t left = reader->raws_seen; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        reader->raws[field] = (struct dora__raw){source->text + from[field], sizes[field], DORA__TEXT};
    }
    reader->kind = fact->kind;
    if (reader->failure.status == DORA_OK)
        dora__convert_record(reader, item, size, byte);
}

/* One fact of the item, or one of each element of an array in it. */
static void state_facts(struct dora_reader *reader, const struct dora__fact_rules *fact, const char *item, size_t size,
                        uint64_t byte) {
    struct dora__raw here, element;
    const char *path = fact->each_rest.data, *end = path ? path + fact->each_rest.size : NULL;
    if (!fact->each.data) {
        state_fact(reader, fact, item, size, byte);
        return;
    }
    if (!find_top(reader->source, fact->each_key, &here))
        return;
    while (path < end) {
        path += *path == '.';
        const char *from = path;
        const struct dora__span key = dora__key_at(from, end, &path);
        struct dora__raw found;
        if (path == from || !find_member(&here, key.data, key.size, &found))
            return;
        here = found;
    }
    if (here.form != DORA__JSON_ARRAY)
        return;
    for (struct dora__json json = inside(&here);
         reader->failure.status == DORA_OK && next_value(&json, NULL, &element);) {
        reader->source->each = element;
        state_fact(reader, fact, item, size, byte);
    }
    reader->source->each = (struct dora__raw){NULL, 0, DORA__JSON_NULL};
}

void dora__export_begin(struct dora_reader *reader) {
    struct dora__export *source = reader->source;
    for (size_t i = 0; i < source->mapping.keys.count; i++)
        source->values[i].data = NULL;
    source->known = 0;
    reader->unknown_count = 0;
}

void dora__export_member(struct dora_reader *reader, const struct dora__raw *key, const struct dora__raw *value) {
    struct dora__export *source = reader->source;
    dora__export_value(source, dora__keys_find(&source->mapping.keys, key->data, key->size), value);
}

/* Tables that keep the answers of tools have them in a member, as an object or as the text of one: that is then the
   item. */
static bool enter_answer(struct dora_reader *reader, size_t size, uint64_t byte) {
    struct dora__export *source = reader->source;
    const struct dora__mapping *mapping = &source->mapping;
    if (!mapping->within[0].size || source->entered)
        return false;
    struct dora__raw answer = source->values[mapping->within_keys[0]];
    if (!answer.data || !source->values[mapping->within_keys[1]].data)
        return false;
    size_t kept = source->scratch_kept;
    if (answer.form == DORA__JSON_ESCAPED) {
        if (!dora__reserve_scratch(reader, 2 * size)) /* its own text is unescaped behind it */
            return true;
        reader->scratch_used = 0;
        answer.data = dora__unescape(reader, &answer, &answer.size, true);
        source->scratch_kept = reader->scratch_used;
        struct dora__json json = {answer.data, answer.data + answer.size, NULL, false};
        if (!dora__json_value(&json, &answer, 0) || json.at < json.end)
            answer.form = DORA__JSON_NULL;
    }
    source->entered = answer.form == DORA__JSON_OBJECT;
    if (source->entered)
        dora__export_item(reader, answer.data, answer.size, byte);
    bool entered = source->entered;
    source->entered = false;
    source->scratch_kept = kept;
    return entered;
}

void dora__export_facts(struct dora_reader *reader, const char *item, size_t size, uint64_t byte) {
    if (enter_answer(reader, size, byte))
        return;
    const struct dora__mapping *mapping = &reader->source->mapping;
    uint64_t before = reader->records;
    for (size_t i = 0; i < mapping->facts_count && reader->failure.status == DORA_OK; i++)
        if (!(mapping->facts[i].needs & ~reader->source->known))
            state_facts(reader, &mapping->facts[i], item, size, byte);
    reader->facts->items++;
    reader->facts->silent += reader->records == before;
}

void dora__export_item(struct dora_reader *reader, const char *item, size_t size, uint64_t byte) {
    const struct dora__raw object = {item, size, DORA__JSON_OBJECT};
    struct dora__raw key, value;
    dora__export_begin(reader);
    if (!dora__reserve_scratch(reader, size))
        return;
    for (struct dora__json json = inside(&object);
         reader->failure.status == DORA_OK && next_value(&json, &key, &value);)
        dora__export_member(reader, &key, &value);
    dora__export_facts(reader, item, size, byte);
}

bool dora__export_reads(const struct dora__export *source, const char *name, size_t size) {
    return dora__keys_find(&source->mapping.keys, name, size) != DORA__NO_KEY;
}

static dora_status open_export(struct dora_reader *reader, const char *text, size_t size, const char *project,
                               size_t project_size, dora_error *error) {
    struct dora__export *source = reader->source = dora__alloc_zeroed(reader->memory, 1, sizeof *source);
    if (!source)
        return dora__fail_memory(error);
    if (project_size) {
        source->project = dora__alloc(reader->memory, project_size, 1);
        if (!source->project)
            return dora__fail_memory(error);
        memcpy(source->project, project, project_size);
        source->project_size = project_size;
    }
    const struct dora__span given = {reader->parameters, reader->parameters_size};
    dora_status status = dora__mapping_parse(&source->mapping, reader->memory, text, size, given, error);
    if (status != DORA_OK || !source->mapping.keys.count)
        return status;
    source->values = dora__alloc_zeroed(reader->memory, source->mapping.keys.count, sizeof *source->values);
    return source->values ? DORA_OK : dora__fail_memory(error);
}

dora_status dora__export_new(struct dora_reader *reader, const dora_reader_options *options, dora_error *error) {
    const char *text = options->mapping, *name = NULL;
    size_t size = options->mapping_size;
    for (size_t i = 0; i < dora__builtins_count && options->source; i++)
        if (strcmp(options->source, dora__builtins[i].name) == 0) {
            text = (const char *)dora__builtins[i].text;
            size = dora__builtins[i].size;
            name = dora__builtins[i].name;
        }
    if (options->source && options->mapping)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "a source and a mapping exclude each other");
    if (!text)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no source is named '%s'",
                          dora__quote(options->source, strlen(options->source)).text);
    dora_status status =
        open_export(reader, text, size, options->project, options->project ? strlen(options->project) : 0, error);
    if (status == DORA_OK)
        reader->source->name = name;
    return status;
}

void dora__export_take(struct dora_reader *reader, const struct dora__builtin *builtin) {
    size_t project_size;
    const char *project = dora__git_project(reader->git, &project_size);
    dora_status status = open_export(reader, (const char *)builtin->text, builtin->size, project, project_size, NULL);
    if (status == DORA_OK)
        reader->source->name = builtin->name;
    else
        dora__reader_fail(reader, status);
    reader->threads = NULL; /* items are read by one */
}

void dora__export_free(struct dora_reader *reader) {
    struct dora__export *source = reader->source;
    if (!source)
        return;
    dora__free(reader->memory, source->values, source->mapping.keys.count, sizeof *source->values);
    dora__mapping_free(&source->mapping);
    dora__free(reader->memory, source->project, source->project_size, 1);
    dora__free(reader->memory, source->text, source->text_capacity, 1);
    dora__free(reader->memory, source, 1, sizeof *source);
}
