/* SPDX-License-Identifier: MIT */
/*
 * Writes a history to measure with: the same bytes for the same options, on every machine.
 *
 * `--kind inline` writes deployments that carry it all, one a row. `relational` writes deployments, changes and
 * incidents by id; the services take turns in how changes are tied to deployments: listed by the deployment, by
 * ancestry, or by time alone, and half the incidents name their deployment while the others are found by time.
 * `ancestry` writes `--rows` commits in order of time, with branches and merges, and then `--tags` deployments of some
 * of them. The options under "odd" in the usage make histories that are hard on something.
 */
#include "history.h"
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days that are written begin 2020-01-01, so that a commit 240 days before the first deployment is one of them. */
enum { DAYS_BEFORE = 366, DAYS_AFTER = 31 };

typedef enum kind { INLINE, RELATIONAL, ANCESTRY } kind;

/* A history and how it is told. */
typedef struct telling {
    history drawn;
    kind kind;
    bool csv;
    bool ids;
    bool long_ids;
    bool shuffle;
    bool reverse;
    bool unknown_keys;
    uint64_t updates; /* how often each deployment is told again */
    uint64_t tags;
} telling;

/* Records of a row. Part 0 is its deployment, 1 .. CHANGES_MAX its changes, then comes its incident. */

enum { CHANGES_MAX = 7, DEPLOYMENT_PART = 0, INCIDENT_PART = CHANGES_MAX + 1, PART_BITS = 4 };
typedef enum tie { BY_LIST, BY_ANCESTRY, BY_TIME, TIE_COUNT } tie;

static uint64_t row_random(const telling *all, uint64_t number) {
    return mix(all->drawn.seed ^ mix(number + 1));
}

static unsigned change_count(const telling *all, uint64_t number) {
    return all->kind == RELATIONAL ? 1 + (unsigned)(row_random(all, number) % CHANGES_MAX) : 0;
}

static uint64_t change_number(uint64_t number, unsigned part) {
    return number * CHANGES_MAX + part - 1;
}

static uint64_t finished_of(const telling *all, uint64_t number) {
    return (uint64_t)DAYS_BEFORE * DAY_SECONDS + all->drawn.rows[number].finished;
}

/* A deployment that is told again keeps its figures; only the last telling knows whether it failed. */
static void put_inline(output *out, const telling *all, uint64_t number, uint64_t update) {
    const row *told = &all->drawn.rows[number];
    const uint64_t finished = finished_of(all, number);
    const bool failed = told->recovery_seconds > 0 && update == all->updates;
    begin_record(out);
    if (all->ids)
        put_id(out, ID, 'd', number);
    put_service(out, told->service);
    put_environment(out);
    put_instant(out, FINISHED_AT, finished);
    put_instant(out, COMMITTED_AT, finished - told->lead_seconds);
    put_bool(out, FAILED, failed);
    if (failed)
        put_instant(out, RESTORED_AT, finished + told->recovery_seconds);
    if (all->updates > 0)
        put_instant(out, AS_OF, finished + update * HOUR_SECONDS);
    if (all->unknown_keys)
        put_unknown(out, number);
    end_record(out);
}

static void put_deployment(output *out, const telling *all, uint64_t number) {
    const row *told = &all->drawn.rows[number];
    const unsigned changes = change_count(all, number);
    put_kind(out, "deployment");
    put_id(out, ID, 'd', number);
    put_service(out, told->service);
    put_instant(out, FINISHED_AT, finished_of(all, number));
    if (told->service % TIE_COUNT == BY_ANCESTRY)
        put_id(out, SHA, 'c', change_number(number, changes));
    if (told->service % TIE_COUNT == BY_LIST) {
        begin_list(out, CHANGES);
        for (unsigned part = 1; part <= changes; part++)
            put_item(out, part == 1, 'c', change_number(number, part));
        end_list(out);
    }
    put_bool(out, REWORK, row_random(all, number) >> 60 == 0);
}

/* The last change of a deployment has the row's lead time, the ones before up to twice that. By ancestry, each follows
   the one before it, and the first the last change of the service's deployment before. */
static void put_change(output *out, const telling *all, uint64_t number, unsigned part) {
    const row *told = &all->drawn.rows[number];
    const uint64_t finished = finished_of(all, number), random = mix(row_random(all, number) + part);
    uint64_t lead = told->lead_seconds;
    if (part != change_count(all, number))
        lead += below((uint32_t)random, lead);
    const unsigned opened = random >> 32 & 15, reviewed = opened + (random >> 36 & 15);
    const unsigned merged = reviewed + (random >> 40 & 15);
    put_kind(out, "change");
    put_id(out, ID, 'c', change_number(number, part));
    put_service(out, told->service);
    put_instant(out, COMMITTED_AT, finished - lead);
    put_instant(out, OPENED_AT, finished - lead + lead * opened / 64);
    put_instant(out, FIRST_REVIEW_AT, finished - lead + lead * reviewed / 64);
    put_instant(out, MERGED_AT, finished - lead + lead * merged / 64);
    const uint32_t previous = all->drawn.previous[number];
    if (told->service % TIE_COUNT == BY_ANCESTRY && (part > 1 || previous != NO_ROW)) {
        begin_list(out, PARENTS);
        put_item(out, true, 'c',
                 part > 1 ? change_number(number, part - 1) : change_number(previous, change_count(all, previous)));
        end_list(out);
    }
}

static void put_incident(output *out, const telling *all, uint64_t number) {
    const row *told = &all->drawn.rows[number];
    const uint64_t finished = finished_of(all, number), random = mix(row_random(all, number) + INCIDENT_PART);
    put_kind(out, "incident");
    put_id(out, ID, 'i', number);
    put_service(out, told->service);
    put_instant(out, OPENED_AT, finished + told->recovery_seconds * (random >> 8 & 15) / 64);
    put_instant(out, RESOLVED_AT, finished + told->recovery_seconds);
    if ((random & 1) == 0)
        put_id(out, DEPLOYMENT, 'd', number);
}

static void put_linked(output *out, const telling *all, uint64_t number, unsigned part) {
    begin_record(out);
    if (part == DEPLOYMENT_PART)
        put_deployment(out, all, number);
    else if (part == INCIDENT_PART)
        put_incident(out, all, number);
    else
        put_change(out, all, number, part);
    end_record(out);
}

/* The records of a row in order of time, changes, their deployment, its incident: fills `parts`, returns their number.
   The parts of an inline row are its tellings. */
static unsigned row_parts(const telling *all, uint64_t number, unsigned parts[1 << PART_BITS]) {
    unsigned count = 0;
    if (all->kind == INLINE) {
        for (; count <= all->updates; count++)
            parts[count] = count;
        return count;
    }
    for (unsigned part = 1; part <= change_count(all, number); part++)
        parts[count++] = part;
    parts[count++] = DEPLOYMENT_PART;
    if (all->drawn.rows[number].recovery_seconds > 0)
        parts[count++] = INCIDENT_PART;
    return count;
}

static void put_part(output *out, const telling *all, uint64_t number, unsigned part) {
    if (all->kind == INLINE)
        put_inline(out, all, number, part);
    else
        put_linked(out, all, number, part);
}

static void write_rows(output *out, const telling *all) {
    unsigned parts[1 << PART_BITS];
    for (uint64_t i = 0; i < all->drawn.rows_count; i++) {
        const uint64_t number = all->reverse ? all->drawn.rows_count - 1 - i : i;
        const unsigned count = row_parts(all, number, parts);
        for (unsigned k = 0; k < count; k++)
            put_part(out, all, number, parts[k]);
    }
}

static void write_shuffled(output *out, const telling *all) {
    unsigned parts[1 << PART_BITS];
    uint64_t count = 0;
    uint64_t *records = checked_array(all->drawn.rows_count * (1 << PART_BITS), sizeof *records);
    for (uint64_t number = 0; number < all->drawn.rows_count; number++) {
        const unsigned parts_count = row_parts(all, number, parts);
        for (unsigned k = 0; k < parts_count; k++)
            records[count++] = number << PART_BITS | parts[k];
    }
    uint64_t state = mix(~all->drawn.seed);
    for (uint64_t i = count; i > 1; i--) {
        uint64_t other = draw(&state) % i, record = records[other];
        records[other] = records[i - 1];
        records[i - 1] = record;
    }
    for (uint64_t i = 0; i < count; i++)
        put_part(out, all, records[i] >> PART_BITS, records[i] & ((1 << PART_BITS) - 1));
    free(records);
}

/* Commits in blocks of eight: commit 0 merges the two branches of the block before, 1 to 4 are a branch that begins
   there, and 5 to 7 another. */

enum { BLOCK = 8, BRANCH_END = 4 };

static uint64_t commit_instant(uint64_t number, const telling *all) {
    return (uint64_t)DAYS_BEFORE * DAY_SECONDS + number * (all->drawn.days * DAY_SECONDS / all->drawn.rows_count);
}

static void put_commit(output *out, const telling *all, uint64_t number) {
    begin_record(out);
    put_kind(out, "change");
    put_id(out, ID, 'c', number);
    put_service(out, 0);
    put_instant(out, COMMITTED_AT, commit_instant(number, all));
    if (number > 0) {
        const bool second_branch = number % BLOCK == BRANCH_END + 1;
        begin_list(out, PARENTS);
        put_item(out, true, 'c', second_branch ? number - number % BLOCK : number - 1);
        if (number % BLOCK == 0)
            put_item(out, false, 'c', number - BLOCK + BRANCH_END);
        end_list(out);
    }
    end_record(out);
}

static void write_ancestry(output *out, const telling *all) {
    for (uint64_t number = 0; number < all->drawn.rows_count; number++)
        put_commit(out, all, number);
    for (uint64_t tag = 1; tag <= all->tags; tag++) {
        const uint64_t head = (all->drawn.rows_count - 1) * tag / all->tags / BLOCK * BLOCK;
        begin_record(out);
        put_kind(out, "deployment");
        put_id(out, ID, 'd', tag);
        put_service(out, 0);
        put_instant(out, FINISHED_AT, commit_instant(head, all) + HOUR_SECONDS);
        put_id(out, SHA, 'c', head);
        end_record(out);
    }
}

static unsigned columns_of(const telling *all) {
    if (all->kind == RELATIONAL)
        return (1u << AS_OF) - 1 - (1u << ENVIRONMENT) - (1u << FAILED) - (1u << RESTORED_AT);
    if (all->kind == ANCESTRY)
        return 1u << KIND | 1u << ID | 1u << SERVICE | 1u << FINISHED_AT | 1u << COMMITTED_AT | 1u << SHA |
               1u << PARENTS;
    return 1u << SERVICE | 1u << ENVIRONMENT | 1u << FINISHED_AT | 1u << COMMITTED_AT | 1u << FAILED |
           1u << RESTORED_AT | (all->ids ? 1u << ID : 0) | (all->updates > 0 ? 1u << AS_OF : 0);
}

/* Options. */

static const char usage[] =
    "usage: bench_generate [--rows N] [--seed S] [--services N] [--days N] [--format csv|ndjson]\n"
    "                      [--kind inline|relational|ancestry] [--ids] [--shuffle] [--failed PERCENT] [--tags N]\n"
    "odd:                  [--updates N] [--even-services] [--equal-times] [--reverse] [--long-ids] [--unknown-keys]\n";

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number) {
    uint64_t sum = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && at - text < 19; at++)
        sum = sum * 10 + (uint64_t)(*at - '0');
    *number = sum;
    return at > text && *at == '\0' && sum >= least && sum <= most;
}

static bool parse_choice(const char *text, const char *const *choices, unsigned count, unsigned *chosen) {
    for (*chosen = 0; *chosen < count; (*chosen)++)
        if (strcmp(text, choices[*chosen]) == 0)
            return true;
    return false;
}

static bool parse_flag(const char *name, telling *all) {
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--ids", &all->ids},
        {"--shuffle", &all->shuffle},
        {"--reverse", &all->reverse},
        {"--long-ids", &all->long_ids},
        {"--unknown-keys", &all->unknown_keys},
        {"--even-services", &all->drawn.even_services},
        {"--equal-times", &all->drawn.equal_times},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(name, flags[i].name) == 0)
            return *flags[i].flag = true;
    return false;
}

static bool parse_value(const char *name, const char *value, telling *all) {
    static const char *const formats[] = {"ndjson", "csv"}, *const kinds[] = {"inline", "relational", "ancestry"};
    const struct {
        const char *name;
        uint64_t least, most, *number;
    } numbers[] = {
        {"--rows", 1, 1000000000, &all->drawn.rows_count},
        {"--seed", 0, UINT64_MAX, &all->drawn.seed},
        {"--services", 1, 9999999, &all->drawn.services},
        {"--days", 1, 36525, &all->drawn.days},
        {"--failed", 0, 100, &all->drawn.failed_percent},
        {"--updates", 0, 9, &all->updates},
        {"--tags", 1, 1000000, &all->tags},
    };
    unsigned chosen;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(name, numbers[i].name) == 0)
            return parse_number(value, numbers[i].least, numbers[i].most, numbers[i].number);
    if (strcmp(name, "--format") == 0 && parse_choice(value, formats, 2, &chosen)) {
        all->csv = chosen == 1;
        return true;
    }
    if (strcmp(name, "--kind") == 0 && parse_choice(value, kinds, 3, &chosen)) {
        all->kind = (kind)chosen;
        return true;
    }
    return false;
}

static bool parse_options(int count, char **words, telling *all) {
    for (int i = 1; i < count; i++) {
        if (parse_flag(words[i], all))
            continue;
        if (i + 1 == count || !parse_value(words[i], words[i + 1], all))
            return false;
        i++;
    }
    return !(all->csv && all->unknown_keys);
}

int main(int count, char **words) {
    telling all = {
        .drawn = {.rows_count = 1000000, .seed = 1, .services = 1000, .days = 1826, .failed_percent = 10},
        .csv = true,
        .tags = 1000,
    };
    if (!parse_options(count, words, &all)) {
        fputs(usage, stderr);
        return 2;
    }
    output out;
    output_init(&out, all.csv, columns_of(&all), DAYS_BEFORE + all.drawn.days + DAYS_AFTER);
    out.long_ids = all.long_ids;
    if (all.kind == ANCESTRY) {
        write_ancestry(&out, &all);
    } else {
        history_draw(&all.drawn);
        (all.shuffle ? write_shuffled : write_rows)(&out, &all);
        history_free(&all.drawn);
    }
    output_free(&out);
    return 0;
}
