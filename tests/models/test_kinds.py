"""Each kind of model gives what a loop by hand gives."""

import importlib
import sys

import numpy as np
import pytest
from PIL import Image
from support.checkpoints import CLOSE, DATASET, EXACT, Checkpoint

from medmnist_c.models.errors import ModelError
from medmnist_c.models.load import load_model
from medmnist_c.models.name import ModelName

torch = pytest.importorskip("torch")


def without_torchvision() -> bool:
    try:
        importlib.import_module("torchvision")
    except ImportError:
        return True
    except RuntimeError:  # built for another torch: transformers would trip over it
        sys.modules["torchvision"] = None
        return True
    return False


WITHOUT_TORCHVISION = without_torchvision()


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    """RGB images whose channels and places differ."""
    made = []
    for number in range(5):
        levels = np.random.default_rng(number).integers(0, 256, (224, 224, 3))
        made.append(Image.fromarray((levels * [0.9, 0.5, 0.2]).astype(np.uint8)))
    return made


@pytest.fixture(scope="module", params=[*EXACT, *CLOSE])
def checkpoint(request, tmp_path_factory) -> Checkpoint:
    if request.param in ("timm", "torchvision", "open_clip") and WITHOUT_TORCHVISION:
        pytest.skip("needs a torchvision that fits torch")
    return (EXACT | CLOSE)[request.param](tmp_path_factory.mktemp("checkpoint"))


def answers(checkpoint: Checkpoint, images: list[Image.Image]) -> np.ndarray:
    model = load_model(checkpoint.name, DATASET, **checkpoint.choices)
    given = model.transform or np.asarray
    one_by_one = [np.asarray(model.predict(np.stack([given(image)])))[0] for image in images]
    return np.stack(one_by_one)


def test_predictions_are_those_of_a_loop_by_hand(checkpoint, images):
    by_hand = np.stack([checkpoint.logits(image) for image in images])
    ours = answers(checkpoint, images)
    if checkpoint.name.startswith(("open_clip:", "clip:")):
        assert np.abs(ours - by_hand).max() < 1e-4
    else:
        assert np.array_equal(ours, by_hand)
    assert len({row.tobytes() for row in ours}) == len(images)  # it looks at the images


def test_other_channels_or_another_normalisation_would_be_seen(checkpoint, images):
    by_hand = np.stack([checkpoint.logits(image) for image in images])
    turned = [Image.fromarray(np.asarray(image)[:, :, ::-1]) for image in images]
    if not checkpoint.name.startswith("python:"):
        assert np.abs(answers(checkpoint, turned) - by_hand).max() > 1e-3
    if checkpoint.name.startswith(("torch:", "onnx:", "torchvision:")):
        other = checkpoint._replace(choices=checkpoint.choices | {"normalize": "none"})
        assert np.abs(answers(other, images) - by_hand).max() > 1e-3


def test_what_is_known_of_a_model_is_told(checkpoint):
    model = load_model(checkpoint.name, DATASET, **checkpoint.choices)
    assert bool(model.logits) == (not checkpoint.name.startswith("python:"))
    facts = model.facts
    assert facts.preprocessing and facts.classes
    if not checkpoint.name.startswith("python:"):
        assert len(facts.weights) == 16 and facts.versions
        assert facts == load_model(checkpoint.name, DATASET, **checkpoint.choices).facts
    if checkpoint.name.startswith(("open_clip:", "clip:")):
        assert "captions.json, version 7" in facts.classes


@pytest.mark.parametrize(
    ("name", "how", "words"),
    [
        ("tim:resnet50", {}, "no kind of model 'tim'; did you mean 'timm'"),
        ("timm:", {}, "something must follow the colon"),
        ("torch:/no/such.pt", {}, "There is no file /no/such.pt"),
        ("torch:~no-one/such.pt", {}, "There is no file .*~no-one/such.pt"),
        ("python:~no-one/such.py:f", {}, "There is no file .*~no-one/such.py"),
        ("python:no_such_module:f", {}, "There is no module 'no_such_module'"),
        ("python:os.path:no_such", {}, "has no function 'no_such'"),
        ("python:os", {}, "should be python:MODULE:FUNCTION"),
        ("probe:hf:x", {}, "heads are trained"),
        ("hf:x", {"prompts": "p.json"}, "not asked by captions"),
        ("hf:x", {"weights": "w.pt"}, "brings its weights"),
        ("hf:x", {"normalize": "imagnet"}, "did you mean 'imagenet'"),
        ("hf:x", {"device": "tpu9"}, "no device 'tpu9'"),
    ],
)
def test_a_wrong_name_gets_one_sentence(name, how, words):
    if name == "hf:x":
        pytest.importorskip("transformers")
    with pytest.raises(ModelError, match=words) as told:
        load_model(name, DATASET, **how)
    assert "\n" not in str(told.value)


def test_names():
    for text, kind, rest, probe in (
        ("timm:resnet50", "timm", "resnet50", False),
        ("probe:timm:hf-hub:a/b", "timm", "hf-hub:a/b", True),
        ("open_clip:ViT-B-32/openai", "open_clip", "ViT-B-32/openai", False),
        ("somebody/some-vit", "hf", "somebody/some-vit", False),
    ):
        parsed = ModelName.parse(text)
        assert (parsed.kind, parsed.rest, parsed.probe) == (kind, rest, probe)


class Mischief:
    def __reduce__(self):
        return (print, ("code of a file was run",))


@pytest.mark.parametrize("kind", ["timm:test_resnet", "torchvision:squeezenet1_1"])
def test_no_code_in_a_file_of_weights_is_run(kind, tmp_path, capfd):
    if WITHOUT_TORCHVISION:
        pytest.skip("needs a torchvision that fits torch")
    pytest.importorskip(kind.split(":", maxsplit=1)[0])
    torch.save({"state_dict": Mischief()}, tmp_path / "weights.pt")
    with pytest.raises(ModelError, match="holds no plain tensors"):
        load_model(kind, DATASET, weights=tmp_path / "weights.pt")
    assert "code of a file" not in capfd.readouterr().out


def test_weights_of_another_network_are_told_apart(tmp_path):
    if WITHOUT_TORCHVISION:
        pytest.skip("needs a torchvision that fits torch")
    timm = pytest.importorskip("timm")
    torch.save(timm.create_model("test_resnet", num_classes=9).state_dict(), tmp_path / "nine.pt")
    with pytest.raises(ModelError, match=r"weights of another network.*9"):
        load_model("timm:test_resnet", DATASET, weights=tmp_path / "nine.pt")
    with pytest.raises(ModelError, match="has no weights for these 8 classes"):
        load_model("timm:test_resnet", DATASET)


def test_a_network_of_other_classes_is_refused(tmp_path):
    from support.checkpoints import network

    torch.jit.trace(network(9), torch.zeros(2, 3, 224, 224)).save(str(tmp_path / "nine.pt"))
    with pytest.raises(ModelError, match="gives 9 numbers an image, and bloodmnist has 8"):
        load_model(f"torch:{tmp_path}/nine.pt", DATASET)


def test_one_output_for_two_classes_is_the_logit_of_yes(tmp_path, images):
    from support.checkpoints import by, network

    made = network(1)
    torch.jit.trace(made, torch.zeros(2, 3, 224, 224)).save(str(tmp_path / "one.pt"))
    model = load_model(f"torch:{tmp_path}/one.pt", "breastmnist")
    given = model.predict(model.transform(images[0])[None])
    alone = by(made, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(images[0])
    assert np.array_equal(given[0], [0, alone[0]])


def test_a_batch_that_does_not_fit_is_halved_and_told():
    from medmnist_c.models.torch_module import TorchFunction

    asked = []

    def network(batch):
        asked.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return batch.sum(dim=(1, 2, 3))[:, None]

    function = TorchFunction(network, "cpu")
    batch = np.random.default_rng(0).random((10, 3, 4, 4), np.float32)
    with pytest.warns(UserWarning, match="10 images do not fit the memory of cpu; 5 at a time"):
        given = function(batch)
    assert np.allclose(given[:, 0], batch.sum(axis=(1, 2, 3)))
    assert asked[:3] == [10, 5, 2] and set(asked[2:]) <= {1, 2}
    asked.clear()
    function(batch)
    assert max(asked) == 2  # it is remembered


@pytest.mark.parametrize("dataset", ["chestmnist", "breastmnist", "retinamnist", "tissuemnist"])
def test_there_are_prompts_for_every_dataset(dataset):
    from medmnist_c.builder.dataset_info import dataset_info
    from medmnist_c.models.zero_shot.prompts import prompts_for

    info = dataset_info(dataset)
    prompts = prompts_for(info)
    assert len(prompts.captions) == len(info.labels) * (1 + info.multi_label)
    assert len(set(prompts.captions)) == len(prompts.captions)
    assert prompts.version == "version 1"
    for file in ("none.json", "~no-one/none.json", "~\0"):
        with pytest.raises(ModelError, match="Cannot read"):
            prompts_for(info, file)
