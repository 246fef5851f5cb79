/* SPDX-License-Identifier: MIT */
/*
 * What walk_kernel.h says, with DORA__WALK_KERNEL as the name of the table.
 */
#include "derive/derived.h"
#include "derive/walk_kernel.h"

static void range(const uint32_t *t_s, uint32_t count, uint32_t *least, uint32_t *end) {
    uint32_t low = UINT32_MAX, high = 0;
    for (uint32_t i = 0; i < count; i++) {
        low = t_s[i] < low ? t_s[i] : low;
        high = t_s[i] + 1 > high ? t_s[i] + 1 : high;
    }
    *least = low;
    *end = high;
}

static void days(const uint32_t *t_s, uint32_t count, uint32_t shift_s, int32_t *restrict day) {
    for (uint32_t i = 0; i < count; i++)
        day[i] = (int32_t)((t_s[i] + shift_s) / DORA__WALK_DAY_S) - DORA__WALK_DAYS_BEFORE;
}

static void leads(const uint32_t *t_s, const uint32_t *committed_s, const uint8_t *flags, uint32_t count,
                  uint8_t *restrict has_lead, uint32_t *restrict lead_s) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t has = (committed_s[i] <= t_s[i]) & (flags[i] / DORA__IS_PLUS) & 1;
        has_lead[i] = (uint8_t)has;
        lead_s[i] = (t_s[i] - committed_s[i]) & -has;
    }
}

const struct dora__walk_kernel DORA__WALK_KERNEL = {range, days, leads};
