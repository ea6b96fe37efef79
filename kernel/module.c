/* The kernel as a Python module: buffers in, buffers filled, the interpreter free meanwhile. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

static Span span_of(const Py_buffer *buffer)
{
    Span span = {buffer->buf, (size_t)buffer->len};
    return span;
}

/* What the kernel takes for granted of memory that anyone may hand in: whole elements, where their type
 * may lie. */
static int holds_elements(const Py_buffer *buffer, size_t element)
{
    if ((uintptr_t)buffer->buf % element == 0 && (size_t)buffer->len % element == 0)
        return 1;
    PyErr_SetString(PyExc_ValueError, "a buffer does not hold whole elements, aligned as their type");
    return 0;
}

/* That what is written lies apart from what is read: it would change while it is read. */
static int is_apart(const Py_buffer *written, const Py_buffer *read)
{
    uintptr_t to = (uintptr_t)written->buf, from = (uintptr_t)read->buf;
    if (to + (size_t)written->len <= from || from + (size_t)read->len <= to || !written->len || !read->len)
        return 1;
    PyErr_SetString(PyExc_ValueError, "a buffer to fill shares memory with one to read");
    return 0;
}

/* The shape that all readers share: a span, a buffer to fill, and a count of nulls as the answer. */
#define READER(name, arguments, format, element, call)                                                                 \
    static PyObject *py_##name(PyObject *module, PyObject *args)                                                       \
    {                                                                                                                  \
        Py_buffer packed, values;                                                                                      \
        long long null = 0;                                                                                            \
        int64_t nulls;                                                                                                 \
        (void)module;                                                                                                  \
        (void)null;                                                                                                    \
        PyObject *answer = NULL;                                                                                       \
        if (!PyArg_ParseTuple(args, format, arguments))                                                                \
            return NULL;                                                                                               \
        if (holds_elements(&values, sizeof(element)) && is_apart(&values, &packed)) {                                  \
            size_t count = (size_t)values.len / sizeof(element);                                                       \
            Span span = span_of(&packed);                                                                              \
            Py_BEGIN_ALLOW_THREADS nulls = call;                                                                       \
            Py_END_ALLOW_THREADS answer = PyLong_FromLongLong(nulls);                                                  \
        }                                                                                                              \
        PyBuffer_Release(&packed);                                                                                     \
        PyBuffer_Release(&values);                                                                                     \
        return answer;                                                                                                 \
    }

#define WITH_NULL &packed, &values, &null
#define WITHOUT_NULL &packed, &values

READER(read_int64s, WITH_NULL, "y*w*L", int64_t, read_int64s(span, values.buf, count, null))
READER(read_int32s, WITH_NULL, "y*w*L", int32_t, read_int32s(span, values.buf, count, (int32_t)null))
READER(read_doubles, WITHOUT_NULL, "y*w*", double, read_doubles(span, values.buf, count))
READER(read_booleans, WITHOUT_NULL, "y*w*", uint8_t, read_booleans(span, values.buf, count))

/* The shape of the bitmaps: values, and the bits to fill. */
#define MARKER(name, arguments, format, element, call)                                                                 \
    static PyObject *py_##name(PyObject *module, PyObject *args)                                                       \
    {                                                                                                                  \
        Py_buffer values, bits;                                                                                        \
        long long null = 0;                                                                                            \
        (void)module;                                                                                                  \
        (void)null;                                                                                                    \
        if (!PyArg_ParseTuple(args, format, arguments))                                                                \
            return NULL;                                                                                               \
        int done = holds_elements(&values, sizeof(element)) && is_apart(&bits, &values);                               \
        size_t count = (size_t)values.len / sizeof(element);                                                           \
        if (done && (size_t)bits.len != (count + 7) / 8) {                                                             \
            PyErr_SetString(PyExc_ValueError, "the bitmap does not have a bit for each value");                        \
            done = 0;                                                                                                  \
        }                                                                                                              \
        if (done) {                                                                                                    \
            Py_BEGIN_ALLOW_THREADS call;                                                                               \
            Py_END_ALLOW_THREADS                                                                                       \
        }                                                                                                              \
        PyBuffer_Release(&values);                                                                                     \
        PyBuffer_Release(&bits);                                                                                       \
        if (!done)                                                                                                     \
            return NULL;                                                                                               \
        Py_RETURN_NONE;                                                                                                \
    }

#define VALUES_AND_BITS &values, &bits
#define VALUES_NULL_AND_BITS &values, &null, &bits

MARKER(mark_valid_int64s, VALUES_NULL_AND_BITS, "y*Lw*", int64_t,
       mark_valid_int64s(values.buf, count, null, bits.buf))
MARKER(mark_valid_int32s, VALUES_NULL_AND_BITS, "y*Lw*", int32_t,
       mark_valid_int32s(values.buf, count, (int32_t)null, bits.buf))
MARKER(mark_valid_doubles, VALUES_AND_BITS, "y*w*", double, mark_valid_doubles(values.buf, count, bits.buf))

static PyObject *py_count_varints(PyObject *module, PyObject *packed_object)
{
    Py_buffer packed;
    size_t count;
    (void)module;
    if (PyObject_GetBuffer(packed_object, &packed, PyBUF_SIMPLE) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS count = count_varints(span_of(&packed));
    Py_END_ALLOW_THREADS PyBuffer_Release(&packed);
    return PyLong_FromSize_t(count);
}

static PyObject *py_count_strings(PyObject *module, PyObject *repeated_object)
{
    Py_buffer repeated;
    int64_t count;
    size_t bytes;
    (void)module;
    if (PyObject_GetBuffer(repeated_object, &repeated, PyBUF_SIMPLE) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS count = count_strings(span_of(&repeated), &bytes);
    Py_END_ALLOW_THREADS PyBuffer_Release(&repeated);
    return Py_BuildValue("Ln", (long long)count, (Py_ssize_t)bytes);
}

static PyObject *py_read_strings(PyObject *module, PyObject *args)
{
    Py_buffer repeated, offsets, data;
    PyObject *answer = NULL;
    int done = NOT_CANONICAL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*w*w*", &repeated, &offsets, &data))
        return NULL;
    if (holds_elements(&offsets, sizeof(int32_t)) && is_apart(&offsets, &repeated) && is_apart(&data, &repeated) &&
        is_apart(&offsets, &data)) {
        if (offsets.len) {
            Py_BEGIN_ALLOW_THREADS done = read_strings(
                span_of(&repeated), offsets.buf, (size_t)offsets.len / sizeof(int32_t) - 1, data.buf, (size_t)data.len);
            Py_END_ALLOW_THREADS
        }
        answer = PyLong_FromLong(done);
    }
    PyBuffer_Release(&repeated);
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&data);
    return answer;
}

static PyObject *label_list(const Labels *labels)
{
    PyObject *list = PyList_New((Py_ssize_t)labels->count);
    for (size_t i = 0; list != NULL && i < labels->count; i++) {
        const Label *label = &labels->labels[i];
        PyObject *text = PyUnicode_DecodeUTF8((const char *)label->start, (Py_ssize_t)label->size, "strict");
        if (text == NULL || PyList_SetItem(list, (Py_ssize_t)i, text) != 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *py_read_labels(PyObject *module, PyObject *args)
{
    Py_buffer repeated, codes;
    Labels labels = {NULL, 0, 0, NULL, 0};
    PyObject *answer = NULL;
    int done;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*w*", &repeated, &codes))
        return NULL;
    if (holds_elements(&codes, sizeof(int32_t)) && is_apart(&codes, &repeated)) {
        Py_BEGIN_ALLOW_THREADS done =
            read_labels(span_of(&repeated), codes.buf, (size_t)codes.len / sizeof(int32_t), &labels);
        Py_END_ALLOW_THREADS
        if (done == 0)
            answer = label_list(&labels);
        else if (done == OUT_OF_MEMORY)
            PyErr_NoMemory();
        else
            answer = Py_NewRef(Py_None);
    }
    free_labels(&labels);
    PyBuffer_Release(&repeated);
    PyBuffer_Release(&codes);
    return answer;
}

/* Sizes and writers of packed values: the elements' width tells int32 from int64. */
static int holds_integers(const Py_buffer *values, int width)
{
    if (width == 4 || width == 8)
        return holds_elements(values, (size_t)width);
    PyErr_SetString(PyExc_ValueError, "integers are 4 or 8 bytes wide");
    return 0;
}

static PyObject *py_size_of_varints(PyObject *module, PyObject *args)
{
    Py_buffer values;
    PyObject *answer = NULL;
    int width;
    size_t size;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*i", &values, &width))
        return NULL;
    if (holds_integers(&values, width)) {
        size_t count = (size_t)values.len / (size_t)width;
        Py_BEGIN_ALLOW_THREADS size =
            width == 4 ? size_of_int32s(values.buf, count) : size_of_int64s(values.buf, count);
        Py_END_ALLOW_THREADS answer = PyLong_FromSize_t(size);
    }
    PyBuffer_Release(&values);
    return answer;
}

static PyObject *end_of_writing(const Py_buffer *out, const uint8_t *stop)
{
    if (stop != NULL && stop == (const uint8_t *)out->buf + out->len)
        Py_RETURN_NONE;
    PyErr_SetString(PyExc_ValueError, "the values do not fill the room that their size asked for");
    return NULL;
}

static PyObject *py_write_varints(PyObject *module, PyObject *args)
{
    Py_buffer values, out;
    PyObject *answer = NULL;
    int width;
    const uint8_t *stop;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*iw*", &values, &width, &out))
        return NULL;
    if (holds_integers(&values, width) && is_apart(&out, &values)) {
        size_t count = (size_t)values.len / (size_t)width;
        uint8_t *start = out.buf, *end = start + out.len;
        Py_BEGIN_ALLOW_THREADS stop = width == 4 ? write_int32s(values.buf, count, start, end)
                                                 : write_int64s(values.buf, count, start, end);
        Py_END_ALLOW_THREADS answer = end_of_writing(&out, stop);
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&out);
    return answer;
}

/* How many items some offsets are of: one fewer than offsets. */
static size_t item_count(const Py_buffer *offsets)
{
    size_t count = (size_t)offsets->len / sizeof(int32_t);
    return count ? count - 1 : 0;
}

static int is_size(Py_ssize_t bytes)
{
    if (bytes >= 0)
        return 1;
    PyErr_SetString(PyExc_ValueError, "a size is not negative");
    return 0;
}

static PyObject *py_size_of_strings(PyObject *module, PyObject *args)
{
    Py_buffer offsets;
    Py_ssize_t bytes;
    PyObject *answer = NULL;
    int64_t size;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*n", &offsets, &bytes))
        return NULL;
    if (is_size(bytes) && holds_elements(&offsets, sizeof(int32_t))) {
        Py_BEGIN_ALLOW_THREADS size = size_of_strings(offsets.buf, item_count(&offsets), (size_t)bytes);
        Py_END_ALLOW_THREADS answer = PyLong_FromLongLong(size);
    }
    PyBuffer_Release(&offsets);
    return answer;
}

static PyObject *py_write_strings(PyObject *module, PyObject *args)
{
    Py_buffer offsets, data, out;
    PyObject *answer = NULL;
    const uint8_t *stop;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*w*", &offsets, &data, &out))
        return NULL;
    if (holds_elements(&offsets, sizeof(int32_t)) && is_apart(&out, &offsets) && is_apart(&out, &data)) {
        uint8_t *start = out.buf, *end = start + out.len;
        Py_BEGIN_ALLOW_THREADS stop =
            write_strings(offsets.buf, item_count(&offsets), span_of(&data), start, end);
        Py_END_ALLOW_THREADS answer = end_of_writing(&out, stop);
    }
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&data);
    PyBuffer_Release(&out);
    return answer;
}

static PyObject *py_size_of_labels(PyObject *module, PyObject *args)
{
    Py_buffer codes, offsets;
    Py_ssize_t bytes;
    PyObject *answer = NULL;
    int64_t size;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*n", &codes, &offsets, &bytes))
        return NULL;
    if (is_size(bytes) && holds_elements(&codes, sizeof(int32_t)) && holds_elements(&offsets, sizeof(int32_t))) {
        size_t count = (size_t)codes.len / sizeof(int32_t);
        Py_BEGIN_ALLOW_THREADS size =
            size_of_labels(codes.buf, count, offsets.buf, item_count(&offsets), (size_t)bytes);
        Py_END_ALLOW_THREADS answer = PyLong_FromLongLong(size);
    }
    PyBuffer_Release(&codes);
    PyBuffer_Release(&offsets);
    return answer;
}

static PyObject *py_write_labels(PyObject *module, PyObject *args)
{
    Py_buffer codes, offsets, data, out;
    PyObject *answer = NULL;
    const uint8_t *stop;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*y*w*", &codes, &offsets, &data, &out))
        return NULL;
    if (holds_elements(&codes, sizeof(int32_t)) && holds_elements(&offsets, sizeof(int32_t)) &&
        is_apart(&out, &codes) && is_apart(&out, &offsets) && is_apart(&out, &data)) {
        size_t count = (size_t)codes.len / sizeof(int32_t);
        uint8_t *start = out.buf, *end = start + out.len;
        Py_BEGIN_ALLOW_THREADS stop =
            write_labels(codes.buf, count, offsets.buf, item_count(&offsets), span_of(&data), start, end);
        Py_END_ALLOW_THREADS answer = end_of_writing(&out, stop);
    }
    PyBuffer_Release(&codes);
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&data);
    PyBuffer_Release(&out);
    return answer;
}

static PyMethodDef methods[] = {
    {"count_varints", py_count_varints, METH_O, "count_varints(packed)\n--\n\nHow many varints end in the bytes."},
    {"read_int64s", py_read_int64s, METH_VARARGS, "read_int64s(packed, values, null)\n--\n\nNulls met, or -1."},
    {"read_int32s", py_read_int32s, METH_VARARGS, "read_int32s(packed, values, null)\n--\n\nNulls met, or -1."},
    {"read_doubles", py_read_doubles, METH_VARARGS, "read_doubles(packed, values)\n--\n\nNaNs met, or -1."},
    {"read_booleans", py_read_booleans, METH_VARARGS, "read_booleans(packed, bits)\n--\n\n0, or -1."},
    {"mark_valid_int64s", py_mark_valid_int64s, METH_VARARGS, "mark_valid_int64s(values, null, bits)\n--\n\n"},
    {"mark_valid_int32s", py_mark_valid_int32s, METH_VARARGS, "mark_valid_int32s(values, null, bits)\n--\n\n"},
    {"mark_valid_doubles", py_mark_valid_doubles, METH_VARARGS, "mark_valid_doubles(values, bits)\n--\n\n"},
    {"count_strings", py_count_strings, METH_O, "count_strings(repeated)\n--\n\nItems, or -1, and their bytes."},
    {"read_strings", py_read_strings, METH_VARARGS, "read_strings(repeated, offsets, data)\n--\n\n0, or -1."},
    {"read_labels", py_read_labels, METH_VARARGS, "read_labels(repeated, codes)\n--\n\nThe labels, or None."},
    {"size_of_varints", py_size_of_varints, METH_VARARGS, "size_of_varints(values, width)\n--\n\n"},
    {"write_varints", py_write_varints, METH_VARARGS, "write_varints(values, width, out)\n--\n\n"},
    {"size_of_strings", py_size_of_strings, METH_VARARGS, "size_of_strings(offsets, bytes)\n--\n\n"},
    {"write_strings", py_write_strings, METH_VARARGS, "write_strings(offsets, data, out)\n--\n\n"},
    {"size_of_labels", py_size_of_labels, METH_VARARGS, "size_of_labels(codes, offsets, bytes)\n--\n\n"},
    {"write_labels", py_write_labels, METH_VARARGS, "write_labels(codes, offsets, data, out)\n--\n\n"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef_Slot slots[] = {
#if !defined(Py_LIMITED_API) || Py_LIMITED_API >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "tickframe._kernel", "Long runs of the wire to Arrow buffers and back.", 0, methods, slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}
