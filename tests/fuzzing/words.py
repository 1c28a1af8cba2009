"""Fuzzed: names and patterns of configurations, and what a folder says of itself."""

import json

from hypothesis import strategies as st

from fuzzing.mutations import edited
from fuzzing.rules import came, folder, no_code_runs, refusing
from medmnist_c.builder.configs import (
    all_configs,
    config_named,
    config_names,
    find_config,
    select,
)
from medmnist_c.builder.errors import CleanDataError, UnknownNameError
from medmnist_c.builder.parquet.build import built
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.source.clean import find_clean_source
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.publishing.hub.manifest import Manifest, ManifestEntry, from_bytes, to_bytes

DATASET = "octmnist"
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["identity", "shards", "name", "bytes", "x"]), inner),
    ),
    max_leaves=8,
)


def manifests() -> st.SearchStrategy[bytes]:
    shard = {"name": "test-00000-of-00001.parquet", "rows": 1, "bytes": 3, "sha256": "0" * 64}
    good = json.dumps({"identity": "0123456789abcdef", "shards": [shard]}).encode()
    return st.one_of(edited([good]), _JSON.map(lambda value: json.dumps(value).encode()))


def read_manifest(data: bytes) -> None:
    """A test set without a whole manifest is not there; and no manifest stops a build."""
    one = config_named(f"{DATASET}_clean")
    with folder() as place, no_code_runs():
        (place / one.folder).mkdir(parents=True)
        (place / one.folder / "made.json").write_bytes(data)
        (place / one.folder / "test-00000-of-00001.parquet").write_bytes(b"abc")
        there = built(OutputFolder(str(place)))
        came("accepted" if there else "refused")


def repository_manifests() -> st.SearchStrategy[bytes]:
    shard = Shard("test-00000-of-00001.parquet", 3, 400, "0" * 64)
    entry = ManifestEntry("0123456789abcdef", "0123456789abcdef", True, None, "01234567", (shard,))
    good = to_bytes(Manifest({f"{DATASET}_clean": entry}, {"01234567": {"source": "0"}}))
    deep = st.sampled_from([b"[" * 100_000, b'{"test_sets":' * 5000])
    return st.one_of(edited([good]), _JSON.map(lambda value: json.dumps(value).encode()), deep)


def read_repository_manifest(data: bytes) -> None:
    """A manifest whose numbers can be counted on, or none; it stays what it is when written."""
    try:
        manifest = from_bytes(data)
    except ValueError:
        came("refused")
        return
    came("accepted")
    assert all(entry.bytes + entry.rows == int(entry.bytes + entry.rows)
               for entry in manifest.test_sets.values())  # fmt: skip
    assert from_bytes(to_bytes(manifest)).test_sets == dict(manifest.test_sets)


_WORDS = st.one_of(
    st.sampled_from([*list(all_configs())[::40], *CORRUPTIONS, "clean", "noise", "*", "_", "5"]),
    st.text(max_size=20),
    st.sampled_from(["[", "[!", "]", "[z-a]", "[[:alpha:]]", "*?", "\\", "(?i)", "\0", "\udc80"]),
    st.sampled_from(["*a" * 40, "?" * 3000, "[a-z]" * 300, "x" * 100_000]),
)


def names() -> st.SearchStrategy:
    word = st.lists(_WORDS, min_size=1, max_size=4).map("".join)
    other = st.one_of(st.none(), st.integers(), st.floats(), st.binary(max_size=5), st.just([]))
    name = st.one_of(*[word] * 7, other)
    severity = st.one_of(st.none(), st.integers(1, 5), word, other)
    return st.tuples(name, st.one_of(st.none(), name), severity)


def look_up(given: tuple) -> None:
    """A name of the benchmark, or a sentence; a name that is found is the one asked for."""
    first, second, third = given
    with refusing(UnknownNameError, TypeError):
        assert config_named(first).name == first
    with refusing(UnknownNameError, TypeError):
        one = find_config(first, second, third)
        assert (one.dataset, one.corruption, one.severity) == given
    with refusing(UnknownNameError, TypeError):
        assert set(config_names(first, corruption=second, severity=third)) <= set(all_configs())
    with refusing(UnknownNameError, TypeError):
        assert select((first,))
    with refusing(UnknownNameError, TypeError):
        find_clean_source(first)
    with refusing(CleanDataError, TypeError):
        is_path = isinstance(second, str)
        find_clean_source(DATASET, second[:200].replace("\n", "") if is_path else second)
