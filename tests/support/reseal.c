/* SPDX-License-Identifier: MIT */
/* See reseal.h. */
#include "reseal.h"

#include "base/digest.h"
#include "base/little.h"
#include "state/format.h"

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
