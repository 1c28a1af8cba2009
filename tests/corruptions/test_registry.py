"""The registry's entries say what the algorithms' functions do."""

import inspect
from random import Random

import numpy as np
import pytest
from support.sample_images import parameters_of, sample_image

from medmnist_c.corruptions.parameters import describe_parameters, read_parameters
from medmnist_c.corruptions.random.streams import packed_state, unpacked_stream
from medmnist_c.corruptions.reference import depends_on_images
from medmnist_c.corruptions.registry import ALGORITHMS, apply
from medmnist_c.corruptions.stain_masks import own_masks
from medmnist_c.corruptions.table import CORRUPTIONS

ADVANCING = [
    name for name, one in ALGORITHMS.items() if one.draws is not None and one.draws.advance
]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_kinds_of_parameters_are_those_of_the_function(name):
    algorithm = ALGORITHMS[name]
    image, *parameters = (
        name
        for name, parameter in inspect.signature(algorithm.function).parameters.items()
        if parameter.kind is not parameter.KEYWORD_ONLY
    )
    assert image == "image"
    assert ("rng" in parameters) == (algorithm.draws is not None)
    assert len(parameters) - ("rng" in parameters) == len(algorithm.parameters)
    for values in parameters_of(name):
        for kind, value in zip(algorithm.parameters, values, strict=True):
            if kind in ("whole", "odd", "mask size"):
                assert type(value) is int
            if kind == "odd":
                assert value % 2 == 1
            if kind == "mask size":
                assert value in own_masks()


@pytest.mark.parametrize("name", ADVANCING)
def test_advancing_moves_the_stream_as_the_image_does(name):
    algorithm = ALGORITHMS[name]
    image = sample_image((224, 224))
    made, advanced = (
        Random(3) if algorithm.draws.stream == "python" else np.random.RandomState(3)
        for _ in range(2)
    )
    for parameters in parameters_of(name):
        apply(image, algorithm, parameters, made, own_masks())
        depends = algorithm.draws.depends_on_images
        algorithm.draws.advance(image if depends else None, *parameters, rng=advanced)
        assert np.array_equal(packed_state(made), packed_state(advanced))


def test_a_packed_state_goes_on_where_it_was():
    for stream, rng in (("python", Random(5)), ("legacy", np.random.RandomState(5))):
        again = unpacked_stream(stream, packed_state(rng))
        assert type(again) is type(rng)
        assert again.random() == rng.random()
    with pytest.raises(TypeError, match="Generator has no state of a Mersenne twister"):
        packed_state(np.random.default_rng(0))


def test_masks_that_are_missing_are_asked_for():
    (first, *_) = parameters_of("stain_deposit")
    with pytest.raises(TypeError, match="stain_deposit takes stain masks"):
        apply(sample_image((64, 64)), ALGORITHMS["stain_deposit"], first, Random(0))


def test_draws_depend_on_images_from_shot_noise_on():
    for dataset, entries in CORRUPTIONS.items():
        dependent = {name for name in entries if depends_on_images(dataset, name)}
        after = {"motion_blur"} if "shot_noise" in entries else set()
        assert dependent == ({"shot_noise"} | after) & set(entries), dataset


def test_parameters_are_read_and_described():
    assert read_parameters(("real",), 0.5) == (0.5,)
    assert read_parameters(("whole", "mask size"), [3, 24]) == (3, 24)
    (factors,) = read_parameters(("zoom factors",), [1, 1.25, 0.1])
    assert factors == tuple(np.arange(1, 1.25, 0.1).tolist())
    assert describe_parameters(("zoom factors",), (factors,)) == "3 factors, 1 to 1.2"
    assert describe_parameters(("real", "real"), (3, 0.1)) == "3, 0.1"
    with pytest.raises(ValueError):
        read_parameters(("whole", "mask size"), [3])
