/* SPDX-License-Identifier: MIT */
/* Tier tables: published editions and files. */
#ifndef DORA_TOOLS_TIERS_H
#define DORA_TOOLS_TIERS_H

#include "options.h"

/* The table that an edition ("2023") or the path of a file stands for: *tiers is static, or `own` filled from the file.
   CODE_DONE, or the message was printed: CODE_USAGE for an unknown edition or a file that is no table, CODE_IO. */
enum code tiers_load(const char *text, dora_tiers *own, const dora_tiers **tiers);

/* dora tiers */
enum code run_tiers(const struct options *options);

#endif
