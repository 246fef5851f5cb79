/* SPDX-License-Identifier: MIT */
/* The name that somebody probably meant. */
#ifndef DORA_TOOLS_SUGGEST_H
#define DORA_TOOLS_SUGGEST_H

#include <stddef.h>

/* Remembers the best of the names that it is shown. Set `wanted`, the rest zero. */
struct suggestion {
    const char *wanted;
    const char *best; /* NULL: nothing close; borrowed from the names */
    size_t best_edits;
};

void suggestion_consider(struct suggestion *suggestion, const char *name);

#endif
