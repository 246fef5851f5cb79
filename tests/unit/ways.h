/* SPDX-License-Identifier: MIT */
/*
 * Input read in several ways that must come to the same: whole, when what is common goes in batches, and in pieces so
 * small that everything goes the general way. Compared field by field, with all that was rejected.
 */
#ifndef DORA_TESTS_WAYS_H
#define DORA_TESTS_WAYS_H

#include "../support/fixture.h"

#include "read/reader.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void put_string(const struct dora__pool *pool, uint32_t handle, struct bytes *out) {
    dora_string string = dora__pool_get(pool, handle);
    if (string.size)
        bytes_append(out, string.data, string.size);
    bytes_puts(out, "|");
}

/* A list of a fact with an id is in order of arrival, and may repeat itself. */
static void put_list(const struct dora__facts *facts, const struct dora__list *list, struct bytes *out) {
    uint32_t last = 0;
    for (;;) {
        uint32_t next = 0;
        for (uint32_t i = 0; list && i < list->count; i++) {
            uint32_t item = list->items[i];
            if ((!last || dora__pool_compare(&facts->strings, item, last) > 0) &&
                (!next || dora__pool_compare(&facts->strings, item, next) < 0))
                next = item;
        }
        if (!next)
            break;
        put_string(&facts->strings, next, out);
        last = next;
    }
    bytes_puts(out, list ? ";" : "-");
}

/* All that a row holds. */
static void put_row(const struct dora__facts *facts, const struct dora__chunk *chunk, uint32_t row, struct bytes *out) {
    uint32_t at = row & (DORA__CHUNK_ROWS - 1);
    for (int i = 0; i < DORA__FIELDS; i++) {
        enum dora__field field = (enum dora__field)i;
        char text[80];
        bool is_bytes = facts->bytes >> i & 1, is_numeric = facts->numeric >> i & 1;
        int64_t value = is_bytes     ? dora__byte_at(chunk, field, row)
                        : is_numeric ? dora__instant_at(chunk, field, row)
                                     : 0;
        snprintf(text, sizeof text, "%" PRId64 "@%" PRId64 " ", value,
                 chunk->as_of[i] ? chunk->as_of[i][at] : DORA_ABSENT);
        bytes_puts(out, text);
        if (dora__fields[i].type == DORA__SERVICE)
            put_string(&facts->services, dora__handle_at(chunk, field, row), out);
        else if (dora__fields[i].type == DORA__LIST)
            put_list(facts, dora__list_at(chunk, field, row), out);
        else if (dora__fields[i].type == DORA__STRING && i != DORA__ID)
            put_string(&facts->strings, dora__handle_at(chunk, field, row), out);
    }
}

static int compare_rows(const void *a, const void *b) {
    const struct bytes *x = a, *y = b;
    size_t size = x->size < y->size ? x->size : y->size;
    int order = memcmp(x->data, y->data, size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* What the facts are, whatever order they came in. */
static void put_facts(const struct dora__facts *facts, struct bytes *out) {
    char text[120];
    snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", facts->records, facts->merged,
             facts->rejected, facts->unknown.total);
    bytes_puts(out, text);
    for (size_t i = 0; i < facts->unknown.count; i++) {
        snprintf(text, sizeof text, "%.60s %" PRIu64 "\n", facts->unknown.names[i].data, facts->unknown.names[i].count);
        bytes_puts(out, text);
    }
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        const struct dora__table *table = &facts->tables[kind];
        const struct dora__pool *pool = kind == DORA_KIND_SERVICE ? &facts->services : &facts->strings;
        struct bytes *rows = calloc(table->rows + 1, sizeof *rows);
        assert_non_null(rows);
        for (uint32_t row = 0; row < table->rows; row++) {
            const struct dora__chunk *chunk = dora__chunk_of(table, row);
            put_string(pool, dora__handle_at(chunk, DORA__ID, row), &rows[row]);
            put_row(facts, chunk, row, &rows[row]);
        }
        qsort(rows, table->rows, sizeof *rows, compare_rows);
        for (uint32_t row = 0; row < table->rows; row++) {
            bytes_append(out, rows[row].data, rows[row].size);
            bytes_puts(out, "\n");
            bytes_free(&rows[row]);
        }
        free(rows);
    }
}

static int note_reject(void *context, const dora_error *error) {
    char text[400];
    snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", error->record, error->line, error->byte,
             error->message);
    bytes_puts(context, text);
    return 0;
}

/* Reads in pieces of a size; each is a block of its own, so that reading past its end is seen. */
static void read_pieces(const struct bytes *input, size_t size, const dora_reader_options *given, struct bytes *out) {
    struct dora__memory memory;
    struct dora__facts facts;
    dora_reader *reader;
    dora_error error;
    dora_reader_options options = *given;
    options.on_reject = note_reject;
    options.on_reject_context = out;
    dora__memory_init(&memory, NULL);
    dora__facts_init(&facts, &memory);
    assert_int_equal(dora__reader_new(&facts, &options, &reader, &error), DORA_OK);
    for (size_t at = 0, piece; at < input->size; at += piece) {
        piece = size < input->size - at ? size : input->size - at;
        char *copy = malloc(piece);
        assert_non_null(copy);
        memcpy(copy, input->data + at, piece);
        assert_int_equal(dora_reader_feed(reader, copy, piece, &error), DORA_OK);
        free(copy);
    }
    assert_int_equal(dora_reader_finish(reader, &error), DORA_OK);
    dora_reader_free(reader);
    put_facts(&facts, out);
    dora__facts_free(&facts);
}

static void check_ways(const struct bytes *input, const dora_reader_options *options, uint64_t seed) {
    struct bytes whole = {0}, parts = {0}, small = {0};
    read_pieces(input, SIZE_MAX, options, &whole);
    read_pieces(input, 3000, options, &parts);
    read_pieces(input, 40, options, &small);
    for (int i = 0; i < 2; i++) {
        const struct bytes *got = i ? &parts : &whole;
        size_t at = 0;
        while (at < got->size && at < small.size && got->data[at] == small.data[at])
            at++;
        if (at < got->size || at < small.size) {
            size_t from = at < 200 ? 0 : at - 200;
            fail_msg("seed %" PRIu64 ", byte %zu:\n%.*s\nwant:\n%.*s", seed, at,
                     (int)(got->size - from < 400 ? got->size - from : 400), got->data + from,
                     (int)(small.size - from < 400 ? small.size - from : 400), small.data + from);
        }
    }
    bytes_free(&whole);
    bytes_free(&parts);
    bytes_free(&small);
}

#endif
