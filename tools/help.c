/* SPDX-License-Identifier: MIT */
/* See help.h. The options explain themselves, in the table of options.c. */
#include "help.h"

#include <dora/sources.h>

#include <string.h>

struct text {
    enum verb verb;
    const char *before; /* the options */
    const char *after;
};

static const struct text texts[] = {
    {VERB_REPORT,
     "usage: dora report [OPTION]... [FILE]...\n"
     "\n"
     "Prints DORA and release metrics, one row a group and window. Files are NDJSON or CSV, plain, gzip\n"
     "or zstd; several make one history; - or none is standard input.\n",
     "\nExamples\n"
     "  dora report deploys.csv\n"
     "  dora report --by service --period week history.ndjson.gz\n"
     "  dora report --window 28 --step 7 --metrics change_lead_time,score --format csv history.ndjson\n"
     "  dora report --state all.dora today.csv     # reads what is new, reports over everything, saves\n"
     "  dora report --map finished_at=deployed --production prd,live --format json deploys.csv\n"
     "  dora report --fail-if 'change_fail_rate>0.15' --fail-if 'change_lead_time_p50>7d' history.ndjson\n"
     "\nExit codes: 0 done, 1 a --fail-if held, 2 usage, 3 rejected under --strict or nothing readable,\n"
     "4 files or memory.\n"},
    {VERB_PHASES,
     "usage: dora phases [OPTION]... [FILE]...\n"
     "\n"
     "Prints where releases spend their time: one row a group, window and phase. Takes what dora report\n"
     "takes.\n",
     "\nExamples\n"
     "  dora phases releases.ndjson\n"
     "  dora phases --by team --period quarter --format csv releases.ndjson\n"},
    {VERB_CHECK,
     "usage: dora check [OPTION]... [FILE]...\n"
     "\n"
     "Prints what became of every record and fact: read, merged, rejected; counted, or why not. Takes\n"
     "what dora report takes; what is about rows has no effect. --format is table or json, or markdown\n"
     "or html for one line.\n",
     "\nExamples\n"
     "  dora check history.ndjson\n"
     "  dora check --strict --format json deploys.csv incidents.ndjson\n"},
    {VERB_CONVERT,
     "usage: dora convert [OPTION]... [FILE]...\n"
     "\n"
     "Prints what files state in the normal form (docs/facts.md), one record a line: what an export was\n"
     "understood as, to look at, to correct, and to report as if it were the export itself. Of a state\n"
     "come its facts.\n",
     "\nExamples\n"
     "  dora convert --from github --project shop deployments.json -o facts.ndjson\n"
     "  dora convert --mapping ours.map --format csv export.json\n"},
    {VERB_MERGE,
     "usage: dora merge [OPTION]... -o STATE FILE...\n"
     "\n"
     "Writes one state with the facts of all files, which are states or what dora report reads. A state\n"
     "takes part as an input everywhere, and dora report --state keeps one.\n",
     "\nExamples\n"
     "  dora merge -o all.dora north.dora south.dora\n"
     "  dora merge -o 2024.dora 2024-*.csv.gz\n"
     "  dora report all.dora\n"},
    {VERB_COMPACT,
     "usage: dora compact [OPTION]... --before DATE [-o STATE] FILE...\n"
     "\n"
     "Writes a state in which what was before DATE is only there as samples by service and day: it stays\n"
     "small, and reports stay the same to the byte. Records that come later and have to do with what is\n"
     "forgotten are rejected as too late. One state is compacted in its place; of other files -o names\n"
     "the state that is written. See docs/forgetting.md.\n",
     "\nExamples\n"
     "  dora compact --before 2024-01-01 all.dora\n"
     "  dora compact --before 2024-01-01 --tz Europe/Berlin -o small.dora 2023-*.csv.gz\n"
     "  dora report --state all.dora today.csv     # as before\n"},
    {VERB_TIERS,
     "usage: dora tiers [OPTION]... [EDITION|FILE]...\n"
     "\n"
     "Prints the tier tables of DORA's reports (2018, 2019, 2021, 2022, 2023, 2024; all without an\n"
     "argument) as text that --tiers reads, or as JSON. A file is checked and printed.\n",
     "\nExamples\n"
     "  dora tiers 2024\n"
     "  dora tiers 2024 -o ours.tiers         # edit it, then\n"
     "  dora report --tiers ours.tiers history.ndjson\n"},
};

/* What --metrics takes. */
static const struct {
    const char *name;
    const char *meaning; /* NULL: a heading */
} metrics[] = {
    {"Sets", NULL},
    {"dora", "the five keys, their counts, tiers and score (for tables)"},
    {"deployment", "all metrics of deployments, changes and incidents"},
    {"release", "all metrics of releases"},
    {"all", "everything (for ndjson, csv and json)"},
    {"Deployments", NULL},
    {"deployments", "successful production deployments"},
    {"deployment_days", "days with at least one of them"},
    {"deployment_frequency", "deployments a day"},
    {"change_lead_time", "from commit to the first deployment that contains it"},
    {"lead_coding", "from commit to opening the review"},
    {"lead_pickup", "from opening to the first review"},
    {"lead_review", "from the first review to the merge"},
    {"lead_deploy", "from the merge to the deployment"},
    {"failed_deployments", "deployments that failed in production"},
    {"change_fail_rate", "failed_deployments / deployments"},
    {"failed_deployment_recovery_time", "from a failed deployment to its recovery"},
    {"open_failures", "failed deployments without a recovery"},
    {"rework_deployments", "deployments that repair production, not planned"},
    {"deployment_rework_rate", "rework_deployments / deployments"},
    {"score", "0 to 10: mean of what is known of the five keys"},
    {"score_throughput", "of lead time, frequency and recovery"},
    {"score_stability", "of fail rate and rework rate"},
    {"time_to_restore_service", "from the opening of an incident to its resolution"},
    {"deployment_attempts", "production deployments that succeeded or failed to deploy"},
    {"deployment_success_rate", "deployments / deployment_attempts"},
    {"deployment_duration", "from the start of a deployment to its end"},
    {"rolled_back_deployments", "deployments that were rolled back"},
    {"deployment_rollback_rate", "rolled_back_deployments / deployments"},
    {"Releases", NULL},
    {"releases", "releases that were released"},
    {"release_frequency", "releases a day"},
    {"time_to_release", "from the start of a release to its release"},
    {"defects", "defects found in the releases"},
    {"defects_per_release", "defects / releases"},
    {"complaints", "complaints about the releases"},
    {"complaints_per_release", "complaints / releases"},
    {"satisfaction", "mean satisfaction with the releases"},
    {"adoption", "mean adoption of the releases"},
    {"rolled_back_releases", "releases that were rolled back"},
    {"release_rollback_rate", "rolled_back_releases / releases"},
    {"release_cycle_efficiency", "time in active phases / time from start to release"},
    {"release_downtime", "downtime of each release that had any"},
    {"release_lag", "from the deployment of code to its release, or its flag"},
};

void help_usage(FILE *file) {
    fputs("usage: dora report|phases|check [OPTION]... [FILE]...\n"
          "       dora convert [OPTION]... [FILE]...\n"
          "       dora merge [OPTION]... -o STATE FILE...\n"
          "       dora compact [OPTION]... --before DATE [-o STATE] FILE...\n"
          "       dora tiers [EDITION|FILE]...\n"
          "       dora help [report|phases|check|convert|merge|compact|tiers|metrics|SOURCE]\n",
          file);
}

/* In lines of at most 100 columns. */
static void print_source_names(void) {
    enum { COLUMNS_MOST = 100 };
    int column = 0;
    const char *name;
    for (size_t i = 0; (name = dora_source_name(i)); i++) {
        bool breaks = column > 0 && column + 1 + (int)strlen(name) > COLUMNS_MOST;
        column = breaks ? 0 : column;
        column += printf("%s%s%s", breaks ? "\n" : "", column ? " " : "  ", name) - breaks;
    }
    fputs("\n", stdout);
}

void help_overview(void) {
    fputs("dora computes DORA and release metrics from histories of deployments, changes, incidents and\n"
          "releases.\n\n",
          stdout);
    help_usage(stdout);
    fputs("\n"
          "  report    the metrics, one row a group and window\n"
          "  phases    where releases spend their time\n"
          "  check     what became of every record\n"
          "  convert   what files state, in the normal form\n"
          "  merge     states and other files as one state\n"
          "  compact   a state that forgets what was before a day, and reports it all the same\n"
          "  tiers     the tables that turn metrics into tiers\n"
          "  help      the options of a command, the metrics, or what a source such as git reads\n"
          "  version   the version\n"
          "\n"
          "Examples\n"
          "  dora report deploys.csv\n"
          "  dora report --by service --period week --format csv history.ndjson.gz\n"
          "  dora check history.ndjson\n"
          "\nSources (dora help SOURCE)\n",
          stdout);
    print_source_names();
}

void help_verb(enum verb verb) {
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].verb != verb)
            continue;
        fputs(texts[i].before, stdout);
        options_print(verb);
        fputs(texts[i].after, stdout);
    }
}

/* A parameter as --set would give it, with the words that it has by itself: "NAME = word word". */
static void print_parameter(const char *text, const char *end, bool first) {
    if (first)
        fputs("\nParameters, as they are unless told otherwise (* is any text, - is nothing):\n\n", stdout);
    fputs("  --set '", stdout);
    for (bool named = false; text < end && *text; text++)
        if (named || *text != ' ')
            putchar(*text == ' ' ? ',' : *text);
        else if (end - text > 3) {
            putchar('=');
            text += 2; /* the sign and the space behind it */
            named = true;
        }
    puts("'");
}

/* What a mapping says of itself: the comments that it begins with, its notes, its parameters. */
static void print_source(const char *text) {
    static const char parameter[] = "parameter ";
    bool begun = false, any = false;
    for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
        end = line + strcspn(line, "\n");
        int size = (int)(end - line);
        if (line[0] == '#' && strncmp(line, "# SPDX", 6) != 0 && !begun)
            printf("%.*s\n", size > 2 ? size - 2 : 0, line + 2);
        else if (strncmp(line, "note \"", 6) == 0 && size > 7)
            printf("%.*s\n", size - 7, line + 6);
        else if (strncmp(line, parameter, sizeof parameter - 1) == 0) {
            print_parameter(line + sizeof parameter - 1, end, !any);
            any = true;
        }
        begun = begun || line[0] != '#';
    }
}

bool help_source(const char *name) {
    const char *known;
    for (size_t i = 0; (known = dora_source_name(i)); i++)
        if (strcmp(known, name) == 0) {
            print_source(dora_source_text(i));
            return true;
        }
    return false;
}

void help_metrics(void) {
    fputs("What --metrics takes, separated by commas. A distribution D has the columns D_n, D_mean, D_p50, ...\n",
          stdout);
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        if (metrics[i].meaning)
            printf("  %-33s %s\n", metrics[i].name, metrics[i].meaning);
        else
            printf("\n%s\n", metrics[i].name);
}
