/* SPDX-License-Identifier: MIT */
/*
 * Which of the twins of a hot loop runs: plain C, or one written for the instructions of this machine. Twins give the
 * same results. An object asks once, when it is made; DORA_KERNEL=portable or avx2 in the environment asks for no more
 * than that, so that tests can compare them.
 */
#ifndef DORA_BASE_KERNEL_H
#define DORA_BASE_KERNEL_H

enum dora__kernel {
    DORA__KERNEL_PORTABLE,
    /* Each has all that the one before it has; only where the build has DORA__WITH_AVX2. */
    DORA__KERNEL_AVX2,  /* with BMI, BMI2 and POPCNT */
    DORA__KERNEL_AVX512 /* F, BW, DQ, VL, VBMI, VBMI2: processors that do not slow down for it */
};

enum dora__kernel dora__kernel_pick(void);

#endif
