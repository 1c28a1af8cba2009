"""Time of a `load_dataset` whose test set lies prepared in the cache, each in a process of its own.

    python benchmarks/warm_load.py FOLDER [CONFIG] [--rounds 5]

FOLDER holds `{dataset}_224.npz`. The first call prepares the test set and is not counted; imports are
not counted either. Prints the seconds of each round and their median.
"""

import argparse
import statistics
import subprocess
import sys

PROGRAM = """
import sys, time
import datasets, medmnist_c
medmnist_c.MedMNISTC  # imported when it is first asked for
datasets.disable_progress_bars()
started = time.perf_counter()
rows = datasets.load_dataset("medmnist_c", sys.argv[2], split="test", data_dir=sys.argv[1])
print(len(rows), time.perf_counter() - started)
"""


def seconds(folder: str, config: str) -> float:
    """Of one `load_dataset` in a new process."""
    command = [sys.executable, "-c", PROGRAM, folder, config]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("config", nargs="?", default="bloodmnist_brightness_up_3")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    print(f"cold: {seconds(asked.folder, asked.config):.2f} s")
    warm = [seconds(asked.folder, asked.config) for _ in range(asked.rounds)]
    print(
        "warm:", " ".join(f"{one:.3f}" for one in warm), f"median {statistics.median(warm):.3f} s"
    )


if __name__ == "__main__":
    main()
