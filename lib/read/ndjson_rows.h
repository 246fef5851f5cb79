/* SPDX-License-Identifier: MIT */
/*
 * The common line of NDJSON, taken in one pass from its bytes to the cells of a batch: an object of scalars and lists
 * of strings. Keys and words are compared with all their bytes at once, first with those that came at this place of the
 * line before, so that most cost no scan. Whatever is unusual about a line makes nothing of it, and leaves it to the
 * general way of ndjson.c, which takes it nevertheless or says what is wrong.
 */
#ifndef DORA_READ_NDJSON_ROWS_H
#define DORA_READ_NDJSON_ROWS_H

#include "base/kernel.h"
#include "read/reader.h"
#include "read/staging.h"

/* What to do with the value of a key. */
enum dora__member {
    DORA__MEMBER_INSTANT,
    DORA__MEMBER_SERVICE,
    DORA__MEMBER_STRING,    /* of a few, to be recalled */
    DORA__MEMBER_REFERENCE, /* of many */
    DORA__MEMBER_ID,
    DORA__MEMBER_BOOL,
    DORA__MEMBER_STATUS,
    DORA__MEMBER_NUMBER,
    DORA__MEMBER_LIST,
    DORA__MEMBER_KIND,
    DORA__MEMBER_UNKNOWN /* a field that the kind does not have */
};

/* Bytes to compare. A word that is too long has size 0 and equals nothing that is JSON. */
enum { DORA__WORD_BYTES = 24, DORA__STATUSES = 4 };
struct dora__word {
    uint8_t bytes[32], mask[32];
    uint64_t bit; /* of a field */
    uint8_t size;
    uint8_t value; /* what it stands for */
};

/* The string that a field had twice in a row. */
struct dora__repeated {
    struct dora__word word; /* in quotes */
    uint32_t handle;
    uint32_t last; /* the one of the line before */
};

struct dora__ndjson_rows {
    enum dora__kernel kernel;
    dora_kind kind; /* of the line before, or what the line at hand turned out to be */
    /* The key that followed each one last time, in lines of a kind; the last is the opening brace. */
    uint8_t next[DORA_KIND_COUNT][DORA__NAMES_MOST + 1];
    uint8_t members[DORA_KIND_COUNT][DORA__FIELDS];
    struct dora__word keys[DORA__NAMES_MOST + 1]; /* in quotes, with the colon */
    struct dora__word kinds[DORA_KIND_COUNT];     /* in quotes, as the statuses */
    struct dora__word statuses[DORA__STATUSES];
    struct dora__repeated repeated[DORA__FIELDS];
    struct dora__staging staging;
};

/* Takes common lines from the front of bytes; how many bytes they are. Common lines may be left, the last ones are. The
   rows wait for dora__ndjson_rows_put. The reader may fail. */
size_t dora__ndjson_rows_take(struct dora_reader *reader, const char *bytes, size_t size);

/* Makes the word of a string in its quotes. */
void dora__ndjson_repeat(struct dora__repeated *repeated, const char *text, size_t size, uint32_t handle);

/* Adds the rows that wait. False: the reader has failed. */
bool dora__ndjson_rows_put(struct dora_reader *reader);

void dora__ndjson_rows_free(struct dora_reader *reader);

/* The kernels' own. */
size_t dora__ndjson_take_portable(struct dora_reader *reader, const char *bytes, size_t size);
size_t dora__ndjson_take_avx2(struct dora_reader *reader, const char *bytes, size_t size);

/*
 * What the kernels do not do themselves, since it is not that frequent. Each returns the place behind what it took, or
 * NULL where that is not common.
 */
/* A string whose opening quote is at `at`, without escapes, its bytes above 127 checked. */
const char *dora__ndjson_string(const char *at, const char *end);
/* An integer that is not negative. */
const char *dora__ndjson_integer(const char *at, const char *end);
/* An instant in any of its forms. */
const char *dora__ndjson_instant(const char *at, const char *end, int64_t *instant_us);
/* A number as millionths. */
const char *dora__ndjson_number(const char *at, const char *end, int64_t *millionths);
/* A scalar of a field that the kind does not have; the name is kept for counting. The reader may fail. */
const char *dora__ndjson_unknown(struct dora_reader *reader, const char *name, size_t size, const char *at,
                                 const char *end);
/* Counts the names that were kept. The reader may fail. */
void dora__ndjson_count_unknown(struct dora_reader *reader);

#endif
