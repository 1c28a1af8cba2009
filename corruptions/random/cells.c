/* Noise by the inverse CDF, as `inverse_cdf.py` says, of uniforms that one of numpy's newer generators draws:
 * of each the cell, one of 65,536 (its first 16 bits), then the other bits of those that the cell leaves open. The
 * draws are numpy's in its order, and all operations are those of the Python there: the bytes are the same.
 *
 * Plain C that compilers vectorise. All that comes from Python is checked here.
 */

#include "../extension.h"

#define LEVELS 256
#define CELLS 65536
#define CELL_BITS 16
#define UNIFORM_BITS 53
#define GUIDE_BITS 8
#define GUIDE_SIZE (1 << GUIDE_BITS)
#define BEYOND 256 /* noise that saturates every level */
#define ONE (INT64_C(1) << UNIFORM_BITS)
#define LEVELS_AT_ONCE 8
#define CHUNK 4096 /* pixels a step: what is made on the way stays in the cache */
#define BLOCK 32768 /* pixels whose cells are drawn before their other bits */
#define LARGEST_SCALE 255e3

/* A generator of numpy as it shows itself to C (numpy/random/bitgen.h). */
typedef struct {
    void *state;
    uint64_t (*next_uint64)(void *state);
    uint32_t (*next_uint32)(void *state);
    double (*next_double)(void *state);
    uint64_t (*next_raw)(void *state);
} Generator;

/* Four cells of 64 bits each. Room for a multiple of four. */
static inline void draw_cells(const Generator *generator, int64_t count, uint16_t *cells)
{
    int64_t i;
    for (i = 0; i < count; i += 4) {
        const uint64_t word = generator->next_uint64(generator->state);
        cells[i] = (uint16_t)word;
        cells[i + 1] = (uint16_t)(word >> 16);
        cells[i + 2] = (uint16_t)(word >> 32);
        cells[i + 3] = (uint16_t)(word >> 48);
    }
}

static inline ptrdiff_t rest_of_chunk(int64_t left)
{
    return left < CHUNK ? (ptrdiff_t)(left & (CHUNK - 1)) : CHUNK; /* so that compilers see its bounds */
}

static inline int32_t whole_below(float x)
{
    int32_t cut = (int32_t)x;
    return cut - (x < (float)cut);
}

static inline int32_t saturated(int32_t x)
{
    x = x > -BEYOND ? x : -BEYOND;
    return x < BEYOND ? x : BEYOND;
}

/* Levels with normal noise; ends[c] and ends[c + 1] are the normals at the ends of cell c. The places that are
 * left open, and their uniforms, times CELLS: returns how many. `cells` has room for BLOCK. */
COPIES static int64_t cell_noise(const uint8_t *levels, int64_t size, const float *ends, float scale, float doubt,
                          int in_proportion, const Generator *generator, uint16_t *cells, uint8_t *made,
                          int64_t *places, double *uniforms)
{
    uint8_t open[CHUNK + 8];
    float both[2 * CHUNK];
    int32_t low[CHUNK];
    int64_t first, found = 0, drawn = 0;
    for (first = 0; first < size; first += CHUNK) {
        const ptrdiff_t count = rest_of_chunk(size - first);
        const uint8_t *level = levels + first;
        const uint16_t *cell = cells + first % BLOCK;
        ptrdiff_t i;
        if (first % BLOCK == 0) draw_cells(generator, size - first < BLOCK ? size - first : BLOCK, cells);
        for (i = 0; i < count; i++) /* two neighbours in one load */
            memcpy(both + 2 * i, ends + cell[i], 2 * sizeof *both);
        for (i = 0; i < count; i++) {
            const float least = both[2 * i] * scale, greatest = both[2 * i + 1] * scale;
            int32_t high;
            if (in_proportion) {
                const float value = (float)(int32_t)level[i];
                low[i] = (int32_t)(value * (1.0f + least - doubt));
                high = (int32_t)(value * (1.0f + greatest + doubt));
            } else {
                low[i] = saturated(whole_below(least - doubt));
                high = saturated(whole_below(greatest + doubt));
            }
            open[i] = (uint8_t)(low[i] != high);
        }
        for (i = 0; i < count; i++) {
            int32_t value = in_proportion ? low[i] : low[i] + (int32_t)level[i];
            value = value > 0 ? value : 0;
            made[first + i] = (uint8_t)(value < 255 ? value : 255);
        }
        memset(open + count, 0, 8);
        found += places_of(open, count, first, places + found);
        if (first + count == size || (first + count) % BLOCK == 0)
            for (; drawn < found; drawn++)
                uniforms[drawn] = (double)cells[places[drawn] % BLOCK] + generator->next_double(generator->state);
    }
    return found;
}

/* 255 where a uniform is (whole + rest) / CELLS or less, else 0. `cells` and `places` have room for all. */
COPIES static void cell_mask(int64_t size, int32_t whole, double rest, const Generator *generator, uint16_t *cells,
                      int64_t *places, uint8_t *mask)
{
    uint8_t open[CHUNK + 8];
    int64_t first, found = 0, i;
    draw_cells(generator, size, cells);
    for (first = 0; first < size; first += CHUNK) {
        const ptrdiff_t count = rest_of_chunk(size - first);
        ptrdiff_t j;
        for (j = 0; j < count; j++) {
            const int32_t cell = cells[first + j];
            mask[first + j] = (uint8_t)-(cell < whole);
            open[j] = (uint8_t)(cell == whole);
        }
        memset(open + count, 0, 8);
        found += places_of(open, count, first, places + found);
    }
    for (i = 0; i < found; i++) mask[places[i]] = (uint8_t)-(generator->next_double(generator->state) <= rest);
}

static inline int32_t place_in_guide(uint8_t level, uint16_t cell)
{
    return level << GUIDE_BITS | cell >> (CELL_BITS - GUIDE_BITS);
}

/* Bytes by distributions: guide[level, leading bits of the cell], or -1 - the least index in `values`: then the
 * other 37 bits are drawn and the keys of the level asked. guide_fits said that no index is too large. `cells` and
 * `places` have room for all. */
COPIES static void cell_bytes(const uint8_t *levels, int64_t size, const int16_t *guide, const int64_t *keys,
                       const uint8_t *values, int64_t values_count, const Generator *generator,
                       uint16_t *cells, int64_t *places, uint8_t *made)
{
    uint8_t open[CHUNK + 8];
    int16_t in_guide[CHUNK]; /* first where in it, then what stands there */
    const int64_t last = values_count - 1;
    int64_t first, found = 0, i;
    draw_cells(generator, size, cells);
    for (first = 0; first < size; first += CHUNK) {
        const ptrdiff_t count = rest_of_chunk(size - first);
        ptrdiff_t j;
        for (j = 0; j < count; j++) in_guide[j] = (int16_t)place_in_guide(levels[first + j], cells[first + j]);
        for (j = 0; j < count; j++) in_guide[j] = guide[(uint16_t)in_guide[j]];
        for (j = 0; j < count; j++) {
            made[first + j] = (uint8_t)in_guide[j];
            open[j] = (uint8_t)(in_guide[j] < 0);
        }
        memset(open + count, 0, 8);
        found += places_of(open, count, first, places + found);
    }
    for (i = 0; i < found; i++) {
        const int64_t place = places[i];
        const int64_t rest = (int64_t)(generator->next_uint64(generator->state) >> (64 - UNIFORM_BITS + CELL_BITS));
        const int64_t u = (int64_t)cells[place] << (UNIFORM_BITS - CELL_BITS) | rest;
        const int64_t *own = keys + levels[place] * values_count;
        int64_t index = -1 - guide[place_in_guide(levels[place], cells[place])];
        int passed = 1, step;
        for (step = 0; step < 3; step++) { /* without a branch: whether they are passed is random */
            passed &= (index < last) & (own[index] <= u);
            index += passed;
        }
        if (passed)
            while (index < last && own[index] <= u) index++;
        made[place] = values[index];
    }
}

/* Whether all indices in a guide are of `values_count` values. */
static int guide_fits(const int16_t *guide, int64_t values_count)
{
    int32_t least = 0;
    ptrdiff_t i;
    for (i = 0; i < LEVELS * GUIDE_SIZE; i++) least = guide[i] < least ? guide[i] : least;
    return -least <= values_count;
}

/* Distribution functions of Poisson counts as 53-bit numbers: keys[level, i] for counts[i], rising; the last
 * of a level is 2^53. terms[level] are exp(-rate). */
COPIES static void poisson_keys(const double *rates, const double *terms, const int64_t *counts, int64_t keys_count,
                         int64_t *keys)
{
    ptrdiff_t first, lane;
    for (first = 0; first < LEVELS; first += LEVELS_AT_ONCE) {
        double sums[LEVELS_AT_ONCE], term[LEVELS_AT_ONCE];
        int64_t count = 0, i, key[LEVELS_AT_ONCE] = {0};
        memcpy(term, terms + first, sizeof term);
        memcpy(sums, term, sizeof sums);
        for (i = 0; i < keys_count; i++) {
            for (; count < counts[i]; count++) {
                const double next = (double)(count + 1);
                for (lane = 0; lane < LEVELS_AT_ONCE; lane++) term[lane] *= rates[first + lane] / next;
                for (lane = 0; lane < LEVELS_AT_ONCE; lane++) sums[lane] += term[lane];
            }
            for (lane = 0; lane < LEVELS_AT_ONCE; lane++) {
                const int64_t own = (int64_t)nearbyint(sums[lane] * 9007199254740992.0);
                key[lane] = own > key[lane] ? own : key[lane];
                key[lane] = key[lane] < ONE ? key[lane] : ONE;
                keys[(first + lane) * (keys_count + 1) + i] = key[lane];
            }
        }
        for (lane = 0; lane < LEVELS_AT_ONCE; lane++) keys[(first + lane) * (keys_count + 1) + keys_count] = ONE;
    }
}

/* The guide of 256 distributions: by level and leading bits of u the byte, or -1 - the index that it has at
 * least, if it is another at the other end. */
static void make_guide(const int64_t *keys, const uint8_t *values, int64_t values_count, int16_t *guide)
{
    ptrdiff_t level, cell;
    for (level = 0; level < LEVELS; level++) {
        const int64_t *own = keys + level * values_count;
        int16_t *cells = guide + level * GUIDE_SIZE;
        int64_t index;
        for (index = 0, cell = 0; index < values_count; index++) {
            /* The first cell whose u are all beyond the key; the one before it has some on each side. */
            const int64_t beyond = index == values_count - 1
                ? GUIDE_SIZE + 1
                : (own[index] + (INT64_C(1) << (UNIFORM_BITS - GUIDE_BITS)) - 1) >> (UNIFORM_BITS - GUIDE_BITS);
            for (; cell < beyond - 1 && cell < GUIDE_SIZE; cell++) cells[cell] = values[index];
            if (cell == beyond - 1 && cell < GUIDE_SIZE) cells[cell++] = (int16_t)(-1 - index);
        }
    }
}

/* What Python sees. A generator comes as the capsule that it shows to C. */

static const Generator *generator_of(PyObject *capsule)
{
    return PyCapsule_GetPointer(capsule, "BitGenerator");
}

/* Room for the places and the cells of so many pixels in one piece, the places first. */
static void *room_for(Py_ssize_t size)
{
    void *room = NULL;
    if (size < PY_SSIZE_T_MAX / 16) room = PyMem_Malloc((size_t)size * 10 + 64);
    if (!room) PyErr_NoMemory();
    return room;
}

PyDoc_STRVAR(cell_noise_doc,
"cell_noise(levels, ends, scale, doubt, in_proportion, generator, made, places, uniforms)\n--\n\n"
"Put levels with normal noise into `made`. `ends`: float32, 65,537. Returns of how many pixels the place (int64)\n"
"and the uniform times 65,536 (float64) were put into `places` and `uniforms`, which have room for all: these are\n"
"left to the caller.");

static PyObject *ask_cell_noise(PyObject *self, PyObject *args)
{
    PyObject *levels, *ends, *capsule, *made, *places, *uniforms;
    Py_buffer views[5];
    const Generator *generator;
    uint16_t *cells;
    Py_ssize_t size;
    float scale, doubt;
    int in_proportion;
    int64_t found = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOffpOOOO", &levels, &ends, &scale, &doubt, &in_proportion, &capsule, &made,
                          &places, &uniforms)) return NULL;
    if (!(generator = generator_of(capsule)) || (size = PyObject_Length(levels)) < 0) return NULL;
    if (!(scale >= 0 && scale <= LARGEST_SCALE) || !(doubt >= 0 && doubt <= 1))
        return refuse("scale must be from 0 to 255,000, doubt from 0 to 1");
    {
        const Wanted wanted[] = {{levels, "levels", 1, size, 0}, {ends, "ends", 4, CELLS + 1, 0},
                                 {made, "made", 1, size, 1}, {places, "places", 8, size, 1},
                                 {uniforms, "uniforms", 8, size, 1}};
        if (!take(wanted, 5, views)) return NULL;
    }
    if ((cells = room_for(BLOCK))) {
        Py_BEGIN_ALLOW_THREADS
        found = cell_noise(views[0].buf, size, views[1].buf, scale, doubt, in_proportion, generator, cells,
                           views[2].buf, views[3].buf, views[4].buf);
        Py_END_ALLOW_THREADS
        PyMem_Free(cells);
    }
    release(views, 5);
    return cells ? PyLong_FromLongLong(found) : NULL;
}

PyDoc_STRVAR(cell_mask_doc,
"cell_mask(whole, rest, generator, made)\n--\n\n"
"Put 255 into `made` where a uniform is (whole + rest) / 65,536 or less, else 0.");

static PyObject *ask_cell_mask(PyObject *self, PyObject *args)
{
    PyObject *capsule, *made;
    Py_buffer view;
    const Generator *generator;
    int64_t *places;
    double rest;
    int whole;
    (void)self;
    if (!PyArg_ParseTuple(args, "idOO", &whole, &rest, &capsule, &made)) return NULL;
    if (!(generator = generator_of(capsule))) return NULL;
    {
        const Wanted wanted = {made, "made", 1, -1, 1};
        if (!take(&wanted, 1, &view)) return NULL;
    }
    if ((places = room_for(view.len))) {
        Py_BEGIN_ALLOW_THREADS
        cell_mask(view.len, whole, rest, generator, (uint16_t *)(places + view.len), places, view.buf);
        Py_END_ALLOW_THREADS
        PyMem_Free(places);
    }
    PyBuffer_Release(&view);
    return places ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(cell_bytes_doc,
"cell_bytes(levels, guide, keys, values, generator, made)\n--\n\n"
"Put a byte for each of the levels into `made`, from its distribution: `guide` (int16, 65,536) as `guide_of`\n"
"makes it of `keys` (int64) and `values` (uint8).");

static PyObject *ask_cell_bytes(PyObject *self, PyObject *args)
{
    PyObject *levels, *guide, *keys, *values, *capsule, *made, *result = NULL;
    Py_buffer views[5];
    const Generator *generator;
    int64_t *places;
    Py_ssize_t size, count;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOO", &levels, &guide, &keys, &values, &capsule, &made)) return NULL;
    if (!(generator = generator_of(capsule)) || (size = PyObject_Length(levels)) < 0
        || (count = PyObject_Length(values)) < 0) return NULL;
    if (count < 1 || count > LEVELS) return refuse("values are 1 to 256");
    {
        const Wanted wanted[] = {{levels, "levels", 1, size, 0}, {guide, "guide", 2, LEVELS * GUIDE_SIZE, 0},
                                 {keys, "keys", 8, LEVELS * count, 0}, {values, "values", 1, count, 0},
                                 {made, "made", 1, size, 1}};
        if (!take(wanted, 5, views)) return NULL;
    }
    if (!guide_fits(views[1].buf, count)) refuse("the guide is of more values");
    else if ((places = room_for(size))) {
        Py_BEGIN_ALLOW_THREADS
        cell_bytes(views[0].buf, size, views[1].buf, views[2].buf, views[3].buf, count, generator,
                   (uint16_t *)(places + size), places, views[4].buf);
        Py_END_ALLOW_THREADS
        PyMem_Free(places);
        result = Py_NewRef(Py_None);
    }
    release(views, 5);
    return result;
}

PyDoc_STRVAR(poisson_keys_doc,
"poisson_keys(rates, terms, counts, keys)\n--\n\n"
"Put the distribution functions of 256 rates (float64) at `counts` (int64, rising) into `keys` (int64, 256\n"
"times one more than the counts) as 53-bit numbers, 2^53 last. `terms` are exp(-rate).");

static PyObject *ask_poisson_keys(PyObject *self, PyObject *args)
{
    PyObject *rates, *terms, *counts, *keys, *result = NULL;
    Py_buffer views[4];
    const int64_t *asked;
    Py_ssize_t count, i;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &rates, &terms, &counts, &keys)) return NULL;
    if ((count = PyObject_Length(counts)) < 0) return NULL;
    if (count >= LEVELS) return refuse("counts are at most 255");
    {
        const Wanted wanted[] = {{rates, "rates", 8, LEVELS, 0}, {terms, "terms", 8, LEVELS, 0},
                                 {counts, "counts", 8, count, 0}, {keys, "keys", 8, LEVELS * (count + 1), 1}};
        if (!take(wanted, 4, views)) return NULL;
    }
    asked = views[2].buf;
    for (i = 0; i < count; i++)
        if (asked[i] < (i ? asked[i - 1] : 0) || asked[i] > 1000000) break;
    if (i != count) refuse("counts must rise, from 0 to 1,000,000");
    else {
        Py_BEGIN_ALLOW_THREADS
        poisson_keys(views[0].buf, views[1].buf, asked, count, views[3].buf);
        Py_END_ALLOW_THREADS
        result = Py_NewRef(Py_None);
    }
    release(views, 4);
    return result;
}

PyDoc_STRVAR(guide_of_doc,
"guide_of(keys, values, guide)\n--\n\n"
"Put into `guide` (int16, 65,536) what `cell_bytes` needs of 256 distributions.");

static PyObject *ask_guide_of(PyObject *self, PyObject *args)
{
    PyObject *keys, *values, *guide;
    Py_buffer views[3];
    Py_ssize_t count;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &keys, &values, &guide)) return NULL;
    if ((count = PyObject_Length(values)) < 0) return NULL;
    if (count < 1 || count > LEVELS) return refuse("values are 1 to 256");
    {
        const Wanted wanted[] = {{keys, "keys", 8, LEVELS * count, 0}, {values, "values", 1, count, 0},
                                 {guide, "guide", 2, LEVELS * GUIDE_SIZE, 1}};
        if (!take(wanted, 3, views)) return NULL;
    }
    make_guide(views[0].buf, views[1].buf, count, views[2].buf);
    release(views, 3);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"cell_noise", ask_cell_noise, METH_VARARGS, cell_noise_doc},
    {"cell_mask", ask_cell_mask, METH_VARARGS, cell_mask_doc},
    {"cell_bytes", ask_cell_bytes, METH_VARARGS, cell_bytes_doc},
    {"poisson_keys", ask_poisson_keys, METH_VARARGS, poisson_keys_doc},
    {"guide_of", ask_guide_of, METH_VARARGS, guide_of_doc},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_cells", "Noise of seeded generators.", 0, methods, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit__cells(void)
{
    return PyModuleDef_Init(&module);
}
