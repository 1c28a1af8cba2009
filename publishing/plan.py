"""What a push has to do: which test sets to make, which to keep."""

from collections.abc import Iterable
from dataclasses import dataclass

from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.snapshot import Snapshot

FILES_A_COMMIT = 50  # at least, but for the last; with the shards of one more test set below 100


@dataclass(frozen=True)
class Plan:
    """Specs whose test sets are there already, and those to be made."""

    keep: list[TestSetSpec]
    make: list[TestSetSpec]


def plan(specs: Iterable[TestSetSpec], snapshot: Snapshot) -> Plan:
    """Keep a test set that is whole and of the same images; make the others."""
    published = snapshot.published()
    keep: list[TestSetSpec] = []
    make: list[TestSetSpec] = []
    for spec in specs:
        entry = published.get(spec.config.name)
        same = entry is not None and entry.identity == spec.identity()
        (keep if same else make).append(spec)
    return Plan(keep, make)
