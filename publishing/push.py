"""Publish test sets on the Hub: made, sent and committed at the same time, safe to run again."""

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
from huggingface_hub import logging
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from tqdm.auto import tqdm

from medmnist_c.builder.configs import Configuration, select
from medmnist_c.builder.errors import BuildError, CleanDataError, PublishError
from medmnist_c.builder.parquet.scheduling import make_test_sets
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing.card_writer import CardWriter
from medmnist_c.publishing.plan import plan
from medmnist_c.publishing.progress import Progress
from medmnist_c.publishing.rate_limiter import RateLimiter
from medmnist_c.publishing.repository import Repository
from medmnist_c.publishing.retry import RetryPolicy
from medmnist_c.publishing.uploader import Uploader
from medmnist_c.publishing.work_folder import work_folder

_ROUNDS = 3  # of making what somebody else has changed meanwhile
_TEST_SETS_AHEAD = 1  # beside the one being sent: what bounds the disk


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    `made` and `kept` are names of test sets, `commits` their object ids, `sent_bytes` the size of the
    files made (the Hub may have had them), `url` that of the repository or the pull request.
    """

    url: str
    made: list[str]
    kept: list[str]
    commits: list[str]
    sent_bytes: int


def push(
    repo: str,
    test_sets: str | Iterable[str | Configuration] = "*",
    *,
    private: bool = False,
    create_pr: bool = False,
    revision: str | None = None,
    token: str | None = None,
    seed: int | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    num_proc: int | None = None,
    scheduler: str | None = None,
    cache_dir: str | Path | None = None,
    work_dir: str | Path | None = None,
    patience: RetryPolicy | None = None,
    pace: RateLimiter | None = None,
) -> Pushed:
    """Put test sets into a dataset repository, so that `load_dataset(repo, config)` opens them.

    What is there with the same images is kept; what is missing, or was made by other code or from
    other clean images, is made, sent and committed, several test sets a commit, the card last. It
    may break off at any time, by any failure: run again, it goes on.

    Args:
        repo: "USER/NAME"; made if it is not there.
        test_sets: which ones: names, wildcards, configurations; all by default.
        private: make the repository private.
        create_pr: into a pull request in place of a branch; into the one that an earlier push of the
            same account opened, as long as it is open.
        revision: branch or pull request ("refs/pr/3"); "main" by default.
        token: by default the environment's, or that of the login.
        seed, data_dir, sample: as `TestSetSpec`.
        num_proc: processes that make images; all cores by default.
        scheduler: address of a Dask scheduler, e.g. "tcp://host:8786", in place of processes.
        cache_dir: for clean test sets; that of `datasets`, on each machine, by default.
        work_dir: for shards on their way; `cache_dir` by default. All workers of a scheduler must
            reach it by the same path.
        patience: how often and how long to try again; pace: how many commits an hour.

    Raises:
        PublishError: the Hub refuses, or fails too often.
        CleanDataError: a clean test set cannot be had.
    """
    specs = [TestSetSpec(one, seed, data_dir, sample) for one in select(test_sets)]
    makers = {
        "cache_dir": cache_dir and Path(cache_dir),
        "num_proc": num_proc,
        "scheduler": scheduler,
    }
    cache_dir = Path(cache_dir or datasets.config.HF_DATASETS_CACHE)
    work_dir = Path(work_dir or cache_dir).expanduser().absolute()
    options = {"revision": revision, "create_pr": create_pr, "token": token}
    repository = Repository(repo, **options, patience=patience, pace=pace, say=say)
    if not repository.has_token:
        raise PublishError(
            "There is no token for the Hub; log in with `hf auth login`, set HF_TOKEN, or give --token."
        )
    with _quiet_clients():
        if not repository.exists(private=private):
            repository.create(private=private)
        repository.find_pull_request()
        todo = plan(specs, repository.state()).make
        made, sent_bytes, problem = todo, 0, None
        for _ in range(_ROUNDS):
            if todo and problem is None:
                sent, problem = _publish(todo, repository, work_dir, makers)
                sent_bytes += sent
                todo = plan(specs, repository.state(fresh=True)).make
        there = [spec for spec in specs if spec not in todo]
        if there:
            repository.commit("Update the card", CardWriter(there, repository.name, cache_dir))
    if problem is not None:
        raise problem
    if todo:
        raise PublishError(
            f"{todo[0].configuration.name} and {len(todo) - 1} more are not in {repository.url} as "
            "they were committed: somebody else replaces them, or its .gitattributes or .gitignore "
            "does not let Parquet files be stored as large files."
        )
    return Pushed(
        repository.url,
        [spec.configuration.name for spec in made],
        [spec.configuration.name for spec in specs if spec not in made],
        repository.commits,
        sent_bytes,
    )


def say(sentence: str) -> None:
    """Tell the user, without spoiling a bar."""
    tqdm.write(sentence, file=sys.stderr)


def _publish(
    specs: list[TestSetSpec], repository: Repository, work_dir: Path, makers: dict[str, Any]
) -> tuple[int, OSError | None]:
    """Make, send and commit; the bytes sent, and why some could not be made.

    What could be made is published all the same.
    """
    problem = None
    images = sum(spec.source().count for spec in specs)
    with (
        work_folder(work_dir) as folder,
        closing(Progress(len(specs), images)) as progress,
        _background() as submit,
    ):
        sender = Uploader(repository, folder, progress)
        sending: deque[Future] = deque()

        def made(count: int) -> None:
            progress.made(count)
            for future in sending:
                if future.done():
                    future.result()  # raises what has gone wrong, before more is made

        making = make_test_sets(specs, folder, progress=made, **makers)
        with closing(making), _stopping(repository):
            try:
                for one in making:
                    sending.append(submit(sender.take, one))
                    while len(sending) > _TEST_SETS_AHEAD:
                        sending.popleft().result()
            except (BuildError, CleanDataError) as error:
                problem = error
            for future in [*sending, submit(sender.finish)]:
                future.result()
        return progress.sent_bytes, problem


@contextlib.contextmanager
def _background() -> Iterator[Callable[..., Future]]:
    """A thread of its own for the Hub, so that making goes on meanwhile; it ends with the block."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="hub")
    try:
        yield pool.submit
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _stopping(repository: Repository) -> Iterator[None]:
    """If anything fails here, the other thread ends after the request under way."""
    try:
        yield
    except BaseException as error:
        repository.stop()
        if isinstance(error, KeyboardInterrupt):
            say("Stopping after the request under way; Ctrl-C again to stop at once.")
        raise


@contextlib.contextmanager
def _quiet_clients() -> Iterator[None]:
    """No bars and warnings of `huggingface_hub` of its own; a signed address may be in the latter."""
    verbosity, bars = logging.get_verbosity(), not are_progress_bars_disabled()
    logging.set_verbosity_error()
    if bars:
        disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            enable_progress_bars()
