/* Bytes with normal noise. Normals: the polar method (Marsaglia and Bray, SIAM Review 6, 1964), with the
 * C library's logarithm, as numpy has it: of two uniforms X = 2u - 1, Y = 2u' - 1 with S = X^2 + Y^2
 * inside the unit circle, first n = Y f, then n = X f, f = sqrt(-2 ln S / S).
 *
 * A byte is a value rounded down, so that a rough n decides nearly all of them. All is computed in
 * float32, of the first word of each uniform alone; only where that leaves two bytes open, the doubles are
 * made and the byte is numpy's. How far off a rough n is at most (letters with a wave are the rough ones,
 * r = 2^-24 is a float32's relative rounding):
 *
 *  1. X~ is the first word as a signed number, times 2^-31. X 2^31 differs from it by less than 32
 *     (5 bits that are not X's, 26 that are missing), and it is rounded to 24 bits:
 *     |X~ - X| < 2^-26 + r |X|. The same for Y.
 *  2. S~ = X~^2 + Y~^2, two roundings on each way: |S~ - S| < 2 (|X| + |Y|) 2^-26 + 4 r S, and more
 *     roughly, with |X| + |Y| <= sqrt(2 S): |S~ - S| < 2^-24.5 sqrt(S) + 2^-22 S, up to terms of 1e-14.
 *     (What numpy rounds, in double, is 1e-16 and in the margins below.)
 *  3. Inside the circle or not: at S near 1 the sum above is below 2.9e-7. If |S~ - 1| < 1e-6 the
 *     doubles decide, otherwise S~ decides as S does. S = 0 is decided by the doubles too (5.).
 *  4. f(S~) against f(S): f' / f = -(1 + 1 / -ln S) / (2 S), so n changes by at most
 *     |n| (1 + 1 / -ln S) |S~ - S| / (2 S), where |n| <= sqrt(-2 ln S). At S = 2^-10 this is
 *     3.73 x 1.15 x 8.0e-7 = 3.4e-6, in between less, at S = 1 - 2^-10, where |n| <= 0.0443 and
 *     1 / -ln S = 1024, 0.0443 x 1025 x 1.45e-7 = 6.6e-6.
 *  5. Outside 2^-10 < S~ < 1 - 2^-10 (one pair in 500) the doubles are used throughout: the rough n is
 *     not a number there.
 *  6. f~ as computed is off by less than 5e-7 f (quotient, root and `log_near`; all floats were compared),
 *     Y~ by 2^-26 + r |Y|, the product by r: together below 3.73 x 6.3e-7 + 2^-26 f = 2.3e-6 + 1.8e-6,
 *     f being below 119 at S = 2^-10 and |n| 3.73 there; at S = 1 - 2^-10 it is 5e-8.
 *  So |n~ - n| < 8e-6; 1.2e-5 is used.
 *  7. v = a + b n, in levels: a the level, b = 255 scale, or the level times scale. b~ is off by 2 r b,
 *     the product by r, the sum by r (|a| + |b n|), |n~| <= 3.74: 4 x 3.74 r b + r a < 1e-6 b + 6e-8 a.
 *  So |v~ - v| < 1.3e-5 b + 6e-8 a. The bound below, 1.6e-5 b + 2.5e-7 a, has room for its own
 *  roundings and those of v~ -+ bound, and for what numpy rounds in double (below 1e-12 of a and b n).
 *  If both ends, cut to the range, have the same whole part, it is numpy's byte.
 */

#define PAIRS (ROW / 4)
#define LEAST_SQUARE 0.0009765625f
#define LARGEST_SQUARE 0.9990234375f
#define SQUARE_ERROR 1e-6f
#define NORMAL_ERROR 1.6e-5f
#define LEVEL_ERROR 2.5e-7f

/* The pair of uniforms from raw[0] on, as numpy has it: whether it is inside the circle. */
INLINE int exact_point(const uint32_t *raw, double *x, double *y, double *squared)
{
    *x = 2.0 * uniform_of(raw) - 1.0;
    *y = 2.0 * uniform_of(raw + 2) - 1.0;
    *squared = *x * *x + *y * *y;
    return *squared < 1.0 && *squared != 0.0;
}

INLINE void exact_normals(const uint32_t *raw, double *first, double *second)
{
    double x, y, squared, factor;
    exact_point(raw, &x, &y, &squared);
    factor = sqrt(-2.0 * log(squared) / squared);
    *first = y * factor;
    *second = x * factor;
}

/* The points (X, Y) of the words from `raw` on, and which are inside the circle. */
INLINE void draw_points(const uint32_t *raw, int pairs, float *points, float *squares, int32_t *inside)
{
    int32_t unsure = 0;
    ptrdiff_t i;
    for (i = 0; i < 2 * pairs; i++)
        points[i] = (float)(int32_t)(temper(raw[2 * i]) ^ 0x80000000u) * (1.0f / 2147483648.0f);
    for (i = 0; i < pairs; i++) {
        float x = points[2 * i], y = points[2 * i + 1], square = x * x + y * y;
        squares[i] = square;
        inside[i] = square < 1.0f;
        unsure |= fabsf(square - 1.0f) < SQUARE_ERROR;
        unsure |= square < SQUARE_ERROR;
    }
    for (i = 0; unsure && i < pairs; i++) {
        double x, y, squared;
        inside[i] = exact_point(raw + 4 * i, &x, &y, &squared);
    }
}

/* In place of the points: their rough normals, first and second. */
INLINE void make_normals(float *points, const float *squares, int pairs)
{
    ptrdiff_t i;
    for (i = 0; i < pairs; i++) {
        float square = squares[i], x = points[2 * i], y = points[2 * i + 1];
        float factor = sqrtf(-2.0f * log_near(square) / square);
        int rough = (square > LEAST_SQUARE) & (square < LARGEST_SQUARE);
        factor = rough ? factor : NAN;
        points[2 * i] = y * factor;
        points[2 * i + 1] = x * factor;
    }
}

/* The normals of the first `most` pairs that are inside the circle, and which pairs these are; returns how
 * many there are. */
INLINE int keep_inside(const float *normals, const int32_t *inside, int pairs, int most, float *kept,
                       uint16_t *which)
{
    ptrdiff_t i;
    int count = 0;
    for (i = 0; i < pairs; i++) {
        memcpy(kept + 2 * count, normals + 2 * i, 2 * sizeof *kept);
        which[count] = (uint16_t)i;
        count += inside[i]; /* no branch: what it would do is random */
    }
    return count < most ? count : most;
}

/* Rounded down to the range. Not a number: `otherwise`. */
INLINE int32_t cut_low(float v)
{
    v = v > 0.0f ? v : 0.0f; /* not a number: 0 */
    return (int32_t)(v < 255.0f ? v : 255.0f);
}

INLINE int32_t cut_high(float v)
{
    v = v < 255.0f ? v : 255.0f; /* not a number: 255 */
    return (int32_t)(v > 0.0f ? v : 0.0f);
}

/* Bytes of rough normals; open[i]: it may be another byte. */
INLINE void make_bytes(const uint8_t *levels, const float *normals, int count, float scale,
                       int in_proportion, uint8_t *bytes, uint8_t *open)
{
    ptrdiff_t i;
    for (i = 0; i < count; i++) {
        float level = (float)(int32_t)levels[i];
        float factor = in_proportion ? level * scale : 255.0f * scale;
        float value = level + factor * normals[i];
        float error = factor * NORMAL_ERROR + level * LEVEL_ERROR;
        int32_t low = cut_low(value - error), high = cut_high(value + error);
        bytes[i] = (uint8_t)low;
        open[i] = (uint8_t)(high - low);
    }
}

/* As numpy computes it. Cut to a whole number before it is cut to the range: that is the same. */
INLINE uint8_t exact_byte(uint8_t level, double normal, double scale, int in_proportion)
{
    double x = level / 255.0, noise = scale * normal;
    int32_t value = (int32_t)((in_proportion ? x + x * noise : x + noise) * 255.0);
    value = value < 0 ? 0 : value;
    return (uint8_t)(value > 255 ? 255 : value);
}

INLINE void repair(const uint32_t *raw, const uint16_t *which, const uint8_t *levels, int count,
                   double scale, int in_proportion, uint8_t *bytes, const uint8_t *open)
{
    int i, j;
    for (i = 0; i < count; i += 8) {
        uint64_t some;
        memcpy(&some, open + i, sizeof some);
        if (!some) continue;
        for (j = i; j < i + 8 && j < count; j++) {
            double normals[2];
            if (!open[j]) continue;
            exact_normals(raw + 4 * which[j / 2], &normals[0], &normals[1]);
            bytes[j] = exact_byte(levels[j], normals[j % 2], scale, in_proportion);
        }
    }
}

/* levels[i] with normal noise, as bytes: x + scale n, or x + x (scale n) if `in_proportion`, x being
 * the level / 255, cut to 0...1, times 255, cut to a whole number. `kept` is the normal that the
 * generator keeps back, if `has_kept`. */
INLINE void draw_noise(const uint8_t *levels, int64_t size, double scale, int in_proportion,
                       uint32_t *key, int *position, int *has_kept, double *kept, uint8_t *bytes)
{
    Twister twister;
    float points[2 * PAIRS], squares[PAIRS], normals[2 * PAIRS + 2];
    int32_t inside[PAIRS];
    uint16_t which[PAIRS + 1];
    uint8_t open[2 * PAIRS + 8];
    start(&twister, key, *position);
    if (*has_kept && size > 0) {
        bytes[0] = exact_byte(levels[0], *kept, scale, in_proportion);
        *has_kept = 0;
        *kept = 0;
        levels++, bytes++, size--;
    }
    while (size > 0) {
        const uint32_t *raw;
        int pairs, used, count;
        if (twister.end - twister.next < 4) refill(&twister, twister.next);
        raw = twister.raw + twister.next;
        pairs = (twister.end - twister.next) / 4;
        if (pairs > size) pairs = (int)size; /* more are never needed by less than twice as many */
        draw_points(raw, pairs, points, squares, inside);
        make_normals(points, squares, pairs);
        used = keep_inside(points, inside, pairs, (int)((size < ROW ? size : ROW) + 1) / 2, normals, which);
        count = 2 * used <= size ? 2 * used : (int)size;
        make_bytes(levels, normals, count, (float)scale, in_proportion, bytes, open);
        memset(open + count, 0, 8);
        repair(raw, which, levels, count, scale, in_proportion, bytes, open);
        if (count < 2 * used) {
            double first;
            *has_kept = 1;
            exact_normals(raw + 4 * which[used - 1], &first, kept);
        }
        levels += count, bytes += count, size -= count;
        twister.next += 4 * (size > 0 ? pairs : which[used - 1] + 1);
    }
    *position = stop(&twister, key);
}

/* Pass `pairs` pairs of uniforms that are inside the circle: twice as many normals. */
INLINE void pass_pairs(int64_t pairs, uint32_t *key, int *position)
{
    Twister twister;
    float points[2 * PAIRS], squares[PAIRS];
    int32_t inside[PAIRS];
    start(&twister, key, *position);
    while (pairs > 0) {
        ptrdiff_t i;
        int made, found = 0;
        if (twister.end - twister.next < 4) refill(&twister, twister.next);
        made = (twister.end - twister.next) / 4;
        draw_points(twister.raw + twister.next, made, points, squares, inside);
        for (i = 0; i < made; i++) found += inside[i];
        for (i = made; found > pairs || (found == pairs && !inside[i - 1]); i--) found -= inside[i - 1];
        pairs -= found;
        twister.next += 4 * (int)i;
    }
    *position = stop(&twister, key);
}
