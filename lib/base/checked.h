/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic that says when it overflows. Sizes and instants are only ever added or multiplied through these where
 * their operands come from outside.
 */
#ifndef DORA_BASE_CHECKED_H
#define DORA_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool dora__add_size(size_t a, size_t b, size_t *sum) {
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool dora__multiply_size(size_t a, size_t b, size_t *product) {
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool dora__add_i64(int64_t a, int64_t b, int64_t *sum) {
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool dora__multiply_i64(int64_t a, int64_t b, int64_t *product) {
    return !__builtin_mul_overflow(a, b, product);
}

#endif
