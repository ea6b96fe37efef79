/* Packed integers and doubles to Arrow buffers; integers back too. */

#include "kernel.h"

#define CONTINUATION_BITS 0x8080808080808080u
#define LONGEST_VARINT 10
#define BLOCK 64

/* The number of bytes that end a varint. */
size_t count_varints(Span packed)
{
    size_t count = 0;
    for (size_t i = 0; i < packed.size; i++)
        count += packed.data[i] < 0x80;
    return count;
}

/* A bit for each byte of a word that ends a varint: its top bit, inverted, gathered by a multiplication. */
static inline uint64_t ends_in_word(uint64_t word)
{
    return (((~word & CONTINUATION_BITS) >> 7) * 0x0102040810204080u) >> 56;
}

static inline uint64_t ends_in_block(const uint8_t *from)
{
    uint64_t ends = 0;
    for (int i = 0; i < BLOCK / 8; i++)
        ends |= ends_in_word(load_word(from + 8 * i)) << (8 * i);
    return ends;
}

/* Close the gaps between the seven-bit groups of up to eight bytes: in pairs, fours, then all. */
static inline uint64_t join_groups(uint64_t word)
{
    word &= ~CONTINUATION_BITS;
    word = (word & 0x007f007f007f007fu) | (word & 0x7f007f007f007f00u) >> 1;
    word = (word & 0x00003fff00003fffu) | (word & 0x3fff00003fff0000u) >> 2;
    return (word & 0x000000000fffffffu) | (word & 0x0fffffff00000000u) >> 4;
}

/* Open the gaps between the seven-bit groups of a value below 2^56. */
static inline uint64_t split_groups(uint64_t value)
{
    value = (value & 0x000000000fffffffu) | (value & 0x00fffffff0000000u) << 4;
    value = (value & 0x00003fff00003fffu) | (value & 0x0fffc0000fffc000u) << 2;
    return (value & 0x007f007f007f007fu) | (value & 0x3f803f803f803f80u) << 1;
}

static inline uint64_t read_groups(const uint8_t *from, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)(from[i] & 0x7f) << (7 * i);
    return value;
}

static inline int64_t load(const void *values, size_t at, int width)
{
    return width == 8 ? ((const int64_t *)values)[at] : ((const int32_t *)values)[at];
}

/* Store a value of the width and return whether it is the null. */
static inline int store(void *values, size_t at, int width, uint64_t value, int64_t null)
{
    if (width == 8)
        ((int64_t *)values)[at] = (int64_t)value;
    else
        ((int32_t *)values)[at] = (int32_t)(uint32_t)value;
    return load(values, at, width) == null;
}

/* One body for both widths, which are constants where it is called. The ends in a block are found
 * together, so that no varint waits for the length of the one before it. */
static inline int64_t read_of_width(Span packed, void *values, size_t count, int width, int64_t null)
{
    const uint8_t *data = packed.data;
    size_t start = 0, block = 0, at = 0;
    int64_t nulls = 0;
    while (packed.size - block >= BLOCK + 8) {
        uint64_t ends = ends_in_block(data + block);
        while (ends) {
            size_t end = block + (size_t)trailing_zeros(ends);
            size_t length = end - start + 1;
            uint64_t value;
            if (at == count || length > LONGEST_VARINT)
                return NOT_CANONICAL;
            if (length <= 8)
                value = join_groups(load_word(data + start) & (~(uint64_t)0 >> (64 - 8 * length)));
            else
                value = read_groups(data + start, length);
            nulls += store(values, at++, width, value, null);
            ends &= ends - 1;
            start = end + 1;
        }
        block += BLOCK;
    }
    for (size_t end = start; end < packed.size; end++) {
        size_t length = end - start + 1;
        if (length > LONGEST_VARINT)
            return NOT_CANONICAL;
        if (data[end] >= 0x80)
            continue;
        if (at == count)
            return NOT_CANONICAL;
        nulls += store(values, at++, width, read_groups(data + start, length), null);
        start = end + 1;
    }
    return start == packed.size && at == count ? nulls : NOT_CANONICAL;
}

int64_t read_varints(Span packed, void *values, size_t count, int width, int64_t null)
{
    return width == 8 ? read_of_width(packed, values, count, 8, null) : read_of_width(packed, values, count, 4, null);
}

size_t size_of_varints(const void *values, size_t count, int width)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += size_of_varint((uint64_t)load(values, i, width));
    return size;
}

static inline uint8_t *write_next(uint64_t value, uint8_t *out, const uint8_t *end)
{
    size_t size = size_of_varint(value);
    if (size < 8 && end - out >= 8) {
        uint64_t continued = CONTINUATION_BITS & (((uint64_t)1 << (8 * (size - 1))) - 1);
        uint64_t word = split_groups(value) | continued;
        memcpy(out, &word, sizeof word);
        return out + size;
    }
    return size > (size_t)(end - out) ? NULL : write_varint(value, out);
}

uint8_t *write_varints(const void *values, size_t count, int width, uint8_t *out, const uint8_t *end)
{
    for (size_t i = 0; i < count && out != NULL; i++)
        out = write_next((uint64_t)load(values, i, width), out, end);
    return out;
}

/* They have Arrow's layout, but start at any byte; the copy is aligned, and NaNs are counted on the way. */
int64_t read_doubles(Span packed, double *values, size_t count)
{
    int64_t nulls = 0;
    if (packed.size != count * sizeof(double))
        return NOT_CANONICAL;
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, packed.data + i * sizeof value, sizeof value);
        values[i] = value;
        nulls += value != value;
    }
    return nulls;
}
