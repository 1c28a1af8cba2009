"""Two small networks for RGB images of any side from 16 on."""

from collections.abc import Callable

import torch
from torch import nn


def plain(classes: int) -> nn.Module:
    """Three convolutions, each halving the image, and a linear layer: some 25,000 weights."""
    layers: list[nn.Module] = []
    for before, after in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))


class _Block(nn.Module):
    """Two convolutions beside a shortcut; the first halves the image."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(before, after, 1, stride=2, bias=False), nn.BatchNorm2d(after)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(images) + self.shortcut(images))


def residual(classes: int) -> nn.Module:
    """A convolution and three residual blocks, each halving the image: some 300,000 weights."""
    stem = [nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    blocks = [_Block(16, 32), _Block(32, 64), _Block(64, 128)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes)]
    return nn.Sequential(*stem, *blocks, *head)


SMALL_NETWORKS: dict[str, Callable[[int], nn.Module]] = {"plain": plain, "residual": residual}
