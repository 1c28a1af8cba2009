"""Hold files of test sets against what would be made: those of a repository, or of a built folder."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import rmtree

from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.scheduling import Made, make_test_sets
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.hub.manifest import ImagesMade, entry_of, maker
from medmnist_c.publishing.hub.repository import Repository, Target
from medmnist_c.publishing.hub.same_images import published_shard
from medmnist_c.publishing.hub.snapshot import Snapshot
from medmnist_c.publishing.work_folder import work_folder

EQUAL, MISSING, DIFFERENT = "equal", "missing", "different"


@dataclass(frozen=True)
class FilesComparison:
    """A test set's files: "equal", "missing" or "different", and why in a few words.

    They are equal if their images are, to the bit, whatever the bytes of the files.
    """

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
) -> Iterator[FilesComparison]:
    """Make test sets, and compare their files with those of a repository.

    Those whose SHA-256 the Hub states are equal; the others, which another processor or other versions
    of libraries may have written, are downloaded one at a time, and their images compared.

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
    repository = _opened(target)
    snapshot = repository.snapshot()

    def is_there(spec: TestSetSpec) -> bool:
        return any(path.startswith(f"{spec.stored.folder}/") for path in snapshot.files)

    def compared(made: Made) -> FilesComparison:
        stored, entry = made.spec.stored, entry_of(made)
        there = [published_shard(repository, stored, shard) for shard in entry.shards]
        beside = snapshot.stale_files(stored, entry)
        return _comparison(made, there, beside, lambda: _other_makers(made, snapshot))

    yield from _compare_all(specs, is_there, compared, cache_dir, num_proc)


def verify_manifest(specs: list[TestSetSpec], target: Target) -> list[FilesComparison]:
    """Compare what the Hub states of a repository's files with its manifest; nothing is made.

    Raises:
        PublishError: the repository cannot be read.
        CleanDataError: a clean test set cannot be found.
    """
    snapshot = _opened(target).snapshot()
    return [_as_stated(spec, snapshot) for spec in specs]


def _as_stated(spec: TestSetSpec, snapshot: Snapshot) -> FilesComparison:
    stored = spec.stored
    entry = snapshot.manifest.test_sets.get(stored.name)
    if entry is None:
        there = any(path.startswith(f"{stored.folder}/") for path in snapshot.files)
        if not there:
            return FilesComparison(stored.name, MISSING)
        return FilesComparison(stored.name, DIFFERENT, "the manifest does not know it")
    if entry.identity != spec.identity():
        return FilesComparison(stored.name, DIFFERENT, entry.difference(ImagesMade.of(spec)))
    lacking = sum(not snapshot.has_shard(stored, shard) for shard in entry.shards)
    if lacking or not entry.shards:
        why = f"{lacking} of {len(entry.shards)} files are not as the manifest states"
        return FilesComparison(stored.name, DIFFERENT, why)
    if snapshot.stale_files(stored, entry):
        return FilesComparison(stored.name, DIFFERENT, "files beside its own")
    return FilesComparison(stored.name, EQUAL, "as the manifest states")


def _opened(target: Target) -> Repository:
    repository = Repository(target, sends=False)
    if not repository.exists():
        raise PublishError(
            f"There is no dataset repository {target.repo} on the Hub, or the token may not see it."
        )
    return repository


def verify_folder(
    specs: list[TestSetSpec], folder: str | Path, cache_dir: Path, num_proc: int | None = None
) -> Iterator[FilesComparison]:
    """Make test sets, and compare their files with those in a folder that `build` has written.

    As `verify_repository`; of a folder at an address of fsspec, files of equal size are believed.
    """
    output = OutputFolder.at(folder)

    def is_there(spec: TestSetSpec) -> bool:
        return bool(output.sizes(spec.stored.folder))

    def compared(made: Made) -> FilesComparison:
        stored = made.spec.stored
        sizes, own = output.sizes(stored.folder), {shard.name for shard in made.shards}
        there = [shard.as_it_lies_in(output, stored.folder, sizes) for shard in made.shards]
        beside = [name for name in sizes if fnmatchcase(name, stored.shards) and name not in own]
        return _comparison(made, there, beside, list)

    yield from _compare_all(specs, is_there, compared, cache_dir, num_proc)


def _compare_all(
    specs: list[TestSetSpec],
    is_there: Callable[[TestSetSpec], bool],
    compared: Callable[[Made], FilesComparison],
    cache_dir: Path,
    num_proc: int | None,
) -> Iterator[FilesComparison]:
    present = []
    for spec in specs:
        if is_there(spec):
            present.append(spec)
        else:
            yield FilesComparison(spec.stored.name, MISSING)
    with work_folder(cache_dir) as folder:
        making = make_test_sets(present, folder, cache_dir=cache_dir, num_proc=num_proc)
        with closing(making):
            for made in making:
                rmtree(folder / made.spec.stored.folder)
                yield compared(made)


def _comparison(
    made: Made,
    there: list[Shard | None],
    beside: list[str],
    more: Callable[[], list[str]],
) -> FilesComparison:
    """`there`: the shards as they are there; `beside`: other files; `more`: what else may be why."""
    name, count = made.spec.stored.name, len(made.shards)
    if other := there.count(None):
        return FilesComparison(
            name, DIFFERENT, "; ".join([f"{other} of {count} files differ", *more()])
        )
    if beside:
        return FilesComparison(name, DIFFERENT, "; ".join(["files beside its own", *more()]))
    rewritten = sum(one != shard for one, shard in zip(there, made.shards, strict=True))
    if rewritten:
        return FilesComparison(
            name, EQUAL, f"the images; {rewritten} of {count} files have other bytes"
        )
    return FilesComparison(name, EQUAL)


def _other_makers(made: Made, snapshot: Snapshot) -> list[str]:
    known = snapshot.manifest.test_sets.get(made.spec.stored.name)
    if known is None:
        return ["the manifest does not know it"]
    if known.identity != made.identity:
        return ["made by other code or from other images"]
    theirs = snapshot.manifest.makers.get(known.maker, {})
    return [
        f"{name} {theirs[name]}, here {version}"
        for name, version in maker().items()
        if name in theirs and theirs[name] != version
    ]
