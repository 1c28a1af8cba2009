"""What is in a repository, what must be, and what follows: pure functions of files and manifest."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from medmnist_c.builder.cards import SHARDS
from medmnist_c.builder.configs import Configuration, configurations
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.manifest import Entry, Manifest, shard_path


@dataclass(frozen=True)
class RemoteFile:
    """A file in a repository: SHA-256 if it is stored as a large file, else the SHA-1 of git."""

    size: int
    sha256: str | None = None
    blob: str | None = None

    def holds(self, content: bytes) -> bool:
        """Whether this is its content."""
        if self.sha256:
            return self.sha256 == hashlib.sha256(content).hexdigest()
        return self.blob == git_blob(content)


def git_blob(content: bytes) -> str:
    """The name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class State:
    """A repository at one commit: its files by path, and its manifest."""

    head: str
    files: Mapping[str, RemoteFile] = field(default_factory=dict)
    manifest: Manifest = field(default_factory=Manifest)


@dataclass(frozen=True)
class Plan:
    """Specs whose test sets are there already, and those to be made."""

    keep: list[TestSetSpec]
    make: list[TestSetSpec]


def plan(specs: Iterable[TestSetSpec], state: State) -> Plan:
    """Keep a test set that is whole and of the same images; make the others."""
    there = published(state)
    keep, make = [], []
    for spec in specs:
        entry = there.get(spec.configuration.name)
        same = entry is not None and entry.digest == spec.digest()
        (keep if same else make).append(spec)
    return Plan(keep, make)


def published(state: State) -> dict[str, Entry]:
    """The test sets that are there whole, in the table's order."""
    entries = state.manifest.test_sets
    return {
        name: entries[name]
        for name, one in configurations().items()
        if name in entries and is_whole(one, entries[name], state)
    }


def is_whole(one: Configuration, entry: Entry, state: State) -> bool:
    """Whether all files of a test set are there with the content that the manifest states."""
    return bool(entry.shards) and all(is_there(one, shard, state) for shard in entry.shards)


def is_there(one: Configuration, shard: Shard, state: State) -> bool:
    file = state.files.get(shard_path(one, shard))
    return file is not None and (file.size, file.sha256) == (shard.bytes, shard.sha256)


def stale_files(one: Configuration, entry: Entry, state: State) -> list[str]:
    """Files that a reader would take for this test set's, but that are not."""
    own = {shard_path(one, shard) for shard in entry.shards}
    like = f"{one.folder}/{SHARDS}"
    beside = (path for path in state.files if path.startswith(f"{one.folder}/"))
    return sorted(path for path in beside if fnmatchcase(path, like) and path not in own)
