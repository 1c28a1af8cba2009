"""Hold a repository on the Hub against what would be made, without downloading it."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import datasets

from medmnist_c.builder.configs import Configuration, select
from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.parquet.scheduling import Made, make_test_sets
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.manifest import entry_of, maker
from medmnist_c.publishing.plan import State, is_there, is_whole, stale_files
from medmnist_c.publishing.repository import Repository
from medmnist_c.publishing.work_folder import work_folder

EQUAL, MISSING, DIFFERENT = "equal", "missing", "different"


@dataclass(frozen=True)
class Found:
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
    repo: str,
    test_sets: str | Iterable[str | Configuration] = "*",
    *,
    revision: str | None = None,
    token: str | None = None,
    seed: int | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
) -> Iterator[Found]:
    """Make test sets, and compare the SHA-256 of their files with those that the Hub states.

    The files are deterministic for one version of each library that writes them, so a difference may
    also be one of versions: the manifest's are then named beside ours.

    Args:
        as those of `push`; a token is only needed for a private repository.

    Yields:
        The missing ones at first, then each that was made.

    Raises:
        PublishError: the repository cannot be read.
        CleanDataError: a clean test set cannot be had.
    """
    specs = [TestSetSpec(one, seed, data_dir, sample) for one in select(test_sets)]
    cache_dir = Path(cache_dir or datasets.config.HF_DATASETS_CACHE)
    repository = Repository(repo, revision=revision, token=token)
    if not repository.exists():
        raise PublishError(
            f"There is no dataset repository {repo} on the Hub, or the token may not see it."
        )
    state = repository.state()
    there = []
    for spec in specs:
        one = spec.configuration
        if any(path.startswith(f"{one.folder}/") for path in state.files):
            there.append(spec)
        else:
            yield Found(one.name, MISSING)
    with work_folder(cache_dir) as folder:
        making = make_test_sets(there, folder, cache_dir=cache_dir, num_proc=num_proc)
        with closing(making):
            for made in making:
                rmtree(folder / made.spec.configuration.folder)
                yield _compared(made, state)


def _compared(made: Made, state: State) -> Found:
    one, entry = made.spec.configuration, entry_of(made)
    if is_whole(one, entry, state) and not stale_files(one, entry, state):
        return Found(one.name, EQUAL)
    other = sum(not is_there(one, shard, state) for shard in entry.shards)
    why = f"{other} of {len(entry.shards)} files differ" if other else "files beside its own"
    known = state.manifest.test_sets.get(one.name)
    if known is None:
        return Found(one.name, DIFFERENT, f"{why}; the manifest does not know it")
    if known.digest != entry.digest:
        return Found(one.name, DIFFERENT, f"{why}; made by other code or from other images")
    theirs = state.manifest.makers.get(known.maker, {})
    versions = [
        f"{name} {theirs.get(name)}, here {version}"
        for name, version in maker().items()
        if theirs.get(name) != version
    ]
    return Found(one.name, DIFFERENT, "; ".join([why, *versions]))
