/* SPDX-License-Identifier: MIT */
/*
 * See tzif.h. A file is a header, a block of 32-bit times and, from version 2 on, a second header, a block of 64-bit
 * times and the footer line. All counts are 32 bits, so the size of a block cannot overflow 64.
 */
#include "calendar/tzif.h"

#include <string.h>

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, OFFSET_MOST = 26 * 3600 };

static uint32_t load_be32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int32_t type_offset(const struct dora__tzif *file, size_t type) {
    return (int32_t)load_be32(file->types + type * TYPE_SIZE);
}

int64_t dora__tzif_time(const struct dora__tzif *file, size_t transition) {
    const unsigned char *bytes = file->times + transition * file->time_size;
    if (file->time_size == 4)
        return (int32_t)load_be32(bytes);
    return (int64_t)((uint64_t)load_be32(bytes) << 32 | load_be32(bytes + 4));
}

int32_t dora__tzif_offset(const struct dora__tzif *file, size_t transition) {
    return type_offset(file, file->transition_types[transition]);
}

int32_t dora__tzif_first_offset(const struct dora__tzif *file) {
    return type_offset(file, 0);
}

/* The counts of a header, in their order there. */
enum { COUNT_UT, COUNT_STANDARD, COUNT_LEAP, COUNT_TRANSITIONS, COUNT_TYPES, COUNT_NAME_BYTES, COUNTS };

/* Reads the header and block at `bytes`. Returns the size of both, or 0 where they do not fit. */
static size_t open_block(const unsigned char *bytes, size_t size, size_t time_size, struct dora__tzif *file,
                         uint32_t *leap_seconds) {
    if (size < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
        return 0;
    uint32_t counts[COUNTS];
    for (size_t i = 0; i < COUNTS; i++)
        counts[i] = load_be32(bytes + 20 + 4 * i);
    uint64_t times = (uint64_t)counts[COUNT_TRANSITIONS] * time_size;
    uint64_t types = (uint64_t)counts[COUNT_TYPES] * TYPE_SIZE;
    uint64_t leaps = (uint64_t)counts[COUNT_LEAP] * (time_size + 4);
    uint64_t whole = HEADER_SIZE + times + counts[COUNT_TRANSITIONS] + types + counts[COUNT_NAME_BYTES] + leaps +
                     counts[COUNT_STANDARD] + counts[COUNT_UT];
    if (whole > size)
        return 0;
    file->transitions_count = counts[COUNT_TRANSITIONS];
    file->types_count = counts[COUNT_TYPES];
    file->time_size = time_size;
    file->times = bytes + HEADER_SIZE;
    file->transition_types = file->times + times;
    file->types = file->transition_types + file->transitions_count;
    *leap_seconds = counts[COUNT_LEAP];
    return (size_t)whole;
}

/* The footer is one line between two newlines. */
static bool open_footer(const unsigned char *bytes, size_t size, struct dora__tzif *file) {
    const unsigned char *end = size > 1 && *bytes == '\n' ? memchr(bytes + 1, '\n', size - 1) : NULL;
    if (!end)
        return false;
    file->footer = (const char *)bytes + 1;
    file->footer_size = (size_t)(end - bytes) - 1;
    return true;
}

static const char *check_block(const struct dora__tzif *file) {
    if (file->types_count == 0 || file->types_count > 256)
        return "it has no or too many local time types";
    for (size_t i = 0; i < file->types_count; i++)
        if (type_offset(file, i) < -OFFSET_MOST || type_offset(file, i) > OFFSET_MOST)
            return "it has an offset of more than 26 hours";
    for (size_t i = 0; i < file->transitions_count; i++) {
        if (file->transition_types[i] >= file->types_count)
            return "a transition has no type";
        if (i > 0 && dora__tzif_time(file, i - 1) >= dora__tzif_time(file, i))
            return "its transitions are out of order";
    }
    return NULL;
}

const char *dora__tzif_open(const unsigned char *bytes, size_t size, struct dora__tzif *file) {
    static const char not_tzif[] = "it is no TZif file, or cut short";
    *file = (struct dora__tzif){.footer = ""};
    uint32_t leap_seconds;
    size_t first = open_block(bytes, size, 4, file, &leap_seconds);
    if (!first)
        return not_tzif;
    if (bytes[4] >= '2') {
        size_t second = open_block(bytes + first, size - first, 8, file, &leap_seconds);
        if (!second || !open_footer(bytes + first + second, size - first - second, file))
            return not_tzif;
    }
    /* Instants count every day as 86,400 s; the times of such a file do not. */
    if (leap_seconds)
        return "it counts leap seconds";
    return check_block(file);
}
