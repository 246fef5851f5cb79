/* SPDX-License-Identifier: MIT */
/*
 * See parallel.h. Whether a line end is also the end of a record is not known beforehand: in CSV it may lie between
 * quotes. A slice therefore counts only where all before it were read to their last byte; and where a slice cannot be
 * told apart from what one thread would have made of it, it is forgotten and read again by the reader itself. There are
 * more slices than threads: a thread that was held up leaves its share to the others, and a slice fits a core's cache.
 */
#include "read/parallel.h"

#include "facts/absorb.h"

#include <string.h>

enum { REJECTS_MOST = 4096, PAUSE_MOST = 64, BYTES_A_THREAD = 4 << 20, SLICES_A_THREAD = 4 };

/* A slice, and who reads it. */
struct part {
    struct dora__shard shard;
    struct dora_reader *reader; /* NULL: to be made */
    unsigned renewals;          /* of the shard, when the reader was made */
    const char *bytes;
    size_t size;
    size_t done;
    dora_error *rejects; /* with places as if the slice were the input */
    size_t rejects_count;
    size_t rejects_capacity;
    bool too_many; /* to be kept */
};

struct dora__parallel {
    struct dora_reader *reader;
    size_t parts_count;
    unsigned pause;   /* pieces to be read by one thread, since slices were read in vain */
    unsigned pausing; /* how many of them are left */
    struct part parts[];
};

bool dora__parallel_worthwhile(const struct dora_reader *reader, size_t size) {
    return reader->threads && reader->threads->most > 1 && size / 2 >= reader->slice_bytes_least &&
           !dora__gate_of(reader->facts);
}

size_t dora__parallel_most(const struct dora_reader *reader) {
    return reader->threads && reader->threads->most > 1 ? reader->threads->most * (size_t)BYTES_A_THREAD : SIZE_MAX;
}

bool dora__parallel_ready(const struct dora_reader *reader) {
    return reader->started && !reader->skipping &&
           (reader->format == DORA_FORMAT_NDJSON || (reader->columns && !reader->undecided));
}

/* Whether most facts are such that adding them is the greater part of the work, which one thread does. */
static bool is_vain(const struct dora_reader *reader) {
    uint64_t singly = 0;
    for (size_t i = 0; i < reader->parallel->parts_count; i++)
        singly += reader->parallel->parts[i].shard.singly;
    return singly > reader->records / 2 && !reader->threads->eager;
}

static void free_part_reader(struct part *part) {
    dora_reader_free(part->reader);
    part->reader = NULL;
}

void dora__parallel_free(struct dora__parallel *parallel) {
    if (!parallel)
        return;
    struct dora__memory *memory = parallel->reader->memory;
    for (size_t i = 0; i < parallel->parts_count; i++) {
        struct part *part = &parallel->parts[i];
        free_part_reader(part);
        dora__shard_free(&part->shard);
        dora__free(memory, part->rejects, part->rejects_capacity, sizeof *part->rejects);
    }
    dora__free(memory, parallel, 1, sizeof *parallel + parallel->parts_count * sizeof *parallel->parts);
}

/* A dora_reject_fn: keeps what is rejected until it is its turn to be told. */
static int keep_reject(void *context, const dora_error *error) {
    struct part *part = context;
    part->too_many = part->rejects_count == REJECTS_MOST ||
                     !dora__grow(part->shard.facts.memory, (void **)&part->rejects, &part->rejects_capacity,
                                 part->rejects_count + 1, sizeof *part->rejects);
    if (part->too_many)
        return 1;
    part->rejects[part->rejects_count++] = *error;
    return 0;
}

/* A header that gives a reader the columns of another. */
static size_t write_header(const struct dora_reader *from, char *out) {
    size_t size = 0;
    for (size_t i = 0; i < from->columns_count; i++) {
        out[size++] = '"';
        for (size_t k = 0; k < from->column_names[i].size; k++) {
            out[size++] = from->column_names[i].data[k];
            if (out[size - 1] == '"')
                out[size++] = '"';
        }
        out[size++] = '"';
        out[size++] = i + 1 < from->columns_count ? from->delimiter : '\n';
    }
    return size;
}

static bool read_header(struct dora_reader *reader, const struct dora_reader *from) {
    size_t room = 2 * from->header_size + 3 * from->columns_count;
    char *header = dora__alloc(reader->memory, room, 1);
    if (!header)
        return false;
    size_t size = write_header(from, header);
    reader->record_bytes_max = room;
    dora__read_bytes(reader, header, size, false);
    reader->record_bytes_max = from->record_bytes_max;
    dora__free(reader->memory, header, room, 1);
    return reader->failure.status == DORA_OK;
}

static bool make_part_reader(struct part *part, const struct dora_reader *from) {
    struct dora_reader *reader = dora__alloc_zeroed(from->memory, 1, sizeof *reader);
    if (!reader)
        return false;
    reader->facts = &part->shard.facts;
    reader->memory = from->memory;
    reader->names = from->names;
    reader->is_part = true;
    reader->format = from->format;
    reader->delimiter = from->delimiter;
    reader->kind = from->kind;
    reader->record_bytes_max = from->record_bytes_max;
    reader->started = true;
    part->reader = reader;
    part->renewals = part->shard.renewals;
    if (from->format == DORA_FORMAT_CSV && !read_header(reader, from)) {
        free_part_reader(part);
        return false;
    }
    reader->on_reject = from->on_reject ? keep_reject : NULL;
    reader->on_reject_context = part;
    return true;
}

static bool make_parallel(struct dora_reader *reader) {
    size_t count = reader->threads->most * (size_t)SLICES_A_THREAD;
    struct dora__parallel *parallel =
        dora__alloc_zeroed(reader->memory, 1, sizeof *parallel + count * sizeof *parallel->parts);
    if (!parallel)
        return false;
    parallel->reader = reader;
    parallel->parts_count = count;
    for (size_t i = 0; i < count; i++)
        dora__shard_init(&parallel->parts[i].shard, reader->facts);
    reader->parallel = parallel;
    return true;
}

/* Cuts a piece behind line ends and gives each part its slice. Returns how many got one, 0 where that failed. */
static size_t cut(struct dora__parallel *parallel, const char *bytes, size_t size) {
    const struct dora_reader *reader = parallel->reader;
    size_t most = size / reader->slice_bytes_least, count = 0, from = 0;
    most = most < parallel->parts_count ? most : parallel->parts_count;
    while (size && bytes[size - 1] != '\n')
        size--;
    for (size_t i = 1; i <= most && from < size; i++) {
        size_t least = i < most ? size / most * i : size - 1;
        if (least < from)
            continue;
        size_t end = (size_t)((const char *)memchr(bytes + least, '\n', size - least) - bytes) + 1;
        struct part *part = &parallel->parts[count++];
        if (part->reader && part->renewals != part->shard.renewals)
            free_part_reader(part);
        if (!part->reader && !make_part_reader(part, reader))
            return 0;
        part->bytes = bytes + from;
        part->size = end - from;
        part->reader->offset = reader->offset + from;
        from = end;
    }
    return count;
}

/* A dora__task_fn. */
static void read_slice(void *context, size_t number, uint32_t thread) {
    (void)thread;
    struct dora__parallel *parallel = context;
    struct part *part = &parallel->parts[number];
    struct dora_reader *reader = part->reader;
    reader->failure.status = DORA_OK;
    reader->records = 0;
    reader->line = 1;
    reader->resyncs = parallel->reader->resyncs;
    reader->skipping = false;
    part->rejects_count = 0;
    part->too_many = false;
    part->done = dora__read_bytes(reader, part->bytes, part->size, false);
}

/* Whether the reader, at the slice's begin, would make of it what its part did. */
static bool is_good(const struct dora__parallel *parallel, const struct part *part) {
    const struct dora_reader *reader = part->reader;
    return part->done == part->size && reader->failure.status == DORA_OK && !reader->skipping &&
           reader->resyncs == parallel->reader->resyncs;
}

/* Tells what was rejected; false: told to stop, at reader->answered. */
static bool tell_rejects(struct dora_reader *reader, const struct part *part) {
    uint64_t records = reader->records;
    for (size_t i = 0; i < part->rejects_count; i++) {
        dora_error error = part->rejects[i];
        reader->records = error.record += records;
        error.line += reader->line - 1;
        if (reader->on_reject(reader->on_reject_context, &error))
            reader->answered = (uint32_t)i + 1;
        reader->records = records;
        if (reader->answered)
            return false;
    }
    return true;
}

/* Adds what parts first .. end - 1 have read; where that fails, the reader stands before the first of them. */
static void absorb_parts(struct dora_reader *reader, size_t first, size_t end, uint64_t records, uint64_t line) {
    struct dora__shard *shards[DORA__THREADS_MOST * SLICES_A_THREAD];
    struct part *parts = reader->parallel->parts;
    for (size_t i = first; i < end; i++)
        shards[i - first] = &parts[i].shard;
    dora_status status = dora__shards_absorb(shards, end - first, reader->threads);
    if (status == DORA_OK)
        return;
    reader->records = records;
    reader->line = line;
    dora__reader_fail(reader, status);
}

/* Takes good parts together, as many as follow each other, and reads the slices of others. Returns how many bytes are
   done with; *good counts. */
static size_t take_parts(struct dora_reader *reader, size_t count, size_t *good) {
    struct dora__parallel *parallel = reader->parallel;
    struct part *parts = parallel->parts;
    size_t done = 0, i = 0;
    while (i < count && reader->failure.status == DORA_OK && parts[i].bytes == parts[0].bytes + done) {
        uint64_t records = reader->records, line = reader->line;
        size_t first = i;
        for (; i < count && is_good(parallel, &parts[i]) && tell_rejects(reader, &parts[i]); i++) {
            reader->records += parts[i].reader->records;
            reader->line += parts[i].reader->line - 1;
            reader->offset += parts[i].size;
            done += parts[i].size;
        }
        absorb_parts(reader, first, i, records, line);
        *good += i - first;
        if (i == count || reader->failure.status != DORA_OK)
            break;
        done += dora__read_bytes(reader, parts[i].bytes, parts[i].size, false);
        i++;
    }
    for (i = 0; i < count; i++)
        dora__shard_clear(&parts[i].shard);
    return done;
}

size_t dora__read_parallel(struct dora_reader *reader, const char *bytes, size_t size) {
    size_t count = 0, done = 0, good = 0;
    struct dora__parallel *parallel = reader->parallel;
    if (parallel && parallel->pausing)
        parallel->pausing--;
    else if (parallel || make_parallel(reader))
        count = cut(parallel = reader->parallel, bytes, size);
    if (count > 1) {
        dora__threads_run(reader->threads, read_slice, parallel, count);
        done = take_parts(reader, count, &good);
        parallel->pause = good == count ? 0 : parallel->pause < PAUSE_MOST ? 2 * parallel->pause + 1 : PAUSE_MOST;
        parallel->pausing = parallel->pause;
        if (is_vain(reader)) {
            dora__parallel_free(parallel);
            reader->parallel = NULL;
            reader->threads = NULL;
        }
    }
    if (reader->failure.status == DORA_OK && done < size)
        done += dora__read_bytes(reader, bytes + done, size - done, false);
    return done;
}
