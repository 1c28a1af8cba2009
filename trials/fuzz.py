"""Fuzz the readers for as long as one likes: the same inputs and checks as `tests/fuzzing/test_fuzz.py`.

    python trials/fuzz.py --seconds 600 --seed 1 [--memory 256] [target ...]

Prints, for each reader, how many inputs it was given and what came of them. An input that breaks a
rule is made as small as can be and shown; the exit status is then 1. The process may take no more
than --memory MB beyond what it has after the imports. The same seed gives the same inputs, as far as
time allows. SIGTERM ends it after the present round, with the same lines.
"""

import argparse
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread would take memory of its own
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import hypothesis
from fuzzing import files
from fuzzing.rules import outcomes
from fuzzing.targets import TARGETS

INPUTS_A_ROUND = 400  # of the cheapest target


def limit_memory(megabytes: int) -> None:
    """Let this process take no more memory of its own than it has and `megabytes` more.

    Of address space each thread sets more aside than it takes.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    limit = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="*", choices=[[], *TARGETS], default=[])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", type=int, default=256, help="megabytes")
    asked = parser.parse_args()

    names = asked.target or list(TARGETS)
    seen = {name: Counter() for name in names}
    failed = False
    for name in names:
        TARGETS[name].fuzz(1)  # what libraries take for themselves, they take now
    limit_memory(asked.memory)
    begin, ended = time.monotonic(), []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    number = 0
    while time.monotonic() - begin < asked.seconds and not failed and not ended:
        name = names[number % len(names)]
        outcomes.clear()
        try:
            seed = hypothesis.seed(asked.seed * 1_000_003 + number)
            TARGETS[name].fuzz(INPUTS_A_ROUND, seed, report_multiple_bugs=False)
        except Exception:
            print(f"{name}, round {number}:", traceback.format_exc(), sep="\n")
            failed = True
        seen[name] += outcomes
        number += 1
    files.forget()
    for name, counts in seen.items():
        came = ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items()))
        print(f"{name}: {came or 'not tried'}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    wall, core = time.monotonic() - begin, time.process_time()
    print(f"seed {asked.seed}, {wall:.0f} s, {core:.0f} s of a core, peak memory {peak} MB")
    sys.exit(failed)


if __name__ == "__main__":
    main()
