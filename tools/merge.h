/* SPDX-License-Identifier: MIT */
/* dora merge: states, and other inputs, as one state. */
#ifndef DORA_TOOLS_MERGE_H
#define DORA_TOOLS_MERGE_H

#include "options.h"

enum code run_merge(const struct options *options);

/* The same with what was before options->before forgotten; in the place of the one state that there is without -o. */
enum code run_compact(const struct options *options);

#endif
