"""The digests of the 655 test sets on the sample, and the version of the images they belong to.

The changelog states what they come to, under "Images N": a version's digests cannot change unseen.
"""

import hashlib
import json
import re
from pathlib import Path


def read_digests(path: Path) -> tuple[str, dict[str, str]]:
    """The version of the images, and the SHA-256 of each test set's images by its name."""
    content = json.loads(path.read_text("utf-8"))
    return content["images_version"], content["sha256"]


def write_digests(path: Path, version: str, digests: dict[str, str]) -> None:
    """Write digests, unless others are there of the same version.

    Raises:
        ValueError: they are not those of the version.
    """
    if path.exists():
        known_version, known = read_digests(path)
        changed = [name for name, digest in digests.items() if known.get(name, digest) != digest]
        if known_version == version and changed:
            raise ValueError(
                f"{len(changed)} test sets ({', '.join(changed[:3])}, ...) are not those of images "
                f"version {version}; raise IMAGES_VERSION in builder/versions.py, or mend the change."
            )
    content = {"images_version": version, "sha256": digests}
    path.write_text(json.dumps(content, indent=0) + "\n", "utf-8")


def fingerprint(digests: dict[str, str]) -> str:
    """16 hex digits over all digests, as the changelog states them."""
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()[:16]


def stated_fingerprint(changelog: str, version: str) -> str | None:
    """What the changelog says of a version's digests; None if it has no entry for it."""
    entry = re.search(
        rf"^## Images {re.escape(version)}\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    found = entry and re.search(r"Digests: `([0-9a-f]{16})`", entry[1])
    return found[1] if found else None
