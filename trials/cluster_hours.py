"""Print the table of hours in docs/cluster.md: docs/cost.md shared out among n workers.

    python trials/cluster_hours.py

A dataset takes what its images take on one core, divided by the workers, but no less than its
longest chain takes on one: the images behind shot noise, one after the other. The milliseconds of
these are those of shot_noise in benchmarks/RESULTS.md.
"""

import re
from pathlib import Path

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

ROOT = Path(__file__).resolve().parents[1]
WORKERS = (2, 8, 32, 128)
CORES = 2  # that docs/cost.md was measured on


def hours_on_one_core() -> dict[str, float]:
    rows = re.findall(
        r"^\| (\w+) \| \d+ \| ([\d,]+) \| [\d,]+ \| ([\d.]+) \|",
        (ROOT / "docs/cost.md").read_text(),
        re.M,
    )
    return {
        name: CORES * float(ms) * int(count.replace(",", "")) / 3.6e6 for name, count, ms in rows
    }


def chain_hours(dataset: str) -> float:
    """Of the shot noise test sets, in one row."""
    if "shot_noise" not in CORRUPTIONS[dataset]:
        return 0
    images = len(SEVERITIES) * dataset_info(dataset).test_count
    kind = "grey" if dataset_info(dataset).grey else "RGB"
    row = rf"^\| shot_noise \| {kind} \| release \| [\d.]+ \| ([\d.]+) \|"
    (ms,) = re.findall(row, (ROOT / "benchmarks/RESULTS.md").read_text(), re.M)
    return images * float(ms) / 3.6e6


def told(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.1f} min"


def main() -> None:
    one_core = hours_on_one_core()
    chains = {dataset: chain_hours(dataset) for dataset in CORRUPTIONS}
    print("| dataset | longest chain | " + " | ".join(f"{n} workers" for n in WORKERS) + " |")
    print("|---|---:" + "|---:" * len(WORKERS) + "|")
    for dataset, hours in one_core.items():
        chain = told(chains[dataset]) if chains[dataset] else "-"
        cells = [told(max(hours / n, chains[dataset])) for n in WORKERS]
        print(f"| {dataset} | {chain} | " + " | ".join(cells) + " |")
    cells = [told(max(sum(one_core.values()) / n, *chains.values())) for n in WORKERS]
    print(f"| all | {told(max(chains.values()))} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
