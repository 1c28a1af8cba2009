"""Build a folder half on this machine, half on an emulated ARM one; print what comes of it.

    python tools/reference/mixed_folder.py FOLDER [CONFIG ...]

FOLDER is that of `platforms.py`, whose ARM machine is used (and made, if it is not there). Each machine
builds the test sets of the sample, two images a shard. A new folder gets every other shard from each,
with the manifests of this machine, as if half of it had been copied from there. Then `build` goes over
it, `verify` looks at it, and `load_dataset` reads it in a process that cannot import medmnist_c. Last,
the ARM machine goes on with a build that this one has begun. Exits with 1 if anything is not as it
should be.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from platforms import ARM

PROGRAM = """
import multiprocessing, sys
if len(sys.argv) > 4:  # how a process of an emulated machine starts another
    multiprocessing.set_executable(sys.argv[4])
from medmnist_c.builder.parquet import shards
from medmnist_c.builder.parquet.build import build
from medmnist_c.verification import verify
shards.IMAGES_A_SHARD = 2
what, names, folder = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
if what == "build":
    done = build(names, folder, sample=True, num_proc=1)
    print(len(done.made), len(done.kept))
else:
    found = list(verify(names, folder=folder, sample=True, num_proc=1))
    print(sum(one.equal for one in found), sum("other bytes" in one.why for one in found))
"""
READ = """
import hashlib, json, sys
sys.modules["medmnist_c"] = None
import numpy as np
from datasets import load_dataset
found = {}
for name in sys.argv[2].split(","):
    digest = hashlib.sha256()
    for row in load_dataset(sys.argv[1], name, split="test"):
        digest.update(repr((row["index"], row["label"])).encode())
        digest.update(np.asarray(row["image"]).tobytes())
    found[name] = digest.hexdigest()
print(json.dumps(found))
"""
LIMIT_S = 7200


@dataclass(frozen=True)
class Machine:
    """How Python is started on it, with a cache of its own."""

    python: list[str]
    cache: Path
    environment: dict[str, str] = field(default_factory=dict)
    executable: list[str] = field(default_factory=list)

    def run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [*self.python, "-c", program, *arguments, *self.executable],
            env=os.environ | {"HF_HOME": str(self.cache)} | self.environment,
            cwd="/",  # where no module has our name
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=LIMIT_S,
        )
        return done.stdout.strip().splitlines()[-1]

    def build(self, names: Iterable[str], folder: Path) -> str:
        """How many test sets were made and how many kept."""
        return self.run(PROGRAM, "build", ",".join(names), str(folder))

    def verify(self, names: Iterable[str], folder: Path) -> str:
        """How many test sets are equal, and how many of these have other bytes."""
        return self.run(PROGRAM, "verify", ",".join(names), str(folder))


def arm(machines: Path, work: Path) -> Machine:
    """The emulated machine; a script starts its Python, since the kernel does not know that."""
    home = machines / f"{ARM.architecture}-{ARM.python}"
    ARM.make(home)
    script = work / "python"
    script.write_text(f'#!/bin/sh\nexec {" ".join(ARM.command(home))} "$@"\n')
    script.chmod(0o755)
    return Machine([str(script)], work / "cache_arm", ARM.environment(home), [str(script)])


def mix(here: Path, there: Path, mixed: Path) -> tuple[int, int]:
    """A copy of `here` with every other shard from `there`; how many shards, and how many differ."""
    shutil.copytree(here, mixed)
    shards = sorted(mixed.rglob("test-*.parquet"))
    for shard in shards[1::2]:
        shutil.copyfile(there / shard.relative_to(mixed), shard)
    return len(shards), sum(
        sha256(shard) != sha256(here / shard.relative_to(mixed)) for shard in shards
    )


def interrupt(folder: Path) -> None:
    """As if a build had been killed: every other shard and the manifests are not there yet."""
    for path in folder.rglob("made.json"):
        known = json.loads(path.read_text("utf-8"))
        path.unlink()
        for shard in known["shards"][::2]:
            marker = path.with_name(f"{shard['name']}.json")
            marker.write_text(json.dumps({"identity": known["identity"], "shard": shard}))
        for shard in known["shards"][1::2]:
            path.with_name(shard["name"]).unlink()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("machines", type=Path, help="the folder of platforms.py")
    parser.add_argument("config", nargs="*", default=["*_clean", "*_3"], help="test sets")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return trial(arguments.machines.resolve(), arguments.config, Path(folder))


def trial(machines: Path, patterns: list[str], work: Path) -> int:
    from medmnist_c.builder.configs import select

    names = [one.name for one in select(patterns)]
    count, failed = len(names), []
    here, there = Machine([sys.executable], work / "cache_here"), arm(machines, work)

    def show(what: str, came_of_it: str, right: Callable[[str], bool] | str) -> None:
        good = came_of_it == right if isinstance(right, str) else right(came_of_it)
        print(f"| {what} | {came_of_it} | {'as it should be' if good else 'WRONG'} |", flush=True)
        failed.extend([] if good else [what])

    print("| step | outcome | |\n|---|---|---|")
    all_made, all_kept = f"{count} 0", f"0 {count}"
    x86, aarch64, mixed, begun = (work / name for name in ("x86", "arm", "mixed", "begun"))
    show("`build` on x86-64: made, kept", here.build(names, x86), all_made)
    show("`build` on ARM: made, kept", there.build(names, aarch64), all_made)
    shards, different = mix(x86, aarch64, mixed)
    show(f"bytes of {shards} shards, half from each, that differ", f"{different}", str.isdigit)
    equal = here.verify(names, mixed)
    show(
        "`verify` on x86-64: equal, of these with other bytes",
        equal,
        lambda found: found.split()[0] == str(count),
    )
    show("`build` over it on x86-64: made, kept", here.build(names, mixed), all_kept)
    show("`build` over it on ARM: made, kept", there.build(names, mixed), all_kept)
    show(
        "`verify` on ARM: equal, of these with other bytes",
        there.verify(names, mixed),
        lambda found: found.split()[0] == str(count),
    )
    read = [here.run(READ, str(one), ",".join(names)) for one in (mixed, x86)]
    show(
        "`load_dataset` without medmnist_c reads the same as from the folder of x86-64",
        "yes" if read[0] == read[1] else "no",
        "yes",
    )
    shutil.copytree(x86, begun)
    interrupt(begun)
    kept = {path: sha256(path) for path in begun.rglob("test-*.parquet")}
    show(
        "`build` begun on x86-64, finished on ARM: made, kept", there.build(names, begun), all_made
    )
    unchanged = sum(sha256(path) == known for path, known in kept.items())
    show(f"of its {len(kept)} shards from x86-64 kept", f"{unchanged}", f"{len(kept)}")
    show("`build` over it on x86-64: made, kept", here.build(names, begun), all_kept)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
