"""Which paths a repository can hold, and which of them are LFS."""

from fnmatch import fnmatchcase

from hub.calls import Refusal
from hub.store import Commit, Repository

FORBIDDEN = (".git", ".cache", "..", ".", "")


def check_path(path: str) -> str:
    """The path itself; refused with 400 if no file can have it."""
    parts = path.split("/")
    if any(part in FORBIDDEN or len(part.encode()) > 255 for part in parts) or "\0" in path:
        raise Refusal(400, f"{path!r} is not a path that a file in a repository can have")
    return path


def check_tree(commit_files: dict, folders: frozenset[str]) -> None:
    """Refuse a tree in which something is both a file and a folder."""
    if both := folders & commit_files.keys():
        raise Refusal(400, f"{min(both)!r} would be both a file and a folder")


def lfs_patterns(repo: Repository, commit: Commit) -> list[str]:
    """What `.gitattributes` of a commit makes LFS."""
    file = commit.files.get(".gitattributes")
    if file is None or file.lfs:
        return []
    lines = repo.contents.path(file).read_text().splitlines()
    return [line.split()[0] for line in lines if "filter=lfs" in line.split()]


def is_lfs(path: str, patterns: list[str]) -> bool:
    """Whether a pattern fits: the whole path if it has a slash, else the name."""
    name = path.rpartition("/")[2]
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)


def is_binary(sample: bytes) -> bool:
    """Whether the beginning of a file is not text (a character may be cut at its end)."""
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.end < len(sample) or error.reason != "unexpected end of data"
    return b"\0" in sample
