/* SPDX-License-Identifier: MIT */
/* See cells.h. */
#include "write/cells.h"

#include "calendar/date_text.h"

#include <string.h>

struct dora__cells dora__cells_of(const dora_result *result, size_t column) {
    struct dora__cells cells = {
        .type = dora_result_type(result, column),
        .validity = dora_result_validity(result, column),
    };
    switch (cells.type) {
    case DORA_TYPE_INT64:
        cells.values = dora_result_int64(result, column);
        break;
    case DORA_TYPE_DOUBLE:
        cells.values = dora_result_double(result, column);
        break;
    case DORA_TYPE_STRING:
        cells.values = dora_result_string(result, column, &cells.bytes);
        break;
    case DORA_TYPE_DATE:
        cells.values = dora_result_date(result, column);
        break;
    case DORA_TYPE_BOOL:
        cells.values = dora_result_bool(result, column);
        break;
    }
    return cells;
}

char *dora__cells_format(char *out, const struct dora__cells *cells, size_t row) {
    static const char truth[2][6] = {"false", "true"};
    switch (cells->type) {
    case DORA_TYPE_INT64:
        return out + dora__format_int64(out, ((const int64_t *)cells->values)[row]);
    case DORA_TYPE_DOUBLE:
        return out + dora__format_double(out, ((const double *)cells->values)[row]);
    case DORA_TYPE_DATE:
        return out + dora__format_date(out, ((const int32_t *)cells->values)[row]);
    case DORA_TYPE_BOOL: {
        const char *word = truth[((const uint8_t *)cells->values)[row] != 0];
        memcpy(out, word, 5);
        return out + strlen(word);
    }
    case DORA_TYPE_STRING:
        break;
    }
    return out;
}

double dora__cells_double(const struct dora__cells *cells, size_t row) {
    if (cells->type == DORA_TYPE_INT64)
        return (double)((const int64_t *)cells->values)[row];
    return cells->type == DORA_TYPE_DOUBLE ? ((const double *)cells->values)[row] : 0;
}
