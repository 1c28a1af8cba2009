"""The stand-in as tests see it: a process to start, ask, break, kill and start again."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hub.accounts import READ_TOKEN, WRITE_TOKEN
from hub.control import PREFIX
from hub.journal import Request

_TESTS = Path(__file__).parents[1]


@dataclass
class Hub:
    """A running stand-in."""

    root: Path
    """Where its repositories lie; they stay when it ends."""
    options: dict
    token: str = WRITE_TOKEN
    read_token: str = READ_TOKEN
    port: int = 0
    process: subprocess.Popen = field(init=False, repr=False)

    @property
    def url(self) -> str:
        """For HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process (again: at the same address); back when it answers."""
        self.root.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "hub.server", self.root, str(self.port)]
        with (self.root / "errors.txt").open("ab") as errors:
            self.process = subprocess.Popen(
                [*command, json.dumps(self.options)],
                env=os.environ | {"PYTHONPATH": str(_TESTS)},
                cwd=self.root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        said = self.process.stdout.readline()
        if not said:
            raise RuntimeError(f"the stand-in did not start: {self.errors()}")
        self.port = int(said)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def errors(self) -> str:
        """What it wrote to standard error: nothing, unless it is at fault itself."""
        return (self.root / "errors.txt").read_text()

    def environment(
        self, home: Path, xet: bool = False, token: str | None = WRITE_TOKEN
    ) -> dict[str, str]:
        """The environment of a child process whose Hub this is, with all caches under `home`.

        The stand-in is also the proxy for every other host: such a request (`datasets` makes one
        to `datasets-server.<host>`) ends here too, with 404, without so much as a look-up of the
        name, and is noted in `outside()`.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HF_") and not name.lower().endswith("_proxy")
        }
        caches = home / "huggingface"
        own = {
            "HOME": str(home),
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(caches),
            "HF_HUB_CACHE": str(caches / "hub"),
            "HF_DATASETS_CACHE": str(caches / "datasets"),
            "HF_XET_CACHE": str(caches / "xet"),
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        proxies = {f"{kind}_proxy": self.url for kind in ("http", "https", "all")}
        upper = {name.upper(): value for name, value in proxies.items()}
        return kept | own | proxies | upper | ({"HF_TOKEN": token} if token else {})

    def requests(self) -> list[Request]:
        """All requests since it started, or since they were forgotten, in order of arrival."""
        return [Request(**row) for row in self._control("log")["requests"]]

    def outside(self) -> list[str]:
        """Addresses elsewhere that clients wanted to reach."""
        return self._control("log")["outside"]

    def break_on(
        self,
        *,
        kind: str | None = None,
        number: int,
        how: str,
        status: int = 500,
        headers: dict[str, str] | None = None,
        body: str = "",
        times: int = 1,
        seconds: float = 0,
    ) -> None:
        """Break a request to come: the `number`-th from now of a kind (None: of all), from 1.

        `how` is "status" (answer that, do nothing), "drop_before" (hang up, do nothing),
        "drop_after" (do it, hang up without an answer) or "slow" (wait `seconds` first).
        `times`: so many requests in a row. A restart of the process forgets faults and log.
        """
        fault = {"kind": kind, "number": number, "how": how, "status": status, "body": body}
        fault |= {"headers": headers or {}, "times": times, "seconds": seconds}
        self._control("break", **fault)

    def mend(self) -> int:
        """Forget all faults that are still to come; how many there were."""
        return self._control("mend")["left"]

    def forget_requests(self) -> None:
        """Empty the log; the next request has number 1."""
        self._control("forget")

    def repository(self, repo: str, revision: str = "main", repo_type: str = "dataset") -> dict:
        """`{"commits": [{"oid", "title", "parent"}], "files": {path: {"size", "sha256", "lfs"}}}`.

        The first commit, "initial commit" with `.gitattributes`, comes first. LookupError if there
        is no such repository or revision.
        """
        return self._control("repository", repo=repo, revision=revision, repo_type=repo_type)

    def xet_bytes(self) -> int:
        """Bytes that Xet clients have stored so far: what they sent, packed."""
        stored = (self.root / "xet/xorbs").glob("default.*")
        return sum(path.stat().st_size for path in stored if path.suffix != ".tagset")

    def _control(self, command: str, **arguments) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", PREFIX + command, json.dumps(arguments))
            said = connection.getresponse()
            content = json.loads(said.read())
        finally:
            connection.close()
        if said.status == 404:
            raise LookupError(content["error"])
        if said.status != 200:
            raise ValueError(content["error"])
        return content


@contextlib.contextmanager
def running_hub(root: Path, **options) -> Iterator[Hub]:
    """Start a stand-in whose repositories lie under `root`; kill it at the end.

    `options` are those of `hub.state.Options`. RuntimeError at the end if it failed by itself.
    """
    hub = Hub(root, options)
    hub.start()
    try:
        yield hub
    finally:
        hub.kill()
    if "Traceback" in hub.errors():
        raise RuntimeError(f"the stand-in failed:\n{hub.errors()}")
