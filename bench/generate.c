/* SPDX-License-Identifier: MIT */
/*
 * Writes a history to measure with: the same bytes for the same options, on every machine. A row is one deployment.
 *
 * `--kind inline` writes only deployments that carry it all; `relational` writes deployments, changes and incidents by
 * id, and the services take turns in how changes are tied to deployments: listed by the deployment, naming the
 * deployment, or by ancestry. Half the incidents name their deployment, the others are found by time.
 */
#include "history.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days that are written begin 2020-01-01, so that a commit 240 days before the first deployment is one of them. */
enum { DAYS_BEFORE = 366, DAYS_AFTER = 31 };

/* A history and how it is told. */
typedef struct telling {
    history drawn;
    bool csv;
    bool ids;
    bool relational;
    bool shuffle;
} telling;

/* Output: fields of a record in the order of the columns, as CSV or NDJSON. */

typedef enum column {
    KIND,
    ID,
    SERVICE,
    ENVIRONMENT,
    FINISHED_AT,
    COMMITTED_AT,
    FAILED,
    RESTORED_AT,
    OPENED_AT,
    FIRST_REVIEW_AT,
    MERGED_AT,
    RESOLVED_AT,
    DEPLOYMENT,
    SHA,
    CHANGES,
    PARENTS,
    COLUMN_COUNT
} column;

static const char *const column_names[COLUMN_COUNT] = {
    "kind",       "id",          "service",   "environment",     "finished_at", "committed_at",
    "failed",     "restored_at", "opened_at", "first_review_at", "merged_at",   "resolved_at",
    "deployment", "sha",         "changes",   "parents",
};

enum { OUTPUT_SIZE = 1 << 20, RECORD_MAX = 1 << 12, DAY_TEXT = 11 };

typedef struct output {
    bool csv;
    unsigned columns;                /* of the CSV header */
    unsigned position[COLUMN_COUNT]; /* of a column in it */
    unsigned cursor;                 /* the position, or number of keys, that the record has come to */
    char *at;
    char *bytes;
    char (*days)[DAY_TEXT]; /* "2020-01-01T", ... */
} output;

static void flush(output *out) {
    size_t size = (size_t)(out->at - out->bytes);
    if (fwrite(out->bytes, 1, size, stdout) != size) {
        perror("bench_generate");
        exit(4);
    }
    out->at = out->bytes;
}

static void put_text(output *out, const char *text) {
    size_t size = strlen(text);
    memcpy(out->at, text, size);
    out->at += size;
}

static void put_digits(output *out, uint64_t number, unsigned digits) {
    for (unsigned i = digits; i-- > 0; number /= 10)
        out->at[i] = (char)('0' + number % 10);
    out->at += digits;
}

static void put_quote(output *out) {
    if (!out->csv)
        *out->at++ = '"';
}

static void put_field(output *out, column field) {
    if (out->csv) {
        for (; out->cursor < out->position[field]; out->cursor++)
            *out->at++ = ',';
        return;
    }
    if (out->cursor++ > 0)
        *out->at++ = ',';
    *out->at++ = '"';
    put_text(out, column_names[field]);
    *out->at++ = '"';
    *out->at++ = ':';
}

static void put_id(output *out, char letter, uint64_t number) {
    put_quote(out);
    *out->at++ = letter;
    *out->at++ = '-';
    put_digits(out, number, 10);
    put_quote(out);
}

static void put_service(output *out, uint32_t service) {
    put_field(out, SERVICE);
    put_quote(out);
    put_text(out, "svc-");
    put_digits(out, service, service < 10000 ? 4 : 7);
    put_quote(out);
}

static void put_environment(output *out) {
    put_field(out, ENVIRONMENT);
    put_quote(out);
    put_text(out, "production");
    put_quote(out);
}

static void put_kind(output *out, const char *name) {
    put_field(out, KIND);
    put_quote(out);
    put_text(out, name);
    put_quote(out);
}

static void put_instant(output *out, column field, uint64_t seconds) {
    put_field(out, field);
    put_quote(out);
    memcpy(out->at, out->days[seconds / DAY_SECONDS], DAY_TEXT);
    out->at += DAY_TEXT;
    uint32_t second = (uint32_t)(seconds % DAY_SECONDS);
    put_digits(out, second / HOUR_SECONDS, 2);
    *out->at++ = ':';
    put_digits(out, second / MINUTE_SECONDS % 60, 2);
    *out->at++ = ':';
    put_digits(out, second % 60, 2);
    *out->at++ = 'Z';
    put_quote(out);
}

static void put_bool(output *out, column field, bool value) {
    put_field(out, field);
    put_text(out, value ? "true" : "false");
}

static void begin_record(output *out) {
    out->cursor = 0;
    if (!out->csv)
        *out->at++ = '{';
}

static void end_record(output *out) {
    if (out->csv)
        for (; out->cursor + 1 < out->columns; out->cursor++)
            *out->at++ = ',';
    else
        *out->at++ = '}';
    *out->at++ = '\n';
    if (out->at - out->bytes > OUTPUT_SIZE - RECORD_MAX)
        flush(out);
}

static void output_days(output *out, uint64_t count) {
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    out->days = checked_array(count, sizeof *out->days);
    unsigned year = 2020, month = 1, day = 1;
    for (uint64_t i = 0; i < count; i++) {
        output text = {.at = out->days[i]};
        put_digits(&text, year, 4);
        *text.at++ = '-';
        put_digits(&text, month, 2);
        *text.at++ = '-';
        put_digits(&text, day, 2);
        *text.at = 'T';
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (++day > lengths[month - 1] + (leap && month == 2 ? 1u : 0u)) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
}

static void output_init(output *out, const telling *all) {
    *out = (output){.csv = all->csv, .bytes = checked_array(OUTPUT_SIZE, 1)};
    out->at = out->bytes;
    output_days(out, DAYS_BEFORE + all->drawn.days + DAYS_AFTER);
    const unsigned flat =
        1u << SERVICE | 1u << ENVIRONMENT | 1u << FINISHED_AT | 1u << COMMITTED_AT | 1u << FAILED | 1u << RESTORED_AT;
    const unsigned linked = (1u << COLUMN_COUNT) - 1 - (1u << ENVIRONMENT) - (1u << FAILED) - (1u << RESTORED_AT);
    unsigned used = all->relational ? linked : all->ids ? flat | 1u << ID : flat;
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        out->position[i] = out->columns;
        if (!(used >> i & 1))
            continue;
        if (all->csv) {
            put_text(out, out->columns > 0 ? "," : "");
            put_text(out, column_names[i]);
        }
        out->columns++;
    }
    if (all->csv)
        *out->at++ = '\n';
}

static void output_free(output *out) {
    free(out->days);
    free(out->bytes);
}

/* Records of a row. Part 0 is its deployment, 1 .. 3 its changes, 4 its incident. */

enum { CHANGES_MAX = 3, DEPLOYMENT_PART = 0, INCIDENT_PART = CHANGES_MAX + 1, PART_BITS = 3 };
typedef enum tie { LISTED, NAMED, ANCESTRY, TIE_COUNT } tie;

static uint64_t row_random(const telling *all, uint64_t number) {
    return mix(all->drawn.seed ^ mix(number + 1));
}

static unsigned change_count(const telling *all, uint64_t number) {
    return all->relational ? 1 + (unsigned)(row_random(all, number) % CHANGES_MAX) : 0;
}

static uint64_t change_number(uint64_t number, unsigned part) {
    return number * CHANGES_MAX + part - 1;
}

static uint64_t finished_of(const telling *all, uint64_t number) {
    return (uint64_t)DAYS_BEFORE * DAY_SECONDS + all->drawn.rows[number].finished;
}

static void put_inline(output *out, const telling *all, uint64_t number) {
    const row *told = &all->drawn.rows[number];
    const uint64_t finished = finished_of(all, number);
    if (all->ids) {
        put_field(out, ID);
        put_id(out, 'd', number);
    }
    put_service(out, told->service);
    put_environment(out);
    put_instant(out, FINISHED_AT, finished);
    put_instant(out, COMMITTED_AT, finished - told->lead_seconds);
    put_bool(out, FAILED, told->recovery_seconds > 0);
    if (told->recovery_seconds > 0)
        put_instant(out, RESTORED_AT, finished + told->recovery_seconds);
}

static void put_deployment(output *out, const telling *all, uint64_t number) {
    const row *told = &all->drawn.rows[number];
    const unsigned changes = change_count(all, number);
    put_kind(out, "deployment");
    put_field(out, ID);
    put_id(out, 'd', number);
    put_service(out, told->service);
    put_instant(out, FINISHED_AT, finished_of(all, number));
    if (told->service % TIE_COUNT == ANCESTRY) {
        put_field(out, SHA);
        put_id(out, 'c', change_number(number, changes));
    } else if (told->service % TIE_COUNT == LISTED) {
        put_field(out, CHANGES);
        put_text(out, out->csv ? "" : "[");
        for (unsigned part = 1; part <= changes; part++) {
            put_text(out, part == 1 ? "" : out->csv ? ";" : ",");
            put_id(out, 'c', change_number(number, part));
        }
        put_text(out, out->csv ? "" : "]");
    }
}

/* The last change of a deployment has the row's lead time, the ones before up to twice that. Each follows the one
   before it; the first follows the last change of the service's deployment before. */
static void put_change(output *out, const telling *all, uint64_t number, unsigned part) {
    const row *told = &all->drawn.rows[number];
    const uint64_t finished = finished_of(all, number), random = mix(row_random(all, number) + part);
    uint64_t lead = told->lead_seconds;
    if (part != change_count(all, number))
        lead += below((uint32_t)random, lead);
    const unsigned opened = random >> 32 & 15, reviewed = opened + (random >> 36 & 15);
    const unsigned merged = reviewed + (random >> 40 & 15);
    put_kind(out, "change");
    put_field(out, ID);
    put_id(out, 'c', change_number(number, part));
    put_service(out, told->service);
    put_instant(out, COMMITTED_AT, finished - lead);
    put_instant(out, OPENED_AT, finished - lead + lead * opened / 64);
    put_instant(out, FIRST_REVIEW_AT, finished - lead + lead * reviewed / 64);
    put_instant(out, MERGED_AT, finished - lead + lead * merged / 64);
    if (told->service % TIE_COUNT == NAMED) {
        put_field(out, DEPLOYMENT);
        put_id(out, 'd', number);
    }
    const uint32_t previous = all->drawn.previous[number];
    if (told->service % TIE_COUNT == ANCESTRY && (part > 1 || previous != NO_ROW)) {
        put_field(out, PARENTS);
        put_text(out, out->csv ? "" : "[");
        put_id(out, 'c',
               part > 1 ? change_number(number, part - 1) : change_number(previous, change_count(all, previous)));
        put_text(out, out->csv ? "" : "]");
    }
}

static void put_incident(output *out, const telling *all, uint64_t number) {
    const row *told = &all->drawn.rows[number];
    const uint64_t finished = finished_of(all, number), random = mix(row_random(all, number) + INCIDENT_PART);
    put_kind(out, "incident");
    put_field(out, ID);
    put_id(out, 'i', number);
    put_service(out, told->service);
    put_instant(out, OPENED_AT, finished + told->recovery_seconds * (random >> 8 & 15) / 64);
    put_instant(out, RESOLVED_AT, finished + told->recovery_seconds);
    if ((random & 1) == 0) {
        put_field(out, DEPLOYMENT);
        put_id(out, 'd', number);
    }
}

static void put_record(output *out, const telling *all, uint64_t record) {
    const uint64_t number = record >> PART_BITS;
    const unsigned part = record & ((1 << PART_BITS) - 1);
    begin_record(out);
    if (!all->relational)
        put_inline(out, all, number);
    else if (part == DEPLOYMENT_PART)
        put_deployment(out, all, number);
    else if (part == INCIDENT_PART)
        put_incident(out, all, number);
    else
        put_change(out, all, number, part);
    end_record(out);
}

/* Calls for each record in order of time: changes, their deployment, its incident. Fills `records` where not NULL, else
   writes them. Returns their number. */
static uint64_t each_record(const telling *all, uint64_t *records, output *out) {
    uint64_t count = 0;
    for (uint64_t number = 0; number < all->drawn.rows_count; number++) {
        uint64_t parts[INCIDENT_PART + 1];
        unsigned parts_count = 0;
        for (unsigned part = 1; part <= change_count(all, number); part++)
            parts[parts_count++] = part;
        parts[parts_count++] = DEPLOYMENT_PART;
        if (all->relational && all->drawn.rows[number].recovery_seconds > 0)
            parts[parts_count++] = INCIDENT_PART;
        for (unsigned i = 0; i < parts_count; i++, count++) {
            uint64_t record = number << PART_BITS | parts[i];
            if (records)
                records[count] = record;
            else
                put_record(out, all, record);
        }
    }
    return count;
}

static void write_shuffled(const telling *all, output *out) {
    const uint64_t most = all->drawn.rows_count * (all->relational ? CHANGES_MAX + 2 : 1);
    uint64_t *records = checked_array(most, sizeof *records);
    const uint64_t count = each_record(all, records, NULL);
    uint64_t state = mix(~all->drawn.seed);
    for (uint64_t i = count; i > 1; i--) {
        uint64_t other = draw(&state) % i, record = records[other];
        records[other] = records[i - 1];
        records[i - 1] = record;
    }
    for (uint64_t i = 0; i < count; i++)
        put_record(out, all, records[i]);
    free(records);
}

/* Options. */

static const char usage[] =
    "usage: bench_generate [--rows N] [--seed S] [--services N] [--days N] [--format csv|ndjson]\n"
    "                      [--kind inline|relational] [--ids] [--shuffle] > FILE\n";

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number) {
    uint64_t sum = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && at - text < 19; at++)
        sum = sum * 10 + (uint64_t)(*at - '0');
    *number = sum;
    return at > text && *at == '\0' && sum >= least && sum <= most;
}

static bool parse_choice(const char *text, const char *no, const char *yes, bool *chosen) {
    *chosen = strcmp(text, yes) == 0;
    return *chosen || strcmp(text, no) == 0;
}

static bool parse_options(int count, char **words, telling *all) {
    for (int i = 1; i < count; i++) {
        const char *name = words[i], *value = i + 1 < count ? words[i + 1] : "";
        bool known = true, flag = true;
        if (strcmp(name, "--ids") == 0)
            all->ids = true;
        else if (strcmp(name, "--shuffle") == 0)
            all->shuffle = true;
        else
            flag = false;
        if (flag)
            continue;
        if (strcmp(name, "--rows") == 0)
            known = parse_number(value, 1, 1000000000, &all->drawn.rows_count);
        else if (strcmp(name, "--seed") == 0)
            known = parse_number(value, 0, UINT64_MAX, &all->drawn.seed);
        else if (strcmp(name, "--services") == 0)
            known = parse_number(value, 1, 1000000, &all->drawn.services);
        else if (strcmp(name, "--days") == 0)
            known = parse_number(value, 1, 36525, &all->drawn.days);
        else if (strcmp(name, "--format") == 0)
            known = parse_choice(value, "ndjson", "csv", &all->csv);
        else if (strcmp(name, "--kind") == 0)
            known = parse_choice(value, "inline", "relational", &all->relational);
        else
            known = false;
        if (!known)
            return false;
        i++;
    }
    return true;
}

int main(int count, char **words) {
    telling all = {.drawn = {.rows_count = 1000000, .seed = 1, .services = 1000, .days = 1826}, .csv = true};
    if (!parse_options(count, words, &all)) {
        fputs(usage, stderr);
        return 2;
    }
    history_draw(&all.drawn);
    output out;
    output_init(&out, &all);
    if (all.shuffle)
        write_shuffled(&all, &out);
    else
        each_record(&all, NULL, &out);
    flush(&out);
    output_free(&out);
    history_free(&all.drawn);
    return fflush(stdout) == 0 ? 0 : 4;
}
