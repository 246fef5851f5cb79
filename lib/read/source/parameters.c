/* SPDX-License-Identifier: MIT */
/*
 * The words that a user gives for the parameters of mappings, "NAME=word,word;NAME=word". They are checked when the
 * reader is made: of a mapping that is named each must be its own, of those that are told by their shape some
 * mapping's.
 */
#include "base/error.h"
#include "base/text.h"
#include "read/source/git.h"
#include "read/source/source.h"

#include <string.h>

bool dora__given_next(struct dora__span *given, struct dora__span *name, struct dora__span *words) {
    if (given->size == 0)
        return false;
    const char *at = given->data, *end = at + given->size;
    const char *semicolon = memchr(at, ';', given->size), *stop = semicolon ? semicolon : end;
    const char *equals = memchr(at, '=', (size_t)(stop - at));
    *name = (struct dora__span){at, (size_t)((equals ? equals : stop) - at)};
    *words = equals ? (struct dora__span){equals + 1, (size_t)(stop - equals) - 1} : (struct dora__span){stop, 0};
    at = stop + (semicolon != NULL);
    *given = (struct dora__span){at, (size_t)(end - at)};
    return true;
}

/* Whether a name is among those that commas part. */
static bool is_listed(const char *names, const char *name, size_t size) {
    for (const char *at = names; *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ",");
        if (length == size && memcmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

/* Says the names that a mapping has, behind those that are there; returns whether the wanted one is among them. */
static bool look_through(const char *text, size_t size, struct dora__span wanted, char *names, size_t names_room) {
    static const char word[] = "parameter ";
    bool found = false;
    for (const char *at = text, *end = text + size; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        if ((size_t)(stop - at) >= sizeof word && memcmp(at, word, sizeof word - 1) == 0) {
            const char *from = at + sizeof word - 1, *space = memchr(from, ' ', (size_t)(stop - from));
            size_t length = (size_t)((space ? space : stop) - from), used = strlen(names);
            found = found || (length == wanted.size && memcmp(from, wanted.data, length) == 0);
            if (!is_listed(names, from, length) && length < names_room && used + length + 3 < names_room) {
                memcpy(names + used, ", ", used ? 2 : 0);
                memcpy(names + used + (used ? 2 : 0), from, length);
                names[used + (used ? 2 : 0) + length] = '\0';
            }
        }
        at = stop + 1;
    }
    return found;
}

static bool is_named(struct dora__span name, const char *text) {
    return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

/* Those of git are regular expressions, since it has no mapping. */
static bool is_pattern(struct dora__span name) {
    return is_named(name, "tag_services") || is_named(name, "paths");
}

struct dora__span dora__given_pattern(const char *given, const char *parameter) {
    struct dora__span left = {given, given ? strlen(given) : 0}, name, words, found = {NULL, 0};
    while (dora__given_next(&left, &name, &words))
        if (is_named(name, parameter) && words.size > 2 && words.data[0] == '/')
            found = words;
    const char *slash = found.data ? memchr(found.data + 1, '/', found.size - 1) : NULL;
    while (slash && slash + 1 < found.data + found.size && slash[1] != ',')
        slash = memchr(slash + 1, '/', (size_t)(found.data + found.size - slash) - 1);
    return slash ? (struct dora__span){found.data + 1, (size_t)(slash - found.data) - 1} : (struct dora__span){NULL, 0};
}

dora_status dora__parameters_take(struct dora_reader *reader, const dora_reader_options *options, dora_error *error) {
    size_t size = options->parameters ? strlen(options->parameters) : 0;
    if (size == 0)
        return DORA_OK;
    struct dora__span given = {options->parameters, size}, name, words;
    while (dora__given_next(&given, &name, &words)) {
        char names[200] = "";
        bool found = false;
        if (name.size == 0 || words.size == 0)
            return dora__fail(error, DORA_ERROR_ARGUMENT, "a parameter is NAME=word,word");
        if (options->mapping)
            found = look_through(options->mapping, options->mapping_size, name, names, sizeof names);
        for (size_t i = 0; i < dora__builtins_count && !options->mapping; i++)
            if (!options->source || strcmp(options->source, dora__builtins[i].name) == 0)
                found |= look_through((const char *)dora__builtins[i].text, dora__builtins[i].size, name, names,
                                      sizeof names);
        if (!options->mapping && (!options->source || strcmp(options->source, "git") == 0))
            found |= look_through(dora__git_parameters, strlen(dora__git_parameters), name, names, sizeof names);
        if (found && is_pattern(name) && words.data[0] != '/')
            return dora__fail(error, DORA_ERROR_ARGUMENT, "%s takes /a regular expression/",
                              dora__quote(name.data, name.size).text);
        if (!found)
            return dora__fail(error, DORA_ERROR_ARGUMENT, "no parameter is named '%s'; there are: %s",
                              dora__quote(name.data, name.size).text, *names ? names : "none");
    }
    reader->parameters = dora__alloc(reader->memory, size, 1);
    if (!reader->parameters)
        return dora__fail_memory(error);
    memcpy(reader->parameters, options->parameters, size);
    reader->parameters_size = size;
    return DORA_OK;
}
