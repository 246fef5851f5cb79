/* SPDX-License-Identifier: MIT */
/*
 * Reads what git prints of commits and tags in the formats that docs/sources.md gives: fields that each end in a NUL,
 * which neither messages nor names can hold. A commit is a change; a tag that names a version is a release and its
 * deployment, by the commit's time and, where git tells of annotated tags, too, by the tag's.
 */
#ifndef DORA_READ_SOURCE_GIT_H
#define DORA_READ_SOURCE_GIT_H

#include "read/reader.h"
#include "read/source/pattern.h"

struct dora__git {
    char *front; /* of ids: "git:project:" */
    size_t front_size;
    size_t project_size; /* 0: not given */
    struct dora__pattern tags;
    struct dora__pattern services; /* whose group in a tag is the service */
    struct dora__pattern paths;    /* of which a commit of the service touches one */
    bool by_tag;
    bool by_path;
    bool any_tags; /* they are as the caller says, also of versions before a release */
    bool taken;    /* the input is git's */
    bool skipping; /* to the next line that begins as a record does */
    char *id;      /* of the tag at hand */
    size_t id_capacity;
};

/* Readies the reader for git's output, which it may have or, with `taken`, has. ARGUMENT: `tags` is no pattern. */
dora_status dora__git_new(struct dora_reader *reader, const dora_reader_options *options, bool taken,
                          dora_error *error);
void dora__git_free(struct dora_reader *reader);

/* The project that was given, of *size 0 where none was. */
const char *dora__git_project(const struct dora__git *git, size_t *size);

/* How bytes begin: as a commit or a tag does, as neither, or perhaps, once there are more of them. */
enum dora__git_head { DORA__GIT_NEITHER, DORA__GIT_PERHAPS, DORA__GIT_COMMIT, DORA__GIT_TAG };
enum dora__git_head dora__git_head_of(const char *bytes, size_t size, bool final);

/* How to have it print what is read. */
extern const char dora__git_text[];

/* Its parameters, as lines of mappings say them. */
extern const char dora__git_parameters[];

/* Reads whole records from the front of bytes; returns how many bytes are done with. */
size_t dora__read_git(struct dora_reader *reader, const char *bytes, size_t size, bool final);

#endif
