/* SPDX-License-Identifier: MIT */
/* See mapping.h. A line is cut into tokens, and its first words say what it is. */
#include "read/source/mapping.h"

#include "base/error.h"

#include <string.h>

enum { TOKENS_MOST = 64 };

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

static void cut(struct line *line, const char *at, const char *end) {
    line->count = 0;
    for (;;) {
        while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
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
        while (at < end && (token->quoted ? *at != '"' : *at != ' ' && *at != '\t' && *at != '\r'))
            at++;
        token->text = (struct dora__span){from, (size_t)(at - from)};
        if (token->quoted && at == end)
            line->problem = "quote without end";
        at += token->quoted && at < end;
    }
}

static bool add_part(struct dora__mapping *mapping, const struct token *token) {
    static const char last[] = "last(";
    struct dora__part part = {DORA__PART_PATH, token->text};
    if (token->quoted)
        part.form = DORA__PART_LITERAL;
    else if (is_word(token, "|"))
        part.form = DORA__PART_OR;
    else if (is_word(token, "+"))
        part.form = DORA__PART_PLUS;
    else if (is_word(token, "project"))
        part.form = DORA__PART_PROJECT;
    else if (part.text.size > sizeof last && memcmp(part.text.data, last, sizeof last - 1) == 0 &&
             part.text.data[part.text.size - 1] == ')')
        part = (struct dora__part){DORA__PART_LAST, {part.text.data + sizeof last - 1, part.text.size - sizeof last}};
    if (!dora__grow(mapping->memory, (void **)&mapping->parts, &mapping->parts_capacity, mapping->parts_count + 1,
                    sizeof part))
        return false;
    mapping->parts[mapping->parts_count++] = part;
    return true;
}

static bool add_words(struct dora__mapping *mapping, const struct token *tokens, size_t count) {
    if (!dora__grow(mapping->memory, (void **)&mapping->words, &mapping->words_capacity, mapping->words_count + count,
                    sizeof *mapping->words))
        return false;
    for (size_t i = 0; i < count; i++)
        mapping->words[mapping->words_count++] = tokens[i].text;
    return true;
}

static bool add_items(struct dora__mapping *mapping, const struct token *tokens, size_t count) {
    if (!dora__grow(mapping->memory, (void **)&mapping->items, &mapping->items_capacity, mapping->items_count + count,
                    sizeof *mapping->items))
        return false;
    for (size_t i = 0; i < count; i++)
        mapping->items[mapping->items_count++] = tokens[i].text;
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
    mapping->facts[mapping->facts_count++] = (struct dora__fact_rules){(dora_kind)kind, mapping->rules_count, 0};
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
        if (!add_part(mapping, &tokens[i]))
            return false;
    size_t words = translate ? 2 : equals + 1, words_end = translate ? equals : filter ? line->count : words;
    if (words < words_end && !add_words(mapping, &tokens[words], words_end - words))
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

/* Lines for others: recognise.c, and the help of the command. */
static bool is_aside(const struct token *token) {
    return is_word(token, "recognise") || is_word(token, "note");
}

dora_status dora__mapping_parse(struct dora__mapping *mapping, struct dora__memory *memory, const char *text,
                                size_t size, dora_error *error) {
    mapping->memory = memory;
    mapping->text = dora__alloc(memory, size + 1, 1);
    if (!mapping->text)
        return dora__fail_memory(error);
    mapping->text_size = size + 1;
    memcpy(mapping->text, text, size);
    mapping->text[size] = '\n';
    struct line line = {.number = 1};
    for (const char *at = mapping->text, *end = at + size; at < end; line.number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at) + 1);
        cut(&line, at, newline);
        bool room = true;
        if (line.count && !line.problem)
            room = is_aside(&line.tokens[0])           ? true
                   : is_word(&line.tokens[0], "items") ? add_items(mapping, line.tokens + 1, line.count - 1)
                   : is_word(&line.tokens[0], "fact")  ? begin_fact(mapping, &line)
                                                       : add_rule(mapping, &line);
        if (!room)
            return dora__fail_memory(error);
        if (line.problem)
            return dora__fail(error, DORA_ERROR_ARGUMENT, "mapping, line %u: %s", line.number, line.problem);
        at = newline + 1;
    }
    if (mapping->facts_count == 0)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "mapping: no fact is stated");
    return DORA_OK;
}

void dora__mapping_free(struct dora__mapping *mapping) {
    if (!mapping->memory)
        return;
    dora__free(mapping->memory, mapping->text, mapping->text_size, 1);
    dora__free(mapping->memory, mapping->items, mapping->items_capacity, sizeof *mapping->items);
    dora__free(mapping->memory, mapping->facts, mapping->facts_capacity, sizeof *mapping->facts);
    dora__free(mapping->memory, mapping->rules, mapping->rules_capacity, sizeof *mapping->rules);
    dora__free(mapping->memory, mapping->parts, mapping->parts_capacity, sizeof *mapping->parts);
    dora__free(mapping->memory, mapping->words, mapping->words_capacity, sizeof *mapping->words);
}
