/* SPDX-License-Identifier: MIT */
/*
 * Which of the twins of a hot loop runs: plain C, or one written for the instructions of this machine. Twins give the
 * same results. An object asks once, when it is made; DORA_KERNEL=portable in the environment asks for plain C, so that
 * tests can compare the two.
 */
#ifndef DORA_BASE_KERNEL_H
#define DORA_BASE_KERNEL_H

enum dora__kernel {
    DORA__KERNEL_PORTABLE,
    DORA__KERNEL_AVX2 /* with BMI, BMI2 and POPCNT; only where the build has DORA__WITH_AVX2 */
};

enum dora__kernel dora__kernel_pick(void);

#endif
