/* SPDX-License-Identifier: MIT */
/* How many processors this process may use, as it was told by taskset, a container's cpuset or nobody; at least 1. */
#ifndef DORA_TOOLS_PROCESSORS_H
#define DORA_TOOLS_PROCESSORS_H

#include <stdint.h>

uint32_t processors_allowed(void);

#endif
