"""What a push would do, worked out without doing it."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from math import prod

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.parquet.shards import shard_ranges
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.stored import in_order
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.plan import FILES_A_COMMIT, plan
from medmnist_c.publishing.repository import Repository, Target
from medmnist_c.publishing.same_images import published_shard
from medmnist_c.publishing.snapshot import Snapshot

_IMPATIENT = RetryPolicy(
    tries=1
)  # somebody waits for the answer, and the client itself tries five times
PNG_SHARE = 0.44  # of the pixels' bytes, over all test sets of the sample


@dataclass(frozen=True)
class DryRun:
    """Test sets to make and to keep, images and files to make, bytes (estimated), commits."""

    repo: str
    exists: bool
    make: list[str]
    keep: list[str]
    images: int
    files: int
    bytes: int
    commits: int

    def __str__(self) -> str:
        where = self.repo if self.exists else f"{self.repo} (to be created)"
        return (
            f"{where}: {len(self.make)} test sets would be made and sent: {self.images:,} images "
            f"in {self.files:,} files, about {self.bytes / 1e9:.3g} GB (estimated: the sizes of "
            f"published test sets of the same dataset, else {PNG_SHARE:.0%} of the pixels' bytes), "
            f"in {self.commits} commits; {len(self.keep)} are there already."
        )


def dry_run(specs: list[TestSetSpec], target: Target) -> DryRun:
    """What `push` would make and send; a token is only needed to see a private repository.

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
    sizes = _bytes_an_image(snapshot)
    images = files = commits = gathered = 0
    total = 0.0
    for spec in planned.make:
        count = spec.clean_source().count
        dataset, size = spec.config.dataset, spec.source.size
        pixels = prod(dataset_info(dataset, size).image_shape)
        each = sizes.get((dataset, size), PNG_SHARE * pixels)
        images += count
        total += count * each
        files += len(shard_ranges(count, spec.split))
        gathered += len(shard_ranges(count, spec.split))
        if gathered >= FILES_A_COMMIT:
            commits, gathered = commits + 1, 0
    commits += (gathered > 0) + (len(planned.make) > 0)  # the rest, and the card
    return DryRun(
        target.repo,
        exists,
        [spec.stored.name for spec in planned.make],
        [spec.stored.name for spec in planned.keep],
        images,
        files,
        round(total),
        commits,
    )


def _bytes_an_image(snapshot: Snapshot) -> dict[tuple[str, int], float]:
    """Of the test sets that are there, by dataset and size of the images."""
    rows: Counter[tuple[str, int]] = Counter()
    sizes: Counter[tuple[str, int]] = Counter()
    published = snapshot.published()
    for one in in_order(published):
        alike = (one.config.dataset, one.size)
        rows[alike] += published[one.name].rows
        sizes[alike] += published[one.name].bytes
    return {alike: sizes[alike] / rows[alike] for alike in rows}
