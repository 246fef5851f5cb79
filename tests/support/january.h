/* SPDX-License-Identifier: MIT */
/*
 * A small history of January 2024 and the text that writers make of it. What cannot fail here ends the program where it
 * does.
 */
#ifndef DORA_TESTS_JANUARY_H
#define DORA_TESTS_JANUARY_H

#include <dora/dora.h>

#define HOUR_US   INT64_C(3600000000)
#define DAY_US    (24 * HOUR_US)
#define JANUARY_1 (INT64_C(19723) * DAY_US) /* 2024 */
#define NAUGHTY   "a\x1b[31m|\",\n\xe2\x80\xae<b>"

/* What was written; with `fail_at` the write of that number, from 1, fails. */
struct sink {
    char *bytes;
    size_t size;
    size_t writes;
    size_t fail_at;
};

/* A dora_write_fn of a struct sink. */
int take(void *context, const void *bytes, size_t size);

void add(dora_engine *engine, const dora_fact *fact);

/* A deployment on a day of January whose one change took so many hours. */
dora_fact deployment(const char *service, const char *id, int day, int hours);

/* Two services in January 2024: "shop" with a failure that lasted half an hour and one that is open, "café" with one
   deployment; a release with two phases. */
dora_engine *make_engine(void);

dora_query query_of(dora_group by, const char *metrics);
dora_result *run(dora_engine *engine, const dora_query *query);
dora_writer_options options_of(dora_output output);

/* The answer to a query over an engine as text, to be freed. */
char *written(dora_engine *engine, const dora_query *query, dora_output output, int color);

#endif
