"""Targeted augmentation: what is drawn, that it is what it says, and how it is called."""

import json
import pickle
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from random import Random

import datasets
import numpy as np
import pytest
from PIL import Image
from scipy import stats
from support.sample_images import as_rgb, luma, sample_image

from medmnist_c.augmentation.augmix import AugMixParams, TargetedAugMix
from medmnist_c.augmentation.params import AugmentationParams
from medmnist_c.augmentation.sampler import draw_parameters
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.corruptions.random.seeded import stream_from
from medmnist_c.corruptions.registry import ALGORITHMS
from medmnist_c.corruptions.stain_masks import own_masks
from medmnist_c.corruptions.table import CORRUPTIONS

PAIRS = [(dataset, name) for dataset, rows in CORRUPTIONS.items() for name in rows]
WHOLE = {  # which parameters are whole numbers, as the algorithms' own descriptions say
    "jpeg_compression": [0],
    "gaussian_blur": [0],
    "stain_deposit": [0, 1],
    "bubble": [0, 1],
    "characters": [0, 1],
}
UNLIKELY = 1e-4  # of the test statistics, with fixed seeds


# ---- what is drawn


@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_each_choice_is_equally_likely(dataset):
    transform = TargetedAugmentation(dataset, seed=1)
    drawn = Counter(transform.get_params(index=index).corruption for index in range(4000))
    assert set(drawn) == {*CORRUPTIONS[dataset], "identity"} == set(transform.names)
    assert stats.chisquare(list(drawn.values())).pvalue > UNLIKELY


@pytest.mark.parametrize(("dataset", "name"), PAIRS)
def test_parameters_are_uniform_between_the_first_and_the_last(dataset, name):
    entry = CORRUPTIONS[dataset][name]
    rng = Random(f"{dataset} {name}")
    drawn = [draw_parameters(entry, None, rng) for _ in range(600)]
    if entry.algorithm.name == "zoom_blur":
        return  # below
    last = entry.augmentation_upper_bound or entry.severities[4]
    for index, (one, other) in enumerate(zip(entry.severities[0], last, strict=True)):
        values = [parameters[index] for parameters in drawn]
        low, high = min(one, other), max(one, other)
        if entry.algorithm.name == "stain_deposit" and index == 1:
            assert set(values) == {24}  # the only masks not larger than what is drawn
        elif low == high:
            assert set(values) == {low}
        elif index in WHOLE.get(entry.algorithm.name, ()):
            assert all(type(value) is int for value in values)
            expected = range(low, high)  # cut off: the upper end is never reached
            if entry.algorithm.name == "gaussian_blur":
                expected = [number - (number % 2 == 0) for number in expected]
            counts, chances = Counter(values), Counter(expected)
            assert set(counts) == set(chances)
            shares = np.array([chances[k] for k in chances]) / len(expected)
            seen = [counts[k] for k in chances]
            assert len(seen) == 1 or stats.chisquare(seen, shares * 600).pvalue > UNLIKELY
        else:
            assert all(type(value) is float for value in values)
            assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > UNLIKELY
    if len(drawn[0]) > 1 and len(set(drawn)) > 100:  # each by itself
        columns = np.array(drawn).T
        moving = [column for column in columns if column.std() > 0]
        pairs = np.corrcoef(moving) - np.eye(len(moving))
        assert np.abs(pairs).max() < 0.2


def test_upper_bounds_beyond_severity_5_are_used():
    bounded = {
        (dataset, name): (entry.severities[4][0], entry.augmentation_upper_bound[0])
        for dataset, rows in CORRUPTIONS.items()
        for name, entry in rows.items()
        if entry.augmentation_upper_bound
    }
    assert len(bounded) == 3
    for (dataset, name), (fifth, _) in bounded.items():
        entry = CORRUPTIONS[dataset][name]
        draws = {severities: [] for severities in (None, (1, 5))}
        for severities, values in draws.items():
            rng = Random(0)
            values += [draw_parameters(entry, severities, rng)[0] for _ in range(300)]
        # A kernel beyond 11 would have to be 13: cut off, it is 11 at most.
        assert max(draws[None]) > max(draws[1, 5])
        assert max(draws[1, 5]) <= fifth


def test_zoom_goes_from_one_to_a_drawn_factor_in_drawn_steps():
    entry = CORRUPTIONS["dermamnist"]["zoom_blur"]
    rng, twin = Random(3), Random(3)
    largest, steps = [], []
    for _ in range(1000):
        (factors,) = draw_parameters(entry, None, rng)
        largest.append(1.0 + 0.3 * twin.random())
        steps.append(0.01 + 0.02 * twin.random())
        assert np.allclose(factors, np.arange(1.0, largest[-1], steps[-1]), atol=1e-12)
        assert factors[0] == 1.0
    assert stats.kstest(largest, stats.uniform(1.0, 0.3).cdf).pvalue > UNLIKELY
    assert stats.kstest(steps, stats.uniform(0.01, 0.02).cdf).pvalue > UNLIKELY


@pytest.mark.parametrize(("dataset", "name"), PAIRS)
def test_one_severity_alone_is_that_severity(dataset, name):
    entry = CORRUPTIONS[dataset][name]
    for severity in (1, 5):
        drawn = draw_parameters(entry, (severity, severity), Random(0))
        assert drawn == entry.parameters(severity)


# ---- choices


def test_corruptions_groups_and_weights_limit_what_is_drawn():
    def names(**how):
        return set(TargetedAugmentation("dermamnist", **how).names)

    table = CORRUPTIONS["dermamnist"]
    blurs = {name for name, entry in table.items() if entry.group == "blur"}
    assert names() == {*table, "identity"}
    assert names(identity=False) == set(table)
    assert names(groups=["blur"]) == {*blurs, "identity"} == names(groups="blur")
    assert names(exclude_groups=["blur"]) == {*table, "identity"} - blurs
    assert names(corruptions=["zoom_blur", "pixelate"], groups=["blur"]) == {
        "zoom_blur",
        "identity",
    }
    assert names(weights={"identity": 0}) == set(table)
    assert TargetedAugmentation("chestmnist", exclude_groups=["digital"]).names[0] != "pixelate"

    transform = TargetedAugmentation(
        "octmnist", seed=0, corruptions=["pixelate"], weights={"pixelate": 3}
    )
    drawn = Counter(transform.get_params(index=i).corruption for i in range(4000))
    assert stats.binomtest(drawn["pixelate"], 4000, 0.75).pvalue > UNLIKELY


def test_a_range_of_severities_bounds_the_parameters():
    transform = TargetedAugmentation(
        "dermamnist", seed=0, corruptions=["contrast_up"], identity=False, severities=(2, 3)
    )
    values = [transform.get_params(index=i).parameters[0] for i in range(200)]
    assert 1.2 <= min(values) < 1.22 and 1.28 < max(values) <= 1.3


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"dataset": "dermanist"}, ValueError, "did you mean 'dermamnist'"),
        ({"corruptions": ["buble"]}, ValueError, "has no corruption 'buble'"),
        ({"corruptions": ["bubble"]}, ValueError, "dermamnist has no corruption 'bubble'"),
        ({"groups": ["blurs"]}, ValueError, "did you mean 'blur'"),
        ({"exclude_groups": ["blurs"]}, ValueError, "did you mean 'blur'"),
        ({"groups": ["blur"], "exclude_groups": ["blur"]}, ValueError, "is left to draw from"),
        ({"weights": {"zoom_blurr": 1}}, ValueError, "did you mean 'zoom_blur'"),
        ({"weights": {"zoom_blur": -1}}, ValueError, "from 0 on"),
        ({"weights": {"zoom_blur": float("nan")}}, ValueError, "from 0 on"),
        ({"severities": (0, 3)}, ValueError, "such as"),
        ({"severities": (4, 3)}, ValueError, "such as"),
        ({"severities": 3}, TypeError, "such as"),
        ({"seed": -1}, ValueError, "from 0 on"),
        ({"seed": 1.5}, TypeError, "whole number"),
    ],
)
@pytest.mark.parametrize("transform", [TargetedAugmentation, TargetedAugMix])
def test_what_there_is_not_gets_one_sentence(transform, how, error, words):
    with pytest.raises(error, match=words) as caught:
        transform(**{"dataset": "dermamnist"} | how)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", [{"width": 0}, {"depth": (2, 1)}, {"depth": (0, 1)}, {"alpha": 0}])
def test_augmix_wants_sensible_numbers(how):
    with pytest.raises(ValueError, match=next(iter(how))):
        TargetedAugMix("dermamnist", **how)


# ---- a draw is its image


def plainly(image, draw):
    """The corruption's own function on the image; for a grey one as the reference does it."""
    algorithm = ALGORITHMS[draw.algorithm]
    parameters = draw.parameters
    if draw.algorithm == "stain_deposit":
        parameters = (parameters[0], own_masks()[parameters[1]])
    how = {"rng": stream_from(draw.seed, algorithm.draws.stream)} if algorithm.draws else {}
    made = algorithm.function(image if image.ndim == 3 else as_rgb(image), *parameters, **how)
    return made if image.ndim == 3 else luma(made)


@pytest.mark.parametrize(("dataset", "name"), PAIRS)
def test_each_draw_equals_the_plain_corruption(dataset, name):
    transform = TargetedAugmentation(dataset, seed=2, corruptions=[name], identity=False)
    for image in (sample_image((64, 48)), sample_image((64, 48))[..., 1].copy()):
        before = image.copy()
        draw = transform.get_params(image)
        assert draw.corruption == name
        made = transform.apply(image, draw)
        assert np.array_equal(made, plainly(image, draw))
        assert np.array_equal(image, before) and not np.shares_memory(made, image)
        assert made.flags.writeable
        again = AugmentationParams(**json.loads(json.dumps(asdict(draw))))
        assert again == draw == pickle.loads(pickle.dumps(draw))
        assert np.array_equal(TargetedAugmentation.apply(image, again), made)


def test_identity_is_a_copy():
    image = sample_image((32, 32))
    made = TargetedAugmentation.apply(image, AugmentationParams())
    assert np.array_equal(made, image) and not np.shares_memory(made, image)


def test_a_call_is_get_params_and_apply():
    image = sample_image((40, 40))
    for make in (TargetedAugmentation, TargetedAugMix):
        called, apart = make("pathmnist", seed=9), make("pathmnist", seed=9)
        for _ in range(6):
            assert np.array_equal(called(image), apart.apply(image, apart.get_params(image)))


# ---- how it is called


@pytest.mark.parametrize("make", [TargetedAugmentation, TargetedAugMix])
@pytest.mark.parametrize("dataset", ["dermamnist", "chestmnist"])
def test_what_comes_in_goes_out(make, dataset):
    torch = pytest.importorskip("torch")
    transform = make(dataset, seed=0)
    rgb = sample_image((45, 61))
    for pixels in (rgb, rgb[..., 0].copy(), rgb[:32, :32].copy()):
        tensor = torch.from_numpy(
            np.moveaxis(as_rgb(pixels) if pixels.ndim == 2 else pixels, -1, 0)
        )
        flat = torch.from_numpy(pixels[None] if pixels.ndim == 2 else pixels[..., 0].copy())
        for image in (pixels, Image.fromarray(pixels), tensor.contiguous(), flat):
            params = [transform.get_params(image) for _ in range(8)]
            for one in params:
                made = transform.apply(image, one)
                assert type(made) is type(image)
                if isinstance(image, Image.Image):
                    assert made.mode == image.mode and made.size == image.size
                    assert np.array_equal(made, transform.apply(pixels, one))
                else:
                    assert made.shape == image.shape and made.dtype == image.dtype


def test_calls_of_transforms_that_take_more_than_a_image():
    transform = TargetedAugmentation("dermamnist", seed=0)
    made, label = transform(sample_image((32, 32)), 7)
    assert label == 7 and made.shape == (32, 32, 3)


def rows(count):
    return {
        "image": [Image.fromarray(sample_image((32, 32), seed)) for seed in range(count)],
        "label": list(range(count)),
        "index": list(range(100, 100 + count)),
    }


FEATURES = datasets.Features(
    {"image": datasets.Image(), "label": datasets.Value("int64"), "index": datasets.Value("int64")}
)


def pixels(images):
    return [np.asarray(one).tobytes() for one in images]


def test_with_transform_set_transform_and_map():
    plain = datasets.Dataset.from_dict(rows(6), FEATURES)
    how = {"corruptions": ["gaussian_noise"], "identity": False}
    first = plain.with_transform(TargetedAugmentation("dermamnist", seed=4, **how))[:]
    assert set(first) == {"image", "label", "index"} and first["label"] == list(range(6))
    assert not set(pixels(first["image"])) & set(pixels(rows(6)["image"]))
    turned = plain.select(range(5, -1, -1))
    turned.set_transform(TargetedAugmentation("dermamnist", seed=4, **how))
    assert pixels(turned[i]["image"] for i in range(6)) == pixels(first["image"])[::-1]
    mapped = plain.to_iterable_dataset().map(TargetedAugmentation("dermamnist", seed=4, **how))
    assert pixels(row["image"] for row in mapped) == pixels(first["image"])
    # Known by index: two equal images are augmented apart.
    twins = datasets.Dataset.from_dict({**rows(1), "image": rows(1)["image"]}, FEATURES)
    twins = datasets.concatenate_datasets([twins, twins.map(lambda row: {"index": 3})])
    twins.set_transform(TargetedAugmentation("dermamnist", seed=4, **how))
    assert len(set(pixels(twins[:]["image"]))) == 2


def test_stacked_batches_stay_stacked():
    torch = pytest.importorskip("torch")
    batch = np.stack([sample_image((32, 32), seed) for seed in range(3)])
    transforms = [TargetedAugmentation("pathmnist", seed=8) for _ in range(3)]
    made = transforms[0]({"image": batch})["image"]
    assert np.array_equal(made, transforms[1]({"image": list(batch)})["image"])
    tensors = torch.from_numpy(np.moveaxis(batch, -1, 1).copy())
    as_tensors = transforms[2]({"image": tensors})["image"]
    assert np.array_equal(np.moveaxis(as_tensors.numpy(), 1, -1), made)


def test_other_columns_and_none():
    batch = {"scan": rows(2)["image"]}
    transform = TargetedAugmentation("dermamnist", seed=0, column="scan")
    assert len(transform(batch)["scan"]) == 2
    with pytest.raises(ValueError, match="no column 'image' among scan"):
        TargetedAugmentation("dermamnist", seed=0)(batch)


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        (Image.new("RGBA", (40, 40)), ValueError, "'RGBA'"),
        (np.zeros((27, 40), np.uint8), ValueError, "at least 28"),
        (np.zeros((40, 40), np.float32), TypeError, "uint8"),
        ("image.png", TypeError, "not a str"),
    ],
)
def test_what_is_no_image_gets_one_sentence(image, error, words):
    with pytest.raises(error, match=words):
        TargetedAugmentation("dermamnist", seed=0)(image)


def test_a_seed_wants_a_image_or_its_index():
    assert TargetedAugmentation("dermamnist").get_params().corruption
    with pytest.raises(TypeError, match="belong to an image"):
        TargetedAugmentation("dermamnist", seed=0).get_params()


# ---- seeds


def test_a_seed_gives_the_same_whatever_the_order():
    images = [sample_image((32, 32), seed) for seed in range(8)]
    one, other = (TargetedAugmentation("dermamnist", seed=3) for _ in range(2))
    first = [[one.get_params(image) for image in images] for _ in range(3)]
    second = [[other.get_params(image) for image in images[::-1]][::-1] for _ in range(3)]
    assert first == second
    assert first[0] != first[1] != first[2]
    assert first[0] != [TargetedAugmentation("dermamnist", seed=4).get_params(i) for i in images]


def test_without_a_seed_each_is_its_own():
    image = sample_image((32, 32))
    how = {"corruptions": ["gaussian_noise"], "identity": False}
    transform = TargetedAugmentation("dermamnist", **how)
    others = [transform, pickle.loads(pickle.dumps(transform))]
    others.append(TargetedAugmentation("dermamnist", **how))
    assert len({one(image).tobytes() for one in others for _ in range(5)}) == 15


@pytest.mark.parametrize("make", [TargetedAugmentation, TargetedAugMix])
def test_pickles_start_their_epoch_anew(make):
    image = sample_image((32, 32))
    transform = make("dermamnist", seed=6, severities=(1, 3))
    transform.set_epoch(2)
    first = transform(image).tobytes()
    copy = pickle.loads(pickle.dumps(transform))
    assert repr(copy) == repr(transform)
    assert copy(image).tobytes() == first
    assert pickle.dumps(transform) == pickle.dumps(pickle.loads(pickle.dumps(transform)))


def test_more_images_than_can_be_counted_are_told(monkeypatch):
    monkeypatch.setattr("medmnist_c.augmentation.shared_counter.CAPACITY", 256)
    transform = TargetedAugmentation("dermamnist", seed=0)
    with pytest.warns(UserWarning, match="set_epoch"):
        for index in range(300):
            transform.get_params(index=index)


def test_torch_is_not_imported():
    code = (
        "import sys; from medmnist_c.augmentation.augmix import TargetedAugMix as M\n"
        "from medmnist_c.augmentation.targeted import TargetedAugmentation as T\n"
        "import numpy as np; x = np.zeros((32, 32), np.uint8)\n"
        "T('octmnist', seed=0)(x); M('octmnist')(x); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/")


# ---- AugMix


def test_augmix_draws_chains_and_weights():
    transform = TargetedAugMix("organamnist", seed=1, width=2, depth=(1, 4), alpha=1.0)
    draws = [transform.get_params(index=index) for index in range(3000)]
    assert all(len(mix.chains) == 2 for mix in draws)
    lengths = Counter(len(chain) for mix in draws for chain in mix.chains)
    assert set(lengths) == {1, 2, 3, 4}
    assert stats.chisquare(list(lengths.values())).pvalue > UNLIKELY
    links = Counter(one.corruption for mix in draws for chain in mix.chains for one in chain)
    assert set(links) == set(CORRUPTIONS["organamnist"])
    assert stats.chisquare(list(links.values())).pvalue > UNLIKELY
    assert all(mix.original_weight + sum(mix.weights) == pytest.approx(1) for mix in draws)
    # With alpha 1 both the Beta and the Dirichlet distribution (of two) are uniform.
    assert stats.kstest([mix.original_weight for mix in draws], "uniform").pvalue > UNLIKELY
    parts = [mix.weights[0] / sum(mix.weights) for mix in draws]
    assert stats.kstest(parts, "uniform").pvalue > UNLIKELY


def test_augmix_alpha_shapes_the_weights():
    for alpha in (0.3, 4.0):
        transform = TargetedAugMix("octmnist", seed=1, width=3, alpha=alpha)
        draws = [transform.get_params(index=index) for index in range(1500)]
        originals = [mix.original_weight for mix in draws]
        assert stats.kstest(originals, stats.beta(alpha, alpha).cdf).pvalue > UNLIKELY
        parts = [mix.weights[1] / sum(mix.weights) for mix in draws]
        assert stats.kstest(parts, stats.beta(alpha, 2 * alpha).cdf).pvalue > UNLIKELY


@pytest.mark.parametrize("grey", [False, True])
def test_augmix_is_the_mean_of_its_chains(grey):
    image = sample_image((48, 48))[..., 0].copy() if grey else sample_image((48, 48))
    transform = TargetedAugMix("bloodmnist", seed=7)
    for _ in range(10):
        mix = transform.get_params(image)
        total = mix.original_weight * image.astype(np.float64)
        for chain, weight in zip(mix.chains, mix.weights, strict=True):
            made = image
            for draw in chain:
                made = plainly(made, draw)
            total += weight * made
        made = transform.apply(image, mix)
        off = made - total
        assert np.abs(off).max() < 0.501
        again = AugMixParams(**json.loads(json.dumps(asdict(mix))))
        assert again == mix and np.array_equal(TargetedAugMix.apply(image, again), made)


def test_augmix_of_the_original_alone_changes_nothing():
    image = np.arange(256, dtype=np.uint8).repeat(8).reshape(64, 32)
    chains = ((AugmentationParams(),),)
    for params in (AugMixParams(chains, (0.0,), 1.0), AugMixParams(chains, (0.7,), 0.3)):
        assert np.array_equal(TargetedAugMix.apply(image, params), image)


# ---- the command


def preview(folder, *arguments):
    command = [Path(sys.executable).with_name("medmnist-c"), "preview", "octmnist", "--sample"]
    return subprocess.run(
        [*command, "--augment", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_preview_shows_draws(tmp_path):
    for name in ("a.png", "b.png"):
        done = preview(tmp_path, "--seed", "1", "-o", name)
        assert done.returncode == 0, done.stderr
    sheet = Image.open(tmp_path / "a.png")
    assert sheet.width > 6 * 224 and sheet.height > 4 * 224
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    wrong = preview(tmp_path, "--index", "99")
    assert wrong.returncode == 1 and "There is no image 99 of octmnist" in wrong.stderr
    assert not (tmp_path / "octmnist_augmented.png").exists()


@pytest.mark.parametrize("make", [TargetedAugmentation, TargetedAugMix])
def test_lists_and_stacks_get_a_draw_for_each_image(make):
    torch = pytest.importorskip("torch")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    stack = np.stack([pixels] * 6)
    alone = make("dermamnist", seed=3)
    one_by_one = [alone(pixels) for _ in stack]
    assert len({image.tobytes() for image in one_by_one}) > 3  # draws differ
    listed = make("dermamnist", seed=3)([Image.fromarray(image) for image in stack])
    assert isinstance(listed, list) and isinstance(listed[0], Image.Image)
    tensor = torch.from_numpy(stack).movedim(3, 1)
    made = make("dermamnist", seed=3)(tensor)
    assert made.shape == tensor.shape and made.dtype == torch.uint8
    arrays = make("dermamnist", seed=3)(stack)
    for number, image in enumerate(one_by_one):
        assert np.array_equal(np.asarray(listed[number]), image)
        assert np.array_equal(made[number].movedim(0, 2).numpy(), image)
        assert np.array_equal(arrays[number], image)


def test_a_module_for_sequential():
    torch = pytest.importorskip("torch")
    batch = torch.randint(0, 256, (3, 1, 32, 32), dtype=torch.uint8)
    augment = TargetedAugmentation("breastmnist", seed=1)
    pipeline = torch.nn.Sequential(augment.as_module(), torch.nn.Flatten())
    by_hand = TargetedAugmentation("breastmnist", seed=1)(batch).flatten(1)
    assert torch.equal(pipeline(batch), by_hand)
    assert not list(pipeline.parameters()) and "breastmnist" in repr(pipeline)


def test_albumentations():
    a = pytest.importorskip("albumentations")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for image in (pixels, pixels[:, :, 0], pixels[:, :, :1]):
        augment = TargetedAugmentation("dermamnist", seed=1, identity=False)
        compose = a.Compose([augment.as_albumentations()])
        made = compose(image=image, mask=pixels[:, :, 1])
        assert made["image"].shape == image.shape
        assert np.array_equal(made["mask"], pixels[:, :, 1])
        by_hand = TargetedAugmentation("dermamnist", seed=1, identity=False)
        assert np.array_equal(made["image"].squeeze(), by_hand(image.squeeze()))
    never = a.Compose([TargetedAugmentation("dermamnist", seed=1).as_albumentations(p=0)])
    assert np.array_equal(never(image=pixels)["image"], pixels)
