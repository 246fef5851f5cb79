/* SPDX-License-Identifier: MIT */
/*
 * Records as text on standard output, CSV or NDJSON. A record is its fields in the order of the columns: begin_record,
 * put_... for each field that it has, end_record. Instants are seconds since the first day of 2020.
 */
#ifndef DORA_BENCH_RECORD_H
#define DORA_BENCH_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum { DAY_TEXT = 11 };

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
    REWORK,
    AS_OF,
    COLUMN_COUNT
} column;

typedef struct output {
    bool csv;
    bool long_ids;                   /* ids begin with 200 equal bytes */
    unsigned columns;                /* of the CSV header */
    unsigned position[COLUMN_COUNT]; /* of a column in it */
    unsigned cursor;                 /* the position, or number of keys, that the record has come to */
    char *at;
    char *bytes;
    char (*days)[DAY_TEXT]; /* "2020-01-01T", ... */
} output;

/* An output of `days` days whose columns are the bits of `columns`. */
void output_init(output *out, bool csv, unsigned columns, uint64_t days);
void output_free(output *out); /* writes what is left first */

void begin_record(output *out);
void end_record(output *out);
void put_kind(output *out, const char *name);
void put_service(output *out, uint32_t service);
void put_environment(output *out);
void put_instant(output *out, column field, uint64_t seconds);
void put_bool(output *out, column field, bool value);
void put_id(output *out, column field, char letter, uint64_t number);
/* A key that no kind knows, another one for each number. NDJSON only. */
void put_unknown(output *out, uint64_t number);

/* A list: begin_list, put_item for each, end_list. */
void begin_list(output *out, column field);
void put_item(output *out, bool first, char letter, uint64_t number);
void end_list(output *out);

#endif
