/* SPDX-License-Identifier: MIT */
/*
 * Which facts can be forgotten as of a day, and what is left of them. A fact is forgotten where nothing that an engine
 * still takes afterwards (see facts/too_late.h) could make it count otherwise: it lies before the day and is finished,
 * and so does all that its outcome hangs on. What is left is found by taking away: the samples of all facts, less those
 * of the facts that are kept. That these are a part of those is checked; were it not so, nothing would be forgotten.
 */
#ifndef DORA_DERIVE_FORGET_H
#define DORA_DERIVE_FORGET_H

#include "derive/step.h"

struct dora__forgetting {
    struct dora__derived *derived; /* of all facts */
    const struct dora__facts *facts;
    struct dora__memory *memory;
    int64_t before_us;
    uint8_t *keep[DORA_KIND_COUNT]; /* a row each: 1 stays. Of the files of forgetting each marks more. */
};

/* When a local day begins: from then on no instant is of an earlier one. */
int64_t dora__day_begin(const struct dora__zone *zone, int32_t day);

/* Steps, in this order. MEMORY or LIMIT. */
dora_status dora__forget_changes(struct dora__forgetting *forgetting);
dora_status dora__forget_others(struct dora__forgetting *forgetting);

/* Adds to `frozen` what can be told of forgotten facts one by one: keys, environments, evidence, services. False: out
   of memory. */
bool dora__forget_each(const struct dora__forgetting *forgetting, struct dora__frozen *frozen);

/* Makes `kept`, empty before, the facts that stay, with what is left of the others; kept->frozen has the options, and
   of what was forgotten before the keys and what belongs to them. MEMORY, LIMIT, CANCELLED or ARGUMENT, with a message;
   on failure `kept` is to be freed. */
dora_status dora__forget(struct dora__derived *derived, struct dora__facts *kept, dora_error *error);

static inline bool dora__forget_early(const struct dora__forgetting *forgetting, int64_t instant_us) {
    return instant_us != DORA_ABSENT && instant_us < forgetting->before_us;
}

/* Whether a deployment lies before the day and stays as it is, in D+ or not. */
bool dora__forget_is_settled(const struct dora__forgetting *forgetting, uint32_t deployment);

#endif
