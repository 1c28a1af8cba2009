"""What a push would do, worked out without doing it."""

from dataclasses import dataclass
from functools import partial

from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.hub.client import RateLimiter
from medmnist_c.publishing.hub.repository import Repository, Target
from medmnist_c.publishing.hub.same_images import published_shard
from medmnist_c.publishing.hub.snapshot import Snapshot
from medmnist_c.publishing.hub.storage import Storage, storage_for
from medmnist_c.publishing.planning.estimate import PNG_SHARE, amount_of
from medmnist_c.publishing.planning.plan import plan

_IMPATIENT = RetryPolicy(
    tries=1
)  # somebody waits for the answer, and the client itself tries five times
MBIT = 100.0


@dataclass(frozen=True)
class DryRun:
    """Test sets to make and to keep, images and files to make, bytes (estimated), commits.

    `replace` are those to be made that are there with other images, `mbit` the assumed speed.
    """

    repo: str
    exists: bool
    make: list[str]
    keep: list[str]
    replace: dict[str, str]
    images: int
    files: int
    bytes: int
    commits: int
    mbit: float
    storage: Storage

    @property
    def hours(self) -> float:
        """Of sending, and of waiting for commits; making goes on meanwhile, and may take longer."""
        sending = self.bytes * 8 / (self.mbit * 1e6) / 3600
        return max(sending, (self.commits - 1) // RateLimiter().most)

    def __str__(self) -> str:
        where = self.repo if self.exists else f"{self.repo} (to be created)"
        told = (
            f"{where}: {len(self.make)} test sets would be made and sent: "
            f"{len(self.make) - len(self.replace)} new, {len(self.replace)} replaced; "
            f"{len(self.keep)} are there already, the same. {self.images:,} images in {self.files:,} "
            f"files, about {self.bytes / 1e9:.3g} GB (estimated: the sizes of published test sets of "
            f"the same dataset, else {PNG_SHARE:.0%} of the pixels' bytes), in {self.commits} commits; "
            f"about {self.hours:.2g} h at {self.mbit:g} Mbit/s, unless making them takes longer. "
            f"Storage: {self.storage.words}."
        )
        if self.replace:
            name, why = next(iter(self.replace.items()))
            told += f" Replaced, and only with --replace: {name} ({why})" + (
                f" and {len(self.replace) - 1} more." if len(self.replace) > 1 else "."
            )
        return told


def dry_run(
    specs: list[TestSetSpec], target: Target, *, private: bool = False, mbit: float = MBIT
) -> DryRun:
    """What `push` would make and send; a token is only needed to see a private repository.

    Args:
        specs: of the test sets.
        target: the repository.
        private: whether it would be made private, if it is not there.
        mbit: the speed of the connection, in Mbit/s.

    Raises:
        PublishError: the repository cannot be read.
        CleanDataError: a clean test set cannot be had.
    """
    repository = Repository(target, _IMPATIENT, sends=False)
    exists = repository.exists()
    if exists and repository.has_token:
        repository.find_pull_request()
    snapshot = repository.snapshot() if exists else Snapshot("")
    planned = plan(specs, snapshot, partial(published_shard, repository))
    amount = amount_of(planned.make, snapshot)
    return DryRun(
        target.repo,
        exists,
        [spec.stored.name for spec in planned.make],
        [spec.stored.name for spec in planned.keep],
        planned.replace,
        amount.images,
        amount.files,
        amount.bytes,
        amount.commits + bool(planned.make),  # and the card's image
        mbit,
        storage_for(
            amount.bytes + sum(file.size for file in snapshot.files.values()),
            target.repo.partition("/")[0],
            repository.account() if repository.has_token else None,
            private=repository.is_private if exists else private,
        ),
    )
