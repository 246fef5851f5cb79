/* SPDX-License-Identifier: MIT */
/* dora merge: states, and other inputs, as one state. */
#ifndef DORA_TOOLS_MERGE_H
#define DORA_TOOLS_MERGE_H

#include "options.h"

enum code run_merge(const struct options *options);

#endif
