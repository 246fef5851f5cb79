/* SPDX-License-Identifier: MIT */
/*
 * See ndjson_rows.h. Keys and words are compared by whole words of memory with the bytes behind them masked, so a key
 * in its usual place costs a few instructions and no scan. Until its kind is stated a record is taken for one of the
 * kind that came last, and is begun anew where that was wrong.
 *
 * What follows a place is read without asking for the end as long as MEMBER_BYTES are there, which the longest key
 * that is compared by words and the instant behind it never need whole; strings and lists look for themselves.
 */
#include "read/ndjson_rows.h"

#include "base/scan.h"
#include "base/utf8.h"
#include "calendar/decode.h"
#include "calendar/instant.h"
#include "read/json.h"
#include "read/staging.h"

#include <string.h>

enum { MEMBER_BYTES = 64, WORD_BYTES = 24, BEGIN = DORA__NAMES_MOST, KINDS = DORA_KIND_COUNT, STATUSES = 4 };

/* Bytes to compare, up to WORD_BYTES; a longer word has size 0 and equals nothing. */
struct word {
    uint64_t bytes[3], mask[3];
    uint8_t size;
    uint8_t value; /* what it stands for */
};

struct dora__ndjson_rows {
    dora_kind kind;                     /* of the line before */
    uint8_t next[DORA__NAMES_MOST + 1]; /* the key that followed each one, or the opening brace, last time */
    struct word keys[DORA__NAMES_MOST]; /* in quotes, with the colon */
    struct word kinds[KINDS];           /* with both quotes, as the next */
    struct word statuses[STATUSES];
    struct dora__staging staging;
};

/* The line at hand. */
struct line {
    struct dora_reader *reader;
    struct dora__ndjson_rows *rows;
    const char *end; /* of the bytes */
    struct dora__staged_row row;
    dora_kind kind; /* the row is of this one */
    bool kind_stated;
    uint64_t keys; /* fields met */
};

enum outcome { TAKEN, UNCOMMON, NO_ROOM, OTHER_KIND, FAILED };

static struct word make_word(const char *before, const char *text, const char *after, int value) {
    struct word word = {.value = (uint8_t)value};
    char bytes[WORD_BYTES] = {0};
    size_t sizes[3] = {strlen(before), strlen(text), strlen(after)}, size = sizes[0] + sizes[1] + sizes[2];
    if (size > WORD_BYTES)
        return word;
    memcpy(bytes, before, sizes[0]);
    memcpy(bytes + sizes[0], text, sizes[1]);
    memcpy(bytes + sizes[0] + sizes[1], after, sizes[2]);
    memcpy(word.bytes, bytes, WORD_BYTES);
    memset(word.mask, 0xFF, size);
    word.size = (uint8_t)size;
    return word;
}

static inline bool is_word(const struct word *word, const char *at) {
    uint64_t bytes[3];
    memcpy(bytes, at, WORD_BYTES);
    return (((bytes[0] & word->mask[0]) ^ word->bytes[0]) | ((bytes[1] & word->mask[1]) ^ word->bytes[1]) |
            ((bytes[2] & word->mask[2]) ^ word->bytes[2])) == 0 &&
           word->size;
}

static struct dora__ndjson_rows *make_rows(struct dora_reader *reader) {
    static const char *const statuses[STATUSES] = {"in_progress", "canceled", "success", "failure"};
    struct dora__ndjson_rows *rows = dora__alloc_zeroed(reader->memory, 1, sizeof *rows);
    if (!rows)
        return NULL;
    rows->kind = reader->kind;
    for (unsigned i = 0; i < reader->names.count; i++)
        rows->keys[i] = make_word("\"", reader->names.entries[i].name, "\":", reader->names.entries[i].field);
    for (int i = 0; i < KINDS; i++)
        rows->kinds[i] = make_word("\"", dora__kinds[i].name, "\"", i);
    for (int i = 0; i < STATUSES; i++)
        rows->statuses[i] = make_word("\"", statuses[i], "\"", i);
    dora__staging_init(&rows->staging, reader->facts);
    return rows;
}

void dora__ndjson_rows_free(struct dora_reader *reader) {
    if (!reader->ndjson)
        return;
    dora__staging_free(&reader->ndjson->staging);
    dora__free(reader->memory, reader->ndjson, 1, sizeof *reader->ndjson);
}

bool dora__ndjson_rows_put(struct dora_reader *reader) {
    uint32_t lost;
    if (!reader->ndjson || !reader->ndjson->staging.rows)
        return true;
    dora_status status = dora__staging_put(&reader->ndjson->staging, &lost);
    reader->records -= lost;
    if (status != DORA_OK)
        dora__reader_fail(reader, status);
    return status == DORA_OK;
}

/* A place behind the string whose opening quote is at `at`, its bytes above 127 checked; NULL: something else. */
static const char *pass_string(const char *at, const char *end) {
    const char *from = ++at;
    bool high = false;
    for (;; at++) {
        at = dora__skip_plain(at, end);
        if (at == end)
            return NULL;
        if (*at == '"')
            break;
        if ((unsigned char)*at < 0x80 && (*at == '\\' || (unsigned char)*at < 0x20))
            return NULL;
        high |= (unsigned char)*at >= 0x80;
    }
    return high && !dora__utf8_valid(from, (size_t)(at - from)) ? NULL : at + 1;
}

/* The same; most are short ASCII. */
static inline const char *find_string_end(const char *at, const char *end) {
    const char *stop = dora__skip_plain(at + 1, end);
    return stop < end && *stop == '"' ? stop + 1 : pass_string(at, end);
}

/* A place behind a literal null, or NULL. */
static inline const char *pass_null(const char *at) {
    return memcmp(at, "null", 4) == 0 ? at + 4 : NULL;
}

/* A place behind an integer that is not negative, or NULL. It does not end in what would make it something else. */
static const char *pass_integer(const char *at, const char *end) {
    const char *from = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    bool common = at > from && (*from != '0' || at == from + 1) && at < end && *at != '.' && (*at | 0x20) != 'e';
    return common ? at : NULL;
}

/* Instants that are not of the usual width. */
static const char *take_odd_instant(const char *at, const char *end, int64_t *instant_us) {
    if (*at == '"') {
        const char *behind = pass_string(at, end);
        return behind && !dora__parse_instant(at + 1, (size_t)(behind - at) - 2, instant_us) ? behind : NULL;
    }
    struct dora__json json = {at, end, NULL, false};
    struct dora__raw raw;
    if (!dora__json_scalar(&json, &raw) || raw.form != DORA__JSON_NUMBER)
        return NULL;
    return dora__parse_epoch(raw.data, raw.size, instant_us) ? NULL : json.at;
}

static inline const char *take_instant(struct line *line, enum dora__field field, const char *at) {
    int32_t day, second;
    int64_t *cell = dora__staged_cell(&line->row, field, sizeof *cell);
    if (at[0] == '"' && at[5] == '-' && at[11] == 'T' && at[20] == 'Z' && at[21] == '"' &&
        !dora__decode_date(at + 1, &day) && !dora__decode_clock(at + 12, &second)) {
        *cell = day * DORA__US_PER_DAY + second * DORA__US_PER_SECOND;
        if (*cell <= DORA__INSTANT_MAX)
            return at + 22;
    }
    bool empty = at[0] == '"' && at[1] == '"';
    const char *behind = empty ? at + 2 : *at == 'n' ? pass_null(at) : take_odd_instant(at, line->end, cell);
    if (empty || *at == 'n')
        line->row.stated &= ~DORA__BIT(field);
    return behind;
}

/* A string or, as text, an integer: what stands behind it, and its own bytes, perhaps none. */
static inline const char *take_text(const struct line *line, const char *at, dora_string *text) {
    if (*at == '"') {
        const char *behind = find_string_end(at, line->end);
        *text = (dora_string){at + 1, (size_t)(behind - at) - 2};
        return behind;
    }
    const char *behind = *at == 'n' ? pass_null(at) : pass_integer(at, line->end);
    *text = (dora_string){at, *at == 'n' ? 0 : (size_t)(behind - at)};
    return behind;
}

static inline const char *take_string(struct line *line, enum dora__field field, const char *at) {
    dora_string text;
    const char *behind = take_text(line, at, &text);
    if (!behind || text.size == 0)
        return behind;
    if (field == DORA__ID) {
        line->row.id = text;
        return behind;
    }
    if (field == DORA__MEASURE && !dora__measure_known(text.data, text.size))
        return NULL;
    dora_status status = dora__staged_string(&line->row, &line->rows->staging, field, text.data, text.size);
    if (status == DORA_OK)
        return behind;
    dora__reader_fail(line->reader, status);
    return NULL;
}

static inline const char *take_bool(struct line *line, enum dora__field field, const char *at) {
    bool is_true = memcmp(at, "true", 4) == 0;
    if (!is_true && memcmp(at, "false", 5) != 0)
        return pass_null(at);
    uint8_t *cell = dora__staged_cell(&line->row, field, sizeof *cell);
    *cell = (uint8_t)(is_true + 1);
    return at + 5 - is_true;
}

/* The word at `at`, the likely one tried first; NULL: none of them. */
static inline const struct word *find_word(const struct word *words, unsigned count, unsigned likely, const char *at) {
    if (is_word(&words[likely], at))
        return &words[likely];
    for (unsigned i = 0; i < count; i++)
        if (is_word(&words[i], at))
            return &words[i];
    return NULL;
}

static inline const char *take_status(struct line *line, enum dora__field field, const char *at) {
    const struct word *word = find_word(line->rows->statuses, STATUSES, DORA_STATUS_SUCCESS, at);
    if (!word)
        return at[0] == '"' && at[1] == '"' ? at + 2 : pass_null(at);
    uint8_t *cell = dora__staged_cell(&line->row, field, sizeof *cell);
    *cell = (uint8_t)(word->value + 1);
    return at + word->size;
}

static const char *take_number(struct line *line, enum dora__field field, const char *at) {
    struct dora__json json = {at, line->end, NULL, false};
    struct dora__raw raw;
    int64_t *cell = line->row.kind->batch.column[field];
    if (!dora__json_scalar(&json, &raw) || (raw.form != DORA__JSON_NUMBER && raw.form != DORA__JSON_NULL))
        return NULL;
    if (raw.form == DORA__JSON_NULL)
        return json.at;
    if (dora__parse_millionths(raw.data, raw.size, cell + line->row.at))
        return NULL;
    line->row.stated |= DORA__BIT(field);
    return json.at;
}

/* A list of strings. */
static const char *take_list(struct line *line, enum dora__field field, const char *at, bool *no_room) {
    if (*at != '[')
        return pass_null(at);
    line->row.stated |= DORA__BIT(field);
    at++;
    for (bool first = true;; first = false) {
        if (line->end - at < MEMBER_BYTES)
            return NULL;
        at += *at == ' ';
        if (*at == ']' && first)
            return at + 1;
        if (*at != '"')
            return NULL;
        const char *behind = find_string_end(at, line->end);
        if (!behind || line->end - behind < 2)
            return NULL;
        size_t size = (size_t)(behind - at) - 2;
        if (size && !dora__staged_item(&line->rows->staging, at + 1, size)) {
            *no_room = true;
            return NULL;
        }
        behind += *behind == ' ';
        if (*behind == ']')
            return behind + 1;
        if (*behind != ',')
            return NULL;
        at = behind + 1;
    }
}

/* A scalar of a field that the kind does not have, or of none. */
static const char *take_unknown(struct line *line, const char *name, size_t size, const char *at) {
    struct dora_reader *reader = line->reader;
    struct dora__json json = {at, line->end, NULL, false};
    struct dora__raw value;
    const char *behind = *at == '"' ? pass_string(at, line->end) : NULL;
    if (*at != '"' && dora__json_scalar(&json, &value))
        behind = json.at;
    bool absent = *at == '"' ? at[1] == '"' : *at == 'n';
    if (!behind || absent)
        return behind;
    if (!dora__grow(reader->memory, (void **)&reader->unknown, &reader->unknown_capacity, reader->unknown_count + 1,
                    sizeof *reader->unknown)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return NULL;
    }
    reader->unknown[reader->unknown_count++] = (struct dora__raw){name, size, DORA__TEXT};
    return behind;
}

/* The kind of the record. Once something was stored as one of another kind, it is too late. */
static const char *take_kind(struct line *line, const char *at, enum outcome *outcome) {
    const struct word *word = find_word(line->rows->kinds, KINDS, line->kind, at);
    if (!word)
        return NULL;
    line->kind_stated = true;
    if (word->value != line->kind) {
        line->rows->kind = (dora_kind)word->value;
        *outcome = OTHER_KIND;
        return NULL;
    }
    return at + word->size;
}
/* The number of the key at `at`, the likely one tried first; NAMES_MOST: it is none that is compared by words, and
   *size is that of its name, or 0 where it is no common key. */
static inline unsigned find_key(const struct line *line, unsigned likely, const char *at, size_t *size) {
    if (is_word(&line->rows->keys[likely], at))
        return likely;
    const char *behind = *at == '"' ? find_string_end(at, line->end) : NULL;
    *size = behind && line->end - behind >= MEMBER_BYTES && *behind == ':' ? (size_t)(behind - at) - 2 : 0;
    unsigned key = dora__names_entry(&line->reader->names, at + 1, *size);
    if (key < DORA__NAMES_MOST && line->rows->keys[key].size == 0) {
        *size = 0;
        return DORA__NAMES_MOST;
    }
    return key;
}

static inline const char *take_value(struct line *line, enum dora__field field, const char *at, enum outcome *outcome) {
    uint64_t bit = DORA__BIT(field);
    bool no_room = false;
    if (line->keys & bit)
        return NULL;
    line->keys |= bit;
    if (field == DORA__KIND)
        return take_kind(line, at, outcome);
    if (!(bit & (line->row.kind->fields | DORA__LISTS | DORA__BIT(DORA__ID))))
        return take_unknown(line, dora__fields[field].name, strlen(dora__fields[field].name), at);
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
        return take_instant(line, field, at);
    case DORA__STRING:
    case DORA__SERVICE:
        return take_string(line, field, at);
    case DORA__BOOL:
        return take_bool(line, field, at);
    case DORA__STATUS:
        return take_status(line, field, at);
    case DORA__NUMBER:
        return take_number(line, field, at);
    default:
        if (!(bit & dora__kinds[line->kind].fields))
            return NULL;
        at = take_list(line, field, at, &no_room);
        *outcome = no_room ? NO_ROOM : *outcome;
        return at;
    }
}

/* The members of the object that begins at `at`; *behind is then a place behind its closing brace. */
static inline enum outcome take_members(struct line *line, const char *at, const char **behind) {
    uint8_t *next = &line->rows->next[BEGIN];
    enum outcome outcome = UNCOMMON;
    at++;
    for (;;) {
        if (line->end - at < MEMBER_BYTES)
            return UNCOMMON;
        at += *at == ' ';
        size_t size = 0;
        unsigned key = find_key(line, *next, at, &size);
        if (key < DORA__NAMES_MOST) {
            *next = (uint8_t)key;
            next = &line->rows->next[key];
            at += line->rows->keys[key].size;
            at = take_value(line, (enum dora__field)line->rows->keys[key].value, at + (*at == ' '), &outcome);
        } else if (size) {
            const char *name = at + 1;
            at += size + 3;
            at = take_unknown(line, name, size, at + (*at == ' '));
        } else {
            return UNCOMMON;
        }
        if (!at || line->end - at < 2)
            return outcome;
        at += *at == ' ';
        if (*at == '}')
            break;
        if (*at++ != ',')
            return UNCOMMON;
    }
    *behind = at + 1;
    return TAKEN;
}

/* Whether nothing is missing that a fact of the kind needs. */
static enum outcome check_line(struct line *line) {
    if (!line->kind_stated && line->kind != line->reader->kind) {
        line->rows->kind = line->reader->kind;
        return OTHER_KIND;
    }
    return dora__kinds[line->kind].needs_id && !line->row.id.size ? UNCOMMON : TAKEN;
}

/* Counts what the record carried beside its fields. */
static void count_unknown(struct dora_reader *reader) {
    for (size_t i = 0; i < reader->unknown_count; i++)
        if (!dora__unknown_add(&reader->facts->unknown, reader->unknown[i].data, reader->unknown[i].size)) {
            dora__reader_fail(reader, DORA_ERROR_MEMORY);
            return;
        }
}

/* The line that begins at `at`, as a record of the kind that rows->kind says; *behind is then a place behind its end.
 */
static inline enum outcome try_line(struct line *line, const char *at, const char **behind) {
    struct dora_reader *reader = line->reader;
    struct dora__staging *staging = &line->rows->staging;
    struct dora__staged_kind *kind = staging->kinds[line->rows->kind];
    if (!kind && !(kind = dora__staging_make_kind(staging, line->rows->kind))) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return FAILED;
    }
    if (dora__staging_full(staging, kind))
        return NO_ROOM;
    dora__staged_begin(&line->row, staging, kind);
    line->kind = line->rows->kind;
    line->kind_stated = false;
    line->keys = 0;
    reader->unknown_count = 0;
    const char *newline;
    enum outcome outcome = *at == '{' ? take_members(line, at, &newline) : UNCOMMON;
    if (outcome == TAKEN)
        outcome = check_line(line);
    if (outcome == TAKEN && line->end - newline >= 2) {
        newline += *newline == '\r';
        if (*newline == '\n' && (size_t)(newline - at) <= reader->record_bytes_max) {
            *behind = newline + 1;
            return TAKEN;
        }
        outcome = UNCOMMON;
    }
    dora__staged_drop(&line->row, staging);
    return outcome == TAKEN ? UNCOMMON : outcome;
}

size_t dora__ndjson_rows_take(struct dora_reader *reader, const char *bytes, size_t size) {
    if (!reader->ndjson && !(reader->ndjson = make_rows(reader))) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return 0;
    }
    struct line line = {.reader = reader, .rows = reader->ndjson, .end = bytes + size};
    const char *at = bytes, *behind;
    bool other_kind = false;
    while (line.end - at >= MEMBER_BYTES) {
        enum outcome outcome = try_line(&line, at, &behind);
        if (reader->failure.status != DORA_OK)
            break;
        if (outcome == NO_ROOM && line.rows->staging.rows) {
            if (!dora__ndjson_rows_put(reader))
                break;
        } else if (outcome == OTHER_KIND && !other_kind) {
            other_kind = true;
        } else if (outcome == TAKEN) {
            dora__staged_commit(&line.row, &line.rows->staging);
            reader->records++;
            reader->line++;
            at = behind;
            other_kind = false;
            if (reader->unknown_count)
                count_unknown(reader);
        } else {
            break;
        }
    }
    return (size_t)(at - bytes);
}
