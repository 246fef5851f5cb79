/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions: what matches and where, what is none, random ones that are read to an end, and one that takes
 * ages where ways of matching are tried one after the other.
 */
#include "read/source/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *pattern, *text;
    int from, to;             /* -1: no match */
    int group_from, group_to; /* -1: it took no part */
} matches[] = {
    {"b", "abc", 1, 2, -1, -1},
    {"", "abc", 0, 0, -1, -1},
    {"^b", "abc", -1, 0, -1, -1},
    {"c$", "abc", 2, 3, -1, -1},
    {"^$", "", 0, 0, -1, -1},
    {"a*", "aaab", 0, 3, -1, -1},
    {"ba*", "aabaa", 2, 5, -1, -1},
    {"a+b?", "caab", 1, 4, -1, -1},
    {"(ab|a)(bc)?", "abc", 0, 2, 0, 2},
    {"(a|ab)(bc)?", "abc", 0, 3, 0, 1},
    {"x(y)?z", "xz", 0, 2, -1, -1},
    {"(a*)*b", "aab", 0, 3, 0, 2},
    {"(a|b)*c|d", "ababd", 4, 5, -1, -1},
    {"^(.*[^0-9A-Za-z.])?v?\\d+([._]\\d+)+$", "curl-7_81_0", 0, 11, 0, 7},
    {"^(.*[^0-9A-Za-z.])?v?\\d+([._]\\d+)+$", "v1.2.3", 0, 6, -1, -1},
    {"^(.*[^0-9A-Za-z.])?v?\\d+([._]\\d+)+$", "v1.2.3-rc1", -1, 0, -1, -1},
    {"[^a-c]", "abcd", 3, 4, -1, -1},
    {"[]x]+", "a]x]", 1, 4, -1, -1},
    {"[a\\d-]+", "b-1a", 1, 4, -1, -1},
    {"\\.\\w+\\s", "a.b_1 c", 1, 6, -1, -1},
    {"a.c",
     "a\xC3\xA9"
     "c",
     0, 4, -1, -1},
    {"\xC3\xA9[^x]", "\xC3\xA9\xE2\x82\xAC", 0, 5, -1, -1},
    {"deploy-(.*)-job", "deploy-a-b-job", 0, 14, 7, 10},
    {"a||b", "b", 0, 0, -1, -1},
    {"()", "a", 0, 0, 0, 0},
};

static const char *const wrong[] = {"(", ")", "*", "a**", "[", "[a", "\\", "\\q", "^*", "[z-a]", "\xFF", "[\xC3\xA9]"};

static void test_matches(void **state) {
    (void)state;
    struct dora__memory memory;
    dora__memory_init(&memory, NULL);
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
        struct dora__pattern pattern = {0};
        size_t slots[DORA__PATTERN_SLOTS] = {0};
        const char *text = matches[i].text;
        assert_int_equal(dora__pattern_parse(&pattern, &memory, matches[i].pattern, strlen(matches[i].pattern), NULL),
                         DORA_OK);
        for (int again = 0; again < 2; again++) {
            bool found = dora__pattern_find(&pattern, text, strlen(text), slots);
            int got[4] = {-1, 0, -1, -1};
            for (int k = 0; k < 4 && found; k++)
                got[k] = slots[k] == SIZE_MAX ? -1 : (int)slots[k];
            if (got[0] != matches[i].from || got[1] != matches[i].to || got[2] != matches[i].group_from ||
                got[3] != matches[i].group_to)
                fail_msg("%s in %s: %d %d, %d %d", matches[i].pattern, text, got[0], got[1], got[2], got[3]);
        }
        dora__pattern_free(&pattern);
    }
}

static void test_wrong(void **state) {
    (void)state;
    struct dora__memory memory;
    dora__memory_init(&memory, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct dora__pattern pattern = {0};
        if (dora__pattern_parse(&pattern, &memory, wrong[i], strlen(wrong[i]), NULL) != DORA_ERROR_ARGUMENT)
            fail_msg("%s was taken", wrong[i]);
        dora__pattern_free(&pattern);
    }
}

/* 32,000 characters against (a*)*(a|aa)+$ and the like. */
static void test_time(void **state) {
    (void)state;
    enum { SIZE = 32000 };
    static const char *const patterns[] = {"(a*)*(a|aa)+$", "(a|a|a)*b", "(((a+)+)+)+c", "(.*)(.*)(.*)(.*)x"};
    struct dora__memory memory;
    dora__memory_init(&memory, NULL);
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'a', SIZE);
    text[SIZE - 1] = '!';
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct dora__pattern pattern = {0};
        size_t slots[DORA__PATTERN_SLOTS];
        assert_int_equal(dora__pattern_parse(&pattern, &memory, patterns[i], strlen(patterns[i]), NULL), DORA_OK);
        assert_false(dora__pattern_find(&pattern, text, SIZE, slots));
        dora__pattern_free(&pattern);
    }
    free(text);
}

static void test_rubbish(void **state) {
    (void)state;
    static const char letters[] = "ab()|*+?[]^$.\\d-";
    struct dora__memory memory;
    dora__memory_init(&memory, NULL);
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 20000; round++) {
        char text[24];
        size_t slots[DORA__PATTERN_SLOTS], size = (size_t)round % sizeof text;
        for (size_t i = 0; i < size; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            text[i] = letters[random % (sizeof letters - 1)];
        }
        struct dora__pattern pattern = {0};
        if (dora__pattern_parse(&pattern, &memory, text, size, NULL) == DORA_OK)
            dora__pattern_find(&pattern, "abbaab.d-a", 10, slots);
        dora__pattern_free(&pattern);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
