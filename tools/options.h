/* SPDX-License-Identifier: MIT */
/*
 * The command line. One table holds all options: how each is written, read, and explained. Most of them go straight
 * into the option structures of the library, which judges their values.
 */
#ifndef DORA_TOOLS_OPTIONS_H
#define DORA_TOOLS_OPTIONS_H

#include "fail_if.h"
#include "message.h"

#include <stdbool.h>

/* Bits: what an option is for. */
enum verb {
    VERB_REPORT = 1,
    VERB_PHASES = 2,
    VERB_CHECK = 4,
    VERB_TIERS = 8,
    VERB_MERGE = 16,
    VERB_CONVERT = 32,
    VERB_COMPACT = 64
};
enum {
    VERBS_HISTORY = VERB_REPORT | VERB_PHASES | VERB_CHECK,
    VERBS_INPUT = VERBS_HISTORY | VERB_MERGE | VERB_CONVERT | VERB_COMPACT,
    VERBS_LINKING = VERBS_HISTORY | VERB_COMPACT,
    VERBS_WRITTEN = VERBS_HISTORY | VERB_TIERS, /* that write in a format */
    VERBS_ALL = VERBS_INPUT | VERB_TIERS
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
    enum verb verb;
    const char **arguments; /* what is no option: files, editions */
    size_t arguments_count;
    bool help;
    bool strict;
    bool quiet;
    enum color color;
    bool csv_safe;
    dora_output format;
    const char *output; /* NULL: standard output */
    const char *state;  /* NULL: none */
    bool again;
    const char *mapping; /* NULL: none */
    const char *before;  /* the day to forget what was before; NULL: none */
    dora_engine_options engine;
    dora_reader_options reader;
    dora_query query;
    dora_field_name *names; /* reader.names, into the copies */
    char **names_copies;
    char *parameters;
    dora_tiers tiers; /* where query.tiers points for a table from a file */
    struct condition *conditions;
    size_t conditions_count;
};

/* Reads argv[0..count), what follows the verb. Strings are borrowed from argv. On any code but CODE_DONE the message
   has been printed; options_free either way. */
enum code options_parse(struct options *options, enum verb verb, int count, char **argv);
void options_free(struct options *options);

/* Prints the options of a verb to standard output, grouped. */
void options_print(enum verb verb);

#endif
