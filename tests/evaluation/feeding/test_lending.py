"""Batches share memory one after the other, and never with one that somebody keeps."""

import numpy as np
import pytest

from medmnist_c.evaluation.feeding.lending import BatchMemory


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_memory_is_lent_again_when_the_last_view_is_gone():
    memory = BatchMemory(60)
    batch = memory.lend().reshape(5, 12)[:4].view(np.float32)
    first, kept = address(batch), batch[2:]
    del batch
    assert address(memory.lend()) != first  # which is back at once, as nobody keeps it
    del kept
    assert first in {address(one) for one in (memory.lend(), memory.lend())}


def test_a_tensor_keeps_it_too():
    torch = pytest.importorskip("torch")
    memory = BatchMemory(12)
    tensor = torch.from_numpy(memory.lend()).view(torch.float32).reshape(3, 1)
    tensor.fill_(7)
    memory.lend()[:] = 0
    assert tensor.flatten().tolist() == [7, 7, 7]
