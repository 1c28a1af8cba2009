"""What a training sees, and what it never sees."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from support.medmnist_files import medmnist_arrays, write_npz

pytest.importorskip("accelerate")
torch = pytest.importorskip("torch")

from support.experiment_runs import CPU, tiny  # noqa: E402

from medmnist_c.augmentation.augmix import TargetedAugMix  # noqa: E402
from medmnist_c.augmentation.targeted import TargetedAugmentation  # noqa: E402
from medmnist_c.builder.source.image_source import ImageSource  # noqa: E402
from medmnist_c.builder.testset.spec import TestSetSpec  # noqa: E402
from medmnist_c.corruptions.table import CORRUPTIONS, groups_of  # noqa: E402
from medmnist_c.experiments.errors import ExperimentError  # noqa: E402
from medmnist_c.experiments.runs import Run  # noqa: E402
from medmnist_c.experiments.training.augmentations import augmentation_of  # noqa: E402
from medmnist_c.experiments.training.loop import train  # noqa: E402

DATASET = "breastmnist"


@pytest.fixture(scope="module")
def arrays():
    return medmnist_arrays(DATASET, 4, train=40, val=12)


@pytest.fixture
def source(arrays, tmp_path):
    write_npz(tmp_path / "breastmnist_224.npz", arrays)
    return ImageSource(None, tmp_path)


def trained(folder, source, run=None, told=lambda progress, images: None, **changed):
    training = replace(tiny().training, images={}, **changed)
    run = run or Run(DATASET, "small:plain", "none", 1)
    train(run, training, source, folder, CPU, told)
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("weights.safetensors", "result.json")
    }


def names_in(params) -> set[str]:
    chains = getattr(params, "chains", ((params,),))
    return {link.corruption for chain in chains for link in chain}


@pytest.mark.parametrize("augmentation", ["targeted", "targeted_augmix"])
def test_a_held_out_group_is_never_drawn_in_training(augmentation, source, tmp_path, monkeypatch):
    drawn: set[str] = set()
    for kind in (TargetedAugmentation, TargetedAugMix):
        apply = kind._apply

        def watched(pixels, params, apply=apply):
            drawn.update(names_in(params))
            return apply(pixels, params)

        monkeypatch.setattr(kind, "_apply", staticmethod(watched))
    for group in groups_of(DATASET):
        drawn.clear()
        run = Run(DATASET, "small:plain", augmentation, 1, group)
        trained(tmp_path / group, source, run, epochs=3)
        held_out = {name for name, one in CORRUPTIONS[DATASET].items() if one.group == group}
        assert drawn - {"identity"} == set(CORRUPTIONS[DATASET]) - held_out


@pytest.mark.parametrize("dataset", list(CORRUPTIONS))
def test_nor_for_any_dataset(dataset):
    for augmentation in ("targeted", "targeted_augmix"):
        for group in groups_of(dataset):
            run = Run(dataset, "timm:resnet18", augmentation, 1, group)
            draws = augmentation_of(run).augmentation
            drawn = {name for i in range(200) for name in names_in(draws.get_params(index=i))}
            groups = {CORRUPTIONS[dataset][name].group for name in drawn - {"identity"}}
            assert groups == set(groups_of(dataset)) - {group}


def test_test_images_are_never_opened_and_change_nothing(source, arrays, tmp_path, monkeypatch):
    opened = []
    open_ = TestSetSpec.open
    monkeypatch.setattr(
        TestSetSpec, "open", lambda self, *a, **k: opened.append(self.split) or open_(self, *a, **k)
    )
    first = trained(tmp_path / "first", source)
    assert set(opened) == {"train", "validation"}
    others = arrays | {
        "test_images": 255 - arrays["test_images"],
        "test_labels": 1 - arrays["test_labels"],
    }
    (tmp_path / "others").mkdir()
    write_npz(tmp_path / "others" / "breastmnist_224.npz", others)
    assert trained(tmp_path / "second", ImageSource(None, tmp_path / "others")) == first
    changed = arrays | {"val_labels": 1 - arrays["val_labels"]}
    (tmp_path / "changed").mkdir()
    write_npz(tmp_path / "changed" / "breastmnist_224.npz", changed)
    assert trained(tmp_path / "third", ImageSource(None, tmp_path / "changed")) != first


def test_early_stopping_is_by_the_validation_loss(source, arrays, tmp_path):
    """Validation labels that are the wrong way round: what is learnt makes the loss worse."""
    for split in ("train", "val"):
        labels = arrays[f"{split}_labels"]
        arrays[f"{split}_images"] //= 2
        right = labels if split == "train" else 1 - labels
        arrays[f"{split}_images"] += 110 * right[:, :, None].astype(np.uint8)
    write_npz(tmp_path / "breastmnist_224.npz", arrays)
    told = []
    trained(
        tmp_path / "run",
        source,
        told=lambda progress, images: told.append(progress.epochs),
        epochs=30,
        patience=3,
        learning_rate=1e-2,
    )
    assert len(told) < 30


def test_an_interrupted_training_ends_in_the_same_bytes(source, tmp_path):
    class Stop(Exception):
        pass

    def stop(progress, images):
        raise Stop

    run = Run(DATASET, "small:residual", "targeted", 5)
    whole = trained(tmp_path / "whole", source, run, epochs=3)
    state = torch.random.get_rng_state()
    for _ in range(3):
        with pytest.raises(Stop):
            trained(tmp_path / "parts", source, run, stop, epochs=3)
    assert trained(tmp_path / "parts", source, run, epochs=3) == whole
    assert torch.equal(torch.random.get_rng_state(), state)  # nothing global is moved
    assert not list((tmp_path / "parts").glob("*.pt"))
    other = Run(DATASET, "small:residual", "targeted", 6)
    assert trained(tmp_path / "other", source, other, epochs=3) != whole


def test_a_folder_of_another_training_is_left_alone(source, tmp_path):
    with pytest.raises(ExperimentError, match=r"loss .* is (nan|inf)"):
        trained(tmp_path / "diverged", source, learning_rate=1e30)
    with pytest.raises(ExperimentError, match="another training"):
        trained(tmp_path / "diverged", source)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ExperimentError, match="damaged"):
        trained(tmp_path / "damaged", source)
