"""Compare first, middle and last images with the release's program at the official counts.

    python tools/reference/compare_at_real_counts.py --peer-python peer/bin/python FOLDER

FOLDER holds bloodmnist_224.npz and organamnist_224.npz with all their test images. The peer draws
through whole test sets in the release's order with its own generators; of most images only the draws,
so that this takes minutes and not hours. `tools/reference/peer.py` says how to set it up.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np
from peer import reference_masks

from medmnist_c.builder.configs import find_config
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.stain_masks import REFERENCE_FILE

WANTED = {
    "bloodmnist": {
        "motion_blur": (1, 5),
        "stain_deposit": (1, 5),
        "bubble": (1, 5),
    },
    "organamnist": {
        "gaussian_noise": (1, 5),
        "speckle_noise": (1, 5),
        "impulse_noise": (1, 5),
        "shot_noise": (1, 2),
    },
}

_PEER = """
import json, random, sys
import numpy as np
from PIL import Image
from medmnistc.corruptions.registry import CORRUPTIONS_DS, DATASET_RGB
from medmnistc.utils.utils import seed_everything

path, dataset, wanted, output = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
with np.load(path) as file:
    images = file["test_images"]
count, shape = len(images), (224, 224, 3)
rng = seed_everything(0)
made = {}
for name, corruptor in CORRUPTIONS_DS[dataset].items():
    if name not in wanted:
        continue  # draws nothing, or from a stream of its own that ends here
    corruptor.rng = rng
    for severity in range(1, max(wanted[name]) + 1) if name == "shot_noise" else range(1, 6):
        for index in range(count):
            image = Image.fromarray(images[index]).convert("RGB")
            if severity in wanted[name] and index in (0, count // 2, count - 1):
                image = corruptor.apply(image, severity - 1)
                if not DATASET_RGB[dataset]:
                    image = np.array(Image.fromarray(image).convert("L"))
                made[f"{name}/{severity}/{index}"] = image
            elif name in ("gaussian_noise", "speckle_noise"):
                np.random.normal(size=shape, scale=0.1)
            elif name == "shot_noise":
                np.random.poisson(np.array(image) / 255.0 * corruptor.severity_params[severity - 1])
            elif name == "impulse_noise":
                rng.random(shape), rng.random(shape)
            elif name == "motion_blur":
                np.random.uniform(-45, 45)
            else:
                corruptor.apply(image, severity - 1)
np.savez(output, **made)
"""


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(peer_python: str, folder: Path) -> None:
    different = total = 0
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as temporary:
        clean, cache = Path(temporary) / "clean", Path(temporary) / "cache"
        clean.mkdir()
        shutil.copy(reference_masks(peer_python), clean / REFERENCE_FILE)
        for dataset, wanted in WANTED.items():
            file = folder.absolute() / f"{dataset}_224.npz"
            (clean / file.name).symlink_to(file)
            output = Path(temporary) / f"{dataset}.npz"
            arguments = [str(file), dataset, json.dumps(wanted), str(output)]
            subprocess.run([peer_python, "-c", _PEER, *arguments], check=True)
            with np.load(output) as theirs:
                for key in theirs.files:
                    corruption, severity, index = key.split("/")
                    one = find_config(dataset, corruption, int(severity))
                    ours = (
                        TestSetSpec(one, ImageSource(data_dir=clean)).open(cache).image(int(index))
                    )
                    wrong = int(np.count_nonzero(ours != theirs[key]))
                    verdict = "equal" if wrong == 0 else f"{wrong} values differ"
                    print(f"{one.name:32} image {int(index):>6,}  {verdict}", flush=True)
                    different += wrong > 0
                    total += 1
    print(f"{total - different} of {total} images equal")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
