"""The main job: any test set by `load_dataset`, prepared or streamed, in any process."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import datasets
import numpy as np
import pytest
from datasets import load_dataset, load_dataset_builder
from support.dataset_rows import rows

import medmnist_c
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.corruptions.table import CORRUPTIONS

pytestmark = pytest.mark.datasets

HAS_SCRIPTS = datasets.__version__.startswith("3.")
SCRIPT = Path(medmnist_c.__file__).with_name("medmnist_c.py")


def load_any_way(name: str | None, **how):
    """By the name; where there are loading scripts, by the script."""
    if HAS_SCRIPTS:
        return load_dataset(str(SCRIPT), name, trust_remote_code=True, **how)
    return load_dataset("medmnist_c", name, **how)


@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_all_configurations_prepared_and_streamed_are_equal(dataset, tmp_path):
    info = dataset_info(dataset)
    clean = None
    for name in medmnist_c.config_names(dataset):
        how = {"sample": True, "split": "test", "cache_dir": tmp_path}
        prepared = load_any_way(name, **how)
        streamed = load_any_way(name, streaming=True, **how)
        assert list(prepared.features) == list(streamed.features) == ["image", "label", "index"]
        made = rows(prepared)
        assert made == rows(streamed)
        assert [index for _, _, index in made] == list(range(len(prepared)))
        assert prepared[0]["image"].mode == ("L" if info.grey else "RGB")
        assert prepared[0]["image"].size == (224, 224)
        clean = clean or made
        assert [label for _, label, _ in made] == [label for _, label, _ in clean]
        if not name.endswith("_clean"):
            assert [image for image, _, _ in made] != [image for image, _, _ in clean]


def test_labels_carry_medmnists_names():
    single = load_dataset("medmnist_c", "dermamnist_clean", sample=True, split="test")
    assert single.features["label"].names == list(dataset_info("dermamnist").labels)
    multiple = load_dataset("medmnist_c", "chestmnist_clean", sample=True, split="test")
    assert multiple.features["label"].length == 14
    assert multiple.features["label"].feature.names == ["no", "yes"]
    assert all(len(row["label"]) == 14 for row in multiple)


def test_the_other_ways_to_ask():
    names = datasets.get_dataset_config_names("medmnist_c")
    assert names == medmnist_c.config_names()
    assert datasets.get_dataset_split_names("medmnist_c", "octmnist_clean") == ["test"]
    builder = datasets.load_dataset_builder("medmnist_c", "octmnist_pixelate_2", sample=True)
    assert builder.config.corruption == "pixelate" and builder.config.severity == 2
    assert builder.info.license == "CC BY 4.0"
    for key in ("disalvo2024medmnistc", "yang2023medmnist", "yang2021medmnist"):
        assert key in builder.info.citation
    with pytest.raises(medmnist_c.builder.errors.UnknownNameError, match="did you mean"):
        load_dataset("medmnist_c", "octmnist_pixelate")


def test_fields_are_a_name_and_share_its_cache(tmp_path):
    how = {"sample": True, "split": "test", "cache_dir": tmp_path}
    fields = {"dataset": "dermamnist", "corruption": "pixelate", "severity": np.int64(5)}
    named = load_any_way("dermamnist_pixelate_5", **how)
    by_fields = load_any_way(None, **fields, **how)
    assert by_fields.cache_files == named.cache_files
    assert by_fields.info.config_name == "dermamnist_pixelate_5"
    both = load_any_way("dermamnist_pixelate_5", **fields, **how)
    assert both.cache_files == named.cache_files
    clean = load_any_way(None, dataset="dermamnist", **how)
    assert clean.info.config_name == "dermamnist_clean"


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("dermamnist_pixelate_1", {"severity": 5}, r"severity=5 contradicts .*_pixelate_1'; give"),
        ("dermamnist_pixelate_1", {"severity": True}, "severity=True contradicts"),
        ("dermamnist_pixelate_1", {"severity": "1"}, "severity='1' contradicts"),
        ("dermamnist_pixelate_1", {"dataset": "octmnist"}, "dataset='octmnist' contradicts"),
        ("dermamnist_pixelate_1", {"corruption": "bubble"}, "corruption='bubble' contradicts"),
        ("dermamnist_clean", {"severity": 1}, "severity=1 contradicts"),
        (None, {}, r"^Name a test set, .*dermamnist_black_corner_3.*config_names\(\).* list`"),
        (None, {"severity": 5}, "^Name a test set"),
        (None, {"dataset": "octmnist", "severity": 5}, "corruption= is missing"),
        (None, {"dataset": "octmnist", "corruption": "pixelate"}, "severity= is missing"),
        (None, {"dataset": "octmnis"}, "did you mean 'octmnist'"),
        (
            None,
            {"dataset": "octmnist", "corruption": "bubble", "severity": 1},
            "octmnist has no corruption 'bubble'",
        ),
    ],
)
def test_fields_that_name_no_test_set_get_one_sentence(name, fields, words):
    with pytest.raises(ValueError, match=words) as caught:
        load_any_way(name, sample=True, split="test", **fields)
    assert "\n" not in str(caught.value)


def test_every_other_name_goes_its_old_way(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    loaded = load_dataset("csv", data_files=str(tmp_path / "rows.csv"), split="train")
    assert loaded[0] == {"a": 1, "b": 2}


def test_the_builder_class_is_a_way_in_by_itself(tmp_path):
    builder = medmnist_c.MedMNISTC(
        config_name="breastmnist_pixelate_3", sample=True, cache_dir=str(tmp_path)
    )
    builder.download_and_prepare()
    how = {"sample": True, "split": "test"}
    assert rows(builder.as_dataset(split="test")) == rows(
        load_dataset("medmnist_c", "breastmnist_pixelate_3", **how)
    )
    assert rows(builder.as_streaming_dataset(split="test")) == rows(builder.as_dataset("test"))


@pytest.mark.skipif(not HAS_SCRIPTS, reason="datasets 4 and later have no loading scripts")
def test_the_module_is_a_loading_script(tmp_path):
    how = {"sample": True, "split": "test", "cache_dir": tmp_path}
    by_path = load_dataset(str(SCRIPT), "breastmnist_pixelate_3", trust_remote_code=True, **how)
    assert rows(by_path) == rows(load_dataset("medmnist_c", "breastmnist_pixelate_3", **how))


LOAD = (
    "ds = load_dataset('medmnist_c', 'octmnist_clean', sample=True, split='test'); print(len(ds))"
)


@pytest.mark.parametrize(
    "program",
    [
        f"import medmnist_c; from datasets import load_dataset; {LOAD}",
        f"from datasets import load_dataset; import medmnist_c; {LOAD}",
        f"import datasets.load, medmnist_c, medmnist_c; load_dataset = datasets.load_dataset; {LOAD}",
    ],
)
@pytest.mark.parametrize("folder", ["elsewhere", "checkout", "folder_of_that_name"])
def test_import_order_and_folder_do_not_matter(program, folder, tmp_path):
    (tmp_path / "medmnist_c").mkdir()
    where = {"elsewhere": "/", "checkout": SCRIPT.parent, "folder_of_that_name": tmp_path}[folder]
    if folder == "folder_of_that_name":
        (tmp_path / "medmnist_c" / "rows.csv").write_text("a\n1\n")
        program = f"import sys; sys.path.remove(''); {program}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=where, capture_output=True, text=True, check=False
    )
    expected = len(load_dataset("medmnist_c", "octmnist_clean", sample=True, split="test"))
    assert done.stdout.strip() == str(expected), done.stderr


def test_where_datasets_has_moved_its_look_up_the_import_names_the_builder_class():
    program = (
        "import datasets.load; del datasets.load.dataset_module_factory\n"
        "import medmnist_c\n"
        "b = medmnist_c.MedMNISTC(config_name='octmnist_clean', sample=True)\n"
        "print(next(iter(b.as_streaming_dataset('test')))['index'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=True
    )
    assert "MedMNISTC(config_name=" in done.stderr
    assert done.stdout.strip() == "0"


@pytest.mark.parametrize(
    "imports",
    [
        "import medmnist_c, datasets",
        "import datasets, medmnist_c",
        # as transformers asks whether there is such a library
        "import medmnist_c, importlib.util; importlib.util.find_spec('datasets'); import datasets",
    ],
)
def test_the_name_is_known_whichever_is_imported_first(imports):
    program = (
        f"{imports}\n"
        "import datasets.load, datasets.inspect\n"
        "for one in (datasets.load, datasets.inspect):\n"
        "    print(one.dataset_module_factory('medmnist_c').module_path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["medmnist_c.medmnist_c"] * 2 and not done.stderr


def test_importing_does_not_import_torch():
    program = "import sys, medmnist_c, medmnist_c.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd="/", check=False).returncode == 0


def test_one_importable_name_is_installed():
    program = (
        "import importlib.util as u, medmnist_c.builder, medmnist_c.corruptions\n"
        "print([n for n in ('builder', 'corruptions', 'cli', 'tools') if u.find_spec(n)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_num_proc_and_order_change_nothing(tmp_path):
    name = "dermamnist_shot_noise_2"
    how = {"sample": True, "split": "test"}
    one = load_dataset("medmnist_c", name, cache_dir=tmp_path / "one", **how)
    two = load_dataset("medmnist_c", name, cache_dir=tmp_path / "two", num_proc=2, **how)
    assert rows(one) == rows(two)
    stream = load_dataset("medmnist_c", name, streaming=True, cache_dir=tmp_path / "3", **how)
    assert rows(stream.skip(3)) == rows(one)[3:]
    assert rows(stream.take(2)) == rows(one)[:2]


def test_nodes_and_workers_share_a_stream_without_loss():
    from datasets.distributed import split_dataset_by_node

    how = {"sample": True, "split": "test", "streaming": True}
    stream = load_dataset("medmnist_c", "bloodmnist_bubble_2", **how)
    whole = rows(stream)
    for world_size in (2, 3):
        parts = [rows(split_dataset_by_node(stream, r, world_size)) for r in range(world_size)]
        assert sorted(row for part in parts for row in part) == sorted(whole)


def test_dataloader_workers_give_every_image_once():
    data = pytest.importorskip("torch.utils.data")
    stream = load_dataset(
        "medmnist_c", "bloodmnist_bubble_2", sample=True, split="test", streaming=True
    )
    expected = sorted(row["index"] for row in stream)
    for workers, context in ((0, None), (2, "fork"), (2, "spawn")):
        loader = data.DataLoader(
            stream, batch_size=None, num_workers=workers, multiprocessing_context=context
        )
        assert sorted(int(row["index"]) for row in loader) == expected


def test_a_stopped_stream_goes_on_from_its_state():
    stream = load_dataset(
        "medmnist_c", "pathmnist_stain_deposit_4", sample=True, split="test", streaming=True
    )
    whole = rows(stream)
    iterator = iter(stream)
    first = rows(next(iterator) for _ in range(2))
    state = stream.state_dict()
    stream.load_state_dict(state)
    assert first + rows(stream) == whole


def test_the_stream_can_be_pickled():
    stream = load_dataset(
        "medmnist_c", "pathmnist_bubble_1", sample=True, split="test", streaming=True
    )
    assert rows(pickle.loads(pickle.dumps(stream))) == rows(stream)


def test_a_seed_is_another_draw_and_repeats_itself(tmp_path):
    def load(folder, **how):
        how |= {"sample": True, "split": "test", "cache_dir": tmp_path / folder}
        return rows(load_dataset("medmnist_c", "dermamnist_gaussian_noise_3", **how))

    release, seven, eight = load("a"), load("a", seed=7), load("a", seed=8)
    assert release != seven != eight != release
    assert load("b", seed=7) == seven
    assert load("b", seed=np.int64(7)) == seven


def test_one_image_alone_is_the_image_of_the_test_set():
    for name in (
        "dermamnist_characters_4",
        "dermamnist_motion_blur_2",
        "breastmnist_speckle_noise_5",
    ):
        how = {"sample": True, "split": "test", "seed": 3}
        made = load_dataset("medmnist_c", name, **how)
        dataset, _, rest = name.partition("_")
        corruption, _, severity = rest.rpartition("_")
        clean = load_dataset("medmnist_c", f"{dataset}_clean", sample=True, split="test")
        for index in (0, len(clean) - 1):
            alone = medmnist_c.corrupt(
                clean[index]["image"], dataset, corruption, int(severity), seed=3, index=index
            )
            assert np.array_equal(np.asarray(alone), np.asarray(made[index]["image"]))


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"seed": "7"}, TypeError, "whole number"),
        ({"seed": -1}, ValueError, "from 0 on"),
        ({"seed": True}, TypeError, "whole number"),
        ({"sample": "yes"}, TypeError, "True or False"),
        ({"sample": True, "data_dir": "/tmp"}, ValueError, "not both"),
        ({"data_dir": "/no/such/folder"}, OSError, "/no/such/folder"),
        ({"data_files": __file__}, ValueError, "data_dir="),
    ],
)
def test_a_wrong_argument_gets_one_sentence(how, error, words):
    with pytest.raises(error, match=words) as caught:
        load_dataset("medmnist_c", "octmnist_clean", **how)
    assert "\n" not in str(caught.value)


def test_the_cache_never_serves_old_images(tmp_path, monkeypatch):
    """Another clean file under the same name, or other code, is another cache folder."""
    from support.medmnist_files import write_medmnist_file

    def load():
        how = {"split": "test", "cache_dir": tmp_path / "cache", "data_dir": str(tmp_path)}
        return rows(load_dataset("medmnist_c", "octmnist_contrast_down_1", **how))

    write_medmnist_file(tmp_path, "octmnist", 3, seed=0)
    first = load()
    write_medmnist_file(tmp_path, "octmnist", 3, seed=1)
    assert load() != first
    write_medmnist_file(tmp_path, "octmnist", 3, seed=0)
    assert load() == first


@pytest.mark.parametrize("how", ["prepared", "streamed"])
def test_a_clean_file_that_changes_on_the_way_is_never_taken_for_the_first(tmp_path, how):
    from support.medmnist_files import write_medmnist_file

    asked = {"cache_dir": tmp_path / "cache", "data_dir": str(tmp_path)}
    write_medmnist_file(tmp_path, "octmnist", 3, seed=0)
    builder = load_dataset_builder("medmnist_c", "octmnist_clean", **asked)
    write_medmnist_file(tmp_path, "octmnist", 3, seed=1)
    with pytest.raises(CleanDataError, match="octmnist_clean would be another one"):
        if how == "prepared":
            builder.download_and_prepare()
        else:
            builder.as_streaming_dataset(split="test")
    asked["split"] = "test"
    other = rows(load_dataset("medmnist_c", "octmnist_clean", **asked))
    write_medmnist_file(tmp_path, "octmnist", 3, seed=0)
    first = rows(load_dataset("medmnist_c", "octmnist_clean", **asked))
    asked["cache_dir"] = tmp_path / "new"
    assert first == rows(load_dataset("medmnist_c", "octmnist_clean", **asked)) != other


def test_a_full_disk_gets_one_sentence_and_nothing_is_taken_for_whole(tmp_path):
    program = (
        "import resource, signal, sys, medmnist_c, datasets\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "how = {'sample': True, 'split': 'test', 'cache_dir': sys.argv[1]}\n"
        "datasets.load_dataset('medmnist_c', 'pathmnist_clean', **how)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "datasets.load_dataset('medmnist_c', 'pathmnist_brightness_up_1', **how)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "PreparationError" in last and "make room" in last and str(tmp_path) in last
    name = "pathmnist_brightness_up_1"
    made = load_dataset("medmnist_c", name, sample=True, split="test", cache_dir=tmp_path)
    assert rows(made) == rows(load_dataset("medmnist_c", name, sample=True, split="test"))


assert os.environ["HF_HOME"]  # the tests must not see the machine's caches
