/* SPDX-License-Identifier: MIT */
/*
 * Records put into shards that are absorbed, against the same records put into one set of facts: the facts are the
 * same, field by field with when each was stated, and so are the counts. Rows and handles may differ.
 */
#include "facts/absorb.h"
#include "facts/record.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state;

static uint32_t below(uint32_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 11) % bound);
}

/* How records are drawn. */
struct manner {
    uint32_t kinds;   /* of the first so many kinds */
    uint32_t ids;     /* of so many; 0: none but where a kind needs one */
    uint32_t strings; /* of so many */
    bool plain;       /* no list, as_of or tombstone */
    bool odd;         /* instants that are no whole seconds */
};

static int64_t draw_instant(const struct manner *manner) {
    return (int64_t)below(5) * 1000000 + (manner->odd && below(3) == 0 ? 1 : 0);
}

static void add_string(struct dora__facts *facts, struct dora__record *record, enum dora__field field,
                       uint32_t number) {
    char text[24];
    int size = snprintf(text, sizeof text, "s%" PRIu32, number);
    assert_int_equal(dora__record_string(facts, record, field, text, (size_t)size), DORA_OK);
}

/* A number of the record's own says what it is, so that it can be put into any set of facts. */
static dora_status put_record(struct dora__facts *facts, struct dora__items *items, const struct manner *manner,
                              uint64_t number) {
    struct dora__record record;
    state = number * UINT64_C(0x9E3779B97F4A7C15) + 1;
    below(2);
    dora__record_begin(&record, (dora_kind)below(manner->kinds));
    if (dora__kinds[record.kind].needs_id || (manner->ids && below(4)))
        add_string(facts, &record, DORA__ID, below(manner->ids ? manner->ids : 3));
    if (!manner->plain && below(3) == 0)
        record.as_of = draw_instant(manner);
    record.deleted = !manner->plain && below(10) == 0;
    for (uint64_t left = dora__kinds[record.kind].fields; left; left &= left - 1) {
        enum dora__field field = (enum dora__field)__builtin_ctzll(left);
        enum dora__type type = (enum dora__type)dora__fields[field].type;
        if (below(3) == 0)
            continue;
        if (type == DORA__INSTANT || type == DORA__NUMBER) {
            dora__record_value(&record, field, draw_instant(manner));
        } else if (type == DORA__STRING || type == DORA__SERVICE) {
            add_string(facts, &record, field, below(manner->strings));
        } else if (type != DORA__LIST) {
            dora__record_value(&record, field, 1 + below(2));
        } else if (!manner->plain) {
            items->count = 0;
            for (uint32_t i = below(4); i > 0; i--) {
                char text[24];
                int size = snprintf(text, sizeof text, "s%" PRIu32, below(manner->strings));
                assert_int_equal(dora__items_add(facts, items, text, (size_t)size), DORA_OK);
            }
            dora__record_items(&record, field, items);
        }
    }
    if (below(50) == 0)
        assert_true(dora__unknown_add(&facts->unknown, below(2) ? "x" : "y", 1));
    return dora__facts_put(facts, &record);
}

struct text {
    char *data;
    size_t size;
    size_t capacity;
};

static void print(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (text->capacity - text->size < 256) {
        text->capacity = 2 * text->capacity + 1024;
        text->data = realloc(text->data, text->capacity);
        assert_non_null(text->data);
    }
    text->size += (size_t)vsnprintf(text->data + text->size, 256, format, arguments);
    va_end(arguments);
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_string(struct text *text, dora_string string) {
    print(text, "%.*s", (int)string.size, string.data ? string.data : "");
}

/* Sorted by bytes, each once: as a set is. */
static void print_list(const struct dora__facts *facts, const struct dora__list *list, struct text *text) {
    char *items[64];
    assert_true(list->count <= 64);
    for (uint32_t i = 0; i < list->count; i++) {
        dora_string item = dora__pool_get(&facts->strings, list->items[i]);
        items[i] = strndup(item.data, item.size);
    }
    qsort(items, list->count, sizeof *items, compare_texts);
    for (uint32_t i = 0; i < list->count; i++)
        if (i == 0 || strcmp(items[i], items[i - 1]) != 0)
            print(text, "%s,", items[i]);
    for (uint32_t i = 0; i < list->count; i++)
        free(items[i]);
}

static void print_row(const struct dora__facts *facts, int kind, uint32_t row, struct text *text) {
    const struct dora__chunk *chunk = dora__chunk_of(&facts->tables[kind], row);
    print(text, "%d", kind);
    for (int i = 0; i < DORA__FIELDS; i++) {
        enum dora__field field = (enum dora__field)i;
        enum dora__type type =
            field == DORA__ID ? dora__id_type((dora_kind)kind) : (enum dora__type)dora__fields[field].type;
        if (!(chunk->columns >> field & 1))
            continue;
        if (type == DORA__LIST) {
            if (!dora__list_at(chunk, field, row))
                continue;
            print(text, " %s=", dora__fields[field].name);
            print_list(facts, dora__list_at(chunk, field, row), text);
            continue;
        }
        int64_t value = type == DORA__INSTANT || type == DORA__NUMBER   ? dora__instant_at(chunk, field, row)
                        : type == DORA__STRING || type == DORA__SERVICE ? dora__handle_at(chunk, field, row)
                                                                        : dora__byte_at(chunk, field, row);
        if (value == (type == DORA__INSTANT || type == DORA__NUMBER ? DORA_ABSENT : 0))
            continue;
        print(text, " %s=", dora__fields[field].name);
        if (type == DORA__STRING || type == DORA__SERVICE)
            print_string(text,
                         dora__pool_get(type == DORA__SERVICE ? &facts->services : &facts->strings, (uint32_t)value));
        else
            print(text, "%" PRId64, value);
        const int64_t *as_of = chunk->as_of[field];
        if (as_of && as_of[row & (DORA__CHUNK_ROWS - 1)] != DORA_ABSENT)
            print(text, "@%" PRId64, as_of[row & (DORA__CHUNK_ROWS - 1)]);
    }
    text->data[text->size++] = '\0';
}

/* All that facts say, whatever the order in which they came. */
static struct text dump(const struct dora__facts *facts) {
    struct text rows = {0}, all = {0};
    size_t count = 0;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (uint32_t row = 0; row < facts->tables[kind].rows; row++, count++) {
            print_row(facts, kind, row, &rows);
            const struct dora__table *table = &facts->tables[kind];
            uint32_t id = dora__table_handle(table, DORA__ID, row);
            assert_true(id == 0 || dora__row_of(table, id) == row);
        }
    char **lines = calloc(count + 1, sizeof *lines);
    assert_non_null(lines);
    for (size_t i = 0, at = 0; i < count; i++, at += strlen(rows.data + at) + 1)
        lines[i] = rows.data + at;
    qsort(lines, count, sizeof *lines, compare_texts);
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < strlen(lines[i]); at += 200)
            print(&all, "%.200s", lines[i] + at);
        print(&all, "\n");
    }
    print(&all, "%" PRIu64 " records %" PRIu64 " merged %" PRIu64 " rejected %" PRIu64 " unknown", facts->records,
          facts->merged, facts->rejected, facts->unknown.total);
    for (size_t i = 0; i < facts->unknown.count; i++)
        print(&all, " %s %" PRIu64, facts->unknown.names[i].data, facts->unknown.names[i].count);
    free(lines);
    free(rows.data);
    return all;
}

static void assert_same(const struct dora__facts *got, const struct dora__facts *want) {
    struct text got_text = dump(got), want_text = dump(want);
    size_t at = 0;
    while (got_text.data[at] && got_text.data[at] == want_text.data[at])
        at++;
    if (got_text.data[at] || want_text.data[at]) {
        size_t from = at < 100 ? 0 : at - 100;
        fail_msg("at %zu\n got: %.300s\nwant: %.300s", at, got_text.data + from, want_text.data + from);
    }
    free(got_text.data);
    free(want_text.data);
}

enum { SHARDS = 3 };

/* Records go to a shard or to the facts themselves, and shards are absorbed now and then. */
static void check(const struct manner *manner, uint64_t seed, uint32_t count, uint32_t absorb_every) {
    struct dora__memory memory;
    dora__memory_init(&memory, NULL);
    struct dora__threads threads;
    dora__threads_init(&threads, &memory, 1 + seed % 3);
    struct dora__facts one, all;
    struct dora__shard shards[SHARDS], *const pointers[SHARDS] = {&shards[0], &shards[1], &shards[2]};
    struct dora__items items = {0};
    dora__facts_init(&one, &memory);
    dora__facts_init(&all, &memory);
    for (int i = 0; i < SHARDS; i++)
        dora__shard_init(&shards[i], &all);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = (seed * 1000000 + i) * 2;
        assert_int_equal(put_record(&one, &items, manner, number), DORA_OK);
        state = number + 1;
        below(2);
        uint32_t shard = below(8 * SHARDS), absorbed = below(absorb_every);
        struct dora__facts *to = shard / 8 < SHARDS && shard % 8 ? &shards[shard / 8].facts : &all;
        assert_int_equal(put_record(to, &items, manner, number), DORA_OK);
        if (absorbed < SHARDS)
            assert_int_equal(dora__shards_absorb(pointers, 1 + absorbed, &threads), DORA_OK);
    }
    assert_int_equal(dora__shards_absorb(pointers, SHARDS, &threads), DORA_OK);
    for (int i = 0; i < SHARDS; i++)
        dora__shard_free(&shards[i]);
    dora__threads_free(&threads);
    assert_same(&all, &one);
    dora__items_free(&items, &memory);
    dora__facts_free(&one);
    dora__facts_free(&all);
}

static void test_all_kinds(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= 60; seed++)
        check(&(struct manner){.kinds = DORA_KIND_COUNT, .ids = 4, .strings = 6, .odd = seed % 2}, seed, 600, 100);
}

static void test_plain_deployments(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= 3; seed++)
        check(&(struct manner){.kinds = 1, .strings = 50, .plain = true, .odd = seed % 3 == 0}, seed, 80000, 60000);
}

/* So many that a shard begins its strings anew. */
static void test_many_ids(void **unused) {
    (void)unused;
    check(&(struct manner){.kinds = 3, .ids = 200000, .strings = 200000, .plain = true}, 1, 120000, 100000);
}

/* libc's allocator, of which one call fails. */
struct faulty {
    uint64_t calls;
    uint64_t fail_at;
};

static void *faulty_allocate(void *context, size_t size) {
    struct faulty *faulty = context;
    return ++faulty->calls == faulty->fail_at ? NULL : malloc(size);
}

static void *faulty_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct faulty *faulty = context;
    (void)old_size;
    return ++faulty->calls == faulty->fail_at ? NULL : realloc(block, new_size);
}

static void faulty_release(void *context, void *block, size_t size) {
    (void)context;
    (void)size;
    free(block);
}

/* What cannot be absorbed is lost, and what is in is counted. */
static dora_status absorb_with_fault(const struct manner *manner, uint32_t count, uint64_t fail_at) {
    struct faulty faulty = {0};
    const dora_allocator allocator = {faulty_allocate, faulty_reallocate, faulty_release, &faulty};
    struct dora__memory memory;
    dora__memory_init(&memory, &allocator);
    struct dora__facts all;
    struct dora__shard shard, *const pointer = &shard;
    struct dora__threads threads;
    struct dora__items items = {0};
    dora__facts_init(&all, &memory);
    dora__shard_init(&shard, &all);
    dora__threads_init(&threads, &memory, 1);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(put_record(i % 5 ? &shard.facts : &all, &items, manner, i), DORA_OK);
    faulty.calls = 0;
    faulty.fail_at = fail_at;
    dora_status status = dora__shards_absorb(&pointer, 1, &threads);
    faulty.fail_at = 0;
    uint64_t rows = 0;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        rows += all.tables[kind].rows;
    assert_int_equal(all.records, rows + all.merged + all.rejected);
    assert_int_equal(shard.facts.records, 0);
    assert_int_equal(dora__shards_absorb(&pointer, 1, &threads), DORA_OK);
    struct text text = dump(&all);
    free(text.data);
    dora__shard_free(&shard);
    dora__items_free(&items, &memory);
    dora__facts_free(&all);
    return status;
}

static void test_faults(void **unused) {
    (void)unused;
    static const struct manner manners[] = {
        {.kinds = DORA_KIND_COUNT, .ids = 4, .strings = 6},
        {.kinds = 1, .strings = 2000, .plain = true},
    };
    static const uint32_t counts[] = {500, 30000};
    for (int i = 0; i < 2; i++) {
        uint64_t n = 1;
        for (dora_status status; (status = absorb_with_fault(&manners[i], counts[i], n)) != DORA_OK; n++)
            assert_int_equal(status, DORA_ERROR_MEMORY);
        assert_true(n > 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds),
        cmocka_unit_test(test_plain_deployments),
        cmocka_unit_test(test_many_ids),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
