"""Words about the benchmark that travel with the data: description, citation, home page."""

from functools import lru_cache
from importlib import metadata, resources

from huggingface_hub import DatasetCard

from medmnist_c.builder.catalogue import dataset_facts
from medmnist_c.builder.configurations import Configuration

VERSION = metadata.version("medmnist_c")
HOMEPAGE = "https://medmnist.com"

_CARD = "dataset_card.md"


@lru_cache(maxsize=1)
def _card_text() -> str:
    return resources.files("medmnist_c").joinpath(_CARD).read_text("utf-8")


def citation() -> str:
    """BibTeX of the benchmark and of the data it is made from, as the card has it."""
    return _card_text().partition("```bibtex\n")[2].partition("```")[0]


def describe(one: Configuration) -> str:
    """One sentence on a test set."""
    facts = dataset_facts(one.dataset)
    kind = f"{'grey' if facts.grey else 'RGB'}, 224 x 224, {facts.task}"
    if one.entry is None:
        return f"The clean test set of {one.dataset} (MedMNIST+; {kind})."
    return (
        f"The test set of {one.dataset} (MedMNIST+; {kind}) under {one.corruption}, severity "
        f"{one.severity} of 5, as MedMNIST-C defines it."
    )


def folder_card(there: list[Configuration]) -> str:
    """README.md of a folder or repository that holds these test sets: YAML, then the card's text.

    `configs:` names each test set's files, so that `load_dataset(folder, name)` needs no code.
    """
    card = DatasetCard(_card_text())
    card.data["configs"] = [
        {
            "config_name": one.name,
            "data_files": [{"split": "test", "path": f"{one.folder}/test-*.parquet"}],
        }
        for one in there
    ]
    return str(card)
