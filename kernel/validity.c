/* Validity bitmaps from sentinels: the lowest bit of a byte is the first of its eight values. */

#include "kernel.h"

#define MARK_VALID(values, count, is_valid, bits)                                                                      \
    for (size_t byte = 0; byte < ((count) + 7) / 8; byte++) {                                                          \
        size_t first = 8 * byte, rest = (count)-first < 8 ? (count)-first : 8;                                         \
        unsigned mark = 0;                                                                                             \
        for (size_t i = 0; i < rest; i++)                                                                              \
            mark |= (unsigned)(is_valid((values)[first + i])) << i;                                                    \
        (bits)[byte] = (uint8_t)mark;                                                                                  \
    }

#define IS_VALUE(value) ((value) != null)
#define IS_NUMBER(value) ((value) == (value))

void mark_valid_int64s(const int64_t *values, size_t count, int64_t null, uint8_t *bits)
{
    MARK_VALID(values, count, IS_VALUE, bits)
}

void mark_valid_int32s(const int32_t *values, size_t count, int32_t null, uint8_t *bits)
{
    MARK_VALID(values, count, IS_VALUE, bits)
}

void mark_valid_doubles(const double *values, size_t count, uint8_t *bits)
{
    MARK_VALID(values, count, IS_NUMBER, bits)
}
