/* SPDX-License-Identifier: MIT */
/* dora convert: what files state, in the normal form. */
#ifndef DORA_TOOLS_CONVERT_H
#define DORA_TOOLS_CONVERT_H

#include "options.h"

enum code run_convert(const struct options *options);

#endif
