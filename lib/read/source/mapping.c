/* SPDX-License-Identifier: MIT */
/* See mapping.h. A line is cut into tokens, and its first words say what it is. */
#include "read/source/mapping.h"

#include "base/error.h"

#include <string.h>

enum { TOKENS_MOST = 64, FUNCTIONS_MOST = 8 };

struct token {
    struct dora__span text;
    bool quoted;
};

struct line {
    struct token tokens[TOKENS_MOST];
    size_t count;
    unsigned number;
    const char *problem;
};

static bool is_word(const struct token *token, const char *word) {
    return !token->quoted && token->text.size == strlen(word) && memcmp(token->text.data, word, token->text.size) == 0;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* Spaces within quotes and parentheses belong to a word. NULL: they have no end. */
static const char *end_of_word(const char *at, const char *end) {
    bool quoted = false;
    unsigned open = 0;
    for (; at < end && (quoted || open || !is_space(*at)); at++) {
        quoted ^= *at == '"';
        open += !quoted && *at == '(';
        open -= !quoted && *at == ')' && open;
    }
    return quoted || open ? NULL : at;
}

static void cut(struct line *line, const char *at, const char *end) {
    line->count = 0;
    for (;;) {
        while (at < end && is_space(*at))
            at++;
        if (at == end || *at == '#')
            return;
        if (line->count == TOKENS_MOST) {
            line->problem = "more than 64 words";
            return;
        }
        struct token *token = &line->tokens[line->count++];
        token->quoted = *at == '"';
        at += token->quoted;
        const char *from = at;
        at = token->quoted ? memchr(at, '"', (size_t)(end - at)) : end_of_word(at, end);
        if (!at) {
            line->problem = "quote or bracket without end";
            return;
        }
        token->text = (struct dora__span){from, (size_t)(at - from)};
        at += token->quoted;
    }
}

static const struct {
    const char *name;
    bool takes_text;
    bool takes_words;
} functions[] = {
    [DORA__FUNCTION_LAST] = {"last", false, false},  [DORA__FUNCTION_BEFORE] = {"before", true, false},
    [DORA__FUNCTION_AFTER] = {"after", true, false}, [DORA__FUNCTION_LOWER] = {"lower", false, false},
    [DORA__FUNCTION_HASH] = {"hash", false, false},  [DORA__FUNCTION_REVERSED] = {"reversed", false, false},
    [DORA__FUNCTION_MATCH] = {"match", false, true},
};

static bool put_part(struct dora__mapping *mapping, struct dora__part part) {
    if (!dora__grow(mapping->memory, (void **)&mapping->parts, &mapping->parts_capacity, mapping->parts_count + 1,
                    sizeof part))
        return false;
    mapping->parts[mapping->parts_count++] = part;
    return true;
}

/* Takes the text in quotes at the end of a function's arguments off them; false: there is none. */
static bool take_text(struct dora__span *inner, struct dora__span *text) {
    const char *from = inner->data, *end = from + inner->size;
    if (inner->size < 4 || end[-1] != '"')
        return false;
    const char *quote = end - 2;
    while (quote > from && *quote != '"')
        quote--;
    *text = (struct dora__span){quote + 1, (size_t)(end - 2 - quote)};
    while (quote > from && is_space(quote[-1]))
        quote--;
    if (quote <= from + 1 || quote[-1] != ',' || text->size == 0)
        return false;
    inner->size = (size_t)(quote - 1 - from);
    return true;
}

static const struct dora__parameter *find_parameter(const struct dora__mapping *mapping, struct dora__span name) {
    for (size_t i = 0; i < mapping->parameters_count; i++) {
        const struct dora__parameter *parameter = &mapping->parameters[i];
        if (parameter->name.size == name.size && memcmp(parameter->name.data, name.data, name.size) == 0)
            return parameter;
    }
    return NULL;
}

/* What stands between slashes is a regular expression. */
static bool put_word(struct dora__mapping *mapping, struct dora__span text, bool quoted, struct line *line) {
    struct dora__filter_word word = {text, NULL};
    if (!dora__grow(mapping->memory, (void **)&mapping->words, &mapping->words_capacity, mapping->words_count + 1,
                    sizeof word))
        return false;
    if (!quoted && text.size > 2 && text.data[0] == '/' && text.data[text.size - 1] == '/') {
        word.pattern = dora__alloc_zeroed(mapping->memory, 1, sizeof *word.pattern);
        if (!word.pattern)
            return false;
    }
    mapping->words[mapping->words_count++] = word;
    if (word.pattern) {
        dora_status status = dora__pattern_parse(word.pattern, mapping->memory, text.data + 1, text.size - 2, NULL);
        if (status == DORA_ERROR_MEMORY)
            return false;
        if (status != DORA_OK)
            line->problem = "not a regular expression";
    }
    return true;
}

/* The words; a parameter stands for its own. */
static bool add_words(struct dora__mapping *mapping, const struct token *tokens, size_t count, struct line *line) {
    for (size_t i = 0; i < count; i++) {
        struct dora__span word = tokens[i].text;
        if (tokens[i].quoted || word.size < 2 || *word.data != '$') {
            if (!put_word(mapping, word, tokens[i].quoted, line))
                return false;
            continue;
        }
        const struct dora__parameter *parameter =
            find_parameter(mapping, (struct dora__span){word.data + 1, word.size - 1});
        if (!parameter)
            line->problem = "no such parameter";
        for (size_t k = 0; parameter && k < parameter->words_count; k++)
            if (!put_word(mapping, mapping->words[parameter->words_from + k].text, false, line))
                return false;
    }
    return true;
}

/* Takes the regular expression, or the parameter of such, behind the last comma of a function's arguments off them. */
static bool take_words(struct dora__mapping *mapping, struct dora__span *inner, struct dora__part *part,
                       struct line *line) {
    size_t comma = inner->size;
    while (comma && inner->data[comma - 1] != ',')
        comma--;
    struct token word = {{inner->data + comma, inner->size - comma}, false};
    while (word.text.size && is_space(*word.text.data))
        word.text = (struct dora__span){word.text.data + 1, word.text.size - 1};
    if (comma < 2 || word.text.size < 2 || (*word.text.data != '/' && *word.text.data != '$')) {
        line->problem = "the function takes a path, a comma and /a regular expression/ or $a parameter";
        return true;
    }
    inner->size = comma - 1;
    part->words_from = mapping->words_count;
    if (!add_words(mapping, &word, 1, line))
        return false;
    part->words_count = mapping->words_count - part->words_from;
    return true;
}

/* Whether words may find anything: a hyphen, as of a parameter that was not given, finds nothing. */
static bool can_match(const struct dora__mapping *mapping, const struct dora__part *part) {
    for (size_t i = 0; i < part->words_count; i++) {
        const struct dora__filter_word *word = &mapping->words[part->words_from + i];
        if (word->pattern || word->text.size != 1 || *word->text.data != '-')
            return true;
    }
    return false;
}

/* A path, or functions of one, which follow it from the inner one on. */
static bool add_value(struct dora__mapping *mapping, struct dora__span text, struct line *line) {
    struct dora__part applied[FUNCTIONS_MOST];
    size_t count = 0;
    while (text.size && text.data[text.size - 1] == ')') {
        const char *open = memchr(text.data, '(', text.size);
        size_t name = open ? (size_t)(open - text.data) : 0, i = 0;
        while (i < DORA__FUNCTIONS &&
               (strlen(functions[i].name) != name || memcmp(functions[i].name, text.data, name) != 0))
            i++;
        if (i == DORA__FUNCTIONS || count == FUNCTIONS_MOST) {
            line->problem = "no such function";
            return true;
        }
        struct dora__part part = {.form = DORA__PART_APPLY, .text = {"", 0}, .function = (enum dora__function)i};
        text = (struct dora__span){open + 1, text.size - name - 2};
        if (functions[i].takes_text && !take_text(&text, &part.text))
            line->problem = "the function takes a path, a comma and text in quotes";
        if (functions[i].takes_words && !take_words(mapping, &text, &part, line))
            return false;
        applied[count++] = part;
    }
    if (text.size == 0)
        line->problem = "a path is missing";
    for (size_t i = 0; i < count; i++)
        if (applied[i].function == DORA__FUNCTION_MATCH && !can_match(mapping, &applied[i]))
            return put_part(mapping, (struct dora__part){.form = DORA__PART_LITERAL, .text = {"", 0}});
    bool room = put_part(mapping, (struct dora__part){.form = DORA__PART_PATH, .text = text});
    while (room && count)
        room = put_part(mapping, applied[--count]);
    return room;
}

static bool add_part(struct dora__mapping *mapping, const struct token *token, struct line *line) {
    enum dora__part_form form = token->quoted               ? DORA__PART_LITERAL
                                : is_word(token, "|")       ? DORA__PART_OR
                                : is_word(token, "+")       ? DORA__PART_PLUS
                                : is_word(token, "project") ? DORA__PART_PROJECT
                                                            : DORA__PART_PATH;
    if (form == DORA__PART_PATH)
        return add_value(mapping, token->text, line);
    return put_part(mapping, (struct dora__part){.form = form, .text = token->text});
}

/* The words that were given for a parameter, of which the last hold; else its own. */
static bool add_parameter_words(struct dora__mapping *mapping, struct line *line) {
    struct dora__span given = mapping->given, name, words, found = {NULL, 0};
    const struct dora__span own = line->tokens[1].text;
    while (dora__given_next(&given, &name, &words))
        if (name.size == own.size && memcmp(name.data, own.data, name.size) == 0)
            found = words;
    if (!found.data)
        return add_words(mapping, line->tokens + 3, line->count - 3, line);
    for (const char *at = found.data, *end = at + found.size; at <= end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;
        if (stop > at && !put_word(mapping, (struct dora__span){at, (size_t)(stop - at)}, false, line))
            return false;
        at = stop + 1;
    }
    return true;
}

static bool add_parameter(struct dora__mapping *mapping, struct line *line) {
    const struct token *tokens = line->tokens;
    if (line->count < 4 || !is_word(&tokens[2], "=")) {
        line->problem = "parameter takes a name, = and words";
        return true;
    }
    struct dora__parameter parameter = {tokens[1].text, mapping->words_count, line->count - 3};
    if (!add_parameter_words(mapping, line) ||
        !dora__grow(mapping->memory, (void **)&mapping->parameters, &mapping->parameters_capacity,
                    mapping->parameters_count + 1, sizeof parameter))
        return false;
    parameter.words_count = mapping->words_count - parameter.words_from;
    mapping->parameters[mapping->parameters_count++] = parameter;
    return true;
}

static bool add_items(struct dora__mapping *mapping, struct line *line) {
    size_t count = line->count - 1;
    if (!dora__grow(mapping->memory, (void **)&mapping->items, &mapping->items_capacity, mapping->items_count + count,
                    sizeof *mapping->items))
        return false;
    for (size_t i = 0; i < count; i++)
        mapping->items[mapping->items_count++] = line->tokens[i + 1].text;
    return true;
}

static bool begin_fact(struct dora__mapping *mapping, struct line *line) {
    int kind = line->count == 2 ? dora__kind_find(line->tokens[1].text.data, line->tokens[1].text.size) : -1;
    if (kind < 0) {
        line->problem = "fact takes one kind of fact";
        return true;
    }
    if (!dora__grow(mapping->memory, (void **)&mapping->facts, &mapping->facts_capacity, mapping->facts_count + 1,
                    sizeof *mapping->facts))
        return false;
    mapping->facts[mapping->facts_count++] =
        (struct dora__fact_rules){.kind = (dora_kind)kind, .rules_from = mapping->rules_count};
    return true;
}

static enum dora__field field_of(const struct dora__mapping *mapping, const struct token *token, struct line *line) {
    enum dora__field field = dora__field_find(token->text.data, token->text.size);
    const uint64_t common = DORA__BIT(DORA__ID) | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED);
    dora_kind kind = mapping->facts[mapping->facts_count - 1].kind;
    if (field >= DORA__FIELDS || !((dora__kinds[kind].fields | common) & DORA__BIT(field)))
        line->problem = "the fact has no such field";
    return field;
}

static bool set_each(struct dora__mapping *mapping, struct line *line) {
    if (mapping->facts_count == 0 || line->count != 2)
        line->problem = "each takes the path of an array, within a fact";
    else
        mapping->facts[mapping->facts_count - 1].each = line->tokens[1].text;
    return true;
}

/* A rule of the fact at hand. */
static bool add_rule(struct dora__mapping *mapping, struct line *line) {
    const struct token *tokens = line->tokens;
    struct dora__rule rule = {
        .form = DORA__RULE_FIELD, .parts_from = mapping->parts_count, .words_from = mapping->words_count};
    bool filter = is_word(&tokens[0], "when") || is_word(&tokens[0], "unless");
    bool translate = is_word(&tokens[0], "translate");
    size_t equals = 0, from = filter ? 1 : 2;
    while (equals < line->count && !is_word(&tokens[equals], "="))
        equals++;
    size_t end = filter ? equals : line->count;
    if (filter && equals == line->count && line->count > 2 && is_word(&tokens[line->count - 1], "known"))
        end--;
    else if (equals == line->count || equals + 1 == line->count)
        line->problem = "= and what it is equal to are missing";
    if (!line->problem && mapping->facts_count == 0)
        line->problem = "a rule stands before the first fact";
    if (line->problem)
        return true;
    if (filter) {
        rule.form = is_word(&tokens[0], "when") ? DORA__RULE_WHEN : DORA__RULE_UNLESS;
    } else if (translate) {
        rule.form = DORA__RULE_TRANSLATE;
        if (equals < 3 || equals + 2 != line->count) {
            line->problem = "translate takes a field, words, = and one word";
            return true;
        }
        rule.field = field_of(mapping, &tokens[1], line);
        rule.to = is_word(&tokens[equals + 1], "-") ? (struct dora__span){"", 0} : tokens[equals + 1].text;
        from = end = 0;
    } else {
        if (equals != 1)
            line->problem = "a rule begins with a field and =";
        else
            rule.field = field_of(mapping, &tokens[0], line);
    }
    for (size_t i = from; i < end; i++)
        if (!add_part(mapping, &tokens[i], line))
            return false;
    rule.words_from = mapping->words_count; /* behind those of functions */
    size_t words = translate ? 2 : equals + 1, words_end = translate ? equals : filter ? line->count : words;
    if (words < words_end && !add_words(mapping, &tokens[words], words_end - words, line))
        return false;
    rule.parts_count = mapping->parts_count - rule.parts_from;
    rule.words_count = mapping->words_count - rule.words_from;
    if (!dora__grow(mapping->memory, (void **)&mapping->rules, &mapping->rules_capacity, mapping->rules_count + 1,
                    sizeof rule))
        return false;
    mapping->rules[mapping->rules_count++] = rule;
    mapping->facts[mapping->facts_count - 1].rules_count++;
    return true;
}

static bool set_within(struct dora__mapping *mapping, struct line *line) {
    if (line->count != 3 || mapping->within[0].size || !line->tokens[1].text.size || !line->tokens[2].text.size)
        line->problem = "within is followed by the name of a member and of another, once";
    for (size_t i = 0; i < 2 && !line->problem; i++)
        mapping->within[i] = line->tokens[1 + i].text;
    return true;
}

/* Lines for others: recognise.c, and the help of the command. */
static bool is_aside(const struct token *token) {
    return is_word(token, "recognise") || is_word(token, "note");
}

static bool add_line(struct dora__mapping *mapping, struct line *line) {
    static const struct {
        const char *word;
        bool (*add)(struct dora__mapping *mapping, struct line *line);
    } forms[] = {{"items", add_items},
                 {"fact", begin_fact},
                 {"each", set_each},
                 {"parameter", add_parameter},
                 {"within", set_within}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (is_word(&line->tokens[0], forms[i].word))
            return forms[i].add(mapping, line);
    return is_aside(&line->tokens[0]) || add_rule(mapping, line);
}

/* Whether a filter holds only where all of its paths have a value. */
static bool needs_all(const struct dora__mapping *mapping, const struct dora__rule *rule) {
    if (rule->form != DORA__RULE_WHEN)
        return false;
    for (size_t i = 0; i < rule->parts_count; i++)
        if (mapping->parts[rule->parts_from + i].form == DORA__PART_OR)
            return false;
    return true;
}

static bool number_path(struct dora__mapping *mapping, struct dora__span path, uint16_t *key, struct dora__span *rest) {
    const char *end = path.data + path.size, *next;
    struct dora__span name = dora__key_at(path.data, end, &next);
    *rest = (struct dora__span){next, (size_t)(end - next)};
    return dora__keys_add(&mapping->keys, mapping->memory, name, key);
}

/* What of a fact's rules is known before any item. */
static void note_rules(struct dora__mapping *mapping, struct dora__fact_rules *fact) {
    struct dora__rule *rules = mapping->rules + fact->rules_from;
    for (size_t i = 0; i < fact->rules_count; i++) {
        bool all = needs_all(mapping, &rules[i]);
        for (size_t k = 0; k < rules[i].parts_count; k++) {
            const struct dora__part *part = &mapping->parts[rules[i].parts_from + k];
            if (part->form != DORA__PART_PATH)
                continue;
            rules[i].lists |= memchr(part->text.data, '*', part->text.size) != NULL;
            if (all && part->key < 64 && part->key != mapping->each)
                fact->needs |= UINT64_C(1) << part->key;
        }
        for (size_t k = 0; k < fact->rules_count; k++)
            rules[i].translated |= rules[i].form == DORA__RULE_FIELD && rules[k].form == DORA__RULE_TRANSLATE &&
                                   rules[k].field == rules[i].field;
    }
}

/* Numbers the keys that paths begin with. False: out of memory, or more than 65,534. */
static bool number_keys(struct dora__mapping *mapping) {
    for (size_t i = 0; i < mapping->parts_count; i++) {
        struct dora__part *part = &mapping->parts[i];
        if (part->form == DORA__PART_PATH && !number_path(mapping, part->text, &part->key, &part->rest))
            return false;
    }
    mapping->each = dora__keys_find(&mapping->keys, "each", 4);
    for (size_t i = 0; i < mapping->facts_count; i++) {
        struct dora__fact_rules *fact = &mapping->facts[i];
        if (fact->each.data && !number_path(mapping, fact->each, &fact->each_key, &fact->each_rest))
            return false;
        note_rules(mapping, fact);
        if (fact->each.data && fact->each_key < 64)
            fact->needs |= UINT64_C(1) << fact->each_key;
    }
    return !mapping->within[0].size ||
           (dora__keys_add(&mapping->keys, mapping->memory, mapping->within[0], &mapping->within_keys[0]) &&
            dora__keys_add(&mapping->keys, mapping->memory, mapping->within[1], &mapping->within_keys[1]));
}

dora_status dora__mapping_parse(struct dora__mapping *mapping, struct dora__memory *memory, const char *text,
                                size_t size, struct dora__span given, dora_error *error) {
    mapping->memory = memory;
    mapping->text = dora__alloc(memory, size + 1 + given.size, 1);
    if (!mapping->text)
        return dora__fail_memory(error);
    mapping->text_size = size + 1 + given.size;
    memcpy(mapping->text, text, size);
    mapping->text[size] = '\n';
    if (given.size)
        memcpy(mapping->text + size + 1, given.data, given.size);
    mapping->given = (struct dora__span){mapping->text + size + 1, given.size};
    struct line line = {.number = 1};
    for (const char *at = mapping->text, *end = at + size; at < end; line.number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at) + 1);
        cut(&line, at, newline);
        bool room = true;
        if (line.count && !line.problem)
            room = add_line(mapping, &line);
        if (!room)
            return dora__fail_memory(error);
        if (line.problem)
            return dora__fail(error, DORA_ERROR_ARGUMENT, "mapping, line %u: %s", line.number, line.problem);
        at = newline + 1;
    }
    if (mapping->facts_count == 0)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "mapping: no fact is stated");
    if (!number_keys(mapping))
        return dora__fail_memory(error);
    return DORA_OK;
}

void dora__mapping_free(struct dora__mapping *mapping) {
    if (!mapping->memory)
        return;
    dora__free(mapping->memory, mapping->text, mapping->text_size, 1);
    dora__keys_free(&mapping->keys, mapping->memory);
    dora__free(mapping->memory, mapping->items, mapping->items_capacity, sizeof *mapping->items);
    dora__free(mapping->memory, mapping->parameters, mapping->parameters_capacity, sizeof *mapping->parameters);
    dora__free(mapping->memory, mapping->facts, mapping->facts_capacity, sizeof *mapping->facts);
    dora__free(mapping->memory, mapping->rules, mapping->rules_capacity, sizeof *mapping->rules);
    dora__free(mapping->memory, mapping->parts, mapping->parts_capacity, sizeof *mapping->parts);
    for (size_t i = 0; i < mapping->words_count; i++)
        if (mapping->words[i].pattern) {
            dora__pattern_free(mapping->words[i].pattern);
            dora__free(mapping->memory, mapping->words[i].pattern, 1, sizeof *mapping->words[i].pattern);
        }
    dora__free(mapping->memory, mapping->words, mapping->words_capacity, sizeof *mapping->words);
}
