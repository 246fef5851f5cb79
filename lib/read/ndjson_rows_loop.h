/* SPDX-License-Identifier: MIT */
/*
 * The loop of ndjson_rows.h, compiled once a kernel with DORA__NDJSON_TAKE as its name. Until its kind is stated a line
 * is taken for one of the kind that came last, and begun anew where that was wrong.
 *
 * A member is only looked at where MEMBER_BYTES follow its key's place: the longest word, two blanks and a window
 * behind them lie within. What may be longer looks for the end itself.
 */
#include "base/scan.h"
#include "read/ndjson_rows.h"
#include "read/plain_instant.h"

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

enum { MEMBER_BYTES = 80, WINDOW = 32 };

/* The line at hand. */
struct line {
    struct dora_reader *reader;
    struct dora__ndjson_rows *rows;
    const char *end; /* of the bytes */
    uintptr_t begin; /* of the bytes */
    size_t span;     /* from there on a member may begin */
    struct dora__staged_row row;
    dora_kind kind;         /* the row is of this one */
    const uint8_t *members; /* of the kind */
    uint64_t keys;          /* fields met */
};

enum outcome { TAKEN, RARE, NO_ROOM, OTHER_KIND };

#ifdef DORA__NDJSON_AVX2

static inline bool is_word(const struct dora__word *word, const char *at) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i wanted = _mm256_loadu_si256((const __m256i *)(const void *)word->bytes);
    __m256i mask = _mm256_loadu_si256((const __m256i *)(const void *)word->mask);
    return _mm256_testz_si256(_mm256_xor_si256(bytes, wanted), mask);
}

/* The place behind a string whose opening quote is at `at`, or NULL; most are short ASCII. */
ALWAYS_INLINE const char *find_string_end(const char *at, const char *end) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(at + 1));
    __m256i quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    __m256i others = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')),
                                     _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), bytes)); /* above 127 is negative */
    uint32_t quote = (uint32_t)_mm256_movemask_epi8(quotes), other = (uint32_t)_mm256_movemask_epi8(others);
    if (quote && !(other & (quote ^ (quote - 1)))) /* nothing else before the first quote */
        return at + 2 + __builtin_ctz(quote);
    return dora__ndjson_string(at, end);
}

#else

static inline bool is_word(const struct dora__word *word, const char *at) {
    uint64_t bytes[3], wanted[3], mask[3];
    memcpy(bytes, at, DORA__WORD_BYTES);
    memcpy(wanted, word->bytes, DORA__WORD_BYTES);
    memcpy(mask, word->mask, DORA__WORD_BYTES);
    return (((bytes[0] ^ wanted[0]) & mask[0]) | ((bytes[1] ^ wanted[1]) & mask[1]) |
            ((bytes[2] ^ wanted[2]) & mask[2])) == 0;
}

ALWAYS_INLINE const char *find_string_end(const char *at, const char *end) {
    const char *stop = dora__skip_plain(at + 1, end);
    return stop < end && *stop == '"' ? stop + 1 : dora__ndjson_string(at, end);
}

#endif

/* The place behind a literal null, or NULL. */
static inline const char *pass_null(const char *at) {
    return memcmp(at, "null", 4) == 0 ? at + 4 : NULL;
}

/* The same of an empty string. */
static inline const char *pass_nothing(const char *at) {
    return at[0] == '"' && at[1] == '"' ? at + 2 : pass_null(at);
}

ALWAYS_INLINE const char *take_instant(struct line *line, enum dora__field field, const char *at) {
    int64_t *cell = (int64_t *)line->row.kind->batch.column[field] + line->row.at;
    if (at[0] == '"' && at[21] == '"' && dora__plain_instant(at + 1, cell)) {
        line->row.stated |= DORA__BIT(field);
        return at + 22;
    }
    const char *behind = pass_nothing(at);
    if (behind)
        return behind;
    line->row.stated |= DORA__BIT(field);
    return dora__ndjson_instant(at, line->end, cell);
}

/* A string or, as text, an integer: the place behind it, and its own bytes, perhaps none. */
ALWAYS_INLINE const char *take_text(const struct line *line, const char *at, const char **data, size_t *size) {
    const char *behind;
    if (__builtin_expect(*at == '"', 1)) {
        behind = find_string_end(at, line->end);
        *data = at + 1;
        *size = (size_t)(behind - at) - 2;
        return behind;
    }
    behind = *at == 'n' ? pass_null(at) : dora__ndjson_integer(at, line->end);
    *data = at;
    *size = *at == 'n' ? 0 : (size_t)(behind - at);
    return behind;
}

/* The handle of a string of a few. */
static inline bool recall(struct line *line, enum dora__field field, bool service, const char *data, size_t size,
                          uint32_t *handle) {
    struct dora__staging *staging = &line->rows->staging;
    struct dora__pool *pool = service ? &staging->facts->services : &staging->facts->strings;
    struct dora__recall *recall = service ? &staging->services : &staging->strings;
    dora_status status = size <= DORA__RECALL_MOST ? dora__recall(recall, pool, data, size, handle)
                                                   : dora__pool_intern(pool, data, size, handle);
    if (status != DORA_OK) {
        dora__reader_fail(line->reader, status);
        return false;
    }
    struct dora__repeated *repeated = &line->rows->repeated[field];
    if (repeated->last == *handle)
        dora__ndjson_repeat(repeated, data, size, *handle);
    repeated->last = *handle;
    return true;
}

ALWAYS_INLINE const char *take_string(struct line *line, enum dora__field field, bool service, const char *at) {
    const struct dora__repeated *repeated = &line->rows->repeated[field];
    uint32_t *cell = (uint32_t *)line->row.kind->batch.column[field] + line->row.at;
    if (is_word(&repeated->word, at)) {
        line->row.stated |= DORA__BIT(field);
        *cell = repeated->handle;
        return at + repeated->word.size;
    }
    const char *data;
    size_t size;
    const char *behind = take_text(line, at, &data, &size);
    if (!behind || size == 0)
        return behind;
    line->row.stated |= DORA__BIT(field);
    if (field == DORA__MEASURE && !dora__measure_known(data, size))
        return NULL;
    return recall(line, field, service, data, size, cell) ? behind : NULL;
}

ALWAYS_INLINE const char *take_reference(struct line *line, enum dora__field field, const char *at) {
    const char *data;
    size_t size;
    const char *behind = take_text(line, at, &data, &size);
    if (!behind || size == 0)
        return behind;
    line->row.stated |= DORA__BIT(field);
    dora__staging_wait(&line->rows->staging, data, size,
                       (uint32_t *)line->row.kind->batch.column[field] + line->row.at);
    return behind;
}

static inline const char *take_byte(struct line *line, enum dora__field field, int value, const char *behind) {
    ((uint8_t *)line->row.kind->batch.column[field])[line->row.at] = (uint8_t)(value + 1);
    line->row.stated |= DORA__BIT(field);
    return behind;
}

ALWAYS_INLINE const char *take_bool(struct line *line, enum dora__field field, const char *at) {
    bool is_true = memcmp(at, "true", 4) == 0;
    if (!is_true && memcmp(at, "false", 5) != 0)
        return pass_nothing(at);
    return take_byte(line, field, is_true, at + 5 - is_true);
}

/* The word at `at`, the likely one tried first; NULL: none of them. */
static inline const struct dora__word *find_word(const struct dora__word *words, unsigned count, unsigned likely,
                                                 const char *at) {
    if (is_word(&words[likely], at))
        return &words[likely];
    for (unsigned i = 0; i < count; i++)
        if (is_word(&words[i], at))
            return &words[i];
    return NULL;
}

static inline const char *take_status(struct line *line, enum dora__field field, const char *at) {
    const struct dora__word *word = find_word(line->rows->statuses, DORA__STATUSES, DORA_STATUS_SUCCESS, at);
    return word ? take_byte(line, field, word->value, at + word->size) : pass_nothing(at);
}

static inline const char *take_number(struct line *line, enum dora__field field, const char *at) {
    const char *behind = pass_nothing(at);
    if (behind)
        return behind;
    line->row.stated |= DORA__BIT(field);
    return dora__ndjson_number(at, line->end, (int64_t *)line->row.kind->batch.column[field] + line->row.at);
}

/* A list of strings. */
static inline const char *take_list(struct line *line, enum dora__field field, const char *at, enum outcome *outcome) {
    if (*at != '[')
        return pass_null(at);
    line->row.stated |= DORA__BIT(field);
    at++;
    if (*at == ']')
        return at + 1;
    for (;; at++) {
        at += *at == ' ';
        if (line->end - at < MEMBER_BYTES || *at != '"')
            return NULL;
        const char *behind = find_string_end(at, line->end);
        if (!behind || line->end - behind < MEMBER_BYTES)
            return NULL;
        if (!dora__staged_item(&line->rows->staging, at + 1, (size_t)(behind - at) - 2)) {
            *outcome = NO_ROOM;
            return NULL;
        }
        at = behind + (*behind == ' ');
        if (*at == ']')
            return at + 1;
        if (*at != ',')
            return NULL;
    }
}

/* The kind of the line. */
static inline const char *take_kind(struct line *line, const char *at, enum outcome *outcome) {
    const struct dora__word *word = find_word(line->rows->kinds, DORA_KIND_COUNT, line->kind, at);
    if (!word)
        return NULL;
    if (word->value == line->kind)
        return at + word->size;
    line->rows->kind = (dora_kind)word->value;
    *outcome = OTHER_KIND;
    return NULL;
}

ALWAYS_INLINE const char *take_value(struct line *line, const struct dora__word *key, const char *at,
                                     enum outcome *outcome) {
    enum dora__field field = (enum dora__field)key->value;
    if (line->keys & key->bit)
        return NULL;
    line->keys |= key->bit;
    switch ((enum dora__member)line->members[field]) {
    case DORA__MEMBER_INSTANT:
        return take_instant(line, field, at);
    case DORA__MEMBER_SERVICE:
        return take_string(line, field, true, at);
    case DORA__MEMBER_STRING:
        return take_string(line, field, false, at);
    case DORA__MEMBER_REFERENCE:
        return take_reference(line, field, at);
    case DORA__MEMBER_ID:
        return take_text(line, at, &line->row.id.data, &line->row.id.size);
    case DORA__MEMBER_BOOL:
        return take_bool(line, field, at);
    case DORA__MEMBER_STATUS:
        return take_status(line, field, at);
    case DORA__MEMBER_NUMBER:
        return take_number(line, field, at);
    case DORA__MEMBER_LIST:
        return take_list(line, field, at, outcome);
    case DORA__MEMBER_KIND:
        return take_kind(line, at, outcome);
    default:
        return dora__ndjson_unknown(line->reader, dora__fields[field].name, strlen(dora__fields[field].name), at,
                                    line->end);
    }
}

/* Where the value of a key begins that is not the one expected at this place. *key follows the one that it is; an
   unknown one is taken with its value, *key is DORA__NAMES_MOST then. */
static inline const char *find_key(struct line *line, unsigned *key, const char *at) {
    const char *behind = *at == '"' ? find_string_end(at, line->end) : NULL;
    if (!behind || line->end - behind < MEMBER_BYTES || *behind != ':' || behind == at + 2)
        return NULL;
    size_t size = (size_t)(behind - at) - 2;
    const char *value = behind + 1 + (behind[1] == ' ');
    *key = dora__names_entry(&line->reader->names, at + 1, size);
    return *key < DORA__NAMES_MOST ? value : dora__ndjson_unknown(line->reader, at + 1, size, value, line->end);
}

/* The members of the object that begins at `at`; the place behind its closing brace, or NULL with an outcome. */
ALWAYS_INLINE const char *take_members(struct line *line, const char *at, enum outcome *outcome) {
    struct dora__ndjson_rows *rows = line->rows;
    uint8_t *next = rows->next[line->kind];
    unsigned before = DORA__NAMES_MOST;
    for (;;) {
        at++;
        if (__builtin_expect(*at == ' ', 0))
            at++;
        unsigned key = next[before];
        const struct dora__word *word = &rows->keys[key];
        if (is_word(word, at)) {
            at += word->size;
            if (__builtin_expect(*at == ' ', 0))
                at++;
        } else {
            at = find_key(line, &key, at);
            word = &rows->keys[key];
        }
        if (key < DORA__NAMES_MOST) {
            next[before] = (uint8_t)key;
            before = key;
            at = at ? take_value(line, word, at, outcome) : NULL;
        }
        if ((size_t)((uintptr_t)at - line->begin) > line->span) /* as NULL is */
            return NULL;
        if (__builtin_expect(*at == ' ', 0))
            at++;
        if (*at != ',')
            return *at == '}' ? at + 1 : NULL;
    }
}

/* Whether the kind was the right one, and what its facts need is there. */
static inline enum outcome check_line(struct line *line) {
    if (!(line->keys & DORA__BIT(DORA__KIND)) && line->kind != line->reader->kind) {
        line->rows->kind = line->reader->kind;
        return OTHER_KIND;
    }
    return dora__kinds[line->kind].needs_id && !line->row.id.size ? RARE : TAKEN;
}

/* The line that begins at `at`, as one of rows->kind; *behind is then the place behind its end. */
static inline enum outcome take_line(struct line *line, const char *at, const char **behind) {
    struct dora_reader *reader = line->reader;
    struct dora__staging *staging = &line->rows->staging;
    struct dora__staged_kind *kind = staging->kinds[line->rows->kind];
    if (!kind && !(kind = dora__staging_make_kind(staging, line->rows->kind))) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return RARE;
    }
    if (dora__staging_full(staging, kind))
        return NO_ROOM;
    dora__staged_begin(&line->row, staging, kind);
    line->kind = line->rows->kind;
    line->members = line->rows->members[line->kind];
    line->keys = 0;
    reader->unknown_count = 0;
    enum outcome outcome = RARE;
    const char *newline = *at == '{' ? take_members(line, at, &outcome) : NULL;
    if (newline) {
        newline += newline < line->end && *newline == '\r';
        *behind = newline + 1;
        if (newline < line->end && *newline == '\n' && (size_t)(newline - at) <= reader->record_bytes_max)
            outcome = check_line(line);
    }
    if (outcome == TAKEN)
        dora__staged_commit(&line->row, staging);
    else
        dora__staged_drop(&line->row, staging);
    return outcome;
}

size_t DORA__NDJSON_TAKE(struct dora_reader *reader, const char *bytes, size_t size) {
    if (size < MEMBER_BYTES)
        return 0;
    struct line line = {.reader = reader,
                        .rows = reader->ndjson,
                        .end = bytes + size,
                        .begin = (uintptr_t)bytes,
                        .span = size - MEMBER_BYTES};
    const char *at = bytes, *behind;
    bool begun_anew = false;
    while (line.end - at >= MEMBER_BYTES) {
        enum outcome outcome = take_line(&line, at, &behind);
        if (reader->failure.status != DORA_OK)
            break;
        if (outcome == TAKEN) {
            reader->records++;
            reader->line++;
            at = behind;
            begun_anew = false;
            if (reader->unknown_count)
                dora__ndjson_count_unknown(reader);
        } else if (outcome == NO_ROOM && line.rows->staging.rows) {
            if (!dora__ndjson_rows_put(reader))
                break;
        } else if (outcome == OTHER_KIND && !begun_anew) {
            begun_anew = true;
        } else {
            break;
        }
    }
    return (size_t)(at - bytes);
}
