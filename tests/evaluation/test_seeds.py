"""Several trainings of one model become one report: means, spreads, intervals over both."""

import numpy as np
import pytest
from click.testing import CliRunner

from medmnist_c.builder.configs import CleanConfig, CorruptedConfig
from medmnist_c.cli import main
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.report.comparison import compare
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score
from medmnist_c.evaluation.seeds import over_seeds

COUNT = 156
TEST_SETS = [CleanConfig("breastmnist")]
TEST_SETS += [CorruptedConfig("breastmnist", "pixelate", severity) for severity in range(1, 6)]


def trained(folder, name: str, skill: float, *, noise: int = 0, images: str = "release"):
    """A report of random scores; the same noise is the same images' difficulty."""
    rng = np.random.default_rng(noise)
    labels = np.arange(COUNT)[:, None] % 2
    store = PredictionFolder(folder / name / "predictions")
    origin = ImagesOrigin(images, None, CleanOrigin("s", "files"), "1")
    for number, config in enumerate(TEST_SETS):
        yes = (
            0.5 + (labels[:, 0] - 0.5) * (skill - 0.05 * number) + 0.25 * rng.standard_normal(COUNT)
        )
        yes = np.clip(yes, 0, 1)
        store.write(config, labels, np.stack([1 - yes, yes], 1), Origin(config.name, name, origin))
    return RobustnessReport.load(score(store.path).save(folder / name))


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")
    return [trained(folder, f"net, seed {n}", s) for n, s in enumerate((0.3, 0.7, 0.5))]


@pytest.fixture(scope="module")
def grouped(reports):
    return over_seeds(reports, "net")


def test_figures_are_means_with_their_spread(reports, grouped):
    assert grouped.name == "net" and grouped.model.seeds == tuple(one.name for one in reports)
    for place, estimate in grouped.table("breastmnist").items():
        values = [one.table("breastmnist")[place].value for one in reports]
        assert estimate.value == pytest.approx(np.mean(values), abs=1e-12)
        assert estimate.sd == pytest.approx(np.std(values, ddof=1), abs=1e-12)
        assert estimate.low <= estimate.value <= estimate.high
    pixelate = grouped.datasets["breastmnist"].corruptions[0]
    own = [one.datasets["breastmnist"].corruptions[0] for one in reports]
    for key in ("BE", "rBE"):
        values = [getattr(one, key).value for one in own]
        found = getattr(pixelate, key)
        assert found.value == pytest.approx(np.mean(values), abs=1e-12)
        assert found.sd == pytest.approx(np.std(values, ddof=1), abs=1e-12)
    worst = grouped.datasets["breastmnist"].clean.metrics["worst_class_recall"]
    assert worst.sd is not None and worst.low is None


def test_intervals_are_wider_than_those_over_images(reports, grouped):
    one, over = (
        r.datasets["breastmnist"].clean.metrics["balanced_error"] for r in (reports[0], grouped)
    )
    assert over.high - over.low > 2 * (one.high - one.low)  # these trainings differ much
    page = grouped.html()
    assert "over 3 trainings (net, seed 0, net, seed 1" in page and f", SD {over.sd:.3f}" in page
    assert "one training: what another one would give is not in them" in reports[0].html()


def test_it_is_kept_and_read_with_its_predictions(grouped, tmp_path):
    again = RobustnessReport.load(grouped.save(tmp_path))
    assert again.to_dict() == grouped.to_dict()
    assert [one.resolve() for one in again.places] == list(grouped.places)
    assert ReportContents.of([again]).reports[0].datasets == grouped.datasets


def test_models_of_several_trainings_are_compared(reports, grouped, tmp_path):
    others = [trained(tmp_path, f"other, seed {n}", s, noise=1) for n, s in enumerate((0.35, 0.65))]
    other = over_seeds(others, "other")
    found = compare(grouped, other).datasets[0].mean
    alone = compare(reports[2], others[0]).datasets[0].mean
    assert found.high - found.low > alone.high - alone.low
    assert found.low < 0 < found.high
    rows = ReportContents.of([grouped, other]).overall[0].rows
    assert all(row.corrupted.sd is not None for row in rows)


def test_the_command_and_what_it_refuses(reports, tmp_path):
    paths = [str(one.predictions.parent) for one in reports]
    done = CliRunner().invoke(main, ["seeds", *paths, "-o", str(tmp_path), "--model-name", "net"])
    assert done.exit_code == 0, done.output
    assert RobustnessReport.load(tmp_path).model.seeds == tuple(one.name for one in reports)
    seeded = trained(tmp_path, "seeded", 0.5, images="seed 3")
    halved = score(reports[1].predictions, threshold=0.4)
    for given, words in (
        (reports[:1], "two or more reports"),
        ([reports[0], reports[0]], "of the same predictions"),
        ([reports[0], seeded], "on other images"),
        ([reports[0], halved], "with other thresholds"),
        ([reports[0], over_seeds(reports)], "no report of one training"),
    ):
        with pytest.raises(ReportError, match=words):
            over_seeds(given)
