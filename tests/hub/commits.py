"""The commit endpoint: all of what it is told is checked before anything changes."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from typing import TYPE_CHECKING

from hub.calls import Answer, Call, Refusal, answer
from hub.cards import check_card
from hub.content import File, lfs_file, regular_file
from hub.paths import check_path, check_tree
from hub.repositories import writable
from hub.store import Repository, folders_of
from hub.transfer import kept

if TYPE_CHECKING:
    from hub.state import State

_MOST_LFS_FILES = 25_000
_MOST_IN_A_FOLDER = 10_000
_MOST_REGULAR_BYTES = 1_000_000_000


def commit(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """One commit on a branch or pull request, or as a new pull request."""
    repo, revision = writable(hub, call, parts), parts["revision"]
    header, operations = _lines(call.body.read())
    create_pr = call.query.get("create_pr") == "1"
    if create_pr and revision != "main":
        raise Refusal(400, "a pull request can only be made to main")
    with repo.lock:
        head = repo.at(revision)
        if revision not in repo.refs:
            raise Refusal(400, f"{revision} is not a branch: nothing can be put on top of it")
        parent = header.get("parentCommit")
        if parent is not None and not head.oid.startswith(parent.lower()):
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        files, new = _changed(hub, repo, head.files, operations)
        number = max(repo.pull_requests, default=0) + 1
        ref = f"refs/pr/{number}" if create_pr else revision
        made = repo.commit(ref, header["summary"], header.get("description", ""), files)
        if create_pr:
            repo.set_pull_request(number, title=made.title, status="open", date=made.date)
    call.new_content = new
    url = f"{call.base}/{repo.url_path}"
    said = {"success": True, "commitOid": made.oid, "commitUrl": f"{url}/commit/{made.oid}"}
    if create_pr:
        said["pullRequestUrl"] = f"{url}/discussions/{number}"
    return answer(said)


def _lines(body: bytes) -> tuple[dict, list[tuple[str, dict]]]:
    """The header, and the operations after it, of a body in ndjson."""
    try:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        operations = [(line["key"], line["value"]) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(400, f"the commit is not ndjson of keys and values: {error!r}") from None
    if not operations or operations[0][0] != "header" or not operations[0][1].get("summary"):
        raise Refusal(400, "a commit begins with a header that has a summary")
    kinds = Counter(key for key, _ in operations)
    if kinds["header"] != 1 or kinds["lfsFile"] > _MOST_LFS_FILES:
        raise Refusal(413, f"a commit has one header and at most {_MOST_LFS_FILES} LFS files")
    if kinds["file"] and len(body) > _MOST_REGULAR_BYTES * 4 // 3:
        raise Refusal(413, "more than 1 GB of regular files in one commit")
    return operations[0][1], operations[1:]


def _changed(
    hub: State, repo: Repository, before: dict[str, File], operations: list[tuple[str, dict]]
) -> tuple[dict[str, File], bool]:
    """The files after the operations, and whether any brought content that was not there."""
    files, regular, fetched = dict(before), [], False
    for key, value in operations:
        path = value["path"]
        if key == "file":
            regular.append(_regular(hub, repo, path, value))
            files[check_path(path)] = regular_file(regular[-1])
        elif key == "lfsFile":
            files[check_path(path)], new = _lfs(hub, repo, value)
            fetched |= new
        elif key == "deletedFile":
            if files.pop(path, None) is None:
                raise _no_entry(path)
        elif key == "deletedFolder":
            inside = [name for name in files if name.startswith(path.rstrip("/") + "/")]
            if not inside:
                raise _no_entry(path)
            for name in inside:
                del files[name]
        else:
            raise Refusal(400, f"a commit has no lines of kind {key!r}")
    _check_folders(files)
    kept_now = [repo.contents.add_regular(content) for content in regular]  # all is found good
    return files, fetched or any(kept_now)


def _regular(hub: State, repo: Repository, path: str, value: dict) -> bytes:
    if value.get("encoding") != "base64":
        raise Refusal(400, f"{path}: encoding {value.get('encoding')!r} is not base64")
    try:
        content = base64.b64decode(value["content"], validate=True)
    except binascii.Error as error:
        raise Refusal(400, f"{path}: {error}") from None
    if len(content) > hub.options.regular_limit:
        raise Refusal(413, f"{path} has {len(content)} bytes: too many for a regular file")
    if path == "README.md":
        if len(content) > hub.options.card_limit:
            raise Refusal(413, "README.md is too long")
        errors, _ = check_card(content.decode(errors="replace"), repo.kind)
        if errors:
            raise Refusal(400, f"Invalid metadata in README.md: {'; '.join(errors)}")
    return content


def _lfs(hub: State, repo: Repository, value: dict) -> tuple[File, bool]:
    """The row of LFS content that is stored, or that Xet's store can give back; is it new?"""
    oid, path = value["oid"], value["path"]
    if value.get("algo") != "sha256":
        raise Refusal(400, f"{path}: algo {value.get('algo')!r} is not sha256")
    there, new = repo.contents.lfs_size(oid), False
    if there is None and (segments := hub.xet.segments(oid)):
        there, new = sum(segment.bytes for segment in segments), True
        kept(lambda: repo.contents.add_lfs(oid, there, hub.xet.pieces(segments)))
    if there is None:
        raise Refusal(400, f"{path}: LFS content {oid} was never uploaded")
    if value.get("size", there) != there:  # a copy says no size
        raise Refusal(400, f"{path}: LFS content {oid} has {there} bytes, not {value['size']}")
    return lfs_file(oid, there), new


def _no_entry(path: str) -> Refusal:
    return Refusal(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")


def _check_folders(files: dict[str, File]) -> None:
    held = Counter(path.rpartition("/")[0] for path in files)
    if held and (most := held.most_common(1)[0])[1] > _MOST_IN_A_FOLDER:
        raise Refusal(400, f"{most[1]} files in {most[0]!r}; at most {_MOST_IN_A_FOLDER}")
    check_tree(files, folders_of(files))
