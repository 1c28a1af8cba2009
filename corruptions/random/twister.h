/* The Mersenne twister MT19937 (Matsumoto and Nishimura, 1998), several keys at a time.
 *
 * A key is WORDS words; the twister's words make one long row, raw[i + 624] from raw[i], raw[i + 1] and
 * raw[i + 397]. Here a part of that row is kept whole, beginning where a key begins: loops over it
 * have no wrap-around, so that compilers vectorise them, and the state at any word of it is at hand.
 * A word as drawn is a raw one, tempered; a uniform is 53 bits of two words. (Loops count by ptrdiff_t:
 * Python is often built with -fwrapv, under which compilers do not vectorise steps of an int.)
 */

#define WORDS 624
#define SHIFTED 397
#define KEYS 4 /* in the row: as much as stays in a first-level cache with what is made of it */
#define ROW (KEYS * WORDS)
#define BEYOND 32 /* words that may be made beyond a row that is made in steps */

typedef struct {
    uint32_t raw[ROW + BEYOND];
    int next; /* the word to be drawn next */
    int end;  /* words made */
} Twister;

INLINE uint32_t temper(uint32_t y)
{
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

/* raw[0] ... raw[count - 1]; the 624 before them are there. */
INLINE void twist(uint32_t *raw, ptrdiff_t count)
{
    ptrdiff_t i;
    for (i = 0; i < count; i++) {
        uint32_t lower = raw[i - WORDS + 1];
        uint32_t joined = (raw[i - WORDS] & 0x80000000u) | (lower & 0x7fffffffu);
        raw[i] = raw[i - WORDS + SHIFTED] ^ (joined >> 1) ^ ((0u - (lower & 1u)) & 0x9908b0dfu);
    }
}

INLINE void start(Twister *twister, const uint32_t *key, int position)
{
    memcpy(twister->raw, key, WORDS * sizeof *key);
    twister->next = position;
    twister->end = WORDS;
}

/* Make `count` words more. */
INLINE void make_more(Twister *twister, ptrdiff_t count)
{
    twist(twister->raw + twister->end, count);
    twister->end += (int)count;
}

/* Make the words up to `end`, if they are not there. */
INLINE void make_words(Twister *twister, int end)
{
    if (twister->end < end) make_more(twister, end - twister->end);
}

/* The first word of the key in which a state before word `index` lies, all of it made: numpy renews a key
 * when a word is drawn, not before. */
INLINE int first_of_key(Twister *twister, int index)
{
    const int first = index > 0 ? (index - 1) / WORDS * WORDS : 0;
    make_words(twister, first + WORDS);
    return first;
}

/* Let the row begin with the key in which `keep` lies. Returns by how much all indices are less now. */
INLINE int drop(Twister *twister, int keep)
{
    const int gone = first_of_key(twister, keep);
    memmove(twister->raw, twister->raw + gone, (twister->end - gone) * sizeof *twister->raw);
    twister->next -= gone;
    twister->end -= gone;
    return gone;
}

/* The same, and fill the row. Nothing is gained where the row is full and `keep` in its first key. */
INLINE int refill(Twister *twister, int keep)
{
    const int gone = drop(twister, keep);
    make_words(twister, ROW);
    return gone;
}

/* Key and position of the next word. */
INLINE int stop(Twister *twister, uint32_t *key)
{
    const int first = first_of_key(twister, twister->next);
    memcpy(key, twister->raw + first, WORDS * sizeof *key);
    return twister->next - first;
}

/* The uniform of the two words from raw[0] on. */
INLINE double uniform_of(const uint32_t *raw)
{
    int32_t high = (int32_t)(temper(raw[0]) >> 5), low = (int32_t)(temper(raw[1]) >> 6);
    return (high * 67108864.0 + low) * (1.0 / 9007199254740992.0);
}
