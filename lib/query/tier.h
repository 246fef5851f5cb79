/* SPDX-License-Identifier: MIT */
/*
 * Performance tiers and the Quick Check score. Values are judged as the exact rationals they are, never as the rounded
 * doubles that are shown, so a value on a bound is judged the same everywhere. Tables: the published editions, or text
 * (docs/tiers.md).
 */
#ifndef DORA_QUERY_TIER_H
#define DORA_QUERY_TIER_H

#include "base/text.h"

/* No member of a bound is larger than this, so that all products of the judges fit 128 bits. */
#define DORA__TIER_NUMBER_MAX INT64_C(1000000000000)

/* Whether a table can be judged by: members within their limits, a name that can be printed, and no bound stricter than
   that of a better tier. Else ARGUMENT with a message that names the row and tier. */
dora_status dora__tiers_check(const dora_tiers *tiers, dora_error *error);

/* Tables that passed dora__tiers_check. NONE where days or deployments are 0, as there is nothing to judge. */
dora_tier dora__tier_frequency(const dora_tiers *tiers, uint64_t deployments, int64_t days);
dora_tier dora__tier_fail_rate(const dora_tiers *tiers, uint64_t failed, uint64_t deployments);

/* Of the percentile x0_us + (x1_us - x0_us) * frac_num / frac_den, as dora__interpolate_seconds takes it. */
dora_tier dora__tier_duration(const dora_tier_bound bounds[3], int64_t x0_us, int64_t x1_us, uint32_t frac_num,
                              uint32_t frac_den);

/* 0 to 10; days > 0. */
int dora__score_duration(int64_t x0_us, int64_t x1_us, uint32_t frac_num, uint32_t frac_den);
int dora__score_frequency(uint64_t deployments, int64_t days);

/* A checked table as text that dora_tiers_parse reads back as the same table. */
void dora__tiers_text(struct dora__text *out, const dora_tiers *tiers);

#endif
