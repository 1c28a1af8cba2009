"""What all requests share: repositories, log, faults, options."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from hub.faults import Faults
from hub.journal import Journal
from hub.store import Store
from hub.xet import Xet


@dataclass(frozen=True)
class Options:
    """What a test may want otherwise; sizes in bytes."""

    page_size: int = 1000
    """Rows in one page of a tree or a history."""
    part_size: int = 20_000_000
    """LFS content above it is sent in parts of it."""
    regular_limit: int = 10 << 20
    """Files above it are LFS; a commit refuses longer regular ones."""
    commit_digits: int = 40
    """Of a commit's id; some servers have 64."""
    upload_seconds: float = 3600
    """So long a signed address for an upload is good."""
    storage: int = 10**15
    """Bytes that LFS content of a repository may have; more is refused with 403."""
    card_limit: int = 400_000
    """Longer cards get 413. Where the Hub draws this line is not known."""


class State:
    """One per server process."""

    def __init__(self, root: Path, options: Options) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.options, self.journal, self.faults = options, Journal(), Faults()
        self.store, self.xet = Store(root, options.commit_digits), Xet(root / "xet")
        key = root / "secret"
        if not key.exists():  # addresses signed before a restart hold after it
            key.write_bytes(secrets.token_bytes(32))
        self.secret = key.read_bytes()
