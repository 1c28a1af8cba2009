"""AugMix over the corruptions that the benchmark tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from medmnist_c.augmentation.params import AugmentationParams, corrupted
from medmnist_c.augmentation.sampler import make_sampler
from medmnist_c.augmentation.transform import Augmentation
from medmnist_c.corruptions.image import look_up

_LEVELS = np.arange(256, dtype=np.float32)


@dataclass(frozen=True)
class AugMixParams:
    """What is done to one image: chains of corruptions, and the weight of each chain in the result.

    `original_weight` is that of the image itself; it and the chains' `weights` sum to 1.
    `AugMixParams(**json.loads(json.dumps(asdict(params))))` equals `params`.
    """

    chains: tuple[tuple[AugmentationParams, ...], ...]
    weights: tuple[float, ...]
    original_weight: float

    def __post_init__(self) -> None:
        chains = tuple(tuple(_as_params(one) for one in chain) for chain in self.chains)
        object.__setattr__(self, "chains", chains)
        object.__setattr__(self, "weights", tuple(self.weights))


def _as_params(one: Any) -> AugmentationParams:
    """As JSON gives them, too."""
    return one if isinstance(one, AugmentationParams) else AugmentationParams(**one)


class TargetedAugMix(Augmentation[AugMixParams]):
    """Chains of a dataset's corruptions, mixed with each other and with the original.

    Each of `width` chains is a row of corruptions, drawn one by one. The chains are averaged with
    weights from a Dirichlet distribution, the result is mixed with the original by a weight from a
    Beta distribution, and rounded to whole levels. Source: AugMix (Hendrycks et al., ICLR 2020, arXiv
    1912.02781), on the targeted corruptions; its consistency loss is the training loop's.

    Args:
        dataset, seed: as `TargetedAugmentation`.
        width: number of chains, at least 1.
        depth: fewest and most corruptions in a chain, both included.
        alpha: of both distributions, above 0.
        corruptions, groups, exclude_groups, weights, severities, column, index_column: as
            `TargetedAugmentation`.
        identity: whether a chain's link may leave the image as it is; the original has its weight
            anyway.

    Raises:
        UnknownNameError: a name that the dataset does not have.
        TypeError, ValueError: another argument is not as above.
    """

    def __init__(
        self,
        dataset: str,
        seed: int | None = None,
        *,
        width: int = 3,
        depth: tuple[int, int] = (1, 3),
        alpha: float = 1.0,
        corruptions: Iterable[str] | None = None,
        groups: Iterable[str] | None = None,
        exclude_groups: Iterable[str] | None = None,
        weights: Mapping[str, float] | None = None,
        identity: bool = False,
        severities: tuple[int, int] | range | None = None,
        column: str = "image",
        index_column: str | None = "index",
    ) -> None:
        fewest, most = depth
        if not (isinstance(width, int) and width >= 1):
            raise ValueError(f"width is a whole number from 1 on, not {width!r}.")
        if not (isinstance(fewest, int) and isinstance(most, int) and 1 <= fewest <= most):
            raise ValueError(
                f"depth is the fewest and the most links of a chain, such as (1, 3), not {depth!r}."
            )
        if not 0 < alpha < float("inf"):
            raise ValueError(f"alpha is a number above 0, not {alpha!r}.")
        self._width, self._depth, self._alpha = width, (fewest, most), float(alpha)
        limits = (corruptions, groups, exclude_groups, weights, identity, severities)
        super().__init__(make_sampler(dataset, *limits), seed, column, index_column)

    def _draw(self, rng: Random) -> AugMixParams:
        # A Dirichlet distribution is that of gamma variates divided by their sum. With a tiny alpha all
        # may be 0.
        gammas = [rng.gammavariate(self._alpha, 1.0) for _ in range(self._width)]
        total = sum(gammas)
        weights = [one / total for one in gammas] if total else [1 / self._width] * self._width
        mixed = rng.betavariate(self._alpha, self._alpha)
        chains = tuple(
            tuple(self._sampler.draw(rng) for _ in range(rng.randint(*self._depth)))
            for _ in range(self._width)
        )
        return AugMixParams(chains, tuple(mixed * weight for weight in weights), 1.0 - mixed)

    @staticmethod
    def _apply(pixels: np.ndarray, params: AugMixParams) -> np.ndarray:
        total = look_up(pixels, _LEVELS * np.float32(params.original_weight))
        for chain, weight in zip(params.chains, params.weights, strict=True):
            made = pixels
            for link in chain:
                made = corrupted(made, link)
            total += look_up(made, _LEVELS * np.float32(weight))
        return np.clip(np.rint(total, out=total), 0, 255).astype(np.uint8)

    def __repr__(self) -> str:
        return (
            f"TargetedAugMix({self.dataset!r}, seed={self.seed}, width={self._width}, "
            f"depth={self._depth}, alpha={self._alpha}, names={self.names})"
        )
