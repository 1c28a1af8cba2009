"""Runs in the environment of the release's own program and times it on request.

Reads one JSON request a line from standard input, answers with one JSON line: seconds.
"""

import io
import json
import sys
import time

import cv2
import numpy as np
import torch
from medmnistc.augmentation import AugMedMNISTC
from medmnistc.corruptions.registry import CORRUPTIONS_DS, DATASET_RGB
from medmnistc.dataset import CorruptedMedMNIST
from medmnistc.dataset_manager import DatasetManager
from PIL import Image

torch.set_num_threads(1)
cv2.setNumThreads(1)


def corrupt(file: str, dataset: str, corruption: str, severity: int, repeat: int) -> float:
    """As its `DatasetManager` makes an image: to RGB, corrupt, back to grey; CPU time."""
    images = np.load(file)
    corruptor = CORRUPTIONS_DS[dataset][corruption]
    corruptor.rng = np.random.default_rng(0)
    started = time.process_time()
    for _ in range(repeat):
        for image in images:
            made = corruptor.apply(Image.fromarray(image).convert("RGB"), severity - 1)
            if not DATASET_RGB[dataset]:
                made = np.array(Image.fromarray(made).convert("L"))
    return time.process_time() - started


def build(clean: str, output: str, dataset: str) -> float:
    started = time.perf_counter()
    DatasetManager(clean, output).create_dataset(dataset)
    return time.perf_counter() - started


def read(root: str, dataset: str, corruption: str) -> float:
    started = time.perf_counter()
    images = CorruptedMedMNIST(
        dataset_name=dataset, corruption=corruption, root=root, as_rgb=False, mmap_mode=None
    )
    images.transform = None  # images, as ours are
    for index in range(len(images)):
        np.asarray(images[index][0])
    return time.perf_counter() - started


def load(root: str, dataset: str, corruption: str, workers: int) -> float:
    """Batches of arrays, as a model would be given them."""
    started = time.perf_counter()
    images = CorruptedMedMNIST(
        dataset_name=dataset, corruption=corruption, root=root, as_rgb=False, mmap_mode=None
    )
    images.transform = np.array
    for _ in torch.utils.data.DataLoader(images, batch_size=64, num_workers=workers):
        pass
    return time.perf_counter() - started


def augment(file: str, dataset: str, repeat: int) -> float:
    """Its augmentation as its training has it, on RGB images; CPU time."""
    images = [Image.fromarray(image).convert("RGB") for image in np.load(file)]
    transform = AugMedMNISTC(CORRUPTIONS_DS[dataset])
    started = time.process_time()
    for number in range(repeat):
        transform(images[number % len(images)])
    return time.process_time() - started


if __name__ == "__main__":
    DO = {"corrupt": corrupt, "build": build, "read": read, "load": load, "augment": augment}
    answers, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()
    for line in sys.stdin:
        request = json.loads(line)
        seconds = DO[request.pop("do")](**request)
        print(json.dumps(seconds), file=answers, flush=True)
