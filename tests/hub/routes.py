"""From method and path to the kind of a request and the handler that answers it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from hub import commits, discussions, reading, repositories, transfer
from hub.calls import Answer

_ANY = "GET|HEAD|POST|PUT|DELETE"
_API = r"/api/(?P<type>dataset|model|space)s/(?P<ns>[^/]+)/(?P<name>[^/]+)"
_WEB = r"/(?P<prefix>datasets/|spaces/|)(?P<ns>[^/]+)/(?P<name>[^/]+)"
_LFS = r"/lfs/(?P<type>dataset|model|space)/(?P<ns>[^/]+)/(?P<name>[^/]+)/(?P<oid>[0-9a-f]{64})"
_REV = r"/(?P<revision>[^/]+)"

_ROUTES: list[tuple[str, str, str, Callable[..., Answer]]] = [
    ("create", "POST", "/api/repos/create", repositories.create),
    ("whoami", "GET", "/api/whoami-v2", repositories.whoami),
    ("validate_yaml", "POST", "/api/validate-yaml", repositories.validate_yaml),
    ("other", "GET", "/api/agent-harnesses", repositories.agent_harnesses),
    ("info", "GET", _API, reading.info),
    ("revision", "GET", f"{_API}/revision{_REV}", reading.info),
    ("tree", "GET", f"{_API}/tree{_REV}(?:/(?P<path>.*))?", reading.tree),
    ("paths_info", "POST", f"{_API}/paths-info{_REV}", reading.paths_info),
    ("commits", "GET", f"{_API}/commits{_REV}", reading.commits),
    ("other", "GET", f"{_API}/refs", reading.refs),
    ("other", "GET", f"{_API}/leaderboard", reading.leaderboard),
    ("discussions", "GET", f"{_API}/discussions", discussions.listed),
    ("other", "POST", rf"{_API}/discussions/(?P<number>\d+)/status", discussions.set_status),
    ("other", "POST", f"{_API}/branch{_REV}", repositories.create_branch),
    ("other", "DELETE", f"{_API}/branch{_REV}", repositories.delete_branch),
    ("tag", "POST", f"{_API}/tag{_REV}", repositories.create_tag),
    ("preupload", "POST", f"{_API}/preupload{_REV}", transfer.preupload),
    ("commit", "POST", f"{_API}/commit{_REV}", commits.commit),
    ("xet_token", "GET", f"{_API}/xet-write-token{_REV}", transfer.xet_token),
    ("lfs_batch", "POST", rf"{_WEB}\.git/info/lfs/objects/batch", transfer.lfs_batch),
    ("lfs_verify", "POST", rf"{_WEB}\.git/info/lfs/objects/verify", transfer.lfs_verify),
    ("lfs_put", "PUT", f"{_LFS}(?:/(?P<part>[0-9]+))?", transfer.lfs_put),
    ("lfs_complete", "POST", f"{_LFS}/complete", transfer.lfs_complete),
    ("resolve", "GET|HEAD", f"{_WEB}/resolve{_REV}/(?P<path>.+)", reading.resolve),
    ("other", _ANY, ".*", repositories.nothing),
]
KINDS = frozenset(kind for kind, *_ in _ROUTES)
_COMPILED = [(k, re.compile(f"(?:{m}) {p}"), handler) for k, m, p, handler in _ROUTES]


@dataclass
class Route:
    """Where a request goes."""

    kind: str
    handler: Callable[..., Answer]
    parts: dict[str, str]
    """Of the path, unquoted; "type" is always there if the path names a repository."""

    @property
    def repo(self) -> str | None:
        """`namespace/name`, if the path names one."""
        return f"{self.parts['ns']}/{self.parts['name']}" if "ns" in self.parts else None


def route(method: str, path: str) -> Route:
    """The first route that fits; the last one fits everything."""
    for kind, pattern, handler in _COMPILED:
        if found := pattern.fullmatch(f"{method} {path}"):
            parts = {k: unquote(v) for k, v in found.groupdict().items() if v is not None}
            if "prefix" in parts:
                parts["type"] = parts.pop("prefix").removesuffix("s/") or "model"
            return Route(kind, handler, parts)
    raise ValueError(f"a method no server has to know: {method}")
