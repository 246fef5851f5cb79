/* SPDX-License-Identifier: MIT */
/* See load.h. */
#include "state/load.h"

#include "base/digest.h"
#include "base/error.h"
#include "state/bytes.h"
#include "state/catalog.h"
#include "state/format.h"
#include "state/frozen.h"
#include "state/table.h"

#include <string.h>

struct section {
    uint32_t kind;
    uint32_t flags;
    const uint8_t *data;
    size_t size;
};

struct loading {
    struct dora__facts *facts;
    const uint8_t *bytes;
    size_t size;
    struct dora__asking *asking;
    dora_error *error;
    struct section sections[DORA__STATE_SECTIONS_MOST];
    uint32_t count;
};

static dora_status refuse(const struct loading *loading, const uint8_t *place, const char *reason) {
    dora__fail(loading->error, DORA_ERROR_STATE, "%s", reason);
    if (loading->error)
        loading->error->byte = (uint64_t)(place - loading->bytes);
    return DORA_ERROR_STATE;
}

static dora_status check_head(const struct loading *loading) {
    const uint8_t *bytes = loading->bytes;
    size_t magic = loading->size < DORA__STATE_MAGIC_SIZE ? loading->size : DORA__STATE_MAGIC_SIZE;
    if (magic == 0 || memcmp(bytes, dora__state_magic, magic))
        return refuse(loading, bytes, "not a state of dora");
    if (loading->size < DORA__STATE_HEAD_SIZE + DORA__STATE_CHECKSUM_SIZE)
        return refuse(loading, bytes + loading->size, "the state ends within its head");
    unsigned major = dora__little_32(bytes + 8) & 0xFFFF, minor = dora__little_32(bytes + 8) >> 16;
    if (major != DORA__STATE_MAJOR) {
        dora__fail(loading->error, DORA_ERROR_STATE, "the state has format %u.%u; this is dora %s, which reads %d.x",
                   major, minor, DORA_VERSION_STRING, (int)DORA__STATE_MAJOR);
        return DORA_ERROR_STATE;
    }
    return DORA_OK;
}

/* The sections, in ascending order of kind, cover the rest of the bytes, and are what their checksums say. */
static dora_status check_sections(struct loading *loading) {
    const uint8_t *bytes = loading->bytes, *entry = bytes + DORA__STATE_HEAD_SIZE;
    uint32_t count = dora__little_32(bytes + 12), kind = 0;
    if (count > DORA__STATE_SECTIONS_MOST)
        return refuse(loading, bytes + 12, "too many sections");
    size_t head = DORA__STATE_HEAD_SIZE + (size_t)count * DORA__STATE_ENTRY_SIZE;
    if (loading->size < head + DORA__STATE_CHECKSUM_SIZE)
        return refuse(loading, bytes + loading->size, "the state ends within its head");
    if (dora__checksum(bytes, head) != dora__little_64(bytes + head))
        return refuse(loading, bytes + head, "damaged: the head is not what its checksum says");
    size_t at = head + DORA__STATE_CHECKSUM_SIZE;
    for (uint32_t i = 0; i < count; i++, entry += DORA__STATE_ENTRY_SIZE) {
        struct section section = {dora__little_32(entry), dora__little_32(entry + 4), bytes + at, 0};
        uint64_t size = dora__little_64(entry + 8);
        if (section.kind <= kind)
            return refuse(loading, entry, "sections are not in order");
        if (size > loading->size - at)
            return refuse(loading, bytes + loading->size, "the state ends within a section");
        section.size = (size_t)size;
        if (dora__checksum(section.data, section.size) != dora__little_64(entry + 16))
            return refuse(loading, section.data, "damaged: a section is not what its checksum says");
        kind = section.kind;
        at += section.size;
        loading->sections[loading->count++] = section;
    }
    return at == loading->size ? DORA_OK : refuse(loading, bytes + at, "bytes behind the last section");
}

static dora_status take_inputs(struct dora__state_cursor *cursor, struct dora__facts *facts) {
    uint64_t count = dora__cursor_varint(cursor, dora__cursor_left(cursor) / (DORA__DIGEST_SIZE + 1));
    for (uint64_t i = 0; i < count && !cursor->failure; i++) {
        struct dora__input input;
        const uint8_t *digest = dora__cursor_take(cursor, DORA__DIGEST_SIZE);
        input.nameless = dora__cursor_varint(cursor, UINT64_MAX);
        if (cursor->failure)
            break;
        memcpy(input.digest.bytes, digest, DORA__DIGEST_SIZE);
        if (i && memcmp(facts->inputs.items[i - 1].digest.bytes, digest, DORA__DIGEST_SIZE) >= 0)
            dora__cursor_fail(cursor, "inputs are not in order");
        else if (!dora__inputs_add(&facts->inputs, facts->memory, &input))
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

static dora_status load_section(struct loading *loading, const struct section *section) {
    struct dora__facts *facts = loading->facts;
    struct dora__state_cursor cursor = {section->data, section->data + section->size, NULL, loading->asking};
    uint32_t table = section->kind - DORA__SECTION_FACTS;
    dora_status status = DORA_OK;
    if (section->kind == DORA__SECTION_SERVICES)
        status = dora__strings_take(&cursor, &facts->services);
    else if (section->kind == DORA__SECTION_STRINGS)
        status = dora__strings_take(&cursor, &facts->strings);
    else if (section->kind == DORA__SECTION_INPUTS)
        status = take_inputs(&cursor, facts);
    else if (section->kind >= DORA__SECTION_FACTS && table < 2 * DORA_KIND_COUNT)
        status = dora__table_take(&cursor, facts, (dora_kind)(table / 2), table % 2 == 0);
    else if (dora__frozen_number(section->kind) >= 0)
        status = dora__frozen_take(&cursor, facts, dora__frozen_number(section->kind));
    else if (section->flags & DORA__SECTION_OPTIONAL)
        return DORA_OK;
    else
        return refuse(loading, section->data, "a section that this version does not know and may not pass over");
    if (loading->asking->stopped)
        return dora__fail(loading->error, DORA_ERROR_CANCELLED, "cancelled");
    if (status == DORA_ERROR_LIMIT)
        return dora__fail(loading->error, status, "more than 4 billion facts or strings");
    if (status != DORA_OK)
        return dora__fail_memory(loading->error);
    if (!cursor.failure && cursor.at != cursor.end)
        dora__cursor_fail(&cursor, "bytes behind the end of a section");
    return cursor.failure ? refuse(loading, cursor.at, cursor.failure) : DORA_OK;
}

dora_status dora__state_load(struct dora__facts *facts, const void *bytes, size_t size, struct dora__asking *asking,
                             dora_error *error) {
    struct loading *loading = dora__alloc_zeroed(facts->memory, 1, sizeof *loading);
    if (!loading)
        return dora__fail_memory(error);
    *loading = (struct loading){.facts = facts, .bytes = bytes, .size = size, .asking = asking, .error = error};
    dora_status status = check_head(loading);
    if (status == DORA_OK)
        status = check_sections(loading);
    for (uint32_t i = 0; i < loading->count && status == DORA_OK; i++)
        status = load_section(loading, &loading->sections[i]);
    dora__free(facts->memory, loading, 1, sizeof *loading);
    return status;
}
