"""Shards cut a test set without gap or overlap; encodings lose nothing."""

import io

import numpy as np
import pytest
from PIL import Image

from medmnist_c.builder.arrow.encoding import encode
from medmnist_c.builder.arrow.tables import stream_ranges


@pytest.mark.parametrize("count", [1, 2, 15, 47, 48, 49, 156, 3421, 17_778, 47_280])
def test_shards_cover_a_test_set_once(count):
    shards = stream_ranges(count)
    assert [i for start, stop in shards for i in range(start, stop)] == list(range(count))
    lengths = [stop - start for start, stop in shards]
    assert len(shards) >= min(16, count)
    assert max(lengths) <= 256 and max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("encoding", ["png", "pnm"])
@pytest.mark.parametrize("shape", [(224, 224), (224, 224, 3), (33, 57), (57, 33, 3)])
def test_encoding_loses_nothing(encoding, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    decoded = Image.open(io.BytesIO(encode(image, encoding)))
    assert decoded.mode == ("L" if image.ndim == 2 else "RGB")
    assert np.array_equal(np.asarray(decoded), image)
