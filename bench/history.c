/* SPDX-License-Identifier: MIT */
/*
 * Services are drawn by Zipf's law. Rows fall into hours by weekday, hour and growth. Lead times (median 8 h) and the
 * recovery times (median 45 min) of those that fail are log-normal.
 */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *checked_array(uint64_t count, size_t size) {
    void *array = count <= SIZE_MAX / size ? malloc((size_t)count * size) : NULL;
    if (!array) {
        fprintf(stderr, "bench_generate: out of memory\n");
        exit(4);
    }
    return array;
}

uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

uint64_t draw(uint64_t *state) {
    return mix(*state += UINT64_C(0x9E3779B97F4A7C15));
}

uint32_t below(uint32_t random, uint64_t limit) {
    return (uint32_t)((random * limit) >> 32);
}

/* Log-normal durations: the quantiles at i/4096, between which a draw is interpolated. */

enum { QUANTILES = 4096 };

static double exponential(double x) {
    double term = 1, sum = 1;
    for (int i = 1; i < 10; i++)
        sum += term *= x / 1024 / i;
    for (int i = 0; i < 10; i++)
        sum *= sum;
    return sum;
}

static double normal_density(double z) {
    return 0.3989422804014327 * exponential(-z * z / 2);
}

/* z >= 0. P(Z < z) = 1/2 + density(z) (z + z^3/3 + z^5/(3*5) + ...). */
static double normal_probability(double z) {
    double term = z, sum = z;
    for (int i = 3; term > 1e-17 * sum; i += 2)
        sum += term *= z * z / i;
    return 0.5 + normal_density(z) * sum;
}

/* z[i] is the standard normal quantile at i / QUANTILES, found by Newton's method from the one before. */
static void normal_quantiles(double *z) {
    const int middle = QUANTILES / 2;
    z[middle] = 0;
    for (int i = middle + 1; i < QUANTILES; i++) {
        double x = z[i - 1];
        for (int step = 0; step < 8; step++)
            x += ((double)i / QUANTILES - normal_probability(x)) / normal_density(x);
        z[i] = x;
    }
    z[QUANTILES] = 4.5; /* stands for infinity */
    for (int i = 0; i < middle; i++)
        z[i] = -z[QUANTILES - i];
}

typedef struct durations {
    uint32_t seconds[QUANTILES + 1];
} durations;

static void durations_init(durations *table, const double *z, double median, double sigma, double least, double most) {
    for (int i = 0; i <= QUANTILES; i++) {
        double seconds = median * exponential(sigma * z[i]);
        seconds = seconds < least ? least : seconds > most ? most : seconds;
        table->seconds[i] = (uint32_t)(seconds + 0.5);
    }
}

static uint32_t durations_draw(const durations *table, uint32_t random) {
    const uint32_t *quantile = &table->seconds[random >> 20];
    uint64_t gap = quantile[1] - quantile[0];
    return quantile[0] + (uint32_t)((gap * (random & 0xFFFFF)) >> 20);
}

/* Services by Zipf's law with exponent 1. guide[b] is where to look first for a draw whose top 12 bits are b. */

typedef struct zipf {
    uint32_t *cumulative;
    uint32_t guide[4096];
    uint64_t total;
} zipf;

static void zipf_init(zipf *law, uint32_t services) {
    law->cumulative = checked_array(services, sizeof *law->cumulative);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < services; i++)
        law->cumulative[i] = sum += (UINT32_C(1) << 26) / (i + 1);
    law->total = sum;
    for (uint32_t bucket = 0, i = 0; bucket < 4096; bucket++) {
        while (law->cumulative[i] <= below(bucket << 20, law->total))
            i++;
        law->guide[bucket] = i;
    }
}

static uint32_t zipf_draw(const zipf *law, uint32_t random) {
    uint32_t place = below(random, law->total);
    uint32_t i = law->guide[random >> 20];
    while (law->cumulative[i] <= place)
        i++;
    return i;
}

static uint32_t hour_weight(uint64_t day, uint64_t days, unsigned hour) {
    static const uint8_t weekdays[7] = {18, 20, 20, 20, 15, 3, 2}; /* Monday first */
    static const uint8_t hours[24] = {1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 19, 15, 17, 20, 19, 17, 13, 8, 5, 4, 3, 2, 1};
    uint32_t growth = 1000 + (uint32_t)(2000 * day / days);
    return weekdays[(day + 4) % 7] * hours[hour] * growth; /* 2021-01-01 is a Friday */
}

static void draw_row(const history *drawn, row *fill, const zipf *services, const durations *lead,
                     const durations *recovery, uint64_t *state) {
    uint64_t first = draw(state), second = draw(state);
    fill->service = drawn->even_services ? (uint32_t)((uint64_t)(fill - drawn->rows) % drawn->services)
                                         : zipf_draw(services, (uint32_t)first);
    fill->lead_seconds = drawn->equal_times ? 8 * HOUR_SECONDS : durations_draw(lead, (uint32_t)(first >> 32));
    fill->recovery_seconds = drawn->equal_times ? 45 * MINUTE_SECONDS : durations_draw(recovery, (uint32_t)second);
    if (below((uint32_t)(second >> 32), 100) >= drawn->failed_percent)
        fill->recovery_seconds = 0;
}

/* Deals rows to hours by weight, the remainder carried on, and spreads the rows of an hour over it. */
static void draw_rows(history *drawn) {
    double *z = checked_array(QUANTILES + 1, sizeof *z);
    durations *tables = checked_array(2, sizeof *tables);
    zipf *services = checked_array(1, sizeof *services);
    normal_quantiles(z);
    durations_init(&tables[0], z, 8 * HOUR_SECONDS, 1.6, 60, 120.0 * DAY_SECONDS);
    durations_init(&tables[1], z, 45 * MINUTE_SECONDS, 1.2, 60, 30.0 * DAY_SECONDS);
    zipf_init(services, (uint32_t)drawn->services);

    uint64_t state = mix(drawn->seed), total = 0, carried = 0, filled = 0;
    const uint64_t hours = drawn->days * 24;
    for (uint64_t hour = 0; hour < hours; hour++)
        total += hour_weight(hour / 24, drawn->days, (unsigned)(hour % 24));
    for (uint64_t hour = 0; hour < hours; hour++) {
        carried += drawn->rows_count * hour_weight(hour / 24, drawn->days, (unsigned)(hour % 24));
        const uint64_t count = carried / total;
        carried %= total;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t place = (i << 16) + (draw(&state) & 0xFFFF);
            row *fill = &drawn->rows[filled++];
            draw_row(drawn, fill, services, &tables[0], &tables[1], &state);
            fill->finished = (uint32_t)(hour * HOUR_SECONDS + HOUR_SECONDS * place / (count << 16));
        }
    }
    free(services->cumulative);
    free(services);
    free(tables);
    free(z);
}

static void link_rows(history *drawn) {
    uint32_t *last = checked_array(drawn->services, sizeof *last);
    memset(last, 0xFF, drawn->services * sizeof *last);
    for (uint32_t i = 0; i < drawn->rows_count; i++) {
        drawn->previous[i] = last[drawn->rows[i].service];
        last[drawn->rows[i].service] = i;
    }
    free(last);
}

void history_draw(history *drawn) {
    drawn->rows = checked_array(drawn->rows_count, sizeof *drawn->rows);
    drawn->previous = checked_array(drawn->rows_count, sizeof *drawn->previous);
    draw_rows(drawn);
    link_rows(drawn);
}

void history_free(history *drawn) {
    free(drawn->rows);
    free(drawn->previous);
}
