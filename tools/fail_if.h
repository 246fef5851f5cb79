/* SPDX-License-Identifier: MIT */
/*
 * --fail-if: conditions on the last window of each group. They are evaluated over the rows of the report as they pass;
 * a column that the report does not have gets a second query of its own.
 */
#ifndef DORA_TOOLS_FAIL_IF_H
#define DORA_TOOLS_FAIL_IF_H

#include "message.h"

#include <stdbool.h>

struct condition {
    const char *text; /* as given: "change_fail_rate>0.15" */
    char *column;
    int comparison; /* index of a table in fail_if.c */
    double value;
    const char *value_text;
    dora_unit unit; /* of the value: NONE, SECONDS, RATIO, or TIER for the name of a tier */
    size_t at;      /* where the rows looked at have the column, or SIZE_MAX */
    bool in_report; /* whether the report has the column */
};

/* Reads a condition; false where it is not one. `text` is borrowed. */
bool condition_parse(const char *text, struct condition *condition);
void condition_free(struct condition *condition);

/* A condition that held, with where. */
struct held {
    const struct condition *condition;
    double value;
    dora_unit unit;
    char *place;
};

struct fail_if {
    struct condition *conditions;
    size_t count;
    char *columns; /* of the second query; NULL: none needed */
    bool second;   /* the second query is running */
    struct held *held;
    size_t held_count, held_capacity;
    size_t kept; /* of held: those of groups that are complete; the rest belongs to the window looked at */
    bool failed; /* out of memory */
    char *group; /* the group and window looked at; group_size SIZE_MAX: none yet */
    size_t group_size;
    int32_t window_start;
};

/* Checks the columns against what `query` on the still empty engine offers. CODE_DONE, or the message was printed. */
enum code fail_if_prepare(struct fail_if *fail_if, dora_engine *engine, const dora_query *query,
                          struct condition *conditions, size_t count);
void fail_if_free(struct fail_if *fail_if);

/* Looks at the rows of the report, in order. */
void fail_if_rows(struct fail_if *fail_if, const dora_result *rows);

/* After the report: runs the second query where one is needed. CODE_DONE, or the message was printed. */
enum code fail_if_finish(struct fail_if *fail_if, dora_engine *engine, const dora_query *query);

/* Prints what held. CODE_HELD or CODE_DONE. */
enum code fail_if_print(const struct fail_if *fail_if);

#endif
