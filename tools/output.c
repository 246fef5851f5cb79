/* SPDX-License-Identifier: MIT */
/* See output.h. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "output.h"

#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The temporary file, for a signal that ends the program. */
static const char *volatile unfinished;

static void remove_unfinished(int number) {
    if (unfinished)
        unlink(unfinished);
    raise(number); /* SA_RESETHAND: now it ends the program */
}

/* Like mkstemp; the signals that end a program remove the file, from the moment it is there. */
static int make_unfinished(char *path) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = remove_unfinished, .sa_flags = (int)SA_RESETHAND}, old;
    sigset_t mask;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(&action.sa_mask, numbers[i]);
    sigprocmask(SIG_BLOCK, &action.sa_mask, &mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    int fd = mkstemp(path), problem = errno;
    unfinished = fd >= 0 ? path : NULL;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    errno = problem;
    return fd;
}

/* A new file has the mode that the umask leaves, a replaced one keeps its own. */
static int create_temporary(struct output *output, const struct stat *old) {
    size_t room = strlen(output->path) + sizeof ".XXXXXX";
    output->temporary = malloc(room);
    if (!output->temporary)
        return -1;
    snprintf(output->temporary, room, "%s.XXXXXX", output->path);
    int fd = make_unfinished(output->temporary);
    if (fd < 0)
        return -1;
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, old ? old->st_mode & 0777 : 0666 & ~mask) != 0) { /* a file system without modes: as it is */
    }
    return fd;
}

static int open_file(struct output *output, const char *path) {
    struct stat old;
    bool exists = stat(path, &old) == 0;
    if (exists && S_ISDIR(old.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (exists && !S_ISREG(old.st_mode)) /* a pipe or device is written in place */
        return open(path, O_WRONLY | O_NOCTTY);
    output->path = exists ? realpath(path, NULL) : strdup(path); /* what a symbolic link names is replaced */
    return output->path ? create_temporary(output, exists ? &old : NULL) : -1;
}

enum code output_open(struct output *output, const char *path) {
    bool standard = !path || strcmp(path, "-") == 0;
    output->name = standard ? "standard output" : path;
    output->path = output->temporary = NULL;
    output->problem = 0;
    output->used = 0;
    output->fd = standard ? STDOUT_FILENO : open_file(output, path);
    if (output->fd >= 0)
        return CODE_DONE;
    message("cannot write '%s': %s", output->name, strerror(errno));
    free(output->path);
    free(output->temporary);
    return CODE_IO;
}

static void write_all(struct output *output, const char *bytes, size_t size) {
    while (size > 0 && output->problem == 0) {
        ssize_t n = write(output->fd, bytes, size);
        if (n >= 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            output->problem = errno;
        }
    }
}

static void flush(struct output *output) {
    if (output->used && output->fd == STDOUT_FILENO)
        progress_stop();
    write_all(output, output->buffer, output->used);
    output->used = 0;
}

int output_write(void *context, const void *bytes, size_t size) {
    struct output *output = context;
    if (size > OUTPUT_ROOM - output->used)
        flush(output);
    if (size > OUTPUT_ROOM) {
        write_all(output, bytes, size);
    } else if (output->problem == 0) {
        memcpy(output->buffer + output->used, bytes, size);
        output->used += size;
    }
    return output->problem != 0;
}

bool output_failed(const struct output *output) {
    return output->problem != 0;
}

/* Puts the complete file in the place of the old one. */
static void replace(struct output *output) {
    if (output->problem == 0 && rename(output->temporary, output->path) != 0)
        output->problem = errno;
}

enum code output_finish(struct output *output, enum code code) {
    bool complete = code == CODE_DONE || code == CODE_HELD;
    if (complete || !output->temporary)
        flush(output);
    if (output->temporary && complete && output->problem == 0 && fsync(output->fd) != 0)
        output->problem = errno;
    if (close(output->fd) != 0 && output->problem == 0) /* some file systems report a full disk only now */
        output->problem = errno;
    if (output->temporary && complete)
        replace(output);
    if (output->temporary && (!complete || output->problem != 0)) {
        unlink(output->temporary);
        message("nothing was written to '%s'", output->name);
    }
    unfinished = NULL;
    if (output->problem != 0 && output->problem != EPIPE) {
        message("cannot write '%s': %s", output->name, strerror(output->problem));
        code = CODE_IO;
    }
    free(output->temporary);
    free(output->path);
    return code;
}
