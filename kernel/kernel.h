/* Packed varints and repeated strings of the wire, to Arrow buffers and back.
 *
 * Nothing here knows Python. Every function takes memory with its size, stays within it, and allocates
 * none unless it says so. Elements are aligned as their type requires, and output never overlaps input.
 * Valid protobuf that is not canonical is refused with NOT_CANONICAL, and the caller leaves the message
 * to the official parser. So no function here decides what an unusual encoding means.
 */

#ifndef TICKFRAME_KERNEL_H
#define TICKFRAME_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the kernel reads little-endian words; elsewhere the official parser decodes"
#endif

#define NOT_CANONICAL (-1)
#define OUT_OF_MEMORY (-2)

/* The tag of field 1, length-delimited, which precedes each item of a repeated string. */
#define STRING_TAG 0x0a

typedef struct {
    const uint8_t *data;
    size_t size;
} Span;

static inline uint64_t load_word(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

static inline int trailing_zeros(uint64_t word)
{
#if defined(_MSC_VER)
    unsigned long index;
    _BitScanForward64(&index, word);
    return (int)index;
#else
    return __builtin_ctzll(word);
#endif
}

static inline int leading_zeros(uint64_t word)
{
#if defined(_MSC_VER)
    unsigned long index;
    _BitScanReverse64(&index, word);
    return 63 - (int)index;
#else
    return __builtin_clzll(word);
#endif
}

static inline size_t size_of_varint(uint64_t value)
{
    /* One byte for every seven of the 64 - clz bits: (bits * 9 + 64) / 64 is bits / 7 rounded up, up to 64. */
    return (size_t)((64 - leading_zeros(value | 1)) * 9 + 64) / 64;
}

static inline uint8_t *write_varint(uint64_t value, uint8_t *out)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)value | 0x80;
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

/* Sizes are computed first, so that one buffer can hold the whole message. Writers return the end of
 * what they wrote, or NULL if it does not fit or an offset is invalid. */

/* Packed integers of 4 or 8 bytes, and packed doubles (packed.c). Readers return the number of nulls, of
 * which NaN is one, or NOT_CANONICAL. */
size_t count_varints(Span packed);
int64_t read_varints(Span packed, void *values, size_t count, int width, int64_t null);
int64_t read_doubles(Span packed, double *values, size_t count);
size_t size_of_varints(const void *values, size_t count, int width);
uint8_t *write_varints(const void *values, size_t count, int width, uint8_t *out, const uint8_t *end);

/* Repeated strings (strings.c). */
int64_t count_strings(Span repeated, size_t *bytes);
int read_strings(Span repeated, int32_t *offsets, size_t count, uint8_t *data, size_t bytes);

/* The end of a string item and the start of its content; NULL if it is not canonical. */
const uint8_t *read_string(const uint8_t *from, const uint8_t *end, const uint8_t **start);

/* Strings to write: `count` of them by their codes, or all in order if there are no codes. */
typedef struct {
    const int32_t *codes, *offsets;
    size_t count, distinct;
    Span data;
} Strings;

int64_t size_of_strings(Strings strings);
uint8_t *write_strings(Strings strings, uint8_t *out, const uint8_t *end);

/* Repeated strings with few distinct values, to codes and each distinct string once (labels.c). */
typedef struct {
    const uint8_t *start;
    size_t size;
} Label;

typedef struct {
    uint64_t first, second;
} HashKey;

/* The key must not be known to whoever wrote the strings. */
typedef struct {
    HashKey key;
    Label *labels;
    size_t count;
    size_t capacity;
    int32_t *slots;
    size_t slot_count;
} Labels;

int read_labels(Span repeated, int32_t *codes, size_t count, Labels *labels);
void free_labels(Labels *labels);

#endif
