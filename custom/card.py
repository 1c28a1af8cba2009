"""The card of a suite of somebody's own images."""

from dataclasses import dataclass
from importlib import resources
from string import Template

from huggingface_hub import DatasetCardData

from medmnist_c.builder.card.words import citation
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.custom.rows import Seen

CLEAN = "clean"


@dataclass(frozen=True)
class Suite:
    """What a suite is made of: the images' name and split, whose corruptions, the seed, the images."""

    name: str
    split: str
    like: str
    seed: int
    seen: Seen

    @property
    def remark(self) -> str:
        """A sentence, where the list of corruptions is for images of other colours."""
        grey_list = dataset_info(self.like).grey
        others = self.seen.rgb if grey_list else self.seen.grey
        if not others:
            return ""
        kinds = ("grey", "RGB") if grey_list else ("RGB", "grey")
        return (
            f"The corruptions of {self.like} are for {kinds[0]} images; {others:,} of the "
            f"{self.seen.grey + self.seen.rgb:,} images here are {kinds[1]}, and corrupted as they are."
        )


def card_of(suite: Suite, there: list[str]) -> str:
    """README.md of the folder, whose `configs:` name the sets that are there."""
    order = [CLEAN, *(f"{name}_{s}" for name in CORRUPTIONS[suite.like] for s in SEVERITIES)]
    configs = [
        {
            "config_name": name,
            **({"default": True} if name == CLEAN else {}),
            "data_files": [{"split": suite.split, "path": f"{name}/{suite.split}-*.parquet"}],
        }
        for name in order
        if name in there
    ]
    head = DatasetCardData(
        pretty_name=f"{suite.name} under the corruptions of {suite.like}",
        tags=["medical", "robustness", "corruptions"],
        configs=configs,
    )
    seen = suite.seen
    sides = f"{seen.smallest} to {seen.largest}" if seen.smallest < seen.largest else seen.smallest
    text = Template(resources.files(__package__).joinpath("card.md").read_text("utf-8"))
    body = text.substitute(
        name=suite.name,
        like=suite.like,
        seed=suite.seed,
        split=suite.split,
        count=f"{seen.grey + seen.rgb:,}",
        grey=f"{seen.grey:,}",
        rgb=f"{seen.rgb:,}",
        sides=sides,
        remark=suite.remark,
        example=next((name for name in order if name in there and name != CLEAN), CLEAN),
        corruptions=", ".join(f"`{name}`" for name in CORRUPTIONS[suite.like]),
        citation=citation(),
    )
    return f"---\n{head.to_yaml()}\n---\n\n{body}"
