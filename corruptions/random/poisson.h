/* Poisson counts. An image has 256 levels, so what depends on the rate alone is worked out once a level,
 * not once a draw. Nearly all counts are found by rough values; where these leave two counts open,
 * `exact_counts.h` does as numpy does, and where not even that is sure, the caller has numpy draw it.
 *
 * Rates below 10: numpy multiplies uniforms until the product falls below exp(-rate) (Knuth); the count is
 * how many it took before. Here: the sums of -log2 u over all uniforms of the row, in which the first one
 * is looked for that is beyond the present one plus the rate. A sum's whole part says where in the row it
 * is: `places` has the number of sums below each whole number.
 *
 * How far off a sum is at most. Let u_1, u_2, ... be the uniforms from the present one on, s_m the sum of
 * the first m of -log2 u, s~_m the rough one, T the rate / ln 2, below 14.43.
 *
 *  1. A rough uniform is the first word's 27 bits and a half, u~: off by less than 2^-28 and not 0, then
 *     rounded to 24 bits, which moves its logarithm by less than 2^-23.
 *  2. u~ = 2^e (1 + m), and log2 (1 + m) is m, whose bits follow those of e in a float, cut to whole 2^-20,
 *     and a polynomial, cut too. So a rough -log2 u is never below 0, and off from the logarithm of u~ by
 *     0 to 3e-5 (all m were compared, `tools/reference/float_bounds.py`).
 *  3. Sums are whole numbers of 2^-20 below 2^32: exact.
 *  4. If s_m <= T + 0.001: every -ln u is at least 0, and together they are at most 10.0007, so the sum of
 *     1 / u is largest where one term has all: below 22,050 + m. As -log2 changes by at most
 *     1.443 x 2^-28 / u (and terms of its square, 2^-26 of it), for m <= MOST
 *     |s~_m - s_m| < 1.443 x 2^-28 x 22,090 + 40 x 3.03e-5 = 1.2e-4 + 1.22e-3 = 1.34e-3.
 *  5. If s_m > T + 0.001 and m is the first such: let u' > u_m be the uniform with which s_m would be
 *     T + 0.001. The rough -log2 of u_m is at least that of u' less what 4. allows for rough logarithms:
 *     -log2 (u + 2^-28) falls with u. So s~_m > T + 0.001 - 4.: s~ is never lower than s by more than
 *     1.2e-4 + 40 x 2e-7 (1.), hence s~_m > T + 8e-4. Later sums are no smaller.
 *  numpy's product and exponential are off by 1e-14, T as a whole number by 2^-21. So: a rough sum that is
 *  above T by more than 1.36e-3 has s_m > T (if s_m <= T, 4. holds), and one that is below T by more than
 *  1.4e-4 has s_m < T (4. and 5.). SUM_ERROR, 1.43e-3, is asked for on both sides.
 *
 * Rates from 10 on: transformed rejection, PTRS (Hoermann, "The transformed rejection method for
 * generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993), its last test with
 * the probability of a count from a table in place of logarithms. What a draw does is random, so that a
 * processor's guesses at branches fail: all is computed and one branch taken. With r = 2^-24:
 *
 *  6. u~ and v~ are off by 2^-28 + r of themselves, below 6.4e-8; u - 1/2 and the edge, 1/2 - |u - 1/2|,
 *     by 9.4e-8 with their roundings. Edges below 0.013 are UNSURE, so that 1 / edge of all others is off
 *     by less than 7.3e-6 of itself, and no more than 77. Edges within 1e-6 of 0.07 are UNSURE, too, so
 *     that 1 / edge^2 is 0.004 or more from QUICK_SQUARE.
 *  7. The place, (2 a / edge + b) (u - 1/2) + rate + 0.43, is off by less than (154 a + b) / 2 x 8e-6
 *     (6. and four roundings), plus (154 a + b) 9.4e-8 for u, plus 6 r of all that is added up. It has to
 *     be farther from a whole number than (154 a + b) 5e-6 + (rate + 154 a + b) 1e-6, which is more:
 *     `place_room` is 1/2 less that. It is had less 1/2, to be rounded to the nearest and not down; one
 *     rounded another way has no room. The room of the highest rate, which has the least, is all rates'.
 *  8. The side with the probability, right, is off by 2 x 7.3e-6 and six roundings, below 1.6e-5 of
 *     itself. As the table's chances, which are probabilities times alpha, are less by 2e-5, it is too low
 *     by 4e-6 to 3.6e-5 of itself, and REJECTING times it is too high by 1.3e-5 or more. The other, v, is
 *     off by 6.4e-8. So a distance of 2e-7 on top of these decides, and one of 2e-7 of v from the bound of
 *     the quick test (which the table has less by 2e-7).
 *  9. Where the edge is UNSURE and not above 0.01299, a v that is 2e-7 above it is rejected: the quick
 *     test needs an edge of 0.07. So is a count below 0 that the quick test does not take.
 */

#define MOST 40 /* uniforms; a draw that needs more is done the exact way */
#define SUM_UNIT 1048576.0 /* 2^20 */
#define SUM_BITS 20
#define SUM_ERROR 1500
#define SEEN 16 /* sums at a time */
#define STEP 16 /* uniforms made at a time */
#define STEPS 8 /* made at once where none is left */
#define CHANCE_ERROR 2e-5
#define REJECTING 1.00005f /* more than what puts CHANCE_ERROR on top instead */
#define LARGE 0xffffffffu
#define UNSURE 1e6f /* in place of a ratio: a place out of every window */
#define QUICK_SQUARE 204.082f /* 1 / 0.07^2 */
#define LARGEST_ROUGH_RATE 1e4
#define ROUNDING 12582912.0f /* 1.5 x 2^23, at which a float has no fraction: the bits are ROUNDING_BITS more */
#define ROUNDING_BITS 0x4b400000

#define LEVELS 256
#define WINDOW 128 /* counts about the rate whose probabilities are worked out beforehand */
#define NEAR 1e-9
#define LARGEST_RATE 1e9
#define UNIFORMS (ROW / 2)

/* The twister's row, as rough uniforms from the word `origin` on, and what is made of them where it is
 * used. */
typedef struct {
    Twister twister;
    int origin;
    int made, summed, divided; /* uniforms; those with sums; those with ratios and squares */
    float uniforms[UNIFORMS];
    float ratios[UNIFORMS]; /* 2 (u - 1/2) / edge, edge the distance to 0 or 1, whichever is nearer */
    float squares[UNIFORMS]; /* 1 / edge^2 */
    uint32_t sums[UNIFORMS + 1]; /* sums[i + n] - sums[i]: of -log2 u of the n from i on */
} Row;

typedef struct {
    double rate;
    double above, below; /* small rates: a little more and less than exp(-rate) */
    double a, b, quick, inverse_alpha, log_rate; /* of PTRS */
    double tolerance; /* how near a probability has to be for its error to count */
    int64_t first; /* count of probability[0] */
    double probability[WINDOW];
} Level;

/* A level of a rate from 10 on, in float32. */
typedef struct {
    float a, b, centre, quick;
    int32_t first;
} RoughLevel;

typedef struct {
    uint32_t rates[LEVELS]; /* small ones in the sums' unit; LARGE; 0: the exact way */
    float place_room;       /* of the highest rate */
    RoughLevel rough[LEVELS];
    float chances[LEVELS][WINDOW];
    Level levels[LEVELS];
} Table;

/* What the copies for some processors have of their own. */
typedef struct {
    int (*count_below)(const uint32_t *sums, const uint32_t *from, uint32_t rate);
    void (*add_up)(const uint32_t *terms, uint32_t *sums);
    int fused; /* whether they multiply and add at once: one rounding less, so that all bounds hold */
} Ways;

#include "exact_counts.h"

/* What depends on the rates alone. */
static void make_table(const double *rates, Table *table)
{
    int i, k;
    memset(table, 0, sizeof *table);
    table->place_room = 0.5f;
    for (i = 0; i < LEVELS; i++) {
        Level *level = &table->levels[i];
        RoughLevel *rough = &table->rough[i];
        double steepest, room;
        level->rate = rates[i];
        if (level->rate < 10) {
            level->above = exp(-level->rate) * (1 + NEAR);
            level->below = exp(-level->rate) * (1 - NEAR);
            table->rates[i] = (uint32_t)(level->rate * (SUM_UNIT / 0.6931471805599453) + 0.5);
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
        if (level->rate > LARGEST_ROUGH_RATE) continue;
        table->rates[i] = LARGE;
        steepest = 154 * level->a + level->b;
        rough->a = (float)level->a;
        rough->b = (float)level->b;
        rough->centre = (float)(level->rate + 0.43 - 0.5); /* rounded to the nearest, not down */
        rough->quick = (float)(level->quick - 2e-7);
        rough->first = (int32_t)level->first;
        room = 0.5 - 5e-6 * steepest - 1e-6 * (level->rate + steepest);
        if (room < table->place_room) table->place_room = (float)room;
        for (k = 0; k < WINDOW; k++)
            table->chances[i][k] = (float)(level->probability[k] / level->inverse_alpha * (1 - CHANCE_ERROR));
    }
}

/* a b + c. */
INLINE float multiply_add(float a, float b, float c, const int fused)
{
#if defined(__GNUC__)
    if (fused) return __builtin_fmaf(a, b, c);
#endif
    return a * b + c;
}

/* STEP rough uniforms. The first of each two words is taken from both of them: what lies between the words
 * that count is then read, too, and compilers need no other way for the end. */
INLINE void rough_uniforms(const uint32_t *RESTRICT raw, float *RESTRICT uniforms)
{
    ptrdiff_t i;
    IN_ONE for (i = 0; i < STEP; i++) {
        uint64_t two;
        memcpy(&two, raw + 2 * i, sizeof two);
        uniforms[i] = (float)(int32_t)(temper(FIRST_OF(two)) >> 5 << 1 | 1u) * (1.0f / 268435456.0f);
    }
}

INLINE void rough_ratios(const float *RESTRICT uniforms, float *RESTRICT ratios, float *RESTRICT squares)
{
    ptrdiff_t i;
    IN_ONE for (i = 0; i < STEP; i++) {
        float u = uniforms[i] - 0.5f, edge = 0.5f - fabsf(u), inverse = 1.0f / edge;
        int unsure = (edge < 0.01301f) | (fabsf(edge - 0.07f) < 1e-6f);
        ratios[i] = unsure ? UNSURE : 2.0f * u * inverse;
        squares[i] = inverse * inverse;
    }
}

/* How many 2^-20 there are in -log2 of STEP uniforms. */
INLINE void rough_logarithms(const float *RESTRICT uniforms, uint32_t *RESTRICT logarithms, const int fused)
{
    const float unit = (float)SUM_UNIT;
    ptrdiff_t i;
    IN_ONE for (i = 0; i < STEP; i++) {
        float m, rest;
        int32_t bits;
        memcpy(&bits, uniforms + i, sizeof bits);
        m = (float)(bits & 0x7fffff) * (1.0f / 8388608.0f);
        rest = multiply_add(m, 0.0448585782f * unit, -0.192156318f * unit, fused);
        rest = multiply_add(rest, m, 0.413593864f * unit, fused);
        rest = multiply_add(rest, m, -0.707979036f * unit, fused);
        rest = multiply_add(rest, m, 0.44168291f * unit, fused);
        rest = multiply_add(rest, m, -1.5e-6f * unit, fused);
        logarithms[i] = (uint32_t)((127 << SUM_BITS) - (bits >> (23 - SUM_BITS)) - (int32_t)rest);
    }
}

/* Add each of STEP terms to the sum before it. */
INLINE void add_up(const uint32_t *RESTRICT terms, uint32_t *RESTRICT sums)
{
    uint32_t sum = sums[0];
    int i;
    for (i = 0; i < STEP; i++) sums[i + 1] = sum += terms[i];
}

/* Sums of STEP more uniforms, which are made. */
INLINE void sum_step(Row *row, const Ways ways)
{
    uint32_t logarithms[STEP];
    rough_logarithms(row->uniforms + row->summed, logarithms, ways.fused);
    ways.add_up(logarithms, row->sums + row->summed);
    row->summed += STEP;
}

/* Sums of all uniforms from `at` on. */
INLINE void make_sums(Row *row, int at, const Ways ways)
{
    if (row->summed < at / STEP * STEP) { /* there is no use for those before */
        row->summed = at / STEP * STEP;
        row->sums[row->summed] = 0;
    }
    while (row->summed < row->made) sum_step(row, ways);
}

/* Ratios and squares of all uniforms from `at` on. */
INLINE void make_ratios(Row *row, int at)
{
    if (row->divided < at / STEP * STEP) row->divided = at / STEP * STEP;
    for (; row->divided < row->made; row->divided += STEP)
        rough_ratios(row->uniforms + row->divided, row->ratios + row->divided, row->squares + row->divided);
}

/* STEP more uniforms; 0, and nothing is made, where the row has not as many. Words are twisted two steps before
 * they are read: what has just been written is not yet where vectors read it. */
INLINE int make_step(Row *row)
{
    Twister *twister = &row->twister;
    const int made = row->made;
    if (row->origin + 2 * (made + STEP) > ROW) return 0;
    if (twister->end < ROW) make_more(twister, 2 * STEP);
    rough_uniforms(twister->raw + row->origin + 2 * made, row->uniforms + made);
    row->made = made + STEP;
    return 1;
}

/* Let the row begin with the word drawn next. */
INLINE void make_row(Row *row)
{
    Twister *twister = &row->twister;
    if (twister->next + 2 * STEP * (STEPS + 2) > ROW) drop(twister, twister->next);
    make_words(twister, twister->next + 4 * STEP);
    row->origin = twister->next;
    row->made = row->summed = row->divided = 0;
    row->sums[0] = 0;
}

/* How many of the SEEN sums from here on are below the present one, `from`, plus the rate. */
INLINE int count_below(const uint32_t *sums, const uint32_t *from, uint32_t rate)
{
    uint32_t target = *from + rate;
    int32_t count = 0;
    int i;
    for (i = 0; i < SEEN; i++) count += (int32_t)(sums[i] - target) >> 31;
    return -count;
}

/* In place of comparisons, which compilers make branches of: what they would do is random. */
INLINE float lesser(float a, float b)
{
    return a < b ? a : b;
}

INLINE float greater(float a, float b)
{
    return a > b ? a : b;
}

/* Counts of rates below 10, from levels[i] on, as bytes; stops before a level of another kind, before one
 * that the exact way decides, or where few uniforms are left. Returns i there; `at` is the index of the
 * next uniform. Each draw waits for the one before it, which says where its uniforms are: so that there is
 * something else to do meanwhile, the row is made on, a step every `period` draws. */
INLINE int64_t summed_counts(Row *row, const Table *table, const uint8_t *levels, int64_t i, int64_t size,
                             int *at, const uint8_t *byte_of_count, int64_t counts, uint8_t *bytes,
                             int period, const Ways ways)
{
    int next = *at;
    for (;;) {
        const int64_t end = size - i > period ? i + period : size;
        const int last = row->made - MOST - SEEN;
        for (; i < end; i++) {
            const uint32_t rate = table->rates[levels[i]], *sums = row->sums + next;
            uint32_t target;
            int count, seen;
            if ((next > last) | (rate - 1 >= LARGE - 1)) goto out;
            count = seen = ways.count_below(sums + 1, sums, rate);
            while (seen == SEEN && count < MOST) count += seen = ways.count_below(sums + 1 + count, sums, rate);
            target = *sums + rate;
            if ((count >= MOST) | ((int32_t)(target - sums[count]) <= SUM_ERROR)
                | ((int32_t)(sums[count + 1] - target) <= SUM_ERROR)) goto out;
            next += count + 1;
            bytes[i] = byte_of_count[count < counts ? count : counts - 1];
        }
        if (i == size) break;
        if (make_step(row)) sum_step(row, ways);
    }
out:
    *at = next;
    return i;
}

/* The same of rates from 10 on, for which the row is made already. */
INLINE int64_t rough_counts(const Row *row, const Table *table, const uint8_t *levels, int64_t i,
                            int64_t size, int *at, const uint8_t *byte_of_count, int64_t counts,
                            uint8_t *bytes, const Ways ways)
{
    const float *uniforms = row->uniforms, *ratios = row->ratios, *squares = row->squares;
    const int last = row->made - 2;
    int next = *at, begin = next;
    for (; i < size && table->rates[levels[i]] == LARGE; i++) {
        const RoughLevel *level = &table->rough[levels[i]];
        int32_t count;
        begin = next;
        for (;; next += 2) {
            float right, quick, room, u, v, square, place, rounded;
            int32_t in_window;
            if (next > last) goto out;
            u = uniforms[next] - 0.5f;
            v = uniforms[next + 1];
            square = squares[next];
            place = multiply_add(level->b, u, level->centre, ways.fused);
            place = multiply_add(level->a, ratios[next], place, ways.fused);
            rounded = place + ROUNDING;
            memcpy(&count, &rounded, sizeof count);
            count -= ROUNDING_BITS;
            in_window = count - level->first;
            quick = lesser(level->quick - v, QUICK_SQUARE - square);
            room = table->place_room - fabsf(place - (rounded - ROUNDING));
            if ((uint32_t)in_window >= WINDOW) { /* UNSURE leads here */
                const float edge = 0.5f - fabsf(u);
                if ((edge < 0.01299f) & (v > edge + 2e-7f)) continue; /* rejected */
                if ((count < 0) & (quick < -4e-7f) & (room > 0.0f)) continue;
                goto out;
            }
            right = multiply_add(level->a, square, level->b, ways.fused);
            right *= table->chances[levels[i]][in_window];
            if (lesser(greater(right - (v + 2e-7f), quick), room) > 0.0f) break;
            if (!((v > right * REJECTING + 2e-7f) & (quick < -4e-7f) & (room > 0.0f))) goto out;
        }
        next += 2;
        bytes[i] = byte_of_count[count < counts ? count : counts - 1];
    }
    begin = next;
out:
    *at = begin;
    return i;
}

/* The exact count; `at` is the uniform drawn next. TOO_NEAR: `from` is the word where the draw begins, or
 * negative where that is gone. */
INLINE int64_t exact_count(Row *row, const Level *level, int *at, int *from)
{
    int64_t count;
    *from = row->twister.next = row->origin + 2 * *at;
    if (level->rate == 0) return 0;
    if (level->rate < 10) count = small_count(level, row, from);
    else count = large_count(level, row, from);
    if (count == TOO_NEAR) return count;
    if (row->made) *at = (row->twister.next - row->origin) / 2;
    else { /* the row has been made anew */
        make_row(row);
        *at = 0;
    }
    return count;
}

/* Draw for levels[begin], levels[begin + 1], ...; returns the place of the first that is left to the
 * caller, `size` if there is none. The twister then stands just before that one's draws. bytes[i]
 * becomes byte_of_count[its count], the last of them for higher counts.
 * Returns -1 where the twister cannot be put back: a draw of thousands of words. */
INLINE int64_t draw_counts(const uint8_t *levels, int64_t begin, int64_t size, const Table *table,
                           uint32_t *key, int *position, const uint8_t *byte_of_count,
                           int64_t counts, uint8_t *bytes, const Ways ways)
{
    Row row;
    int64_t i, since = begin; /* since: the first draw of the row */
    int at = 0;               /* the uniform drawn next */
    int period = 1;
    start(&row.twister, key, *position);
    make_row(&row);
    for (i = begin; i < size;) {
        const uint8_t level = levels[i];
        const uint32_t rate = table->rates[level];
        const int64_t before = i;
        int64_t count;
        int from, steps;
        if (at + MOST + SEEN > row.made) {
            if (row.origin + 2 * (row.made + STEP) > ROW) {
                row.twister.next = row.origin + 2 * at;
                if (at) period = (int)((i - since) * STEP / at);
                if (period < 1) period = 1;
                make_row(&row);
                at = 0;
                since = i;
            }
            for (steps = 0; (rate == LARGE || steps < STEPS) && make_step(&row); steps++);
        }
        if (rate == LARGE) {
            make_ratios(&row, at);
            i = rough_counts(&row, table, levels, i, size, &at, byte_of_count, counts, bytes, ways);
        } else if (rate) {
            make_sums(&row, at, ways);
            i = summed_counts(&row, table, levels, i, size, &at, byte_of_count, counts, bytes, period,
                              ways);
        }
        if (i > before) continue;
        count = exact_count(&row, &table->levels[level], &at, &from);
        if (count == TOO_NEAR) {
            if (from < 0) return -1;
            row.twister.next = from;
            *position = stop(&row.twister, key);
            return i;
        }
        bytes[i] = byte_of_count[count < counts ? count : counts - 1];
        i++;
    }
    row.twister.next = row.origin + 2 * at;
    *position = stop(&row.twister, key);
    return size;
}
