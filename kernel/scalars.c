/* Packed varints, doubles and bools to Arrow buffers. */

#include "kernel.h"

#define CONTINUATION_BITS 0x8080808080808080u
#define LONGEST_VARINT 10
#define BLOCK 64

/* How many bytes end a varint. */
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

static inline uint64_t read_groups(const uint8_t *from, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)(from[i] & 0x7f) << (7 * i);
    return value;
}

static inline void store(void *values, size_t at, int wide, uint64_t value)
{
    if (wide)
        ((int64_t *)values)[at] = (int64_t)value;
    else
        ((int32_t *)values)[at] = (int32_t)(uint32_t)value;
}

/* One body for both widths; `wide` is a constant where it is called. A block's ends are found at
 * once, so that no varint waits for the length of the one before it. */
static inline int64_t read_varints(Span packed, void *values, size_t count, int wide, int64_t null)
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
            store(values, at++, wide, value);
            nulls += wide ? (int64_t)value == null : (int32_t)(uint32_t)value == (int32_t)null;
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
        uint64_t value = read_groups(data + start, length);
        store(values, at++, wide, value);
        nulls += wide ? (int64_t)value == null : (int32_t)(uint32_t)value == (int32_t)null;
        start = end + 1;
    }
    return start == packed.size && at == count ? nulls : NOT_CANONICAL;
}

int64_t read_int64s(Span packed, int64_t *values, size_t count, int64_t null)
{
    return read_varints(packed, values, count, 1, null);
}

int64_t read_int32s(Span packed, int32_t *values, size_t count, int32_t null)
{
    return read_varints(packed, values, count, 0, null);
}

/* They are Arrow's own layout, but at any address: a copy gives them one that Arrow may have. */
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

/* Bytes of 0 and 1 to bits. */
int64_t read_booleans(Span packed, uint8_t *bits, size_t bytes)
{
    if (bytes != (packed.size + 7) / 8)
        return NOT_CANONICAL;
    for (size_t i = 0; i < bytes; i++) {
        size_t rest = packed.size - 8 * i;
        uint64_t word = 0;
        memcpy(&word, packed.data + 8 * i, rest < 8 ? rest : 8);
        if (word & ~(uint64_t)0x0101010101010101u)
            return NOT_CANONICAL;
        bits[i] = (uint8_t)((word * 0x0102040810204080u) >> 56);
    }
    return 0;
}
