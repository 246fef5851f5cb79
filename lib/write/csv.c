/* SPDX-License-Identifier: MIT */
/*
 * CSV as RFC 4180, but for lines that end in LF alone. A null is empty. Strings are the bytes they are: what reads the
 * file must get back what was measured, so nothing is escaped but quotes, unless the caller asks for what spreadsheets
 * need.
 */
#include "write/escape.h"
#include "write/writer.h"

#include <string.h>

static void begin(struct dora_writer *writer, const dora_result *first) {
    struct dora__sink *sink = &writer->sink;
    for (size_t i = 0; i < writer->columns_count; i++) {
        const char *name = dora_result_name(first, i);
        size_t size = strlen(name);
        char *out = dora__sink_reserve(sink, size * DORA__CSV_GROWTH + 3);
        if (!out)
            return;
        out = dora__escape_csv(out, name, size);
        *out++ = i + 1 < writer->columns_count ? ',' : '\n';
        dora__sink_commit(sink, out);
    }
    writer->row_room = writer->columns_count * (DORA__NUMBER_ROOM + 4) + 1; /* quotes, apostrophe, comma */
}

static char *put_row(char *out, const struct dora_writer *writer, size_t row) {
    for (size_t i = 0; i < writer->columns_count; i++) {
        const struct dora__cells *cells = &writer->columns[i].cells;
        if (i)
            *out++ = ',';
        if (dora__cells_null(cells, row))
            continue;
        if (cells->type == DORA_TYPE_STRING) {
            dora_string string = dora__cells_string(cells, row);
            out = writer->csv_safe ? dora__escape_csv_safe(out, string.data, string.size)
                                   : dora__escape_csv(out, string.data, string.size);
        } else {
            out = dora__cells_format(out, cells, row);
        }
    }
    *out++ = '\n';
    return out;
}

static void put_rows(struct dora_writer *writer, const dora_result *result) {
    size_t rows = dora_result_rows(result);
    for (size_t row = 0; row < rows; row++) {
        size_t strings = dora__writer_strings_room(writer, row, DORA__CSV_GROWTH);
        char *out = dora__sink_reserve(&writer->sink, writer->row_room + strings);
        if (!out)
            return;
        dora__sink_commit(&writer->sink, put_row(out, writer, row));
    }
}

static void put_end(struct dora_writer *writer) {
    (void)writer;
}

const struct dora__output dora__output_csv = {begin, put_rows, put_end};
