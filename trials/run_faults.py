"""Try faults on real processes, and say what happened and what came of running again.

    python trials/run_faults.py [--only REGEX] [--output docs/faults.md]

Prints a table as Markdown. The small disks and the read-only folders need root on Linux; without it
those trials are left out. The exit status is 1 if a trial ends in wrong images, a hang, or not
right when run again.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from faults.faults import FAULTS, Fault, Trial  # noqa: E402
from faults.jobs import Job, Run  # noqa: E402
from faults.place import make_place, may_mount  # noqa: E402

INTRODUCTION = """# Faults

What was tried on `medmnist-c build`, `load_dataset` (prepared and streamed) and `evaluate`, with real
processes, files and disks, by `python trials/run_faults.py --output docs/faults.md`. Right means: the
same bytes as without the fault. An error is one sentence, shown here without the folder's name. No
trial may end in wrong images or a hang, and each must be right when the same command is run again.
`python trials/publishing.py` does the like for `push`.
"""
HEAD = "| fault | where | tried on | what happened | after running again |\n|---|---|---|---|---|"


def use_copy_of_code(folder: Path) -> None:
    """Have the jobs run the package as it is now: other code makes another digest."""
    unneeded = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs", "benchmarks", "tools")
    shutil.copytree(ROOT, folder / "medmnist_c", ignore=unneeded)
    os.environ["PYTHONPATH"] = str(folder)


def good_run(job: Job, folder: Path) -> tuple[dict[str, str], float]:
    """What a job makes when nothing is wrong, and how long it takes."""
    place = make_place(folder)
    process = job.start(place)
    begun = time.monotonic()
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    return job.made(place, stdout), time.monotonic() - begun


def told(run: Run, folder: Path) -> str:
    """A run in a few words; the sentence an error ends with."""
    if run.status is None:
        return "HUNG"
    if run.wrong:
        return f"WRONG: {', '.join(sorted(run.wrong))}"
    if run.status == 0:
        return "right" if run.right else "WRONG: not all is there"
    if run.status < 0:
        return "killed"
    words = run.said.replace(str(folder), "").replace("|", "\\|")
    words = words.partition("Error: ")[2] or words
    return words if len(words) <= 230 else f"{words[:220]} ..."


def try_one(fault: Fault, job: Job, right: dict[str, str], seconds: float) -> tuple[str, str]:
    """What a fault does to a job, and what running it again gives."""
    with tempfile.TemporaryDirectory(prefix="faults_") as name:
        trial = Trial(job, make_place(Path(name) / "place"), right, seconds)
        with fault(trial) as first:
            again = trial.run()
            place = trial.place.folder
            return told(first, place), told(again, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="trials on whose row this regex fits")
    parser.add_argument("--output", type=Path, help="file for the table")
    asked = parser.parse_args()

    chosen = [
        (name, where, job, fault)
        for name, where, jobs, fault in FAULTS
        for job in jobs
        if re.search(asked.only, f"{name}, {where}, {job.name}")
        and (may_mount() or not name.startswith(("disk full", "read-only")))
    ]
    rows = [HEAD]
    print(HEAD, flush=True)
    bad = 0
    with tempfile.TemporaryDirectory(prefix="faults_") as code:
        use_copy_of_code(Path(code))
        good = {
            job: good_run(job, Path(code) / job.name) for job in {job for _, _, job, _ in chosen}
        }
        for name, where, job, fault in chosen:
            happened, again = try_one(fault, job, *good[job])
            bad += "WRONG" in happened or "HUNG" in happened or again != "right"
            rows.append(f"| {name} | {where} | {job.name} | {happened} | {again} |")
            print(rows[-1], flush=True)
    print(f"\n{len(chosen)} trials, {bad} of them bad")
    if asked.output:
        count = f"{len(chosen)} trials, {bad} of them bad."
        before = asked.output.read_text("utf-8") if asked.output.exists() else ""
        _, heading, by_hand = before.partition("\n## ")
        asked.output.write_text(
            "\n".join([INTRODUCTION, *rows, "", count]) + "\n" + heading + by_hand
        )
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
