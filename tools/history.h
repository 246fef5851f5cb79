/* SPDX-License-Identifier: MIT */
/* The verbs that read a history: dora report, dora phases, dora check. */
#ifndef DORA_TOOLS_HISTORY_H
#define DORA_TOOLS_HISTORY_H

#include "options.h"

enum code run_history(const struct options *options);

#endif
