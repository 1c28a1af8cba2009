"""The main job at real counts: prepared with two processes, streamed, and over HTTP; memory and time.

    python benchmarks/real_size.py FOLDER

FOLDER holds MedMNIST+ files, at least `bloodmnist_224.npz` and `organamnist_224.npz`. Prints what it
measures, line by line; everything it writes goes into a temporary folder.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import numpy as np

TEST_SETS = ("bloodmnist_bubble_2", "organamnist_gaussian_noise_5")
FEW = 500

LOAD = """
import hashlib, json, os, resource, sys, time
import medmnist_c
import numpy as np
from datasets import disable_progress_bars, load_dataset

disable_progress_bars()
name, data_dir, cache_dir, how = sys.argv[1:]
started = time.perf_counter()
arguments = {"split": "test", "data_dir": data_dir, "cache_dir": cache_dir}
if how == "streamed":
    rows = load_dataset("medmnist_c", name, streaming=True, **arguments)
else:
    rows = load_dataset("medmnist_c", name, num_proc=int(how), **arguments)
loaded = time.perf_counter()


def memory(what):
    # In MB: VmHWM is the peak of all resident memory, RssAnon what it is now without mapped files.
    return int(open("/proc/self/status").read().split(what + ":")[1].split()[0]) / 1024


peak_loading, peak_reading = memory("VmHWM"), 0
digest, count, first = hashlib.sha256(), 0, None
for row in rows:
    first = first or time.perf_counter()
    assert row["index"] == count
    digest.update(np.asarray(row["image"]).tobytes() + bytes([row["label"]]))
    count += 1
    if count % 100 == 0:
        peak_reading = max(peak_reading, memory("RssAnon"))
print(json.dumps({
    "images": count,
    "digest": digest.hexdigest()[:16],
    "first_s": first - started,
    "load_s": loaded - started,
    "all_s": time.perf_counter() - started,
    # Not ru_maxrss, which begins with what the parent process had.
    "peak_loading_mb": peak_loading,
    # What a prepared test set's mapped files take is the kernel's to give and take.
    "peak_reading_mb": peak_reading,
    "peak_worker_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
}))
"""


def load(name: str, data_dir: Path, cache: Path, how: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, name, str(data_dir), str(cache), how],
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result = json.loads(done.stdout)
    print(
        f"{name}, {how if how == 'streamed' else f'prepared, num_proc={how}'}: "
        f"{result['images']:,} images, digest {result['digest']}, first after "
        f"{result['first_s']:.1f} s, all after {result['all_s']:.0f} s; peak memory "
        f"{result['peak_loading_mb']:.0f} MB loading, {result['peak_reading_mb']:.0f} MB reading "
        f"(without mapped files), {result['peak_worker_mb']:.0f} MB of a worker",
        flush=True,
    )
    return result


def limited(source: Path, target: Path, count: int) -> None:
    """A file of the same layout with the first `count` test images."""
    with np.load(source) as file:
        np.savez_compressed(target, **{name: file[name][:count] for name in file.files})


class _Counting(SimpleHTTPRequestHandler):
    """Serves a folder with ranges, and counts the bytes of bodies."""

    sent = 0

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        size = path.stat().st_size
        first, last = 0, size - 1
        if wanted := self.headers.get("Range"):
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(end or last), last)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            self.send_response(200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{size}"')
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(first)
            left = last - first + 1
            while left and (chunk := file.read(min(left, 1 << 20))):
                self.wfile.write(chunk)
                type(self).sent += len(chunk)
                left -= len(chunk)

    def log_message(self, *_: object) -> None:
        pass


def over_http(data_dir: Path, folder: Path) -> None:
    """Fetch the clean bloodmnist from a server on loopback; count what it sends."""
    from medmnist_c.builder.source import clean
    from medmnist_c.builder.source.npz import LocalFile, find_members

    file = data_dir / "bloodmnist_224.npz"
    members = find_members(LocalFile(file), ("test_images.npy", "test_labels.npy"))
    needed = sum(member.compressed_size for member in members)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Counting, directory=str(data_dir)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ[clean.MIRROR] = f"http://127.0.0.1:{server.server_port}"
    os.environ["HOME"] = str(folder)  # no file of the machine's own
    started = time.perf_counter()
    fetched = clean.open_clean(clean.find_clean_source("bloodmnist"), folder)
    seconds = time.perf_counter() - started
    server.shutdown()
    same = hashlib.sha256(fetched.images).hexdigest()
    direct = clean.open_clean(clean.find_clean_source("bloodmnist", data_dir), folder / "direct")
    assert same == hashlib.sha256(direct.images).hexdigest()
    print(
        f"over HTTP: {_Counting.sent:,} bytes sent of a file of {file.stat().st_size:,}; the two "
        f"members have {needed:,} ({_Counting.sent / needed - 1:+.2%}); {seconds:.1f} s"
    )


SPLITS = """
import json, sys
import medmnist_c
from datasets import disable_progress_bars, load_dataset

disable_progress_bars()
cache_dir, how, *splits = sys.argv[1:]
streaming = how == "streamed"
made = load_dataset(
    "medmnist_c", "bloodmnist_clean", splits=splits, streaming=streaming, cache_dir=cache_dir
)
counts = {name: sum(1 for _ in rows) if streaming else len(rows) for name, rows in made.items()}
peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps([counts, peak]))
"""


def splits_over_http(data_dir: Path, folder: Path) -> None:
    """Splits of bloodmnist, streamed and prepared, from a server on loopback; count what it sends."""
    from medmnist_c.builder.source import clean
    from medmnist_c.builder.source.npz import LocalFile, find_members

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Counting, directory=str(data_dir)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {clean.MIRROR: f"http://127.0.0.1:{server.server_port}", "HOME": str(folder)}
    in_npz = {"train": "train", "validation": "val", "test": "test"}
    for number, splits in enumerate((["train"], ["validation"], list(in_npz))):
        names = tuple(
            f"{in_npz[one]}_{kind}.npy" for one in splits for kind in ("images", "labels")
        )
        members = find_members(LocalFile(data_dir / "bloodmnist_224.npz"), names)
        needed = sum(member.compressed_size for member in members)
        _Counting.sent = 0
        for how in ("streamed", "prepared"):
            done = subprocess.run(
                [sys.executable, "-c", SPLITS, str(folder / f"splits{number}"), how, *splits],
                cwd="/",
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            counts, peak = json.loads(done.stdout)
            print(
                f"{how}, {counts}: {_Counting.sent:,} bytes sent so far; the members have {needed:,} "
                f"({_Counting.sent / needed - 1:+.2%}); peak memory {peak:.0f} MB",
                flush=True,
            )
    server.shutdown()


@click.command()
@click.argument("data_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(data_dir: Path) -> None:
    data_dir = data_dir.absolute()
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as temporary:
        folder = Path(temporary)
        over_http(data_dir, folder / "http")
        splits_over_http(data_dir, folder / "splits")
        for name in TEST_SETS:
            prepared = load(name, data_dir, folder / "cache", "2")
            streamed = load(name, data_dir, folder / "cache", "streamed")
            assert prepared["digest"] == streamed["digest"]
            dataset = name.split("_")[0]
            few = folder / "few"
            few.mkdir(exist_ok=True)
            limited(data_dir / f"{dataset}_224.npz", few / f"{dataset}_224.npz", FEW)
            small = [load(name, few, folder / "cache", how) for how in ("2", "streamed")]
            for which, large, little in zip(
                ("prepared", "streamed"), (prepared, streamed), small, strict=True
            ):
                for peak in ("peak_loading_mb", "peak_reading_mb", "peak_worker_mb"):
                    print(f"  {which}, {peak}: {large[peak] - little[peak]:+.0f} MB against {FEW}")


if __name__ == "__main__":
    main()
