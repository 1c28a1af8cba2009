"""Words about the benchmark that travel with the data: description, citation, home page."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from string import Template

from huggingface_hub import DatasetCard

from medmnist_c.builder.card.sizes import infos_of
from medmnist_c.builder.card.tables import contents, corruption_words
from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, dataset_info
from medmnist_c.builder.headline import MEANING
from medmnist_c.builder.splits import PUBLISHED, SPLITS
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.builder.versions import IMAGES_VERSION, VERSION

HOMEPAGE = "https://medmnist.com"

_CARD = "dataset_card.md"
_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")  # the Hub's
_PUBLISHED_TITLE = "MedMNIST-C"
_OTHER_TITLE = (
    "Images of MedMNIST+ under the corruptions of MedMNIST-C, not the published benchmark"
)


@lru_cache(maxsize=1)
def _card_text() -> str:
    return resources.files("medmnist_c").joinpath(_CARD).read_text("utf-8")


def citation() -> str:
    """BibTeX of the benchmark and of the data it is made from, as the card has it."""
    return _card_text().partition("```bibtex\n")[2].partition("```")[0]


def describe(one: Config, size: int = PUBLISHED_SIZE) -> str:
    """One sentence on a test set of images of that size."""
    info = dataset_info(one.dataset, size)
    kind = f"{'grey' if info.grey else 'RGB'}, {size} x {size}, {info.task}"
    if isinstance(one, CleanConfig):
        return f"The clean test set of {one.dataset} (MedMNIST+; {kind})."
    if size != PUBLISHED_SIZE:
        return (
            f"The test set of {one.dataset} (MedMNIST+; {kind}) under {one.corruption}, severity "
            f"{one.severity} of 5, at a size that MedMNIST-C does not have: not the published benchmark."
        )
    return (
        f"The test set of {one.dataset} (MedMNIST+; {kind}) under {one.corruption}, severity "
        f"{one.severity} of 5, as MedMNIST-C defines it."
    )


def folder_card(there: Mapping[StoredTestSet, int]) -> str:
    """README.md of a folder that holds these test sets: YAML, then the card's text."""
    return str(filled_card(there, "path/to/this/folder", making=_about_counts(there)))


def filled_card(
    there: Mapping[StoredTestSet, int],
    name: str,
    sizes_in_bytes: Mapping[str, int] | None = None,
    **sections: str,
) -> DatasetCard:
    """The card of a folder or repository that holds these test sets.

    `configs:` names each test set's files, so that `load_dataset(name, config)` needs no code. The
    first clean test set is the default, and comes first: `datasets` looks for its files whichever is
    asked for.

    Args:
        there: which ones, in order, and how many images each has.
        name: of the folder or repository.
        sizes_in_bytes: of the test sets' files, by name, where they are known.
        sections: Markdown for the places `$preview` and `$making` of the text.
    """
    sizes = sizes_in_bytes or {}
    first = _first(there, CleanConfig) or next(iter(there), None)
    default = first.config_name if first else None
    example = _first(there, CorruptedConfig) or first
    filled = {
        "title": _PUBLISHED_TITLE
        if any(one.is_published for one in there) or not there
        else _OTHER_TITLE,
        "preview": "",
        "contents": contents(there, sizes),
        "corruptions": corruption_words(there),
        "headline": MEANING,
        "version": f"`medmnist_c` {VERSION}, images of version {IMAGES_VERSION}",
        "making": "",
        "config": example.config_name if example else "dermamnist_black_corner_3",
        "split": example.split if example else PUBLISHED,
        "sizes": _about_sizes(there),
        "splits": _about_splits(there),
    }
    text = Template(_card_text()).substitute(filled | sections, name=name)
    card = DatasetCard(re.sub(r"\n{3,}", "\n\n", text))
    files: dict[str, list[dict[str, str]]] = {}
    for one in sorted(there, key=lambda one: one.config_name != default):
        path = f"{one.folder}/{one.shards}"
        files.setdefault(one.config_name, []).append({"split": one.split, "path": path})
    card.data["configs"] = [
        {
            "config_name": config_name,
            **({"default": True} if config_name == default else {}),
            "data_files": data_files,
        }
        for config_name, data_files in files.items()
    ]
    if infos := infos_of(there, sizes):
        card.data["dataset_info"] = infos
    info = [dataset_info(name) for name in dict.fromkeys(one.config.dataset for one in there)]
    kinds = {"multi-label" if dataset.multi_label else "multi-class" for dataset in info}
    card.data["license"] = sorted({dataset.license.lower().replace(" ", "-") for dataset in info})
    mined = any(dataset.multi_label for dataset in info)  # findings taken from reports by a program
    card.data["annotations_creators"] = ["expert-generated", *["machine-generated"] * mined]
    card.data["task_ids"] = [f"{kind}-image-classification" for kind in sorted(kinds)]
    digits = len(str(sum(there.values())))
    card.data["size_categories"] = [_SIZES[min(max(digits - 3, 0), len(_SIZES) - 1)]]
    return card


def _about_counts(there: Mapping[StoredTestSet, int]) -> str:
    """That these are not whole test sets, where that is so: as of the package's sample."""
    for one, count in there.items():
        whole = dataset_info(one.config.dataset, one.size).count(one.split)
        if count != whole:
            return (
                f"**To try things, not to score: `{one.name}` has {count:,} images here, MedMNIST+ has "
                f"{whole:,}. They are of the package's sample, or of a file that was cut.**"
            )
    return ""


def _first(there: Iterable[StoredTestSet], kind: type[Config]) -> StoredTestSet | None:
    return next((one for one in there if isinstance(one.config, kind)), None)


def _about_sizes(there: Iterable[StoredTestSet]) -> str:
    """What is to be said of other sizes than the published one, first of all."""
    sizes = sorted({one.size for one in there} - {PUBLISHED_SIZE})
    if not sizes:
        return ""
    named = " and ".join(f"`*_{size}px` ({size} x {size} pixels)" for size in sizes)
    return (
        f"**Not the published benchmark: {named}.** The benchmark has {PUBLISHED_SIZE} pixels a side. "
        "These are MedMNIST+'s own images of that size, corrupted by a rule of `medmnist_c`: lengths in "
        "pixels scale with the side."
    )


def _about_splits(there: Iterable[StoredTestSet]) -> str:
    found = {one.split for one in there}
    others = [f"`{split}`" for split in SPLITS if split in found and split != PUBLISHED]
    if not others:
        return (
            "There is one split, `test`. Corruptions are for testing: train on the clean training "
            "sets."
        )
    return (
        f"The published benchmark is the split `test`. The images of {' and '.join(others)} are "
        "MedMNIST+'s; under a corruption they are no part of the benchmark, and what is random is drawn "
        "from a seed."
    )
