"""Hold a repository on the Hub against what would be made, without downloading it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.parquet.scheduling import Made, make_test_sets
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.manifest import entry_of, maker
from medmnist_c.publishing.repository import Repository, Target
from medmnist_c.publishing.snapshot import Snapshot
from medmnist_c.publishing.work_folder import work_folder

EQUAL, MISSING, DIFFERENT = "equal", "missing", "different"


@dataclass(frozen=True)
class RepositoryComparison:
    """A test set in a repository: "equal", "missing" or "different", and why in a few words."""

    name: str
    verdict: str
    why: str = ""

    @property
    def equal(self) -> bool:
        return self.verdict == EQUAL

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict}" + (f" ({self.why})" if self.why else "")


def verify_repository(
    specs: list[TestSetSpec], target: Target, cache_dir: Path, num_proc: int | None = None
) -> Iterator[RepositoryComparison]:
    """Make test sets, and compare the SHA-256 of their files with those that the Hub states.

    The files are deterministic for one version of each library that writes them, so a difference may
    also be one of versions: the manifest's are then named beside ours.

    Args:
        specs: of the test sets.
        target: the repository; a token is only needed for a private one.
        cache_dir: for clean test sets, and for files that are being compared.
        num_proc: processes; all cores by default.

    Yields:
        The missing ones at first, then each that was made.

    Raises:
        PublishError: the repository cannot be read.
        CleanDataError: a clean test set cannot be had.
    """
    repository = Repository(target, sends=False)
    if not repository.exists():
        raise PublishError(
            f"There is no dataset repository {target.repo} on the Hub, or the token may not see it."
        )
    snapshot = repository.snapshot()
    present = []
    for spec in specs:
        config = spec.config
        if any(path.startswith(f"{config.folder}/") for path in snapshot.files):
            present.append(spec)
        else:
            yield RepositoryComparison(config.name, MISSING)
    with work_folder(cache_dir) as folder:
        making = make_test_sets(present, folder, cache_dir=cache_dir, num_proc=num_proc)
        with closing(making):
            for made in making:
                rmtree(folder / made.spec.config.folder)
                yield _compared(made, snapshot)


def _compared(made: Made, snapshot: Snapshot) -> RepositoryComparison:
    config, entry = made.spec.config, entry_of(made)
    if snapshot.is_whole(config, entry) and not snapshot.stale_files(config, entry):
        return RepositoryComparison(config.name, EQUAL)
    other = sum(not snapshot.has_shard(config, shard) for shard in entry.shards)
    why = [f"{other} of {len(entry.shards)} files differ" if other else "files beside its own"]
    known = snapshot.manifest.test_sets.get(config.name)
    if known is None:
        why.append("the manifest does not know it")
    elif known.identity != entry.identity:
        why.append("made by other code or from other images")
    else:
        theirs = snapshot.manifest.makers.get(known.maker, {})
        why += [
            f"{name} {theirs.get(name)}, here {version}"
            for name, version in maker().items()
            if theirs.get(name) != version
        ]
    return RepositoryComparison(config.name, DIFFERENT, "; ".join(why))
