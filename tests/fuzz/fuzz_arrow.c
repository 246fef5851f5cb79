/* SPDX-License-Identifier: MIT */
/*
 * Arrow arrays out of bytes: columns of any name, type and layout, most of them as they should be, some that contradict
 * themselves. The C data interface has no sizes of buffers: those here are as large as their array says, and end there,
 * as a producer must give them. Whatever comes is rejected or read, everything is released once, and the engine is
 * used.
 */
#include "fuzz.h"

#include "../support/made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_MOST = 24, DEPTH_MOST = 3, DATA_SIZE = 64, BUFFER_MOST = 4096 };

static const char *const names[] = {"kind",        "id",      "service",      "finished_at", "changes",     "failed",
                                    "status",      "value",   "committed_at", "release",     "as_of",       "deleted",
                                    "parents",     "measure", "started_at",   "environment", "released_at", "name",
                                    "ended_at",    "at",      "merged_at",    "opened_at",   "resolved_at", "unknown",
                                    "restored_at", "team",    "app",          "active",      "rework",      ""};

/* Types, with the width in bits of the values in their second buffer; 0 where there is none of that kind. */
static const struct format {
    const char *text;
    int bits;
} formats[] = {
    {"u", 0},        {"U", 0},           {"vu", 0},   {"c", 8},     {"C", 8},     {"s", 16},       {"S", 16},
    {"i", 32},       {"I", 32},          {"l", 64},   {"L", 64},    {"f", 32},    {"g", 64},       {"e", 16},
    {"b", 1},        {"n", 0},           {"tdD", 32}, {"tdm", 64},  {"tss:", 64}, {"tsm:UTC", 64}, {"tsu:", 64},
    {"tsn:UTC", 64}, {"tsu:+05:30", 64}, {"tts", 32}, {"ttu", 64},  {"tDs", 64},  {"z", 0},        {"vz", 0},
    {"+l", 0},       {"+L", 0},          {"+w:2", 0}, {"+vl", 0},   {"+vL", 0},   {"+s", 0},       {"d:10,2", 128},
    {"w:4", 32},     {"+r", 0},          {"tsx", 64}, {"+w:-1", 0}, {"", 0},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A buffer of random bytes; of a size that is a number of bits. Now and then it is missing. */
static void put_bits(struct made *made, struct fuzz_input *input, int64_t bits) {
    uint8_t bytes[BUFFER_MOST];
    size_t size = (size_t)(bits + 7) / 8;
    REQUIRE(size <= sizeof bytes);
    uint8_t choice = fuzz_byte(input), fill = fuzz_byte(input);
    for (size_t i = 0; i < size; i++)
        bytes[i] = choice & 1 ? fuzz_byte(input) : fill;
    made_buffer(made, choice >= 0xFC ? NULL : bytes, size);
}

/* Ascending offsets of `width` bytes into `most` items, but for one here and there. */
static void put_offsets(struct made *made, struct fuzz_input *input, int64_t count, size_t width, int64_t most) {
    uint8_t bytes[BUFFER_MOST];
    int64_t at = 0;
    REQUIRE((size_t)count * width <= sizeof bytes);
    for (int64_t i = 0; i < count; i++) {
        uint8_t choice = fuzz_byte(input);
        at += choice % 8;
        at = at < most ? at : most;
        int64_t offset = choice == 0xFF ? (int8_t)fuzz_byte(input) : at;
        offset = offset <= most ? offset : most; /* beyond this a producer lies about memory, which nobody can see */
        int32_t narrow = (int32_t)offset;
        memcpy(bytes + (size_t)i * width, width == 4 ? (const void *)&narrow : (const void *)&offset, width);
    }
    made_buffer(made, fuzz_byte(input) == 0xFF ? NULL : bytes, (size_t)count * width);
}

static const char text_data[DATA_SIZE + 1] = "2024-03-01T12:00:00Zdeploymentchangesuccess\xc3\xa9true17releaseno+1.5";

/* Views: short ones inside, long ones by number of buffer and offset, in one buffer of data; its size comes last. */
static void put_views(struct made *made, struct fuzz_input *input, int64_t count) {
    uint8_t bytes[BUFFER_MOST] = {0};
    for (int64_t i = 0; i < count; i++) {
        uint8_t *view = bytes + i * 16;
        uint8_t choice = fuzz_byte(input);
        int32_t size = choice >= 0xFC ? (int8_t)fuzz_byte(input) : choice % 24,
                buffer = choice >= 0xF0 ? choice & 3 : 0;
        int32_t offset = choice >= 0xE0 ? (int8_t)fuzz_byte(input) : choice % 32;
        memcpy(view, &size, sizeof size);
        if (size >= 0 && size <= 12) {
            memcpy(view + 4, text_data + choice % 32, (size_t)size);
            continue;
        }
        if (offset >= 0 && offset < DATA_SIZE - 4)
            memcpy(view + 4, text_data + offset, 4);
        memcpy(view + 8, &buffer, sizeof buffer);
        memcpy(view + 12, &offset, sizeof offset);
    }
    made_buffer(made, bytes, (size_t)count * 16);
    made_buffer(made, text_data, DATA_SIZE);
    int64_t size = DATA_SIZE;
    made_buffer(made, &size, sizeof size);
}

static struct made make_column(struct fuzz_input *input, const char *name, int64_t rows, int depth);

static void put_children(struct made *made, struct fuzz_input *input, int64_t rows, int depth) {
    for (uint8_t i = fuzz_below(input, 4); i > 0; i--)
        made_child(made, make_column(input, names[fuzz_below(input, COUNT(names))], rows, depth + 1));
}

/* Buffers and children of `rows` rows, those before the offset included. */
static void fill(struct made *made, struct fuzz_input *input, const struct format *format, int64_t rows, int depth) {
    const char *text = format->text;
    bool wide = strchr("UL", text[strlen(text) ? strlen(text) - 1 : 0]) && *text;
    if (strcmp(text, "n") == 0 || strcmp(text, "+r") == 0 || *text == '\0')
        return;
    put_bits(made, input, rows);
    if (format->bits) {
        put_bits(made, input, rows * format->bits);
    } else if (*text == 'u' || *text == 'U' || *text == 'z') {
        put_offsets(made, input, rows + 1, wide ? 8 : 4, DATA_SIZE);
        made_buffer(made, text_data, DATA_SIZE);
    } else if (strcmp(text, "vu") == 0 || strcmp(text, "vz") == 0) {
        put_views(made, input, rows);
    } else if (strcmp(text, "+s") == 0) {
        put_children(made, input, rows, depth);
    } else if (text[1] == 'l' || text[1] == 'L') {
        put_offsets(made, input, rows + 1, text[1] == 'L' ? 8 : 4, LENGTH_MOST);
        made_child(made, make_column(input, "item", LENGTH_MOST, depth + 1));
    } else if (text[1] == 'v') {
        put_offsets(made, input, rows, text[2] == 'L' ? 8 : 4, LENGTH_MOST);
        put_offsets(made, input, rows, text[2] == 'L' ? 8 : 4, LENGTH_MOST);
        made_child(made, make_column(input, "item", LENGTH_MOST, depth + 1));
    } else {
        made_child(made, make_column(input, "item", 2 * rows, depth + 1));
    }
}

/* What the array says of itself; never more rows than its buffers have. */
static void spoil(struct made *made, struct fuzz_input *input) {
    uint8_t choice = fuzz_byte(input);
    struct ArrowArray *array = &made->array;
    array->null_count = choice & 1 ? -1 : 0;
    if (choice < 0xE0)
        return;
    switch (choice & 7) {
    case 0:
        array->length = -array->length;
        break;
    case 1:
        array->offset = -1;
        break;
    case 2:
        array->n_buffers -= array->n_buffers > 0;
        break;
    case 3:
        array->length -= array->length > 0;
        break;
    case 4:
        array->null_count = -5;
        break;
    case 5:
        array->offset = INT64_MAX;
        break;
    default:
        made->schema.flags = fuzz_byte(input);
    }
}

static struct made make_column(struct fuzz_input *input, const char *name, int64_t rows, int depth) {
    const struct format *format = &formats[fuzz_below(input, depth < DEPTH_MOST ? COUNT(formats) : 20)];
    uint8_t choice = fuzz_byte(input);
    int64_t offset = choice & 1 ? fuzz_below(input, 5) : 0;
    if (choice >= 0xF8) /* another number of rows than its parent */
        rows = fuzz_below(input, LENGTH_MOST);
    if ((choice & 14) == 2 && depth < DEPTH_MOST) {
        static const struct format codes[] = {{"c", 8},  {"C", 8},  {"s", 16}, {"S", 16},
                                              {"i", 32}, {"I", 32}, {"l", 64}};
        const struct format *code = &codes[fuzz_below(input, COUNT(codes))];
        struct made coded = made_array(code->text, name, rows, offset);
        fill(&coded, input, code, rows + offset, depth);
        made_dictionary(&coded, make_column(input, "", fuzz_below(input, 12), depth + 1));
        spoil(&coded, input);
        return coded;
    }
    struct made made = made_array(format->text, name, rows, offset);
    fill(&made, input, format, rows + offset, depth);
    spoil(&made, input);
    return made;
}

static struct made make_table(struct fuzz_input *input) {
    int64_t rows = fuzz_below(input, LENGTH_MOST), offset = fuzz_byte(input) & 1 ? fuzz_below(input, 4) : 0;
    struct made table = made_array("+s", "", rows, offset);
    put_bits(&table, input, rows + offset);
    for (uint8_t columns = fuzz_below(input, 9); columns > 0; columns--)
        made_child(&table, make_column(input, names[fuzz_below(input, COUNT(names))], rows + offset, 1));
    spoil(&table, input);
    return table;
}

static int note_reject(void *context, const dora_error *error) {
    uint64_t *last = context;
    fuzz_check_error(error->status, error);
    REQUIRE(error->record > *last);
    *last = error->record;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const dora_field_name renamed[] = {{"service", "app"}};
    struct fuzz_input input = {bytes, size};
    dora_engine *engine = fuzz_engine(&input);
    uint8_t choice = fuzz_byte(&input);
    uint64_t last = 0;
    dora_error error;
    dora_status status;
    const dora_arrow_options options = {.struct_size = sizeof options,
                                        .kind = choice & 1   ? "change"
                                                : choice & 2 ? "release"
                                                             : NULL,
                                        .names = renamed,
                                        .names_count = choice >> 2 & 1,
                                        .on_reject = note_reject,
                                        .on_reject_context = &last};
    struct fuzz_input again = input;
    struct made tables[2] = {make_table(&input)};
    if (choice & 8) {
        tables[1] = make_table(&again); /* of another type it would lie about its memory */
        struct ArrowArrayStream stream = made_stream(tables, 2, choice >> 4 & 3);
        status = dora_engine_add_arrow(engine, &stream, &options, &error);
    } else {
        status = dora_engine_add_arrow_array(engine, &tables[0].array, &tables[0].schema, &options, &error);
    }
    fuzz_check_error(status, &error);
    REQUIRE(status != DORA_ERROR_MEMORY);
    REQUIRE(made_alive == 0);
    fuzz_use(engine, choice ^ fuzz_byte(&input));
    dora_engine_free(engine);
    return 0;
}
