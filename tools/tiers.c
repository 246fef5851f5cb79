/* SPDX-License-Identifier: MIT */
/* See tiers.h. */
#include "tiers.h"

#include "output.h"
#include "values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_BYTES_MAX = 1 << 16, FIRST_EDITION = 2018, LAST_EDITION = 2024 };

/* A whole small file. On failure errno says why. */
static bool read_table(const char *path, char *bytes, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    errno = 0;
    *size = fread(bytes, 1, TABLE_BYTES_MAX, file);
    int problem = ferror(file) ? errno : *size == TABLE_BYTES_MAX ? EFBIG : 0;
    fclose(file);
    errno = problem;
    return problem == 0;
}

enum code tiers_load(const char *text, dora_tiers *own, const dora_tiers **tiers) {
    uint64_t edition;
    if (parse_whole(text, 9999, &edition)) {
        *tiers = dora_tiers_edition((int)edition);
        if (*tiers)
            return CODE_DONE;
        return usage_error("tiers are 2018, 2019, 2021, 2022, 2023, 2024 or a file with a table, not '%s'", text);
    }
    static char bytes[TABLE_BYTES_MAX];
    size_t size;
    if (!read_table(text, bytes, &size)) {
        message("cannot read '%s': %s", text, strerror(errno));
        return CODE_IO;
    }
    *own = (dora_tiers){.struct_size = sizeof *own};
    dora_error error;
    if (dora_tiers_parse(bytes, size, own, &error) != DORA_OK) {
        message("%s:%llu: %s", text, (unsigned long long)error.line, error.message);
        return error.status == DORA_ERROR_MEMORY ? CODE_IO : CODE_USAGE;
    }
    *tiers = own;
    return CODE_DONE;
}

/* The tables between what stands before, between and after them. */
struct list {
    struct output *output;
    dora_writer_options writer;
    size_t count;
};

static enum code put(struct list *list, const dora_tiers *tiers) {
    const char *before = list->writer.output == DORA_OUTPUT_JSON ? (list->count ? "," : "[") : list->count ? "\n" : "";
    list->count++;
    dora_error error;
    if (output_write(list->output, before, strlen(before)) != 0)
        return CODE_DONE; /* output_finish says why */
    dora_status status = dora_tiers_write(tiers, &list->writer, output_write, list->output, &error);
    return status == DORA_OK || output_failed(list->output) ? CODE_DONE : library_error(&error);
}

static enum code put_arguments(struct list *list, const struct options *options) {
    enum code code = CODE_DONE;
    for (size_t i = 0; i < options->arguments_count && code == CODE_DONE; i++) {
        dora_tiers own;
        const dora_tiers *tiers;
        code = tiers_load(options->arguments[i], &own, &tiers);
        if (code == CODE_DONE)
            code = put(list, tiers);
    }
    for (int edition = FIRST_EDITION; edition <= LAST_EDITION && options->arguments_count == 0; edition++) {
        const dora_tiers *tiers = dora_tiers_edition(edition);
        if (tiers && code == CODE_DONE)
            code = put(list, tiers);
    }
    return code;
}

enum code run_tiers(const struct options *options) {
    if (options->format != DORA_OUTPUT_TABLE && options->format != DORA_OUTPUT_JSON)
        return usage_error("dora tiers writes table or json");
    struct output output;
    enum code code = output_open(&output, options->output);
    if (code != CODE_DONE)
        return code;
    struct list list = {&output, {.struct_size = sizeof list.writer, .output = options->format}, 0};
    code = put_arguments(&list, options);
    if (code == CODE_DONE && options->format == DORA_OUTPUT_JSON)
        output_write(&output, "]\n", 2);
    return output_finish(&output, code);
}
