"""Tiny checkpoints with random weights, of each kind of model, and the loop one would write by hand.

Each maker puts a checkpoint into a folder and returns its name, the choices it needs, and a function
from one PIL image to its logits that uses the library alone.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from medmnist_c.builder.dataset_info import dataset_info


class Checkpoint(NamedTuple):
    name: str
    choices: dict[str, Any]
    logits: Callable[[Image.Image], np.ndarray]


DATASET = "bloodmnist"
LABELS = dataset_info(DATASET).labels
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def network(outputs: int = len(LABELS)) -> Any:
    """Tells channels and places apart: what is normalised or ordered otherwise gives other numbers."""
    import torch
    from torch import nn

    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, 4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(24, outputs),
    ).eval()


def normalised(image: Image.Image, mean: list[float], std: list[float]) -> Any:
    import torch

    levels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 255
    return (levels - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]


def by(function: Callable[[Any], Any], mean: list[float], std: list[float]) -> Any:
    """The loop for a network of torch."""

    def logits(image: Image.Image) -> np.ndarray:
        import torch

        with torch.inference_mode():
            return function(normalised(image, mean, std)[None])[0].numpy()

    return logits


def timm(folder: Path) -> Checkpoint:
    import torch

    library = pytest.importorskip("timm")
    torch.manual_seed(1)
    made = library.create_model("test_resnet", num_classes=len(LABELS)).eval()
    torch.save({"state_dict": made.state_dict()}, folder / "weights.pt")
    config = made.pretrained_cfg
    return Checkpoint(
        "timm:test_resnet",
        {"weights": folder / "weights.pt"},
        by(made, list(config["mean"]), list(config["std"])),
    )


def torchvision(folder: Path) -> Checkpoint:
    import torch

    library = pytest.importorskip("torchvision.models")
    torch.manual_seed(1)
    made = library.squeezenet1_1(num_classes=len(LABELS)).eval()
    torch.save(made.state_dict(), folder / "weights.pt")
    return Checkpoint(
        "torchvision:squeezenet1_1", {"weights": folder / "weights.pt"}, by(made, *IMAGENET)
    )


def torch_script(folder: Path) -> Checkpoint:
    import torch

    made = network()
    torch.jit.trace(made, torch.zeros(2, 3, 224, 224)).save(str(folder / "model.pt"))
    return Checkpoint(f"torch:{folder}/model.pt", {}, by(made, *IMAGENET))


def torch_export(folder: Path) -> Checkpoint:
    import torch

    made = network()
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(made, (torch.zeros(2, 3, 224, 224),), dynamic_shapes=shapes)
    torch.export.save(program, folder / "model.pt2")
    half = ([0.5] * 3, [0.5] * 3)
    return Checkpoint(f"torch:{folder}/model.pt2", {"normalize": "half"}, by(made, *half))


def onnx(folder: Path) -> Checkpoint:
    import torch

    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    path = folder / "model.onnx"
    shapes = ({0: torch.export.Dim("batch")},)
    example = (torch.zeros(2, 3, 224, 224),)
    torch.onnx.export(network(), example, path, dynamic_shapes=shapes, dynamo=True, verbose=False)
    session = runtime.InferenceSession(str(path))

    def logits(image: Image.Image) -> np.ndarray:
        batch = normalised(image, *IMAGENET)[None].numpy()
        return session.run(None, {session.get_inputs()[0].name: batch})[0][0]

    return Checkpoint(f"onnx:{path}", {}, logits)


def hf(folder: Path) -> Checkpoint:
    import torch

    library = pytest.importorskip("transformers")
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 16, "image_size": 32, "patch_size": 16}
    config = library.ViTConfig(**sizes, id2label=dict(enumerate(reversed(LABELS))))
    made = library.ViTForImageClassification(config).eval()
    made.save_pretrained(folder)
    library.ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    processor = library.AutoImageProcessor.from_pretrained(folder)
    loaded = library.AutoModelForImageClassification.from_pretrained(folder).eval()

    def logits(image: Image.Image) -> np.ndarray:
        inputs = processor(images=[image.convert("RGB")], return_tensors="pt")
        pixels = inputs["pixel_values"].contiguous()  # in channels-last order the last bits differ
        with torch.inference_mode():
            return loaded(pixels).logits[0].numpy()[::-1]  # its labels are in the other order

    return Checkpoint(f"hf:{folder}", {}, logits)


def python(folder: Path) -> Checkpoint:
    (folder / "mine.py").write_text(
        "import numpy as np\n\n"
        "def model(dataset):\n"
        "    def predict(images):\n"
        "        means = images.reshape(len(images), -1).mean(axis=1, dtype=np.float32) / 255\n"
        "        return np.stack([means / 8] * 7 + [1 - 7 * means / 8], axis=1)\n"
        "    return predict\n"
    )

    def scores(image: Image.Image) -> np.ndarray:
        mean = np.asarray(image).reshape(-1).mean(dtype=np.float32) / 255
        return np.stack([mean / 8] * 7 + [1 - 7 * mean / 8])

    return Checkpoint(f"python:{folder}/mine.py:model", {}, scores)


CAPTIONS = {
    "version": "7",
    "templates": {"blood": ["a {}", "one {}"]},
    "datasets": {DATASET: {"modality": "blood", "classes": [[name[:12]] for name in LABELS]}},
}


def clip_logits(images: np.ndarray, texts: list[np.ndarray], scale: float) -> np.ndarray:
    """Section 3.1 of the CLIP paper, in float64: `texts` are the features of each class's captions."""

    def unit(vectors: np.ndarray) -> np.ndarray:
        return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)

    classes = unit(np.stack([unit(one.astype(float)).mean(axis=0) for one in texts]))
    return scale * unit(images.astype(float)) @ classes.T


def captions() -> list[list[str]]:
    return [[f"a {name[:12]}", f"one {name[:12]}"] for name in LABELS]


def open_clip(folder: Path) -> Checkpoint:
    import torch

    library = pytest.importorskip("open_clip")
    tower = {"image_size": 32, "layers": 1, "width": 32, "patch_size": 16, "head_width": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
    config = {"embed_dim": 16, "vision_cfg": tower, "text_cfg": text}
    (folder / "tiny-open-clip.json").write_text(json.dumps(config))
    (folder / "captions.json").write_text(json.dumps(CAPTIONS))
    library.add_model_config(folder)
    torch.manual_seed(1)
    made, _, transform = library.create_model_and_transforms("tiny-open-clip")
    made.eval()
    torch.save(made.state_dict(), folder / "weights.pt")
    tokenizer = library.get_tokenizer("tiny-open-clip")

    def logits(image: Image.Image) -> np.ndarray:
        with torch.inference_mode():
            seen = made.encode_image(transform(image.convert("RGB"))[None]).numpy()
            texts = [made.encode_text(tokenizer(part)).numpy() for part in captions()]
        return clip_logits(seen, texts, float(made.logit_scale.exp()))[0]

    name = f"open_clip:tiny-open-clip/{folder}/weights.pt"
    return Checkpoint(name, {"prompts": folder / "captions.json"}, logits)


def clip(folder: Path) -> Checkpoint:
    import torch

    library = pytest.importorskip("transformers")
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2}
    config = library.CLIPConfig(
        text_config=small | {"vocab_size": 200, "bos_token_id": 1, "eos_token_id": 2},
        vision_config=small | {"image_size": 32, "patch_size": 16},
        projection_dim=8,
    )
    torch.manual_seed(1)
    made = library.CLIPModel(config).eval()
    made.save_pretrained(folder)
    tokenizer = tokenizer_of(folder)
    images = library.CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    library.CLIPProcessor(images, tokenizer).save_pretrained(folder)
    (folder / "captions.json").write_text(json.dumps(CAPTIONS))
    images = library.AutoProcessor.from_pretrained(folder).image_processor

    def pooled(given: Any) -> np.ndarray:
        return getattr(given, "pooler_output", given).numpy()

    def logits(image: Image.Image) -> np.ndarray:
        pixels = images(images=[image.convert("RGB")], return_tensors="pt")
        with torch.inference_mode():
            seen = pooled(made.get_image_features(**pixels))
            texts = [
                pooled(made.get_text_features(**tokenizer(part, padding=True, return_tensors="pt")))
                for part in captions()
            ]
        return clip_logits(seen, texts, float(made.logit_scale.exp()))[0]

    return Checkpoint(f"clip:{folder}", {"prompts": folder / "captions.json"}, logits)


def tokenizer_of(folder: Path) -> Any:
    """A tokenizer of letters."""
    import string

    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["[PAD]", "[BOS]", "[EOS]", "[UNK]", *string.printable]
    vocabulary = {word: number for number, word in enumerate(words)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    inner.post_processor = processors.TemplateProcessing(
        single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 1), ("[EOS]", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        bos_token="[BOS]",
        eos_token="[EOS]",
        unk_token="[UNK]",
    )


EXACT = {
    "timm": timm,
    "torchvision": torchvision,
    "torch script": torch_script,
    "torch.export": torch_export,
    "onnx": onnx,
    "hf": hf,
    "python": python,
}
CLOSE = {"open_clip": open_clip, "clip": clip}
"""Zero-shot: the loop by hand is in float64."""
