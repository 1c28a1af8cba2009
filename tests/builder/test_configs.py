"""Names: all there, in order, listed with wildcards, and helpful when misspelt."""

import numpy as np
import pytest

from medmnist_c import config_names
from medmnist_c.builder.cache import cache_entries
from medmnist_c.builder.configs import (
    CleanConfig,
    CorruptedConfig,
    all_configs,
    config_named,
    find_config,
    select,
)
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.corruptions.registry import ALGORITHMS
from medmnist_c.corruptions.table import CORRUPTIONS


def test_there_are_655_test_sets_of_131_pairs_and_12_clean_ones():
    assert len(all_configs()) == 655 + 12
    assert sum(len(corruptions) for corruptions in CORRUPTIONS.values()) == 131
    assert sum(isinstance(one, CleanConfig) for one in all_configs().values()) == 12


def test_the_benchmark_has_as_many_images_as_published():
    images = sum(
        dataset_info(one.dataset).test_count
        for one in all_configs().values()
        if isinstance(one, CorruptedConfig)
    )
    assert images == 6_438_160


def test_the_table_uses_every_algorithm():
    used = {entry.algorithm.name for entries in CORRUPTIONS.values() for entry in entries.values()}
    assert used == set(ALGORITHMS)


def test_every_corruption_has_five_severities():
    for entries in CORRUPTIONS.values():
        for entry in entries.values():
            assert len(entry.severities) == 5
            assert all(isinstance(parameters, tuple) for parameters in entry.severities)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({}, 667),
        ({"pattern": "derma*"}, 15 * 5 + 1),
        ({"pattern": "dermamnist"}, 15 * 5 + 1),
        ({"pattern": "*_clean"}, 12),
        ({"corruption": "clean"}, 12),
        ({"pattern": "derma*", "corruption": "*noise", "severity": 3}, 4),
        ({"pattern": "dermamnist_black_corner_3"}, 1),
        ({"pattern": "derma*", "corruption": "bubble"}, 0),
        ({"severity": np.int64(3)}, 131),
    ],
)
def test_listing_with_wildcards(arguments, count):
    assert len(config_names(**arguments)) == count


def test_severities_of_numpy_are_numbers_too():
    found = find_config("octmnist", "pixelate", np.int64(3))
    assert found == find_config("octmnist", "pixelate", 3)
    assert type(found.severity) is int


def test_selecting_takes_patterns_and_configurations():
    one = find_config("octmnist", "pixelate", 3)
    assert select("octmnist_pixelate_3") == select([one]) == select((one, one.name)) == [one]
    assert len(select()) == 667 and select([]) == []


def test_selecting_keeps_the_order_of_the_table_and_names_each_once():
    chosen = select(("breastmnist_*_noise_5", "breastmnist_clean", "breast*noise_5"))
    assert [one.name for one in chosen] == ["breastmnist_clean", "breastmnist_speckle_noise_5"]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: config_named("dermamnist_black_corner"), UnknownNameError, "_black_corner_"),
        (lambda: config_named("dermamnist_blak_corner_3"), UnknownNameError, "_black_corner_3"),
        (lambda: config_named(3), TypeError, "not 3"),
        (lambda: dataset_info("dermnist"), UnknownNameError, "'dermamnist'"),
        (lambda: find_config("derma", "bubble", 1), UnknownNameError, "no dataset 'derma'"),
        (lambda: find_config("octmnist", "bubble", 1), UnknownNameError, "pixelate"),
        (lambda: find_config("octmnist", "pixelate", 6), UnknownNameError, "1 (mildest)"),
        (lambda: find_config("octmnist", "pixelate", 0), UnknownNameError, "1 (mildest)"),
        (lambda: find_config("octmnist", "pixelate", "3"), TypeError, "whole number"),
        (lambda: find_config("octmnist", "pixelate", True), TypeError, "whole number"),
        (lambda: config_names(severity=7), UnknownNameError, "1 (mildest)"),
        (lambda: config_names(severity=True), TypeError, "not True"),
        (lambda: config_names(b"derma*"), TypeError, "not b'derma*'"),
        (lambda: config_names("?" * 3000), UnknownNameError, "at most 200 characters, not 3,000"),
        (lambda: cache_entries("none", "?" * 3000), UnknownNameError, "at most 200 characters"),
        (lambda: cache_entries("none", 3), TypeError, "not 3"),
        (lambda: config_names("nothing*"), UnknownNameError, "No configuration matches 'nothing*'"),
        (lambda: config_names("dermnist*"), UnknownNameError, "did you mean 'dermamnist'"),
        (lambda: config_names(corruption="buble"), UnknownNameError, "did you mean 'bubble'"),
        (lambda: config_names(corruption=3), TypeError, "not 3"),
        (lambda: find_config(["a"], "b", 1), TypeError, "not ['a']"),
        (lambda: find_config("octmnist", None, 1), TypeError, "not None"),
        (lambda: select(("derrmamnist*",)), UnknownNameError, "'dermamnist'"),
    ],
)
def test_a_wrong_name_gets_one_helpful_sentence(call, error, words):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert words in message
    assert "\n" not in message and len(message) < 300
