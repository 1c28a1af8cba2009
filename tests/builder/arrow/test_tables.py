"""Shards cut a test set without gap or overlap; encodings lose nothing."""

import contextlib
import io

import numpy as np
import pytest
from PIL import Image

from medmnist_c.builder.arrow import decoding
from medmnist_c.builder.arrow.encoding import encode
from medmnist_c.builder.arrow.features import features_of, parquet_schema
from medmnist_c.builder.arrow.schema import schema_of
from medmnist_c.builder.arrow.tables import stream_ranges, tables
from medmnist_c.builder.dataset_info import dataset_info


@pytest.mark.parametrize("count", [1, 2, 15, 47, 48, 49, 156, 3421, 17_778, 47_280])
def test_shards_cover_a_test_set_once(count):
    shards = stream_ranges(count)
    assert [i for start, stop in shards for i in range(start, stop)] == list(range(count))
    lengths = [stop - start for start, stop in shards]
    assert len(shards) >= min(16, count)
    assert max(lengths) <= 256 and max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("dataset", ["dermamnist", "breastmnist", "chestmnist"])
def test_tables_have_the_columns_that_datasets_reads(dataset):
    info = dataset_info(dataset)
    features = features_of(info)
    assert list(features) == ["image", "label", "index"]
    assert parquet_schema(features).equals(schema_of(info), check_metadata=True)
    shape = (3, 8, 8) if info.grey else (3, 8, 8, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    labels = np.eye(9, len(info.labels) if info.multi_label else 1, dtype=np.uint8)
    [first, second] = tables(images, labels, 5, schema_of(info), "png", 2)
    rows = [*first.to_pylist(), *second.to_pylist()]
    assert [row["index"] for row in rows] == [5, 6, 7]
    assert np.array_equal([np.ravel(row["label"]) for row in rows], labels[5:8])
    assert [row["image"] for row in rows] == [
        {"bytes": encode(one, "png"), "path": None} for one in images
    ]


def smooth(shape: tuple[int, ...]) -> np.ndarray:
    return np.cumsum(np.ones(shape, np.uint8), axis=0, dtype=np.uint8)


@pytest.mark.parametrize("encoding", ["png", "pnm"])
@pytest.mark.parametrize("shape", [(224, 224), (224, 224, 3), (33, 57), (57, 33, 3)])
def test_encoding_loses_nothing(encoding, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    decoded = Image.open(io.BytesIO(encode(image, encoding)))
    assert decoded.mode == ("L" if image.ndim == 2 else "RGB")
    assert np.array_equal(np.asarray(decoded), image)


@pytest.mark.parametrize("shape", [(224, 224), (224, 224, 3), (33, 57), (57, 33, 3), (1, 1)])
def test_what_we_encode_is_decoded_without_pillow(shape, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    monkeypatch.setattr(decoding.Image, "open", None)
    for image in (noise, smooth(shape)):
        assert np.array_equal(decoding.decode(encode(image, "png")), image)


def test_noise_is_stored_and_what_deflates_is_not():
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    assert 0 < len(encode(noise, "png")) - noise.nbytes < 400
    assert len(encode(smooth(noise.shape), "png")) < noise.nbytes / 10


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "RGBA", "I;16"])
def test_what_others_encode_is_decoded_or_refused_by_its_mode(mode):
    image, file = Image.new(mode, (5, 4), 7), io.BytesIO()
    image.save(file, "PNG")
    if mode in ("L", "RGB"):
        assert np.array_equal(decoding.decode(file.getvalue()), np.asarray(image))
    else:
        with pytest.raises(ValueError, match=f"mode {mode}"):
            decoding.decode(file.getvalue())


@pytest.mark.parametrize("noisy", [False, True])
def test_a_damaged_file_is_never_taken_for_another_image(noisy):
    image = smooth((9, 8, 3))
    if noisy:
        image = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)
    content = encode(image, "png")
    flipped = [bytearray(content) for _ in content]
    for at, one in enumerate(flipped):
        one[at] ^= 0x10
    for damaged in (*map(bytes, flipped), *(content[:length] for length in range(len(content)))):
        with contextlib.suppress(
            OSError, ValueError, SyntaxError
        ):  # else Pillow misses only the end
            assert np.array_equal(decoding.decode(damaged), image)
