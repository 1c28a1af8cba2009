/* Filters of images, several times as fast as by OpenCV and scipy.
 *
 * Each gives whole levels, and the places at which the level is one of two: there `blur.py` and `zoom.py` ask
 * their exact rules, as they do without this. How far off a sum may be is said where it is asked for.
 *
 * Plain C that compilers vectorise. All that comes from Python is checked here.
 */

#include "../extension.h"

#define CHUNK 1024 /* bytes of a line at a time */
#define MOST_SUMMED 256 /* levels whose sum 16 bits hold */
#define WHITE 255.4 /* safely cut to 255, as everything above 255 is */
#define NEAR_WHOLE 1e-10 /* the sums of doubles here are off by less than a hundredth of it */
#define ROWS 8 /* of the zoomed image at a time */

/* All lines of an image that has a border: where output lines begin in it, how many, how long. */
typedef struct {
    int64_t line_of_padded, height, line;
} Shape;

/* Sums of groups of equal weights: whole numbers in 16 bits, then as many products as there are groups, in
 * double precision. offsets[ends[g - 1]] ... offsets[ends[g] - 1] are those of weights[g]. */
COPIES static int64_t grouped_sums(const uint16_t *padded, Shape shape, const int64_t *offsets,
                                   const int64_t *ends, const double *weights, int64_t groups,
                                   uint8_t *levels, int64_t *places)
{
    double totals[CHUNK];
    uint16_t part[CHUNK];
    uint8_t open[CHUNK + 8] = {0};
    int64_t found = 0, row, start;
    for (row = 0; row < shape.height; row++) {
        for (start = 0; start < shape.line; start += CHUNK) {
            const uint16_t *from = padded + row * shape.line_of_padded + start;
            const int64_t place = row * shape.line + start;
            const ptrdiff_t count = shape.line - start < CHUNK ? (ptrdiff_t)(shape.line - start) : CHUNK;
            int64_t group, at = 0;
            ptrdiff_t i;
            for (i = 0; i < count; i++) totals[i] = 0;
            for (group = 0; group < groups; group++) {
                while (at < ends[group]) {
                    const int64_t end = ends[group] - at > MOST_SUMMED ? at + MOST_SUMMED : ends[group];
                    for (i = 0; i < count; i++) part[i] = from[offsets[at] + i];
                    for (at++; at + 4 <= end; at += 4) {
                        const uint16_t *a = from + offsets[at], *b = from + offsets[at + 1],
                                       *c = from + offsets[at + 2], *d = from + offsets[at + 3];
                        for (i = 0; i < count; i++) part[i] = (uint16_t)(part[i] + a[i] + b[i] + c[i] + d[i]);
                    }
                    for (; at < end; at++) {
                        const uint16_t *a = from + offsets[at];
                        for (i = 0; i < count; i++) part[i] = (uint16_t)(part[i] + a[i]);
                    }
                    for (i = 0; i < count; i++) totals[i] += weights[group] * (double)(int32_t)part[i];
                }
            }
            for (i = 0; i < count; i++) {
                const double value = totals[i] < WHITE ? totals[i] : WHITE;
                const int32_t low = (int32_t)(value - NEAR_WHOLE), high = (int32_t)(value + NEAR_WHOLE);
                levels[place + i] = (uint8_t)low;
                open[i] = (uint8_t)(high - low);
            }
            found += places_of(open, count, place, places + found);
        }
    }
    return found;
}

/* Sums of weights times levels in float32, rounded down after `shift`, which is their error less than what is
 * to be added; with twice the error more the level may be another. */
COPIES static int64_t float_sums(const float *padded, Shape shape, const int64_t *offsets,
                                 const float *weights, int64_t taps, float shift, float twice_error,
                                 uint8_t *levels, int64_t *places)
{
    float totals[CHUNK];
    uint8_t open[CHUNK + 8] = {0};
    int64_t found = 0, row, start;
    for (row = 0; row < shape.height; row++) {
        for (start = 0; start < shape.line; start += CHUNK) {
            const float *from = padded + row * shape.line_of_padded + start;
            const int64_t place = row * shape.line + start;
            const ptrdiff_t count = shape.line - start < CHUNK ? (ptrdiff_t)(shape.line - start) : CHUNK;
            int64_t tap = 0;
            ptrdiff_t i;
            memset(totals, 0, sizeof totals);
            for (; tap + 4 <= taps; tap += 4) {
                const float *a = from + offsets[tap], *b = from + offsets[tap + 1],
                            *c = from + offsets[tap + 2], *d = from + offsets[tap + 3];
                const float *w = weights + tap;
                for (i = 0; i < count; i++)
                    totals[i] += (w[0] * a[i] + w[1] * b[i]) + (w[2] * c[i] + w[3] * d[i]);
            }
            for (; tap < taps; tap++) {
                const float *a = from + offsets[tap], w = weights[tap];
                for (i = 0; i < count; i++) totals[i] += w * a[i];
            }
            for (i = 0; i < count; i++) {
                const float value = totals[i] + shift;
                const int32_t low = (int32_t)value, high = (int32_t)(value + twice_error);
                levels[place + i] = (uint8_t)low;
                open[i] = (uint8_t)(high - low);
            }
            found += places_of(open, count, place, places + found);
        }
    }
    return found;
}

/* Sums of a square of weights at places of a padded image, line by line, each addition rounded to float32: of
 * AT_ONCE places side by side, since an addition waits for the one before it. A product of a level and a weight
 * that float32 can hold has no rounding in double precision. */
#define AT_ONCE 8
COPIES static void float32_sums(const uint8_t *padded, Shape shape, int64_t step, int64_t size,
                                const double *weights, const int64_t *places, int64_t count, double *sums)
{
    int64_t first;
    for (first = 0; first < count; first += AT_ONCE) {
        const ptrdiff_t lanes = count - first < AT_ONCE ? (ptrdiff_t)(count - first) : AT_ONCE;
        const uint8_t *from[AT_ONCE];
        double totals[AT_ONCE] = {0};
        int64_t row, column;
        ptrdiff_t lane;
        for (lane = 0; lane < AT_ONCE; lane++) {
            const int64_t place = places[first + (lane < lanes ? lane : 0)];
            from[lane] = padded + place / shape.line * shape.line_of_padded + place % shape.line;
        }
        for (row = 0; row < size; row++) {
            for (column = 0; column < size; column++) {
                const double weight = weights[row * size + column];
                const int64_t at = row * shape.line_of_padded + column * step;
                float rounded[AT_ONCE];
                double levels[AT_ONCE];
                for (lane = 0; lane < AT_ONCE; lane++) levels[lane] = (double)from[lane][at];
                for (lane = 0; lane < AT_ONCE; lane++) rounded[lane] = (float)(totals[lane] + weight * levels[lane]);
                for (lane = 0; lane < AT_ONCE; lane++) totals[lane] = (double)rounded[lane];
            }
        }
        for (lane = 0; lane < lanes; lane++) sums[first + lane] = totals[lane];
    }
}

/* Between which lines (or columns) those of an enlargement lie: factors x size of each. */
typedef struct {
    const int64_t *first, *second;
    const float *low, *high;
} Axis;

/* The sum of an image's enlargements, in float32: lines down first, then, turned, along them. `turned` and `sums`
 * are width x ROWS x channels, `line` width x channels. */
COPIES static int64_t zoomed_sums(const float *image, int64_t height, int64_t width, int64_t channels,
                                  int64_t factors, const Axis *rows, const Axis *columns, float *line,
                                  float *turned, float *sums, float shift, float twice_error,
                                  uint8_t *levels, int64_t *places)
{
    const ptrdiff_t length = width * channels, step = ROWS * channels;
    int64_t found = 0, top;
    for (top = 0; top < height; top += ROWS) {
        const int64_t count = height - top < ROWS ? height - top : ROWS;
        int64_t factor, row, x;
        ptrdiff_t i;
        memset(sums, 0, (size_t)(width * step) * sizeof *sums);
        for (factor = 0; factor < factors; factor++) {
            const int64_t *first = columns->first + factor * width, *second = columns->second + factor * width;
            for (row = 0; row < count; row++) {
                const int64_t at = factor * height + top + row;
                const float *a = image + rows->first[at] * length, *b = image + rows->second[at] * length;
                const float low = rows->low[at], high = rows->high[at];
                float *to = turned + row * channels;
                for (i = 0; i < length; i++) line[i] = low * a[i] + high * b[i];
                if (channels == 3)
                    for (x = 0; x < width; x++) memcpy(to + x * 3 * ROWS, line + 3 * x, 3 * sizeof *line);
                else for (x = 0; x < width; x++) to[x * ROWS] = line[x];
            }
            for (x = 0; x < width; x++) {
                const float low = columns->low[factor * width + x], high = columns->high[factor * width + x];
                const float *a = turned + first[x] * step, *b = turned + second[x] * step;
                float *to = sums + x * step;
                if (channels == 3) for (i = 0; i < 3 * ROWS; i++) to[i] += low * a[i] + high * b[i];
                else for (i = 0; i < ROWS; i++) to[i] += low * a[i] + high * b[i];
            }
        }
        for (row = 0; row < count; row++) {
            const int64_t place = (top + row) * length;
            for (x = 0; x < width; x++)
                for (i = 0; i < channels; i++) line[x * channels + i] = sums[x * step + row * channels + i];
            for (i = 0; i < length; i++) {
                const float value = line[i] + shift;
                const int32_t low = (int32_t)value, high = (int32_t)(value + twice_error);
                levels[place + i] = (uint8_t)low;
                places[found] = place + i;
                found += high != low;
            }
        }
    }
    return found;
}

typedef struct {
    const int64_t *first, *second;
    const double *low, *high;
} ExactAxis;

/* Levels at `places` as scipy's zoom has them: products and sums in its order, in double precision, each
 * enlargement rounded to float32; then their mean with the image in float32. */
static void zoomed_levels(const uint8_t *image, int64_t height, int64_t width, int64_t channels,
                          int64_t factors, const ExactAxis *rows, const ExactAxis *columns, const double *unit,
                          const int64_t *places, int64_t count, uint8_t *levels)
{
    const int64_t line = width * channels;
    int64_t i, factor;
    for (i = 0; i < count; i++) {
        const int64_t row = places[i] / line, column = places[i] % line / channels;
        const uint8_t *channel = image + places[i] % channels;
        float total = 0.0f, mean;
        for (factor = 0; factor < factors; factor++) {
            const int64_t r = factor * height + row, c = factor * width + column;
            const uint8_t *upper = channel + rows->first[r] * line, *lower = channel + rows->second[r] * line;
            const int64_t left = columns->first[c] * channels, right = columns->second[c] * channels;
            double sum = unit[upper[left]] * rows->low[r] * columns->low[c];
            sum = sum + unit[upper[right]] * rows->low[r] * columns->high[c];
            sum = sum + unit[lower[left]] * rows->high[r] * columns->low[c];
            sum = sum + unit[lower[right]] * rows->high[r] * columns->high[c];
            total += (float)sum;
        }
        mean = ((float)unit[image[places[i]]] + total) / (float)(factors + 1);
        mean = mean > 0.0f ? mean : 0.0f;
        mean = mean < 1.0f ? mean : 1.0f;
        levels[i] = (uint8_t)(int32_t)(mean * 255.0f);
    }
}

/* What Python sees. */

static int in_range(const int64_t *numbers, int64_t count, int64_t end)
{
    int64_t i;
    for (i = 0; i < count; i++)
        if (numbers[i] < 0 || numbers[i] >= end) return 0;
    return 1;
}

/* Of a filter: whether all that it reads is in the padded image. */
static int fits(Shape shape, Py_ssize_t padded, const int64_t *offsets, int64_t taps)
{
    const int64_t last = (shape.height - 1) * shape.line_of_padded + shape.line; /* one beyond it */
    return last <= padded && in_range(offsets, taps, padded - last + 1);
}

static int is_shape(const Shape *shape)
{
    const int64_t most = INT64_C(1) << 31;
    return shape->height > 0 && shape->line > 0 && shape->line <= shape->line_of_padded
        && shape->line_of_padded < most && shape->height < most;
}

static int is_image(long long height, long long width, long long channels)
{
    const long long most = 1 << 20;
    return height > 0 && width > 0 && height <= most && width <= most && (channels == 1 || channels == 3);
}

PyDoc_STRVAR(grouped_sums_doc,
"grouped_sums(padded, shape, offsets, ends, weights, levels, places)\n--\n\n"
"Levels of sums, rounded down: `padded` (uint8) at `offsets` (int64) from each of its places, weights[g]\n"
"(float64, 0 to 1) for those up to ends[g] (int64). `shape`: bytes of a padded line, lines and bytes of a line\n"
"of `levels`. Returns how many levels are within 1e-10 of another, whose places (int64) are put into `places`.");

static PyObject *ask_grouped_sums(PyObject *self, PyObject *args)
{
    PyObject *padded, *offsets, *ends, *weights, *levels, *places, *result = NULL;
    Py_buffer views[6];
    Shape shape;
    const int64_t *end;
    int64_t groups, found, i;
    (void)self;
    if (!PyArg_ParseTuple(args, "O(LLL)OOOOO", &padded, &shape.line_of_padded, &shape.height, &shape.line,
                          &offsets, &ends, &weights, &levels, &places)) return NULL;
    if (!is_shape(&shape)) return refuse("shape is of no image");
    {
        const Wanted wanted[] = {
            {padded, "padded", 1, -1, 0}, {offsets, "offsets", 8, -1, 0}, {ends, "ends", 8, -1, 0},
            {weights, "weights", 8, -1, 0}, {levels, "levels", 1, (Py_ssize_t)(shape.height * shape.line), 1},
            {places, "places", 8, (Py_ssize_t)(shape.height * shape.line), 1}};
        if (!take(wanted, 6, views)) return NULL;
    }
    end = views[2].buf;
    groups = views[2].len / 8;
    for (i = 0; i < groups; i++)
        if (end[i] < (i ? end[i - 1] : 0) || end[i] > views[1].len / 8) break;
    if (i < groups || views[3].len / 8 != groups) refuse("ends and weights are of no groups");
    else if (!fits(shape, views[0].len, views[1].buf, views[1].len / 8)) refuse("offsets lead out of padded");
    else {
        uint16_t *wide = PyMem_Malloc((size_t)views[0].len * sizeof *wide);
        if (!wide) PyErr_NoMemory();
        else {
            Py_BEGIN_ALLOW_THREADS
            for (i = 0; i < views[0].len; i++) wide[i] = ((const uint8_t *)views[0].buf)[i];
            found = grouped_sums(wide, shape, views[1].buf, end, views[3].buf, groups, views[4].buf, views[5].buf);
            Py_END_ALLOW_THREADS
            PyMem_Free(wide);
            result = PyLong_FromLongLong(found);
        }
    }
    release(views, 6);
    return result;
}

PyDoc_STRVAR(float_sums_doc,
"float_sums(padded, shape, offsets, weights, shift, twice_error, levels, places)\n--\n\n"
"Levels of float32 sums, rounded down: `padded` (float32, 0 to 255) at `offsets` (int64) times `weights`\n"
"(float32, together about 1), and `shift`. Returns how many levels are others with `twice_error` more, whose\n"
"places (int64) are put into `places`; `shape` as `grouped_sums`, in numbers.");

static PyObject *ask_float_sums(PyObject *self, PyObject *args)
{
    PyObject *padded, *offsets, *weights, *levels, *places, *result = NULL;
    Py_buffer views[5];
    Shape shape;
    float shift, twice_error;
    int64_t found;
    (void)self;
    if (!PyArg_ParseTuple(args, "O(LLL)OOffOO", &padded, &shape.line_of_padded, &shape.height, &shape.line,
                          &offsets, &weights, &shift, &twice_error, &levels, &places)) return NULL;
    if (!is_shape(&shape)) return refuse("shape is of no image");
    {
        const Wanted wanted[] = {
            {padded, "padded", 4, -1, 0}, {offsets, "offsets", 8, -1, 0}, {weights, "weights", 4, -1, 0},
            {levels, "levels", 1, (Py_ssize_t)(shape.height * shape.line), 1},
            {places, "places", 8, (Py_ssize_t)(shape.height * shape.line), 1}};
        if (!take(wanted, 5, views)) return NULL;
    }
    if (views[2].len / 4 != views[1].len / 8) refuse("weights are not as many as offsets");
    else if (!fits(shape, views[0].len / 4, views[1].buf, views[1].len / 8)) refuse("offsets lead out of padded");
    else {
        Py_BEGIN_ALLOW_THREADS
        found = float_sums(views[0].buf, shape, views[1].buf, views[2].buf, views[2].len / 4, shift, twice_error,
                           views[3].buf, views[4].buf);
        Py_END_ALLOW_THREADS
        result = PyLong_FromLongLong(found);
    }
    release(views, 5);
    return result;
}

PyDoc_STRVAR(float32_sums_doc,
"float32_sums(padded, shape, step, size, weights, places, sums)\n--\n\n"
"Put into `sums` (float64) the sums of size x size `weights` (float64) at `places` (int64) of an image, rounded to\n"
"float32 after each addition. `padded` (uint8) has a border of half the size; `step`: bytes from a pixel to the\n"
"next; `shape` as `grouped_sums`.");

static PyObject *ask_float32_sums(PyObject *self, PyObject *args)
{
    PyObject *padded, *weights, *places, *sums, *result = NULL;
    Py_buffer views[4];
    Shape shape;
    long long step, size;
    (void)self;
    if (!PyArg_ParseTuple(args, "O(LLL)LLOOO", &padded, &shape.line_of_padded, &shape.height, &shape.line, &step,
                          &size, &weights, &places, &sums)) return NULL;
    if (!is_shape(&shape)) return refuse("shape is of no image");
    if (step < 1 || step > 3 || size < 1 || size > 1000) return refuse("step is 1 to 3, size 1 to 1,000");
    if (shape.line + (size - 1) * step > shape.line_of_padded) return refuse("padded is too small");
    {
        const Wanted wanted[] = {
            {padded, "padded", 1, (Py_ssize_t)((shape.height + size - 1) * shape.line_of_padded), 0},
            {weights, "weights", 8, (Py_ssize_t)(size * size), 0}, {places, "places", 8, -1, 0},
            {sums, "sums", 8, -1, 1}};
        if (!take(wanted, 4, views)) return NULL;
    }
    if (views[3].len != views[2].len) refuse("sums are not as many as places");
    else if (!in_range(views[2].buf, views[2].len / 8, shape.height * shape.line)) refuse("places lead out of the image");
    else {
        Py_BEGIN_ALLOW_THREADS
        float32_sums(views[0].buf, shape, step, size, views[1].buf, views[2].buf, views[2].len / 8, views[3].buf);
        Py_END_ALLOW_THREADS
        result = Py_NewRef(Py_None);
    }
    release(views, 4);
    return result;
}

/* Of zooms: what rows and columns (first, second, low, high, of numbers of `item` bytes) have to be, into
 * wanted[0] ... wanted[7]. Returns how many enlargements they are of; 0, and an error is set, if none. */
static Py_ssize_t want_axes(PyObject *const *rows, PyObject *const *columns, size_t item, int64_t height,
                            int64_t width, Wanted *wanted)
{
    const Py_ssize_t factors = PyObject_Length(rows[0]), others = PyObject_Length(columns[0]);
    int i;
    if (factors < 0 || others < 0) return 0;
    if (factors < 1 || others != factors || factors > 1 << 16) {
        refuse("rows and columns are not of one number");
        return 0;
    }
    for (i = 0; i < 4; i++) {
        const Wanted row = {rows[i], "rows", i < 2 ? 8 : item, (Py_ssize_t)(factors * height), 0};
        const Wanted column = {columns[i], "columns", i < 2 ? 8 : item, (Py_ssize_t)(factors * width), 0};
        wanted[i] = row;
        wanted[i + 4] = column;
    }
    return factors;
}

/* Whether what `want_axes` asked for leads to lines and columns of the image. */
static int axes_fit(const Py_buffer *views, int64_t height, int64_t width)
{
    return in_range(views[0].buf, views[0].len / 8, height) && in_range(views[1].buf, views[1].len / 8, height)
        && in_range(views[4].buf, views[4].len / 8, width) && in_range(views[5].buf, views[5].len / 8, width);
}

PyDoc_STRVAR(zoomed_sums_doc,
"zoomed_sums(image, shape, rows, columns, shift, twice_error, levels, places)\n--\n\n"
"Levels of the sum of an image's enlargements in float32, and `shift`, rounded down. `image`: float32, `shape` its\n"
"height, width and channels (1 or 3). `rows` and `columns` are (first, second, low, high) of all lines or columns\n"
"of each enlargement: a line is low times line `first` of the image and high times line `second` (int64,\n"
"float32). Returns and puts into `places` as `float_sums`.");

static PyObject *ask_zoomed_sums(PyObject *self, PyObject *args)
{
    PyObject *image, *of_rows[4], *of_columns[4], *levels, *places, *result = NULL;
    Py_buffer views[11]; /* of the axes first */
    Wanted wanted[11];
    long long height, width, channels;
    Py_ssize_t factors, size;
    int64_t found;
    float shift, twice_error, *room;
    (void)self;
    if (!PyArg_ParseTuple(args, "O(LLL)(OOOO)(OOOO)ffOO", &image, &height, &width, &channels, &of_rows[0],
                          &of_rows[1], &of_rows[2], &of_rows[3], &of_columns[0], &of_columns[1], &of_columns[2],
                          &of_columns[3], &shift, &twice_error, &levels, &places)) return NULL;
    if (!is_image(height, width, channels)) return refuse("shape is of no image");
    if (!(factors = want_axes(of_rows, of_columns, sizeof(float), height, width, wanted))) return NULL;
    size = (Py_ssize_t)(height * width * channels);
    {
        const Wanted others[] = {{image, "image", 4, size, 0}, {levels, "levels", 1, size, 1},
                                 {places, "places", 8, size, 1}};
        memcpy(wanted + 8, others, sizeof others);
    }
    if (!take(wanted, 11, views)) return NULL;
    if (!axes_fit(views, height, width)) refuse("rows or columns lead out of the image");
    else if (!(room = PyMem_Malloc((size_t)(width * channels) * (2 * ROWS + 1) * sizeof *room))) PyErr_NoMemory();
    else {
        const Axis rows = {views[0].buf, views[1].buf, views[2].buf, views[3].buf};
        const Axis columns = {views[4].buf, views[5].buf, views[6].buf, views[7].buf};
        float *turned = room + width * channels, *sums = turned + width * channels * ROWS;
        Py_BEGIN_ALLOW_THREADS
        found = zoomed_sums(views[8].buf, height, width, channels, factors, &rows, &columns, room, turned, sums,
                            shift, twice_error, views[9].buf, views[10].buf);
        Py_END_ALLOW_THREADS
        PyMem_Free(room);
        result = PyLong_FromLongLong(found);
    }
    release(views, 11);
    return result;
}

PyDoc_STRVAR(zoomed_levels_doc,
"zoomed_levels(image, shape, rows, columns, unit, places, levels)\n--\n\n"
"Put the exact levels at `places` (int64) into `levels`: image and unit[level] (uint8, float64) as scipy zooms\n"
"them, otherwise as `zoomed_sums`, with float64 for low and high and without the image itself.");

static PyObject *ask_zoomed_levels(PyObject *self, PyObject *args)
{
    PyObject *image, *of_rows[4], *of_columns[4], *unit, *places, *levels, *result = NULL;
    Py_buffer views[12]; /* of the axes first */
    Wanted wanted[12];
    long long height, width, channels;
    Py_ssize_t factors, size, count;
    (void)self;
    if (!PyArg_ParseTuple(args, "O(LLL)(OOOO)(OOOO)OOO", &image, &height, &width, &channels, &of_rows[0],
                          &of_rows[1], &of_rows[2], &of_rows[3], &of_columns[0], &of_columns[1], &of_columns[2],
                          &of_columns[3], &unit, &places, &levels)) return NULL;
    if (!is_image(height, width, channels)) return refuse("shape is of no image");
    if (!(factors = want_axes(of_rows, of_columns, sizeof(double), height, width, wanted))) return NULL;
    if ((count = PyObject_Length(places)) < 0) return NULL;
    size = (Py_ssize_t)(height * width * channels);
    {
        const Wanted others[] = {{image, "image", 1, size, 0}, {unit, "unit", 8, 256, 0},
                                 {places, "places", 8, count, 0}, {levels, "levels", 1, count, 1}};
        memcpy(wanted + 8, others, sizeof others);
    }
    if (!take(wanted, 12, views)) return NULL;
    if (!axes_fit(views, height, width) || !in_range(views[10].buf, count, size))
        refuse("rows, columns or places lead out of the image");
    else {
        const ExactAxis rows = {views[0].buf, views[1].buf, views[2].buf, views[3].buf};
        const ExactAxis columns = {views[4].buf, views[5].buf, views[6].buf, views[7].buf};
        Py_BEGIN_ALLOW_THREADS
        zoomed_levels(views[8].buf, height, width, channels, factors, &rows, &columns, views[9].buf, views[10].buf,
                      count, views[11].buf);
        Py_END_ALLOW_THREADS
        result = Py_NewRef(Py_None);
    }
    release(views, 12);
    return result;
}

static PyMethodDef methods[] = {
    {"grouped_sums", ask_grouped_sums, METH_VARARGS, grouped_sums_doc},
    {"float_sums", ask_float_sums, METH_VARARGS, float_sums_doc},
    {"float32_sums", ask_float32_sums, METH_VARARGS, float32_sums_doc},
    {"zoomed_sums", ask_zoomed_sums, METH_VARARGS, zoomed_sums_doc},
    {"zoomed_levels", ask_zoomed_levels, METH_VARARGS, zoomed_levels_doc},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_sums", "Filters of images.", 0, methods, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit__sums(void)
{
    return PyModuleDef_Init(&module);
}
