/* SPDX-License-Identifier: MIT */
/*
 * Tables in Arrow into facts: the stream and its schema, and blocks of rows on their way into the facts.
 */
#ifndef DORA_READ_ARROW_H
#define DORA_READ_ARROW_H

#include "facts/facts.h"

#include <dora/arrow.h>

/* As dora_engine_add_arrow and dora_engine_add_arrow_array; `facts` NULL: the caller gave no engine. */
dora_status dora__add_arrow(struct dora__facts *facts, struct ArrowArrayStream *stream,
                            const dora_arrow_options *options, dora_error *error);
dora_status dora__add_arrow_array(struct dora__facts *facts, struct ArrowArray *array, struct ArrowSchema *schema,
                                  const dora_arrow_options *options, dora_error *error);

#endif
