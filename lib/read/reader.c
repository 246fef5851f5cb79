/* SPDX-License-Identifier: MIT */
/*
 * Cuts input that arrives in pieces into runs of whole records. Whole records are read where they lie in the caller's
 * bytes; only a record that a piece cuts is copied, and nothing about the result depends on where pieces end.
 */
#include <dora/sources.h>

#include "read/giving.h"
#include "read/ndjson_rows.h"
#include "read/parallel.h"
#include "read/source/git.h"
#include "read/source/recognise.h"
#include "read/source/source.h"
#include "read/source/xml.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    RECORD_BYTES_DEFAULT = 16 << 20,
    RECORD_BYTES_MOST = 1 << 30,
    LOOK_AHEAD = 64 << 10,
    SLICE_BYTES_LEAST = 64 << 10
};

void dora__reader_fail(struct dora_reader *reader, dora_status status) {
    if (reader->failure.status != DORA_OK)
        return;
    if (status == DORA_ERROR_LIMIT)
        dora__fail(&reader->failure, status, "more than 4 billion facts or strings");
    else if (status == DORA_ERROR_CANCELLED)
        dora__fail(&reader->failure, status, "the caller asked to stop");
    else
        dora__fail_memory(&reader->failure);
    reader->failure.record = reader->records + 1;
    reader->failure.line = reader->line;
}

bool dora__grow_scratch(struct dora_reader *reader, size_t size) {
    if (dora__grow(reader->memory, (void **)&reader->scratch, &reader->scratch_capacity, size, 1))
        return true;
    dora__reader_fail(reader, DORA_ERROR_MEMORY);
    return false;
}

void dora__reject(struct dora_reader *reader, uint64_t byte, const char *format, ...) {
    char message[sizeof((dora_error *)0)->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    dora_error error;
    dora__fail(&error, DORA_ERROR_INPUT, "%s", message);
    if (reader->on_reject && !dora__ndjson_rows_put(reader)) /* whom on_reject asks, all before the record are in */
        return;
    reader->records++;
    reader->facts->records++;
    reader->facts->rejected++;
    error.record = reader->records;
    error.line = reader->line;
    error.byte = byte;
    if (reader->answered) {
        if (--reader->answered == 0)
            reader->failure = error;
    } else if (reader->on_reject && reader->on_reject(reader->on_reject_context, &error)) {
        reader->failure = error;
    }
}

/* Whether a line of the look-ahead begins as an object does: a brace, then a quote or the closing brace. */
static bool has_object_line(const char *bytes, size_t size) {
    static const char space[] = " \t\r\n";
    bool line_begins = true;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            line_begins = true;
        } else if (line_begins && bytes[i] == '{') {
            size_t k = i + 1;
            while (k < size && bytes[k] && strchr(space, bytes[k]))
                k++;
            if (k < size && (bytes[k] == '"' || bytes[k] == '}'))
                return true;
            line_begins = false;
        } else if (bytes[i] == '\0' || !strchr(space, bytes[i])) {
            line_begins = false;
        }
    }
    return false;
}

static bool is_git(const struct dora_reader *reader) {
    return reader->git && reader->git->taken;
}

/* Whether JSON is what no NDJSON begins with: an array of objects, or an object whose first line is its brace alone. */
static bool is_document(const char *bytes, size_t size) {
    struct dora__json json = {bytes, bytes + size, NULL, false};
    dora__json_skip_space(&json);
    if (json.at == json.end)
        return false;
    const char *first = json.at++;
    dora__json_skip_space(&json);
    if (json.at == json.end)
        return false;
    if (*first == '[')
        return *json.at == '{';
    return *first == '{' && *json.at == '"' && memchr(first, '\n', (size_t)(json.at - first)) != NULL;
}

/* Whether JSON is an export of some tool; false: more bytes are needed to say. What is looked at does not depend on how
   many there are, nor is it looked at again before there are twice as many. */
static bool recognise(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    bool whole, last = final || size >= LOOK_AHEAD;
    if (!last && size < 2 * reader->looked)
        return false;
    const struct dora__builtin *builtin = dora__recognise_json(bytes, size < LOOK_AHEAD ? size : LOOK_AHEAD, &whole);
    reader->looked = size;
    if (!whole && !last)
        return false;
    if (builtin)
        dora__export_take(reader, builtin);
    else if (is_document(bytes, size < LOOK_AHEAD ? size : LOOK_AHEAD))
        dora__fail(&reader->failure, DORA_ERROR_INPUT,
                   "a JSON document of no known source: its first item has the members of none (recognise lines); name "
                   "the source, or give a mapping (docs/mappings.md); facts stand one object a line");
    return true;
}

/* Whether XML is an export of some tool, as above; there is no other XML. */
static bool recognise_xml(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    bool more, last = final || size >= LOOK_AHEAD, whole;
    if ((!last && size < 2 * reader->looked) || (!reader->xml && !dora__xml_new(reader)))
        return false;
    const struct dora__builtin *builtin = NULL;
    if (dora__xml_first(reader, bytes, size, &more))
        builtin = dora__recognise_json(reader->xml->json, reader->xml->size, &whole);
    reader->looked = size;
    if (more && !last && reader->failure.status == DORA_OK)
        return false;
    if (builtin)
        dora__export_take(reader, builtin);
    else if (reader->failure.status == DORA_OK)
        dora__fail(
            &reader->failure, DORA_ERROR_INPUT,
            "XML of no known source: its first item has the elements of none; name the source, or give a mapping "
            "(docs/mappings.md)");
    return true;
}

/* Takes the byte-order mark off and tells the formats apart; false: more bytes are needed to say. */
static bool start(struct dora_reader *reader, const char *bytes, size_t size, bool final, size_t *skipped) {
    static const char mark[3] = {'\xEF', '\xBB', '\xBF'};
    *skipped = 0;
    if (size < sizeof mark && !final)
        return false;
    if (size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0)) {
        dora__fail(&reader->failure, DORA_ERROR_INPUT, "the input is UTF-16; only UTF-8 is read");
        return true;
    }
    if (size >= sizeof mark && memcmp(bytes, mark, sizeof mark) == 0)
        *skipped = sizeof mark;
    if (reader->format == DORA_FORMAT_AUTO) {
        const char *begin = bytes + *skipped;
        size_t left = size - *skipped, i = 0;
        enum dora__git_head head = left ? dora__git_head_of(begin, left, final) : DORA__GIT_PERHAPS;
        if (head == DORA__GIT_PERHAPS && !final)
            return false;
        if (head >= DORA__GIT_COMMIT && reader->git) {
            reader->git->taken = reader->started = true;
            reader->format = DORA_FORMAT_NDJSON;
            reader->threads = NULL;
            return true;
        }
        while (i < left && i < LOOK_AHEAD &&
               (begin[i] == ' ' || begin[i] == '\t' || begin[i] == '\r' || begin[i] == '\n'))
            i++;
        if (i < left && (reader->guessing || reader->source) && dora__is_xml(begin + i, left - i)) {
            if (reader->source ? !reader->xml && !dora__xml_new(reader)
                               : !recognise_xml(reader, begin + i, left - i, final))
                return reader->failure.status != DORA_OK;
            reader->threads = NULL;
            reader->format = DORA_FORMAT_NDJSON;
            reader->started = true;
            return true;
        }
        bool is_json = i < left && i < LOOK_AHEAD && (begin[i] == '{' || begin[i] == '[');
        size_t empty = is_json && reader->guessing ? dora__pass_empty(begin, left < LOOK_AHEAD ? left : LOOK_AHEAD) : 0;
        if (empty == left && empty && !final)
            return false;
        if (is_json && reader->guessing && empty < left && !recognise(reader, begin + empty, left - empty, final))
            return false;
        for (size_t k = 0; k < empty; k++)
            reader->line += begin[k] == '\n';
        *skipped += empty;
        if (is_json)
            reader->format = DORA_FORMAT_NDJSON;
        else if (left < LOOK_AHEAD && !final)
            return false;
        else
            reader->format =
                has_object_line(begin, left < LOOK_AHEAD ? left : LOOK_AHEAD) ? DORA_FORMAT_NDJSON : DORA_FORMAT_CSV;
    }
    reader->started = true;
    return true;
}

size_t dora__read_bytes(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    size_t done = 0;
    if (!reader->started && !start(reader, bytes, size, final, &done))
        return 0;
    if (reader->failure.status != DORA_OK)
        return 0;
    reader->offset += done;
    if (reader->skipping) {
        const char *newline = memchr(bytes + done, '\n', size - done);
        size_t past = newline ? (size_t)(newline - bytes) + 1 - done : size - done;
        reader->skipping = !newline;
        reader->line += newline != NULL;
        reader->offset += past;
        done += past;
    }
    size_t more = is_git(reader)                      ? dora__read_git(reader, bytes + done, size - done, final)
                  : reader->xml                       ? dora__read_xml(reader, bytes + done, size - done, final)
                  : reader->format == DORA_FORMAT_CSV ? dora__read_csv(reader, bytes + done, size - done, final)
                  : reader->source                    ? dora__read_export(reader, bytes + done, size - done, final)
                                                      : dora__read_ndjson(reader, bytes + done, size - done, final);
    reader->offset += more;
    return done + more;
}

static bool keep_bytes(struct dora_reader *reader, const char *bytes, size_t size) {
    size_t need;
    if (size == 0)
        return true;
    if (!dora__add_size(reader->carry_size, size, &need) ||
        !dora__grow(reader->memory, (void **)&reader->carry, &reader->carry_capacity, need, 1)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return false;
    }
    memcpy(reader->carry + reader->carry_size, bytes, size);
    reader->carry_size = need;
    return true;
}

/* How much of a piece to add to a record that is cut: up to the end of the line, and where lines do not end it, as much
   again as was looked at, so that the work stays linear. */
static size_t piece_of(const struct dora_reader *reader, const char *bytes, size_t size) {
    const char *newline = memchr(bytes, '\n', size);
    size_t line = newline ? (size_t)(newline - bytes) + 1 : size;
    size_t wanted = reader->carry_tried > line ? reader->carry_tried : line;
    size_t most = reader->record_bytes_max > LOOK_AHEAD ? reader->record_bytes_max : LOOK_AHEAD + 3;
    size_t room = reader->carry_size < most ? most + 1 - reader->carry_size : 1; /* more is held back of no record */
    wanted = wanted < room ? wanted : room;
    return wanted < size ? wanted : size;
}

/* Feeds the carried record; returns how many of the bytes were used. */
static size_t feed_carried(struct dora_reader *reader, const char *bytes, size_t size) {
    size_t piece = piece_of(reader, bytes, size), before = reader->carry_size;
    if (!keep_bytes(reader, bytes, piece))
        return 0;
    /* Without a newline no record can end, and what grew too little is not looked at again yet. */
    bool worthwhile = !reader->started || reader->skipping || reader->carry_size > reader->record_bytes_max ||
                      reader->source || is_git(reader) || memchr(bytes, '\n', piece) != NULL;
    if (!worthwhile || (reader->started && (reader->source || is_git(reader) || reader->format == DORA_FORMAT_CSV) &&
                        reader->carry_size < 2 * reader->carry_tried && reader->carry_size <= reader->record_bytes_max))
        return piece;
    size_t done = dora__read_bytes(reader, reader->carry, reader->carry_size, false);
    if (reader->failure.status != DORA_OK)
        return piece;
    size_t left = reader->carry_size - done;
    if (done >= before) { /* the rest lies in the caller's bytes, where it can be read */
        reader->carry_size = 0;
        reader->carry_tried = 0;
        return piece - left;
    }
    memmove(reader->carry, reader->carry + done, left);
    reader->carry_size = left;
    reader->carry_tried = reader->started ? left : 0;
    return piece;
}

static dora_status report(const struct dora_reader *reader, dora_error *error) {
    if (reader->failure.status != DORA_OK && error)
        *error = reader->failure;
    return reader->failure.status;
}

/* Reads bytes that nothing is held back of; with threads, the first few alone, since more are read together once it is
   known what they are. */
static size_t feed_whole(struct dora_reader *reader, const char *bytes, size_t size) {
    size_t done = 0;
    if (dora__parallel_worthwhile(reader, size) && !dora__parallel_ready(reader))
        done = dora__read_bytes(reader, bytes, size < 2 * LOOK_AHEAD ? size : 2 * LOOK_AHEAD, false);
    if (done == size || reader->failure.status != DORA_OK)
        return done;
    if (dora__parallel_worthwhile(reader, size - done) && dora__parallel_ready(reader))
        return done + dora__read_parallel(reader, bytes + done, size - done);
    return done + dora__read_bytes(reader, bytes + done, size - done, false);
}

dora_status dora_reader_feed(dora_reader *reader, const void *bytes, size_t size, dora_error *error) {
    if (!reader || (!bytes && size))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no reader or no bytes");
    const char *at = bytes;
    size_t most = dora__parallel_most(reader);
    if (reader->once)
        dora__digest_add(&reader->digesting, bytes, size);
    while (size && reader->failure.status == DORA_OK) {
        size_t piece = size < most ? size : most, done;
        if (reader->carry_size) {
            done = feed_carried(reader, at, piece);
        } else {
            done = feed_whole(reader, at, piece);
            if (done < piece && reader->failure.status == DORA_OK) {
                keep_bytes(reader, at + done, piece - done);
                reader->carry_tried = reader->started ? piece - done : 0;
                done = piece;
            }
        }
        at += done;
        size -= done;
    }
    return report(reader, error);
}

static uint64_t count_nameless(const struct dora__facts *facts) {
    uint64_t count = 0;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (uint32_t row = 0; row < facts->tables[kind].rows; row++)
            count += dora__table_handle(&facts->tables[kind], DORA__ID, row) == 0;
    return count;
}

/* The whole input is there: its facts are added, unless they were before. */
static void end_once(struct dora_reader *reader) {
    struct dora__facts *into = reader->once->into;
    struct dora__input input = {dora__digest_end(&reader->digesting), count_nameless(reader->facts)};
    if (!reader->again && dora__inputs_find(&into->inputs, &input.digest)) {
        dora__fail(&reader->failure, DORA_ERROR_REPEATED, "this input was read before");
        return;
    }
    dora_status status = DORA_ERROR_MEMORY;
    if (dora__inputs_reserve(&into->inputs, into->memory, 1))
        status = dora__shards_absorb(&reader->once, 1, reader->threads);
    if (status == DORA_OK)
        dora__inputs_add(&into->inputs, into->memory, &input); /* there is room */
    else
        dora__reader_fail(reader, status);
}

dora_status dora_reader_finish(dora_reader *reader, dora_error *error) {
    if (!reader)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no reader");
    if (reader->failure.status == DORA_OK) {
        dora__read_bytes(reader, reader->carry_size ? reader->carry : "", reader->carry_size, true);
        reader->carry_size = 0;
        reader->carry_tried = 0;
        if (reader->once && !reader->finished && reader->failure.status == DORA_OK)
            end_once(reader);
        reader->finished = true;
    }
    return report(reader, error);
}

static bool begin_once(struct dora_reader *reader, struct dora__facts *facts) {
    reader->once = dora__alloc(facts->memory, 1, sizeof *reader->once);
    if (!reader->once)
        return false;
    dora__shard_init(reader->once, facts);
    reader->once->facts.into = facts;
    reader->facts = &reader->once->facts;
    dora__digest_begin(&reader->digesting);
    return true;
}

/* What the input is, as far as the options say; without them git's output is known when it comes. */
static dora_status open_source(struct dora_reader *reader, const dora_reader_options *options, dora_error *error) {
    bool is_git = options->source && strcmp(options->source, "git") == 0;
    dora_status status = dora__parameters_take(reader, options, error);
    if (status != DORA_OK)
        return status;
    if (is_git && options->mapping)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "a source and a mapping exclude each other");
    if (is_git && options->format != DORA_FORMAT_AUTO)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "what git prints is neither CSV nor JSON");
    if (!is_git && (options->source || options->mapping))
        return dora__export_new(reader, options, error);
    if (is_git)
        reader->format = DORA_FORMAT_NDJSON;
    reader->guessing = reader->format == DORA_FORMAT_AUTO && !options->kind && !options->names_count;
    return reader->format == DORA_FORMAT_AUTO || is_git ? dora__git_new(reader, options, is_git, error) : DORA_OK;
}

/* The public constructor is in engine.c, which knows whose facts these are. */
dora_status dora__reader_new(struct dora__facts *facts, const dora_reader_options *options, dora_reader **reader,
                             dora_error *error) {
    int kind = options->kind ? dora__kind_find(options->kind, strlen(options->kind)) : DORA_KIND_DEPLOYMENT;
    if (kind < 0)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no kind is named '%s'",
                          dora__quote(options->kind, strlen(options->kind)).text);
    if ((unsigned)options->once > DORA_ONCE_AGAIN)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "once: no such value");
    if ((unsigned)options->format > DORA_FORMAT_CSV)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no such format");
    if (options->delimiter == '"' || options->delimiter == '\n' || options->delimiter == '\r' ||
        (unsigned char)options->delimiter > 0x7F)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "the delimiter is an ASCII character, no quote and no line end");
    if (options->on_fact && options->once)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "facts that are given away are not read once");
    if (options->names_count && !options->names)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "a number of names without names");
    if (options->record_bytes_max > RECORD_BYTES_MOST)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "records of at most 1 GiB");
    struct dora_reader *made = dora__alloc_zeroed(facts->memory, 1, sizeof *made);
    if (!made)
        return dora__fail_memory(error);
    dora_status status = dora__names_init(&made->names, facts->memory, options->names, options->names_count, error);
    if (status != DORA_OK) {
        dora__free(facts->memory, made, 1, sizeof *made);
        return status;
    }
    made->facts = facts;
    made->again = options->once == DORA_ONCE_AGAIN;
    made->memory = facts->memory;
    made->format = options->format;
    made->delimiter = options->delimiter;
    made->kind = (dora_kind)kind;
    made->record_bytes_max = options->record_bytes_max ? options->record_bytes_max : RECORD_BYTES_DEFAULT;
    made->on_reject = options->on_reject;
    made->on_reject_context = options->on_reject_context;
    made->line = 1;
    made->slice_bytes_least = SLICE_BYTES_LEAST;
    if ((options->once && !begin_once(made, facts)) || (options->on_fact && !dora__giving_new(made, options))) {
        dora_reader_free(made);
        return dora__fail_memory(error);
    }
    if ((status = open_source(made, options, error)) != DORA_OK) {
        dora_reader_free(made);
        return status;
    }
    *reader = made;
    return DORA_OK;
}

void dora_reader_free(dora_reader *reader) {
    if (!reader)
        return;
    struct dora__memory *memory = reader->memory;
    dora__parallel_free(reader->parallel);
    if (!reader->is_part)
        dora__names_free(&reader->names);
    dora__items_free(&reader->items, memory);
    dora__csv_free(reader);
    dora__ndjson_rows_free(reader);
    dora__export_free(reader);
    dora__xml_free(reader);
    dora__free(reader->memory, reader->parameters, reader->parameters_size, 1);
    dora__git_free(reader);
    dora__giving_free(reader);
    if (reader->once) {
        dora__shard_free(reader->once);
        dora__free(memory, reader->once, 1, sizeof *reader->once);
    }
    dora__free(memory, reader->carry, reader->carry_capacity, 1);
    dora__free(memory, reader->unknown, reader->unknown_capacity, sizeof *reader->unknown);
    dora__free(memory, reader->scratch, reader->scratch_capacity, 1);
    dora__free(memory, reader, 1, sizeof *reader);
}

dora_format dora_reader_format(const dora_reader *reader) {
    return reader && reader->started ? reader->format : DORA_FORMAT_AUTO;
}

const char *dora_reader_source(const dora_reader *reader) {
    if (!reader || !reader->started)
        return NULL;
    return reader->source ? reader->source->name : is_git(reader) ? "git" : NULL;
}

uint64_t dora_reader_records(const dora_reader *reader) {
    return reader ? reader->records : 0;
}
