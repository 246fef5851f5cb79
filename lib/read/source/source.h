/* SPDX-License-Identifier: MIT */
/*
 * Reads exports through a mapping. Of JSON container.c walks what holds the items, in constant memory, with an explicit
 * place; of CSV each row is an item. evaluate.c states the facts of one item.
 */
#ifndef DORA_READ_SOURCE_SOURCE_H
#define DORA_READ_SOURCE_SOURCE_H

#include "read/json.h"
#include "read/source/mapping.h"

enum { DORA__SOURCE_DEPTH_MOST = 16, DORA__SOURCE_PATH_MOST = 256 };

/* The members of the items of an export stand in the same order, so that a key is known by one comparison. */
enum { DORA__EXPECTED = 64 };
struct dora__expected {
    char text[36]; /* with quotes and colon, of ASCII without escapes */
    uint8_t size;  /* 0: not known yet */
    uint16_t number;
};

enum dora__place_form { DORA__AT_TOP, DORA__AT_MEMBERS, DORA__AT_ITEMS };

/* Where in the containers the next byte stands. */
struct dora__place {
    enum dora__place_form form;
    bool joined;    /* a comma or a closing bracket is next */
    unsigned depth; /* objects that are open */
    size_t path_sizes[DORA__SOURCE_DEPTH_MOST];
    size_t path_size;
    char path[DORA__SOURCE_PATH_MOST]; /* keys of the open objects, joined by dots */
};

struct dora__export {
    const char *name; /* of a built-in mapping, else NULL */
    struct dora__mapping mapping;
    char *project; /* NULL: not given */
    size_t project_size;
    struct dora__place place;
    struct dora__expected expected[DORA__EXPECTED]; /* by the place of a member in its item */
    bool skipping;                                  /* past the rest of a rejected item */
    bool in_string;
    bool escaped;
    unsigned level;
    size_t scratch_kept;      /* bytes of the scratch that the item at hand is in */
    struct dora__raw *values; /* of the item at hand by number of key; those without data are not there */
    uint64_t known;           /* bit k: key k is there and not null; of the first 64 */
    struct dora__raw each;    /* the element that a fact is stated of; no data: the item itself */
    bool entered;             /* the item at hand stood in another one */
    char between;             /* what each value of a list ends in */
    char *text;               /* values of the fact at hand */
    size_t text_size;
    size_t text_capacity;
};

/* Keeps the words for parameters, if they are well-formed and, with no mapping named, some built-in one has them. */
dora_status dora__parameters_take(struct dora_reader *reader, const dora_reader_options *options, dora_error *error);

/* Takes the options that name a mapping. */
dora_status dora__export_new(struct dora_reader *reader, const dora_reader_options *options, dora_error *error);
/* The same of a built-in mapping that the input was recognised by; what it fails with ends the reader. */
void dora__export_take(struct dora_reader *reader, const struct dora__builtin *builtin);
void dora__export_free(struct dora_reader *reader);

/* Reads whole items from the front of bytes; returns how many bytes are done with. */
size_t dora__read_export(struct dora_reader *reader, const char *bytes, size_t size, bool final);

/* Whether an item is short enough, and well-formed UTF-8, which is looked at where it has `high` bytes; else it is
   rejected. */
bool dora__export_accepts(struct dora_reader *reader, const char *item, size_t size, bool high, uint64_t byte);

/* The facts of an item whose members are given one by one; item[0..size) is what it was read from. */
void dora__export_begin(struct dora_reader *reader);
void dora__export_member(struct dora_reader *reader, const struct dora__raw *key, const struct dora__raw *value);
/* The same by the number of its key, which may be DORA__NO_KEY. */
static inline void dora__export_value(struct dora__export *source, uint16_t number, const struct dora__raw *value) {
    if (number == DORA__NO_KEY)
        return;
    source->values[number] = *value;
    if (number < 64) { /* of a key given twice the last counts */
        uint64_t bit = UINT64_C(1) << number;
        source->known = value->form == DORA__JSON_NULL ? source->known & ~bit : source->known | bit;
    }
}
void dora__export_facts(struct dora_reader *reader, const char *item, size_t size, uint64_t byte);

/* Whether the mapping looks at a member of that name. */
bool dora__export_reads(const struct dora__export *source, const char *name, size_t size);

/* Whether a text is as a word of a filter asks, and where: slots as of dora__pattern_find. */
bool dora__word_matches(const struct dora__filter_word *word, const char *text, size_t size,
                        size_t slots[DORA__PATTERN_SLOTS]);

/* Puts what the function makes of the text from `from` on in its place, of a list of each value; of no value nothing.
 */
void dora__apply_function(struct dora_reader *reader, const struct dora__part *part, size_t from, bool list);

/* States the facts of an item whose grammar was checked; `byte` is its place in the input. */
void dora__export_item(struct dora_reader *reader, const char *item, size_t size, uint64_t byte);

#endif
