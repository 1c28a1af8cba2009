"""The manifest of a repository: what made each test set in it, and what its files are.

It is `manifest.json`, a line a test set, and travels in the commit of the files that it describes.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from medmnist_c.builder.arrow.images_digest import digest_of_all
from medmnist_c.builder.parquet.scheduling import Made
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.builder.versions import (
    IMAGES_VERSION,
    VERSION,
    machine_and_libraries,
    source_digest,
)

PATH = "manifest.json"


@dataclass(frozen=True)
class ImagesMade:
    """How images are made: of which clean ones, and from which draws."""

    clean: str
    sample: bool
    seed: int | None

    @classmethod
    def of(cls, spec: TestSetSpec) -> "ImagesMade":
        return cls(spec.clean_source().digest, spec.source.sample, spec.source.seed)

    @property
    def kind(self) -> str:
        return "the package's sample" if self.sample else "real images"

    @property
    def draws(self) -> str:
        return "the reference's draws" if self.seed is None else f"draws from seed {self.seed}"


@dataclass(frozen=True)
class ManifestEntry:
    """One published test set.

    `identity` is that of its images (see `TestSetSpec`), `clean` that of the clean ones, `seed` is
    None for the reference's draws, `maker` the key of the program and libraries in `Manifest.makers`:
    information about the machine that pushed; workers of a cluster may have others.
    """

    identity: str
    clean: str
    sample: bool
    seed: int | None
    maker: str
    shards: tuple[Shard, ...]

    @property
    def made(self) -> ImagesMade:
        return ImagesMade(self.clean, self.sample, self.seed)

    def difference(self, new: ImagesMade) -> str:
        """How these images differ from new ones under the same name, in a few words."""
        if self.made.kind != new.kind:
            return f"there of {self.made.kind}, here of {new.kind}"
        if self.seed != new.seed:
            return f"there {self.made.draws}, here {new.draws}"
        if self.clean != new.clean:
            return "there of another clean file than here"
        return "there of another version of the images than here"

    @property
    def images_digest(self) -> str:
        """The same whatever machine made the files; "" if an early version did."""
        return digest_of_all(shard.images_digest for shard in self.shards)

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)

    @property
    def bytes(self) -> int:
        return sum(shard.bytes for shard in self.shards)


@dataclass(frozen=True)
class Manifest:
    """`test_sets` by name; `makers`: versions by key; `preview`: what the card's image shows."""

    test_sets: Mapping[str, ManifestEntry] = field(default_factory=dict)
    makers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    preview: Mapping[str, Any] | None = None

    def with_test_sets(self, entries: Mapping[str, ManifestEntry]) -> "Manifest":
        """The same with test sets made here added or replaced."""
        makers = {**self.makers, maker_key(): maker()}
        return Manifest({**self.test_sets, **entries}, makers, self.preview)

    def with_preview(self, preview: Mapping[str, Any]) -> "Manifest":
        return Manifest(self.test_sets, self.makers, preview)


def entry_of(made: Made) -> ManifestEntry:
    """The entry for a test set that this process has made."""
    images = ImagesMade.of(made.spec)
    return ManifestEntry(
        made.identity,
        images.clean,
        images.sample,
        images.seed,
        maker_key(),
        tuple(made.shards),
    )


def shard_path(stored: StoredTestSet, shard: Shard) -> str:
    """The path of a shard in a repository."""
    return f"{stored.folder}/{shard.name}"


@lru_cache(maxsize=1)
def maker() -> dict[str, str]:
    """The machine that makes files here, versions of all that does it, a digest of the source."""
    return {
        "medmnist_c": VERSION,
        "images": IMAGES_VERSION,
        "source": source_digest(),
        **machine_and_libraries(),
    }


@lru_cache(maxsize=1)
def maker_key() -> str:
    return hashlib.sha256(json.dumps(maker(), sort_keys=True).encode()).hexdigest()[:8]


def to_bytes(manifest: Manifest) -> bytes:
    """The file's content: the same for the same manifest, and a line a test set."""
    used = {entry.maker for entry in manifest.test_sets.values()}
    makers = {key: value for key, value in sorted(manifest.makers.items()) if key in used}
    test_sets = {name: _stated(entry) for name, entry in sorted(manifest.test_sets.items())}
    parts = [
        f'"makers": {_lines(makers)}',
        f'"preview": {json.dumps(manifest.preview)}',
        f'"test_sets": {_lines(test_sets)}',
    ]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _lines(members: Mapping[str, Any]) -> str:
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def from_bytes(content: bytes) -> Manifest:
    """The manifest in a file.

    Raises:
        ValueError: it is none.
    """
    try:
        found = json.loads(content)
        test_sets = {name: _entry(stated) for name, stated in found["test_sets"].items()}
        return Manifest(test_sets, dict(found["makers"]), found["preview"])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no manifest of test sets: {error!r}") from error


def _stated(entry: ManifestEntry) -> dict[str, Any]:
    stated = asdict(entry)
    shards = stated.pop("shards")
    return {**stated, "images_digest": entry.images_digest, "shards": shards}


def _entry(stated: dict[str, Any]) -> ManifestEntry:
    shards = tuple(Shard(**shard) for shard in stated["shards"])
    own = {name: value for name, value in stated.items() if name != "images_digest"}
    return ManifestEntry(**{**own, "shards": shards})
