"""A corruption of a dataset as an object that draws from the global random states."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.builder.testset.published import published_masks
from medmnist_c.corruptions.artefacts import characters as _characters
from medmnist_c.corruptions.image import as_rgb
from medmnist_c.corruptions.random.streams import RandomStream
from medmnist_c.corruptions.registry import apply
from medmnist_c.corruptions.table import Corruption

_GLOBAL = np.random.mtrand._rand  # the state behind numpy.random.normal and the others
_AUGMENTING = 99999  # seeds each impulse noise of the augmentation, so that all are alike


class BaseCorruption:
    """A corruption with its parameters.

    `severity_params` are those of severity 1 to 5, and for three corruptions of one beyond, as the
    table has them. `rng`, a `numpy.random.Generator`, is what impulse noise draws from; the others draw
    from `numpy.random` and `random`.
    """

    def __init__(self, entry: Corruption) -> None:
        self._entry = entry
        bound = entry.augmentation_upper_bound
        self._parameters = [*entry.severities, *([bound] if bound else [])]
        self.severity_params = [_as_listed(entry, one) for one in self._parameters]
        self.rng: np.random.Generator | None = None

    @property
    def inks(self) -> Mapping[str, np.ndarray]:
        """The masks of stain deposit by severity, counted from 0: arrays "3" and "4"."""
        masks = published_masks(True)
        return {"3": masks[24], "4": masks[32]}

    def apply(
        self, img: Image.Image | np.ndarray, severity: int = -1, augmentation: bool = False
    ) -> np.ndarray:
        """The corrupted image.

        Args:
            img: RGB or grey, PIL or uint8.
            severity: counted from 0; -1 for the last parameters listed.
            augmentation: draw the parameters instead, between the first and the last.

        Returns:
            uint8, height x width x 3, or height x width for a grey image (motion blur: x 3).
        """
        algorithm = self._entry.algorithm
        if augmentation:
            parameters = _drawn(self._entry, self._parameters)
        else:
            parameters = self._parameters[severity]
            if algorithm.takes_masks and severity == -1:
                parameters = (parameters[0], 24)
        pixels = np.asarray(img)
        rng = self._stream(augmentation)
        if pixels.ndim == 2 and algorithm.name in _OF_GREY:
            return _OF_GREY[algorithm.name](pixels, *parameters, rng)
        masks = None
        if algorithm.takes_masks:
            inks = self.inks
            masks = {24: inks["3"], 32: inks["4"]}
        if algorithm.name == "motion_blur":
            pixels = as_rgb(pixels)
        return apply(pixels, algorithm, parameters, rng, masks)

    def _stream(self, augmentation: bool) -> RandomStream | None:
        draws = self._entry.algorithm.draws
        if draws is None:
            return None
        if draws.stream == "legacy":
            return _GLOBAL
        if draws.stream == "python":
            return random  # type: ignore[return-value]  # its functions are those of a `Random`
        if augmentation:
            return np.random.default_rng(_AUGMENTING)
        if self.rng is None:
            raise AttributeError(
                "Impulse noise draws from its `rng`; set it, as in corruption.rng = "
                "numpy.random.default_rng(0)."
            )
        return self.rng


def _as_listed(entry: Corruption, parameters: tuple) -> Any:
    kinds = entry.algorithm.parameters
    listed = tuple(
        np.array(one) if kind == "zoom factors" else one
        for kind, one in zip(kinds, parameters, strict=True)
        if kind != "mask size"
    )
    return listed[0] if len(listed) == 1 else listed


def _drawn(entry: Corruption, parameters: list[tuple]) -> tuple:
    """Parameters between the first and the last listed, each uniform by itself.

    Whole numbers are cut off, an even one made odd by -1 where it must be odd; the smaller masks are
    taken. Zooms go up to a factor from 1.0 to the last one's largest, in steps of a drawn size.
    """
    found: list[Any] = []
    for kind, low, high in zip(
        entry.algorithm.parameters, parameters[0], parameters[-1], strict=True
    ):
        if kind == "mask size":
            found.append(min(low, high))
        elif kind == "zoom factors":
            largest = np.random.uniform(1.0, high[-1])
            step = np.random.uniform(low[1] - low[0], high[1] - high[0])
            found.append(tuple(np.arange(1.0, largest, step).tolist()) or (1.0,))
        else:
            drawn = float(np.random.uniform(low, high))
            whole = int(drawn)
            odd = whole - 1 if whole % 2 == 0 else whole
            found.append({"real": drawn, "whole": whole, "odd": odd}[kind])
    return tuple(found)


def _cut(x: np.ndarray) -> np.ndarray:
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


def _grey_impulses(pixels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    jumps, up = rng.random(pixels.shape) <= amount, rng.random(pixels.shape) <= 0.5
    return np.where(jumps, np.where(up, np.uint8(255), np.uint8(0)), pixels)


def _grey_characters(
    pixels: np.ndarray, words: int, letters: int, scale: float, rng: random.Random
) -> np.ndarray:
    return _characters(as_rgb(pixels), words, letters, scale, rng)[..., 0]


# On a grey image the package draws once a pixel, not for each of three channels as the test sets do.
_OF_GREY: dict[str, Callable[..., np.ndarray]] = {
    "gaussian_noise": lambda g, c, rng: _cut(g / 255.0 + rng.normal(size=g.shape, scale=c)),
    "speckle_noise": lambda g, c, rng: _cut(
        g / 255.0 + g / 255.0 * rng.normal(size=g.shape, scale=c)
    ),
    "shot_noise": lambda g, c, rng: _cut(rng.poisson(g / 255.0 * c) / float(c)),
    "impulse_noise": _grey_impulses,
    "characters": _grey_characters,
}
