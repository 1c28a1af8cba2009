"""The repository's card: configurations, tags and a table of what is really there."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from medmnist_c.builder.cards import filled_card
from medmnist_c.builder.configs import CLEAN, CleanConfig, Config, CorruptedConfig, all_configs
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.publishing.manifest import PATH as MANIFEST
from medmnist_c.publishing.manifest import Entry
from medmnist_c.publishing.plan import State, published

PATH = "README.md"
_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")  # the Hub's


def repository_card(repo: str, state: State) -> str:
    """README.md of a repository, from nothing but what is there: YAML, then text.

    Args:
        repo: its name.
        state: its files and manifest.
    """
    there = published(state)
    ones = [all_configs()[name] for name in there]
    card = filled_card(
        ones,
        repo,
        preview=_preview(state),
        contents=_contents(there),
        making=_making(state, there),
    )
    info = [dataset_info(name) for name in dict.fromkeys(one.dataset for one in ones)]
    kinds = {"multi-label" if one.multi_label else "multi-class" for one in info}
    card.data.license = sorted({one.license.lower().replace(" ", "-") for one in info})
    card.data.task_ids = [f"{kind}-image-classification" for kind in sorted(kinds)]
    card.data.size_categories = [_size(sum(entry.rows for entry in there.values()))]
    return str(card)


def _size(rows: int) -> str:
    return _SIZES[min(max(len(str(rows)) - 3, 0), len(_SIZES) - 1)]


def _preview(state: State) -> str:
    shown = state.manifest.preview
    if not shown or shown["path"] not in state.files:
        return ""
    about = f"An image of {shown['dataset']} under corruptions, severities 1 to 5"
    return f"![{about}]({shown['path']})"


def _contents(there: Mapping[str, Entry]) -> str:
    """A row for each dataset and corruption."""
    count = len(there)
    rows = [
        "## What is here",
        "",
        f"{count:,} test set{'s' if count != 1 else ''}, "
        f"{sum(entry.rows for entry in there.values()):,} images, "
        f"{_megabytes(there.values())} MB.",
        "",
        "| dataset | corruption | severities | images | MB |",
        "|---|---|---|---:|---:|",
    ]
    ones = [all_configs()[name] for name in there]
    for (dataset, corruption), group in groupby(ones, lambda one: (one.dataset, _corruption(one))):
        chosen = list(group)
        entries = [there[one.name] for one in chosen]
        rows.append(
            f"| {dataset} | {corruption} | {_severities(chosen)} | "
            f"{sum(entry.rows for entry in entries):,} | {_megabytes(entries)} |"
        )
    return "\n".join(rows)


def _corruption(one: Config) -> str:
    return CLEAN if isinstance(one, CleanConfig) else one.corruption


def _severities(ones: list[Config]) -> str:
    there = [one.severity for one in ones if isinstance(one, CorruptedConfig)]
    if len(there) > 2 and there[-1] - there[0] == len(there) - 1:
        return f"{there[0]} to {there[-1]}"
    return ", ".join(map(str, there))


def _megabytes(entries: Iterable[Entry]) -> str:
    return f"{sum(entry.bytes for entry in entries) / 1e6:,.1f}"


def _making(state: State, there: Mapping[str, Entry]) -> str:
    """Which images, and by which versions."""
    lines = []
    if any(entry.sample for entry in there.values()):
        lines.append(
            "**Made of the few images in the package's sample, to try things: not the benchmark.**"
        )
    seeds = {entry.seed for entry in there.values()} - {None}
    if seeds:
        lines.append(
            "Random draws: afresh, from seed "
            f"{' and '.join(map(str, sorted(seeds)))}, where `{MANIFEST}` says so."
        )
    elif there:
        lines.append("Random draws: those of the published benchmark.")
    for key in sorted({entry.maker for entry in there.values()}):
        versions = state.manifest.makers.get(key, {})
        named = ", ".join(f"{name} {version}" for name, version in versions.items())
        lines.append(f"Made with {named or 'unknown versions'}.")
    lines.append(f"`{MANIFEST}` has the digest of each test set and the SHA-256 of each file.")
    return "\n\n".join(lines)
