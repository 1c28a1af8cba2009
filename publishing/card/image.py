"""The card's image: one clean image and some of its corruptions."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medmnist_c.builder.configs import CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.testset.preview import preview
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.publishing.hub.snapshot import Snapshot

PATH = "preview.jpg"
_MOST_ROWS = 6
_FIRST_CHOICE = "bloodmnist"


@dataclass(frozen=True)
class CardImage:
    """What the image shows: an image of a dataset under corruptions, made as the spec says."""

    spec: TestSetSpec
    corruptions: tuple[str, ...]

    def about(self) -> dict[str, Any]:
        """For the manifest."""
        spec = self.spec
        parts = (spec.clean_source().digest, spec.source.seed, spec.source.sample, IMAGES_VERSION)
        return {
            "path": PATH,
            "dataset": spec.config.dataset,
            "corruptions": list(self.corruptions),
            "digest": hashlib.sha256(repr(parts).encode()).hexdigest()[:16],
        }

    def draw(self, cache_dir: Path) -> bytes:
        """The image, as JPEG."""
        spec = self.spec
        sheet = preview(
            spec.config.dataset,
            list(self.corruptions),
            0,
            source=spec.source,
            cache_dir=cache_dir,
        )
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=85)
        return file.getvalue()


def new_card_image(specs: list[TestSetSpec], snapshot: Snapshot) -> CardImage | None:
    """The image that these test sets give; None if there is one already that shows as much."""
    # Under a published name only what is published is shown.
    corrupted = [s for s in specs if isinstance(s.config, CorruptedConfig) and s.published]
    if not corrupted:
        return None

    def preferred(spec: TestSetSpec) -> tuple[bool, bool]:
        dataset = spec.config.dataset
        return dataset != _FIRST_CHOICE, dataset_info(dataset).grey

    first = min(corrupted, key=preferred)
    dataset = first.config.dataset
    configs = [spec.config for spec in corrupted if spec.config.dataset == dataset]
    corruptions = dict.fromkeys(c.corruption for c in configs if isinstance(c, CorruptedConfig))
    image = CardImage(first, tuple(corruptions)[:_MOST_ROWS])
    shown = snapshot.manifest.preview
    return None if shown and _is_enough(shown, image, snapshot) else image


def _is_enough(shown: Mapping[str, Any], new: CardImage, snapshot: Snapshot) -> bool:
    if shown["path"] not in snapshot.files:
        return False
    about = new.about()
    if shown["dataset"] != about["dataset"]:
        return shown["dataset"] == _FIRST_CHOICE or about["dataset"] != _FIRST_CHOICE
    same = shown["digest"] == about["digest"]
    return same and len(shown["corruptions"]) >= len(about["corruptions"])
