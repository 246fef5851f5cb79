/* SPDX-License-Identifier: MIT */
/* See escape.h. The library lets in no ill-formed UTF-8; should some come by all the same, it is shown as such. */
#include "write/escape.h"

#include "base/error.h"
#include "base/utf8.h"

#include <string.h>

static bool is_plain_json(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

static char *put_unit(char *out, uint32_t unit) {
    static const char digits[] = "0123456789abcdef";
    *out++ = '\\';
    *out++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *out++ = digits[unit >> shift & 15];
    return out;
}

/* \uXXXX, or the pair of surrogates. */
static char *put_units(char *out, int32_t point) {
    uint32_t above = (uint32_t)point - 0x10000;
    if (point < 0x10000)
        return put_unit(out, point < 0 ? 0xFFFD : (uint32_t)point);
    return put_unit(put_unit(out, 0xD800 | above >> 10), 0xDC00 | (above & 0x3FF));
}

char *dora__escape_json(char *out, const char *bytes, size_t size) {
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* what has a short escape, and its letter */
    for (size_t i = 0, length; i < size; i += length) {
        length = 1;
        if (is_plain_json((unsigned char)bytes[i])) {
            *out++ = bytes[i];
            continue;
        }
        int32_t point = dora__utf8_decode(bytes + i, size - i, &length);
        size_t known = 0;
        while (letters[known] && letters[known] != point)
            known += 2;
        if (letters[known]) {
            *out++ = '\\';
            *out++ = letters[known + 1];
        } else if (point < 0 || dora__utf8_unsafe(point)) {
            out = put_units(out, point);
        } else {
            memcpy(out, bytes + i, length);
            out += length;
        }
    }
    return out;
}

void dora__text_json(struct dora__text *text, const char *bytes, size_t size) {
    enum { STEP = 256 };
    char piece[STEP * DORA__JSON_GROWTH];
    while (size) {
        size_t step = size < STEP ? size : STEP;
        while (step < size && step > STEP - 4 && (bytes[step] & 0xC0) == 0x80)
            step--; /* not inside of a character */
        dora__text_put(text, piece, (size_t)(dora__escape_json(piece, bytes, step) - piece));
        bytes += step;
        size -= step;
    }
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

static bool needs_quotes(const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == ',' || bytes[i] == '"' || bytes[i] == '\n' || bytes[i] == '\r')
            return true;
    return size && (is_blank(bytes[0]) || is_blank(bytes[size - 1]));
}

static char *put_quoted(char *out, const char *prefix, const char *bytes, size_t size) {
    *out++ = '"';
    while (*prefix)
        *out++ = *prefix++;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '"')
            *out++ = '"';
        *out++ = bytes[i];
    }
    *out++ = '"';
    return out;
}

char *dora__escape_csv(char *out, const char *bytes, size_t size) {
    if (needs_quotes(bytes, size))
        return put_quoted(out, "", bytes, size);
    if (size)
        memcpy(out, bytes, size);
    return out + size;
}

char *dora__escape_csv_safe(char *out, const char *bytes, size_t size) {
    static const int32_t starts[] = {'=', '+', '-', '@', '\t', '\r', '\n', 0xFF1D, 0xFF0B, 0xFF0D, 0xFF20};
    size_t length;
    int32_t first = size ? dora__utf8_decode(bytes, size, &length) : 0;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (first == starts[i])
            return put_quoted(out, "'", bytes, size);
    return put_quoted(out, "", bytes, size);
}

void dora__text_html(struct dora__text *text, dora_string string) {
    static const char signs[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t begin = 0;
    for (size_t i = 0; i < string.size; i++) {
        const char *sign = string.data[i] ? strchr(signs, string.data[i]) : NULL;
        if (!sign)
            continue;
        dora__text_put(text, string.data + begin, i - begin);
        dora__text_puts(text, entities[sign - signs]);
        begin = i + 1;
    }
    if (string.size > begin)
        dora__text_put(text, string.data + begin, string.size - begin);
}

enum { MARKS_MOST = 4 }; /* combining marks on one character that are taken to have no width */

struct width_range {
    int32_t first, last;
    uint8_t columns;
};

/* By first; what lies between is 1 wide. */
static const struct width_range width_ranges[] = {
    {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x0610, 0x061A, 0},   {0x064B, 0x065F, 0},
    {0x0670, 0x0670, 0},   {0x06D6, 0x06DC, 0},   {0x0900, 0x0902, 0},   {0x093C, 0x093C, 0},   {0x0941, 0x0948, 0},
    {0x0E31, 0x0E31, 0},   {0x0E34, 0x0E3A, 0},   {0x0E47, 0x0E4E, 0},   {0x1100, 0x115F, 2},   {0x1AB0, 0x1AFF, 0},
    {0x1DC0, 0x1DFF, 0},   {0x20D0, 0x20F0, 0},   {0x231A, 0x231B, 2},   {0x23E9, 0x23EC, 2},   {0x26A1, 0x26A1, 2},
    {0x2705, 0x2705, 2},   {0x274C, 0x274C, 2},   {0x2753, 0x2755, 2},   {0x2B50, 0x2B50, 2},   {0x2E80, 0x303E, 2},
    {0x3041, 0x3098, 2},   {0x3099, 0x309A, 0},   {0x309B, 0x4DBF, 2},   {0x4E00, 0xA4CF, 2},   {0xA960, 0xA97C, 2},
    {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},   {0xFE20, 0xFE2F, 0},   {0xFE30, 0xFE6F, 2},
    {0xFF01, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},   {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1FAFF, 2},
    {0x20000, 0x3FFFD, 2}, {0xE0100, 0xE01EF, 0},
};

static size_t point_width(int32_t point) {
    size_t low = 0, high = sizeof width_ranges / sizeof *width_ranges;
    if (point < width_ranges[0].first)
        return 1;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (width_ranges[middle].first <= point)
            low = middle;
        else
            high = middle;
    }
    return point <= width_ranges[low].last ? width_ranges[low].columns : 1;
}

size_t dora__display_width(const char *bytes, size_t size) {
    size_t width = 0;
    for (size_t i = 0, length; i < size; i += length)
        width += point_width(dora__utf8_decode(bytes + i, size - i, &length));
    return width;
}

void dora__text_printable(struct dora__text *text, dora_string string, const char *special, size_t columns) {
    size_t cut = text->size, width = 0, marks = 0; /* cut: where the dots still fit */
    for (size_t i = 0, length; i < string.size && width <= columns; i += length) {
        char piece[16];
        dora__utf8_decode(string.data + i, string.size - i, &length);
        size_t shown = dora__printable(piece, sizeof piece, string.data + i, length);
        size_t wide = dora__display_width(piece, shown);
        marks = wide ? 0 : marks + 1;
        width += marks > MARKS_MOST ? 1 : wide; /* else marks upon marks had no end */
        if (special && strchr(special, piece[0]))
            dora__text_put(text, "\\", 1);
        dora__text_put(text, piece, shown);
        if (width + 3 <= columns)
            cut = text->size;
    }
    if (width <= columns || text->failed)
        return;
    text->size = cut;
    dora__text_puts(text, "...");
}
