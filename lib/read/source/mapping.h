/* SPDX-License-Identifier: MIT */
/*
 * A mapping says what the items of a JSON export state (docs/mappings.md). Its text is parsed once into flat tables:
 * facts, the rules of each, and the parts of each rule's expression. Spans point into the mapping's own copy.
 */
#ifndef DORA_READ_SOURCE_MAPPING_H
#define DORA_READ_SOURCE_MAPPING_H

#include "base/memory.h"
#include "facts/field.h"
#include "read/source/keys.h"
#include "read/source/pattern.h"

enum dora__part_form {
    DORA__PART_PATH,
    DORA__PART_LITERAL,
    DORA__PART_PROJECT,
    DORA__PART_OR,   /* begins the next alternative */
    DORA__PART_PLUS, /* milliseconds are added to an instant in milliseconds */
    DORA__PART_APPLY /* a function of the value before it; the text is its argument */
};

enum dora__function {
    DORA__FUNCTION_LAST,     /* what follows the last slash */
    DORA__FUNCTION_BEFORE,   /* the first place of the argument */
    DORA__FUNCTION_AFTER,    /* the same */
    DORA__FUNCTION_LOWER,    /* ASCII letters */
    DORA__FUNCTION_HASH,     /* 40 or 64 hexadecimal digits, not all zero */
    DORA__FUNCTION_REVERSED, /* an instant that falls as this one rises */
    DORA__FUNCTION_MATCH, /* what the first of the part's words finds: the group of a regular expression, else the whole
                           */
    DORA__FUNCTIONS
};

struct dora__part {
    enum dora__part_form form;
    struct dora__span text;
    enum dora__function function;
    size_t words_from; /* of a match */
    size_t words_count;
    uint16_t key;           /* of a path: the number of the key that it begins with, ... */
    struct dora__span rest; /* ... and what follows */
};

/* Text with * for any text, or a regular expression. */
struct dora__filter_word {
    struct dora__span text;
    struct dora__pattern *pattern; /* NULL: none */
};

/* Words of the mapping's choosing, which the user may replace: of $name in filters and translations. */
struct dora__parameter {
    struct dora__span name;
    size_t words_from;
    size_t words_count;
};

enum dora__rule_form { DORA__RULE_WHEN, DORA__RULE_UNLESS, DORA__RULE_FIELD, DORA__RULE_TRANSLATE };

struct dora__rule {
    enum dora__rule_form form;
    enum dora__field field;
    size_t parts_from;
    size_t parts_count;
    size_t words_from; /* patterns of a filter or a translation; a filter without any asks for a value */
    size_t words_count;
    struct dora__span to; /* of a translation; empty: absent */
    bool lists;           /* some path of it leads to all elements of an array */
    bool translated;      /* of a field: a translation is there */
};

struct dora__fact_rules {
    dora_kind kind;
    struct dora__span each; /* path of an array for each element of which the fact is stated; empty: the item */
    size_t rules_from;
    size_t rules_count;
    uint16_t each_key;
    struct dora__span each_rest;
    uint64_t needs; /* bit k: states nothing of an item without key k; of the first 64 keys */
};

struct dora__mapping {
    struct dora__memory *memory;
    char *text;
    size_t text_size;
    struct dora__span given;  /* words for parameters, within the text */
    struct dora__span *items; /* paths of arrays within an object */
    size_t items_count;
    size_t items_capacity;
    struct dora__parameter *parameters;
    size_t parameters_count;
    size_t parameters_capacity;
    struct dora__fact_rules *facts;
    size_t facts_count;
    size_t facts_capacity;
    struct dora__rule *rules;
    size_t rules_count;
    size_t rules_capacity;
    struct dora__part *parts;
    size_t parts_count;
    size_t parts_capacity;
    struct dora__filter_word *words;
    size_t words_count;
    size_t words_capacity;
    struct dora__keys keys;
    uint16_t each;               /* the key "each", DORA__NO_KEY where no path begins with it */
    struct dora__span within[2]; /* the member that the item is in, where the other is there, too; empty: none */
    uint16_t within_keys[2];
};

/* Parses into a mapping of zeros, with the given words for its parameters. ARGUMENT names the line; free it either way.
 */
dora_status dora__mapping_parse(struct dora__mapping *mapping, struct dora__memory *memory, const char *text,
                                size_t size, struct dora__span given, dora_error *error);
void dora__mapping_free(struct dora__mapping *mapping);

/* The next of given parameters, "NAME=word,word;...", which is taken off; false at the end. */
bool dora__given_next(struct dora__span *given, struct dora__span *name, struct dora__span *words);

/* The first regular expression that is given for a parameter, without its slashes; no data: none. */
struct dora__span dora__given_pattern(const char *given, const char *parameter);

/* The mappings that are built in, made of the .map files. */
struct dora__builtin {
    const char *name;
    const unsigned char *text;
    size_t size;
};
extern const struct dora__builtin dora__builtins[];
extern const size_t dora__builtins_count;

#endif
