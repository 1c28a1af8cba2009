"""Optimisers and schedules, torch's where it has them and timm's where not."""

from typing import Any

import torch
from torch import nn

from medmnist_c.experiments.errors import ExperimentError
from medmnist_c.experiments.protocol import Training
from medmnist_c.models.errors import needing

_TORCH = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def optimizer_of(training: Training, network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser over all weights of a network.

    Raises:
        ExperimentError: neither torch nor timm has one of that name.
        ModuleNotFoundError: it would be timm's, which is not installed.
    """
    how = {"lr": training.learning_rate, "weight_decay": training.weight_decay}
    if training.optimizer in _TORCH:
        return _TORCH[training.optimizer](network.parameters(), **how)
    with needing("experiments", "timm"):
        from timm.optim import create_optimizer_v2
    try:
        made: torch.optim.Optimizer = create_optimizer_v2(network, opt=training.optimizer, **how)
    except (ValueError, AssertionError, KeyError) as error:
        raise ExperimentError(
            f"There is no optimiser {training.optimizer!r} in torch or timm."
        ) from error
    return made


def schedule_of(training: Training, optimizer: torch.optim.Optimizer) -> Any:
    """The learning rate by epochs: one cosine over all of them, or constant."""
    if training.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=training.epochs)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0)
