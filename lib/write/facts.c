/* SPDX-License-Identifier: MIT */
/*
 * Facts in the normal form, for readers to read back: the fields in the order of their table, in CSV a column for each,
 * so that no row has to be seen before the header is written. Instants are whole seconds, or as many digits as they
 * need; a list without items is said to be there, since a record that carries it says so.
 */
#include <dora/facts.h>

#include "base/checked.h"
#include "base/error.h"
#include "calendar/civil.h"
#include "calendar/date_text.h"
#include "facts/record.h"
#include "write/escape.h"
#include "write/sink.h"

#include <string.h>

struct dora_fact_writer {
    struct dora__sink sink;
    bool csv;
    bool begun;
};

#define COMMON_FIELDS (DORA__BIT(DORA__ID) | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED))

dora_status dora_fact_writer_new(const dora_writer_options *options, dora_write_fn write, void *context,
                                 dora_fact_writer **writer, dora_error *error) {
    static const dora_writer_options ndjson = {.struct_size = sizeof ndjson, .output = DORA_OUTPUT_NDJSON};
    dora_writer_options own;
    struct dora__sink sink;
    if (!writer)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "nowhere to put the writer");
    *writer = NULL;
    dora_status status = dora__sink_init(&sink, &own, options ? options : &ndjson, write, context, error);
    if (status != DORA_OK)
        return status;
    if (own.output != DORA_OUTPUT_NDJSON && own.output != DORA_OUTPUT_CSV)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "facts are written as NDJSON or CSV");
    struct dora_fact_writer *made = dora__alloc_zeroed(&sink.memory, 1, sizeof *made);
    if (!made)
        return dora__fail_memory(error);
    dora__sink_move(&made->sink, &sink);
    made->csv = own.output == DORA_OUTPUT_CSV;
    *writer = made;
    return DORA_OK;
}

void dora_fact_writer_free(dora_fact_writer *writer) {
    if (!writer)
        return;
    struct dora__memory memory = writer->sink.memory;
    dora__sink_free(&writer->sink);
    dora__free(&memory, writer, 1, sizeof *writer);
}

static void put_digits(struct dora__text *text, int64_t number, int width) {
    char digits[8];
    for (int i = width; i-- > 0; number /= 10)
        digits[i] = (char)('0' + number % 10);
    dora__text_put(text, digits, (size_t)width);
}

/* A point and six digits without the zeros at their end; nothing of 0. */
static void put_fraction(struct dora__text *text, int64_t millionths) {
    int width = 6;
    if (millionths == 0)
        return;
    for (; millionths % 10 == 0; millionths /= 10)
        width--;
    dora__text_puts(text, ".");
    put_digits(text, millionths, width);
}

static void put_instant(struct dora__text *text, int64_t instant_us) {
    int64_t day = instant_us / DORA__US_PER_DAY - (instant_us % DORA__US_PER_DAY < 0);
    int64_t us = instant_us - day * DORA__US_PER_DAY, seconds = us / DORA__US_PER_SECOND;
    dora__text_date(text, (int32_t)day);
    dora__text_puts(text, "T");
    put_digits(text, seconds / 3600, 2);
    dora__text_puts(text, ":");
    put_digits(text, seconds / 60 % 60, 2);
    dora__text_puts(text, ":");
    put_digits(text, seconds % 60, 2);
    put_fraction(text, us % DORA__US_PER_SECOND);
    dora__text_puts(text, "Z");
}

static void put_number(struct dora__text *text, int64_t millionths) {
    int64_t size = millionths < 0 ? -millionths : millionths;
    if (millionths < 0)
        dora__text_puts(text, "-");
    dora__text_int64(text, size / 1000000);
    put_fraction(text, size % 1000000);
}

static void put_json_string(struct dora__text *text, dora_string string) {
    dora__text_puts(text, "\"");
    dora__text_json(text, string.data, string.size);
    dora__text_puts(text, "\"");
}

static void put_string(struct dora_fact_writer *writer, dora_string string) {
    if (!writer->csv) {
        put_json_string(&writer->sink.text, string);
        return;
    }
    struct dora__text *text = &writer->sink.text;
    size_t need;
    void *block = text->data;
    if (text->failed || !dora__multiply_size(string.size, DORA__CSV_GROWTH, &need) ||
        !dora__add_size(need, text->size + 2, &need) || !dora__grow(text->memory, &block, &text->capacity, need, 1)) {
        text->failed = true;
        return;
    }
    text->data = block;
    text->size = (size_t)(dora__escape_csv(text->data + text->size, string.data, string.size) - text->data);
}

/* An item of a list in CSV is cut at these. */
static bool is_one_item(dora_string string) {
    return !memchr(string.data, ' ', string.size) && !memchr(string.data, ';', string.size);
}

/* NULL, or why the list cannot be. */
static const char *put_list(struct dora_fact_writer *writer, const dora_string *items, size_t count) {
    struct dora__text *text = &writer->sink.text;
    bool any = false;
    dora__text_puts(text, writer->csv ? "" : "[");
    for (size_t i = 0; i < count; i++) {
        const char *problem = dora__check_string(items[i]);
        if (problem)
            return problem;
        if (items[i].size == 0)
            continue;
        if (writer->csv && !is_one_item(items[i]))
            return "CSV has no item with a space or a semicolon";
        if (any)
            dora__text_puts(text, writer->csv ? ";" : ",");
        put_string(writer, items[i]);
        any = true;
    }
    dora__text_puts(text, !writer->csv ? "]" : any ? "" : ";");
    return NULL;
}

/* The word of a bool or status; NULL: it is none. */
static const char *word_of(int type, int8_t byte) {
    static const char *const statuses[] = {"in_progress", "canceled", "success", "failure"};
    static const char *const bools[] = {"false", "true"};
    if (type == DORA__STATUS)
        return byte >= 0 && byte <= DORA_STATUS_FAILURE ? statuses[byte] : NULL;
    return byte == 0 || byte == 1 ? bools[byte] : NULL;
}

static const dora_string *list_of(const dora_fact *fact, enum dora__field field, size_t *count) {
    *count = field == DORA__CHANGES ? fact->changes_count : fact->parents_count;
    return field == DORA__CHANGES ? fact->changes : fact->parents;
}

static bool is_absent(const dora_fact *fact, enum dora__field field) {
    const char *member = (const char *)fact + dora__fields[field].offset;
    int64_t number;
    dora_string string;
    size_t count;
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        memcpy(&number, member, sizeof number);
        return number == DORA_ABSENT;
    case DORA__BOOL:
    case DORA__STATUS:
        return *(const int8_t *)member == DORA_UNKNOWN;
    case DORA__LIST:
        return !list_of(fact, field, &count);
    default:
        memcpy(&string, member, sizeof string);
        return string.size == 0;
    }
}

/* A value that is there. NULL, or why it cannot be. */
static const char *put_value(struct dora_fact_writer *writer, const dora_fact *fact, enum dora__field field) {
    struct dora__text *text = &writer->sink.text;
    const char *member = (const char *)fact + dora__fields[field].offset, *quote = writer->csv ? "" : "\"", *problem;
    int64_t number;
    dora_string string;
    size_t count;
    const dora_string *items;
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
        memcpy(&number, member, sizeof number);
        if ((problem = dora__check_instant(number)))
            return problem;
        dora__text_puts(text, quote);
        put_instant(text, number);
        dora__text_puts(text, quote);
        return NULL;
    case DORA__NUMBER:
        memcpy(&number, member, sizeof number);
        if (number > INT64_C(1000000000000000000) || number < -INT64_C(1000000000000000000))
            return "number out of range";
        put_number(text, number);
        return NULL;
    case DORA__BOOL:
    case DORA__STATUS:
        quote = dora__fields[field].type == DORA__STATUS ? quote : "";
        if (!(problem = word_of(dora__fields[field].type, *(const int8_t *)member)))
            return "not a value of its type";
        dora__text_puts(text, quote);
        dora__text_puts(text, problem);
        dora__text_puts(text, quote);
        return NULL;
    case DORA__LIST:
        items = list_of(fact, field, &count);
        return put_list(writer, items, count);
    default:
        memcpy(&string, member, sizeof string);
        if ((problem = dora__check_string(string)))
            return problem;
        if (field == DORA__MEASURE && !dora__measure_known(string.data, string.size))
            return "not one of complaints, satisfaction, adoption";
        put_string(writer, string);
        return NULL;
    }
}

/* A line. NULL, or what is wrong with *field. */
static const char *put_fact(struct dora_fact_writer *writer, const dora_fact *fact, enum dora__field *field) {
    struct dora__text *text = &writer->sink.text;
    *field = DORA__KIND;
    if ((unsigned)fact->kind >= DORA_KIND_COUNT)
        return "unknown kind";
    *field = DORA__ID;
    if (dora__kinds[fact->kind].needs_id && fact->id.size == 0)
        return "missing";
    uint64_t fields = dora__kinds[fact->kind].fields | COMMON_FIELDS;
    dora__text_puts(text, writer->csv ? "" : "{\"kind\":\"");
    dora__text_puts(text, dora__kinds[fact->kind].name);
    dora__text_puts(text, writer->csv ? "" : "\"");
    for (int at = DORA__ID; at < DORA__FIELDS; at++) {
        *field = (enum dora__field)at;
        bool there = fields >> at & 1 && !is_absent(fact, *field);
        if (writer->csv || there)
            dora__text_puts(text, ",");
        if (!there)
            continue;
        if (!writer->csv) {
            dora__text_puts(text, "\"");
            dora__text_puts(text, dora__fields[at].name);
            dora__text_puts(text, "\":");
        }
        const char *problem = put_value(writer, fact, *field);
        if (problem)
            return problem;
    }
    dora__text_puts(text, writer->csv ? "\n" : "}\n");
    return NULL;
}

static void begin(struct dora_fact_writer *writer) {
    struct dora__text *text = &writer->sink.text;
    for (int field = 0; field < DORA__FIELDS && writer->csv && !writer->begun; field++) {
        dora__text_puts(text, field ? "," : "");
        dora__text_puts(text, dora__fields[field].name);
    }
    if (writer->csv && !writer->begun)
        dora__text_puts(text, "\n");
    writer->begun = true;
}

dora_status dora_fact_writer_put(dora_fact_writer *writer, const dora_fact *facts, size_t count, dora_error *error) {
    if (!writer || (!facts && count))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no writer or no facts");
    const char *at = (const char *)facts;
    size_t stride = count ? dora__facts_stride(facts) : 0;
    if (count && !stride)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "fact: struct_size is not set; see dora_fact_init");
    begin(writer);
    dora_status status = dora__sink_status(&writer->sink, error);
    for (size_t i = 0; i < count && status == DORA_OK; i++, at += stride) {
        size_t before = writer->sink.text.size;
        enum dora__field field = DORA__KIND;
        dora_fact own;
        const dora_fact *fact = dora__fact_at(at, stride, &own);
        const char *problem = fact ? put_fact(writer, fact, &field) : "a later version's field is set";
        if (problem && !writer->sink.text.failed) {
            writer->sink.text.size = before;
            status = dora__fail(error, DORA_ERROR_INPUT, "%s: %s", dora__fields[field].name, problem);
            if (error)
                error->record = i + 1;
            return status;
        }
        dora__sink_spill(&writer->sink);
        status = dora__sink_status(&writer->sink, error);
    }
    return status;
}

dora_status dora_fact_writer_finish(dora_fact_writer *writer, dora_error *error) {
    if (!writer)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no writer");
    begin(writer);
    dora__sink_flush(&writer->sink);
    return dora__sink_status(&writer->sink, error);
}
