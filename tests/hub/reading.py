"""What can be read: what a repository is, its tree, its history, its files."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode

from hub.calls import Answer, Call, Refusal, answer
from hub.cards import card_data
from hub.content import File, pointer
from hub.repositories import readable
from hub.store import Commit, Repository

if TYPE_CHECKING:
    from hub.state import State

_MOST_PATHS = 1000


def info(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """A repository at a revision; with `blobs`, sizes and digests of its files."""
    repo = readable(hub, call, parts)
    at, history = repo.at(parts.get("revision", "main")), repo.history("main")
    about = {
        "id": repo.name,
        "author": parts["ns"],
        "sha": at.oid,
        "createdAt": history[-1].date,
        "lastModified": at.date,
        "private": repo.private,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [_sibling(p, f, "blobs" in call.query) for p, f in sorted(at.files.items())],
    }
    if (card := at.files.get("README.md")) and not card.lfs:
        about["cardData"] = card_data(repo.contents.path(card).read_text("utf-8", "replace"))[0]
    return answer(about)


def leaderboard(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Scores of models on a dataset: what a file `leaderboard.json` of its says, for want of models."""
    repo = readable(hub, call, parts)
    stated = repo.at("main").files.get("leaderboard.json")
    if stated is None:
        raise Refusal(404, "This dataset does not have a leaderboard")
    return answer(json.loads(repo.contents.path(stated).read_text("utf-8")))


def tree(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """What is in a folder, page by page in the order of the paths."""
    repo = readable(hub, call, parts)
    at, folder = repo.at(parts["revision"]), parts.get("path", "").strip("/")
    if folder not in at.folders:
        raise _no_entry(folder, at)
    inside = f"{folder}/" if folder else ""
    paths = [p for p in [*at.files, *at.folders] if p.startswith(inside) and p != folder]
    if call.query.get("recursive", "").lower() != "true":
        paths = [path for path in paths if "/" not in path[len(inside) :]]
    page, after = _page(hub, call, sorted(paths))
    return answer([_row(at, path) for path in page], headers=after)


def paths_info(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Rows of the paths asked for; none for what is not there."""
    repo = readable(hub, call, parts)
    at = repo.at(parts["revision"])
    paths = parse_qs(call.body.read().decode()).get("paths", [])
    if len(paths) > _MOST_PATHS:
        raise Refusal(413, "too many parameters")
    found = [path.strip("/") for path in paths]
    return answer([_row(at, path) for path in found if path in at.files or path in at.folders])


def commits(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """The history of a revision, page by page, the last commit first."""
    repo = readable(hub, call, parts)
    rows = {
        f"{number:09}": {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.description,
            "authors": [{"user": "tester"}],
            "date": commit.date,
        }
        for number, commit in enumerate(repo.history(parts["revision"]))
    }
    page, after = _page(hub, call, [*rows])
    return answer([rows[number] for number in page], headers=after)


def refs(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Branches and, if asked for, pull requests."""
    repo = readable(hub, call, parts)
    rows = [
        {"name": ref, "ref": ref if "/pr/" in ref else f"refs/heads/{ref}", "targetCommit": oid}
        for ref, oid in repo.refs.items()
    ]
    tags = [
        {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid}
        for tag, oid in repo.tags.items()
    ]
    pulls = [row for row in rows if row["ref"].startswith("refs/pr/")]
    said = {"branches": [row for row in rows if row not in pulls], "converts": [], "tags": tags}
    return answer(said | ({"pullRequests": pulls} if "include_prs" in call.query else {}))


def resolve(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """A file, or the range of it that is asked for."""
    repo = readable(hub, call, parts)
    at = repo.at(parts["revision"])
    file = at.files.get(parts["path"])
    if file is None:
        raise _no_entry(parts["path"], at)
    headers = {
        "X-Repo-Commit": at.oid,
        "ETag": f'"{file.etag}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream" if file.lfs else "text/plain; charset=utf-8",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(parts['path'], safe='')}",
    }
    if file.lfs:
        headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
    return _range_of(call, repo, file, headers)


def _range_of(call: Call, repo: Repository, file: File, headers: dict[str, str]) -> Answer:
    content = repo.contents.path(file)
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("Range", ""))
    if not asked or asked[0] == "bytes=-":
        return Answer(200, headers, file=content, length=file.size)
    first = int(asked[1]) if asked[1] else max(0, file.size - int(asked[2]))
    stop = min(int(asked[2]) + 1, file.size) if asked[1] and asked[2] else file.size
    if first >= stop:
        raise Refusal(416, "nothing there", headers={"Content-Range": f"bytes */{file.size}"})
    headers["Content-Range"] = f"bytes {first}-{stop - 1}/{file.size}"
    return Answer(206, headers, file=content, first=first, length=stop - first)


def _row(at: Commit, path: str) -> dict:
    if (file := at.files.get(path)) is None:
        oid = hashlib.sha1(f"{at.oid} {path}".encode()).hexdigest()
        return {"type": "directory", "oid": oid, "size": 0, "path": path}
    return {"type": "file", "oid": file.oid, "size": file.size, "path": path} | _lfs(file, "oid")


def _sibling(path: str, file: File, details: bool) -> dict:
    about = {"size": file.size, "blobId": file.oid} | _lfs(file, "sha256")
    return {"rfilename": path} | (about if details else {})


def _lfs(file: File, digest: str) -> dict:
    """What a row says of LFS content besides, its digest by the name that this row has for it."""
    length = len(pointer(file.sha256, file.size))
    about = {digest: file.sha256, "size": file.size, "pointerSize": length}
    return {"lfs": about} if file.lfs else {}


def _page(hub: State, call: Call, keys: list[str]) -> tuple[list[str], dict[str, str]]:
    """The next page of sorted keys, and the header that says where the one after it is."""
    cursor, size = call.query.get("cursor", ""), hub.options.page_size
    left = [key for key in keys if key > cursor] if cursor else keys
    if len(left) <= size:
        return left, {}
    query = urlencode(call.query | {"cursor": left[size - 1]})
    return left[:size], {"Link": f'<{call.base}{call.path}?{query}>; rel="next"'}


def _no_entry(path: str, at: Commit) -> Refusal:
    message = f"{path} does not exist on {at.oid}"
    return Refusal(404, message, "EntryNotFound", {"X-Repo-Commit": at.oid})
