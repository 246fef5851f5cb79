/* SPDX-License-Identifier: MIT */
/*
 * The frame of a state, which docs/state.md describes: a head with its sections' kinds, sizes and checksums, then the
 * sections, without a byte between them.
 */
#ifndef DORA_STATE_FORMAT_H
#define DORA_STATE_FORMAT_H

#include "facts/facts.h"

enum {
    DORA__STATE_MAJOR = 1,
    DORA__STATE_MINOR = 0,           /* of a state that nothing was forgotten of, */
    DORA__STATE_MINOR_FORGOTTEN = 1, /* and of one that something was */
    DORA__STATE_MAGIC_SIZE = 8,
    DORA__STATE_HEAD_SIZE = 16,     /* magic, major and minor of 16 bits each, number of sections of 32 */
    DORA__STATE_ENTRY_SIZE = 24,    /* kind and flags of 32 bits each, size, checksum */
    DORA__STATE_CHECKSUM_SIZE = 8,  /* of head and entries */
    DORA__STATE_SECTIONS_MOST = 256 /* that a reader takes: those of later minor versions, too */
};

enum dora__section {
    DORA__SECTION_SERVICES = 1,
    DORA__SECTION_STRINGS = 2,
    DORA__SECTION_INPUTS = 3,
    DORA__SECTION_FORGOTTEN = 4, /* with the options */
    DORA__SECTION_KEYS = 5,
    DORA__SECTION_FACTS = 16,   /* + 2 * kind, + 1 for facts without an id */
    DORA__SECTION_SAMPLES = 64, /* + series */
    DORA__SECTION_PHASES = 96
};

/* Of an entry: a reader that does not know the section may pass over it. */
#define DORA__SECTION_OPTIONAL UINT32_C(1)

/* Not text, and spoilt by what spoils line ends. */
static const uint8_t dora__state_magic[DORA__STATE_MAGIC_SIZE] = {0x89, 'D', 'O', 'R', 'A', '\r', '\n', 0x1A};

#endif
