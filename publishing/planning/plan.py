"""What a push has to do: which test sets to make, which to keep."""

from collections.abc import Iterable
from dataclasses import dataclass

from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.hub.manifest import ImagesMade, ManifestEntry
from medmnist_c.publishing.hub.same_images import Published, restated
from medmnist_c.publishing.hub.snapshot import Snapshot

FILES_A_COMMIT = 50  # at least, but for the last; with the shards of one more test set below 100


@dataclass(frozen=True)
class Plan:
    """Specs whose test sets are there already, and those to be made.

    `restate`: new entries, by name, of test sets that are there in other files than the manifest states.
    `replace`: of those to be made, why they are not those there under the same name, in words.
    """

    keep: list[TestSetSpec]
    make: list[TestSetSpec]
    restate: dict[str, ManifestEntry]
    replace: dict[str, str]


def plan(
    specs: Iterable[TestSetSpec],
    snapshot: Snapshot,
    published: Published = lambda stored, shard: None,
) -> Plan:
    """Keep a test set that is whole and of the same images; make the others.

    `published` gives a shard as the repository has its file, or None if that has other images.
    """
    planned = Plan([], [], {}, {})
    for spec in specs:
        stored = spec.stored
        entry = snapshot.manifest.test_sets.get(stored.name)
        if entry is None:
            planned.make.append(spec)
        elif entry.identity != spec.identity():
            planned.make.append(spec)
            planned.replace[stored.name] = entry.difference(ImagesMade.of(spec))
        elif snapshot.is_whole(stored, entry):
            planned.keep.append(spec)
        elif there := restated(stored, entry, published):
            planned.keep.append(spec)
            planned.restate[stored.name] = there
        else:
            planned.make.append(spec)
    return planned
