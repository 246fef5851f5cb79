/* SPDX-License-Identifier: MIT */
/*
 * See xml.h. A tag, comment or item is taken when all of it is there; what is cut is looked at again once more bytes
 * are. Elements within an item are kept on a stack of their own, so that their depth costs no recursion.
 */
#include "read/source/xml.h"

#include "base/error.h"
#include "read/source/source.h"

#include <string.h>

enum { DEPTH_MOST = 64 };

enum step { STEP_DONE, STEP_MORE, STEP_BAD };

/* A place in the bytes, and what is wrong there. */
struct scan {
    const char *at;
    const char *end;
    const char *problem;
};

static enum step bad(struct scan *scan, const char *problem) {
    scan->problem = problem;
    return STEP_BAD;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct scan *scan) {
    while (scan->at < scan->end && is_space(*scan->at))
        scan->at++;
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':' || (unsigned char)c >= 0x80;
}

static bool begins(const struct scan *scan, const char *word) {
    size_t size = strlen(word), left = (size_t)(scan->end - scan->at);
    return left >= size && memcmp(scan->at, word, size) == 0;
}

/* Whether what is there could still become the word. */
static bool may_begin(const struct scan *scan, const char *word) {
    size_t size = strlen(word), left = (size_t)(scan->end - scan->at);
    return memcmp(scan->at, word, left < size ? left : size) == 0;
}

/* Past the next place of a word. */
static enum step find(struct scan *scan, const char *word) {
    size_t size = strlen(word);
    for (const char *at = scan->at; (at = memchr(at, word[0], (size_t)(scan->end - at))); at++)
        if ((size_t)(scan->end - at) >= size && memcmp(at, word, size) == 0) {
            scan->at = at + size;
            return STEP_DONE;
        }
    return STEP_MORE;
}

static enum step take_name(struct scan *scan, struct dora__span *name) {
    const char *from = scan->at;
    while (scan->at < scan->end && is_name_byte(*scan->at))
        scan->at++;
    *name = (struct dora__span){from, (size_t)(scan->at - from)};
    if (scan->at == scan->end)
        return STEP_MORE;
    if (name->size == 0 || name->size >= DORA__XML_NAME_MOST || (*from >= '0' && *from <= '9') || *from == '-' ||
        *from == '.')
        return bad(scan, "not the name of an element");
    return STEP_DONE;
}

/* Without its prefix. */
static struct dora__span local(struct dora__span name) {
    for (size_t i = name.size; i > 0; i--)
        if (name.data[i - 1] == ':')
            return (struct dora__span){name.data + i, name.size - i};
    return name;
}

/* What is behind the name of a start tag: attributes, whose grammar is checked, and its end. */
static enum step end_start_tag(struct scan *scan, bool *empty) {
    for (;;) {
        const char *before = scan->at;
        skip_space(scan);
        if (scan->at == scan->end)
            return STEP_MORE;
        *empty = *scan->at == '/';
        if (*empty && ++scan->at == scan->end)
            return STEP_MORE;
        if (*scan->at == '>') {
            scan->at++;
            return STEP_DONE;
        }
        struct dora__span name;
        if (*empty || scan->at == before)
            return bad(scan, "a tag that cannot be");
        enum step step = take_name(scan, &name);
        if (step == STEP_DONE)
            skip_space(scan);
        if (step != STEP_DONE || scan->at == scan->end)
            return step == STEP_BAD ? STEP_BAD : STEP_MORE;
        if (*scan->at++ != '=')
            return bad(scan, "an attribute without a value");
        skip_space(scan);
        if (scan->at == scan->end)
            return STEP_MORE;
        char quote = *scan->at++;
        if (quote != '"' && quote != '\'')
            return bad(scan, "an attribute without quotes");
        while (scan->at < scan->end && *scan->at != quote && *scan->at != '<')
            scan->at++;
        if (scan->at == scan->end)
            return STEP_MORE;
        if (*scan->at++ != quote)
            return bad(scan, "an attribute without an end");
    }
}

/* Past a comment or an instruction, where one is next; *any: one was. */
static enum step skip_remark(struct scan *scan, bool *any) {
    static const char *const remarks[][2] = {{"<!--", "-->"}, {"<?", "?>"}};
    *any = false;
    for (size_t i = 0; i < sizeof remarks / sizeof remarks[0]; i++)
        if (begins(scan, remarks[i][0])) {
            *any = true;
            return find(scan, remarks[i][1]);
        } else if (may_begin(scan, remarks[i][0]) && scan->end - scan->at > 1) {
            return STEP_MORE;
        }
    return STEP_DONE;
}

/* ---------------------------------------------------------------------------------------------- an item as JSON */

static bool put(struct dora_reader *reader, const char *bytes, size_t size) {
    struct dora__xml *xml = reader->xml;
    if (!dora__grow(reader->memory, (void **)&xml->json, &xml->capacity, xml->size + size, 1)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return false;
    }
    memcpy(xml->json + xml->size, bytes, size);
    xml->size += size;
    return true;
}

static bool put_byte(struct dora_reader *reader, char c) {
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;
    if (c == '"' || c == '\\')
        return put(reader, (const char[]){'\\', c}, 2);
    if (byte < 0x20)
        return put(reader, (const char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6);
    return put(reader, &c, 1);
}

static bool put_text(struct dora_reader *reader, const char *text, size_t size) {
    for (size_t i = 0, from = 0; i <= size; i++) {
        bool plain = i < size && (unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\';
        if (plain)
            continue;
        if (i > from && !put(reader, text + from, i - from))
            return false;
        if (i < size && !put_byte(reader, text[i]))
            return false;
        from = i + 1;
    }
    return true;
}

static bool put_character(struct dora_reader *reader, uint32_t code) {
    char bytes[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(heads[size] | code);
    return put_text(reader, bytes, size);
}

/* &name; or &#number; */
static enum step put_reference(struct dora_reader *reader, struct scan *scan) {
    static const struct {
        const char *name;
        uint32_t code;
    } names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    enum { REFERENCE_MOST = 12 };
    size_t left = (size_t)(scan->end - scan->at);
    const char *end = memchr(scan->at, ';', left < REFERENCE_MOST ? left : REFERENCE_MOST);
    if (!end)
        return left < REFERENCE_MOST ? STEP_MORE : bad(scan, "an ampersand that begins no reference");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(scan, names[i].name)) {
            scan->at = end + 1;
            return put_character(reader, names[i].code) ? STEP_DONE : STEP_BAD;
        }
    if (scan->at[1] != '#')
        return bad(scan, "an entity that is not known");
    bool is_hex = scan->at[2] == 'x';
    uint32_t code = 0, base = is_hex ? 16 : 10;
    const char *at = scan->at + 2 + is_hex;
    for (; at < end && code < 0x110000; at++) {
        uint32_t digit = *at >= '0' && *at <= '9'                     ? (uint32_t)(*at - '0')
                         : (*at | 0x20) >= 'a' && (*at | 0x20) <= 'f' ? (uint32_t)((*at | 0x20) - 'a' + 10)
                                                                      : base;
        if (digit >= base)
            return bad(scan, "a reference to no character");
        code = code * base + digit;
    }
    bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
    if (at == scan->at + 2 + is_hex || at < end || control || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return bad(scan, "a reference to no character");
    scan->at = end + 1;
    return put_character(reader, code) ? STEP_DONE : STEP_BAD;
}

/* An element that is open. */
struct open {
    struct dora__span name;
    size_t value; /* where in the JSON its value begins */
    bool nested;  /* has elements */
};

/* Opens an element in the one that is on top, which then is an object. */
static bool open_element(struct dora_reader *reader, struct open *stack, unsigned depth, struct dora__span name) {
    struct dora__xml *xml = reader->xml;
    if (depth > 0) {
        struct open *parent = &stack[depth - 1];
        if (!parent->nested)
            xml->size = parent->value;
        struct dora__span key = local(name);
        if (!put(reader, parent->nested ? ",\"" : "{\"", 2) || !put_text(reader, key.data, key.size) ||
            !put(reader, "\":", 2))
            return false;
        parent->nested = true;
    }
    stack[depth] = (struct open){name, xml->size, false};
    return put(reader, "\"", 1);
}

static bool close_element(struct dora_reader *reader, const struct open *open) {
    return put(reader, open->nested ? "}" : "\"", 1);
}

/* Text and references up to the next tag; only of elements without elements does text count. */
static enum step take_text(struct dora_reader *reader, struct scan *scan, const struct open *open) {
    while (scan->at < scan->end && *scan->at != '<') {
        const char *from = scan->at;
        while (scan->at < scan->end && *scan->at != '<' && *scan->at != '&')
            scan->at++;
        if (!open->nested && !put_text(reader, from, (size_t)(scan->at - from)))
            return STEP_BAD;
        if (scan->at < scan->end && *scan->at == '&') {
            size_t size = reader->xml->size;
            enum step step = put_reference(reader, scan);
            if (step != STEP_DONE)
                return step;
            if (open->nested)
                reader->xml->size = size;
        }
    }
    return scan->at < scan->end ? STEP_DONE : STEP_MORE;
}

static enum step take_cdata(struct dora_reader *reader, struct scan *scan, const struct open *open) {
    const char *from = scan->at + strlen("<![CDATA[");
    enum step step = find(scan, "]]>");
    if (step != STEP_DONE || open->nested)
        return step;
    return put_text(reader, from, (size_t)(scan->at - strlen("]]>") - from)) ? STEP_DONE : STEP_BAD;
}

/* What begins with '<' within an item. */
static enum step take_markup(struct dora_reader *reader, struct scan *scan, struct open *stack, unsigned *depth) {
    struct dora__span name;
    bool any, empty = false;
    enum step step = skip_remark(scan, &any);
    if (any || step != STEP_DONE)
        return step;
    if (begins(scan, "<![CDATA["))
        return take_cdata(reader, scan, &stack[*depth - 1]);
    if (scan->end - scan->at < 2 || (scan->at[1] == '!' && may_begin(scan, "<![CDATA[")))
        return STEP_MORE;
    bool closes = scan->at[1] == '/';
    scan->at += 1 + closes;
    if ((step = take_name(scan, &name)) != STEP_DONE)
        return step;
    if (!closes) {
        if (*depth == DEPTH_MOST)
            return bad(scan, "elements nested too deep");
        if (!open_element(reader, stack, *depth, name))
            return STEP_BAD;
        step = end_start_tag(scan, &empty);
        *depth += !empty;
        return step == STEP_DONE && empty && !close_element(reader, &stack[*depth]) ? STEP_BAD : step;
    }
    skip_space(scan);
    if (scan->at == scan->end)
        return STEP_MORE;
    const struct open *open = &stack[*depth - 1];
    if (*scan->at++ != '>' || open->name.size != name.size || memcmp(open->name.data, name.data, name.size) != 0)
        return bad(scan, "an end tag of another element than is open");
    --*depth;
    return close_element(reader, open) ? STEP_DONE : STEP_BAD;
}

/* An item from its start tag on, as JSON. */
static enum step take_item(struct dora_reader *reader, struct scan *scan) {
    struct open stack[DEPTH_MOST];
    unsigned depth = 0;
    reader->xml->size = 0;
    do {
        enum step step = take_markup(reader, scan, stack, &depth);
        if (step == STEP_DONE && depth > 0)
            step = take_text(reader, scan, &stack[depth - 1]);
        if (step != STEP_DONE)
            return step;
    } while (depth > 0);
    if (reader->xml->size == 2 && reader->xml->json[0] == '"') /* an empty element is an item of nothing */
        memcpy(reader->xml->json, "{}", 2);
    return reader->xml->json[0] == '{' ? STEP_DONE : bad(scan, "an item without elements");
}

/* ------------------------------------------------------------------------------------------------- the document */

static void keep_name(char *to, struct dora__span name) {
    memcpy(to, name.data, name.size);
    to[name.size] = '\0';
}

static bool is_name(struct dora__span name, const char *text) {
    return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

/* Whether a declaration names an encoding that is not read. */
static bool other_encoding(const struct scan *scan, const char *end) {
    static const char *const known[] = {"utf-8", "us-ascii"};
    for (const char *at = scan->at; at + 10 < end; at++) {
        if (memcmp(at, "encoding=", 9) != 0)
            continue;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            size_t size = strlen(known[i]), k = 0;
            while (k < size && at + 10 + k < end && (at[10 + k] | 0x20) == (known[i][k] | 0x20))
                k++;
            if (k == size)
                return false;
        }
        return true;
    }
    return false;
}

static void refuse(struct dora_reader *reader, const char *problem) {
    dora__fail(&reader->failure, DORA_ERROR_INPUT, "%s", problem);
}

/* Up to the root's start tag and past it; or what ends the root, or an item's begin, which is left there. */
static enum step step_document(struct dora_reader *reader, struct scan *scan, bool *item) {
    struct dora__xml *xml = reader->xml;
    const char *begin = scan->at;
    struct dora__span name;
    bool any, empty;
    *item = false;
    enum step step = skip_remark(scan, &any);
    if (any && step == STEP_DONE && memcmp(begin, "<?xml", 5) == 0) {
        const struct scan declaration = {begin, scan->at, NULL};
        if (other_encoding(&declaration, scan->at))
            refuse(reader, "the XML is in an encoding that is not read; only UTF-8 is");
    }
    if (any || step != STEP_DONE)
        return step;
    if (begins(scan, "<!DOCTYPE")) {
        refuse(reader, "XML with a document type is not read: what it defines could be anything");
        return STEP_DONE;
    }
    if (scan->end - scan->at < 2 || (scan->at[1] == '!' && may_begin(scan, "<!DOCTYPE")))
        return STEP_MORE;
    bool closes = scan->at[1] == '/';
    scan->at += 1 + closes;
    if ((step = take_name(scan, &name)) != STEP_DONE)
        return step;
    if (closes) {
        skip_space(scan);
        if (scan->at == scan->end)
            return STEP_MORE;
        bool ends = xml->form == DORA__XML_ITEMS && is_name(name, xml->root) && *scan->at++ == '>';
        xml->form = ends ? DORA__XML_ENDED : xml->form;
        return ends ? STEP_DONE : bad(scan, "an end tag of no element that is open");
    }
    *item = xml->form == DORA__XML_ITEMS;
    if (*item || xml->form == DORA__XML_ENDED) {
        if (*item)
            keep_name(xml->item, name);
        scan->at = begin;
        return *item ? STEP_DONE : bad(scan, "an element behind the end of the document");
    }
    if ((step = end_start_tag(scan, &empty)) == STEP_DONE) {
        keep_name(xml->root, name);
        xml->form = empty ? DORA__XML_ENDED : DORA__XML_ITEMS;
    }
    return step;
}

/* Past the end tag of the rejected item, or as far as there are bytes. */
static void skip_item(struct dora__xml *xml, struct scan *scan, bool final) {
    size_t size = strlen(xml->item);
    for (; (size_t)(scan->end - scan->at) > size + 2; scan->at++)
        if (scan->at[0] == '<' && scan->at[1] == '/' && memcmp(scan->at + 2, xml->item, size) == 0 &&
            !is_name_byte(scan->at[2 + size])) {
            const char *end = memchr(scan->at, '>', (size_t)(scan->end - scan->at));
            if (!end)
                break;
            scan->at = end + 1;
            xml->skipping = false;
            return;
        }
    if (final)
        scan->at = scan->end;
}

/* Rejects an item, whose end tag is then looked for, or what is no item, and with it all that follows. */
static void reject_item(struct dora_reader *reader, struct scan *scan, const char *begin, uint64_t byte,
                        const char *problem) {
    struct dora__xml *xml = reader->xml;
    dora__reject(reader, byte + (uint64_t)(scan->at - begin), "%s", problem);
    xml->skipping = xml->item[0] != '\0';
    xml->form = xml->skipping ? DORA__XML_ITEMS : DORA__XML_LOST;
    scan->at = xml->skipping ? begin + 1 : scan->end;
}

static void state_item(struct dora_reader *reader, const char *begin, size_t size, uint64_t byte) {
    if (dora__export_accepts(reader, begin, size, true, byte))
        dora__export_item(reader, reader->xml->json, reader->xml->size, byte);
}

/* The next of what a document is made of. */
static enum step step_any(struct dora_reader *reader, struct scan *scan, uint64_t byte) {
    const char *begin = scan->at;
    bool item;
    reader->xml->item[0] = '\0';
    if (*scan->at != '<')
        return bad(scan, "text outside of elements");
    enum step step = step_document(reader, scan, &item);
    if (step != STEP_DONE || !item)
        return step;
    step = take_item(reader, scan);
    if (step == STEP_DONE)
        state_item(reader, begin, (size_t)(scan->at - begin), byte);
    return step;
}

size_t dora__read_xml(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    struct dora__xml *xml = reader->xml;
    const char *at = bytes, *end = bytes + size;
    while (at < end && reader->failure.status == DORA_OK) {
        struct scan scan = {at, end, NULL};
        uint64_t byte = reader->offset + (uint64_t)(at - bytes);
        if (xml->form == DORA__XML_LOST) {
            scan.at = end;
        } else if (xml->skipping) {
            skip_item(xml, &scan, final);
            if (scan.at == at)
                break;
        } else if (is_space(*at)) {
            skip_space(&scan);
        } else {
            enum step step = step_any(reader, &scan, byte);
            bool too_long = step == STEP_MORE && (size_t)(end - at) > reader->record_bytes_max;
            if (step == STEP_MORE && !final && !too_long)
                break;
            if (step == STEP_MORE)
                scan.at = too_long ? at : end;
            if (step == STEP_MORE && !too_long)
                xml->item[0] = '\0'; /* there is no end tag to look for */
            if (step != STEP_DONE && reader->failure.status == DORA_OK)
                reject_item(reader, &scan, at, byte,
                            too_long            ? "record longer than record_bytes_max"
                            : step == STEP_MORE ? "the input ends within an element"
                                                : scan.problem);
        }
        for (const char *p = at; p < scan.at && (p = memchr(p, '\n', (size_t)(scan.at - p))); p++)
            reader->line++;
        at = scan.at;
    }
    if (final && at == end && reader->failure.status == DORA_OK && xml->form == DORA__XML_ITEMS) {
        dora__reject(reader, reader->offset + size, "the input ends within an element");
        xml->form = DORA__XML_ENDED;
    }
    return (size_t)(at - bytes);
}

bool dora__xml_first(struct dora_reader *reader, const char *bytes, size_t size, bool *more) {
    struct scan scan = {bytes, bytes + size, NULL};
    bool item = false;
    enum step step = STEP_DONE;
    while (step == STEP_DONE && !item && reader->failure.status == DORA_OK) {
        skip_space(&scan);
        if (scan.at == scan.end)
            step = STEP_MORE;
        else
            step = *scan.at == '<' ? step_document(reader, &scan, &item) : STEP_BAD;
    }
    if (step == STEP_DONE && item)
        step = take_item(reader, &scan);
    reader->xml->form = DORA__XML_PROLOG;
    *more = step == STEP_MORE;
    return step == STEP_DONE && item;
}

bool dora__xml_new(struct dora_reader *reader) {
    reader->xml = dora__alloc_zeroed(reader->memory, 1, sizeof *reader->xml);
    if (!reader->xml)
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
    return reader->xml != NULL;
}

void dora__xml_free(struct dora_reader *reader) {
    if (!reader->xml)
        return;
    dora__free(reader->memory, reader->xml->json, reader->xml->capacity, 1);
    dora__free(reader->memory, reader->xml, 1, sizeof *reader->xml);
}
