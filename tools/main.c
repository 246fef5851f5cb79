/* SPDX-License-Identifier: MIT */
/* The dora command: options in, library calls, bytes out. */
#include "convert.h"
#include "help.h"
#include "history.h"
#include "merge.h"
#include "suggest.h"
#include "tiers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct verb_row {
    const char *name;
    enum verb verb;
    enum code (*run)(const struct options *options);
};

static const struct verb_row verbs[] = {
    {"report", VERB_REPORT, run_history},   {"phases", VERB_PHASES, run_history},
    {"check", VERB_CHECK, run_history},     {"merge", VERB_MERGE, run_merge},
    {"tiers", VERB_TIERS, run_tiers},       {"convert", VERB_CONVERT, run_convert},
    {"compact", VERB_COMPACT, run_compact},
};
enum { VERBS_COUNT = sizeof verbs / sizeof verbs[0] };

/* A file that is opened must not become a standard stream because one was closed. What stands in fails when used, but
   for standard error. */
static void reserve_standard_streams(void) {
    static const int modes[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
            _exit(CODE_IO);
}

/* The end of help and version texts, which go through stdio. */
static enum code close_texts(void) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CODE_DONE;
    message("cannot write to standard output");
    return CODE_IO;
}

static const struct verb_row *find_verb(const char *name) {
    for (size_t i = 0; i < VERBS_COUNT; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static enum code unknown_verb(const char *name) {
    struct suggestion suggestion = {.wanted = name};
    for (size_t i = 0; i < VERBS_COUNT; i++)
        suggestion_consider(&suggestion, verbs[i].name);
    suggestion_consider(&suggestion, "help");
    suggestion_consider(&suggestion, "version");
    if (suggestion.best)
        return usage_error("there is no command '%s'; did you mean dora %s?", name, suggestion.best);
    if (name[0] == '-')
        return usage_error("%s comes after a command: dora report %s ...", name, name);
    if (access(name, F_OK) == 0)
        return usage_error("there is no command '%s'; did you mean dora report '%s'?", name, name);
    return usage_error("there is no command '%s'; see dora help", name);
}

static enum code run_help(const char *topic) {
    const struct verb_row *row = topic ? find_verb(topic) : NULL;
    if (row)
        help_verb(row->verb);
    else if (!topic)
        help_overview();
    else if (strcmp(topic, "metrics") == 0)
        help_metrics();
    else if (!help_source(topic))
        return usage_error(
            "help is there for report, phases, check, convert, merge, compact, tiers, metrics and sources, not '%s'",
            topic);
    return close_texts();
}

static enum code run_version(void) {
    printf("dora %s\n", dora_version());
    return close_texts();
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c) {
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

static enum code run_verb(const struct verb_row *row, int count, char **argv) {
    struct options options;
    enum code code = options_parse(&options, row->verb, count, argv);
    if (code == CODE_DONE && options.help)
        code = run_help(row->name);
    else if (code == CODE_DONE)
        code = row->run(&options);
    options_free(&options);
    return code;
}

int main(int argc, char **argv) {
    reserve_standard_streams();
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stderr, NULL, _IOFBF, BUFSIZ); /* a message arrives whole; each is flushed */
    if (argc < 2) {
        help_usage(stderr);
        fflush(stderr);
        return CODE_USAGE;
    }
    const struct verb_row *row = find_verb(argv[1]);
    if (row)
        return (int)run_verb(row, argc - 2, argv + 2);
    if (is_one_of(argv[1], "help", "--help", "-h"))
        return (int)run_help(argc > 2 ? argv[2] : NULL);
    if (is_one_of(argv[1], "version", "--version", "-V"))
        return (int)run_version();
    return (int)unknown_verb(argv[1]);
}
