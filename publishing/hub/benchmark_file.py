"""`eval.yaml`, by which a dataset repository becomes a benchmark on the Hub."""

from collections.abc import Mapping
from typing import Any

import yaml
from huggingface_hub.utils import yaml_dump

from medmnist_c.builder.configs import CLEAN, all_configs
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.headline import MEANING, OVERALL
from medmnist_c.builder.splits import PUBLISHED
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.publishing.hub.snapshot import Snapshot
from medmnist_c.publishing.hub.unreadable import unreadable

PATH = "eval.yaml"
_NAME = "MedMNIST-C"


def benchmark_file(repo: str, snapshot: Snapshot) -> bytes | None:
    """The file for what is there: a task for each dataset that is whole, and one for all of them.

    What others have added to the file stays. None where there is nothing to write: no dataset is
    whole, and there is no file.

    Raises:
        PublishError: the file that is there cannot be read.
    """
    tasks = [_task(dataset, dataset) for dataset in _whole_datasets(snapshot)]
    if len(tasks) == len(CORRUPTIONS):
        tasks.append(_task(OVERALL, next(iter(CORRUPTIONS))))
    present = _present(repo, snapshot)
    if not tasks and not present:
        return None
    ours = {*CORRUPTIONS, OVERALL}
    foreign = [task for task in present.get("tasks") or [] if task.get("id") not in ours]
    told = {
        "name": _NAME,
        "description": f"Robustness of medical image classifiers: {MEANING}.",
        **present,
        "tasks": tasks + foreign,
    }
    content = yaml_dump(told, sort_keys=False)
    return content.encode()


def _task(name: str, dataset: str) -> dict[str, str]:
    """The Hub wants one configuration: that of the clean images, which all others are made of."""
    return {"id": name, "config": f"{dataset}_{CLEAN}", "split": PUBLISHED}


def _whole_datasets(snapshot: Snapshot) -> list[str]:
    """Datasets of which all published test sets are there, of real images and the published draws."""
    there = {
        name
        for name, entry in snapshot.published().items()
        if entry.seed is None and not entry.sample
    }
    lacking = {
        one.dataset
        for one in all_configs().values()
        if one.name not in there
        or snapshot.manifest.test_sets[one.name].rows != dataset_info(one.dataset).test_count
    }
    return [dataset for dataset in CORRUPTIONS if dataset not in lacking]


def _present(repo: str, snapshot: Snapshot) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(snapshot.texts.get(PATH, b"")) or {}
        if isinstance(found, dict) and all(isinstance(t, dict) for t in found.get("tasks") or []):
            return found
    except yaml.YAMLError as error:
        raise unreadable(PATH, repo, error) from None
    raise unreadable(PATH, repo, "it is no mapping with a list of tasks")
