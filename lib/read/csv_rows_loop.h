/* SPDX-License-Identifier: MIT */
/*
 * The loop of csv_rows.h, compiled once a kernel with DORA__CSV_ROWS_TAKE as its name. Everything in it may read 16
 * bytes from the begin of any cell: it ends that much before the end of the bytes.
 */
#include "calendar/instant.h"
#include "read/cell.h"
#include "read/csv_rows.h"

#ifdef DORA__CSV_ROWS_AVX2
#include <immintrin.h>
#endif

enum { WINDOW = 64, READ_AHEAD = 16 };

/* Bits of the window's bytes that end a cell, and of those that a common row has not. */
struct masks {
    uint64_t stops;
    uint64_t odd;
};

#ifdef DORA__CSV_ROWS_AVX2

static inline struct masks masks_of(const char *window, char delimiter) {
    const __m256i ends = _mm256_set1_epi8('\n'), marks = _mm256_set1_epi8(delimiter), quotes = _mm256_set1_epi8('"');
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)window);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(window + 32));
    __m256i low_stops = _mm256_or_si256(_mm256_cmpeq_epi8(low, ends), _mm256_cmpeq_epi8(low, marks));
    __m256i high_stops = _mm256_or_si256(_mm256_cmpeq_epi8(high, ends), _mm256_cmpeq_epi8(high, marks));
    __m256i low_odd = _mm256_or_si256(_mm256_cmpeq_epi8(low, quotes), low);
    __m256i high_odd = _mm256_or_si256(_mm256_cmpeq_epi8(high, quotes), high);
    return (struct masks){
        (uint32_t)_mm256_movemask_epi8(low_stops) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high_stops) << 32,
        (uint32_t)_mm256_movemask_epi8(low_odd) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high_odd) << 32};
}

/* "YYYY-MM-DDTHH:MM:SSZ", of years 1 to 9999; false where it is anything else or a leap second. The year is taken from
   the first four bytes, the rest from the sixteen behind them; pairs of digits become eight numbers at once. */
static inline bool plain_instant(const char *text, int64_t *instant_us) {
    const __m128i separators = _mm_setr_epi8('-', 0, 0, '-', 0, 0, 'T', 0, 0, ':', 0, 0, ':', 0, 0, 'Z');
    const __m128i is_digit = _mm_setr_epi8(0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0);
    const __m128i pick = _mm_setr_epi8(-1, -1, -1, -1, 1, 2, 4, 5, 7, 8, 10, 11, 13, 14, -1, -1);
    const __m128i tens = _mm_setr_epi8(10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 0, 0);
    const __m128i least = _mm_setr_epi16(0, 0, 1, 1, 0, 0, 0, 0), span = _mm_setr_epi16(99, 99, 11, 30, 23, 59, 59, 0);
    int32_t year_text;
    memcpy(&year_text, text, sizeof year_text);
    __m128i rest = _mm_loadu_si128((const __m128i *)(const void *)(text + 4));
    __m128i digits = _mm_insert_epi32(_mm_shuffle_epi8(rest, pick), year_text, 0);
    digits =
        _mm_sub_epi8(digits, _mm_setr_epi8('0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', 0, 0));
    __m128i wrong = _mm_andnot_si128(is_digit, _mm_xor_si128(rest, separators));
    wrong = _mm_or_si128(wrong, _mm_subs_epu8(digits, _mm_set1_epi8(9)));
    __m128i numbers = _mm_maddubs_epi16(digits, tens);
    wrong = _mm_or_si128(wrong, _mm_subs_epu16(_mm_sub_epi16(numbers, least), span));
    if (!_mm_testz_si128(wrong, wrong))
        return false;
    /* Centuries and years, months and days in halves of words; then hours and minutes, seconds. */
    const __m128i weights = _mm_setr_epi16(100, 1, 0, 1, 60, 1, 1, 0);
    __m128i sums = _mm_madd_epi16(numbers, weights);
    uint32_t year = (uint32_t)_mm_cvtsi128_si32(sums), day = (uint32_t)_mm_extract_epi16(sums, 2);
    uint32_t month = (uint32_t)_mm_extract_epi16(numbers, 2);
    uint32_t seconds = (uint32_t)_mm_extract_epi32(sums, 2) * 60 + (uint32_t)_mm_extract_epi32(sums, 3);
    if (year == 0 || (day > 28 && !dora__date_exists(year, month, day)))
        return false;
    *instant_us = (dora__count_days(year, month, day) * INT64_C(86400) + seconds) * 1000000;
    return true;
}

#else

/* The top bit of each byte that is 0, exactly. */
static inline uint64_t zeros_of(uint64_t word) {
    const uint64_t lows = UINT64_C(0x7F7F7F7F7F7F7F7F);
    return ~(((word & lows) + lows) | word | lows);
}

/* The eight top bits as the lowest eight, that of the first byte lowest. */
static inline uint64_t gather(uint64_t tops) {
    return (tops >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline struct masks masks_of(const char *window, char delimiter) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    struct masks masks = {0, 0};
    for (unsigned i = 0; i < WINDOW; i += 8) {
        uint64_t word = dora__load_le64(window + i);
        uint64_t stops = zeros_of(word ^ ones * '\n') | zeros_of(word ^ ones * (unsigned char)delimiter);
        uint64_t odd = zeros_of(word ^ ones * '"') | (word & ones << 7);
        masks.stops |= gather(stops) << i;
        masks.odd |= gather(odd) << i;
    }
    return masks;
}

/* As its twin. */
static inline bool plain_instant(const char *text, int64_t *instant_us) {
    int32_t day, seconds;
    if (((text[10] ^ 'T') | (text[19] ^ 'Z')) || text[4] != '-' || dora__decode_date(text, &day) ||
        dora__decode_clock(text + 11, &seconds))
        return false;
    *instant_us = (day * INT64_C(86400) + seconds) * 1000000;
    return true;
}

#endif

static inline bool take_instant(const char *at, size_t size, int64_t *to) {
    if (size == 0) {
        *to = DORA_ABSENT;
        return true;
    }
    return (size == 20 && plain_instant(at, to) && *to >= DORA__INSTANT_MIN && *to <= DORA__INSTANT_MAX) ||
           !dora__parse_instant(at, size, to);
}

static inline bool take_string(struct dora__csv_rows *rows, struct dora__recall *recall, struct dora__pool *pool,
                               const char *at, size_t size, uint32_t *to) {
    *to = 0;
    if (size == 0)
        return true;
    rows->status =
        size <= DORA__RECALL_MOST ? dora__recall(recall, pool, at, size, to) : dora__pool_intern(pool, at, size, to);
    return rows->status == DORA_OK;
}

static inline bool take_bool(const char *at, size_t size, uint8_t *to) {
    int value = size == 0                                  ? -1
                : size == 5 && memcmp(at, "false", 5) == 0 ? 0
                : size == 4 && memcmp(at, "true", 4) == 0  ? 1
                                                           : dora__cell_bool(at, size);
    *to = (uint8_t)(value + 1);
    return value >= 0 || size == 0;
}

static inline bool take_status(const char *at, size_t size, uint8_t *to) {
    int value = size == 7 && memcmp(at, "success", 7) == 0 ? DORA_STATUS_SUCCESS
                : size                                     ? dora__status_find(at, size)
                                                           : -1;
    *to = (uint8_t)(value + 1);
    return value >= 0 || size == 0;
}

/* A cell of the row that is the batch's next. False: the row is not common. */
static inline bool take_cell(struct dora__csv_rows *rows, uint32_t index, const char *at, size_t size,
                             uint64_t *unknown) {
    const struct dora__csv_column *column = &rows->columns[index];
    uint32_t row = rows->batch.rows;
    switch (column->cells) {
    case DORA__CELLS_INSTANT:
        return take_instant(at, size, (int64_t *)column->to + row);
    case DORA__CELLS_SERVICE:
        return take_string(rows, &rows->services, &rows->facts->services, at, size, (uint32_t *)column->to + row);
    case DORA__CELLS_STRING:
        return take_string(rows, &rows->strings, &rows->facts->strings, at, size, (uint32_t *)column->to + row);
    case DORA__CELLS_BOOL:
        return take_bool(at, size, (uint8_t *)column->to + row);
    case DORA__CELLS_STATUS:
        return take_status(at, size, (uint8_t *)column->to + row);
    case DORA__CELLS_ID:
        rows->ids[row] = (dora_string){at, size};
        return size || !dora__kinds[rows->batch.kind].needs_id;
    case DORA__CELLS_KIND:
        return size == 0 || dora__kind_find(at, size) == (int)rows->batch.kind;
    case DORA__CELLS_UNKNOWN:
        *unknown |= (uint64_t)(size != 0) << index;
        return true;
    default:
        return size == 0;
    }
}

size_t DORA__CSV_ROWS_TAKE(struct dora__csv_rows *rows, const char *bytes, size_t size) {
    if (size < WINDOW + READ_AHEAD)
        return 0;
    const char *window = bytes, *last_window = bytes + size - (WINDOW + READ_AHEAD), *row = bytes;
    uint32_t last = rows->columns_count - 1;
    struct masks masks = masks_of(window, rows->delimiter);
    uint64_t stops = masks.stops & ((masks.odd & -masks.odd) - 1); /* those before the first odd byte */
    while (rows->batch.rows < DORA__BATCH_ROWS) {
        uint64_t unknown = 0;
        const char *at = row;
        for (uint32_t index = 0;; index++) {
            while (!stops) {
                if (masks.odd || last_window - window < WINDOW)
                    return (size_t)(row - bytes);
                window += WINDOW;
                masks = masks_of(window, rows->delimiter);
                stops = masks.stops & ((masks.odd & -masks.odd) - 1);
            }
            const char *stop = window + __builtin_ctzll(stops);
            stops &= stops - 1;
            size_t width = (size_t)(stop - at);
            if ((*stop == '\n') != (index == last))
                return (size_t)(row - bytes);
            if (index == last)
                width -= width && stop[-1] == '\r';
            if (!take_cell(rows, index, at, width, &unknown))
                return (size_t)(row - bytes);
            at = stop + 1;
            if (index == last)
                break;
        }
        size_t length = (size_t)(at - row);
        if (length > rows->record_bytes_max || (last == 0 && length <= 2 && (*row == '\n' || *row == '\r')))
            return (size_t)(row - bytes);
        for (; unknown; unknown &= unknown - 1)
            rows->unknown_rows[__builtin_ctzll(unknown)]++;
        rows->batch.rows++;
        row = at;
    }
    return (size_t)(row - bytes);
}
