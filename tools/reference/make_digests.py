"""Make what the tests hold our images against, by running the release's own program on the sample.

    python tools/reference/make_digests.py --peer-python peer/bin/python

`tools/reference/peer.py` says how to set the peer up. Writes into `tests/reference/`:

* `digests.json`: the version of the images, and for each of the 655 test sets the SHA-256 of its
  images' bytes, one after the other, each image uint8 in C order; others are not written under the
  same version;
* `images.npz`: the first image of one test set for each algorithm, to look at when a digest
  differs.

The stain masks are the project's own: the release's are its authors' file.
"""

import hashlib
import tempfile
from pathlib import Path

import click
import numpy as np
from peer import make_release
from stored_digests import fingerprint, write_digests

from medmnist_c.builder.configs import CleanConfig, all_configs
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.corruptions.stain_masks import own_masks
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

TARGET = Path(__file__).resolve().parents[2] / "tests" / "reference"


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
def main(peer_python: str) -> None:
    digests, first_images = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        masks = Path(folder) / "masks.npz"
        own = own_masks()
        np.savez(masks, **{"3": own[24].astype(np.uint64), "4": own[32].astype(np.uint64)})
        make_release(peer_python, Path(SAMPLE_FOLDER), Path(folder), list(CORRUPTIONS), masks)
        for one in all_configs().values():
            if isinstance(one, CleanConfig):
                continue
            with np.load(Path(folder) / one.dataset / f"{one.corruption}.npz") as file:
                severities = np.split(file["test_images"], len(SEVERITIES))
            made = severities[one.severity - 1]
            digests[one.name] = hashlib.sha256(made.tobytes()).hexdigest()
            if one.severity == SEVERITIES[-1] and one.entry.algorithm.name not in {
                name.split(":")[0] for name in first_images
            }:
                first_images[f"{one.entry.algorithm.name}:{one.name}"] = made[0]
    TARGET.mkdir(exist_ok=True)
    try:
        write_digests(TARGET / "digests.json", IMAGES_VERSION, digests)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    np.savez_compressed(TARGET / "images.npz", **first_images)
    print(
        f"{len(digests)} digests, {len(first_images)} images; for CHANGELOG.md: "
        f"Digests: `{fingerprint(digests)}`"
    )


if __name__ == "__main__":
    main()
