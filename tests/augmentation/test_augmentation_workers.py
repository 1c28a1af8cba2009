"""Augmentation in the workers of a real `DataLoader`: the same with a seed, never alike without."""

import os
import random

import numpy as np
import pytest
from support.augmented_images import AugmentedImages

torch = pytest.importorskip("torch")

COUNT = 24


def epochs(workers, start, persistent=False, numbers=(None, None)):
    """For each epoch: seeded images by index, and the unseeded ones."""
    data = AugmentedImages(COUNT)
    how = {"multiprocessing_context": start, "persistent_workers": persistent} if workers else {}
    loader = torch.utils.data.DataLoader(
        data, batch_size=4, shuffle=True, num_workers=workers, collate_fn=list, **how
    )
    result = []
    for number in numbers:
        if number is not None:
            data.seeded.set_epoch(number)
        rows = [row for batch in loader for row in batch]
        result.append((dict(row[:2] for row in rows), [row[2] for row in rows]))
    return result


@pytest.fixture(scope="module")
def plain():
    return epochs(0, None)


@pytest.mark.parametrize(
    ("workers", "start", "persistent"),
    [
        (0, None, False),
        (1, "fork", False),
        (2, "fork", False),
        (2, "fork", True),
        (1, "spawn", False),
        (2, "spawn", True),
    ],
)
def test_seeded_alike_and_unseeded_never(plain, workers, start, persistent):
    made = epochs(workers, start, persistent)
    for (seeded, _), (expected, _) in zip(made, plain, strict=True):
        assert seeded == expected
    fresh = [one for _, images in [*made, *plain] for one in images]
    assert len(set(fresh)) == len(fresh) == 4 * COUNT


def test_epochs_differ_and_can_be_entered_anywhere(plain):
    first, second = plain[0][0], plain[1][0]
    alike = sum(first[index] == second[index] for index in first)
    assert alike < COUNT * 0.6  # a quarter are left as they are in both
    (third, _), (again, _), (fourth, _) = epochs(2, "fork", True, numbers=(3, 3, 4))
    assert third == again != fourth
    ((alone, _),) = epochs(0, None, numbers=(4,))
    assert alone == fourth
    ((zeroth, _),) = epochs(1, "fork", numbers=(0,))
    assert zeroth == first


def test_processes_forked_by_hand_draw_apart():
    data = AugmentedImages(1)
    data[0]  # has drawn already: a fork would inherit the generator
    made = [data[0][2]]
    for _ in range(2):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.write(writing, data[0][2])
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as file:
            made.append(file.read())
        os.waitpid(child, 0)
    assert len(set(made)) == 3


def test_global_random_states_are_neither_read_nor_moved(plain):
    def state():
        return (
            random.getstate(),
            str(np.random.get_state()),
            bytes(torch.random.get_rng_state().numpy()),
        )

    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    data, before = AugmentedImages(COUNT), state()
    rows = [data[index] for index in range(COUNT)]
    assert state() == before
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    again = AugmentedImages(COUNT)
    assert not {row[2] for row in rows} & {again[index][2] for index in range(COUNT)}
    random.seed(2), np.random.seed(2), torch.manual_seed(2)
    assert {row[0]: row[1] for row in rows} == plain[0][0]
