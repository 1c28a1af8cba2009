"""Which worker makes what, with workers that are only pretended: each makes a part a tick."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from medmnist_c.builder.executor.waiting import LOOK_S
from medmnist_c.builder.testset.parts import Part, parts_of
from medmnist_c.evaluation.feeding.blocks import Lanes, _Layout, _Run
from medmnist_c.evaluation.feeding.inputs import RowFormat
from medmnist_c.evaluation.feeding.pool import Pool, _Worker
from medmnist_c.evaluation.feeding.worker import Result

PART = 2  # images
TAIL = 20  # ticks of one test set: at the end there is nothing beside the last one


@dataclass(frozen=True)
class Pretended:
    """Of so many images; parts may begin at `points` alone, anywhere if there are none."""

    name: str
    count: int = 40
    points: tuple[int, ...] | None = None

    def parts(self, longest: int) -> list[Part]:
        return parts_of(self.count, self.points, longest)


class _Connection:
    def send(self, task: object) -> None:
        pass


@dataclass
class Ticking(Pool):
    """A pool whose workers each finish a part a tick; `made` says who made what when."""

    number: int
    made: list[dict[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        nothing: Any = _Connection()
        super().__init__([_Worker(nothing, nothing) for _ in range(self.number)])

    def collect(self, timeout: float = LOOK_S) -> None:
        if timeout == 0:
            return
        tick = {}
        for number, worker in enumerate(self._workers):
            if worker.given:
                pending = worker.given.popleft()
                part = pending.task.part
                pending.result = Result(np.arange(part.start, part.stop)[:, None])
                tick[number] = pending.task.test_set.name
        self.made.append(tick)


def run(workers: int, apart: list[Pretended], chained: list[Pretended] = []) -> Ticking:  # noqa: B006
    """Go through them, and check that each test set comes whole and in order."""
    pool = Ticking(workers)
    formats = [RowFormat((1,), "uint8", False)]
    layout = _Layout(formats, PART, 4 * workers + 1)
    memory = np.zeros(layout.segments * layout.segment_bytes, np.uint8)
    lanes = Lanes(*(iter([(one.name, one) for one in some]) for some in (apart, chained)))
    came: dict[str, list[int]] = {}
    for name, block in _Run(lanes, pool, memory, layout).blocks():
        came.setdefault(name, []).extend(block.labels[:, 0])
        assert block.last == (len(came[name]) == 40)
    assert came == {one.name: list(range(40)) for one in [*apart, *chained]}
    return pool


@pytest.mark.parametrize("workers", (1, 2, 3))
def test_test_sets_whose_parts_follow_keep_all_workers_busy(workers):
    apart = [Pretended(f"gaussian_{number}", points=(0, 20)) for number in range(6)]
    pool = run(workers, apart)
    assert len(pool.made) <= 6 * 20 / workers + TAIL


@pytest.mark.parametrize("workers", (1, 2, 3))
def test_test_sets_that_can_be_entered_anywhere_go_one_after_the_other(workers):
    pool = run(workers, [Pretended(f"brightness_{number}") for number in range(4)])
    assert len(pool.made) <= 4 * 20 / workers + 2
    assert all(len(set(tick.values())) <= 2 for tick in pool.made)


def test_a_chain_has_its_worker_to_itself():
    chain = [Pretended(f"shot_{number}", points=(0,)) for number in range(3)]
    apart = [Pretended(f"gaussian_{number}", points=(0, 20)) for number in range(6)]
    pool = run(2, apart, chain)
    assert len(pool.made) <= (3 + 6) * 20 / 2 + TAIL
    chained = [tick for tick in pool.made if any(name.startswith("shot") for name in tick.values())]
    assert len(chained) == 3 * 20
    assert pool.made.index(chained[-1]) < 3 * 20 * 1.1, "the chain waited for others"


def test_what_cannot_be_opened_is_told_after_what_came_before():
    def jobs():
        yield "a", Pretended("a", points=(0,))
        yield "b", Pretended("b", points=(0,))
        raise OSError("no such test set")

    pool = Ticking(2)
    layout = _Layout([RowFormat((1,), "uint8", False)], PART, 9)
    memory = np.zeros(layout.segments * layout.segment_bytes, np.uint8)
    whole = []
    with pytest.raises(OSError, match="no such test set"):
        for name, block in _Run(Lanes(jobs()), pool, memory, layout).blocks():
            whole += [name] * block.last
    assert sorted(whole) == ["a", "b"]
