/* SPDX-License-Identifier: MIT */
/*
 * CSV by RFC 4180: a header row, then a record a row; lines end in LF or CRLF; a quoted cell may hold delimiters,
 * doubled quotes and line ends. A quote inside an unquoted cell is an ordinary character. Empty lines are no records.
 *
 * A quote that is never closed would swallow the rest of the input, or end at another's: such a record is rejected
 * where that shows, and reading goes on at its second line, a few times an input.
 */
#include "read/reader.h"

#include "base/error.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "read/csv_rows.h"
#include "read/source/table.h"

#include <string.h>

enum { RESYNCS_MOST = 16 };

enum row { ROW_COMPLETE, ROW_INCOMPLETE, ROW_BAD, ROW_FAILED };

void dora__csv_free(struct dora_reader *reader) {
    dora__csv_rows_free(reader);
    dora__free(reader->memory, reader->cells, reader->cells_capacity, sizeof *reader->cells);
    dora__free(reader->memory, reader->columns, reader->columns_count, sizeof *reader->columns);
    dora__free(reader->memory, reader->column_names, reader->columns_count, sizeof *reader->column_names);
    dora__free(reader->memory, reader->header_bytes, reader->header_size, 1);
}

static bool add_cell(struct dora_reader *reader, const char *data, size_t size, bool escaped) {
    if (reader->cells_count == reader->cells_capacity &&
        !dora__grow(reader->memory, (void **)&reader->cells, &reader->cells_capacity, reader->cells_count + 1,
                    sizeof *reader->cells)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return false;
    }
    reader->cells[reader->cells_count++] = (struct dora__cell){data, size, escaped};
    return true;
}

/* A quoted cell from its opening quote on; *at is then behind the closing one. */
static enum row scan_quoted(const char **at, const char *end, bool final, struct dora__cell *cell) {
    const char *from = *at + 1, *p = from;
    cell->escaped = false;
    for (;;) {
        p = memchr(p, '"', (size_t)(end - p));
        if (!p || (p + 1 == end && !final))
            return ROW_INCOMPLETE;
        if (p + 1 == end || p[1] != '"')
            break;
        cell->escaped = true;
        p += 2;
    }
    cell->data = from;
    cell->size = (size_t)(p - from);
    *at = p + 1;
    return ROW_COMPLETE;
}

/* The cells of the record at the front of bytes and, in *length, its size with its line end. */
static enum row scan_row(struct dora_reader *reader, const char *bytes, size_t size, bool final, size_t *length,
                         const char **problem) {
    const char *at = bytes, *end = bytes + size;
    reader->cells_count = 0;
    reader->quoted = false;
    for (;;) {
        const char *stop;
        struct dora__cell cell;
        if (at < end && *at == '"') {
            reader->quoted = true;
            enum row row = scan_quoted(&at, end, final, &cell);
            if (row != ROW_COMPLETE)
                return row;
            stop = dora__find_either(at, end, reader->delimiter, '\n');
            if (stop == end && !final)
                return ROW_INCOMPLETE;
            bool clean = stop == at || (stop == at + 1 && *at == '\r' && (stop == end || *stop == '\n'));
            if (!clean) {
                /* A quote that a later row's quote closed: what is bad begins on the record's first line. */
                const char *from = reader->resyncs < RESYNCS_MOST ? bytes : at;
                const char *newline = memchr(from, '\n', (size_t)(end - from));
                *length = newline ? (size_t)(newline - bytes) + 1 : size;
                reader->resyncs += newline && newline < at;
                *problem = "text after a closing quote";
                return newline || final ? ROW_BAD : ROW_INCOMPLETE;
            }
        } else {
            stop = dora__find_either(at, end, reader->delimiter, '\n');
            if (stop == end && !final)
                return ROW_INCOMPLETE;
            size_t width = (size_t)(stop - at);
            bool last = stop == end || *stop == '\n';
            if (last && width && stop[-1] == '\r')
                width--;
            cell = (struct dora__cell){at, width, false};
        }
        if (!add_cell(reader, cell.data, cell.size, cell.escaped))
            return ROW_FAILED;
        if (stop == end || *stop == '\n') {
            *length = (size_t)(stop - bytes) + (stop < end);
            return ROW_COMPLETE;
        }
        at = stop + 1;
    }
}

/* Line ends in a run of bytes. */
static uint64_t count_lines(const char *bytes, size_t size) {
    uint64_t lines = 0;
    for (const char *at = bytes, *end = bytes + size; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

/* The text of a cell, doubled quotes made single in the scratch. */
const char *dora__csv_cell(struct dora_reader *reader, const struct dora__cell *cell, size_t *size) {
    *size = cell->size;
    if (!cell->escaped)
        return cell->data;
    char *out = reader->scratch + reader->scratch_used, *to = out;
    for (size_t i = 0; i < cell->size; i++) {
        *to++ = cell->data[i];
        i += cell->data[i] == '"';
    }
    *size = (size_t)(to - out);
    reader->scratch_used += *size;
    return out;
}

/* Whichever of , ; and tab occurs most outside of quotes in the first row; 0 where its end is not there. */
static char guess_delimiter(const char *bytes, size_t size, bool final) {
    static const char candidates[] = ",;\t";
    size_t counts[3] = {0};
    bool quoted = false;
    size_t i = 0;
    for (; i < size && (quoted || bytes[i] != '\n'); i++) {
        quoted ^= bytes[i] == '"';
        const char *found = quoted || bytes[i] == '\0' ? NULL : strchr(candidates, bytes[i]);
        if (found)
            counts[found - candidates]++;
    }
    if (i == size && !final)
        return '\0';
    size_t best = counts[1] > counts[0];
    return candidates[counts[2] > counts[best] ? 2 : best];
}

static void fail_header(struct dora_reader *reader, const char *message) {
    dora__fail(&reader->failure, DORA_ERROR_INPUT, "%s", message);
    reader->failure.line = reader->line;
}

/* A mapping that reads none of the columns is one of something else. */
static void check_columns(struct dora_reader *reader) {
    if (!dora__table_reads(reader))
        fail_header(reader, "no column of the CSV header is one that the source reads (is it CSV?)");
}

static void fail_no_field(struct dora_reader *reader, const char *row, size_t size) {
    dora__fail(&reader->failure, DORA_ERROR_INPUT,
               "no column of the CSV header is a field (is it a header? is it CSV?): '%s'",
               dora__quote(row, size < 80 ? size : 80).text);
    reader->failure.line = reader->line;
}

/* Names of columns become fields. What the names point into is kept: bytes of the input and of the scratch go. */
static void take_header(struct dora_reader *reader, const char *row, size_t size) {
    if (!dora__utf8_valid(row, size)) {
        fail_header(reader, "the CSV header is ill-formed UTF-8");
        return;
    }
    if (!dora__reserve_scratch(reader, size))
        return;
    size_t count = reader->cells_count;
    uint8_t *columns = dora__alloc(reader->memory, count, sizeof *columns);
    struct dora__raw *names = dora__alloc(reader->memory, count, sizeof *names);
    char *bytes = dora__alloc(reader->memory, size + 1, 1);
    if (!columns || !names || !bytes) {
        dora__free(reader->memory, columns, count, sizeof *columns);
        dora__free(reader->memory, names, count, sizeof *names);
        dora__free(reader->memory, bytes, size + 1, 1);
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return;
    }
    reader->columns = columns;
    reader->column_names = names;
    reader->columns_count = count;
    reader->header_bytes = bytes;
    reader->header_size = size + 1;
    uint64_t fields = 0;
    reader->plain = true;
    for (size_t i = 0; i < count; i++) {
        size_t name_size;
        const char *name = dora__csv_cell(reader, &reader->cells[i], &name_size);
        memcpy(bytes, name, name_size);
        names[i] = (struct dora__raw){bytes, name_size, DORA__TEXT};
        bytes += name_size;
        columns[i] = (uint8_t)dora__names_find(&reader->names, name, name_size);
        uint64_t bit = columns[i] == DORA__FIELDS ? 0 : DORA__BIT(columns[i]);
        reader->plain &= !(fields & bit);
        fields |= bit;
    }
    if (reader->guessing)
        dora__table_recognise(reader);
    if (reader->failure.status != DORA_OK || reader->undecided)
        return;
    if (reader->source)
        check_columns(reader);
    else if (!fields)
        fail_no_field(reader, row, size);
    else
        dora__csv_rows_make(reader);
}

/* By its first row a table that may be one of a tool's answers is one of a known tool, or else in the normal form. */
static void decide(struct dora_reader *reader, uint64_t byte) {
    bool answers = dora__table_decide(reader), any = false;
    for (size_t i = 0; i < reader->columns_count; i++)
        any |= reader->columns[i] < DORA__FIELDS;
    if (reader->failure.status != DORA_OK || reader->source)
        return;
    if (!answers && any) {
        dora__csv_rows_make(reader);
        return;
    }
    fail_header(reader,
                "a table of a tool's answers, the first of which no source knows by its shape: name the source");
    reader->failure.byte = byte;
}

static void keep_unknown(struct dora_reader *reader, size_t column) {
    if (!dora__grow(reader->memory, (void **)&reader->unknown, &reader->unknown_capacity, reader->unknown_count + 1,
                    sizeof *reader->unknown)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return;
    }
    reader->unknown[reader->unknown_count++] = reader->column_names[column];
}

static void take_row(struct dora_reader *reader, const char *row, size_t size, uint64_t byte) {
    if (!dora__utf8_valid(row, size)) {
        dora__reject(reader, byte, "ill-formed UTF-8");
        return;
    }
    if (reader->cells_count != reader->columns_count) {
        dora__reject(reader, byte, "%zu cells where the header has %zu", reader->cells_count, reader->columns_count);
        return;
    }
    bool item = reader->source || reader->undecided;
    if (!dora__reserve_scratch(reader, item ? 2 * size : size)) /* an item's text is unescaped behind it */
        return;
    if (reader->undecided)
        decide(reader, byte);
    if (reader->failure.status != DORA_OK)
        return;
    if (reader->source) {
        dora__table_item(reader, row, size, byte);
        return;
    }
    reader->raws_seen = 0;
    reader->unknown_count = 0;
    for (size_t i = 0; i < reader->cells_count; i++) {
        const struct dora__cell *cell = &reader->cells[i];
        unsigned field = reader->columns[i];
        if (field == DORA__FIELDS) {
            if (cell->size)
                keep_unknown(reader, i);
            continue;
        }
        reader->raws_seen &= ~DORA__BIT(field); /* of a column given twice the last one counts */
        if (cell->size == 0)
            continue;
        struct dora__raw *raw = &reader->raws[field];
        raw->data = dora__csv_cell(reader, cell, &raw->size);
        raw->form = DORA__TEXT;
        reader->raws_seen |= DORA__BIT(field);
    }
    if (reader->failure.status == DORA_OK)
        dora__convert_record(reader, row, size, byte);
}

/* Takes common rows; how many bytes they were. What waits is added whenever the bytes may go. */
static size_t take_common_rows(struct dora_reader *reader, const char *bytes, size_t size) {
    struct dora__csv_rows *rows = reader->rows;
    size_t taken = 0, more = !dora__gate_of(reader->facts); /* since the header there may be one */
    while (more && (rows->batch.rows < DORA__BATCH_ROWS || dora__csv_rows_flush(reader))) {
        uint32_t before = rows->batch.rows;
        size_t left = size - taken; /* no record that is too long ends within the first record_bytes_max */
        more =
            dora__csv_rows_take(rows, bytes + taken, left < reader->record_bytes_max ? left : reader->record_bytes_max);
        taken += more;
        reader->records += rows->batch.rows - before;
        reader->line += rows->batch.rows - before;
    }
    if (rows->status != DORA_OK && dora__csv_rows_flush(reader))
        dora__reader_fail(reader, rows->status);
    return taken;
}

/* Rejects a record without an end, or too long a one, and says how much of it to pass over: its first line, or, when
   that was done often enough, all that makes it too long and the rest of that line. */
static size_t pass_over(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    size_t most = reader->record_bytes_max;
    if (size > most)
        dora__reject(reader, reader->offset, "record longer than %zu bytes, or a quote that is never closed", most);
    else
        dora__reject(reader, reader->offset, "a quote that is never closed");
    size_t from = reader->resyncs < RESYNCS_MOST ? 0 : size < most ? size : most;
    const char *newline = memchr(bytes + from, '\n', size - from);
    size_t past = newline ? (size_t)(newline - bytes) + 1 : size;
    reader->resyncs += past <= most;
    reader->line += count_lines(bytes, past);
    reader->skipping = !newline && !final;
    return past;
}

static bool is_empty_line(const char *bytes, size_t size, bool final, size_t *length) {
    size_t i = size && bytes[0] == '\r';
    if (i < size && bytes[i] == '\n')
        *length = i + 1;
    else if (i == size && final)
        *length = i;
    else
        return false;
    return true;
}

/* The size of a row without its line end. */
static size_t text_size(const char *row, size_t length) {
    return length && row[length - 1] == '\n' ? length - 1 : length;
}

size_t dora__read_csv(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    uint64_t begin = reader->offset;
    size_t at = 0;
    while (at < size && reader->failure.status == DORA_OK && !reader->skipping) {
        const char *row = bytes + at;
        size_t left = size - at, length = 0;
        const char *problem = NULL;
        reader->offset = begin + at;
        reader->scratch_used = 0;
        if (is_empty_line(row, left, final, &length)) {
            reader->line++;
            at += length;
            continue;
        }
        if (reader->rows) {
            size_t taken = take_common_rows(reader, row, left);
            at += taken;
            if (taken || reader->failure.status != DORA_OK)
                continue;
            if (!dora__csv_rows_flush(reader)) /* so that all before the row at hand is in, whatever becomes of it */
                break;
        }
        /* What is looked at depends on the row alone, not on how much of the input is at hand behind it. */
        size_t most = reader->record_bytes_max + 1, near = left < most ? left : most;
        bool whole = final && near == left;
        if (!reader->delimiter && !(reader->delimiter = guess_delimiter(row, near, whole || near == most)))
            break;
        enum row found = scan_row(reader, row, near, whole, &length, &problem);
        if (found == ROW_FAILED)
            break;
        if (found == ROW_INCOMPLETE || length > reader->record_bytes_max) {
            if (found == ROW_INCOMPLETE && !final && left < most)
                break;
            if (!reader->columns)
                fail_header(reader, "the CSV header has no end");
            else
                at += pass_over(reader, row, left, final);
            continue;
        }
        if (found == ROW_BAD && reader->columns)
            dora__reject(reader, reader->offset, "%s", problem);
        else if (found == ROW_BAD)
            fail_header(reader, problem);
        else if (!reader->columns)
            take_header(reader, row, text_size(row, length));
        else
            take_row(reader, row, text_size(row, length), reader->offset);
        if (reader->failure.status == DORA_ERROR_MEMORY)
            break;
        reader->line += reader->quoted ? count_lines(row, length) : row[length - 1] == '\n';
        at += length;
    }
    if (reader->failure.status == DORA_OK)
        dora__csv_rows_flush(reader);
    reader->offset = begin;
    return at;
}
