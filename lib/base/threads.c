/* SPDX-License-Identifier: MIT */
/*
 * See threads.h. Tasks are few and long, so one mutex guards all: threads take the number of the next task under it.
 */
#include "base/threads.h"

void dora__threads_init(struct dora__threads *threads, struct dora__memory *memory, uint32_t most) {
    *threads = (struct dora__threads){.memory = memory, .most = most < 1 ? 1 : most};
    if (threads->most > DORA__THREADS_MOST)
        threads->most = DORA__THREADS_MOST;
}

#ifdef DORA_HAVE_THREADS
#include <pthread.h>
#include <signal.h>

struct dora__workers {
    pthread_mutex_t mutex;
    pthread_cond_t wake; /* there are tasks, or it is the end */
    pthread_cond_t done; /* the last task of a run was done */
    dora__task_fn *task;
    void *context;
    size_t count;
    size_t next;   /* task to be begun */
    size_t undone; /* tasks begun or not that are not done */
    bool end;
    uint32_t started;
    uint32_t numbered; /* threads that have their number */
    pthread_t threads[DORA__THREADS_MOST];
};

/* Does tasks while there are any that nobody began. The mutex is held before and after. */
static void do_tasks(struct dora__workers *workers, uint32_t thread) {
    while (workers->next < workers->count) {
        size_t task = workers->next++;
        pthread_mutex_unlock(&workers->mutex);
        workers->task(workers->context, task, thread);
        pthread_mutex_lock(&workers->mutex);
        if (--workers->undone == 0)
            pthread_cond_signal(&workers->done);
    }
}

static void *work(void *context) {
    struct dora__workers *workers = context;
    pthread_mutex_lock(&workers->mutex);
    uint32_t thread = ++workers->numbered;
    while (!workers->end) {
        do_tasks(workers, thread);
        if (!workers->end)
            pthread_cond_wait(&workers->wake, &workers->mutex);
    }
    pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

/* Signals are for the caller's threads: these take none. */
static void start(struct dora__threads *threads) {
    threads->tried = true;
    struct dora__workers *workers = dora__alloc_zeroed(threads->memory, 1, sizeof *workers);
    if (!workers)
        return;
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->wake, NULL);
    pthread_cond_init(&workers->done, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (workers->started < threads->most - 1 &&
           pthread_create(&workers->threads[workers->started], NULL, work, workers) == 0)
        workers->started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    threads->workers = workers;
}

void dora__threads_free(struct dora__threads *threads) {
    struct dora__workers *workers = threads->workers;
    if (!workers)
        return;
    pthread_mutex_lock(&workers->mutex);
    workers->end = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->mutex);
    for (uint32_t i = 0; i < workers->started; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->done);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->mutex);
    dora__free(threads->memory, workers, 1, sizeof *workers);
    threads->workers = NULL;
}

static void run_together(struct dora__workers *workers, dora__task_fn *task, void *context, size_t count) {
    pthread_mutex_lock(&workers->mutex);
    workers->task = task;
    workers->context = context;
    workers->count = workers->undone = count;
    workers->next = 0;
    pthread_cond_broadcast(&workers->wake);
    do_tasks(workers, 0);
    while (workers->undone)
        pthread_cond_wait(&workers->done, &workers->mutex);
    pthread_mutex_unlock(&workers->mutex);
}

struct locked {
    pthread_mutex_t mutex;
    dora_allocator allocator;
};

static void *locked_allocate(void *context, size_t size) {
    struct locked *locked = context;
    pthread_mutex_lock(&locked->mutex);
    void *block = locked->allocator.allocate(locked->allocator.context, size);
    pthread_mutex_unlock(&locked->mutex);
    return block;
}

static void *locked_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct locked *locked = context;
    pthread_mutex_lock(&locked->mutex);
    void *moved = locked->allocator.reallocate(locked->allocator.context, block, old_size, new_size);
    pthread_mutex_unlock(&locked->mutex);
    return moved;
}

static void locked_release(void *context, void *block, size_t size) {
    struct locked *locked = context;
    pthread_mutex_lock(&locked->mutex);
    locked->allocator.release(locked->allocator.context, block, size);
    pthread_mutex_unlock(&locked->mutex);
}

bool dora__memory_lock(struct dora__memory *memory) {
    struct locked *locked = dora__alloc(memory, 1, sizeof *locked);
    if (!locked)
        return false;
    pthread_mutex_init(&locked->mutex, NULL);
    locked->allocator = memory->allocator;
    memory->allocator = (dora_allocator){locked_allocate, locked_reallocate, locked_release, locked};
    return true;
}

void dora__memory_unlock(struct dora__memory *memory) {
    if (memory->allocator.allocate != locked_allocate)
        return;
    struct locked *locked = memory->allocator.context;
    memory->allocator = locked->allocator;
    pthread_mutex_destroy(&locked->mutex);
    dora__free(memory, locked, 1, sizeof *locked);
}

struct dora__memory dora__memory_unlocked(const struct dora__memory *memory) {
    if (memory->allocator.allocate != locked_allocate)
        return *memory;
    return (struct dora__memory){((const struct locked *)memory->allocator.context)->allocator};
}
#else
struct dora__workers;

static void start(struct dora__threads *threads) {
    threads->tried = true;
}

void dora__threads_free(struct dora__threads *threads) {
    (void)threads;
}

static void run_together(struct dora__workers *workers, dora__task_fn *task, void *context, size_t count) {
    (void)workers;
    for (size_t i = 0; i < count; i++)
        task(context, i, 0);
}

bool dora__memory_lock(struct dora__memory *memory) {
    (void)memory;
    return true;
}

void dora__memory_unlock(struct dora__memory *memory) {
    (void)memory;
}

struct dora__memory dora__memory_unlocked(const struct dora__memory *memory) {
    return *memory;
}
#endif

void dora__threads_run(struct dora__threads *threads, dora__task_fn *task, void *context, size_t count) {
    if (threads && threads->most > 1 && count > 1 && !threads->tried)
        start(threads);
    if (threads && threads->workers && count > 1) {
        run_together(threads->workers, task, context, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        task(context, i, 0);
}
