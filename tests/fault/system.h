/* SPDX-License-Identifier: MIT */
/*
 * Calls to the system of which one fails, does less than it is asked for, or is the last that the process makes. The
 * linker puts these in the place of libc's (replaced_calls in meson.build), for all objects of the program.
 */
#ifndef DORA_TESTS_SYSTEM_H
#define DORA_TESTS_SYSTEM_H

#include "../support/fixture.h"

#include <stdbool.h>

enum fault { FAIL, FAIL_ON, SHORTEN, EMPTY, DIE_BEFORE, DIE_AFTER }; /* FAIL_ON: it and all after it */
enum { DEAD = 99 };                                                  /* the exit code of a process that dies */

/* What is to happen, and to which call from 1 on. */
struct plan {
    bool armed;
    unsigned long calls;
    unsigned long at;
    enum fault fault;
    int number; /* of a failure */
    bool happened;
    const char *victim; /* name of the first call that it happened to */
    int descriptors;    /* opened and not closed */
};

extern struct plan plan;

void arm(unsigned long at, enum fault fault, int number);
void disarm(void);

/* Whether a file, which has to be there, has these bytes and no others. */
bool file_holds(const char *path, const struct bytes *bytes);

#endif
