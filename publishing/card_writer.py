"""The last commit of a push: the card, its image, and files that are in the way."""

from dataclasses import dataclass
from pathlib import Path

from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing import manifest as manifests
from medmnist_c.publishing.card import PATH as CARD
from medmnist_c.publishing.card import repository_card
from medmnist_c.publishing.changes import Changes
from medmnist_c.publishing.plan import State, stale_files
from medmnist_c.publishing.preview import PATH as PREVIEW
from medmnist_c.publishing.preview import Preview, new_preview


@dataclass
class CardWriter:
    """Says what the last commit is to do, over any state of the repository.

    Args:
        specs: of test sets that are all there.
        repo: its name.
        cache_dir: for clean test sets, if the image is to be drawn.
    """

    specs: list[TestSetSpec]
    repo: str
    cache_dir: Path
    drawn: tuple[Preview, bytes] | None = None

    def __call__(self, state: State) -> Changes:
        changes = Changes()
        manifest = state.manifest
        for spec in self.specs:
            one = spec.config
            if entry := manifest.test_sets.get(one.name):
                changes.delete += stale_files(one, entry, state)
        if preview := new_preview(self.specs, state):
            if self.drawn is None or self.drawn[0] != preview:
                self.drawn = preview, preview.draw(self.cache_dir)
            changes.small[PREVIEW] = self.drawn[1]
            manifest = manifest.with_preview(preview.about())
            changes.small[manifests.PATH] = manifests.to_bytes(manifest)
        after = State(state.head, changes.applied_to(state.files), manifest)
        card = repository_card(self.repo, after).encode()
        there = state.files.get(CARD)
        if there is None or not there.holds(card):
            changes.small[CARD] = card
        return changes
