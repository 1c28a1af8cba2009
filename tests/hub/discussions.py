"""Pull requests as discussions: which there are, and closing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub import accounts
from hub.calls import Answer, Call, Refusal, answer
from hub.repositories import readable, writable
from hub.store import Repository

if TYPE_CHECKING:
    from hub.state import State

_PAGE = 10


def listed(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Those of an author, a type and a status, page by page, the last one first."""
    repo, asked = readable(hub, call, parts), call.query
    rows = [_row(repo, number) for number in sorted(repo.pull_requests, reverse=True)]
    rows = [
        row
        for row in rows
        if asked.get("author") in (None, row["author"]["name"])
        and asked.get("type", "all") in ("all", "pull_request")
        and asked.get("status", "all") in ("all", row["status"])
    ]
    start = int(asked.get("p", 0)) * _PAGE
    page = rows[start : start + _PAGE]
    return answer({"discussions": page, "count": len(rows), "start": start})


def set_status(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Open or close one."""
    repo, number = writable(hub, call, parts), int(parts["number"])
    status = call.json().get("status")
    if number not in repo.pull_requests or status not in ("open", "closed"):
        raise Refusal(404, f"There is no discussion {number} that could be {status}")
    with repo.lock:
        repo.set_pull_request(number, status=status)
    about = {"id": "0", "type": "status-change", "data": {"status": status}}
    about |= _by_whom(repo, number)
    return answer({"newStatus": about})


def _row(repo: Repository, number: int) -> dict:
    pull = repo.pull_requests[number]
    return {
        "num": number,
        "title": pull["title"],
        "status": pull["status"],
        "isPullRequest": True,
        "repo": {"name": repo.name, "type": repo.kind},
    } | _by_whom(repo, number)


def _by_whom(repo: Repository, number: int) -> dict:
    date = repo.pull_requests[number]["date"]
    return {"author": {"name": accounts.USER}, "createdAt": date}
