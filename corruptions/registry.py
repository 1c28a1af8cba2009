"""The eighteen algorithms by name, and the one way to apply them to a grey or an RGB image.

All that depends on which algorithm it is stands in its entry here: a further one needs its function,
an entry, and a row in the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from medmnist_c.corruptions import artefacts, blur, color, digital, noise
from medmnist_c.corruptions.image import IMAGE_SIZE, as_rgb
from medmnist_c.corruptions.lengths import parameters_at
from medmnist_c.corruptions.parameters import ParameterKind, describe_parameters
from medmnist_c.corruptions.random.streams import RandomStream, StreamName


@dataclass(frozen=True)
class Draws:
    """What an algorithm takes from a random stream.

    stream: which of the reference's streams; a seeded one is of the kind that goes with it.
    advance: `advance(image, *parameters, rng)` moves the reference's stream past one image of 224 x
        224 pixels without making it; `parameters` are the table's. None where the draws of all images
        are as many, so that the stream is entered at any image (`reference.py`).
    depends_on_images: whether the image decides how much is drawn; else `advance` gets None for it.
    cache_states: whether states on the way are worth keeping, since drawing again takes longer.
    """

    stream: StreamName
    advance: Callable[..., None] | None = None
    depends_on_images: bool = False
    cache_states: bool = False


_NORMALS = Draws("legacy")  # one `standard_normal` a byte
_UNIFORMS = Draws("pcg64")  # two `random` a byte


@dataclass(frozen=True)
class Algorithm:
    """A corruption as a function, and what it needs.

    `function(image, *parameters[, rng=...])` takes and gives uint8, H x W x 3, or H x W where `grey`
    is true: such an algorithm treats the channels alike and draws nothing per channel, so one channel
    gives the same bytes as three. `parameters` are the kinds of the table's parameters. `draws` says
    what it takes from a random stream; None: it has no `rng`.
    """

    function: Callable[..., np.ndarray]
    parameters: tuple[ParameterKind, ...]
    draws: Draws | None = None
    grey: bool = True

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def takes_masks(self) -> bool:
        """Whether it takes stain masks."""
        return "mask size" in self.parameters

    def describe(self, parameters: tuple) -> str:
        """Parameters in a few words."""
        return describe_parameters(self.parameters, parameters)


ALGORITHMS: dict[str, Algorithm] = {
    one.name: one
    for one in (
        Algorithm(digital.pixelate, ("real",)),
        Algorithm(digital.jpeg_compression, ("whole",)),
        Algorithm(noise.gaussian_noise, ("real",), _NORMALS, grey=False),
        Algorithm(noise.speckle_noise, ("real",), _NORMALS, grey=False),
        Algorithm(noise.impulse_noise, ("real",), _UNIFORMS, grey=False),
        Algorithm(
            noise.shot_noise,
            ("real",),
            Draws("legacy", noise.advance_past_shot_noise, True, cache_states=True),
            grey=False,
        ),
        Algorithm(blur.defocus_blur, ("real", "real")),
        Algorithm(
            blur.motion_blur, ("real", "real"), Draws("legacy", blur.advance_past_motion_blur)
        ),
        Algorithm(blur.zoom_blur, ("zoom factors",)),
        Algorithm(blur.gaussian_blur, ("odd",)),
        Algorithm(color.brightness, ("real",)),
        Algorithm(color.contrast, ("real",)),
        Algorithm(color.gamma_correction, ("real",)),
        Algorithm(color.saturate, ("real",), grey=False),
        Algorithm(
            artefacts.stain_deposit,
            ("whole", "mask size"),
            Draws("python", artefacts.advance_past_stain_deposit, cache_states=True),
        ),
        Algorithm(
            artefacts.bubble,
            ("whole", "whole"),
            Draws("python", artefacts.advance_past_bubble, cache_states=True),
        ),
        Algorithm(artefacts.black_corner, ("real",)),
        Algorithm(
            artefacts.characters,
            ("whole", "whole", "real"),
            Draws("python", artefacts.advance_past_characters, cache_states=True),
            grey=False,
        ),
    )
}


def apply(
    image: np.ndarray,
    algorithm: Algorithm,
    parameters: tuple,
    rng: RandomStream | None = None,
    stain_masks: Mapping[int, np.ndarray] | None = None,
    size: int = IMAGE_SIZE,
) -> np.ndarray:
    """One corrupted image.

    A grey image is corrupted as the reference does it: made RGB, corrupted, and made grey again by
    the ITU-R 601 luma of Pillow's mode "L"; the way there and back is left out where it changes
    nothing.

    Args:
        image: uint8, H x W or H x W x 3, at least 28 pixels a side; not modified.
        algorithm: of `ALGORITHMS`.
        parameters: as `Corruption.parameters` gives them.
        rng: the random stream, where the algorithm draws: `numpy.random.RandomState` or `Generator`,
            for the stream "python" `random.Random`. Moved by exactly the image's draws.
        stain_masks: ten 0/1 masks by the table's size of them, where `algorithm.takes_masks`.
        size: pixels a side that the image stands for: the parameters' lengths, which are for 224, scale
            with it (`lengths.py`). The masks are given scaled.

    Returns:
        uint8 of the image's shape.

    Raises:
        TypeError, ValueError: the image is not as above, the algorithm does not take the parameters,
            or masks that it takes are missing.
    """
    parameters, lengths = parameters_at(algorithm.function, algorithm.parameters, parameters, size)
    if algorithm.takes_masks:
        if stain_masks is None:
            raise TypeError(f"{algorithm.name} takes stain masks; give them as stain_masks=.")
        parameters = tuple(
            stain_masks[one] if kind == "mask size" else one
            for kind, one in zip(algorithm.parameters, parameters, strict=True)
        )
    extra = {**lengths, **({"rng": rng} if algorithm.draws else {})}
    if image.ndim == 2 and not algorithm.grey:
        rgb = algorithm.function(as_rgb(image), *parameters, **extra)
        return color.grey_of(rgb)
    return algorithm.function(image, *parameters, **extra)
