"""Reports as pages, tables and images: complete, escaped, and the same bytes from the same report."""

import copy
import io
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from hub.process import running_hub
from huggingface_hub import HfApi, ModelCard
from PIL import Image
from support.kept_reports import DATASETS, kept_report

from medmnist_c.cli import main
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.rendering import figures, formatting
from medmnist_c.evaluation.rendering.figures import draw
from medmnist_c.evaluation.rendering.html import html
from medmnist_c.evaluation.rendering.markdown import markdown
from medmnist_c.evaluation.rendering.write import write_report
from medmnist_c.evaluation.report import kept_errors
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score

HOSTILE = '<script>alert(1)</script> | $x_1$ "q" & *b* [l](http://e.x)'


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("reports")
    return [kept_report(folder / "a", "plain model"), kept_report(folder / "b", HOSTILE, 0.2)]


@pytest.fixture(scope="module")
def reports(folders) -> list[RobustnessReport]:
    return [RobustnessReport.load(folder) for folder in folders]


def page_of(reports: list[RobustnessReport]) -> str:
    contents = ReportContents.of(reports)
    return html(contents, draw(contents))


def markdown_of(reports: list[RobustnessReport]) -> str:
    return markdown(ReportContents.of(reports))


class Page(HTMLParser):
    """What a page refers to, what it runs, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.outside, self.handlers, self.words, self.open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "data", "srcset", "action"):
                self.outside += [] if (value or "").startswith(("#", "data:")) else [value]
            self.handlers += [name] if name.startswith("on") else []

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("number", [1, 2])
def test_the_page_stands_alone_and_runs_nothing(reports, number):
    text = page_of(reports[-number:])
    found = Page(text)
    assert found.outside == [] and found.handlers == []
    assert "script" not in found.tags and "link" not in found.tags and "img" not in found.tags
    assert "url(http" not in text and "@import" not in text
    words_there = " ".join(" ".join(found.words).split())
    assert HOSTILE in words_there
    for dataset in DATASETS:
        assert all(name in words_there for name in CORRUPTIONS[dataset])
    assert found.tags.count("svg") == len(DATASETS) * (2 + 2 * number)
    assert "Differences" in words_there or number == 1


def test_every_figure_of_the_primary_table_is_on_the_page_and_in_the_markdown(reports):
    page_text, markdown_text = page_of(reports[:1]), markdown_of(reports[:1])
    for dataset in DATASETS:
        for estimate in reports[0].table(dataset).values():
            assert f"{estimate.value:.3f}" in page_text
            assert f"{estimate.value:.3f}" in markdown_text
            assert f"{estimate.low:.3f}-{estimate.high:.3f}" in page_text


def test_what_is_unstable_or_missing_is_said(reports):
    (note,) = [n for n in formatting.notes(reports[0].datasets["breastmnist"]) if "Not all" in n]
    unstable = reports[0].datasets["retinamnist"].summary.unstable
    for text in (page_of(reports[:1]), markdown_of(reports[:1])):
        assert note in text
        for name in unstable:
            assert name in text.partition("is unstable")[0]


def test_markdown_has_whole_tables_and_no_markup_of_others(reports):
    text = markdown_of(reports)
    assert "<script" not in text and "](http" not in text
    for table in [block for block in text.split("\n\n") if block.startswith("| ")]:
        widths = {line.replace("\\|", "").count("|") for line in table.splitlines()}
        assert len(widths) == 1, table
    assert "plain model" in text and "## Differences" in text


def test_images_are_as_large_as_the_corruptions_need(reports):
    for dataset in DATASETS:
        for drawn, least in (
            (figures.severity_curves(reports, dataset), 900),
            (figures.group_bars(reports, dataset), 900),
            (figures.heat_map(reports[0], dataset), 800),
        ):
            image = Image.open(io.BytesIO(figures.as_png(drawn)))
            image.load()
            assert image.width >= least and len(image.convert("L").getcolors()) > 20


@pytest.mark.long
def test_the_same_report_gives_the_same_bytes(folders, tmp_path):
    for place in ("one", "two"):
        arguments = ["report", *map(str, folders), "-o", str(tmp_path / place)]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    # page, Markdown, LaTeX, two tables; curves, groups, two heat maps, two of reliability
    assert len(names) == 5 + 3 * 6 * len(DATASETS)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_reports_without_predictions_are_still_shown(folders, tmp_path):
    for number, folder in enumerate(folders):
        whole = json.loads((folder / "report.json").read_text())
        (tmp_path / f"{number}.json").write_text(json.dumps(whole | {"predictions": None}))
    arguments = ["report", str(tmp_path / "0.json"), str(tmp_path / "1.json"), "-o", str(tmp_path)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "which a paired" in (tmp_path / "report.html").read_text()


def test_comparisons_and_figures_are_made_once(folders, tmp_path, monkeypatch):
    """Each test set of a model is resampled once for all pairs, and each figure is drawn once."""
    counts = Counter()

    def counted(module, name):
        function = getattr(module, name)

        def call(*arguments, **keywords):
            counts[name] += 1
            return function(*arguments, **keywords)

        monkeypatch.setattr(module, name, call)

    counted(kept_errors, "balanced_error")
    for name in ("severity_curves", "group_bars", "heat_map"):
        counted(figures, name)
    three = [RobustnessReport.load(folder) for folder in (*folders, folders[0])]
    write_report(three, tmp_path)
    assert counts["balanced_error"] == 3 * (2 + three[0].corrupted_count)
    assert counts["severity_curves"] == counts["group_bars"] == len(DATASETS)
    assert counts["heat_map"] == 3 * len(DATASETS)


def test_a_report_of_the_clean_test_set_alone_is_written(folders, tmp_path):
    store = PredictionFolder(tmp_path / "predictions")
    kept = PredictionFolder(folders[0] / "predictions")
    clean = kept.configs()[0]
    found = kept.read(clean)
    store.write(clean, found.labels, found.scores, kept.origin(clean))
    report = score(store.path)
    with pytest.raises(ValueError, match="choose another name"):
        write_report([report], tmp_path / "medmnist_c")
    written = write_report([report], tmp_path / "out")
    assert [path.name for path in written] == [
        "report.html",
        "report.md",
        "tables.tex",
        "figures.csv",
        "figures.parquet",
    ]
    assert "Only the clean test set" in written[0].read_text()


MATHS = "$\\frac{$ " + "{" * 300 + "$\\sqrt$"


def test_a_models_name_is_no_mathematics(folders, tmp_path):
    report = RobustnessReport.load(folders[0])
    named = replace(report, model=replace(report.model, name=MATHS))
    other = replace(report, model=replace(report.model, name="_hidden $x$"))
    written = write_report([named, other], tmp_path)
    assert all(path.stat().st_size for path in written)
    assert "_hidden $x$" in (tmp_path / "report.html").read_text()


def changed(plain: dict, value: object, *keys: str | int) -> dict:
    """A copy with one value replaced."""
    plain = copy.deepcopy(plain)
    holder = plain
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    return plain


BREAST = ("datasets", "breastmnist")
FIRST = (*BREAST, "corruptions", 0)
LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("value", "keys", "words"),
    [
        (
            "<script>alert(1)</script>|x",
            (*BREAST, "task"),
            "datasets.breastmnist: has another task",
        ),
        (["a", "<b>"], (*BREAST, "classes"), "another task or other classes"),
        ("$\\frac{$", (*FIRST, "group"), "another group than the benchmark's"),
        ("{" * 5000, (*BREAST, "groups", 0, "name"), "groups that are not once each"),
        ("<b>", (*FIRST, "name"), "corruptions that are not once each those of breastmnist"),
        ("motion_blur", (*FIRST, "name"), "corruptions that are not once each"),
        (157, (*BREAST, "count"), "different size"),
        (True, (*BREAST, "count"), "datasets.breastmnist.count: input should be a valid integer"),
        (3, (*FIRST, "test_sets", 0, "severity"), "no test sets of rising severity"),
        ("1", (*FIRST, "test_sets", 0, "severity"), "test_sets.0.severity: input should be"),
        (6, (*FIRST, "test_sets", 4, "severity"), "less than or equal to 5"),
        (1.5, (*BREAST, "clean", "metrics", "accuracy", "value"), "accuracy outside 0 to 1"),
        (float("nan"), (*BREAST, "clean", "metrics", "auc", "value"), "finite number"),
        (10**400, (*BREAST, "clean", "metrics", "auc", "value"), "auc.value"),
        ({}, (*BREAST, "clean", "metrics"), "lacks balanced_error"),
        (0, (*BREAST, "reliability", 0, "bins", -1, "count"), "means of no answers"),
        (None, (*BREAST, "reliability", 0, "bins", -1, "accuracy"), "answers without means"),
        ({}, (*BREAST, "summary", "means"), "has means that lack balanced_error"),
        ({}, (*BREAST, "severities", 0, "means"), "has means that lack balanced_error"),
        ({"value": 1, "low": 0, "high": None}, (*FIRST, "BE"), "half an interval"),
        (LONG, (*FIRST, "BE", "note"), "at most 2000 characters"),
        (LONG, ("model", "name"), "model.name: string should have at most 2000"),
        ("\ud800", ("model", "name"), "model.name"),
        ("a\0b", ("baseline", "name"), "characters that are no text"),
        (["<b>"], (*BREAST, "summary", "unstable"), "calls corruptions unstable"),
        ({}, ("provenance", "sources"), "sources that are not those of its datasets"),
        (2, (*BREAST, "operating_points", 0, "thresholds", 0), "operating_points.0.thresholds.0"),
        (
            [0.5] * 3,
            (*BREAST, "operating_points", 0, "thresholds"),
            "not one, or one for each label",
        ),
        ({}, ("datasets",), "has no datasets"),
        (1, ("version",), "of version 1, this medmnist_c reads version 3"),
    ],
)
def test_what_is_not_the_benchmarks_is_refused_in_one_sentence(reports, value, keys, words):
    plain = reports[0].to_dict()
    with pytest.raises(ReportError, match=re.escape(words)) as error:
        RobustnessReport.from_dict(changed(plain, value, *keys), "my.json")
    told = str(error.value)
    assert told.startswith("my.json is") and "\n" not in told and len(told) < 400
    assert "<" not in told or "less" in told


@pytest.mark.filterwarnings("error")
def test_a_model_without_a_figure_of_clean_images_is_in_the_legend(reports):
    plain = reports[0].to_dict()
    nothing = {"value": None, "low": None, "high": None, "note": "too few images"}
    plain = changed(plain, nothing, *BREAST, "clean", "metrics", "balanced_error")
    named = figures.group_bars([RobustnessReport.from_dict(plain)], "breastmnist").legends[0]
    assert [text.get_text() for text in named.get_texts()] == [reports[0].name]
    for number in range(len(plain["datasets"]["breastmnist"]["groups"])):
        plain = changed(plain, nothing, *BREAST, "groups", number, "means", "balanced_error")
    assert not figures.group_bars([RobustnessReport.from_dict(plain)], "breastmnist").legends


@pytest.mark.parametrize("name", ["", "_mine"])
def test_a_name_that_matplotlib_hides_has_its_place_in_the_legend(reports, name):
    plain = changed(reports[0].to_dict(), name, "model", "name")
    named = figures.group_bars([RobustnessReport.from_dict(plain)], "breastmnist").legends[0]
    assert [text.get_text() for text in named.get_texts()] == [f"\u200b{name}"]


def test_a_dictionary_makes_the_same_report(reports):
    for report in reports:
        plain = report.to_dict()
        assert json.loads(json.dumps(plain)) == plain
        assert RobustnessReport.from_dict(plain).to_dict() == plain


def test_no_report_gets_one_sentence(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    for name, words_there in (("x.json", "is no report"), ("y.json", "Cannot read")):
        done = CliRunner().invoke(main, ["report", str(tmp_path / name), "-o", str(tmp_path)])
        assert done.exit_code == 1 and words_there in done.output
        assert len(done.output.strip().splitlines()) == 1


def test_results_go_into_a_models_card_and_replace_older_ones(folders, tmp_path):
    with running_hub(tmp_path / "hub") as hub:
        HfApi(hub.url, hub.token).create_repo("someone/model")
        command = [sys.executable, "-m", "medmnist_c.cli", "report", "-o", str(tmp_path / "out")]
        command += ["--push-to-card", "someone/model", "--dataset-repo", "someone/medmnist_c"]
        for folder in (folders[0], folders[0]):
            done = subprocess.run(
                [*command, str(folder)],
                cwd="/",
                env=os.environ | hub.environment(tmp_path / "home"),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert hub.token not in done.stdout + done.stderr
        address = f"{hub.url}/someone/model/resolve/main/README.md"
        asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {hub.token}"})
        with urllib.request.urlopen(asked) as answer:
            card = ModelCard(answer.read().decode())
    report = RobustnessReport.load(folders[0])
    found = {(one.dataset_config, one.metric_type): one for one in card.data.eval_results}
    assert len(found) == len(card.data.eval_results)
    for dataset in DATASETS:
        one = report.datasets[dataset]
        clean = found[f"{dataset}_clean", "balanced_error"]
        assert clean.metric_value == one.clean.metrics["balanced_error"].value
        assert clean.dataset_type == "someone/medmnist_c"
        whole = one.summary.BE.value  # None of breastmnist, which was not evaluated whole
        assert (found[dataset, "BE"].metric_value if whole else None) == whole
        assert (f"{dataset}_pixelate", "accuracy") in found


@pytest.mark.long
def test_a_refused_card_gets_one_sentence(folders, tmp_path):
    with running_hub(tmp_path / "hub") as hub:
        command = [sys.executable, "-m", "medmnist_c.cli", "report", str(folders[0])]
        command += ["-o", str(tmp_path / "out"), "--push-to-card", "someone/nothing"]
        environment = os.environ | hub.environment(tmp_path / "home")
        done = subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1 and "Cannot write the results" in done.stderr
    assert "Traceback" not in done.stderr and hub.token not in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("how", ["drop_before", "drop_after"])
def test_a_connection_that_breaks_at_a_card_gets_one_sentence(folders, tmp_path, how):
    with running_hub(tmp_path / "hub") as hub:
        HfApi(hub.url, hub.token).create_repo("someone/model")
        hub.break_on(kind="commit", number=1, how=how)
        command = [sys.executable, "-m", "medmnist_c.cli", "report", str(folders[0])]
        command += ["-o", str(tmp_path / "out"), "--push-to-card", "someone/model"]
        done = subprocess.run(
            command,
            cwd="/",
            env=os.environ | hub.environment(tmp_path / "home"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "Cannot write the results into the card of someone/model (" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
