"""The site's files: what is in them, what a name cannot do, and that they are written whole."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from markupsafe import escape
from PIL import Image
from support.medmnist_files import medmnist_arrays, write_npz
from support.sites import HOSTILE, SHOWN, shared_site

from medmnist_c.builder.configs import CorruptedConfig
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.cli import main
from medmnist_c.pages import write as writing
from medmnist_c.pages.errors import SiteError
from medmnist_c.pages.explorer.gallery import Gallery, own_gallery, sample_gallery
from medmnist_c.pages.explorer.plain import plain_gallery
from medmnist_c.pages.leaderboard.hub import StatedScore
from medmnist_c.pages.write import Site, site_files, write_site


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    _, reports = shared_site(tmp_path_factory)
    return Site(reports, sample_gallery(SHOWN))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return shared_site(tmp_path_factory)[0]


def board(folder: Path) -> dict:
    _, _, text = (folder / "board.js").read_text("ascii").partition("const BOARD = ")
    return json.loads(text.rstrip().removesuffix(";"))


def test_the_board_holds_the_reports_figures(folder, site):
    entries = board(folder)["entries"]
    assert [one["name"] for one in entries] == [
        "AlexNet (release)",
        "good",
        "nearly as good",
        HOSTILE,
    ]
    told = site.reports[0].datasets["retinamnist"].summary
    found = entries[1]["datasets"]["retinamnist"]["all"]
    assert found["BE"] == pytest.approx([told.BE.value, told.BE.low, told.BE.high], abs=1e-5)
    assert [one["kind"] for one in entries] == ["baseline", "trained", "probe", "trained"]
    for one, report in zip(entries[1:], site.reports, strict=True):
        assert (folder / f"reports/{one['id']}.html").is_file()
        assert str(report.predictions) not in (folder / f"reports/{one['id']}.html").read_text()


def test_nothing_is_asked_of_another_host_and_names_do_nothing(folder):
    for path in folder.rglob("*"):
        if path.suffix in (".html", ".js", ".css"):
            text = path.read_text("utf-8")
            linked = re.findall(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//""", text)
            assert linked == [], path
            assert "<script>window" not in text and "<img src=x" not in text, path
    for page in folder.glob("*.html"):
        text = page.read_text("utf-8")
        assert "default-src 'none'; script-src 'self'" in text
        assert not re.search(r"<script(?! src=\"[a-z]+\.js\"></script>)", text)
        assert not re.search(r"\son[a-z]+=\"|\sstyle=", text)
        for name in re.findall(r"(?:src|href)=\"([\w./-]+)\"", text):
            assert (folder / name).is_file(), name


def test_images_are_those_of_the_test_sets(folder, cache):
    found = {path.name for path in (folder / "images/retinamnist/0").iterdir()}
    assert len(found) == 1 + 8 * 5 and "motion_blur_5.webp" in found
    spec = TestSetSpec(CorruptedConfig("retinamnist", "pixelate", 5), ImageSource(sample=True))
    wanted = spec.open(cache).image(0).astype(int)
    shown = np.asarray(Image.open(folder / "images/retinamnist/0/pixelate_5.webp"), int)
    assert shown.shape == (224, 224, 3) and np.abs(shown - wanted).mean() < 3


def test_it_is_written_again_the_same_and_without_what_is_gone(folder, site, cache, tmp_path):
    place = tmp_path / "site"
    again = Site(site.reports[2:], sample_gallery(("retinamnist",)))
    assert write_site(again, place, cache) == place / "index.html"
    reports = [name for name in site_files(place) if name.startswith("reports/")]
    assert len(reports) == 2
    for name in [*reports, "gallery.js", "style.css", "images/retinamnist/0/pixelate_3.webp"]:
        same = (place / name).read_bytes() == (folder / name).read_bytes()
        assert same is (name != "gallery.js"), name
    (place / "mine.txt").write_text("kept")
    write_site(Site(gallery=sample_gallery(("breastmnist",))), place, cache)
    assert not (place / "reports").exists() or not list((place / "reports").iterdir())
    assert not (place / "images/retinamnist/0/clean.webp").exists()
    assert (place / "mine.txt").read_text() == "kept" and len(board(place)["entries"]) == 1


def test_a_site_that_was_not_finished_is_none(tmp_path, cache, monkeypatch):
    place = tmp_path / "site"
    write_site(Site(gallery=sample_gallery(())), place, cache)
    before = site_files(place)

    def killed(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(writing, "plain_gallery", killed)
        write_site(Site(gallery=sample_gallery(("octmnist",))), place, cache)
    assert all((place / name).is_file() for name in before)
    with pytest.raises(SiteError, match="no whole site"):
        site_files(place)
    write_site(Site(gallery=sample_gallery(())), place, cache)
    assert site_files(place) == before


def test_what_the_hub_states_is_shown_as_text(tmp_path, cache):
    stated = (
        StatedScore("them/model", 61.25, True, HOSTILE, "https://huggingface.co/them/model"),
        StatedScore(HOSTILE, 1e9, False, "", None),
    )
    site = Site((), sample_gallery(()), stated, HOSTILE)
    text = write_site(site, tmp_path / "site", cache).read_text("utf-8")
    assert '<a href="https://huggingface.co/them/model" rel="noopener noreferrer">' in text
    assert "61.25" in text and "<script>window" not in text and "<img" not in text
    assert text.count(str(escape(HOSTILE))) == 3


def test_no_folder_is_taken_that_has_something_else(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SiteError, match="something else"):
        write_site(Site(gallery=sample_gallery(())), tmp_path)
    with pytest.raises(ValueError, match="choose another name"):
        write_site(Site(gallery=sample_gallery(())), tmp_path / "medmnist_c")
    with pytest.raises(SiteError, match="no whole site"):
        site_files(tmp_path)


def test_own_images_are_shown_pixel_by_pixel(tmp_path, cache):
    write_npz(tmp_path / "breastmnist_224.npz", medmnist_arrays("breastmnist", 4))
    gallery = own_gallery(tmp_path, None, (1, 3), 7, cache)
    assert [one.folder for one in gallery.shown] == ["images/breastmnist/1", "images/breastmnist/3"]
    files = dict(gallery.files(cache))
    assert len(files) == 2 * (1 + 7 * 5)
    spec = TestSetSpec(CorruptedConfig("breastmnist", "speckle_noise", 2), gallery.source)
    shown = Image.open(io.BytesIO(files["images/breastmnist/3/speckle_noise_2.png"]))
    assert np.array_equal(np.asarray(shown), spec.open(cache).image(3))
    assert f"seed=7, data_dir='{tmp_path}'" in plain_gallery(gallery)["arguments"]
    with pytest.raises(SiteError, match="no image 4 of breastmnist"):
        own_gallery(tmp_path, None, (4,), 7, cache)


def test_the_commands(site, tmp_path, monkeypatch):
    run = CliRunner().invoke
    report = tmp_path / "report.json"
    site.reports[0].save(report)
    done = run(
        main,
        [
            "explore",
            "--dataset",
            "octmnist",
            "--report",
            str(report),
            "-o",
            str(tmp_path / "e"),
            "--no-browser",
        ],
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "e/explorer.html").is_file() and len(board(tmp_path / "e")["entries"]) == 2
    (tmp_path / "bad.json").write_text("{}")
    done = run(main, ["site", str(report), str(tmp_path / "bad.json"), "-o", str(tmp_path / "s")])
    assert done.exit_code == 1 and "bad.json is no report" in done.output
    assert not (tmp_path / "s").exists()
    monkeypatch.setattr(Gallery, "files", lambda self, cache_dir: iter(()))
    given = [str(tmp_path / "bad.json"), "-o", str(tmp_path / "s"), "--leave-out-refused"]
    done = run(main, ["site", *given])
    assert done.exit_code == 0 and "bad.json is no report" in done.output, done.output
    assert "index.html: 1 entry, 0." in done.output and len(board(tmp_path / "s")["entries"]) == 1
    for arguments, words in (
        (["explore", "--index", "3"], "leave --index out"),
        (["explore", "--dataset", "dermnist"], "did you mean 'dermamnist'"),
        (["explore", "--data-dir", str(tmp_path), "--no-browser"], "no MedMNIST+ file"),
        (["push-site", "a/b", "--folder", str(tmp_path / "e"), str(report)], "Give either"),
        (["push-site", "a/b/c", "--folder", str(tmp_path / "e")], "cannot be the name"),
        (["push-site", "a/b", "--folder", str(tmp_path)], "no whole site"),
    ):
        done = run(main, arguments)
        assert done.exit_code == 1 and words in done.output, done.output
