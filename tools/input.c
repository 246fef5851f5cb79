/* SPDX-License-Identifier: MIT */
/* See input.h. */
#include "input.h"

#include "ahead.h"
#include "progress.h"

#include <dora/sources.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REJECTS_SHOWN = 20 };

static const char *shown(const char *name) {
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

static void place_message(const char *name, const dora_error *error) {
    if (error->line == 0)
        message("%s: %s", shown(name), error->message);
    else
        message("%s:%" PRIu64 ": %s (byte %" PRIu64 ")", shown(name), error->line, error->message, error->byte);
}

/* What a rejected record is reported with. Of an input that is read once the first ones wait until it is known that it
   was not read before: then there is nothing to say about them, nor do they count. */
struct place {
    struct input *input;
    const char *name;
    bool waits;
    bool repeated;
    uint64_t rejected;
    dora_error first[REJECTS_SHOWN];
};

/* Returns whether to stop. */
static bool tell(struct input *input, const char *name, const dora_error *error) {
    const struct options *options = input->options;
    input->rejected++;
    if (options->strict || (!options->quiet && input->rejected <= REJECTS_SHOWN))
        place_message(name, error);
    return options->strict;
}

/* A dora_reject_fn. */
static int on_reject(void *context, const dora_error *error) {
    struct place *place = context;
    if (!place->waits)
        return tell(place->input, place->name, error);
    if (place->rejected < REJECTS_SHOWN)
        place->first[place->rejected] = *error;
    place->rejected++;
    return 0;
}

/* Tells what waits; false: to stop, as --strict does at the first one. */
static bool tell_waiting(struct place *place) {
    struct input *input = place->input;
    uint64_t told = 0;
    while (told < place->rejected && told < REJECTS_SHOWN)
        if (tell(input, place->name, &place->first[told++])) {
            input->failed++;
            input->fatal = true;
            return false;
        }
    input->rejected += place->rejected - told;
    place->rejected = 0;
    return true;
}

static enum code cannot_read(struct input *input, const char *name, const char *why) {
    message("cannot read '%s': %s", shown(name), why);
    input->failed++;
    return CODE_IO;
}

/* The library stopped. A record that --strict rejects has been reported; who takes the facts says why he stopped. */
static enum code stopped(struct input *input, const char *name, const dora_error *error) {
    if (error->status == DORA_ERROR_CANCELLED) {
        input->fatal = true;
        return CODE_DONE;
    }
    bool rejected = error->status == DORA_ERROR_INPUT && input->options->strict && input->rejected > 0;
    if (!rejected)
        place_message(name, error);
    input->failed++;
    input->fatal = rejected || error->status != DORA_ERROR_INPUT || input->options->strict;
    return code_of(error->status);
}

/* The library stopped, in the midst of an input or at its end. */
static enum code reader_stopped(struct place *place, const dora_error *error) {
    return tell_waiting(place) ? stopped(place->input, place->name, error) : CODE_INPUT;
}

/* The end of a stream that broke off. What came is read; but a record that was cut must not pass for a whole one, which
   in CSV it could: a byte that no text holds makes sure that it is rejected. */
static enum code feed_broken_end(struct place *place, struct stream *stream, dora_reader *reader, int last_byte) {
    enum code code = cannot_read(place->input, place->name, stream->problem);
    dora_error error;
    dora_status status = last_byte == '\n' || last_byte == EOF ? DORA_OK : dora_reader_feed(reader, "\xFF", 1, &error);
    if (status == DORA_OK && last_byte != EOF)
        status = dora_reader_finish(reader, &error);
    if (status != DORA_OK && status != DORA_ERROR_INPUT)
        return reader_stopped(place, &error);
    tell_waiting(place);
    return code;
}

/* An input that a state has read. */
static enum code passed_over(struct place *place) {
    struct input *input = place->input;
    message("%s: read before, passed over; --again counts it again", shown(place->name));
    place->repeated = true;
    input->fatal = input->options->strict;
    return input->fatal ? CODE_INPUT : CODE_DONE;
}

static enum code finish(struct place *place, dora_reader *reader) {
    struct input *input = place->input;
    dora_error error;
    dora_status status = dora_reader_finish(reader, &error);
    if (status == DORA_ERROR_REPEATED)
        return passed_over(place);
    bool goes_on = tell_waiting(place);
    const char *source = dora_reader_source(reader);
    if (source && !input->options->reader.source && !input->options->quiet)
        message("%s: read as %s; --from ndjson or csv if it is not", shown(place->name), source);
    input->taken++;
    if (!goes_on)
        return CODE_INPUT;
    return status == DORA_OK ? CODE_DONE : stopped(input, place->name, &error);
}

/* The rest of a stream that begins as a state does. */
struct gathered {
    unsigned char *bytes;
    size_t size;
    size_t room;
};

static bool gather(struct gathered *gathered, const struct piece *piece) {
    if (piece->size > gathered->room - gathered->size) {
        size_t room = gathered->room + gathered->room / 2 + piece->size;
        unsigned char *bytes = realloc(gathered->bytes, room);
        if (!bytes)
            return false;
        gathered->bytes = bytes;
        gathered->room = room;
    }
    memcpy(gathered->bytes + gathered->size, piece->bytes, piece->size);
    gathered->size += piece->size;
    return true;
}

/* Facts that a state has in common with what is there would be lost by passing over it: that is an error. */
static enum code take_state(struct input *input, const char *name, const struct gathered *gathered) {
    const dora_merge_options options = {.struct_size = sizeof options, .again = input->options->again};
    dora_error error;
    dora_status status = dora_engine_load(input->engine, gathered->bytes, gathered->size, &options, &error);
    if (status == DORA_OK) {
        input->taken++;
        return CODE_DONE;
    }
    if (status == DORA_ERROR_STATE)
        message("%s: %s (byte %" PRIu64 ")", shown(name), error.message, error.byte);
    else
        message("%s: %s%s", shown(name), error.message,
                status == DORA_ERROR_REPEATED ? "; --again takes it all the same" : "");
    input->failed++;
    input->fatal = true;
    return code_of(status);
}

static enum code feed_state(struct input *input, const char *name, struct ahead *ahead, const struct piece *piece) {
    struct gathered gathered = {0};
    uint64_t bytes_before = input->bytes;
    bool room = true;
    for (; piece->size > 0 && room; piece = ahead_next(ahead)) {
        room = gather(&gathered, piece);
        input->bytes = bytes_before + piece->stream_bytes;
        progress_read(input->bytes, input->records);
    }
    enum code code = !room             ? cannot_read(input, name, "out of memory")
                     : piece->more < 0 ? cannot_read(input, name, ahead->stream->problem)
                                       : take_state(input, name, &gathered);
    free(gathered.bytes);
    return code;
}

static enum code feed(struct place *place, struct ahead *ahead, dora_reader *reader) {
    struct input *input = place->input;
    uint64_t bytes_before = input->bytes;
    const struct piece *piece;
    int last_byte = EOF;
    dora_error error;
    while ((piece = ahead_next(ahead))->size > 0) {
        if (last_byte == EOF && dora_is_state(piece->bytes, piece->size))
            return feed_state(input, place->name, ahead, piece);
        if (dora_reader_feed(reader, piece->bytes, piece->size, &error) != DORA_OK)
            return reader_stopped(place, &error);
        last_byte = piece->bytes[piece->size - 1];
        input->bytes = bytes_before + piece->stream_bytes;
        progress_read(input->bytes, input->records + dora_reader_records(reader));
    }
    if (piece->more < 0)
        return feed_broken_end(place, ahead->stream, reader, last_byte);
    return finish(place, reader);
}

static enum code read_stream(struct input *input, const char *name, int fd) {
    struct place place = {.input = input, .name = name};
    dora_reader_options options = input->options->reader;
    options.on_reject = on_reject;
    options.on_reject_context = &place;
    options.mapping = input->mapping;
    options.mapping_size = input->mapping_size;
    place.waits = input->options->state || input->options->verb & (VERB_MERGE | VERB_COMPACT);
    if (place.waits)
        options.once = input->options->again ? DORA_ONCE_AGAIN : DORA_ONCE;
    dora_reader *reader;
    dora_error error;
    if (dora_reader_new(input->engine, &options, &reader, &error) != DORA_OK)
        return stopped(input, name, &error);
    struct stream stream;
    struct ahead ahead = {0};
    enum code code;
    if (!stream_open(&stream, fd))
        code = cannot_read(input, name, stream.problem);
    else if (!ahead_open(&ahead, &stream, input->options->engine.threads))
        code = cannot_read(input, name, "out of memory");
    else
        code = feed(&place, &ahead, reader);
    input->records += place.repeated ? 0 : dora_reader_records(reader);
    ahead_close(&ahead);
    stream_close(&stream);
    dora_reader_free(reader);
    return code;
}

static enum code read_file(struct input *input, const char *name) {
    if (strcmp(name, "-") == 0)
        return read_stream(input, name, STDIN_FILENO);
    int fd = open(name, O_RDONLY | O_NOCTTY);
    if (fd < 0)
        return cannot_read(input, name, strerror(errno));
    enum code code = read_stream(input, name, fd);
    close(fd);
    return code;
}

/* Of all files together; 0 where one of them is a pipe, or standard input. */
static uint64_t total_bytes(const struct options *options) {
    uint64_t total = 0;
    for (size_t i = 0; i < options->arguments_count; i++) {
        struct stat status;
        if (stat(options->arguments[i], &status) != 0)
            continue;
        if (!S_ISREG(status.st_mode))
            return 0;
        total += (uint64_t)status.st_size;
    }
    return total;
}

/* The text of the mapping that was asked for. */
static enum code read_mapping(struct input *input, const char *name) {
    enum { BYTES_MOST = 1 << 20 };
    FILE *file = fopen(name, "rb");
    if (!file)
        return cannot_read(input, name, strerror(errno));
    input->mapping = malloc(BYTES_MOST);
    if (input->mapping)
        input->mapping_size = fread(input->mapping, 1, BYTES_MOST, file);
    bool whole = input->mapping && !ferror(file) && input->mapping_size < BYTES_MOST;
    fclose(file);
    return whole ? CODE_DONE : cannot_read(input, name, "no mapping of less than a megabyte");
}

/* Whether the engine has a reader with such options. */
static dora_status try_reader(dora_engine *engine, const dora_reader_options *options, dora_error *error) {
    dora_reader *reader;
    dora_status status = dora_reader_new(engine, options, &reader, error);
    if (status == DORA_OK)
        dora_reader_free(reader);
    return status;
}

/* What a reader refuses are the words of --set, --tags or --map: its other options have been checked. */
enum code input_check(const struct options *options, dora_engine *engine) {
    dora_reader_options without = options->reader;
    dora_error error;
    dora_status status = try_reader(engine, &without, &error);
    if (status != DORA_ERROR_ARGUMENT)
        return status == DORA_OK ? CODE_DONE : library_error(&error);
    without.parameters = NULL;
    bool by_set = try_reader(engine, &without, NULL) == DORA_OK;
    without.tags = NULL;
    bool by_tags = try_reader(engine, &without, NULL) == DORA_OK;
    return usage_error("--%s: %s", by_set ? "set" : by_tags ? "tags" : "map", error.message);
}

static enum code read_all(struct input *input, const struct options *options);

enum code input_read(struct input *input, const struct options *options, dora_engine *engine) {
    *input = (struct input){.options = options, .engine = engine};
    enum code code = options->mapping ? read_mapping(input, options->mapping) : CODE_DONE;
    input->fatal = code != CODE_DONE;
    if (code == CODE_DONE)
        code = read_all(input, options);
    free(input->mapping);
    input->mapping = NULL;
    return code;
}

static enum code read_all(struct input *input, const struct options *options) {
    static const char *const standard_input[] = {"-"};
    const char *const *names = options->arguments_count ? options->arguments : standard_input;
    size_t count = options->arguments_count ? options->arguments_count : 1;
    enum code worst = CODE_DONE;
    if (options->state && options->arguments_count == 0) /* the state is all there is */
        return CODE_DONE;
    if (options->arguments_count == 0 && isatty(STDIN_FILENO) && !options->quiet)
        message("reading standard input, to its end (Ctrl-D)");
    if (!options->quiet)
        progress_start(total_bytes(options));
    for (size_t i = 0; i < count && !input->fatal; i++) {
        enum code code = read_file(input, names[i]);
        worst = code > worst ? code : worst;
    }
    progress_erase();
    if (!options->quiet && !options->strict && input->rejected > REJECTS_SHOWN)
        message("... and %s more rejected (see dora check, or --strict to stop at the first)",
                grouped(input->rejected - REJECTS_SHOWN).text);
    if (!input->fatal && input->records > 0 && input->rejected == input->records) {
        message("none of the %s records could be read", grouped(input->records).text);
        worst = worst > CODE_INPUT ? worst : CODE_INPUT;
    }
    return worst;
}

bool input_reportable(const struct input *input) {
    if (input->fatal)
        return false;
    uint64_t needed = input->options->verb == VERB_CHECK ? input->records : input->records - input->rejected;
    return needed > 0 || (input->failed == 0 && input->records == 0);
}
