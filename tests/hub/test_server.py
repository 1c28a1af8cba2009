"""The stand-in for the Hub: publishing and reading back with the stock clients."""

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationDelete, EvalResult, HfApi, ModelCard, ModelCardData
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hub.by_hand import BYTES, SHA256, add, ask, batch, commit, kinds, path_of

pytest_plugins = ["hub.fixtures"]


def test_a_repository_is_made_once(hub, api):
    url = api.create_repo("someone/made", repo_type="dataset", private=True)
    assert url.repo_id == "someone/made"
    assert api.create_repo("someone/made", repo_type="dataset", exist_ok=True) == url
    with pytest.raises(HfHubHTTPError, match="already created"):
        api.create_repo("someone/made", repo_type="dataset")
    assert api.dataset_info("someone/made").private
    assert HfApi(hub.url, hub.read_token).dataset_info("someone/made").private
    with pytest.raises(RepositoryNotFoundError):
        HfApi(hub.url, token=False).dataset_info("someone/made")
    [first] = hub.repository("someone/made")["commits"]
    assert (first["title"], first["parent"]) == ("initial commit", None)
    assert [*hub.repository("someone/made")["files"]] == [".gitattributes"]


def test_what_is_committed_comes_back(hub, api, repo):
    contents = {
        "README.md": b"---\nlicense: mit\n---\nText.\n",
        "a b/ü+%.txt": b"text",
        "data/small.parquet": BYTES,
        "data/in three parts.parquet": b"0123456789" * 2500,
        "empty.parquet": b"",
    }
    made = commit(api, repo, *(add(*item) for item in contents.items()))
    held = hub.repository(repo)
    assert held["commits"][-1] == {
        "oid": made.oid,
        "title": "more",
        "parent": held["commits"][0]["oid"],
    }
    for path, content in contents.items():
        assert held["files"][path] == {
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "lfs": path.startswith("data/"),
        }
        file = Path(api.hf_hub_download(repo, path, repo_type="dataset"))
        assert file.read_bytes() == content
    requests = [r for r in hub.requests() if r.kind != "resolve"]
    assert [r.kind for r in requests[:3]] == ["validate_yaml", "preupload", "lfs_batch"]
    assert sorted(r.kind for r in requests[3:-1]) == sorted(
        ["lfs_put"] * 4 + ["lfs_complete"] + ["lfs_verify"] * 2
    )
    assert requests[-1].kind == "commit"
    puts = [r for r in requests if r.kind == "lfs_put"]
    assert sum(r.bytes_in for r in puts) == len(BYTES) + 25_000
    assert all(r.new_content and r.repo == repo and r.status == 200 for r in puts)


def test_content_that_is_there_is_not_sent_again(hub, api, repo):
    before = hub.repository(repo)
    for _ in range(2):  # uploaded but not committed: invisible, yet not forgotten
        api.preupload_lfs_files(repo, [add("x.parquet", BYTES)], repo_type="dataset")
    first, again = ["preupload", "lfs_batch", "lfs_put", "lfs_verify"], ["preupload", "lfs_batch"]
    assert kinds(hub) == [*first, *again]
    assert hub.repository(repo) == before
    hub.forget_requests()
    first = commit(api, repo, add("x.parquet", BYTES), add("t.txt", b"text"))
    again = commit(api, repo, add("x.parquet", BYTES), add("t.txt", b"text"))
    assert again.oid == first.oid
    assert kinds(hub) == ["preupload", "lfs_batch", "commit", "preupload", "lfs_batch", "revision"]
    commit(api, repo, add("copy.parquet", BYTES), add("copy.txt", b"text"))
    assert [r.new_content for r in hub.requests() if r.kind == "commit"] == [True, False]
    upload = batch(hub, repo, hashlib.sha256(b"other").hexdigest(), 5)["actions"]["upload"]
    for new in (True, False):  # as of a client whose answer was lost
        assert ask(hub, "PUT", path_of(upload["href"]), b"other", token=None)[0] == 200
        assert hub.requests()[-1].new_content is new


def test_pages(hub, api, repo):
    paths = [f"d{i}/e/{i}.txt" for i in range(4)]
    commit(api, repo, *(add(path, b"text") for path in paths))
    hub.forget_requests()
    rows = [*api.list_repo_tree(repo, repo_type="dataset", recursive=True)]
    folders = [f"d{i}{end}" for i in range(4) for end in ("", "/e")]
    assert [row.path for row in rows] == sorted([*paths, *folders, ".gitattributes"])
    assert kinds(hub) == ["tree"] * 5
    rows = [*api.list_repo_tree(repo, "d2", repo_type="dataset")]
    assert [row.path for row in rows] == ["d2/e"]
    for number in range(3):
        commit(api, repo, add("n", str(number).encode()))
    titles = [commit.title for commit in api.list_repo_commits(repo, repo_type="dataset")]
    assert titles == ["more"] * 4 + ["initial commit"]


def test_rows_of_a_tree(api, repo):
    commit(api, repo, add("data/x.parquet", BYTES), add("t.txt", b"text"))
    paths = ["data/x.parquet", "t.txt", "data", "missing"]
    big, text, folder = api.get_paths_info(repo, paths, repo_type="dataset")
    assert (big.path, big.size, big.lfs.size, big.lfs.sha256) == (
        "data/x.parquet",
        len(BYTES),
        len(BYTES),
        SHA256,
    )
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA256}\nsize 2560\n"
    assert big.lfs.pointer_size == len(pointer)
    blob = b"blob 4\0text"
    assert (text.size, text.lfs, text.blob_id) == (4, None, hashlib.sha1(blob).hexdigest())
    assert folder.path == "data"
    info = api.dataset_info(repo, files_metadata=True)
    assert [s.rfilename for s in info.siblings] == [".gitattributes", "data/x.parquet", "t.txt"]
    assert info.siblings[1].lfs.sha256 == SHA256


def test_what_is_missing_has_a_type(hub, api, repo):
    with pytest.raises(EntryNotFoundError):
        [*api.list_repo_tree(repo, "nowhere", repo_type="dataset")]
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(repo, "nothing.txt", repo_type="dataset")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(repo, revision="nowhere")
    with pytest.raises(RevisionNotFoundError):
        commit(api, repo, add("t.txt", b"text"), revision="nowhere")
    with pytest.raises(RepositoryNotFoundError):
        api.dataset_info("someone/nothing")
    with pytest.raises(LookupError):
        hub.repository("someone/nothing")


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        (None, 200, slice(None)),
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=2550-", 206, slice(2550, None)),
        ("bytes=2550-9999", 206, slice(2550, None)),
        ("bytes=-10", 206, slice(2550, None)),
        ("bytes=-9999", 206, slice(None)),
        ("bytes=2560-", 416, None),
    ],
)
def test_ranges(hub, api, repo, asked, status, part):
    made = commit(api, repo, add("x.parquet", BYTES))
    headers = {"Range": asked} if asked else {}
    path = f"/datasets/{repo}/resolve/main/x.parquet"
    got, said, content = ask(hub, "GET", path, headers=headers)
    assert got == status
    if status == 416:
        assert said["Content-Range"] == "bytes */2560"
        return
    assert content == BYTES[part]
    start, stop, _ = part.indices(2560)
    assert said["Content-Range"] == (f"bytes {start}-{stop - 1}/2560" if asked else None)
    assert said["X-Repo-Commit"] == made.oid
    assert said["ETag"] == said["X-Linked-Etag"] == f'"{SHA256}"'
    assert (said["X-Linked-Size"], said["Accept-Ranges"]) == ("2560", "bytes")
    got, head, nothing = ask(hub, "HEAD", path, headers=headers)
    assert (got, nothing, head["Content-Length"]) == (status, b"", str(len(content)))


def test_branches_and_pull_requests(hub, api, repo):
    api.create_branch(repo, branch="more", repo_type="dataset")
    api.create_branch(repo, branch="more", repo_type="dataset", exist_ok=True)
    commit(api, repo, add("x.parquet", BYTES), revision="more")
    pull = commit(api, repo, add("t.txt", b"text"), create_pr=True)
    assert (pull.pr_revision, pull.pr_num) == ("refs/pr/1", 1)
    commit(api, repo, add("u.txt", b"text"), revision="refs/pr/1")
    assert commit(api, repo, add("t.txt", b"text"), create_pr=True).pr_num == 2
    found = {ref: {*hub.repository(repo, ref)["files"]} for ref in ("main", "more", "refs/pr/1")}
    assert found["main"] == {".gitattributes"}
    assert found["more"] == {".gitattributes", "x.parquet"}
    assert found["refs/pr/1"] == {".gitattributes", "t.txt", "u.txt"}
    refs = api.list_repo_refs(repo, repo_type="dataset", include_pull_requests=True)
    assert {ref.name for ref in refs.branches} == {"main", "more"}
    assert {ref.ref for ref in refs.pull_requests} == {"refs/pr/1", "refs/pr/2"}
    api.delete_branch(repo, branch="more", repo_type="dataset")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(repo, revision="more")


def test_deletions(hub, api, repo):
    commit(api, repo, add("a/b/c.txt", b"text"), add("a/d.txt", b"text"), add("e", b"text"))
    commit(api, repo, CommitOperationDelete("a/"), CommitOperationDelete("e"))
    assert [*hub.repository(repo)["files"]] == [".gitattributes"]
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        commit(api, repo, CommitOperationDelete("e"))


def test_a_model_card_with_results(hub, api):
    result = EvalResult("image-classification", "d/d", "D", "mean-error", 0.25)
    data = ModelCardData(license="mit", model_name="m", eval_results=[result])
    api.create_repo("someone/model")
    card = ModelCard(f"---\n{data.to_yaml()}\n---\nA model.\n")
    api.upload_file(
        path_or_fileobj=str(card).encode(), path_in_repo="README.md", repo_id="someone/model"
    )
    assert ModelCard.load(api.hf_hub_download("someone/model", "README.md")).data == card.data
    assert "README.md" in hub.repository("someone/model", repo_type="model")["files"]
    assert api.model_info("someone/model").card_data.license == "mit"
    with pytest.raises(RepositoryNotFoundError):
        api.dataset_info("someone/model")


_LOAD = """
import json, sys, datasets
datasets.disable_progress_bars()
found = {}
for streaming in (False, True):
    rows = datasets.load_dataset("someone/loaded", "b", split="test", streaming=streaming)
    found[str(streaming)] = [row["index"] for row in rows]
print(json.dumps(found))
"""


@pytest.mark.datasets
def test_load_dataset(hub, api, tmp_path):
    api.create_repo("someone/loaded", repo_type="dataset", private=True)
    card, adds = "---\nlicense: mit\nconfigs:\n", []
    for number, name in enumerate("ab"):
        table, file = pa.table({"index": range(number, 3000, 2)}), io.BytesIO()
        pq.write_table(table, file, row_group_size=100, compression="none")
        adds.append(add(f"{name}/test.parquet", file.getvalue()))
        card += f"- config_name: {name}\n  data_files: [{{split: test, path: {name}/*}}]\n"
    commit(api, "someone/loaded", add("README.md", f"{card}---\n".encode()), *adds)
    hub.forget_requests()
    environment = hub.environment(tmp_path / "home", token=hub.read_token)
    said = subprocess.run(
        [sys.executable, "-c", _LOAD], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == {key: [*range(1, 3000, 2)] for key in ("False", "True")}
    assert 206 in {r.status for r in hub.requests() if r.kind == "resolve"}
    assert all("datasets-server" in address for address in hub.outside())
