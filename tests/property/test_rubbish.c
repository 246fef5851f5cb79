/* SPDX-License-Identifier: MIT */
/*
 * Random bytes made of what CSV and JSON are made of, with short longest records: quotes that never close, rows without
 * end, broken lines. However they are cut into pieces, the same records are rejected for the same reasons at the same
 * places, and the same facts are left.
 */
#include "../support/fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 2000, ROOM = 700 };

/* What the pieces of an alphabet are and how a good record looks. */
static const struct {
    dora_format format;
    const char *header, *letters, *good;
} forms[] = {
    {DORA_FORMAT_CSV, "id,service,a\n", "\"\"\",,\n\n\rab;x\xc3\xa9 1", "\nab,x,1\n"},
    {DORA_FORMAT_NDJSON, "{\"id\":\"x\",\"service\":\"y\"}\n", "{}\"\"::,,[]\n\n\\u0ab1-.e \r\t",
     "\n{\"id\":\"x\",\"service\":\"y\"}\n"},
    {DORA_FORMAT_AUTO, "\"id\n\";service\n", "\"\"\";;\n\n\rab{\"x\t", "\nab;x\n"},
};

static size_t make_input(uint64_t *state, size_t form, char *bytes) {
    size_t size = random_below(state, 600), at = 0, letters = strlen(forms[form].letters);
    if (random_below(state, 2))
        at = (size_t)snprintf(bytes, ROOM, "%s", forms[form].header);
    while (at < size) {
        if (random_below(state, 12) == 0)
            at += (size_t)snprintf(bytes + at, ROOM - at, "%s", forms[form].good);
        else
            bytes[at++] = forms[form].letters[random_below(state, (uint32_t)letters)];
    }
    return at;
}

static int note_reject(void *context, const dora_error *error) {
    char text[400];
    snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", error->record, error->line, error->byte,
             error->message);
    bytes_puts(context, text);
    return 0;
}

/* Pieces of at most `most` bytes, 0 for all at once. */
static void read_pieces(const char *bytes, size_t size, size_t most, uint64_t *state, dora_reader_options options,
                        struct bytes *out) {
    dora_engine *engine;
    dora_reader *reader;
    dora_error error;
    dora_status status = DORA_OK;
    options.on_reject = note_reject;
    options.on_reject_context = out;
    assert_int_equal(dora_engine_new(NULL, &engine, &error), DORA_OK);
    assert_int_equal(dora_reader_new(engine, &options, &reader, &error), DORA_OK);
    for (size_t at = 0, piece; at < size && status == DORA_OK; at += piece) {
        piece = most ? 1 + random_below(state, (uint32_t)most) : size;
        piece = piece < size - at ? piece : size - at;
        char *copy = malloc(piece); /* of its own, so that reading past it is seen */
        assert_non_null(copy);
        memcpy(copy, bytes + at, piece);
        status = dora_reader_feed(reader, copy, piece, &error);
        free(copy);
    }
    if (status == DORA_OK)
        status = dora_reader_finish(reader, &error);
    if (status != DORA_OK)
        bytes_puts(out, error.message);
    dora_reader_free(reader);
    const dora_writer_options json = {.struct_size = sizeof json, .output = DORA_OUTPUT_JSON};
    assert_int_equal(dora_account_write(engine, &json, bytes_append, out, &error), DORA_OK);
    dora_engine_free(engine);
}

static void test_pieces(void **unused) {
    (void)unused;
    static const size_t limits[] = {1, 8, 16, 33, 64, 0}, pieces[] = {1, 3, 10, 40, 100};
    struct bytes want = {0}, got = {0};
    char bytes[ROOM];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t state = seed * 2654435761u;
        size_t form = seed % 3, size = make_input(&state, form, bytes);
        const dora_reader_options options = {.struct_size = sizeof options,
                                             .format = forms[form].format,
                                             .record_bytes_max = limits[random_below(&state, 6)]};
        want.size = 0;
        read_pieces(bytes, size, 0, &state, options, &want);
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            got.size = 0;
            read_pieces(bytes, size, pieces[i], &state, options, &got);
            if (got.size != want.size || memcmp(got.data, want.data, got.size) != 0)
                fail_msg("seed %" PRIu64 ", pieces of up to %zu:\n%.*s\nand at once:\n%.*s", seed, pieces[i],
                         (int)got.size, got.data, (int)want.size, want.data);
        }
    }
    bytes_free(&want);
    bytes_free(&got);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
