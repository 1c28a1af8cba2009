"""Small networks that differ in their seed alone, trained on real blood cells, and one report of them.

    python examples/score_bloodmnist.py FOLDER/bloodmnist_224.npz -o REPORT --seeds 5

They are trained on the file's training images (11,959 of BloodMNIST) and scored on its test images,
all in one pass over these. Run it again after an interruption: it goes on where it was.
Needs torch, and `pip install medmnist_c[evaluate]`.
"""

from pathlib import Path

import click
import cv2
import numpy as np
import torch
from PIL import Image
from stored_images import first_of, stored
from torch import nn

import medmnist_c

SIDE = 28  # pixels, of what the nets see: they train in a minute or two on one core


def scaled(image: Image.Image | np.ndarray) -> np.ndarray:
    """224 x 224 x 3 levels to float32 3 x 28 x 28 in 0-1."""
    small = cv2.resize(np.asarray(image), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return small.transpose(2, 0, 1).astype(np.float32) / 255


def training_data(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Shrunk training images and their labels, read one at a time."""
    labels = first_of(path, "train_labels")[:, 0]
    images = []
    with stored(path, "train_images") as (stream, shape, dtype):
        size = int(np.prod(shape[1:]))
        while content := stream.read(size):
            images.append(scaled(np.frombuffer(content, dtype).reshape(shape[1:])))
    return torch.from_numpy(np.stack(images)), torch.from_numpy(labels.astype(np.int64))


def network(classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    for before, after in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 9, classes))


def train(images: torch.Tensor, labels: torch.Tensor, epochs: int, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = network(int(labels.max()) + 1)
    steps = epochs * (len(images) // 128)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for epoch in range(epochs):
        order = torch.randperm(len(images))
        for some in order[: len(order) // 128 * 128].reshape(-1, 128):
            batch = images[some]
            batch = batch.flip(3) if torch.rand(1) < 0.5 else batch
            loss = nn.functional.cross_entropy(model(batch), labels[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        click.echo(f"epoch {epoch + 1} of {epochs}: loss {loss.item():.3f}")
    return model.eval()


def trained(seed: int, path: Path, output: Path, epochs: int) -> nn.Module:
    """A seed's network, from its file if it has been trained."""
    weights = output / f"seed{seed}.pt"
    if not weights.exists():
        model = train(*training_data(path), epochs, seed)
        unfinished = weights.with_suffix(".unfinished")
        torch.save(model.state_dict(), unfinished)
        unfinished.replace(weights)
    model = network(8)
    model.load_state_dict(torch.load(weights))
    return model.eval().requires_grad_(False)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--epochs", default=4, show_default=True)
@click.option("--seeds", default=1, show_default=True, help="Networks to train.")
def main(path: Path, output: Path, epochs: int, seeds: int) -> None:
    output.mkdir(parents=True, exist_ok=True)
    models = {}
    for seed in range(seeds):
        model = trained(seed, path, output, epochs)
        models[f"small CNN, {SIDE} px, seed {seed}"] = medmnist_c.Model(
            lambda batch, model=model: model(torch.from_numpy(batch)), scaled, 128, logits=True
        )
    reports = medmnist_c.evaluate(
        models, "bloodmnist", data_dir=path.parent, predictions=output / "predictions"
    )
    for name, report in reports.items():
        summary = report.datasets["bloodmnist"].summary
        click.echo(f"{name}: BE {summary.BE.value:.3f}, {report.save(output / name)}")
    if seeds > 1:
        report = medmnist_c.over_seeds(list(reports.values()), f"small CNN, {SIDE} px")
        summary = report.datasets["bloodmnist"].summary
        click.echo(f"{seeds} seeds: BE {summary.BE.value:.3f}, SD {summary.BE.sd:.3f}")
        click.echo(report.save(output))


if __name__ == "__main__":
    main()
