/* SPDX-License-Identifier: MIT */
/*
 * See too_late.h. A record is looked at as what it makes of its fact: of each field that decides, the value after it.
 * The rules keep true what forgetting relied on: deployments before the day stay as they are, incidents opened before
 * it stay where they are, and nothing that comes later names what is gone.
 */
#include "facts/too_late.h"

#include "facts/column.h"

static const char states_forgotten[] = "too late: its id is of, or was named by, what is forgotten";
static const char names_forgotten[] = "too late: it names what is forgotten";
static const char is_before[] = "too late: it belongs to a day that is forgotten";

/* References, and the kind that each names. A sha, and parents, may be those of forgotten changes: nothing that comes
   later makes these deployed earlier. */
static const struct {
    enum dora__field field;
    dora_kind kind;
} references[] = {{DORA__DEPLOYMENT, DORA_KIND_DEPLOYMENT},
                  {DORA__RELEASE, DORA_KIND_RELEASE},
                  {DORA__ROLLBACK_OF, DORA_KIND_DEPLOYMENT}};

/* A record beside the fact that it is of. */
struct meeting {
    const struct dora__facts *gate;
    const struct dora__facts *of;
    const struct dora__record *record; /* its handles those of the gate; 0xFFFFFFFF: a string that the gate lacks */
    const struct dora__record *given;  /* its handles those of `of` */
    const struct dora__chunk *chunk;   /* of the fact; NULL: there is none yet */
    uint32_t row;
    uint64_t moved;            /* fields that the record changes */
    bool has_forgotten_parent; /* among those it adds */
};

#define UNKNOWN_STRING UINT32_MAX

static dora_string string_in(const struct dora__facts *facts, int field, uint32_t handle) {
    bool service = dora__fields[field].type == DORA__SERVICE;
    return dora__pool_get(service ? &facts->services : &facts->strings, handle);
}

/* The fact's value of a field as it is. */
static int64_t before(const struct meeting *meeting, int field) {
    if (!meeting->chunk || !(meeting->chunk->columns >> field & 1))
        return dora__absent_of(meeting->gate, field);
    return dora__cell(meeting->gate, meeting->chunk, field, meeting->row & (DORA__CHUNK_ROWS - 1));
}

/* Whether the record changes a field of the fact that is there. A string that the gate lacks is not yet comparable by
   handle, and always new: who would win is taken as "the record", which at worst refuses one that came to nothing. */
static bool moves(const struct meeting *meeting, int field) {
    const struct dora__record *record = meeting->record;
    uint32_t at = meeting->row & (DORA__CHUNK_ROWS - 1);
    int64_t old = before(meeting, field);
    if (!meeting->chunk)
        return true;
    if (field == DORA__DELETED && (old == 2) == record->deleted)
        return false;
    if (old == dora__absent_of(meeting->gate, field))
        return true;
    if ((meeting->gate->handles >> field & 1) && (uint32_t)record->values[field] == UNKNOWN_STRING)
        return true;
    if (!dora__facts_restates(meeting->gate, meeting->chunk, field, at, record))
        return false;
    return field == DORA__DELETED || old != record->values[field];
}

static int64_t after(const struct meeting *meeting, int field) {
    return meeting->moved >> field & 1 ? meeting->record->values[field] : before(meeting, field);
}

/* The string that a field has after the record. */
static dora_string string_after(const struct meeting *meeting, enum dora__field field) {
    if (meeting->moved >> field & 1)
        return string_in(meeting->of, field, (uint32_t)meeting->given->values[field]);
    return string_in(meeting->gate, field, (uint32_t)before(meeting, field));
}

static bool has_item(const struct dora__list *list, uint32_t item) {
    for (uint32_t i = 0; list && i < list->count; i++)
        if (list->items[i] == item)
            return true;
    return false;
}

/* Whether the record's list adds something, and whether that is forgotten. */
static bool adds_items(const struct meeting *meeting, int field, bool *forgotten) {
    const struct dora__list *list =
        meeting->chunk ? dora__list_at(meeting->chunk, (enum dora__field)field, meeting->row) : NULL;
    bool adds = false;
    for (uint32_t i = 0; i < meeting->given->items_count; i++) {
        dora_string item = dora__pool_get(&meeting->of->strings, meeting->given->items[i]);
        uint32_t handle = dora__pool_find(&meeting->gate->strings, item.data, item.size);
        if (handle && has_item(list, handle))
            continue;
        adds = true;
        *forgotten |= dora__frozen_has_id(meeting->gate->frozen, DORA_KIND_CHANGE, item);
    }
    return adds;
}

/* Finds what the record changes. Returns why it is too late, if what it names says so. */
static const char *find_moved(struct meeting *meeting) {
    const struct dora__record *record = meeting->record;
    meeting->moved = 0;
    uint64_t stated = record->fields | (record->deleted || record->as_of != DORA_ABSENT ? DORA__BIT(DORA__DELETED) : 0);
    bool forgotten = false;
    for (uint64_t left = stated & ~(DORA__LISTS | DORA__BIT(DORA__ID)); left; left &= left - 1)
        meeting->moved |= (uint64_t)moves(meeting, __builtin_ctzll(left)) << __builtin_ctzll(left);
    if (stated & DORA__LISTS) {
        int field = __builtin_ctzll(stated & DORA__LISTS);
        bool *found = field == DORA__CHANGES ? &forgotten : &meeting->has_forgotten_parent;
        meeting->moved |= (uint64_t)adds_items(meeting, field, found) << field;
    }
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
        enum dora__field field = references[i].field;
        if (meeting->moved >> field & 1)
            forgotten |= dora__frozen_has_id(meeting->gate->frozen, references[i].kind, string_after(meeting, field));
    }
    return forgotten ? names_forgotten : NULL;
}

static bool is_early(const struct meeting *meeting, int64_t instant_us) {
    return instant_us != DORA_ABSENT && instant_us < meeting->gate->frozen->before_us;
}

/* Of a version and service, where both decide what belongs together. */
static bool has_version(const struct meeting *meeting, int of) {
    dora_string version = string_after(meeting, DORA__VERSION);
    if (!version.size)
        return false;
    struct dora__digest key = dora__key_of_version(version, string_after(meeting, DORA__SERVICE_NAME));
    return dora__id_keys_have(&meeting->gate->frozen->keys[of], &key);
}

static int64_t finished_or_started(int64_t finished, int64_t started) {
    return finished != DORA_ABSENT ? finished : started;
}

static const char *late_deployment(const struct meeting *meeting) {
    int64_t finished = before(meeting, DORA__FINISHED_AT);
    uint8_t status = (uint8_t)before(meeting, DORA__STATUS_FIELD);
    bool in_progress = status ? status == 1 + DORA_STATUS_IN_PROGRESS : finished == DORA_ABSENT;
    if (!in_progress && is_early(meeting, finished_or_started(finished, before(meeting, DORA__STARTED_AT))))
        return is_before;
    if (is_early(meeting, finished_or_started(after(meeting, DORA__FINISHED_AT), after(meeting, DORA__STARTED_AT))))
        return is_before;
    if (!string_after(meeting, DORA__RELEASE).size && has_version(meeting, DORA__KEY_RELEASED_VERSION))
        return names_forgotten;
    return NULL;
}

/* A change by way of which forgotten ones were deployed: it cannot be taken away, nor lead to other forgotten ones. */
static const char *late_change(const struct meeting *meeting) {
    const uint64_t ways = DORA__BIT(DORA__DELETED) | DORA__BIT(DORA__PARENTS);
    if (!meeting->chunk || !(meeting->moved & ways) ||
        !dora__frozen_has_spent(meeting->gate->frozen, dora__pool_get(&meeting->of->strings, meeting->given->id)))
        return NULL;
    return meeting->moved >> DORA__DELETED & 1 || meeting->has_forgotten_parent ? names_forgotten : NULL;
}

static const char *late_incident(const struct meeting *meeting) {
    const uint64_t placing = DORA__BIT(DORA__OPENED_AT) | DORA__BIT(DORA__SERVICE_NAME);
    if ((meeting->moved & placing) && is_early(meeting, after(meeting, DORA__OPENED_AT)))
        return is_before;
    if ((meeting->moved >> DORA__RESOLVED_AT & 1) && is_early(meeting, after(meeting, DORA__RESOLVED_AT)))
        return is_before;
    return NULL;
}

static const char *late_release(const struct meeting *meeting) {
    if (is_early(meeting, before(meeting, DORA__RELEASED_AT)) || is_early(meeting, after(meeting, DORA__RELEASED_AT)))
        return is_before;
    return has_version(meeting, DORA__KEY_DEPLOYED_VERSION) || has_version(meeting, DORA__KEY_RELEASED_VERSION)
               ? names_forgotten
               : NULL;
}

static const char *late_flag(const struct meeting *meeting) {
    return is_early(meeting, before(meeting, DORA__ENABLED_AT)) || is_early(meeting, after(meeting, DORA__ENABLED_AT))
               ? is_before
               : NULL;
}

/* The record with the gate's handles, where it has others. */
static void translate(struct meeting *meeting, struct dora__record *own) {
    meeting->record = meeting->given;
    if (meeting->gate == meeting->of)
        return;
    *own = *meeting->given;
    for (uint64_t left = own->fields & meeting->gate->handles; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        dora_string string = string_in(meeting->of, field, (uint32_t)own->values[field]);
        bool service = dora__fields[field].type == DORA__SERVICE;
        uint32_t handle = !string.size ? 0
                                       : dora__pool_find(service ? &meeting->gate->services : &meeting->gate->strings,
                                                         string.data, string.size);
        own->values[field] = string.size && !handle ? UNKNOWN_STRING : handle;
    }
    meeting->record = own;
}

bool dora__has_forgotten(const struct dora__facts *gate, const struct dora__facts *of,
                         const struct dora__record *record) {
    struct meeting meeting = {.gate = gate, .of = of, .given = record};
    struct dora__record own;
    if (record->kind == DORA_KIND_SERVICE)
        return false;
    dora_string id = dora__pool_get(&of->strings, record->id);
    if (record->id && (dora__frozen_has_id(gate->frozen, record->kind, id) ||
                       (record->kind == DORA_KIND_CHANGE && dora__frozen_has_spent(gate->frozen, id))))
        return true;
    translate(&meeting, &own);
    if (find_moved(&meeting))
        return true;
    bool release = record->kind == DORA_KIND_RELEASE;
    return (release && has_version(&meeting, DORA__KEY_DEPLOYED_VERSION)) ||
           ((release || record->kind == DORA_KIND_DEPLOYMENT) && has_version(&meeting, DORA__KEY_RELEASED_VERSION));
}

const char *dora__too_late(const struct dora__facts *gate, const struct dora__facts *of,
                           const struct dora__record *record) {
    static const char *(*const late[DORA_KIND_COUNT])(const struct meeting *) = {
        [DORA_KIND_DEPLOYMENT] = late_deployment,
        [DORA_KIND_CHANGE] = late_change,
        [DORA_KIND_INCIDENT] = late_incident,
        [DORA_KIND_RELEASE] = late_release,
        [DORA_KIND_FLAG] = late_flag,
    };
    struct meeting meeting = {.gate = gate, .of = of, .given = record, .row = UINT32_MAX};
    struct dora__record own;
    if (record->kind == DORA_KIND_SERVICE)
        return NULL;
    if (record->id) {
        dora_string id = dora__pool_get(&of->strings, record->id);
        if (dora__frozen_has_id(gate->frozen, record->kind, id))
            return states_forgotten;
        meeting.row = dora__row_of(&gate->tables[record->kind],
                                   gate == of ? record->id : dora__pool_find(&gate->strings, id.data, id.size));
    }
    if (meeting.row != UINT32_MAX)
        meeting.chunk = dora__chunk_of(&gate->tables[record->kind], meeting.row);
    translate(&meeting, &own);
    const char *reason = find_moved(&meeting);
    if (reason || (meeting.chunk && !meeting.moved) || !late[record->kind])
        return reason;
    return late[record->kind](&meeting);
}
