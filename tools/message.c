/* SPDX-License-Identifier: MIT */
/* See message.h. */
#include "message.h"

#include "progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_ROOM = 16384 };

/* The length of the well-formed UTF-8 sequence that text begins with and its code point; 0 where it is ill-formed. */
static size_t decode(const unsigned char *text, uint32_t *point) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    *point = text[0];
    if (length == 1)
        return 1;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    *point = text[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        *point = *point << 6 | (text[i] & 0x3F);
    }
    return *point < least[length] || *point > 0x10FFFF || (*point >= 0xD800 && *point <= 0xDFFF) ? 0 : length;
}

/* Controls, and formatting that hides or reorders what is shown. */
static int unsafe(uint32_t point) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0x61C, 0x61C},   {0x200B, 0x200F},   {0x2028, 0x202E},
        {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return 1;
    return 0;
}

static void print_escaped(const char *text, FILE *file) {
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        uint32_t point;
        size_t length = decode(s, &point);
        if (length == 0)
            fprintf(file, "\\x%02x", *s);
        else if (!unsafe(point))
            fwrite(s, 1, length, file);
        else
            fprintf(file, point < 0x100 ? "\\x%02" PRIx32 : "\\u{%" PRIx32 "}", point);
        s += length ? length : 1;
    }
}

static void print(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static void print(const char *format, va_list arguments) {
    static char line[MESSAGE_ROOM];
    vsnprintf(line, sizeof line, format, arguments);
    progress_erase();
    fputs("dora: ", stderr);
    print_escaped(line, stderr);
    fputc('\n', stderr);
    fflush(stderr);
}

void message(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

enum code usage_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    return CODE_USAGE;
}

enum code memory_error(void) {
    message("out of memory");
    return CODE_IO;
}

enum code code_of(dora_status status) {
    static const enum code codes[] = {
        [DORA_OK] = CODE_DONE,           [DORA_ERROR_ARGUMENT] = CODE_USAGE, [DORA_ERROR_MEMORY] = CODE_IO,
        [DORA_ERROR_INPUT] = CODE_INPUT, [DORA_ERROR_LIMIT] = CODE_IO,       [DORA_ERROR_CANCELLED] = CODE_IO,
        [DORA_ERROR_IO] = CODE_IO,       [DORA_ERROR_STATE] = CODE_INPUT,    [DORA_ERROR_REPEATED] = CODE_INPUT,
    };
    return (size_t)status < sizeof codes / sizeof codes[0] ? codes[status] : CODE_IO;
}

enum code library_error(const dora_error *error) {
    message("%s", error->message);
    return code_of(error->status);
}

struct grouped grouped(uint64_t number) {
    struct grouped out;
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            out.text[used++] = ',';
        out.text[used++] = digits[i];
    }
    out.text[used] = '\0';
    return out;
}
