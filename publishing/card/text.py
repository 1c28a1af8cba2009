"""A card that people edit, too: what is ours is renewed, what is theirs stays."""

import re
from collections.abc import Mapping
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from medmnist_c.builder.stored import stored_named

BEGIN = "<!-- medmnist_c: begin. `medmnist-c push` writes all up to the end mark; edit outside. -->"
END = "<!-- medmnist_c: end -->"
_BLOCK = re.compile(r"<!-- medmnist_c: begin.*?-->.*?<!-- medmnist_c: end -->", re.DOTALL)
_OF_CONFIGS = ("configs", "dataset_info")  # lists of entries, by "config_name"


def merged(present: str, ours: DatasetCard) -> str:
    """The card that is there with our part of it renewed.

    Ours is the text between the marks, put first where there are none, and in the YAML what `ours`
    has: of `configs` and `dataset_info` the entries of our test sets, of `tags` those that lack.

    Raises:
        ValueError: the YAML of the card that is there cannot be read.
    """
    block = f"{BEGIN}\n\n{ours.text.strip()}\n\n{END}"
    if not present.strip():
        return str(_card(ours.data.to_dict(), f"{block}\n"))
    theirs = DatasetCard(present)
    if _BLOCK.search(theirs.text):
        text = _BLOCK.sub(lambda found: block, theirs.text, count=1)
    else:
        rest = theirs.text.strip()
        text = f"{block}\n" + (f"\n{rest}\n" if rest else "")
    return str(_card(_yaml(theirs.data.to_dict(), ours.data.to_dict()), text))


def _card(data: Mapping[str, Any], text: str) -> DatasetCard:
    card = DatasetCard("---\nlicense: other\n---\n")  # it warns of cards without any
    card.data, card.text = DatasetCardData(**data), f"\n{text.lstrip()}"
    return card


def _yaml(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    found = {**theirs, **ours}
    present = _listed(theirs.get("tags"))
    lacking = [tag for tag in _listed(ours.get("tags")) if tag not in present]
    found["tags"] = present + lacking
    for key in _OF_CONFIGS:
        foreign = [one for one in _listed(theirs.get(key)) if not _is_ours(one)]
        own = [dict(one) for one in _listed(ours.get(key))]
        if any(isinstance(one, dict) and one.get("default") for one in foreign):
            for one in own:
                one.pop("default", None)  # there is but one
        found[key] = own + foreign
        if not found[key]:
            del found[key]
    return found


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is_ours(entry: object) -> bool:
    name = entry.get("config_name") if isinstance(entry, dict) else None
    return isinstance(name, str) and stored_named(name) is not None
