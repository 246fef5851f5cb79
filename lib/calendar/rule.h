/* SPDX-License-Identifier: MIT */
/*
 * The rule that closes a TZif file: a POSIX TZ string such as "CET-1CEST,M3.5.0,M10.5.0/3", with the wider times that
 * RFC 8536 allows. It says the offset of every instant, for ever; here it is asked for the span around one.
 */
#ifndef DORA_CALENDAR_RULE_H
#define DORA_CALENDAR_RULE_H

#include "calendar/zone.h"

/* A day of every year and a time on its local clock, which may lie outside that day. */
struct dora__rule_switch {
    enum { DORA__RULE_WEEKDAY, DORA__RULE_JULIAN, DORA__RULE_DAY } form;
    int32_t month;   /* WEEKDAY: 1 to 12 */
    int32_t week;    /* WEEKDAY: 1 to 4, or 5 for the last */
    int32_t day;     /* WEEKDAY: 0 is Sunday; JULIAN: 1 to 365, February 29 never counted; DAY: 0 to 365 */
    int32_t seconds; /* of local time since that day's midnight, before the switch */
};

struct dora__rule {
    int32_t standard_seconds; /* local time is ahead of UTC by so much */
    int32_t daylight_seconds;
    bool has_daylight;
    struct dora__rule_switch start; /* of daylight time */
    struct dora__rule_switch end;
};

/* False where the text is no such rule. */
bool dora__rule_parse(const char *text, size_t size, struct dora__rule *rule);

void dora__rule_find(const struct dora__rule *rule, int64_t instant_us, struct dora__zone_span *span);

#endif
