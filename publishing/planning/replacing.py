"""What is there with other images is not replaced unless that is asked for."""

from collections.abc import Mapping
from itertools import groupby

from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.publishing.hub.manifest import ManifestEntry, shard_path
from medmnist_c.publishing.hub.snapshot import Snapshot


def refuse_to_replace(repo: str, differences: Mapping[str, str]) -> None:
    """Raise PublishError if there are any: how what is there differs, by test set."""
    if not differences:
        return
    by_why = groupby(sorted(differences, key=lambda name: differences[name]), differences.get)
    told = [f"{_named(list(names))} ({why})" for why, names in by_why]
    raise PublishError(
        f"{repo} has other images under these names: {'; '.join(told)}. Nothing of them was changed: "
        "mend the options (--seed, --sample, --data-dir), or give --replace (replace=True) to have "
        "them replaced."
    )


def unstated_difference(stored: StoredTestSet, entry: ManifestEntry, there: Snapshot) -> str | None:
    """That files are there which the manifest does not know, and which are not those of the entry.

    The entry is that of `in_place_of_ours`: a file with the same images is one of its own.
    """
    if stored.name in there.manifest.test_sets:
        return None
    other = [
        shard
        for shard in entry.shards
        if shard_path(stored, shard) in there.files and not there.has_shard(stored, shard)
    ]
    if other or there.stale_files(stored, entry):
        return "there of files that manifest.json does not know"
    return None


def _named(names: list[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
