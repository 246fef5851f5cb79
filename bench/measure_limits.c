/* SPDX-License-Identifier: MIT */
/*
 * What this machine does at most, on one core, for figures to be held against: copying memory, reading a file that is
 * in the page cache, finding its newlines, and sorting 32-bit keys by radix.
 */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_SIZE = 256 * 1024, KEYS = 10000000, RADIX_BITS = 11, RADIX = 1 << RADIX_BITS, PASSES = 3 };
static const size_t copy_size = (size_t)256 << 20;

static double least(double a, double b) {
    return a < b ? a : b;
}

static double copy_seconds(unsigned repeat) {
    char *from = array_of(copy_size, 1), *to = array_of(copy_size, 1);
    double best = 1e300;
    for (unsigned i = 0; i < repeat; i++) {
        const double start = now_seconds();
        memcpy(to, from, copy_size);
        best = least(best, now_seconds() - start);
        from[0] = (char)(to[copy_size - 1] + 1); /* the copy is looked at */
    }
    free(from);
    free(to);
    return best;
}

/* One pass over the file; counts newlines where told to. */
static double file_seconds(const char *path, bool newlines, char *piece, uint64_t *lines) {
    const int file = open(path, O_RDONLY);
    if (file < 0)
        quit(path, strerror(errno));
    const double start = now_seconds();
    ssize_t size;
    while ((size = read(file, piece, PIECE_SIZE)) > 0)
        for (const char *at = piece; newlines && (at = memchr(at, '\n', (size_t)(piece + size - at))); at++)
            ++*lines;
    const double seconds = now_seconds() - start;
    close(file);
    return seconds;
}

static void radix_pass(const uint32_t *from, uint32_t *to, unsigned shift) {
    uint32_t places[RADIX] = {0}, sum = 0;
    for (size_t i = 0; i < KEYS; i++)
        places[from[i] >> shift & (RADIX - 1)]++;
    for (size_t i = 0; i < RADIX; i++) {
        const uint32_t count = places[i];
        places[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < KEYS; i++)
        to[places[from[i] >> shift & (RADIX - 1)]++] = from[i];
}

static double sort_seconds(unsigned repeat) {
    uint32_t *keys = array_of(KEYS, sizeof *keys), *other = array_of(KEYS, sizeof *other);
    double best = 1e300;
    for (unsigned i = 0; i < repeat; i++) {
        uint32_t random = 1 + i;
        for (size_t k = 0; k < KEYS; k++)
            keys[k] = random = random * UINT32_C(1664525) + UINT32_C(1013904223);
        const double start = now_seconds();
        for (unsigned pass = 0; pass < PASSES; pass++)
            radix_pass(pass % 2 == 0 ? keys : other, pass % 2 == 0 ? other : keys, pass * RADIX_BITS);
        best = least(best, now_seconds() - start);
    }
    free(keys);
    free(other);
    return best;
}

void job_limits(const asked *what) {
    char *piece = array_of(PIECE_SIZE, 1);
    double read_best = 1e300, lines_best = 1e300;
    uint64_t lines = 0;
    struct stat about;
    if (stat(what->path, &about) != 0)
        quit(what->path, strerror(errno));
    const off_t size = about.st_size;
    for (unsigned i = 0; i < what->repeat; i++) {
        lines = 0;
        read_best = least(read_best, file_seconds(what->path, false, piece, &lines));
        lines_best = least(lines_best, file_seconds(what->path, true, piece, &lines));
    }
    tell_begin(what);
    tell_number("bytes", (double)size);
    tell_number("lines", (double)lines);
    tell_number("copy_gb_per_s", (double)copy_size / copy_seconds(what->repeat) * 1e-9);
    tell_number("read_gb_per_s", (double)size / read_best * 1e-9);
    tell_number("newline_gb_per_s", (double)size / lines_best * 1e-9);
    tell_number("sort_ns_per_key", sort_seconds(what->repeat) * 1e9 / KEYS);
    tell_end();
    free(piece);
}
