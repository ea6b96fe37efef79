/* Long runs of the wire to Arrow buffers and back.
 *
 * Nothing here knows Python: every function takes memory with its size, reads and writes within it,
 * and takes none of its own but where it says so. Elements lie where their type may lie, and what is
 * written lies apart from what is read. What is legal but not canonical protobuf is
 * refused with NOT_CANONICAL, for the caller to hand the whole message to the official parser. So
 * no function here decides what an odd encoding means.
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
#error "the kernel reads little-endian words; without it the official parser does the work"
#endif

#define NOT_CANONICAL (-1)
#define OUT_OF_MEMORY (-2)

/* Field 1, length-delimited: what stands before each item of a repeated string. */
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

/* Packed scalars (scalars.c). Each returns how many nulls it met, or NOT_CANONICAL. */
size_t count_varints(Span packed);
int64_t read_int64s(Span packed, int64_t *values, size_t count, int64_t null);
int64_t read_int32s(Span packed, int32_t *values, size_t count, int32_t null);
int64_t read_doubles(Span packed, double *values, size_t count);
int64_t read_booleans(Span packed, uint8_t *bits, size_t bytes);

/* Validity bitmaps (validity.c): a bit is set where the value is not the null. */
void mark_valid_int64s(const int64_t *values, size_t count, int64_t null, uint8_t *bits);
void mark_valid_int32s(const int32_t *values, size_t count, int32_t null, uint8_t *bits);
void mark_valid_doubles(const double *values, size_t count, uint8_t *bits);

/* Repeated strings (strings.c). */
int64_t count_strings(Span repeated, size_t *bytes);
int read_strings(Span repeated, int32_t *offsets, size_t count, uint8_t *data, size_t bytes);

/* The length of one string item and where it begins; its end, or NULL if there is no canonical one. */
const uint8_t *string_item(const uint8_t *from, const uint8_t *end, const uint8_t **start);

/* Repeated strings out of few (labels.c): codes, and each distinct string once. */
typedef struct {
    const uint8_t *start;
    size_t size;
} Label;

typedef struct {
    Label *labels;
    size_t count;
    size_t capacity;
    int32_t *slots;
    size_t slot_count;
} Labels;

int read_labels(Span repeated, int32_t *codes, size_t count, Labels *labels);
void free_labels(Labels *labels);

/* Writing (write.c). The sizes come first, so that one buffer holds the whole message. */
size_t size_of_int64s(const int64_t *values, size_t count);
size_t size_of_int32s(const int32_t *values, size_t count);
uint8_t *write_int64s(const int64_t *values, size_t count, uint8_t *out, const uint8_t *end);
uint8_t *write_int32s(const int32_t *values, size_t count, uint8_t *out, const uint8_t *end);
int64_t size_of_strings(const int32_t *offsets, size_t count, size_t bytes);
uint8_t *write_strings(const int32_t *offsets, size_t count, Span data, uint8_t *out, const uint8_t *end);
int64_t size_of_labels(const int32_t *codes, size_t count, const int32_t *offsets, size_t labels, size_t bytes);
uint8_t *write_labels(const int32_t *codes, size_t count, const int32_t *offsets, size_t labels, Span data,
                      uint8_t *out, const uint8_t *end);

#endif
