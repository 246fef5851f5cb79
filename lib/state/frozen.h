/* SPDX-License-Identifier: MIT */
/*
 * What is left of forgotten facts as sections of a state, and back; docs/state.md has their form.
 */
#ifndef DORA_STATE_FROZEN_H
#define DORA_STATE_FROZEN_H

#include "facts/facts.h"
#include "state/catalog.h"

/* What it is one of the sections of. */
enum { DORA__FROZEN_SECTIONS = 3 + DORA__SERIES_COUNT };

/* The kind of a section, by its number from 0, in ascending order; the first two come before those of facts. */
uint32_t dora__frozen_section(int number);

/* Appends a section. Returns whether it holds anything; false, with bytes->failed set, where memory is out. */
bool dora__frozen_put(struct dora__bytes *bytes, const struct dora__frozen *frozen, const struct dora__catalog *catalog,
                      int number);

/* The number of the section of that kind, or -1. */
int dora__frozen_number(uint32_t kind);

/* Reads a section into facts->frozen, which the first of them makes. OK, MEMORY or LIMIT, or the cursor fails. */
dora_status dora__frozen_take(struct dora__state_cursor *cursor, struct dora__facts *facts, int number);

#endif
