/* Repeated strings to offsets and data, valid UTF-8 only. */

#include "kernel.h"

#define LONGEST_LENGTH 5

/* The official parser takes a length of up to five bytes, below two to the power of 31. */
const uint8_t *string_item(const uint8_t *from, const uint8_t *end, const uint8_t **start)
{
    if (end - from < 2 || from[0] != STRING_TAG)
        return NULL;
    uint64_t size = from[1];
    const uint8_t *content = from + 2;
    if (size >= 0x80) {
        int digits = 1;
        size &= 0x7f;
        do {
            if (content == end || digits == LONGEST_LENGTH)
                return NULL;
            size |= (uint64_t)(*content & 0x7f) << (7 * digits++);
        } while (*content++ >= 0x80);
    }
    if (size > (uint64_t)(end - content))
        return NULL;
    *start = content;
    return content + size;
}

int64_t count_strings(Span repeated, size_t *bytes)
{
    const uint8_t *at = repeated.data, *end = at + repeated.size, *start;
    int64_t count = 0;
    *bytes = 0;
    while (at != end) {
        at = string_item(at, end, &start);
        if (at == NULL)
            return NOT_CANONICAL;
        *bytes += (size_t)(at - start);
        count++;
    }
    return count;
}

static int is_ascii(const uint8_t *data, size_t size)
{
    uint8_t seen = 0;
    for (size_t i = 0; i < size; i++)
        seen |= data[i];
    return seen < 0x80;
}

static inline int is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF. */
static int is_utf8(const uint8_t *data, size_t size)
{
    size_t i = 0;
    while (i < size) {
        uint8_t lead = data[i];
        size_t rest = size - i;
        if (lead < 0x80) {
            i += 1;
        } else if (lead >= 0xc2 && lead <= 0xdf) {
            if (rest < 2 || !is_continuation(data[i + 1]))
                return 0;
            i += 2;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            if (rest < 3 || !is_continuation(data[i + 1]) || !is_continuation(data[i + 2]))
                return 0;
            if ((lead == 0xe0 && data[i + 1] < 0xa0) || (lead == 0xed && data[i + 1] > 0x9f))
                return 0;
            i += 3;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            if (rest < 4 || !is_continuation(data[i + 1]) || !is_continuation(data[i + 2]) ||
                !is_continuation(data[i + 3]))
                return 0;
            if ((lead == 0xf0 && data[i + 1] < 0x90) || (lead == 0xf4 && data[i + 1] > 0x8f))
                return 0;
            i += 4;
        } else {
            return 0;
        }
    }
    return 1;
}

/* Most strings are short: sixteen bytes at once where there is room for them on both sides. */
static inline void copy_content(uint8_t *to, const uint8_t *to_end, const uint8_t *from, const uint8_t *from_end,
                                size_t size)
{
    if (size <= 16 && to_end - to >= 16 && from_end - from >= 16)
        memcpy(to, from, 16);
    else
        memcpy(to, from, size);
}

int read_strings(Span repeated, int32_t *offsets, size_t count, uint8_t *data, size_t bytes)
{
    const uint8_t *at = repeated.data, *end = at + repeated.size, *start;
    uint8_t *to = data, *to_end = data + bytes;
    int ascii = is_ascii(repeated.data, repeated.size);
    offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        at = string_item(at, end, &start);
        if (at == NULL)
            return NOT_CANONICAL;
        size_t size = (size_t)(at - start);
        if (size > (size_t)(to_end - to) || (!ascii && !is_utf8(start, size)))
            return NOT_CANONICAL;
        copy_content(to, to_end, start, end, size);
        to += size;
        offsets[i + 1] = (int32_t)(to - data);
    }
    return at == end && to == to_end ? 0 : NOT_CANONICAL;
}
