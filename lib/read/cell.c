/* SPDX-License-Identifier: MIT */
/* See cell.h. */
#include "read/cell.h"

#include "calendar/instant.h"

#include <string.h>

int dora__cell_bool(const char *text, size_t size) {
    static const struct {
        const char *word;
        int value;
    } words[] = {{"false", 0}, {"true", 1}, {"0", 0}, {"1", 1}, {"no", 0}, {"yes", 1}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t k = 0;
        const char *word = words[i].word;
        while (k < size && word[k] && (text[k] == word[k] || (word[k] >= 'a' && (text[k] | 0x20) == word[k])))
            k++;
        if (k == size && !word[k])
            return words[i].value;
    }
    return -1;
}

/* The place behind the digits that stand at `at`. */
static size_t skip_digits(const char *text, size_t size, size_t at) {
    while (at < size && text[at] >= '0' && text[at] <= '9')
        at++;
    return at;
}

static int is_json_number(const char *text, size_t size) {
    size_t from = size && text[0] == '-', at = skip_digits(text, size, from);
    if (at == from || (text[from] == '0' && at > from + 1))
        return 0;
    if (at < size && text[at] == '.') {
        from = at + 1;
        at = skip_digits(text, size, from);
        if (at == from)
            return 0;
    }
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        from = at + 1;
        from += from < size && (text[from] == '+' || text[from] == '-');
        at = skip_digits(text, size, from);
        if (at == from)
            return 0;
    }
    return at == size;
}

const char *dora__cell_number(const char *text, size_t size, int64_t *millionths) {
    if (!is_json_number(text, size))
        return "not a number";
    return dora__parse_millionths(text, size, millionths);
}
