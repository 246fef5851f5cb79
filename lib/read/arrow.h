/* SPDX-License-Identifier: MIT */
/*
 * Tables in Arrow into facts: the stream and its schema, and blocks of rows on their way into the facts.
 */
#ifndef DORA_READ_ARROW_H
#define DORA_READ_ARROW_H

#include "facts/facts.h"

#include <dora/arrow.h>

/* Where facts go, and whom to tell how far the work is. `facts` NULL: the caller gave no engine. */
struct dora__arrow_target {
    struct dora__facts *facts;
    dora_progress_fn progress; /* NULL: nobody */
    void *progress_context;
};

/* As dora_engine_add_arrow and dora_engine_add_arrow_array. */
dora_status dora__add_arrow(const struct dora__arrow_target *target, struct ArrowArrayStream *stream,
                            const dora_arrow_options *options, dora_error *error);
dora_status dora__add_arrow_array(const struct dora__arrow_target *target, struct ArrowArray *array,
                                  struct ArrowSchema *schema, const dora_arrow_options *options, dora_error *error);

#endif
