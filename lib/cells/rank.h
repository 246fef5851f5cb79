/* SPDX-License-Identifier: MIT */
/*
 * Ranks: the places that keys have among all in ascending order, of equals in the order of arrival.
 */
#ifndef DORA_CELLS_RANK_H
#define DORA_CELLS_RANK_H

#include "base/asking.h"

/* Sets *rank to the rank of each key, *by_rank to the keys in order. Both lie in `room`, of 2 * count words. False:
   stopped. */
bool dora__rank_keys(const uint32_t *keys, size_t count, uint64_t *room, uint32_t **rank, uint32_t **by_rank,
                     struct dora__asking *asking);

#endif
