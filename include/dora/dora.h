/* SPDX-License-Identifier: MIT */
/*
 * libdora: DORA and release metrics from event histories.
 *
 * An engine holds a set of facts (deployments, changes, incidents, releases, ...). A query turns the facts into rows,
 * one a (group, window), with exact percentiles. The rows are a pure function of the set of facts: the order in which
 * facts arrive, how they are split over files and batches, and repeats of facts with an id change no bit of them.
 *
 *     #include <dora/dora.h>
 *     #include <stdio.h>
 *     int main(void) {
 *         const int64_t hour_us = INT64_C(3600000000), day_us = 24 * hour_us;
 *         dora_engine *engine;
 *         if (dora_engine_new(NULL, &engine, NULL) != DORA_OK)
 *             return 1;
 *         for (int i = 0; i < 3; i++) {
 *             dora_fact fact;
 *             dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
 *             fact.service = dora_string_of("shop");
 *             fact.finished_at = (20000 + i) * day_us;
 *             fact.committed_at = fact.finished_at - (i + 1) * hour_us;
 *             if (dora_engine_add(engine, &fact, 1, NULL) != DORA_OK)
 *                 return 1;
 *         }
 *         dora_query query = {.struct_size = sizeof query, .period = DORA_PERIOD_ALL};
 *         dora_result *result;
 *         if (dora_query_run(engine, &query, &result, NULL) != DORA_OK)
 *             return 1;
 *         size_t column = dora_result_find(result, "change_lead_time_p50");
 *         printf("median lead time: %g h\n", dora_result_double(result, column)[0] / 3600);
 *         dora_result_free(result);
 *         dora_engine_free(engine);
 *     }
 *
 * Threads: an engine, and a reader of it, is used by one thread at a time; different engines share nothing and may be
 * used by different threads at once. A result is immutable and may be read by many threads.
 *
 * Memory: everything a library call returns belongs to the object it came from, until that object is freed or, where a
 * call says so, changed. Strings and arrays passed in are copied. Every `_free` takes NULL.
 *
 * Errors: a call that can fail returns a dora_status and fills the optional `error` that the caller owns. Running out
 * of memory leaves every object usable or freeable; what a call leaves unchanged is said at the call.
 *
 * Structures that begin with `struct_size` must have it set to their sizeof; zero is the default of every other field.
 * A newer caller's fields that this library does not know must be zero.
 */
#ifndef DORA_DORA_H
#define DORA_DORA_H

#include <stddef.h>
#include <stdint.h>

#include <dora/version.h>

#if defined(__GNUC__)
#define DORA_API __attribute__((visibility("default")))
#else
#define DORA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------- status */

/* What a call says. The numbers are stable. */
typedef enum dora_status {
    DORA_OK = 0,
    DORA_ERROR_ARGUMENT = 1,  /* an argument, option or query that cannot be; the message names it */
    DORA_ERROR_MEMORY = 2,    /* an allocation failed */
    DORA_ERROR_INPUT = 3,     /* a record or fact was rejected and the call was told to stop at the first one */
    DORA_ERROR_LIMIT = 4,     /* more rows, strings or facts than allowed */
    DORA_ERROR_CANCELLED = 5, /* a callback of the caller's asked to stop */
    DORA_ERROR_IO = 6,        /* a file, or the caller's write function, failed */
    DORA_ERROR_STATE = 7,     /* bytes that are no state: of another kind, damaged, or of a later major version */
    DORA_ERROR_REPEATED = 8,  /* an input that was read before, whose facts would count twice */
    DORA_ERROR_TOO_LATE = 9   /* a fact that has to do with what was forgotten; see dora/compact.h */
} dora_status;

/* Where and why a call failed. Counts start at 1; 0 is "not known". `message` is UTF-8, always terminated, without
   control characters; it may quote input. */
typedef struct dora_error {
    dora_status status;
    uint64_t record; /* number of the record in its input, or of the fact in the array */
    uint64_t line;   /* line of the input on which the record starts */
    uint64_t byte;   /* offset from the start of the input, 0-based, of the place in question */
    char message[232];
} dora_error;

/* The version of the library that runs ("0.1.0"); DORA_VERSION_STRING is the one that was compiled against. */
DORA_API const char *dora_version(void);

/* An allocator; all three functions or none. Sizes given back are those asked for. `allocate` and `reallocate` return
   NULL on failure. They may be called by one thread at a time per engine. */
typedef struct dora_allocator {
    void *(*allocate)(void *context, size_t size);
    void *(*reallocate)(void *context, void *block, size_t old_size, size_t new_size);
    void (*release)(void *context, void *block, size_t size);
    void *context;
} dora_allocator;

/* ----------------------------------------------------------------------------------------------------------- facts */

/* Instants are microseconds since 1970-01-01T00:00:00Z, from 1900-01-01 up to, not including, 9998-01-01. */
#define DORA_ABSENT  INT64_MIN /* "not known", for instants and numbers; absent is not zero */
#define DORA_UNKNOWN (-1)      /* "not known", for int8_t fields */

/* UTF-8 bytes, not necessarily terminated. {NULL, 0} and any empty string is "absent". Borrowed during a call. */
typedef struct dora_string {
    const char *data;
    size_t size;
} dora_string;

/* The string of a terminated text; NULL gives an absent one. O(length). */
DORA_API dora_string dora_string_of(const char *text);

typedef enum dora_kind {
    DORA_KIND_DEPLOYMENT = 0,
    DORA_KIND_CHANGE,
    DORA_KIND_INCIDENT,
    DORA_KIND_RELEASE,
    DORA_KIND_PHASE,
    DORA_KIND_DEFECT,
    DORA_KIND_DOWNTIME,
    DORA_KIND_FEEDBACK,
    DORA_KIND_FLAG,
    DORA_KIND_SERVICE
} dora_kind;
#define DORA_KIND_COUNT 10

/* Names of kinds as in input ("deployment"). Returns NULL where `kind` is none. */
DORA_API const char *dora_kind_name(dora_kind kind);

typedef enum dora_deployment_status {
    DORA_STATUS_IN_PROGRESS = 0,
    DORA_STATUS_CANCELED = 1,
    DORA_STATUS_SUCCESS = 2,
    DORA_STATUS_FAILURE = 3
} dora_deployment_status;

/*
 * One fact of any kind. A kind uses the fields that docs/facts.md lists for it and ignores the others. Set it up with
 * dora_fact_init(), which makes every field absent. change, incident, release, defect, flag and service need an id; the
 * id of a service is its name. Facts of one (kind, id) merge field by field: the field takes the value with the
 * greatest as_of; at equal as_of a beginning (started_at, committed_at, opened_at, first_review_at, found_at,
 * enabled_at) takes the least value, every other field the greatest; lists are united. A deleted fact is void.
 */
typedef struct dora_fact {
    size_t struct_size; /* set by dora_fact_init */
    dora_kind kind;
    int8_t deleted; /* 1: a tombstone; 0 and DORA_UNKNOWN: not */
    int8_t status;  /* a dora_deployment_status, or DORA_UNKNOWN */
    int8_t rework;  /* 1, 0 or DORA_UNKNOWN, as the next two */
    int8_t failed;  /* deployment */
    int8_t active;  /* phase */
    dora_string id;
    dora_string service; /* the application or repository */
    dora_string environment;
    dora_string version;
    dora_string sha;     /* id of the change a deployment has at its head */
    dora_string release; /* id of a release */
    dora_string rollback_of;
    dora_string deployment; /* id of a deployment */
    dora_string severity;
    dora_string category;
    dora_string name;    /* of a phase */
    dora_string measure; /* complaints, satisfaction or adoption */
    dora_string team;
    dora_string product;
    const dora_string *changes; /* ids of changes; NULL: absent */
    size_t changes_count;
    const dora_string *parents;
    size_t parents_count;
    int64_t as_of; /* when the source said so */
    int64_t started_at;
    int64_t finished_at;
    int64_t committed_at;
    int64_t rolled_back_at;
    int64_t restored_at;
    int64_t opened_at;
    int64_t first_review_at;
    int64_t merged_at;
    int64_t resolved_at;
    int64_t released_at;
    int64_t found_at;
    int64_t ended_at;
    int64_t enabled_at;
    int64_t at;
    int64_t value_millionths; /* a feedback's value times 1,000,000; |value| <= 1e12 */
} dora_fact;

/* Makes every field of `fact` absent. Never fails. */
DORA_API void dora_fact_init(dora_fact *fact, dora_kind kind);

/* ---------------------------------------------------------------------------------------------------------- engine */

typedef struct dora_engine dora_engine;

typedef enum dora_changes { DORA_CHANGES_LISTED = 0, DORA_CHANGES_TIME = 1 } dora_changes;

#define DORA_ATTRIBUTION_DEFAULT   0         /* 7 days */
#define DORA_ATTRIBUTION_EXPLICIT  (-1)      /* only incidents that name their deployment */
#define DORA_ATTRIBUTION_UNLIMITED INT64_MAX /* the last deployment before, however long ago */

/* Long work: `done` of `total` (0: not known) steps of reading, settling, querying, saving, loading or stating. */
typedef struct dora_progress {
    const char *stage;
    uint64_t done;
    uint64_t total;
} dora_progress;

/* Called now and then during long work: every 65,536 rows while reading Arrow arrays, every some thousand facts while
   settling, with each group and each 65,536 windows while querying; never while facts are merged. Non-zero cancels: the
   call returns DORA_ERROR_CANCELLED and the engine stays usable. Must not call into the same engine. */
typedef int (*dora_progress_fn)(void *context, const dora_progress *progress);

/* What decides which facts link to which; fixed for the life of an engine. */
typedef struct dora_engine_options {
    size_t struct_size;
    const dora_allocator *allocator; /* NULL: malloc, realloc, free */
    const char *production;          /* names of production environments, separated by commas, ASCII case ignored; NULL:
                                        "production,prod,live" */
    int64_t attribution_us;          /* how long after a deployment an incident still counts as its own */
    dora_changes changes;            /* whether changes that nothing lists are placed by time */
    int infer_rollbacks;             /* non-zero: a return to an earlier version is a rollback */
    const char *time_zone;           /* "UTC", "+05:30" or an IANA name; NULL: UTC */
    const char *zone_folder;         /* where TZif files are; NULL: /usr/share/zoneinfo */
    dora_progress_fn progress;       /* called by the thread that called the library, whatever `threads` says */
    void *progress_context;
    uint32_t threads; /* how many a call may use inside, up to 64; 0 and 1: only its own. No result depends on it */
} dora_engine_options;

/* A new engine without facts. `options` may be NULL. Errors: ARGUMENT (names the option; also no such zone), MEMORY, IO
   (the file of a zone cannot be read, or is none). */
DORA_API dora_status dora_engine_new(const dora_engine_options *options, dora_engine **engine, dora_error *error);
DORA_API void dora_engine_free(dora_engine *engine);

/* Adds `count` facts, in order. Expected O(1) a fact. Stops at the first that cannot be: error->record is its number
   (from 1), the facts before it are in, it and those after it are not. Errors: INPUT (the fact: missing id, instant out
   of range, ill-formed UTF-8, ...), TOO_LATE, MEMORY, LIMIT, ARGUMENT. Facts that were added, and one that came too
   late, count as records in the accounting. */
DORA_API dora_status dora_engine_add(dora_engine *engine, const dora_fact *facts, size_t count, dora_error *error);

/* A number that stands for a service's name in one engine, for as long as the engine lives; 0 stands for none. Saves
   looking the name up with each of its facts. An empty name gives 0. Expected O(size). Errors: INPUT (ill-formed
   UTF-8), MEMORY, LIMIT, ARGUMENT. */
DORA_API dora_status dora_engine_service(dora_engine *engine, dora_string name, uint32_t *service, dora_error *error);

/* A deployment in few fields, for programs that add them one at a time as they happen. */
typedef struct dora_deployment {
    size_t struct_size; /* set by dora_deployment_init */
    uint32_t service;   /* from dora_engine_service; 0: service_name says */
    int8_t failed;      /* 1, 0 or DORA_UNKNOWN, as the next */
    int8_t rework;
    dora_string service_name;
    dora_string id; /* absent: the deployment cannot be repeated or changed later */
    int64_t finished_at;
    int64_t committed_at;
    int64_t restored_at;
} dora_deployment;

/* Makes every field of `deployment` absent. Never fails. */
DORA_API void dora_deployment_init(dora_deployment *deployment);

/* Adds one deployment to production: the same as dora_engine_add with a fact of these fields, in a fraction of its
   time. Expected O(1). Its strings are copied; it may wait with others until they are enough or the engine is asked
   something, and a call that then runs out of memory says so and leaves them waiting. Errors as of dora_engine_add;
   also INPUT where `service` is no number of this engine. */
DORA_API dora_status dora_engine_add_deployment(dora_engine *engine, const dora_deployment *deployment,
                                                dora_error *error);

/* ---------------------------------------------------------------------------------------------------------- reader */

/* Turns bytes of CSV or NDJSON into facts of one engine. One reader an input file. */
typedef struct dora_reader dora_reader;

typedef enum dora_format {
    DORA_FORMAT_AUTO = 0, /* NDJSON where the input, or a line of its first 64 KiB, begins as an object; else CSV */
    DORA_FORMAT_NDJSON = 1,
    DORA_FORMAT_CSV = 2
} dora_format;

/* A field that goes by another name in the input: CSV column or JSON key `source` feeds `field`. */
typedef struct dora_field_name {
    const char *field;
    const char *source;
} dora_field_name;

/* Called for each rejected record; `error` is valid during the call. Non-zero stops the reader with INPUT. */
typedef int (*dora_reject_fn)(void *context, const dora_error *error);

/* Called with a fact, valid during the call, that states what one record does. Non-zero stops with
   DORA_ERROR_CANCELLED. */
typedef int (*dora_fact_fn)(void *context, const dora_fact *fact);

/* Whether an input is taken as a whole and remembered by a digest of its bytes, also in states. */
typedef enum dora_once {
    DORA_ONCE_OFF = 0,  /* facts are added as they are read */
    DORA_ONCE = 1,      /* added by dora_reader_finish(), all or none (but for MEMORY and LIMIT): an input that was read
                           before is refused with REPEATED, and what on_reject was told of it then means nothing */
    DORA_ONCE_AGAIN = 2 /* the same, but an input read before is added again */
} dora_once;

typedef struct dora_reader_options {
    size_t struct_size;
    dora_format format;
    char delimiter;   /* of CSV; 0: whichever of , ; tab occurs most in the header row */
    const char *kind; /* of records that state none; NULL: "deployment" */
    const dora_field_name *names;
    size_t names_count;
    size_t
        record_bytes_max; /* a longer record is rejected; 0: 16 MiB; at most 1 GiB. Bounds what a reader holds back */
    dora_reject_fn on_reject;
    void *on_reject_context;
    dora_once once;
    const char *source;  /* name of a tool whose export this is (docs/mappings.md); NULL: none */
    const char *mapping; /* text of a mapping of one's own, of mapping_size bytes; NULL: none */
    size_t mapping_size;
    const char *project;  /* what a mapping puts in front of ids; NULL: none */
    dora_fact_fn on_fact; /* NULL: facts are added to the engine. Else each record that is not rejected is given to it
                             instead, in their order, in memory that does not grow with the input; not with `once` */
    void *on_fact_context;
    const char *tags; /* of git: a regular expression of the tags that are releases; NULL: those that are versions */
    const char *parameters; /* of mappings: "NAME=word,word;NAME=word", words of parameters; NULL: their own */
} dora_reader_options;

/* A reader that adds to `engine`, which must outlive it. `options` may be NULL. Errors: ARGUMENT, MEMORY. */
DORA_API dora_status dora_reader_new(dora_engine *engine, const dora_reader_options *options, dora_reader **reader,
                                     dora_error *error);
DORA_API void dora_reader_free(dora_reader *reader);

/*
 * The next `size` bytes of the input, split anywhere; an engine with threads shares out pieces of 128 KiB or more,
 * best of a megabyte or two a thread. Records may be held back until later bytes, at the latest until
 * dora_reader_finish(). A bad record is rejected, reported and counted, and the rest read on. Errors: INPUT (on_reject
 * said stop, or a CSV header that cannot be), MEMORY, LIMIT; after one the reader only repeats it, and every record
 * before the failing one is in the engine.
 */
DORA_API dora_status dora_reader_feed(dora_reader *reader, const void *bytes, size_t size, dora_error *error);

/* The end of the input: the last record need not end in a newline. Errors as of dora_reader_feed. */
DORA_API dora_status dora_reader_finish(dora_reader *reader, dora_error *error);

/* What the input is read as; DORA_FORMAT_AUTO while not yet known. */
DORA_API dora_format dora_reader_format(const dora_reader *reader);

/* Records seen so far: accepted and rejected ones. */
DORA_API uint64_t dora_reader_records(const dora_reader *reader);

/* ------------------------------------------------------------------------------------------------------ accounting */

typedef enum dora_disposition {
    DORA_COUNTED = 0,
    DORA_FAILED_ATTEMPT,
    DORA_CANCELED,
    DORA_IN_PROGRESS,
    DORA_NOT_PRODUCTION,
    DORA_UNDATED,
    DORA_BASELINE,
    DORA_UNDEPLOYED,
    DORA_NEGATIVE,
    DORA_NO_COMMIT_TIME,
    DORA_EXPLICIT,
    DORA_BY_TIME,
    DORA_UNATTRIBUTED,
    DORA_UNKNOWN_DEPLOYMENT,
    DORA_NO_TIME,
    DORA_INCOMPLETE,
    DORA_DELETED
} dora_disposition;
#define DORA_DISPOSITION_COUNT 17

/* "counted", "failed_attempt", ...; NULL where `disposition` is none. */
DORA_API const char *dora_disposition_name(dora_disposition disposition);

/* What a sentence says of facts that are not counted: "outside production", "in the baseline"; NULL for the
   dispositions of those that are, and where `disposition` is none. */
DORA_API const char *dora_disposition_words(dora_disposition disposition);

/* records + loaded = facts + merged + rejected; the dispositions of a kind sum to its distinct facts (of changes: and
   the inline changes of undeleted deployments). */
typedef struct dora_account {
    size_t struct_size;
    uint64_t records;
    uint64_t facts;
    uint64_t merged;
    uint64_t rejected;
    uint64_t unknown_fields; /* how often a record carried a field that its kind does not have */
    uint64_t dispositions[DORA_KIND_COUNT][DORA_DISPOSITION_COUNT];
    uint64_t loaded;    /* facts that came from states and other engines, of which some were merged */
    uint64_t items;     /* of exports of tools: an item states any number of facts, which are the records */
    uint64_t silent;    /* items that state none */
    uint64_t too_late;  /* records that came too late (see dora/compact.h), among the rejected ones */
    uint64_t forgotten; /* facts of which only samples are left, among `facts` and the dispositions */
    int32_t compacted;  /* 1: what was before before_day, in days since 1970-01-01, is forgotten; else 0 */
    int32_t before_day;
} dora_account;

/* Fills `account` (its struct_size set). Settles what was added since the last query: O(facts) then, else O(1). */
DORA_API dora_status dora_engine_account(dora_engine *engine, dora_account *account, dora_error *error);

/* A name with how often it occurred. The name is terminated as well. */
typedef struct dora_name_count {
    dora_string name;
    uint64_t count;
} dora_name_count;

/* Unknown fields by name: the `index`th of the 1,000 least names by bytes. Returns 0 past the end, else 1. */
DORA_API int dora_engine_unknown_field(const dora_engine *engine, size_t index, dora_name_count *field);

/* Environments of undeleted deployments, most frequent first (of equals the least name), as known when the engine last
   settled (a query or account); the absent one reads as "production". Returns 0 past the end, else 1. */
DORA_API int dora_engine_environment(const dora_engine *engine, size_t index, dora_name_count *environment);

/* ----------------------------------------------------------------------------------------------------------- state */

/*
 * A state is the facts of an engine as bytes, and the digests of the inputs that were read once (see dora_once): no
 * counters of a run, no options, nothing of a query. Equal sets of facts have equal states, on any machine and however
 * they arrived; docs/state.md has the format. Facts that mean the same are the same: the as_of of a fact without an
 * id is not kept.
 */

/* Takes `size` bytes; non-zero is a failure, which ends the writing with DORA_ERROR_IO. */
typedef int (*dora_write_fn)(void *context, const void *bytes, size_t size);

typedef struct dora_merge_options {
    size_t struct_size;
    int again; /* non-zero: also where both sides have read an input with facts without an id, which then count twice */
} dora_merge_options;

/* Writes the state in one call of `write` or more. O(facts * fields + bytes of strings), and as much memory as the
   state has bytes and some 40 bytes a fact of the largest kind. Errors: MEMORY, IO (`write`), CANCELLED, ARGUMENT. */
DORA_API dora_status dora_engine_save(dora_engine *engine, dora_write_fn write, void *context, dora_error *error);

/* Puts the state in the place of the file `path`, or makes it: at any moment the name means the old bytes or the new
   ones, on the disk, too. A symbolic link is refused; a file's mode is kept. Errors as above. */
DORA_API dora_status dora_engine_save_file(dora_engine *engine, const char *path, dora_error *error);

/*
 * Adds the facts of a state, verified in full: frame, checksums and every value. As dora_engine_merge() with an engine
 * that has these facts; into an engine without facts nothing is looked up. `options` may be NULL. Memory of at most
 * 1,000 bytes a byte of the state and 32 MiB, whatever it says. Errors: STATE (error->byte is the place), REPEATED,
 * MEMORY, LIMIT, ARGUMENT, CANCELLED; after STATE, REPEATED and CANCELLED the engine is unchanged.
 */
DORA_API dora_status dora_engine_load(dora_engine *engine, const void *bytes, size_t size,
                                      const dora_merge_options *options, dora_error *error);
/* The same from a file; also IO. */
DORA_API dora_status dora_engine_load_file(dora_engine *engine, const char *path, const dora_merge_options *options,
                                           dora_error *error);

/*
 * Adds all facts of `from`, which stays as it is, to `into`: the state of `into` is then that of an engine that read
 * the inputs of both. Commutative and associative; of facts with an id idempotent. Options of the engines may differ;
 * `into` keeps its own. O(facts of `from`). Errors: REPEATED and STATE (compacted ones that do not fit; nothing is
 * changed), MEMORY and LIMIT (a part of the facts is in `into`, which is to be freed), ARGUMENT. */
DORA_API dora_status dora_engine_merge(dora_engine *into, dora_engine *from, const dora_merge_options *options,
                                       dora_error *error);

/* Whether bytes begin as a state does: 1 or 0; the first 8 are enough. */
DORA_API int dora_is_state(const void *bytes, size_t size);

/* ----------------------------------------------------------------------------------------------------------- tiers */

typedef enum dora_tier {
    DORA_TIER_NONE = 0,
    DORA_TIER_LOW,
    DORA_TIER_MEDIUM,
    DORA_TIER_HIGH,
    DORA_TIER_ELITE
} dora_tier;
DORA_API const char *dora_tier_name(dora_tier tier); /* "low" ... "elite"; NULL for none */

/* The worst value that still earns a tier. Frequency: `numerator` deployments every `denominator` days, that is
   max(1, floor(numerator * days / denominator)) deployments in a window, or with `strict` more than
   numerator * days / denominator. Durations: less than numerator / denominator seconds. Fail rate: at most
   numerator / denominator. denominator 0: not reachable. */
typedef struct dora_tier_bound {
    int64_t numerator;
    int64_t denominator;
    int strict;
} dora_tier_bound;

/* A table; [0] elite, [1] high, [2] medium. */
typedef struct dora_tiers {
    size_t struct_size;
    char name[24]; /* "2024", or a name of one's own */
    int restore;   /* non-zero: `recovery` judges time_to_restore_service, else failed_deployment_recovery_time */
    dora_tier_bound frequency[3];
    dora_tier_bound lead_time[3];
    dora_tier_bound recovery[3];
    dora_tier_bound fail_rate[3];
} dora_tiers;

/* The published table of an edition: 2018, 2019, 2021, 2022, 2023 or 2024; NULL for any other. Static. */
DORA_API const dora_tiers *dora_tiers_edition(int edition);

/* Reads a table from text as dora_tiers_write() gives it (docs/tiers.md). Sets tiers->struct_size; on error *tiers is
   unchanged. Errors: INPUT with the line, ARGUMENT. */
DORA_API dora_status dora_tiers_parse(const char *text, size_t size, dora_tiers *tiers, dora_error *error);

/* ----------------------------------------------------------------------------------------------------------- query */

typedef enum dora_table { DORA_TABLE_REPORT = 0, DORA_TABLE_PHASES = 1 } dora_table;
typedef enum dora_group { DORA_GROUP_NONE = 0, DORA_GROUP_SERVICE, DORA_GROUP_TEAM, DORA_GROUP_PRODUCT } dora_group;
typedef enum dora_period {
    DORA_PERIOD_MONTH = 0,
    DORA_PERIOD_DAY,
    DORA_PERIOD_WEEK, /* ISO: Monday first */
    DORA_PERIOD_QUARTER,
    DORA_PERIOD_YEAR,
    DORA_PERIOD_ALL
} dora_period;
typedef enum dora_percentile_rule {
    DORA_PERCENTILE_LINEAR = 0, /* Hyndman-Fan 7 */
    DORA_PERCENTILE_LOWER,
    DORA_PERCENTILE_NEAREST_RANK /* Hyndman-Fan 1 */
} dora_percentile_rule;

#define DORA_ROWS_MAX_DEFAULT 10000000

typedef struct dora_query {
    size_t struct_size;
    dora_table table;
    dora_group by;
    dora_period period;      /* where window_days is 0 */
    uint32_t window_days;    /* rolling windows of that many calendar days, up to 690,000 */
    uint32_t step_days;      /* 0: 1 */
    const char *since;       /* "2024-01-31", inclusive; NULL: the first cohort day of any sample */
    const char *until;       /* inclusive; NULL: the last cohort day */
    const char *percentiles; /* decimals of at most 6 digits, 0 to 100, separated by commas; NULL: "50,75,90,95" */
    dora_percentile_rule percentile_rule;
    const char *metrics;     /* names and the sets dora, deployment, release, all, separated by commas; NULL: "all" */
    const dora_tiers *tiers; /* NULL: the 2024 edition */
    int intervals;           /* non-zero: 95 % intervals */
    uint64_t rows_max;       /* 0: DORA_ROWS_MAX_DEFAULT; UINT64_MAX: no limit */
    const char *only;        /* with `by`: the rows of the group of that name alone, the same as among all; NULL: all */
    /* Names of columns, separated by commas: of those of the metrics the result has these alone, in its own order,
       behind group, window and phase, with the same values; what a report needs for none is not computed. NULL: all. */
    const char *columns;
} dora_query;

/* Rows as typed columns, ordered by group (bytes, null first), then window start, then phase name. */
typedef struct dora_result dora_result;

/*
 * Answers `query` over all facts added. What it placed in groups, some 9 bytes a sample, is kept until facts are added
 * or a query needs something else, for the next query of the same grouping and metrics. Settles first: O(facts log
 * facts) when facts were added since the last query, else nothing. Then O(samples log samples + rows). Errors: ARGUMENT
 * (names what is wrong), LIMIT (more than rows_max rows; the message gives the dates that stretch the span), MEMORY,
 * CANCELLED. On error *result is NULL and the engine is unchanged.
 */
DORA_API dora_status dora_query_run(dora_engine *engine, const dora_query *query, dora_result **result,
                                    dora_error *error);

/* One more holder: the result is freed with as many calls of dora_result_free, made by any thread. Returns `result`.
   O(1). Never fails. */
DORA_API dora_result *dora_result_retain(dora_result *result);
DORA_API void dora_result_free(dora_result *result);

/* Called with the rows in order, in results of at most some thousand rows, valid during the call; at least once,
   perhaps with no rows. Non-zero stops with DORA_ERROR_CANCELLED. */
typedef int (*dora_rows_fn)(void *context, const dora_result *rows);

/* As dora_query_run, in memory that does not grow with the number of rows. */
DORA_API dora_status dora_query_each(dora_engine *engine, const dora_query *query, dora_rows_fn rows, void *context,
                                     dora_error *error);

typedef enum dora_type {
    DORA_TYPE_INT64 = 0,
    DORA_TYPE_DOUBLE,
    DORA_TYPE_STRING,
    DORA_TYPE_DATE, /* int32_t days since 1970-01-01 */
    DORA_TYPE_BOOL  /* uint8_t 0 or 1 */
} dora_type;

/* What a column's numbers are, for those who show them. */
typedef enum dora_unit {
    DORA_UNIT_NONE = 0, /* groups, dates, names */
    DORA_UNIT_COUNT,
    DORA_UNIT_DAYS,
    DORA_UNIT_SECONDS,
    DORA_UNIT_PER_DAY,
    DORA_UNIT_RATIO, /* 0 to 1 */
    DORA_UNIT_PER_RELEASE,
    DORA_UNIT_VALUE, /* in the unit of the input */
    DORA_UNIT_SCORE, /* 0 to 10 */
    DORA_UNIT_TIER
} dora_unit;

DORA_API size_t dora_result_rows(const dora_result *result);
DORA_API size_t dora_result_columns(const dora_result *result);
/* Columns are 0 .. columns-1; for any other the calls below return NULL or 0. */
DORA_API const char *dora_result_name(const dora_result *result, size_t column);
DORA_API dora_type dora_result_type(const dora_result *result, size_t column);
DORA_API dora_unit dora_result_unit(const dora_result *result, size_t column);
/* The column of that name, or SIZE_MAX. */
DORA_API size_t dora_result_find(const dora_result *result, const char *name);
/* 1 where the value is null. */
DORA_API int dora_result_is_null(const dora_result *result, size_t column, size_t row);
/* Bit row%8 of byte row/8 is 1 where the value is known; NULL where the column has no null. */
DORA_API const uint8_t *dora_result_validity(const dora_result *result, size_t column);
/* A date, days since 1970-01-01, as terminated "2024-01-31"; years 1 to 9999. */
DORA_API void dora_date_format(int32_t day, char text[11]);
/* The values, one a row; NULL where the column is of another type. A null row holds 0. */
DORA_API const int64_t *dora_result_int64(const dora_result *result, size_t column);
DORA_API const double *dora_result_double(const dora_result *result, size_t column);
DORA_API const int32_t *dora_result_date(const dora_result *result, size_t column);
DORA_API const uint8_t *dora_result_bool(const dora_result *result, size_t column);
/* Row r of a string column is bytes offsets[r] .. offsets[r+1]-1 of `*bytes`. NULL for another type. */
DORA_API const uint32_t *dora_result_string(const dora_result *result, size_t column, const char **bytes);

/* ------------------------------------------------------------------------------------------------------- what changed
 */

/*
 * For those who keep results and refresh only what facts have restated since: a mark takes down the samples of an
 * engine as they are, by (group, day); dora_engine_changes() says which differ from it, and moves it to now. An old row
 * still holds if no day of its window is listed for its group, none up to the end of its window with first_day_moved,
 * and nothing in dora_moves applies.
 */
typedef struct dora_mark dora_mark;

/* What moved as a whole; non-zero: it did. */
typedef struct dora_moves {
    size_t struct_size;
    int span;     /* the observed span: the `days` and the number of windows may be others, unless the query gives both
                     since and until, and each window begins on or after the old and the new first day of any sample */
    int grouping; /* some service belongs to another group than before: its days are listed for both */
    int evidence; /* whether there is any evidence of failures, or of rework: rates that were null may be known in all
                     rows, and known ones null */
} dora_moves;

/* A mark of what there is now, or where `from_nothing` of an engine without facts, grouped as a query with `by` groups.
   To be freed before its engine. Settles first. O(samples + cells log cells); 24 bytes a (group, day) that has samples.
   Errors: ARGUMENT, MEMORY, CANCELLED. */
DORA_API dora_status dora_mark_new(dora_engine *engine, dora_group by, int from_nothing, dora_mark **mark,
                                   dora_error *error);
DORA_API void dora_mark_free(dora_mark *mark);

/*
 * The days of groups whose samples, of whatever metric, differ between the mark and now, as rows: the group (its column
 * is left out where there are no groups), `day`, and `first_day_moved`, true where rows of the group for windows that
 * end on or after that day have come or gone. In the order of groups, then days. `moves` may be NULL, else has its
 * struct_size set. The mark is then one of now. Costs as dora_mark_new; a difference is missed with a chance of about
 * 2^-64. Errors: ARGUMENT, MEMORY, CANCELLED; after one the mark is as it was.
 */
DORA_API dora_status dora_engine_changes(dora_engine *engine, dora_mark *mark, dora_moves *moves, dora_result **cells,
                                         dora_error *error);

/* ---------------------------------------------------------------------------------------------------------- writer */

typedef enum dora_output {
    DORA_OUTPUT_TABLE = 0, /* for people: humane durations, sample sizes, tiers in words; not for machines */
    DORA_OUTPUT_NDJSON,
    DORA_OUTPUT_CSV,
    DORA_OUTPUT_JSON, /* one array of objects */
    DORA_OUTPUT_MARKDOWN,
    DORA_OUTPUT_HTML /* a fragment with a table and its style, for notebooks and pages */
} dora_output;

typedef struct dora_writer_options {
    size_t struct_size;
    dora_output output;
    int color;                       /* non-zero: terminal colours in a table */
    const dora_allocator *allocator; /* NULL: malloc, realloc, free */
    uint64_t rows_most; /* of table, Markdown, HTML: of more the first and last are shown, the others counted; 0: all */
    int csv_safe;       /* non-zero: CSV with strings in quotes, and an apostrophe before what is like a formula */
} dora_writer_options;

typedef struct dora_writer dora_writer;

DORA_API dora_status dora_writer_new(const dora_writer_options *options, dora_write_fn write, void *context,
                                     dora_writer **writer, dora_error *error);
/* Appends rows; all results of one writer come from one query. NDJSON, CSV and JSON are written as they come, what
   people read is held until the end, since columns have widths. Errors: IO, MEMORY. */
DORA_API dora_status dora_writer_put(dora_writer *writer, const dora_result *result, dora_error *error);
/* Writes what is left. To be called once, before dora_writer_free, where nothing failed. */
DORA_API dora_status dora_writer_finish(dora_writer *writer, dora_error *error);
DORA_API void dora_writer_free(dora_writer *writer);

/* One result through a writer of its own. */
DORA_API dora_status dora_result_write(const dora_result *result, const dora_writer_options *options,
                                       dora_write_fn write, void *context, dora_error *error);

/* The accounting as a table or as JSON (one object on one line; zero dispositions left out); as Markdown or HTML one
   paragraph, on one line, of how many records there were and which facts are not counted. */
DORA_API dora_status dora_account_write(dora_engine *engine, const dora_writer_options *options, dora_write_fn write,
                                        void *context, dora_error *error);

/* A tier table as the text that dora_tiers_parse() reads (DORA_OUTPUT_TABLE) or as JSON. */
DORA_API dora_status dora_tiers_write(const dora_tiers *tiers, const dora_writer_options *options, dora_write_fn write,
                                      void *context, dora_error *error);

#ifdef __cplusplus
}
#endif

#endif
