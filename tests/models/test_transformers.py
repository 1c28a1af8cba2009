"""Checkpoints of transformers: labels, and scores from end to end."""

import sys
from pathlib import Path

import pytest

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.models.errors import ModelError
from medmnist_c.models.load import load_model


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Saves a tiny ViT with random weights and these labels."""
    torch = pytest.importorskip("torch")
    try:
        import torchvision  # noqa: F401
    except ImportError:
        pass
    except RuntimeError:  # built for another torch: transformers would trip over it
        sys.modules["torchvision"] = None
    transformers = pytest.importorskip("transformers")

    def save(labels: list[str] | None, count: int = 2) -> Path:
        folder = tmp_path_factory.mktemp("vit")
        torch.manual_seed(0)
        sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
        sizes |= {"intermediate_size": 16, "image_size": 32, "patch_size": 16}
        names = {"id2label": dict(enumerate(labels))} if labels else {"num_labels": count}
        config = transformers.ViTConfig(**sizes, **names)
        transformers.ViTForImageClassification(config).save_pretrained(folder)
        size = {"height": 32, "width": 32}
        transformers.ViTImageProcessorPil(size=size).save_pretrained(folder)
        return folder

    return save


def score_checkpoint(model: Path, output: Path, **how) -> RobustnessReport:
    return evaluate(
        load_model(f"hf:{model}", "breastmnist", **how),
        "breastmnist",
        sample=True,
        corruptions="pixelate",
        predictions=output,
        model_name="vit",
    )


def test_labels_of_a_checkpoint_are_matched_by_name(checkpoint, tmp_path):
    names = list(dataset_info("breastmnist").labels)
    straight = score_checkpoint(checkpoint(names), tmp_path / "a")
    turned = score_checkpoint(checkpoint([n.upper() for n in names[::-1]]), tmp_path / "b")
    unnamed = score_checkpoint(checkpoint(None), tmp_path / "c")
    assert straight.datasets == unnamed.datasets
    auc = [r.table("breastmnist", "auc")["pixelate", 3].value for r in (straight, turned)]
    assert auc[0] == pytest.approx(1 - auc[1])  # the same weights, the columns exchanged


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["cat", "dog"], r"\(cat, dog\) are not the 2 of breastmnist.*--labels order"),
        (["malignant", "benign", "other"], "it has 3, so it was not trained for this dataset"),
    ],
)
def test_labels_that_do_not_fit(checkpoint, labels, words, tmp_path):
    model = checkpoint(labels)
    with pytest.raises(ModelError, match=words):
        score_checkpoint(model, tmp_path)
    if len(labels) == 2:
        assert score_checkpoint(model, tmp_path, labels="order").name == "vit"


def test_a_model_that_is_not_there(checkpoint, tmp_path):
    with pytest.raises(ModelError, match=r"Cannot load .* as an image classifier"):
        score_checkpoint(tmp_path, tmp_path / "p")
