/* SPDX-License-Identifier: MIT */
/*
 * Every call to the system fails once while the command compacts a state in its place, merges states into one, and
 * reads what is new into one, in every way that it may, and the process dies before and after each: the exit code says
 * what happened, the state is the old one or the new one, and the same command then does what it did not.
 */
#include "../support/fixture.h"
#include "system.h"

#include <dora/compact.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Of the command, whose objects are linked into this program. */
int dora_main(int count, char **words);

enum { FACTS = 40, ARGUMENTS_MOST = 8, PATH_ROOM = 600 };
enum { DONE = 0, DAMAGED = 3, IO = 4, HAPPENED = 64 }; /* exit codes, and what is added where the call was made */

static const char day[] = "2024-02-10";
static char folder[256];

struct command {
    const char *words[ARGUMENTS_MOST]; /* those with a dot are names in the folder */
    struct bytes before, after;        /* of all.dora */
};

static struct command commands[] = {
    {.words = {"compact", "--before", day, "all.dora"}},
    {.words = {"merge", "-o", "all.dora", "north.dora", "south.dora"}},
    {.words = {"check", "--state", "all.dora", "-o", "out.txt", "new.ndjson"}},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void path_of(const char *name, char path[PATH_ROOM]) {
    snprintf(path, PATH_ROOM, "%s/%s", folder, name);
}

static void put(const char *name, const struct bytes *bytes) {
    char path[PATH_ROOM];
    path_of(name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    assert_int_equal(fclose(file), 0);
}

static bool file_is(const char *name, const struct bytes *bytes) {
    char path[PATH_ROOM];
    path_of(name, path);
    return file_holds(path, bytes);
}

static bool is_known(const char *name) {
    static const char *const known[] = {".", "..", "all.dora", "north.dora", "south.dora", "new.ndjson", "out.txt"};
    size_t i = 0;
    while (i < sizeof known / sizeof *known && strcmp(name, known[i]))
        i++;
    return i < sizeof known / sizeof *known;
}

/* How many temporary files and locks there are; they are removed. */
static int left_behind(void) {
    int count = 0;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));) {
        char path[PATH_ROOM];
        if (is_known(entry->d_name))
            continue;
        count++;
        path_of(entry->d_name, path);
        assert_int_equal(unlink(path), 0);
    }
    closedir(entries);
    return count;
}

/* Runs the command in a process of its own, with a fault. Returns its exit code. */
static int run(const struct command *command, unsigned long at, enum fault fault, int number) {
    char paths[ARGUMENTS_MOST][PATH_ROOM], program[] = "dora", quiet[] = "-q", one[] = "--threads=1";
    char *words[ARGUMENTS_MOST + 4] = {program, paths[0], quiet, one};
    int count = 0, status;
    for (; count < ARGUMENTS_MOST && command->words[count]; count++) {
        if (strchr(command->words[count], '.'))
            path_of(command->words[count], paths[count]);
        else
            snprintf(paths[count], PATH_ROOM, "%s", command->words[count]);
        words[count ? count + 3 : 1] = paths[count];
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        close(nowhere);
        arm(at, fault, number);
        int code = dora_main(count + 3, words);
        disarm();
        if (plan.descriptors > 0)
            _exit(DEAD - 1);
        exit(code + (plan.happened ? HAPPENED : 0));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int set_up(void **unused) {
    (void)unused;
    static const char *const names[] = {"north.dora", "south.dora"};
    const char *build = getenv("DORA_BUILD");
    struct bytes news = {0};
    snprintf(folder, sizeof folder, "%s/commands-XXXXXX", build && strlen(build) < 200 ? build : ".");
    if (!mkdtemp(folder))
        return -1;
    for (int i = 0; i < 2; i++) {
        dora_fact *facts = fixture_facts((uint64_t)i + 1, FACTS, 1);
        dora_engine *engine;
        struct bytes state = {0};
        assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
        assert_int_equal(dora_engine_add(engine, facts, FACTS, NULL), DORA_OK);
        assert_int_equal(dora_engine_save(engine, bytes_append, &state, NULL), DORA_OK);
        put(names[i], &state);
        for (size_t k = 0; i == 0 && k < COMMANDS; k++)
            bytes_append(&commands[k].before, state.data, state.size);
        if (i)
            fixture_ndjson(facts, FACTS, 0, &news);
        bytes_free(&state);
        dora_engine_free(engine);
        free(facts);
    }
    put("new.ndjson", &news);
    bytes_free(&news);
    for (size_t i = 0; i < COMMANDS; i++) { /* what the command makes where nothing fails */
        char path[PATH_ROOM], part[4096];
        put("all.dora", &commands[i].before);
        assert_int_equal(run(&commands[i], 0, FAIL, 0), DONE);
        path_of("all.dora", path);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
            bytes_append(&commands[i].after, part, got);
        fclose(file);
        assert_false(file_is("all.dora", &commands[i].before));
    }
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    static const char *const names[] = {"all.dora", "north.dora", "south.dora", "new.ndjson", "out.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_ROOM];
        path_of(names[i], path);
        unlink(path);
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        bytes_free(&commands[i].before);
        bytes_free(&commands[i].after);
    }
    return rmdir(folder);
}

/* The state after a run, and that the next one does what is to be done. */
static void check_state(const struct command *command, bool done) {
    bool is_new = file_is("all.dora", &command->after);
    assert_true(is_new || (!done && file_is("all.dora", &command->before)));
    if (is_new)
        return;
    assert_int_equal(run(command, 0, FAIL, 0), DONE);
    assert_true(file_is("all.dora", &command->after));
}

static void try_failures(const struct command *command, enum fault fault, int number) {
    int code = HAPPENED;
    unsigned long at = 0;
    for (; code & HAPPENED; at++) {
        put("all.dora", &command->before);
        code = run(command, at + 1, fault, number);
        int left = left_behind();
        assert_true((code & ~HAPPENED) == DONE || (code & ~HAPPENED) == DAMAGED || (code & ~HAPPENED) == IO);
        if (fault == SHORTEN)
            assert_int_equal(code & ~HAPPENED, DONE);
        assert_true(left <= (fault == FAIL_ON ? 3 : 1)); /* of what could not be removed */
        check_state(command, (code & ~HAPPENED) == DONE);
    }
    assert_int_equal(code, DONE);
    assert_true(at > 20);
}

static void test_calls_fail(void **unused) {
    (void)unused;
    for (size_t i = 0; i < COMMANDS; i++) {
        try_failures(&commands[i], FAIL, EIO);
        try_failures(&commands[i], FAIL, ENOSPC);
        try_failures(&commands[i], FAIL, EINTR);
        try_failures(&commands[i], FAIL_ON, EIO);
        try_failures(&commands[i], SHORTEN, 0);
    }
}

static void test_killed(void **unused) {
    (void)unused;
    static const enum fault deaths[] = {DIE_BEFORE, DIE_AFTER};
    for (size_t i = 0; i < COMMANDS; i++)
        for (size_t which = 0; which < sizeof deaths / sizeof *deaths; which++) {
            int code = DEAD;
            for (unsigned long at = 1; code == DEAD; at++) {
                put("all.dora", &commands[i].before);
                code = run(&commands[i], at, deaths[which], 0);
                check_state(&commands[i], code == DONE);
                left_behind();
            }
            assert_int_equal(code, DONE);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_fail),
        cmocka_unit_test(test_killed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
