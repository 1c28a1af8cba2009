"""Whether the metadata at the head of a README.md is what the Hub takes."""

import re
from collections import Counter
from functools import lru_cache
from typing import Any

_HEAD = re.compile(
    r"\A\s*---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
_TEXTS = ("tags", "language", "task_categories", "task_ids", "size_categories", "license")
_LICENSES = (
    *("apache-2.0", "mit", "bsd-3-clause", "gpl-3.0", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0"),
    *("cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "other", "unknown"),
)
"""Of the ids that the Hub knows, those that may well turn up here; it refuses all but its own."""
_RESULT = {"task": ("type",), "dataset": ("type", "name")}


def check_card(text: str, repo_type: str) -> tuple[list[str], list[str]]:
    """Errors and warnings about a whole README.md."""
    data, error = card_data(text)
    if error:
        return [error], []
    if data is None:
        return [], ["empty or missing yaml metadata in repo card"]
    errors = [
        f'"{name}" must be a string or a list of strings'
        for name in _TEXTS
        if name in data and not _texts(data[name])
    ]
    if not errors:
        errors = [
            f'"license" must be one of the known ones; got {license!r}'
            for license in _listed(data.get("license", []))
            if license not in _LICENSES
        ]
    if "configs" in data and repo_type == "dataset":
        errors += _config_errors(data["configs"])
    if "model-index" in data and repo_type == "model":
        errors += _model_index_errors(data["model-index"])
    return errors, []


@lru_cache(maxsize=8)
def card_data(text: str) -> tuple[dict | None, str]:
    """The metadata (None if there is none) and what is wrong with its YAML ("" if nothing)."""
    import yaml  # half of the time it takes to start, and few requests need it

    head = _HEAD.match(text)
    if not head:
        return None, ""
    try:
        data = yaml.load(head[1], getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        return None, f"YAML: {error}"
    if data is None or isinstance(data, dict):
        return data, ""
    return None, "the metadata is not a mapping"


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> bool:
    return all(isinstance(item, str) for item in _listed(value))


def _config_errors(configs: Any) -> list[str]:
    if not isinstance(configs, list) or not all(isinstance(config, dict) for config in configs):
        return ['"configs" must be a list of mappings']
    names = Counter(config.get("config_name") for config in configs)
    errors = [f'"configs": {name!r} is no name' for name in names if not isinstance(name, str)]
    errors += [f'"configs": {name!r} comes {n} times' for name, n in names.items() if n > 1]
    defaults = [config for config in configs if config.get("default")]
    errors += ['"configs": more than one is the default'] if len(defaults) > 1 else []
    return errors + [
        f'"configs": data_files of {config.get("config_name")!r} are not understood'
        for config in configs
        if not _data_files(config.get("data_files", []))
    ]


def _data_files(value: Any) -> bool:
    """Paths, or one mapping a split with its "split" and "path"."""
    return all(
        isinstance(item, str)
        or (
            isinstance(item, dict)
            and isinstance(item.get("split"), str)
            and _texts(item.get("path", 0))
        )
        for item in _listed(value)
    )


def _model_index_errors(index: Any) -> list[str]:
    """What `model-index` lacks: a name, and results with task, dataset and metrics."""
    if not isinstance(index, list) or not all(isinstance(model, dict) for model in index):
        return ['"model-index" must be a list of mappings']
    errors = []
    for number, model in enumerate(index):
        at = f'"model-index[{number}]"'
        errors += [] if isinstance(model.get("name"), str) else [f"{at} has no name"]
        for result in model.get("results") or []:
            for part, names in _RESULT.items():
                held = result.get(part) or {}
                errors += [f"{at}: {part}.{name} is missing" for name in names if name not in held]
            for metric in result.get("metrics") or [{}]:
                if not {"type", "value"} <= metric.keys():
                    errors.append(f"{at}: a metric lacks its type or value")
    return errors
