/* SPDX-License-Identifier: MIT */
/* See save.h. Sections that hold nothing are left out. */
#include "state/save.h"

#include "base/digest.h"
#include "facts/list.h"
#include "state/catalog.h"
#include "state/format.h"
#include "state/frozen.h"
#include "state/packed.h"
#include "state/rows.h"

enum { SECTIONS = 3 + 2 * DORA_KIND_COUNT + DORA__FROZEN_SECTIONS };

/* Sections in `bytes`, behind each other. */
struct saving {
    const struct dora__facts *facts;
    struct dora__memory *memory;
    struct dora__bytes *bytes;
    struct dora__catalog catalog;
    struct {
        uint32_t kind;
        size_t end;
    } sections[SECTIONS];
    uint32_t count;
};

static void end_section(struct saving *saving, uint32_t kind) {
    saving->sections[saving->count].kind = kind;
    saving->sections[saving->count++].end = saving->bytes->size;
}

static void put_strings(struct saving *saving, const struct dora__pool *pool, const struct dora__ranks *ranks,
                        uint32_t kind) {
    if (!ranks->count)
        return;
    dora__strings_put(saving->bytes, pool, ranks);
    end_section(saving, kind);
}

static void put_inputs(struct saving *saving) {
    const struct dora__inputs *inputs = &saving->facts->inputs;
    if (!inputs->count)
        return;
    dora__bytes_varint(saving->bytes, inputs->count);
    for (size_t i = 0; i < inputs->count; i++) {
        dora__bytes_put(saving->bytes, inputs->items[i].digest.bytes, DORA__DIGEST_SIZE);
        dora__bytes_varint(saving->bytes, inputs->items[i].nameless);
    }
    end_section(saving, DORA__SECTION_INPUTS);
}

/* Room for the columns of some rows. */
struct columns {
    int64_t *values;
    int64_t *lead;  /* the first column of instants */
    int64_t *as_of; /* the first column of when values were stated */
    uint64_t present;
    uint64_t as_ofs;
};

static bool any(const int64_t *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (values[i] != DORA_ABSENT)
            return true;
    return false;
}

static bool any_list(const struct dora__rows *rows, int field) {
    const struct dora__table *table = &rows->facts->tables[rows->kind];
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct dora__list *list = dora__table_list(table, (enum dora__field)field, rows->rows[i]);
        if (list && list->count)
            return true;
    }
    return false;
}

/* Which columns hold something. A table always has one, so that its rows take bytes. False: stopped. */
static bool find_columns(const struct dora__rows *rows, struct columns *columns) {
    uint64_t there = dora__rows_columns(rows);
    columns->present = rows->named ? DORA__BIT(DORA__ID) : 0;
    for (uint64_t left = there & ~DORA__LISTS; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        if (!dora__rows_values(rows, field, columns->values))
            return false;
        columns->present |= (uint64_t)any(columns->values, rows->count) << field;
    }
    int list_at = dora__list_field(there);
    if (list_at >= 0 && any_list(rows, list_at))
        columns->present |= DORA__BIT(list_at);
    if (!columns->present)
        columns->present = DORA__BIT(DORA__DELETED);
    for (uint64_t left = rows->named ? dora__rows_as_ofs(rows) & columns->present : 0; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        if (!dora__rows_as_of(rows, field, columns->values))
            return false;
        columns->as_ofs |= (uint64_t)any(columns->values, rows->count) << field;
    }
    return true;
}

static bool put_list_column(struct saving *saving, const struct dora__rows *rows, int field, int64_t *counts) {
    const struct dora__table *table = &rows->facts->tables[rows->kind];
    size_t room = 1, total = 0;
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct dora__list *list = dora__table_list(table, (enum dora__field)field, rows->rows[i]);
        room += list ? list->count : 0;
    }
    int64_t *items = dora__alloc(saving->memory, room, sizeof *items);
    uint32_t *ranks = dora__alloc(saving->memory, room, sizeof *ranks);
    if (items && ranks) {
        for (uint32_t i = 0; i < rows->count; i++) {
            const struct dora__list *list = dora__table_list(table, (enum dora__field)field, rows->rows[i]);
            uint32_t count = list ? dora__rows_list(rows, list, ranks) : 0;
            counts[i] = count ? (int64_t)count : DORA_ABSENT;
            for (uint32_t k = 0; k < count; k++)
                items[total++] = ranks[k];
            dora__bytes_go_on(saving->bytes, 1 + count);
        }
        dora__packed_put(saving->bytes, counts, NULL, rows->count);
        dora__packed_put(saving->bytes, items, NULL, total);
    }
    bool done = items && ranks;
    dora__free(saving->memory, ranks, room, sizeof *ranks);
    dora__free(saving->memory, items, room, sizeof *items);
    return done;
}

/* Instants beside the first column of instants, as_of beside the first of these, the rest alone. */
static bool put_columns(struct saving *saving, const struct dora__rows *rows, struct columns *columns) {
    bool led = false;
    for (uint64_t left = columns->present; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        bool instant = field != DORA__ID && dora__fields[field].type == DORA__INSTANT;
        int64_t *values = instant && !led ? columns->lead : columns->values;
        if (DORA__BIT(field) & DORA__LISTS) {
            if (!put_list_column(saving, rows, field, columns->values))
                return false;
            continue;
        }
        if (!dora__rows_values(rows, field, values))
            return false;
        dora__packed_put(saving->bytes, values, instant && led ? columns->lead : NULL, rows->count);
        led |= instant;
    }
    bool first = true;
    for (uint64_t left = columns->as_ofs; left; left &= left - 1, first = false) {
        int64_t *values = first ? columns->as_of : columns->values;
        if (!dora__rows_as_of(rows, __builtin_ctzll(left), values))
            return false;
        dora__packed_put(saving->bytes, values, !first ? columns->as_of : led ? columns->lead : NULL, rows->count);
    }
    return true;
}

static bool put_rows(struct saving *saving, const struct dora__rows *rows) {
    size_t count = rows->count;
    struct columns columns = {
        .values = dora__alloc(saving->memory, count, sizeof *columns.values),
        .lead = dora__alloc(saving->memory, count, sizeof *columns.lead),
        .as_of = rows->named ? dora__alloc(saving->memory, count, sizeof *columns.as_of) : NULL,
    };
    bool done = columns.values && columns.lead && (columns.as_of || !rows->named);
    if (done && (done = find_columns(rows, &columns))) {
        dora__bytes_varint(saving->bytes, count);
        dora__bytes_varint(saving->bytes, columns.present);
        dora__bytes_varint(saving->bytes, columns.as_ofs);
        done = put_columns(saving, rows, &columns);
    }
    dora__free(saving->memory, columns.as_of, count, sizeof *columns.as_of);
    dora__free(saving->memory, columns.lead, count, sizeof *columns.lead);
    dora__free(saving->memory, columns.values, count, sizeof *columns.values);
    return done;
}

static bool put_facts(struct saving *saving, dora_kind kind, bool named) {
    struct dora__rows rows;
    if (!dora__rows_make(&rows, saving->facts, &saving->catalog, kind, named))
        return false;
    bool done = !rows.count || put_rows(saving, &rows);
    if (done && rows.count)
        end_section(saving, DORA__SECTION_FACTS + 2 * (uint32_t)kind + !named);
    dora__rows_free(&rows);
    return done;
}

/* Sections first .. end - 1 of what is left of forgotten facts. */
static void put_frozen(struct saving *saving, int first, int end) {
    const struct dora__frozen *frozen = saving->facts->frozen;
    for (int number = first; frozen && number < end; number++)
        if (dora__frozen_put(saving->bytes, frozen, &saving->catalog, number))
            end_section(saving, dora__frozen_section(number));
}

static bool put_sections(struct saving *saving) {
    put_strings(saving, &saving->facts->services, &saving->catalog.services, DORA__SECTION_SERVICES);
    put_strings(saving, &saving->facts->strings, &saving->catalog.strings, DORA__SECTION_STRINGS);
    put_inputs(saving);
    put_frozen(saving, 0, 2);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        if (!put_facts(saving, (dora_kind)kind, true) || !put_facts(saving, (dora_kind)kind, false))
            return false;
    put_frozen(saving, 2, DORA__FROZEN_SECTIONS);
    return !saving->bytes->failed;
}

/* Head and entries into the room that was left for as many sections as there can be; returns where they begin. */
static size_t put_head(const struct saving *saving, size_t room) {
    size_t size = DORA__STATE_HEAD_SIZE + saving->count * DORA__STATE_ENTRY_SIZE + DORA__STATE_CHECKSUM_SIZE;
    uint8_t *head = saving->bytes->data + (room - size), *entry = head + DORA__STATE_HEAD_SIZE;
    uint32_t minor = saving->facts->frozen ? DORA__STATE_MINOR_FORGOTTEN : DORA__STATE_MINOR;
    for (int i = 0; i < DORA__STATE_MAGIC_SIZE; i++)
        head[i] = dora__state_magic[i];
    dora__put_little_32(head + 8, DORA__STATE_MAJOR | minor << 16);
    dora__put_little_32(head + 12, saving->count);
    size_t begin = room;
    for (uint32_t i = 0; i < saving->count; i++, entry += DORA__STATE_ENTRY_SIZE) {
        size_t end = saving->sections[i].end;
        dora__put_little_32(entry, saving->sections[i].kind);
        dora__put_little_32(entry + 4, 0);
        dora__put_little_64(entry + 8, end - begin);
        dora__put_little_64(entry + 16, dora__checksum(saving->bytes->data + begin, end - begin));
        begin = end;
    }
    dora__put_little_64(entry, dora__checksum(head, size - DORA__STATE_CHECKSUM_SIZE));
    return room - size;
}

dora_status dora__state_save(const struct dora__facts *facts, struct dora__bytes *bytes, size_t *begin) {
    const size_t room = DORA__STATE_HEAD_SIZE + SECTIONS * DORA__STATE_ENTRY_SIZE + DORA__STATE_CHECKSUM_SIZE;
    struct saving saving = {.facts = facts, .memory = facts->memory, .bytes = bytes};
    if (!dora__bytes_more(bytes, room) || !dora__catalog_make(&saving.catalog, facts, bytes->asking))
        return DORA_ERROR_MEMORY;
    bool done = put_sections(&saving);
    dora__catalog_free(&saving.catalog);
    if (!done)
        return DORA_ERROR_MEMORY;
    *begin = put_head(&saving, room);
    return DORA_OK;
}
