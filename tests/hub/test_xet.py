"""The stand-in for the Hub: content that comes by the real hf_xet."""

import hashlib

import pytest
from huggingface_hub.errors import BadRequestError

from hub.by_hand import add, ask, commit, kinds
from hub.xet import shard_files

pytest_plugins = ["hub.fixtures"]


def test_content_by_xet(hub, api, xet, repo):
    noise = hashlib.shake_256(b"noise").digest(200_000)
    counts = b"".join(number.to_bytes(4, "little") for number in range(50_000))
    contents = {"noise.parquet": noise, "text.parquet": b"text" * 50_000, "n.parquet": counts}
    contents["both.parquet"] = noise + counts
    before = hub.xet_bytes()
    commit(api, repo, *(add(*item) for item in contents.items()))
    assert kinds(hub) == ["preupload", "xet_token", "commit"]
    assert hub.requests()[-1].new_content
    assert len(noise) < hub.xet_bytes() - before < sum(map(len, contents.values()))
    for path, content in contents.items():
        status, _, found = ask(hub, "GET", f"/datasets/{repo}/resolve/main/{path}")
        assert (status, found == content) == (200, True)
    before = hub.xet_bytes()
    commit(api, repo, add("again.parquet", noise))
    assert hub.xet_bytes() == before
    assert not hub.requests()[-1].new_content


def test_xet_content_is_checked(hub, api, xet, repo):
    noise = hashlib.shake_256(b"other noise").digest(50_000)
    before = {*(hub.root / "xet/xorbs").iterdir()}
    operation = add("noise.parquet", noise)
    api.preupload_lfs_files(repo, [operation], repo_type="dataset", free_memory=False)
    after = {*(hub.root / "xet/xorbs").iterdir()}
    [xorb] = [path for path in after - before if path.suffix != ".tagset"]
    content = bytearray(xorb.read_bytes())
    content[1000] ^= 1
    xorb.chmod(0o600)
    xorb.write_bytes(content)
    with pytest.raises(BadRequestError, match=r"said [0-9a-f]{64}, 50000"):
        commit(api, repo, operation)
    xorb.write_bytes(content[:4])
    with pytest.raises(BadRequestError, match="cannot be read"):
        commit(api, repo, operation)
    assert "noise.parquet" not in hub.repository(repo)["files"]


def test_shards_name_their_files(hub, api, xet, repo):
    contents = [bytes([number]) * 1000 * number for number in (1, 2, 3)]
    commit(api, repo, *(add(f"{len(c)}.parquet", c) for c in contents))
    shards = [shard_files(path.read_bytes()) for path in (hub.root / "xet/shards").glob("*.mdb")]
    sizes = {
        sha256: sum(segment.bytes for segment in segments)
        for files in shards
        for sha256, segments in files.items()
    }
    for content in contents:
        assert sizes[hashlib.sha256(content).hexdigest()] == len(content)
