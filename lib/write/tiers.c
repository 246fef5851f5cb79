/* SPDX-License-Identifier: MIT */
/* A tier table as the text that reads back, or as one JSON object. */
#include "base/error.h"
#include "query/tier.h"
#include "write/escape.h"
#include "write/sink.h"

#include <string.h>

static void put_bounds(struct dora__text *out, const char *name, const dora_tier_bound bounds[3]) {
    dora__text_puts(out, ",\"");
    dora__text_puts(out, name);
    dora__text_puts(out, "\":{");
    for (int i = 0; i < 3; i++) {
        const dora_tier_bound *bound = &bounds[i];
        dora__text_puts(out, i ? ",\"" : "\"");
        dora__text_puts(out, dora_tier_name((dora_tier)(DORA_TIER_ELITE - i)));
        dora__text_puts(out, "\":");
        if (!bound->denominator) {
            dora__text_puts(out, "null");
            continue;
        }
        dora__text_puts(out, "{\"numerator\":");
        dora__text_int64(out, bound->numerator);
        dora__text_puts(out, ",\"denominator\":");
        dora__text_int64(out, bound->denominator);
        dora__text_puts(out, bound->strict ? ",\"strict\":true}" : ",\"strict\":false}");
    }
    dora__text_puts(out, "}");
}

static void put_json(struct dora__text *out, const dora_tiers *tiers) {
    dora__text_puts(out, "{\"name\":\"");
    dora__text_json(out, tiers->name, strlen(tiers->name));
    dora__text_puts(out, tiers->restore ? "\",\"restore\":true" : "\",\"restore\":false");
    put_bounds(out, "frequency", tiers->frequency);
    put_bounds(out, "lead_time", tiers->lead_time);
    put_bounds(out, "recovery", tiers->recovery);
    put_bounds(out, "fail_rate", tiers->fail_rate);
    dora__text_puts(out, "}\n");
}

dora_status dora_tiers_write(const dora_tiers *tiers, const dora_writer_options *options, dora_write_fn write,
                             void *context, dora_error *error) {
    dora_writer_options own;
    struct dora__sink sink;
    dora_tiers known;
    if (!tiers || !dora__take_struct(&known, sizeof known, tiers))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "tiers: struct_size is not set, or a later version's field is");
    dora_status status = dora__tiers_check(&known, error);
    if (status == DORA_OK)
        status = dora__sink_init(&sink, &own, options, write, context, error);
    if (status != DORA_OK)
        return status;
    if (own.output != DORA_OUTPUT_TABLE && own.output != DORA_OUTPUT_JSON)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "output: tiers are written as table or json");
    if (own.output == DORA_OUTPUT_JSON)
        put_json(&sink.text, &known);
    else
        dora__tiers_text(&sink.text, &known);
    dora__sink_flush(&sink);
    status = dora__sink_status(&sink, error);
    dora__sink_free(&sink);
    return status;
}
