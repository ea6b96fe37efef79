/* Arrow buffers to packed varints and repeated strings. Every function writes within `out` and
 * `end` and returns where it stopped, or NULL where there was no room or an offset was wrong. */

#include "kernel.h"

#define LONGEST_VARINT 10

static inline size_t size_of_varint(uint64_t value)
{
    /* A group for each seven of the 64 - clz bits: (bits * 9 + 64) / 64 is bits / 7 rounded up, up to 64. */
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

size_t size_of_int64s(const int64_t *values, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += size_of_varint((uint64_t)values[i]);
    return size;
}

size_t size_of_int32s(const int32_t *values, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += size_of_varint((uint64_t)(int64_t)values[i]);
    return size;
}

/* Open gaps between the seven-bit groups of a value below two to the power of 56. */
static inline uint64_t part_groups(uint64_t value)
{
    value = (value & 0x000000000fffffffu) | (value & 0x00fffffff0000000u) << 4;
    value = (value & 0x00003fff00003fffu) | (value & 0x0fffc0000fffc000u) << 2;
    return (value & 0x007f007f007f007fu) | (value & 0x3f803f803f803f80u) << 1;
}

static inline uint8_t *write_next(uint64_t value, uint8_t *out, const uint8_t *end)
{
    size_t size = size_of_varint(value);
    if (size < 8 && end - out >= 8) {
        uint64_t continued = 0x8080808080808080u & (((uint64_t)1 << (8 * (size - 1))) - 1);
        uint64_t word = part_groups(value) | continued;
        memcpy(out, &word, sizeof word);
        return out + size;
    }
    return size > (size_t)(end - out) ? NULL : write_varint(value, out);
}

uint8_t *write_int64s(const int64_t *values, size_t count, uint8_t *out, const uint8_t *end)
{
    for (size_t i = 0; i < count && out != NULL; i++)
        out = write_next((uint64_t)values[i], out, end);
    return out;
}

uint8_t *write_int32s(const int32_t *values, size_t count, uint8_t *out, const uint8_t *end)
{
    for (size_t i = 0; i < count && out != NULL; i++)
        out = write_next((uint64_t)(int64_t)values[i], out, end);
    return out;
}

/* Whether an item lies within the data that its offsets speak of. */
static inline int is_within(const int32_t *offsets, size_t i, size_t bytes)
{
    return offsets[i] >= 0 && offsets[i] <= offsets[i + 1] && (size_t)offsets[i + 1] <= bytes;
}

int64_t size_of_strings(const int32_t *offsets, size_t count, size_t bytes)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_within(offsets, i, bytes))
            return NOT_CANONICAL;
        size_t size = (size_t)(offsets[i + 1] - offsets[i]);
        total += 1 + size_of_varint(size) + size;
    }
    return (int64_t)total;
}

/* Most strings are short: sixteen bytes at once where there is room for them on both sides. */
static inline uint8_t *write_string(const uint8_t *from, const uint8_t *from_end, size_t size, uint8_t *out,
                                    const uint8_t *end)
{
    if (size <= 16 && from_end - from >= 16 && end - out >= 18) {
        *out++ = STRING_TAG;
        *out++ = (uint8_t)size;
        memcpy(out, from, 16);
        return out + size;
    }
    if (1 + size_of_varint(size) + size > (size_t)(end - out))
        return NULL;
    *out++ = STRING_TAG;
    out = write_varint(size, out);
    memcpy(out, from, size);
    return out + size;
}

uint8_t *write_strings(const int32_t *offsets, size_t count, const uint8_t *data, size_t bytes, uint8_t *out,
                       const uint8_t *end)
{
    for (size_t i = 0; i < count && out != NULL; i++)
        out = write_string(data + offsets[i], data + bytes, (size_t)(offsets[i + 1] - offsets[i]), out, end);
    return out;
}

int64_t size_of_labels(const int32_t *codes, size_t count, const int32_t *offsets, size_t labels, size_t bytes)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (codes[i] < 0 || (size_t)codes[i] >= labels || !is_within(offsets, (size_t)codes[i], bytes))
            return NOT_CANONICAL;
        size_t size = (size_t)(offsets[codes[i] + 1] - offsets[codes[i]]);
        total += 1 + size_of_varint(size) + size;
    }
    return (int64_t)total;
}

uint8_t *write_labels(const int32_t *codes, size_t count, const int32_t *offsets, const uint8_t *data, size_t bytes,
                      uint8_t *out, const uint8_t *end)
{
    for (size_t i = 0; i < count && out != NULL; i++) {
        int32_t start = offsets[codes[i]];
        out = write_string(data + start, data + bytes, (size_t)(offsets[codes[i] + 1] - start), out, end);
    }
    return out;
}
