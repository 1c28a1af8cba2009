"""Does targeted augmentation make a net more robust? Train without, with it and with AugMix; compare.

    python examples/train_augmented.py bloodmnist --data-dir FOLDER -o comparison --quick

FOLDER holds `bloodmnist_224.npz` in the MedMNIST+ layout. Each way is trained with three seeds and
evaluated by `medmnist_c.evaluate` on every corruption and severity; `comparison/REPORT.md` compares
them. It needs torch beside this package and runs on the CPU; `--quick` takes some minutes on two cores.
"""

import shutil
import statistics
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from stored_images import SIDE, first_of, shrunk
from torch import nn
from torch.utils.data import DataLoader

from medmnist_c.augmentation.augmix import TargetedAugMix
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.stain_masks import REFERENCE_FILE
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.evaluation.report.model import DatasetReport

WAYS: dict[str, Callable | None] = {
    "none": None,
    "TargetedAugmentation": TargetedAugmentation,
    "TargetedAugMix": TargetedAugMix,
}
BATCH = 64


class Images:
    """Training images and labels, each image augmented as it is read."""

    def __init__(
        self, train_images: np.ndarray, labels: np.ndarray, transform: Callable | None
    ) -> None:
        self.train_images, self.labels, self.transform = train_images, labels, transform

    def __len__(self) -> int:
        return len(self.train_images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self.train_images[index]
        if self.transform:
            image = self.transform(image)
        return as_tensor(image[None])[0], int(self.labels[index])


def as_tensor(train_images: np.ndarray) -> torch.Tensor:
    """uint8 N x 224 x 224 (x C) to float N x C x 56 x 56 in -1 to 1."""
    return shrunk(train_images) / 127.5 - 1


def net(channels: int, classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    for width in (16, 32, 64, 128):
        layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes))


def train(data: Images, classes: int, epochs: int, seed: int, workers: int) -> nn.Module:
    torch.manual_seed(seed)
    model = net(3 if data.train_images.ndim == 4 else 1, classes)
    loader = DataLoader(
        data, BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    steps = epochs * len(loader)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    model.train()
    for _ in range(epochs):
        for train_images, labels in loader:
            loss = nn.functional.cross_entropy(model(train_images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def predictor(model: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    @torch.inference_mode()
    def predict(train_images: np.ndarray) -> np.ndarray:
        return model(as_tensor(train_images)).double().softmax(1).numpy()

    return predict


def test_folder(file: Path, folder: Path, count: int | None) -> Path:
    """A folder with a file of the first `count` test images; the file's own folder for all."""
    if count is None:
        return file.parent
    folder.mkdir(parents=True, exist_ok=True)
    members = {name: first_of(file, name, count) for name in ("test_images", "test_labels")}
    np.savez_compressed(folder / file.name, **members)
    blots = file.with_name(REFERENCE_FILE)  # else fetched where the dataset needs them
    if blots.exists():
        shutil.copy(blots, folder)
    return folder


def errors(figures: DatasetReport) -> dict[str, float]:
    """A dataset's balanced errors in per cent: clean, the mean over all corruptions, each of them."""
    found = {
        "clean": figures.clean.metrics,
        "mean over corruptions": figures.summary.means,
        **{one.name: one.means for one in figures.corruptions},
    }
    return {name: 100 * metrics["balanced_error"].value for name, metrics in found.items()}


def table(found: dict[str, list[dict[str, float]]]) -> list[str]:
    """Mean and standard deviation over the seeds, a row for each corruption, a column a way."""
    lines = [f"| balanced error, % | {' | '.join(found)} |", "|---|" + "---:|" * len(found)]
    for name in next(iter(found.values()))[0]:
        cells = []
        for runs in found.values():
            values = [run[name] for run in runs]
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            cells.append(f"{statistics.mean(values):.1f} ± {spread:.1f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


@click.command()
@click.argument("dataset")
@click.option("--data-dir", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--images", type=int, help="Of the training split, from its start. [default: all]")
@click.option("--test-images", type=int, help="Of the test split. [default: all]")
@click.option("--epochs", type=int, default=20, show_default=True)
@click.option("--seeds", type=int, default=3, show_default=True)
@click.option("--workers", type=int, default=2, show_default=True)
@click.option("--quick", is_flag=True, help="1,500 images, 8 epochs; 300 test images.")
def main(
    dataset: str,
    data_dir: Path,
    output: Path,
    images: int | None,
    test_images: int | None,
    epochs: int,
    seeds: int,
    workers: int,
    quick: bool,
) -> None:
    if quick:
        images, test_images, epochs = 1500, 300, 8
    info = dataset_info(dataset)
    if info.multi_label:
        raise click.ClickException(f"{dataset} has several labels an image; take another.")
    file = data_dir / info.file_name
    train_images = first_of(file, "train_images", images)
    labels = first_of(file, "train_labels", images)[:, 0]
    tests = test_folder(file, output / "test", test_images)
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for seed in range(seeds):
        for way, make in WAYS.items():
            name = f"{way}_{seed}"
            transform = make(dataset, seed=seed) if make else None
            data = Images(train_images, labels, transform)
            model = train(data, len(info.labels), epochs, seed, workers)
            report = evaluate(
                predictor(model),
                dataset,
                data_dir=tests,
                predictions=output / "predictions" / name,
                model_name=name,
            )
            report.save(output / f"{name}.json")
            found[way].append(errors(report.datasets[dataset]))
            shown = list(found[way][-1].items())[:2]
            click.echo(f"{name}: " + ", ".join(f"{of} {error:.1f} %" for of, error in shown))
    head = (
        f"# {dataset}: training with and without the corruptions\n\nA net of four convolutions on "
        f"images reduced to {SIDE} x {SIDE}, trained on {len(train_images):,} images for "
        f"{epochs} epochs, "
        f"tested on {test_images or info.test_count:,} images of each test set. Balanced error in "
        f"per cent, means over the severities; mean ± standard deviation of {seeds} seeds.\n"
    )
    (output / "REPORT.md").write_text("\n".join([head, *table(found), ""]), "utf-8")
    click.echo(output / "REPORT.md")


if __name__ == "__main__":
    main()
