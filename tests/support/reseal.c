/* SPDX-License-Identifier: MIT */
/* See reseal.h. */
#include "reseal.h"

#include "base/digest.h"
#include "base/little.h"
#include "state/format.h"

#include <stdlib.h>
#include <string.h>

bool reseal(uint8_t *bytes, size_t size) {
    if (size < DORA__STATE_HEAD_SIZE + DORA__STATE_CHECKSUM_SIZE)
        return false;
    size_t sections = dora__little_32(bytes + 12);
    if (sections > (size - DORA__STATE_HEAD_SIZE - DORA__STATE_CHECKSUM_SIZE) / DORA__STATE_ENTRY_SIZE)
        return false;
    size_t head = DORA__STATE_HEAD_SIZE + sections * DORA__STATE_ENTRY_SIZE;
    size_t at = head + DORA__STATE_CHECKSUM_SIZE;
    for (size_t i = 0; i < sections; i++) {
        uint8_t *entry = bytes + DORA__STATE_HEAD_SIZE + i * DORA__STATE_ENTRY_SIZE;
        uint64_t section = dora__little_64(entry + 8);
        if (section > size - at)
            break;
        dora__put_little_64(entry + 16, dora__checksum(bytes + at, (size_t)section));
        at += (size_t)section;
    }
    dora__put_little_64(bytes + head, dora__checksum(bytes, head));
    return true;
}

static uint8_t *copy_of(const void *bytes, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

void try_copy(const void *bytes, size_t size, bool resealed, try_state_fn *try_state) {
    uint8_t *copy = copy_of(bytes, size);
    if (!resealed || reseal(copy, size))
        try_state(copy, size);
    free(copy);
}

void try_every_bit(const void *bytes, size_t size, try_state_fn *try_state) {
    uint8_t *copy = copy_of(bytes, size);
    for (int resealed = 0; resealed < 2; resealed++)
        for (size_t bit = 0; bit < 8 * size; bit++) {
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            try_copy(copy, size, resealed, try_state);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    free(copy);
}

void try_every_length(const void *bytes, size_t size, try_state_fn *try_state) {
    for (size_t length = 0; length < size; length++) {
        try_copy(bytes, length, false, try_state);
        try_copy(bytes, length, true, try_state);
    }
}
