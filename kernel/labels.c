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

static uint64_t hash_of(const uint8_t *data, size_t size)
{
    uint64_t hash = mix(size);
    while (size >= 8) {
        hash = mix(hash ^ load_word(data)) ^ (hash >> 32);
        data += 8;
        size -= 8;
    }
    uint64_t rest = 0;
    memcpy(&rest, data, size);
    hash = mix(hash ^ rest);
    return hash ^ (hash >> 32);
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
        size_t slot = hash_of(labels[code].start, labels[code].size) & (table->slot_count - 1);
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
    size_t slot = hash_of(start, size) & (table->slot_count - 1);
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
