/* SPDX-License-Identifier: MIT */
/*
 * See state.h. The lock is on a file beside the state, since the state itself is replaced. Whoever is done removes it
 * while holding the lock; whoever then gets a lock on a file that has no name any more tries again.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A job that is done within a second is not worth a word. */
enum { TRIES = 50, TRY_NANOSECONDS = 20000000 };

static enum code cannot_lock(const char *path) {
    message("cannot lock '%s': %s", path, strerror(errno));
    return CODE_IO;
}

static bool same_file(int fd, const char *path) {
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

static bool is_taken(void) {
    return errno == EACCES || errno == EAGAIN;
}

/* Waits where somebody else has the lock. */
static bool wait_for(int fd, const char *path, bool *told) {
    const struct timespec pause = {.tv_nsec = TRY_NANOSECONDS};
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int failed = fcntl(fd, F_SETLK, &lock);
    for (int i = 0; failed && is_taken() && !*told && i < TRIES; i++) {
        nanosleep(&pause, NULL);
        failed = fcntl(fd, F_SETLK, &lock);
    }
    if (!failed || !is_taken())
        return !failed;
    if (!*told)
        message("waiting for another dora that works with '%s'", path);
    *told = true;
    do
        failed = fcntl(fd, F_SETLKW, &lock);
    while (failed && errno == EINTR);
    return !failed;
}

enum code state_lock(struct state *state, const char *path, bool quiet) {
    bool told = quiet;
    *state = (struct state){.path = path, .lock = -1};
    if (!path)
        return CODE_DONE;
    state->lock_path = malloc(strlen(path) + sizeof ".lock");
    if (!state->lock_path)
        return memory_error();
    strcat(strcpy(state->lock_path, path), ".lock");
    for (;;) {
        int fd = open(state->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0666);
        if (fd < 0)
            return cannot_lock(path);
        if (!wait_for(fd, path, &told)) {
            enum code code = cannot_lock(path);
            close(fd);
            return code;
        }
        if (same_file(fd, state->lock_path)) {
            state->lock = fd;
            return CODE_DONE;
        }
        close(fd);
    }
}

void state_unlock(struct state *state) {
    if (state->lock >= 0) {
        unlink(state->lock_path);
        close(state->lock);
    }
    free(state->lock_path);
    *state = (struct state){.lock = -1};
}

static enum code state_error(const struct state *state, const dora_error *error) {
    if (error->status == DORA_ERROR_STATE)
        message("%s: %s (byte %llu)", state->path, error->message, (unsigned long long)error->byte);
    else
        message("%s", error->message);
    return code_of(error->status);
}

enum code state_load(const struct state *state, dora_engine *engine, bool needed) {
    dora_error error;
    if (!state->path || (access(state->path, F_OK) != 0 && errno == ENOENT && !needed))
        return CODE_DONE;
    return dora_engine_load_file(engine, state->path, NULL, &error) == DORA_OK ? CODE_DONE : state_error(state, &error);
}

enum code state_save(const struct state *state, dora_engine *engine) {
    dora_error error;
    if (dora_engine_save_file(engine, state->path, &error) == DORA_OK)
        return CODE_DONE;
    return state_error(state, &error);
}
