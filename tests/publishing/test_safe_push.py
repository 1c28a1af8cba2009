"""What protects a publication: nothing replaced unasked, people's words kept, an end when asked for."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from hub.by_hand import kinds
from hub.process import Hub, running_hub
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from support.other_encoder import one_level, rewrite
from support.publishing_runs import (
    NAMES,
    aim_at,
    content,
    make_store,
    ready_made,
    restate,
    titles,
)

from medmnist_c.builder.configs import select
from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.cli import main
from medmnist_c.commands.push import push as push_command
from medmnist_c.publishing import progress as progressing
from medmnist_c.publishing import push as pushing
from medmnist_c.publishing import uploader as sending
from medmnist_c.publishing.hub.manifest import PATH as MANIFEST
from medmnist_c.publishing.hub.repository import Target
from medmnist_c.publishing.hub.storage import storage_for
from medmnist_c.publishing.planning.allowance import Allowance
from medmnist_c.publishing.planning.dry_run import dry_run
from medmnist_c.publishing.push import push
from medmnist_c.verification import verify

pytestmark = pytest.mark.datasets

CHOSEN = select(NAMES)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    return make_store(tmp_path_factory.mktemp("made"), NAMES)


@pytest.fixture
def here(hub: Hub, store: Path, monkeypatch) -> Hub:
    aim_at(hub, store, monkeypatch)
    return hub


def read(hub: Hub, repo: str, path: str = "README.md", revision: str = "main") -> str:
    with urlopen(f"{hub.url}/datasets/{repo}/resolve/{revision}/{path}") as answer:
        return answer.read().decode()


def head(text: str) -> dict:
    return yaml.safe_load(text.split("---\n", 2)[1])


def edit(repo: str, path: str, text: str) -> None:
    HfApi().create_commit(
        repo, [CommitOperationAdd(path, text.encode())], commit_message="edit", repo_type="dataset"
    )


# No silent replacement


def other_clean_file(monkeypatch, tmp_path) -> dict:
    """A folder with a file of breastmnist that is not the sample's."""
    folder = tmp_path / "own"
    folder.mkdir()
    images = {f"{split}_images": np.zeros((3, 224, 224), np.uint8) for split in ("train", "val")}
    labels = {f"{split}_labels": np.zeros((3, 1), np.uint8) for split in ("train", "val", "test")}
    np.savez(
        folder / "breastmnist_224.npz",
        **images,
        **labels,
        test_images=np.zeros((3, 224, 224), np.uint8),
    )
    return {"data_dir": folder}


@pytest.mark.parametrize(
    "how, why",
    [
        (
            lambda *_: {"sample": True, "seed": 3},
            "there the reference's draws, here draws from seed 3",
        ),
        (other_clean_file, "there of the package's sample, here of real images"),
    ],
)
def test_other_images_are_not_put_in_place_of_those_there(here, monkeypatch, tmp_path, how, why):
    repo = f"tester/kept-{len(why)}"
    push(repo, CHOSEN[1:], sample=True)
    before = here.repository(repo)
    here.forget_requests()
    monkeypatch.setattr(pushing, "make_test_sets", None)
    which = how(monkeypatch, tmp_path)
    with pytest.raises(PublishError, match=r"breastmnist_clean and 1 more .*--replace") as told:
        push(repo, CHOSEN[1:], **which)
    assert why in str(told.value) and "\n" not in str(told.value)
    assert here.repository(repo) == before
    assert {request.method for request in here.requests()} == {"GET"}


def test_another_clean_file_and_another_version_are_told_apart(monkeypatch, tmp_path):
    from medmnist_c.publishing.hub.manifest import ImagesMade, ManifestEntry

    there = ManifestEntry("a", "clean", False, None, "m", ())
    assert "another clean file" in there.difference(ImagesMade("other", False, None))
    assert "another version" in there.difference(ImagesMade("clean", False, None))


def test_what_is_to_be_replaced_is_replaced_and_counted_before(here, tmp_path, store, monkeypatch):
    push("tester/replaced", CHOSEN[1:], sample=True)
    specs = [TestSetSpec(one, ImageSource(7, sample=True)) for one in CHOSEN]
    told = dry_run(specs, Target("tester/replaced"), mbit=8)
    assert (len(told.make), len(told.replace), len(told.keep)) == (3, 2, 0)
    assert told.hours == pytest.approx(told.bytes / 1e6 / 3600)
    assert "1 new, 2 replaced; 0 are there already" in str(told) and "--replace" in str(told)
    assert "tester, a free account, has no stated limit for public data" in str(told)
    pushed = push("tester/replaced", CHOSEN, sample=True, seed=7, replace=True)
    assert len(pushed.made) == 3
    assert len(dry_run(specs, Target("tester/replaced")).keep) == 3


def test_somebody_else_is_not_overwritten_who_was_quicker(here, store, monkeypatch):
    """Others commit the same names, of other draws, while this push makes its own."""
    push("tester/raced", CHOSEN[:1], sample=True)

    def make_test_sets(specs, *arguments, **options):
        monkeypatch.setattr(pushing, "make_test_sets", ready_made(store))
        push("tester/raced", CHOSEN[1:], sample=True, seed=5)
        yield from ready_made(store)(specs, *arguments, **options)

    monkeypatch.setattr(pushing, "make_test_sets", make_test_sets)
    with pytest.raises(PublishError, match="seed 5, here the reference's draws"):
        push("tester/raced", CHOSEN[1:], sample=True)
    assert titles(here, "tester/raced")[-1] == "Update the card"
    assert '"seed": 5' in read(here, "tester/raced", "manifest.json")


def test_files_without_a_manifest_are_not_replaced_by_others(here, store, tmp_path, monkeypatch):
    push("tester/unknown", CHOSEN[:1], sample=True)
    HfApi().create_commit(
        "tester/unknown",
        [CommitOperationDelete("manifest.json")],
        commit_message="oh",
        repo_type="dataset",
    )
    before = content(here, "tester/unknown")
    other = tmp_path / "other"
    shutil.copytree(store, other)
    (shard,) = other.glob(f"*/{NAMES[0]}/test-*.parquet")
    rewrite(shard, one_level)
    restate(shard)
    monkeypatch.setattr(pushing, "make_test_sets", ready_made(other))
    with pytest.raises(PublishError, match="does not know"):
        push("tester/unknown", CHOSEN[:1], sample=True)
    assert content(here, "tester/unknown") == before
    push("tester/unknown", CHOSEN[:1], sample=True, replace=True)
    assert content(here, "tester/unknown") != before


@pytest.mark.parametrize(
    "needed, account, private, fits, words",
    [
        (179e9, {"name": "me", "isPro": False}, True, False, "CANNOT hold 179 GB"),
        (90e9, {"name": "me", "isPro": False}, True, True, "100 GB"),
        (179e9, {"name": "me", "isPro": True}, True, True, "1,000 GB"),
        (11e12, {"name": "me", "isPro": True}, False, False, "CANNOT"),
        (179e9, {"name": "me", "isPro": False}, False, None, "no stated limit"),
        (179e9, {"name": "other"}, False, None, "cannot be told"),
        (179e9, None, True, None, "without a token"),
    ],
)
def test_the_account_s_storage_is_told(needed, account, private, fits, words):
    told = storage_for(int(needed), "me", account, private=private)
    assert told.fits is fits and words in told.words


# Never without a card, and people's words stay


def test_each_commit_brings_the_card_of_what_is_there(here, monkeypatch):
    monkeypatch.setattr(sending, "FILES_A_COMMIT", 1)
    push("tester/grows", CHOSEN, sample=True)
    commits = here.repository("tester/grows")["commits"][1:]
    names = []
    for commit in commits:
        found = head(read(here, "tester/grows", revision=commit["oid"]))
        names.append([one["config_name"] for one in found["configs"]])
        assert found["license"] == ["cc-by-4.0"]
    assert [len(one) for one in names] == [1, 2, 3, 3]
    assert "preview.jpg" not in read(here, "tester/grows", revision=commits[0]["oid"])


def test_people_s_words_and_yaml_stay(here):
    push("tester/edited", CHOSEN[:1], sample=True)
    text = read(here, "tester/edited")
    gate = "extra_gated_prompt: |-\n  You agree: to this,\n  and to that.\n"
    gate += "extra_gated_fields:\n  I agree: checkbox\n"
    own = (
        "tags:\n- ours-at-the-clinic\nconfigs:\n- config_name: readers\n  data_files: readers.csv\n"
    )
    text = text.replace("---\n", f"---\n{gate}", 1)
    text = text.replace("tags:\n", own.partition("configs")[0], 1)
    text = text.replace("configs:\n", "configs:\n" + own.partition("configs:\n")[2], 1)
    text += "\n## Contact\n\nAsk us.\n"
    text = text.replace("<!-- medmnist_c: begin", "> First of all.\n\n<!-- medmnist_c: begin", 1)
    text = text.replace("How does a medical", "HOW does a medical", 1)
    edit("tester/edited", "README.md", text)
    push("tester/edited", CHOSEN, sample=True)
    after = read(here, "tester/edited")
    found = head(after)
    assert found["extra_gated_prompt"] == "You agree: to this,\nand to that."
    assert found["extra_gated_fields"] == {"I agree": "checkbox"}
    assert found["tags"][0] == "ours-at-the-clinic" and "benchmark" in found["tags"]
    assert {one["config_name"] for one in found["configs"]} == {"readers", *NAMES}
    body = after.split("---\n", 2)[2]
    assert body.lstrip().startswith("> First of all.") and body.endswith("## Contact\n\nAsk us.\n")
    assert "How does a medical" in after and "HOW" not in after  # between the marks it is ours
    here.forget_requests()
    assert push("tester/edited", CHOSEN, sample=True).commits == []


def test_a_card_that_others_wrote_is_kept_below_ours(here):
    HfApi().create_repo("tester/theirs", repo_type="dataset")
    edit("tester/theirs", "README.md", "---\nlicense: mit\nviewer: false\n---\n# Ours\n\nWords.\n")
    push("tester/theirs", CHOSEN[:1], sample=True)
    text = read(here, "tester/theirs")
    assert head(text)["viewer"] is False and head(text)["license"] == ["cc-by-4.0"]
    assert text.endswith("<!-- medmnist_c: end -->\n\n# Ours\n\nWords.\n")
    edit("tester/theirs", "eval.yaml", "tasks: no list\n")
    with pytest.raises(PublishError, match=r"eval\.yaml of tester/theirs cannot be read"):
        push("tester/theirs", CHOSEN, sample=True)
    hostile = {"test_sets": {"octmnist_clean": {"shards": [], "\u202e" * 10_000: 1}}}
    edit("tester/theirs", MANIFEST, json.dumps(hostile))
    with pytest.raises(PublishError, match=f"{MANIFEST} of tester/theirs cannot be read") as told:
        push("tester/theirs", CHOSEN, sample=True)
    assert str(told.value).isprintable() and len(str(told.value)) < 1000


# Days, not minutes


def test_a_push_ends_where_it_is_told_to_and_goes_on(here, store):
    sizes = {one: sum(f.stat().st_size for f in store.glob(f"*/{one}/*.parquet")) for one in NAMES}
    allowed = (sizes[NAMES[1]] + sizes[NAMES[2]] + 1) / 1e9
    first = push("tester/nights", [*CHOSEN[1:], CHOSEN[0]], sample=True, max_gb=allowed)
    assert len(first.made) + len(first.left) == 3 and first.left and "--max-gb" in first.over
    assert first.sent_bytes <= allowed * 1e9
    rest = push("tester/nights", CHOSEN, sample=True)
    assert sorted(rest.made) == sorted(first.left) and rest.over is None
    past = datetime.now() - timedelta(minutes=1)
    none = push("tester/nights2", CHOSEN, sample=True, until=past)
    assert none.made == [] and len(none.left) == 3 and "--until" in none.over
    done = push("tester/nights", CHOSEN, sample=True, until=past)
    assert done.left == [] and done.over is None


def test_an_allowance_ends_by_bytes_or_by_the_clock():
    clock = iter([datetime(2026, 1, 1, 5), datetime(2026, 1, 1, 7)])
    night = Allowance(until=datetime(2026, 1, 1, 6, 30), clock=lambda: next(clock))
    assert night.take(10) and not night.take(10) and night.over == "it is 06:30 (--until)"
    little = Allowance(max_bytes=25)
    assert little.take(10) and little.take(15) and not little.take(1)


def test_one_dataset_after_another(here, monkeypatch):
    monkeypatch.setattr(sending, "FILES_A_COMMIT", 1)
    push("tester/order", [CHOSEN[2], CHOSEN[0], CHOSEN[1]], sample=True)
    datasets = [title.split()[1].split("_")[0] for title in titles(here, "tester/order")[:3]]
    assert datasets in (["octmnist", "breastmnist", "breastmnist"],)


def test_without_a_terminal_there_is_a_line_a_minute(here, store, monkeypatch, capsys):
    monkeypatch.setattr(progressing, "EVERY_S", 0.05)
    here.break_on(kind="lfs_batch", number=1, how="slow", seconds=0.5)
    push("tester/lines", CHOSEN, sample=True)
    lines = capsys.readouterr().err.splitlines()
    assert 3 < len(lines) < 60
    assert all("of about 0.00 GB sent" in line and "MB/s" in line for line in lines)
    told = progressing.Progress(4, 100, 2 * 10**9, print, clock=iter([0.0, 3600.0]).__next__)
    told.made(50)
    told.sent(50, 5 * 10**8)
    told.committed(2)
    assert told.line() == (
        "2/4 test sets published, 0.50 of about 2.00 GB sent, 0.1 MB/s, about 1 h 0 min left"
    )
    told.close()


# Another machine, a quick look, tags


def test_sent_counts_what_was_sent(here, store):
    whole = push("tester/counted", CHOSEN, sample=True)
    sizes = [f.stat().st_size for f in store.rglob("*.parquet")]
    assert whole.sent_bytes == sum(sizes)
    HfApi().create_commit(
        "tester/counted",
        [CommitOperationDelete("manifest.json")],
        commit_message="oh",
        repo_type="dataset",
    )
    again = push("tester/counted", CHOSEN, sample=True)
    assert len(again.made) == 3 and again.sent_bytes == 0


def test_a_quick_look_compares_manifest_and_hub(here, monkeypatch):
    push("tester/quick", CHOSEN, sample=True)
    broken = "octmnist/octmnist_clean/test-00000-of-00001.parquet"
    edit("tester/quick", broken, "PAR1 not ours PAR1")
    edit("tester/quick", "breastmnist/breastmnist_pixelate_1/test-1.parquet", "PAR1")
    here.forget_requests()
    wanted = select((*NAMES, "octmnist_pixelate_1"))
    found = {one.name: one for one in verify(wanted, repo="tester/quick", sample=True, quick=True)}
    assert {name: one.verdict for name, one in found.items()} == {
        "octmnist_clean": "different",
        "octmnist_pixelate_1": "missing",
        "breastmnist_clean": "equal",
        "breastmnist_pixelate_1": "different",
    }
    assert not [r for r in here.requests() if ".parquet" in r.path]
    (seeded,) = verify(NAMES[1], repo="tester/quick", sample=True, seed=1, quick=True)
    assert "seed 1" in seeded.why and not seeded.equal
    with pytest.raises(ValueError, match="--repo with --quick"):
        verify(NAMES[1], folder="x", quick=True)


def test_a_tag_names_what_is_there_and_is_never_moved(here):
    push("tester/tagged", CHOSEN[:2], sample=True, tag="v1")
    (tag,) = HfApi().list_repo_refs("tester/tagged", repo_type="dataset").tags
    assert (tag.name, tag.target_commit) == (
        "v1",
        here.repository("tester/tagged")["commits"][-1]["oid"],
    )
    push("tester/tagged", CHOSEN[:2], sample=True, tag="v1")
    with pytest.raises(PublishError, match="has a tag 'v1' already"):
        push("tester/tagged", CHOSEN, sample=True, tag="v1")
    push("tester/tagged", CHOSEN, sample=True, tag="v2")
    assert len(head(read(here, "tester/tagged", revision="v1"))["configs"]) == 2
    with pytest.raises(PublishError, match="not tagged"):
        push("tester/tagged", CHOSEN, sample=True, tag="v3", create_pr=True)


def test_the_command_tells_what_would_be_and_what_is_left(here):
    run = CliRunner().invoke(
        main, ["push", "tester/told", *NAMES, "--sample", "--dry-run", "--private", "--mbit", "10"]
    )
    assert run.exit_code == 0, run.output
    assert "3 new, 0 replaced; 0 are there" in run.output and "at 10 Mbit/s" in run.output
    assert "tester, a free account, holds" in run.output
    run = CliRunner().invoke(main, ["push", "tester/told", *NAMES, "--sample", "--max-gb", "1e-9"])
    assert run.exit_code == 0 and "3 are left: more would be above" in run.output
    assert "commit" not in kinds(here)


def test_a_time_of_day_is_the_next_one():
    (option,) = [one for one in push_command.params if one.name == "until"]
    now = datetime.now()
    for hours in (1, 23):
        then = (now + timedelta(hours=hours)).replace(second=0, microsecond=0)
        found = option.type_cast_value(None, f"{then:%H:%M}")
        assert option.callback(None, option, found) == then
    assert option.type_cast_value(None, "2030-01-02T03:04") == datetime(2030, 1, 2, 3, 4)
