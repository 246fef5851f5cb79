/* SPDX-License-Identifier: MIT */
/*
 * The history that bench_generate writes, before it is text: one row a deployment, in order of time, the same for the
 * same seed on every machine. Randomness is splitmix64, and distributions are tables made with + - * / alone: no
 * rand(), no libm.
 */
#ifndef DORA_BENCH_HISTORY_H
#define DORA_BENCH_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DAY_SECONDS = 86400, HOUR_SECONDS = 3600, MINUTE_SECONDS = 60 };

#define NO_ROW UINT32_MAX

typedef struct row {
    uint32_t finished;         /* seconds since 2021-01-01 */
    uint32_t lead_seconds;     /* up to 120 days */
    uint32_t recovery_seconds; /* up to 30 days; 0: did not fail */
    uint32_t service;          /* 0 is the busiest */
} row;

typedef struct history {
    uint64_t rows_count;
    uint64_t seed;
    uint64_t services;
    uint64_t days;
    uint64_t failed_percent;
    bool even_services; /* every service has as many rows, in turn */
    bool equal_times;   /* one lead time and one recovery time for all */
    row *rows;
    uint32_t *previous; /* the row before of the same service, or NO_ROW */
} history;

/* Fills `rows` and `previous` of a history whose other members are set. */
void history_draw(history *drawn);
void history_free(history *drawn);

/* `count` times `size` bytes, or the end of the program. */
void *checked_array(uint64_t count, size_t size);

/* 64 well mixed bits of x; the next of a sequence; a number below `limit` <= 2^32 from 32 random bits. */
uint64_t mix(uint64_t x);
uint64_t draw(uint64_t *state);
uint32_t below(uint32_t random, uint64_t limit);

#endif
