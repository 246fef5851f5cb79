/* SPDX-License-Identifier: MIT */
/* See notes.h. */
#include "notes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 5 };

/* A line that is built piece by piece; what does not fit is cut. */
struct line {
    char text[4096];
    size_t used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...) {
    if (line->used >= sizeof line->text)
        return;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line->text + line->used, sizeof line->text - line->used, format, arguments);
    va_end(arguments);
    line->used += size > 0 ? (size_t)size : 0;
}

/* "1 change", "4,900 changes" */
static void add_kind(struct line *line, dora_kind kind, uint64_t count) {
    const char *plural = count == 1 || kind == DORA_KIND_FEEDBACK ? "" : "s";
    add(line, "%s %s%s", grouped(count).text, dora_kind_name(kind), plural);
}

static bool get_account(dora_engine *engine, dora_account *account) {
    *account = (dora_account){.struct_size = sizeof *account};
    return dora_engine_account(engine, account, NULL) == DORA_OK;
}

static bool leaves_out(const dora_account *account) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int reason = 0; reason < DORA_DISPOSITION_COUNT; reason++)
            if (account->dispositions[kind][reason] > 0 && dora_disposition_words((dora_disposition)reason))
                return true;
    return account->rejected > 0;
}

/* A dora_write_fn. */
static int add_bytes(void *context, const void *bytes, size_t size) {
    add(context, "%.*s", (int)size, (const char *)bytes);
    return 0;
}

void note_left_out(dora_engine *engine) {
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_MARKDOWN};
    dora_account account;
    struct line line = {.used = 0};
    if (!get_account(engine, &account) || !leaves_out(&account) ||
        dora_account_write(engine, &options, add_bytes, &line, NULL) != DORA_OK)
        return;
    line.text[strcspn(line.text, "\n")] = '\0';
    message("%s (dora check shows all)", line.text);
}

/* The names that `next` gives, with their counts. */
static void add_names(struct line *line, const dora_engine *engine,
                      int (*next)(const dora_engine *, size_t, dora_name_count *)) {
    dora_name_count name;
    for (size_t i = 0; next(engine, i, &name); i++) {
        if (i == NAMES_SHOWN) {
            add(line, ", ...");
            return;
        }
        add(line, "%s%.*s (%s)", i ? ", " : "", (int)name.name.size, name.name.data, grouped(name.count).text);
    }
}

static uint64_t total_of(const dora_account *account, int kind) {
    uint64_t total = 0;
    for (int reason = 0; reason < DORA_DISPOSITION_COUNT; reason++)
        total += account->dispositions[kind][reason];
    return total;
}

/* No fact of the kind that the table is about. */
static void add_other_kinds(struct line *line, const dora_account *account, dora_kind subject) {
    add(line, "no %ss among %s facts", dora_kind_name(subject), grouped(account->facts).text);
    bool any = false;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        uint64_t total = total_of(account, kind);
        if (total == 0)
            continue;
        add(line, any ? ", " : ": ");
        add_kind(line, (dora_kind)kind, total);
        any = true;
    }
}

/* Facts of the kind, none of them counted. */
static void add_reasons(struct line *line, const dora_engine *engine, const dora_account *account, dora_kind subject) {
    const uint64_t *counts = account->dispositions[subject];
    uint64_t total = total_of(account, subject);
    add_kind(line, subject, total);
    if (counts[DORA_NOT_PRODUCTION] > 0 && counts[DORA_NOT_PRODUCTION] == total - counts[DORA_DELETED]) {
        add(line, ", none in production; their environments: ");
        add_names(line, engine, dora_engine_environment);
        add(line, "; see --production");
        return;
    }
    const char *joint = ", none counted: ";
    for (int reason = 0; reason < DORA_DISPOSITION_COUNT; reason++) {
        if (counts[reason] == 0)
            continue;
        const char *words = dora_disposition_words((dora_disposition)reason);
        add(line, "%s%s %s", joint, grouped(counts[reason]).text,
            reason == DORA_FAILED_ATTEMPT ? "failed"
            : words                       ? words
                                          : "counted");
        joint = ", ";
    }
}

void note_nothing(dora_engine *engine, dora_table table, uint64_t rows) {
    dora_account account;
    if (!get_account(engine, &account))
        return;
    dora_kind subject = table == DORA_TABLE_PHASES ? DORA_KIND_PHASE : DORA_KIND_DEPLOYMENT;
    uint64_t counted = account.dispositions[subject][DORA_COUNTED];
    if (counted > 0 && rows > 0)
        return;
    struct line line = {.used = 0};
    if (account.records + account.loaded == 0) {
        if (account.items > 0)
            add(&line, "%s item%s of exports, none of which states anything", grouped(account.items).text,
                account.items == 1 ? "" : "s");
        else
            add(&line, "no records");
    } else if (counted > 0) {
        add_kind(&line, subject, counted);
        add(&line, " counted, but no day between --since and --until");
    } else if (total_of(&account, subject) == 0) {
        add_other_kinds(&line, &account, subject);
    } else {
        add_reasons(&line, engine, &account, subject);
    }
    if (counted == 0 && account.unknown_fields > 0) {
        add(&line, "; fields that are not known: ");
        add_names(&line, engine, dora_engine_unknown_field);
        add(&line, "; see --map");
    }
    message("%s", line.text);
}
