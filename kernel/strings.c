/* Repeated strings to offsets and data, valid UTF-8 only, and back. */

#include "kernel.h"

#define LONGEST_LENGTH 5

/* The official parser accepts a length of up to five bytes, below 2^31. */
const uint8_t *read_string(const uint8_t *from, const uint8_t *end, const uint8_t **start)
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
        at = read_string(at, end, &start);
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

/* As RFC 3629 defines it: no surrogates, no overlong forms, nothing above U+10FFFF. */
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

/* Most strings are short: copy sixteen bytes at once if source and target have that many left. */
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
        at = read_string(at, end, &start);
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

typedef struct {
    size_t start, size;
} Item;

/* Find string `i` in the data; 0 if it is outside. Codes and offsets are each read once: another thread
 * may be writing to their memory. */
static inline int find_item(Strings strings, size_t i, Item *item)
{
    size_t code = strings.codes ? (size_t)(int64_t)strings.codes[i] : i;
    if (code >= strings.distinct)
        return 0;
    int32_t start = strings.offsets[code], stop = strings.offsets[code + 1];
    if (start < 0 || start > stop || (size_t)stop > strings.data.size)
        return 0;
    item->start = (size_t)start;
    item->size = (size_t)(stop - start);
    return 1;
}

static inline size_t size_of_item(Item item)
{
    return 1 + size_of_varint(item.size) + item.size;
}

int64_t size_of_strings(Strings strings)
{
    size_t total = 0;
    Item item;
    for (size_t i = 0; i < strings.count; i++) {
        if (!find_item(strings, i, &item))
            return NOT_CANONICAL;
        total += size_of_item(item);
    }
    return (int64_t)total;
}

/* Most strings are short: copy sixteen bytes at once if source and target have that many left. */
static inline uint8_t *write_item(Item item, Span data, uint8_t *out, const uint8_t *end)
{
    const uint8_t *content = data.data + item.start;
    if (item.size <= 16 && data.size - item.start >= 16 && end - out >= 18) {
        *out++ = STRING_TAG;
        *out++ = (uint8_t)item.size;
        memcpy(out, content, 16);
        return out + item.size;
    }
    if (size_of_item(item) > (size_t)(end - out))
        return NULL;
    *out++ = STRING_TAG;
    out = write_varint(item.size, out);
    memcpy(out, content, item.size);
    return out + item.size;
}

uint8_t *write_strings(Strings strings, uint8_t *out, const uint8_t *end)
{
    Item item;
    for (size_t i = 0; i < strings.count && out != NULL; i++)
        out = find_item(strings, i, &item) ? write_item(item, strings.data, out, end) : NULL;
    return out;
}
