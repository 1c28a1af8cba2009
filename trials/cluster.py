"""Trials of `medmnist-c build --scheduler` at full scale, on a real Dask cluster on this machine.

    python trials/cluster.py sample            # all 667 test sets of the sample, with faults
    python trials/cluster.py real FOLDER       # all of bloodmnist at its official size
    python trials/cluster.py scaling FOLDER    # 1 and 2 workers against 1 and 2 processes
    python trials/cluster.py s3                # into a bucket of a moto server (moto, s3fs)
    python trials/cluster.py mixed FOLDER [CONFIG ...]   # one worker here, one on emulated ARM

Each prints rows of the tables in docs/cluster.md; the exit status is 1 if any byte is another one, with
two kinds of machines if any image is. Then FOLDER is that of `tools/reference/platforms.py`.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools" / "reference")]

from platforms import ARM, pip  # noqa: E402 (found by the line above)
from support.dask_cluster import Cluster, running_cluster, wait_until  # noqa: E402

Result = dict[str, str]


def contents(folder: Path) -> Result:
    """SHA-256 of every file."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = hashlib.file_digest(
                    file, "sha256"
                ).hexdigest()
    return found


def shards(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("test-*.parquet"))


def start(folder: Path, cache: Path, *arguments: str) -> subprocess.Popen:
    program = "from medmnist_c.commands.build import build; build()"
    command = [sys.executable, "-c", program, *arguments, "-o", str(folder)]
    return subprocess.Popen(
        command,
        cwd=cache.parent,
        env=os.environ | {"HF_DATASETS_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process: subprocess.Popen, status: int = 0) -> str:
    """The last line it said."""
    said, _ = process.communicate()
    if process.returncode != status:
        raise SystemExit(f"build ended with {process.returncode}: {said}")
    return said.strip().splitlines()[-1]


def timed(process: subprocess.Popen) -> float:
    begun = time.monotonic()
    finished(process)
    return time.monotonic() - begun


class Trials:
    """Builds of the same test sets, each held against the first, without a cluster."""

    def __init__(self, what: list[str], base: Path, units: int) -> None:
        self.what = what
        self.base = base
        self.units = units
        self.bad = 0
        seconds = timed(start(base / "local", base / "cache", *what, "--num-proc", "2"))
        self.right = contents(base / "local")
        files = len(self.right)
        print(f"| 2 local processes | {seconds:.0f} s | {files} files |", flush=True)

    def on(self, cluster: Cluster, title: str, faults: Callable[[Cluster, Path], None]) -> None:
        """Build on a cluster while faults happen to it."""
        folder = self.base / "cluster"
        begun = time.monotonic()
        while True:
            how = ["--scheduler", cluster.address]
            process = start(folder, self.base / "cache_asking", *self.what, *how)
            if not faults(cluster, folder):
                break
            print(f"  {finished(process, 1)}")
            cluster.kill()
            cluster.start_scheduler()
            cluster.start_worker("one", wait=False)
            cluster.start_worker("two")
            faults = nothing
        finished(process)
        found = contents(folder)
        other = sorted(dict(found.items() ^ self.right.items()))
        same = not other
        self.bad += not same
        seconds = time.monotonic() - begun
        outcome = "the same" if same else f"OTHER: {other[:5]}"
        print(f"| {title} | {seconds:.0f} s | {outcome} |", flush=True)
        shutil.rmtree(folder)

    def parts(self, part: float) -> int:
        return int(self.units * part)


def nothing(cluster: Cluster, folder: Path) -> bool:
    return False


def faults_of(units: int) -> Iterator[tuple[str, Callable[[Cluster, Path], bool]]]:
    """What is done to the cluster while it works; True if the command has to be run again."""

    def at(folder: Path, part: float) -> None:
        wait_until(lambda: shards(folder) >= units * part, "it does not go on", 3600)

    def one_killed(cluster: Cluster, folder: Path) -> bool:
        at(folder, 0.3)
        cluster.kill("one")
        at(folder, 0.4)
        cluster.start_worker("one", wait=False)
        return False

    def all_killed(cluster: Cluster, folder: Path) -> bool:
        at(folder, 0.5)
        cluster.kill()
        time.sleep(3)
        cluster.start_worker("one", wait=False)
        cluster.start_worker("two", wait=False)
        return False

    def scheduler_killed(cluster: Cluster, folder: Path) -> bool:
        at(folder, 0.5)
        cluster.kill_scheduler()
        return True

    def everything(cluster: Cluster, folder: Path) -> bool:
        one_killed(cluster, folder)
        all_killed(cluster, folder)
        at(folder, 0.7)
        return scheduler_killed(cluster, folder)

    yield "2 workers", nothing
    yield "one worker killed, later started again", one_killed
    yield "all workers killed and started again", all_killed
    yield "scheduler killed and started again, command run again", scheduler_killed
    yield "all of these in one build", everything


def try_faults(what: list[str], units: int, only: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as name:
        base = Path(name)
        trials = Trials(what, base, units)
        with running_cluster(base / "dask", "one", "two") as cluster:
            for title, faults in faults_of(units):
                if not only or any(words in title for words in only):
                    trials.on(cluster, title, faults)
        return trials.bad


def scaling(what: list[str], units: int) -> int:
    """Wall time of the same build by 1 and 2 processes, and 1 and 2 workers; the caches are warm."""
    seconds: dict[tuple[str, int], float] = {}
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as name:
        base = Path(name)
        for repeat in range(2):  # the first fills the caches
            with running_cluster(base / "dask") as cluster:
                for number in (1, 2):
                    cluster.start_worker(str(number))
                    for kind, how in (
                        ("local processes", ["--num-proc", str(number)]),
                        ("workers", ["--scheduler", cluster.address]),
                    ):
                        folder = base / f"made_{number}"
                        took = timed(start(folder, base / "cache", *what, *how))
                        seconds[kind, number] = took
                        shutil.rmtree(folder)
                        if repeat:
                            each = took * number / units * 1e3
                            print(f"| {number} {kind} | {took:.1f} s | {each:.0f} ms |", flush=True)
        for number in (1, 2):
            more = seconds["workers", number] - seconds["local processes", number]
            print(f"overhead of a unit with {number}: {more * number / units * 1e3:.0f} ms")
    return 0


def into_s3() -> int:
    """Build into a bucket on 127.0.0.1, on a cluster, and read it back by `load_dataset`."""
    import fsspec
    from datasets import load_dataset
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    names = ["octmnist_clean", "octmnist_speckle_noise_2", "dermamnist_shot_noise_[12]"]
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as name, contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        base = Path(name)
        trial = Trials([*names, "--sample"], base, 4)
        cluster = stack.enter_context(running_cluster(base / "dask", "one", "two"))
        how = [*trial.what, "--scheduler", cluster.address]
        print("no bucket:", finished(start("s3://trial/made", base / "cache", *how), 1))
        s3 = fsspec.filesystem("s3")
        s3.mkdir("trial")
        print(finished(start("s3://trial/made", base / "cache", *how)))
        print("again:", finished(start("s3://trial/made", base / "cache", *how)))
        s3.invalidate_cache()
        there = {
            path.removeprefix("trial/made/"): hashlib.sha256(s3.cat_file(path)).hexdigest()
            for path in s3.find("trial/made")
        }
        same = there == trial.right
        print(f"| s3, 2 workers | {len(there)} files | {'the same' if same else 'OTHER'} |")
        files = "s3://trial/made/octmnist/octmnist_clean/*.parquet"
        read = load_dataset(
            "parquet", data_files=files, split="train", cache_dir=str(base / "read")
        )
        here = load_dataset(str(base / "local"), "octmnist_clean", split="test")
        assert read["index"] == here["index"] and read["label"] == here["label"]
        print(f"load_dataset('parquet', data_files={files!r}): {len(read)} rows, {read.features}")
        return not same


def mixed(machines: Path, patterns: list[str]) -> int:
    """Build with a worker here and one on emulated ARM: the images and who made them."""
    from medmnist_c.verification import verify

    home = machines.resolve() / f"{ARM.architecture}-{ARM.python}"
    ARM.make(home)
    with_dask = home / "dask"
    if not with_dask.exists():
        how = [f"--platform=manylinux{tag}_{ARM.architecture}" for tag in ("_2_28", "2014")]
        how += ["--only-binary=:all:", f"--python-version={ARM.python}", f"--target={with_dask}"]
        pip("install", "--quiet", *how, f"distributed=={version('distributed')}")
    path = f"{ARM.environment(home)['PYTHONPATH']}{os.pathsep}{with_dask}"
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as name:
        base = Path(name)
        trial = Trials([*patterns, "--sample"], base, 0)
        with running_cluster(base / "dask", "here") as cluster:
            environment = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
            cluster.start_worker("arm", environment=environment, python=ARM.command(home))
            folder = base / "cluster"
            how = ["--scheduler", cluster.address]
            seconds = timed(start(folder, base / "cache_asking", *trial.what, *how))
            found = contents(folder)
            files = [path for path in found if path.endswith(".parquet")]
            same = sum(found[path] == trial.right.get(path) for path in files)
            print(
                f"| made by both | {seconds:.0f} s | {len(files)} files, {same} with the bytes here |"
            )
            again = finished(start(folder, base / "cache_asking", *trial.what, *how))
            print(f"again: {again}")
        equal = [one.equal for one in verify(patterns, folder=folder, sample=True)]
        print(f"verify: {sum(equal)} of {len(equal)} equal")
        return not (all(equal) and len(files) == shards(base / "local") and 0 < same < len(files))


def main() -> None:
    kind, *rest = sys.argv[1:] or ["--help"]
    if kind == "sample":
        bad = try_faults(["*", "--sample"], 667, rest)
    elif kind == "real":
        bad = try_faults(["bloodmnist_*", "--data-dir", rest[0]], 112, rest[1:])
    elif kind == "scaling":
        bad = scaling(["bloodmnist_*_3", "--data-dir", rest[0]], 22)
        bad += scaling(["*", "--sample"], 667)
    elif kind == "s3":
        bad = into_s3()
    elif kind == "mixed":
        bad = mixed(Path(rest[0]), rest[1:] or ["*_clean", "*_3"])
    else:
        raise SystemExit(__doc__)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
