/* SPDX-License-Identifier: MIT */
/*
 * Facts put in batches against the same records put one by one: every cell, every counter and every handle is the same,
 * also where allocations fail in between and the rest of a batch is put again.
 */
#include "facts/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state = 88172645463325252u;

static uint64_t below(uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
}

/* libc's allocator, of which every `one_in`th call on average fails. */
struct moody {
    uint64_t one_in; /* 0: never */
    uint64_t failed;
};

static bool fails(struct moody *moody) {
    bool now = moody->one_in && below(moody->one_in) == 0;
    moody->failed += now;
    return now;
}

static void *moody_allocate(void *context, size_t size) {
    return fails(context) ? NULL : malloc(size);
}

static void *moody_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    (void)old_size;
    return fails(context) ? NULL : realloc(block, new_size);
}

static void moody_release(void *context, void *block, size_t size) {
    (void)context;
    (void)size;
    free(block);
}

enum { ID_ROOM = 24 };
#define TIMED_FIELDS (DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED))

/* A batch with room for what it points to. */
struct filled {
    struct dora__batch batch;
    int64_t cells[DORA__FIELDS][DORA__BATCH_ROWS]; /* wide enough for every type */
    dora_string ids[DORA__BATCH_ROWS];
    char id_bytes[DORA__BATCH_ROWS][ID_ROOM];
};

/* How values are drawn. */
struct manner {
    bool ids;
    unsigned ids_among; /* that many different ids */
    unsigned odd;       /* one instant in so many has no narrow form; 0: none */
    unsigned absent;    /* one value in so many is not stated */
    unsigned uniform;   /* one column in so many has one value alone, mostly that of other batches; 0: none */
};

static const int64_t odd_instants[] = {1,
                                       -1,
                                       -1000000,
                                       INT64_C(4294967295000000),
                                       INT64_C(4294967296000000),
                                       -INT64_C(2208988800000000),
                                       INT64_C(253402300799999999),
                                       1234567890123456};

static int64_t draw(enum dora__type type, const struct manner *manner) {
    bool absent = below(manner->absent) == 0;
    switch (type) {
    case DORA__INSTANT:
        if (manner->odd && below(manner->odd) == 0)
            return odd_instants[below(sizeof odd_instants / sizeof *odd_instants)];
        return absent ? DORA_ABSENT : (int64_t)below(UINT32_MAX) * 1000000;
    case DORA__NUMBER:
        return absent ? DORA_ABSENT : (int64_t)below(1000) - 500;
    case DORA__STRING:
    case DORA__SERVICE:
        return absent ? 0 : (int64_t)below(20) + 1;
    case DORA__STATUS:
        return absent ? 0 : (int64_t)below(4) + 1;
    default:
        return absent ? 0 : (int64_t)below(2) + 1;
    }
}

/* Few different ones, so that some tie. */
static int64_t draw_as_of(void) {
    return below(3) ? DORA_ABSENT : (int64_t)below(4) * 1000000;
}

static void fill(struct filled *filled, dora_kind kind, uint32_t rows, const struct manner *manner) {
    const uint64_t lists = DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS);
    struct dora__batch *batch = &filled->batch;
    *batch = (struct dora__batch){.kind = kind, .rows = rows, .ids = manner->ids ? filled->ids : NULL};
    for (uint64_t left = (dora__kinds[kind].fields & ~lists) | TIMED_FIELDS; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        if (below(TIMED_FIELDS >> field & 1 ? 2 : 3) == 0)
            continue;
        enum dora__type type = (enum dora__type)dora__fields[field].type;
        batch->fields |= DORA__BIT(field);
        batch->column[field] = filled->cells[field];
        bool uniform = manner->uniform && below(manner->uniform) == 0;
        int64_t same = below(8) ? field % 2 + 1 : draw(type, manner);
        for (uint32_t i = 0; i < rows; i++) {
            int64_t value = field == DORA__AS_OF ? draw_as_of() : uniform ? same : draw(type, manner);
            if (type == DORA__INSTANT || type == DORA__NUMBER)
                ((int64_t *)batch->column[field])[i] = value;
            else if (type == DORA__STRING || type == DORA__SERVICE)
                ((uint32_t *)batch->column[field])[i] = (uint32_t)value;
            else
                ((uint8_t *)batch->column[field])[i] = (uint8_t)value;
        }
    }
    for (uint32_t i = 0; manner->ids && i < rows; i++) {
        int size = snprintf(filled->id_bytes[i], ID_ROOM, "an-id-%u", (unsigned)below(manner->ids_among));
        bool none = !dora__kinds[kind].needs_id && below(20) == 0;
        filled->ids[i] = (dora_string){filled->id_bytes[i], none ? 0 : (size_t)size};
    }
}

/* The same records, one by one. */
static void put_singly(struct dora__facts *facts, const struct dora__batch *batch) {
    uint32_t ids[DORA__BATCH_ROWS] = {0};
    for (uint32_t row = 0; batch->ids && row < batch->rows; row++)
        if (batch->ids[row].size)
            assert_int_equal(dora__pool_intern(dora__facts_pool(facts, dora__id_type(batch->kind)),
                                               batch->ids[row].data, batch->ids[row].size, &ids[row]),
                             DORA_OK);
    for (uint32_t row = 0; row < batch->rows; row++) {
        struct dora__record record = {.kind = batch->kind, .id = ids[row], .as_of = DORA_ABSENT};
        for (int field = 0; field < DORA__FIELDS; field++) {
            if (!(batch->fields >> field & 1))
                continue;
            enum dora__type type = (enum dora__type)dora__fields[field].type;
            bool numeric = type == DORA__INSTANT || type == DORA__NUMBER;
            int64_t value = numeric ? ((const int64_t *)batch->column[field])[row]
                            : type == DORA__STRING || type == DORA__SERVICE
                                ? (int64_t)((const uint32_t *)batch->column[field])[row]
                                : (int64_t)((const uint8_t *)batch->column[field])[row];
            if (value == (numeric ? DORA_ABSENT : 0))
                continue;
            record.values[field] = value;
            record.fields |= DORA__BIT(field);
        }
        if (record.fields & DORA__BIT(DORA__AS_OF))
            record.as_of = record.values[DORA__AS_OF];
        record.deleted = record.fields & DORA__BIT(DORA__DELETED) && record.values[DORA__DELETED] == 2;
        record.fields &= ~TIMED_FIELDS;
        assert_int_equal(dora__facts_put(facts, &record), DORA_OK);
    }
}

/* Until all of it is in. */
static void put_stubbornly(struct dora__facts *facts, const struct dora__batch *batch) {
    struct dora__batch rest = *batch;
    static const uint8_t widths[] = {[DORA__INSTANT] = 8, [DORA__NUMBER] = 8, [DORA__STRING] = 4, [DORA__SERVICE] = 4,
                                     [DORA__LIST] = 0,    [DORA__BOOL] = 1,   [DORA__STATUS] = 1};
    for (;;) {
        uint32_t done;
        dora_status status = dora__facts_put_batch(facts, &rest, &done);
        assert_true(status == DORA_OK ? done == rest.rows : status == DORA_ERROR_MEMORY && done < rest.rows);
        if (status == DORA_OK)
            return;
        rest.rows -= done;
        rest.ids = rest.ids ? rest.ids + done : NULL;
        for (int field = 0; field < DORA__FIELDS; field++)
            if (rest.fields >> field & 1)
                rest.column[field] = (char *)rest.column[field] + (size_t)done * widths[dora__fields[field].type];
    }
}

static void assert_same_list(const struct dora__list *a, const struct dora__list *b) {
    assert_int_equal(a != NULL, b != NULL);
    if (!a)
        return;
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->items, b->items, a->count * sizeof *a->items);
}

static void assert_same_cell(const struct dora__chunk *a, const struct dora__chunk *b, int field, uint32_t row) {
    enum dora__field f = (enum dora__field)field;
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        assert_true(dora__instant_at(a, f, row) == dora__instant_at(b, f, row));
        break;
    case DORA__STRING:
    case DORA__SERVICE:
        assert_int_equal(dora__handle_at(a, f, row), dora__handle_at(b, f, row));
        break;
    case DORA__LIST:
        assert_same_list(dora__list_at(a, f, row), dora__list_at(b, f, row));
        break;
    default:
        assert_int_equal(dora__byte_at(a, f, row), dora__byte_at(b, f, row));
    }
}

static void assert_same_table(const struct dora__table *a, const struct dora__table *b, uint32_t handles) {
    assert_int_equal(a->rows, b->rows);
    for (uint32_t row = 0; row < a->rows; row++)
        for (int field = 0; field < DORA__FIELDS; field++) {
            const struct dora__chunk *x = dora__chunk_of(a, row), *y = dora__chunk_of(b, row);
            uint32_t at = row & (DORA__CHUNK_ROWS - 1);
            assert_same_cell(x, y, field, row);
            assert_true((x->as_of[field] ? x->as_of[field][at] : DORA_ABSENT) ==
                        (y->as_of[field] ? y->as_of[field][at] : DORA_ABSENT));
        }
    for (uint32_t id = 1; id <= handles; id++)
        assert_int_equal(dora__row_of(a, id), dora__row_of(b, id));
}

static void assert_same_facts(const struct dora__facts *a, const struct dora__facts *b) {
    assert_int_equal(a->records, b->records);
    assert_int_equal(a->merged, b->merged);
    assert_int_equal(a->strings.count, b->strings.count);
    assert_int_equal(a->services.count, b->services.count);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        assert_same_table(&a->tables[kind], &b->tables[kind], a->strings.count + a->services.count);
}

static void facts_begin(struct dora__facts *facts, struct dora__memory *memory, struct moody *moody) {
    const dora_allocator allocator = {moody_allocate, moody_reallocate, moody_release, moody};
    dora__memory_init(memory, &allocator);
    dora__facts_init(facts, memory);
    for (char name = 'a'; name < 'a' + 20; name++) {
        uint32_t handle;
        assert_int_equal(dora__pool_intern(&facts->strings, &name, 1, &handle), DORA_OK);
        assert_int_equal(dora__pool_intern(&facts->services, &name, 1, &handle), DORA_OK);
    }
}

/* A tombstone and an as_of, so that later batches meet columns they know nothing of. */
static void put_special(struct dora__facts *facts, dora_kind kind, unsigned id) {
    struct dora__record record = {.kind = kind, .as_of = 77, .deleted = id & 1};
    char text[ID_ROOM];
    int size = snprintf(text, sizeof text, "an-id-%u", id);
    assert_int_equal(dora__pool_intern(dora__facts_pool(facts, dora__id_type(kind)), text, (size_t)size, &record.id),
                     DORA_OK);
    if (kind == DORA_KIND_DEPLOYMENT) {
        static const uint32_t items[] = {3, 2, 1};
        record.fields = DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__FINISHED_AT);
        record.items = items;
        record.items_count = 3;
        record.values[DORA__FINISHED_AT] = 5000000;
    }
    assert_int_equal(dora__facts_put(facts, &record), DORA_OK);
}

static void compare(const struct manner *manner, unsigned batches, uint64_t one_in, bool special) {
    static struct filled filled;
    struct moody calm = {0}, moody = {0};
    struct dora__memory memory_a, memory_b;
    struct dora__facts a, b;
    facts_begin(&a, &memory_a, &calm);
    facts_begin(&b, &memory_b, &moody);
    moody.one_in = one_in;
    for (unsigned i = 0; i < batches; i++) {
        dora_kind kind = (dora_kind)(below(3) ? 0 : below(DORA_KIND_COUNT));
        if (!manner->ids && dora__kinds[kind].needs_id)
            kind = DORA_KIND_DEPLOYMENT;
        fill(&filled, kind, (uint32_t)below(DORA__BATCH_ROWS) + 1, manner);
        put_singly(&a, &filled.batch);
        put_stubbornly(&b, &filled.batch);
        if (special && below(3) == 0) {
            moody.one_in = 0;
            unsigned id = (unsigned)below(manner->ids_among);
            put_special(&a, kind, id);
            put_special(&b, kind, id);
            moody.one_in = one_in;
        }
    }
    assert_same_facts(&a, &b);
    assert_true(!one_in || moody.failed > 0);
    dora__facts_free(&a);
    dora__facts_free(&b);
}

static void test_rows_without_id(void **unused) {
    (void)unused;
    compare(&(struct manner){.odd = 0, .absent = 5}, 200, 0, false);
    compare(&(struct manner){.odd = 30000, .absent = 5}, 200, 0, false);
    compare(&(struct manner){.odd = 2, .absent = 3}, 20, 0, false);
    compare(&(struct manner){.absent = 5, .uniform = 1}, 400, 0, false);
    compare(&(struct manner){.absent = 5, .uniform = 3}, 400, 0, false);
}

static void test_rows_with_ids(void **unused) {
    (void)unused;
    compare(&(struct manner){.ids = true, .ids_among = 1000000000, .odd = 0, .absent = 5}, 200, 0, true);
    compare(&(struct manner){.ids = true, .ids_among = 20000, .odd = 100, .absent = 5}, 200, 0, true);
    compare(&(struct manner){.ids = true, .ids_among = 20, .odd = 10, .absent = 3}, 40, 0, true);
    compare(&(struct manner){.ids = true, .ids_among = 100000, .absent = 5, .uniform = 1}, 400, 0, true);
}

static void test_failing_allocations(void **unused) {
    (void)unused;
    for (uint64_t one_in = 2; one_in < 6; one_in++) {
        compare(&(struct manner){.odd = 1000, .absent = 5}, 100, one_in, false);
        compare(&(struct manner){.ids = true, .ids_among = 100000, .odd = 1000, .absent = 5}, 100, one_in, true);
        compare(&(struct manner){.ids = true, .ids_among = 3000, .odd = 1000, .absent = 5}, 60, one_in, true);
        compare(&(struct manner){.absent = 5, .uniform = 2}, 200, one_in, false);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_without_id),
        cmocka_unit_test(test_rows_with_ids),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
