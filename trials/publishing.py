"""Trials of `medmnist-c push` at full scale, against the stand-in for the Hub of the tests.

    python trials/publishing.py all      # the 667 of the sample: push, again, read back
    python trials/publishing.py kills    # SIGKILL at random moments, run again
    python trials/publishing.py real DIR # bloodmnist at its official size, from DIR
    python trials/publishing.py disks    # small disks, a read-only folder (root, Linux)
    python trials/publishing.py broken [PATTERN]  # a push of the sample broken by quota, expired
                                         # addresses, kills, 503; all test sets, or those that match
    python trials/publishing.py broken DIR        # the same of bloodmnist at its official size
    python trials/publishing.py broken ... 3600   # with so many seconds of 503, in place of 120

Each prints what docs/publishing.md tells.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from faults.place import enlarge, read_only, small_disk  # noqa: E402 (beside this program)
from hub.process import Hub, running_hub  # noqa: E402 (found by the line above)

from medmnist_c.builder.configs import all_configs, select  # noqa: E402
from medmnist_c.builder.dataset_info import dataset_info  # noqa: E402
from medmnist_c.builder.source.clean_cache import load_clean  # noqa: E402
from medmnist_c.builder.source.image_source import ImageSource  # noqa: E402
from medmnist_c.builder.testset.spec import TestSetSpec  # noqa: E402

READ_BACK = """
import hashlib, json, sys
sys.modules["medmnist_c"] = None
import datasets, numpy as np
datasets.disable_progress_bars()
for name in sys.argv[2:]:
    for streaming in (False, True):
        ds = datasets.load_dataset(sys.argv[1], name, split="test", streaming=streaming)
        digest = hashlib.sha256()
        for n, row in enumerate(ds):
            assert row["index"] == n
            digest.update(np.asarray(row["image"]).tobytes())
            digest.update(np.array(row["label"], np.int64).tobytes())
        label = ds.features["label"]
        names = label.feature.names if hasattr(label, "feature") else label.names
        print(json.dumps([name, digest.hexdigest(), names]), flush=True)
"""


def push(hub: Hub, home: Path, repo: str, *arguments: str, **options) -> subprocess.Popen:
    program = "from medmnist_c.commands.push import push; push()"
    return subprocess.Popen(
        [sys.executable, "-c", program, repo, *arguments],
        cwd=home,
        env=hub.environment(home, **options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that its workers can be killed with it
    )


def finished(process: subprocess.Popen) -> str:
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"push ended with {process.returncode}: {said}")
    return said.strip()


def counted(hub: Hub) -> str:
    requests = hub.requests()
    kinds = [request.kind for request in requests]
    again = sum(r.kind == "lfs_put" and r.status == 200 and not r.new_content for r in requests)
    sent = sum(r.bytes_in for r in requests if r.kind == "lfs_put")
    return (
        f"{len(requests)} requests, {kinds.count('lfs_put')} uploads, {again} of content that was "
        f"there, {sent / 1e6:.1f} MB, {kinds.count('commit')} commits"
    )


def content(hub: Hub, repo: str) -> dict[str, str]:
    files = hub.repository(repo)["files"]
    return {path: file["sha256"] for path, file in files.items() if path != "README.md"}


@contextmanager
def watched(process: subprocess.Popen, folder: Path) -> Iterator[dict[str, float]]:
    """Peaks while the block runs: memory of the largest process and of all, bytes in a folder."""
    import psutil

    peaks = {"largest process, MB": 0.0, "all processes, MB": 0.0, "work folder, MB": 0.0}
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            try:
                main = psutil.Process(process.pid)
                sizes = [
                    p.memory_info().pss
                    if hasattr(p.memory_info(), "pss")
                    else p.memory_full_info().pss
                    for p in [main, *main.children(True)]
                ]
            except psutil.Error:
                continue
            files = [f.stat().st_size for f in folder.rglob("*") if f.is_file() and f.exists()]
            for key, value in zip(peaks, (max(sizes), sum(sizes), sum(files)), strict=True):
                peaks[key] = max(peaks[key], value / 1e6)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def expected(name: str, home: Path, **which) -> tuple[str, list[str]]:
    """Digest of images and labels as made here, and the names of the labels."""
    spec = TestSetSpec(all_configs()[name], ImageSource(**which))
    test_set = spec.open(home)
    info = dataset_info(spec.config.dataset)
    labels = load_clean(test_set.clean_folder).labels.astype(np.int64)
    digest = hashlib.sha256()
    for image, label in zip(test_set.images(), labels, strict=True):
        digest.update(image.tobytes())
        digest.update(label.tobytes())
    return digest.hexdigest(), ["no", "yes"] if info.multi_label else list(info.labels)


def read_back(hub: Hub, home: Path, repo: str, names: list[str], **which) -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK, repo, *names],
        cwd=home,
        env=hub.environment(home / "reader", token=None),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    took = time.monotonic() - started
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    ours = {name: expected(name, home / "own", **which) for name in names}
    equal = sum((digest, labels) == ours[name] for name, digest, labels in rows)
    print(f"read back: {equal} of {len(rows)} equal (prepared and streamed), {took:.0f} s")


def trial_all(hub: Hub, home: Path) -> None:
    names = list(all_configs())
    for run in ("push", "again"):
        hub.forget_requests()
        started = time.monotonic()
        print(f"{run}: {finished(push(hub, home, 'tester/all', '--sample'))}")
        print(f"{run}: {time.monotonic() - started:.1f} s, {counted(hub)}")
    card = hub.repository("tester/all")["files"]["README.md"]["size"]
    print(f"card: {card:,} bytes")
    read_back(hub, home, "tester/all", names, sample=True)


def trial_kills(hub: Hub, home: Path, times: int = 20) -> None:
    which = ["breastmnist*", "octmnist*", "--sample", "--num-proc", "2"]
    # As over a network: most of the time goes into requests, so that most are killed there.
    hub.break_on(number=1, how="slow", seconds=0.1, times=10**6)
    started = time.monotonic()
    finished(push(hub, home, "tester/whole", *which))
    took = time.monotonic() - started
    whole = content(hub, "tester/whole")
    needed = len(hub.repository("tester/whole")["commits"])
    print(f"{len(select(('breastmnist*', 'octmnist*')))} test sets, whole: {took:.1f} s")
    chance = random.Random(0)
    for run in range(times):
        moment = chance.uniform(0.2, 1.0) * took
        repo = f"tester/killed{run}"
        hub.forget_requests()
        process = push(hub, home, repo, *which)
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        reached = f"request {len(hub.requests())}"
        finished(push(hub, home, repo, *which))
        same = content(hub, repo) == whole
        commits = len(hub.repository(repo)["commits"])
        print(
            f"killed at {moment:.1f} s ({reached}): {'same' if same else 'OTHER'} content, "
            f"{commits - needed:+d} commits; {counted(hub)}"
        )
    base = home / "huggingface" / "datasets" / "medmnist_c_push"
    left = [path for path in base.iterdir() if path.is_dir()]
    print(f"left in the work folder: {len(left)}")


def trial_disks(hub: Hub, home: Path) -> None:
    which = ["bloodmnist_clean", "bloodmnist_pixelate_*", "--sample", "--num-proc", "2"]
    work = home / "work"
    work.mkdir()
    finished(push(hub, home, "tester/whole", *which))
    whole = content(hub, "tester/whole")
    for title, disk in (
        ("disk full (64k)", small_disk(work, "64k")),
        ("disk full (300k)", small_disk(work, "300k")),
        ("read-only", read_only(work)),
    ):
        repo = f"tester/{title.split()[-1].strip('()')}"
        how = [repo, *which, "--work-dir", str(work)]
        with disk:
            process = push(hub, home, *how)
            said = process.communicate()[0].strip().splitlines()[-1]
            if small := title.startswith("disk"):
                enlarge(work)
                finished(push(hub, home, *how))
        if not small:
            finished(push(hub, home, *how))
        same = "the same" if content(hub, repo) == whole else "OTHER"
        told = said.replace(str(work), "/work")
        print(f"{title}: status {process.returncode}, {told} Run again: {same} content.")


# It ends without the interpreter's own end, which aborts now and then while pyarrow reads ahead
# (issue 7357 of `datasets`).
FIRST_IMAGE = """
import os, sys, time
import datasets
started = time.monotonic()
ds = datasets.load_dataset(sys.argv[1], sys.argv[2], split="test", streaming=True)
opened = time.monotonic()
next(iter(ds))
shown = time.monotonic()
print(f"opened in {opened - started:.2f} s, first image {shown - opened:.2f} s later", flush=True)
os._exit(0)
"""


def trial_real(hub: Hub, home: Path, data_dir: str) -> None:
    many = ["bloodmnist_clean", "bloodmnist_motion_blur_*", "bloodmnist_stain_deposit_*"]
    few = ["bloodmnist_clean", "bloodmnist_motion_blur_3", "bloodmnist_stain_deposit_5"]
    for repo, names, xet in (("tester/lfs", many, False), ("tester/xet", few, True)):
        hub.forget_requests()
        started = time.monotonic()
        process = push(hub, home, repo, *names, "--data-dir", data_dir, xet=xet)
        with watched(process, home / "huggingface" / "datasets" / "medmnist_c_push") as peaks:
            said = finished(process)
        print(f"{said}: {time.monotonic() - started:.1f} s, {counted(hub)}")
        print(", ".join(f"{key} {value:.0f}" for key, value in peaks.items()))
    hub.forget_requests()
    done = subprocess.run(
        [sys.executable, "-c", FIRST_IMAGE, "tester/lfs", few[1]],
        cwd=home,
        env=hub.environment(home / "reader", token=None),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    print(f"streamed: {done.stdout.strip()}, {len(hub.requests())} requests")
    read_back(hub, home, "tester/lfs", few, data_dir=data_dir)


BLOOD = ["bloodmnist_*"]


def restarted(hub: Hub, **options) -> None:
    """The same server with other options."""
    hub.kill()
    hub.options = options
    hub.start()


def trial_broken(hub: Hub, home: Path, what: str = "*", outage: str = "120") -> None:
    """Nothing is lost or made twice, and each end says why."""
    which = [*BLOOD, "--data-dir", what] if Path(what).is_dir() else [what, "--sample"]
    which += ["--num-proc", "2"]
    started = time.monotonic()
    print(f"unbroken: {finished(push(hub, home, 'tester/whole', *which))}")
    took = time.monotonic() - started
    whole = content(hub, "tester/whole")
    size = sum(file["size"] for file in hub.repository("tester/whole")["files"].values())
    print(f"unbroken: {took:.0f} s, {counted(hub)}", flush=True)
    shutil.rmtree(hub.root / "repositories" / "dataset" / "tester" / "whole")  # twice is much

    restarted(hub, storage=size * 2 // 3)
    process = push(hub, home, "tester/broken", *which)
    said = process.communicate()[0].strip().splitlines()[-1]
    print(f"storage for two thirds: status {process.returncode}, {said}", flush=True)
    there(hub, "that")

    restarted(hub, upload_seconds=1)
    hub.break_on(kind="lfs_put", number=1, how="slow", seconds=0.4, times=10**6)
    process = push(hub, home, "tester/broken", *which)
    wait_for(process, lambda: uploads(hub, 403) >= 10)
    kill(process)
    refused = uploads(hub, 403)
    there(hub, f"addresses good for 1 s, {refused} refused, {uploads(hub)} not, then SIGKILL")
    hub.mend()

    restarted(hub)
    commits = commits_of(hub)
    for what_is_seen, enough in (
        ("5 uploads", lambda: uploads(hub) >= 5),
        ("a commit", lambda: commits_of(hub) > commits),
    ):
        hub.forget_requests()
        process = push(hub, home, "tester/broken", *which)
        wait_for(process, enough)
        kill(process)
        there(hub, f"SIGKILL at {what_is_seen}")

    hub.forget_requests()
    process = push(hub, home, "tester/broken", *which, "--patience", "2")
    wait_for(process, lambda: uploads(hub) >= 2)
    hub.break_on(number=1, how="status", status=503, times=10**6)
    time.sleep(float(outage))
    hub.mend()
    print(f"{outage} s of 503: {finished(process).splitlines()[-1]}")
    there(hub, "503")
    print(f"content: {'the same' if content(hub, 'tester/broken') == whole else 'OTHER'}")
    hub.forget_requests()
    print(f"again: {finished(push(hub, home, 'tester/broken', *which))}; {counted(hub)}")


def wait_for(process: subprocess.Popen, enough: Callable[[], bool]) -> None:
    while not enough():
        if process.poll() is not None:
            raise SystemExit(f"push ended before it was broken: {process.communicate()[0]}")
        time.sleep(0.05)


def uploads(hub: Hub, status: int = 200) -> int:
    return sum(r.kind == "lfs_put" and r.status == status for r in hub.requests())


def commits_of(hub: Hub) -> int:
    return len(hub.repository("tester/broken")["commits"])


def kill(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def there(hub: Hub, after: str) -> None:
    """Whether what is committed is whole: the card names what the manifest has, the files are there."""
    try:
        at = hub.repository("tester/broken")
    except LookupError:
        print(f"after {after}: no repository")
        return
    files = at["files"]
    names: set[str] = set()
    if "manifest.json" in files:
        stated = json.loads(fetched(hub, "manifest.json"))["test_sets"]
        names = set(stated)
        for name, entry in stated.items():
            for shard in entry["shards"]:
                path = f"{name.partition('_')[0]}/{name}/{shard['name']}"
                assert files[path]["sha256"] == shard["sha256"], path
    card = fetched(hub, "README.md") if "README.md" in files else ""
    assert card.count("config_name: ") >= len(names) and bool(card) == bool(names)
    print(f"after {after}: {len(names)} test sets whole, {len(at['commits'])} commits", flush=True)


def fetched(hub: Hub, path: str) -> str:
    with urlopen(f"{hub.url}/datasets/tester/broken/resolve/main/{path}") as answer:
        return answer.read().decode()


TRIALS = {
    "all": trial_all,
    "kills": trial_kills,
    "real": trial_real,
    "disks": trial_disks,
    "broken": trial_broken,
}


def main() -> None:
    trial, *rest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with running_hub(Path(folder) / "hub") as hub:
            TRIALS[trial](hub, home, *rest)


if __name__ == "__main__":
    os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] = "0"
    main()
