/* SPDX-License-Identifier: MIT */
/*
 * What is left of facts that were forgotten (see docs/forgetting.md): their samples by service and day, what they come
 * to in the account, and keys of 128 bits of the ids that they had or named, by which a later record that has to do
 * with them is known. The options under which they were derived belong to it, since their samples hold for no others.
 */
#ifndef DORA_FACTS_FROZEN_H
#define DORA_FACTS_FROZEN_H

#include "base/digest.h"
#include "facts/field.h"
#include "facts/samples.h"

/* What a key is of. The first are ids that were forgotten, by kind; those of changes were of known ones. */
enum {
    DORA__KEY_NAMED_CHANGE = DORA_KIND_COUNT, /* an id that forgotten facts name and no change has */
    DORA__KEY_DEPLOYED_VERSION,               /* version and service of forgotten deployments that name no release */
    DORA__KEY_RELEASED_VERSION,               /* the same of forgotten releases */
    DORA__KEY_SPENT_CHANGE, /* changes that are still there, by way of which forgotten ones were deployed */
    DORA__KEYS
};

/* In order of bytes, each once. */
struct dora__id_keys {
    struct dora__digest *items;
    size_t count;
    size_t capacity;
};

struct dora__environment {
    uint32_t name; /* handle, 0 for none */
    uint64_t count;
};

struct dora__frozen {
    struct dora__memory *memory;
    int32_t before_day; /* local days since 1970-01-01 */
    int64_t before_us;  /* when that day begins */
    char *production;   /* as the engine has it: terminated, names separated by commas, lower case */
    size_t production_size;
    char *zone; /* name, terminated */
    size_t zone_size;
    int64_t attribution_us;

    bool failure_known;
    bool rework_known;
    uint64_t forgotten; /* facts */
    uint64_t account[DORA_KIND_COUNT][DORA_DISPOSITION_COUNT];
    struct dora__environment *environments;
    size_t environments_count;
    size_t environments_capacity;
    uint32_t *anchored; /* services whose first deployment with a known sha is forgotten; each once */
    size_t anchored_count;
    size_t anchored_capacity;
    struct dora__samples samples[DORA__SERIES_COUNT];
    struct dora__phase_sample *phases;
    size_t phases_count;
    size_t phases_capacity;
    struct dora__id_keys keys[DORA__KEYS];
};

/* One that holds nothing, or NULL: out of memory. */
struct dora__frozen *dora__frozen_new(struct dora__memory *memory);
void dora__frozen_free(struct dora__frozen *frozen);

/* Copies text, with its end, in the place of *text. False: out of memory. */
bool dora__frozen_text(struct dora__frozen *frozen, char **text, size_t *size, const char *from);

/* Keys of a fact's id, and of a version and service of a deployment or release. */
struct dora__digest dora__key_of_id(dora_kind kind, dora_string id);
struct dora__digest dora__key_of_version(dora_string version, dora_string service);

/* Adds a key; in any order until they are put into order, when each is kept once. False: out of memory. */
bool dora__id_keys_add(struct dora__id_keys *keys, struct dora__memory *memory, const struct dora__digest *key);
bool dora__id_keys_order(struct dora__id_keys *keys, struct dora__memory *memory);
/* O(log keys). */
bool dora__id_keys_have(const struct dora__id_keys *keys, const struct dora__digest *key);

/* Whether the id of a fact of that kind was forgotten, or is named by what was. */
bool dora__frozen_has_id(const struct dora__frozen *frozen, dora_kind kind, dora_string id);
/* Whether forgotten changes were deployed by way of a change that is still there. */
bool dora__frozen_has_spent(const struct dora__frozen *frozen, dora_string id);
/* Whether it is the id of a known change that was forgotten. */
bool dora__frozen_has_change(const struct dora__frozen *frozen, dora_string id);

#endif
