"""Fuzzed: predictions as Parquet, and reports as JSON."""

import copy
import io
import json
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from fuzzing.mutations import edited
from fuzzing.rules import folder, no_code_runs, refusing
from medmnist_c.builder.configs import config_named
from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.evaluation.errors import PredictionError, ReportError
from medmnist_c.evaluation.predictions.folder import PredictionFolder, open_predictions
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score

CONFIG = config_named("octmnist_pixelate_2")


def rows(count: int = 6) -> dict[str, list]:
    """Predictions of a clean test set and a corrupted one, by column."""
    scores = np.random.default_rng(0).dirichlet(np.ones(4), 2 * count)
    return {
        "dataset": ["octmnist"] * 2 * count,
        "corruption": [None] * count + ["pixelate"] * count,
        "severity": [None] * count + [2] * count,
        "index": [*range(count)] * 2,
        "label": [number % 4 for number in range(count)] * 2,
        "scores": scores.tolist(),
    }


def parquet(table: pa.Table, **how) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **how)
    return file.getvalue()


@cache
def good_parquet() -> list[bytes]:
    table = pa.table(rows())
    return [parquet(table), parquet(table, compression="NONE", use_dictionary=False)]


_VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["octmnist", "pixelate", "clean", "", 0, 2, 0.25, "\udc80"]),
    st.lists(st.floats(), max_size=5),
)


@st.composite
def odd_tables(draw) -> bytes:
    """A file of predictions, some of whose columns are of another kind or not there."""
    columns = rows(3)
    for name in draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, max_size=3)):
        if draw(st.integers(0, 3)) == 0:
            columns.pop(name, None)
        else:
            value = draw(_VALUES)
            one = draw(st.integers(0, 5))
            every = draw(st.booleans())
            columns[name] = [
                value if every or row == one else old
                for row, old in enumerate(columns.get(name, [None] * 6))
            ]
    try:
        return parquet(pa.table(columns))
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        return good_parquet()[0]


def predictions() -> st.SearchStrategy[bytes]:
    return st.one_of(edited(good_parquet()), odd_tables())


def read_predictions(data: bytes) -> None:
    """From a file made elsewhere come probabilities for every image, or an error."""
    with folder() as place, no_code_runs():
        (place / "scores.parquet").write_bytes(data)
        with refusing(PredictionError, UnknownNameError, TypeError):
            store = open_predictions(place / "scores.parquet")
            for config in store.configs():
                found = store.read(config)
                assert np.isfinite(found.scores).all()
                assert (np.abs(found.scores.sum(axis=1) - 1) < 0.02).all()


@cache
def _kept() -> tuple[bytes, np.ndarray, np.ndarray]:
    """A file as `evaluate` keeps it, and what is in it."""
    labels = np.arange(40).reshape(-1, 1) % 4
    scores = np.random.default_rng(1).dirichlet(np.ones(4), 40)
    with folder() as place:
        images = ImagesOrigin("release", "d", CleanOrigin("s", "files"), "1")
        PredictionFolder(place).write(CONFIG, labels, scores, Origin(CONFIG.name, "m", images))
        (file,) = place.glob("*/*.parquet")
        return file.read_bytes(), labels, scores


def kept() -> st.SearchStrategy[bytes]:
    return edited([_kept()[0], good_parquet()[0]], most=2)


def read_kept(data: bytes) -> None:
    """What `evaluate` kept is read as it was, or not at all."""
    _, labels, scores = _kept()
    with folder() as place, no_code_runs():
        store = PredictionFolder(place)
        file = place / "octmnist" / f"{CONFIG.name}.parquet"
        file.parent.mkdir()
        file.write_bytes(data)
        with refusing(PredictionError):
            store.origin(CONFIG)
            found = store.read(CONFIG)
            assert np.array_equal(found.labels, labels)
            assert np.array_equal(found.scores, scores)


@cache
def good_report() -> dict:
    with folder() as place:
        (place / "scores.parquet").write_bytes(good_parquet()[0])
        report = score(place / "scores.parquet")
        report.html()  # matplotlib asks a program for the fonts that there are, once
        return json.loads(report.to_json())


def _places(value: object, place: tuple = ()) -> list[tuple]:
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, part in parts:
        found.append((*place, name))
        if isinstance(part, dict | list):
            found += _places(part, (*place, name))
    return found


_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["<script>alert(1)</script>", "octmnist", "\ud800", "9" * 400, 10**400, [], {}]),
    st.just([[]]), st.just({"": None}),
)  # fmt: skip


@st.composite
def reports(draw) -> bytes:
    """A report with some of its values replaced or taken away; or damaged as text."""
    report = copy.deepcopy(good_report())
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(_places(report)))
        holder = report
        for name in above:
            holder = holder[name]
        if draw(st.booleans()):
            holder[last] = copy.deepcopy(draw(_ODD))  # or the next change changes the strategy
        else:
            del holder[last]
    text = json.dumps(report).encode()
    return draw(st.one_of(st.just(text), st.just(text), edited([text])))


def read_report(data: bytes) -> None:
    """A report that is read can be shown and written again; no text in it becomes HTML."""
    with folder() as place, no_code_runs(), refusing(ReportError):
        (place / "report.json").write_bytes(data)
        report = RobustnessReport.load(place)
        assert isinstance(report.name, str)
        for dataset in report.datasets:
            report.table(dataset)
        assert RobustnessReport.from_json(report.to_json()).to_dict() == report.to_dict()
        for text in (report.markdown(), report.html()):
            assert "<script>alert(1)" not in text
