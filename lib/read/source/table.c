/* SPDX-License-Identifier: MIT */
/*
 * See table.h. Which tool a table is of is mostly told by its columns. Of tables of answers, which have the same
 * columns whatever the tool, the first row tells: by its answer, or by the cells that a mapping asks for.
 */
#include "read/source/table.h"

#include "read/json.h"
#include "read/source/recognise.h"
#include "read/source/source.h"

#include <string.h>

enum { COLUMNS_LOOKED_AT = 100 };

/* What dumps of databases write where there is no value. */
static bool is_null(const char *text, size_t size) {
    return (size == 4 && memcmp(text, "NULL", 4) == 0) || (size == 2 && memcmp(text, "\\N", 2) == 0);
}

/* Where the whole of a cell is an object or array of JSON it can be entered. */
static void take_form(struct dora__raw *value) {
    struct dora__json json = {value->data, value->data + value->size, NULL, false};
    struct dora__raw nested;
    if (*value->data != '{' && *value->data != '[')
        return;
    if (dora__json_value(&json, &nested, 0) && json.at == json.end)
        *value = nested;
}

/* The value of a cell of the row at hand; false: it has none. */
static bool take_value(struct dora_reader *reader, size_t column, struct dora__raw *value) {
    value->form = DORA__TEXT;
    value->data = dora__csv_cell(reader, &reader->cells[column], &value->size);
    if (!value->size || is_null(value->data, value->size))
        return false;
    take_form(value);
    return true;
}

static size_t take_columns(const struct dora_reader *reader, struct dora__span *columns) {
    size_t count = reader->columns_count < COLUMNS_LOOKED_AT ? reader->columns_count : COLUMNS_LOOKED_AT;
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct dora__span){reader->column_names[i].data, reader->column_names[i].size};
    return count;
}

void dora__table_recognise(struct dora_reader *reader) {
    struct dora__span columns[COLUMNS_LOOKED_AT];
    size_t count = take_columns(reader, columns);
    const struct dora__builtin *builtin = dora__recognise_columns(columns, NULL, count, &reader->undecided);
    if (builtin) {
        reader->undecided = false;
        dora__export_take(reader, builtin);
    }
}

bool dora__table_decide(struct dora_reader *reader) {
    struct dora__span columns[COLUMNS_LOOKED_AT], cells[COLUMNS_LOOKED_AT];
    size_t count = take_columns(reader, columns);
    const struct dora__builtin *builtin = NULL;
    bool answers = false, whole;
    for (size_t i = 0; i < count; i++) {
        struct dora__raw value;
        bool known = take_value(reader, i, &value);
        cells[i] = known ? (struct dora__span){value.data, value.size} : (struct dora__span){"", 0};
        if (!known || value.form != DORA__JSON_OBJECT || !dora__is_answer(columns[i].data, columns[i].size))
            continue;
        answers = true;
        builtin = dora__recognise_json(value.data, value.size, &whole);
    }
    if (!answers)
        builtin = dora__recognise_columns(columns, cells, count, &whole);
    reader->scratch_used = 0;
    reader->undecided = false;
    if (builtin)
        dora__export_take(reader, builtin);
    return answers;
}

bool dora__table_reads(const struct dora_reader *reader) {
    for (size_t i = 0; i < reader->columns_count; i++) {
        const struct dora__raw *name = &reader->column_names[i];
        if (dora__is_answer(name->data, name->size) || dora__export_reads(reader->source, name->data, name->size))
            return true;
    }
    return false;
}

void dora__table_item(struct dora_reader *reader, const char *row, size_t size, uint64_t byte) {
    struct dora__raw answer = {.form = DORA__JSON_NULL}, value;
    dora__export_begin(reader);
    for (size_t i = 0; i < reader->cells_count && reader->failure.status == DORA_OK; i++) {
        const struct dora__raw *name = &reader->column_names[i];
        if (!take_value(reader, i, &value))
            continue;
        if (value.form == DORA__JSON_OBJECT && dora__is_answer(name->data, name->size))
            answer = value;
        dora__export_member(reader, name, &value);
    }
    reader->source->scratch_kept = reader->scratch_used;
    if (answer.form == DORA__JSON_OBJECT)
        dora__export_item(reader, answer.data, answer.size, byte);
    else
        dora__export_facts(reader, row, size, byte);
    reader->source->scratch_kept = 0;
}
