/* SPDX-License-Identifier: MIT */
/*
 * Files of states: read whole, and written so that at any moment the name means the old bytes or the new ones.
 */
#ifndef DORA_STATE_FILE_H
#define DORA_STATE_FILE_H

#include "state/bytes.h"

/* The bytes of a file into empty `bytes`, which are the caller's to free in any case. OK, MEMORY, or IO: *missing says
   whether there is no such file. */
dora_status dora__file_read(const char *path, struct dora__bytes *bytes, bool *missing, dora_error *error);

/*
 * Puts bytes in the place of a regular file, or of nothing: a temporary file beside it is written, synced to the disk
 * and renamed, and the folder synced. Keeps the mode of a file that is there; refuses a symbolic link, and whatever is
 * no regular file. OK, MEMORY or IO; on error the old file stands, unless only the folder could not be synced.
 */
dora_status dora__file_replace(struct dora__memory *memory, const char *path, const void *bytes, size_t size,
                               dora_error *error);

#endif
