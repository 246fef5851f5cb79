/* SPDX-License-Identifier: MIT */
/* See progress.h. */
#include "progress.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 500, AGAIN_MS = 100 };

static struct {
    bool on, shown;
    int64_t start_ms, next_ms;
    uint64_t bytes_total;
} state;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether it is time for another line; the time it took so far in *elapsed_ms. */
static bool due(int64_t *elapsed_ms) {
    if (!state.on)
        return false;
    int64_t now = now_ms();
    if (now < state.next_ms)
        return false;
    state.next_ms = now + AGAIN_MS;
    *elapsed_ms = now - state.start_ms;
    state.shown = true;
    return true;
}

void progress_start(uint64_t bytes_total) {
    const char *terminal = getenv("TERM");
    state.on = isatty(STDERR_FILENO) == 1 && terminal && strcmp(terminal, "dumb") != 0;
    state.start_ms = now_ms();
    state.next_ms = state.start_ms + FIRST_MS;
    state.bytes_total = bytes_total;
}

void progress_read(uint64_t bytes, uint64_t records) {
    int64_t elapsed_ms;
    if (!due(&elapsed_ms))
        return;
    double megabytes_per_second = (double)bytes / 1e3 / (double)(elapsed_ms > 0 ? elapsed_ms : 1);
    fprintf(stderr, "\rreading: %s records, %.0f MB/s", grouped(records).text, megabytes_per_second);
    if (state.bytes_total)
        fprintf(stderr, ", %.0f %%", 100.0 * (double)bytes / (double)state.bytes_total);
    fputs("\x1b[K", stderr);
    fflush(stderr);
}

int progress_library(void *context, const dora_progress *progress) {
    (void)context;
    int64_t elapsed_ms;
    if (!due(&elapsed_ms))
        return 0;
    fprintf(stderr, "\r%s: ", progress->stage);
    if (progress->total)
        fprintf(stderr, "%.0f %%", 100.0 * (double)progress->done / (double)progress->total);
    else
        fputs(grouped(progress->done).text, stderr);
    fputs("\x1b[K", stderr);
    fflush(stderr);
    return 0;
}

void progress_erase(void) {
    if (!state.shown)
        return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
    state.shown = false;
}

void progress_stop(void) {
    progress_erase();
    state.on = false;
}
