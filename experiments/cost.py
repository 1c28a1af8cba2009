"""What an experiment costs, before it starts: runs, images, hours by a few batches, disk."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import nn

from medmnist_c.builder.configs import CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, corruptions_of
from medmnist_c.experiments.protocol import Protocol, Training
from medmnist_c.experiments.runs import RUNS_OF, Run
from medmnist_c.experiments.training.loop import seeded
from medmnist_c.experiments.training.optimisation import optimizer_of
from medmnist_c.models.networks import create_network

_LEAST_S = 2.0  # measured for so long, or one batch
_ON_CPU = 8  # images of a batch on a processor, whose speed hardly depends on it


@dataclass(frozen=True)
class Speed:
    """Images a second of one network: trained, and asked; and bytes of its weights."""

    training: float
    asking: float
    weights: int


@dataclass(frozen=True)
class Cost:
    """Of all runs of an experiment, if every epoch is trained.

    training_images, validation_images, test_images: shown to networks, over all epochs and test sets.
    hours: of the networks' work on this device; making and augmenting images is done beside it.
    disk: bytes of weights, and of the checkpoint of a run in progress.
    """

    device: str
    runs: int
    training_images: int
    validation_images: int
    test_images: int
    hours: float
    disk: int
    speeds: dict[str, Speed]

    def lines(self) -> list[str]:
        """In words."""
        told = [
            f"{self.runs} runs; shown to networks: {self.training_images:,} training, "
            f"{self.validation_images:,} validation and {self.test_images:,} test images at most",
        ]
        told += [
            f"{name}: {one.training:,.1f} images a second trained, {one.asking:,.1f} asked"
            for name, one in self.speeds.items()
        ]
        told.append(
            f"estimated, on {self.device}, measured on a few batches: {self.hours:,.1f} hours if every "
            "epoch is trained; early stopping makes it less, images that come too slowly more"
        )
        told.append(f"disk: {self.disk / 1e9:,.2f} GB")
        return told


def cost_of(table: str, protocol: Protocol, device: str | None = None) -> Cost:
    """Count and measure; reads no images and no pretrained weights.

    Raises:
        ModelError, ModuleNotFoundError: a network cannot be made.
    """
    runs = RUNS_OF[table](protocol)
    accelerator = Accelerator(cpu=device == "cpu", mixed_precision=protocol.training.precision)
    speeds = {
        name: measured(name, protocol.training, accelerator)
        for name in dict.fromkeys(run.architecture for run in runs)
    }
    training = validation = test = 0
    seconds = 0.0
    for run in runs:
        own, speed = _images(run, protocol.training), speeds[run.architecture]
        training, validation, test = training + own[0], validation + own[1], test + own[2]
        seconds += own[0] / speed.training + (own[1] + own[2]) / speed.asking
    disk = sum(speeds[run.architecture].weights for run in runs)
    disk += max(4 * one.weights for one in speeds.values())
    return Cost(
        _device_name(accelerator),
        len(runs),
        training,
        validation,
        test,
        seconds / 3600,
        disk,
        speeds,
    )


def _images(run: Run, training: Training) -> tuple[int, int, int]:
    """Training and validation images over all epochs, and test images over all test sets."""
    info = dataset_info(run.dataset)
    wanted = training.images
    train = min(wanted.get("train") or info.train_count, info.train_count)
    validation = min(wanted.get("validation") or info.validation_count, info.validation_count)
    test = min(wanted.get("test") or info.test_count, info.test_count)
    names = (
        CORRUPTIONS[run.dataset]
        if run.without is None
        else corruptions_of(run.dataset, run.without)
    )
    test_sets = len([CorruptedConfig(run.dataset, n, s) for n in names for s in SEVERITIES]) + 1
    epochs = training.epochs
    return train * epochs, validation * (epochs + 1), test * test_sets


def measured(name: str, training: Training, accelerator: Accelerator) -> Speed:
    """A network's speed on batches of noise; on a GPU of the protocol's size."""
    on_cpu = accelerator.device.type == "cpu"
    size, classes = min(training.batch_size, _ON_CPU) if on_cpu else training.batch_size, 10
    with seeded(0):
        network = create_network(name, classes, training.side, pretrained=False).module
        module, optimizer = accelerator.prepare(network, optimizer_of(training, network))
        device = accelerator.device
        images = torch.rand(size, 3, training.side, training.side, device=device)
        targets = torch.randint(classes, (size,), device=device)

        def step() -> None:
            module.train()
            with accelerator.autocast():
                scores = module(images)
            accelerator.backward(nn.functional.cross_entropy(scores.float(), targets))
            optimizer.step()
            optimizer.zero_grad()

        def ask() -> None:
            with torch.inference_mode(), accelerator.autocast():
                module(images)

        trained = _rate(step, size, device)
        module.eval()
        asked = _rate(ask, size, device)
    weights = sum(one.numel() * one.element_size() for one in network.state_dict().values())
    return Speed(trained, asked, weights)


def _rate(step: Callable[[], None], size: int, device: torch.device) -> float:
    """Images a second, after a first batch that is not counted."""

    def done() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.monotonic()

    step()
    begun, batches = done(), 0
    while not batches or done() - begun < _LEAST_S:
        step()
        batches += 1
    return batches * size / (done() - begun)


def _device_name(accelerator: Accelerator) -> str:
    if accelerator.device.type == "cuda":
        return str(torch.cuda.get_device_name(accelerator.device))
    return f"{accelerator.device.type}, {torch.get_num_threads()} threads"
