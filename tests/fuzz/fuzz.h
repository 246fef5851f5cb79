/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(): `./dev fuzz` links it with
 * libFuzzer, the tests with replay.c, which gives it the saved inputs of corpus/. A target does not only read its
 * input: it checks that two ways to the same answer agree, and uses what was read in every way that a caller could.
 *
 * A new target: its file here, its name in meson.build, inputs to start from in corpus/NAME.
 */
#ifndef DORA_TESTS_FUZZ_H
#define DORA_TESTS_FUZZ_H

#include "../support/fixture.h"

#include <stdbool.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Ends the program, with the place, where something does not hold. */
#define REQUIRE(condition)                                                                                             \
    do                                                                                                                 \
        if (!(condition))                                                                                              \
            fuzz_fail(#condition, __FILE__, __LINE__);                                                                 \
    while (0)
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/* Bytes that steer a target, taken from the front; zeros when there are none left. */
struct fuzz_input {
    const uint8_t *bytes;
    size_t size;
};

uint8_t fuzz_byte(struct fuzz_input *input);
uint8_t fuzz_below(struct fuzz_input *input, uint8_t limit);
/* The next `size` bytes as far as there are, in a block of their own, to be freed with free(). */
char *fuzz_copy(struct fuzz_input *input, size_t *size);

/* An engine whose options the next byte chooses. */
dora_engine *fuzz_engine(struct fuzz_input *input);

/* A message is terminated, has no controls, and is well-formed; the error of a call that gave `status`. */
void fuzz_check_error(dora_status status, const dora_error *error);

/* The state of an engine. */
void fuzz_save(dora_engine *engine, struct bytes *state);

/* Appends one of some reports of a bounded size through one of the writers, as `choice` says; nothing where it would be
   larger. */
void fuzz_report(dora_engine *engine, uint8_t choice, struct bytes *text);

/* What can be asked of an engine: its account, which must sum up, a report as `choice` says, and its state, which loads
   into a new engine and is the same there. */
void fuzz_use(dora_engine *engine, uint8_t choice);

#endif
