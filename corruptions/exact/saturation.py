"""Saturation by the hexcone model, the bytes of scikit-image's `rgb2hsv` and `hsv2rgb` in float64.

The model is Smith's (SIGGRAPH 1978). The float64 operations are scikit-image's in their order, so that
their last bits are too; but instead of for red, green and blue they are done for the largest, the
middle and the smallest channel of each pixel, which takes a third of the work and no case apart. The
largest comes back as it was.
"""

import numpy as np

from medmnist_c.corruptions.image import UNIT, look_up

# The hue circle has six sectors, counted from red over yellow to green and on. In each, one channel
# is the largest, one the smallest and one between: (largest, between) by sector.
_SECTORS = ((0, 1), (1, 0), (1, 2), (2, 1), (2, 0), (0, 2))

# Which sector follows from three comparisons: red >= green, green >= blue, blue >= red, as the bits
# of a number. In odd sectors the hue falls back from the next primary. Grey (7) counts as red.
_SECTOR_BY_ORDER = {0b011: 0, 0b010: 1, 0b110: 2, 0b100: 3, 0b101: 4, 0b001: 5, 0b111: 0}
_PRIMARY = np.zeros(256)  # the primary a hue is counted from: 0 red, 2 green, 4 blue, in sixths
_DIRECTION = np.zeros(256)  # 1.0 forwards from it, -1.0 backwards
_TURN = np.zeros(256)  # 1.0 where the hue falls below 0, to be a whole turn more
for _order, _sector in _SECTOR_BY_ORDER.items():
    _PRIMARY[_order] = (_sector + 1) // 2 * 2 % 6
    _DIRECTION[_order] = -1.0 if _sector % 2 else 1.0
    _TURN[_order] = 1.0 if _sector == 5 else 0.0

_IS_EVEN = np.tile([1.0, 0.0], 128)
_IS_LARGEST = np.zeros((3, 256), np.uint8)  # by channel and sector: 255 where it is the largest
_IS_BETWEEN = np.zeros((3, 256), np.uint8)  # the same for the one between
for _sector, (_largest, _between) in enumerate(_SECTORS):
    _IS_LARGEST[_largest, _sector] = 255
    _IS_BETWEEN[_between, _sector] = 255


def more_saturated(
    red: np.ndarray, green: np.ndarray, blue: np.ndarray, amount: float
) -> list[np.ndarray]:
    """Red, green and blue with `amount` more saturation, rounded down.

    Args:
        red, green, blue: uint8 of one shape.
        amount: added to the saturation, which is then clipped to 0-1.

    Returns:
        Three new uint8 arrays of the same shape.
    """
    largest = np.maximum(np.maximum(red, green), blue)
    smallest = np.minimum(np.minimum(red, green), blue)
    middle = np.maximum(np.minimum(red, green), np.minimum(np.maximum(red, green), blue))
    order = (red >= green).view(np.uint8)
    order |= (green >= blue).view(np.uint8) << 1
    order |= (blue >= red).view(np.uint8) << 2

    value = look_up(largest, UNIT)
    low = look_up(smallest, UNIT)
    delta = value - low
    hue = look_up(middle, UNIT)
    hue -= low
    hue /= np.maximum(delta, 1e-9)  # grey: 0 / 1e-9, no warning
    hue *= look_up(order, _DIRECTION)
    hue += look_up(order, _PRIMARY)
    hue /= 6.0
    hue += look_up(order, _TURN)

    saturation = delta
    saturation /= np.maximum(value, 1e-9)
    saturation += amount
    np.clip(saturation, 0.0, 1.0, out=saturation)

    hue *= 6.0
    sector = hue.astype(np.uint8)
    hue -= sector
    # In an even sector the middle channel rises with the hue, in an odd one it falls.
    fall = np.abs(np.subtract(look_up(sector, _IS_EVEN), hue, out=hue), out=hue)
    fall *= saturation
    middle = _bytes_below(value, fall)
    smallest = _bytes_below(value, saturation)

    # Put each where its sector says: `a ^ ((a ^ b) & mask)` is b under the mask, a elsewhere.
    largest ^= smallest
    middle ^= smallest
    return [
        smallest
        ^ (largest & look_up(sector, _IS_LARGEST[channel]))
        ^ (middle & look_up(sector, _IS_BETWEEN[channel]))
        for channel in range(3)
    ]


def _bytes_below(value: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Bytes of `value * (1 - share)`, rounded down; `share` is used up."""
    result = np.subtract(1.0, share, out=share)
    result *= value
    result *= 255.0
    return result.astype(np.uint8)
