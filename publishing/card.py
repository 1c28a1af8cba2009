"""The repository's card, of what is really there, and the last commit of a push, which writes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from medmnist_c.builder.cards import filled_card
from medmnist_c.builder.configs import CLEAN, CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE
from medmnist_c.builder.splits import PUBLISHED, SPLITS
from medmnist_c.builder.stored import StoredTestSet, in_order
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing import manifest as manifests
from medmnist_c.publishing.card_image import PATH as IMAGE
from medmnist_c.publishing.card_image import CardImage, new_card_image
from medmnist_c.publishing.manifest import ManifestEntry
from medmnist_c.publishing.snapshot import Changes, Snapshot

PATH = "README.md"


@dataclass
class CardUpdate:
    """Says what the last commit is to do, over any snapshot of the repository: it writes the card and
    its image, and deletes files that are in the way.

    Args:
        specs: of test sets that are all there.
        repo: the repository's name.
        cache_dir: for clean test sets, if the image is to be drawn.
    """

    specs: list[TestSetSpec]
    repo: str
    cache_dir: Path
    drawn: tuple[CardImage, bytes] | None = None

    def __call__(self, snapshot: Snapshot) -> Changes:
        changes = Changes()
        for spec in self.specs:
            stored = spec.stored
            if entry := snapshot.manifest.test_sets.get(stored.name):
                changes.delete += snapshot.stale_files(stored, entry)
        if image := new_card_image(self.specs, snapshot):
            if self.drawn is None or self.drawn[0] != image:
                self.drawn = image, image.draw(self.cache_dir)
            changes.small[IMAGE] = self.drawn[1]
            manifest = snapshot.manifest.with_preview(image.about())
            changes.small[manifests.PATH] = manifests.to_bytes(manifest)
        card = repository_card(self.repo, snapshot.after(changes, snapshot.head)).encode()
        present = snapshot.files.get(PATH)
        if present is None or not present.has(card):
            changes.small[PATH] = card
        return changes


def repository_card(repo: str, snapshot: Snapshot) -> str:
    """README.md of a repository, from nothing but what is there: YAML, then text."""
    published = snapshot.published()
    there = in_order(published)
    card = filled_card(
        {one: published[one.name].rows for one in there},
        repo,
        preview=_image(snapshot),
        contents=_contents(published),
        making=_making(snapshot, published),
    )
    return str(card)


def _image(snapshot: Snapshot) -> str:
    shown = snapshot.manifest.preview
    if not shown or shown["path"] not in snapshot.files:
        return ""
    about = f"An image of {shown['dataset']} under corruptions, severities 1 to 5"
    return f"![{about}]({shown['path']})"


def _contents(published: Mapping[str, ManifestEntry]) -> str:
    """A row for each dataset and corruption."""
    count = len(published)
    rows = [
        "## What is here",
        "",
        f"{count:,} test set{'s' if count != 1 else ''}, "
        f"{sum(entry.rows for entry in published.values()):,} images, "
        f"{_megabytes(published.values())} MB.",
        "",
        "| dataset | corruption | severities | images | MB |",
        "|---|---|---|---:|---:|",
    ]
    there = in_order(published)
    # Stable: the table's order within each size and split.
    there.sort(key=lambda one: (-one.size, -SPLITS.index(one.split)))
    for (dataset, corruption), group in groupby(
        there, lambda one: (one.config.dataset, _corruption(one))
    ):
        alike = list(group)
        entries = [published[one.name] for one in alike]
        rows.append(
            f"| {dataset} | {corruption} | {_severities([one.config for one in alike])} | "
            f"{sum(entry.rows for entry in entries):,} | {_megabytes(entries)} |"
        )
    return "\n".join(rows)


def _corruption(stored: StoredTestSet) -> str:
    config = stored.config
    name = CLEAN if isinstance(config, CleanConfig) else config.corruption
    split = [stored.split] if stored.split != PUBLISHED else []
    size = [f"{stored.size} x {stored.size}"] if stored.size != PUBLISHED_SIZE else []
    return f"{name} ({', '.join([*split, *size])})" if split or size else name


def _severities(configs: list[Config]) -> str:
    found = [c.severity for c in configs if isinstance(c, CorruptedConfig)]
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"{found[0]} to {found[-1]}"
    return ", ".join(map(str, found))


def _megabytes(entries: Iterable[ManifestEntry]) -> str:
    return f"{sum(entry.bytes for entry in entries) / 1e6:,.1f}"


def _making(snapshot: Snapshot, published: Mapping[str, ManifestEntry]) -> str:
    """Which images, and by which versions."""
    lines = []
    if any(entry.sample for entry in published.values()):
        lines.append(
            "**Made of the few images in the package's sample, to try things: not the benchmark.**"
        )
    seeds = {entry.seed for entry in published.values() if entry.seed is not None}
    if seeds:
        lines.append(
            "Random draws: afresh, from seed "
            f"{' and '.join(map(str, sorted(seeds)))}, where `{manifests.PATH}` says so."
        )
    elif any(one.is_published for one in in_order(published)):
        lines.append("Random draws: those of the published benchmark.")
    for key in sorted({entry.maker for entry in published.values()}):
        versions = snapshot.manifest.makers.get(key, {})
        named = ", ".join(f"{name} {version}" for name, version in versions.items())
        lines.append(f"Made with {named or 'unknown versions'}.")
    lines.append(
        f"`{manifests.PATH}` has the digest of each test set and the SHA-256 of each file."
    )
    return "\n\n".join(lines)
