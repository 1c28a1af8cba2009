"""Made images compared with the reference's files, a repository on the Hub, or a built folder."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from medmnist_c.builder.configs import Config, select
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.splits import PUBLISHED
from medmnist_c.builder.testset.reference_comparison import Comparison, compare_with_reference
from medmnist_c.builder.testset.spec import specs_of
from medmnist_c.publishing.hub.repository import Target
from medmnist_c.publishing.verify import (
    FilesComparison,
    verify_folder,
    verify_manifest,
    verify_repository,
)


def verify(
    test_sets: str | Iterable[str | Config] = "*",
    *,
    release: str | Path | None = None,
    repo: str | None = None,
    folder: str | Path | None = None,
    quick: bool = False,
    revision: str | None = None,
    token: str | None = None,
    seed: int | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    splits: str | Iterable[str] = PUBLISHED,
    size: int = PUBLISHED_SIZE,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
) -> Iterator[Comparison | FilesComparison]:
    """Make test sets, and compare them with those of the reference, a repository or a folder.

    Args:
        test_sets: which ones: names, wildcards, configurations; all by default.
        release: folder of the reference's files, `{dataset}/{corruption}.npz`; or
        repo: dataset repository on the Hub, "USER/NAME"; or
        folder: one that `build` has written. Of a repository and of a folder, files are compared by
            their SHA-256; those that differ, as they may if another processor or other libraries wrote
            them, are read (from a repository: downloaded), and their images compared.
        quick: of a repository: make nothing, download nothing; compare the files that the Hub states
            with what the repository's manifest says of these images.
        revision, token: of the repository, as those of `push`.
        seed, data_dir, sample, splits, size: which images, as for `build`; the reference has no seed,
            and test images of 224 pixels only.
        num_proc: processes, with `repo` or `folder`; all cores by default.
        cache_dir: for clean test sets; the cache folder of `datasets` by default.

    Returns:
        An iterator: one result for each test set, as soon as it is known. `result.equal` says whether
        it is equal to the bit, `str(result)` what was found. Clean test sets are not in the reference.

    Raises:
        ValueError: not one of `release`, `repo` and `folder` is given, `release` with a seed, or `quick`
            without `repo`.
        UnknownNameError: a name matches nothing.
        PublishError: the repository cannot be read.
        CleanDataError: a clean test set cannot be had.
    """
    chosen = select(test_sets)
    cache = Path(cache_dir or cache_folder())
    if sum(one is not None for one in (release, repo, folder)) != 1:
        raise ValueError(
            "Give one of these: the folder of the release, a repository (USER/NAME), a built folder."
        )
    specs = specs_of(chosen, ImageSource(seed, data_dir, sample, size), splits)
    if quick and repo is None:
        raise ValueError(
            "Only a repository has a manifest to compare with: give --repo with --quick."
        )
    if repo is not None:
        target = Target(repo, revision, token=token)
        if quick:
            return iter(verify_manifest(specs, target))
        return verify_repository(specs, target, cache, num_proc)
    if folder is not None:
        return verify_folder(specs, folder, cache, num_proc)
    assert release is not None
    if seed is not None:
        raise ValueError("The release has one draw of its own: leave the seed out.")
    if not all(spec.published for spec in specs):
        raise ValueError(
            f"The release has test images of {PUBLISHED_SIZE} pixels only: leave splits and size out."
        )
    return compare_with_reference(
        release,
        chosen,
        data_dir=data_dir,
        sample=sample,
        cache_dir=cache,
    )
