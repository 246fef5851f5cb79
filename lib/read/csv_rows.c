/* SPDX-License-Identifier: MIT */
/* See csv_rows.h: what is done once a header and once a batch. */
#include "read/csv_rows.h"

#include "read/reader.h"

#include <string.h>

/* What a column of `field` holds for records of `kind`. */
static enum dora__csv_cells cells_of(dora_kind kind, unsigned field) {
    static const enum dora__csv_cells of_type[] = {
        [DORA__INSTANT] = DORA__CELLS_INSTANT, [DORA__NUMBER] = DORA__CELLS_RARE, [DORA__STRING] = DORA__CELLS_STRING,
        [DORA__SERVICE] = DORA__CELLS_SERVICE, [DORA__LIST] = DORA__CELLS_RARE,   [DORA__BOOL] = DORA__CELLS_BOOL,
        [DORA__STATUS] = DORA__CELLS_STATUS,
    };
    if (field == DORA__KIND || field == DORA__ID)
        return field == DORA__KIND ? DORA__CELLS_KIND : DORA__CELLS_ID;
    if (field == DORA__DELETED || field == DORA__MEASURE)
        return DORA__CELLS_RARE;
    if (field == DORA__FIELDS || !((dora__kinds[kind].fields | DORA__BIT(DORA__AS_OF)) >> field & 1))
        return DORA__CELLS_UNKNOWN;
    return of_type[dora__fields[field].type];
}

static bool is_stored(enum dora__csv_cells cells) {
    return cells <= DORA__CELLS_STATUS;
}

void dora__csv_rows_make(struct dora_reader *reader) {
    size_t count = reader->columns_count, stored = 0;
    bool has_id = false;
    for (size_t i = 0; i < count; i++) {
        stored += is_stored(cells_of(reader->kind, reader->columns[i]));
        has_id |= reader->columns[i] == DORA__ID;
    }
    if (reader->giving || dora__gate_of(reader->facts) || !reader->plain || count > DORA__CSV_COLUMNS_MOST ||
        (dora__kinds[reader->kind].needs_id && !has_id))
        return;
    /* A window more may end cells than there are, and its places are written many at a time. */
    size_t stops = 1 + count * DORA__BATCH_ROWS + DORA__CSV_WINDOW + DORA__CSV_PLACES;
    size_t size =
        sizeof(struct dora__csv_rows) + stored * DORA__BATCH_ROWS * sizeof(int64_t) + stops * sizeof(uint32_t);
    struct dora__csv_rows *rows = dora__alloc_zeroed(reader->memory, size, 1);
    if (!rows)
        return;
    int64_t *storage = rows->storage;
    rows->facts = reader->facts;
    rows->kernel = dora__kernel_pick();
    rows->delimiter = reader->delimiter;
    rows->columns_count = (uint32_t)count;
    rows->block_rows = DORA__BATCH_ROWS;
    rows->size = size;
    rows->batch.kind = reader->kind;
    rows->batch.ids = has_id ? rows->ids : NULL;
    for (size_t i = 0; i < count; i++) {
        struct dora__csv_column *column = &rows->columns[i];
        column->cells = cells_of(reader->kind, reader->columns[i]);
        column->field = (uint8_t)reader->columns[i];
        if (!is_stored(column->cells))
            continue;
        rows->batch.fields |= DORA__BIT(reader->columns[i]);
        rows->batch.column[reader->columns[i]] = column->to = storage;
        storage += DORA__BATCH_ROWS;
        if (column->cells == DORA__CELLS_INSTANT)
            rows->instants |= DORA__BIT(column->field);
    }
    rows->batch.narrow = rows->instants;
    rows->stops = (uint32_t *)(void *)storage + 1;
    rows->stops[-1] = UINT32_MAX;
    reader->rows = rows;
}

void dora__csv_rows_free(struct dora_reader *reader) {
    if (reader->rows)
        dora__free(reader->memory, reader->rows, reader->rows->size, 1);
}

/* Counts what the rows of the batch carried beside the fields of their kind. */
static bool count_unknown(struct dora_reader *reader) {
    struct dora__csv_rows *rows = reader->rows;
    for (uint32_t i = 0; i < rows->columns_count; i++) {
        uint64_t times = rows->unknown_rows[i];
        if (!times)
            continue;
        unsigned field = reader->columns[i];
        const char *name = field == DORA__FIELDS ? reader->column_names[i].data : dora__fields[field].name;
        size_t size = field == DORA__FIELDS ? reader->column_names[i].size : strlen(name);
        rows->unknown_rows[i] = 0;
        if (!dora__unknown_add_times(&reader->facts->unknown, name, size, times))
            return false;
    }
    return true;
}

bool dora__csv_rows_flush(struct dora_reader *reader) {
    struct dora__csv_rows *rows = reader->rows;
    if (!rows || !rows->batch.rows)
        return true;
    uint32_t done, count = rows->batch.rows;
    dora_status status = dora__facts_put_batch(rows->facts, &rows->batch, &done);
    rows->batch.rows = 0;
    rows->batch.narrow = rows->instants;
    if (status == DORA_OK && count_unknown(reader))
        return true;
    /* The row that failed is the one behind those that are in; a common row is one line. */
    reader->records -= count - done;
    reader->line -= count - done;
    dora__reader_fail(reader, status == DORA_OK ? DORA_ERROR_MEMORY : status);
    return false;
}

size_t dora__csv_rows_take(struct dora__csv_rows *rows, const char *bytes, size_t size) {
    static size_t (*const kernels[])(struct dora__csv_rows *, const char *, size_t) = {
        [DORA__KERNEL_PORTABLE] = dora__csv_rows_take_portable,
#ifdef DORA__WITH_AVX2
        [DORA__KERNEL_AVX2] = dora__csv_rows_take_avx2,
        [DORA__KERNEL_AVX512] = dora__csv_rows_take_avx512,
#endif
    };
    return kernels[rows->kernel](rows, bytes, size);
}
