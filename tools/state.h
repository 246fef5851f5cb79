/* SPDX-License-Identifier: MIT */
/*
 * The state of --state: locked from before it is loaded until it is saved, so that of two jobs one waits for the other
 * and none loses what the other added.
 */
#ifndef DORA_TOOLS_STATE_H
#define DORA_TOOLS_STATE_H

#include "message.h"

#include <stdbool.h>

struct state {
    const char *path; /* NULL: there is none */
    char *lock_path;
    int lock; /* descriptor, or -1 */
};

/* Locks a state, waiting for whoever has it. `path` NULL: does nothing. On any code but CODE_DONE the message has been
   printed; state_unlock either way. */
enum code state_lock(struct state *state, const char *path, bool quiet);
void state_unlock(struct state *state);

/* Loads a locked state, if its file is there; `needed`: it has to be. */
enum code state_load(const struct state *state, dora_engine *engine, bool needed);

/* Puts the engine's facts in the place of the file. */
enum code state_save(const struct state *state, dora_engine *engine);

#endif
