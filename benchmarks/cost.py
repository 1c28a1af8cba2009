"""What the whole benchmark costs: hours and gigabytes, dataset by dataset; write a table.

    python benchmarks/cost.py -o docs/cost.md [--data-dir FOLDER] [--whole DATASET]

All test sets of a dataset are built by the command as a user has it, from a cold cache, from at most
`--count` images (those of `--whole` from all), and what that took is scaled to the dataset's size.
Images are those of the files in `--data-dir`; for a dataset without a file there the sample's are
repeated.
"""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from run import machine

from medmnist_c.builder.configs import select
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.corruptions.table import CORRUPTIONS

HEAD = """\
# What the whole benchmark costs

`medmnist-c build '*'`, the clean test sets too, on this machine: {machine}.

Measured by `python benchmarks/cost.py`: all test sets of each dataset from at most {count:,} images
{whole}, from a cold cache, scaled to the dataset's size. {real}
Made: images of each test set. CPU: time of all processes, an image, in ms.

| dataset | test sets | images in all | made | ms an image | CPU, ms | hours | GB | largest process, MB |
|---|---:|---:|---:|---:|---:|---:|---:|---:|"""


@dataclass(frozen=True)
class Cost:
    """Of one build."""

    seconds: float
    cpu_seconds: float  # of all processes; unlike `seconds` hardly changed by what else runs
    bytes: int
    memory_mb: float


def measure(dataset: str, count: int, data_dir: Path | None) -> Cost:
    """Build all test sets of a dataset from `count` of its images, from a cold cache."""
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as temporary:
        folder = Path(temporary)
        _images(dataset, count, data_dir, folder / f"{dataset}_224.npz")
        if data_dir and (data_dir / "inks.npz").exists():
            shutil.copy(data_dir / "inks.npz", folder)
        command = [sys.executable, "-m", "medmnist_c.cli", "build", f"{dataset}_*"]
        command += ["--data-dir", str(folder), "-o", str(folder / "made")]
        environment = os.environ | {"HF_DATASETS_CACHE": str(folder / "cache")}
        started, cpu_before = time.perf_counter(), _cpu_of_children()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, _largest(process.pid))
            time.sleep(0.05)
        seconds, cpu = time.perf_counter() - started, _cpu_of_children() - cpu_before
        if process.returncode:
            raise SystemExit(f"The build of {dataset} failed.")
        made = sum(file.stat().st_size for file in (folder / "made").rglob("*.parquet"))
    return Cost(seconds, cpu, made, memory)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _images(dataset: str, count: int, data_dir: Path | None, path: Path) -> None:
    source = _real_file(dataset, data_dir) or Path(SAMPLE_FOLDER) / f"{dataset}_224.npz"
    with np.load(source) as file:
        members = {name: file[name] for name in ("test_images", "test_labels")}
    members = {name: np.resize(a, (count, *a.shape[1:])) for name, a in members.items()}
    np.savez_compressed(path, **members)


def _real_file(dataset: str, data_dir: Path | None) -> Path | None:
    path = data_dir and data_dir / f"{dataset}_224.npz"
    return path if path and path.exists() else None


def _largest(pid: int) -> float:
    """Resident memory, MB, of the largest among a process and its children (Linux)."""
    most = 0.0
    pids = [pid]
    with contextlib.suppress(OSError):
        pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    for one in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    most = max(most, int(line.split()[1]) / 1024)
    return most


@click.command()
@click.option("--count", default=2000, show_default=True, help="Images of each, at most.")
@click.option("--whole", multiple=True, help="All images of this one.")
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True))
@click.option("--dataset", multiple=True, help="Only these.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(
    count: int,
    whole: tuple[str, ...],
    data_dir: Path | None,
    dataset: tuple[str, ...],
    output: Path,
) -> None:
    data_dir = data_dir and data_dir.absolute()
    rows, sums = [], np.zeros(4)
    real = []
    for name in dataset or CORRUPTIONS:
        test_sets, images = len(select((f"{name}_*",))), dataset_info(name).test_count
        built = images if name in whole else min(count, images)
        cost = measure(name, built, data_dir)
        scale = images / built
        hours, gigabytes = cost.seconds * scale / 3600, cost.bytes * scale / 1e9
        each, cpu = (s / built / test_sets * 1e3 for s in (cost.seconds, cost.cpu_seconds))
        rows.append(
            f"| {name} | {test_sets} | {test_sets * images:,} | {built:,} | {each:.2f} | {cpu:.2f} | "
            f"{hours:.2f} | {gigabytes:.1f} | {cost.memory_mb:.0f} |"
        )
        print(rows[-1], flush=True)
        sums += (test_sets, test_sets * images, hours, gigabytes)
        if _real_file(name, data_dir):
            real.append(name)
    rows.append(f"| all | {sums[0]:.0f} | {sums[1]:,.0f} | | | | {sums[2]:.2f} | {sums[3]:.0f} | |")
    which = (
        f"Images of {' and '.join(real) or 'no dataset'} are real ones, the others the sample's."
    )
    of_whole = f"({' and '.join(whole) or 'none'} from all)"
    head = HEAD.format(machine=machine(), count=count, real=which, whole=of_whole)
    output.write_text("\n".join([head, *rows, ""]), "utf-8")


if __name__ == "__main__":
    main()
