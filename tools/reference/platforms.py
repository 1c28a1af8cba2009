"""Make emulated machines, and the 655 test sets on each of them; print a table of what is equal.

    python tools/reference/platforms.py FOLDER > docs/platforms.md

Needs Debian's packages qemu-user-static and debootstrap, for the C extension on ARM also
gcc-aarch64-linux-gnu and libc6-dev-arm64-cross; PyPI and a Debian mirror. A machine in FOLDER (1.5 GB)
is used again. Nothing needs root but debootstrap.

An emulated machine is the unpacked packages of a Debian, PyPI's wheels for it beside them, and QEMU's
user mode, which runs its Python as a program of this machine.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from sysconfig import get_path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    "_twister": "corruptions/random/legacy.c",
    "_cells": "corruptions/random/cells.c",
    "_sums": "corruptions/exact/sums.c",
}
DIGESTS = ROOT / "tools" / "reference" / "digests.py"
MIRROR = "http://deb.debian.org/debian"
SLOWEST_S = 3600

HEAD = """# The same bits on every machine

The digests of all 655 test sets of the sample, made by the reference's own program on x86-64, against
what each machine makes. Written by `python tools/reference/platforms.py`.

| machine | equal | with |
|---|---|---|"""


@dataclass(frozen=True)
class Emulated:
    """A machine that QEMU emulates: an architecture, a Debian and its Python."""

    architecture: str  # QEMU's name; also that of PyPI's wheels
    debian_architecture: str
    release: str
    python: str

    @property
    def qemu(self) -> str:
        return f"qemu-{self.architecture}-static"

    def make(self, folder: Path) -> None:
        """Unpack the Debian and the wheels into `folder`, where they are not there yet."""
        root, wheels = folder / "root", folder / "wheels"
        if not (root / "usr" / "bin" / f"python{self.python}").exists():
            shutil.rmtree(root, ignore_errors=True)
            script = "/usr/share/debootstrap/scripts/sid"  # the same for all releases
            options = ["--foreign", "--variant=minbase", "--no-check-gpg", "--include=python3"]
            options.append(f"--arch={self.debian_architecture}")
            run("debootstrap", *options, self.release, str(root), MIRROR, script)
            for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
                run("dpkg-deb", "-x", str(package), str(root))
        if not wheels.exists():
            options = ["--only-binary=:all:", f"--python-version={self.python}"]
            options += [
                f"--platform=manylinux{tag}_{self.architecture}"
                for tag in ("_2_28", "_2_27", "_2_17", "2014")
            ]
            unfinished = folder / "wheels.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            pip("install", "--quiet", *options, f"--target={unfinished}", *dependencies())
            # It asks for torch, which nobody imports.
            pip("install", "--quiet", "--no-deps", f"--target={unfinished}", "medmnist")
            unfinished.rename(wheels)
        self._install_package(folder / "package")

    def _install_package(self, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        pip("install", "--quiet", "--no-deps", f"--target={target}", str(ROOT))
        compiler = shutil.which(f"{self.architecture}-linux-gnu-gcc")
        for extension in target.glob("medmnist_c/corruptions/*/*.so"):
            extension.unlink()
            source = SOURCES[extension.name.split(".")[0]]
            if compiler:
                # Headers are the same for all machines of 64 bits.
                options = [
                    "-shared",
                    "-fPIC",
                    "-O3",
                    "-ffp-contract=off",
                    "-fno-math-errno",
                    "-fno-trapping-math",
                    f"-I{get_path('include')}",
                ]
                run(compiler, *options, "-o", str(extension), str(ROOT / source), "-lm")

    def command(self, folder: Path) -> list[str]:
        python = folder / "root" / "usr" / "bin" / f"python{self.python}"
        return [self.qemu, "-L", str(folder / "root"), str(python)]

    def environment(self, folder: Path) -> dict[str, str]:
        return {"PYTHONPATH": f"{folder / 'package'}{os.pathsep}{folder / 'wheels'}"}


ARM = Emulated("aarch64", "arm64", "bookworm", "3.11")


@dataclass(frozen=True)
class Machine:
    """How Python is started somewhere."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    make: Callable[[], None] = lambda: None


def machines(folder: Path) -> Iterator[Machine]:
    here = [sys.executable]
    yield Machine("this one", here)
    yield Machine(
        "this one, OpenCV without AVX2 and AVX-512",
        here,
        {"OPENCV_CPU_DISABLE": "AVX2,AVX512-SKX"},
    )
    beyond_baseline = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    yield Machine(
        "this one, numpy without " + ", ".join(beyond_baseline),
        here,
        {"NPY_DISABLE_CPU_FEATURES": " ".join(beyond_baseline)},
    )
    yield Machine("this one, without the C extensions", here, arguments=["--without-extension"])
    yield Machine(
        "x86-64 of 2008 (`qemu-x86_64 -cpu Nehalem`)",
        ["qemu-x86_64-static", "-cpu", "Nehalem", *here],
        {"OPENBLAS_CORETYPE": "Nehalem"},  # where the surroundings name a newer one
    )
    for name, emulated in (
        ("ARM, 64 bits (`qemu-aarch64`, Debian 12)", ARM),
        ("x86-64 (`qemu-x86_64`, Debian 14)", Emulated("x86_64", "amd64", "forky", "3.14")),
    ):
        home = folder / f"{emulated.architecture}-{emulated.python}"
        yield Machine(
            name,
            emulated.command(home),
            emulated.environment(home),
            make=lambda emulated=emulated, home=home: emulated.make(home),
        )


def dependencies() -> list[str]:
    """What the package runs on, without medmnist."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def pip(*arguments: str) -> None:
    run(sys.executable, "-m", "pip", *arguments)


def row(machine: Machine) -> tuple[str, bool]:
    """A line of the table, and whether all is equal."""
    done = subprocess.run(
        [*machine.command, str(DIGESTS), *machine.arguments],
        env=os.environ | machine.environment,
        capture_output=True,
        text=True,
        timeout=SLOWEST_S,
    )
    if done.returncode not in (0, 1) or ": " not in done.stdout:
        last = done.stderr.strip().splitlines()[-1:]
        return f"| {machine.name} | could not be run | {' '.join(last)} |", False
    equal, _, libraries = done.stdout.splitlines()[0].partition(" equal: ")
    return f"| {machine.name} | {equal} | {libraries} |", done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the machines are kept")
    parser.add_argument("--only", default="", help="machines with this in their names")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    print(HEAD, flush=True)
    all_equal = True
    for machine in machines(folder):
        if arguments.only in machine.name:
            machine.make()
            line, equal = row(machine)
            all_equal &= equal
            print(line, flush=True)
    return 0 if all_equal else 1


if __name__ == "__main__":
    sys.exit(main())
