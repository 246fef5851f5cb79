/* SPDX-License-Identifier: MIT */
/* See system.h. */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct plan plan;

void arm(unsigned long at, enum fault fault, int number) {
    plan = (struct plan){.armed = true, .at = at, .fault = fault, .number = number};
}

void disarm(void) {
    plan.armed = false;
}

/* Whether the call at hand is the one. */
static bool is_due(const char *name) {
    if (!plan.armed || ++plan.calls < plan.at || (plan.calls > plan.at && plan.fault != FAIL_ON))
        return false;
    plan.victim = plan.happened ? plan.victim : name;
    plan.happened = true;
    if (plan.fault == DIE_BEFORE)
        _exit(DEAD);
    return true;
}

/* Before the call: whether it is not to be made. */
static bool fails(const char *name, bool *due) {
    *due = is_due(name);
    bool failing = *due && (plan.fault == FAIL || plan.fault == FAIL_ON);
    if (failing)
        errno = plan.number;
    return failing;
}

static void after(bool due) {
    if (due && plan.fault == DIE_AFTER)
        _exit(DEAD);
}

/* A call of libc's and the one in its place. */
#define REPLACE(type, name, parameters, arguments)                                                                     \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters {                                                                                    \
        bool due;                                                                                                      \
        if (fails(#name, &due))                                                                                        \
            return -1;                                                                                                 \
        type result = __real_##name arguments;                                                                         \
        after(due);                                                                                                    \
        return result;                                                                                                 \
    }

/* The same of one that may do less than it is asked for. */
#define REPLACE_COUNTED(name, buffer)                                                                                  \
    ssize_t __real_##name(int fd, buffer bytes, size_t size);                                                          \
    ssize_t __wrap_##name(int fd, buffer bytes, size_t size);                                                          \
    ssize_t __wrap_##name(int fd, buffer bytes, size_t size) {                                                         \
        bool due;                                                                                                      \
        if (fails(#name, &due))                                                                                        \
            return -1;                                                                                                 \
        ssize_t result = __real_##name(fd, bytes,                                                                      \
                                       due && plan.fault == SHORTEN ? (size + 1) / 2                                   \
                                       : due && plan.fault == EMPTY ? 0                                                \
                                                                    : size);                                           \
        after(due);                                                                                                    \
        return result;                                                                                                 \
    }

REPLACE(int, fstat, (int fd, struct stat *about), (fd, about))
REPLACE(int, fstat64, (int fd, struct stat *about), (fd, about))
REPLACE(int, lstat, (const char *path, struct stat *about), (path, about))
REPLACE(int, lstat64, (const char *path, struct stat *about), (path, about))
REPLACE(int, fsync, (int fd), (fd))
REPLACE(int, fchmod, (int fd, mode_t mode), (fd, mode))
REPLACE(int, rename, (const char *from, const char *to), (from, to))
REPLACE(int, unlink, (const char *path), (path))
REPLACE_COUNTED(read, void *)
REPLACE_COUNTED(write, const void *)

/* One that fails has closed all the same, as Linux does. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
    bool due, failing = fails("close", &due);
    int number = errno, result = __real_close(fd);
    plan.descriptors -= plan.armed;
    after(due);
    errno = failing ? number : errno;
    return failing ? -1 : result;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = flags & O_CREAT ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    bool due;
    if (fails("open", &due))
        return -1;
    int fd = __real_open(path, flags, mode);
    plan.descriptors += plan.armed && fd >= 0;
    after(due);
    return fd;
}

/* Where files are 64 bits wide by another name. */
int __wrap_open64(const char *path, int flags, ...) __attribute__((alias("__wrap_open")));

bool file_holds(const char *path, const struct bytes *bytes) {
    char *found = malloc(bytes->size + 1);
    FILE *file = fopen(path, "rb");
    assert_true(file && found);
    size_t size = fread(found, 1, bytes->size + 1, file);
    fclose(file);
    bool same = size == bytes->size && !memcmp(found, bytes->data, size);
    free(found);
    return same;
}
