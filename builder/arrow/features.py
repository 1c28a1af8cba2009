"""Columns of a test set, as `datasets` features."""

import json

import pyarrow as pa
from datasets import ClassLabel, Features, Image, Sequence, Value

from medmnist_c.builder.dataset_info import MedMNISTInfo


def features_of(info: MedMNISTInfo) -> Features:
    """`image`, `label` (one class, or a yes/no for each label) and `index`.

    `index` is the number of the image in the clean test set, to pair a corrupted image with it.
    """
    if info.multi_label:
        label = Sequence(ClassLabel(names=["no", "yes"]), length=len(info.labels))
    else:
        label = ClassLabel(names=list(info.labels))
    return Features(
        {
            "image": Image(mode="L" if info.grey else "RGB"),
            "label": label,
            "index": Value("int64"),
        }
    )


def parquet_schema(features: Features) -> pa.Schema:
    """Arrow schema that carries the features, in a form that every `datasets` from 3.6 on reads.

    A list is called "List" since datasets 4, which older ones do not know; all know "Sequence".
    """
    described = json.loads(json.dumps(features.to_dict()))
    for feature in described.values():
        if isinstance(feature, dict) and feature.get("_type") == "List":  # [feature] before 4
            feature["_type"] = "Sequence"
    metadata = json.dumps({"info": {"features": described}}, sort_keys=True)
    return features.arrow_schema.with_metadata({"huggingface": metadata})
