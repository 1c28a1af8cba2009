"""`corrupt_dataset`: the same image for the same seed and index, however a data set is read."""

import io
import json
import subprocess
import sys

import datasets
import numpy as np
import pytest
from datasets import (
    ClassLabel,
    Dataset,
    DatasetDict,
    Features,
    IterableDataset,
    Value,
    load_dataset,
)
from hub.fixtures import api, hub  # noqa: F401 (fixtures)
from huggingface_hub import CommitOperationAdd
from PIL import Image
from support.custom_images import equal, image_folder, own_image, pixels

from medmnist_c import corrupt, corrupt_dataset
from medmnist_c.corruptions.table import CORRUPTIONS

pytestmark = [
    pytest.mark.datasets,
    pytest.mark.filterwarnings("ignore:The corruptions of dermamnist are for RGB images"),
]

COUNT = 30
HOW = {"random": "random", "one": "characters", "two in a row": ["motion_blur", "shot_noise"]}


@pytest.fixture(scope="module")
def ds() -> Dataset:
    features = Features(
        {
            "scan": datasets.Image(),
            "image": datasets.Image(),
            "grade": ClassLabel(names=["low", "high"]),
            "number": Value("int32"),
            "patient": {"name": Value("string"), "ages": [Value("float32")]},
        }
    )
    rows = {
        "scan": [own_image(900 + n) for n in range(COUNT)],
        "image": [own_image(n) for n in range(COUNT)],
        "grade": [n % 2 for n in range(COUNT)],
        "number": [5000 - 3 * n for n in range(COUNT)],
        "patient": [{"name": f"p{n}", "ages": [n, None]} for n in range(COUNT)],
    }
    return Dataset.from_dict(rows, features=features)


def by_hand(ds: Dataset, corruption: str | list[str], indices=range(COUNT)) -> list[np.ndarray]:
    """Image by image with `corrupt`."""
    made = []
    for image, index in zip(pixels(ds), indices, strict=True):
        for name in [corruption] if isinstance(corruption, str) else corruption:
            image = corrupt(image, "dermamnist", name, 4, seed=7, index=index)
        made.append(image)
    return made


def ours(ds, corruption, **how):
    return corrupt_dataset(ds, like="dermamnist", corruption=corruption, severity=4, seed=7, **how)


@pytest.mark.parametrize("corruption", CORRUPTIONS["dermamnist"])
def test_equal_to_corrupt_image_by_image(ds, corruption):
    part = ds.select(range(6))
    expected = by_hand(part, corruption, range(6))
    assert equal(pixels(ours(part, corruption)), expected)
    assert equal(pixels(ours(part.to_iterable_dataset(), corruption)), expected)


@pytest.mark.parametrize("how", HOW)
def test_the_same_prepared_streamed_in_any_shards_and_processes(ds, how):
    corruption = HOW[how]
    made = ours(ds, corruption)
    expected = pixels(made)
    if how != "random":
        assert equal(expected, by_hand(ds, corruption))
    assert equal(pixels(ours(ds, corruption, num_proc=2)), expected)
    for shards in (1, 7):
        stream = ours(ds.to_iterable_dataset(num_shards=shards), corruption)
        assert isinstance(stream, IterableDataset)
        assert equal(pixels(stream), expected)
        assert equal(pixels(stream.skip(11)), expected[11:])
        shuffled = list(stream.shuffle(seed=1, buffer_size=10))
        order = [(5000 - row["number"]) // 3 for row in shuffled]
        assert order != sorted(order) and equal(pixels(shuffled), [expected[n] for n in order])


def test_random_takes_one_of_the_list_for_each_image(ds):
    made = pixels(ours(ds, "random"))
    chosen = []
    for index, image in enumerate(made):
        one_by_one = {
            name: by_hand(ds.select([index]), name, [index])[0]
            for name in CORRUPTIONS["dermamnist"]
        }
        chosen.append(next(name for name, one in one_by_one.items() if np.array_equal(one, image)))
    assert len(set(chosen)) > 6
    other = corrupt_dataset(ds, "dermamnist", "random", severity=4, seed=8)
    assert not equal(pixels(other), made)


@pytest.mark.parametrize("stop", [1, 12, 29])
@pytest.mark.parametrize("index_column", [None, "number"])
def test_a_stream_goes_on_from_its_state(ds, stop, index_column):
    def stream():
        return ours(ds.to_iterable_dataset(num_shards=7), "random", index_column=index_column)

    expected = pixels(stream())
    first = stream()
    rows = iter(first)
    begun = pixels(next(rows) for _ in range(stop))
    state = json.loads(json.dumps(first.state_dict()))
    second = stream()
    second.load_state_dict(state)
    assert equal(begun + pixels(second), expected)


def test_an_index_column_holds_through_parts_and_other_orders(ds):
    def named(one):
        return ours(one, "characters", index_column="number")

    made = named(ds)
    assert equal(pixels(made), by_hand(ds, "characters", ds["number"]))
    some = [17, 3, 21, 4]
    expected = [np.asarray(made[n]["image"]) for n in some]
    assert equal(pixels(named(ds.select(some))), expected)
    assert equal(pixels(named(ds.select(some).to_iterable_dataset(num_shards=3))), expected)


@pytest.mark.parametrize("index_column", [None, "number"])
def test_workers_of_a_data_loader_and_nodes_see_each_image_once(ds, index_column):
    torch_data = pytest.importorskip("torch.utils.data")
    from datasets.distributed import split_dataset_by_node

    expected = {
        row["number"]: np.asarray(row["image"])
        for row in ours(ds, "random", index_column=index_column)
    }
    stream = ours(ds.to_iterable_dataset(num_shards=4), "random", index_column=index_column)
    nodes = [split_dataset_by_node(stream, rank=rank, world_size=2) for rank in (0, 1)]
    loader = torch_data.DataLoader(stream, batch_size=None, num_workers=2)
    for found in ([*nodes[0], *nodes[1]], list(loader)):
        assert sorted(row["number"] for row in found) == sorted(expected)
        for row in found:
            assert np.array_equal(np.asarray(row["image"]), expected[row["number"]])


def test_all_else_stays_as_it_is(ds):
    for data in (ds, ds.to_iterable_dataset(num_shards=3)):
        made = ours(data, "pixelate")
        assert made.features == ds.features and made.column_names == ds.column_names
        rows = list(made)
        for name in ("grade", "number", "patient"):
            assert [row[name] for row in rows] == list(ds[name])
        assert equal([np.asarray(r["scan"]) for r in rows], [np.asarray(r["scan"]) for r in ds])
        assert [row["image"].mode for row in rows] == [image.mode for image in ds["image"]]
        assert [row["image"].size for row in rows] == [image.size for image in ds["image"]]
    scans = corrupt_dataset(ds, "dermamnist", "pixelate", column="scan")
    assert equal(pixels(scans), pixels(ds))
    assert not equal([np.asarray(r["scan"]) for r in scans], [np.asarray(r["scan"]) for r in ds])


def test_a_format_and_undecoded_columns_stay(ds):
    expected = pixels(ours(ds, "impulse_noise"))
    formatted = ours(ds.with_format("numpy", columns=["image", "grade"]), "impulse_noise")
    assert formatted.format["type"] == "numpy" and set(formatted[0]) == {"image", "grade"}
    assert equal([row["image"] for row in formatted], expected)
    if int(datasets.__version__.partition(".")[0]) > 3:  # whose streams of arrays want torchvision
        streamed = ours(ds.to_iterable_dataset().with_format("numpy"), "impulse_noise")
        assert equal([row["image"] for row in streamed], expected)
    raw = ds.cast_column("image", datasets.Image(decode=False))
    for data in (raw, raw.to_iterable_dataset()):
        cells = [row["image"]["bytes"] for row in ours(data, "impulse_noise")]
        assert equal([np.asarray(Image.open(io.BytesIO(cell))) for cell in cells], expected)


def test_dictionaries_of_data_sets(ds):
    parts = DatasetDict(a=ds.select(range(5)), b=ds.select(range(5, 12)))
    made = ours(parts, "speckle_noise")
    assert isinstance(made, DatasetDict) and set(made) == {"a", "b"}
    assert equal(pixels(made["b"]), by_hand(parts["b"], "speckle_noise", range(7)))
    streams = datasets.IterableDatasetDict(
        {name: one.to_iterable_dataset() for name, one in parts.items()}
    )
    streamed = ours(streams, "speckle_noise")
    assert isinstance(streamed, datasets.IterableDatasetDict)
    assert equal(pixels(streamed["b"]), pixels(made["b"]))


def test_what_is_cached_is_found_again(tmp_path):
    folder = image_folder(tmp_path / "images", 8)
    data = load_dataset(str(folder), split="train", cache_dir=tmp_path / "cache")
    first, again = ours(data, "characters"), ours(data, "characters")
    assert first.cache_files and first.cache_files == again.cache_files
    assert ours(data, "pixelate").cache_files != first.cache_files


def test_an_image_folder_of_300_mixed_images(tmp_path):
    folder = image_folder(tmp_path / "images", 300)
    data = load_dataset(str(folder), split="train", cache_dir=tmp_path / "cache")
    assert len(data) == 300 and {image.mode for image in data["image"]} == {"L", "RGB"}
    one = ours(data, "random", num_proc=1)
    expected = pixels(one)
    assert equal(pixels(ours(data, "random", num_proc=2)), expected)
    streamed = load_dataset(str(folder), split="train", streaming=True)
    made = ours(streamed, "random")
    assert equal(pixels(made), expected)
    assert equal(pixels(made.skip(140).take(20)), expected[140:160])
    assert one["label"] == data["label"]


_STREAM = """
import hashlib, json, sys, warnings
import datasets, numpy as np
from medmnist_c import corrupt_dataset
warnings.simplefilter("ignore")
datasets.disable_progress_bars()

def digest(rows):
    return [hashlib.sha256(np.asarray(row["image"]).tobytes()).hexdigest() for row in rows]

def made(streaming, **how):
    ds = datasets.load_dataset("someone/scans", split="test", streaming=streaming)
    return corrupt_dataset(ds, "dermamnist", "random", 3, seed=5, **how)

if __name__ == "__main__":
    whole = made(True)
    rows, half = iter(whole), []
    for _ in range(25):
        half.append(next(rows))
    state = whole.state_dict()
    resumed = made(True)
    resumed.load_state_dict(state)
    found = {
        "streamed": digest(made(True)),
        "from the middle": digest(half) + digest(made(True).skip(25)),
        "resumed": digest(half) + digest(resumed),
        "one process": digest(made(False, num_proc=1)),
        "two processes": digest(made(False, num_proc=2)),
    }
    print(json.dumps(found))
"""


def test_a_data_set_of_the_hub_streamed_from_the_middle_and_resumed(hub, api, ds, tmp_path):  # noqa: F811
    api.create_repo("someone/scans", repo_type="dataset", private=True)
    adds = []
    for number in range(3):
        file = io.BytesIO()
        ds.shard(3, number, contiguous=True).to_parquet(file, batch_size=4)
        adds.append(CommitOperationAdd(f"data/test-{number:05}-of-00003.parquet", file.getvalue()))
    adds.append(CommitOperationAdd("links.txt", b"nothing"))
    api.create_commit("someone/scans", adds, commit_message="scans", repo_type="dataset")
    script = tmp_path / "stream.py"
    script.write_text(_STREAM)
    done = subprocess.run(
        [sys.executable, script],
        env=hub.environment(tmp_path / "home", token=hub.read_token),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(set(found["streamed"])) == COUNT
    for name, digests in found.items():
        assert digests == found["streamed"], name


def bad_cell(kind: str):
    rng = np.random.default_rng(0)
    if kind == "no image":
        return {"bytes": b"this is text", "path": None}
    if kind == "cut":
        file = io.BytesIO()
        own_image(1).save(file, "PNG")
        return {"bytes": file.getvalue()[:300], "path": "scans/cut.png"}
    if kind == "missing":
        return None
    if kind == "16 bit":
        image = Image.fromarray(rng.integers(0, 60000, (50, 50)).astype(np.uint16))
    elif kind == "too small":
        image = own_image(1).resize((27, 60))
    else:
        image = own_image(1).convert({"palette": "P", "CMYK": "CMYK", "alpha": "RGBA"}[kind])
    file = io.BytesIO()
    image.save(file, "TIFF")
    return {"bytes": file.getvalue(), "path": None}


BAD_CELLS = {
    "no image": "Image 2 of the column 'image' cannot be read",
    "cut": r"Image 2 of the column 'image' \(cut.png\) cannot be read",
    "missing": "Image 2 of the column 'image' is missing; leave such rows out",
    "16 bit": "Image 2 .* has mode 'I;16', more than 8 bits a pixel; bring its levels to 0-255",
    "palette": "Image 2 .* has mode 'P', a palette; convert it",
    "CMYK": "Image 2 .* has mode 'CMYK', printing colours; convert it",
    "alpha": "Image 2 .* has mode 'RGBA', transparency; convert it",
    "too small": "Image 2 .* cannot be used: An image must be at least .* 60 x 27",
}


@pytest.mark.parametrize("kind", BAD_CELLS)
def test_bad_images_are_named(kind):
    cells = [own_image(1), own_image(2), bad_cell(kind), own_image(3)]
    data = Dataset.from_dict({"image": cells}, features=Features(image=datasets.Image()))
    with pytest.raises(ValueError, match=BAD_CELLS[kind]) as error:
        ours(data, "pixelate")
    assert str(error.value).count("\n") == 0
    stream = iter(ours(data.to_iterable_dataset(), "pixelate"))
    next(stream), next(stream)
    with pytest.raises(ValueError, match=BAD_CELLS[kind]):
        next(stream)


@pytest.mark.parametrize(
    "how, kind, sentence",
    [
        ({"like": "camelyon"}, ValueError, "There is no dataset 'camelyon'"),
        ({"like": "camelyon", "corruption": "random"}, ValueError, "There is no dataset"),
        ({"like": 3, "corruption": "random"}, TypeError, "name is a string, not 3"),
        ({"corruption": "bubble"}, ValueError, "dermamnist has no corruption 'bubble'"),
        ({"corruption": ["pixelate", "rain"]}, ValueError, "no corruption 'rain'"),
        ({"corruption": []}, ValueError, "Name at least one corruption of dermamnist"),
        ({"corruption": ["pixelate", "pixelate"]}, ValueError, "name each once"),
        ({"corruption": 3}, TypeError, "string"),
        ({"severity": 6}, ValueError, "There is no severity 6"),
        ({"corruption": "random", "severity": 0}, ValueError, "There is no severity 0"),
        ({"seed": None}, ValueError, "give a seed, a whole number"),
        ({"seed": -1}, ValueError, "from 0 on, not -1"),
        ({"seed": 1.5}, TypeError, "whole number"),
        ({"column": "picture"}, ValueError, "no column 'picture'; there are 'scan', 'image'"),
        ({"column": "grade"}, TypeError, "'grade' does not hold images; the images are in 'scan'"),
        ({"index_column": "id"}, ValueError, "no column 'id'"),
        ({"index_column": "patient"}, TypeError, "'patient' does not hold whole numbers"),
        ({"num_proc": 2}, ValueError, "num_proc is for a Dataset"),
    ],
)
def test_bad_arguments_are_one_sentence(ds, how, kind, sentence):
    arguments = {"like": "dermamnist", "corruption": "pixelate"} | how
    stream = ds.to_iterable_dataset()
    for data in (stream,) if "num_proc" in how else (ds, stream):
        with pytest.raises(kind, match=sentence) as error:
            corrupt_dataset(data, **arguments)
        assert "\n" not in str(error.value)


def test_what_is_no_data_set_or_empty(ds):
    with pytest.raises(TypeError, match=r"not a list; medmnist_c[.]corrupt takes single images"):
        ours([own_image(1)], "pixelate")
    empty = ds.select([])
    with pytest.raises(ValueError, match="The data set is empty"):
        ours(empty, "pixelate")
    with pytest.raises(ValueError, match="The data set 'b' is empty"):
        ours(DatasetDict(a=ds, b=empty), "pixelate")
    paths = Dataset.from_dict({"image": ["a.png"]})
    with pytest.raises(TypeError, match=r'ds.cast_column\("image", datasets.Image\(\)\)'):
        ours(paths, "pixelate")
    with pytest.raises(ValueError, match=r"index .*from 0 on, not -1"):
        negative = Dataset.from_dict(
            {"image": [own_image(1)], "n": [-1]},
            features=Features(image=datasets.Image(), n=Value("int64")),
        )
        ours(negative, "characters", index_column="n")


@pytest.mark.filterwarnings("default:The corruptions of")
def test_a_list_for_other_colours_is_allowed_and_said(ds):
    grey, rgb = ds.select([0, 3]), ds.select([1, 2])
    for data, like, words in (
        (rgb, "chestmnist", "chestmnist are for grey images, and there are RGB ones"),
        (grey, "pathmnist", "pathmnist are for RGB images, and there are grey ones"),
    ):
        with pytest.warns(UserWarning, match=words):
            made = list(corrupt_dataset(data.to_iterable_dataset(), like, "contrast_down"))
        expected = corrupt(made and data[0]["image"], like, "contrast_down", 3)
        assert np.array_equal(np.asarray(made[0]["image"]), np.asarray(expected))
