/* SPDX-License-Identifier: MIT */
/*
 * One line on a terminal's standard error that says how far long work is: shown after half a second, renewed ten times
 * a second, erased before anything else is printed. It has one state, as there is one standard error.
 */
#ifndef DORA_TOOLS_PROGRESS_H
#define DORA_TOOLS_PROGRESS_H

#include <dora/dora.h>

#include <stdbool.h>

/* Shows progress from now on, where standard error is a terminal. `bytes_total` 0: not known. */
void progress_start(uint64_t bytes_total);
/* Reading: bytes and records so far, over all files. */
void progress_read(uint64_t bytes, uint64_t records);
/* Work in the library, a dora_progress_fn. Never cancels. */
int progress_library(void *context, const dora_progress *progress);
/* Takes the line away; a later report brings it back. */
void progress_erase(void);
/* Takes it away for good, before data goes to what may be the same terminal. */
void progress_stop(void);

#endif
