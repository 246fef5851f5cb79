/* SPDX-License-Identifier: MIT */
/* See pending.h. */
#include "facts/pending.h"

#include "facts/batch.h"
#include "facts/record.h"

#include <string.h>

enum { ID_SIZE_MOST = 40, INSTANTS = 3, BOOLS = 2 };

static const uint8_t instant_fields[INSTANTS] = {DORA__FINISHED_AT, DORA__COMMITTED_AT, DORA__RESTORED_AT};
static const uint8_t bool_fields[BOOLS] = {DORA__FAILED, DORA__REWORK};

struct dora__pending {
    struct dora__batch batch;
    bool identified; /* some row has an id */
    int64_t instants[INSTANTS][DORA__BATCH_ROWS];
    uint32_t services[DORA__BATCH_ROWS];
    uint8_t bools[BOOLS][DORA__BATCH_ROWS];
    dora_string ids[DORA__BATCH_ROWS];
    char id_bytes[DORA__BATCH_ROWS][ID_SIZE_MOST];
};

struct dora__pending *dora__pending_new(struct dora__memory *memory) {
    struct dora__pending *pending = dora__alloc(memory, 1, sizeof *pending);
    if (!pending)
        return NULL;
    pending->identified = false;
    pending->batch = (struct dora__batch){.kind = DORA_KIND_DEPLOYMENT};
    void **column = pending->batch.column;
    for (int i = 0; i < INSTANTS; i++)
        column[instant_fields[i]] = pending->instants[i];
    for (int i = 0; i < BOOLS; i++)
        column[bool_fields[i]] = pending->bools[i];
    column[DORA__SERVICE_NAME] = pending->services;
    for (int field = 0; field < DORA__FIELDS; field++)
        pending->batch.fields |= column[field] ? DORA__BIT(field) : 0;
    return pending;
}

void dora__pending_free(struct dora__pending *pending, struct dora__memory *memory) {
    dora__free(memory, pending, 1, sizeof *pending);
}

/* Moves the rows from `from` on to the front. */
static void keep_from(struct dora__pending *pending, uint32_t from) {
    uint32_t rows = pending->batch.rows -= from;
    for (int i = 0; i < INSTANTS; i++)
        memmove(pending->instants[i], pending->instants[i] + from, rows * sizeof *pending->instants[i]);
    for (int i = 0; i < BOOLS; i++)
        memmove(pending->bools[i], pending->bools[i] + from, rows);
    memmove(pending->services, pending->services + from, rows * sizeof *pending->services);
    memmove(pending->id_bytes, pending->id_bytes + from, rows * sizeof *pending->id_bytes);
    for (uint32_t i = 0; i < rows; i++)
        pending->ids[i] = (dora_string){pending->id_bytes[i], pending->ids[from + i].size};
}

dora_status dora__pending_flush(struct dora__pending *pending, struct dora__facts *facts) {
    if (!pending->batch.rows)
        return DORA_OK;
    uint32_t done;
    pending->batch.ids = pending->identified ? pending->ids : NULL;
    dora_status status = dora__facts_put_batch(facts, &pending->batch, &done);
    keep_from(pending, done);
    pending->identified = pending->identified && pending->batch.rows;
    return status;
}

static dora_status check(const struct dora__facts *facts, const dora_deployment *deployment, enum dora__field *field,
                         const char **reason) {
    const int64_t instants[INSTANTS] = {deployment->finished_at, deployment->committed_at, deployment->restored_at};
    const int8_t bools[BOOLS] = {deployment->failed, deployment->rework};
    for (int i = 0; i < INSTANTS; i++)
        if ((*reason = dora__check_instant(instants[i]))) {
            *field = (enum dora__field)instant_fields[i];
            return DORA_ERROR_INPUT;
        }
    for (int i = 0; i < BOOLS; i++)
        if (bools[i] < DORA_UNKNOWN || bools[i] > 1) {
            *field = (enum dora__field)bool_fields[i];
            *reason = "not a value of its type";
            return DORA_ERROR_INPUT;
        }
    *field = DORA__SERVICE_NAME;
    *reason = deployment->service <= facts->services.count ? NULL : "no number of a service";
    if (!*reason && deployment->id.size) {
        *field = DORA__ID;
        *reason = dora__check_string(deployment->id);
    }
    return *reason ? DORA_ERROR_INPUT : DORA_OK;
}

/* One whose id is too long to wait. */
static dora_status put_now(struct dora__facts *facts, const dora_deployment *deployment, uint32_t service) {
    dora_fact fact;
    struct dora__record record;
    struct dora__items none = {0};
    enum dora__field field;
    const char *reason;
    dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
    fact.id = deployment->id;
    fact.failed = deployment->failed;
    fact.rework = deployment->rework;
    fact.finished_at = deployment->finished_at;
    fact.committed_at = deployment->committed_at;
    fact.restored_at = deployment->restored_at;
    dora_status status = dora__record_from_fact(facts, &record, &none, &fact, &field, &reason);
    if (status == DORA_OK && service)
        dora__record_value(&record, DORA__SERVICE_NAME, service);
    return status == DORA_OK ? dora__facts_put(facts, &record) : status;
}

dora_status dora__pending_add(struct dora__pending *pending, struct dora__facts *facts,
                              const dora_deployment *deployment, enum dora__field *field, const char **reason) {
    dora_status status = check(facts, deployment, field, reason);
    uint32_t service = deployment->service;
    if (status == DORA_OK && !service && deployment->service_name.size) {
        *field = DORA__SERVICE_NAME;
        status = dora__service_handle(facts, deployment->service_name, &service, reason);
    }
    if (status != DORA_OK)
        return status;
    dora_string id = deployment->id;
    if (id.size > ID_SIZE_MOST || dora__gate_of(facts))
        return put_now(facts, deployment, service);
    struct dora__batch *batch = &pending->batch;
    if (batch->rows == DORA__BATCH_ROWS && (status = dora__pending_flush(pending, facts)) != DORA_OK)
        return status;
    if (facts->tables[DORA_KIND_DEPLOYMENT].rows >= DORA__ROWS_MOST - batch->rows ||
        facts->strings.count >= DORA__STRINGS_MOST - batch->rows)
        return DORA_ERROR_LIMIT;
    uint32_t row = batch->rows++;
    pending->instants[0][row] = deployment->finished_at;
    pending->instants[1][row] = deployment->committed_at;
    pending->instants[2][row] = deployment->restored_at;
    pending->services[row] = service;
    pending->bools[0][row] = (uint8_t)(deployment->failed + 1);
    pending->bools[1][row] = (uint8_t)(deployment->rework + 1);
    pending->ids[row] = (dora_string){pending->id_bytes[row], id.size};
    if (id.size) {
        memcpy(pending->id_bytes[row], id.data, id.size);
        pending->identified = true;
    }
    return DORA_OK;
}
