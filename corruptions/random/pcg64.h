/* Impulses by numpy's PCG64 (O'Neill, "PCG: a family of simple fast space-efficient statistically good
 * algorithms for random number generation", 2014): a linear congruential generator of 128 bits, of which
 * each state gives 64 (xor of the halves, rotated).
 *
 * A uniform of 53 bits is at most a limit just when its 53 bits are, as a whole number, at most the limit
 * times 2^53, rounded down: both products are exact. So comparisons of whole numbers are all it takes, and
 * of the uniforms that say where a byte jumps to only those of bytes that jump are made: k steps at once are
 * s -> A^k s + (A^(k-1) + ... + 1) c, and so LANES states advance side by side, too.
 */

typedef struct {
    uint64_t high, low;
} Wide; /* whole numbers modulo 2^128 */

typedef struct {
    Wide factor, sum; /* A^k, and A^(k-1) + ... + 1 */
} Steps;

#define LANES 4
#define STRIDE 256 /* draws between states that are kept */

static const Wide one = {0, 1}, pcg_factor = {0x2360ed051fc65da4u, 0x4385df649fccf645u};

INLINE Wide wide_sum(Wide a, Wide b)
{
    Wide sum = {a.high + b.high, a.low + b.low};
    sum.high += sum.low < a.low;
    return sum;
}

INLINE Wide wide_product(Wide a, Wide b)
{
    Wide product;
#if defined(__SIZEOF_INT128__)
    unsigned __int128 low = (unsigned __int128)a.low * b.low;
    product.high = (uint64_t)(low >> 64);
    product.low = (uint64_t)low;
#else
    uint64_t a0 = a.low & 0xffffffffu, a1 = a.low >> 32, b0 = b.low & 0xffffffffu, b1 = b.low >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & 0xffffffffu);
    product.high = a1 * b1 + (middle >> 32) + (other >> 32);
    product.low = a.low * b.low;
#endif
    product.high += a.high * b.low + a.low * b.high;
    return product;
}

INLINE Wide advance(Wide state, const Steps *steps, Wide increment)
{
    return wide_sum(wide_product(steps->factor, state), wide_product(steps->sum, increment));
}

/* First `first` steps, then `second` more. */
INLINE Steps both(Steps first, Steps second)
{
    Steps steps = {wide_product(first.factor, second.factor),
                   wide_sum(wide_product(second.factor, first.sum), second.sum)};
    return steps;
}

static Steps steps_of(uint64_t count)
{
    Steps steps = {{0, 1}, {0, 0}}, power = {pcg_factor, one};
    for (; count; count >>= 1) {
        if (count & 1) steps = both(steps, power);
        power = both(power, power);
    }
    return steps;
}

/* The 53 bits of a uniform. */
INLINE uint64_t bits_of(Wide state)
{
    uint64_t mixed = state.high ^ state.low;
    unsigned turn = (unsigned)(state.high >> 58);
    return (mixed >> turn | mixed << ((64 - turn) & 63)) >> 11;
}

/* bytes[i]: levels[i], or where the i-th uniform is at most limit / 2^53, 255 or 0: 255 where uniform
 * size + i is at most 1/2. Returns the state after 2 `size` draws. */
static Wide draw_impulses(const uint8_t *levels, int64_t size, uint64_t limit, Wide state,
                          Wide increment, uint8_t *bytes)
{
    Steps single[STRIDE], lanes = steps_of(LANES), to_target = steps_of((uint64_t)size);
    Wide after[STRIDE], added = wide_product(lanes.sum, increment), factor = lanes.factor;
    Wide target = advance(state, &to_target, increment);
    int64_t begin;
    int i;
    single[0].factor = pcg_factor;
    single[0].sum = one;
    after[0] = increment;
    for (i = 1; i < STRIDE; i++) {
        single[i] = both(single[i - 1], single[0]);
        after[i] = wide_product(single[i].sum, increment);
    }
    memcpy(bytes, levels, (size_t)size);
    for (begin = 0; begin < size; begin += STRIDE) {
        int count = size - begin < STRIDE ? (int)(size - begin) : STRIDE, found = 0;
        uint8_t jumping[STRIDE + LANES];
        Wide lane[LANES];
        for (i = 0; i < LANES; i++) lane[i] = advance(state, &single[i], increment);
        for (i = 0; i < count; i += LANES) {
            int k;
            for (k = 0; k < LANES; k++) {
                jumping[found] = (uint8_t)(i + k);
                found += (bits_of(lane[k]) <= limit) & (i + k < count); /* no branch: random */
                lane[k] = wide_sum(wide_product(factor, lane[k]), added);
            }
        }
        for (i = 0; i < found; i++) {
            int at = jumping[i];
            Wide there = wide_sum(wide_product(single[at].factor, target), after[at]);
            bytes[begin + at] = bits_of(there) <= (uint64_t)1 << 52 ? 255 : 0;
        }
        state = advance(state, &single[count - 1], increment);
        target = advance(target, &single[count - 1], increment);
    }
    return target;
}
