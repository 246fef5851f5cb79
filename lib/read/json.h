/* SPDX-License-Identifier: MIT */
/*
 * The grammar of JSON (RFC 8259, strict), checked from a place on and never past an end. No tree is built and nothing
 * recurses; of a value only its span and form are kept.
 */
#ifndef DORA_READ_JSON_H
#define DORA_READ_JSON_H

#include "read/reader.h"

enum { DORA__JSON_DEPTH_MOST = 256 };

struct dora__json {
    const char *at;
    const char *end;
    const char *problem; /* why it is no JSON; at is the place */
    bool high;           /* a byte above 127 was seen */
};

static inline bool dora__json_fail(struct dora__json *json, const char *problem) {
    json->problem = problem;
    return false;
}

static inline void dora__json_skip_space(struct dora__json *json) {
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\r' || *json->at == '\n'))
        json->at++;
}

/* A string from its opening quote on; the raw is what stands between the quotes. */
bool dora__json_string(struct dora__json *json, struct dora__raw *raw);

/* A string, number or literal. */
bool dora__json_scalar(struct dora__json *json, struct dora__raw *raw);

/* Any value, `depth` brackets open outside of it. What is nested is only checked, down to a depth of 256. */
bool dora__json_value(struct dora__json *json, struct dora__raw *raw, unsigned depth);

/* A key and its colon, up to the value. */
bool dora__json_key(struct dora__json *json, struct dora__raw *key);

#endif
