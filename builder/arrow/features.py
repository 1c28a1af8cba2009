"""Columns as `datasets` features."""

import json

import pyarrow as pa
from datasets import Features

from medmnist_c.builder.arrow.schema import schema_of, with_features
from medmnist_c.builder.dataset_info import MedMNISTInfo


def features_of(info: MedMNISTInfo) -> Features:
    """Those of a dataset's test sets, as `schema_of` has them."""
    return Features.from_arrow_schema(schema_of(info))


def parquet_schema(features: Features) -> pa.Schema:
    """Arrow schema that carries the features, in a form that every `datasets` from 3.6 on reads.

    A list is called "List" since datasets 4, which older ones do not know; all know "Sequence".
    """
    described = json.loads(json.dumps(features.to_dict()))
    for feature in described.values():
        if isinstance(feature, dict) and feature.get("_type") == "List":  # [feature] before 4
            feature["_type"] = "Sequence"
    return with_features(features.arrow_schema, described)
