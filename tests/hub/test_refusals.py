"""The stand-in for the Hub: what it refuses, by the stock clients or by hand."""

import hashlib
import json
import threading
from urllib.parse import urlsplit

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from hub.accounts import FOREIGN, READ_TOKEN, USER, WRITE_TOKEN
from hub.by_hand import (
    BYTES,
    PART,
    SHA256,
    add,
    ask,
    batch,
    commit,
    file_line,
    lfs_line,
    lines,
    path_of,
)

pytest_plugins = ["hub.fixtures"]


@pytest.mark.parametrize(
    ("token", "namespace", "writing", "reading"),
    [
        (WRITE_TOKEN, "someone", 200, 200),
        (WRITE_TOKEN, FOREIGN, 403, 404),
        (READ_TOKEN, "someone", 403, 200),
        ("hf_of_nobody", "someone", 401, 401),
        (None, "someone", 401, 401),
    ],
)
def test_tokens(hub, api, token, namespace, writing, reading):
    api.create_repo("someone/private", repo_type="dataset", private=True, exist_ok=True)
    new = {"name": f"new-{token or 'x'}".replace("_", "-"), "organization": namespace}
    new["type"] = "dataset"
    assert ask(hub, "POST", "/api/repos/create", new, token)[0] == writing
    path = f"/api/datasets/{namespace}/private"
    assert ask(hub, "GET", path, token=token)[0] == reading
    if namespace == "someone":
        asked = {"files": [{"path": "t.txt", "sample": "dA==", "size": 1}]}
        assert ask(hub, "POST", f"{path}/preupload/main", asked, token)[0] == writing
        assert ask(hub, "POST", f"{path}/commit/main", lines(), token)[0] == writing


def test_whoami(hub, api):
    assert api.whoami()["name"] == USER
    role = HfApi(hub.url, hub.read_token).whoami()["auth"]["accessToken"]["role"]
    assert role == "read"
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi(hub.url, "hf_of_nobody").whoami()


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        (lfs_line("x.parquet", b"never sent"), 400, "never uploaded"),
        (lfs_line("x.parquet", BYTES, size=1), 400, "2560 bytes, not 1"),
        (lfs_line("x.parquet", BYTES, algo="md5"), 400, "not sha256"),
        (lfs_line("../x.parquet", BYTES), 400, "not a path"),
        (file_line("t.txt", content="?"), 400, "t.txt"),
        (file_line("t.txt", encoding="utf-8"), 400, "not base64"),
        (file_line("t.txt", b"t" * 4001), 413, "too many"),
        (file_line("README.md", b"---\na: [\n---\n"), 400, "Invalid metadata"),
        (file_line(".git/config"), 400, "not a path"),
        (file_line("a//b"), 400, "not a path"),
        (file_line("t" * 256), 400, "not a path"),
        (file_line(".gitattributes/t.txt"), 400, "both a file and a folder"),
        (("deletedFile", {"path": "nothing"}), 404, "doesn't exist"),
        (("deletedFolder", {"path": "nothing/"}), 404, "doesn't exist"),
        (("renamed", {"path": "t.txt"}), 400, "renamed"),
        (("header", {"summary": "another"}), 413, "one header"),
    ],
)
def test_commits_that_are_refused_change_nothing(hub, api, repo, line, status, message):
    api.preupload_lfs_files(repo, [add("x.parquet", BYTES)], repo_type="dataset")
    before = hub.repository(repo)
    body = lines(lfs_line("good.parquet", BYTES), line)
    got, _, said = ask(hub, "POST", f"/api/datasets/{repo}/commit/main", body)
    assert got == status
    assert message in json.loads(said)["error"]
    assert hub.repository(repo) == before


def test_a_commit_on_another_parent(hub, api, repo):
    first = hub.repository(repo)["commits"][-1]["oid"]
    second = commit(api, repo, add("t.txt", b"text"), parent_commit=first)
    with pytest.raises(HfHubHTTPError, match="412"):
        commit(api, repo, add("u.txt", b"text"), parent_commit=first)
    with pytest.raises(BadRequestError, match="not a branch"):
        commit(api, repo, add("u.txt", b"text"), revision=first)
    assert hub.repository(repo)["commits"][-1]["oid"] == second.oid


def test_of_two_commits_at_once_one_is_refused(hub, api, repo):
    head, said = hub.repository(repo)["commits"][-1]["oid"], []

    def push(number):
        body = lines(file_line(f"{number}.txt"), parentCommit=head)
        said.append(ask(hub, "POST", f"/api/datasets/{repo}/commit/main", body)[0])

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [200] + [412] * 7
    assert len(hub.repository(repo)["commits"]) == 2


def test_content_that_is_not_what_it_is_said_to_be(hub, repo):
    actions = batch(hub, repo)["actions"]
    upload, verify = path_of(actions["upload"]["href"]), urlsplit(actions["verify"]["href"]).path
    for wrong in (BYTES[:-1], BYTES + b"!", BYTES[::-1]):
        assert ask(hub, "PUT", upload, wrong, token=None)[0] == 400
    assert ask(hub, "PUT", upload.replace("size=2560", "size=2561"), BYTES)[0] == 403
    assert ask(hub, "PUT", upload[:-1], BYTES, token=None)[0] == 403
    asked = {"oid": SHA256, "size": len(BYTES)}
    assert ask(hub, "POST", verify, asked)[0] == 404
    assert not any(request.new_content for request in hub.requests())
    assert ask(hub, "PUT", upload, BYTES, token=None)[0] == 200
    assert ask(hub, "POST", verify, asked)[0] == 200
    assert ask(hub, "POST", verify, asked | {"size": 1})[0] == 422
    assert batch(hub, repo, size=1)["error"]["code"] == 422


def test_parts_that_do_not_fit(hub, repo):
    content = hashlib.shake_256().digest(25_000)
    oid = hashlib.sha256(content).hexdigest()
    upload = batch(hub, repo, oid, len(content))["actions"]["upload"]
    assert upload["header"].pop("chunk_size") == str(PART)
    urls = [path_of(upload["header"][str(number)]) for number in (1, 2, 3)]
    pieces = [content[start : start + PART] for start in range(0, len(content), PART)]
    assert ask(hub, "PUT", urls[0], pieces[0][1:], token=None)[0] == 400
    etags = [
        ask(hub, "PUT", url, piece, token=None)[1]["ETag"]
        for url, piece in zip(urls, [pieces[0], pieces[0], pieces[2]], strict=True)
    ]

    def complete(*numbers):
        parts = [{"partNumber": n, "etag": etags[n - 1]} for n in numbers]
        return ask(hub, "POST", path_of(upload["href"]), {"oid": oid, "parts": parts})[0]

    assert complete(1, 2) == 400  # one too few
    assert complete(1, 2, 3) == 400  # together they are something else
    etags[1] = ask(hub, "PUT", urls[1], pieces[1], token=None)[1]["ETag"]
    assert complete(1, 2, 3) == 200
    assert complete(1, 2, 3) == 200  # a repeated call finds the work done
    assert "actions" not in batch(hub, repo, oid, len(content))


@pytest.mark.parametrize(
    ("path", "content", "mode"),
    [
        ("t.parquet", b"text", "lfs"),
        ("a/b.png", b"text", "lfs"),
        ("t.txt", b"text" * 1000, "regular"),
        ("t.txt", b"text" * 1000 + b"!", "lfs"),
        ("t.bytes", b"\xff\xfe", "lfs"),
        ("t.bytes", b"nul\0", "lfs"),
        ("cut.txt", "ü".encode() * 300 + b"!", "regular"),
        ("cut.txt", b"!" + "ü".encode() * 300, "regular"),
    ],
)
def test_upload_modes(api, repo, path, content, mode):
    operation = add(path, content)
    api.preupload_lfs_files(repo, [operation], repo_type="dataset", free_memory=False)
    assert operation._upload_mode == mode
    commit(api, repo, operation)
    again = add(path, content)
    api.preupload_lfs_files(repo, [again], repo_type="dataset", free_memory=False)
    assert again._remote_oid == again._local_oid


def test_too_many_at_once(hub, repo):
    files = [{"path": f"{n}.txt", "sample": "dA==", "size": 1} for n in range(257)]
    path = f"/api/datasets/{repo}/preupload/main"
    assert ask(hub, "POST", path, {"files": files})[0] == 413
    assert ask(hub, "POST", path, {"files": files[:256]})[0] == 200
    body = "&".join(f"paths={n}" for n in range(1001))
    assert ask(hub, "POST", f"/api/datasets/{repo}/paths-info/main", body)[0] == 413


@pytest.mark.parametrize(
    ("metadata", "wrong"),
    [
        ("license: mit\ntags: [a, b]", ""),
        ("configs:\n- {config_name: a, data_files: a/*}\nlicense: mit", ""),
        ("configs:\n- config_name: a\n  data_files: [{split: test, path: [a, b]}]", ""),
        ("license: [", "YAML"),
        ("- a", "not a mapping"),
        ("license: of my own", "license"),
        ("tags: {a: b}", "tags"),
        ("configs: a", "configs"),
        ("configs: [{config_name: a}, {config_name: a}]", "comes 2 times"),
        ("configs: [{config_name: a, data_files: [{split: test}]}]", "not understood"),
    ],
)
def test_cards(api, repo, metadata, wrong):
    card = add("README.md", f"---\n{metadata}\n---\nText.\n".encode())
    if not wrong:
        commit(api, repo, card)
        return
    with pytest.raises(ValueError, match=wrong):
        commit(api, repo, card)


def test_a_card_that_is_too_long(hub):
    asked = {"content": "---\nlicense: mit\n---\n" + "x" * 5000, "repoType": "dataset"}
    assert ask(hub, "POST", "/api/validate-yaml", asked)[0] == 413


def test_results_that_lack_something(hub):
    content = (
        "---\nmodel-index: [{name: m, results: [{task: {type: t}, metrics: [{type: m}]}]}]\n---\n"
    )
    asked = {"content": content, "repoType": "model"}
    status, _, said = ask(hub, "POST", "/api/validate-yaml", asked)
    assert (status, len(json.loads(said)["errors"])) == (400, 3)
