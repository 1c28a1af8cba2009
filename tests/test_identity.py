"""What identifies images is their declared version: not how the source is written.

The package is copied, its source edited, and used by processes of its own.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hub.process import Hub, running_hub

REPOSITORY = Path(__file__).parent.parent
LEFT_OUT = {"build", "dist", "site", "docs", "examples", "benchmarks", "trials", "__pycache__"}

USE = """
import json, sys
from pathlib import Path
import datasets
import medmnist_c
from medmnist_c.builder.versions import VERSION
from medmnist_c.builder.configs import select
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.publishing.planning.dry_run import dry_run
from medmnist_c.publishing.hub.repository import Target

work, names = Path(sys.argv[1]), ["breastmnist_clean", "breastmnist_pixelate_1"]
calls = []

def predict(images):
    calls.append(len(images))
    return [[0.5, 0.5]] * len(images)

predict.fingerprint = "weights 1"  # otherwise it is asked about the first images each time

def scored():
    try:
        medmnist_c.evaluate(
            predict, "breastmnist", corruptions="pixelate", severities=1, sample=True,
            predictions=work / "predictions",
        )
    except PredictionError as error:
        return str(error)
    return len(calls)

prepared = datasets.load_dataset(
    "medmnist_c", names[1], sample=True, split="test", cache_dir=str(work / "cache")
)
specs = [TestSetSpec(config, ImageSource(sample=True)) for config in select(names)]
repo = "tester/identity"
to_do = dry_run(specs, Target(repo)).make
medmnist_c.push(repo, names, sample=True, num_proc=1, replace=True)
print(json.dumps({
    "package": medmnist_c.__file__,
    "cache": prepared.cache_files[0]["filename"],
    "first pixel": prepared[0]["image"].getpixel((0, 0)),
    "built": medmnist_c.build(names, work / "built", sample=True, num_proc=1).made,
    "pushed": to_do,
    "scored": scored(),
}))
"""
ALL = ["breastmnist_clean", "breastmnist_pixelate_1"]


@dataclass
class Copy:
    """A copy of the package, and a folder and a Hub that it works in."""

    root: Path
    hub: Hub

    @property
    def package(self) -> Path:
        return self.root / "medmnist_c"

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        text = (self.package / path).read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.package / path).write_text(text, "utf-8")

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        environment = self.hub.environment(self.root) | {"PYTHONPATH": str(self.root)}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd or self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def use(self) -> dict:
        done = self.run("-c", USE, str(self.root / "work"))
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        assert told.pop("package") == str(self.package / "__init__.py")
        return told


@pytest.fixture
def copy(tmp_path) -> Iterator[Copy]:
    def others(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name.startswith(".") or name in LEFT_OUT}

    shutil.copytree(REPOSITORY, tmp_path / "medmnist_c", ignore=others)
    with running_hub(tmp_path / "hub") as hub:
        yield Copy(tmp_path, hub)


def comment(copy: Copy) -> None:
    copy.edit("corruptions/digital.py", ("def pixelate(", "# A comment.\ndef pixelate("))


def rename(copy: Copy) -> None:
    folder = copy.package / "corruptions"
    (folder / "digital.py").rename(folder / "compression.py")
    copy.edit(
        "corruptions/registry.py",
        ("artefacts, blur, color, digital, noise", "artefacts, blur, color, compression, noise"),
        ("digital.", "compression."),
    )


def reformat(copy: Copy) -> None:
    for path in (copy.package / "corruptions").rglob("*.py"):
        path.write_text(ast.unparse(ast.parse(path.read_text("utf-8"))), "utf-8")


def change_a_pixel(copy: Copy) -> None:
    with (copy.package / "corruptions" / "digital.py").open("a") as file:
        file.write(
            "\n\n_pixelate = pixelate\n\n\ndef pixelate(image, factor):\n"
            "    changed = _pixelate(image, factor).copy()\n"
            "    changed.flat[0] ^= 1\n    return changed\n"
        )


@pytest.mark.long
def test_how_the_source_is_written_changes_nothing_that_is_kept(copy):
    first = copy.use()
    assert first["built"] == first["pushed"] == ALL and first["scored"] == 2
    kept = first | {"built": [], "pushed": [], "scored": 0}
    for edit in (comment, rename, reformat):
        edit(copy)
        assert copy.use() == kept, edit.__name__


def test_a_changed_pixel_needs_another_version_under_which_nothing_old_is_served(copy):
    def digests_agree() -> str:
        """The test of the digests, as the copy has it; what fails."""
        done = copy.run(
            *("-m", "pytest", "-n", "0", "--tb=no", "tests/corruptions/test_reference.py"),
            *("-k", "breastmnist and equals or declared_version"),
            cwd=copy.package,
        )
        return " ".join(sorted(set(re.findall(r"FAILED \S+::(\w+)", done.stdout))))

    first = copy.use()
    assert digests_agree() == ""
    change_a_pixel(copy)
    assert digests_agree() == "test_every_test_set_equals_the_reference"

    copy.edit("builder/versions.py", ('IMAGES_VERSION = "1"', 'IMAGES_VERSION = "2"'))
    second = copy.use()
    assert second["cache"] != first["cache"]
    assert second["first pixel"] == first["first pixel"] ^ 1
    assert second["built"] == second["pushed"] == ALL
    assert re.search("was made with .*images_version", second["scored"])
    assert digests_agree() == (
        "test_every_test_set_equals_the_reference test_the_digests_are_those_of_the_declared_version"
    )


assert os.environ["HF_HOME"]  # the tests must not see the machine's caches
