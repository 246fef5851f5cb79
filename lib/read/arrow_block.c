/* SPDX-License-Identifier: MIT */
/*
 * See arrow_block.h. Three forms of column have a loop of their own, since nearly all columns of a large table have one
 * of them: times without nulls, codes of a dictionary, bits. The others go value by value.
 */
#include "read/arrow_block.h"

#include <string.h>

enum { ROWS = DORA__BATCH_ROWS };

_Static_assert(ROWS == 64 * DORA__MASK_WORDS, "a mask has a bit for each row of a block");

static bool is_full(const struct dora__arrow_mask *mask, uint32_t rows) {
    uint64_t missing = 0;
    for (uint32_t from = 0; from < rows; from += 64)
        missing |= ~mask->words[from / 64] & UINT64_MAX >> (rows - from < 64 ? 64 - (rows - from) : 0);
    return !missing;
}

size_t dora__arrow_rows(const struct dora__arrow_mask *mask, uint32_t rows, uint8_t list[DORA__BATCH_ROWS]) {
    size_t count = 0;
    if (is_full(mask, rows)) {
        for (; count < ROWS; count++)
            list[count] = (uint8_t)count;
        return rows;
    }
    for (size_t word = 0; word < DORA__MASK_WORDS; word++)
        for (uint64_t left = mask->words[word]; left; left &= left - 1)
            list[count++] = (uint8_t)(word * 64 + (size_t)__builtin_ctzll(left));
    return count;
}

void dora__arrow_blame(struct dora__arrow_block *block, size_t i, enum dora__field field, const char *reason) {
    block->bad.words[i / 64] |= UINT64_C(1) << i % 64;
    block->blamed[i] = (uint8_t)field;
    block->reasons[i] = reason;
}

/* Rows that are good so far, whose kind has the field, and whose outermost array is not null. */
static struct dora__arrow_mask rows_of(const struct dora__arrow_block *block, struct dora__arrow_column *column) {
    struct dora__arrow_mask mask, kinds = {0};
    dora__arrow_valid(dora__arrow_outer(column), block->first, block->rows, mask.words);
    bool common = column->field <= DORA__DELETED;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        if (common || dora__kinds[kind].fields >> column->field & 1)
            for (size_t word = 0; word < DORA__MASK_WORDS; word++)
                kinds.words[word] |= block->of_kind[kind].words[word];
    for (size_t word = 0; word < DORA__MASK_WORDS; word++)
        mask.words[word] &= kinds.words[word] & ~block->bad.words[word];
    return mask;
}

static void clear_values(const struct dora__arrow_block *block, enum dora__field field) {
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        for (size_t i = 0; i < ROWS; i++)
            ((int64_t *)block->values[field])[i] = DORA_ABSENT;
        break;
    case DORA__STRING:
    case DORA__SERVICE:
        memset(block->values[field], 0, ROWS * sizeof(uint32_t));
        break;
    default:
        memset(block->values[field], 0, ROWS);
    }
}

static void store(const struct dora__arrow_block *block, enum dora__field field, size_t i, int64_t value) {
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        ((int64_t *)block->values[field])[i] = value;
        break;
    case DORA__STRING:
    case DORA__SERVICE:
        ((uint32_t *)block->values[field])[i] = (uint32_t)value;
        break;
    default:
        ((uint8_t *)block->values[field])[i] = (uint8_t)value;
    }
}

/* Asks for the rows after a block, which is too short for the machine to see by itself that more follow. */
static inline void prefetch_next(const struct dora__arrow_array *array, size_t first, size_t rows) {
    const char *data = array->data + (array->offset + first + rows) * array->type.width;
    for (size_t at = 0; at < rows * array->type.width; at += 64)
        __builtin_prefetch(data + at);
}

/* Loads a time of eight bytes that need not be aligned. */
static inline int64_t time_at(const char *data, size_t at) {
    int64_t time;
    memcpy(&time, data + at * sizeof time, sizeof time);
    return time;
}

/* Whether all are in range is the sign of `outside`: neither difference can overflow where it is not negative. */
static inline bool convert_times(int64_t *out, const char *data, size_t rows, int64_t unit_us) {
    const struct dora__arrow_range range = dora__arrow_time_range(unit_us);
    uint64_t outside = 0;
    for (size_t i = 0; i < rows; i++) {
        int64_t time = time_at(data, i);
        outside |= ((uint64_t)time - (uint64_t)range.least) | ((uint64_t)range.most - (uint64_t)time);
        out[i] = unit_us ? (int64_t)((uint64_t)time * (uint64_t)unit_us) : dora__arrow_time_us(time, 0);
    }
    return !(outside >> 63);
}

/* Times of eight bytes, none of them null. False: some are out of range. */
static bool take_full_times(const struct dora__arrow_block *block, const struct dora__arrow_column *column) {
    const struct dora__arrow_array *array = &column->value;
    const char *data = array->data + (array->offset + block->first) * sizeof(int64_t);
    int64_t *out = block->values[column->field];
    switch (array->type.unit_us) { /* constants, so that each loop is one of its own */
    case 0:
        return convert_times(out, data, block->rows, 0);
    case 1:
        return convert_times(out, data, block->rows, 1);
    case 1000:
        return convert_times(out, data, block->rows, 1000);
    default:
        return convert_times(out, data, block->rows, array->type.unit_us);
    }
}

/* Times of which some are null, or out of range. */
static void take_times(struct dora__arrow_block *block, const struct dora__arrow_column *column, const uint8_t *list,
                       size_t count) {
    const struct dora__arrow_array *array = &column->value;
    const int64_t unit_us = array->type.unit_us;
    const struct dora__arrow_range range = dora__arrow_time_range(unit_us);
    int64_t *out = block->values[column->field];
    for (size_t k = 0; k < count; k++) {
        int64_t time = dora__arrow_time_at(array, block->first + list[k]);
        if (time < range.least || time > range.most)
            dora__arrow_blame(block, list[k], column->field, "instant out of range");
        else
            out[list[k]] = dora__arrow_time_us(time, unit_us);
    }
}

/* Bit i of the lowest eight as byte i. */
static inline uint64_t spread(uint64_t bits) {
    uint64_t each = (bits & 0xFF) * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    return (each + UINT64_C(0x7F7F7F7F7F7F7F7F)) >> 7 & UINT64_C(0x0101010101010101);
}

/* Bits become 0 for null, 1 and 2. The room is for whole blocks, so that eight rows can be written at once. */
static void take_bits(const struct dora__arrow_block *block, const struct dora__arrow_column *column,
                      const struct dora__arrow_mask *mask) {
    const struct dora__arrow_array *array = &column->value;
    uint8_t *out = block->values[column->field];
    for (uint32_t from = 0; from < block->rows; from += 64) {
        uint32_t count = block->rows - from < 64 ? block->rows - from : 64;
        uint64_t known = mask->words[from / 64];
        uint64_t set =
            known & dora__arrow_bits((const uint8_t *)array->data, array->offset + block->first + from, count);
        for (unsigned shift = 0; shift < 64; shift += 8, out += 8) {
            uint64_t bytes = spread(known >> shift) + spread(set >> shift);
            for (unsigned i = 0; i < 8; i++)
                out[i] = (uint8_t)(bytes >> 8 * i);
        }
    }
}

#define WIDEN(type)                                                                                                    \
    for (size_t i = 0; i < rows; i++) {                                                                                \
        type code;                                                                                                     \
        memcpy(&code, data + i * sizeof code, sizeof code);                                                            \
        out[i] = (uint32_t)code;                                                                                       \
    }

/* Codes of some rows, null ones included; a code that none can be is UINT32_MAX. */
static void load_codes(const struct dora__arrow_array *codes, size_t first, size_t rows, uint32_t out[ROWS]) {
    const char *data = codes->data + (codes->offset + first) * codes->type.width;
    prefetch_next(codes, first, rows);
    switch (codes->type.width * 2 + codes->type.is_signed) {
    case 2:
        WIDEN(uint8_t)
        break;
    case 3:
        WIDEN(int8_t)
        break;
    case 4:
        WIDEN(uint16_t)
        break;
    case 5:
        WIDEN(int16_t)
        break;
    case 8:
    case 9:
        WIDEN(uint32_t)
        break;
    default:
        for (size_t i = 0; i < rows; i++) {
            uint64_t code = (uint64_t)time_at(data, i);
            out[i] = code < UINT32_MAX ? (uint32_t)code : UINT32_MAX;
        }
    }
}

/* What an entry of the dictionary means, asked for the first time or bad each time. */
static dora_status ask_meaning(struct dora__arrow_block *block, struct dora__arrow_column *column, size_t i,
                               size_t code) {
    const char *reason = NULL;
    int64_t value = 0;
    dora_status status = DORA_OK;
    if (dora__arrow_is_valid(&column->value, code))
        status =
            dora__arrow_value_at(block->facts, &column->value, code, column->field, &column->last, &value, &reason);
    if (status == DORA_OK) {
        column->meanings[code] = (uint32_t)value;
        store(block, column->field, i, value);
    } else if (reason) {
        dora__arrow_blame(block, i, column->field, reason);
        status = DORA_OK;
    }
    return status;
}

/* Whether a block of codes is one and the same: of sorted tables most are. */
static bool is_one_code(const uint32_t *codes, size_t count) {
    uint32_t differs = 0;
    for (size_t i = 0; i < count; i++)
        differs |= codes[i] ^ codes[0];
    return !differs;
}

static dora_status take_remembered(struct dora__arrow_block *block, struct dora__arrow_column *column,
                                   const uint8_t *list, size_t count) {
    uint32_t codes[ROWS];
    const uint32_t *meanings = column->meanings;
    size_t entries = column->value.length;
    uint8_t type = dora__fields[column->field].type;
    bool wide = type == DORA__STRING || type == DORA__SERVICE;
    uint32_t *out = block->values[column->field];
    uint8_t *out_bytes = block->values[column->field];
    load_codes(&column->codes, block->first, block->rows, codes);
    if (wide && count == block->rows && is_one_code(codes, count) && codes[0] < entries &&
        meanings[codes[0]] != UINT32_MAX) {
        for (size_t i = 0; i < count; i++)
            out[i] = meanings[codes[0]];
        return DORA_OK;
    }
    for (size_t k = 0; k < count; k++) {
        size_t i = list[k], code = codes[i];
        if (code >= entries)
            return DORA_ERROR_INPUT;
        uint32_t meaning = meanings[code];
        if (meaning == UINT32_MAX) {
            dora_status status = ask_meaning(block, column, i, code);
            if (status != DORA_OK)
                return status;
        } else if (wide) {
            out[i] = meaning;
        } else {
            out_bytes[i] = (uint8_t)meaning;
        }
    }
    return DORA_OK;
}

/* Where the value of a row lies. INPUT: nowhere; *valid: whether it is not null. */
static dora_status find_value(const struct dora__arrow_column *column, size_t row, size_t *at, bool *valid) {
    *at = row;
    *valid = true;
    if (!column->is_coded)
        return DORA_OK;
    struct dora__arrow_integer code = dora__arrow_integer_at(&column->codes, row);
    if (code.negative || code.size >= column->value.length)
        return DORA_ERROR_INPUT;
    *at = (size_t)code.size;
    *valid = dora__arrow_is_valid(&column->value, *at);
    return DORA_OK;
}

static dora_status take_values(struct dora__arrow_block *block, struct dora__arrow_column *column, const uint8_t *list,
                               size_t count) {
    for (size_t k = 0; k < count; k++) {
        size_t at;
        bool valid;
        int64_t value;
        const char *reason = NULL;
        dora_status status = find_value(column, block->first + list[k], &at, &valid);
        if (status == DORA_OK && !valid)
            continue;
        if (status == DORA_OK)
            status =
                dora__arrow_value_at(block->facts, &column->value, at, column->field, &column->last, &value, &reason);
        if (status == DORA_OK)
            store(block, column->field, list[k], value);
        else if (reason)
            dora__arrow_blame(block, list[k], column->field, reason);
        else
            return status;
    }
    return DORA_OK;
}

/* A string of at most sixteen bytes where sixteen can be read: where it lies, unless the buffer may end before. */
static inline const char *as_sixteen(const struct dora__arrow_array *array, dora_string text, char copy[16]) {
    bool is_view = array->type.form == DORA__ARROW_VIEW;
    if (!is_view && array->high - (text.data - array->more) >= 16)
        return text.data;
    memset(copy, 0, 16);
    if (is_view && text.size <= 12)
        memcpy(copy, text.data, 12); /* all of them are in the view */
    else
        memcpy(copy, text.data, text.size);
    return copy;
}

static inline bool are_ascii(const char *sixteen) {
    return !((dora__load_le64(sixteen) | dora__load_le64(sixteen + 8)) & UINT64_C(0x8080808080808080));
}

/* Strings by themselves, mostly short and few. */
static dora_status take_strings(struct dora__arrow_block *block, struct dora__arrow_column *column, const uint8_t *list,
                                size_t count) {
    const struct dora__arrow_array *array = &column->value;
    struct dora__pool *pool = dora__facts_pool(block->facts, (enum dora__type)dora__fields[column->field].type);
    uint32_t *out = block->values[column->field];
    for (size_t k = 0; k < count; k++) {
        char copy[16];
        dora_string text;
        size_t i = list[k];
        if (!dora__arrow_text_at(array, block->first + i, &text))
            return DORA_ERROR_INPUT;
        if (text.size == 0)
            continue;
        bool is_short = text.size <= DORA__RECALL_MOST;
        if (is_short)
            text.data = as_sixteen(array, text, copy);
        const char *reason = is_short && are_ascii(text.data) ? NULL : dora__arrow_check_string(text);
        if (reason) {
            dora__arrow_blame(block, i, column->field, reason);
            continue;
        }
        dora_status status = is_short ? dora__recall(column->recall, pool, text.data, text.size, &out[i])
                                      : dora__pool_intern(pool, text.data, text.size, &out[i]);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}

static dora_status take_ids(struct dora__arrow_block *block, struct dora__arrow_column *column, const uint8_t *list,
                            size_t count) {
    for (size_t i = 0; i < ROWS; i++)
        block->ids[i] = (dora_string){"", 0};
    for (size_t k = 0; k < count; k++) {
        size_t at, i = list[k];
        bool valid;
        dora_status status = find_value(column, block->first + i, &at, &valid);
        if (status == DORA_OK && !valid)
            continue;
        if (status != DORA_OK || !dora__arrow_string_at(&column->value, at, block->digits[i], &block->ids[i]))
            return DORA_ERROR_INPUT;
        const char *reason = dora__arrow_check_string(block->ids[i]);
        if (reason)
            dora__arrow_blame(block, i, DORA__ID, reason);
    }
    return DORA_OK;
}

/* The items of text split at ; and spaces. */
static dora_status add_split(struct dora__arrow_block *block, dora_string text) {
    for (size_t i = 0; i < text.size; i++) {
        size_t from = i;
        while (i < text.size && text.data[i] != ';' && text.data[i] != ' ')
            i++;
        dora_status status = dora__items_add(block->facts, &block->items, text.data + from, i - from);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}

/* An item of a list, or text to be split. INPUT with a reason, or without: the array is broken. */
static dora_status add_item(struct dora__arrow_block *block, const struct dora__arrow_column *column, size_t row,
                            const char **reason) {
    char digits[DORA__DIGITS_ROOM];
    dora_string text;
    size_t at;
    bool valid;
    const struct dora__arrow_array *outer = column->is_coded ? &column->codes : &column->value;
    if (!dora__arrow_is_valid(outer, row))
        return DORA_OK;
    dora_status status = find_value(column, row, &at, &valid);
    if (status != DORA_OK || !valid)
        return status;
    if (!dora__arrow_string_at(&column->value, at, digits, &text) || (*reason = dora__arrow_check_string(text)))
        return DORA_ERROR_INPUT;
    return column->is_list ? dora__items_add(block->facts, &block->items, text.data, text.size)
                           : add_split(block, text);
}

static dora_status take_lists(struct dora__arrow_block *block, struct dora__arrow_column *column, const uint8_t *list,
                              size_t count) {
    size_t child_length = column->is_coded ? column->codes.length : column->value.length;
    for (size_t k = 0; k < count; k++) {
        size_t i = list[k], from = block->first + i, to = from + 1;
        const char *reason = NULL;
        if (column->is_list && !dora__arrow_list_at(&column->list, from, child_length, &from, &to))
            return DORA_ERROR_INPUT;
        block->items_from[i] = block->items.count;
        for (; from < to && !reason; from++) {
            dora_status status = add_item(block, column, from, &reason);
            if (status != DORA_OK && !reason)
                return status;
        }
        block->items_to[i] = block->items.count;
        if (reason)
            dora__arrow_blame(block, i, column->field, reason);
        else if (column->is_list || block->items_to[i] > block->items_from[i])
            block->lists.words[i / 64] |= UINT64_C(1) << i % 64;
    }
    return DORA_OK;
}

dora_status dora__arrow_take(struct dora__arrow_block *block, struct dora__arrow_column *column) {
    uint8_t list[ROWS];
    enum dora__field field = column->field;
    struct dora__arrow_mask mask = rows_of(block, column);
    size_t count = dora__arrow_rows(&mask, block->rows, list);
    if (field == DORA__ID)
        return take_ids(block, column, list, count);
    if (count == 0)
        return DORA_OK;
    block->stated |= DORA__BIT(field);
    if (dora__fields[field].type == DORA__LIST)
        return take_lists(block, column, list, count);
    enum dora__arrow_form form = column->value.type.form;
    bool are_times = form == DORA__ARROW_TIME && !column->is_coded;
    if (are_times)
        prefetch_next(&column->value, block->first, block->rows);
    if (are_times && count == block->rows && column->value.type.width == 8 && take_full_times(block, column))
        return DORA_OK;
    if (!column->is_coded && form == DORA__ARROW_BOOL) {
        take_bits(block, column, &mask);
        return DORA_OK;
    }
    clear_values(block, field);
    if (column->remembers)
        return take_remembered(block, column, list, count);
    if (column->recall)
        return take_strings(block, column, list, count);
    if (are_times) {
        take_times(block, column, list, count);
        return DORA_OK;
    }
    return take_values(block, column, list, count);
}

/* Whether a row that is not null says something. What is broken does. */
static bool says_something(const struct dora__arrow_column *column, size_t row) {
    size_t at;
    bool valid;
    dora_string text;
    if (column->is_list || find_value(column, row, &at, &valid) != DORA_OK)
        return true;
    bool is_text = column->value.type.form == DORA__ARROW_TEXT || column->value.type.form == DORA__ARROW_VIEW;
    return valid && (!is_text || !dora__arrow_text_at(&column->value, at, &text) || text.size);
}

void dora__arrow_having(struct dora__arrow_column *column, const struct dora__arrow_block *block,
                        struct dora__arrow_mask *mask) {
    uint8_t list[ROWS];
    struct dora__arrow_mask valid;
    dora__arrow_valid(dora__arrow_outer(column), block->first, block->rows, valid.words);
    for (size_t word = 0; word < DORA__MASK_WORDS; word++)
        mask->words[word] &= valid.words[word];
    enum dora__arrow_form form = column->value.type.form;
    if (!column->is_coded && form != DORA__ARROW_TEXT && form != DORA__ARROW_VIEW)
        return;
    size_t count = dora__arrow_rows(mask, block->rows, list);
    for (size_t k = 0; k < count; k++)
        if (!says_something(column, block->first + list[k]))
            mask->words[list[k] / 64] &= ~(UINT64_C(1) << list[k] % 64);
}

dora_string dora__arrow_shown(struct dora__arrow_column *column, size_t row) {
    char digits[DORA__DIGITS_ROOM];
    size_t at;
    bool valid;
    dora_string text;
    if (find_value(column, row, &at, &valid) != DORA_OK || !valid ||
        !dora__arrow_string_at(&column->value, at, digits, &text))
        return (dora_string){NULL, 0};
    return text;
}
