/* SPDX-License-Identifier: MIT */
/*
 * Facts out of the bytes of an input: any kind and fields, with few names and few instants, so that they meet.
 */
#ifndef DORA_TESTS_FUZZ_FACTS_H
#define DORA_TESTS_FUZZ_FACTS_H

#include "fuzz.h"

enum { FUZZ_ITEMS_MOST = 4 };

/* A fact and what it points to. */
struct fuzz_fact {
    dora_fact fact;
    dora_string items[2][FUZZ_ITEMS_MOST];
};

/* Now and then one that cannot be added, and says so. */
void fuzz_fact(struct fuzz_input *input, struct fuzz_fact *made);

#endif
