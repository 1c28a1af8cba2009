/* Poisson counts as numpy draws them, with every bit of their uniforms. Where a comparison is so near that
 * the last bits of an exponential or a logarithm or of another order of adding up could turn it, nothing is
 * decided here: the caller has numpy draw that one count.
 */

#define TOO_NEAR (-1)

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

/* The uniform drawn next. `from`: the word where the present draw began, -1 if that is gone. */
INLINE double next_uniform(Row *row, int *from)
{
    Twister *twister = &row->twister;
    double uniform;
    if (twister->end - twister->next < 2) {
        int gone;
        if (twister->next - *from > ROW - 2 * WORDS) *from = -1; /* a draw of a thousand uniforms */
        gone = refill(twister, *from < 0 ? twister->next : *from);
        if (*from >= 0) *from -= gone;
        row->made = row->origin = 0;
    }
    uniform = uniform_of(twister->raw + twister->next);
    twister->next += 2;
    return uniform;
}

static int64_t small_count(const Level *level, Row *row, int *from)
{
    double product = 1;
    int64_t count = 0;
    for (;;) {
        product *= next_uniform(row, from);
        if (product > level->above) count++;
        else return product < level->below ? count : TOO_NEAR;
    }
}

static int64_t large_count(const Level *level, Row *row, int *from)
{
    for (;;) {
        double u, v, edge, inverse, place, part, left, right;
        int64_t count, in_window;
        int quick, out, too_near;
        u = next_uniform(row, from) - 0.5;
        v = next_uniform(row, from);
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
