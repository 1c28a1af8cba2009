"""The repository's card, of what is really there: each commit brings it, the last one with its image."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from medmnist_c.builder.card.words import filled_card
from medmnist_c.builder.stored import in_order
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.card.image import PATH as IMAGE
from medmnist_c.publishing.card.image import CardImage, new_card_image
from medmnist_c.publishing.card.text import merged
from medmnist_c.publishing.hub import benchmark_file
from medmnist_c.publishing.hub import manifest as manifests
from medmnist_c.publishing.hub.manifest import ManifestEntry
from medmnist_c.publishing.hub.snapshot import Changes, Snapshot
from medmnist_c.publishing.hub.unreadable import unreadable

PATH = "README.md"


def add_card(changes: Changes, snapshot: Snapshot, repo: str) -> None:
    """Have a commit bring the card, and `eval.yaml`, of what is there after it.

    Raises:
        PublishError: one of the two is there, edited so that it cannot be read.
    """
    after = snapshot.after(changes, snapshot.head)
    contents = {PATH: repository_card(repo, after).encode()}
    if tasks := benchmark_file.benchmark_file(repo, after):
        contents[benchmark_file.PATH] = tasks
    for path, content in contents.items():
        if snapshot.texts.get(path) != content:
            changes.small[path] = content


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
        add_card(changes, snapshot, self.repo)
        return changes


def repository_card(repo: str, snapshot: Snapshot) -> str:
    """README.md of a repository: our part from nothing but what is there, the rest as it is."""
    published = snapshot.published()
    card = filled_card(
        {one: published[one.name].rows for one in in_order(published)},
        repo,
        sizes_in_bytes={name: entry.bytes for name, entry in published.items()},
        preview=_image(snapshot),
        making=_making(snapshot, published),
    )
    try:
        return merged(snapshot.texts.get(PATH, b"").decode(), card)
    except ValueError as error:
        raise unreadable(PATH, repo, error) from None


def _image(snapshot: Snapshot) -> str:
    shown = snapshot.manifest.preview
    if not shown or shown["path"] not in snapshot.files:
        return ""
    about = f"An image of {shown['dataset']} under corruptions, severities 1 to 5"
    return f"![{about}]({shown['path']})"


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
