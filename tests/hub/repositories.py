"""Who one is, repositories and branches, and checks before anything is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hub import accounts
from hub.calls import Answer, Call, Refusal, answer
from hub.cards import check_card

if TYPE_CHECKING:
    from hub.state import State
    from hub.store import Repository


def readable(hub: State, call: Call, parts: dict[str, str]) -> Repository:
    """The repository of a path, if the caller may know of it.

    What is private looks missing to strangers; what is missing looks private to them (401).
    """
    check_token(call)
    repo = hub.store.find(parts["type"], f"{parts['ns']}/{parts['name']}")
    if repo is None or (repo.private and call.token is None):
        raise Refusal(404 if call.token else 401, "Repository not found", "RepoNotFound")
    return repo


def writable(hub: State, call: Call, parts: dict[str, str]) -> Repository:
    """The repository of a path, if the caller may write to it."""
    repo = readable(hub, call, parts)
    may_write(call, parts["ns"])
    return repo


def check_token(call: Call) -> None:
    """Refuse (401) a token that nobody has; none at all is fine."""
    if call.token is not None and call.token not in accounts.ROLES:
        raise Refusal(401, "Invalid credentials in Authorization header")


def may_write(call: Call, namespace: str) -> None:
    """Refuse who has no token (401), only one to read with, or no rights there (403)."""
    if call.token is None:
        raise Refusal(401, "Invalid username or password.")
    check_token(call)
    if accounts.ROLES[call.token] != "write":
        raise Refusal(403, "this token may only read; writing takes one with the role write")
    if namespace == accounts.FOREIGN:
        raise Refusal(403, f"You don't have the rights to write under the namespace {namespace!r}")


def create(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """`repos/create`; 409 with the address if it is there."""
    asked = call.json()
    namespace, kind = asked.get("organization") or accounts.USER, asked.get("type", "model")
    may_write(call, namespace)
    if kind not in ("dataset", "model", "space"):
        raise Refusal(400, f"this stand-in has no repositories of type {kind!r}")
    if kind == "space" and asked.get("sdk") != "static":
        raise Refusal(400, f"this stand-in runs no Space of sdk {asked.get('sdk')!r}")
    if (visibility := asked.get("visibility", "public")) not in ("public", "private"):
        raise Refusal(400, f"visibility {visibility!r} is neither public nor private")
    repo = f"{namespace}/{asked.get('name')}"
    made = hub.store.create(kind, repo, private=visibility == "private")
    found = made or hub.store.find(kind, repo)
    about = {"url": f"{call.base}/{found.url_path}", "name": repo, "id": repo}
    if made is None:
        about["error"] = f"You already created this {kind} repo"
    return answer(about, 200 if made else 409)


def whoami(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """`whoami-v2`."""
    if call.token is None:
        raise Refusal(401, "Invalid username or password.")
    check_token(call)
    return answer(accounts.whoami(call.token))


def validate_yaml(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """`validate-yaml`: 400 with the errors; 413 if the card is too long."""
    check_token(call)
    asked = call.json()
    content = asked["content"]
    if len(content.encode()) > hub.options.card_limit:
        raise Refusal(413, "request entity too large")
    errors, warnings = check_card(content, asked.get("repoType", "model"))
    found = {"errors": [{"message": e} for e in errors]}
    found["warnings"] = [{"message": w} for w in warnings]
    return answer(found, 400 if errors else 200)


def create_branch(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """A branch from main's head, or from `startingPoint`."""
    repo, branch = writable(hub, call, parts), parts["revision"]
    if branch.startswith("refs/") or not re.fullmatch(r"[\w./-]+", branch):
        raise Refusal(400, f"Invalid reference for a branch: {branch}")
    start = call.json().get("startingPoint", "main")
    with repo.lock:
        if branch in repo.refs:
            raise Refusal(409, f"Reference already exists: refs/heads/{branch}")
        repo.point(branch, repo.at(start).oid)
    return answer({})


def create_tag(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """A tag of a revision; 409 if there is one of that name."""
    repo, tag = writable(hub, call, parts), call.json().get("tag")
    if not isinstance(tag, str) or not re.fullmatch(r"[\w./-]+", tag):
        raise Refusal(400, f"Invalid reference for a tag: {tag}")
    with repo.lock:
        if tag in repo.tags:
            raise Refusal(409, f"Tag reference exists already: {tag}")
        repo.tag(tag, repo.at(parts["revision"]).oid)
    return answer({})


def delete_branch(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Any branch but main."""
    repo, branch = writable(hub, call, parts), parts["revision"]
    if branch not in repo.refs:
        raise Refusal(404, f"Invalid rev id: {branch}", "RevisionNotFound")
    if branch == "main":
        raise Refusal(403, "main cannot be deleted")
    repo.point(branch, None)
    return answer({})


def agent_harnesses(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """None are known; answered, so that clients remember it and ask once a day."""
    return answer({"standardEnvVars": [], "harnesses": {}})


def nothing(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Everything that the stand-in does not speak."""
    raise Refusal(404, f"Sorry, we can't find the page you are looking for: {call.path}")
