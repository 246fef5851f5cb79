/* SPDX-License-Identifier: MIT */
/*
 * The reader's state, shared by its parts: reader.c cuts the input into runs of whole records and keeps the rest,
 * ndjson.c and csv.c find the fields of a record, convert.c gives them their types. A record's fields are raw spans of
 * the input until its kind is known, which may be its last field.
 */
#ifndef DORA_READ_READER_H
#define DORA_READ_READER_H

#include "base/digest.h"
#include "base/threads.h"
#include "facts/absorb.h"
#include "facts/record.h"
#include "read/names.h"

enum dora__form {
    DORA__TEXT,         /* a CSV cell, not empty */
    DORA__JSON_STRING,  /* between its quotes, without escapes */
    DORA__JSON_ESCAPED, /* between its quotes, with escapes */
    DORA__JSON_NUMBER,
    DORA__JSON_TRUE,
    DORA__JSON_FALSE,
    DORA__JSON_NULL,
    DORA__JSON_ARRAY, /* with its brackets */
    DORA__JSON_OBJECT
};

/* A value as it stands in the input, its grammar checked. */
struct dora__raw {
    const char *data;
    size_t size;
    enum dora__form form;
};

struct dora__cell {
    const char *data;
    size_t size;
    bool escaped; /* holds doubled quotes */
};

struct dora_reader {
    struct dora__facts *facts;
    struct dora__memory *memory;
    struct dora__names names;
    dora_format format;
    char delimiter;
    dora_kind kind;
    size_t record_bytes_max;
    dora_reject_fn on_reject;
    void *on_reject_context;
    struct dora__threads *threads;   /* NULL: only the caller's */
    struct dora__parallel *parallel; /* NULL: not needed yet */
    size_t slice_bytes_least;        /* of a piece, for a thread to be worth waking */
    bool is_part;                    /* reads slices for another, whose names it borrows */
    uint32_t answered;               /* so many rejected records are known; on_reject said stop to the last */

    struct dora__shard *once;         /* NULL, or what `facts` are until the input has ended and is found to be new */
    struct dora__digesting digesting; /* of the bytes so far, with `once` */
    bool again;                       /* an input that is known is read all the same */
    bool finished;

    dora_error failure; /* status DORA_OK while nothing failed */
    uint64_t records;
    uint64_t line;   /* of the first byte of the next record */
    uint64_t offset; /* of the first byte handed to the format's function */
    char *carry;     /* bytes of a record that has no end yet */
    size_t carry_size;
    size_t carry_capacity;
    size_t carry_tried; /* how much of it was looked at in vain */
    bool guessing;      /* an export is known by its shape */
    bool undecided;     /* the first row of CSV will say what it is of */
    size_t looked;      /* how much was looked at for that, in vain */
    bool started;       /* format known, byte-order mark gone */
    bool skipping;      /* inside a record longer than record_bytes_max */

    struct dora__raw raws[DORA__FIELDS + 1]; /* of the record at hand, those of raws_seen; the last is nobody's */
    uint64_t raws_seen;
    struct dora__raw *unknown; /* names that are no field */
    size_t unknown_count;
    size_t unknown_capacity;
    struct dora__record record;
    struct dora__items items;
    uint32_t last[DORA__FIELDS]; /* handle of the last string of each field, 0 for none */
    char *scratch;               /* room for as many bytes as the record at hand has, for unescaped text */
    size_t scratch_used;
    size_t scratch_capacity;

    char *parameters; /* of mappings, as the options say them; NULL: none */
    size_t parameters_size;
    struct dora__export *source; /* NULL: records are in the normal form */

    struct dora__xml *xml;       /* NULL: the input is not XML */
    struct dora__git *git;       /* NULL: records are not what git prints */
    struct dora__giving *giving; /* NULL: facts are added, not given away */

    struct dora__ndjson_rows *ndjson; /* NULL: not needed yet */

    struct dora__cell *cells; /* CSV only, as all below */
    size_t cells_count;
    size_t cells_capacity;
    uint8_t *columns;               /* field of each column; DORA__FIELDS: unknown */
    bool plain;                     /* the header is read, and no field stands in it twice */
    struct dora__raw *column_names; /* in header_bytes */
    size_t columns_count;
    char *header_bytes;
    size_t header_size;
    unsigned resyncs;
    bool quoted;                 /* the row at hand has a quoted cell, hence perhaps more lines than one */
    struct dora__csv_rows *rows; /* NULL: every row goes the general way */
};

/* A reader that adds to `facts`, which outlives it; the options were taken with dora__take_struct. */
dora_status dora__reader_new(struct dora__facts *facts, const dora_reader_options *options, dora_reader **reader,
                             dora_error *error);

/* Reads what it can of bytes that follow what was read before; returns how many are done with. */
size_t dora__read_bytes(struct dora_reader *reader, const char *bytes, size_t size, bool final);

/* Reads whole records from the front of bytes; `final`: nothing follows. Returns how many bytes are done with. */
size_t dora__read_ndjson(struct dora_reader *reader, const char *bytes, size_t size, bool final);
size_t dora__read_csv(struct dora_reader *reader, const char *bytes, size_t size, bool final);

/* The text of a cell, doubled quotes made single in the scratch. */
const char *dora__csv_cell(struct dora_reader *reader, const struct dora__cell *cell, size_t *size);

/* Frees what only CSV uses. */
void dora__csv_free(struct dora_reader *reader);

/* Unescapes a JSON string whose grammar was checked, into the scratch. An unpaired surrogate gives NULL, or with
   `lenient` U+FFFD. */
const char *dora__unescape(struct dora_reader *reader, const struct dora__raw *raw, size_t *size, bool lenient);

/* Makes a fact of the raws; the record's bytes are record[0..size). Rejects, or fails the reader, where it cannot. */
void dora__convert_record(struct dora_reader *reader, const char *record, size_t size, uint64_t byte);

/* Counts and reports a rejected record that began at reader->line; `byte` is the place in the input. */
void dora__reject(struct dora_reader *reader, uint64_t byte, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the reader with a status. */
void dora__reader_fail(struct dora_reader *reader, dora_status status);

/* Room in the scratch for the record at hand. False: the reader has failed. */
bool dora__grow_scratch(struct dora_reader *reader, size_t size);

static inline bool dora__reserve_scratch(struct dora_reader *reader, size_t size) {
    return size <= reader->scratch_capacity || dora__grow_scratch(reader, size);
}

#endif
