"""Scores that are kept or brought: what is accepted, and what bad ones are told."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from medmnist_c.builder.configs import CleanConfig, CorruptedConfig, select
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.cli import main
from medmnist_c.evaluation.errors import PredictionError, ReportError
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.predictions.probabilities import probabilities
from medmnist_c.evaluation.report.comparison import compare
from medmnist_c.evaluation.report.model import DatasetReport
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score

TEST_SETS = [(None, None), ("pixelate", 1), ("pixelate", 2)]
IMAGES = ImagesOrigin("release", "d", CleanOrigin("s", "files"), "1")


def rows(count: int = 12, seed: int = 0) -> dict[str, list]:
    """Columns for breastmnist: clean and pixelate 1-2, in a mixed order."""
    rng = np.random.default_rng(seed)
    columns = {name: [] for name in ("dataset", "corruption", "severity", "index", "label")}
    columns["scores"] = []
    for corruption, severity in TEST_SETS:
        for index in rng.permutation(count):
            p = float(rng.random())
            values = ("breastmnist", corruption, severity, int(index), int(index % 2), [1 - p, p])
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    return columns


def write(folder, columns):
    path = folder / "predictions.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=7)
    return path


def test_a_file_in_any_order_is_read_in_the_images_order(tmp_path):
    columns = rows()
    store = PredictionFile(write(tmp_path, columns))
    assert [one.name for one in store.configs()] == [
        "breastmnist_clean",
        "breastmnist_pixelate_1",
        "breastmnist_pixelate_2",
    ]
    found = store.read(CorruptedConfig("breastmnist", "pixelate", 2))
    expected = {
        i: s
        for i, s, severity in zip(
            columns["index"], columns["scores"], columns["severity"], strict=True
        )
        if severity == 2
    }
    assert found.scores.tolist() == [expected[i] for i in range(12)]
    assert found.labels[:, 0].tolist() == [0, 1] * 6


def test_clean_may_be_said_in_words(tmp_path):
    columns = rows()
    columns["corruption"] = [one or "clean" for one in columns["corruption"]]
    columns["severity"] = [one or 0 for one in columns["severity"]]
    one = score(write(tmp_path, columns)).datasets["breastmnist"]
    assert one.count == 12 and len(one.corruptions[0].test_sets) == 2
    assert one.summary.BE.value is None  # AlexNet's errors are means over five severities
    assert "not known for severities 1, 2" in one.corruptions[0].BE.note
    assert not one.summary.complete


def test_columns_as_pandas_writes_them(tmp_path):
    columns = rows()
    severities = [np.nan if one is None else float(one) for one in columns["severity"]]
    names = pa.array(columns["dataset"]).dictionary_encode()
    odd = {**columns, "severity": pa.array(severities), "dataset": names}
    assert score(write(tmp_path, odd)).datasets == score(write(tmp_path, columns)).datasets
    odd["severity"] = pa.array([one / 2 for one in severities])
    with pytest.raises(PredictionError, match="severity is a whole number"):
        score(write(tmp_path, odd))


READ_CHANGED = """
import sys
from pathlib import Path
from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.predictions.file import PredictionFile

path, begin, end = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
good, refused = path.read_bytes(), 0
for place in range(begin, end):
    path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
    try:
        store = PredictionFile(path)
        for config in store.configs():
            store.read(config)
    except (PredictionError, UnknownNameError):
        refused += 1
print(refused)
"""


@pytest.mark.parametrize("part", ["pages", "metadata"])
def test_one_changed_byte_is_refused_or_does_no_harm(tmp_path, part):
    """Found by fuzzing: columns of different lengths were an error of Arrow's, and metadata that says
    wrong things of a column ended the process."""
    path = write(tmp_path, rows(count=2))
    column = pq.read_metadata(path).row_group(0).column(3)
    begin = column.dictionary_page_offset
    end = begin + column.total_compressed_size
    if part == "metadata":
        end = path.stat().st_size - 8
        begin = end - int.from_bytes(path.read_bytes()[-8:-4], "little")
    done = subprocess.run(
        [sys.executable, "-c", READ_CHANGED, path, str(begin), str(end)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_labels_may_come_from_the_clean_set(tmp_path):
    columns = rows(count=5)
    del columns["label"]
    path = write(tmp_path, columns)
    assert score(path, sample=True).datasets["breastmnist"].count == 5


def everything(count: int) -> dict[str, list]:
    """As `rows`, of all test sets of breastmnist."""
    columns = {
        name: [] for name in ("dataset", "corruption", "severity", "index", "label", "scores")
    }
    p = np.random.default_rng(1).random(count)
    for config in select("breastmnist"):
        columns["dataset"] += ["breastmnist"] * count
        columns["corruption"] += [getattr(config, "corruption", None)] * count
        columns["severity"] += [getattr(config, "severity", None)] * count
        columns["index"] += range(count)
        columns["label"] += [index % 2 for index in range(count)]
        columns["scores"] += np.stack([1 - p, p], axis=1).tolist()
    return columns


def ratios(one: DatasetReport) -> list[float | None]:
    """BE and rBE of a dataset, its groups and its corruptions."""
    told = [one.summary.rBE_stable.value]
    for holder in (one.summary, *one.groups, *one.corruptions):
        told += [holder.BE.value, holder.rBE.value]
    return told


def test_a_truncated_file_is_partial_and_has_no_BE(tmp_path):
    whole = score(write(tmp_path, everything(156))).datasets["breastmnist"]
    assert whole.partial is None and whole.summary.complete
    assert None not in (whole.summary.BE.value, whole.summary.rBE.value)
    path = write(tmp_path, everything(155))  # what a loader with drop_last leaves
    report = score(path)
    one = report.datasets["breastmnist"]
    assert one.partial == "155 of the 156 test images" and set(ratios(one)) == {None}
    assert one.summary.BE.note == "partial: 155 of the 156 test images"
    assert one.summary.means["balanced_error"].value is not None
    for text in (report.markdown(), report.html()):
        assert "Partial, 155 of the 156 test images: no BE" in text
    done = CliRunner().invoke(main, ["score", str(path), "-o", str(tmp_path)])
    assert done.exit_code == 0 and "breastmnist is partial: 155 of" in done.output
    plain = report.to_dict()
    plain["datasets"]["breastmnist"]["summary"]["BE"]["value"] = 1.0
    with pytest.raises(ReportError, match="has a BE, and images that are no whole test set"):
        RobustnessReport.from_dict(plain)


def test_some_corruptions_or_severities_give_no_mean_BE(tmp_path):
    columns = everything(156)

    def only(keep) -> dict[str, list]:
        kept = [keep(*one) for one in zip(columns["corruption"], columns["severity"], strict=True)]
        return {n: [v for v, k in zip(all_, kept, strict=True) if k] for n, all_ in columns.items()}

    one = score(write(tmp_path, only(lambda c, s: c in (None, "pixelate")))).datasets["breastmnist"]
    assert one.corruptions[0].BE.value is not None  # of this corruption all is there
    assert one.summary.BE.value is one.summary.rBE.value is one.groups[0].BE.value is None
    assert one.summary.BE.note == "partial: 1 of 7 corruptions"
    one = score(write(tmp_path, only(lambda c, s: s != 5 or c != "pixelate"))).datasets[
        "breastmnist"
    ]
    assert one.summary.BE.value is None and not one.summary.complete
    assert one.summary.BE.note == "partial: not all severities of pixelate"


def test_the_images_of_a_file_can_be_declared(tmp_path):
    path = write(tmp_path, everything(156))
    for images, told in (("reference", "release"), ("seed 7", "seed 7"), (None, "not stated")):
        found = score(path, images=images)
        assert found.provenance.images == told
        assert found.datasets["breastmnist"].summary.BE.value is not None
    other = score(path, images="other")
    assert set(ratios(other.datasets["breastmnist"])) == {None}
    with pytest.raises(ReportError, match="on other images"):
        compare(other, other)
    assert compare(score(path, images="reference"), score(path, images="reference"))
    with pytest.raises(PredictionError, match="images is 'reference', 'seed N'"):
        score(path, images="seed -1")
    reported(tmp_path, "a", 1)
    with pytest.raises(PredictionError, match="says itself which images"):
        score(tmp_path / "a" / "predictions", images="reference")


def spoiled(column: str, row: int, value: object):
    def spoil(columns: dict) -> dict:
        return {**columns, column: [*columns[column][:row], value, *columns[column][row + 1 :]]}

    return spoil


def without_row(columns: dict) -> dict:
    first = columns["index"].index(0)
    return {name: [v for i, v in enumerate(all_) if i != first] for name, all_ in columns.items()}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoiled("scores", 3, [float("nan"), 0.5]), r"hold nan \(row"),
        (spoiled("scores", 3, [0.2, 0.3, 0.5]), "3 values in row 3, not 2"),
        (spoiled("scores", 3, [-2.0, 3.5]), "so they are logits.*--logits"),
        (spoiled("scores", 3, [0.2, 0.3]), "adds up to 0.5, not 1"),
        (spoiled("index", 3, 100), "is missing"),
        (without_row, "index 0 is missing"),
        (lambda c: {n: [*v, v[0]] for n, v in c.items()}, "comes twice"),
        (lambda c: c | {"label": ["\x1b\n" + 2000 * "?"] * len(c["label"])}, "are no numbers"),
        (spoiled("label", 3, 2), "not all whole numbers 0 to 1"),
        (spoiled("dataset", 3, "brestmnist"), "did you mean 'breastmnist'"),
        (spoiled("severity", 13, 9), "no severity 9"),
        (spoiled("severity", 13, None), "clean ones have neither"),
        (lambda c: {n: v for n, v in c.items() if n != "scores"}, "has no column scores"),
        (lambda c: {n: v for n, v in c.items() if n != "corruption"}, "has no column corruption"),
        (lambda c: c | {"corruption": [[one] for one in c["corruption"]]}, "corruption is list"),
        (lambda c: {n: v[12:] for n, v in c.items()}, "has no clean predictions"),
        (lambda c: {n: v[:0] if n != "x" else v for n, v in c.items()}, "no predictions in"),
    ],
)
def test_bad_files_are_told_in_one_sentence(tmp_path, spoil, words):
    with pytest.raises(ValueError, match=words) as error:
        score(write(tmp_path, spoil(rows())))
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 600


def test_a_label_that_differs_from_the_clean_image_s_is_found(tmp_path):
    columns = rows()
    place = 12 + columns["index"][12:24].index(4)
    with pytest.raises(PredictionError, match=r"Image 4 of breastmnist_pixelate_1.*another label"):
        score(write(tmp_path, spoiled("label", place, 1)(columns)))


@pytest.mark.parametrize(
    ("threshold", "words"),
    [(1.5, "from 0 to 1"), ([0.1, 0.2], "one number, not 2"), (float("nan"), "from 0 to 1")],
)
def test_bad_thresholds(tmp_path, threshold, words):
    with pytest.raises(PredictionError, match=words):
        score(write(tmp_path, rows()), threshold=threshold)


def test_no_file_and_no_parquet(tmp_path):
    with pytest.raises(PredictionError, match="There is no"):
        score(tmp_path / "nothing.parquet")
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(PredictionError, match="as Parquet"):
        score(tmp_path / "text.parquet")


def test_a_folder_never_mixes_models_or_images(tmp_path):
    store = PredictionFolder(tmp_path)
    config = CleanConfig("breastmnist")
    origin = Origin(config.name, "one", IMAGES)
    assert not store.has(config, origin)
    store.write(config, np.array([[0], [1]]), np.full((2, 2), 0.5), origin)
    assert store.has(config, origin) and store.origin(config) == origin
    for other in (
        replace(origin, model="two"),
        replace(origin, images=replace(IMAGES, images="seed 7")),
        replace(origin, images=replace(IMAGES, digest="e")),
    ):
        with pytest.raises(PredictionError, match="give another folder"):
            store.has(config, other)
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [
        "breastmnist_clean.parquet"
    ]


def test_a_column_twice_gets_one_sentence(tmp_path):
    columns = rows()
    names = [*columns, "index"]
    table = pa.Table.from_arrays([pa.array(columns[name]) for name in names], names=names)
    pq.write_table(table, tmp_path / "p.parquet")
    with pytest.raises(PredictionError, match="has the column index twice"):
        score(tmp_path / "p.parquet")


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (None, "the whole: input should be"),
        (b"{", "Expecting property name"),
        (b"[" * 100_000, "nested too deeply"),
        ({"model": 5}, "model: input should be a valid string"),
        ({"model": "\ud800"}, "model: "),
        ({"model": "x" * 10_000}, "at most 2000 characters"),
        ({"images": "release"}, "images: input should be"),
        ({"form": {"pil": "yes"}}, "form.pil: input should be a valid boolean"),
        ({"config": "breastmnist_pixelate_1"}, "another test set than its name says"),
    ],
)
def test_an_origin_of_another_form_gets_one_sentence(tmp_path, metadata, words):
    store, config = PredictionFolder(tmp_path), CleanConfig("breastmnist")
    origin = Origin(config.name, "one", IMAGES)
    store.write(config, np.array([[0], [1]]), np.full((2, 2), 0.5), origin)
    (file,) = tmp_path.rglob("*.parquet")
    if isinstance(metadata, dict):
        metadata = json.dumps(json.loads(origin.to_json()) | metadata).encode()
    told = None if metadata is None else {b"medmnist_c": metadata}
    pq.write_table(pq.read_table(file, partitioning=None).replace_schema_metadata(told), file)
    for ask in (lambda: store.has(config, origin), lambda: score(tmp_path)):
        with pytest.raises(PredictionError, match=words) as error:
            ask()
        assert "\n" not in str(error.value) and len(str(error.value)) < 600


def test_kept_numbers_that_changed_are_not_there(tmp_path):
    """Found by fuzzing: damage that Parquet's checksums do not tell gave other labels, or none."""
    store, config = PredictionFolder(tmp_path), CleanConfig("breastmnist")
    origin = Origin(config.name, "one", IMAGES)
    store.write(config, np.array([[0], [1]]), np.full((2, 2), 0.5), origin)
    (file,) = tmp_path.rglob("*.parquet")
    good = pq.read_table(file, partitioning=None)
    others = [
        good.set_column(4, "label", pa.array([1, 1])),
        good.set_column(4, "another", good["label"]),
        good.set_column(5, "scores", pa.array([[0.5, 0.5], [0.4, 0.6]])),
        good.replace_schema_metadata(
            good.schema.metadata | {b"medmnist_c": replace(origin, model="two").to_json()}
        ),
    ]
    for other in others:
        pq.write_table(other, file)
        assert not store.has(config, origin)
        with pytest.raises(PredictionError, match="is damaged, or not what evaluate wrote"):
            store.read(config)
    pq.write_table(good, file)
    assert store.has(config, origin)


_BOMB = """
import resource, sys
from pathlib import Path
import datasets, medmnist_c.evaluation.score as scoring  # the first takes memory of its own, later

pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 300 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    scoring.score(sys.argv[1])
except ValueError as error:
    print(f"{type(error).__name__}: {error}")
"""


def bomb(path, columns: dict, rows: int, groups: int) -> int:
    """A file of `groups` times the same rows, all equal; its size."""
    zeros = pa.array(np.zeros(rows, np.int32))
    part = pa.table(
        {
            name: pa.DictionaryArray.from_arrays(zeros, pa.array([value]))
            if isinstance(value, str)
            else pa.array([value] * rows)
            for name, value in columns.items()
        }
    )
    with pq.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for _ in range(groups):
            writer.write_table(part, row_group_size=rows)
    return path.stat().st_size


@pytest.mark.parametrize(
    ("change", "rows", "groups", "words"),
    [
        ({}, 200_000, 50, "has 10,000,000 rows, more than the"),
        ({}, 200_000, 1, "more than 156 rows of breastmnist_clean"),
        ({"scores": [0.5] * 1000}, 2_000, 1, "more than one for each class"),
        ({"dataset": "x" * 1_000_000}, 100_000, 1, "There is no dataset"),
    ],
)
def test_small_files_of_many_rows_are_refused_in_little_memory(
    tmp_path, change, rows, groups, words
):
    row = {"dataset": "breastmnist", "corruption": "clean", "severity": 0, "index": 0}
    row |= {"label": 0, "scores": [0.5, 0.5]}
    size = bomb(tmp_path / "b.parquet", row | change, rows, groups)
    assert size < 2_000_000
    command = [sys.executable, "-c", _BOMB, str(tmp_path / "b.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith(("PredictionError", "UnknownNameError")), done.stderr
    assert words in done.stdout and len(done.stdout.splitlines()) == 1


def test_logits_become_probabilities_where_asked():
    blood, chest = dataset_info("bloodmnist"), dataset_info("chestmnist")
    logits = np.random.default_rng(0).normal(size=(5, 14)) * 4
    several = probabilities(logits, 5, chest, "x", logits=True)
    assert several == pytest.approx(1 / (1 + np.exp(-logits)))
    one = probabilities(logits[:, :8], 5, blood, "x", logits=True)
    assert one.sum(axis=1) == pytest.approx(1)
    assert (one.argmax(axis=1) == logits[:, :8].argmax(axis=1)).all()


def reported(tmp_path, name: str, seed: int) -> RobustnessReport:
    """Written, scored, saved and loaded again."""
    rng = np.random.default_rng(seed)
    store = PredictionFolder(tmp_path / name / "predictions")
    labels = np.arange(156)[:, None] % 2
    for corruption, severity in TEST_SETS:
        p = np.clip(0.5 + (labels[:, 0] - 0.5) * 0.3 + 0.3 * rng.normal(size=156), 0, 1)
        config = CleanConfig("breastmnist")
        if corruption is not None:
            config = CorruptedConfig("breastmnist", corruption, severity)
        origin = Origin(config.name, name, IMAGES)
        store.write(config, labels, np.stack([1 - p, p], 1), origin)
    return RobustnessReport.load(score(store.path).save(tmp_path / name))


def test_differences_are_paired(tmp_path):
    a, b = reported(tmp_path, "a", 1), reported(tmp_path, "b", 2)
    assert a.name == "a" and a.predictions == tmp_path / "a" / "predictions"
    (same,) = compare(a, a).datasets
    assert (same.clean.value, same.clean.low, same.clean.high) == (0.0, 0.0, 0.0)
    found = compare(a, b)
    assert (found.a, found.b) == ("a", "b")
    (pixelate,) = found.datasets[0].corruptions
    for severity, difference in pixelate.severities.items():
        place = ("pixelate", severity)
        expected = b.table("breastmnist")[place].value - a.table("breastmnist")[place].value
        assert difference.value == pytest.approx(expected)
        assert difference.low <= expected <= difference.high
    values = [difference.value for difference in pixelate.severities.values()]
    assert pixelate.mean.value == pytest.approx(np.mean(values))
    # Simultaneous: symmetric about the difference, the same multiple of each standard error.
    (areas,) = found.datasets[0].auc.corruptions
    at_last = [
        one.corruptions[0].test_sets[-1].metrics["auc"].value
        for one in (a.datasets["breastmnist"], b.datasets["breastmnist"])
    ]
    assert areas.severities[max(areas.severities)].value == pytest.approx(at_last[1] - at_last[0])
    shown = [found.datasets[0].clean, *pixelate.severities.values(), pixelate.mean, areas.mean]
    for one in shown:
        assert one.value - one.low == pytest.approx(one.high - one.value) and one.low < one.high
    assert found.to_dict()["datasets"][0]["corruptions"][0]["mean"]["value"] == np.mean(values)


def test_another_report_as_the_baseline(tmp_path):
    a, b = reported(tmp_path, "a", 1), reported(tmp_path, "b", 2)
    for baseline in (a, tmp_path / "a"):
        against = score(tmp_path / "b" / "predictions", baseline=baseline)
        assert against.baseline.name == "a"
        (one,) = against.datasets["breastmnist"].corruptions
        means = [
            report.datasets["breastmnist"].corruptions[0].means["balanced_error"].value
            for report in (a, b)
        ]
        assert one.BE.value == pytest.approx(means[1] / means[0])


def test_reports_that_cannot_be_paired(tmp_path):
    a = reported(tmp_path, "a", 1)
    other = replace(a, provenance=replace(a.provenance, images="seed 3"))
    with pytest.raises(ReportError, match="other images"):
        compare(a, other)
    with pytest.raises(ReportError, match="predictions of a are not there"):
        compare(a, replace(a, predictions=None))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "no JSON"), ("{}", "no report of"), ("[]", "no report of")],
)
def test_what_is_no_report(tmp_path, text, words):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(ReportError, match=words):
        RobustnessReport.load(tmp_path)
