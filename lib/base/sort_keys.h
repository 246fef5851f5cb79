/* SPDX-License-Identifier: MIT */
/*
 * The sort of keys of one width, for sort.c alone, which includes this once a width: KEY is their type and
 * NAME(job) names what is made here. Undefines both.
 */

static void NAME(insertion_sort)(KEY *keys, size_t count, unsigned skip_bits) {
    for (size_t i = 1; i < count; i++) {
        KEY key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] >> skip_bits > key >> skip_bits; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* False: stopped. */
static bool NAME(radix_pass)(const KEY *from, KEY *to, size_t count, unsigned shift, unsigned bits,
                             struct dora__asking *asking) {
    size_t places[1 << DIGIT_MOST];
    KEY mask = (KEY)(((KEY)1 << bits) - 1);
    memset(places, 0, sizeof *places << bits);
    for (size_t i = 0; i < count; i++)
        places[from[i] >> shift & mask]++;
    make_places(places, (size_t)1 << bits);
    for (size_t i = 0, end; i < count;) {
        end = count - i < DORA__ASKING_ITEMS ? count : i + DORA__ASKING_ITEMS;
        if (!dora__asking_take(asking, end - i))
            return false;
        for (; i < end; i++)
            to[places[from[i] >> shift & mask]++] = from[i];
    }
    return true;
}

static inline KEY *NAME(sort)(KEY *keys, KEY *scratch, size_t count, unsigned skip_bits, struct dora__asking *asking) {
    if (count <= INSERTION_MOST) {
        NAME(insertion_sort)(keys, count, skip_bits);
        return keys;
    }
    KEY differ = 0;
    for (size_t i = 1; i < count; i++)
        differ |= keys[i] ^ keys[0];
    differ = differ >> skip_bits << skip_bits;
    if (!differ)
        return keys;
    unsigned shift = (unsigned)__builtin_ctzll(differ), end = 64 - (unsigned)__builtin_clzll(differ);
    unsigned bits = digit_bits(end - shift, count);
    KEY *from = keys, *to = scratch;
    for (; shift < end && NAME(radix_pass)(from, to, count, shift, bits, asking); shift += bits) {
        KEY *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

#undef KEY
#undef NAME
