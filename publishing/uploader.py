"""Test sets on their way into a repository: sent as they are made, committed several at a time."""

import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationAdd

from medmnist_c.builder.parquet.scheduling import MANIFEST as MADE
from medmnist_c.builder.parquet.scheduling import Made
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.publishing.card.card import add_card
from medmnist_c.publishing.hub import manifest as manifests
from medmnist_c.publishing.hub.manifest import ManifestEntry, entry_of, shard_path
from medmnist_c.publishing.hub.repository import Repository
from medmnist_c.publishing.hub.same_images import in_place_of_ours, published_shard
from medmnist_c.publishing.hub.snapshot import Changes, Snapshot
from medmnist_c.publishing.planning.plan import FILES_A_COMMIT
from medmnist_c.publishing.planning.replacing import refuse_to_replace, unstated_difference
from medmnist_c.publishing.progress import Progress

BYTES_AT_ONCE = 256 << 20  # sent, and their disk freed, when so much has gathered


@dataclass
class _PendingTestSet:
    """A test set's files: as they lie in the work folder, then as the Hub has them."""

    stored: StoredTestSet
    entry: ManifestEntry
    sent: dict[str, CommitOperationAdd]


class Uploader:
    """Takes test sets as they are made, and puts them into a repository; used by one thread.

    Args:
        repository: where they go.
        folder: where they lie.
        progress: is told what is sent and committed.
        replace: whether what is there with other images may be replaced.
    """

    def __init__(
        self, repository: Repository, folder: Path, progress: Progress, *, replace: bool = False
    ) -> None:
        self._repository = repository
        self._replace = replace
        self._folder = folder
        self._progress = progress
        self._waiting: list[_PendingTestSet] = []  # to be sent
        self._sent: list[_PendingTestSet] = []  # to be committed

    def take(self, made: Made) -> None:
        """Take over a test set whose files lie in the work folder; sends and commits in groups."""
        stored, snapshot = made.spec.stored, self._repository.snapshot()
        published = partial(published_shard, self._repository)
        entry = in_place_of_ours(stored, entry_of(made), snapshot, published)
        if not self._replace and (why := unstated_difference(stored, entry, snapshot)):
            refuse_to_replace(self._repository.name, {stored.name: why})
        additions = {}
        for shard in entry.shards:
            if not snapshot.has_shard(stored, shard):
                path = shard_path(stored, shard)
                additions[path] = CommitOperationAdd(path, self._folder / path)
                # Known already: the file need not be read once more for it.
                additions[path].upload_info.sha256 = bytes.fromhex(shard.sha256)
        self._waiting.append(_PendingTestSet(stored, entry, additions))
        enough = _files(self._waiting + self._sent) >= FILES_A_COMMIT
        if enough or sum(pending.entry.bytes for pending in self._waiting) >= BYTES_AT_ONCE:
            self._send()
        if enough:
            self._commit()

    def finish(self) -> None:
        """Send and commit what is left."""
        self._send()
        self._commit()

    def _send(self) -> None:
        self._repository.send([file for pending in self._waiting for file in pending.sent.values()])
        for pending in self._waiting:
            sent = sum(file.upload_info.size for file in pending.sent.values())
            self._progress.sent(pending.entry.rows, sent)
            if all(file.path_or_fileobj == b"" for file in pending.sent.values()):
                self._free(pending)  # else the Hub takes a file within the commit
        self._sent += self._waiting
        self._waiting = []

    def _commit(self) -> None:
        if not self._sent:
            return
        names = [pending.stored.name for pending in self._sent]
        title = f"Add {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        self._repository.commit(title, self._wanted)
        self._progress.committed(len(names))
        for pending in self._sent:
            self._free(pending)
        self._sent = []

    def _wanted(self, snapshot: Snapshot) -> Changes:
        """What is to be committed of the test sets sent, over this snapshot of the repository."""
        changes = Changes()
        entries: dict[str, ManifestEntry] = {}
        differences: dict[str, str] = {}
        for pending in self._sent:
            stored, entry = pending.stored, pending.entry
            known = snapshot.manifest.test_sets.get(stored.name)
            if known and known.identity == entry.identity and snapshot.is_whole(stored, known):
                continue
            if known and known.identity != entry.identity:
                differences[stored.name] = known.difference(entry.made)
            missing = {
                shard_path(stored, shard)
                for shard in entry.shards
                if not snapshot.has_shard(stored, shard)
            }
            if missing - set(pending.sent):
                continue  # somebody has just deleted them; the next round makes them again
            changes.sent.update({path: pending.sent[path] for path in missing})
            changes.delete += snapshot.stale_files(stored, entry)
            entries[stored.name] = entry
        if not self._replace:  # somebody may have put others there a moment ago
            refuse_to_replace(self._repository.name, differences)
        if entries:
            content = manifests.to_bytes(snapshot.manifest.with_test_sets(entries))
            changes.small[manifests.PATH] = content
            add_card(changes, snapshot, self._repository.name)
        return changes

    def _free(self, pending: _PendingTestSet) -> None:
        folder = self._folder / pending.stored.folder
        for name in (*(shard.name for shard in pending.entry.shards), MADE):
            (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _files(test_sets: list[_PendingTestSet]) -> int:
    return sum(len(pending.entry.shards) for pending in test_sets)
