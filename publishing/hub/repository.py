"""A dataset repository on the Hub: what is there, content sent ahead, commits that lose nothing."""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from huggingface_hub import CommitInfo, CommitOperationAdd, HfApi, get_token, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RevisionNotFoundError
from huggingface_hub.hf_api import DatasetInfo, RepoFile
from huggingface_hub.utils import (
    build_hf_headers,
    get_session,
    hf_raise_for_status,
    validate_repo_id,
)

from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.retry import CLIENT_ERRORS, RetryPolicy
from medmnist_c.builder.versions import VERSION
from medmnist_c.publishing.hub import manifest as manifests
from medmnist_c.publishing.hub.client import HubClient, RateLimiter, quiet_clients
from medmnist_c.publishing.hub.snapshot import EDITED, Changes, HubFile, Snapshot
from medmnist_c.publishing.hub.unreadable import unreadable

_TYPE = "dataset"
_COMMIT_ID = re.compile(
    "[0-9a-f]{40}"
)  # the client takes no others for a parent; some servers have them
_OURS = "medmnist_c: "  # begins the titles of pull requests that a push opens


@dataclass(frozen=True)
class Target:
    """Which repository, which revision of it, and on whose behalf.

    Args:
        repo: "USER/NAME".
        revision: branch or pull request ("refs/pr/3") to read and to commit to; None for "main".
        create_pr: the first commit opens a pull request, unless one that we opened is still open,
            and the others go there.
        token: for the Hub; by default the environment's or that of the login.

    Raises:
        PublishError: the name cannot be one, or a pull request to another branch is asked for.
    """

    repo: str
    revision: str | None = None
    create_pr: bool = False
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_name(self.repo)
        if self.create_pr and self.revision not in (None, "main"):
            raise PublishError(
                f"A pull request is made to main, not to {self.revision!r}; leave --create-pr out to "
                "commit there."
            )


class Repository:
    """One revision of a dataset repository. Each method raises `PublishError` in the end.

    Args:
        target: which one.
        retry_policy: how often and how long to try again.
        rate_limiter: how many commits an hour.
        say: is given a sentence about what is waited for.
        sends: False where it is only read.
    """

    def __init__(
        self,
        target: Target,
        retry_policy: RetryPolicy | None = None,
        rate_limiter: RateLimiter | None = None,
        say: Callable[[str], None] = lambda sentence: None,
        *,
        sends: bool = True,
    ) -> None:
        self.name = target.repo
        self.revision = target.revision or "main"
        self.commits: list[str] = []
        self.pull_request: str | None = None
        token = target.token or get_token()
        self.has_token = bool(token)
        self.is_private = False
        """As `exists` has found it."""
        self._api = HfApi(token=token or False, library_name="medmnist_c", library_version=VERSION)
        self._client = HubClient(self.name, token, retry_policy or RetryPolicy(), say, sends=sends)
        self.stop = self._client.stop
        self._say = say
        self._create_pr = target.create_pr
        self._limiter = rate_limiter or RateLimiter()
        self._knows_commits = False
        self._snapshot: Snapshot | None = None

    @property
    def url(self) -> str:
        return self.pull_request or f"{self._api.endpoint}/datasets/{self.name}"

    def exists(self, *, private: bool = False) -> bool:
        """Whether it is there, as far as the token may see; with `private`, it must not be public."""
        info = self._client.call("find the repository", self._info)
        self.is_private = info is not None and bool(info.private)
        if info is not None and private and not info.private:
            raise PublishError(
                f"{self.name} is there already and is public; make it private in its settings, or "
                "leave --private out."
            )
        return info is not None

    def account(self) -> dict[str, Any]:
        """What the Hub says of the token's owner."""
        return self._client.call("ask whose the token is", lambda: self._api.whoami(cache=True))

    def tag(self, name: str) -> None:
        """Have a tag name what is there; one of that name must not name anything else."""
        head = self.snapshot().head
        refs = self._client.call(
            "read the tags", lambda: self._api.list_repo_refs(self.name, repo_type=_TYPE)
        )
        there = {tag.name: tag.target_commit for tag in refs.tags}
        if name in there and there[name] != head:
            raise PublishError(
                f"{self.name} has a tag {name!r} already, of commit {there[name][:8]}, and it stays: "
                "choose another name, or delete that tag there first."
            )
        if name not in there:
            self._client.call(
                "make the tag",
                lambda: self._api.create_tag(
                    self.name, tag=name, revision=head, repo_type=_TYPE, exist_ok=True
                ),
            )

    def create(self, *, private: bool) -> None:
        """Make the repository; no error if somebody has just made it."""
        self._client.call(
            "make the repository",
            lambda: self._api.create_repo(
                self.name, repo_type=_TYPE, private=private or None, exist_ok=True
            ),
        )

    def find_pull_request(self) -> None:
        """Go on in the pull request that an earlier push of this account opened, if it is open yet.

        Does nothing unless a pull request is wanted.
        """
        if self._create_pr:
            numbers = self._client.call("find the pull requests", self._pull_requests)
            if numbers:
                self._go_on_in(f"refs/pr/{max(numbers)}", "Going on in")

    def snapshot(self, *, fresh: bool = False) -> Snapshot:
        """What is there: as last seen with our own commits since, or looked at afresh."""
        if fresh or self._snapshot is None:
            self._snapshot = self._client.call("read the files", self._read)
        return self._snapshot

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[BufferedIOBase]:
        """A copy of a file of the snapshot, to read from; it goes with the block."""
        with tempfile.TemporaryDirectory() as folder, quiet_clients():
            copy = self._client.call(
                f"read {path}",
                lambda: self._api.hf_hub_download(
                    self.name,
                    path,
                    repo_type=_TYPE,
                    revision=self.snapshot().head,
                    local_dir=folder,
                ),
            )
            with Path(copy).open("rb") as file:
                yield file

    def send(self, additions: list[CommitOperationAdd]) -> None:
        """Send files ahead of the commit that names them; what the Hub has already is not sent."""
        if additions:
            self._client.call(
                "send files",
                lambda: self._api.preupload_lfs_files(
                    self.name,
                    additions,
                    repo_type=_TYPE,
                    revision=self.revision,
                    create_pr=self._create_pr,
                ),
            )

    def commit(self, title: str, wanted: Callable[[Snapshot], Changes]) -> bool:
        """Commit what is wanted on top of what is there; whether there was anything to commit.

        After any failure, as when another publisher was quicker, the repository is looked at again,
        and `wanted` says what is still to do. So a commit whose answer was lost is not made a second
        time, and what others have added stays.
        """
        attempts, failed = self._client.attempts("commit to the repository"), False
        while changes := wanted(self.snapshot()):
            self._wait_for_room()
            before = self.snapshot()
            self._client.get_ready()
            try:
                info = self._api.create_commit(
                    self.name,
                    changes.operations(),
                    commit_message=_OURS + title if self._create_pr else title,
                    repo_type=_TYPE,
                    revision=self.revision,
                    create_pr=self._create_pr,
                    parent_commit=before.head if _COMMIT_ID.fullmatch(before.head) else None,
                )
                if info.oid == before.head:
                    raise RuntimeError("the Hub sees nothing to commit")
            except CLIENT_ERRORS as error:
                failed = True
                attempts.failed(error)
                self.find_pull_request()
                self.snapshot(fresh=True)
            else:
                self._committed(info, before.after(changes, info.oid))
                return True
        return failed

    def _committed(self, info: CommitInfo, after: Snapshot) -> None:
        self._snapshot = after
        self._limiter.add()
        self.commits.append(info.oid)
        if self._create_pr:
            self._go_on_in(str(info.pr_revision), "Opened")

    def _wait_for_room(self) -> None:
        if not self._knows_commits:
            commits = self._client.call(
                "read the commits",
                lambda: self._api.list_repo_commits(
                    self.name, repo_type=_TYPE, revision=self.revision
                ),
            )
            self._limiter.know(commit.created_at.timestamp() for commit in commits)
            self._knows_commits = True
        if wait := self._limiter.wait_s():
            self._client.pause(wait, "The Hub takes about 100 commits an hour")

    def _pull_requests(self) -> list[int]:
        found = self._api.get_repo_discussions(
            self.name,
            repo_type=_TYPE,
            author=self._api.whoami()["name"],
            discussion_type="pull_request",
            discussion_status="open",
        )
        return [discussion.num for discussion in found if discussion.title.startswith(_OURS)]

    def _go_on_in(self, ref: str, how: str) -> None:
        self.pull_request = f"{self.url}/discussions/{ref.rpartition('/')[2]}"
        self._say(f"{how} the pull request {self.pull_request} ({ref}).")
        self.revision = ref
        self._create_pr = False

    def _info(self) -> DatasetInfo | None:
        try:
            return self._api.dataset_info(self.name)
        except HfHubHTTPError as error:
            # 401 stands for "not there" too, unless there is a token: then it is a bad one.
            unknown = (404,) if self.has_token else (401, 404)
            if error.response.status_code not in unknown:
                raise
            return None

    def _read(self) -> Snapshot:
        """Files and manifest at the head of the revision."""
        try:
            head = self._api.dataset_info(self.name, revision=self.revision).sha
        except RevisionNotFoundError:
            raise PublishError(
                f"{self.name} has no revision {self.revision!r}; make the branch first, or leave "
                "--revision out."
            ) from None
        rows = self._api.list_repo_tree(self.name, recursive=True, revision=head, repo_type=_TYPE)
        files = {
            row.path: HubFile(row.size, row.lfs.sha256 if row.lfs else None, row.blob_id)
            for row in rows
            if isinstance(row, RepoFile)
        }
        known = manifests.PATH in files
        manifest = self._read_manifest(str(head)) if known else manifests.Manifest()
        texts = {path: self._read_file(path, str(head)) for path in EDITED if path in files}
        return Snapshot(str(head), files, manifest, texts)

    def _read_file(self, path: str, head: str) -> bytes:
        url = hf_hub_url(
            self.name, path, repo_type=_TYPE, revision=head, endpoint=self._api.endpoint
        )
        answer = get_session().get(url, headers=build_hf_headers(token=self._api.token))
        hf_raise_for_status(answer)
        return bytes(answer.content)

    def _read_manifest(self, head: str) -> manifests.Manifest:
        try:
            return manifests.from_bytes(self._read_file(manifests.PATH, head))
        except ValueError as error:
            remedy = (
                "restore it from the repository's history, or delete it there to have all test sets "
                "looked at anew"
            )
            raise unreadable(manifests.PATH, self.name, error, remedy) from None


def check_name(name: str) -> None:
    """Raise PublishError unless it is of the form USER/NAME, of characters that the Hub takes."""
    try:
        validate_repo_id(name)
        if name.count("/") == 1:
            return
    except HFValidationError:
        pass
    raise PublishError(
        f"{name!r} cannot be the name of a repository; it is USER/NAME or ORGANISATION/NAME, of "
        "letters, digits, '-', '_' and '.', at most 96 of them."
    )
