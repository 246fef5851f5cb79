/* SPDX-License-Identifier: MIT */
/*
 * Filling the caller's dora_error. Messages quote input, so what is not printable is escaped here, once, for all.
 */
#ifndef DORA_BASE_ERROR_H
#define DORA_BASE_ERROR_H

#include <dora/dora.h>

/* Fills `error` where there is one, with a printf-like message (no floating point), place cleared; returns `status`. */
dora_status dora__fail(dora_error *error, dora_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

dora_status dora__fail_memory(dora_error *error);

/* Copies at most room-1 bytes of text as printable UTF-8 with terminator: control characters, ill-formed bytes, bidi
   and other invisible formatting as \xNN or \u{NNNN}; a cut is shown by "...". Returns the length. */
size_t dora__printable(char *out, size_t room, const char *text, size_t size);

/* A printable copy for use as an argument of dora__fail. */
struct dora__quoted {
    char text[96];
};
struct dora__quoted dora__quote(const char *text, size_t size);

/* Whether what a caller of our size or another gave us is a struct that we can read: copies the part that both know to
   `own` (own_size bytes, zeroed first); false where unknown trailing bytes are not zero or the size is absurd. */
int dora__take_struct(void *own, size_t own_size, const void *given);

#endif
