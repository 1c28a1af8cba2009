"""A site of made-up reports, with a hostile name among them, and one dataset's images."""

from pathlib import Path

from medmnist_c.pages.explorer.gallery import sample_gallery
from medmnist_c.pages.leaderboard.submission import read_submissions
from medmnist_c.pages.write import Site
from support.kept_reports import kept_report

HOSTILE = (
    "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>"
    "\"' onmouseover=window.hurt=1 {{ 7*7 }} __proto__ javascript:window.hurt=1 \u2028"
)
SHOWN = ("retinamnist", "breastmnist")


def made_site(folder: Path) -> Site:
    """Of three models on one or two datasets; their reports are made in the folder."""
    models = (
        ("good", 0.0, {"name": "timm:good", "classes": "in order"}, SHOWN),
        ("nearly as good", 0.1, {"classes": "knn head on features"}, SHOWN[:1]),
        (HOSTILE, 0.5, {"name": HOSTILE, HOSTILE: HOSTILE}, SHOWN[:1]),
    )
    paths = []
    for n, (name, worse, made, datasets) in enumerate(models):
        how = {"left_out": "", "fingerprint": f"w {n}", "made": made, "datasets": datasets}
        paths.append(kept_report(folder / str(n), name, worse, **how))
    reports, refused = read_submissions(paths)
    assert not refused
    return Site(reports, sample_gallery(SHOWN))
