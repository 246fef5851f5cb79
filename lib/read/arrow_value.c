/* SPDX-License-Identifier: MIT */
/* See arrow_value.h. */
#include "read/arrow_value.h"

#include "base/text.h"
#include "base/utf8.h"
#include "calendar/instant.h"
#include "read/cell.h"

#include <math.h>
#include <string.h>

#define FORM(form) (1u << DORA__ARROW_##form)
#define ANY_TEXT   (FORM(TEXT) | FORM(VIEW))

enum { STRING_MOST = 1 << 30 };

static const char instant_out_of_range[] = "instant out of range";

static const struct {
    unsigned forms;
    const char *wanted;
} accepted[] = {
    [DORA__INSTANT] = {FORM(TIME) | FORM(INTEGER) | FORM(FLOAT) | ANY_TEXT, "an instant"},
    [DORA__NUMBER] = {FORM(INTEGER) | FORM(FLOAT) | ANY_TEXT, "a number"},
    [DORA__STRING] = {FORM(INTEGER) | ANY_TEXT, "a string"},
    [DORA__SERVICE] = {FORM(INTEGER) | ANY_TEXT, "a string"},
    [DORA__LIST] = {ANY_TEXT, "a list of strings"},
    [DORA__BOOL] = {FORM(BOOL) | FORM(INTEGER) | ANY_TEXT, "a boolean"},
    [DORA__STATUS] = {ANY_TEXT, "a status"},
};

bool dora__arrow_fits(const struct dora__arrow_type *type, enum dora__field field, bool is_item) {
    unsigned forms = accepted[is_item ? DORA__STRING : dora__fields[field].type].forms;
    if (field == DORA__KIND)
        forms = ANY_TEXT;
    return (forms | FORM(NULL)) >> type->form & 1 && (!is_item || dora__fields[field].type == DORA__LIST);
}

const char *dora__arrow_wanted(enum dora__field field) {
    return accepted[dora__fields[field].type].wanted;
}

struct dora__arrow_range dora__arrow_time_range(int64_t unit_us) {
    if (!unit_us)
        return (struct dora__arrow_range){DORA__INSTANT_MIN * 1000, INT64_MAX};
    return (struct dora__arrow_range){DORA__INSTANT_MIN / unit_us, DORA__INSTANT_MAX / unit_us};
}

/* An epoch number: its size tells its unit, as for text in calendar/instant. */
static const char *epoch_of(struct dora__arrow_integer integer, int64_t *instant_us) {
    static const struct {
        uint64_t below;
        uint64_t unit_us;
    } units[] = {
        {UINT64_C(100000000000), 1000000},
        {UINT64_C(100000000000000), 1000},
        {UINT64_C(100000000000000000), 1},
    };
    uint64_t us = (integer.size + (integer.negative ? 999 : 0)) / 1000;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (integer.size < units[i].below) {
            us = integer.size * units[i].unit_us;
            break;
        }
    int64_t value = integer.negative ? -(int64_t)us : (int64_t)us;
    if (value < DORA__INSTANT_MIN || value > DORA__INSTANT_MAX)
        return instant_out_of_range;
    *instant_us = value;
    return NULL;
}

static const char *take_float(double number, bool is_instant, int64_t *value) {
    char text[DORA__NUMBER_ROOM];
    if (isnan(number))
        return NULL;
    if (isinf(number))
        return is_instant ? instant_out_of_range : "number out of range";
    size_t size = dora__format_double(text, number);
    return is_instant ? dora__parse_epoch(text, size, value) : dora__parse_millionths(text, size, value);
}

static const char *take_integer(struct dora__arrow_integer integer, enum dora__type type, int64_t *value) {
    if (type == DORA__INSTANT)
        return epoch_of(integer, value);
    if (type == DORA__BOOL) {
        *value = integer.size == 1 && !integer.negative ? 2 : 1;
        return integer.size > 1 || integer.negative ? "not a boolean" : NULL;
    }
    if (integer.size > UINT64_C(1000000000000))
        return "number out of range";
    *value = (int64_t)integer.size * (integer.negative ? -1000000 : 1000000);
    return NULL;
}

/* Text of a field that is no string. */
static const char *take_text(dora_string text, enum dora__field field, int64_t *value) {
    int found = -1;
    const char *reason = NULL;
    if (text.size == 0)
        return NULL;
    if (field == DORA__KIND) {
        found = dora__kind_find(text.data, text.size);
        reason = "unknown kind";
    } else if (dora__fields[field].type == DORA__INSTANT) {
        return dora__parse_instant(text.data, text.size, value);
    } else if (dora__fields[field].type == DORA__NUMBER) {
        return dora__cell_number(text.data, text.size, value);
    } else if (dora__fields[field].type == DORA__BOOL) {
        found = dora__cell_bool(text.data, text.size);
        reason = "not a boolean";
    } else {
        found = dora__status_find(text.data, text.size);
        reason = "not one of in_progress, canceled, success, failure";
    }
    *value = found + 1;
    return found < 0 ? reason : NULL;
}

bool dora__arrow_string_at(const struct dora__arrow_array *array, size_t row, char digits[DORA__DIGITS_ROOM],
                           dora_string *text) {
    if (array->type.form != DORA__ARROW_INTEGER)
        return dora__arrow_text_at(array, row, text);
    struct dora__arrow_integer integer = dora__arrow_integer_at(array, row);
    char *at = digits + DORA__DIGITS_ROOM;
    do
        *--at = (char)('0' + integer.size % 10);
    while (integer.size /= 10);
    if (integer.negative)
        *--at = '-';
    *text = (dora_string){at, (size_t)(digits + DORA__DIGITS_ROOM - at)};
    return true;
}

const char *dora__arrow_check_string(dora_string text) {
    if (text.size > STRING_MOST)
        return "longer than 1 GiB";
    return dora__utf8_valid(text.data, text.size) ? NULL : "ill-formed UTF-8";
}

static dora_status take_string(struct dora__facts *facts, dora_string text, enum dora__field field, uint32_t *last,
                               int64_t *value, const char **reason) {
    struct dora__pool *pool = dora__facts_pool(facts, (enum dora__type)dora__fields[field].type);
    dora_string known = dora__pool_get(pool, *last);
    dora_status status = DORA_OK;
    if (text.size == 0)
        return DORA_OK;
    if (known.size != text.size || memcmp(known.data, text.data, text.size) != 0) {
        *reason = dora__arrow_check_string(text);
        status = *reason ? DORA_ERROR_INPUT : dora__pool_intern(pool, text.data, text.size, last);
    }
    *value = *last;
    return status;
}

dora_status dora__arrow_value_at(struct dora__facts *facts, const struct dora__arrow_array *array, size_t row,
                                 enum dora__field field, uint32_t *last, int64_t *value, const char **reason) {
    enum dora__type type = (enum dora__type)dora__fields[field].type;
    bool is_instant = type == DORA__INSTANT;
    char digits[DORA__DIGITS_ROOM];
    dora_string text;
    *value = is_instant || type == DORA__NUMBER ? DORA_ABSENT : 0;
    *reason = NULL;
    if (field != DORA__KIND && (type == DORA__STRING || type == DORA__SERVICE)) {
        if (!dora__arrow_string_at(array, row, digits, &text))
            return DORA_ERROR_INPUT;
        return take_string(facts, text, field, last, value, reason);
    }
    switch (array->type.form) {
    case DORA__ARROW_TIME: {
        int64_t time = dora__arrow_time_at(array, row);
        struct dora__arrow_range range = dora__arrow_time_range(array->type.unit_us);
        if (time < range.least || time > range.most)
            *reason = instant_out_of_range;
        else
            *value = dora__arrow_time_us(time, array->type.unit_us);
        break;
    }
    case DORA__ARROW_BOOL:
        *value = 1 + dora__arrow_bool_at(array, row);
        break;
    case DORA__ARROW_INTEGER:
        *reason = take_integer(dora__arrow_integer_at(array, row), type, value);
        break;
    case DORA__ARROW_FLOAT:
        *reason = take_float(dora__arrow_float_at(array, row), is_instant, value);
        break;
    default:
        if (!dora__arrow_text_at(array, row, &text))
            return DORA_ERROR_INPUT;
        *reason = take_text(text, field, value);
    }
    return *reason ? DORA_ERROR_INPUT : DORA_OK;
}
