/* SPDX-License-Identifier: MIT */
/* Texts for people: usage, the help of each verb, the list of metrics. */
#ifndef DORA_TOOLS_HELP_H
#define DORA_TOOLS_HELP_H

#include "options.h"

#include <stdio.h>

void help_usage(FILE *file);
void help_overview(void);
void help_verb(enum verb verb);
void help_metrics(void);
/* What a source reads; false: none has that name. */
bool help_source(const char *name);

#endif
