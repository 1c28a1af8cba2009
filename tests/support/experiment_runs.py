"""Tiny experiments on the sample's images, in this process or in one that can be killed."""

import multiprocessing
from pathlib import Path

from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.experiments.protocol import Protocol, load_protocol
from medmnist_c.experiments.reproduce import Experiment, reproduce
from medmnist_c.experiments.runs import chosen
from medmnist_c.experiments.training.loop import Machine

CPU = Machine("cpu", 0)


def tiny(**which) -> Protocol:
    """The smoke preset's protocol, of these runs; without torchvision's augmentations."""
    own = {"table3_augmentations": ["none", "targeted"], "table3_architecture": "small:plain"}
    return chosen(load_protocol("smoke"), **own | which)


def experiment(table: str, output: Path, protocol: Protocol) -> Experiment:
    return Experiment(table, protocol, ImageSource(sample=True), output)


def _run(table: str, output: Path, protocol: Protocol) -> None:
    import torch

    torch.set_num_threads(1)  # as many processes as cores run tests already
    reproduce(experiment(table, output, protocol), CPU, lambda line: None, scoring_workers=0)


def started(table: str, output: Path, protocol: Protocol) -> multiprocessing.Process:
    """A process that runs it, forked from one that has imported torch and done nothing with it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([Experiment.__module__, Machine.__module__, "torch"])
    process = context.Process(target=_run, args=(table, output, protocol))
    process.start()
    return process


def result_bytes(output: Path) -> dict[str, bytes]:
    """All that a finished experiment leaves but times, locks and kept predictions' own bookkeeping."""
    return {
        str(path.relative_to(output)): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.name != "times.jsonl"
    }
