/* SPDX-License-Identifier: MIT */
/* See made.h. */
#include "made.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int made_alive;

static void *block(const void *data, size_t size) {
    void *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    return copy;
}

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    if (schema->dictionary)
        schema->dictionary->release(schema->dictionary);
    free(schema->dictionary);
    free(schema->private_data);
    schema->release = NULL;
    made_alive--;
}

static void release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    free(array->children);
    if (array->dictionary)
        array->dictionary->release(array->dictionary);
    free(array->dictionary);
    void **buffers = array->private_data;
    for (int64_t i = 0; buffers && buffers[i] != buffers; i++)
        free(buffers[i]);
    free(buffers);
    free(array->buffers);
    array->release = NULL;
    made_alive--;
}

struct made made_array(const char *format, const char *name, int64_t length, int64_t offset) {
    size_t format_size = strlen(format) + 1, name_size = strlen(name) + 1;
    char *text = block(format, format_size);
    text = realloc(text, format_size + name_size);
    if (!text)
        abort();
    memcpy(text + format_size, name, name_size);
    made_alive += 2;
    return (struct made){
        .schema = {.format = text, .name = text + format_size, .private_data = text, .release = release_schema},
        .array = {.length = length, .offset = offset, .release = release_array},
    };
}

/* The buffers, and again a list of them for the release, which a test that breaks the first does not reach; that list
   ends in itself, since buffers may be NULL. */
void made_buffer(struct made *made, const void *data, size_t size) {
    size_t count = (size_t)made->array.n_buffers++;
    made->array.buffers = realloc(made->array.buffers, (count + 1) * sizeof(void *));
    void **owned = realloc(made->array.private_data, (count + 2) * sizeof(void *));
    if (!made->array.buffers || !owned)
        abort();
    owned[count] = data ? block(data, size) : NULL;
    owned[count + 1] = owned;
    made->array.buffers[count] = owned[count];
    made->array.private_data = owned;
}

void made_child(struct made *made, struct made child) {
    size_t count = (size_t)made->array.n_children++;
    made->schema.n_children++;
    made->array.children = realloc(made->array.children, (count + 1) * sizeof(void *));
    made->schema.children = realloc(made->schema.children, (count + 1) * sizeof(void *));
    if (!made->array.children || !made->schema.children)
        abort();
    made->array.children[count] = block(&child.array, sizeof child.array);
    made->schema.children[count] = block(&child.schema, sizeof child.schema);
}

void made_dictionary(struct made *made, struct made dictionary) {
    made->array.dictionary = block(&dictionary.array, sizeof dictionary.array);
    made->schema.dictionary = block(&dictionary.schema, sizeof dictionary.schema);
}

void made_release(struct made *made) {
    made->array.release(&made->array);
    made->schema.release(&made->schema);
}

/* Bytes that grow. */
struct grown {
    char *data;
    size_t size;
    size_t room;
};

static void append(struct grown *grown, const void *data, size_t size) {
    if (!grown->data || grown->room - grown->size < size) {
        grown->room = 2 * grown->room + size + 1;
        grown->data = realloc(grown->data, grown->room);
    }
    if (!grown->data)
        abort();
    memcpy(grown->data + grown->size, data, size);
    grown->size += size;
}

static void append_integer(struct grown *grown, int64_t value, size_t width) {
    int8_t byte = (int8_t)value;
    int16_t two = (int16_t)value;
    int32_t four = (int32_t)value;
    append(grown,
           width == 1   ? (void *)&byte
           : width == 2 ? (void *)&two
           : width == 4 ? (void *)&four
                        : (void *)&value,
           width);
}

static void move_buffer(struct made *made, struct grown *grown) {
    made_buffer(made, grown->size ? grown->data : "", grown->size);
    free(grown->data);
}

static size_t width_of(const char *format) {
    static const char formats[] = "cCsSiIlLfg";
    static const uint8_t widths[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    const char *found = strchr(formats, format[0]);
    return format[1] ? strcmp(format, "tdD") == 0 ? 4 : 8 : found ? widths[found - formats] : 8;
}

/* The validity of count rows behind `offset` others; none where all are known. Every other column does not say how many
   nulls it has. */
static void put_validity(struct made *made, const uint8_t *known, size_t count, size_t offset) {
    static unsigned turn;
    uint8_t *bits = calloc((count + offset) / 8 + 1, 1);
    int64_t nulls = 0;
    for (size_t i = 0; i < count; i++) {
        bits[(offset + i) / 8] |= (uint8_t)(known[i] << (offset + i) % 8);
        nulls += !known[i];
    }
    made->array.null_count = nulls && turn++ % 2 ? -1 : nulls;
    made_buffer(made, nulls ? bits : NULL, (count + offset + 7) / 8);
    free(bits);
}

/* A column of codes, rubbish where they are null and before the first. */
static struct made put_codes(const char *name, struct layout layout, struct made dictionary, const int64_t *codes,
                             const uint8_t *known, size_t count) {
    struct made made = made_array(layout.codes, name, (int64_t)count, layout.offset);
    struct grown values = {0};
    for (int64_t i = 0; i < layout.offset; i++)
        append_integer(&values, 99, width_of(layout.codes));
    for (size_t i = 0; i < count; i++)
        append_integer(&values, known[i] ? codes[i] : 77, width_of(layout.codes));
    put_validity(&made, known, count, (size_t)layout.offset);
    move_buffer(&made, &values);
    made_dictionary(&made, dictionary);
    return made;
}

static struct made put_views(struct made made, const dora_string *values, const uint8_t *known, size_t count,
                             int64_t offset) {
    struct grown views = {0}, blocks[2] = {{0}, {0}};
    for (int64_t i = 0; i < 16 * offset; i++)
        append(&views, "\xff", 1);
    for (size_t i = 0; i < count; i++) {
        char view[16] = {0};
        int32_t size = (int32_t)values[i].size, at = (int32_t)(i % 2), from = (int32_t)blocks[i % 2].size;
        memcpy(view, &size, 4);
        if (size)
            memcpy(view + 4, values[i].data, size <= 12 ? (size_t)size : 4);
        if (size > 12) {
            memcpy(view + 8, &at, 4);
            memcpy(view + 12, &from, 4);
            append(&blocks[at], values[i].data, (size_t)size);
        }
        append(&views, view, sizeof view);
    }
    int64_t sizes[] = {(int64_t)blocks[0].size, (int64_t)blocks[1].size};
    put_validity(&made, known, count, (size_t)offset);
    move_buffer(&made, &views);
    move_buffer(&made, &blocks[0]);
    move_buffer(&made, &blocks[1]);
    made_buffer(&made, sizes, sizeof sizes);
    return made;
}

static struct made put_strings(const char *name, struct layout layout, const dora_string *values, const uint8_t *known,
                               size_t count) {
    struct made made = made_array(layout.format, name, (int64_t)count, layout.offset);
    if (strcmp(layout.format, "vu") == 0)
        return put_views(made, values, known, count, layout.offset);
    size_t width = layout.format[0] == 'U' || layout.format[0] == 'Z' ? 8 : 4;
    struct grown offsets = {0}, bytes = {0};
    for (int64_t i = 0; i < layout.offset; i++) {
        append_integer(&offsets, (int64_t)bytes.size, width);
        append(&bytes, "\xff", 1);
    }
    for (size_t i = 0; i < count; i++) {
        append_integer(&offsets, (int64_t)bytes.size, width);
        append(&bytes, values[i].size ? values[i].data : "", values[i].size);
    }
    append_integer(&offsets, (int64_t)bytes.size, width);
    put_validity(&made, known, count, (size_t)layout.offset);
    move_buffer(&made, &offsets);
    move_buffer(&made, &bytes);
    return made;
}

struct made made_strings(const char *name, struct layout layout, const dora_string *values, size_t count) {
    uint8_t *known = calloc(count + 1, 1);
    for (size_t i = 0; i < count; i++)
        known[i] = values[i].data != NULL;
    struct made made;
    if (layout.codes) {
        /* One entry a distinct string, the first null and each third used twice; codes fit a byte where count does. */
        dora_string *entries = calloc(count + 1, sizeof *entries);
        int64_t *codes = calloc(count + 1, sizeof *codes), entries_count = 1;
        for (size_t i = 0; i < count; i++) {
            codes[i] = 1;
            while (codes[i] < entries_count &&
                   (entries[codes[i]].size != values[i].size ||
                    (values[i].size && memcmp(entries[codes[i]].data, values[i].data, values[i].size) != 0)))
                codes[i]++;
            if (!known[i])
                codes[i] = 0;
            else if (codes[i] == entries_count)
                entries[entries_count++] = values[i];
            known[i] |= i % 2; /* a null may be the code's or the entry's */
        }
        struct layout inner = {layout.format, NULL, layout.offset / 2};
        made = put_codes(name, layout, made_strings("", inner, entries, (size_t)entries_count), codes, known, count);
        free(entries);
        free(codes);
    } else {
        made = put_strings(name, layout, values, known, count);
    }
    free(known);
    return made;
}

static struct made numbers_as_text(const char *name, struct layout layout, const int64_t *values, size_t count) {
    dora_string *strings = calloc(count + 1, sizeof *strings);
    char(*texts)[32] = calloc(count + 1, sizeof *texts);
    for (size_t i = 0; i < count; i++)
        if (values[i] != DORA_ABSENT) {
            snprintf(texts[i], sizeof texts[i], "%" PRId64, values[i]);
            strings[i] = dora_string_of(texts[i]);
        }
    struct made made = made_strings(name, layout, strings, count);
    free(strings);
    free(texts);
    return made;
}

struct made made_numbers(const char *name, struct layout layout, const int64_t *values, size_t count) {
    if (strchr("uUv", layout.format[0]))
        return numbers_as_text(name, layout, values, count);
    struct made made = made_array(layout.format, name, (int64_t)count, layout.offset);
    struct grown grown = {0};
    uint8_t *known = calloc(count + 1, 1);
    size_t width = width_of(layout.format);
    for (int64_t i = 0; i < layout.offset; i++)
        append_integer(&grown, INT64_MIN, width);
    for (size_t i = 0; i < count; i++) {
        double wide = (double)values[i];
        float narrow = (float)wide;
        known[i] = values[i] != DORA_ABSENT;
        if (layout.format[0] == 'g')
            append(&grown, &wide, sizeof wide);
        else if (layout.format[0] == 'f')
            append(&grown, &narrow, sizeof narrow);
        else
            append_integer(&grown, values[i], width);
    }
    put_validity(&made, known, count, (size_t)layout.offset);
    move_buffer(&made, &grown);
    free(known);
    return made;
}

struct made made_bools(const char *name, struct layout layout, const int8_t *values, size_t count) {
    static const char *const words[] = {"no", "True"};
    dora_string *strings = calloc(count + 1, sizeof *strings);
    int64_t *numbers = calloc(count + 1, sizeof *numbers);
    uint8_t *known = calloc(count + 1, 1), *bits = calloc((count + (size_t)layout.offset) / 8 + 1, 1);
    for (size_t i = 0; i < count; i++) {
        size_t at = i + (size_t)layout.offset;
        known[i] = values[i] != DORA_UNKNOWN;
        numbers[i] = known[i] ? values[i] : DORA_ABSENT;
        strings[i] = dora_string_of(known[i] ? words[values[i]] : NULL);
        bits[at / 8] |= (uint8_t)((values[i] != 0) << at % 8);
    }
    struct made made;
    if (layout.format[0] != 'b') {
        made = strchr("uUv", layout.format[0]) ? made_strings(name, layout, strings, count)
                                               : made_numbers(name, layout, numbers, count);
    } else {
        made = made_array(layout.format, name, (int64_t)count, layout.offset);
        put_validity(&made, known, count, (size_t)layout.offset);
        made_buffer(&made, bits, (count + (size_t)layout.offset + 7) / 8);
    }
    free(strings);
    free(numbers);
    free(known);
    free(bits);
    return made;
}

struct made made_lists(const char *name, const char *format, struct layout items, const dora_string *const *lists,
                       const size_t *sizes, size_t count, int64_t offset) {
    size_t fixed = format[1] == 'w' ? (size_t)strtol(format + 3, NULL, 10) : 0, total = fixed * (size_t)offset;
    for (size_t i = 0; i < count; i++)
        total += fixed ? fixed : lists[i] ? sizes[i] : 0;
    dora_string *all = calloc(total + 1, sizeof *all);
    uint8_t *known = calloc(count + 1, 1);
    struct grown offsets = {0}, lengths = {0};
    size_t width = format[strlen(format) - 1] == 'L' ? 8 : 4, at = fixed * (size_t)offset;
    for (int64_t i = 0; i < offset; i++) {
        append_integer(&offsets, 0, width);
        append_integer(&lengths, -5, width);
    }
    for (size_t i = 0; i < count; i++) {
        size_t size = lists[i] ? sizes[i] : 0;
        known[i] = lists[i] != NULL;
        append_integer(&offsets, (int64_t)at, width);
        append_integer(&lengths, (int64_t)size, width);
        if (size)
            memcpy(all + at, lists[i], size * sizeof *all);
        at += fixed ? fixed : size;
    }
    append_integer(&offsets, (int64_t)at, width);
    struct made made = made_array(format, name, (int64_t)count, offset);
    put_validity(&made, known, count, (size_t)offset);
    if (!fixed)
        move_buffer(&made, &offsets);
    else
        free(offsets.data);
    if (format[1] == 'v')
        move_buffer(&made, &lengths);
    else
        free(lengths.data);
    made_child(&made, made_strings("item", items, all, total));
    free(all);
    free(known);
    return made;
}

/* What a stream hands out. */
struct source {
    struct ArrowSchema schema;
    struct ArrowArray *arrays;
    size_t count;
    size_t next;
    int fail_at;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    struct source *source = stream->private_data;
    if (source->fail_at < 0)
        return EIO;
    *out = source->schema;
    source->schema.release = NULL;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    struct source *source = stream->private_data;
    if (source->fail_at > 0 && source->next + 1 == (size_t)source->fail_at)
        return EIO;
    memset(out, 0, sizeof *out);
    if (source->next < source->count)
        *out = source->arrays[source->next++];
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    return ((struct source *)stream->private_data)->fail_at % 2 ? "the \x1b disk is gone" : NULL;
}

static void release_stream(struct ArrowArrayStream *stream) {
    struct source *source = stream->private_data;
    while (source->next < source->count) {
        struct ArrowArray *array = &source->arrays[source->next++];
        array->release(array);
    }
    if (source->schema.release)
        source->schema.release(&source->schema);
    free(source->arrays);
    free(source);
    stream->release = NULL;
    made_alive--;
}

struct ArrowArrayStream made_stream(struct made *arrays, size_t count, int fail_at) {
    struct source *source = calloc(1, sizeof *source);
    if (!source || !(source->arrays = calloc(count + 1, sizeof *source->arrays)))
        abort();
    source->count = count;
    source->fail_at = fail_at;
    for (size_t i = 0; i < count; i++) {
        source->arrays[i] = arrays[i].array;
        if (i)
            arrays[i].schema.release(&arrays[i].schema);
    }
    source->schema = arrays[0].schema;
    made_alive++;
    return (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, source};
}
