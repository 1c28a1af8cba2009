"""Compare npz files with those that the release's own program writes, array by array.

    python tools/reference/compare_npz.py --peer-python peer/bin/python [--count N] FOLDER DATASET ...

FOLDER holds the clean MedMNIST+ files `{dataset}_224.npz`. Whole arrays are compared, dtype, shape and
order included, by the SHA-256 of what `numpy.save` writes of them: the peer digests where it would write
its files, which keeps gigabytes off the disk. `--peer-digests FILE` keeps the peer's digests, or takes
them from there where the file exists. `tools/reference/peer.py` says how to set the peer up.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import click
import numpy as np
from peer import reference_masks

from medmnist_c.builder.npz.build import build_npz
from medmnist_c.corruptions.stain_masks import REFERENCE_FILE
from medmnist_c.corruptions.table import CORRUPTIONS

_PROGRAM = """
import hashlib, json, os, sys
import numpy as np
import medmnistc
from medmnistc.corruptions.base import BaseCorruption

clean, output, *names = sys.argv[1:]
found = {}

class Hashed:
    def __init__(self):
        self.sha256 = hashlib.sha256()
    def write(self, data):
        self.sha256.update(data)
        return len(data)

def digest(path, **arrays):
    key = "/".join(os.fspath(path).removesuffix(".npz").split(os.sep)[-2:])
    found[key] = {}
    for name, array in arrays.items():
        hashed = Hashed()
        np.lib.format.write_array(hashed, np.asanyarray(array), allow_pickle=False)
        found[key][name] = hashed.sha256.hexdigest()
    json.dump(found, open(output, "w"), indent=1)

# Its own masks, read once in place of once an image.
masks = dict(np.load(os.path.join(medmnistc.__path__[0], "assets", "inks.npz")))
BaseCorruption.inks = property(lambda self: masks)
np.savez_compressed = digest
from medmnistc.dataset_manager import DatasetManager
for name in names:
    DatasetManager(clean, os.path.dirname(output)).create_dataset(name)
"""


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.option("--count", type=int, help="Take so many test images only.")
@click.option("--peer-digests", type=click.Path(path_type=Path), help="Keep the peer's digests.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("dataset", nargs=-1, required=True, type=click.Choice(list(CORRUPTIONS)))
def main(
    peer_python: str, count: int | None, peer_digests: Path | None, folder: Path, dataset: tuple
) -> None:
    different = total = 0
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as temporary:
        clean, made = Path(temporary) / "clean", Path(temporary) / "made"
        clean.mkdir()
        (clean / REFERENCE_FILE).write_bytes(reference_masks(peer_python).read_bytes())
        for name in dataset:
            _take(folder.absolute() / f"{name}_224.npz", clean, count)
        theirs = _peers(peer_python, clean, dataset, peer_digests)
        for name in dataset:
            for corruption in CORRUPTIONS[name]:
                build_npz(f"{name}_{corruption}_*", made, data_dir=clean, cache_dir=temporary)
                path = made / name / f"{corruption}.npz"
                ours = _digests(path)
                size = path.stat().st_size
                path.unlink()
                for array, expected in theirs[f"{name}/{corruption}"].items():
                    equal = ours[array] == expected
                    verdict = "equal" if equal else "DIFFERENT"
                    print(
                        f"{name}/{corruption}.npz ({size / 1e6:,.1f} MB) {array}  {verdict}",
                        flush=True,
                    )
                    different += not equal
                    total += 1
    print(f"{total - different} of {total} arrays equal")
    sys.exit(different > 0)


def _take(file: Path, clean: Path, count: int | None) -> None:
    if count is None:
        (clean / file.name).symlink_to(file)
        return
    with np.load(file) as arrays:
        images, labels = arrays["test_images"][:count], arrays["test_labels"][:count]
    splits = {"train": 0, "val": 0, "test": count}
    parts = {f"{split}_images": images[:n] for split, n in splits.items()}
    parts |= {f"{split}_labels": labels[:n] for split, n in splits.items()}
    np.savez_compressed(clean / file.name, **parts)


def _peers(peer_python: str, clean: Path, names: tuple, keep: Path | None) -> dict:
    output = (keep or clean / "found.json").absolute()
    if not output.exists():
        command = [peer_python, "-c", _PROGRAM, str(clean), str(output), *names]
        subprocess.run(command, check=True, capture_output=True)
    return json.loads(output.read_text())


def _digests(path: Path) -> dict[str, str]:
    """Of each array as `numpy.save` would write it, read in pieces."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                found[member.removesuffix(".npy")] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


if __name__ == "__main__":
    main()
