"""The stand-in for the Hub: it breaks when told to, and outlives its own end."""

import http.client
import time

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from hub.by_hand import BYTES, PART, add, ask, batch, commit, file_line, lfs_line, lines, path_of
from hub.process import running_hub

pytest_plugins = ["hub.fixtures"]


@pytest.mark.parametrize(
    ("fault", "raised", "landed"),
    [
        ({"how": "status", "status": 503, "body": "<html>"}, HfHubHTTPError, False),
        ({"how": "drop_before"}, httpx2.TransportError, False),
        ({"how": "drop_after"}, httpx2.TransportError, True),
        ({"how": "slow", "seconds": 0.2}, None, True),
    ],
)
def test_a_commit_that_breaks(hub, api, repo, fault, raised, landed):
    hub.break_on(kind="commit", number=2, **fault)
    commit(api, repo, add("first.txt", b"text"))
    start = time.monotonic()
    if raised:
        with pytest.raises(raised):
            commit(api, repo, add("x.parquet", BYTES))
    else:
        commit(api, repo, add("x.parquet", BYTES))
    assert time.monotonic() - start >= fault.get("seconds", 0)
    assert ("x.parquet" in hub.repository(repo)["files"]) == landed
    status = hub.requests()[-1].status
    assert status == {"status": 503, "slow": 200}.get(fault["how"], 0)
    commit(api, repo, add("third.txt", b"text"))  # struck once only
    assert len(hub.repository(repo)["commits"]) == 3 + landed


def test_the_answer_of_a_fault(hub, repo):
    headers = {"RateLimit": '"api";r=0;t=7', "Retry-After": "7"}
    hub.break_on(
        number=2, how="status", status=429, headers=headers, body='{"error": "x"}', times=2
    )
    path = f"/api/datasets/{repo}"
    answers = [ask(hub, "GET", path) for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, 429, 429, 200]
    _, said, body = answers[1]
    assert {name: said[name] for name in headers} == headers
    assert (said["Content-Type"].partition(";")[0], body) == ("application/json", b'{"error": "x"}')
    assert [request.fault for request in hub.requests()] == [None, "status", "status", None]


def test_faults_that_never_strike(hub, repo):
    hub.break_on(kind="info", number=1, how="status")
    assert (hub.mend(), hub.mend()) == (1, 0)
    assert ask(hub, "GET", f"/api/datasets/{repo}")[0] == 200
    for wrong in ({"how": "sideways"}, {"kind": "comit"}, {"number": 0}):
        with pytest.raises(ValueError, match=str(*wrong.values())):
            hub.break_on(**{"number": 1, "how": "status"} | wrong)


def test_nothing_outside_is_reached(hub, api):
    with httpx2.Client(proxy=hub.url) as client:
        assert client.get("http://datasets-server.127.0.0.1/info").status_code == 404
        with pytest.raises(httpx2.ProxyError):
            client.head("https://s3.amazonaws.com/")
    assert hub.outside() == ["http://datasets-server.127.0.0.1/info", "s3.amazonaws.com:443"]
    assert hub.requests() == []
    environment = hub.environment(hub.root, token=None)
    assert {environment[name] for name in ("http_proxy", "HTTPS_PROXY", "HF_ENDPOINT")} == {hub.url}
    assert "HF_TOKEN" not in environment


def test_a_client_that_tries_again(hub, api, repo):
    hub.break_on(kind="lfs_put", number=1, how="drop_after")
    commit(api, repo, add("x.parquet", BYTES))
    puts = [r for r in hub.requests() if r.kind == "lfs_put"]
    assert [(r.status, r.bytes_in, r.new_content) for r in puts] == [
        (0, len(BYTES), True),
        (200, len(BYTES), False),
    ]


def test_one_connection_serves_many_requests(hub, repo):
    connection = http.client.HTTPConnection("127.0.0.1", hub.port)
    path, big = f"/api/datasets/{repo}", b"x" * 300_000
    for _ in range(3):
        assert ask(hub, "GET", path, connection=connection)[0] == 200
        socket = connection.sock
        assert ask(hub, "POST", f"{path}/nothing", big, connection=connection)[0] == 404
        assert ask(hub, "HEAD", f"/datasets/{repo}/resolve/main/n", connection=connection)[0] == 404
        chunks = iter([big, b"y"])
        assert ask(hub, "POST", f"{path}/nothing", chunks, connection=connection)[0] == 404
        assert connection.sock is socket
    assert hub.requests()[-1].bytes_in == len(big) + 1
    hub.break_on(number=1, how="drop_before")
    with pytest.raises(ConnectionError):
        ask(hub, "GET", path, connection=connection)


def test_it_outlives_its_own_end(tmp_path):
    with running_hub(tmp_path / "hub", part_size=PART) as hub:
        ask(hub, "POST", "/api/repos/create", {"name": "r", "organization": "o", "type": "dataset"})
        upload = path_of(batch(hub, "o/r")["actions"]["upload"]["href"])
        ask(hub, "PUT", upload, BYTES, token=None)
        body = lines(lfs_line("x.parquet", BYTES), file_line("t.txt"))
        assert ask(hub, "POST", "/api/datasets/o/r/commit/main", body)[0] == 200
        before, url = hub.repository("o/r"), hub.url
        hub.kill()
        with pytest.raises(ConnectionError):
            hub.repository("o/r")
        hub.start()
        assert (hub.url, hub.repository("o/r")) == (url, before)
        assert ask(hub, "GET", "/datasets/o/r/resolve/main/x.parquet")[2] == BYTES
        assert ask(hub, "PUT", upload, BYTES, token=None)[0] == 200  # signed before
        hub.process.stdin.close()  # as when the test that started it is killed
        assert hub.process.wait(10) == 0
