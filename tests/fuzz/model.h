/* SPDX-License-Identifier: MIT */
/*
 * What a set of facts is, told a second time and naively: an array of facts, each an array of values with the time at
 * which they were stated, merged field by field as docs/facts.md says. Knows nothing of the library but its structs.
 */
#ifndef DORA_TESTS_FUZZ_MODEL_H
#define DORA_TESTS_FUZZ_MODEL_H

#include <dora/dora.h>

#include <stdbool.h>

enum { MODEL_FIELDS = 40, MODEL_ITEMS_MOST = 32, MODEL_FACTS_MOST = 400 };

/* Strings are those of the facts that were added, and must outlive the model. */
struct model_value {
    bool stated;
    int64_t as_of; /* INT64_MIN: at no time; INT64_MAX: for good */
    int64_t number;
    dora_string string;
    dora_string items[MODEL_ITEMS_MOST];
    size_t items_count;
};

struct model_fact {
    dora_kind kind;
    dora_string id;
    struct model_value values[MODEL_FIELDS];
};

struct model {
    size_t count;
    struct model_fact *facts[MODEL_FACTS_MOST];
};

void model_free(struct model *model);

/* A fact that the library took. False: no room is left, and nothing has changed. */
bool model_add(struct model *model, const dora_fact *fact);

/* All facts of another model. False: no room is left for all, and nothing has changed. */
bool model_merge(struct model *into, const struct model *from);

/* Adds the facts to an engine: of each as many records as there are times at which something of it was stated, in an
   order that `seed` chooses. */
void model_tell(const struct model *model, dora_engine *engine, uint64_t seed);

#endif
