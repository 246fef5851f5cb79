/* SPDX-License-Identifier: MIT */
/*
 * NDJSON: one object a line; also the rows of JSON. Keys are made once. A row asks once for all the room it can need
 * and is then written without further checks, so that its cost is that of its numbers.
 */
#include "write/escape.h"
#include "write/writer.h"

#include <string.h>

void dora__json_begin(struct dora_writer *writer, const dora_result *first) {
    enum { AROUND = 8 }; /* braces, quotes, null */
    struct dora__text *names = &writer->names;
    for (size_t i = 0; i < writer->columns_count; i++) {
        const char *name = dora_result_name(first, i);
        dora__text_puts(names, i ? ",\"" : "{\"");
        dora__text_json(names, name, strlen(name));
        dora__text_puts(names, "\":");
        writer->columns[i].name_end = names->size;
    }
    writer->row_room = names->size + writer->columns_count * (DORA__NUMBER_ROOM + AROUND) + AROUND;
}

static char *put_value(char *out, const struct dora__cells *cells, size_t row) {
    if (dora__cells_null(cells, row)) {
        memcpy(out, "null", 4);
        return out + 4;
    }
    if (cells->type == DORA_TYPE_INT64 || cells->type == DORA_TYPE_DOUBLE || cells->type == DORA_TYPE_BOOL)
        return dora__cells_format(out, cells, row);
    *out++ = '"';
    if (cells->type == DORA_TYPE_STRING) {
        dora_string string = dora__cells_string(cells, row);
        out = dora__escape_json(out, string.data, string.size);
    } else {
        out = dora__cells_format(out, cells, row);
    }
    *out++ = '"';
    return out;
}

static char *put_row(char *out, const struct dora_writer *writer, size_t row) {
    size_t begin = 0;
    for (size_t i = 0; i < writer->columns_count; i++) {
        const struct dora__writer_column *column = &writer->columns[i];
        memcpy(out, writer->names.data + begin, column->name_end - begin);
        out = put_value(out + (column->name_end - begin), &column->cells, row);
        begin = column->name_end;
    }
    if (!writer->columns_count)
        *out++ = '{';
    *out++ = '}';
    return out;
}

static char *put_text(char *out, const char *text, size_t size) {
    memcpy(out, text, size);
    return out + size;
}

void dora__json_rows(struct dora_writer *writer, size_t rows, const char *before_first, const char *before,
                     const char *after) {
    size_t around = strlen(before_first) + strlen(before) + strlen(after);
    const char *lead = writer->any_rows ? before : before_first;
    for (size_t row = 0; row < rows; row++) {
        size_t strings = dora__writer_strings_room(writer, row, DORA__JSON_GROWTH);
        char *out = dora__sink_reserve(&writer->sink, writer->row_room + around + strings);
        if (!out)
            return;
        out = put_text(out, lead, strlen(lead));
        out = put_row(out, writer, row);
        out = put_text(out, after, strlen(after));
        dora__sink_commit(&writer->sink, out);
        lead = before;
    }
}

static void put_rows(struct dora_writer *writer, const dora_result *result) {
    dora__json_rows(writer, dora_result_rows(result), "", "", "\n");
}

static void put_end(struct dora_writer *writer) {
    (void)writer;
}

const struct dora__output dora__output_ndjson = {dora__json_begin, put_rows, put_end};
