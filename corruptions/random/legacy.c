/* Draws of numpy's legacy generator, several times as fast, and the bytes made of them.
 *
 * Uniforms: the Mersenne twister MT19937 (Matsumoto and Nishimura, 1998), 53 bits each. Normals: the
 * polar method (Marsaglia and Bray, SIAM Review 6, 1964), with the C library's logarithm, as numpy has.
 *
 * Poisson counts: an image has 256 levels, so what depends on the rate alone is worked out once a
 * level, not once a draw. Rates below 10: uniforms are multiplied until the product falls below
 * exp(-rate) (Knuth). From 10 on: transformed rejection, PTRS (Hoermann, "The transformed rejection
 * method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993),
 * its last test with the probability of a count from a table in place of logarithms. What a draw does
 * is random, so that a processor's guesses at branches fail: where it can be, all is computed and one
 * branch taken. Where a comparison is so near that the last bits of a logarithm or of another order of
 * adding up could turn it, nothing is decided here: the caller has numpy draw that one count.
 *
 * An extension module of Python's stable ABI. All that comes from Python is checked here: sizes of
 * buffers, the twister's position, ranges of numbers.
 */

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000 /* Python 3.11 */
#endif
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Each operation in double precision and rounded by itself: else the digits are others, and numpy's
 * own draws serve. */
#if defined(__FAST_MATH__) || defined(_M_FP_FAST) || (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "numpy draws these values; here their last bits would differ"
#endif
#if defined(_MSC_VER)
#pragma fp_contract(off)
#elif defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#define WORDS 624
#define SHIFTED 397
#define AHEAD 8 /* uniforms that may be looked at before they are used */
#define LEVELS 256
#define PAIRS 256 /* of normals, at a time */
#define WINDOW 128 /* counts about the rate whose probabilities are worked out beforehand */
#define NEAR 1e-9
#define TOO_NEAR (-1)
#define LARGEST_RATE 1e9
#define LARGEST_SCALE 1e3
#define LARGEST_NORMAL 100.0 /* none is beyond 13 */

/* Uniforms are made a key (WORDS words) at a time. */
typedef struct {
    uint32_t *key;
    uint32_t before[WORDS]; /* the key before the last renewal */
    double uniforms[WORDS + AHEAD];
    int kept, next, end; /* in `uniforms`: where the present draw began, goes on; behind the last one */
    int begin;           /* where those of the present key begin */
    int odd;             /* 1: a uniform's two words straddle two keys */
    uint32_t carried;    /* the first of them */
    int renewed, lost;   /* lost: where the present draw began is not known any more */
} Twister;

typedef struct {
    double rate;
    double above, below; /* small rates: a little more and less than exp(-rate) */
    double a, b, quick, inverse_alpha, log_rate; /* of PTRS */
    double tolerance; /* how near a probability has to be for its error to count */
    int64_t first; /* count of probability[0] */
    double probability[WINDOW];
} Level;

static uint32_t twist(uint32_t upper, uint32_t lower, uint32_t shifted)
{
    uint32_t joined = (upper & 0x80000000u) | (lower & 0x7fffffffu);
    return shifted ^ (joined >> 1) ^ ((0u - (joined & 1u)) & 0x9908b0dfu);
}

static void renew(uint32_t *key)
{
    int i;
    for (i = 0; i < WORDS - SHIFTED; i++) key[i] = twist(key[i], key[i + 1], key[i + SHIFTED]);
    for (; i < WORDS - 1; i++) key[i] = twist(key[i], key[i + 1], key[i + SHIFTED - WORDS]);
    key[i] = twist(key[i], key[0], key[i + SHIFTED - WORDS]);
}

static void temper(const uint32_t *key, uint32_t *words)
{
    int i;
    for (i = 0; i < WORDS; i++) {
        uint32_t y = key[i];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        words[i] = y ^ (y >> 18);
    }
}

/* Append the uniforms of `words`, which begin with a whole one. */
static void append(Twister *twister, const uint32_t *words, int count)
{
    double *uniforms = twister->uniforms + twister->end;
    int i;
    for (i = 0; i < count; i++) {
        int32_t high = (int32_t)(words[2 * i] >> 5), low = (int32_t)(words[2 * i + 1] >> 6);
        uniforms[i] = (high * 67108864.0 + low) * (1.0 / 9007199254740992.0);
    }
    twister->end += count;
}

static void start(Twister *twister, uint32_t *key, int position)
{
    uint32_t words[WORDS];
    twister->key = key;
    twister->kept = twister->next = twister->end = 0;
    twister->renewed = twister->lost = 0;
    twister->odd = (WORDS - position) & 1;
    twister->begin = -(position + twister->odd) / 2;
    temper(key, words);
    append(twister, words + position, (WORDS - position) / 2);
    twister->carried = words[WORDS - 1];
}

/* Make more; those of the present draw are kept. */
static void refill(Twister *twister)
{
    uint32_t words[WORDS], straddling[2];
    int left = twister->end - twister->kept;
    if (left > WORDS / 2) {
        twister->lost = 1;
        twister->kept = twister->next;
        left = twister->end - twister->kept;
    }
    memmove(twister->uniforms, twister->uniforms + twister->kept, left * sizeof(double));
    twister->next -= twister->kept;
    twister->kept = 0;
    twister->begin = twister->end = left;
    memcpy(twister->before, twister->key, sizeof twister->before);
    renew(twister->key);
    twister->renewed = 1;
    temper(twister->key, words);
    if (twister->odd) {
        straddling[0] = twister->carried;
        straddling[1] = words[0];
        append(twister, straddling, 1);
    }
    append(twister, words + twister->odd, WORDS / 2 - twister->odd);
    twister->carried = words[WORDS - 1];
}

/* Have at least AHEAD uniforms from `next` on. */
static inline void look_ahead(Twister *twister)
{
    if (twister->end - twister->next < AHEAD) refill(twister);
}

/* The position of the next word, and its key in place. */
static int stop(Twister *twister)
{
    if (twister->renewed && twister->next <= twister->begin) {
        memcpy(twister->key, twister->before, sizeof twister->before);
        return WORDS - twister->odd - 2 * (twister->begin - twister->next);
    }
    return 2 * (twister->next - twister->begin) - twister->odd;
}

/* ln k!, by Stirling's series; the error is far below NEAR. */
static double log_factorial(int64_t k)
{
    double n = (double)k, inverse, product = 1;
    if (k < 10) {
        for (; k > 1; k--) product *= (double)k;
        return log(product);
    }
    inverse = 1.0 / (n * n);
    return n * log(n) - n + 0.5 * log(6.283185307179586 * n)
        + (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / n;
}

static double probability_of(const Level *level, int64_t count)
{
    return exp(count * level->log_rate - level->rate - log_factorial(count));
}

/* What depends on the rates alone: `table` has room for LEVELS of them. */
static void make_table(const double *rates, Level *table)
{
    int i, k;
    for (i = 0; i < LEVELS; i++) {
        Level *level = &table[i];
        memset(level, 0, sizeof *level);
        level->rate = rates[i];
        if (level->rate < 10) {
            level->above = exp(-level->rate) * (1 + NEAR);
            level->below = exp(-level->rate) * (1 - NEAR);
            continue;
        }
        level->b = 0.931 + 2.53 * sqrt(level->rate);
        level->a = -0.059 + 0.02483 * level->b;
        level->quick = 0.9277 - 3.6224 / (level->b - 2);
        level->inverse_alpha = 1.1239 + 1.1328 / (level->b - 3.4);
        level->log_rate = log(level->rate);
        level->tolerance = NEAR + 1e-14 * level->rate * level->log_rate;
        level->first = (int64_t)level->rate - WINDOW / 2;
        if (level->first < 0) level->first = 0;
        for (k = 0; k < WINDOW; k++) level->probability[k] = probability_of(level, level->first + k);
    }
}

static inline int64_t small_count(const Level *level, Twister *twister)
{
    double above = level->above, below = level->below, product = 1;
    int64_t count = 0;
    for (;;) {
        const double *u;
        double first, second, third, fourth;
        int over, not_under;
        look_ahead(twister);
        u = twister->uniforms + twister->next;
        first = product * u[0];
        second = first * u[1];
        third = second * u[2];
        fourth = third * u[3];
        over = (first > above) + (second > above) + (third > above) + (fourth > above);
        not_under = (first >= below) + (second >= below) + (third >= below) + (fourth >= below);
        if (over != not_under) return TOO_NEAR;
        count += over;
        if (over < 4) {
            twister->next += over + 1;
            return count;
        }
        twister->next += 4;
        product = fourth;
    }
}

static inline int64_t large_count(const Level *level, Twister *twister)
{
    for (;;) {
        double u, v, edge, inverse, place, part, left, right;
        int64_t count, in_window;
        int quick, out, too_near;
        look_ahead(twister);
        u = twister->uniforms[twister->next] - 0.5;
        v = twister->uniforms[twister->next + 1];
        twister->next += 2;
        edge = 0.5 - fabs(u);
        inverse = 1 / edge;
        place = (2 * level->a * inverse + level->b) * u + level->rate + 0.43;
        if (edge < 1e-6) return TOO_NEAR; /* a place far out, of which digits are lost */
        count = (int64_t)(place + 4294967296.0) - 4294967296; /* rounded down */
        part = place - count;
        quick = (edge >= 0.07) & (v <= level->quick);
        out = (count < 0) | ((edge < 0.013) & (v > edge));
        in_window = count - level->first;
        right = level->a * inverse * inverse + level->b;
        if ((uint64_t)in_window < WINDOW) right *= level->probability[in_window];
        else right *= count < 0 ? 0 : probability_of(level, count);
        left = v * level->inverse_alpha * (1 - quick); /* 0: accepted */
        right = right * (1 - out) - out;               /* -1: rejected */
        too_near = (part < NEAR) | (part > 1 - NEAR) | (fabs(v - level->quick) < NEAR)
            | (fabs(left - right) <= level->tolerance * right);
        if (too_near) return TOO_NEAR;
        if (left <= right) return count;
    }
}

/* Draw for levels[begin], levels[begin + 1], ...; returns the place of the first that is left to the
 * caller, `size` if there is none. The twister then stands just before that one's draws. bytes[i]
 * becomes byte_of_count[its count], the last of them for higher counts; nothing if bytes is null.
 * Returns -1 where the twister cannot be put back: a draw of hundreds of uniforms. */
static int64_t draw_counts(const uint8_t *levels, int64_t begin, int64_t size, const Level *table,
                           uint32_t *key, int *position, const uint8_t *byte_of_count,
                           int64_t counts, uint8_t *bytes)
{
    Twister twister;
    int64_t i;
    start(&twister, key, *position);
    for (i = begin; i < size; i++) {
        const Level *level = &table[levels[i]];
        int64_t count = 0;
        twister.kept = twister.next;
        twister.lost = 0;
        if (level->rate > 0)
            count = level->rate < 10 ? small_count(level, &twister) : large_count(level, &twister);
        if (count < 0) {
            if (twister.lost) return -1;
            twister.next = twister.kept;
            break;
        }
        if (bytes) bytes[i] = byte_of_count[count < counts ? count : counts - 1];
    }
    *position = stop(&twister);
    return i;
}

/* The next `pairs` points in the unit circle. */
static void draw_points(Twister *twister, int pairs, double *first, double *second, double *squared)
{
    int i = 0;
    while (i < pairs) {
        double x, y;
        twister->kept = twister->next;
        look_ahead(twister);
        x = 2.0 * twister->uniforms[twister->next] - 1.0;
        y = 2.0 * twister->uniforms[twister->next + 1] - 1.0;
        twister->next += 2;
        first[i] = x;
        second[i] = y;
        squared[i] = x * x + y * y;
        i += squared[i] < 1.0 && squared[i] != 0.0; /* no branch: what it would do is random */
    }
}

/* Cut to a whole number before it is cut to the range: that takes no branch, and is the same. */
static inline uint8_t noisy(double x, double noise, int in_proportion)
{
    int32_t value = (int32_t)((in_proportion ? x + x * noise : x + noise) * 255.0);
    value = value < 0 ? 0 : value;
    return (uint8_t)(value > 255 ? 255 : value);
}

/* levels[i] with normal noise, as bytes: x + scale n, or x + x (scale n) if `in_proportion`, x being
 * the level / 255, cut to 0...1, times 255, cut to a whole number. `kept` is the normal that the
 * generator keeps back, if `has_kept`. */
static void draw_noise(const uint8_t *levels, int64_t size, double scale, int in_proportion,
                       uint32_t *key, int *position, int *has_kept, double *kept, uint8_t *bytes)
{
    double unit[LEVELS], first[PAIRS + 1], second[PAIRS + 1], squared[PAIRS + 1];
    double normals[2 * PAIRS];
    Twister twister;
    int64_t i = 0;
    int pair, j;
    start(&twister, key, *position);
    for (j = 0; j < LEVELS; j++) unit[j] = j / 255.0;
    if (*has_kept && size > 0) {
        bytes[i] = noisy(unit[levels[i]], scale * *kept, in_proportion);
        *has_kept = 0;
        *kept = 0;
        i++;
    }
    while (i < size) {
        int pairs = size - i < 2 * PAIRS ? (int)((size - i + 1) / 2) : PAIRS;
        int count = size - i < 2 * pairs ? 2 * pairs - 1 : 2 * pairs;
        draw_points(&twister, pairs, first, second, squared);
        for (pair = 0; pair < pairs; pair++) {
            double factor = sqrt(-2.0 * log(squared[pair]) / squared[pair]);
            normals[2 * pair] = second[pair] * factor;
            normals[2 * pair + 1] = first[pair] * factor;
        }
        for (j = 0; j < count; j++)
            bytes[i + j] = noisy(unit[levels[i + j]], scale * normals[j], in_proportion);
        i += count;
        if (count < 2 * pairs) {
            *has_kept = 1;
            *kept = normals[count];
        }
    }
    *position = stop(&twister);
}

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
    Level *table;
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
    table = PyMem_Malloc(LEVELS * sizeof(Level));
    if (!table) return PyErr_NoMemory();
    make_table(copied, table);
    capsule = PyCapsule_New(table, table_name, free_table);
    if (!capsule) PyMem_Free(table);
    return capsule;
}

PyDoc_STRVAR(draw_poisson_doc,
"draw_poisson(levels, begin, table, key, position, byte_of_count, made)\n--\n\n"
"Draw for levels[begin], levels[begin + 1], ... and put byte_of_count[count], the last of them for\n"
"higher counts, into `made`; nothing if both are None. Returns the place of the first level that is\n"
"left to the caller (len(levels) if there is none, -1 where the twister cannot be put back) and the\n"
"twister's position there. `key` (624 uint32) is changed in place.");

static PyObject *draw_poisson(PyObject *self, PyObject *args)
{
    PyObject *levels_object, *table_object, *key_object, *bytes_object, *made_object, *result = NULL;
    Py_buffer levels, key, bytes, made;
    Py_ssize_t begin;
    const Level *table;
    int64_t place;
    int position, wanted;
    (void)self;
    if (!PyArg_ParseTuple(args, "OnOOiOO", &levels_object, &begin, &table_object, &key_object,
                          &position, &bytes_object, &made_object)) return NULL;
    wanted = bytes_object != Py_None;
    if (wanted != (made_object != Py_None)) {
        PyErr_SetString(PyExc_ValueError, "byte_of_count and made must both be given, or none");
        return NULL;
    }
    table = PyCapsule_GetPointer(table_object, table_name);
    if (!table) return NULL;
    if (!take(levels_object, &levels, 0, -1, 1, "levels")) return NULL;
    if (begin < 0 || begin > levels.len) {
        PyErr_SetString(PyExc_ValueError, "begin must be a place in levels");
        goto release_levels;
    }
    if (!take_key(key_object, &key, position)) goto release_levels;
    if (wanted) {
        if (!take(bytes_object, &bytes, 0, -1, 1, "byte_of_count")) goto release_key;
        if (bytes.len < 1) {
            PyErr_SetString(PyExc_ValueError, "byte_of_count must not be empty");
            goto release_bytes;
        }
        if (!take(made_object, &made, 1, levels.len, 1, "made")) goto release_bytes;
    }
    Py_BEGIN_ALLOW_THREADS
    place = draw_counts(levels.buf, begin, levels.len, table, key.buf, &position,
                        wanted ? bytes.buf : NULL, wanted ? bytes.len : 0, wanted ? made.buf : NULL);
    Py_END_ALLOW_THREADS
    result = Py_BuildValue("Li", (long long)place, position);
    if (wanted) PyBuffer_Release(&made);
release_bytes:
    if (wanted) PyBuffer_Release(&bytes);
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
    draw_noise(levels.buf, levels.len, scale, in_proportion, key.buf, &position, &has_kept, &kept,
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

static PyMethodDef methods[] = {
    {"poisson_table", poisson_table, METH_O, poisson_table_doc},
    {"draw_poisson", draw_poisson, METH_VARARGS, draw_poisson_doc},
    {"draw_normal_noise", draw_normal_noise, METH_VARARGS, draw_normal_noise_doc},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_twister", "Draws of numpy's legacy generator.", 0, methods,
    NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit__twister(void)
{
    return PyModuleDef_Init(&module);
}
