"""Publish test sets on the Hub: made, sent and committed at the same time, safe to run again."""

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from medmnist_c.builder.configs import Config, select
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE
from medmnist_c.builder.errors import BuildError, CleanDataError, PublishError
from medmnist_c.builder.executor.waiting import result_of
from medmnist_c.builder.files import absolute
from medmnist_c.builder.parquet.scheduling import make_test_sets
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.splits import PUBLISHED
from medmnist_c.builder.testset.spec import TestSetSpec, specs_of
from medmnist_c.publishing.card.card import CardUpdate
from medmnist_c.publishing.hub.client import RateLimiter, quiet_clients
from medmnist_c.publishing.hub.repository import Repository, Target
from medmnist_c.publishing.hub.same_images import Restatement, published_shard
from medmnist_c.publishing.planning.allowance import Allowance
from medmnist_c.publishing.planning.estimate import amount_of
from medmnist_c.publishing.planning.plan import plan
from medmnist_c.publishing.planning.replacing import refuse_to_replace
from medmnist_c.publishing.progress import Progress
from medmnist_c.publishing.uploader import Uploader
from medmnist_c.publishing.work_folder import work_folder

_ROUNDS = 3  # of making what somebody else has changed meanwhile
_TEST_SETS_AHEAD = 1  # beside the one being sent: what bounds the disk


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    `made` and `kept` are names of test sets, `commits` their object ids, `sent_bytes` the size of the
    files sent, `url` that of the repository or the pull request. `left` are names of test sets that
    another run is to send, and `over` says why this one has ended before; None if nothing is left.
    """

    url: str
    made: list[str]
    kept: list[str]
    commits: list[str]
    sent_bytes: int
    left: list[str]
    over: str | None


@dataclass(frozen=True)
class _Making:
    """How test sets are made and sent: by whom, where their files lie until then, how many.

    `replace`: whether what is there with other images may be replaced.
    """

    replace: bool
    allowance: Allowance
    num_proc: int | None
    scheduler: str | None
    cache_dir: str | Path | None
    work_dir: str | Path | None

    @property
    def own_cache_dir(self) -> Path:
        return Path(self.cache_dir or cache_folder())

    @property
    def work_base(self) -> Path:
        return absolute(self.work_dir or self.own_cache_dir)


def push(
    repo: str,
    test_sets: str | Iterable[str | Config] = "*",
    *,
    private: bool = False,
    create_pr: bool = False,
    revision: str | None = None,
    token: str | None = None,
    replace: bool = False,
    tag: str | None = None,
    seed: int | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    splits: str | Iterable[str] = PUBLISHED,
    size: int = PUBLISHED_SIZE,
    num_proc: int | None = None,
    scheduler: str | None = None,
    cache_dir: str | Path | None = None,
    work_dir: str | Path | None = None,
    max_gb: float | None = None,
    until: datetime | None = None,
    retry_policy: RetryPolicy | None = None,
    rate_limiter: RateLimiter | None = None,
) -> Pushed:
    """Put test sets into a dataset repository, so that `load_dataset(repo, config)` opens them.

    What is there with the same images is kept, also if another machine wrote other bytes for them (files
    that are not as the manifest states are downloaded to see that). What is missing is made, sent and
    committed, several test sets a commit, with a card of what is there then. What is there under the
    same name with other images is only replaced if that is asked for. It may break off at any time, by
    any failure: run again, it goes on.

    Args:
        repo: "USER/NAME"; made if it is not there.
        test_sets: which ones: names, wildcards, configurations; all by default.
        private: make the repository private.
        create_pr: into a pull request in place of a branch; into the one that an earlier push of the
            same account opened, as long as it is open.
        revision: branch or pull request ("refs/pr/3"); "main" by default.
        token: by default the environment's, or that of the login.
        replace: replace test sets that are there of other images: of the sample, another seed, another
            clean file, another version.
        tag: a name for what is there when all is done, e.g. "v1" for the version of the images.
        seed, data_dir, sample, size: which images, as for `load_dataset`. Those of another size than 224
            are published under other names, `{config}_64px`, and the card says that they are not the
            benchmark.
        splits: of "train", "validation" and "test"; what is random in the first two takes a seed.
        num_proc: processes that make images; all cores by default.
        scheduler: address of a Dask scheduler, e.g. "tcp://host:8786", in place of processes.
        cache_dir: for clean test sets; that of `datasets`, on each machine, by default.
        work_dir: for shards on their way; `cache_dir` by default. All workers of a scheduler must
            reach it by the same path.
        max_gb: end when more than so many GB would be sent; another run goes on.
        until: take no more test sets after this time.
        retry_policy: how often and how long to try again what may pass.
        rate_limiter: how many commits an hour.

    Raises:
        UnknownNameError: a name matches nothing.
        PublishError: the Hub refuses, or fails too often; or there are other images, and no `replace`.
        CleanDataError: a clean test set cannot be had.
    """
    specs = specs_of(select(test_sets), ImageSource(seed, data_dir, sample, size), splits)
    target = Target(repo, revision, create_pr, token)
    repository = Repository(target, retry_policy, rate_limiter, _say)
    allowance = Allowance(None if max_gb is None else max_gb * 1e9, until)
    making = _Making(replace, allowance, num_proc, scheduler, cache_dir, work_dir)
    if tag is not None and create_pr:
        raise PublishError(
            "A pull request is not tagged: merge it, then run the same with --tag, without --create-pr."
        )
    pushed = _push(specs, repository, private, making)
    if tag is not None and pushed.over is None:
        with quiet_clients():
            repository.tag(tag)
    return pushed


def _push(
    specs: list[TestSetSpec], repository: Repository, private: bool, making: _Making
) -> Pushed:
    if not repository.has_token:
        raise PublishError(
            "There is no token for the Hub; log in with `hf auth login`, set HF_TOKEN, or give --token."
        )
    with quiet_clients():
        if not repository.exists(private=private):
            repository.create(private=private)
        repository.find_pull_request()
        todo = _missing(specs, repository, making.replace)
        begun, sent_bytes, problem, allowance = todo, 0, None, making.allowance
        for _ in range(_ROUNDS):
            if todo and problem is None and allowance.over is None:
                sent, problem = _publish(todo, repository, making)
                sent_bytes += sent
                todo = _missing(specs, repository, making.replace, fresh=True)
        published = [spec for spec in specs if spec not in todo]
        if published:
            update = CardUpdate(published, repository.name, making.own_cache_dir)
            repository.commit("Update the card", update)
    if problem is not None:
        raise problem
    if todo and allowance.over is None:
        raise PublishError(
            f"{todo[0].stored.name} and {len(todo) - 1} more are not in {repository.url} as "
            "they were committed: somebody else replaces them, or its .gitattributes or .gitignore "
            "does not let Parquet files be stored as large files."
        )
    return Pushed(
        repository.url,
        [spec.stored.name for spec in begun if spec not in todo],
        [spec.stored.name for spec in specs if spec not in begun],
        repository.commits,
        sent_bytes,
        [spec.stored.name for spec in todo],
        allowance.over if todo else None,
    )


def _missing(
    specs: list[TestSetSpec], repository: Repository, replace: bool, fresh: bool = False
) -> list[TestSetSpec]:
    """What is to be made; of what is there in other files than stated, the manifest is mended.

    Raises:
        PublishError: other images are there, and they are not to be replaced.
    """
    snapshot = repository.snapshot(fresh=fresh)
    planned = plan(specs, snapshot, partial(published_shard, repository))
    if not replace:
        refuse_to_replace(repository.name, planned.replace)
    if planned.restate:
        repository.commit("State the files that are there", Restatement(planned.restate))
    return planned.make


def _publish(
    specs: list[TestSetSpec], repository: Repository, making: _Making
) -> tuple[int, OSError | None]:
    """Make, send and commit; the bytes sent, and why some could not be made.

    What could be made is published all the same.
    """
    problem = None
    amount = amount_of(specs, repository.snapshot())
    with (
        work_folder(making.work_base) as folder,
        closing(Progress(len(specs), amount.images, amount.bytes, _say)) as progress,
        _background() as submit,
    ):
        uploader = Uploader(repository, folder, progress, replace=making.replace)
        sending: deque[Future[None]] = deque()

        def made(count: int) -> None:
            progress.made(count)
            for future in sending:
                if future.done():
                    future.result()  # raises what has gone wrong, before more is made

        test_sets = make_test_sets(
            specs,
            folder,
            cache_dir=Path(making.cache_dir) if making.cache_dir else None,
            num_proc=making.num_proc,
            scheduler=making.scheduler,
            progress=made,
        )
        with closing(test_sets), _stopping(repository):
            try:
                for test_set in test_sets:
                    if not making.allowance.take(sum(shard.bytes for shard in test_set.shards)):
                        break
                    sending.append(submit(uploader.take, test_set))
                    while len(sending) > _TEST_SETS_AHEAD:
                        result_of(sending.popleft())
            except (BuildError, CleanDataError) as error:
                problem = error
            for future in [*sending, submit(uploader.finish)]:
                result_of(future)
        return progress.sent_bytes, problem


def _say(sentence: str) -> None:
    """Print a sentence without spoiling a bar."""
    tqdm.write(sentence, file=sys.stderr)


@contextlib.contextmanager
def _background() -> Iterator[Callable[..., Future[None]]]:
    """A thread of its own for the Hub, so that making goes on meanwhile.

    It ends with the block; after Ctrl-C nobody waits for the request under way.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="hub")
    try:
        yield pool.submit
    except BaseException as error:
        pool.shutdown(wait=isinstance(error, Exception), cancel_futures=True)
        raise
    pool.shutdown()


@contextlib.contextmanager
def _stopping(repository: Repository) -> Iterator[None]:
    """If anything fails here, the other thread ends after the request under way."""
    try:
        yield
    except BaseException:
        repository.stop()
        raise
