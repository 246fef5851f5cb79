/* SPDX-License-Identifier: MIT */
/*
 * The loops of walk.c over 32-bit numbers, free of branches, for compilers to turn into vectors: walk_loops.h compiled
 * once for each kind of machine.
 */
#ifndef DORA_DERIVE_WALK_KERNEL_H
#define DORA_DERIVE_WALK_KERNEL_H

#include <stdint.h>

enum { DORA__WALK_DAY_S = 86400, DORA__WALK_DAYS_BEFORE = 2 };

struct dora__walk_kernel {
    /* The least time, and the greatest one plus 1: 0 where all are absent. */
    void (*range)(const uint32_t *t_s, uint32_t count, uint32_t *least, uint32_t *end);
    /* Days of times that, with `shift_s`, count from DORA__WALK_DAYS_BEFORE days before day 0. */
    void (*days)(const uint32_t *t_s, uint32_t count, uint32_t shift_s, int32_t *day);
    /* From commits, of which an absent one is later than any time, to the times of deployments in D+. */
    void (*leads)(const uint32_t *t_s, const uint32_t *committed_s, const uint8_t *flags, uint32_t count,
                  uint8_t *has_lead, uint32_t *lead_s);
};

/* The latter two with DORA__WITH_AVX2. */
extern const struct dora__walk_kernel dora__walk_portable, dora__walk_avx2, dora__walk_avx512;

#endif
