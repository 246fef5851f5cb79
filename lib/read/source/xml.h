/* SPDX-License-Identifier: MIT */
/*
 * Exports in XML: the children of the root element are the items. Each is made the JSON object that mappings read, its
 * elements the members: text of one without elements, an object of others; of a name given twice the last counts.
 * Attributes and prefixes of names are passed over. A document type, which could define entities, is refused.
 */
#ifndef DORA_READ_SOURCE_XML_H
#define DORA_READ_SOURCE_XML_H

#include "read/reader.h"

enum { DORA__XML_NAME_MOST = 128 };

/* Lost: what is there can be no item, and the rest of the input is passed over. */
enum dora__xml_form { DORA__XML_PROLOG, DORA__XML_ITEMS, DORA__XML_ENDED, DORA__XML_LOST };

struct dora__xml {
    enum dora__xml_form form;
    bool skipping;                  /* to the end tag of a rejected item */
    char root[DORA__XML_NAME_MOST]; /* terminated, as the next */
    char item[DORA__XML_NAME_MOST];
    char *json; /* of the item at hand */
    size_t size;
    size_t capacity;
};

/* Whether bytes, without a byte-order mark and white space before them, begin as XML does. */
static inline bool dora__is_xml(const char *bytes, size_t size) {
    return size > 0 && *bytes == '<';
}

/* Makes the reader one of XML. False: out of memory. */
bool dora__xml_new(struct dora_reader *reader);
void dora__xml_free(struct dora_reader *reader);

/* The first item as JSON in reader->xml->json; false: there is none, or *more: it has no end yet. Nothing is read. */
bool dora__xml_first(struct dora_reader *reader, const char *bytes, size_t size, bool *more);

/* Reads whole items from the front of bytes; returns how many bytes are done with. */
size_t dora__read_xml(struct dora_reader *reader, const char *bytes, size_t size, bool final);

#endif
