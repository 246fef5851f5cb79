/* SPDX-License-Identifier: MIT */
/*
 * Facts on their way out: those of an engine, and their normal form as text. With a reader that gives its facts to its
 * caller (`on_fact`) they turn any input into what was understood of it:
 *
 *     static int take(void *writer, const dora_fact *fact) {
 *         return dora_fact_writer_put(writer, fact, 1, NULL) != DORA_OK;
 *     }
 *     ...
 *     const dora_reader_options options = {.struct_size = sizeof options, .source = "github", .on_fact = take,
 *                                          .on_fact_context = writer};
 */
#ifndef DORA_FACTS_H
#define DORA_FACTS_H

#include <dora/dora.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * All facts of an engine as records that state them again: of a fact whose fields were stated at several times (as_of)
 * one record each. Ordered by kind, then id by bytes. An engine that takes them has the same state, but for the digests
 * of inputs read once. Facts without an id come as often as they were added. O(facts log facts). Errors: MEMORY,
 * CANCELLED, ARGUMENT.
 */
DORA_API dora_status dora_engine_facts(dora_engine *engine, dora_fact_fn on_fact, void *context, dora_error *error);

/* Writes facts in the normal form, as a reader reads them: objects of NDJSON, one a line, or CSV with a column for each
   field of any kind. What is read back states the same, field by field. */
typedef struct dora_fact_writer dora_fact_writer;

/* `options` as for a writer (NULL: NDJSON), of which `output` and `allocator` matter. Errors: ARGUMENT (also where the
   output is neither NDJSON nor CSV), MEMORY. */
DORA_API dora_status dora_fact_writer_new(const dora_writer_options *options, dora_write_fn write, void *context,
                                          dora_fact_writer **writer, dora_error *error);
/* Appends facts; fields that their kind does not have are left out. O(bytes). Errors: INPUT (a fact that cannot be, or
   in CSV a list with an item that holds a space or a semicolon; error->record is its number, the facts before it are
   written, it and those after it are not), IO, MEMORY. */
DORA_API dora_status dora_fact_writer_put(dora_fact_writer *writer, const dora_fact *facts, size_t count,
                                          dora_error *error);
/* Writes what is left. To be called once, before dora_fact_writer_free, where nothing failed. */
DORA_API dora_status dora_fact_writer_finish(dora_fact_writer *writer, dora_error *error);
DORA_API void dora_fact_writer_free(dora_fact_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
