/* SPDX-License-Identifier: MIT */
/* Tasks are done once each, by however many threads there are; an allocator behind a lock meets one call at a time. */
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 1000 };

static void count_task(void *context, size_t task, uint32_t thread) {
    assert_true(thread < DORA__THREADS_MOST);
    ((int *)context)[task]++;
}

static void check_runs(uint32_t most) {
    struct dora__memory memory;
    struct dora__threads threads;
    dora__memory_init(&memory, NULL);
    dora__threads_init(&threads, &memory, most);
    static const size_t counts[] = {0, 1, 2, 3, 7, TASKS, 1, 64};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int done[TASKS] = {0};
        dora__threads_run(&threads, count_task, done, counts[i]);
        for (size_t task = 0; task < TASKS; task++)
            assert_int_equal(done[task], task < counts[i]);
    }
    dora__threads_free(&threads);
}

static void test_runs(void **state) {
    (void)state;
    static const uint32_t mosts[] = {0, 1, 2, 3, 64, 1000};
    for (size_t i = 0; i < sizeof mosts / sizeof mosts[0]; i++)
        check_runs(mosts[i]);
}

/* Not started, and never run. */
static void test_unused(void **state) {
    (void)state;
    struct dora__memory memory;
    struct dora__threads threads;
    dora__memory_init(&memory, NULL);
    dora__threads_init(&threads, &memory, 8);
    dora__threads_free(&threads);
}

/* An allocator that notices when a call comes while another is inside. */
struct lonely {
    volatile int inside;
    int calls;
    int meetings;
    int refuse;
};

static void enter(struct lonely *lonely) {
    lonely->meetings += lonely->inside;
    lonely->inside = 1;
    lonely->calls++;
}

static void *lonely_allocate(void *context, size_t size) {
    struct lonely *lonely = context;
    enter(lonely);
    void *block = lonely->refuse ? NULL : malloc(size);
    lonely->inside = 0;
    return block;
}

static void *lonely_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct lonely *lonely = context;
    (void)old_size;
    enter(lonely);
    void *moved = realloc(block, new_size);
    lonely->inside = 0;
    return moved;
}

static void lonely_release(void *context, void *block, size_t size) {
    (void)size;
    enter(context);
    free(block);
    ((struct lonely *)context)->inside = 0;
}

static void allocate_task(void *context, size_t task, uint32_t thread) {
    (void)thread;
    size_t capacity = 0;
    void *block = NULL;
    for (size_t i = 1; i < 20; i++)
        assert_true(dora__grow(context, &block, &capacity, i * (task + 1), 1));
    dora__free(context, block, capacity, 1);
}

static void test_locked_allocator(void **state) {
    (void)state;
    struct lonely lonely = {0};
    const dora_allocator allocator = {lonely_allocate, lonely_reallocate, lonely_release, &lonely};
    struct dora__memory memory;
    struct dora__threads threads;
    dora__memory_init(&memory, &allocator);
    assert_true(dora__memory_lock(&memory));
    dora__threads_init(&threads, &memory, 4);
    dora__threads_run(&threads, allocate_task, &memory, TASKS);
    assert_int_equal(lonely.meetings, 0);
    assert_true(lonely.calls > TASKS);
    struct dora__memory plain = dora__memory_unlocked(&memory);
    assert_ptr_equal(plain.allocator.context, &lonely);
    dora__threads_free(&threads);
    dora__memory_unlock(&memory);
    assert_memory_equal(&memory.allocator, &allocator, sizeof allocator);
    dora__memory_unlock(&memory); /* without a lock: nothing */
}

/* Without memory the work is done all the same. */
static void test_no_memory(void **state) {
    (void)state;
    struct lonely lonely = {.refuse = 1};
    const dora_allocator allocator = {lonely_allocate, lonely_reallocate, lonely_release, &lonely};
    struct dora__memory memory;
    struct dora__threads threads;
    int done[TASKS] = {0};
    dora__memory_init(&memory, &allocator);
    dora__threads_init(&threads, &memory, 4);
    dora__threads_run(&threads, count_task, done, TASKS);
    for (size_t task = 0; task < TASKS; task++)
        assert_int_equal(done[task], 1);
    dora__threads_free(&threads);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_unused),
        cmocka_unit_test(test_locked_allocator),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
