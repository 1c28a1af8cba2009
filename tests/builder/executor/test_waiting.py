"""A signal that the waiting thread is not woken by: as when it came just before the wait."""

import queue
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from medmnist_c.builder.executor.waiting import first_done, next_of, result_of

LATER_S = 5.0  # when what is waited for comes: long after the signal


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """Raises here even where it is ignored, as in jobs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_later() -> None:
    """Send Ctrl-C to a thread that is not the waiting one, in a moment."""

    def send() -> None:
        time.sleep(0.1)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    threading.Thread(target=send, daemon=True).start()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads here")
@pytest.mark.parametrize("wait", ["result_of", "first_done", "next_of"])
def test_ctrl_c_ends_a_wait(wait: str):
    done, items = Future(), queue.Queue()
    waits = {
        "result_of": lambda: result_of(done),
        "first_done": lambda: first_done([Future(), done]),
        "next_of": lambda: next_of(items),
    }
    later = threading.Timer(LATER_S, lambda: (done.set_result(None), items.put(None)))
    later.start()
    interrupt_later()
    with pytest.raises(KeyboardInterrupt):
        waits[wait]()
    assert not done.done()
    later.cancel()


def test_what_was_waited_for_is_given():
    done, items = Future(), queue.Queue()
    done.set_result("made")
    items.put("first")
    assert result_of(done) == "made"
    assert first_done([Future(), done]) == {done}
    assert not first_done([])
    assert next_of(items) == "first"
    failed = Future()
    failed.set_exception(TimeoutError("of its own"))
    with pytest.raises(TimeoutError, match="of its own"):
        result_of(failed)
