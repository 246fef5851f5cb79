/* SPDX-License-Identifier: MIT */
/* JSON: one array that holds NDJSON's objects, one a line. */
#include "write/writer.h"

static void put_rows(struct dora_writer *writer, const dora_result *result) {
    dora__json_rows(writer, dora_result_rows(result), "[\n", ",\n", "");
}

static void put_end(struct dora_writer *writer) {
    dora__text_puts(&writer->sink.text, writer->any_rows ? "\n]\n" : "[]\n");
}

const struct dora__output dora__output_json = {dora__json_begin, put_rows, put_end};
