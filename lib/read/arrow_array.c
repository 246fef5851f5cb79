/* SPDX-License-Identifier: MIT */
/*
 * See arrow_array.h. Values are loaded through memcpy, since a producer need not align its buffers. Sizes of buffers
 * are not told by the interface, but for views; so of text and lists all that can be checked is that offsets stay
 * within those of the array's ends, and of lists within the child.
 */
#include "read/arrow_array.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

enum { VIEW_SIZE = 16, VIEW_INLINE = 12 };

/* Formats, by what they begin with; one without a colon at its end is whole. */
static const struct {
    const char *format;
    struct dora__arrow_type type;
} types[] = {
    {"n", {.name = "null", .form = DORA__ARROW_NULL}},
    {"b", {.name = "boolean", .form = DORA__ARROW_BOOL}},
    {"c", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 1, .is_signed = true}},
    {"C", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 1}},
    {"s", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 2, .is_signed = true}},
    {"S", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 2}},
    {"i", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 4, .is_signed = true}},
    {"I", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 4}},
    {"l", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 8, .is_signed = true}},
    {"L", {.name = "integer", .form = DORA__ARROW_INTEGER, .width = 8}},
    {"e", {.name = "half-precision float", .form = DORA__ARROW_OTHER}},
    {"f", {.name = "float", .form = DORA__ARROW_FLOAT, .width = 4}},
    {"g", {.name = "float", .form = DORA__ARROW_FLOAT, .width = 8}},
    {"u", {.name = "string", .form = DORA__ARROW_TEXT, .width = 4}},
    {"U", {.name = "string", .form = DORA__ARROW_TEXT, .width = 8}},
    {"vu", {.name = "string", .form = DORA__ARROW_VIEW, .width = VIEW_SIZE}},
    {"z", {.name = "binary", .form = DORA__ARROW_OTHER}},
    {"Z", {.name = "binary", .form = DORA__ARROW_OTHER}},
    {"vz", {.name = "binary", .form = DORA__ARROW_OTHER}},
    {"w:", {.name = "binary", .form = DORA__ARROW_OTHER}},
    {"d:", {.name = "decimal", .form = DORA__ARROW_OTHER}},
    {"tdD", {.name = "date", .form = DORA__ARROW_TIME, .width = 4, .unit_us = 86400 * SECOND_US}},
    {"tdm", {.name = "date", .form = DORA__ARROW_TIME, .width = 8, .unit_us = 1000}},
    {"tss:", {.name = "timestamp", .form = DORA__ARROW_TIME, .width = 8, .unit_us = SECOND_US}},
    {"tsm:", {.name = "timestamp", .form = DORA__ARROW_TIME, .width = 8, .unit_us = 1000}},
    {"tsu:", {.name = "timestamp", .form = DORA__ARROW_TIME, .width = 8, .unit_us = 1}},
    {"tsn:", {.name = "timestamp", .form = DORA__ARROW_TIME, .width = 8}},
    {"tts", {.name = "time of day", .form = DORA__ARROW_OTHER}},
    {"ttm", {.name = "time of day", .form = DORA__ARROW_OTHER}},
    {"ttu", {.name = "time of day", .form = DORA__ARROW_OTHER}},
    {"ttn", {.name = "time of day", .form = DORA__ARROW_OTHER}},
    {"tDs", {.name = "duration", .form = DORA__ARROW_OTHER}},
    {"tDm", {.name = "duration", .form = DORA__ARROW_OTHER}},
    {"tDu", {.name = "duration", .form = DORA__ARROW_OTHER}},
    {"tDn", {.name = "duration", .form = DORA__ARROW_OTHER}},
    {"tiM", {.name = "interval", .form = DORA__ARROW_OTHER}},
    {"tiD", {.name = "interval", .form = DORA__ARROW_OTHER}},
    {"tin", {.name = "interval", .form = DORA__ARROW_OTHER}},
    {"+l", {.name = "list", .form = DORA__ARROW_LIST, .width = 4}},
    {"+L", {.name = "list", .form = DORA__ARROW_LIST, .width = 8}},
    {"+vl", {.name = "list", .form = DORA__ARROW_LIST_VIEW, .width = 4}},
    {"+vL", {.name = "list", .form = DORA__ARROW_LIST_VIEW, .width = 8}},
    {"+w:", {.name = "list", .form = DORA__ARROW_FIXED_LIST}},
    {"+s", {.name = "struct", .form = DORA__ARROW_OTHER}},
    {"+m", {.name = "map", .form = DORA__ARROW_OTHER}},
    {"+ud:", {.name = "union", .form = DORA__ARROW_BARE}},
    {"+us:", {.name = "union", .form = DORA__ARROW_BARE}},
    {"+r", {.name = "run-end encoded array", .form = DORA__ARROW_BARE}},
};

static const char too_few_buffers[] = "too few buffers";
static const char buffer_missing[] = "a buffer is missing";

struct dora__arrow_type dora__arrow_type_of(const char *format) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t size = strlen(types[i].format);
        bool open = types[i].format[size - 1] == ':';
        if (strncmp(format, types[i].format, size) != 0 || (!open && format[size]))
            continue;
        struct dora__arrow_type type = types[i].type;
        if (type.form == DORA__ARROW_FIXED_LIST) {
            char *end;
            type.list_size = strtol(format + size, &end, 10);
            if (end == format + size || *end || type.list_size < 0 || type.list_size > INT32_MAX)
                type = (struct dora__arrow_type){.name = "malformed list", .form = DORA__ARROW_BARE};
        }
        return type;
    }
    return (struct dora__arrow_type){.name = "type that is not known", .form = DORA__ARROW_BARE};
}

static int64_t load_offset(const char *offsets, uint8_t width, size_t at) {
    int32_t narrow;
    int64_t wide;
    if (width == 8) {
        memcpy(&wide, offsets + at * sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, offsets + at * sizeof narrow, sizeof narrow);
    return narrow;
}

static const char *bind_text(struct dora__arrow_array *array, const struct ArrowArray *given) {
    if (given->n_buffers < 3)
        return too_few_buffers;
    array->more = given->buffers[2];
    array->low = load_offset(array->data, array->type.width, array->offset);
    array->high = load_offset(array->data, array->type.width, array->offset + array->length);
    if (array->low < 0 || array->low > array->high || (uint64_t)array->high > SIZE_MAX)
        return "offsets that run backwards";
    return array->high > array->low && !array->more ? buffer_missing : NULL;
}

static const char *bind_views(struct dora__arrow_array *array, const struct ArrowArray *given) {
    if (given->n_buffers < 3)
        return too_few_buffers;
    array->blocks = given->buffers + 2;
    array->blocks_count = (size_t)given->n_buffers - 3;
    array->block_sizes = given->buffers[given->n_buffers - 1];
    return array->blocks_count && !array->block_sizes ? buffer_missing : NULL;
}

/* What all arrays have, for as long as they say something of their own. */
static const char *bind_common(struct dora__arrow_array *array, const struct ArrowArray *given, size_t rows) {
    if (!given || !given->release)
        return "no array, or one that was released";
    if (given->length < 0 || given->offset < 0 || given->null_count < -1 || given->n_buffers < 0 ||
        (given->n_buffers && !given->buffers))
        return "a negative length, or no buffers";
    const uint64_t most = SIZE_MAX / (2 * VIEW_SIZE);
    if ((uint64_t)given->length > most || (uint64_t)given->offset > most)
        return "longer than memory can be";
    if ((uint64_t)given->length < rows)
        return "fewer rows than its table";
    array->length = (size_t)given->length;
    array->offset = (size_t)given->offset;
    return NULL;
}

const char *dora__arrow_bind(struct dora__arrow_array *array, const struct ArrowArray *given, size_t rows) {
    enum dora__arrow_form form = array->type.form;
    *array = (struct dora__arrow_array){.type = array->type};
    const char *problem = bind_common(array, given, rows);
    if (problem || form == DORA__ARROW_NULL || form == DORA__ARROW_BARE)
        return problem;
    bool has_values = form != DORA__ARROW_FIXED_LIST && form != DORA__ARROW_OTHER;
    if (given->n_buffers < 1 + has_values)
        return too_few_buffers;
    array->validity = given->null_count ? given->buffers[0] : NULL;
    if (given->null_count > 0 && !array->validity)
        return "nulls without a validity buffer";
    if (!has_values || array->length == 0)
        return NULL;
    array->data = given->buffers[1];
    if (!array->data)
        return buffer_missing;
    if (form == DORA__ARROW_TEXT)
        return bind_text(array, given);
    if (form == DORA__ARROW_VIEW)
        return bind_views(array, given);
    if (form == DORA__ARROW_LIST_VIEW) {
        if (given->n_buffers < 3)
            return too_few_buffers;
        array->more = given->buffers[2];
        return array->more ? NULL : buffer_missing;
    }
    return NULL;
}

uint64_t dora__arrow_bits(const uint8_t *map, size_t at, unsigned count) {
    const uint8_t *from = map + at / 8;
    unsigned shift = at % 8, bytes = (shift + count + 7) / 8;
    uint64_t word = 0;
    for (unsigned i = 0; i < 8 && i < bytes; i++)
        word |= (uint64_t)from[i] << 8 * i;
    word >>= shift;
    if (bytes == 9)
        word |= (uint64_t)from[8] << (64 - shift);
    return word & UINT64_MAX >> (64 - count);
}

void dora__arrow_valid(const struct dora__arrow_array *array, size_t first, size_t rows,
                       uint64_t mask[DORA__MASK_WORDS]) {
    for (size_t word = 0; word < DORA__MASK_WORDS; word++) {
        size_t from = word * 64;
        unsigned count = rows <= from ? 0 : rows - from < 64 ? (unsigned)(rows - from) : 64;
        mask[word] = 0;
        if (count && array->type.form != DORA__ARROW_NULL)
            mask[word] = array->validity ? dora__arrow_bits(array->validity, array->offset + first + from, count)
                                         : UINT64_MAX >> (64 - count);
    }
}

struct dora__arrow_integer dora__arrow_integer_at(const struct dora__arrow_array *array, size_t row) {
    const char *at = array->data + (array->offset + row) * array->type.width;
    uint64_t bits = 0;
    switch (array->type.width) {
    case 1:
        bits = *(const uint8_t *)at;
        break;
    case 2: {
        uint16_t value;
        memcpy(&value, at, sizeof value);
        bits = value;
        break;
    }
    case 4: {
        uint32_t value;
        memcpy(&value, at, sizeof value);
        bits = value;
        break;
    }
    default:
        memcpy(&bits, at, sizeof bits);
    }
    unsigned unused = 64 - 8u * array->type.width;
    bool negative = array->type.is_signed && bits << unused >> 63;
    if (negative)
        bits = (~bits + 1) & UINT64_MAX >> unused;
    return (struct dora__arrow_integer){bits, negative};
}

double dora__arrow_float_at(const struct dora__arrow_array *array, size_t row) {
    const char *at = array->data + (array->offset + row) * array->type.width;
    float narrow;
    double wide;
    if (array->type.width == sizeof wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return (double)narrow;
}

bool dora__arrow_bool_at(const struct dora__arrow_array *array, size_t row) {
    size_t at = array->offset + row;
    return (uint8_t)array->data[at / 8] >> at % 8 & 1;
}

int64_t dora__arrow_time_at(const struct dora__arrow_array *array, size_t row) {
    return load_offset(array->data, array->type.width, array->offset + row);
}

static bool view_at(const struct dora__arrow_array *array, size_t row, dora_string *text) {
    struct {
        int32_t size;
        char prefix[4];
        int32_t block;
        int32_t from;
    } view;
    const char *at = array->data + (array->offset + row) * VIEW_SIZE;
    memcpy(&view, at, sizeof view);
    if (view.size < 0)
        return false;
    *text = (dora_string){at + sizeof view.size, (size_t)view.size};
    if (view.size <= VIEW_INLINE)
        return true;
    if (view.block < 0 || (size_t)view.block >= array->blocks_count || view.from < 0 || !array->blocks[view.block])
        return false;
    text->data = (const char *)array->blocks[view.block] + view.from;
    return (int64_t)view.from + view.size <= load_offset(array->block_sizes, 8, (size_t)view.block);
}

bool dora__arrow_text_at(const struct dora__arrow_array *array, size_t row, dora_string *text) {
    if (array->type.form == DORA__ARROW_VIEW)
        return view_at(array, row, text);
    int64_t from = load_offset(array->data, array->type.width, array->offset + row);
    int64_t to = load_offset(array->data, array->type.width, array->offset + row + 1);
    if (from < array->low || to < from || to > array->high)
        return false;
    *text = to > from ? (dora_string){array->more + from, (size_t)(to - from)} : (dora_string){"", 0};
    return true;
}

bool dora__arrow_list_at(const struct dora__arrow_array *array, size_t row, size_t child_length, size_t *from,
                         size_t *to) {
    size_t at = array->offset + row;
    int64_t first, size;
    if (array->type.form == DORA__ARROW_FIXED_LIST) {
        size = array->type.list_size;
        if (size && at > (size_t)INT64_MAX / (size_t)size)
            return false;
        first = (int64_t)at * size;
    } else {
        first = load_offset(array->data, array->type.width, at);
        bool is_view = array->type.form == DORA__ARROW_LIST_VIEW;
        int64_t other = load_offset(is_view ? array->more : array->data, array->type.width, at + !is_view);
        if (first < 0 || other < 0 || (!is_view && other < first))
            return false;
        size = is_view ? other : other - first;
    }
    if ((uint64_t)first > child_length || (uint64_t)size > child_length - (uint64_t)first)
        return false;
    *from = (size_t)first;
    *to = (size_t)(first + size);
    return true;
}
