"""What goes before a commit: how each file is to be sent, and LFS content itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from hub.calls import Answer, Call, Refusal, answer
from hub.content import Mismatch
from hub.paths import check_path, is_binary, is_lfs, lfs_patterns
from hub.repositories import writable
from hub.store import Repository

if TYPE_CHECKING:
    from hub.state import State

MOST_FILES = 256
"""Files a preupload or LFS batch request may name."""
_LFS_JSON = {"Content-Type": "application/vnd.git-lfs+json"}


def preupload(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Says of each file whether it goes as LFS, and the digest of what is there by its name."""
    repo = writable(hub, call, parts)
    head = repo.at(parts["revision"])
    asked = call.json()["files"]
    _few_enough(asked)
    patterns = lfs_patterns(repo, head)
    rows = []
    for file in asked:
        path, size = check_path(file["path"]), int(file["size"])
        sample = base64.b64decode(file["sample"], validate=True)
        if sample[size:] or len(sample) < min(size, 1):
            raise Refusal(400, f"{path}: a sample of {len(sample)} bytes of a file of {size}")
        lfs = is_lfs(path, patterns) or size > hub.options.regular_limit or is_binary(sample)
        row = {"path": path, "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False}
        there = head.files.get(path)
        rows.append(row | ({"oid": there.etag} if there else {}))
    return answer({"files": rows, "commitOid": head.oid})


def lfs_batch(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Where to put each object; no actions for one that is stored."""
    repo = writable(hub, call, parts)
    asked = call.json()
    if asked.get("operation") != "upload" or asked.get("hash_algo", "sha256") != "sha256":
        raise Refusal(422, "only uploads by sha256")
    _few_enough(asked["objects"])
    objects = [_object(hub, call, repo, o["oid"], o["size"]) for o in asked["objects"]]
    more = sum(o["size"] for o in objects if "actions" in o)
    if repo.contents.lfs_bytes + more > hub.options.storage:
        raise Refusal(
            403, "Storage limit reached, please upgrade your plan to increase your storage."
        )
    chosen = "multipart" if any(_parts(hub, o["size"]) for o in objects) else "basic"
    return answer({"transfer": chosen, "objects": objects}, headers=_LFS_JSON)


def lfs_put(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Content, or a part of it, at a signed address: no token is sent or wanted."""
    repo, oid, size = _signed(hub, call, parts)
    if "part" not in parts:
        call.new_content = kept(lambda: repo.contents.add_lfs(oid, size, call.body.pieces()))
        return Answer(headers={"ETag": f'"{oid}"'})
    number = int(parts["part"])
    length = hub.options.part_size
    if not 1 <= number <= _parts(hub, size):
        raise Refusal(400, f"part {number} of {_parts(hub, size)}")
    etag, new = repo.contents.add_part(oid, number, call.body.pieces())
    if call.body.received != min(length, size - length * (number - 1)):
        raise Refusal(400, f"part {number} has {call.body.received} bytes")
    call.new_content = new
    return Answer(headers={"ETag": f'"{etag}"'})


def lfs_complete(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Joins the parts; 400 if they do not make the content that they were said to be."""
    repo, oid, size = _signed(hub, call, parts)
    asked = call.json()
    numbers = [part["partNumber"] for part in asked["parts"]]
    if asked["oid"] != oid or numbers != [*range(1, _parts(hub, size) + 1)]:
        raise Refusal(400, f"not all the parts of {oid}, in order: {numbers}")
    etags = [part["etag"].strip('"') for part in asked["parts"]]
    if repo.contents.lfs_size(oid) is None:  # a repeated call finds the work done
        kept(lambda: repo.contents.join_parts(oid, size, etags))
    return answer({"success": True})


def lfs_verify(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """404 if the content is not there, 422 if it has another size."""
    repo, asked = writable(hub, call, parts), call.json()
    size = repo.contents.lfs_size(_digest(asked["oid"]))
    if size is None:
        raise Refusal(404, f"object {asked['oid']} was not uploaded")
    if size != asked["size"]:
        raise Refusal(422, f"object {asked['oid']} has {size} bytes, not {asked['size']}")
    return answer({}, headers=_LFS_JSON)


def xet_token(hub: State, call: Call, parts: dict[str, str]) -> Answer:
    """Where hf_xet shall store content."""
    repo = writable(hub, call, parts)
    if parts["revision"] != "None":  # what clients say before a pull request exists
        repo.at(parts["revision"])
    expires = int(time.time()) + 3600
    return answer({"accessToken": "local", "exp": expires, "casUrl": hub.xet.cas_url()})


def _few_enough(files: list) -> None:
    if len(files) > MOST_FILES:
        raise Refusal(413, f"{len(files)} files in one request; at most {MOST_FILES}")


def _digest(oid: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", oid):
        raise Refusal(422, f"{oid!r} is not a sha256")
    return oid


def _parts(hub: State, size: int) -> int:
    """In how many parts content goes; 0 means in one piece."""
    return -(-size // hub.options.part_size) if size > hub.options.part_size else 0


def _object(hub: State, call: Call, repo: Repository, oid: str, size: int) -> dict:
    row = {"oid": _digest(oid), "size": size}
    if not isinstance(size, int) or size < 1:
        return row | {"error": {"code": 422, "message": f"size {size!r} of {oid}"}}
    there = repo.contents.lfs_size(oid)
    if there == size:
        return row
    if there is not None:
        return row | {"error": {"code": 422, "message": f"{oid} has {there} bytes, not {size}"}}
    path = f"/lfs/{repo.kind}/{quote(repo.name)}/{oid}"
    until = f"{time.time() + hub.options.upload_seconds:.3f}"
    signed = f"?size={size}&until={until}&signature={_signature(hub, repo, oid, size, until)}"
    upload: dict = {"href": f"{call.base}{path}{signed}"}
    if count := _parts(hub, size):
        urls = {str(n): f"{call.base}{path}/{n}{signed}" for n in range(1, count + 1)}
        upload["header"] = {"chunk_size": str(hub.options.part_size)} | urls
        upload["href"] = f"{call.base}{path}/complete{signed}"
    verify = f"{call.base}/{repo.url_path}.git/info/lfs/objects/verify"
    return row | {"actions": {"upload": upload, "verify": {"href": verify}}}


def _signature(hub: State, repo: Repository, oid: str, size: int, until: str) -> str:
    text = f"{repo.kind} {repo.name} {oid} {size} {until}".encode()
    return hmac.new(hub.secret, text, hashlib.sha256).hexdigest()


def _signed(hub: State, call: Call, parts: dict[str, str]) -> tuple[Repository, str, int]:
    """Repository, digest and size that a signed address speaks of; 403 if it is not ours."""
    repo = hub.store.find(parts["type"], f"{parts['ns']}/{parts['name']}")
    oid, size = parts["oid"], int(call.query.get("size", 0))
    said, until = call.query.get("signature", ""), call.query.get("until", "0")
    if repo is None or not hmac.compare_digest(said, _signature(hub, repo, oid, size, until)):
        raise Refusal(403, "The request signature we calculated does not match the one provided")
    if time.time() > float(until):
        raise Refusal(403, "Request has expired")
    return repo, oid, size


def kept(keep: Callable[[], bool | None]) -> bool | None:
    """What keeping content gives; 400 if it is not what it was said to be."""
    try:
        return keep()
    except Mismatch as error:
        raise Refusal(400, str(error)) from None
