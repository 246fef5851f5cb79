/* SPDX-License-Identifier: MIT */
/*
 * Facts to test with, and their text. One random history is made as an array of dora_fact; a table of fields writes the
 * same facts as NDJSON and as CSV. What an engine makes of them is its answer: the bytes of several reports.
 */
#ifndef DORA_TESTS_FIXTURE_H
#define DORA_TESTS_FIXTURE_H

#include <dora/dora.h>

struct bytes {
    char *data;
    size_t size;
    size_t capacity;
};

/* A dora_write_fn that appends to a struct bytes; ends the program where memory is out. */
int bytes_append(void *bytes, const void *data, size_t size);
void bytes_puts(struct bytes *bytes, const char *text);
void bytes_free(struct bytes *bytes);

/* The next of a sequence of numbers that `state` (not 0) begins. */
uint32_t random_below(uint64_t *state, uint32_t limit);

/* `count` facts of all kinds, to be freed with free(). With `all_ids` each has an id, so that adding one twice changes
   nothing. Their strings are static. */
dora_fact *fixture_facts(uint64_t seed, size_t count, int all_ids);

/* The facts as text, a line each; every `bad_every`th (0: none) is followed by a line that must be rejected. */
void fixture_ndjson(const dora_fact *facts, size_t count, size_t bad_every, struct bytes *out);
void fixture_csv(const dora_fact *facts, size_t count, size_t bad_every, struct bytes *out);

/* The queries of an answer, ended by one whose struct_size is 0. */
extern const dora_query fixture_queries[];

/* Appends the rows of all fixture queries as NDJSON; the first status that is not DORA_OK, else DORA_OK. */
dora_status fixture_answer(dora_engine *engine, const dora_allocator *allocator, struct bytes *out, dora_error *error);

#endif
