"""A program written against the published package: the calls of its notebooks and of its README.

    python release_program.py CLEAN OUTPUT MASKS

runs with `medmnistc` 0.1.0; the tests run it with the import changed. It writes OUTPUT/found.json,
digests of the arrays and scores. MASKS is a file of stain masks in place of its own.
"""

import contextlib
import hashlib
import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
from medmnistc.augmentation import AugMedMNISTC
from medmnistc.corruptions.base import BaseCorruption
from medmnistc.corruptions.registry import CORRUPTIONS_DS, CORRUPTIONS_DS_FOLDS, DATASET_RGB
from medmnistc.dataset import CorruptedMedMNIST
from medmnistc.dataset_manager import DatasetManager
from medmnistc.eval import Evaluator
from medmnistc.visualizer import Visualizer
from PIL import Image
from torch.utils.data import DataLoader

clean_path, output, masks = sys.argv[1:]
corrupted_path = f"{output}/corrupted"
found = {}
TASKS = {"breastmnist": ("binary-class", 2), "retinamnist": ("ordinal-regression", 5)}

with np.load(masks) as file:
    arrays = dict(file)
BaseCorruption.inks = property(lambda self: arrays)


def digest(image):
    pixels = np.ascontiguousarray(image)
    said = f"{pixels.shape} {pixels.dtype}".encode()
    return hashlib.sha256(said + pixels.tobytes()).hexdigest()[:16]


def seeded():
    random.seed(5)
    np.random.seed(5)


def clean(dataset, part="images"):
    with np.load(f"{clean_path}/{dataset}_224.npz") as file:
        return file[f"test_{part}"]


# The lists.
found["lists"] = {name: list(corruptions) for name, corruptions in CORRUPTIONS_DS.items()}
found["groups"] = {name: sorted(names) for name, names in CORRUPTIONS_DS_FOLDS.items()}
found["rgb"] = DATASET_RGB
found["parameters"] = {
    f"{dataset}/{name}": np.concatenate(
        [np.ravel(one) for one in corruption.severity_params]
    ).tolist()
    for dataset, corruptions in CORRUPTIONS_DS.items()
    for name, corruption in corruptions.items()
}

# Create the datasets.
manager = DatasetManager(medmnist_path=clean_path, output_path=corrupted_path)
for dataset in TASKS:
    manager.create_dataset(dataset_name=dataset)
    for name in CORRUPTIONS_DS[dataset]:
        with np.load(f"{corrupted_path}/{dataset}/{name}.npz") as file:
            for key in file.files:
                found[f"file {dataset}/{name}/{key}"] = digest(file[key])

# Corruptions one by one, and augmentation.
for dataset, corruptions in CORRUPTIONS_DS.items():
    images = clean(dataset)
    kinds = {
        "as rgb": Image.fromarray(images[0]).convert("RGB"),
        "as it is": Image.fromarray(images[1]),
    }
    for kind, image in kinds.items():
        for name, corruption in corruptions.items():
            calls = [{"severity": severity} for severity in (0, 4, -1)] + [
                {"augmentation": True}
            ] * 2
            seeded()
            corruption.rng = np.random.default_rng(3)
            for number, how in enumerate(calls):
                made = None
                with contextlib.suppress(Exception):  # some take no grey image
                    made = digest(corruption.apply(image, **how))
                found[f"apply {dataset}/{name}/{kind}/{number}"] = made
    seeded()
    augment = AugMedMNISTC(corruptions)
    image = Image.fromarray(images[0]).convert("RGB")
    found[f"augment {dataset}"] = [digest(augment(image)) for _ in range(25)]

# Visualise.
vis = Visualizer(
    medmnist_path=clean_path, medmnistc_path=corrupted_path, output_path=f"{output}/images"
)
seeded()
vis.plot_one_severity(dataset_name="breastmnist", severity=3)
vis.plot_one_severity(dataset_name="retinamnist", idx_image=2, severity=5, max_per_row=4)
vis.plot_extended(dataset_name="breastmnist")
vis.plot_extended(dataset_name="retinamnist", idx_image=1)
for path in sorted(Path(output, "images").rglob("*.png")):
    found[f"picture {path.parent.name}/{path.name}"] = digest(np.array(Image.open(path)))


# Evaluate.
def inference(loader, classes):
    weights = np.random.RandomState(classes).normal(size=(96, classes))
    scores = []
    for images, labels in loader:
        assert len(images) == len(labels)
        pixels = images.flatten(1).double()[:, :: images[0].numel() // 96][:, :96]
        scores.append(torch.softmax(pixels @ torch.from_numpy(weights), 1))
    return torch.cat(scores)


Path(output, "logs").mkdir(exist_ok=True)
for dataset, (task, classes) in TASKS.items():
    corruptions = CORRUPTIONS_DS[dataset]
    evaluator = Evaluator(
        dataset_name=dataset,
        true_labels=clean(dataset, "labels"),
        corruption_types=corruptions.keys(),
        output_folder=f"{output}/logs",
        architecture="linear",
        task=task,
        suffix_log="s1",
    )
    seeded()
    evaluator.evaluate_clean(np.random.random((len(clean(dataset)), classes)))
    for corruption in corruptions:
        test_set = CorruptedMedMNIST(
            dataset_name=dataset, corruption=corruption, root=corrupted_path, mmap_mode="r"
        )
        loader = DataLoader(test_set, batch_size=8, shuffle=False)
        y_pred = inference(loader, classes)
        evaluator.evaluate(y_pred.cpu().numpy(), corruption)
    evaluator.dump_summary()
    found[f"scores {dataset}"] = json.loads(
        Path(output, "logs", f"{dataset}_linear_s1.json").read_text()
    )
    found[f"errors {dataset}"] = evaluator.corruption_errors
    three = {"norm_mean": [0.1, 0.2, 0.3], "norm_std": [0.5, 0.4, 0.3]}
    for how in ({}, three) if DATASET_RGB[dataset] else ({}, three, {"as_rgb": False}):
        test_set = CorruptedMedMNIST(dataset, corruption, root=corrupted_path, **how)
        image, label = test_set[7]
        found[f"item {dataset} {how}"] = [digest(image.numpy()), label.tolist(), len(test_set)]

rng = np.random.RandomState(1)
labels, names = rng.randint(0, 2, (60, 14)), list(CORRUPTIONS_DS["chestmnist"])
evaluator = Evaluator("chestmnist", labels, names, output, "none", "multi-label, binary-class")
evaluator.evaluate_clean(rng.random_sample((60, 14)), threshold=[0.3] * 7 + [0.6] * 7)
for name in names:
    evaluator.evaluate(rng.random_sample((300, 14)), name, threshold=[0.4] * 14)
evaluator.dump_summary()
found["scores chestmnist"] = json.loads(Path(output, "chestmnist_none_.json").read_text())

Path(output, "found.json").write_text(json.dumps(found, indent=0, default=float))
