"""How much test sets will be, before they are made."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.parquet.shards import shard_ranges
from medmnist_c.builder.stored import in_order
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.hub.snapshot import Snapshot
from medmnist_c.publishing.planning.plan import FILES_A_COMMIT

PNG_SHARE = 0.44  # of the pixels' bytes, over all test sets of the sample


@dataclass(frozen=True)
class Amount:
    """Images, files, bytes (estimated), and the commits that bring the files."""

    images: int
    files: int
    bytes: int
    commits: int


def amount_of(specs: Iterable[TestSetSpec], snapshot: Snapshot) -> Amount:
    """By the sizes of test sets of the same dataset that are there, else by `PNG_SHARE`."""
    sizes = _bytes_an_image(snapshot)
    images = files = commits = gathered = 0
    total = 0.0
    for spec in specs:
        count = spec.clean_source().count
        dataset, size = spec.config.dataset, spec.source.size
        pixels = prod(dataset_info(dataset, size).image_shape)
        shards = len(shard_ranges(count, spec.split))
        images += count
        total += count * sizes.get((dataset, size), PNG_SHARE * pixels)
        files += shards
        gathered += shards
        if gathered >= FILES_A_COMMIT:
            commits, gathered = commits + 1, 0
    return Amount(images, files, round(total), commits + (gathered > 0))


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
