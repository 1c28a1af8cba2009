"""Whether another machine makes the same images, found by making a few.

A worker of a cluster may have another processor and other libraries. What matters is not their versions
but whether the images are the same: each of the eighteen algorithms is tried on one image.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from medmnist_c.builder.versions import machine_and_libraries
from medmnist_c.corruptions.random.seeded import stream_from
from medmnist_c.corruptions.registry import ALGORITHMS, apply
from medmnist_c.corruptions.stain_masks import own_masks
from medmnist_c.corruptions.table import CORRUPTIONS

_SEVERITY = 3
_SIZE = 96


@dataclass(frozen=True)
class Probe:
    """Digests of the images that a machine has made, by algorithm, and what it made them with."""

    digests: dict[str, str]
    made_with: dict[str, str]

    def difference(self, asked: "Probe") -> str:
        """A sentence on what this machine makes otherwise than the one that asks; "" if nothing."""
        other = [name for name, one in self.digests.items() if asked.digests.get(name) != one]
        if not other:
            return ""
        unlike = [
            f"{name} {here}, there {asked.made_with.get(name)}"
            for name, here in self.made_with.items()
            if asked.made_with.get(name) != here
        ]
        return (
            f"A worker makes other images than the machine that asks, by {', '.join(other)} "
            f"({'; '.join(unlike) or 'with the same libraries'}); install the same versions there."
        )


@lru_cache(maxsize=1)
def probe() -> Probe:
    """What this machine makes; takes some hundredths of a second, once."""
    return Probe({name: _digest(name) for name in ALGORITHMS}, machine_and_libraries())


def _digest(name: str) -> str:
    algorithm = ALGORITHMS[name]
    entry = next(
        one for rows in CORRUPTIONS.values() for one in rows.values() if one.algorithm is algorithm
    )
    kind = algorithm.draws and algorithm.draws.stream
    draws = stream_from(0, kind) if kind else None
    masks = own_masks() if algorithm.takes_masks else {}
    made = apply(_image(), algorithm, entry.parameters(_SEVERITY), draws, masks)
    return hashlib.sha256(np.ascontiguousarray(made).data).hexdigest()[:16]


def _image() -> np.ndarray:
    """An RGB image with ramps, edges, flat areas and something like noise, of whole numbers alone."""
    rows, columns = np.mgrid[:_SIZE, :_SIZE]
    noise = (rows * 7919 + columns * 104729 + rows * columns * 31) % 251
    ramp = (rows + columns) * 255 // (2 * _SIZE)
    blocks = np.where((rows // 12 + columns // 12) % 2, 200, 60)
    return np.dstack([noise, ramp, blocks]).astype(np.uint8)
