/* Draws of numpy's legacy generator, several times as fast, and the bytes made of them.
 *
 * Uniforms: the Mersenne twister MT19937 (Matsumoto and Nishimura, 1998), 53 bits each. Normals: the
 * polar method (Marsaglia and Bray, SIAM Review 6, 1964), with the C library's logarithm, as numpy has.
 *
 * Poisson counts: a picture has 256 levels, so what depends on the rate alone is worked out once a
 * level, not once a draw. Rates below 10: uniforms are multiplied until the product falls below
 * exp(-rate) (Knuth). From 10 on: transformed rejection, PTRS (Hoermann, "The transformed rejection
 * method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993).
 * Where a comparison is so near that the last bits of a logarithm or of another order of adding up
 * could turn it, nothing is decided here: the caller has numpy draw that one count.
 *
 * To be compiled without contracting multiplications and additions: the digits would be others.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define WORDS 624
#define SHIFTED 397
#define LEVELS 256
#define PAIRS 256 /* of normals, at a time */
#define COUNTS 256 /* whose factorials are worked out beforehand */
#define NEAR 1e-9

typedef struct {
    uint32_t *key; /* WORDS of them */
    int position;  /* of the next word; WORDS: all are used */
    int renewals;
    uint32_t before[WORDS];   /* the key before the last renewal */
    uint32_t tempered[WORDS]; /* the words that come out */
} Twister;

typedef struct {
    double rate;
    double above, below;          /* small rates: a little more and less than exp(-rate) */
    double a, b, quick, log_rate; /* of PTRS */
    double log_inverse_alpha;
} Level;

static uint32_t twist(uint32_t upper, uint32_t lower, uint32_t shifted)
{
    uint32_t joined = (upper & 0x80000000u) | (lower & 0x7fffffffu);
    return shifted ^ (joined >> 1) ^ (-(joined & 1u) & 0x9908b0dfu);
}

static void temper(Twister *twister)
{
    int i;
    for (i = 0; i < WORDS; i++) {
        uint32_t y = twister->key[i];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        twister->tempered[i] = y ^ (y >> 18);
    }
}

static void renew(Twister *twister)
{
    uint32_t *key = twister->key;
    int i;
    memcpy(twister->before, key, sizeof twister->before);
    for (i = 0; i < WORDS - SHIFTED; i++) key[i] = twist(key[i], key[i + 1], key[i + SHIFTED]);
    for (; i < WORDS - 1; i++) key[i] = twist(key[i], key[i + 1], key[i + SHIFTED - WORDS]);
    key[i] = twist(key[i], key[0], key[i + SHIFTED - WORDS]);
    temper(twister);
    twister->position = 0;
    twister->renewals++;
}

static inline uint32_t word(Twister *twister)
{
    if (twister->position == WORDS) renew(twister);
    return twister->tempered[twister->position++];
}

static inline double uniform(Twister *twister)
{
    uint32_t high, low;
    if (twister->position < WORDS - 1) {
        high = twister->tempered[twister->position] >> 5;
        low = twister->tempered[twister->position + 1] >> 6;
        twister->position += 2;
    } else {
        high = word(twister) >> 5;
        low = word(twister) >> 6;
    }
    return (high * 67108864.0 + low) * (1.0 / 9007199254740992.0);
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

static Level level_of(double rate)
{
    Level level = {rate, 0, 0, 0, 0, 0, 0, 0};
    if (rate < 10) {
        level.above = exp(-rate) * (1 + NEAR);
        level.below = exp(-rate) * (1 - NEAR);
    } else {
        level.b = 0.931 + 2.53 * sqrt(rate);
        level.a = -0.059 + 0.02483 * level.b;
        level.quick = 0.9277 - 3.6224 / (level.b - 2);
        level.log_inverse_alpha = log(1.1239 + 1.1328 / (level.b - 3.4));
        level.log_rate = log(rate);
    }
    return level;
}

/* A count; -1 if it is too near a thing to say. */
static int64_t small_count(const Level *level, Twister *twister)
{
    int64_t count = 0;
    double product = uniform(twister);
    for (; product > level->above; count++) product *= uniform(twister);
    return product < level->below ? count : -1;
}

static int64_t large_count(const Level *level, const double *log_factorials, Twister *twister)
{
    for (;;) {
        double u = uniform(twister) - 0.5, v = uniform(twister), edge = 0.5 - fabs(u);
        double place, left, right;
        int64_t count;
        if (edge < 1e-6) return -1; /* a place far out, of which digits are lost */
        place = (2 * level->a / edge + level->b) * u + level->rate + 0.43;
        count = (int64_t)(place + 4294967296.0) - 4294967296; /* rounded down */
        if (place - count < NEAR || place - count > 1 - NEAR) return -1;
        if (edge >= 0.07 && v <= level->quick) {
            if (v > level->quick - NEAR) return -1;
            return count;
        }
        if (edge >= 0.07 && v < level->quick + NEAR) return -1;
        if (count < 0 || (edge < 0.013 && v > edge)) continue;
        left = log(v) + level->log_inverse_alpha - log(level->a / (edge * edge) + level->b);
        right = count * level->log_rate - level->rate
            - (count < COUNTS ? log_factorials[count] : log_factorial(count));
        if (fabs(left - right) < NEAR * (1 + fabs(right))) return -1;
        if (left <= right) return count;
    }
}

/* Draw for levels[start], levels[start + 1], ...; returns the place of the first that is left to the
 * caller, `size` if there is none. The twister then stands just before that one's draws. bytes[i]
 * becomes byte_of_count[its count], the last of them for higher counts; nothing if bytes is null.
 * Returns -1 where the twister cannot be put back: a draw that took more than WORDS words. */
int64_t draw_poisson(const uint8_t *levels, int64_t start, int64_t size, const double *rates,
                     uint32_t *key, int *position, const uint8_t *byte_of_count, int64_t counts,
                     uint8_t *bytes)
{
    Level table[LEVELS];
    double log_factorials[COUNTS];
    Twister twister;
    int64_t i;
    twister.key = key;
    twister.position = *position;
    temper(&twister);
    for (i = 0; i < LEVELS; i++) table[i] = level_of(rates[i]);
    for (i = 0; i < COUNTS; i++) log_factorials[i] = log_factorial(i);
    for (i = start; i < size; i++) {
        const Level *level = &table[levels[i]];
        int64_t count = 0;
        int stood = twister.position;
        twister.renewals = 0;
        if (level->rate > 0)
            count = level->rate < 10 ? small_count(level, &twister)
                                     : large_count(level, log_factorials, &twister);
        if (count < 0) {
            if (twister.renewals > 1) return -1;
            if (twister.renewals == 1) memcpy(key, twister.before, sizeof twister.before);
            twister.position = stood;
            break;
        }
        if (bytes) bytes[i] = byte_of_count[count < counts ? count : counts - 1];
    }
    *position = twister.position;
    return i;
}

/* The next `pairs` points in the unit circle. */
static void draw_points(Twister *twister, int pairs, double *first, double *second, double *squared)
{
    int i = 0;
    while (i < pairs) {
        double x = 2.0 * uniform(twister) - 1.0, y = 2.0 * uniform(twister) - 1.0;
        first[i] = x;
        second[i] = y;
        squared[i] = x * x + y * y;
        i += squared[i] < 1.0 && squared[i] != 0.0; /* no branch: what it would do is random */
    }
}

static inline uint8_t noisy(double x, double noise, int in_proportion)
{
    double value = in_proportion ? x + x * noise : x + noise;
    value = value < 0 ? 0 : value > 1 ? 1 : value;
    return (uint8_t)(value * 255.0);
}

/* levels[i] with normal noise, as bytes: x + scale n, or x + x (scale n) if `in_proportion`, x being
 * the level / 255, cut to 0...1, times 255, cut to a whole number. `kept` is the normal that the
 * generator keeps back, if `has_kept`. */
void draw_normal_noise(const uint8_t *levels, int64_t size, double scale, int in_proportion,
                       uint32_t *key, int *position, int *has_kept, double *kept, uint8_t *bytes)
{
    double unit[LEVELS], first[PAIRS + 1], second[PAIRS + 1], squared[PAIRS + 1];
    Twister twister;
    int64_t i = 0;
    int pair;
    twister.key = key;
    twister.position = *position;
    temper(&twister);
    for (pair = 0; pair < LEVELS; pair++) unit[pair] = pair / 255.0;
    if (*has_kept && size > 0) {
        bytes[i] = noisy(unit[levels[i]], scale * *kept, in_proportion);
        *has_kept = 0;
        *kept = 0;
        i++;
    }
    while (i < size) {
        int pairs = size - i < 2 * PAIRS ? (int)((size - i + 1) / 2) : PAIRS;
        draw_points(&twister, pairs, first, second, squared);
        for (pair = 0; pair < pairs; pair++) {
            double factor = sqrt(-2.0 * log(squared[pair]) / squared[pair]);
            first[pair] *= factor;
            second[pair] *= factor;
        }
        for (pair = 0; pair < pairs; pair++) {
            bytes[i] = noisy(unit[levels[i]], scale * second[pair], in_proportion);
            i++;
            if (i == size) {
                *has_kept = 1;
                *kept = first[pair];
                break;
            }
            bytes[i] = noisy(unit[levels[i]], scale * first[pair], in_proportion);
            i++;
        }
    }
    *position = twister.position;
}
