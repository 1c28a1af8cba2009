"""A dataset repository on the Hub: what is there, content sent ahead, commits that lose nothing."""

from collections.abc import Callable
from typing import TypeVar

from huggingface_hub import CommitInfo, CommitOperationAdd, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import get_session, validate_repo_id

from medmnist_c.builder.cards import VERSION
from medmnist_c.builder.errors import PublishError
from medmnist_c.publishing import manifest as manifests
from medmnist_c.publishing.changes import Changes
from medmnist_c.publishing.plan import State
from medmnist_c.publishing.rate_limiter import RateLimiter
from medmnist_c.publishing.reading import REPO_TYPE, read_state
from medmnist_c.publishing.retry import CLIENT_ERRORS, RetryingClient, RetryPolicy

_SILENCE_S = 300.0  # no answer for so long is a broken connection; a commit may take a minute
_OURS = "medmnist_c: "  # begins the titles of pull requests that a push opens

Result = TypeVar("Result")


class Repository:
    """One revision of a dataset repository. Each method raises `PublishError` in the end.

    Args:
        name: "USER/NAME".
        revision: branch or pull request ("refs/pr/3") to read and to commit to; "main" by default.
        create_pr: the first commit opens a pull request, unless one that we opened is still open,
            and the others go there.
        token: for the Hub; by default the environment's or that of the login.
        patience, pace: of tries and of commits.
        say: told what is waited for.
    """

    def __init__(
        self,
        name: str,
        *,
        revision: str | None = None,
        create_pr: bool = False,
        token: str | None = None,
        patience: RetryPolicy | None = None,
        pace: RateLimiter | None = None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.name = checked_name(name)
        if create_pr and revision not in (None, "main"):
            raise PublishError(
                f"A pull request is made to main, not to {revision!r}; leave --create-pr out to commit "
                "there."
            )
        self.revision = revision or "main"
        self.commits: list[str] = []
        self.pull_request: str | None = None
        token = token or get_token()
        self.has_token = bool(token)
        self._api = HfApi(token=token or False, library_name="medmnist_c", library_version=VERSION)
        self._caller = RetryingClient(self.name, patience or RetryPolicy(), say, token)
        self.stop, self.check_stop = self._caller.stop, self._caller.check_stop
        self._say = say
        self._create_pr = create_pr
        self._pace = pace or RateLimiter()
        self._pace_known = False
        self._state: State | None = None

    @property
    def url(self) -> str:
        return self.pull_request or f"{self._api.endpoint}/datasets/{self.name}"

    def exists(self, *, private: bool = False) -> bool:
        """Whether it is there, as far as the token may see; with `private`, it must not be public."""
        info = self._call("find the repository", self._info)
        if info is not None and private and not info.private:
            raise PublishError(
                f"{self.name} is there already and is public; make it private in its settings, or "
                "leave --private out."
            )
        return info is not None

    def create(self, *, private: bool) -> None:
        """Make the repository; no error if somebody has just made it."""
        self._call(
            "make the repository",
            lambda: self._api.create_repo(
                self.name, repo_type=REPO_TYPE, private=private or None, exist_ok=True
            ),
        )

    def find_pull_request(self) -> None:
        """Go on in the pull request that an earlier push of this account opened, if it is open yet.

        Does nothing unless a pull request is wanted.
        """
        if self._create_pr:
            open_ones = self._call("find the pull requests", self._pull_requests)
            if open_ones:
                self._go_on_in(f"refs/pr/{max(open_ones)}", "Going on in")

    def state(self, *, fresh: bool = False) -> State:
        """What is there: as last seen with our own commits since, or looked at afresh."""
        if fresh or self._state is None:
            self._state = self._call(
                "read the files", lambda: read_state(self._api, self.name, self.revision)
            )
        return self._state

    def send(self, additions: list[CommitOperationAdd]) -> None:
        """Send files ahead of the commit that names them; what the Hub has already is not sent."""
        if additions:
            self._call(
                "send files",
                lambda: self._api.preupload_lfs_files(
                    self.name,
                    additions,
                    repo_type=REPO_TYPE,
                    revision=self.revision,
                    create_pr=self._create_pr,
                ),
            )

    def commit(self, title: str, wanted: Callable[[State], Changes]) -> bool:
        """Commit what is wanted on top of what is there; whether there was anything to commit.

        After any failure, as when another publisher was quicker, the repository is looked at again,
        and `wanted` says what is still to do. So a commit whose answer was lost is not made a second
        time, and what others have added stays.
        """
        tried = 0
        while changes := wanted(self.state()):
            self._keep_pace()
            state = self.state()
            try:
                self._set_timeout()
                info = self._api.create_commit(
                    self.name,
                    changes.operations(),
                    commit_message=_OURS + title if self._create_pr else title,
                    repo_type=REPO_TYPE,
                    revision=self.revision,
                    create_pr=self._create_pr,
                    parent_commit=state.head,
                )
                if info.oid == state.head:
                    raise RuntimeError("the Hub sees nothing to commit")
            except CLIENT_ERRORS as error:
                tried += 1
                self._caller.after_failure("commit to the repository", error, tried)
                self.find_pull_request()
                self.state(fresh=True)
            else:
                self._committed(info, state, changes)
                return True
        return tried > 0

    def _committed(self, info: CommitInfo, state: State, changes: Changes) -> None:
        manifest = state.manifest
        if manifests.PATH in changes.small:
            manifest = manifests.from_bytes(changes.small[manifests.PATH])
        self._state = State(info.oid, changes.applied_to(state.files), manifest)
        self._pace.add()
        self.commits.append(info.oid)
        if self._create_pr:
            self._go_on_in(info.pr_revision, "Opened")

    def _keep_pace(self) -> None:
        if not self._pace_known:
            commits = self._call(
                "read the commits",
                lambda: self._api.list_repo_commits(
                    self.name, repo_type=REPO_TYPE, revision=self.revision
                ),
            )
            self._pace.know(commit.created_at.timestamp() for commit in commits)
            self._pace_known = True
        if wait := self._pace.wait_s():
            self._caller.pause(wait, "The Hub takes about 100 commits an hour")

    def _pull_requests(self) -> list[int]:
        found = self._api.get_repo_discussions(
            self.name,
            repo_type=REPO_TYPE,
            author=self._api.whoami()["name"],
            discussion_type="pull_request",
            discussion_status="open",
        )
        return [one.num for one in found if one.title.startswith(_OURS)]

    def _go_on_in(self, ref: str, how: str) -> None:
        self.pull_request = f"{self.url}/discussions/{ref.rpartition('/')[2]}"
        self._say(f"{how} the pull request {self.pull_request} ({ref}).")
        self.revision = ref
        self._create_pr = False

    def _info(self):
        try:
            return self._api.repo_info(self.name, repo_type=REPO_TYPE)
        except HfHubHTTPError as error:
            # 401 stands for "not there" too, unless there is a token: then it is a bad one.
            unknown = (404,) if self.has_token else (401, 404)
            if error.response.status_code not in unknown:
                raise
            return None

    def _call(self, what: str, function: Callable[[], Result]) -> Result:
        self._set_timeout()
        return self._caller.call(what, function)

    def _set_timeout(self) -> None:
        session = get_session()
        if hasattr(session, "timeout"):  # by default it would wait for ever
            session.timeout = _SILENCE_S


def checked_name(name: str) -> str:
    """The name of a repository, if it can be one.

    Raises:
        PublishError: it is not of the form USER/NAME, or has characters that the Hub does not take.
    """
    try:
        validate_repo_id(name)
        if name.count("/") == 1:
            return name
    except HFValidationError:
        pass
    raise PublishError(
        f"{name!r} cannot be the name of a repository; it is USER/NAME or ORGANISATION/NAME, of "
        "letters, digits, '-', '_' and '.', at most 96 of them."
    )
