"""Files in a repository that hold the images they should, whatever their bytes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.stored import StoredTestSet, in_order
from medmnist_c.publishing.hub import manifest as manifests
from medmnist_c.publishing.hub.manifest import ManifestEntry, shard_path
from medmnist_c.publishing.hub.repository import Repository
from medmnist_c.publishing.hub.snapshot import Changes, Snapshot

Published = Callable[[StoredTestSet, Shard], Shard | None]


def published_shard(repository: Repository, stored: StoredTestSet, shard: Shard) -> Shard | None:
    """A shard as the repository has its file; None if it is not there, or has other images.

    If the SHA-256 is another one, the file is downloaded and decoded.
    """
    snapshot = repository.snapshot()
    if snapshot.has_shard(stored, shard):
        return shard
    path = shard_path(stored, shard)
    if path not in snapshot.files or not shard.images_digest:
        return None
    with repository.open(path) as file:
        return shard.as_in(file)


def restated(
    stored: StoredTestSet, entry: ManifestEntry, published: Published
) -> ManifestEntry | None:
    """The entry of a test set for the files that are there; None if they have not its images."""
    shards = [published(stored, shard) for shard in entry.shards]
    there = tuple(shard for shard in shards if shard)
    return replace(entry, shards=there) if there and len(there) == len(shards) else None


def in_place_of_ours(
    stored: StoredTestSet, entry: ManifestEntry, snapshot: Snapshot, published: Published
) -> ManifestEntry:
    """The entry of a test set made here, with the repository's files where they have the same images.

    What the manifest states of a file that is there is believed, as a push believes all of it.
    """
    known = snapshot.manifest.test_sets.get(stored.name)
    stated = {shard.name: shard for shard in known.shards} if known else {}

    def best(shard: Shard) -> Shard:
        theirs = stated.get(shard.name)
        if theirs and theirs.images_digest and snapshot.has_shard(stored, theirs):
            return theirs if theirs.images_digest == shard.images_digest else shard
        if known and known.identity != entry.identity:
            return shard  # other images
        return published(stored, shard) or shard

    return replace(entry, shards=tuple(best(shard) for shard in entry.shards))


@dataclass(frozen=True)
class Restatement:
    """Says what a commit is to do that states the files that are there, in place of others."""

    entries: dict[str, ManifestEntry]

    def __call__(self, snapshot: Snapshot) -> Changes:
        stated = snapshot.manifest.test_sets
        entries = {
            one.name: entry
            for one in in_order(self.entries)
            if stated.get(one.name) != (entry := self.entries[one.name])
            and snapshot.is_whole(one, entry)
        }
        if not entries:
            return Changes()
        manifest = snapshot.manifest.with_test_sets(entries)
        return Changes(small={manifests.PATH: manifests.to_bytes(manifest)})
