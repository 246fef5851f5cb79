/* SPDX-License-Identifier: MIT */
/*
 * See record.h. Bytes gather in a buffer that always has room for one more record; days are text already.
 */
#include "record.h"

#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const column_names[COLUMN_COUNT] = {
    "kind",       "id",          "service",   "environment",     "finished_at", "committed_at",
    "failed",     "restored_at", "opened_at", "first_review_at", "merged_at",   "resolved_at",
    "deployment", "sha",         "changes",   "parents",         "rework",      "as_of",
};

enum { OUTPUT_SIZE = 1 << 20, RECORD_MAX = 1 << 14, ID_PREFIX = 200 };

static void flush(output *out) {
    size_t size = (size_t)(out->at - out->bytes);
    if (fwrite(out->bytes, 1, size, stdout) != size || fflush(stdout) != 0) {
        perror("bench_generate");
        exit(4);
    }
    out->at = out->bytes;
}

static void put_text(output *out, const char *text) {
    size_t size = strlen(text);
    memcpy(out->at, text, size);
    out->at += size;
}

static void put_digits(output *out, uint64_t number, unsigned digits) {
    for (unsigned i = digits; i-- > 0; number /= 10)
        out->at[i] = (char)('0' + number % 10);
    out->at += digits;
}

static void put_quote(output *out) {
    if (!out->csv)
        *out->at++ = '"';
}

static void put_field(output *out, column field) {
    if (out->csv) {
        for (; out->cursor < out->position[field]; out->cursor++)
            *out->at++ = ',';
        return;
    }
    if (out->cursor++ > 0)
        *out->at++ = ',';
    *out->at++ = '"';
    put_text(out, column_names[field]);
    *out->at++ = '"';
    *out->at++ = ':';
}

static void put_word(output *out, column field, const char *word) {
    put_field(out, field);
    put_quote(out);
    put_text(out, word);
    put_quote(out);
}

static void put_name(output *out, char letter, uint64_t number) {
    put_quote(out);
    if (out->long_ids) {
        memset(out->at, '0', ID_PREFIX);
        out->at += ID_PREFIX;
    }
    *out->at++ = letter;
    *out->at++ = '-';
    put_digits(out, number, 10);
    put_quote(out);
}

void put_id(output *out, column field, char letter, uint64_t number) {
    put_field(out, field);
    put_name(out, letter, number);
}

void put_service(output *out, uint32_t service) {
    put_field(out, SERVICE);
    put_quote(out);
    put_text(out, "svc-");
    put_digits(out, service, service < 10000 ? 4 : 7);
    put_quote(out);
}

void put_environment(output *out) {
    put_word(out, ENVIRONMENT, "production");
}

void put_kind(output *out, const char *name) {
    put_word(out, KIND, name);
}

void put_instant(output *out, column field, uint64_t seconds) {
    put_field(out, field);
    put_quote(out);
    memcpy(out->at, out->days[seconds / DAY_SECONDS], DAY_TEXT);
    out->at += DAY_TEXT;
    uint32_t second = (uint32_t)(seconds % DAY_SECONDS);
    put_digits(out, second / HOUR_SECONDS, 2);
    *out->at++ = ':';
    put_digits(out, second / MINUTE_SECONDS % 60, 2);
    *out->at++ = ':';
    put_digits(out, second % 60, 2);
    *out->at++ = 'Z';
    put_quote(out);
}

void put_bool(output *out, column field, bool value) {
    put_field(out, field);
    put_text(out, value ? "true" : "false");
}

void put_unknown(output *out, uint64_t number) {
    put_text(out, ",\"x-");
    put_digits(out, number, 10);
    put_text(out, "\":1");
}

void begin_list(output *out, column field) {
    put_field(out, field);
    put_text(out, out->csv ? "" : "[");
}

void put_item(output *out, bool first, char letter, uint64_t number) {
    put_text(out, first ? "" : out->csv ? ";" : ",");
    put_name(out, letter, number);
}

void end_list(output *out) {
    put_text(out, out->csv ? "" : "]");
}

void begin_record(output *out) {
    out->cursor = 0;
    if (!out->csv)
        *out->at++ = '{';
}

void end_record(output *out) {
    if (out->csv)
        for (; out->cursor + 1 < out->columns; out->cursor++)
            *out->at++ = ',';
    else
        *out->at++ = '}';
    *out->at++ = '\n';
    if (out->at - out->bytes > OUTPUT_SIZE - RECORD_MAX)
        flush(out);
}

static void output_days(output *out, uint64_t count) {
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    out->days = checked_array(count, sizeof *out->days);
    unsigned year = 2020, month = 1, day = 1;
    for (uint64_t i = 0; i < count; i++) {
        output text = {.at = out->days[i]};
        put_digits(&text, year, 4);
        *text.at++ = '-';
        put_digits(&text, month, 2);
        *text.at++ = '-';
        put_digits(&text, day, 2);
        *text.at = 'T';
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (++day > lengths[month - 1] + (leap && month == 2 ? 1u : 0u)) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
}

void output_init(output *out, bool csv, unsigned columns, uint64_t days) {
    *out = (output){.csv = csv, .bytes = checked_array(OUTPUT_SIZE, 1)};
    out->at = out->bytes;
    output_days(out, days);
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        out->position[i] = out->columns;
        if (!(columns >> i & 1))
            continue;
        if (csv) {
            put_text(out, out->columns > 0 ? "," : "");
            put_text(out, column_names[i]);
        }
        out->columns++;
    }
    if (csv)
        *out->at++ = '\n';
}

void output_free(output *out) {
    flush(out);
    free(out->days);
    free(out->bytes);
}
