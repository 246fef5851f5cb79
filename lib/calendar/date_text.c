/* SPDX-License-Identifier: MIT */
/* See date_text.h. */
#include "calendar/date_text.h"

#include "calendar/civil.h"

#include <string.h>

static void put_pair(char out[2], int32_t value) {
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

size_t dora__format_date(char out[DORA__NUMBER_ROOM], int32_t day) {
    struct dora__date date = dora__date_from_day(day);
    put_pair(out, date.year / 100);
    put_pair(out + 2, date.year % 100);
    out[4] = '-';
    put_pair(out + 5, date.month);
    out[7] = '-';
    put_pair(out + 8, date.day);
    return 10;
}

void dora__text_date(struct dora__text *text, int32_t day) {
    char out[DORA__NUMBER_ROOM];
    dora__text_put(text, out, dora__format_date(out, day));
}

void dora_date_format(int32_t day, char text[11]) {
    char room[DORA__NUMBER_ROOM];
    size_t size = dora__format_date(room, day);
    size = size < 10 ? size : 10;
    memcpy(text, room, size);
    text[size] = '\0';
}
