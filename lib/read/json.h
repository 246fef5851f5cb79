/* SPDX-License-Identifier: MIT */
/*
 * The grammar of JSON (RFC 8259, strict), checked from a place on and never past an end. No tree is built and nothing
 * recurses; of a value only its span and form are kept.
 */
#ifndef DORA_READ_JSON_H
#define DORA_READ_JSON_H

#include "base/scan.h"
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

/* Most often there is none, which one comparison tells. */
static inline void dora__json_skip_space(struct dora__json *json) {
    const char *at = json->at;
    while (at < json->end && (unsigned char)*at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    json->at = at;
}

/* The rest of a string that is not plain up to its end, from `at` on; json->at is its opening quote. */
bool dora__json_string_rest(struct dora__json *json, struct dora__raw *raw, const char *at);

/* A string from its opening quote on; the raw is what stands between the quotes. */
static inline bool dora__json_string(struct dora__json *json, struct dora__raw *raw) {
    const char *from = json->at + 1, *at = dora__skip_plain(from, json->end);
    if (at == json->end || *at != '"')
        return dora__json_string_rest(json, raw, at);
    *raw = (struct dora__raw){from, (size_t)(at - from), DORA__JSON_STRING};
    json->at = at + 1;
    return true;
}

/* A string, number or literal. */
bool dora__json_scalar(struct dora__json *json, struct dora__raw *raw);

/* Any value, `depth` brackets open outside of it. What is nested is only checked, down to a depth of 256. */
bool dora__json_value(struct dora__json *json, struct dora__raw *raw, unsigned depth);

/* A key and its colon, up to the value. */
bool dora__json_key(struct dora__json *json, struct dora__raw *key);

#endif
