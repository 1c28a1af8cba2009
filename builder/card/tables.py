"""Tables of a card: what is there, dataset by dataset, and every corruption with its parameters."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from medmnist_c.builder.configs import CorruptedConfig
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo, dataset_info
from medmnist_c.builder.splits import PUBLISHED, SPLITS
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.corruptions.meanings import meanings
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

_FREE = "CC BY 4.0"


def contents(there: Mapping[StoredTestSet, int], sizes: Mapping[str, int]) -> str:
    """What is there: a row for each dataset, size and split; class names and corruptions folded.

    Args:
        there: images of each test set.
        sizes: bytes of each, by name; empty where they are not known.
    """
    count = len(there)
    megabytes = f", {_megabytes(sizes.values())} MB" if sizes else ""
    rows = [
        "## What is here",
        "",
        f"{count:,} test set{'s' if count != 1 else ''}, {sum(there.values()):,} images{megabytes}.",
        "",
        "| dataset | colour | licence | classes | test images | corruptions | test sets | MB |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    folded = []
    # Stable: the table's order within each size and split.
    ordered = sorted(there, key=lambda one: (-one.size, -SPLITS.index(one.split)))
    for (dataset, size, split), group in groupby(
        ordered, lambda one: (one.config.dataset, one.size, one.split)
    ):
        alike = list(group)
        info = dataset_info(dataset, size)
        besides = [split] if split != PUBLISHED else []
        besides += [f"{size} x {size}"] if size != PUBLISHED_SIZE else []
        title = dataset + (f" ({', '.join(besides)})" if besides else "")
        corruptions = _corruptions(alike)
        much = _megabytes(sizes.get(one.name, 0) for one in alike) if sizes else ""
        rows.append(
            f"| {title} | {'grey' if info.grey else 'RGB'} | {_license(info)} | {_classes(info)} | "
            f"{max(there[one] for one in alike):,} | "
            f"{len(corruptions)} of {len(CORRUPTIONS[dataset])} | "
            f"{len(alike)} | {much} |"
        )
        folded += ["", _folded(title, info, corruptions)]
    return "\n".join(rows + folded)


def corruption_words(there: Iterable[StoredTestSet]) -> str:
    """What each corruption that is there does, and what its parameters are; "" if none is there."""
    found = {one.config.corruption for one in there if isinstance(one.config, CorruptedConfig)}
    names = [name for name in meanings().corruptions if name in found]
    if not names:
        return ""
    rows = [
        "## The corruptions",
        "",
        "Their parameters for severities 1 to 5 differ from dataset to dataset: see the folded tables.",
        "",
        "| corruption | what it does | parameters |",
        "|---|---|---|",
    ]
    for name in names:
        words = meanings().corruptions[name]
        rows.append(f"| `{name}` | {words.what} | {'; '.join(words.parameters)} |")
    return "\n".join(rows)


def _license(info: MedMNISTInfo) -> str:
    return info.license if info.license == _FREE else f"**{info.license}: NOT for commercial use**"


def _classes(info: MedMNISTInfo) -> str:
    return f"{len(info.labels)} {'findings, each yes or no' if info.multi_label else ''}".strip()


def _corruptions(alike: Iterable[StoredTestSet]) -> dict[str, list[int]]:
    """The severities there are, by corruption."""
    found: dict[str, list[int]] = {}
    for one in alike:
        if isinstance(one.config, CorruptedConfig):
            found.setdefault(one.config.corruption, []).append(one.config.severity)
    return found


def _folded(title: str, info: MedMNISTInfo, corruptions: Mapping[str, list[int]]) -> str:
    names = "; ".join(f"{number}: {label}" for number, label in enumerate(info.labels))
    rows = [
        f"<details><summary>{title}: {'findings' if info.multi_label else 'classes'}"
        f"{f' and {len(corruptions)} corruptions' if corruptions else ''}</summary>",
        "",
        f"{'Findings' if info.multi_label else 'Classes'}: {names}.",
        "",
    ]
    if corruptions:
        rows += [
            "| corruption | group | here | " + " | ".join(f"at {s}" for s in SEVERITIES) + " |",
            "|---|---|---|" + "---|" * len(SEVERITIES),
        ]
    for name, severities in corruptions.items():
        entry = CORRUPTIONS[info.name][name]
        told = [entry.algorithm.describe(entry.parameters(severity)) for severity in SEVERITIES]
        rows.append(f"| {name} | {entry.group} | {_range(severities)} | {' | '.join(told)} |")
    return "\n".join([*rows, "", "</details>"])


def _range(severities: list[int]) -> str:
    if len(severities) > 2 and severities[-1] - severities[0] == len(severities) - 1:
        return f"{severities[0]} to {severities[-1]}"
    return ", ".join(map(str, severities))


def _megabytes(sizes: Iterable[int]) -> str:
    return f"{sum(sizes) / 1e6:,.1f}"
