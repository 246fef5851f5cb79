/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target without libFuzzer: runs it on the files named, on those in folders named, and on each of them cut short
 * in a few places. Each input is a block of its own size, so that reading beyond it shows.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MOST = 1 << 20 };

static void run(const uint8_t *bytes, size_t size) {
    uint8_t *copy = calloc(size ? size : 1, 1); /* gcc 12 would warn of bytes that no input sets */
    REQUIRE(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* False: `path` is no file that can be read. */
static bool replay_file(const char *path) {
    static uint8_t bytes[INPUT_MOST];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    bool read = !ferror(file);
    fclose(file);
    if (!read)
        return false;
    run(bytes, size);
    for (size_t parts = 2; parts <= 3; parts++)
        run(bytes, size - size / parts);
    return true;
}

/* How many inputs there were; -1: one cannot be read. */
static long replay_folder(DIR *folder, const char *path) {
    long count = 0;
    for (struct dirent *entry = readdir(folder); entry && count >= 0; entry = readdir(folder)) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        count = replay_file(name) ? count + 1 : -1;
        if (count < 0)
            fprintf(stderr, "cannot read %s\n", name);
    }
    closedir(folder);
    return count;
}

int main(int count, char **paths) {
    long inputs = 0;
    run((const uint8_t *)"", 0);
    for (int i = 1; i < count; i++) {
        DIR *folder = opendir(paths[i]);
        long more = folder ? replay_folder(folder, paths[i]) : replay_file(paths[i]) ? 1 : -1;
        if (more <= 0) {
            fprintf(stderr, "no inputs: %s\n", paths[i]);
            return 1;
        }
        inputs += more;
    }
    printf("%ld inputs\n", inputs);
    return 0;
}
