/* SPDX-License-Identifier: MIT */
/*
 * Where the cells of a block of rows are. Twins for AVX-512, AVX2 and any machine make bit masks of 64 bytes and places
 * of them; the rest is the same. To be included by csv_rows_loop.h only.
 */
#ifndef DORA_READ_CSV_INDEX_H
#define DORA_READ_CSV_INDEX_H

#include "calendar/decode.h"
#include "read/csv_rows.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

/* Cells may be read this far from their begin, whatever their size. */
enum { DORA__CSV_READ_AHEAD = 32 };

/* Bits of the window's bytes that end a cell or a row, of those that end a row, and of those that a common row has
   not. */
struct masks {
    uint64_t stops;
    uint64_t newlines;
    uint64_t odd;
};

#if defined(__AVX512VBMI2__)

static inline struct masks masks_of(const char *window, char delimiter) {
    __m512i bytes = _mm512_loadu_si512(window);
    uint64_t newlines = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    uint64_t delimiters = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(delimiter));
    uint64_t quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"'));
    return (struct masks){newlines | delimiters, newlines, quotes | _mm512_movepi8_mask(bytes)};
}

/* Writes the places of the bits, up to DORA__CSV_PLACES more words than there are. */
static inline uint32_t write_places(uint32_t *to, uint64_t bits, uint32_t base) {
    static const uint8_t numbers[DORA__CSV_WINDOW] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                      16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                                      32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                                      48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const uint32_t count = (uint32_t)_mm_popcnt_u64(bits);
    __m512i places = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
    uint32_t written = 0;
    do {
        __m512i some = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
        _mm512_storeu_si512(to + written, _mm512_add_epi32(some, _mm512_set1_epi32((int32_t)base)));
        places = _mm512_alignr_epi64(places, places, 2);
        written += DORA__CSV_PLACES;
    } while (written < count);
    return count;
}

#elif defined(__AVX2__)

static inline uint64_t bits_of(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline struct masks masks_of(const char *window, char delimiter) {
    const __m256i ends = _mm256_set1_epi8('\n'), marks = _mm256_set1_epi8(delimiter), quotes = _mm256_set1_epi8('"');
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)window);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(window + 32));
    __m256i low_ends = _mm256_cmpeq_epi8(low, ends), high_ends = _mm256_cmpeq_epi8(high, ends);
    uint64_t newlines = bits_of(low_ends, high_ends);
    uint64_t stops = bits_of(_mm256_or_si256(low_ends, _mm256_cmpeq_epi8(low, marks)),
                             _mm256_or_si256(high_ends, _mm256_cmpeq_epi8(high, marks)));
    /* The top bit of a byte above 127 is its own. */
    uint64_t odd = bits_of(_mm256_or_si256(_mm256_cmpeq_epi8(low, quotes), low),
                           _mm256_or_si256(_mm256_cmpeq_epi8(high, quotes), high));
    return (struct masks){stops, newlines, odd};
}

/* The lowest bit's place, anything where there is none. */
static inline uint32_t lowest(uint64_t bits) {
    return (uint32_t)_tzcnt_u64(bits);
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
    struct masks masks = {0, 0, 0};
    uint64_t any_odd = 0;
    for (unsigned i = 0; i < DORA__CSV_WINDOW; i += 8) {
        uint64_t word = dora__load_le64(window + i), quotes = word ^ ones * '"';
        uint64_t newlines = zeros_of(word ^ ones * '\n'), delimiters = zeros_of(word ^ ones * (unsigned char)delimiter);
        masks.newlines |= gather(newlines) << i;
        masks.stops |= gather(newlines | delimiters) << i;
        any_odd |= ((quotes - ones) & ~quotes) | word;
    }
    for (unsigned i = 0; any_odd & ones << 7 && i < DORA__CSV_WINDOW; i += 8) {
        uint64_t word = dora__load_le64(window + i);
        masks.odd |= gather(zeros_of(word ^ ones * '"') | (word & ones << 7)) << i;
    }
    return masks;
}

static inline uint32_t lowest(uint64_t bits) {
    return (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
}

#endif

#if !defined(__AVX512VBMI2__)

/* The same, eight at a time. */
static inline uint32_t write_places(uint32_t *to, uint64_t bits, uint32_t base) {
    const uint32_t count = (uint32_t)__builtin_popcountll(bits);
    uint32_t written = 0;
    do {
        for (unsigned i = 0; i < 8; i++, bits &= bits - 1)
            to[written + i] = base + lowest(bits);
        written += 8;
    } while (written < count);
    return count;
}

#endif

/* Whether the stops of a row are delimiters and, the last one, a line end. */
static bool is_regular(const char *bytes, const uint32_t *stops, uint32_t columns) {
    for (uint32_t i = 0; i < columns; i++)
        if ((bytes[stops[i]] == '\n') != (i == columns - 1))
            return false;
    return true;
}

/* Says where the texts of rows end; how many rows from the front have a cell a column and are no empty line, given the
   number of line ends among their stops. */
static uint32_t check_rows(struct dora__csv_rows *rows, const char *bytes, uint32_t count, uint32_t newlines) {
    const uint32_t columns = rows->columns_count, *stop = rows->stops + columns - 1;
    uint32_t regular = 0; /* rows that have a line end where there should be one */
    for (; regular < count; regular++, stop += columns) {
        uint32_t begin = stop[-(ptrdiff_t)columns] + 1, end = *stop;
        if (bytes[end] != '\n')
            break;
        end -= end > begin && bytes[end - 1] == '\r';
        if (end == begin)
            break;
        rows->ends[regular] = end;
    }
    /* Where there are no more line ends than rows, the other stops are none. */
    for (uint32_t row = 0; (regular < count || newlines != count) && row < regular; row++)
        if (!is_regular(bytes, rows->stops + (size_t)row * columns, columns))
            return row;
    return regular;
}

/* Finds whole common rows at the front of bytes, at most `most`; row r has the stops from r * columns on. A row that is
   unusual, longer than all that is looked at, or has more or fewer cells, is not found, nor any behind it. In *looked
   how many rows there should have been. */
static uint32_t find_rows(struct dora__csv_rows *rows, const char *bytes, size_t size, uint32_t most,
                          uint32_t *looked) {
    const char delimiter = rows->delimiter;
    uint32_t *stop = rows->stops, newlines = 0;
    const uint32_t *const full = stop + (size_t)most * rows->columns_count;
    const char *window = bytes, *const end = bytes + size;
    for (; end - window >= DORA__CSV_WINDOW + DORA__CSV_READ_AHEAD && stop < full; window += DORA__CSV_WINDOW) {
        struct masks masks = masks_of(window, delimiter);
        uint64_t common = (masks.odd & -masks.odd) - 1; /* bytes before the first odd one */
        newlines += (uint32_t)__builtin_popcountll(masks.newlines & common);
        stop += write_places(stop, masks.stops & common, (uint32_t)(window - bytes));
        if (masks.odd)
            break;
    }
    uint32_t count = (uint32_t)(stop - rows->stops) / rows->columns_count;
    *looked = count < most ? count : most;
    count = check_rows(rows, bytes, count, newlines);
    return count < most ? count : most;
}

#endif
