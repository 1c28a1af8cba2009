/* Draws of numpy's generators, several times as fast, and the bytes made of them.
 *
 * `twister.h` makes the words of the legacy generator, `normals.h` and `poisson.h` what is drawn of them,
 * `pcg64.h` what is drawn of a newer one. Most of it is decided by a rough value that is known to be near
 * enough, all else as numpy has it. Bounds and their proofs stand there.
 *
 * The loops are plain C that compilers vectorise. On x86-64 there are copies of them for AVX2 and AVX-512,
 * taken where the processor has it; rough values may differ in their last bits, what they decide does not.
 *
 * An extension module of Python's stable ABI. All that comes from Python is checked here: sizes of
 * buffers, the twister's position, ranges of numbers.
 */

#include "../base.h"

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define INLINE static __forceinline
#else
#define INLINE static inline
#endif

#if defined(__GNUC__) && !defined(__clang__)
#define IN_ONE _Pragma("GCC unroll 1") /* a loop that becomes vectors better as it stands */
#else
#define IN_ONE
#endif
#define RESTRICT __restrict
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define FIRST_OF(two) ((uint32_t)((two) >> 32))
#else
#define FIRST_OF(two) ((uint32_t)(two)) /* of two words in a row */
#endif

#define LARGEST_SCALE 1e3
#define LARGEST_NORMAL 100.0 /* none is beyond 13 */

#include "twister.h"
#include "logarithm.h"
#include "normals.h"
#include "poisson.h"
#include "pcg64.h"

/* Grey of RGB pixels as Pillow has it: ITU-R BT.601 in whole numbers of 2^-16, rounded half up. */
INLINE void make_grey(const uint8_t *rgb, int64_t pixels, uint8_t *grey)
{
    int64_t i;
    for (i = 0; i < pixels; i++)
        grey[i] = (uint8_t)((19595u * rgb[3 * i] + 38470u * rgb[3 * i + 1] + 7471u * rgb[3 * i + 2]
                             + 32768u) >> 16);
}

#if defined(__FP_FAST_FMAF)
#define FUSED 1
#else
#define FUSED 0
#endif

/* All copies of what Python may ask for. */

typedef struct {
    const char *name;
    int64_t (*counts)(const uint8_t *, int64_t, int64_t, const Table *, uint32_t *, int *,
                      const uint8_t *, int64_t, uint8_t *);
    void (*noise)(const uint8_t *, int64_t, double, int, uint32_t *, int *, int *, double *, uint8_t *);
    void (*pass)(int64_t, uint32_t *, int *);
    void (*grey)(const uint8_t *, int64_t, uint8_t *);
} Draws;

#define COPIES 4 /* at most, and a null */

#define COPY(NAME, TARGET, ...)                                                                        \
    TARGET static int64_t counts_##NAME(                                                               \
        const uint8_t *levels, int64_t begin, int64_t size, const Table *table, uint32_t *key,         \
        int *position, const uint8_t *byte_of_count, int64_t counts, uint8_t *bytes)                   \
    {                                                                                                  \
        static const Ways ways = {__VA_ARGS__};                                                        \
        return draw_counts(levels, begin, size, table, key, position, byte_of_count, counts, bytes,    \
                           ways);                                                                      \
    }                                                                                                  \
    TARGET static void noise_##NAME(                                                                   \
        const uint8_t *levels, int64_t size, double scale, int in_proportion, uint32_t *key,           \
        int *position, int *has_kept, double *kept, uint8_t *bytes)                                    \
    {                                                                                                  \
        if (in_proportion)                                                                             \
            draw_noise(levels, size, scale, 1, key, position, has_kept, kept, bytes);                  \
        else draw_noise(levels, size, scale, 0, key, position, has_kept, kept, bytes);                 \
    }                                                                                                  \
    TARGET static void pass_##NAME(int64_t pairs, uint32_t *key, int *position)                        \
    {                                                                                                  \
        pass_pairs(pairs, key, position);                                                              \
    }                                                                                                  \
    TARGET static void grey_##NAME(const uint8_t *rgb, int64_t pixels, uint8_t *grey)                  \
    {                                                                                                  \
        make_grey(rgb, pixels, grey);                                                                  \
    }                                                                                                  \
    static const Draws NAME = {#NAME, counts_##NAME, noise_##NAME, pass_##NAME, grey_##NAME};

COPY(plain, , count_below, add_up, FUSED)
#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma,popcnt")))

AVX2 INLINE int count_below_avx2(const uint32_t *sums, const uint32_t *from, uint32_t rate)
{
    __m256i target = _mm256_add_epi32(_mm256_set1_epi32((int)*from), _mm256_set1_epi32((int)rate));
    __m256i first = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)sums), target);
    __m256i second = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(sums + 8)), target);
    int mask = _mm256_movemask_ps(_mm256_castsi256_ps(first));
    return __builtin_popcount(mask | _mm256_movemask_ps(_mm256_castsi256_ps(second)) << 8);
}

AVX2 INLINE void add_up_avx2(const uint32_t *terms, uint32_t *sums)
{
    __m256i before = _mm256_set1_epi32((int)sums[0]);
    int i;
    for (i = 0; i < STEP; i += 8) {
        __m256i sum = _mm256_loadu_si256((const __m256i *)(terms + i)), half;
        sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 4));
        sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 8)); /* in each half */
        half = _mm256_permutevar8x32_epi32(sum, _mm256_set1_epi32(3));
        sum = _mm256_add_epi32(sum, _mm256_blend_epi32(_mm256_setzero_si256(), half, 0xf0));
        sum = _mm256_add_epi32(sum, before);
        _mm256_storeu_si256((__m256i *)(sums + 1 + i), sum);
        before = _mm256_permutevar8x32_epi32(sum, _mm256_set1_epi32(7));
    }
}

AVX512 INLINE void add_up_avx512(const uint32_t *terms, uint32_t *sums)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i sum = _mm512_loadu_si512(terms);
    sum = _mm512_add_epi32(sum, _mm512_alignr_epi32(sum, zero, 15));
    sum = _mm512_add_epi32(sum, _mm512_alignr_epi32(sum, zero, 14));
    sum = _mm512_add_epi32(sum, _mm512_alignr_epi32(sum, zero, 12));
    sum = _mm512_add_epi32(sum, _mm512_alignr_epi32(sum, zero, 8));
    _mm512_storeu_si512(sums + 1, _mm512_add_epi32(sum, _mm512_set1_epi32((int)sums[0])));
}

COPY(avx2, AVX2, count_below_avx2, add_up_avx2, 1)
COPY(avx512, AVX512, count_below_avx2, add_up_avx512, 1)

/* The copies for this processor, the fastest first, and a null. */
static void find_copies(const Draws **copies)
{
    const int needed = __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt"); /* by both */
    if (needed && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        *copies++ = &avx512;
    if (needed && __builtin_cpu_supports("avx2")) *copies++ = &avx2;
    *copies++ = &plain;
    *copies = NULL;
}
#else
static void find_copies(const Draws **copies)
{
    *copies++ = &plain;
    *copies = NULL;
}
#endif

static const Draws *draws = &plain;

/* What Python sees. Buffers are of contiguous bytes; a wrong size is a ValueError. */

static const char *const table_name = "medmnist_c.poisson_table";

/* Lock `object`'s bytes, `size` of them (any number if negative), aligned for items of `item` bytes. */
static int take(PyObject *object, Py_buffer *view, int writable, Py_ssize_t size, size_t item,
                const char *name)
{
    if (PyObject_GetBuffer(object, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) return 0;
    if ((size < 0 || view->len == size) && (uintptr_t)view->buf % item == 0) return 1;
    PyBuffer_Release(view);
    PyErr_Format(PyExc_ValueError, "%s has a wrong size or alignment", name);
    return 0;
}

static int take_key(PyObject *object, Py_buffer *view, int position)
{
    if (position < 0 || position > WORDS) {
        PyErr_Format(PyExc_ValueError, "position must be from 0 to %d, it is %d", WORDS, position);
        return 0;
    }
    return take(object, view, 1, WORDS * sizeof(uint32_t), sizeof(uint32_t), "key");
}

static void free_table(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, table_name));
}

PyDoc_STRVAR(poisson_table_doc,
"poisson_table(rates)\n--\n\n"
"What `draw_poisson` needs of 256 rates (float64, 0 to 1e9), one a level.");

static PyObject *poisson_table(PyObject *self, PyObject *rates)
{
    Py_buffer view;
    PyObject *capsule;
    Table *table;
    double copied[LEVELS];
    int i;
    (void)self;
    if (!take(rates, &view, 0, sizeof copied, 1, "rates")) return NULL;
    memcpy(copied, view.buf, sizeof copied);
    PyBuffer_Release(&view);
    for (i = 0; i < LEVELS; i++) {
        if (!(copied[i] >= 0 && copied[i] <= LARGEST_RATE)) {
            PyErr_SetString(PyExc_ValueError, "rates must be from 0 to 1e9");
            return NULL;
        }
    }
    table = PyMem_Malloc(sizeof *table);
    if (!table) return PyErr_NoMemory();
    make_table(copied, table);
    capsule = PyCapsule_New(table, table_name, free_table);
    if (!capsule) PyMem_Free(table);
    return capsule;
}

PyDoc_STRVAR(draw_poisson_doc,
"draw_poisson(levels, begin, table, key, position, byte_of_count, made)\n--\n\n"
"Draw for levels[begin], levels[begin + 1], ... and put byte_of_count[count], the last of them for\n"
"higher counts, into `made`. Returns the place of the first level that is left to the caller\n"
"(len(levels) if there is none, -1 where the twister cannot be put back) and the twister's\n"
"position there. `key` (624 uint32) is changed in place.");

static PyObject *draw_poisson(PyObject *self, PyObject *args)
{
    PyObject *levels_object, *table_object, *key_object, *bytes_object, *made_object, *result = NULL;
    Py_buffer levels, key, bytes, made;
    Py_ssize_t begin;
    const Table *table;
    int64_t place;
    int position;
    (void)self;
    if (!PyArg_ParseTuple(args, "OnOOiOO", &levels_object, &begin, &table_object, &key_object,
                          &position, &bytes_object, &made_object)) return NULL;
    table = PyCapsule_GetPointer(table_object, table_name);
    if (!table) return NULL;
    if (!take(levels_object, &levels, 0, -1, 1, "levels")) return NULL;
    if (begin < 0 || begin > levels.len) {
        PyErr_SetString(PyExc_ValueError, "begin must be a place in levels");
        goto release_levels;
    }
    if (!take_key(key_object, &key, position)) goto release_levels;
    if (!take(bytes_object, &bytes, 0, -1, 1, "byte_of_count")) goto release_key;
    if (bytes.len < 1) {
        PyErr_SetString(PyExc_ValueError, "byte_of_count must not be empty");
        goto release_bytes;
    }
    if (!take(made_object, &made, 1, levels.len, 1, "made")) goto release_bytes;
    Py_BEGIN_ALLOW_THREADS
    place = draws->counts(levels.buf, begin, levels.len, table, key.buf, &position, bytes.buf, bytes.len,
                          made.buf);
    Py_END_ALLOW_THREADS
    result = Py_BuildValue("Li", (long long)place, position);
    PyBuffer_Release(&made);
release_bytes:
    PyBuffer_Release(&bytes);
release_key:
    PyBuffer_Release(&key);
release_levels:
    PyBuffer_Release(&levels);
    return result;
}

PyDoc_STRVAR(draw_normal_noise_doc,
"draw_normal_noise(levels, scale, in_proportion, key, position, has_kept, kept, made)\n--\n\n"
"Put levels with normal noise of `scale` (0 to 1000) into `made`. Returns the twister's position,\n"
"whether the generator keeps a normal back now, and which. `key` (624 uint32) is changed in place.");

static PyObject *draw_normal_noise(PyObject *self, PyObject *args)
{
    PyObject *levels_object, *key_object, *made_object, *result = NULL;
    Py_buffer levels, key, made;
    double scale, kept;
    int in_proportion, position, has_kept;
    (void)self;
    if (!PyArg_ParseTuple(args, "OdpOipdO", &levels_object, &scale, &in_proportion, &key_object,
                          &position, &has_kept, &kept, &made_object)) return NULL;
    if (!(scale >= 0 && scale <= LARGEST_SCALE) || !(fabs(kept) <= LARGEST_NORMAL)) {
        PyErr_SetString(PyExc_ValueError, "scale must be from 0 to 1000, kept from -100 to 100");
        return NULL;
    }
    if (!take(levels_object, &levels, 0, -1, 1, "levels")) return NULL;
    if (!take_key(key_object, &key, position)) goto release_levels;
    if (!take(made_object, &made, 1, levels.len, 1, "made")) goto release_key;
    Py_BEGIN_ALLOW_THREADS
    draws->noise(levels.buf, levels.len, scale, in_proportion, key.buf, &position, &has_kept, &kept,
               made.buf);
    Py_END_ALLOW_THREADS
    result = Py_BuildValue("iid", position, has_kept, kept);
    PyBuffer_Release(&made);
release_key:
    PyBuffer_Release(&key);
release_levels:
    PyBuffer_Release(&levels);
    return result;
}

PyDoc_STRVAR(pass_normals_doc,
"pass_normals(pairs, key, position)\n--\n\n"
"Pass what 2 `pairs` normals are made of, none being kept back. Returns the twister's position; `key` (624\n"
"uint32) is changed in place.");

static PyObject *pass_normals(PyObject *self, PyObject *args)
{
    PyObject *key_object;
    Py_buffer key;
    long long pairs;
    int position;
    (void)self;
    if (!PyArg_ParseTuple(args, "LOi", &pairs, &key_object, &position)) return NULL;
    if (!take_key(key_object, &key, position)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    draws->pass(pairs, key.buf, &position);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&key);
    return PyLong_FromLong(position);
}

static Wide read_wide(const unsigned char *bytes)
{
    Wide wide = {0, 0};
    int i;
    for (i = 7; i >= 0; i--) {
        wide.low = wide.low << 8 | bytes[i];
        wide.high = wide.high << 8 | bytes[i + 8];
    }
    return wide;
}

PyDoc_STRVAR(draw_impulses_doc,
"draw_impulses(levels, amount, state, increment, made)\n--\n\n"
"Put levels with impulses into `made`; each jumps with the chance `amount` (0 to 1). `state` and\n"
"`increment` are a PCG64's, 16 bytes each, the lowest first. Returns the state after it, as bytes.");

static PyObject *impulses(PyObject *self, PyObject *args)
{
    PyObject *levels_object, *made_object;
    Py_buffer levels, made;
    const unsigned char *state, *increment;
    unsigned char after[16];
    Py_ssize_t state_size, increment_size;
    double amount;
    Wide at, step;
    int i;
    (void)self;
    if (!PyArg_ParseTuple(args, "Ody#y#O", &levels_object, &amount, &state, &state_size, &increment,
                          &increment_size, &made_object)) return NULL;
    if (!(amount >= 0 && amount <= 1) || state_size != 16 || increment_size != 16) {
        PyErr_SetString(PyExc_ValueError, "amount must be from 0 to 1, state and increment 16 bytes");
        return NULL;
    }
    at = read_wide(state);
    step = read_wide(increment);
    if (!take(levels_object, &levels, 0, -1, 1, "levels")) return NULL;
    if (!take(made_object, &made, 1, levels.len, 1, "made")) {
        PyBuffer_Release(&levels);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    at = draw_impulses(levels.buf, levels.len, (uint64_t)(amount * 9007199254740992.0), at, step, made.buf);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&made);
    PyBuffer_Release(&levels);
    for (i = 0; i < 16; i++) after[i] = (unsigned char)((i < 8 ? at.low : at.high) >> i % 8 * 8);
    return PyBytes_FromStringAndSize((const char *)after, 16);
}

PyDoc_STRVAR(grey_of_doc,
"grey_of(rgb, made)\n--\n\nPut the grey of each three bytes into `made`, as Pillow has it.");

static PyObject *grey_of(PyObject *self, PyObject *args)
{
    PyObject *rgb_object, *made_object;
    Py_buffer rgb, made;
    (void)self;
    if (!PyArg_ParseTuple(args, "OO", &rgb_object, &made_object)) return NULL;
    if (!take(made_object, &made, 1, -1, 1, "made")) return NULL;
    if (made.len > PY_SSIZE_T_MAX / 3 || !take(rgb_object, &rgb, 0, 3 * made.len, 1, "rgb")) {
        PyBuffer_Release(&made);
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "made has a wrong size");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    draws->grey(rgb.buf, made.len, made.buf);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&rgb);
    PyBuffer_Release(&made);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(choose_doc,
"choose(name)\n--\n\n"
"Go on with the copy \"plain\", \"avx2\" or \"avx512\" of the loops; returns the name of the one before.\n"
"The bits are the same: this is for tests. A ValueError if the processor lacks it.");

static PyObject *choose(PyObject *self, PyObject *args)
{
    const char *name, *before = draws->name;
    const Draws *copies[COPIES], **copy = copies;
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &name)) return NULL;
    find_copies(copies);
    while (*copy && strcmp(name, (*copy)->name)) copy++;
    if (!*copy) return PyErr_Format(PyExc_ValueError, "there is no copy named %s here", name);
    draws = *copy;
    return PyUnicode_FromString(before);
}

static PyMethodDef methods[] = {
    {"pass_normals", pass_normals, METH_VARARGS, pass_normals_doc},
    {"draw_impulses", impulses, METH_VARARGS, draw_impulses_doc},
    {"grey_of", grey_of, METH_VARARGS, grey_of_doc},
    {"choose", choose, METH_VARARGS, choose_doc},
    {"poisson_table", poisson_table, METH_O, poisson_table_doc},
    {"draw_poisson", draw_poisson, METH_VARARGS, draw_poisson_doc},
    {"draw_normal_noise", draw_normal_noise, METH_VARARGS, draw_normal_noise_doc},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_twister", "Draws of numpy's generators.", 0, methods,
    NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit__twister(void)
{
    const Draws *copies[COPIES];
    find_copies(copies);
    draws = copies[0];
    return PyModuleDef_Init(&module);
}
