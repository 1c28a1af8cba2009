"""Load test sets and print a digest of their rows, in a process of its own (see `jobs.py`)."""

import argparse
import hashlib
import json

import numpy as np
from datasets import load_dataset

import medmnist_c


def digest(rows) -> str:
    """SHA-256 of all images' pixels, labels and places."""
    sha256 = hashlib.sha256(medmnist_c.__name__.encode())
    for row in rows:
        pixels = np.asarray(row["image"])
        sha256.update(json.dumps([pixels.shape, row["label"], row["index"]]).encode())
        sha256.update(pixels.tobytes())
    return sha256.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("name", nargs="+")
    parser.add_argument("--streaming", action="store_true")
    parser.add_argument("--num-proc", type=int)
    asked = parser.parse_args()
    how = {"streaming": True} if asked.streaming else {"num_proc": asked.num_proc}
    for name in asked.name:
        rows = load_dataset("medmnist_c", name, split="test", data_dir=asked.data, **how)
        print(name, digest(rows), flush=True)


if __name__ == "__main__":
    main()
