/* SPDX-License-Identifier: MIT */
/*
 * Which deployment an incident is blamed on, and when incidents were resolved.
 */
#include "derive/step.h"

uint32_t dora__last_before(const struct dora__steps *steps, uint32_t service, int64_t opened) {
    const struct dora__lanes *lanes = &steps->lanes;
    const struct dora__ranked *ranked = steps->order.ranked;
    int64_t window_us = steps->derived->linking.attribution_us;
    size_t begin = lanes->begin[service], low = begin, high = lanes->begin[service + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranked[lanes->ranks[middle]].t <= opened)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == begin || window_us < 0)
        return DORA__NO_ROW;
    const struct dora__ranked *last = &ranked[lanes->ranks[low - 1]];
    return opened - last->t <= window_us ? last->row : DORA__NO_ROW;
}

static uint32_t attribute(struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t row) {
    uint32_t named = dora__handle_at(chunk, DORA__DEPLOYMENT, row);
    int64_t opened = dora__instant_at(chunk, DORA__OPENED_AT, row);
    uint32_t deployment = DORA__NO_ROW;
    dora_disposition disposition;
    if (named) {
        deployment = dora__plus_by_id(steps, named);
        disposition = deployment != DORA__NO_ROW ? DORA_EXPLICIT : DORA_UNKNOWN_DEPLOYMENT;
    } else if (opened == DORA_ABSENT) {
        disposition = DORA_NO_TIME;
    } else {
        deployment = dora__last_before(steps, dora__handle_at(chunk, DORA__SERVICE_NAME, row), opened);
        disposition = deployment != DORA__NO_ROW ? DORA_BY_TIME : DORA_UNATTRIBUTED;
    }
    dora__account_for(steps, DORA_KIND_INCIDENT, disposition);
    return deployment;
}

static dora_status settle_incident(struct dora__steps *steps, const struct dora__table *incidents, uint32_t row) {
    struct dora__derived *derived = steps->derived;
    const struct dora__chunk *chunk = dora__chunk_of(incidents, row);
    if (dora__byte_at(chunk, DORA__DELETED, row) == 2) {
        dora__account_for(steps, DORA_KIND_INCIDENT, DORA_DELETED);
        return DORA_OK;
    }
    derived->failure_known = true;
    uint32_t deployment = attribute(steps, chunk, row);
    int64_t opened = dora__instant_at(chunk, DORA__OPENED_AT, row);
    int64_t resolved = dora__instant_at(chunk, DORA__RESOLVED_AT, row);
    if (deployment != DORA__NO_ROW) {
        int64_t *latest = dora__deployment_column(steps, &derived->resolved, DORA_ABSENT);
        if (!latest)
            return DORA_ERROR_MEMORY;
        int64_t until = resolved == DORA_ABSENT ? INT64_MAX : resolved;
        derived->flags[deployment] |= DORA__IS_BLAMED;
        latest[deployment] = until > latest[deployment] ? until : latest[deployment];
    }
    if (opened == DORA_ABSENT || resolved == DORA_ABSENT || resolved < opened)
        return DORA_OK;
    return dora__put_sample(steps, DORA__RESTORE, resolved, dora__handle_at(chunk, DORA__SERVICE_NAME, row),
                            resolved - opened);
}

dora_status dora__derive_incidents(struct dora__steps *steps) {
    const struct dora__table *incidents = &steps->facts->tables[DORA_KIND_INCIDENT];
    if (!incidents->rows)
        return DORA_OK;
    dora_status status = dora__make_lanes(steps);
    for (uint32_t row = 0; row < incidents->rows && status == DORA_OK; row++) {
        status = settle_incident(steps, incidents, row);
        if (status == DORA_OK)
            status = dora__step_each(steps, row);
    }
    return status;
}
