/* SPDX-License-Identifier: MIT */
/*
 * See pattern.h. A pattern becomes steps whose jumps are relative, so that a step can be put in front of what is
 * repeated. A search keeps a list of threads, the preferred first, one a step at most, and moves all of them on by a
 * character.
 */
#include "read/source/pattern.h"

#include "base/error.h"
#include "base/utf8.h"

#include <string.h>

enum { STEPS_MOST = 2000, GROUPS_MOST = 50 };

enum step_form {
    STEP_CHARACTER,
    STEP_ANY,
    STEP_CLASS,
    STEP_SPLIT, /* to `first`, else to `second` */
    STEP_JUMP,
    STEP_SAVE, /* the place, in the slot `value` */
    STEP_BEGIN,
    STEP_END,
    STEP_MATCH
};

struct dora__pattern_step {
    enum step_form form;
    int32_t value; /* character, number of the class, or slot */
    int32_t first;
    int32_t second;
};

/* ASCII characters by bit; others belong to it where it is negated. */
struct dora__pattern_class {
    uint64_t bits[2];
    bool negated;
};

struct dora__pattern_thread {
    size_t step;
    size_t slots[DORA__PATTERN_SLOTS];
};

/* An open group, or the whole pattern. */
struct group {
    size_t begin;       /* its first step */
    size_t alternative; /* the first step of the alternative at hand */
    int32_t jumps;      /* 1 + the last step that is to jump to the end; its `first` names the one before */
    bool saves;
};

struct parse {
    struct dora__pattern *pattern;
    const char *at, *end;
    struct group groups[GROUPS_MOST];
    size_t depth;
    size_t atom; /* where what a repetition repeats begins, SIZE_MAX: there is nothing */
    bool any_group;
    const char *problem;
    bool no_memory;
};

/* Puts a step at `place` and moves the rest on. */
static void insert(struct parse *parse, size_t place, struct dora__pattern_step step) {
    struct dora__pattern *pattern = parse->pattern;
    if (parse->problem || parse->no_memory)
        return;
    if (pattern->steps_count == STEPS_MOST) {
        parse->problem = "too long";
        return;
    }
    if (!dora__grow(pattern->memory, (void **)&pattern->steps, &pattern->steps_capacity, pattern->steps_count + 1,
                    sizeof step)) {
        parse->no_memory = true;
        return;
    }
    memmove(pattern->steps + place + 1, pattern->steps + place, (pattern->steps_count - place) * sizeof step);
    pattern->steps[place] = step;
    pattern->steps_count++;
}

static void append(struct parse *parse, enum step_form form, int32_t value) {
    insert(parse, parse->pattern->steps_count, (struct dora__pattern_step){form, value, 1, 0});
}

static void append_atom(struct parse *parse, enum step_form form, int32_t value) {
    parse->atom = parse->pattern->steps_count;
    append(parse, form, value);
}

static void add_range(struct dora__pattern_class *class, int32_t from, int32_t to) {
    for (int32_t c = from; c <= to; c++)
        class->bits[c >> 6] |= UINT64_C(1) << (c & 63);
}

/* The characters of \d, \w or \s; false: the letter stands for none. */
static bool add_kind(struct dora__pattern_class *class, char letter) {
    if (letter != 'd' && letter != 'w' && letter != 's')
        return false;
    if (letter == 's') {
        add_range(class, '\t', '\r');
        add_range(class, ' ', ' ');
        return true;
    }
    add_range(class, '0', '9');
    if (letter == 'w') {
        add_range(class, 'a', 'z');
        add_range(class, 'A', 'Z');
        add_range(class, '_', '_');
    }
    return true;
}

static void append_class(struct parse *parse, const struct dora__pattern_class *class) {
    struct dora__pattern *pattern = parse->pattern;
    if (!dora__grow(pattern->memory, (void **)&pattern->classes, &pattern->classes_capacity, pattern->classes_count + 1,
                    sizeof *class)) {
        parse->no_memory = true;
        return;
    }
    pattern->classes[pattern->classes_count] = *class;
    append_atom(parse, STEP_CLASS, (int32_t)pattern->classes_count++);
}

/* One character of a class, or -1 with the kind added. */
static int32_t class_character(struct parse *parse, struct dora__pattern_class *class) {
    char c = *parse->at++;
    if ((unsigned char)c >= 0x80)
        parse->problem = "only ASCII stands in brackets";
    if (c != '\\' || parse->at == parse->end)
        return c;
    c = *parse->at++;
    return add_kind(class, c) ? -1 : c;
}

static void parse_class(struct parse *parse) {
    struct dora__pattern_class class = {{0, 0}, false};
    class.negated = parse->at < parse->end && *parse->at == '^';
    parse->at += class.negated;
    const char *begin = parse->at;
    while (parse->at < parse->end && (*parse->at != ']' || parse->at == begin) && !parse->problem) {
        int32_t from = class_character(parse, &class), to = from;
        if (from >= 0 && parse->end - parse->at > 1 && parse->at[0] == '-' && parse->at[1] != ']') {
            parse->at++;
            to = class_character(parse, &class);
        }
        if (parse->problem)
            return;
        if (to < from)
            parse->problem = "a range that ends before it begins";
        else if (from >= 0)
            add_range(&class, from, to);
    }
    if (parse->at == parse->end)
        parse->problem = "a bracket without end";
    parse->at++;
    if (!parse->problem)
        append_class(parse, &class);
}

static void parse_escape(struct parse *parse) {
    struct dora__pattern_class class = {{0, 0}, false};
    if (parse->at == parse->end) {
        parse->problem = "a backslash at the end";
        return;
    }
    char c = *parse->at++;
    bool is_letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (add_kind(&class, c))
        append_class(parse, &class);
    else if (is_letter || (unsigned char)c >= 0x80)
        parse->problem = "a backslash before what is not special";
    else
        append_atom(parse, STEP_CHARACTER, c);
}

static void parse_repetition(struct parse *parse, char sign) {
    struct dora__pattern *pattern = parse->pattern;
    if (parse->atom == SIZE_MAX) {
        parse->problem = "nothing to repeat";
        return;
    }
    int32_t size = (int32_t)(pattern->steps_count - parse->atom);
    if (sign == '+')
        insert(parse, pattern->steps_count, (struct dora__pattern_step){STEP_SPLIT, 0, -size, 1});
    else
        insert(parse, parse->atom, (struct dora__pattern_step){STEP_SPLIT, 0, 1, size + 1 + (sign == '*')});
    if (sign == '*')
        insert(parse, pattern->steps_count, (struct dora__pattern_step){STEP_JUMP, 0, -size - 1, 0});
    parse->atom = SIZE_MAX;
}

/* The alternative at hand ends; another may begin. */
static void parse_or(struct parse *parse) {
    struct group *group = &parse->groups[parse->depth];
    size_t count = parse->pattern->steps_count;
    insert(parse, group->alternative,
           (struct dora__pattern_step){STEP_SPLIT, 0, 1, (int32_t)(count - group->alternative) + 2});
    insert(parse, count + 1, (struct dora__pattern_step){STEP_JUMP, 0, group->jumps, 0});
    group->jumps = (int32_t)count + 2;
    group->alternative = count + 2;
    parse->atom = SIZE_MAX;
}

static void end_alternatives(struct parse *parse) {
    struct dora__pattern *pattern = parse->pattern;
    for (int32_t jump = parse->groups[parse->depth].jumps, next; jump; jump = next) {
        next = pattern->steps[jump - 1].first;
        pattern->steps[jump - 1].first = (int32_t)pattern->steps_count - (jump - 1);
    }
}

static void open_group(struct parse *parse) {
    if (parse->depth + 1 == GROUPS_MOST) {
        parse->problem = "too many parentheses within each other";
        return;
    }
    struct group *group = &parse->groups[++parse->depth];
    *group = (struct group){.begin = parse->pattern->steps_count, .saves = !parse->any_group};
    parse->any_group = true;
    if (group->saves)
        append(parse, STEP_SAVE, 2);
    group->alternative = parse->pattern->steps_count;
    parse->atom = SIZE_MAX;
}

static void close_group(struct parse *parse) {
    if (parse->depth == 0) {
        parse->problem = "a closing parenthesis too many";
        return;
    }
    end_alternatives(parse);
    struct group *group = &parse->groups[parse->depth--];
    if (group->saves)
        append(parse, STEP_SAVE, 3);
    parse->atom = group->begin;
}

static void parse_next(struct parse *parse) {
    size_t size;
    int32_t point = dora__utf8_decode(parse->at, (size_t)(parse->end - parse->at), &size);
    if (point < 0) {
        parse->problem = "ill-formed UTF-8";
        return;
    }
    parse->at += size;
    if (point == '[') {
        parse_class(parse);
    } else if (point == '\\') {
        parse_escape(parse);
    } else if (point == '(') {
        open_group(parse);
    } else if (point == ')') {
        close_group(parse);
    } else if (point == '|') {
        parse_or(parse);
    } else if (point == '*' || point == '+' || point == '?') {
        parse_repetition(parse, (char)point);
    } else if (point == '^' || point == '$') {
        append(parse, point == '^' ? STEP_BEGIN : STEP_END, 0);
        parse->atom = SIZE_MAX;
    } else {
        append_atom(parse, point == '.' ? STEP_ANY : STEP_CHARACTER, point);
    }
}

/* Of two lists, and of a stack on which each step may lie twice. */
static size_t threads_for(size_t steps) {
    return 4 * steps + 2;
}

dora_status dora__pattern_parse(struct dora__pattern *pattern, struct dora__memory *memory, const char *text,
                                size_t size, dora_error *error) {
    struct parse parse = {.pattern = pattern, .at = text, .end = text + size, .atom = SIZE_MAX};
    pattern->memory = memory;
    append(&parse, STEP_SAVE, 0);
    parse.groups[0].alternative = 1;
    while (parse.at < parse.end && !parse.problem && !parse.no_memory)
        parse_next(&parse);
    if (!parse.problem && !parse.no_memory && parse.depth)
        parse.problem = "a parenthesis without end";
    if (!parse.problem && !parse.no_memory)
        end_alternatives(&parse);
    append(&parse, STEP_SAVE, 1);
    append(&parse, STEP_MATCH, 0);
    if (parse.problem)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "regular expression '%s': %s",
                          dora__quote(text, size < 100 ? size : 100).text, parse.problem);
    pattern->threads_count = threads_for(pattern->steps_count);
    pattern->threads = dora__alloc(memory, pattern->threads_count, sizeof *pattern->threads);
    pattern->seen = dora__alloc(memory, pattern->steps_count, sizeof *pattern->seen);
    return parse.no_memory || !pattern->threads || !pattern->seen ? dora__fail_memory(error) : DORA_OK;
}

void dora__pattern_free(struct dora__pattern *pattern) {
    if (!pattern->memory)
        return;
    dora__free(pattern->memory, pattern->seen, pattern->steps_count, sizeof *pattern->seen);
    dora__free(pattern->memory, pattern->threads, pattern->threads_count, sizeof *pattern->threads);
    dora__free(pattern->memory, pattern->classes, pattern->classes_capacity, sizeof *pattern->classes);
    dora__free(pattern->memory, pattern->steps, pattern->steps_capacity, sizeof *pattern->steps);
    *pattern = (struct dora__pattern){0};
}

struct list {
    struct dora__pattern_thread *threads;
    size_t count;
};

/* Adds a thread where it gets without a character, in order of preference. */
static void follow(const struct dora__pattern *pattern, struct list *list, struct dora__pattern_thread start, size_t at,
                   size_t size) {
    struct dora__pattern_thread *stack = pattern->threads + 2 * pattern->steps_count;
    size_t depth = 0;
    stack[depth++] = start;
    while (depth) {
        struct dora__pattern_thread thread = stack[--depth];
        const struct dora__pattern_step *step = &pattern->steps[thread.step];
        if (pattern->seen[thread.step] == at + 1)
            continue;
        pattern->seen[thread.step] = at + 1;
        size_t here = thread.step;
        if (step->form == STEP_SPLIT) {
            thread.step = (size_t)((ptrdiff_t)here + step->second);
            stack[depth++] = thread;
        }
        if (step->form == STEP_SAVE)
            thread.slots[step->value] = at;
        bool passes = step->form == STEP_SPLIT || step->form == STEP_JUMP || step->form == STEP_SAVE ||
                      (step->form == STEP_BEGIN && at == 0) || (step->form == STEP_END && at == size);
        if (passes) {
            thread.step = (size_t)((ptrdiff_t)here + step->first);
            stack[depth++] = thread;
        } else if (step->form != STEP_BEGIN && step->form != STEP_END) {
            list->threads[list->count++] = thread;
        }
    }
}

static bool takes(const struct dora__pattern *pattern, const struct dora__pattern_step *step, int32_t point) {
    if (step->form == STEP_CHARACTER)
        return step->value == point;
    if (step->form != STEP_CLASS)
        return true;
    const struct dora__pattern_class *class = &pattern->classes[step->value];
    bool within = point >= 0 && point < 128 && class->bits[point >> 6] >> (point & 63) & 1;
    return within != class->negated;
}

bool dora__pattern_find(struct dora__pattern *pattern, const char *text, size_t size,
                        size_t slots[DORA__PATTERN_SLOTS]) {
    static const struct dora__pattern_thread fresh = {0, {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    struct list now = {pattern->threads, 0}, next = {pattern->threads + pattern->steps_count, 0};
    bool found = false;
    memset(pattern->seen, 0, pattern->steps_count * sizeof *pattern->seen);
    for (size_t at = 0, width;; at += width) {
        int32_t point = -1;
        width = 1;
        if (!found)
            follow(pattern, &now, fresh, at, size);
        if (at < size)
            point = dora__utf8_decode(text + at, size - at, &width);
        for (size_t i = 0; i < now.count; i++) {
            struct dora__pattern_thread thread = now.threads[i];
            const struct dora__pattern_step *step = &pattern->steps[thread.step];
            if (step->form == STEP_MATCH) {
                memcpy(slots, thread.slots, sizeof thread.slots);
                found = true;
                break; /* what follows is preferred less */
            }
            if (at < size && takes(pattern, step, point)) {
                thread.step++;
                follow(pattern, &next, thread, at + width, size);
            }
        }
        if (at >= size || (found && next.count == 0))
            return found;
        struct list swap = now;
        now = next;
        next = (struct list){swap.threads, 0};
    }
}
