/* SPDX-License-Identifier: MIT */
/*
 * The rows of an array, a block at a time: their values are taken column by column, bad rows are reported, and the
 * others go into the facts as batches of one kind. Rows that a batch cannot hold (a list, an as_of, a tombstone) go one
 * by one.
 */
#include "read/arrow_table.h"

#include "base/error.h"

#include <string.h>

enum { ROWS = DORA__BATCH_ROWS };

static void fail_block(struct dora__arrow_table *table, dora_status status, const struct dora__arrow_column *column) {
    dora_error *failure = &table->failure;
    if (status == DORA_ERROR_LIMIT)
        dora__fail(failure, status, "more than 4 billion facts or strings");
    else if (status == DORA_ERROR_MEMORY)
        dora__fail_memory(failure);
    else
        dora__fail(failure, status, "column '%s': offsets or codes beyond its values",
                   dora__quote(column->name, strlen(column->name)).text);
    failure->record = table->rows + table->row + 1;
}

static bool has_any(const struct dora__arrow_mask *mask) {
    uint64_t any = 0;
    for (size_t word = 0; word < DORA__MASK_WORDS; word++)
        any |= mask->words[word];
    return any != 0;
}

static bool has(const struct dora__arrow_mask *mask, size_t i) {
    return mask->words[i / 64] >> i % 64 & 1;
}

static bool take_field(struct dora__arrow_table *table, enum dora__field field) {
    dora_status status = dora__arrow_take(&table->block, table->column_of[field]);
    if (status != DORA_OK)
        fail_block(table, status, table->column_of[field]);
    return status == DORA_OK;
}

/* Parts the rows by the kind that they state. */
static void part_by_kind(struct dora__arrow_table *table) {
    struct dora__arrow_block *block = &table->block;
    if (!(block->stated & DORA__BIT(DORA__KIND)))
        return;
    const uint32_t *kinds = block->values[DORA__KIND];
    struct dora__arrow_mask rows = block->of_kind[table->kind];
    block->of_kind[table->kind] = (struct dora__arrow_mask){0};
    for (size_t i = 0; i < block->rows; i++)
        if (has(&rows, i))
            block->of_kind[kinds[i] ? kinds[i] - 1 : table->kind].words[i / 64] |= UINT64_C(1) << i % 64;
}

/* What no column by itself can tell: ids that are missing, measures that are none. */
static void check_rows(struct dora__arrow_table *table) {
    struct dora__arrow_block *block = &table->block;
    uint8_t list[ROWS];
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        bool needs_id = dora__kinds[kind].needs_id;
        bool has_measure = kind == DORA_KIND_FEEDBACK && block->stated & DORA__BIT(DORA__MEASURE);
        struct dora__arrow_mask good = block->of_kind[kind];
        for (size_t word = 0; word < DORA__MASK_WORDS; word++)
            good.words[word] &= ~block->bad.words[word];
        size_t count = needs_id || has_measure ? dora__arrow_rows(&good, block->rows, list) : 0;
        for (size_t k = 0; k < count; k++) {
            if (needs_id && (!(table->fields & DORA__BIT(DORA__ID)) || block->ids[list[k]].size == 0)) {
                dora__arrow_blame(block, list[k], DORA__ID, "missing");
            } else if (has_measure) {
                uint32_t handle = ((const uint32_t *)block->values[DORA__MEASURE])[list[k]];
                dora_string measure = dora__pool_get(&block->facts->strings, handle);
                if (handle && !dora__measure_known(measure.data, measure.size))
                    dora__arrow_blame(block, list[k], DORA__MEASURE, "not one of complaints, satisfaction, adoption");
            }
        }
    }
}

/* The values of the block. False: the table has failed. */
static bool take_block(struct dora__arrow_table *table, uint32_t rows) {
    struct dora__arrow_block *block = &table->block;
    block->first = table->of.offset + table->row;
    block->rows = rows;
    block->stated = 0;
    block->bad = block->lists = (struct dora__arrow_mask){0};
    block->items.count = 0;
    memset(block->of_kind, 0, sizeof block->of_kind);
    dora__arrow_valid(&table->of, table->row, rows, block->of_kind[table->kind].words);
    if (table->fields & DORA__BIT(DORA__KIND)) {
        if (!take_field(table, DORA__KIND))
            return false;
        part_by_kind(table);
    }
    for (uint64_t left = table->fields & ~DORA__BIT(DORA__KIND); left; left &= left - 1)
        if (!take_field(table, (enum dora__field)__builtin_ctzll(left)))
            return false;
    check_rows(table);
    return true;
}

/* Reports a row that is rejected for that reason, or, without one, is bad. False: the caller wants no more. */
static bool reject(struct dora__arrow_table *table, size_t i, const char *reason) {
    const struct dora__arrow_block *block = &table->block;
    enum dora__field field = (enum dora__field)block->blamed[i];
    dora_error error;
    if (reason) {
        dora__fail(&error, DORA_ERROR_INPUT, "%s", reason);
    } else if (field == DORA__KIND) {
        dora_string kind = dora__arrow_shown(table->column_of[field], block->first + i);
        dora__fail(&error, DORA_ERROR_INPUT, "kind: unknown kind '%.*s'", (int)(kind.size < 64 ? kind.size : 64),
                   kind.size ? kind.data : "");
    } else {
        dora__fail(&error, DORA_ERROR_INPUT, "%s: %s", dora__fields[field].name, block->reasons[i]);
    }
    error.record = table->rows + table->row + i + 1;
    table->facts->records++;
    table->facts->rejected++;
    if (!table->on_reject || !table->on_reject(table->on_reject_context, &error))
        return true;
    table->failure = error;
    return false;
}

/* Reports the bad rows and takes them out; where the caller stops, also those behind. */
static void reject_rows(struct dora__arrow_table *table) {
    struct dora__arrow_block *block = &table->block;
    uint8_t list[ROWS];
    size_t count = dora__arrow_rows(&block->bad, block->rows, list);
    for (size_t k = 0; k < count; k++)
        if (!reject(table, list[k], NULL)) {
            for (size_t i = list[k]; i < block->rows; i++)
                block->bad.words[i / 64] |= UINT64_C(1) << i % 64;
            break;
        }
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (size_t word = 0; word < DORA__MASK_WORDS; word++)
            block->of_kind[kind].words[word] &= ~block->bad.words[word];
}

static int64_t value_of(const struct dora__arrow_block *block, enum dora__field field, size_t i) {
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        return ((const int64_t *)block->values[field])[i];
    case DORA__STRING:
    case DORA__SERVICE:
        return ((const uint32_t *)block->values[field])[i];
    default:
        return ((const uint8_t *)block->values[field])[i];
    }
}

static bool is_stated(enum dora__field field, int64_t value) {
    enum dora__type type = (enum dora__type)dora__fields[field].type;
    return value != (type == DORA__INSTANT || type == DORA__NUMBER ? DORA_ABSENT : 0);
}

static dora_status put_record(struct dora__arrow_table *table, dora_kind kind, size_t i) {
    const struct dora__arrow_block *block = &table->block;
    struct dora__record *record = &table->record;
    dora__record_begin(record, kind);
    uint64_t fields = block->stated & dora__kinds[kind].fields,
             lists = DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS);
    for (uint64_t left = fields & ~lists; left; left &= left - 1) {
        enum dora__field field = (enum dora__field)__builtin_ctzll(left);
        int64_t value = value_of(block, field, i);
        if (is_stated(field, value))
            dora__record_value(record, field, value);
    }
    if (fields & lists && has(&block->lists, i)) {
        record->items_count = (uint32_t)(block->items_to[i] - block->items_from[i]);
        record->items = record->items_count ? block->items.data + block->items_from[i] : NULL;
        record->fields |= fields & lists;
    }
    if (block->stated & DORA__BIT(DORA__AS_OF))
        record->as_of = value_of(block, DORA__AS_OF, i);
    record->deleted = block->stated & DORA__BIT(DORA__DELETED) && value_of(block, DORA__DELETED, i) == 2;
    dora_status status = DORA_OK;
    if (table->fields & DORA__BIT(DORA__ID))
        status = dora__record_string(table->facts, record, DORA__ID, block->ids[i].data, block->ids[i].size);
    return status == DORA_OK ? dora__facts_put(table->facts, record) : status;
}

/* The rows of a kind that are put one by one. */
static struct dora__arrow_mask special_rows(const struct dora__arrow_table *table,
                                            const struct dora__arrow_mask *rows) {
    struct dora__arrow_mask special = table->block.lists;
    if (dora__gate_of(table->facts)) /* each may be too late */
        return *rows;
    for (size_t word = 0; word < DORA__MASK_WORDS; word++)
        special.words[word] &= rows->words[word];
    return special;
}

/* The values of the rows in the list, one after the other. */
static void *pick(const struct dora__arrow_table *table, int field, const uint8_t *list, size_t count) {
    const void *from = table->block.values[field];
    void *to = table->picked[field];
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        for (size_t k = 0; k < count; k++)
            ((int64_t *)to)[k] = ((const int64_t *)from)[list[k]];
        break;
    case DORA__STRING:
    case DORA__SERVICE:
        for (size_t k = 0; k < count; k++)
            ((uint32_t *)to)[k] = ((const uint32_t *)from)[list[k]];
        break;
    default:
        for (size_t k = 0; k < count; k++)
            ((uint8_t *)to)[k] = ((const uint8_t *)from)[list[k]];
    }
    return to;
}

static dora_status put_batch(struct dora__arrow_table *table, dora_kind kind, const uint8_t *list, size_t count) {
    const struct dora__arrow_block *block = &table->block;
    bool all = count == block->rows;
    struct dora__batch batch = {.kind = kind, .rows = (uint32_t)count};
    uint64_t lists = DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS);
    uint64_t fields = dora__kinds[kind].fields | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED);
    batch.fields = block->stated & fields & ~lists;
    for (uint64_t left = batch.fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        batch.column[field] = all ? block->values[field] : pick(table, field, list, count);
    }
    if (table->fields & DORA__BIT(DORA__ID)) {
        for (size_t k = 0; k < count && !all; k++)
            table->picked_ids[k] = block->ids[list[k]];
        batch.ids = all ? block->ids : table->picked_ids;
    }
    uint32_t done;
    return dora__facts_put_batch(table->facts, &batch, &done);
}

static dora_status put_kind(struct dora__arrow_table *table, dora_kind kind) {
    const struct dora__arrow_block *block = &table->block;
    uint8_t list[ROWS];
    struct dora__arrow_mask rows = block->of_kind[kind], special = special_rows(table, &rows);
    if (has_any(&special)) {
        size_t count = dora__arrow_rows(&special, block->rows, list);
        for (size_t k = 0; k < count; k++) {
            dora_status status = put_record(table, kind, list[k]);
            if (status == DORA_ERROR_TOO_LATE) {
                status = DORA_OK;
                table->facts->too_late++;
                if (!reject(table, list[k], table->facts->late))
                    return status;
            }
            if (status != DORA_OK)
                return status;
        }
        for (size_t word = 0; word < DORA__MASK_WORDS; word++)
            rows.words[word] &= ~special.words[word];
    }
    size_t count = dora__arrow_rows(&rows, block->rows, list);
    return count ? put_batch(table, kind, list, count) : DORA_OK;
}

/* Counts the values of accepted rows that are in no field of theirs. */
static void count_unknown(struct dora__arrow_table *table) {
    for (size_t c = 0; c < table->columns_count; c++) {
        struct dora__arrow_column *column = &table->columns[c];
        bool known = column->field < DORA__FIELDS;
        if (known && (column->field <= DORA__DELETED || table->column_of[column->field] != column))
            continue;
        struct dora__arrow_mask mask = {0};
        for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
            for (size_t word = 0; word < DORA__MASK_WORDS; word++)
                if (!known || !(dora__kinds[kind].fields >> column->field & 1))
                    mask.words[word] |= table->block.of_kind[kind].words[word];
        if (!has_any(&mask))
            continue;
        dora__arrow_having(column, &table->block, &mask);
        for (size_t word = 0; word < DORA__MASK_WORDS; word++)
            column->unknown += (uint64_t)__builtin_popcountll(mask.words[word]);
    }
}

/* Tells how far the rows are, now and then. */
static void tell(struct dora__arrow_table *table, size_t rows) {
    enum { STRIDE = 65536 };
    table->untold += rows;
    if (!table->progress || table->untold < STRIDE)
        return;
    table->untold = 0;
    dora_progress progress = {.stage = "reading", .done = table->rows + table->row + rows};
    if (table->progress(table->progress_context, &progress)) {
        dora__fail(&table->failure, DORA_ERROR_CANCELLED, "cancelled");
        table->failure.record = progress.done;
    }
}

void dora__arrow_table_add(struct dora__arrow_table *table, const struct ArrowArray *array) {
    if (!dora__arrow_table_bind(table, array))
        return;
    size_t length = table->of.length;
    for (table->row = 0; table->row < length && table->failure.status == DORA_OK; table->row += ROWS) {
        uint32_t rows = length - table->row < ROWS ? (uint32_t)(length - table->row) : ROWS;
        if (!take_block(table, rows))
            return;
        if (has_any(&table->block.bad))
            reject_rows(table);
        dora_status status = DORA_OK;
        for (int kind = 0; kind < DORA_KIND_COUNT && status == DORA_OK; kind++)
            if (has_any(&table->block.of_kind[kind]))
                status = put_kind(table, (dora_kind)kind);
        if (status != DORA_OK) {
            fail_block(table, status, NULL);
            return;
        }
        if (table->counts)
            count_unknown(table);
        if (table->failure.status == DORA_OK)
            tell(table, rows);
    }
    table->rows += length;
}
