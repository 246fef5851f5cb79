/* SPDX-License-Identifier: MIT */
/*
 * Times the library from the inside, through its public interface only: reading a file, settling its facts, and the
 * queries of a list. Each step is run `--repeat` times and the best run is told, as one JSON object on a line; the
 * first run is told beside it, since later queries may find work done. Peak memory is that of the process after the
 * first run of a step. Bytes are those read by a reading step and those written by a query.
 */
#include <dora/dora.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_SIZE = 256 * 1024, REPEAT_MAX = 1000 };

static const char rolling_metrics[] = "deployments,change_lead_time,change_fail_rate";
static const char rolling_percentiles[] = "50,90";

/* A query, and whether its rows are written as CSV or only made. */
typedef struct step {
    const char *name;
    bool written;
    dora_query query;
} step;

static const step steps[] = {
    {"report monthly", true, {.period = DORA_PERIOD_MONTH}},
    {"report by service monthly", true, {.period = DORA_PERIOD_MONTH, .by = DORA_GROUP_SERVICE}},
    {"day by service",
     true,
     {.period = DORA_PERIOD_DAY,
      .by = DORA_GROUP_SERVICE,
      .percentiles = rolling_percentiles,
      .metrics = rolling_metrics}},
    {"rolling whole",
     true,
     {.window_days = 28, .step_days = 1, .percentiles = rolling_percentiles, .metrics = rolling_metrics}},
    {"rolling by service 28 days step 1",
     true,
     {.window_days = 28,
      .step_days = 1,
      .by = DORA_GROUP_SERVICE,
      .percentiles = rolling_percentiles,
      .metrics = rolling_metrics}},
    {"rolling by service, rows only",
     false,
     {.window_days = 28,
      .step_days = 1,
      .by = DORA_GROUP_SERVICE,
      .percentiles = rolling_percentiles,
      .metrics = rolling_metrics}},
};
enum { STEP_COUNT = sizeof steps / sizeof steps[0] };

/* What one run came to. */
typedef struct run {
    double seconds;
    uint64_t rows; /* of the result; 0 where there is none */
    uint64_t bytes;
} run;

/* All runs of a step. */
typedef struct measurement {
    run best;
    double first_seconds;
    long peak_kib;
} measurement;

static void quit(const char *what, const char *why) {
    fprintf(stderr, "bench_measure: %s: %s\n", what, why);
    exit(4);
}

static void require(dora_status status, const char *what, const dora_error *error) {
    if (status != DORA_OK)
        quit(what, error->message);
}

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void measurement_add(measurement *sum, run one, unsigned repetition) {
    if (repetition == 0) {
        struct rusage used;
        getrusage(RUSAGE_SELF, &used);
        *sum = (measurement){.best = one, .first_seconds = one.seconds, .peak_kib = used.ru_maxrss};
    } else if (one.seconds < sum->best.seconds) {
        sum->best = one;
    }
}

/* `facts` is the number of records read, which costs are given by whatever the step is. */
static void measurement_print(const measurement *told, const char *name, const char *detail, uint64_t facts) {
    const run *best = &told->best;
    const double seconds = best->seconds > 1e-9 ? best->seconds : 1e-9, rows = facts > 0 ? (double)facts : 1;
    printf("{\"step\": \"%s%s\", \"rows\": %" PRIu64 ", \"result_rows\": %" PRIu64 ", \"bytes\": %" PRIu64
           ", \"seconds\": %.9f, \"first_seconds\": %.9f, \"rows_per_s\": %.0f, \"mb_per_s\": %.1f"
           ", \"ns_per_row\": %.3f, \"peak_bytes\": %" PRIu64 "}\n",
           name, detail, facts, best->rows, best->bytes, seconds, told->first_seconds, rows / seconds,
           (double)best->bytes / seconds * 1e-6, seconds * 1e9 / rows, (uint64_t)told->peak_kib * 1024);
    fflush(stdout);
}

static uint64_t feed_file(dora_reader *reader, const char *path, void *piece) {
    const int file = open(path, O_RDONLY);
    if (file < 0)
        quit(path, strerror(errno));
    dora_error error;
    uint64_t bytes = 0;
    ssize_t size;
    while ((size = read(file, piece, PIECE_SIZE)) > 0) {
        require(dora_reader_feed(reader, piece, (size_t)size, &error), path, &error);
        bytes += (uint64_t)size;
    }
    if (size < 0)
        quit(path, strerror(errno));
    require(dora_reader_finish(reader, &error), path, &error);
    close(file);
    return bytes;
}

typedef struct input {
    dora_engine *engine;
    dora_format format;
    uint64_t records;
} input;

static run run_read(const char *path, void *piece, input *read) {
    dora_error error;
    dora_reader *reader;
    const double start = now_seconds();
    require(dora_engine_new(NULL, &read->engine, &error), "engine", &error);
    require(dora_reader_new(read->engine, NULL, &reader, &error), "reader", &error);
    const uint64_t bytes = feed_file(reader, path, piece);
    const double end = now_seconds();
    read->format = dora_reader_format(reader);
    read->records = dora_reader_records(reader);
    dora_reader_free(reader);
    return (run){.seconds = end - start, .bytes = bytes};
}

static run run_settle(const input *read) {
    dora_error error;
    dora_account account = {.struct_size = sizeof account};
    const double start = now_seconds();
    require(dora_engine_account(read->engine, &account, &error), "settle", &error);
    const double end = now_seconds();
    if (account.rejected > 0)
        fprintf(stderr, "bench_measure: %" PRIu64 " records were rejected\n", account.rejected);
    return (run){.seconds = end - start};
}

/* The consumer of a query: rows are counted and, where there is a writer, written to nowhere and counted as bytes. */
typedef struct sink {
    run *told;
    dora_writer *writer;
    dora_error error;
} sink;

static int count_bytes(void *context, const void *bytes, size_t size) {
    (void)bytes;
    ((sink *)context)->told->bytes += size;
    return 0;
}

static int take_rows(void *context, const dora_result *rows) {
    sink *into = context;
    into->told->rows += dora_result_rows(rows);
    return into->writer && dora_writer_put(into->writer, rows, &into->error) != DORA_OK;
}

static run run_query(const input *read, const step *asked) {
    run told = {0};
    sink into = {.told = &told};
    dora_query query = asked->query;
    query.struct_size = sizeof query;
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_CSV};
    const double start = now_seconds();
    if (asked->written)
        require(dora_writer_new(&options, count_bytes, &into, &into.writer, &into.error), asked->name, &into.error);
    dora_error error;
    require(dora_query_each(read->engine, &query, take_rows, &into, &error), asked->name, &error);
    if (into.writer)
        require(dora_writer_finish(into.writer, &into.error), asked->name, &into.error);
    told.seconds = now_seconds() - start;
    dora_writer_free(into.writer);
    return told;
}

static bool wanted(const char *name, char *const *names, unsigned names_count) {
    for (unsigned i = 0; i < names_count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return names_count == 0;
}

/* Reading and settling need a fresh engine each time; the queries share the last one. */
static void measure(const char *path, unsigned repeat, char *const *names, unsigned names_count) {
    const bool reading = wanted("read", names, names_count), settling = wanted("settle", names, names_count);
    void *piece = malloc(PIECE_SIZE);
    if (!piece)
        quit(path, "out of memory");
    measurement read_told = {0}, settle_told = {0}, query_told = {0};
    input read = {0};
    for (unsigned i = 0; i < (reading || settling ? repeat : 1); i++) {
        dora_engine_free(read.engine);
        measurement_add(&read_told, run_read(path, piece, &read), i);
        measurement_add(&settle_told, run_settle(&read), i);
    }
    if (reading)
        measurement_print(&read_told, "read ", read.format == DORA_FORMAT_CSV ? "csv" : "ndjson", read.records);
    if (settling)
        measurement_print(&settle_told, "settle", "", read.records);
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        if (!wanted(steps[i].name, names, names_count))
            continue;
        for (unsigned k = 0; k < repeat; k++)
            measurement_add(&query_told, run_query(&read, &steps[i]), k);
        measurement_print(&query_told, steps[i].name, "", read.records);
    }
    dora_engine_free(read.engine);
    free(piece);
}

static int print_usage(void) {
    fputs("usage: bench_measure [--repeat K] [--step NAME]... FILE\n"
          "       bench_measure --about\n"
          "steps: read, settle",
          stderr);
    for (unsigned i = 0; i < STEP_COUNT; i++)
        fprintf(stderr, "; %s", steps[i].name);
    fputs("\n", stderr);
    return 2;
}

static void print_about(void) {
#if defined(__clang__)
    const char compiler[] = __VERSION__;
#else
    const char compiler[] = "gcc " __VERSION__;
#endif
    printf("{\"library\": \"%s\", \"compiler\": \"%s\"}\n", dora_version(), compiler);
}

int main(int count, char **words) {
    unsigned repeat = 3, names_count = 0;
    if (count == 2 && strcmp(words[1], "--about") == 0) {
        print_about();
        return 0;
    }
    /* Step names are gathered at the front of `words`, which is read faster than it is written. */
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--step") == 0)
            words[names_count++] = words[i + 1];
        else if (strcmp(words[i], "--repeat") == 0)
            repeat = (unsigned)strtoul(words[i + 1], NULL, 10);
        else
            return print_usage();
    }
    if (count % 2 != 0 || repeat < 1 || repeat > REPEAT_MAX)
        return print_usage();
    measure(words[count - 1], repeat, words, names_count);
    return 0;
}
