/* SPDX-License-Identifier: MIT */
/* The sources there are: mappings, and git, whose output is no JSON. */
#include <dora/sources.h>

#include "read/source/git.h"
#include "read/source/mapping.h"

const char *dora_source_name(size_t index) {
    return index < dora__builtins_count ? dora__builtins[index].name : index == dora__builtins_count ? "git" : NULL;
}

const char *dora_source_text(size_t index) {
    if (index < dora__builtins_count)
        return (const char *)dora__builtins[index].text;
    return index == dora__builtins_count ? dora__git_text : NULL;
}
