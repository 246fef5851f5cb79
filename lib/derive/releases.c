/* SPDX-License-Identifier: MIT */
/*
 * Releases, the deployments that belong to them, and the facts that hang on releases: phases, defects, downtime,
 * feedback and flags.
 */
#include "derive/step.h"

#include "base/sort.h"

#include <string.h>

struct active {
    int64_t begin_us;
    int64_t end_us;
    uint32_t release;
};

struct context {
    struct dora__steps *steps;
    const struct dora__table *releases;
    uint8_t *counted;     /* a release each, as all below: it has a released_at and is not deleted */
    uint8_t *rolled_back; /* a deployment of it was */
    uint32_t *first;      /* the first deployment that belongs to it, or DORA__NO_ROW */
    uint32_t *peer;       /* the release that stands for all of its version and service; DORA__NO_ROW: no version */
    uint32_t *least; /* of one that stands for others: the counted one of them with the least id, or DORA__NO_ROW */
    int64_t *downtime_us;        /* DORA_ABSENT: none */
    struct dora__map by_version; /* version and service: a release */
    struct active *active;       /* active phases, cut to their release */
    size_t active_count;
    size_t active_capacity;
};

static uint64_t version_key(uint32_t version, uint32_t service) {
    return (uint64_t)version << 32 | service;
}

/* The release of the two with the lesser id. */
static void keep_least(const struct context *context, uint32_t *least, uint32_t row) {
    if (*least == DORA__NO_ROW ||
        dora__pool_compare(&context->steps->facts->strings, dora__table_handle(context->releases, DORA__ID, row),
                           dora__table_handle(context->releases, DORA__ID, *least)) < 0)
        *least = row;
}

static dora_status index_releases(struct context *context) {
    struct dora__steps *steps = context->steps;
    for (uint32_t row = 0; row < context->releases->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(context->releases, row);
        if (dora__byte_at(chunk, DORA__DELETED, row) == 2) {
            dora__account_for(steps, DORA_KIND_RELEASE, DORA_DELETED);
            continue;
        }
        dora_string category = dora__pool_get(&steps->facts->strings, dora__handle_at(chunk, DORA__CATEGORY, row));
        steps->derived->rework_known |= category.size == 9 && memcmp(category.data, "emergency", 9) == 0;
        context->counted[row] = dora__instant_at(chunk, DORA__RELEASED_AT, row) != DORA_ABSENT;
        dora__account_for(steps, DORA_KIND_RELEASE, context->counted[row] ? DORA_COUNTED : DORA_INCOMPLETE);
        uint32_t version = dora__handle_at(chunk, DORA__VERSION, row);
        if (!version)
            continue;
        uint32_t service = dora__handle_at(chunk, DORA__SERVICE_NAME, row);
        uint32_t *peer = dora__map_at(&context->by_version, version_key(version, service), row);
        if (!peer)
            return DORA_ERROR_MEMORY;
        context->peer[row] = *peer;
        if (context->counted[row])
            keep_least(context, &context->least[*peer], row);
    }
    return DORA_OK;
}

/* The release that a deployment in D+ belongs to, by name, or the one that stands for those of its version and service;
   DORA__NO_ROW for none. */
static uint32_t release_of(const struct context *context, uint32_t deployment, bool *named) {
    const struct dora__chunk *chunk = dora__chunk_of(context->steps->deployments, deployment);
    uint32_t release = dora__handle_at(chunk, DORA__RELEASE, deployment);
    *named = release != 0;
    if (release) {
        uint32_t row = dora__row_of(context->releases, release);
        return row != DORA__NO_ROW && !dora__is_deleted(context->releases, row) ? row : DORA__NO_ROW;
    }
    uint32_t version = dora__handle_at(chunk, DORA__VERSION, deployment);
    uint32_t service = dora__handle_at(chunk, DORA__SERVICE_NAME, deployment);
    uint32_t *peer = version ? dora__map_find(&context->by_version, version_key(version, service)) : NULL;
    return peer ? *peer : DORA__NO_ROW;
}

/* What the deployments of a release, or of a version, come to. */
struct deployed {
    uint32_t first;
    bool rolled_back;
};

static void join(const struct context *context, struct deployed *deployed, uint32_t deployment, bool rolled_back) {
    deployed->rolled_back |= rolled_back;
    if (deployment != DORA__NO_ROW &&
        (deployed->first == DORA__NO_ROW || dora__compare_deployments(context->steps, deployment, deployed->first) < 0))
        deployed->first = deployment;
}

/* Deployments that name a release are joined to it, the others to their version, whose sum then goes to each of its
   releases: a version that many releases share costs no more than one. */
static dora_status link_deployments(struct context *context) {
    const struct dora__derived *derived = context->steps->derived;
    size_t count = context->releases->rows;
    struct deployed *by_name = dora__alloc(context->steps->memory, 2 * count, sizeof *by_name);
    if (!by_name)
        return DORA_ERROR_MEMORY;
    struct deployed *by_version = by_name + count;
    for (size_t i = 0; i < 2 * count; i++)
        by_name[i] = (struct deployed){DORA__NO_ROW, false};
    for (uint32_t row = 0; row < derived->deployments; row++) {
        bool named;
        uint32_t release = derived->flags[row] & DORA__IS_PLUS ? release_of(context, row, &named) : DORA__NO_ROW;
        if (release != DORA__NO_ROW)
            join(context, &(named ? by_name : by_version)[release], row, derived->flags[row] & DORA__IS_ROLLED_BACK);
    }
    for (uint32_t row = 0; row < count; row++) {
        uint32_t peer = context->peer[row];
        if (peer != DORA__NO_ROW)
            join(context, &by_name[row], by_version[peer].first, by_version[peer].rolled_back);
        context->first[row] = by_name[row].first;
        context->rolled_back[row] = by_name[row].rolled_back;
    }
    dora__free(context->steps->memory, by_name, 2 * count, sizeof *by_name);
    return DORA_OK;
}

static int64_t released_at(const struct context *context, uint32_t release) {
    return dora__table_instant(context->releases, DORA__RELEASED_AT, release);
}

/* A sample of a counted release. */
static dora_status put(const struct context *context, enum dora__series series, uint32_t release, int64_t value) {
    return dora__put_sample(context->steps, series, released_at(context, release),
                            dora__table_handle(context->releases, DORA__SERVICE_NAME, release), value);
}

static dora_status put_release(struct context *context, uint32_t row) {
    const struct dora__chunk *chunk = dora__chunk_of(context->releases, row);
    int64_t at = released_at(context, row), started = dora__instant_at(chunk, DORA__STARTED_AT, row);
    bool rolled_back = context->rolled_back[row] || dora__instant_at(chunk, DORA__ROLLED_BACK_AT, row) != DORA_ABSENT;
    dora_status status =
        put(context, DORA__EVENTS, row, 1 << DORA__EVENT_RELEASE | rolled_back << DORA__EVENT_RELEASE_ROLLED_BACK);
    if (status == DORA_OK && started != DORA_ABSENT && at >= started) {
        status = put(context, DORA__TIME_TO_RELEASE, row, at - started);
        if (status == DORA_OK)
            status = put(context, DORA__CYCLE_TOTAL, row, at - started);
    }
    if (status == DORA_OK && context->downtime_us[row] != DORA_ABSENT)
        status = put(context, DORA__RELEASE_DOWNTIME, row, context->downtime_us[row]);
    if (status == DORA_OK && context->first[row] != DORA__NO_ROW) {
        int64_t first = dora__t_of(context->steps, context->first[row]);
        if (first <= at)
            status = put(context, DORA__RELEASE_LAG, row, at - first);
    }
    return status;
}

/* The counted release that a fact names in its field `release`, or DORA__NO_ROW. */
static uint32_t counted_release(const struct context *context, const struct dora__chunk *chunk, uint32_t row) {
    uint32_t release = dora__row_of(context->releases, dora__handle_at(chunk, DORA__RELEASE, row));
    return release != DORA__NO_ROW && context->counted[release] ? release : DORA__NO_ROW;
}

static dora_status settle_phase(struct context *context, const struct dora__chunk *chunk, uint32_t row,
                                bool *complete) {
    struct dora__derived *derived = context->steps->derived;
    uint32_t name = dora__handle_at(chunk, DORA__NAME, row), release = counted_release(context, chunk, row);
    int64_t started = dora__instant_at(chunk, DORA__STARTED_AT, row);
    int64_t finished = dora__instant_at(chunk, DORA__FINISHED_AT, row);
    *complete =
        name && started != DORA_ABSENT && finished != DORA_ABSENT && finished >= started && release != DORA__NO_ROW;
    if (!*complete)
        return DORA_OK;
    if (!dora__grow(context->steps->memory, (void **)&derived->phases, &derived->phases_capacity,
                    derived->phases_count + 1, sizeof *derived->phases) ||
        !dora__grow(context->steps->memory, (void **)&context->active, &context->active_capacity,
                    context->active_count + 1, sizeof *context->active))
        return DORA_ERROR_MEMORY;
    bool active = dora__byte_at(chunk, DORA__ACTIVE, row) == 2;
    int64_t at = released_at(context, release);
    derived->phases[derived->phases_count++] = (struct dora__phase_sample){
        dora__table_handle(context->releases, DORA__SERVICE_NAME, release),
        dora__zone_day(derived->linking.zone, at, &context->steps->span), name, active, finished - started};
    int64_t release_started = dora__table_instant(context->releases, DORA__STARTED_AT, release);
    if (active && release_started != DORA_ABSENT && release_started <= at) {
        struct active cut = {started > release_started ? started : release_started, finished < at ? finished : at,
                             release};
        if (cut.begin_us < cut.end_us)
            context->active[context->active_count++] = cut;
    }
    return DORA_OK;
}

static dora_status settle_defect(struct context *context, const struct dora__chunk *chunk, uint32_t row,
                                 bool *complete) {
    uint32_t release = counted_release(context, chunk, row);
    *complete = release != DORA__NO_ROW;
    return *complete ? put(context, DORA__EVENTS, release, 1 << DORA__EVENT_DEFECT) : DORA_OK;
}

/* Of the counted releases that the deployment belongs to, the one with the least id. */
static uint32_t release_of_deployment(const struct context *context, uint32_t deployment) {
    bool named;
    uint32_t release = deployment != DORA__NO_ROW ? release_of(context, deployment, &named) : DORA__NO_ROW;
    if (release == DORA__NO_ROW || (named && context->counted[release]))
        return release;
    return named ? DORA__NO_ROW : context->least[release];
}

static dora_status settle_downtime(struct context *context, const struct dora__chunk *chunk, uint32_t row,
                                   bool *complete) {
    int64_t started = dora__instant_at(chunk, DORA__STARTED_AT, row);
    int64_t ended = dora__instant_at(chunk, DORA__ENDED_AT, row);
    uint32_t release = counted_release(context, chunk, row);
    if (release == DORA__NO_ROW)
        release = release_of_deployment(
            context, dora__plus_by_id(context->steps, dora__handle_at(chunk, DORA__DEPLOYMENT, row)));
    *complete = started != DORA_ABSENT && ended != DORA_ABSENT && ended >= started && release != DORA__NO_ROW;
    if (!*complete)
        return DORA_OK;
    int64_t *sum = &context->downtime_us[release];
    if (*sum == DORA_ABSENT)
        *sum = 0;
    if (__builtin_add_overflow(*sum, ended - started, sum))
        *sum = INT64_MAX; /* 292,000 years */
    return DORA_OK;
}

static dora_status settle_feedback(struct context *context, const struct dora__chunk *chunk, uint32_t row,
                                   bool *complete) {
    static const struct {
        char initial;
        enum dora__series series;
    } measures[] = {{'c', DORA__COMPLAINTS}, {'s', DORA__SATISFACTION}, {'a', DORA__ADOPTION}};
    uint32_t measure = dora__handle_at(chunk, DORA__MEASURE, row), release = counted_release(context, chunk, row);
    int64_t value = dora__instant_at(chunk, DORA__VALUE, row);
    *complete = measure && value != DORA_ABSENT && release != DORA__NO_ROW;
    if (!*complete)
        return DORA_OK;
    char initial = dora__pool_get(&context->steps->facts->strings, measure).data[0];
    size_t i = 0;
    while (measures[i].initial != initial)
        i++;
    return put(context, measures[i].series, release, value);
}

static dora_status settle_flag(struct context *context, const struct dora__chunk *chunk, uint32_t row, bool *complete) {
    const struct dora__steps *steps = context->steps;
    int64_t enabled = dora__instant_at(chunk, DORA__ENABLED_AT, row);
    *complete = enabled != DORA_ABSENT;
    uint32_t deployment = dora__plus_by_id(steps, dora__handle_at(chunk, DORA__DEPLOYMENT, row));
    uint32_t release = dora__row_of(context->releases, dora__handle_at(chunk, DORA__RELEASE, row));
    if (deployment == DORA__NO_ROW && release != DORA__NO_ROW)
        deployment = context->first[release];
    if (!*complete || deployment == DORA__NO_ROW || dora__t_of(steps, deployment) > enabled)
        return DORA_OK;
    uint32_t service = dora__handle_at(chunk, DORA__SERVICE_NAME, row);
    if (!service)
        service = dora__table_handle(steps->deployments, DORA__SERVICE_NAME, deployment);
    return dora__put_sample(context->steps, DORA__RELEASE_LAG, enabled, service,
                            enabled - dora__t_of(steps, deployment));
}

static dora_status settle_service(struct context *context, const struct dora__chunk *chunk, uint32_t row,
                                  bool *complete) {
    (void)context;
    (void)chunk;
    (void)row;
    *complete = true;
    return DORA_OK;
}

/* Facts that count or are incomplete, each kind by its function. */
static dora_status settle_kind(struct context *context, dora_kind kind,
                               dora_status (*settle)(struct context *, const struct dora__chunk *, uint32_t, bool *)) {
    const struct dora__table *table = &context->steps->facts->tables[kind];
    for (uint32_t row = 0; row < table->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(table, row);
        if (dora__byte_at(chunk, DORA__DELETED, row) == 2) {
            dora__account_for(context->steps, kind, DORA_DELETED);
            continue;
        }
        bool complete;
        dora_status status = settle(context, chunk, row, &complete);
        if (status != DORA_OK)
            return status;
        dora__account_for(context->steps, kind, complete ? DORA_COUNTED : DORA_INCOMPLETE);
        status = dora__step_each(context->steps, row);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}

static int compare_active(const void *context, uint32_t a, uint32_t b) {
    const struct active *active = context, *x = &active[a], *y = &active[b];
    if (x->release != y->release)
        return x->release < y->release ? -1 : 1;
    return (x->begin_us > y->begin_us) - (x->begin_us < y->begin_us);
}

/* The time inside the union of each release's active phases. */
static dora_status put_active_time(struct context *context) {
    size_t count = context->active_count;
    if (!count)
        return DORA_OK;
    struct dora__memory *memory = context->steps->memory;
    uint32_t *order = dora__order(memory, count, compare_active, context->active);
    if (!order)
        return DORA_ERROR_MEMORY;
    dora_status status = DORA_OK;
    for (size_t i = 0; i < count && status == DORA_OK;) {
        uint32_t release = context->active[order[i]].release;
        int64_t total = 0, until = INT64_MIN;
        for (; i < count && context->active[order[i]].release == release; i++) {
            const struct active *phase = &context->active[order[i]];
            int64_t from = phase->begin_us > until ? phase->begin_us : until;
            if (phase->end_us > from) {
                total += phase->end_us - from;
                until = phase->end_us;
            }
        }
        status = put(context, DORA__CYCLE_ACTIVE, release, total);
    }
    dora__order_free(memory, order, count);
    return status;
}

static bool make_context(struct context *context) {
    struct dora__memory *memory = context->steps->memory;
    size_t count = context->releases->rows;
    dora__map_init(&context->by_version, memory, context->steps->facts->strings.key);
    if (!count)
        return true;
    context->counted = dora__alloc_zeroed(memory, count, 1);
    context->rolled_back = dora__alloc_zeroed(memory, count, 1);
    context->first = dora__alloc(memory, count, sizeof *context->first);
    context->peer = dora__alloc(memory, count, sizeof *context->peer);
    context->least = dora__alloc(memory, count, sizeof *context->least);
    context->downtime_us = dora__alloc(memory, count, sizeof *context->downtime_us);
    if (!context->counted || !context->rolled_back || !context->first || !context->peer || !context->least ||
        !context->downtime_us)
        return false;
    for (size_t i = 0; i < count; i++) {
        context->first[i] = context->peer[i] = context->least[i] = DORA__NO_ROW;
        context->downtime_us[i] = DORA_ABSENT;
    }
    return true;
}

static void free_context(struct context *context) {
    struct dora__memory *memory = context->steps->memory;
    size_t count = context->releases->rows;
    dora__free(memory, context->counted, count, 1);
    dora__free(memory, context->rolled_back, count, 1);
    dora__free(memory, context->first, count, sizeof *context->first);
    dora__free(memory, context->peer, count, sizeof *context->peer);
    dora__free(memory, context->least, count, sizeof *context->least);
    dora__free(memory, context->downtime_us, count, sizeof *context->downtime_us);
    dora__free(memory, context->active, context->active_capacity, sizeof *context->active);
    dora__map_free(&context->by_version);
}

dora_status dora__derive_releases(struct dora__steps *steps) {
    static const struct {
        dora_kind kind;
        dora_status (*settle)(struct context *, const struct dora__chunk *, uint32_t, bool *);
    } kinds[] = {{DORA_KIND_PHASE, settle_phase},       {DORA_KIND_DEFECT, settle_defect},
                 {DORA_KIND_DOWNTIME, settle_downtime}, {DORA_KIND_FEEDBACK, settle_feedback},
                 {DORA_KIND_FLAG, settle_flag},         {DORA_KIND_SERVICE, settle_service}};
    struct context context = {.steps = steps, .releases = &steps->facts->tables[DORA_KIND_RELEASE]};
    dora_status status = make_context(&context) ? index_releases(&context) : DORA_ERROR_MEMORY;
    if (status == DORA_OK && context.releases->rows)
        status = link_deployments(&context);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == DORA_OK; i++)
        status = settle_kind(&context, kinds[i].kind, kinds[i].settle);
    for (uint32_t row = 0; row < context.releases->rows && status == DORA_OK; row++)
        if (context.counted[row])
            status = put_release(&context, row);
    if (status == DORA_OK)
        status = put_active_time(&context);
    free_context(&context);
    return status;
}
