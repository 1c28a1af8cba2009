"""Words about the benchmark that travel with the data: description, citation, home page."""

from importlib import metadata, resources

from huggingface_hub import DatasetCard

from medmnist_c.builder.catalogue import dataset_facts
from medmnist_c.builder.configurations import Configuration

VERSION = metadata.version("medmnist_c")
HOMEPAGE = "https://medmnist.com"

CITATION = """\
@article{disalvo2024medmnistc,
  title={{MedMNIST-C}: Comprehensive benchmark and improved classifier robustness by simulating
         realistic image corruptions},
  author={Di Salvo, Francesco and Doerrich, Sebastian and Ledig, Christian},
  journal={arXiv preprint arXiv:2406.17536},
  year={2024}
}
@article{yang2023medmnist,
  title={{MedMNIST} v2 -- A large-scale lightweight benchmark for 2D and 3D biomedical image
         classification},
  author={Yang, Jiancheng and Shi, Rui and Wei, Donglai and Liu, Zequan and Zhao, Lin and Ke, Bilian
          and Pfister, Hanspeter and Ni, Bingbing},
  journal={Scientific Data},
  volume={10},
  number={1},
  pages={41},
  year={2023}
}
@inproceedings{yang2021medmnist,
  title={{MedMNIST} Classification Decathlon: A Lightweight {AutoML} Benchmark for Medical Image
         Analysis},
  author={Yang, Jiancheng and Shi, Rui and Ni, Bingbing},
  booktitle={IEEE 18th International Symposium on Biomedical Imaging (ISBI)},
  pages={191--195},
  year={2021}
}
"""


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
    card = DatasetCard(resources.files("medmnist_c").joinpath("dataset_card.md").read_text("utf-8"))
    card.data["configs"] = [
        {
            "config_name": one.name,
            "data_files": [{"split": "test", "path": f"{one.dataset}/{one.name}/test-*.parquet"}],
        }
        for one in there
    ]
    return str(card)
