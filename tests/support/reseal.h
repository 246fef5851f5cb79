/* SPDX-License-Identifier: MIT */
/*
 * States that are spoilt: in every bit and at every length, as they then are and with the checksums that they should
 * have, so that what is behind the checksums is tested.
 */
#ifndef DORA_TESTS_RESEAL_H
#define DORA_TESTS_RESEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: the frame does not fit into `size` bytes, and nothing was changed. */
bool reseal(uint8_t *bytes, size_t size);

/* What a spoilt state is tried with: a block of the exact size, so that reading beyond it shows. */
typedef void try_state_fn(const void *bytes, size_t size);

/* The bytes, resealed or not, as a block of their own; one that cannot be resealed is not tried. */
void try_copy(const void *bytes, size_t size, bool resealed, try_state_fn *try_state);
void try_every_bit(const void *bytes, size_t size, try_state_fn *try_state);
void try_every_length(const void *bytes, size_t size, try_state_fn *try_state);

#endif
