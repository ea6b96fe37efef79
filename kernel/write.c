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

typedef struct {
    size_t start, size;
} Item;

/* Where an item lies in its data, or nothing if that is outside. The offsets are read once: they
 * may be in memory that someone else writes to meanwhile. */
static inline int find_item(const int32_t *offsets, size_t i, size_t bytes, Item *item)
{
    int32_t start = offsets[i], stop = offsets[i + 1];
    if (start < 0 || start > stop || (size_t)stop > bytes)
        return 0;
    item->start = (size_t)start;
    item->size = (size_t)(stop - start);
    return 1;
}

static inline size_t size_of_string(Item item)
{
    return 1 + size_of_varint(item.size) + item.size;
}

int64_t size_of_strings(const int32_t *offsets, size_t count, size_t bytes)
{
    size_t total = 0;
    Item item;
    for (size_t i = 0; i < count; i++) {
        if (!find_item(offsets, i, bytes, &item))
            return NOT_CANONICAL;
        total += size_of_string(item);
    }
    return (int64_t)total;
}

/* Most strings are short: sixteen bytes at once where there is room for them on both sides. */
static inline uint8_t *write_string(Item item, Span data, uint8_t *out, const uint8_t *end)
{
    if (item.size <= 16 && data.size - item.start >= 16 && end - out >= 18) {
        *out++ = STRING_TAG;
        *out++ = (uint8_t)item.size;
        memcpy(out, data.data + item.start, 16);
        return out + item.size;
    }
    if (size_of_string(item) > (size_t)(end - out))
        return NULL;
    *out++ = STRING_TAG;
    out = write_varint(item.size, out);
    if (item.size)
        memcpy(out, data.data + item.start, item.size);
    return out + item.size;
}

uint8_t *write_strings(const int32_t *offsets, size_t count, Span data, uint8_t *out, const uint8_t *end)
{
    Item item;
    for (size_t i = 0; i < count && out != NULL; i++)
        out = find_item(offsets, i, data.size, &item) ? write_string(item, data, out, end) : NULL;
    return out;
}

int64_t size_of_labels(const int32_t *codes, size_t count, const int32_t *offsets, size_t labels, size_t bytes)
{
    size_t total = 0;
    Item item;
    for (size_t i = 0; i < count; i++) {
        int32_t code = codes[i];
        if (code < 0 || (size_t)code >= labels || !find_item(offsets, (size_t)code, bytes, &item))
            return NOT_CANONICAL;
        total += size_of_string(item);
    }
    return (int64_t)total;
}

uint8_t *write_labels(const int32_t *codes, size_t count, const int32_t *offsets, size_t labels, Span data,
                      uint8_t *out, const uint8_t *end)
{
    Item item;
    for (size_t i = 0; i < count && out != NULL; i++) {
        int32_t code = codes[i];
        if (code < 0 || (size_t)code >= labels || !find_item(offsets, (size_t)code, data.size, &item))
            return NULL;
        out = write_string(item, data, out, end);
    }
    return out;
}
