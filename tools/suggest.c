/* SPDX-License-Identifier: MIT */
/* See suggest.h. Names are compared by the least number of letters to insert, delete, replace or swap. */
#include "suggest.h"

#include <string.h>

enum { LONGEST = 63 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t edits(const char *a, const char *b) {
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size > LONGEST || b_size > LONGEST)
        return LONGEST;
    unsigned char table[3][LONGEST + 1]; /* the rows of a's letters i-2, i-1 and i */
    unsigned char *before = table[0], *above = table[1], *row = table[2];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = (unsigned char)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned char *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = (unsigned char)i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t cost = least(least(above[j], row[j - 1]) + 1u, above[j - 1] + (size_t)(a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost = least(cost, before[j - 2] + 1u);
            row[j] = (unsigned char)cost;
        }
    }
    return row[b_size];
}

void suggestion_consider(struct suggestion *suggestion, const char *name) {
    size_t wanted_size = strlen(suggestion->wanted), count = edits(suggestion->wanted, name);
    int begins = wanted_size >= 3 && strncmp(suggestion->wanted, name, wanted_size) == 0;
    if (begins)
        count = 1;
    if (count > 2 && count > wanted_size / 3)
        return;
    if (count >= wanted_size || (suggestion->best && count >= suggestion->best_edits))
        return;
    suggestion->best = name;
    suggestion->best_edits = count;
}
