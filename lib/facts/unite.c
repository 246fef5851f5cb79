/* SPDX-License-Identifier: MIT */
/*
 * See unite.h. Parts have nothing to do with each other where no service and no id that the one has forgotten is also
 * the other's. Facts that the other still has of before the day count as its forgotten ones do: they could have been
 * what the forgotten ones of that service hung on.
 */
#include "facts/unite.h"

#include "base/sort.h"
#include "facts/absorb.h"
#include "facts/too_late.h"

#include <string.h>

static int compare_environments(const void *context, uint32_t a, uint32_t b) {
    const struct dora__environment *environments = context;
    return (environments[a].name > environments[b].name) - (environments[a].name < environments[b].name);
}

static int compare_services(const void *context, uint32_t a, uint32_t b) {
    const uint32_t *services = context;
    return (services[a] > services[b]) - (services[a] < services[b]);
}

static bool normalise(struct dora__frozen *frozen) {
    struct dora__memory *memory = frozen->memory;
    bool done = dora__put_in_order(memory, frozen->environments, frozen->environments_count,
                                   sizeof *frozen->environments, compare_environments, frozen->environments) &&
                dora__put_in_order(memory, frozen->anchored, frozen->anchored_count, sizeof *frozen->anchored,
                                   compare_services, frozen->anchored) &&
                dora__phases_order(memory, frozen->phases, frozen->phases_count);
    for (int series = 0; series < DORA__SERIES_COUNT && done; series++)
        done = dora__samples_order(memory, &frozen->samples[series]);
    for (int of = 0; of < DORA__KEYS && done; of++)
        done = dora__id_keys_order(&frozen->keys[of], memory);
    return done;
}

/* Handles in another set of facts; 0 of 0. */
static dora_status string_there(struct dora__pool *into, const struct dora__pool *from, uint32_t handle,
                                uint32_t *there) {
    dora_string string = dora__pool_get(from, handle);
    *there = 0;
    return string.size ? dora__pool_intern(into, string.data, string.size, there) : DORA_OK;
}

/* Adds items to an array. */
static void *add_items(struct dora__memory *memory, void **items, size_t *count, size_t *capacity, const void *from,
                       size_t more, size_t size) {
    if (!more)
        return memory; /* of nothing, anything */
    if (!dora__grow(memory, items, capacity, *count + more, size))
        return NULL;
    char *added = (char *)*items + *count * size;
    memcpy(added, from, more * size);
    *count += more;
    return added;
}

#define ADD(memory, items, count, capacity, from, more)                                                                \
    add_items(memory, (void **)&(items), &(count), &(capacity), from, more, sizeof *(items))

static dora_status add_samples(struct dora__frozen *into, struct dora__pool *services, const struct dora__facts *from,
                               int series) {
    struct dora__samples *samples = &into->samples[series];
    const struct dora__samples *more = &from->frozen->samples[series];
    struct dora__sample *added =
        ADD(into->memory, samples->data, samples->count, samples->capacity, more->data, more->count);
    uint32_t last = 0, there = 0;
    dora_status status = added ? DORA_OK : DORA_ERROR_MEMORY;
    for (size_t i = 0; i < more->count && status == DORA_OK; i++) {
        if (more->data[i].service != last) {
            last = more->data[i].service;
            status = string_there(services, &from->services, last, &there);
        }
        added[i].service = there;
    }
    return status;
}

static dora_status add_phases(struct dora__frozen *frozen, struct dora__facts *into, const struct dora__facts *from) {
    const struct dora__frozen *more = from->frozen;
    struct dora__phase_sample *added = ADD(frozen->memory, frozen->phases, frozen->phases_count,
                                           frozen->phases_capacity, more->phases, more->phases_count);
    dora_status status = added ? DORA_OK : DORA_ERROR_MEMORY;
    for (size_t i = 0; i < more->phases_count && status == DORA_OK; i++) {
        status = string_there(&into->services, &from->services, more->phases[i].service, &added[i].service);
        if (status == DORA_OK)
            status = string_there(&into->strings, &from->strings, more->phases[i].name, &added[i].name);
    }
    return status;
}

static dora_status add_environment(struct dora__frozen *frozen, struct dora__facts *into,
                                   const struct dora__facts *from, const struct dora__environment *more) {
    uint32_t name;
    dora_status status = string_there(&into->strings, &from->strings, more->name, &name);
    if (status != DORA_OK)
        return status;
    for (size_t i = 0; i < frozen->environments_count; i++)
        if (frozen->environments[i].name == name) {
            frozen->environments[i].count += more->count;
            return DORA_OK;
        }
    struct dora__environment own = {name, more->count};
    return ADD(frozen->memory, frozen->environments, frozen->environments_count, frozen->environments_capacity, &own, 1)
               ? DORA_OK
               : DORA_ERROR_MEMORY;
}

static dora_status add_anchored(struct dora__frozen *frozen, struct dora__facts *into, const struct dora__facts *from) {
    const struct dora__frozen *more = from->frozen;
    uint32_t *added = ADD(frozen->memory, frozen->anchored, frozen->anchored_count, frozen->anchored_capacity,
                          more->anchored, more->anchored_count);
    dora_status status = added ? DORA_OK : DORA_ERROR_MEMORY;
    for (size_t i = 0; i < more->anchored_count && status == DORA_OK; i++)
        status = string_there(&into->services, &from->services, more->anchored[i], &added[i]);
    return status;
}

/* Adds what is left of the facts of `from`, whose strings get handles of `into`. */
static dora_status add(struct dora__frozen *frozen, struct dora__facts *into, const struct dora__facts *from) {
    const struct dora__frozen *more = from->frozen;
    frozen->failure_known |= more->failure_known;
    frozen->rework_known |= more->rework_known;
    frozen->forgotten += more->forgotten;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int disposition = 0; disposition < DORA_DISPOSITION_COUNT; disposition++)
            frozen->account[kind][disposition] += more->account[kind][disposition];
    dora_status status = add_phases(frozen, into, from);
    if (status == DORA_OK)
        status = add_anchored(frozen, into, from);
    for (size_t i = 0; i < more->environments_count && status == DORA_OK; i++)
        status = add_environment(frozen, into, from, &more->environments[i]);
    for (int series = 0; series < DORA__SERIES_COUNT && status == DORA_OK; series++)
        status = add_samples(frozen, &into->services, from, series);
    for (int of = 0; of < DORA__KEYS && status == DORA_OK; of++)
        if (!ADD(frozen->memory, frozen->keys[of].items, frozen->keys[of].count, frozen->keys[of].capacity,
                 more->keys[of].items, more->keys[of].count))
            status = DORA_ERROR_MEMORY;
    return status;
}

/* A copy with the handles of `into`, in order. NULL: *status says why. */
static struct dora__frozen *copy(struct dora__facts *into, const struct dora__facts *from, dora_status *status) {
    const struct dora__frozen *more = from->frozen;
    struct dora__frozen *frozen = dora__frozen_new(into->memory);
    *status = DORA_ERROR_MEMORY;
    if (!frozen)
        return NULL;
    frozen->before_day = more->before_day;
    frozen->before_us = more->before_us;
    frozen->attribution_us = more->attribution_us;
    if (dora__frozen_text(frozen, &frozen->production, &frozen->production_size, more->production) &&
        dora__frozen_text(frozen, &frozen->zone, &frozen->zone_size, more->zone))
        *status = add(frozen, into, from);
    if (*status == DORA_OK && !normalise(frozen))
        *status = DORA_ERROR_MEMORY;
    if (*status == DORA_OK)
        return frozen;
    dora__frozen_free(frozen);
    return NULL;
}

static bool same(const void *a, size_t a_count, const void *b, size_t b_count, size_t size) {
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * size) == 0);
}

static bool same_samples(const struct dora__samples *a, const struct dora__samples *b) {
    bool is = a->count == b->count;
    for (size_t i = 0; is && i < a->count; i++)
        is = dora__sample_compare(&a->data[i], &b->data[i]) == 0;
    return is;
}

/* Both in order. */
static bool is_same(const struct dora__frozen *a, const struct dora__frozen *b) {
    bool is = a->forgotten == b->forgotten && a->failure_known == b->failure_known &&
              a->rework_known == b->rework_known && !memcmp(a->account, b->account, sizeof a->account) &&
              a->environments_count == b->environments_count && a->phases_count == b->phases_count &&
              same(a->anchored, a->anchored_count, b->anchored, b->anchored_count, sizeof *a->anchored);
    for (size_t i = 0; is && i < a->environments_count; i++)
        is = a->environments[i].name == b->environments[i].name && a->environments[i].count == b->environments[i].count;
    for (size_t i = 0; is && i < a->phases_count; i++)
        is = dora__phase_compare(&a->phases[i], &b->phases[i]) == 0;
    for (int series = 0; is && series < DORA__SERIES_COUNT; series++)
        is = same_samples(&a->samples[series], &b->samples[series]);
    for (int of = 0; is && of < DORA__KEYS; of++)
        is = same(a->keys[of].items, a->keys[of].count, b->keys[of].items, b->keys[of].count, DORA__DIGEST_SIZE);
    return is;
}

static bool share_keys(const struct dora__id_keys *a, const struct dora__id_keys *b) {
    for (size_t i = 0; i < a->count; i++)
        if (dora__id_keys_have(b, &a->items[i]))
            return true;
    return false;
}

static bool share_ids(const struct dora__frozen *a, const struct dora__frozen *b) {
    for (int of = 0; of < DORA__KEYS; of++)
        if (of != DORA__KEY_NAMED_CHANGE && share_keys(&a->keys[of], &b->keys[of]))
            return true;
    return share_keys(&a->keys[DORA_KIND_CHANGE], &b->keys[DORA__KEY_NAMED_CHANGE]) ||
           share_keys(&a->keys[DORA__KEY_NAMED_CHANGE], &b->keys[DORA_KIND_CHANGE]);
}

/* Marks services, a byte each by handle of `into`, of which something is forgotten. */
static void mark_forgotten(const struct dora__frozen *frozen, uint8_t *marks) {
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        for (size_t i = 0; i < frozen->samples[series].count; i++)
            marks[frozen->samples[series].data[i].service] = 1;
    for (size_t i = 0; i < frozen->anchored_count; i++)
        marks[frozen->anchored[i]] = 1;
    for (size_t i = 0; i < frozen->phases_count; i++)
        marks[frozen->phases[i].service] = 1;
}

/* The same of services that have a fact of before the day; handles of `facts` go through `into`. */
static void mark_early(const struct dora__facts *into, const struct dora__facts *facts, int64_t before_us,
                       uint8_t *marks) {
    static const struct {
        dora_kind kind;
        enum dora__field field;
    } times[] = {{DORA_KIND_DEPLOYMENT, DORA__FINISHED_AT}, {DORA_KIND_DEPLOYMENT, DORA__STARTED_AT},
                 {DORA_KIND_INCIDENT, DORA__OPENED_AT},     {DORA_KIND_INCIDENT, DORA__RESOLVED_AT},
                 {DORA_KIND_RELEASE, DORA__RELEASED_AT},    {DORA_KIND_FLAG, DORA__ENABLED_AT}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const struct dora__table *table = &facts->tables[times[i].kind];
        for (uint32_t row = 0; row < table->rows; row++) {
            int64_t at = dora__table_instant(table, times[i].field, row);
            dora_string name = dora__pool_get(&facts->services, dora__table_handle(table, DORA__SERVICE_NAME, row));
            uint32_t service = name.size ? dora__pool_find(&into->services, name.data, name.size) : 0;
            if (at != DORA_ABSENT && at < before_us && (service || !name.size))
                marks[service] = 1;
        }
    }
}

/* Whether a fact that one side still has was forgotten by the other, or names what was. */
static bool has_forgotten(const struct dora__facts *gate, const struct dora__facts *facts) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (uint32_t row = 0; row < facts->tables[kind].rows; row++) {
            struct dora__record whole;
            dora__record_of_row(facts, (dora_kind)kind, row, &whole);
            if (dora__has_forgotten(gate, facts, &whole))
                return true;
        }
    return false;
}

/* Whether both have to do with a service, one of them with forgotten facts of it. */
static dora_status share_services(const struct dora__facts *into, const struct dora__facts *from,
                                  const struct dora__frozen *theirs, bool *do_share) {
    size_t count = (size_t)into->services.count + 1;
    uint8_t *marks = dora__alloc_zeroed(into->memory, count, 4);
    *do_share = false;
    if (!marks)
        return DORA_ERROR_MEMORY;
    mark_forgotten(into->frozen, marks);
    mark_early(into, into, theirs->before_us, marks + count);
    mark_forgotten(theirs, marks + 2 * count);
    mark_early(into, from, theirs->before_us, marks + 3 * count);
    for (size_t i = 0; i < count; i++)
        *do_share |=
            (marks[i] && (marks[2 * count + i] || marks[3 * count + i])) || (marks[2 * count + i] && marks[count + i]);
    dora__free(into->memory, marks, count, 4);
    return DORA_OK;
}

/* Whether a fact of both becomes one, of which a part would have been too late for one side. Facts without an id are
   nobody's but their own. */
static dora_status find_too_late(const struct dora__facts *into, const struct dora__facts *from, bool *found) {
    struct dora__facts merged;
    dora__facts_init(&merged, into->memory);
    dora_status status = dora__facts_merge(&merged, from, NULL);
    if (status == DORA_OK)
        status = dora__facts_merge(&merged, into, NULL);
    for (int kind = 0; kind < DORA_KIND_COUNT && status == DORA_OK; kind++)
        for (uint32_t row = 0; row < merged.tables[kind].rows && !*found; row++) {
            struct dora__record whole;
            dora__record_of_row(&merged, (dora_kind)kind, row, &whole);
            *found = whole.id && (dora__too_late(into, &merged, &whole) || dora__too_late(from, &merged, &whole));
        }
    dora__facts_free(&merged);
    return status;
}

static const char *other_options(const struct dora__frozen *a, const struct dora__frozen *b) {
    return a->before_day != b->before_day || a->before_us != b->before_us ? "they were compacted before different days"
           : strcmp(a->production, b->production) || strcmp(a->zone, b->zone) || a->attribution_us != b->attribution_us
               ? "they were compacted with different options"
               : NULL;
}

/* Both sides have forgotten facts, with the same options; `theirs` has the handles of `into`. */
static dora_status unite_both(struct dora__facts *into, const struct dora__facts *from, struct dora__frozen *theirs,
                              struct dora__union *both) {
    bool do_share = false;
    if (!normalise(into->frozen))
        return DORA_ERROR_MEMORY;
    if (is_same(into->frozen, theirs)) {
        bool too_late = false;
        dora_status status = find_too_late(into, from, &too_late);
        both->misfit = too_late ? "what was added to one of them since is too late for the other" : NULL;
        return status;
    }
    dora_status status = share_services(into, from, theirs, &do_share);
    if (status != DORA_OK)
        return status;
    do_share = do_share || share_ids(into->frozen, theirs) || has_forgotten(into, from) || has_forgotten(from, into);
    both->misfit = do_share ? "both have forgotten facts of one service or id, and not the same" : NULL;
    return do_share ? DORA_OK : add(theirs, into, into);
}

dora_status dora__unite(struct dora__facts *into, const struct dora__facts *from, struct dora__union *both) {
    *both = (struct dora__union){0};
    dora_status status = DORA_OK;
    if (!into->frozen && !from->frozen)
        return DORA_OK;
    bool one = !into->frozen || !from->frozen;
    if (one && (into->frozen ? dora__facts_count(from) : dora__facts_count(into))) {
        both->misfit = "one is compacted and the other is not; a compacted state comes first, and takes what is new";
        return DORA_OK;
    }
    both->frozen = copy(into, into->frozen && one ? into : from, &status);
    if (!both->frozen || one)
        return status;
    both->misfit = other_options(into->frozen, both->frozen);
    if (!both->misfit)
        status = unite_both(into, from, both->frozen, both);
    if (status == DORA_OK && !both->misfit && !normalise(both->frozen))
        status = DORA_ERROR_MEMORY;
    if (status != DORA_OK || both->misfit) {
        dora__frozen_free(both->frozen);
        both->frozen = NULL;
    }
    return status;
}
