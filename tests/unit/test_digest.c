/* SPDX-License-Identifier: MIT */
/*
 * The digest against values of OpenSSL's SipHash (key of zeros, 16 bytes, of the bytes 0, 1, 2, ...), however the bytes
 * are split.
 */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    size_t size;
    const char *digest;
} known[] = {
    {0, "5049D74780A3E07D4202AB47D4CEF2F4"}, {1, "D41E12E85E4CAFB831F094E57538B801"},
    {7, "78369BF9405CE46157D77FF83381B2FF"}, {8, "4B6534F901EB440EE95540294A75AF84"},
    {9, "D8C7E44C0313EB9659B9A4F89B623E94"}, {63, "4E3D42CF5DF942EF96FAE55B4875D8DE"},
};

static void as_text(struct dora__digest digest, char text[33]) {
    for (int i = 0; i < DORA__DIGEST_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02X", digest.bytes[i]);
}

static void test_known_values(void **unused) {
    (void)unused;
    unsigned char bytes[64];
    char text[33];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        as_text(dora__digest_of(bytes, known[i].size), text);
        assert_string_equal(text, known[i].digest);
    }
    assert_true(dora__checksum(bytes, 0) == UINT64_C(0x7DE0A38047D74950));
}

static void test_any_split(void **unused) {
    (void)unused;
    unsigned char bytes[63];
    char text[33];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (size_t first = 0; first <= sizeof bytes; first++)
        for (size_t second = first; second <= sizeof bytes; second++) {
            struct dora__digesting digesting;
            dora__digest_begin(&digesting);
            dora__digest_add(&digesting, bytes, first);
            dora__digest_add(&digesting, bytes + first, second - first);
            dora__digest_add(&digesting, bytes + second, sizeof bytes - second);
            as_text(dora__digest_end(&digesting), text);
            assert_string_equal(text, known[5].digest);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_any_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
