/* SPDX-License-Identifier: MIT */
/* See result.h; also what dora.h says of results. */
#include "query/result.h"

#include "base/checked.h"
#include "base/threads.h"

#include <stdio.h>
#include <string.h>

size_t dora__type_width(dora_type type) {
    static const uint8_t widths[] = {
        [DORA_TYPE_INT64] = sizeof(int64_t), [DORA_TYPE_DOUBLE] = sizeof(double), [DORA_TYPE_STRING] = sizeof(uint32_t),
        [DORA_TYPE_DATE] = sizeof(int32_t),  [DORA_TYPE_BOOL] = sizeof(uint8_t),
    };
    return widths[type];
}

struct dora_result *dora__result_new(const struct dora__memory *memory) {
    struct dora__memory own = dora__memory_unlocked(memory); /* a result may outlive its engine */
    struct dora_result *result = dora__alloc_zeroed(&own, 1, sizeof *result);
    if (!result)
        return NULL;
    atomic_init(&result->holders, 1);
    result->memory = own;
    return result;
}

static void free_column(struct dora__memory *memory, struct dora__column *column) {
    dora__free(memory, column->data, column->data_capacity, dora__type_width(column->type));
    dora__free(memory, column->validity, column->validity_capacity, 1);
    dora__free(memory, column->bytes, column->bytes_capacity, 1);
}

dora_result *dora_result_retain(dora_result *result) {
    if (result)
        atomic_fetch_add_explicit(&result->holders, 1, memory_order_relaxed);
    return result;
}

void dora_result_free(dora_result *result) {
    if (!result || atomic_fetch_sub_explicit(&result->holders, 1, memory_order_acq_rel) != 1)
        return;
    struct dora__memory memory = result->memory;
    for (size_t i = 0; i < result->columns_count; i++)
        free_column(&memory, &result->columns[i]);
    dora__free(&memory, result->columns, result->columns_capacity, sizeof *result->columns);
    dora__free(&memory, result->slots, result->slots_capacity, sizeof *result->slots);
    dora__free(&memory, result, 1, sizeof *result);
}

static bool is_wanted(const char *wanted, const char *name) {
    for (size_t size; wanted; wanted = wanted[size] ? wanted + size + 1 : NULL) {
        size = strcspn(wanted, ",");
        if (size == strlen(name) && memcmp(wanted, name, size) == 0)
            return true;
    }
    return false;
}

bool dora__result_column(struct dora_result *result, dora_type type, dora_unit unit, const char *name, const char *part,
                         const char *last) {
    struct dora__memory *memory = &result->memory;
    struct dora__column made = {.type = type, .unit = unit};
    snprintf(made.name, sizeof made.name, "%s%s%s", name, part ? part : "", last ? last : "");
    bool wanted = !result->wanted || is_wanted(result->wanted, made.name);
    if (!dora__grow(memory, (void **)&result->slots, &result->slots_capacity, result->slots_count + 1,
                    sizeof *result->slots) ||
        !dora__grow(memory, (void **)&result->columns, &result->columns_capacity, result->columns_count + 1,
                    sizeof *result->columns))
        return false;
    result->slots[result->slots_count++] = wanted ? (uint32_t)result->columns_count : DORA__NOT_WANTED;
    if (!wanted)
        return true;
    struct dora__column *column = &result->columns[result->columns_count++];
    *column = made;
    if (!dora__grow(memory, &column->data, &column->data_capacity, 1, dora__type_width(type)))
        return false;
    memset(column->data, 0, dora__type_width(type)); /* the first offset of strings */
    return true;
}

/* Makes room for `need` items of which the first `used` are to be kept. Little that is kept is copied to a new block
   rather than moved with the old one, since large new blocks come from huge pages. */
static bool grow(struct dora__memory *memory, void **block, size_t *capacity, size_t used, size_t need, size_t width) {
    enum { LITTLE = 4096 };
    if (need <= *capacity)
        return true;
    if (used > LITTLE)
        return dora__grow(memory, block, capacity, need, width);
    void *grown = dora__alloc(memory, need, width);
    if (!grown)
        return false;
    if (*block)
        memcpy(grown, *block, used * width);
    dora__free(memory, *block, *capacity, width);
    *block = grown;
    *capacity = need;
    return true;
}

/* How many rows there is to be room for; 0: more than can be. */
static size_t rows_wanted(const struct dora_result *result, size_t rows) {
    size_t wanted = result->rows_capacity + result->rows_capacity / 2, needed;
    if (!dora__add_size(result->rows, rows, &needed) || needed > SIZE_MAX - 64)
        return 0;
    if (wanted < needed)
        wanted = needed;
    return wanted < 64 ? 64 : wanted;
}

bool dora__result_reserve_column(struct dora_result *result, size_t column, size_t rows) {
    struct dora__column *of = &result->columns[column];
    size_t wanted = rows_wanted(result, rows), before = of->validity_capacity;
    if (!wanted ||
        !grow(&result->memory, &of->data, &of->data_capacity, result->rows + 1, wanted + 1,
              dora__type_width(of->type)) ||
        !grow(&result->memory, (void **)&of->validity, &of->validity_capacity, before, wanted / 8 + 1, 1))
        return false;
    memset(of->validity + before, 0, of->validity_capacity - before);
    return true;
}

bool dora__result_reserve(struct dora_result *result, size_t rows) {
    if (rows <= result->rows_capacity - result->rows)
        return true;
    for (size_t i = 0; i < result->columns_count; i++)
        if (!dora__result_reserve_column(result, i, rows))
            return false;
    result->rows_capacity = rows_wanted(result, rows);
    return result->rows_capacity != 0;
}

bool dora__result_reserve_bytes(struct dora_result *result, size_t column, size_t bytes) {
    struct dora__column *of = &result->columns[column];
    size_t used = ((const uint32_t *)of->data)[result->rows];
    return grow(&result->memory, (void **)&of->bytes, &of->bytes_capacity, used, bytes, 1);
}

void dora__result_touch_ahead(struct dora_result *result, size_t rows) {
    const size_t page = 2 << 20;
    for (size_t i = 0; i < result->columns_count; i++) {
        const struct dora__column *column = &result->columns[i];
        size_t width = dora__type_width(column->type), ahead = page / width / (result->columns_count + 1) * (i + 1);
        size_t from = result->rows - rows + ahead, end = result->rows + ahead;
        if (end > result->rows_capacity)
            end = result->rows_capacity;
        if (from >= end || from <= result->rows) /* what stands there is kept, with the offset behind it */
            continue;
        char *at = (char *)column->data + from * width, *last = (char *)column->data + end * width;
        for (at += (size_t)(-(uintptr_t)at) % page; at < last; at += page)
            *at = 0;
    }
}

void dora__result_clear(struct dora_result *result) {
    result->rows = 0;
    for (size_t i = 0; i < result->columns_count; i++) {
        struct dora__column *column = &result->columns[i];
        column->nulls = 0;
        if (column->validity)
            memset(column->validity, 0, column->validity_capacity);
    }
}

/* NULL: nobody wants it. */
static struct dora__column *next_column(struct dora__cursor *cursor) {
    uint32_t place = cursor->result->slots[cursor->slot++];
    return place == DORA__NOT_WANTED ? NULL : &cursor->result->columns[place];
}

bool dora__fill_wanted(struct dora__cursor *cursor) {
    bool wanted = cursor->result->slots[cursor->slot] != DORA__NOT_WANTED;
    cursor->slot += !wanted;
    return wanted;
}

/* The value of the row being filled in the next column, which is not null; NULL: nobody wants it. */
static void *next_value(struct dora__cursor *cursor) {
    struct dora__column *column = next_column(cursor);
    size_t row = cursor->result->rows;
    if (!column)
        return NULL;
    column->validity[row / 8] |= (uint8_t)(1u << row % 8);
    return (char *)column->data + row * dora__type_width(column->type);
}

/* Sets bits of `validity` from bit `row` on. */
static void put_bits(uint8_t *validity, size_t row, size_t rows, const uint64_t *known) {
    for (size_t from = 0; from < rows; from += 64) {
        uint64_t word = known ? known[from / 64] : UINT64_MAX;
        if (rows - from < 64)
            word &= (UINT64_C(1) << (rows - from)) - 1;
        uint8_t *at = validity + (row + from) / 8;
        unsigned shift = (row + from) % 8;
        uint64_t low = word << shift, high = shift ? word >> (64 - shift) : 0;
        for (; low; low >>= 8)
            *at++ |= (uint8_t)low;
        if (high)
            validity[(row + from) / 8 + 8] |= (uint8_t)high;
    }
}

static size_t count_bits(size_t rows, const uint64_t *bits) {
    size_t count = 0;
    for (size_t from = 0; from < rows; from += 64) {
        uint64_t word = bits[from / 64];
        if (rows - from < 64)
            word &= (UINT64_C(1) << (rows - from)) - 1;
        count += (size_t)__builtin_popcountll(word);
    }
    return count;
}

static void *fill(struct dora__cursor *cursor, size_t rows, const uint64_t *known) {
    struct dora__column *column = next_column(cursor);
    size_t row = cursor->result->rows;
    if (!column)
        return NULL;
    put_bits(column->validity, row, rows, known);
    if (known)
        column->nulls += rows - count_bits(rows, known);
    return (char *)column->data + row * dora__type_width(column->type);
}

int64_t *dora__fill_int64(struct dora__cursor *cursor, size_t rows, const uint64_t *known) {
    return fill(cursor, rows, known);
}

double *dora__fill_double(struct dora__cursor *cursor, size_t rows, const uint64_t *known) {
    return fill(cursor, rows, known);
}

int32_t *dora__fill_date(struct dora__cursor *cursor, size_t rows) {
    return fill(cursor, rows, NULL);
}

/* Room for so many bytes more in the next column, which is of strings; NULL: nobody wants it, or cursor->status says
   why. */
static struct dora__column *string_room(struct dora__cursor *cursor, size_t bytes) {
    struct dora__column *column = next_column(cursor);
    if (!column)
        return NULL;
    size_t from = ((const uint32_t *)column->data)[cursor->result->rows], need;
    if (!dora__add_size(from, bytes, &need) || need > UINT32_MAX - DORA__NAME_MOST)
        cursor->status = DORA_ERROR_LIMIT;
    else if (!dora__grow(&cursor->result->memory, (void **)&column->bytes, &column->bytes_capacity,
                         need + DORA__NAME_MOST, 1))
        cursor->status = DORA_ERROR_MEMORY;
    else
        return column;
    return NULL;
}

void dora__fill_string(struct dora__cursor *cursor, size_t rows, dora_string string) {
    size_t bytes, row = cursor->result->rows;
    if (!dora__multiply_size(rows, string.size, &bytes)) {
        cursor->status = DORA_ERROR_LIMIT;
        return;
    }
    struct dora__column *column = string_room(cursor, bytes);
    if (!column)
        return;
    uint32_t *offsets = (uint32_t *)column->data + row, at = offsets[0];
    char *to = column->bytes + at;
    for (size_t done = 0, more = string.size; done < bytes; done += more) { /* once, then doubled */
        more = !done ? more : done < bytes - done ? done : bytes - done;
        memcpy(to + done, done ? to : string.data, more);
    }
    for (size_t r = 0; r < rows; r++)
        offsets[r + 1] = at + (uint32_t)((r + 1) * string.size);
    if (string.data)
        put_bits(column->validity, row, rows, NULL);
    else
        column->nulls += rows;
}

void dora__fill_names(struct dora__cursor *cursor, size_t rows, const struct dora__name *names, const uint8_t *number) {
    size_t row = cursor->result->rows;
    struct dora__column *column = string_room(cursor, rows * DORA__NAME_MOST);
    if (!column)
        return;
    uint32_t *offsets = (uint32_t *)column->data + row, at = offsets[0];
    for (size_t from = 0; from < rows; from += 64) {
        size_t count = rows - from < 64 ? rows - from : 64;
        uint64_t known = 0;
        for (size_t r = from; r < from + count; r++) {
            const struct dora__name *name = &names[number[r]];
            memcpy(column->bytes + at, name->text, sizeof name->text);
            at += name->size;
            offsets[r + 1] = at;
            known |= (uint64_t)(name->size > 0) << (r - from);
        }
        put_bits(column->validity, row + from, count, &known);
        column->nulls += count - count_bits(count, &known);
    }
}

void dora__put_null(struct dora__cursor *cursor) {
    struct dora__column *column = next_column(cursor);
    size_t row = cursor->result->rows;
    if (!column)
        return;
    column->nulls++;
    if (column->type == DORA_TYPE_STRING) {
        uint32_t *offsets = column->data;
        offsets[row + 1] = offsets[row];
        return;
    }
    size_t width = dora__type_width(column->type);
    memset((char *)column->data + row * width, 0, width);
}

void dora__put_int64(struct dora__cursor *cursor, int64_t value) {
    int64_t *to = next_value(cursor);
    if (to)
        *to = value;
}

void dora__put_double(struct dora__cursor *cursor, double value) {
    double *to = next_value(cursor);
    if (to)
        *to = value;
}

void dora__put_date(struct dora__cursor *cursor, int32_t day) {
    int32_t *to = next_value(cursor);
    if (to)
        *to = day;
}

void dora__put_bool(struct dora__cursor *cursor, bool value) {
    uint8_t *to = next_value(cursor);
    if (to)
        *to = value;
}

void dora__put_string(struct dora__cursor *cursor, dora_string string) {
    if (!string.data) {
        dora__put_null(cursor);
        return;
    }
    dora__fill_string(cursor, 1, string);
}

size_t dora_result_rows(const dora_result *result) {
    return result ? result->rows : 0;
}

size_t dora_result_columns(const dora_result *result) {
    return result ? result->columns_count : 0;
}

static const struct dora__column *column_of(const dora_result *result, size_t column) {
    return result && column < result->columns_count ? &result->columns[column] : NULL;
}

static const void *data_of(const dora_result *result, size_t at, dora_type type) {
    const struct dora__column *column = column_of(result, at);
    return column && column->type == type ? column->data : NULL;
}

const char *dora_result_name(const dora_result *result, size_t column) {
    const struct dora__column *found = column_of(result, column);
    return found ? found->name : NULL;
}

dora_type dora_result_type(const dora_result *result, size_t column) {
    const struct dora__column *found = column_of(result, column);
    return found ? found->type : DORA_TYPE_INT64;
}

dora_unit dora_result_unit(const dora_result *result, size_t column) {
    const struct dora__column *found = column_of(result, column);
    return found ? found->unit : DORA_UNIT_NONE;
}

size_t dora_result_find(const dora_result *result, const char *name) {
    for (size_t i = 0; result && name && i < result->columns_count; i++)
        if (strcmp(result->columns[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

int dora_result_is_null(const dora_result *result, size_t column, size_t row) {
    const struct dora__column *found = column_of(result, column);
    return found && row < result->rows && !(found->validity[row / 8] >> row % 8 & 1);
}

const uint8_t *dora_result_validity(const dora_result *result, size_t column) {
    const struct dora__column *found = column_of(result, column);
    return found && found->nulls ? found->validity : NULL;
}

const int64_t *dora_result_int64(const dora_result *result, size_t column) {
    return data_of(result, column, DORA_TYPE_INT64);
}

const double *dora_result_double(const dora_result *result, size_t column) {
    return data_of(result, column, DORA_TYPE_DOUBLE);
}

const int32_t *dora_result_date(const dora_result *result, size_t column) {
    return data_of(result, column, DORA_TYPE_DATE);
}

const uint8_t *dora_result_bool(const dora_result *result, size_t column) {
    return data_of(result, column, DORA_TYPE_BOOL);
}

const uint32_t *dora_result_string(const dora_result *result, size_t column, const char **bytes) {
    const struct dora__column *found = column_of(result, column);
    if (!found || found->type != DORA_TYPE_STRING)
        return NULL;
    if (bytes)
        *bytes = found->bytes ? found->bytes : "";
    return found->data;
}
