"""Columns of a test set, as an Arrow schema that tells `datasets` its features.

`image`, `label` (one class, or a yes/no for each label) and `index`, the number of the image in the
clean test set, to pair a corrupted image with it.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

import pyarrow as pa

from medmnist_c.builder.dataset_info import MedMNISTInfo


@lru_cache(maxsize=16)
def schema_of(info: MedMNISTInfo) -> pa.Schema:
    """Arrow schema of a dataset's test sets."""
    names = ["no", "yes"] if info.multi_label else list(info.labels)
    label: dict[str, object] = {"names": names, "_type": "ClassLabel"}
    of_label = pa.int64()
    if info.multi_label:
        label = {"feature": label, "length": len(info.labels), "_type": "Sequence"}
        of_label = pa.list_(pa.int64(), len(info.labels))
    columns = {
        "image": pa.struct({"bytes": pa.binary(), "path": pa.string()}),
        "label": of_label,
        "index": pa.int64(),
    }
    features = {
        "image": {"mode": "L" if info.grey else "RGB", "_type": "Image"},
        "label": label,
        "index": {"dtype": "int64", "_type": "Value"},
    }
    return with_features(pa.schema(columns), features)


def with_features(schema: pa.Schema, features: Mapping[str, object]) -> pa.Schema:
    """A schema that carries features, as every `datasets` from 3.6 on reads them.

    Args:
        schema: of the columns.
        features: plain data as `Features.to_dict()` has it, but with lists called "Sequence".
    """
    metadata = json.dumps({"info": {"features": features}}, sort_keys=True)
    return schema.with_metadata({"huggingface": metadata})
