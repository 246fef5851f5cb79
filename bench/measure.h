/* SPDX-License-Identifier: MIT */
/*
 * What the measured jobs share: what was asked for, the clock, the memory of the process, and the line of JSON that
 * tells what came out. Everything goes through the library's public interface.
 */
#ifndef DORA_BENCH_MEASURE_H
#define DORA_BENCH_MEASURE_H

#include <dora/dora.h>

#include <stdbool.h>
#include <stdint.h>

/* What was asked for on the command line. */
typedef struct asked {
    const char *job;
    const char *path;    /* of the input file; NULL: the job makes its own */
    const char *answers; /* file to write the answer to, or NULL */
    unsigned repeat;
    uint32_t threads;
    uint64_t rows; /* of jobs that make their own facts */
    uint64_t seed;
} asked;

/* Where the time of one run went. */
typedef struct stages {
    double read;
    double settle;
    double query;
    double total;
} stages;

/* One line of JSON, written field by field. */
void tell_begin(const asked *what);
void tell_number(const char *name, double value);
void tell_list(const char *name, const double *values, unsigned count);
void tell_end(void);

/* "seconds" is the least total of `count` runs; beside it stand its stages and the totals of all runs. */
void tell_runs(const stages *runs, unsigned count);
/* "median_us", "p99_us" and "max_us" of `count` durations in seconds, which are put in order. */
void tell_latencies(double *seconds, unsigned count);

double now_seconds(void);

/* Bytes of memory that the process holds now, and the most it ever held; 0 where the system does not say. */
uint64_t memory_now(void);
uint64_t memory_peak(void);

_Noreturn void quit(const char *what, const char *why);
void require(dora_status status, const char *what, const dora_error *error);
/* `count` times `size` bytes, touched; quits where there is no memory. */
void *array_of(uint64_t count, size_t size);

/* A new engine that reads `path`. The buffer is used again and again. Fills *records, and *bytes of the file. */
dora_engine *engine_for(const asked *what, dora_changes changes);
void read_file(dora_engine *engine, const asked *what, uint64_t *records, uint64_t *bytes);
void settle(dora_engine *engine);
/* Writes the answer of a reading job: how many deployments there are, and the means of their figures. */
void write_totals(dora_engine *engine, const char *path);

/* The jobs, each in measure_*.c. A job tells one line. */
void job_read(const asked *what);
void job_read_arrow(const asked *what);
void job_days_and_weeks(const asked *what);
void job_rolling_whole(const asked *what);
void job_rolling_by_service(const asked *what);
void job_monthly_keys(const asked *what);
void job_settle(const asked *what);
void job_rows_as_csv(const asked *what);
void job_growth(const asked *what);
void job_stream(const asked *what);
void job_stream_ancestor(const asked *what);
void job_add_by_handle(const asked *what);
void job_add_by_name(const asked *what);
void job_add_by_id(const asked *what);
void job_add_fact(const asked *what);
void job_limits(const asked *what);
void job_state_save(const asked *what);
void job_state_load(const asked *what);
void job_state_merge(const asked *what);
void job_state_compact(const asked *what);

#endif
