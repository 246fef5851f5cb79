/* SPDX-License-Identifier: MIT */
/* The loops of walk_loops.h in plain C. */
#define DORA__WALK_KERNEL dora__walk_portable
#include "derive/walk_loops.h"
