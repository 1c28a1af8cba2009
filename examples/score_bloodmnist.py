"""A small network, trained on real blood cells in a few minutes, and its report under all corruptions.

    python examples/score_bloodmnist.py FOLDER/bloodmnist_224.npz -o REPORT

It is trained on the file's training images (11,959 of BloodMNIST) and scored on its test images,
which it has not seen. Run it again after an interruption: it goes on where it was.
Needs torch, and `pip install medmnist_c[evaluate]`.
"""

from pathlib import Path

import click
import numpy as np
import torch
from stored_images import SIDE, first_of, shrunk, stored
from torch import nn

import medmnist_c


def scaled(images: np.ndarray) -> torch.Tensor:
    """uint8 B x 224 x 224 x 3 to float32 B x 3 x 56 x 56 in 0-1."""
    return shrunk(images) / 255


def training_data(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Shrunk training images and their labels, read a few at a time."""
    labels = first_of(path, "train_labels")[:, 0]
    parts = []
    with stored(path, "train_images") as (stream, shape, dtype):
        size = 256 * int(np.prod(shape[1:]))
        while content := stream.read(size):
            parts.append(scaled(np.frombuffer(content, dtype).reshape(-1, *shape[1:])))
    return torch.cat(parts), torch.from_numpy(labels.astype(np.int64))


def network(classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    for before, after in ((3, 24), (24, 48), (48, 96)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, classes))


def train(images: torch.Tensor, labels: torch.Tensor, epochs: int) -> nn.Module:
    torch.manual_seed(0)
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


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--epochs", default=6, show_default=True)
def main(path: Path, output: Path, epochs: int) -> None:
    output.mkdir(parents=True, exist_ok=True)
    weights = output / "weights.pt"
    if weights.exists():
        model = network(8)
        model.load_state_dict(torch.load(weights))
        model.eval()
    else:
        model = train(*training_data(path), epochs)
        unfinished = weights.with_suffix(".unfinished")
        torch.save(model.state_dict(), unfinished)
        unfinished.replace(weights)

    @torch.inference_mode()
    def predict(images: np.ndarray) -> torch.Tensor:
        return model(scaled(images))

    report = medmnist_c.evaluate(
        predict,
        "bloodmnist",
        data_dir=path.parent,
        logits=True,
        predictions=output / "predictions",
        model_name=f"small CNN, {SIDE} px, {epochs} epochs",
    )
    summary = report.datasets["bloodmnist"].summary
    click.echo(f"BE: {summary.BE.value:.3f}")
    click.echo(
        f"rBE: {summary.rBE.value:.3f}, without unstable ones {summary.rBE_stable.value:.3f}"
    )
    click.echo(report.save(output))


if __name__ == "__main__":
    main()
