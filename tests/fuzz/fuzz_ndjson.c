/* SPDX-License-Identifier: MIT */
/* NDJSON, and whatever is taken for it. */
#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const int formats[] = {DORA_FORMAT_NDJSON, DORA_FORMAT_AUTO, -1};
    fuzz_records((struct fuzz_input){bytes, size}, formats);
    return 0;
}
