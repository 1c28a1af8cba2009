"""The table over all: its figures are the reports', its means and ranks those of shared resamples."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.kept_reports import DATASETS, kept_report

from medmnist_c.evaluation.rendering import formatting
from medmnist_c.evaluation.rendering.figures import draw
from medmnist_c.evaluation.rendering.html import html
from medmnist_c.evaluation.rendering.markdown import markdown
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.report.model import Estimate
from medmnist_c.evaluation.robustness_report import RobustnessReport


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> list[RobustnessReport]:
    folder = tmp_path_factory.mktemp("reports")
    made = [
        kept_report(folder / "worse", "worse", 0.5, left_out=""),
        kept_report(folder / "plain", "plain", left_out=""),
    ]
    return [RobustnessReport.load(one) for one in made]


@pytest.fixture(scope="module")
def contents(reports) -> ReportContents:
    return ReportContents.of(reports)


def test_models_are_sorted_and_a_dataset_s_row_is_the_report_s(reports, contents):
    benchmarks = DATASETS[::-1]  # in its order
    assert [table.datasets for table in contents.overall] == [
        *((one,) for one in benchmarks),
        benchmarks,
    ]
    for table in contents.overall:
        assert [row.model for row in table.rows] == ["plain", "worse"]
        assert [row.rank.value for row in table.rows] == [1, 2]
        assert table.rows[0].corrupted.value < table.rows[1].corrupted.value
    for table in contents.overall[:2]:
        told = reports[1].datasets[table.datasets[0]]
        row = table.rows[0]
        assert row.clean == told.clean.metrics["balanced_error"]
        assert row.severities[3] == told.severities[2].means["balanced_error"]
        assert (row.BE, row.rBE, row.rBE_stable) == (
            told.summary.BE,
            told.summary.rBE,
            told.summary.rBE_stable,
        )


def test_the_mean_over_datasets_is_plain_and_its_interval_narrower(reports, contents):
    row = contents.overall[2].rows[1]
    summaries = [one.summary for one in reports[0].datasets.values()]
    for key in ("BE", "rBE", "rBE_stable"):
        own = [getattr(one, key) for one in summaries]
        found = getattr(row, key)
        assert found.value == pytest.approx(np.mean([one.value for one in own]), abs=1e-12)
        # The datasets' images are independent: variances add up, so widths do so in squares.
        widths = [one.high - one.low for one in own]
        expected = np.sqrt(np.sum(np.square(widths))) / 2
        assert found.high - found.low == pytest.approx(expected, rel=0.1)
    clean = [one.clean.metrics["balanced_error"].value for one in reports[0].datasets.values()]
    assert row.clean.value == pytest.approx(np.mean(clean), abs=1e-12)


def test_equally_good_models_have_ranks_that_say_nothing(reports):
    one = reports[1]
    shown = ReportContents.of([one, replace(one, predictions=Path(one.predictions))])
    for table in shown.overall:
        assert [row.rank.value for row in table.rows] == [1.5, 1.5]


def test_what_is_partial_or_of_other_images_has_no_rank(reports, tmp_path):
    folder = kept_report(tmp_path / "a", "partial", 0.2, left_out="breastmnist_motion_blur_5")
    partial = RobustnessReport.load(folder)
    retina, breast, _ = ReportContents.of([reports[1], partial]).overall
    assert {row.rank.value for row in breast.rows} == {None}
    assert [row.rank.value for row in retina.rows] == [1, 2]
    seeded = RobustnessReport.load(
        kept_report(tmp_path / "b", "s", 0.2, images="seed 3", left_out="")
    )
    for table in ReportContents.of([reports[1], seeded]).overall:
        assert {row.rank.note for row in table.rows} == {"other images"}


def test_without_predictions_there_are_values_and_no_intervals_of_means(reports, contents):
    bare = ReportContents.of([replace(one, predictions=None) for one in reports])
    for table, whole in zip(bare.overall, contents.overall, strict=True):
        for row, full in zip(table.rows, whole.rows, strict=True):
            assert row.rank == Estimate(full.rank.value)
            assert row.BE.value == pytest.approx(full.BE.value, abs=1e-12)
    assert bare.overall[2].rows[0].BE.low is None


def test_tables_are_on_the_page_and_sort_without_a_program(contents):
    page, text = html(contents, draw(contents)), markdown(contents)
    cells = formatting.overall_cells(contents.overall[2], True)
    assert cells[0].orders.startswith("--o1:0;") and cells[1].orders.endswith(":1")
    for row in cells:
        assert row.orders in page
        for estimate in row.estimates:
            assert formatting.figure(estimate) in text and formatting.figure(estimate) in page
    assert " 2 (2-2) |" in text and '<td role="cell">2<small>2-2</small></td>' in page
    primary = 2 * 2  # a table for each dataset and model
    assert page.count('class="sorting"') == 3 + primary and "<script" not in page


def test_the_severity_at_which_too_much_is_lost(reports):
    one = reports[0].datasets["retinamnist"]
    clean = one.clean.metrics["balanced_error"].value
    means = [each.means["balanced_error"].value for each in one.severities]
    expected = next((s for s, mean in enumerate(means, 1) if mean - clean > 0.05), 6)
    found = one.summary.lost_at
    assert (one.summary.margin, found.value) == (0.05, expected)
    assert found.low <= expected <= found.high
    assert formatting.severity_lost(Estimate(6.0, 4.0, 6.0)) == "none"
    assert formatting.severity_lost_interval(Estimate(6.0, 4.0, 6.0)) == "4 to none"
