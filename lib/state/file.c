/* SPDX-License-Identifier: MIT */
/* See file.h. */
#include "state/file.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some systems refuse to read or write 2 GiB in one call. */
enum { READ_LEAST = 64 << 10, ONCE_MOST = 1 << 30, NAMES_MOST = 100, SUFFIX_SIZE = 40 };

/* What is worth saying in words; strerror would look at the locale. */
static const struct {
    int number;
    const char *words;
} reasons[] = {
    {EACCES, "permission denied"},
    {EDQUOT, "disk quota exceeded"},
    {EEXIST, "it exists"},
    {EFBIG, "file too large"},
    {EIO, "input/output error"},
    {EISDIR, "it is a folder"},
    {ELOOP, "it is a symbolic link"},
    {EMFILE, "too many open files"},
    {ENAMETOOLONG, "name too long"},
    {ENOENT, "no such file or folder"},
    {ENOSPC, "no space left on the device"},
    {ENOTDIR, "part of the path is no folder"},
    {EPERM, "operation not permitted"},
    {EROFS, "read-only file system"},
};

static dora_status fail(dora_error *error, const char *doing, const char *path, int number) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].number == number)
            return dora__fail(error, DORA_ERROR_IO, "cannot %s %s: %s", doing, dora__quote(path, strlen(path)).text,
                              reasons[i].words);
    return dora__fail(error, DORA_ERROR_IO, "cannot %s %s: system error %d", doing,
                      dora__quote(path, strlen(path)).text, number);
}

static int open_file(const char *path, int flags, unsigned mode) {
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* What is left to read of a regular file, 0 of others: room to ask for at once. */
static size_t size_of(int fd) {
    struct stat about;
    if (fstat(fd, &about) || !S_ISREG(about.st_mode) || about.st_size < 0 || (uint64_t)about.st_size > SIZE_MAX / 2)
        return 0;
    return (size_t)about.st_size;
}

/* 0, an errno, or -1: out of memory. */
static int read_all(int fd, struct dora__bytes *bytes) {
    size_t most = size_of(fd) + 1; /* one more, to see the end */
    for (;;) {
        size_t before = bytes->size, room = most > READ_LEAST ? most : READ_LEAST;
        uint8_t *more = dora__bytes_more(bytes, room);
        if (!more)
            return -1;
        ssize_t got = read(fd, more, room < ONCE_MOST ? room : ONCE_MOST);
        int number = errno;
        bytes->size = before + (got > 0 ? (size_t)got : 0);
        most -= got > 0 && (size_t)got < most ? (size_t)got : 0;
        if (got == 0)
            return 0;
        if (got < 0 && number != EINTR)
            return number;
    }
}

dora_status dora__file_read(const char *path, struct dora__bytes *bytes, bool *missing, dora_error *error) {
    int fd = open_file(path, O_RDONLY, 0);
    *missing = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return fail(error, "open", path, errno);
    int number = read_all(fd, bytes);
    close(fd);
    if (number > 0)
        return fail(error, "read", path, number);
    return number ? dora__fail_memory(error) : DORA_OK;
}

static int write_all(int fd, const char *bytes, size_t size) {
    while (size) {
        ssize_t put = write(fd, bytes, size < ONCE_MOST ? size : ONCE_MOST);
        if (put < 0 && errno != EINTR)
            return errno;
        if (put == 0) /* would go on for ever */
            return EIO;
        bytes += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return 0;
}

static int sync_file(int fd) {
    int failed;
    do
        failed = fsync(fd);
    while (failed && errno == EINTR);
    return failed ? errno : 0;
}

/* The descriptor is gone whatever close says; what it says of bytes not written matters. */
static int close_file(int fd) {
    return close(fd) && errno != EINTR ? errno : 0;
}

/* A new file beside `path`, its name in `name`, which has room for SUFFIX_SIZE more bytes than path. */
static int open_beside(const char *path, char *name, unsigned mode) {
    size_t size = strlen(path);
    int fd = -1;
    memcpy(name, path, size);
    for (unsigned i = 0; fd < 0 && i < NAMES_MOST; i++) {
        snprintf(name + size, SUFFIX_SIZE, ".%ld.%u.tmp", (long)getpid(), i);
        fd = open_file(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* Fills the file and closes it. Of a file that is there the new one keeps the mode. */
static int fill(int fd, const struct stat *old, const void *bytes, size_t size) {
    int number = old && fchmod(fd, old->st_mode & 07777) ? errno : 0;
    if (!number)
        number = write_all(fd, bytes, size);
    if (!number)
        number = sync_file(fd);
    int closed = close_file(fd);
    return number ? number : closed;
}

static int sync_folder(const char *path, char *name) {
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + 1 : 0;
    memcpy(name, path, size);
    memcpy(name + size, ".", 2);
    int fd = open_file(name, O_RDONLY, 0);
    if (fd < 0)
        return errno;
    int number = sync_file(fd);
    int closed = close_file(fd);
    number = number ? number : closed;
    return number == EINVAL ? 0 : number; /* some file systems sync no folders */
}

static dora_status replace(const char *path, char *name, const void *bytes, size_t size, dora_error *error) {
    struct stat old;
    bool exists = lstat(path, &old) == 0;
    if (!exists && errno != ENOENT)
        return fail(error, "look at", path, errno);
    if (exists && S_ISLNK(old.st_mode))
        return fail(error, "write", path, ELOOP);
    if (exists && !S_ISREG(old.st_mode))
        return dora__fail(error, DORA_ERROR_IO, "cannot write %s: it is no regular file",
                          dora__quote(path, strlen(path)).text);
    int fd = open_beside(path, name, exists ? 0600 : 0666);
    if (fd < 0)
        return fail(error, "write beside", path, errno);
    int number = fill(fd, exists ? &old : NULL, bytes, size);
    if (!number && rename(name, path))
        number = errno;
    if (number) {
        unlink(name);
        return fail(error, "write", path, number);
    }
    number = sync_folder(path, name);
    return number ? fail(error, "sync the folder of", path, number) : DORA_OK;
}

dora_status dora__file_replace(struct dora__memory *memory, const char *path, const void *bytes, size_t size,
                               dora_error *error) {
    size_t room = strlen(path) + SUFFIX_SIZE;
    char *name = dora__alloc(memory, room, 1);
    if (!name)
        return dora__fail_memory(error);
    dora_status status = replace(path, name, bytes, size, error);
    dora__free(memory, name, room, 1);
    return status;
}
