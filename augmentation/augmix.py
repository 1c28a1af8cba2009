"""AugMix over the corruptions that the benchmark tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

import numpy as np

from medmnist_c.augmentation.params import Draw, corrupted
from medmnist_c.augmentation.sampler import choose
from medmnist_c.augmentation.transform import Augmentation
from medmnist_c.corruptions.image import look_up

_LEVELS = np.arange(256, dtype=np.float32)


@dataclass(frozen=True)
class Mix:
    """What is done to one image: chains of draws, and the share of each in the result.

    `share` is the original's; the shares of the original and the chains sum to 1.
    `Mix(**json.loads(json.dumps(dataclasses.asdict(mix))))` equals `mix`.
    """

    chains: tuple[tuple[Draw, ...], ...]
    shares: tuple[float, ...]
    share: float

    def __post_init__(self) -> None:
        chains = tuple(
            tuple(one if isinstance(one, Draw) else Draw(**one) for one in chain)
            for chain in self.chains
        )
        object.__setattr__(self, "chains", chains)
        object.__setattr__(self, "shares", tuple(self.shares))


class TargetedAugMix(Augmentation):
    """Chains of a dataset's corruptions, mixed with each other and with the original.

    Each of `width` chains is a row of one to three drawn corruptions. The chains are averaged with
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
        identity: whether a chain's link may leave the image as it is; the original has its share
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
        super().__init__(choose(dataset, *limits), seed, column, index_column)

    def _draw(self, rng: Random) -> Mix:
        # A Dirichlet distribution is that of gamma variates divided by their sum. With a tiny alpha all
        # may be 0.
        gammas = [rng.gammavariate(self._alpha, 1.0) for _ in range(self._width)]
        total = sum(gammas)
        weights = [one / total for one in gammas] if total else [1 / self._width] * self._width
        mixed = rng.betavariate(self._alpha, self._alpha)
        chains = tuple(
            tuple(self._choice.draw(rng) for _ in range(rng.randint(*self._depth)))
            for _ in range(self._width)
        )
        return Mix(chains, tuple(mixed * weight for weight in weights), 1.0 - mixed)

    @staticmethod
    def _apply(pixels: np.ndarray, params: Mix) -> np.ndarray:
        total = look_up(pixels, _LEVELS * np.float32(params.share))
        for chain, share in zip(params.chains, params.shares, strict=True):
            made = pixels
            for draw in chain:
                made = corrupted(made, draw)
            total += look_up(made, _LEVELS * np.float32(share))
        return np.clip(np.rint(total, out=total), 0, 255).astype(np.uint8)

    def __repr__(self) -> str:
        return (
            f"TargetedAugMix({self.dataset!r}, seed={self.seed}, width={self._width}, "
            f"depth={self._depth}, alpha={self._alpha}, names={self.names})"
        )
