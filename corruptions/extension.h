/* What extension modules share: copies of functions for several kinds of processors, and buffers from Python, whose
 * sizes are checked. */

#include "base.h"

/* glibc and GCC choose among copies of a function when it is loaded. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define COPIES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define COPIES
#endif

/* The places where `open`, which has room for 8 more, is not 0; counted from `first` on. Returns how many. */
static inline int64_t places_of(const uint8_t *open, int64_t count, int64_t first, int64_t *places)
{
    int64_t i, j, found = 0;
    for (i = 0; i < count; i += 8) {
        uint64_t some;
        memcpy(&some, open + i, sizeof some);
        if (!some) continue;
        for (j = i; j < i + 8 && j < count; j++) {
            places[found] = first + j;
            found += open[j] != 0;
        }
    }
    return found;
}

typedef struct {
    PyObject *object;
    const char *name;
    size_t item;      /* bytes of a number */
    Py_ssize_t items; /* any number if negative */
    int writable;
} Wanted;

static void release(Py_buffer *views, int count)
{
    while (count--) PyBuffer_Release(&views[count]);
}

/* Lock the bytes of all that is wanted; a wrong size is a ValueError, and nothing is locked then. */
static int take(const Wanted *wanted, int count, Py_buffer *views)
{
    int i;
    for (i = 0; i < count; i++) {
        const Wanted *one = &wanted[i];
        if (PyObject_GetBuffer(one->object, &views[i], one->writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) break;
        if (views[i].len % one->item == 0 && (uintptr_t)views[i].buf % one->item == 0
            && (one->items < 0 || views[i].len / (Py_ssize_t)one->item == one->items)) continue;
        PyErr_Format(PyExc_ValueError, "%s has a wrong size or alignment", one->name);
        PyBuffer_Release(&views[i]);
        break;
    }
    if (i == count) return 1;
    release(views, i);
    return 0;
}

static PyObject *refuse(const char *sentence)
{
    PyErr_SetString(PyExc_ValueError, sentence);
    return NULL;
}
