"""Pushes to the stand-in for the Hub, with test sets made beforehand where making is not the point."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub
import pytest
from hub.process import Hub

from medmnist_c.builder.arrow.images_digest import digest_of_file
from medmnist_c.builder.configs import select
from medmnist_c.builder.parquet.build import build
from medmnist_c.builder.parquet.scheduling import MANIFEST, Made
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing import push as pushing

NAMES = ("octmnist_clean", "breastmnist_clean", "breastmnist_pixelate_1")
HURRY = RetryPolicy(tries=4, first_s=0.0)


def make_store(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """Make test sets of the sample for `ready_made`."""
    build(select(names), folder, sample=True, num_proc=1)
    return folder


def ready_made(store: Path) -> Callable[..., Iterator[Made]]:
    """A `make_test_sets` that copies what it has made before, in the folder `store`."""

    def make_test_sets(
        specs: list[TestSetSpec], folder: Path, *, progress: Callable[[int], None], **_: object
    ) -> Iterator[Made]:
        for spec in specs:
            path = spec.config.folder
            manifest = json.loads((store / path / MANIFEST).read_text())
            shutil.copytree(store / path, folder / path, dirs_exist_ok=True)
            made = Made(spec, spec.identity(), [Shard(**one) for one in manifest["shards"]])
            progress(sum(shard.rows for shard in made.shards))
            yield made

    return make_test_sets


def aim_at(hub: Hub, store: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pushes in this process go to the stand-in, with test sets from the store.

    Nobody sleeps, neither we nor the clients; returned is the list of the seconds they would have.
    """
    hub.mend()
    hub.forget_requests()
    slept = []
    for name, value in (
        ("ENDPOINT", hub.url),
        ("HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"),
        ("HF_HUB_DISABLE_XET", True),
    ):
        monkeypatch.setattr(huggingface_hub.constants, name, value)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(pushing, "make_test_sets", ready_made(store))
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def content(hub: Hub, repo: str, revision: str = "main") -> dict[str, str]:
    """SHA-256 of each file in a repository, but of the card, which names the repository."""
    files = hub.repository(repo, revision)["files"]
    return {path: file["sha256"] for path, file in files.items() if path != "README.md"}


def titles(hub: Hub, repo: str, revision: str = "main") -> list[str]:
    """Of the commits after the one that made the repository."""
    return [commit["title"] for commit in hub.repository(repo, revision)["commits"]][1:]


def restate(shard: Path) -> None:
    """Have the folder's `made.json` say what a rewritten shard is."""
    path = shard.with_name("made.json")
    manifest = json.loads(path.read_text())
    (stated,) = manifest["shards"]
    with shard.open("rb") as file:
        stated["images_digest"] = digest_of_file(file)
    stated["bytes"] = shard.stat().st_size
    stated["sha256"] = hashlib.sha256(shard.read_bytes()).hexdigest()
    path.write_text(json.dumps(manifest))
