/* SPDX-License-Identifier: MIT */
/*
 * The tools whose exports are read: docs/sources.md. A reader is told by `source`, or knows by what the input looks
 * like (dora_reader_options with DORA_FORMAT_AUTO and neither `kind`, `names`, `source` nor `mapping`).
 */
#ifndef DORA_SOURCES_H
#define DORA_SOURCES_H

#include <dora/dora.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The sources by number, from 0 on, and the text of their mappings, whose comments say what they read (of git, which is
   none, nothing but such comments). NULL past the last. Static. */
DORA_API const char *dora_source_name(size_t index);
DORA_API const char *dora_source_text(size_t index);

/* The source that the input is read as; NULL: the normal form, a mapping of one's own, or it is not yet known. */
DORA_API const char *dora_reader_source(const dora_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
