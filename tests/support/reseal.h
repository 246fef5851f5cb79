/* SPDX-License-Identifier: MIT */
/*
 * Gives the bytes of a spoilt state the checksums that they should have, so that what is behind the checksums is
 * tested.
 */
#ifndef DORA_TESTS_RESEAL_H
#define DORA_TESTS_RESEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: the frame does not fit into `size` bytes, and nothing was changed. */
bool reseal(uint8_t *bytes, size_t size);

#endif
