/* SPDX-License-Identifier: MIT */
/*
 * Records as bytes through a reader, twice: whole, and in pieces with the plain kernels. Both must say the same of them
 * and leave the same facts.
 */
#ifndef DORA_TESTS_FUZZ_RECORDS_H
#define DORA_TESTS_FUZZ_RECORDS_H

#include "fuzz.h"

/* The first bytes of the input choose engine, format of `formats` (ended by -1), delimiter, longest record and pieces;
   the rest is what is read. */
void fuzz_records(struct fuzz_input input, const int *formats);

#endif
