"""Random labels and probabilities of every test set of a dataset, the same at every call."""

from collections.abc import Iterator

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, all_configs
from medmnist_c.builder.dataset_info import dataset_info

COUNT = 200  # images, or all there are: every class comes up, in the multi-label dataset too


def configs_of(dataset: str) -> list[Config]:
    return [one for one in all_configs().values() if one.dataset == dataset]


def random_labels(dataset: str, count: int = COUNT) -> np.ndarray:
    """N x 1, or N x L of 0 and 1; N is `count`, or all images there are."""
    info = dataset_info(dataset)
    rng = np.random.default_rng(len(dataset))
    width, limit = (len(info.labels), 2) if info.multi_label else (1, len(info.labels))
    return np.floor(rng.random((min(count, info.test_count), width)) * limit).astype(np.int64)


def random_scores(dataset: str, count: int = COUNT) -> Iterator[tuple[Config, np.ndarray]]:
    """Probabilities, float64, that know something of the labels, less at each severity."""
    info, labels = dataset_info(dataset), random_labels(dataset, count)
    truth = labels if info.multi_label else labels == np.arange(len(info.labels))
    for number, config in enumerate(configs_of(dataset)):
        noise = np.random.default_rng([number, len(dataset)]).random(truth.shape)
        knows = 0.45 if isinstance(config, CleanConfig) else 0.4 - 0.07 * config.severity
        scores = (1 - knows) * noise + knows * truth
        yield config, scores if info.multi_label else scores / scores.sum(axis=1, keepdims=True)


def threshold_of(dataset: str) -> float | list[float]:
    """0.5, or a different one for each label."""
    info = dataset_info(dataset)
    return [0.4 + 0.02 * n for n in range(len(info.labels))] if info.multi_label else 0.5
