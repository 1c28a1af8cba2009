/* Noise by the inverse CDF, as `inverse_cdf.py` says, of uniforms that one of numpy's newer generators draws:
 * of each the cell, one of 65,536 (its first 16 bits), then the other bits of those that the cell leaves open. The
 * draws are numpy's in its order, and all operations are those of the Python beside it. */

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

/* A generator of numpy as it shows itself to C (numpy/random/bitgen.h). */
typedef struct {
    void *state;
    uint64_t (*next_uint64)(void *state);
    uint32_t (*next_uint32)(void *state);
    double (*next_double)(void *state);
    uint64_t (*next_raw)(void *state);
} Generator;

/* Four cells of 64 bits each. Room for a multiple of four. */
INLINE void draw_cells(const Generator *generator, int64_t count, uint16_t *cells)
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

INLINE ptrdiff_t rest_of_chunk(int64_t left)
{
    return left < CHUNK ? (ptrdiff_t)(left & (CHUNK - 1)) : CHUNK; /* so that compilers see its bounds */
}

/* The places where `open` is not 0, from `first` on. */
INLINE int64_t places_of(const uint8_t *open, int64_t count, int64_t first, int64_t *places)
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

INLINE int32_t whole_below(float x)
{
    int32_t cut = (int32_t)x;
    return cut - (x < (float)cut);
}

INLINE int32_t saturated(int32_t x)
{
    x = x > -BEYOND ? x : -BEYOND;
    return x < BEYOND ? x : BEYOND;
}

/* Levels with normal noise; ends[c] and ends[c + 1] are the normals at the ends of cell c. The places that are
 * left open, and their uniforms, times CELLS: returns how many. `cells` has room for BLOCK. */
INLINE int64_t cell_noise(const uint8_t *levels, int64_t size, const float *ends, float scale, float doubt,
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
INLINE void cell_mask(int64_t size, int32_t whole, double rest, const Generator *generator, uint16_t *cells,
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

INLINE int32_t place_in_guide(uint8_t level, uint16_t cell)
{
    return level << GUIDE_BITS | cell >> (CELL_BITS - GUIDE_BITS);
}

/* Bytes by distributions: guide[level, leading bits of the cell], or -1 - the least index in `values`: then the
 * other 37 bits are drawn and the keys of the level asked. guide_fits said that no index is too large. `cells` and
 * `places` have room for all. */
INLINE void cell_bytes(const uint8_t *levels, int64_t size, const int16_t *guide, const int64_t *keys,
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
INLINE int guide_fits(const int16_t *guide, int64_t values_count)
{
    int32_t least = 0;
    ptrdiff_t i;
    for (i = 0; i < LEVELS * GUIDE_SIZE; i++) least = guide[i] < least ? guide[i] : least;
    return -least <= values_count;
}

/* Distribution functions of Poisson counts as 53-bit numbers: keys[level, i] for counts[i], rising; the last
 * of a level is 2^53. terms[level] are exp(-rate). */
INLINE void poisson_keys(const double *rates, const double *terms, const int64_t *counts, int64_t keys_count,
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
INLINE void make_guide(const int64_t *keys, const uint8_t *values, int64_t values_count, int16_t *guide)
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
