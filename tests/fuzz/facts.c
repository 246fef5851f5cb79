/* SPDX-License-Identifier: MIT */
/* See facts.h. */
#include "facts.h"

#include <stddef.h>

#define STRING(field) offsetof(dora_fact, field)

static const size_t strings[] = {
    STRING(service),     STRING(environment), STRING(version),  STRING(sha),      STRING(release),
    STRING(rollback_of), STRING(deployment),  STRING(severity), STRING(category), STRING(name),
    STRING(measure),     STRING(team),        STRING(product),
};
static const size_t instants[] = {
    STRING(as_of),          STRING(started_at),  STRING(finished_at), STRING(committed_at),
    STRING(rolled_back_at), STRING(restored_at), STRING(opened_at),   STRING(first_review_at),
    STRING(merged_at),      STRING(resolved_at), STRING(released_at), STRING(found_at),
    STRING(ended_at),       STRING(enabled_at),  STRING(at),          STRING(value_millionths),
};
static const size_t flags[] = {STRING(deleted), STRING(status), STRING(rework), STRING(failed), STRING(active)};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static dora_string name(struct fuzz_input *input) {
    static const char *const names[] = {"",  "a", "b",  "c",          "d",    "prod",       "adoption", "satisfaction",
                                        "1", "2", "ab", "complaints", "high", "\xc3\xa9\n", "a\xff",    "staging"};
    return dora_string_of(names[fuzz_below(input, COUNT(names))]);
}

/* Days of one month, in steps of what the packing tells apart, and the ends of time. */
static int64_t instant(struct fuzz_input *input) {
    const int64_t day_us = INT64_C(86400000000), begin_us = INT64_C(19700) * day_us;
    static const int64_t odd[] = {INT64_C(-2208988800000000),
                                  INT64_C(253339228800000000) - 1,
                                  INT64_C(253339228800000000),
                                  DORA_ABSENT,
                                  0,
                                  -1,
                                  INT64_MAX,
                                  1};
    uint8_t choice = fuzz_byte(input);
    if (choice >= 0xF8)
        return odd[choice & 7];
    return begin_us + (choice & 31) * day_us + (choice & 32 ? 1000 : 0) + (choice & 64 ? 7 : 0);
}

static void take_items(struct fuzz_input *input, dora_string *items, const dora_string **list, size_t *count) {
    *list = items;
    *count = fuzz_below(input, FUZZ_ITEMS_MOST + 1);
    for (size_t i = 0; i < *count; i++)
        items[i] = name(input);
}

void fuzz_fact(struct fuzz_input *input, struct fuzz_fact *made) {
    char *bytes = (char *)&made->fact;
    dora_fact_init(&made->fact, (dora_kind)fuzz_below(input, DORA_KIND_COUNT));
    uint8_t fields = fuzz_below(input, 12);
    if (fuzz_below(input, 4))
        made->fact.id = name(input);
    for (uint8_t i = 0; i < fields; i++) {
        uint8_t field = fuzz_byte(input) & 63;
        if (field < 24)
            *(int64_t *)(void *)(bytes + instants[field % COUNT(instants)]) = instant(input);
        else if (field < 44)
            *(dora_string *)(void *)(bytes + strings[field % COUNT(strings)]) = name(input);
        else if (field < 58)
            bytes[flags[field % COUNT(flags)]] = (char)((int)fuzz_below(input, 6) - 1);
        else if (field < 61)
            take_items(input, made->items[0], &made->fact.changes, &made->fact.changes_count);
        else
            take_items(input, made->items[1], &made->fact.parents, &made->fact.parents_count);
    }
}
