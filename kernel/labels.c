/* Repeated strings with few distinct values to dictionary codes, with each distinct string once. */

#include <stdlib.h>

#include "kernel.h"

#define FIRST_CAPACITY 64
#define SHORT_TABLE_BITS 8
#define LONGEST_SHORT 15
#define NOT_SHORT 16

/* Fibonacci hashing: the odd multiplier is 2^64 divided by the golden ratio. */
static inline uint64_t mix(uint64_t key)
{
    return key * 0x9e3779b97f4a7c15u;
}

static inline uint64_t rotate(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

#define SIP_ROUND(v0, v1, v2, v3)                                       \
    do {                                                                \
        v0 += v1; v1 = rotate(v1, 13); v1 ^= v0; v0 = rotate(v0, 32);   \
        v2 += v3; v3 = rotate(v3, 16); v3 ^= v2;                        \
        v0 += v3; v3 = rotate(v3, 21); v3 ^= v0;                        \
        v2 += v1; v1 = rotate(v1, 17); v1 ^= v2; v2 = rotate(v2, 32);   \
    } while (0)

/* SipHash-1-3 with a secret key, as Python's own strings have: who sends the labels cannot choose ones that collide,
 * which would make the table take a time quadratic in their number. */
static uint64_t hash_of(const HashKey *key, const uint8_t *data, size_t size)
{
    uint64_t v0 = key->first ^ 0x736f6d6570736575u, v1 = key->second ^ 0x646f72616e646f6du;
    uint64_t v2 = key->first ^ 0x6c7967656e657261u, v3 = key->second ^ 0x7465646279746573u;
    uint64_t last = (uint64_t)size << 56;
    for (; size >= 8; data += 8, size -= 8) {
        uint64_t word = load_word(data);
        v3 ^= word;
        SIP_ROUND(v0, v1, v2, v3);
        v0 ^= word;
    }
    uint64_t rest = 0;
    memcpy(&rest, data, size);
    last |= rest;
    v3 ^= last;
    SIP_ROUND(v0, v1, v2, v3);
    v0 ^= last;
    v2 ^= 0xff;
    SIP_ROUND(v0, v1, v2, v3);
    SIP_ROUND(v0, v1, v2, v3);
    SIP_ROUND(v0, v1, v2, v3);
    return v0 ^ v1 ^ v2 ^ v3;
}

static int grow(Labels *table)
{
    size_t capacity = table->capacity ? 2 * table->capacity : FIRST_CAPACITY;
    Label *labels = realloc(table->labels, capacity * sizeof *labels);
    if (labels == NULL)
        return OUT_OF_MEMORY;
    table->labels = labels;
    int32_t *slots = malloc(2 * capacity * sizeof *slots);
    if (slots == NULL)
        return OUT_OF_MEMORY;
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    table->slot_count = 2 * capacity;
    memset(slots, 0xff, 2 * capacity * sizeof *slots);
    for (size_t code = 0; code < table->count; code++) {
        size_t slot = hash_of(&table->key, labels[code].start, labels[code].size) & (table->slot_count - 1);
        while (slots[slot] >= 0)
            slot = (slot + 1) & (table->slot_count - 1);
        slots[slot] = (int32_t)code;
    }
    return 0;
}

/* The code of a string; a new one for a new string. */
static int32_t code_of(Labels *table, const uint8_t *start, size_t size)
{
    if (table->count == table->capacity && grow(table) != 0)
        return OUT_OF_MEMORY;
    size_t slot = hash_of(&table->key, start, size) & (table->slot_count - 1);
    for (; table->slots[slot] >= 0; slot = (slot + 1) & (table->slot_count - 1)) {
        Label *label = &table->labels[table->slots[slot]];
        if (label->size == size && memcmp(label->start, start, size) == 0)
            return table->slots[slot];
    }
    int32_t code = (int32_t)table->count;
    table->labels[table->count].start = start;
    table->labels[table->count].size = size;
    table->count++;
    table->slots[slot] = code;
    return code;
}

/* A short string fits in two words of length and content. Most strings are found in a table of these
 * words. The first word of an empty place matches no string: its lowest byte, the length, is too large. */
typedef struct {
    uint64_t first, second;
    int32_t code;
} Short;

/* The lowest bytes of a word, up to all eight. */
static inline uint64_t lowest_bytes(uint64_t word, size_t bytes)
{
    return bytes >= 8 ? word : word & (((uint64_t)1 << (8 * bytes)) - 1);
}

int read_labels(Span repeated, int32_t *codes, size_t count, Labels *labels)
{
    const uint8_t *at = repeated.data, *end = at + repeated.size, *start;
    Short shorts[1 << SHORT_TABLE_BITS];
    memset(shorts, 0xff, sizeof shorts);
    for (size_t i = 0; i < count; i++) {
        /* Read once: another thread may be writing to this memory. */
        size_t size = end - at >= 2 + LONGEST_SHORT && at[0] == STRING_TAG ? at[1] : NOT_SHORT;
        if (size <= LONGEST_SHORT) {
            uint64_t first = lowest_bytes(load_word(at + 1), size + 1);
            uint64_t second = size > 7 ? lowest_bytes(load_word(at + 9), size - 7) : 0;
            Short *place = &shorts[mix(first ^ mix(second)) >> (64 - SHORT_TABLE_BITS)];
            if (place->first != first || place->second != second) {
                int32_t code = code_of(labels, at + 2, size);
                if (code < 0)
                    return OUT_OF_MEMORY;
                place->first = first;
                place->second = second;
                place->code = code;
            }
            codes[i] = place->code;
            at += 2 + size;
            continue;
        }
        at = read_string(at, end, &start);
        if (at == NULL)
            return NOT_CANONICAL;
        codes[i] = code_of(labels, start, (size_t)(at - start));
        if (codes[i] < 0)
            return OUT_OF_MEMORY;
    }
    return at == end ? 0 : NOT_CANONICAL;
}

void free_labels(Labels *labels)
{
    free(labels->labels);
    free(labels->slots);
}
