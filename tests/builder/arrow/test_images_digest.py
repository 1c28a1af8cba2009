"""The digest of images: the same for the same rows, whatever file they are in."""

import hashlib
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.other_encoder import one_level, rewrite

from medmnist_c.builder.arrow.images_digest import ImagesDigest, digest_of_all, digest_of_file
from medmnist_c.builder.configs import config_named
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.shards import ShardRange, write_shard
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec

NAMES = ("bloodmnist_clean", "chestmnist_pixelate_1", "octmnist_speckle_noise_2")


def digest_of(rows) -> str:
    digest = ImagesDigest()
    for row in rows:
        digest.add(*row)
    return digest.hexdigest()


GREY = np.arange(6, dtype=np.uint8).reshape(2, 3)
RGB = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)


def test_it_is_sha256_of_what_the_docstring_says():
    rows = [(GREY, [4], 7), (RGB, np.array([0, 1]), 8)]
    content = b"7 4 2x3\n" + bytes(range(6)) + b"8 0,1 2x3x3\n" + bytes(range(18))
    assert digest_of(rows) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        [(one_level(GREY), [4], 0)],
        [(GREY, [5], 0)],
        [(GREY, [4, 0], 0)],
        [(GREY, [4], 1)],
        [(GREY.reshape(3, 2), [4], 0)],
        [(GREY[..., np.newaxis], [4], 0)],
        [(GREY.T.copy().T[::-1], [4], 0)],
        [],
        [(GREY, [4], 0)] * 2,
    ],
)
def test_it_is_another_one_for_other_rows(other):
    assert digest_of(other) != digest_of([(GREY, [4], 0)])


def test_how_an_array_lies_in_memory_does_not_count():
    for same in (np.asfortranarray(GREY), np.repeat(GREY, 2, axis=1)[:, ::2]):
        assert digest_of([(same, [4], 0)]) == digest_of([(GREY, [4], 0)])


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_the_digest_of_what_was_written_whoever_encoded_it(name, tmp_path):
    test_set = TestSetSpec(config_named(name), ImageSource(sample=True)).open(tmp_path / "cache")
    output = OutputFolder.at(tmp_path)
    shard = write_shard(test_set, ShardRange("shard.parquet", 1, test_set.count), output)
    path = tmp_path / test_set.config.folder / shard.name

    def found() -> str:
        with path.open("rb") as file:
            return digest_of_file(file)

    assert found() == shard.images_digest
    rewrite(path)
    assert found() == shard.images_digest
    rewrite(path, one_level)
    assert found() not in ("", shard.images_digest)


def in_parquet(columns: dict) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


NO_IMAGE = [{"bytes": b"GIF89a", "path": None}]
NO_BYTES = [{"bytes": None, "path": "image.png"}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1 not ours PAR1",
        in_parquet({"image": [1], "label": [1], "index": [1]}),
        in_parquet({"image": NO_IMAGE, "label": [1], "index": [1]}),
        in_parquet({"image": NO_BYTES, "label": [1], "index": [1]}),
        in_parquet({"picture": NO_IMAGE, "label": [1], "index": [1]}),
    ],
)
def test_what_is_no_such_file_has_none(content):
    assert digest_of_file(io.BytesIO(content)) == ""


def test_that_of_a_test_set_goes_by_all_shards_in_order():
    one, two = "1" * 64, "2" * 64
    assert len({digest_of_all([one, two]), digest_of_all([two, one]), digest_of_all([one])}) == 3
    assert digest_of_all([one, ""]) == ""
