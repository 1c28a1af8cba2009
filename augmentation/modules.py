"""An augmentation as a torch module, for `nn.Sequential` and pipelines of transforms."""

from collections.abc import Callable
from typing import Any

from torch import nn


class AugmentationModule(nn.Module):
    """Calls an augmentation; it has no weights, and augments in evaluation mode, too.

    Args:
        augmentation: a `TargetedAugmentation` or `TargetedAugMix`.
    """

    def __init__(self, augmentation: Callable[..., Any]) -> None:
        super().__init__()
        self.augmentation = augmentation

    def forward(self, *inputs: Any) -> Any:
        """What the augmentation makes of them; see its `__call__`."""
        return self.augmentation(*inputs)

    def extra_repr(self) -> str:
        return repr(self.augmentation)
