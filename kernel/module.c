/* The kernel as a Python module: it reads and fills buffers, without the GIL. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

static Span span_of(const Py_buffer *buffer)
{
    Span span = {buffer->buf, (size_t)buffer->len};
    return span;
}

static size_t count_of(const Py_buffer *buffer, size_t element)
{
    return (size_t)buffer->len / element;
}

/* Check what the kernel relies on, since callers may pass any memory: whole, aligned elements. */
static int holds_elements(const Py_buffer *buffer, size_t element)
{
    if ((uintptr_t)buffer->buf % element == 0 && (size_t)buffer->len % element == 0)
        return 1;
    PyErr_SetString(PyExc_ValueError, "a buffer must hold whole elements, aligned as their type");
    return 0;
}

static int holds_integers(const Py_buffer *values, int width)
{
    if (width == 4 || width == 8)
        return holds_elements(values, (size_t)width);
    PyErr_SetString(PyExc_ValueError, "integers are 4 or 8 bytes wide");
    return 0;
}

/* Check that an output does not overlap an input, which would change while it is read. */
static int is_apart(const Py_buffer *output, const Py_buffer *input)
{
    uintptr_t to = (uintptr_t)output->buf, from = (uintptr_t)input->buf;
    if (to + (size_t)output->len <= from || from + (size_t)input->len <= to || !output->len || !input->len)
        return 1;
    PyErr_SetString(PyExc_ValueError, "an output buffer shares memory with an input buffer");
    return 0;
}

static PyObject *filled(const Py_buffer *output, const uint8_t *end)
{
    if (end != NULL && end == (const uint8_t *)output->buf + output->len)
        Py_RETURN_NONE;
    PyErr_SetString(PyExc_ValueError, "the values do not fill the output buffer exactly");
    return NULL;
}

static PyObject *py_count_varints(PyObject *Py_UNUSED(module), PyObject *packed_object)
{
    Py_buffer packed;
    size_t count;
    if (PyObject_GetBuffer(packed_object, &packed, PyBUF_SIMPLE) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS count = count_varints(span_of(&packed));
    Py_END_ALLOW_THREADS PyBuffer_Release(&packed);
    return PyLong_FromSize_t(count);
}

static PyObject *py_read_varints(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer packed, values;
    PyObject *result = NULL;
    int width;
    long long null;
    int64_t nulls;
    if (!PyArg_ParseTuple(args, "y*w*iL", &packed, &values, &width, &null))
        return NULL;
    if (holds_integers(&values, width) && is_apart(&values, &packed)) {
        size_t count = count_of(&values, (size_t)width);
        Py_BEGIN_ALLOW_THREADS nulls = read_varints(span_of(&packed), values.buf, count, width, null);
        Py_END_ALLOW_THREADS result = PyLong_FromLongLong(nulls);
    }
    PyBuffer_Release(&packed);
    PyBuffer_Release(&values);
    return result;
}

static PyObject *py_size_of_varints(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer values;
    PyObject *result = NULL;
    int width;
    size_t size;
    if (!PyArg_ParseTuple(args, "y*i", &values, &width))
        return NULL;
    if (holds_integers(&values, width)) {
        size_t count = count_of(&values, (size_t)width);
        Py_BEGIN_ALLOW_THREADS size = size_of_varints(values.buf, count, width);
        Py_END_ALLOW_THREADS result = PyLong_FromSize_t(size);
    }
    PyBuffer_Release(&values);
    return result;
}

static PyObject *py_write_varints(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer values, out;
    PyObject *result = NULL;
    int width;
    const uint8_t *end;
    if (!PyArg_ParseTuple(args, "y*iw*", &values, &width, &out))
        return NULL;
    if (holds_integers(&values, width) && is_apart(&out, &values)) {
        size_t count = count_of(&values, (size_t)width);
        uint8_t *start = out.buf;
        Py_BEGIN_ALLOW_THREADS end = write_varints(values.buf, count, width, start, start + out.len);
        Py_END_ALLOW_THREADS result = filled(&out, end);
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&out);
    return result;
}

static PyObject *py_read_doubles(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer packed, values;
    PyObject *result = NULL;
    int64_t nulls;
    if (!PyArg_ParseTuple(args, "y*w*", &packed, &values))
        return NULL;
    if (holds_elements(&values, sizeof(double)) && is_apart(&values, &packed)) {
        size_t count = count_of(&values, sizeof(double));
        Py_BEGIN_ALLOW_THREADS nulls = read_doubles(span_of(&packed), values.buf, count);
        Py_END_ALLOW_THREADS result = PyLong_FromLongLong(nulls);
    }
    PyBuffer_Release(&packed);
    PyBuffer_Release(&values);
    return result;
}

static PyObject *py_count_strings(PyObject *Py_UNUSED(module), PyObject *repeated_object)
{
    Py_buffer repeated;
    int64_t count;
    size_t bytes;
    if (PyObject_GetBuffer(repeated_object, &repeated, PyBUF_SIMPLE) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS count = count_strings(span_of(&repeated), &bytes);
    Py_END_ALLOW_THREADS PyBuffer_Release(&repeated);
    return Py_BuildValue("Ln", (long long)count, (Py_ssize_t)bytes);
}

static PyObject *py_read_strings(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer repeated, offsets, data;
    PyObject *result = NULL;
    int status = NOT_CANONICAL;
    if (!PyArg_ParseTuple(args, "y*w*w*", &repeated, &offsets, &data))
        return NULL;
    if (holds_elements(&offsets, sizeof(int32_t)) && is_apart(&offsets, &repeated) && is_apart(&data, &repeated) &&
        is_apart(&offsets, &data)) {
        if (offsets.len) {
            size_t count = count_of(&offsets, sizeof(int32_t)) - 1;
            Py_BEGIN_ALLOW_THREADS status =
                read_strings(span_of(&repeated), offsets.buf, count, data.buf, (size_t)data.len);
            Py_END_ALLOW_THREADS
        }
        result = PyLong_FromLong(status);
    }
    PyBuffer_Release(&repeated);
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&data);
    return result;
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
    Labels labels = {*(const HashKey *)PyModule_GetState(module), NULL, 0, 0, NULL, 0};
    PyObject *result = NULL;
    int status;
    if (!PyArg_ParseTuple(args, "y*w*", &repeated, &codes))
        return NULL;
    if (holds_elements(&codes, sizeof(int32_t)) && is_apart(&codes, &repeated)) {
        size_t count = count_of(&codes, sizeof(int32_t));
        Py_BEGIN_ALLOW_THREADS status = read_labels(span_of(&repeated), codes.buf, count, &labels);
        Py_END_ALLOW_THREADS
        if (status == 0)
            result = label_list(&labels);
        else if (status == OUT_OF_MEMORY)
            PyErr_NoMemory();
        else
            result = Py_NewRef(Py_None);
    }
    free_labels(&labels);
    PyBuffer_Release(&repeated);
    PyBuffer_Release(&codes);
    return result;
}

static Strings strings_of(const Py_buffer *codes, const Py_buffer *offsets, Span data)
{
    size_t distinct = offsets->len ? count_of(offsets, sizeof(int32_t)) - 1 : 0;
    size_t count = codes->obj != NULL ? count_of(codes, sizeof(int32_t)) : distinct;
    Strings strings = {codes->buf, offsets->buf, count, distinct, data};
    return strings;
}

static PyObject *py_size_of_strings(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer codes, offsets;
    Py_ssize_t bytes;
    PyObject *result = NULL;
    int64_t size;
    if (!PyArg_ParseTuple(args, "z*y*n", &codes, &offsets, &bytes))
        return NULL;
    if (bytes < 0) {
        PyErr_SetString(PyExc_ValueError, "a size must not be negative");
    } else if (holds_elements(&codes, sizeof(int32_t)) && holds_elements(&offsets, sizeof(int32_t))) {
        Span data = {NULL, (size_t)bytes};
        Strings strings = strings_of(&codes, &offsets, data);
        Py_BEGIN_ALLOW_THREADS size = size_of_strings(strings);
        Py_END_ALLOW_THREADS result = PyLong_FromLongLong(size);
    }
    PyBuffer_Release(&codes);
    PyBuffer_Release(&offsets);
    return result;
}

static PyObject *py_write_strings(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer codes, offsets, data, out;
    PyObject *result = NULL;
    const uint8_t *end;
    if (!PyArg_ParseTuple(args, "z*y*y*w*", &codes, &offsets, &data, &out))
        return NULL;
    if (holds_elements(&codes, sizeof(int32_t)) && holds_elements(&offsets, sizeof(int32_t)) &&
        is_apart(&out, &codes) && is_apart(&out, &offsets) && is_apart(&out, &data)) {
        Strings strings = strings_of(&codes, &offsets, span_of(&data));
        uint8_t *start = out.buf;
        Py_BEGIN_ALLOW_THREADS end = write_strings(strings, start, start + out.len);
        Py_END_ALLOW_THREADS result = filled(&out, end);
    }
    PyBuffer_Release(&codes);
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&data);
    PyBuffer_Release(&out);
    return result;
}

static PyMethodDef methods[] = {
    {"count_varints", py_count_varints, METH_O, "count_varints(packed)\n--\n\nThe number of varints."},
    {"read_varints", py_read_varints, METH_VARARGS,
     "read_varints(packed, values, width, null)\n--\n\nThe number of nulls, or -1."},
    {"size_of_varints", py_size_of_varints, METH_VARARGS, "size_of_varints(values, width)\n--\n\n"},
    {"write_varints", py_write_varints, METH_VARARGS, "write_varints(values, width, out)\n--\n\n"},
    {"read_doubles", py_read_doubles, METH_VARARGS, "read_doubles(packed, values)\n--\n\nThe number of nulls, or -1."},
    {"count_strings", py_count_strings, METH_O,
     "count_strings(repeated)\n--\n\nThe number of strings, or -1, and their size in bytes."},
    {"read_strings", py_read_strings, METH_VARARGS, "read_strings(repeated, offsets, data)\n--\n\n0, or -1."},
    {"read_labels", py_read_labels, METH_VARARGS, "read_labels(repeated, codes)\n--\n\nThe labels, or None."},
    {"size_of_strings", py_size_of_strings, METH_VARARGS,
     "size_of_strings(codes, offsets, bytes)\n--\n\nThe size in bytes, or -1. Without codes, all strings in order."},
    {"write_strings", py_write_strings, METH_VARARGS, "write_strings(codes, offsets, data, out)\n--\n\n"},
    {NULL, NULL, 0, NULL},
};

/* Draw the key of the hash tables. */
static int draw_key(PyObject *module)
{
    HashKey *key = PyModule_GetState(module);
    PyObject *os = PyImport_ImportModule("os");
    PyObject *drawn = os == NULL ? NULL : PyObject_CallMethod(os, "urandom", "n", (Py_ssize_t)sizeof *key);
    char *bytes = drawn == NULL ? NULL : PyBytes_AsString(drawn);
    if (bytes != NULL)
        memcpy(key, bytes, sizeof *key);
    Py_XDECREF(drawn);
    Py_XDECREF(os);
    return bytes == NULL ? -1 : 0;
}

static struct PyModuleDef_Slot slots[] = {
    {Py_mod_exec, draw_key},
#if !defined(Py_LIMITED_API) || Py_LIMITED_API >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "tickframe._kernel",
    "Packed varints and repeated strings of the wire, to Arrow buffers and back.",
    sizeof(HashKey),
    methods,
    slots,
    NULL,
    NULL,
    NULL,
};

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}
