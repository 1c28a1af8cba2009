"""Fetching over real HTTP: whole, by ranges, gone on with, and what a server can do to it."""

import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub.utils import close_session
from support.http_server import serving

from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.source import download, http
from medmnist_c.builder.source.download import RemoteFile, fetch_file, fetch_whole
from medmnist_c.builder.source.http import FileChanged, NoRanges

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "POLICY", RetryPolicy(tries=4, first_s=0))
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "f").write_bytes(CONTENT)
    with serving(tmp_path / "served") as state:
        yield state


def fetch_range(server, folder: Path) -> bytes:
    return b"".join(RemoteFile(f"{server.url}/f", folder).chunks(1000, 2_000_000, "part"))


def test_a_range_takes_its_own_bytes_only(server, tmp_path):
    remote = RemoteFile(f"{server.url}/f?download=1", tmp_path / "parts")
    assert remote.size == len(CONTENT)
    assert remote.read_at(5, 10) == CONTENT[5:15]
    assert b"".join(remote.chunks(1000, 2_000_000, "part")) == CONTENT[1000:2_001_000]
    assert server.body_bytes == 1 + 10 + 2_000_000
    assert server.requests[0]["User-Agent"] == f"medmnist_c/{metadata.version('medmnist_c')}"
    assert server.requests[0]["path"] == "/f?download=1"


def test_a_range_that_is_there_is_not_fetched_again(server, tmp_path):
    fetch_range(server, tmp_path / "parts")
    sent = server.body_bytes
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]
    assert server.body_bytes == sent + 1


def test_cut_connections_are_gone_on_with_in_one_call(server, tmp_path):
    server.cut_after, server.cuts = 600_000, 3
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]
    assert server.body_bytes == 1 + 2_000_000
    assert server.starts() == [0, 1000, 601_000, 1_201_000, 1_801_000]


def test_a_server_that_cuts_for_ever_is_left_and_the_next_call_goes_on(server, tmp_path):
    server.cut_after = 300_000
    with pytest.raises(CleanDataError, match="connection was cut"):
        fetch_range(server, tmp_path / "parts")
    server.cut_after = None
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]
    assert server.body_bytes == 2 + 2_000_000
    assert server.starts()[-1] == 1000 + 4 * 300_000


def test_attempts_that_bring_much_are_no_failures(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "POLICY", RetryPolicy(tries=2, first_s=0))
    monkeypatch.setattr(download, "_MUCH", 200_000)
    server.cut_after, server.cuts = 200_000, 9
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]


def test_a_killed_process_is_gone_on_with(server, tmp_path):
    server.wait_s = 0.03
    program = (
        "import sys; from pathlib import Path\n"
        "from medmnist_c.builder.source.download import RemoteFile\n"
        "RemoteFile(sys.argv[1], Path(sys.argv[2])).fetch(1000, 2_000_000, 'part')\n"
    )
    arguments = [sys.executable, "-c", program, f"{server.url}/f", str(tmp_path / "parts")]
    process = subprocess.Popen(arguments, cwd="/", stderr=subprocess.DEVNULL)
    part = tmp_path / "parts" / "part.part"
    while not (part.exists() and part.stat().st_size > 500_000):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    have = part.stat().st_size
    assert have < 2_000_000
    server.wait_s = 0
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]
    assert server.starts()[-1] == 1000 + have


@pytest.mark.parametrize("change", ["etag", "size", "date"])
def test_another_file_begins_anew(server, tmp_path, change):
    served = server.folder / "f"
    server.cut_after = 300_000
    if change == "date":
        server.etag = None
    with pytest.raises(CleanDataError, match="cut"):
        fetch_range(server, tmp_path / "parts")
    other = np.random.default_rng(1).bytes(3_000_000 + (change == "size"))
    served.write_bytes(other)
    server.cut_after = None
    if change == "etag":
        server.etag = '"two"'
    if change == "date":
        server.last_modified = "Sat, 01 Jan 2000 00:00:00 GMT"
    assert fetch_range(server, tmp_path / "parts") == other[1000:2_001_000]


def test_a_file_that_changes_all_the_time(server, tmp_path):
    server.etag = '"{n}"'
    with pytest.raises(FileChanged, match="has changed on the server"):
        fetch_range(server, tmp_path / "parts")
    with pytest.raises(FileChanged, match="has changed on the server"):
        fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "f")


def test_a_note_that_cannot_be_read_begins_anew(server, tmp_path):
    fetch_range(server, tmp_path / "parts")
    (tmp_path / "parts" / "part.json").write_text("{")
    (tmp_path / "parts" / "part.part").write_bytes(b"x" * 100)
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]


def test_redirects(server, tmp_path):
    server.redirect = True
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]
    assert {request["path"] for request in server.requests} == {"/f", "/elsewhere/f?token=other"}


def test_passwords_are_sent_to_their_host_and_never_shown(server, tmp_path):
    server.redirect = True
    url = server.url.replace("//", "//user:p%40ss@") + "/f?token=secret"
    remote = RemoteFile(url, tmp_path / "parts")
    assert remote.name == f"{server.url}/f"
    assert server.requests[0]["Authorization"] == "Basic dXNlcjpwQHNz"
    assert "Authorization" not in server.requests[1]
    remote.fetch(0, 10, "part")
    server.answers = [(404, {})]
    with pytest.raises(CleanDataError) as caught:
        remote.read_at(0, 1)
    written = str(caught.value) + "".join(
        path.read_text("latin-1") for path in (tmp_path / "parts").iterdir()
    )
    assert not any(word in written for word in ("user", "p%40ss", "p@ss", "secret"))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server, tmp_path, status):
    server.answers = [(status, {}), (status, {"Retry-After": "soon"})]
    assert RemoteFile(f"{server.url}/f", tmp_path).size == len(CONTENT)
    server.answers = [(status, {})] * 4
    with pytest.raises(CleanDataError, match=f"answers {status}"):
        RemoteFile(f"{server.url}/f", tmp_path)


def test_retry_after_is_kept(server, tmp_path):
    server.answers = [(429, {"Retry-After": "1"})]
    begun = time.monotonic()
    assert RemoteFile(f"{server.url}/f", tmp_path).size == len(CONTENT)
    assert time.monotonic() - begun >= 1


def test_a_retry_after_longer_than_one_would_wait_ends_it(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "POLICY", RetryPolicy(longest_wish_s=10))
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    server.answers = [(429, {"Retry-After": date})]
    with pytest.raises(CleanDataError, match="answers 429"):
        RemoteFile(f"{server.url}/f", tmp_path)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, {}), "answers 403 Forbidden"),
        ((404, {}), "answers 404 Not Found"),
        ((302, {"Location": "file:///etc/passwd"}), "answers 302"),
        ((302, {"Location": "ftp://127.0.0.1/f"}), "a redirect from http to ftp, which is not"),
        ((416, {}), "the file is empty"),
    ],
)
def test_a_refusal_is_told_at_once(server, tmp_path, answer, words):
    server.answers = [answer]
    with pytest.raises(CleanDataError, match=words) as caught:
        RemoteFile(f"{server.url}/f", tmp_path)
    assert len(server.requests) == 1
    assert f"{server.url}/f" in str(caught.value) and "\n" not in str(caught.value)


def test_a_redirect_does_not_leave_https(server, tmp_path, monkeypatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    how = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        "-batch",
    ]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate")
    subprocess.run(["openssl", *how, *names], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    close_session()  # the next one reads it
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(tmp_path / "served", tls=context) as secure:
        url = secure.url.replace("http:", "https:")
        assert RemoteFile(f"{url}/f", tmp_path / "parts").size == len(CONTENT)
        secure.answers = [(302, {"Location": f"{server.url}/f"})]
        with pytest.raises(CleanDataError, match="a redirect from https to http, which is not"):
            RemoteFile(f"{url}/f", tmp_path / "parts")
    close_session()
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        (429, {"Retry-After": "9" * 5000}),
        (206, {"Content-Range": f"bytes 0-0/{'9' * 5000}", "Content-Length": "0"}),
        (206, {"Content-Range": f"bytes {'0' * 5000}-0/9", "Content-Length": "0"}),
    ],
)
def test_numbers_beyond_all_reason(server, tmp_path, answer):
    server.answers = [answer]
    with pytest.raises((CleanDataError, NoRanges)):
        RemoteFile(f"{server.url}/f", tmp_path)
        raise NoRanges("f")  # it was asked again


def test_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/f"
        begun = time.monotonic()
        with pytest.raises(CleanDataError, match=r"Connection refused; is there a network\?"):
            RemoteFile(url, tmp_path)
        assert time.monotonic() - begun < download.POLICY.first_s


@pytest.mark.parametrize("url", ["htp://x/f", "no url", "http://127.0.0.1:port/f", "http://a b/f"])
def test_no_valid_url(tmp_path, url):
    with pytest.raises(CleanDataError, match=r"no valid URL|unknown url type"):
        RemoteFile(url, tmp_path)


def test_a_silent_server_is_not_waited_for(server, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(download, "POLICY", RetryPolicy(tries=2, first_s=0))
    server.wait_s = 1
    with pytest.raises(CleanDataError, match="timed out"):
        RemoteFile(f"{server.url}/f", tmp_path).read_at(0, 10)


def test_more_is_announced_than_comes(server, tmp_path):
    server.too_long = 1000
    assert fetch_range(server, tmp_path / "parts") == CONTENT[1000:2_001_000]
    with pytest.raises(CleanDataError, match="connection was cut"):
        fetch_whole(f"{server.url}/f", tmp_path / "f", "f", SIZE + 1000)


def test_a_server_without_ranges(server, tmp_path):
    server.ranges = False
    with pytest.raises(NoRanges):
        RemoteFile(f"{server.url}/f", tmp_path)
    server.cut_after, server.cuts = 100_000, 1
    fetch_whole(f"{server.url}/f", tmp_path / "f", "f", SIZE)
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("stated", [True, False])
def test_no_more_is_taken_than_the_file_can_have(server, tmp_path, stated):
    server.ranges = False
    server.endless = not stated
    most = SIZE - 1 if stated else 10 * SIZE
    with pytest.raises(CleanDataError, match=f"is longer than {most:,} bytes"):
        fetch_whole(f"{server.url}/f", tmp_path / "f", "f", most)
    assert len(server.requests) == 1
    assert list(tmp_path.rglob("f")) == [server.folder / "f"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_small_file_of_another_size_is_not_fetched(server, tmp_path, ranges):
    server.ranges = ranges
    with pytest.raises(CleanDataError, match=f"{SIZE:,} bytes, not 100|longer than 100 bytes"):
        fetch_file(f"{server.url}/f", SHA256, 100, tmp_path / "below" / "f")
    assert not [path for path in (tmp_path / "below").rglob("f*") if path.is_file()]


def test_a_server_that_stops_to_answer_ranges_gives_the_whole_small_file(server, tmp_path):
    server.ranges_left = 1
    fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("ranges", [True, False])
def test_a_small_file_with_a_checksum(server, tmp_path, ranges):
    server.ranges = ranges
    target = tmp_path / "below" / "f"
    assert fetch_file(f"{server.url}/f", SHA256, SIZE, target) == target
    assert target.read_bytes() == CONTENT
    asked = len(server.requests)
    assert fetch_file(f"{server.url}/f", SHA256, SIZE, target) == target
    assert len(server.requests) == asked

    target.write_bytes(CONTENT[:100])
    fetch_file(f"{server.url}/f", SHA256, SIZE, target)
    assert target.read_bytes() == CONTENT
    assert {path.name for path in target.parent.iterdir()} <= {"f", ".f.lock"}


def test_what_a_killed_process_has_left_beside_a_small_file_goes(server, tmp_path):
    target = fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "below" / "f")
    parts = target.with_name(".f.download")
    for rest in ("whole.json", ".whole.json.host.1-1.tmp"):
        parts.mkdir(exist_ok=True)
        (parts / rest).write_text("{}")
        if rest.endswith(".tmp"):
            target.unlink()
        fetch_file(f"{server.url}/f", SHA256, SIZE, target)
        assert {path.name for path in target.parent.iterdir()} <= {"f", ".f.lock"}


def test_a_small_file_offline(server, tmp_path, monkeypatch):
    fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "there")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "there")
    with pytest.raises(CleanDataError, match="HF_HUB_OFFLINE"):
        fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "not there")


def test_a_small_file_with_another_checksum(server, tmp_path):
    (server.folder / "f").write_bytes(b"another".ljust(SIZE))
    with pytest.raises(CleanDataError, match=f"its SHA-256 is .*, not {SHA256}"):
        fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "below" / "f")
    assert not (tmp_path / "below" / "f").exists()
    (server.folder / "f").write_bytes(CONTENT)
    fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "below" / "f")


def test_a_small_file_below_a_file(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CleanDataError, match=f"Cannot write into {tmp_path / 'file'}"):
        fetch_file(f"{server.url}/f", SHA256, SIZE, tmp_path / "file" / "f")


@pytest.mark.parametrize("shown", [True, False])
def test_progress_is_shown_in_bytes_unless_switched_off(server, tmp_path, shown):
    program = (
        "import sys; from medmnist_c.builder.source.download import fetch_file; "
        "url, sha256, size, target = sys.argv[1:]; fetch_file(url, sha256, int(size), target)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, f"{server.url}/f", SHA256, str(SIZE), str(tmp_path / "f")],
        cwd="/",
        env=os.environ | {"HF_DATASETS_DISABLE_PROGRESS_BARS": "0" if shown else "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("2.86M/2.86M" in done.stderr) is shown
