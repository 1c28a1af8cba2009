"""Reports in the forms that people publish and log: rows, LaTeX, a flat dictionary, figures."""

import io
import math
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest
from support.kept_reports import DATASETS, kept_report

from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.rendering.latex import escaped, latex
from medmnist_c.evaluation.rendering.write import write_report
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.robustness_report import RobustnessReport

NAME = "Net_50 & <co> 100 %"


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> list[RobustnessReport]:
    folder = tmp_path_factory.mktemp("reports")
    made = [
        kept_report(folder / "a", "plain", left_out=""),
        kept_report(folder / "b", NAME, 0.3, left_out=""),
    ]
    return [RobustnessReport.load(one) for one in made]


@pytest.fixture(scope="module")
def written(reports, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    write_report(reports, folder)
    return folder


def test_each_figure_is_one_row(reports):
    one, frame = reports[0], reports[0].to_pandas()
    columns = ["model", "seed", "dataset", "corruption", "severity", "metric"]
    assert not frame.duplicated(columns).any() and frame["seed"].isna().all()
    frame = frame.set_index(["dataset", "corruption", "severity", "metric"]).sort_index()
    for dataset in DATASETS:
        for (corruption, severity), estimate in one.table(dataset, "accuracy").items():
            row = frame.loc[(dataset, corruption or "clean", severity or 0, "accuracy")]
            assert (row.value, row.low, row.high) == (estimate.value, estimate.low, estimate.high)
        told = one.datasets[dataset]
        means = frame[frame.index.get_level_values("severity").isna()]
        for metric in ("BE", "rBE"):
            of_all = means.xs((dataset, "all", metric), level=(0, 1, 3)).value.item()
            assert of_all == getattr(told.summary, metric).value
            for group in told.groups:
                found = means.xs((dataset, f"group {group.name}", metric), level=(0, 1, 3))
                assert found.value.item() == getattr(group, metric).value
        of_severity = frame.loc[(dataset, "all", 4, "balanced_error")]
        assert of_severity.value == told.severities[3].means["balanced_error"].value


def test_csv_and_parquet_hold_all_reports(reports, written):
    frame = pd.concat([one.to_pandas() for one in reports], ignore_index=True)
    table = pq.read_table(written / "figures.parquet").to_pandas()
    assert table["value"].equals(frame["value"]) and set(table["model"]) == {"plain", NAME}
    text = pd.read_csv(io.StringIO((written / "figures.csv").read_text()))
    assert len(text) == len(frame)
    for column in ("model", "corruption", "metric"):
        assert text[column].tolist() == frame[column].tolist()
    assert text["value"].tolist() == pytest.approx(frame["value"].tolist(), abs=0, nan_ok=True)


def test_a_flat_dictionary_of_numbers(reports):
    one = reports[0]
    found = one.flat()
    told = one.datasets["retinamnist"]
    assert found["retinamnist/clean/kappa"] == told.clean.metrics["kappa"].value
    assert (
        found["retinamnist/pixelate/3/auc"] == one.table("retinamnist", "auc")["pixelate", 3].value
    )
    assert found["retinamnist/all/BE"] == told.summary.BE.value
    assert found["retinamnist/group_noise/rBE"] == next(
        group.rBE.value for group in told.groups if group.name == "noise"
    )
    assert all(isinstance(value, float) and math.isfinite(value) for value in found.values())


def test_latex_tables_are_whole_and_escaped(reports, written):
    text = (written / "tables.tex").read_text()
    assert text == latex(ReportContents.of(reports))
    assert r"Net\_50 \& \textless{}co\textgreater{} 100 \%" in text and NAME not in text
    assert r"$^\dagger$ & " in text and r"$^\dagger$: BE and rBE compare thresholds" in text
    tables = re.findall(r"\\begin\{tabular\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert len(tables) == 3 + len(DATASETS)  # over all: each dataset and their mean
    for table in tables:
        columns = 1 + int(re.search(r"\*\{(\d+)\}", table)[1])
        for line in table.splitlines():
            if " & " in line:
                assert len(re.findall(r"(?<!\\)&", line)) == columns - 1
        assert all(rule in table for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    for dataset in DATASETS:
        assert all(escaped(name) in text for name in CORRUPTIONS[dataset])
    best = reports[0].datasets["retinamnist"].summary.BE.value
    assert rf"\textbf{{{best:.2f}}}" in text
    for line in re.sub(r"\\[a-z]+\{|[{}]", "", text).splitlines():
        if " & " in line:  # a long name goes on in the next line, it makes no table wider
            assert all(len(cell) < 40 for cell in line.split(" & "))
    assert escaped("a\\b~c^{d}") == r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}\{d\}"


def test_figures_are_there_in_three_forms_with_the_models_names(written):
    text = (written / "report.md").read_text()
    for dataset in DATASETS:
        for name in ("severities", "groups", "heat-1", "heat-2", "reliability-1", "reliability-2"):
            svg = (written / f"{dataset}-{name}.svg").read_text()
            models = ["plain"] if name.endswith("1") else ["Net_50"]
            for model in models if name[-1] in "12" else ["plain", "Net_50"]:
                assert model in svg, (name, model)
            assert (written / f"{dataset}-{name}.pdf").read_bytes().startswith(b"%PDF")
            assert (
                f"]({dataset}-{name}.png)" in text and (written / f"{dataset}-{name}.png").exists()
            )


def test_the_page_can_be_read_aloud_and_used_without_a_mouse(written):
    page = (written / "report.html").read_text()
    pictures = re.findall(r'<div role="img" aria-label="([^"]+)"', page)
    assert len(pictures) == page.count("<svg") and all(len(label) > 40 for label in pictures)
    regions = re.findall(r'role="region" tabindex="0" aria-label="([^"]+)"', page)
    assert len(regions) == page.count('class="wide"') and all(regions)
    assert '<html lang="en">' in page and "<main>" in page and ":focus-visible" in page
    # Sorting: each button has a rule, and each row a place for it.
    for number in re.findall(r'class="by(\d+)"', page):
        assert number == "0" or f".sorting:has(.by{number}:checked)" in page
    for table in re.findall(r'<table class="sorting".*?</table>', page, re.DOTALL):
        columns = table.count('role="columnheader"')
        for row in re.findall(r'<tr role="row" style="([^"]*)">', table):
            assert row.count("--o") == columns - 1


def contrast(one: str, other: str) -> float:
    """Of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_words_have_contrast_enough(written):
    page = (written / "report.html").read_text()
    colours = dict(re.findall(r"--(ink|soft|shade): (#\w{6})", page))
    for words in ("ink", "soft"):
        for ground in ("#ffffff", colours["shade"]):
            assert contrast(colours[words], ground) >= 4.5
