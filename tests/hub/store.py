"""Repositories with their commits and refs, on disk, so that they outlive the server."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from hub.calls import Refusal
from hub.content import Contents, File, regular_file, write

_ATTRIBUTES = b"".join(
    b"*.%s filter=lfs diff=lfs merge=lfs -text\n" % ending
    for ending in b"arrow bin bz2 gz h5 jpg jpeg npy npz parquet pkl png tar tgz zip zst".split()
)
"""The `.gitattributes` with which a repository begins: what is LFS whatever its size."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


@dataclass(frozen=True)
class Commit:
    """A commit with all the files that are there after it."""

    oid: str
    title: str
    description: str
    parent: str | None
    date: str
    files: dict[str, File]

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds something, the root ("") included."""
        return folders_of(self.files)


def folders_of(paths: Iterable[str]) -> frozenset[str]:
    """Every folder above these files, the root ("") included."""
    found = {""}
    for path in paths:
        while (path := path.rpartition("/")[0]) not in found:
            found.add(path)
    return frozenset(found)


class Repository:
    """One repository. Hold `lock` from reading a head to moving it."""

    def __init__(self, folder: Path, kind: str, repo: str, commit_digits: int = 40) -> None:
        self._commit_digits = commit_digits
        self.kind, self.name, self.lock = kind, repo, threading.RLock()
        self._folder, self._commits = folder, {}
        self.contents = Contents(folder)
        (folder / "commits").mkdir(exist_ok=True)
        about = json.loads((folder / "repository.json").read_text())
        self.private: bool = about["private"]
        self.refs: dict[str, str] = about["refs"]
        """Commit of each branch, and of each pull request as `refs/pr/N`."""
        pulls = about.get("pull_requests", {})
        self.tags: dict[str, str] = about.get("tags", {})
        """Commit of each tag."""
        self.pull_requests: dict[int, dict[str, str]] = {int(n): pulls[n] for n in pulls}
        """Title, status ("open", "closed") and date of each."""

    @property
    def url_path(self) -> str:
        """Where people find it: `datasets/namespace/name`; models have no prefix."""
        return self.name if self.kind == "model" else f"{self.kind}s/{self.name}"

    def at(self, revision: str) -> Commit:
        """The commit of a branch, pull request or commit id; refused if there is none."""
        named = self.tags | self.refs
        oid = named.get(revision.removeprefix("refs/heads/"), revision)
        commit = self._commits.get(oid) or self._load(oid)
        if commit is None:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    def history(self, revision: str) -> list[Commit]:
        """The commits that led to a revision, the last one first."""
        commits = [self.at(revision)]
        while commits[-1].parent:
            commits.append(self.at(commits[-1].parent))
        return commits

    def commit(self, ref: str, title: str, description: str, files: dict[str, File]) -> Commit:
        """Put a commit on top of a ref (a new `refs/pr/N` starts from main)."""
        parent = self.refs.get(ref, self.refs.get("main"))
        date = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        rows = {path: asdict(files[path]) for path in sorted(files)}
        about = {"title": title, "description": description, "parent": parent, "date": date}
        text = json.dumps(about | {"files": rows})
        oid = hashlib.sha512(text.encode()).hexdigest()[: self._commit_digits]
        write(self._folder / "commits" / oid, [text.encode()])
        self.point(ref, oid)
        return self.at(oid)

    def point(self, ref: str, oid: str | None) -> None:
        """Let a ref name a commit, or (None) drop it."""
        refs = {name: at for name, at in self.refs.items() if name != ref}
        self.refs = refs | ({ref: oid} if oid else {})
        self._save()

    def tag(self, name: str, oid: str) -> None:
        """Let a tag name a commit."""
        self.tags[name] = oid
        self._save()

    def set_pull_request(self, number: int, **info: str) -> None:
        """Note facts of a pull request."""
        self.pull_requests[number] = self.pull_requests.get(number, {}) | info
        self._save()

    def _load(self, oid: str) -> Commit | None:
        path = self._folder / "commits" / oid
        if not re.fullmatch("[0-9a-f]{40,}", oid) or not path.exists():
            return None
        about = json.loads(path.read_text())
        files = {name: File(**row) for name, row in about.pop("files").items()}
        commit = self._commits[oid] = Commit(oid=oid, files=files, **about)
        return commit

    def _save(self) -> None:
        about = {
            "private": self.private,
            "refs": self.refs,
            "tags": self.tags,
            "pull_requests": self.pull_requests,
        }
        write(self._folder / "repository.json", [json.dumps(about).encode()])


class Store:
    """All repositories under one folder."""

    def __init__(self, root: Path, commit_digits: int = 40) -> None:
        self.root, self._commit_digits = root, commit_digits
        self._open: dict[tuple[str, str], Repository] = {}
        self._lock = threading.RLock()

    def find(self, kind: str, repo: str) -> Repository | None:
        """A repository; None if there is none of that kind and name."""
        with self._lock:
            folder = self._folder(kind, repo)
            if (kind, repo) not in self._open and (folder / "repository.json").exists():
                self._open[kind, repo] = Repository(folder, kind, repo, self._commit_digits)
            return self._open.get((kind, repo))

    def create(self, kind: str, repo: str, private: bool) -> Repository | None:
        """A new repository with its first commit; None if there is one already."""
        if not all(_NAME.fullmatch(part) and ".." not in part for part in repo.split("/")):
            raise Refusal(400, f"{repo!r} is not a name that a repository can have")
        with self._lock:
            if self.find(kind, repo):
                return None
            folder = self._folder(kind, repo)
            folder.mkdir(parents=True, exist_ok=True)
            about = json.dumps({"private": private, "refs": {}})
            write(folder / "repository.json", [about.encode()])
            new = Repository(folder, kind, repo, self._commit_digits)
            self._open[kind, repo] = new
            new.contents.add_regular(_ATTRIBUTES)
            files = {".gitattributes": regular_file(_ATTRIBUTES)}
            new.commit("main", "initial commit", "", files)
            return new

    def _folder(self, kind: str, repo: str) -> Path:
        return self.root / "repositories" / kind / repo
