/* SPDX-License-Identifier: MIT */
/*
 * What the command says on standard error. File names and names from the data go into messages as they are: a message
 * is escaped as a whole when it is printed, so that nothing in it can steer a terminal.
 */
#ifndef DORA_TOOLS_MESSAGE_H
#define DORA_TOOLS_MESSAGE_H

#include <dora/dora.h>

/* The exit codes of the command. */
enum code {
    CODE_DONE = 0,
    CODE_HELD = 1,  /* a --fail-if condition held */
    CODE_USAGE = 2, /* options or arguments that cannot be */
    CODE_INPUT = 3, /* input rejected under --strict, or nothing readable in it */
    CODE_IO = 4     /* files, memory */
};

/* Prints "dora: ...\n". */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same; returns CODE_USAGE. */
enum code usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that memory ran out; returns CODE_IO. */
enum code memory_error(void);

/* The exit code that a failed library call leads to. */
enum code code_of(dora_status status);

/* Prints the message of a failed library call; returns its exit code. */
enum code library_error(const dora_error *error);

/* A number with separators, "1,234,567", for use as an argument: grouped(n).text. */
struct grouped {
    char text[32];
};
struct grouped grouped(uint64_t number);

#endif
