/* SPDX-License-Identifier: MIT */
/*
 * See arrow_table.h: what the schema says, and what an array must have to be what the schema says. Of two columns of
 * one field the last counts, as in CSV.
 */
#include "read/arrow_table.h"

#include "base/error.h"
#include "base/utf8.h"

#include <string.h>

#define COMMON_FIELDS (DORA__BIT(DORA__KIND) | DORA__BIT(DORA__ID) | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED))

/* Dictionaries with more entries than this and than rows are looked up value by value. */
enum { MEANINGS_MOST = 4096 };

dora_status dora__arrow_table_init(struct dora__arrow_table *table, struct dora__facts *facts,
                                   const dora_arrow_options *options, dora_error *error) {
    table->facts = table->block.facts = facts;
    table->memory = facts->memory;
    table->on_reject = options->on_reject;
    table->on_reject_context = options->on_reject_context;
    int kind = options->kind ? dora__kind_find(options->kind, strlen(options->kind)) : DORA_KIND_DEPLOYMENT;
    if (kind < 0)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no kind is named '%s'",
                          dora__quote(options->kind, strlen(options->kind)).text);
    table->kind = (dora_kind)kind;
    if (options->names_count && !options->names)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "a number of names without names");
    return dora__names_init(&table->names, table->memory, options->names, options->names_count, error);
}

/* Bytes of a value in column form; 0 of those that have no column in a block. */
static size_t width_of(int field) {
    static const uint8_t widths[] = {
        [DORA__INSTANT] = sizeof(int64_t),
        [DORA__NUMBER] = sizeof(int64_t),
        [DORA__STRING] = sizeof(uint32_t),
        [DORA__SERVICE] = sizeof(uint32_t),
        [DORA__BOOL] = 1,
        [DORA__STATUS] = 1,
        [DORA__LIST] = 0,
    };
    return field == DORA__ID ? 0 : widths[dora__fields[field].type];
}

void dora__arrow_table_free(struct dora__arrow_table *table) {
    struct dora__memory *memory = table->memory;
    dora__names_free(&table->names);
    dora__items_free(&table->block.items, memory);
    for (int field = 0; field < DORA__FIELDS; field++)
        dora__free(memory, table->block.values[field], 2 * DORA__BATCH_ROWS, width_of(field));
    for (size_t i = 0; table->columns && i < table->columns_count; i++) {
        dora__free(memory, table->columns[i].meanings, table->columns[i].meanings_capacity, sizeof(uint32_t));
        dora__free(memory, table->columns[i].recall, 1, sizeof *table->columns[i].recall);
    }
    dora__free(memory, table->columns, table->columns_count, sizeof *table->columns);
}

/* The arrays that a column is made of. NULL, or what is wrong with its schema. */
static const char *take_types(struct dora__arrow_column *column, const struct ArrowSchema *schema) {
    struct dora__arrow_type type = dora__arrow_type_of(schema->format);
    enum dora__arrow_form form = type.form;
    if (form == DORA__ARROW_LIST || form == DORA__ARROW_LIST_VIEW || form == DORA__ARROW_FIXED_LIST) {
        if (schema->dictionary || schema->n_children != 1 || !schema->children || !schema->children[0] ||
            !schema->children[0]->format)
            return "a list without a type of items";
        column->is_list = true;
        column->list.type = type;
        schema = schema->children[0];
        type = dora__arrow_type_of(schema->format);
    }
    if (schema->dictionary) {
        if (type.form != DORA__ARROW_INTEGER || !schema->dictionary->format)
            return "a dictionary without codes";
        column->is_coded = true;
        column->codes.type = type;
        type = dora__arrow_type_of(schema->dictionary->format);
        if (schema->dictionary->dictionary)
            type = (struct dora__arrow_type){.name = "dictionary of a dictionary", .form = DORA__ARROW_BARE};
    }
    column->value.type = type;
    return NULL;
}

static bool take_column(struct dora__arrow_table *table, struct dora__arrow_column *column,
                        const struct ArrowSchema *schema) {
    column->field = DORA__FIELDS;
    column->name = schema && schema->name ? schema->name : "";
    size_t size = strlen(column->name);
    const char *problem = !schema || !schema->format              ? "no type"
                          : !dora__utf8_valid(column->name, size) ? "its name is ill-formed UTF-8"
                                                                  : take_types(column, schema);
    if (problem) {
        dora__fail(&table->failure, DORA_ERROR_INPUT, "column '%s': %s", dora__quote(column->name, size).text, problem);
        return false;
    }
    column->field = dora__names_find(&table->names, column->name, size);
    if (column->field < DORA__FIELDS)
        table->column_of[column->field] = column;
    return true;
}

/* Fails the table where the type of a column cannot be its field's. */
static void check_type(struct dora__arrow_table *table, const struct dora__arrow_column *column) {
    if (dora__arrow_fits(&column->value.type, column->field, column->is_list))
        return;
    dora__fail(&table->failure, DORA_ERROR_INPUT, "column '%s': %s%s%s is no %s, which is %s",
               dora__quote(column->name, strlen(column->name)).text, column->is_list ? "list of " : "",
               column->is_coded ? "dictionary of " : "", column->value.type.name, dora__fields[column->field].name,
               dora__arrow_wanted(column->field));
}

/* Room for the values of a block, and for those picked out of it. False: out of memory. */
static bool reserve_room(struct dora__arrow_table *table, struct dora__arrow_column *column) {
    enum dora__field field = column->field;
    enum dora__type type = (enum dora__type)dora__fields[field].type;
    enum dora__arrow_form form = column->value.type.form;
    size_t width = width_of((int)field);
    if (width == 0)
        return true;
    char *room = dora__alloc(table->memory, 2 * DORA__BATCH_ROWS, width);
    table->block.values[field] = room;
    table->picked[field] = room ? room + DORA__BATCH_ROWS * width : NULL;
    bool is_text = !column->is_coded && (form == DORA__ARROW_TEXT || form == DORA__ARROW_VIEW);
    bool recalls = is_text && field != DORA__KIND && (type == DORA__STRING || type == DORA__SERVICE);
    if (recalls)
        column->recall = dora__alloc_zeroed(table->memory, 1, sizeof *column->recall);
    return room && (!recalls || column->recall);
}

/* The columns that are read: all fields that some row can have. */
static void choose_fields(struct dora__arrow_table *table) {
    uint64_t possible = dora__kinds[table->kind].fields | COMMON_FIELDS;
    for (int kind = 0; table->column_of[DORA__KIND] && kind < DORA_KIND_COUNT; kind++)
        possible |= dora__kinds[kind].fields;
    for (int field = 0; field < DORA__FIELDS && table->failure.status == DORA_OK; field++) {
        if (!table->column_of[field] || !(possible >> field & 1))
            continue;
        table->fields |= DORA__BIT(field);
        check_type(table, table->column_of[field]);
        if (!reserve_room(table, table->column_of[field]))
            dora__fail_memory(&table->failure);
    }
}

void dora__arrow_table_columns(struct dora__arrow_table *table, const struct ArrowSchema *schema) {
    if (!schema->format || strcmp(schema->format, "+s") != 0 || schema->dictionary) {
        dora__fail(&table->failure, DORA_ERROR_INPUT, "not a table: its type is '%s', not that of a struct",
                   schema->format ? dora__quote(schema->format, strlen(schema->format)).text : "");
        return;
    }
    if (schema->n_children < 0 || (uint64_t)schema->n_children > SIZE_MAX / sizeof *table->columns ||
        (schema->n_children && !schema->children)) {
        dora__fail(&table->failure, DORA_ERROR_INPUT, "not a table: its columns are missing");
        return;
    }
    size_t count = (size_t)schema->n_children;
    table->columns = count ? dora__alloc_zeroed(table->memory, count, sizeof *table->columns) : NULL;
    if (count && !table->columns) {
        dora__fail_memory(&table->failure);
        return;
    }
    table->columns_count = count;
    for (size_t i = 0; i < count; i++)
        if (!take_column(table, &table->columns[i], schema->children[i]))
            return;
    choose_fields(table);
    if (table->failure.status != DORA_OK)
        return;
    bool any = false;
    for (int field = 0; field < DORA__FIELDS; field++)
        any |= table->column_of[field] != NULL;
    if (!any)
        dora__fail(&table->failure, DORA_ERROR_INPUT, "no column is a field");
    for (size_t i = 0; i < count; i++) {
        enum dora__field field = table->columns[i].field;
        table->counts |=
            field == DORA__FIELDS || !(dora__kinds[table->kind].fields >> field & 1 || field <= DORA__DELETED);
    }
    table->counts |= table->column_of[DORA__KIND] != NULL;
}

/* Whether what the entries of a column's dictionary mean is to be remembered, and room for it. False: out of memory. */
static bool reserve_meanings(struct dora__arrow_table *table, struct dora__arrow_column *column, size_t rows) {
    size_t entries = column->value.length, width = column->field < DORA__FIELDS ? width_of((int)column->field) : 0;
    column->remembers = column->is_coded && !column->is_list && (width == 4 || width == 1) &&
                        (entries <= rows || entries <= MEANINGS_MOST);
    if (!column->remembers || entries == 0)
        return true;
    if (!dora__grow(table->memory, (void **)&column->meanings, &column->meanings_capacity, entries,
                    sizeof *column->meanings))
        return false;
    memset(column->meanings, 0xFF, entries * sizeof *column->meanings);
    return true;
}

static const char *bind_column(struct dora__arrow_column *column, const struct ArrowArray *array, size_t rows) {
    const char *problem = NULL;
    if (column->is_list) {
        problem = dora__arrow_bind(&column->list, array, rows);
        if (!problem && (array->n_children != 1 || !array->children))
            problem = "a list without items";
        if (problem)
            return problem;
        array = array->children[0];
        rows = 0;
    }
    if (column->is_coded) {
        problem = dora__arrow_bind(&column->codes, array, rows);
        if (problem)
            return problem;
        array = array->dictionary;
        rows = 0;
    }
    return dora__arrow_bind(&column->value, array, rows);
}

bool dora__arrow_table_bind(struct dora__arrow_table *table, const struct ArrowArray *array) {
    table->of.type = dora__arrow_type_of("+s");
    const char *problem = dora__arrow_bind(&table->of, array, 0);
    if (!problem && ((uint64_t)array->n_children != table->columns_count || (table->columns_count && !array->children)))
        problem = "other columns than the schema has";
    if (problem) {
        dora__fail(&table->failure, DORA_ERROR_INPUT, "the table: %s", problem);
        return false;
    }
    size_t rows = table->of.offset + table->of.length;
    for (size_t i = 0; i < table->columns_count; i++) {
        struct dora__arrow_column *column = &table->columns[i];
        problem = bind_column(column, array->children[i], rows);
        if (problem) {
            dora__fail(&table->failure, DORA_ERROR_INPUT, "column '%s': %s",
                       dora__quote(column->name, strlen(column->name)).text, problem);
            return false;
        }
        if (!reserve_meanings(table, column, table->of.length)) {
            dora__fail_memory(&table->failure);
            return false;
        }
    }
    return true;
}

void dora__arrow_table_finish(struct dora__arrow_table *table) {
    bool counted = true;
    for (size_t i = 0; i < table->columns_count; i++) {
        const struct dora__arrow_column *column = &table->columns[i];
        const char *name = column->field < DORA__FIELDS ? dora__fields[column->field].name : column->name;
        if (column->unknown && counted)
            counted = dora__unknown_add_times(&table->facts->unknown, name, strlen(name), column->unknown);
    }
    if (!counted && table->failure.status == DORA_OK)
        dora__fail_memory(&table->failure);
}
