"""The control interface, under `/_control/`: not part of the Hub, and never counted or broken."""

from hub.calls import Answer, Call, Refusal, answer
from hub.faults import Fault
from hub.routes import KINDS
from hub.state import State

PREFIX = "/_control/"


def control(hub: State, call: Call) -> Answer:
    """One command, the last part of the path, with its arguments as JSON."""
    command = call.path.removeprefix(PREFIX)
    asked = call.json() if call.method == "POST" else {}
    if command == "log":
        return answer(hub.journal.rows())
    if command == "forget":
        hub.journal.forget()
    elif command == "break":
        if asked["kind"] not in (None, *KINDS):
            raise Refusal(400, f"no kind {asked['kind']!r}; there are {', '.join(sorted(KINDS))}")
        try:
            hub.faults.add(Fault(**asked))
        except ValueError as error:
            raise Refusal(400, str(error)) from None
    elif command == "mend":
        return answer({"left": hub.faults.mend()})
    elif command == "repository":
        return answer(_repository(hub, **asked))
    else:
        raise Refusal(404, f"no command {command!r}")
    return answer({})


def _repository(hub: State, repo: str, revision: str, repo_type: str) -> dict:
    """The history, first commit first, and the files with their size, sha256 and kind."""
    found = hub.store.find(repo_type, repo)
    if found is None:
        raise Refusal(404, f"no {repo_type} {repo!r}", "RepoNotFound")
    commits = [
        {"oid": commit.oid, "title": commit.title, "parent": commit.parent}
        for commit in reversed(found.history(revision))
    ]
    files = {
        path: {"size": file.size, "sha256": file.sha256, "lfs": file.lfs}
        for path, file in found.at(revision).files.items()
    }
    return {"commits": commits, "files": files}
