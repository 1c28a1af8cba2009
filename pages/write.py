"""The static site in a folder: it opens from the disk, and asks no server for anything."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medmnist_c.builder.files import absolute, atomic_write, folder_to_write
from medmnist_c.builder.headline import MEANING
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.versions import VERSION
from medmnist_c.corruptions.meanings import meanings
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.pages.errors import SiteError
from medmnist_c.pages.explorer.gallery import QUALITIES, Gallery, sample_gallery
from medmnist_c.pages.explorer.plain import plain_gallery
from medmnist_c.pages.leaderboard.entry import Entry
from medmnist_c.pages.leaderboard.hub import StatedScore
from medmnist_c.pages.leaderboard.kinds import KINDS
from medmnist_c.pages.leaderboard.plain import plain_entries, slug
from medmnist_c.pages.leaderboard.release import released_alexnet
from medmnist_c.pages.templates import render, static_files

MARKER = "medmnist_c_site.json"  # a folder that has it is a site, and may be written again
_CARD = "README.md"


@dataclass(frozen=True)
class Site:
    """What a site shows.

    reports: of the leaderboard, checked (`read_submissions`); the published AlexNet comes first.
    gallery: the explorer's images.
    stated: scores that the Hub's leaderboard of `hub` lists.
    """

    reports: Sequence[RobustnessReport] = ()
    gallery: Gallery = field(default_factory=sample_gallery)
    stated: tuple[StatedScore, ...] = ()
    hub: str | None = None

    @property
    def entries(self) -> list[Entry]:
        """The rows of the leaderboard."""
        return [released_alexnet(), *map(Entry.of, self.reports)]


def write_site(site: Site, folder: str | Path, cache_dir: str | Path | None = None) -> Path:
    """Write it; what an earlier one left there and this one has not is taken away. Returns its page.

    Args:
        site: what it shows.
        folder: new, empty, or of an earlier site.
        cache_dir: for clean test sets; that of `datasets` by default.

    Raises:
        SiteError: the folder has something else in it.
        ValueError: the folder is called as the package is.
        CleanDataError: images cannot be had.
    """
    folder = folder_to_write(folder)
    _check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    before, _ = _listed(folder)
    _write(folder, MARKER, _marker(before, whole=False))
    written = []
    for path, content in _files(site, cache_dir or cache_folder()):
        if _is_other(folder / path, content):
            _write(folder, path, content)
        written.append(path)
    for path in set(before) - set(written) - {MARKER}:
        (folder / path).unlink(missing_ok=True)
    _write(folder, MARKER, _marker(written, whole=True))
    return folder / "index.html"


def site_files(folder: str | Path) -> list[str]:
    """The paths of a site that `write_site` has written, from its folder.

    Raises:
        SiteError: there is none.
    """
    folder = absolute(folder)
    listed, whole = _listed(folder)
    if not whole or not all((folder / path).is_file() for path in listed):
        raise SiteError(f"{folder} is no whole site; write it with `medmnist-c site -o {folder}`.")
    return [*listed, MARKER]


def _files(site: Site, cache_dir: str | Path) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file, the pages last."""
    yield from site.gallery.files(cache_dir)
    entries = site.entries
    for one, entry in zip(site.reports, entries[1:], strict=True):  # behind the published baseline
        name = slug(entry)
        alone = RobustnessReport.of(one)  # without the place of its predictions
        yield f"reports/{name}.html", alone.html().encode()
        yield f"reports/{name}.json.gz", gzip.compress(alone.to_json().encode(), mtime=0)
    yield from static_files().items()
    words = meanings()
    board = {
        "entries": plain_entries(entries),
        "kinds": KINDS,
        "datasets": {
            name: {
                "title": words.datasets[name].title,
                "corruptions": {one.name: one.group for one in corruptions.values()},
            }
            for name, corruptions in CORRUPTIONS.items()
        },
        "corruptions": {name: one.title for name, one in words.corruptions.items()},
        "groups": words.groups,
        "severities": SEVERITIES,
    }
    yield "board.js", _program("BOARD", board)
    yield "gallery.js", _program("GALLERY", plain_gallery(site.gallery))
    common = {"version": VERSION, "entries": entries, "slug": slug, "kinds": KINDS}
    yield "explorer.html", render("explorer.html", **common, site=site, qualities=QUALITIES)
    yield "index.html", render("leaderboard.html", **common, site=site, meaning=MEANING)
    yield _CARD, render("README.md", **common, site=site)


def _program(name: str, data: object) -> bytes:
    """Data as a script: pages from the disk may run one, and not read a file. ASCII, without "<"."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'"use strict";\nconst {name} = {text};\n'.encode("ascii")


def _write(folder: Path, path: str, content: bytes) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / path) as file:
        file.write(content)


def _is_other(path: Path, content: bytes) -> bool:
    return not path.is_file() or path.read_bytes() != content


def _marker(files: Sequence[str], whole: bool) -> bytes:
    return (json.dumps({"whole": whole, "files": sorted(files)}, indent=0) + "\n").encode()


def _listed(folder: Path) -> tuple[list[str], bool]:
    """The files of an earlier site, such as lie inside, and whether it was finished."""
    try:
        told = json.loads((folder / MARKER).read_text("utf-8"))
        files, whole = told["files"], told["whole"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return [], False
    return [one for one in files if isinstance(one, str) and _is_inside(folder, one)], whole


def _is_inside(folder: Path, path: str) -> bool:
    return (folder / path).resolve().is_relative_to(folder.resolve())


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SiteError(f"{folder} is a file; give a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise SiteError(
            f"{folder} has something else in it than a site; give a new or an empty folder."
        )
