/* SPDX-License-Identifier: MIT */
/*
 * Every call to the system fails once while a state is saved or loaded, in every way that it may, and the process dies
 * before and after each: the status says what happened, nothing is left behind, and the name means the old state or the
 * new one.
 */
#include "../support/fixture.h"
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[256], path[300];
static dora_engine *engines[2]; /* with the old facts, and with the new ones */
static struct bytes states[2];

static int set_up(void **unused) {
    (void)unused;
    const char *build = getenv("DORA_BUILD");
    snprintf(folder, sizeof folder, "%s/files-XXXXXX", build && strlen(build) < 200 ? build : ".");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a.dora", folder);
    for (int i = 0; i < 2; i++) {
        dora_fact *facts = fixture_facts((uint64_t)i + 1, 40, 0);
        if (dora_engine_new(NULL, &engines[i], NULL) != DORA_OK ||
            dora_engine_add(engines[i], facts, 40, NULL) != DORA_OK ||
            dora_engine_save(engines[i], bytes_append, &states[i], NULL) != DORA_OK)
            return -1;
        free(facts);
    }
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    for (int i = 0; i < 2; i++) {
        dora_engine_free(engines[i]);
        bytes_free(&states[i]);
    }
    unlink(path);
    return rmdir(folder);
}

/* How many files there are but for the state; with `remove` they are removed. */
static int others(bool remove) {
    int count = 0;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));) {
        char name[600];
        if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "a.dora"))
            continue;
        count++;
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (remove)
            unlink(name);
    }
    closedir(entries);
    return count;
}

static bool file_is(const struct bytes *state) {
    return file_holds(path, state);
}

static void put_old(void) {
    assert_int_equal(dora_engine_save_file(engines[0], path, NULL), DORA_OK);
    assert_true(file_is(&states[0]));
}

static void end(void) {
    disarm();
    assert_int_equal(plan.descriptors, 0);
}

static const struct {
    enum fault fault;
    int number;
} failures[] = {{FAIL, EIO}, {FAIL, ENOSPC}, {FAIL, EINTR}, {SHORTEN, 0}};

static void check_save(unsigned long at, size_t which) {
    dora_error error = {0};
    put_old();
    arm(at, failures[which].fault, failures[which].number);
    dora_status status = dora_engine_save_file(engines[1], path, &error);
    end();
    assert_int_equal(others(true), 0);
    assert_true(status == DORA_OK || (status == DORA_ERROR_IO && error.message[0]));
    if (status == DORA_OK)
        assert_true(file_is(&states[1]));
    else if (!strstr(error.message, "folder"))
        assert_true(file_is(&states[0]));
    else
        assert_true(file_is(&states[1])); /* it is there, but perhaps not yet on the disk */
    if (failures[which].fault == SHORTEN)
        assert_int_equal(status, DORA_OK);
}

static void test_save_fails(void **unused) {
    (void)unused;
    for (size_t which = 0; which < sizeof failures / sizeof *failures; which++) {
        unsigned long at = 0;
        do
            check_save(++at, which);
        while (plan.happened);
        assert_true(at > 8); /* lstat aside: open, chmod, write, sync, close, rename; open, sync, close */
    }
}

/* From some call on the disk takes nothing any more: a temporary file may stay, and the next save does not mind it. */
static void test_nothing_is_written(void **unused) {
    (void)unused;
    plan.happened = true;
    for (unsigned long at = 1; plan.happened; at++) {
        put_old();
        arm(at, EMPTY, 0);
        dora_status status = dora_engine_save_file(engines[1], path, NULL);
        end();
        bool refused = plan.happened && !strcmp(plan.victim, "write");
        assert_int_equal(status, refused ? DORA_ERROR_IO : DORA_OK);
        assert_true(file_is(&states[!refused]));
        assert_int_equal(others(true), 0);
    }
}

static void test_all_fails_from_there_on(void **unused) {
    (void)unused;
    plan.happened = true;
    for (unsigned long at = 1; plan.happened; at++) {
        put_old();
        arm(at, FAIL_ON, EIO);
        dora_status status = dora_engine_save_file(engines[1], path, NULL);
        end();
        assert_int_equal(status, plan.happened ? DORA_ERROR_IO : DORA_OK);
        assert_true(file_is(&states[0]) || file_is(&states[1]));
        assert_true(others(false) <= 1);
        assert_int_equal(dora_engine_save_file(engines[1], path, NULL), DORA_OK);
        assert_true(file_is(&states[1]));
        others(true);
    }
}

static void test_a_new_file_fails(void **unused) {
    (void)unused;
    plan.happened = true;
    for (unsigned long at = 1; plan.happened; at++) {
        unlink(path);
        arm(at, FAIL, ENOSPC);
        dora_status status = dora_engine_save_file(engines[1], path, NULL);
        end();
        assert_int_equal(others(true), 0);
        assert_true(access(path, F_OK) != 0 ? status == DORA_ERROR_IO : file_is(&states[1]));
    }
}

static void test_save_is_killed(void **unused) {
    (void)unused;
    const enum fault deaths[] = {DIE_BEFORE, DIE_AFTER};
    for (int which = 0; which < 2; which++) {
        int status = DEAD << 8;
        for (unsigned long at = 1; status == DEAD << 8; at++) {
            put_old();
            fflush(NULL);
            pid_t child = fork();
            assert_true(child >= 0);
            if (child == 0) {
                arm(at, deaths[which], 0);
                _exit((int)dora_engine_save_file(engines[1], path, NULL));
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(file_is(&states[0]) || file_is(&states[1]));
            others(true);
        }
        assert_int_equal(status, 0);
        assert_true(file_is(&states[1]));
    }
}

static void test_load_fails(void **unused) {
    (void)unused;
    put_old();
    for (size_t which = 0; which < sizeof failures / sizeof *failures; which++) {
        plan.happened = true;
        for (unsigned long at = 1; plan.happened; at++) {
            struct bytes state = {0};
            dora_engine *engine;
            dora_error error;
            assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
            arm(at, failures[which].fault, failures[which].number);
            dora_status status = dora_engine_load_file(engine, path, NULL, &error);
            end();
            assert_true(status == DORA_OK || status == DORA_ERROR_IO);
            if (plan.happened && failures[which].fault == FAIL && failures[which].number != EINTR &&
                strcmp(plan.victim, "close") && !strstr(plan.victim, "fstat")) /* says only how much room to ask for */
                assert_int_equal(status, DORA_ERROR_IO);
            else
                assert_int_equal(status, DORA_OK);
            assert_int_equal(dora_engine_save(engine, bytes_append, &state, NULL), DORA_OK);
            assert_true((state.size == states[0].size) == (status == DORA_OK)); /* else it has no facts */
            bytes_free(&state);
            dora_engine_free(engine);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save_fails),
        cmocka_unit_test(test_nothing_is_written),
        cmocka_unit_test(test_all_fails_from_there_on),
        cmocka_unit_test(test_a_new_file_fails),
        cmocka_unit_test(test_save_is_killed),
        cmocka_unit_test(test_load_fails),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
