/* SPDX-License-Identifier: MIT */
/*
 * The loops of csv_rows.h, compiled once a kernel with DORA__CSV_ROWS_TAKE as the name of their entry.
 */
#include "calendar/instant.h"
#include "read/cell.h"
#include "read/csv_index.h"
#include "read/instant_block.h"

/* The cells of one column of the block. */
struct cells {
    const char *bytes;
    const uint32_t *before; /* each row's stop before the cell; the cell begins behind it */
    const uint32_t *ends;
    size_t step; /* from one row to the next in `before` */
    size_t ends_step;
    uint32_t count;
};

static inline const char *cell_at(const struct cells *cells, uint32_t row, size_t *size) {
    uint32_t begin = cells->before[row * cells->step] + 1;
    *size = cells->ends[row * cells->ends_step] - begin;
    return cells->bytes + begin;
}

/*
 * Each of these takes the cells of a column into the rows of the batch from `to` on, and says how many rows it took:
 * all, or those before the first one that is not common.
 */

static uint32_t parse_instants(const struct cells *cells, int64_t *to) {
    for (uint32_t row = 0; row < cells->count; row++) {
        size_t size;
        const char *text = cell_at(cells, row, &size);
        if (to[row] == DORA_ABSENT && size && dora__parse_instant(text, size, &to[row]))
            return row;
    }
    return cells->count;
}

/* The batch has them in narrow form until one comes that has none. */
static uint32_t take_instants(struct dora__csv_rows *rows, const struct dora__csv_column *column,
                              const struct cells *cells) {
    uint64_t pairs[DORA__BATCH_ROWS];
    uint32_t apart[DORA__BATCH_ROWS], empty = 0;
    struct dora__batch *batch = &rows->batch;
    bool narrow = batch->narrow >> column->field & 1;
    uint32_t *seconds = narrow ? (uint32_t *)column->to + batch->rows : apart;
    int64_t *instants = (int64_t *)column->to + batch->rows;
    for (uint32_t row = 0; row < cells->count; row++) {
        size_t size;
        const char *text = cell_at(cells, row, &size);
        pairs[row] = size == DORA__PLAIN_INSTANT_SIZE ? dora__instant_pairs(text) : 0;
        empty += size == 0;
    }
    uint32_t none = dora__seconds_of_pairs(pairs, seconds, cells->count);
    if (narrow && none == empty)
        return cells->count;
    if (narrow)
        dora__batch_widen(batch, column->field, batch->rows + cells->count);
    for (uint32_t row = 0; !narrow && row < cells->count; row++)
        instants[row] = dora__instant_of_narrow(seconds[row]);
    return none == empty ? cells->count : parse_instants(cells, instants);
}

/* How many cells from the front say what the first one says; one if that is long. */
static inline uint32_t count_same(const struct cells *cells) {
    size_t size, first_size;
    const char *first = cell_at(cells, 0, &first_size);
    if (first_size > DORA__RECALL_MOST)
        return 1;
    const uint64_t *masks = dora__recall_masks[first_size];
    const uint64_t low = dora__load_le64(first), high = dora__load_le64(first + 8);
    uint32_t same = 1;
    for (; same < cells->count; same++) {
        const char *text = cell_at(cells, same, &size);
        uint64_t differ = ((dora__load_le64(text) ^ low) & masks[0]) | ((dora__load_le64(text + 8) ^ high) & masks[1]);
        if (differ | (size ^ first_size))
            break;
    }
    return same;
}

/* Strings that are not recalled wait until all others are done, while their slots in the pool are fetched. Of cells
   that are the same, as whole columns are, the last one is looked at. */
static uint32_t take_strings(struct dora__csv_rows *rows, const struct cells *cells, struct dora__recall *recall,
                             struct dora__pool *pool, uint32_t *to) {
    uint32_t missed[DORA__BATCH_ROWS], hashes[DORA__BATCH_ROWS], missed_count = 0, last_same = count_same(cells) - 1;
    struct dora__recalled sought;
    size_t size;
    for (uint32_t row = last_same; row < cells->count; row++) {
        const char *text = cell_at(cells, row, &size);
        if (size - 1 < DORA__RECALL_MOST) {
            const struct dora__recalled *found = dora__recall_find(recall, text, size, &sought);
            if (found) {
                to[row] = found->handle;
                continue;
            }
        }
        if (size == 0) {
            to[row] = 0;
            continue;
        }
        hashes[missed_count] = dora__pool_hash(pool, text, size);
        dora__pool_prefetch(pool, hashes[missed_count]);
        missed[missed_count++] = row;
    }
    uint32_t taken = cells->count;
    for (uint32_t i = 0; i < missed_count && taken == cells->count; i++) {
        const char *text = cell_at(cells, missed[i], &size);
        rows->status = dora__pool_intern_hashed(pool, text, size, hashes[i], &to[missed[i]]);
        if (rows->status != DORA_OK)
            taken = missed[i] == last_same ? 0 : missed[i];
        else if (size <= DORA__RECALL_MOST && !dora__recall_find(recall, text, size, &sought))
            dora__recall_keep(recall, &sought, to[missed[i]]);
    }
    for (uint32_t row = 0; row < last_same; row++)
        to[row] = to[last_same];
    return taken;
}

/* A short cell as a number: its bytes, then its size. Cells of eight bytes or more are none of those. */
static inline uint64_t word_of(const char *text, size_t size) {
    static const uint64_t masks[9] = {
        0, 0xFF, 0xFFFF, 0xFFFFFF, UINT64_MAX >> 32, UINT64_MAX >> 24, UINT64_MAX >> 16, UINT64_MAX >> 8, 0};
    return (dora__load_le64(text) & masks[size < 8 ? size : 8]) | (uint64_t)size << 56;
}

static uint32_t take_bools(const struct cells *cells, uint8_t *to) {
    const uint64_t word_false = word_of("false\0\0", 5), word_true = word_of("true\0\0\0", 4);
    for (uint32_t row = 0; row < cells->count; row++) {
        size_t size;
        const char *text = cell_at(cells, row, &size);
        uint64_t word = word_of(text, size);
        int value = (word == word_false) + 2 * (word == word_true);
        if (value == 0 && size && (value = dora__cell_bool(text, size) + 1) == 0)
            return row;
        to[row] = (uint8_t)value;
    }
    return cells->count;
}

static uint32_t take_statuses(const struct cells *cells, uint8_t *to) {
    const uint64_t word_success = word_of("success", 7), word_failure = word_of("failure", 7);
    for (uint32_t row = 0; row < cells->count; row++) {
        size_t size;
        const char *text = cell_at(cells, row, &size);
        uint64_t word = word_of(text, size);
        int value =
            (word == word_success) * (1 + DORA_STATUS_SUCCESS) + (word == word_failure) * (1 + DORA_STATUS_FAILURE);
        if (value == 0 && size && (value = dora__status_find(text, size) + 1) == 0)
            return row;
        to[row] = (uint8_t)value;
    }
    return cells->count;
}

static uint32_t take_ids(const struct cells *cells, bool needed, dora_string *to) {
    for (uint32_t row = 0; row < cells->count; row++) {
        to[row].data = cell_at(cells, row, &to[row].size);
        if (needed && to[row].size == 0)
            return row;
    }
    return cells->count;
}

/* Cells that have to be empty, or to say the kind of all rows. */
static uint32_t take_others(const struct cells *cells, const char *kind, size_t kind_size) {
    for (uint32_t row = 0; row < cells->count; row++) {
        size_t size;
        const char *text = cell_at(cells, row, &size);
        if (size && (size != kind_size || memcmp(text, kind, size) != 0))
            return row;
    }
    return cells->count;
}

static uint32_t take_column(struct dora__csv_rows *rows, const struct dora__csv_column *column,
                            const struct cells *cells) {
    const uint32_t first = rows->batch.rows;
    const char *kind = dora__kinds[rows->batch.kind].name;
    switch (column->cells) {
    case DORA__CELLS_INSTANT:
        return take_instants(rows, column, cells);
    case DORA__CELLS_SERVICE:
        return take_strings(rows, cells, &rows->services, &rows->facts->services, (uint32_t *)column->to + first);
    case DORA__CELLS_STRING:
        return take_strings(rows, cells, &rows->strings, &rows->facts->strings, (uint32_t *)column->to + first);
    case DORA__CELLS_BOOL:
        return take_bools(cells, (uint8_t *)column->to + first);
    case DORA__CELLS_STATUS:
        return take_statuses(cells, (uint8_t *)column->to + first);
    case DORA__CELLS_ID:
        return take_ids(cells, dora__kinds[rows->batch.kind].needs_id, rows->ids + first);
    case DORA__CELLS_KIND:
        return take_others(cells, kind, strlen(kind));
    case DORA__CELLS_UNKNOWN:
        return cells->count;
    default:
        return take_others(cells, "", 0);
    }
}

static struct cells cells_of(const struct dora__csv_rows *rows, const char *bytes, uint32_t index, uint32_t count) {
    const uint32_t columns = rows->columns_count;
    bool last = index == columns - 1;
    return (struct cells){bytes,   rows->stops + index - 1, last ? rows->ends : rows->stops + index,
                          columns, last ? 1 : columns,      count};
}

static uint64_t count_filled(const struct cells *cells) {
    uint64_t filled = 0;
    for (uint32_t row = 0; row < cells->count; row++) {
        size_t size;
        cell_at(cells, row, &size);
        filled += size != 0;
    }
    return filled;
}

size_t DORA__CSV_ROWS_TAKE(struct dora__csv_rows *rows, const char *bytes, size_t size) {
    const uint32_t columns = rows->columns_count, room = DORA__BATCH_ROWS - rows->batch.rows;
    const uint32_t most = rows->block_rows < room ? rows->block_rows : room;
    dora_status failed = DORA_OK;
    uint32_t looked, count = find_rows(rows, bytes, size, most, &looked);
    for (uint32_t i = 0; i < columns && count; i++) {
        struct cells cells = cells_of(rows, bytes, i, count);
        rows->status = DORA_OK;
        uint32_t taken = take_column(rows, &rows->columns[i], &cells);
        if (taken < count)
            failed =
                taken == 0 ? rows->status : DORA_OK; /* a failure counts where it stands in the way of the first row */
        count = taken;
    }
    rows->status = failed;
    if (count < looked)
        rows->block_rows = 1;
    else if (rows->block_rows < DORA__BATCH_ROWS)
        rows->block_rows *= 2;
    if (count == 0)
        return 0;
    for (uint32_t i = 0; i < columns; i++)
        if (rows->columns[i].cells == DORA__CELLS_UNKNOWN) {
            struct cells cells = cells_of(rows, bytes, i, count);
            rows->unknown_rows[i] += count_filled(&cells);
        }
    rows->batch.rows += count;
    return (size_t)rows->stops[count * columns - 1] + 1;
}
