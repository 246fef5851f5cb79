/* SPDX-License-Identifier: MIT */
/*
 * See zone.h. Every zone is a list of spans followed by a rule that holds from the last transition on. UTC, a fixed
 * offset and a file without footer have a rule that never changes, the first two from the beginning of time.
 */
#include "calendar/zone.h"

#include "base/checked.h"
#include "base/error.h"
#include "calendar/decode.h"
#include "calendar/rule.h"
#include "calendar/tzif.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE_MOST = 255, FILE_SIZE_MOST = 1 << 20 };
static const char default_folder[] = "/usr/share/zoneinfo";

/* An offset that holds until the next one begins, or the rule. */
struct offset {
    int64_t begin_us;
    int64_t offset_us;
};

struct dora__zone {
    struct dora__memory *memory;
    size_t size;           /* of this block */
    int64_t rule_begin_us; /* INT64_MIN where offsets_count is 0 */
    struct dora__rule rule;
    size_t offsets_count;
    struct offset offsets[]; /* the first begins at INT64_MIN; neighbours differ */
};

static struct dora__zone *new_zone(struct dora__memory *memory, size_t offsets_most) {
    size_t size;
    if (!dora__multiply_size(offsets_most, sizeof(struct offset), &size) ||
        !dora__add_size(size, sizeof(struct dora__zone), &size))
        return NULL;
    struct dora__zone *zone = dora__alloc_zeroed(memory, 1, size);
    if (zone) {
        zone->memory = memory;
        zone->size = size;
        zone->rule_begin_us = INT64_MIN;
    }
    return zone;
}

void dora__zone_free(struct dora__zone *zone) {
    if (zone)
        dora__free(zone->memory, zone, 1, zone->size);
}

static void put_offset(struct dora__zone *zone, int64_t begin_us, int32_t seconds) {
    int64_t offset_us = seconds * DORA__US_PER_SECOND;
    if (zone->offsets_count > 0 && zone->offsets[zone->offsets_count - 1].offset_us == offset_us)
        return;
    zone->offsets[zone->offsets_count++] = (struct offset){begin_us, offset_us};
}

/* Seconds as microseconds; far outside of all instants it only has to stay there. */
static int64_t us_of_seconds(int64_t seconds) {
    const int64_t most = INT64_MAX / DORA__US_PER_SECOND;
    return (seconds < -most ? -most : seconds > most ? most : seconds) * DORA__US_PER_SECOND;
}

/* NULL in *zone without a reason is a failed allocation. */
static const char *zone_from_file(struct dora__memory *memory, const unsigned char *bytes, size_t size,
                                  struct dora__zone **zone) {
    struct dora__tzif file;
    const char *reason = dora__tzif_open(bytes, size, &file);
    if (reason)
        return reason;
    size_t count = file.transitions_count;
    struct dora__rule rule = {
        .standard_seconds = count ? dora__tzif_offset(&file, count - 1) : dora__tzif_first_offset(&file),
    };
    if (file.footer_size && !dora__rule_parse(file.footer, file.footer_size, &rule))
        return "its closing rule cannot be read";
    struct dora__zone *made = new_zone(memory, count);
    if (made) {
        made->rule = rule;
        int64_t begin_us = INT64_MIN;
        for (size_t i = 0; i < count; i++) {
            put_offset(made, begin_us, i ? dora__tzif_offset(&file, i - 1) : dora__tzif_first_offset(&file));
            begin_us = us_of_seconds(dora__tzif_time(&file, i));
        }
        made->rule_begin_us = begin_us;
    }
    *zone = made;
    return NULL;
}

/* Letters, digits, _ + - . in parts between slashes; no part is empty or begins with a dot. */
static bool name_is_safe(const char *name, size_t size) {
    if (size == 0 || size > NAME_SIZE_MOST)
        return false;
    bool begins = true;
    for (size_t i = 0; i < size; i++) {
        char byte = name[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (begins ? byte == '/' || byte == '.' : byte == '.' && name[i - 1] == '.')
            return false;
        if (!letter && !(byte == '_' || byte == '+' || byte == '-' || byte == '.' || byte == '/'))
            return false;
        begins = byte == '/';
    }
    return !begins;
}

struct bytes {
    void *data;
    size_t size;
    size_t capacity;
};

/* Reads what is left of a stream. IO covers a file that is too large. */
static dora_status read_stream(struct dora__memory *memory, FILE *stream, struct bytes *bytes) {
    size_t got;
    do {
        if (bytes->size > FILE_SIZE_MOST)
            return DORA_ERROR_IO;
        if (!dora__grow(memory, &bytes->data, &bytes->capacity, bytes->size + 4096, 1))
            return DORA_ERROR_MEMORY;
        got = fread((char *)bytes->data + bytes->size, 1, bytes->capacity - bytes->size, stream);
        bytes->size += got;
    } while (got > 0);
    return ferror(stream) ? DORA_ERROR_IO : DORA_OK;
}

/* ARGUMENT: there is no such file. */
static dora_status read_file(struct dora__memory *memory, const char *folder, const char *name, struct bytes *bytes) {
    size_t folder_size = strlen(folder), name_size = strlen(name), path_size;
    if (!dora__add_size(folder_size, name_size + 2, &path_size))
        return DORA_ERROR_MEMORY;
    char *path = dora__alloc(memory, path_size, 1);
    if (!path)
        return DORA_ERROR_MEMORY;
    memcpy(path, folder, folder_size);
    path[folder_size] = '/';
    memcpy(path + folder_size + 1, name, name_size + 1);
    FILE *stream = fopen(path, "rb");
    dora_status status = stream ? DORA_OK : errno == ENOENT || errno == ENOTDIR ? DORA_ERROR_ARGUMENT : DORA_ERROR_IO;
    dora__free(memory, path, path_size, 1);
    if (stream) {
        status = read_stream(memory, stream, bytes);
        fclose(stream);
    }
    return status;
}

static dora_status load_zone(struct dora__memory *memory, const char *name, const char *folder,
                             struct dora__zone **zone, dora_error *error) {
    struct dora__quoted quoted = dora__quote(name, strlen(name)), where = dora__quote(folder, strlen(folder));
    struct bytes bytes = {NULL, 0, 0};
    const char *reason = "it cannot be read";
    dora_status status = read_file(memory, folder, name, &bytes);
    if (status == DORA_OK) {
        reason = zone_from_file(memory, bytes.data, bytes.size, zone);
        status = reason ? DORA_ERROR_IO : *zone ? DORA_OK : DORA_ERROR_MEMORY;
    }
    dora__free(memory, bytes.data, bytes.capacity, 1);
    if (status == DORA_ERROR_MEMORY)
        return dora__fail_memory(error);
    if (status == DORA_ERROR_ARGUMENT)
        return dora__fail(error, status, "no time zone \"%s\" in \"%s\"", quoted.text, where.text);
    if (status == DORA_ERROR_IO)
        return dora__fail(error, status, "time zone \"%s\" in \"%s\": %s", quoted.text, where.text, reason);
    return DORA_OK;
}

dora_status dora__zone_new(struct dora__memory *memory, const char *name, const char *folder, struct dora__zone **zone,
                           dora_error *error) {
    *zone = NULL;
    if (!name)
        name = "UTC";
    size_t size = strlen(name);
    int32_t seconds = 0;
    bool is_utc = strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0;
    if (is_utc || (size >= 5 && !dora__decode_offset(name, size, &seconds))) {
        *zone = new_zone(memory, 0);
        if (!*zone)
            return dora__fail_memory(error);
        (*zone)->rule.standard_seconds = seconds;
        return DORA_OK;
    }
    if (!name_is_safe(name, size)) {
        struct dora__quoted quoted = dora__quote(name, size);
        return dora__fail(error, DORA_ERROR_ARGUMENT, "\"%s\" cannot be the name of a time zone", quoted.text);
    }
    return load_zone(memory, name, folder ? folder : default_folder, zone, error);
}

void dora__zone_find(const struct dora__zone *zone, int64_t instant_us, struct dora__zone_span *span) {
    if (instant_us >= zone->rule_begin_us) {
        dora__rule_find(&zone->rule, instant_us, span);
        if (span->begin_us < zone->rule_begin_us)
            span->begin_us = zone->rule_begin_us;
        return;
    }
    /* The last offset that begins at or before the instant is in [low, high). */
    size_t low = 0, high = zone->offsets_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->offsets[middle].begin_us <= instant_us)
            low = middle;
        else
            high = middle;
    }
    span->begin_us = zone->offsets[low].begin_us;
    span->end_us = low + 1 < zone->offsets_count ? zone->offsets[low + 1].begin_us : zone->rule_begin_us;
    span->offset_us = zone->offsets[low].offset_us;
}
