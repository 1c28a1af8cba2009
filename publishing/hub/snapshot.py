"""What lies in a repository at one commit, and what the next one changes: pure functions of both."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.stored import StoredTestSet, in_order
from medmnist_c.publishing.hub import manifest as manifests
from medmnist_c.publishing.hub.manifest import Manifest, ManifestEntry, shard_path

EDITED = ("README.md", "eval.yaml")
"""Files that people edit, too."""


@dataclass(frozen=True)
class HubFile:
    """A file in a repository: SHA-256 if it is stored as a large file, else the SHA-1 of git."""

    size: int
    sha256: str | None = None
    blob: str | None = None

    def has(self, content: bytes) -> bool:
        """Whether this is its content."""
        if self.sha256:
            return self.sha256 == hashlib.sha256(content).hexdigest()
        return self.blob == git_blob(content)


def git_blob(content: bytes) -> str:
    """The name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Changes:
    """What a commit does: adds files sent ahead and small ones, by path, and deletes paths."""

    sent: dict[str, CommitOperationAdd] = field(default_factory=dict)
    small: dict[str, bytes] = field(default_factory=dict)
    delete: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.sent or self.small or self.delete)

    def operations(self) -> list[CommitOperationAdd | CommitOperationDelete]:
        """The same for `create_commit`."""
        small = [CommitOperationAdd(path, content) for path, content in self.small.items()]
        return [*self.sent.values(), *small, *map(CommitOperationDelete, self.delete)]


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit: its files by path, and its manifest.

    `texts` are the contents of those files, by path, that people edit, too: the card, `eval.yaml`.
    """

    head: str
    files: Mapping[str, HubFile] = field(default_factory=dict)
    manifest: Manifest = field(default_factory=Manifest)
    texts: Mapping[str, bytes] = field(default_factory=dict)

    def published(self) -> dict[str, ManifestEntry]:
        """The test sets that are there whole, in the table's order."""
        entries = self.manifest.test_sets
        return {
            one.name: entries[one.name]
            for one in in_order(entries)
            if self.is_whole(one, entries[one.name])
        }

    def is_whole(self, stored: StoredTestSet, entry: ManifestEntry) -> bool:
        """Whether all files of a test set are there with the content that its entry states."""
        return bool(entry.shards) and all(self.has_shard(stored, shard) for shard in entry.shards)

    def has_shard(self, stored: StoredTestSet, shard: Shard) -> bool:
        file = self.files.get(shard_path(stored, shard))
        return file is not None and (file.size, file.sha256) == (shard.bytes, shard.sha256)

    def stale_files(self, stored: StoredTestSet, entry: ManifestEntry) -> list[str]:
        """Files that a reader would take for this test set's, but that are not."""
        own = {shard_path(stored, shard) for shard in entry.shards}
        pattern = f"{stored.folder}/{stored.shards}"
        beside = (path for path in self.files if path.startswith(f"{stored.folder}/"))
        return sorted(path for path in beside if fnmatchcase(path, pattern) and path not in own)

    def after(self, changes: Changes, head: str) -> "Snapshot":
        """The repository after a commit."""
        files = {path: file for path, file in self.files.items() if path not in changes.delete}
        for path, added in changes.sent.items():
            files[path] = HubFile(added.upload_info.size, added.upload_info.sha256.hex())
        for path, content in changes.small.items():
            # Whether it became a large file shows when the files are next listed.
            files[path] = HubFile(len(content), None, git_blob(content))
        manifest = self.manifest
        if manifests.PATH in changes.small:
            manifest = manifests.from_bytes(changes.small[manifests.PATH])
        texts = {path: text for path, text in self.texts.items() if path in files}
        texts |= {path: text for path, text in changes.small.items() if path in EDITED}
        return Snapshot(head, files, manifest, texts)
