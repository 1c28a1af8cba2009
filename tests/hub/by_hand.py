"""Short forms for tests of the stand-in: commits by the stock client, and requests by hand."""

import base64
import hashlib
import http.client
import json
from urllib.parse import urlsplit

from huggingface_hub import CommitOperationAdd

from hub.accounts import WRITE_TOKEN

PART = 10_000
"""In such parts the server of the tests takes LFS content."""
BYTES = bytes(range(256)) * 10
"""LFS content that goes in one piece."""
SHA256 = hashlib.sha256(BYTES).hexdigest()


def add(path, content):
    """A file to commit."""
    return CommitOperationAdd(path, content)


def commit(api, repo, *operations, **how):
    """A commit by the stock client."""
    return api.create_commit(repo, operations, commit_message="more", repo_type="dataset", **how)


def kinds(hub):
    """The kinds of all requests so far."""
    return [request.kind for request in hub.requests()]


def ask(hub, method, path, body=None, token=WRITE_TOKEN, headers=None, connection=None):
    """One request by hand: the status, the headers and the body of the answer."""
    connection = connection or http.client.HTTPConnection("127.0.0.1", hub.port)
    body = json.dumps(body) if isinstance(body, dict) else body
    authority = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, body, authority | (headers or {}))
    said = connection.getresponse()
    return said.status, said.headers, said.read()


def lines(*operations, **header):
    """The body of a commit."""
    operations = [("header", {"summary": "by hand"} | header), *operations]
    return "\n".join(json.dumps({"key": key, "value": value}) for key, value in operations)


def lfs_line(path, content, **changes):
    """A line of a commit that names LFS content."""
    oid = hashlib.sha256(content).hexdigest()
    return "lfsFile", {"path": path, "algo": "sha256", "oid": oid, "size": len(content)} | changes


def file_line(path, text=b"text", **changes):
    """A line of a commit that holds a regular file."""
    content = base64.b64encode(text).decode()
    return "file", {"path": path, "content": content, "encoding": "base64"} | changes


def batch(hub, repo, oid=SHA256, size=2560):
    """What the LFS batch endpoint says of one object."""
    asked = {"operation": "upload", "objects": [{"oid": oid, "size": size}]}
    status, _, said = ask(hub, "POST", f"/datasets/{repo}.git/info/lfs/objects/batch", asked)
    assert status == 200
    return json.loads(said)["objects"][0]


def path_of(address):
    """An address without its host."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
