/* SPDX-License-Identifier: MIT */
/*
 * The functions of a mapping's expressions. Each makes a text of a text in its place; what finds nothing leaves
 * nothing. Of a list, whose values end in `between` each, it is applied to every one. No result is longer than its
 * text, but for an instant, of which there is no list, and for which there is room.
 */
#include "base/text.h"
#include "calendar/instant.h"
#include "read/source/source.h"

#include <string.h>

/* As microseconds, reversed instants are still told to be microseconds, for the years 1900 to 4000 and more. */
#define REVERSED_FROM_US INT64_C(90000000000000000)

typedef size_t function(char *text, size_t size, struct dora__span argument);

static size_t keep(char *text, size_t from, size_t size) {
    memmove(text, text + from, size - from);
    return size - from;
}

static size_t last_of(char *text, size_t size, struct dora__span argument) {
    (void)argument;
    size_t slash = size;
    while (slash > 0 && text[slash - 1] != '/')
        slash--;
    return keep(text, slash, size);
}

static size_t find(const char *text, size_t size, struct dora__span what) {
    for (size_t at = 0; at + what.size <= size; at++)
        if (memcmp(text + at, what.data, what.size) == 0)
            return at;
    return size;
}

static size_t before(char *text, size_t size, struct dora__span argument) {
    size_t at = find(text, size, argument);
    return at < size ? at : 0;
}

static size_t after(char *text, size_t size, struct dora__span argument) {
    size_t at = find(text, size, argument);
    return at < size ? keep(text, at + argument.size, size) : 0;
}

static size_t lower(char *text, size_t size, struct dora__span argument) {
    (void)argument;
    for (size_t i = 0; i < size; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] | 0x20);
    return size;
}

/* Without a branch a digit, which is some 40 for nearly each item of most exports. */
static size_t hash(char *text, size_t size, struct dora__span argument) {
    unsigned bad = 0, seen = 0;
    (void)argument;
    if (size != 40 && size != 64)
        return 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i], small = (unsigned char)(c | 0x20);
        unsigned digit = (unsigned char)(c - '0') < 10, letter = (unsigned char)(small - 'a') < 6;
        bad |= !(digit | letter);
        seen |= (unsigned)c ^ '0';
        text[i] = (char)(letter ? small : c);
    }
    return bad || !seen ? 0 : size;
}

static size_t reversed(char *text, size_t size, struct dora__span argument) {
    (void)argument;
    int64_t instant_us;
    char digits[DORA__NUMBER_ROOM];
    if (dora__parse_instant(text, size, &instant_us) && dora__parse_epoch(text, size, &instant_us))
        return 0;
    size_t count = dora__format_int64(digits, REVERSED_FROM_US - instant_us);
    memcpy(text, digits, count);
    return count;
}

/* Of each expression the leftmost match, of other words the whole. */
static size_t match(const struct dora__mapping *mapping, const struct dora__part *part, char *text, size_t size) {
    size_t slots[DORA__PATTERN_SLOTS];
    for (size_t i = 0; i < part->words_count; i++) {
        if (!dora__word_matches(&mapping->words[part->words_from + i], text, size, slots))
            continue;
        size_t group = slots[2] == SIZE_MAX ? 0 : 2;
        return keep(text, slots[group], slots[group + 1]);
    }
    return 0;
}

void dora__apply_function(struct dora_reader *reader, const struct dora__part *part, size_t from, bool list) {
    static function *const functions[] = {
        [DORA__FUNCTION_LAST] = last_of, [DORA__FUNCTION_BEFORE] = before, [DORA__FUNCTION_AFTER] = after,
        [DORA__FUNCTION_LOWER] = lower,  [DORA__FUNCTION_HASH] = hash,     [DORA__FUNCTION_REVERSED] = reversed,
    };
    struct dora__export *source = reader->source;
    if (list && part->function == DORA__FUNCTION_REVERSED)
        source->text_size = from;
    if (!dora__grow(reader->memory, (void **)&source->text, &source->text_capacity,
                    source->text_size + DORA__NUMBER_ROOM, 1)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        source->text_size = from;
        return;
    }
    char *text = source->text;
    size_t end = source->text_size, used = from;
    for (size_t at = from; at < end;) {
        char *space = list ? memchr(text + at, source->between, end - at) : NULL;
        size_t size = space ? (size_t)(space - text) - at : end - at, next = at + size + (space != NULL);
        memmove(text + used, text + at, size);
        size_t kept = part->function == DORA__FUNCTION_MATCH ? match(&source->mapping, part, text + used, size)
                                                             : functions[part->function](text + used, size, part->text);
        used += kept;
        if (kept && space)
            text[used++] = source->between;
        at = next;
    }
    source->text_size = used;
}
