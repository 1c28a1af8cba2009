"""One training by the protocol: epochs until the validation loss falls no more; the best is kept."""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import atomic_write
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.experiments.errors import ExperimentError
from medmnist_c.experiments.protocol import Training
from medmnist_c.experiments.runs import Run
from medmnist_c.experiments.training.augmentations import Unchanged, augmentation_of
from medmnist_c.experiments.training.checkpoint import Checkpoints, Progress
from medmnist_c.experiments.training.images import (
    Batch,
    TrainingImages,
    batches,
    clean_images,
    shuffled,
)
from medmnist_c.experiments.training.optimisation import optimizer_of, schedule_of
from medmnist_c.experiments.training.randomness import derived_seed
from medmnist_c.models.kinds.run_folder import TrainedModel
from medmnist_c.models.networks import Network, create_network, full_name
from medmnist_c.models.preprocessing import NORMALISATIONS

RUN_FILE, RESULT_FILE, TIMES_FILE = "run.json", "result.json", "times.jsonl"
Told = Callable[[Progress, int], None]  # after each epoch: how far, and images that were trained on


@dataclass(frozen=True)
class Machine:
    """Where a training runs: "cpu", or None for a GPU if there is one; processes that augment images."""

    device: str | None = None
    num_workers: int = 0


def is_finished(folder: Path) -> bool:
    """Whether a run's folder holds its weights."""
    return (folder / RESULT_FILE).exists()


def train(
    run: Run, training: Training, source: ImageSource, folder: Path, machine: Machine, told: Told
) -> None:
    """Train one network into a folder, going on from what is there.

    On the processor, with the same libraries and number of threads, a training that was interrupted ends
    in the same bytes as one that was not.

    Args:
        run, training: what is trained, and how.
        source: of the clean images; its test images are never opened.
        folder: for the checkpoint after each epoch, and at last the weights.
        machine: where.
        told: called after each epoch.

    Raises:
        ExperimentError: the folder holds another training, or the loss is no number any more.
        ModelError: there is no such network, or its pretrained weights cannot be had.
        CleanDataError: images cannot be had.
    """
    if is_finished(folder):
        return
    state = _Training.begin(run, training, source, folder, machine)
    while not state.progress.ended(training.epochs, training.patience):
        begun = time.monotonic()
        state.epoch(machine.num_workers)
        state.keep()
        with (folder / TIMES_FILE).open("a") as file:
            seconds = round(time.monotonic() - begun, 3)
            file.write(json.dumps({"epoch": state.progress.epochs, "seconds": seconds}) + "\n")
        told(state.progress, len(state.images))
    state.finish(folder)


@dataclass
class _Training:
    """All that changes while a network is trained."""

    run: Run
    training: Training
    accelerator: Accelerator
    network: Network
    prepared: Any
    optimizer: Any
    parts: dict[str, Any]  # what a checkpoint holds
    images: TrainingImages
    validation: TrainingImages
    checkpoints: Checkpoints
    progress: Progress

    @classmethod
    def begin(
        cls, run: Run, training: Training, source: ImageSource, folder: Path, machine: Machine
    ) -> "_Training":
        info = dataset_info(run.dataset)
        clean = clean_images(run.dataset, source, "train")
        held_out = clean_images(run.dataset, source, "validation")
        if not len(clean.images) or not len(held_out.images):
            raise ExperimentError(
                f"There are {len(clean.images)} training and {len(held_out.images)} validation images "
                f"of {run.dataset}; a training needs both: give the whole MedMNIST+ file."
            )
        _check_folder(folder, run, training, clean.digest)
        accelerator = Accelerator(cpu=machine.device == "cpu", mixed_precision=training.precision)
        with seeded(derived_seed(run.seed, "weights")):
            network = create_network(
                run.architecture, len(info.labels), training.side, pretrained=training.pretrained
            )
        statistics = (
            (network.mean, network.std)
            if training.normalization == "weights"
            else NORMALISATIONS[training.normalization]
        )
        preprocessing = _model(run, training, *statistics).preprocessing
        optimizer = optimizer_of(training, network.module)
        prepared, optimizer = accelerator.prepare(network.module, optimizer)
        parts = {
            "network": network.module,
            "optimizer": optimizer,
            "schedule": schedule_of(training, optimizer.optimizer),
        }
        if accelerator.scaler is not None:
            parts["scaler"] = accelerator.scaler
        checkpoints = Checkpoints(folder)
        return cls(
            run,
            training,
            accelerator,
            Network(network.module, *statistics),
            prepared,
            optimizer,
            parts,
            TrainingImages(clean, augmentation_of(run), preprocessing),
            TrainingImages(held_out, Unchanged(), preprocessing),
            checkpoints,
            checkpoints.load(parts),
        )

    def epoch(self, num_workers: int) -> None:
        """Train on every image once, then measure the loss on the validation images."""
        number, seed = self.progress.epochs, self.run.seed
        self.images.augmentation.set_epoch(number)
        order = shuffled(len(self.images), seed, number)
        self.prepared.train()
        total = 0.0
        with seeded(derived_seed(seed, "epoch", number)):
            for batch in batches(
                self.images,
                order,
                self.training.batch_size,
                num_workers,
                derived_seed(seed, number),
            ):
                loss = self._loss(batch)
                self.accelerator.backward(loss)
                self.optimizer.step()
                self.optimizer.zero_grad()
                total += float(loss.detach()) * len(batch[0])
        rate = self.optimizer.param_groups[0]["lr"]
        self.parts["schedule"].step()
        validation = self._validation_loss(num_workers)
        if not math.isfinite(validation):
            raise ExperimentError(
                f"The validation loss of {self.run.name} on {self.run.dataset} is {validation} after "
                f'epoch {number + 1}; take a smaller learning rate, or precision = "no".'
            )
        progress = self.progress
        progress.epochs += 1
        if validation < progress.best_loss:
            progress.best_epoch, progress.best_loss = progress.epochs, validation
        progress.history.append(
            {
                "epoch": progress.epochs,
                "learning_rate": rate,
                "loss": total / len(order),
                "validation_loss": validation,
            }
        )

    @torch.inference_mode()
    def _validation_loss(self, num_workers: int) -> float:
        self.prepared.eval()
        size = 4 * self.training.batch_size
        every = range(len(self.validation))
        total = 0.0
        for batch in batches(self.validation, every, size, num_workers, 0):
            total += float(self._loss(batch)) * len(batch[0])
        return total / len(every)

    def _loss(self, batch: Batch) -> torch.Tensor:
        """Cross-entropy; of several labels the binary one, over all of them."""
        device = self.accelerator.device
        images, targets = (one.to(device, non_blocking=True) for one in batch)
        with self.accelerator.autocast():
            scores = self.prepared(images)
        if targets.ndim == 2:
            return nn.functional.binary_cross_entropy_with_logits(scores.float(), targets)
        return nn.functional.cross_entropy(scores.float(), targets)

    def keep(self) -> None:
        self.checkpoints.save(self.progress, self.parts, self.network.module)

    def finish(self, folder: Path) -> None:
        """Weights and model first, then what says that they are there; then nothing else is needed."""
        self.checkpoints.finish(self.progress)
        _model(self.run, self.training, self.network.mean, self.network.std).save(folder)
        with atomic_write(folder / RESULT_FILE) as file:
            file.write(json.dumps(asdict(self.progress), indent=1).encode() + b"\n")
        self.checkpoints.remove()


def _model(run: Run, training: Training, mean: tuple, std: tuple) -> TrainedModel:
    return TrainedModel(full_name(run.architecture), run.dataset, training.side, mean, std)


def _check_folder(folder: Path, run: Run, training: Training, digest: str) -> None:
    """Say in the folder whose it is; a folder of another training is left alone."""
    own = {"run": asdict(run), "training": asdict(training), "clean_images": digest}
    text = json.dumps(own, indent=1) + "\n"
    path = folder / RUN_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(text.encode())
    elif path.read_text("utf-8") != text:
        raise ExperimentError(
            f"{folder} holds another training, or one on other images; give another output folder, or "
            "remove that one."
        )


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's global states, which layers such as dropout draw from, seeded, and put back at the end."""
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
