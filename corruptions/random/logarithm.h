/* A logarithm in float32, by operations that IEEE 754 rounds alike everywhere. */

/* ln s for a normal s > 0, within 4.2e-7 |ln s| (`tools/reference/float_bounds.py` compares all floats
 * that are used). s = m 2^e, m from 0.707 to 1.414; ln m = 2 artanh w, w = (m - 1) / (m + 1), by a polynomial
 * in w^2 (minimax, 9e-8 relative). At s near 1 no digits are lost: there e is 0, and m - 1 exact. */
INLINE float log_near(float s)
{
    int32_t bits, exponent;
    float m, w, square;
    memcpy(&bits, &s, sizeof bits);
    exponent = (bits - 0x3f3504f3) >> 23;
    bits -= exponent * (1 << 23);
    memcpy(&m, &bits, sizeof m);
    w = (m - 1.0f) / (m + 1.0f);
    square = w * w;
    return (float)exponent * 0.69314718f
        + w * (2.0f + square * (0.66652447f + square * 0.41301909f));
}
