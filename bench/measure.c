/* SPDX-License-Identifier: MIT */
/*
 * Times the library from the inside: `bench_measure JOB FILE` runs a job `--repeat` times, each time with a new engine,
 * and tells the best run as one JSON object on a line. `--answers` also writes what the job came to, for run.py to
 * compare with what others came to.
 */
#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS_MAX = 1000 };

void quit(const char *what, const char *why) {
    fprintf(stderr, "bench_measure: %s: %s\n", what, why);
    exit(4);
}

void require(dora_status status, const char *what, const dora_error *error) {
    if (status != DORA_OK)
        quit(what, error->message);
}

void *array_of(uint64_t count, size_t size) {
    void *array = count <= SIZE_MAX / size ? malloc((size_t)count * size) : NULL;
    if (!array)
        quit("memory", "not enough");
    memset(array, 0xA5, (size_t)count * size); /* not zero, or calloc would do it without touching */
    return array;
}

double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint64_t memory_line(const char *name) {
    char line[256];
    uint64_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoull(line + strlen(name), NULL, 10);
    if (file)
        fclose(file);
    return kib * 1024;
}

uint64_t memory_now(void) {
    return memory_line("VmRSS:");
}

uint64_t memory_peak(void) {
    return memory_line("VmHWM:");
}

void tell_begin(const asked *what) {
    printf("{\"job\": \"%s\", \"threads\": %" PRIu32, what->job, what->threads);
}

void tell_number(const char *name, double value) {
    printf(", \"%s\": %.12g", name, value);
}

void tell_list(const char *name, const double *values, unsigned count) {
    printf(", \"%s\": [", name);
    for (unsigned i = 0; i < count; i++)
        printf("%s%.9g", i == 0 ? "" : ", ", values[i]);
    printf("]");
}

void tell_end(void) {
    printf("}\n");
    fflush(stdout);
}

void tell_runs(const stages *runs, unsigned count) {
    double totals[RUNS_MAX];
    unsigned best = 0;
    for (unsigned i = 0; i < count; i++) {
        totals[i] = runs[i].total;
        if (runs[i].total < runs[best].total)
            best = i;
    }
    tell_number("seconds", runs[best].total);
    tell_number("read_seconds", runs[best].read);
    tell_number("settle_seconds", runs[best].settle);
    tell_number("query_seconds", runs[best].query);
    tell_list("all_seconds", totals, count);
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void tell_latencies(double *seconds, unsigned count) {
    qsort(seconds, count, sizeof *seconds, compare_doubles);
    tell_number("count", count);
    tell_number("median_us", seconds[count / 2] * 1e6);
    tell_number("p99_us", seconds[count - 1 - count / 100] * 1e6);
    tell_number("max_us", seconds[count - 1] * 1e6);
}

static const struct {
    const char *name;
    void (*run)(const asked *what);
    bool file;
} jobs[] = {
    {"read", job_read, true},
    {"read-arrow", job_read_arrow, false},
    {"settle", job_settle, true},
    {"days-and-weeks", job_days_and_weeks, true},
    {"rolling-whole", job_rolling_whole, true},
    {"rolling-by-service", job_rolling_by_service, true},
    {"monthly-keys", job_monthly_keys, true},
    {"rows-as-csv", job_rows_as_csv, true},
    {"growth", job_growth, true},
    {"stream", job_stream, true},
    {"stream-ancestor", job_stream_ancestor, true},
    {"add-by-handle", job_add_by_handle, false},
    {"add-by-name", job_add_by_name, false},
    {"add-by-id", job_add_by_id, false},
    {"add-fact", job_add_fact, false},
    {"limits", job_limits, true},
    {"state-save", job_state_save, true},
    {"state-load", job_state_load, true},
    {"state-merge", job_state_merge, true},
    {"state-compact", job_state_compact, true},
};
enum { JOBS_COUNT = sizeof jobs / sizeof jobs[0] };

static int print_usage(void) {
    fputs("usage: bench_measure JOB [FILE] [--repeat K] [--threads N] [--answers FILE] [--rows N] [--seed S]\n"
          "       bench_measure --about\n"
          "jobs:",
          stderr);
    for (unsigned i = 0; i < JOBS_COUNT; i++)
        fprintf(stderr, " %s%s", jobs[i].name, jobs[i].file ? "" : " (no file)");
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

static bool parse(int count, char **words, asked *what) {
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : NULL;
        if (words[i][0] != '-') {
            *(what->job ? &what->path : &what->job) = words[i];
            continue;
        }
        if (!value)
            return false;
        if (strcmp(words[i], "--repeat") == 0)
            what->repeat = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(words[i], "--threads") == 0)
            what->threads = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(words[i], "--rows") == 0)
            what->rows = strtoull(value, NULL, 10);
        else if (strcmp(words[i], "--seed") == 0)
            what->seed = strtoull(value, NULL, 10);
        else if (strcmp(words[i], "--answers") == 0)
            what->answers = value;
        else
            return false;
        i++;
    }
    return what->job && what->repeat >= 1 && what->repeat <= RUNS_MAX;
}

int main(int count, char **words) {
    asked what = {.repeat = 3, .threads = 1, .rows = 1000000, .seed = 1};
    if (count == 2 && strcmp(words[1], "--about") == 0) {
        print_about();
        return 0;
    }
    if (!parse(count, words, &what))
        return print_usage();
    for (unsigned i = 0; i < JOBS_COUNT; i++) {
        if (strcmp(jobs[i].name, what.job) != 0)
            continue;
        if (jobs[i].file && !what.path)
            return print_usage();
        jobs[i].run(&what);
        return 0;
    }
    return print_usage();
}
