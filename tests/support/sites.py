"""A site of made-up reports, with a hostile name among them, and one dataset's images."""

from pathlib import Path

import pytest
from filelock import FileLock

from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.pages.explorer.gallery import sample_gallery
from medmnist_c.pages.leaderboard.submission import read_submissions
from medmnist_c.pages.write import Site, write_site
from support.kept_reports import kept_report

HOSTILE = (
    "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>"
    "\"' onmouseover=window.hurt=1 {{ 7*7 }} __proto__ javascript:window.hurt=1 \u2028"
)
SHOWN = ("retinamnist", "breastmnist")


def shared_site(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[RobustnessReport]]:
    """The folder of a site and its reports; made once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if base.name.startswith("popen-") else base) / "shared_site"
    with FileLock(f"{shared}.lock"):
        if not (shared / "done").exists():
            write_site(Site(_reports(shared), sample_gallery(SHOWN)), shared / "site", shared)
            (shared / "done").touch()
    return shared / "site", _reports(shared)


def _reports(folder: Path) -> list[RobustnessReport]:
    """Of three models on one or two datasets."""
    models = (
        ("good", 0.0, {"name": "timm:good", "classes": "in order"}, SHOWN),
        ("nearly as good", 0.1, {"classes": "knn head on features"}, SHOWN[:1]),
        (HOSTILE, 0.5, {"name": HOSTILE, HOSTILE: HOSTILE}, SHOWN[:1]),
    )
    paths = []
    for n, (name, worse, made, datasets) in enumerate(models):
        how = {"left_out": "", "fingerprint": f"w {n}", "made": made, "datasets": datasets}
        place = folder / str(n)
        paths.append(place if place.exists() else kept_report(place, name, worse, **how))
    reports, refused = read_submissions(paths)
    assert not refused
    return reports
