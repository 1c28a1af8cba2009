"""Both tables by the command, undisturbed and killed at random moments: the same bytes?

    python trials/experiments.py FOLDER [--preset smoke] [--kills 10] [--seed 1] [--data-dir D]

Without `--data-dir` the sample's images serve. Prints how long the undisturbed run took, how far the
other was when it was killed, and how many files differ in the end (exit status 1 if any).
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

TABLES = ("table2", "table3")


def command(table: str, output: Path, asked: argparse.Namespace) -> list[str]:
    images = ["--data-dir", asked.data_dir] if asked.data_dir else ["--sample"]
    how = ["--preset", asked.preset, "--device", "cpu", *images]
    return [sys.executable, "-m", "medmnist_c", "reproduce", table, "-o", str(output), *how]


def files(folder: Path) -> dict[str, bytes]:
    """All that is left but times and locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.name != "times.jsonl"
    }


def finished(folder: Path) -> str:
    trained = len(list(folder.rglob("result.json")))
    scored = len(list(folder.rglob("report.json")))
    return f"{trained} trained, {scored} scored"


def run(output: Path, asked: argparse.Namespace) -> None:
    for table in TABLES:
        subprocess.run(command(table, output, asked), check=True, stdout=subprocess.DEVNULL)


def work(folder: Path) -> int:
    """Epochs and reports that are done."""
    epochs = sum(len(path.read_text().splitlines()) for path in folder.rglob("times.jsonl"))
    return epochs + len(list(folder.rglob("report.json")))


def run_until_killed(output: Path, asked: argparse.Namespace, done: int, seconds: float) -> None:
    """Both tables one after the other; SIGKILL to all their processes so long after so much is done."""
    for table in TABLES:
        process = subprocess.Popen(
            command(table, output, asked), stdout=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None:
            if work(output) >= done:
                time.sleep(seconds)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="smoke")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data-dir")
    asked = parser.parse_args()

    whole, killed = asked.folder / "whole", asked.folder / "killed"
    begun = time.monotonic()
    run(whole, asked)
    took = time.monotonic() - begun
    print(f"undisturbed: {took:.0f} s, {finished(whole)}", flush=True)
    draws = random.Random(asked.seed)
    total = work(whole)
    for done in sorted(draws.randrange(total) for _ in range(asked.kills)):
        run_until_killed(killed, asked, done, draws.uniform(0, 0.5))
        print(f"killed after {work(killed)} of {total} epochs and reports", flush=True)
    run(killed, asked)
    ours, theirs = files(killed), files(whole)
    different = [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    print(f"in the end: {finished(killed)}; {len(different)} of {len(theirs)} files differ")
    print(*sorted(different)[:20], sep="\n")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
