/* SPDX-License-Identifier: MIT */
/*
 * Tier tables as text, in and out (docs/tiers.md). A row has three cells, elite, high and medium, each a bound or "-".
 * Bounds keep the fraction that was written, so that what was read prints as it was meant and reads back the same.
 */
#include "query/tier.h"

#include "base/error.h"

#include <string.h>

enum { TEXT_MAX = 1 << 16, NAME_WIDTH = 11, CELL_WIDTH = 14, DECIMALS_MAX = 12 };

/* `per` / `days` is once a unit; 0: too short for frequencies. Where a fraction suits two units, the last is printed.
 */
static const struct unit {
    const char *name;
    int64_t seconds;
    int64_t per;
    int64_t days;
} units[] = {
    {"second", 1, 0, 0},    {"minute", 60, 0, 0},        {"hour", 3600, 0, 0},        {"day", 86400, 1, 1},
    {"week", 604800, 1, 7}, {"year", 31557600, 4, 1461}, {"month", 2629800, 16, 487},
};
enum { UNITS = sizeof units / sizeof *units };

struct line {
    const char *next;
    const char *end;
};

typedef bool read_fn(struct line *line, dora_tier_bound *bound);
typedef void print_fn(struct dora__text *out, const dora_tier_bound *bound);

static read_fn read_frequency, read_duration, read_rate;
static print_fn print_frequency, print_duration, print_rate;

/* The rows, in the order in which they are printed; `recovery` and `restore` are one. */
static const struct row {
    const char *name;
    size_t offset;
    int restore;
    read_fn *read;
    print_fn *print;
    const char *expected;
} rows[] = {
    {"frequency", offsetof(dora_tiers, frequency), -1, read_frequency, print_frequency,
     "\"> 1/day\", \">= 2/3 weeks\" or \"-\""},
    {"lead_time", offsetof(dora_tiers, lead_time), -1, read_duration, print_duration,
     "\"< 1 hour\", \"< 6 months\" or \"-\""},
    {"recovery", offsetof(dora_tiers, recovery), 0, read_duration, print_duration,
     "\"< 1 hour\", \"< 6 months\" or \"-\""},
    {"restore", offsetof(dora_tiers, recovery), 1, read_duration, print_duration,
     "\"< 1 hour\", \"< 6 months\" or \"-\""},
    {"fail_rate", offsetof(dora_tiers, fail_rate), -1, read_rate, print_rate, "\"<= 0.05\" or \"-\""},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct line *line) {
    while (line->next < line->end && blank(*line->next))
        line->next++;
}

/* Passes over one character where it comes next. */
static bool take(struct line *line, char c) {
    if (line->next == line->end || *line->next != c)
        return false;
    line->next++;
    return true;
}

/* What comes up to the next blank. */
static dora_string peek_word(const struct line *line) {
    const char *end = line->next;
    while (end < line->end && !blank(*end))
        end++;
    return (dora_string){line->next, (size_t)(end - line->next)};
}

/* Digits up to DORA__TIER_NUMBER_MAX, without a leading zero. */
static bool read_number(struct line *line, int64_t *number) {
    if (line->next == line->end || !digit(*line->next))
        return false;
    *number = 0;
    if (take(line, '0'))
        return line->next == line->end || !digit(*line->next);
    for (; line->next < line->end && digit(*line->next); line->next++) {
        *number = *number * 10 + (*line->next - '0');
        if (*number > DORA__TIER_NUMBER_MAX)
            return false;
    }
    return true;
}

/* The name of a unit, singular or plural. */
static const struct unit *read_unit(struct line *line) {
    skip_blanks(line);
    dora_string word = peek_word(line);
    line->next += word.size;
    if (word.size > 1 && word.data[word.size - 1] == 's')
        word.size--;
    for (size_t i = 0; i < UNITS; i++)
        if (strlen(units[i].name) == word.size && memcmp(units[i].name, word.data, word.size) == 0)
            return &units[i];
    return NULL;
}

/* "> 1/day", ">= 1/6 months". */
static bool read_frequency(struct line *line, dora_tier_bound *bound) {
    int64_t number, count = 1;
    if (!take(line, '>'))
        return false;
    bound->strict = !take(line, '=');
    skip_blanks(line);
    if (!read_number(line, &number) || !take(line, '/'))
        return false;
    if (line->next < line->end && digit(*line->next) && (!read_number(line, &count) || count == 0))
        return false;
    const struct unit *unit = read_unit(line);
    if (!unit || !unit->days)
        return false;
    bound->numerator = number * unit->per;
    bound->denominator = count * unit->days;
    return true;
}

static void print_frequency(struct dora__text *out, const dora_tier_bound *bound) {
    size_t i = UNITS - 1;
    while (!units[i].days || bound->numerator % units[i].per || bound->denominator % units[i].days)
        i--; /* days always fit */
    int64_t count = bound->denominator / units[i].days;
    dora__text_puts(out, bound->strict ? "> " : ">= ");
    dora__text_int64(out, bound->numerator / units[i].per);
    dora__text_puts(out, "/");
    if (count != 1) {
        dora__text_int64(out, count);
        dora__text_puts(out, " ");
    }
    dora__text_puts(out, units[i].name);
    dora__text_puts(out, count != 1 ? "s" : "");
}

/* "< 6 months", "< 3/2 hours". */
static bool read_duration(struct line *line, dora_tier_bound *bound) {
    int64_t number, parts = 1;
    if (!take(line, '<'))
        return false;
    skip_blanks(line);
    if (!read_number(line, &number) || (take(line, '/') && (!read_number(line, &parts) || parts == 0)))
        return false;
    const struct unit *unit = read_unit(line);
    if (!unit || number > DORA__TIER_NUMBER_MAX / unit->seconds)
        return false;
    *bound = (dora_tier_bound){number * unit->seconds, parts, 0};
    return true;
}

static void print_fraction(struct dora__text *out, int64_t numerator, int64_t denominator) {
    dora__text_int64(out, numerator);
    if (denominator != 1) {
        dora__text_puts(out, "/");
        dora__text_int64(out, denominator);
    }
}

static void print_duration(struct dora__text *out, const dora_tier_bound *bound) {
    size_t i = UNITS - 1;
    while (bound->numerator % units[i].seconds)
        i--;
    int64_t number = bound->numerator / units[i].seconds;
    dora__text_puts(out, "< ");
    print_fraction(out, number, bound->denominator);
    dora__text_puts(out, " ");
    dora__text_puts(out, units[i].name);
    dora__text_puts(out, number == 1 && bound->denominator == 1 ? "" : "s");
}

/* "<= 0.05", "<= 1/3". */
static bool read_rate(struct line *line, dora_tier_bound *bound) {
    *bound = (dora_tier_bound){0, 1, 0};
    if (!take(line, '<') || !take(line, '='))
        return false;
    skip_blanks(line);
    if (!read_number(line, &bound->numerator))
        return false;
    if (take(line, '/'))
        return read_number(line, &bound->denominator) && bound->denominator > 0;
    if (!take(line, '.'))
        return true;
    const char *first = line->next;
    for (; line->next < line->end && digit(*line->next); line->next++) {
        if (line->next - first == DECIMALS_MAX || bound->numerator > DORA__TIER_NUMBER_MAX)
            return false;
        bound->numerator = bound->numerator * 10 + (*line->next - '0');
        bound->denominator *= 10;
    }
    return line->next > first;
}

static void print_rate(struct dora__text *out, const dora_tier_bound *bound) {
    int64_t power = 1;
    while (power < bound->denominator)
        power *= 10;
    dora__text_puts(out, "<= ");
    if (power != bound->denominator || power == 1) {
        print_fraction(out, bound->numerator, bound->denominator);
        return;
    }
    dora__text_int64(out, bound->numerator / power);
    dora__text_puts(out, ".");
    for (int64_t rest = bound->numerator % power; power > 1; rest %= power) {
        power /= 10;
        dora__text_int64(out, rest / power);
    }
}

struct parser {
    const char *text;
    uint64_t line;
    bool named;
    bool seen[ROWS];
    dora_tiers tiers;
    dora_error *error;
};

/* Turns the message that is in the error into one of this line. */
static dora_status refuse(struct parser *parser, const char *at) {
    if (parser->error) {
        parser->error->status = DORA_ERROR_INPUT;
        parser->error->line = parser->line;
        parser->error->byte = (uint64_t)(at - parser->text);
    }
    return DORA_ERROR_INPUT;
}

static dora_status read_row(struct parser *parser, size_t index, struct line *line) {
    const struct row *row = &rows[index];
    if (row->restore >= 0)
        parser->tiers.restore = row->restore;
    dora_tier_bound *bounds = (dora_tier_bound *)(void *)((char *)&parser->tiers + row->offset);
    for (int i = 0; i < 3; i++) {
        skip_blanks(line);
        const char *cell = line->next;
        bool read = take(line, '-') || row->read(line, &bounds[i]);
        if (!read || (line->next < line->end && !blank(*line->next))) {
            dora__fail(parser->error, DORA_ERROR_INPUT, "%s, bound %d of 3: expected %s, got \"%s\"", row->name, i + 1,
                       row->expected, dora__quote(cell, (size_t)(line->end - cell)).text);
            return refuse(parser, cell);
        }
    }
    skip_blanks(line);
    if (line->next == line->end)
        return DORA_OK;
    dora__fail(parser->error, DORA_ERROR_INPUT, "%s: expected three bounds, got more: \"%s\"", row->name,
               dora__quote(line->next, (size_t)(line->end - line->next)).text);
    return refuse(parser, line->next);
}

static dora_status read_name(struct parser *parser, struct line *line) {
    skip_blanks(line);
    size_t size = (size_t)(line->end - line->next);
    if (parser->named || size == 0 || size >= sizeof parser->tiers.name || memchr(line->next, '\0', size)) {
        dora__fail(parser->error, DORA_ERROR_INPUT, "name: expected one name of 1 to %d bytes, once",
                   (int)sizeof parser->tiers.name - 1);
        return refuse(parser, line->next);
    }
    parser->named = true;
    memcpy(parser->tiers.name, line->next, size);
    return DORA_OK;
}

/* A line without its comment and outer blanks. What it adds is checked at once, so that errors have its number. */
static dora_status read_line(struct parser *parser, struct line line) {
    dora_string word = peek_word(&line);
    const char *begin = line.next;
    line.next += word.size;
    dora_status status;
    if (word.size == 4 && memcmp(word.data, "name", 4) == 0) {
        status = read_name(parser, &line);
    } else {
        size_t i = 0;
        while (i < ROWS && (strlen(rows[i].name) != word.size || memcmp(rows[i].name, word.data, word.size) != 0))
            i++;
        if (i == ROWS) {
            dora__fail(parser->error, DORA_ERROR_INPUT,
                       "expected name, frequency, lead_time, recovery, restore or fail_rate, got \"%s\"",
                       dora__quote(word.data, word.size).text);
            return refuse(parser, begin);
        }
        for (size_t k = 0; k < ROWS; k++)
            if (parser->seen[k] && rows[k].offset == rows[i].offset) {
                dora__fail(parser->error, DORA_ERROR_INPUT, "%s: already given%s%s", rows[i].name, k == i ? "" : " as ",
                           k == i ? "" : rows[k].name);
                return refuse(parser, begin);
            }
        parser->seen[i] = true;
        status = read_row(parser, i, &line);
    }
    if (status == DORA_OK && dora__tiers_check(&parser->tiers, parser->error) != DORA_OK)
        status = refuse(parser, begin);
    return status;
}

static struct line trimmed(const char *begin, const char *end) {
    const char *comment = memchr(begin, '#', (size_t)(end - begin));
    struct line line = {begin, comment ? comment : end};
    if (!comment && line.end > line.next && line.end[-1] == '\r')
        line.end--;
    skip_blanks(&line);
    while (line.end > line.next && blank(line.end[-1]))
        line.end--;
    return line;
}

static dora_status check_complete(struct parser *parser, const char *end) {
    static const size_t needed[] = {0, 1, 2, 4};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const struct row *row = &rows[needed[i]];
        bool either = row->restore == 0;
        if (parser->seen[needed[i]] || (either && parser->seen[needed[i] + 1]))
            continue;
        dora__fail(parser->error, DORA_ERROR_INPUT, "the table ends without a line %s%s", row->name,
                   either ? " or restore" : "");
        return refuse(parser, end);
    }
    return DORA_OK;
}

dora_status dora_tiers_parse(const char *text, size_t size, dora_tiers *tiers, dora_error *error) {
    if (!tiers || (!text && size))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "%s is NULL", tiers ? "text" : "tiers");
    if (!text)
        text = "";
    struct parser parser = {.text = text, .line = 1, .error = error, .tiers.struct_size = sizeof parser.tiers};
    if (size > TEXT_MAX) {
        dora__fail(error, DORA_ERROR_INPUT, "a tier table has at most %d bytes", TEXT_MAX);
        return refuse(&parser, text);
    }
    const char *end = text + size;
    for (const char *begin = text; begin < end; parser.line++) {
        const char *newline = memchr(begin, '\n', (size_t)(end - begin));
        struct line line = trimmed(begin, newline ? newline : end);
        if (line.next < line.end && read_line(&parser, line) != DORA_OK)
            return DORA_ERROR_INPUT;
        begin = newline ? newline + 1 : end;
    }
    dora_status status = check_complete(&parser, end);
    if (status == DORA_OK)
        *tiers = parser.tiers;
    return status;
}

/* At least two spaces, up to a column. */
static void pad(struct dora__text *out, size_t begin, size_t width) {
    dora__text_puts(out, "  ");
    while (!out->failed && out->size < begin + width)
        dora__text_puts(out, " ");
}

void dora__tiers_text(struct dora__text *out, const dora_tiers *tiers) {
    size_t begin = out->size;
    if (tiers->name[0]) {
        dora__text_puts(out, "name");
        pad(out, begin, NAME_WIDTH);
        dora__text_puts(out, tiers->name);
        dora__text_puts(out, "\n");
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].restore >= 0 && rows[i].restore != (tiers->restore != 0))
            continue;
        const dora_tier_bound *bounds = (const dora_tier_bound *)(const void *)((const char *)tiers + rows[i].offset);
        begin = out->size;
        dora__text_puts(out, rows[i].name);
        pad(out, begin, NAME_WIDTH);
        for (int k = 0; k < 3; k++) {
            begin = out->size;
            if (bounds[k].denominator)
                rows[i].print(out, &bounds[k]);
            else
                dora__text_puts(out, "-");
            if (k < 2)
                pad(out, begin, CELL_WIDTH);
        }
        dora__text_puts(out, "\n");
    }
}
