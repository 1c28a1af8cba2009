"""Words about the benchmark that travel with the data: description, citation, home page."""

import re
from functools import lru_cache
from importlib import metadata, resources
from string import Template

from huggingface_hub import DatasetCard

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, dataset_info

VERSION = metadata.version("medmnist_c")
HOMEPAGE = "https://medmnist.com"

SHARDS = "test-*.parquet"  # a test set's files in its folder

_CARD = "dataset_card.md"


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


def folder_card(there: list[Config]) -> str:
    """README.md of a folder that holds these test sets: YAML, then the card's text."""
    return str(filled_card(there, "path/to/this/folder"))


def filled_card(there: list[Config], name: str, **sections: str) -> DatasetCard:
    """The card of a folder or repository that holds these test sets.

    `configs:` names each test set's files, so that `load_dataset(name, config)` needs no code. The
    first clean test set is the default, and comes first: `datasets` looks for its files whichever is
    asked for.

    Args:
        there: which ones.
        name: of the folder or repository.
        sections: Markdown for the places `$preview`, `$contents`, `$making` of the text.
    """
    first = next(
        (one for one in there if isinstance(one, CleanConfig)), there[0] if there else None
    )
    filled = {"preview": "", "contents": "", "making": ""} | sections
    example = next((one for one in there if isinstance(one, CorruptedConfig)), first)
    config = example.name if example else "dermamnist_black_corner_3"
    text = Template(_card_text()).substitute(filled, name=name, config=config)
    card = DatasetCard(re.sub(r"\n{3,}", "\n\n", text))
    card.data["configs"] = [
        {
            "config_name": one.name,
            **({"default": True} if one == first else {}),
            "data_files": [{"split": "test", "path": f"{one.folder}/{SHARDS}"}],
        }
        for one in sorted(there, key=lambda one: one != first)
    ]
    return card
