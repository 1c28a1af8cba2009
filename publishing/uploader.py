"""Test sets on their way into a repository: sent as they are made, committed several at a time."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd

from medmnist_c.builder.configs import Config
from medmnist_c.builder.parquet.scheduling import MANIFEST as MADE
from medmnist_c.builder.parquet.scheduling import Made
from medmnist_c.publishing import manifest as manifests
from medmnist_c.publishing.changes import Changes
from medmnist_c.publishing.manifest import Entry, entry_of, shard_path
from medmnist_c.publishing.plan import State, is_there, is_whole, stale_files
from medmnist_c.publishing.progress import Progress
from medmnist_c.publishing.repository import Repository

FILES_A_COMMIT = 50  # at least, but for the last; with the shards of one more test set below 100
BYTES_AT_ONCE = 256 << 20  # sent, and their disk freed, when so much has gathered


@dataclass
class _PendingTestSet:
    """A test set's files: as they lie in the work folder, then as the Hub has them."""

    one: Config
    entry: Entry
    sent: dict[str, CommitOperationAdd]


class Uploader:
    """Takes test sets as they are made, and puts them into a repository; used by one thread."""

    def __init__(self, repository: Repository, folder: Path, progress: Progress) -> None:
        self._repository = repository
        self._folder = folder
        self._progress = progress
        self._waiting: list[_PendingTestSet] = []  # to be sent
        self._sent: list[_PendingTestSet] = []  # to be committed

    def take(self, made: Made) -> None:
        """Take over a test set whose files lie in the work folder; sends and commits in groups."""
        one, entry = made.spec.config, entry_of(made)
        state = self._repository.state()
        additions = {}
        for shard in entry.shards:
            if not is_there(one, shard, state):
                path = shard_path(one, shard)
                additions[path] = CommitOperationAdd(path, self._folder / path)
                # Known already: the file need not be read once more for it.
                additions[path].upload_info.sha256 = bytes.fromhex(shard.sha256)
        self._waiting.append(_PendingTestSet(one, entry, additions))
        enough = _files(self._waiting + self._sent) >= FILES_A_COMMIT
        if enough or sum(parcel.entry.bytes for parcel in self._waiting) >= BYTES_AT_ONCE:
            self._send()
        if enough:
            self._commit()

    def finish(self) -> None:
        """Send and commit what is left."""
        self._send()
        self._commit()

    def _send(self) -> None:
        additions = [one for parcel in self._waiting for one in parcel.sent.values()]
        self._repository.send(additions)
        for parcel in self._waiting:
            self._progress.sent(parcel.entry.rows, parcel.entry.bytes)
            if all(addition.path_or_fileobj == b"" for addition in parcel.sent.values()):
                self._free(parcel)  # else the Hub takes a file within the commit
        self._sent += self._waiting
        self._waiting = []

    def _commit(self) -> None:
        if not self._sent:
            return
        names = [parcel.one.name for parcel in self._sent]
        title = f"Add {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        self._repository.commit(title, self._wanted)
        self._progress.committed(len(names))
        for parcel in self._sent:
            self._free(parcel)
        self._sent = []

    def _wanted(self, state: State) -> Changes:
        """What is to be committed of the parcels, over this state of the repository."""
        changes, entries = Changes(), {}
        for parcel in self._sent:
            known = state.manifest.test_sets.get(parcel.one.name)
            same = known is not None and known.identity == parcel.entry.identity
            if same and is_whole(parcel.one, known, state):
                continue
            missing = {
                shard_path(parcel.one, shard)
                for shard in parcel.entry.shards
                if not is_there(parcel.one, shard, state)
            }
            if missing - set(parcel.sent):
                continue  # somebody has just deleted them; the next round makes them again
            changes.sent.update({path: parcel.sent[path] for path in missing})
            changes.delete += stale_files(parcel.one, parcel.entry, state)
            entries[parcel.one.name] = parcel.entry
        if entries:
            content = manifests.to_bytes(state.manifest.with_test_sets(entries))
            changes.small[manifests.PATH] = content
        return changes

    def _free(self, parcel: _PendingTestSet) -> None:
        place = self._folder / parcel.one.folder
        for name in (*(shard.name for shard in parcel.entry.shards), MADE):
            (place / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            place.rmdir()


def _files(parcels: list[_PendingTestSet]) -> int:
    return sum(len(parcel.entry.shards) for parcel in parcels)
