/* SPDX-License-Identifier: MIT */
/*
 * What became of the records, and of the facts in them: as one JSON object, as a table for people, or as the sentence
 * that stands below a report.
 */
#include "base/error.h"
#include "calendar/date_text.h"
#include "write/escape.h"
#include "write/humane.h"
#include "write/sink.h"

#include <string.h>

struct account {
    dora_engine *engine;
    dora_account counts;
    struct dora__text *out;
    const char *separator; /* before the next member of a JSON object */
};

static void put_count(struct dora__text *out, uint64_t count) {
    dora__text_int64(out, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

static uint64_t facts_of(const struct account *account, int kind) {
    uint64_t sum = 0;
    for (int i = 0; i < DORA_DISPOSITION_COUNT; i++)
        sum += account->counts.dispositions[kind][i];
    return sum;
}

static void put_key(struct account *account, const char *name, size_t size) {
    dora__text_puts(account->out, account->separator);
    dora__text_puts(account->out, "\"");
    dora__text_json(account->out, name, size);
    dora__text_puts(account->out, "\":");
    account->separator = ",";
}

static void put_member(struct account *account, const char *name, uint64_t count) {
    put_key(account, name, strlen(name));
    put_count(account->out, count);
}

static void open_object(struct account *account, const char *name) {
    put_key(account, name, strlen(name));
    dora__text_puts(account->out, "{");
    account->separator = "";
}

static void close_object(struct account *account) {
    dora__text_puts(account->out, "}");
    account->separator = ",";
}

/* What was forgotten, and refused since. */
static void put_compacted(struct account *account) {
    put_member(account, "too_late", account->counts.too_late);
    put_member(account, "forgotten", account->counts.forgotten);
    put_key(account, "compacted_before", strlen("compacted_before"));
    dora__text_puts(account->out, "\"");
    dora__text_date(account->out, account->counts.before_day);
    dora__text_puts(account->out, "\"");
}

static void put_json(struct account *account) {
    dora_name_count unknown;
    account->separator = "{";
    if (account->counts.items) {
        put_member(account, "items", account->counts.items);
        put_member(account, "silent_items", account->counts.silent);
    }
    put_member(account, "records", account->counts.records);
    if (account->counts.loaded)
        put_member(account, "loaded", account->counts.loaded);
    put_member(account, "distinct_facts", account->counts.facts);
    put_member(account, "merged", account->counts.merged);
    put_member(account, "rejected", account->counts.rejected);
    if (account->counts.compacted)
        put_compacted(account);
    open_object(account, "facts");
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        if (!facts_of(account, kind))
            continue;
        open_object(account, dora_kind_name((dora_kind)kind));
        for (int i = 0; i < DORA_DISPOSITION_COUNT; i++)
            if (account->counts.dispositions[kind][i])
                put_member(account, dora_disposition_name((dora_disposition)i), account->counts.dispositions[kind][i]);
        close_object(account);
    }
    close_object(account);
    open_object(account, "unknown_fields");
    put_member(account, "total", account->counts.unknown_fields);
    open_object(account, "names");
    for (size_t i = 0; dora_engine_unknown_field(account->engine, i, &unknown); i++) {
        put_key(account, unknown.name.data, unknown.name.size);
        put_count(account->out, unknown.count);
    }
    close_object(account);
    close_object(account);
    dora__text_puts(account->out, "}\n");
}

/* Names in a column, counts below each other to their right. */
enum { INDENT = 2, NAME_COLUMNS = 32, COUNT_COLUMNS = 12, WIDE_NAME = 60 };

static void put_blanks(struct dora__text *out, size_t count) {
    for (size_t i = 0; i < count; i++)
        dora__text_put(out, " ", 1);
}

static void put_line(struct account *account, size_t indent, dora_string name, uint64_t count) {
    char digits[DORA__NUMBER_ROOM];
    struct dora__text *out = account->out;
    size_t digits_size = dora__format_int64(digits, count > INT64_MAX ? INT64_MAX : (int64_t)count);
    put_blanks(out, indent);
    size_t begin = out->size;
    dora__text_printable(out, name, NULL, WIDE_NAME);
    size_t used = indent + (out->failed ? 0 : dora__display_width(out->data + begin, out->size - begin)) + digits_size;
    put_blanks(out, used < NAME_COLUMNS + COUNT_COLUMNS - 1 ? NAME_COLUMNS + COUNT_COLUMNS - used : 1);
    dora__text_put(out, digits, digits_size);
    dora__text_puts(out, "\n");
}

/* A name as words: "failed_attempt" is "failed attempt". */
static void put_words(struct account *account, size_t indent, const char *name, uint64_t count) {
    char words[64];
    size_t size = 0;
    for (; name[size] && size < sizeof words; size++)
        words[size] = name[size] == '_' ? ' ' : name[size];
    put_line(account, indent, (dora_string){words, size}, count);
}

static void put_forgotten(struct account *account) {
    char words[] = "forgotten, before 0000-00-00";
    dora_date_format(account->counts.before_day, words + sizeof "forgotten, before " - 1);
    put_line(account, 2 * INDENT, dora_string_of(words), account->counts.forgotten);
}

static void put_text(struct account *account) {
    dora_name_count unknown;
    if (account->counts.items) {
        put_words(account, 0, "items of exports", account->counts.items);
        put_words(account, INDENT, "that state nothing", account->counts.silent);
    }
    put_words(account, 0, account->counts.items ? "records, stated or read" : "records", account->counts.records);
    if (account->counts.loaded)
        put_words(account, 0, "facts loaded", account->counts.loaded);
    put_words(account, INDENT, "distinct facts", account->counts.facts);
    if (account->counts.compacted)
        put_forgotten(account);
    put_words(account, INDENT, "merged into others", account->counts.merged);
    put_words(account, INDENT, "rejected", account->counts.rejected);
    if (account->counts.too_late)
        put_words(account, 2 * INDENT, "too late", account->counts.too_late);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        uint64_t sum = facts_of(account, kind);
        if (!sum)
            continue;
        dora__text_puts(account->out, "\n");
        put_words(account, 0, dora_kind_name((dora_kind)kind), sum);
        for (int i = 0; i < DORA_DISPOSITION_COUNT; i++)
            if (account->counts.dispositions[kind][i])
                put_words(account, INDENT, dora_disposition_name((dora_disposition)i),
                          account->counts.dispositions[kind][i]);
    }
    if (!account->counts.unknown_fields)
        return;
    dora__text_puts(account->out, "\n");
    put_words(account, 0, "unknown fields, ignored", account->counts.unknown_fields);
    for (size_t i = 0; dora_engine_unknown_field(account->engine, i, &unknown); i++)
        put_line(account, INDENT, unknown.name, unknown.count);
}

const char *dora_disposition_words(dora_disposition disposition) {
    static const char *const words[DORA_DISPOSITION_COUNT] = {
        [DORA_CANCELED] = "canceled",
        [DORA_IN_PROGRESS] = "in progress",
        [DORA_NOT_PRODUCTION] = "outside production",
        [DORA_UNDATED] = "without a date",
        [DORA_BASELINE] = "in the baseline",
        [DORA_UNDEPLOYED] = "not deployed",
        [DORA_NEGATIVE] = "committed after their deployment",
        [DORA_NO_COMMIT_TIME] = "without commit time",
        [DORA_UNATTRIBUTED] = "without a deployment",
        [DORA_UNKNOWN_DEPLOYMENT] = "of an unknown deployment",
        [DORA_NO_TIME] = "without a time",
        [DORA_INCOMPLETE] = "incomplete",
        [DORA_DELETED] = "deleted",
    };
    return (size_t)disposition < DORA_DISPOSITION_COUNT ? words[disposition] : NULL;
}

static void put_counted(struct account *account, const char *before, uint64_t count, const char *name) {
    dora__text_puts(account->out, before);
    dora__humane_grouped(account->out, count);
    dora__text_puts(account->out, " ");
    dora__text_puts(account->out, name);
}

/* Nothing in it is data: it is the same in Markdown and HTML. */
static void put_sentence(struct account *account) {
    const dora_account *counts = &account->counts;
    const char *before = "; not counted: ";
    if (counts->records || !counts->loaded)
        put_counted(account, "", counts->records, counts->records == 1 ? "record" : "records");
    if (counts->loaded)
        put_counted(account, counts->records ? " and " : "", counts->loaded,
                    counts->loaded == 1 ? "loaded fact" : "loaded facts");
    put_counted(account, ": ", counts->facts, counts->facts == 1 ? "fact" : "facts");
    put_counted(account, ", ", counts->merged, "merged");
    put_counted(account, ", ", counts->rejected, "rejected");
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int i = 0; i < DORA_DISPOSITION_COUNT; i++) {
            uint64_t count = counts->dispositions[kind][i];
            const char *words = dora_disposition_words((dora_disposition)i);
            if (!count || !words)
                continue;
            put_counted(account, before, count, dora_kind_name((dora_kind)kind));
            dora__text_puts(account->out, count == 1 || kind == DORA_KIND_FEEDBACK ? " " : "s ");
            dora__text_puts(account->out, words);
            before = ", ";
        }
}

static void put_markdown(struct account *account) {
    put_sentence(account);
    dora__text_puts(account->out, "\n");
}

static void put_html(struct account *account) {
    dora__text_puts(account->out, "<p class=\"dora-account\">");
    put_sentence(account);
    dora__text_puts(account->out, "</p>\n");
}

dora_status dora_account_write(dora_engine *engine, const dora_writer_options *options, dora_write_fn write,
                               void *context, dora_error *error) {
    dora_writer_options own;
    struct dora__sink sink;
    dora_status status = dora__sink_init(&sink, &own, options, write, context, error);
    if (status != DORA_OK)
        return status;
    static void (*const put[])(struct account *) = {[DORA_OUTPUT_TABLE] = put_text,
                                                    [DORA_OUTPUT_JSON] = put_json,
                                                    [DORA_OUTPUT_MARKDOWN] = put_markdown,
                                                    [DORA_OUTPUT_HTML] = put_html};
    if (!put[own.output])
        return dora__fail(error, DORA_ERROR_ARGUMENT, "output: an account is written as table, json, markdown or html");
    struct account account = {.engine = engine, .counts.struct_size = sizeof account.counts, .out = &sink.text};
    status = dora_engine_account(engine, &account.counts, error);
    if (status != DORA_OK)
        return status;
    put[own.output](&account);
    dora__sink_flush(&sink);
    status = dora__sink_status(&sink, error);
    dora__sink_free(&sink);
    return status;
}
