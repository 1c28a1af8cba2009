"""Builds on a real Dask cluster: the same bytes as here, whatever happens to it meanwhile."""

import contextlib
import gc
import hashlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from hub.process import running_hub
from support.dask_cluster import Cluster, running_cluster, wait_until
from support.http_server import serving
from support.medmnist_files import write_medmnist_file

import medmnist_c
from medmnist_c.builder.configs import select
from medmnist_c.builder.errors import BuildError, CleanDataError
from medmnist_c.builder.parquet.build import build
from medmnist_c.builder.parquet.tasks import tasks_of
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.verification import verify

distributed = pytest.importorskip("distributed")

# Shot noise chains; motion blur comes after it in the same stream.
NAMES = (
    "dermamnist_shot_noise_1",
    "dermamnist_shot_noise_2",
    "dermamnist_motion_blur_1",
    "dermamnist_motion_blur_5",
    "dermamnist_pixelate_3",
    "pneumoniamnist_clean",
    "pneumoniamnist_shot_noise_1",
)
IMAGES = {"dermamnist": 24, "pneumoniamnist": 12}
SHARDS = 5 * 3 + 2 * 2


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def shards(folder: Path) -> list[Path]:
    return list(folder.rglob("test-*.parquet"))


@pytest.fixture(scope="module", autouse=True)
def small_shards() -> Iterator[None]:
    """The process that asks cuts the test sets; nothing in the workers is changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("medmnist_c.builder.parquet.shards.IMAGES_A_SHARD", 8)
        yield


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for dataset, count in IMAGES.items():
        write_medmnist_file(folder, dataset, count)
    return folder


@pytest.fixture(scope="module")
def local(tmp_path_factory, data_dir) -> dict[str, str]:
    """What the build gives without a cluster."""
    folder = tmp_path_factory.mktemp("local")
    how = {"data_dir": data_dir, "num_proc": 1, "cache_dir": tmp_path_factory.mktemp("cache")}
    build(select(NAMES), folder, **how)
    assert len(shards(folder)) == SHARDS
    return contents(folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """Two workers; a test that kills one starts it again."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), "one", "two") as cluster:
        yield cluster


@contextlib.contextmanager
def running(what, *arguments, **how) -> Iterator[list]:
    """Call a function in a thread meanwhile; the list has its result or exception at the end."""
    came_of_it = []

    def call() -> None:
        try:
            came_of_it.append(what(*arguments, **how))
        except Exception as error:
            came_of_it.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    yield came_of_it
    thread.join(150)
    assert came_of_it, "it hangs"


def test_the_same_bytes_as_without_a_cluster(cluster, data_dir, local, tmp_path):
    result = build(select(NAMES), tmp_path, data_dir=data_dir, scheduler=cluster.address)
    assert sorted(result.made) == sorted(NAMES)
    assert contents(tmp_path) == local
    for name in ("one", "two"):
        assert list(cluster.cache(name).rglob("whole.json"))  # both have taken part
    again = build(select(NAMES), tmp_path, data_dir=data_dir, scheduler=cluster.address)
    assert again.made == []


def test_workers_killed_in_the_middle_and_started_again(cluster, data_dir, local, tmp_path):
    how = {"data_dir": data_dir, "scheduler": cluster.address}
    with running(build, select(NAMES), tmp_path, **how) as result:
        wait_until(lambda: len(shards(tmp_path)) >= 3, "no shards come")
        cluster.kill("one")
        wait_until(lambda: len(shards(tmp_path)) >= 8, "one worker does not go on")
        cluster.kill("two")
        left = len(shards(tmp_path))
        cluster.start_worker("one", wait=False)
        cluster.start_worker("two")
    assert left < SHARDS
    assert sorted(result[0].made) == sorted(NAMES)
    assert contents(tmp_path) == local


@pytest.mark.long
def test_the_scheduler_killed_and_started_again(data_dir, local, tmp_path):
    how = {"data_dir": data_dir}
    with running_cluster(tmp_path / "cluster", "only") as cluster:
        how["scheduler"] = cluster.address
        with running(build, select(NAMES), tmp_path / "made", **how) as result:
            wait_until(lambda: len(shards(tmp_path / "made")) >= 4, "no shards come")
            killed = time.monotonic()
            cluster.kill_scheduler()
        assert time.monotonic() - killed < 20
        assert isinstance(result[0], BuildError)
        assert str(result[0]).startswith(f"The scheduler {cluster.address} is gone, ")
        finished = {path: path.stat().st_mtime_ns for path in shards(tmp_path / "made")}
        cluster.start_scheduler()
        cluster.kill()
        cluster.start_worker("only")
        build(select(NAMES), tmp_path / "made", **how)
        assert contents(tmp_path / "made") == local
        assert 4 <= len(finished) < SHARDS
        unfinished = [path for path in finished if path.stat().st_mtime_ns != finished[path]]
        assert len(unfinished) <= 1  # the one whose marker had not been written


@pytest.mark.long
def test_what_fails_on_one_worker_is_made_on_another(data_dir, local, tmp_path):
    with running_cluster(tmp_path / "cluster", "good") as cluster:
        (tmp_path / "file").write_text("")
        nowhere = {"HF_DATASETS_CACHE": str(tmp_path / "file" / "below")}
        cluster.start_worker("bad", environment=nowhere)
        how = {"data_dir": data_dir, "scheduler": cluster.address}
        build(select(NAMES), tmp_path / "made", **how)
        assert contents(tmp_path / "made") == local
        cluster.kill("good")
        with pytest.raises(BuildError, match="could not be made") as caught:
            build(select(NAMES), tmp_path / "none", **how)
        assert "Cannot write into" in str(caught.value) and "\n" not in str(caught.value)


def test_what_fails_everywhere_is_told_and_the_rest_is_made(cluster, data_dir, local, tmp_path):
    shutil.copytree(data_dir, tmp_path / "data")
    damaged = tmp_path / "data" / "pneumoniamnist_224.npz"
    content = bytearray(damaged.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    damaged.write_bytes(content)
    how = {"data_dir": tmp_path / "data", "scheduler": cluster.address}
    # Its digest is that of the good file, whose copy would serve.
    for name in ("one", "two"):
        shutil.rmtree(cluster.cache(name), ignore_errors=True)
    with pytest.raises(BuildError) as caught:
        build(select(NAMES), tmp_path / "made", **how)
    assert "2 test sets could not be made (pneumoniamnist_clean, " in str(caught.value)
    assert "fetch the MedMNIST+ file anew" in str(caught.value)
    made = {name for name in local if name.startswith("dermamnist")}
    assert {name: contents(tmp_path / "made").get(name) for name in made} == {
        name: local[name] for name in made
    }
    shutil.copy(data_dir / "pneumoniamnist_224.npz", damaged)
    assert len(build(select(NAMES), tmp_path / "made", **how).made) == 2
    assert contents(tmp_path / "made") == local


def test_a_wrong_address_gets_one_sentence_soon(tmp_path, monkeypatch):
    monkeypatch.setattr("medmnist_c.builder.executor.dask._REACH_S", 1)
    with serving(tmp_path) as server:
        web = server.url.removeprefix("http://")
        for address in (
            "tcp://127.0.0.1:1",
            f"tcp://{web}",
            server.url,
            "127.0.0.1",
            "nonsense",
            "tcp://127.0.0.1:no",
            "",
        ):
            begun = time.monotonic()
            with pytest.raises(BuildError, match="No Dask scheduler answers at") as caught:
                build(select(NAMES[:1]), tmp_path / "made", sample=True, scheduler=address)
            assert "\n" not in str(caught.value)
            assert time.monotonic() - begun < 5, address
    # Those that could not connect are closed, or the next client might hang in its start.
    clients = [one for one in gc.get_objects() if type(one) is distributed.Client]
    assert {one.status for one in clients} <= {"closed"}


@pytest.mark.long
def test_workers_with_another_version_or_other_images_say_so(data_dir, tmp_path):
    environment = changed_package(
        tmp_path / "other", **{"builder.versions": 'IMAGES_VERSION = "other"'}
    )
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, seed in ((here, 0), (there, 1)):
        folder.mkdir()
        write_medmnist_file(folder, "pneumoniamnist", 12, seed=seed)
    with running_cluster(tmp_path / "cluster") as cluster:
        cluster.start_worker("one", environment=environment)
        how = {"scheduler": cluster.address, "sample": True}
        with pytest.raises(CleanDataError, match="another version of medmnist_c") as caught:
            build(select(NAMES[:1]), tmp_path / "made", **how)
        assert "\n" not in str(caught.value)
        cluster.kill()
        # One path, another file on each side, as on two machines.
        cluster.start_worker("two", cwd=there)
        command = ["build", "pneumoniamnist_clean", "-o", str(tmp_path / "made")]
        command += ["--data-dir", "/proc/self/cwd", "--scheduler", cluster.address]
        done = subprocess.run(
            [sys.executable, "-m", "medmnist_c.cli", *command],
            cwd=here,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "a worker has another file" in done.stderr.splitlines()[-1]


def changed_package(folder: Path, **appended: str) -> dict[str, str]:
    """The environment of a worker whose package has something more at the end of modules."""
    package = Path(medmnist_c.__file__).parent
    for name in ("builder", "corruptions"):
        shutil.copytree(package / name, folder / "medmnist_c" / name)
    for name in ("__init__.py", "dataset_card.md"):
        shutil.copy(package / name, folder / "medmnist_c")
    for module, text in appended.items():
        with (folder / "medmnist_c" / f"{module.replace('.', '/')}.py").open("a") as file:
            file.write(f"\n{text}\n")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.long
def test_a_worker_that_encodes_otherwise_takes_part(data_dir, local, tmp_path):
    """As igzip on another processor, or another version of it."""
    other = {"builder.arrow.encoding": "_UP, _LEVEL = 2, 3"}
    environment = changed_package(tmp_path / "other", **other)
    made = tmp_path / "made"
    with running_cluster(tmp_path / "cluster", "like") as cluster:
        cluster.start_worker("unlike", environment=environment)
        build(select(NAMES), made, data_dir=data_dir, scheduler=cluster.address)
    unlike = {path for path, sha256 in contents(made).items() if local[path] != sha256}
    files = {str(path.relative_to(made)) for path in shards(made)}
    assert unlike & files and files - unlike  # both have taken part
    how = {"data_dir": data_dir, "num_proc": 1, "cache_dir": tmp_path / "cache"}
    found = list(verify(NAMES, folder=made, **how))
    assert len(found) == len(NAMES) and all(one.equal for one in found)
    assert build(select(NAMES), made, **how).made == []


def test_a_worker_that_makes_other_images_says_which_and_why(tmp_path):
    environment = changed_package(
        tmp_path / "other",
        **{
            "corruptions.color": "def contrast(image, *parameters): return image ^ 1",
            "builder.versions": "def library_versions(): return {'numpy': '1.0'}",
        },
    )
    with running_cluster(tmp_path / "cluster") as cluster:
        cluster.start_worker("unlike", environment=environment)
        with pytest.raises(CleanDataError, match="A worker makes other images") as caught:
            build(select(NAMES[:1]), tmp_path / "made", sample=True, scheduler=cluster.address)
    assert ", by contrast (" in str(caught.value) and "\n" not in str(caught.value)
    assert f"numpy 1.0, there {metadata.version('numpy')}" in str(caught.value)


def test_without_dask_there_is_one_sentence(tmp_path):
    program = (
        "import sys; sys.modules['distributed'] = None\n"
        "from medmnist_c.cli import main\n"
        f"main(['build', 'breastmnist_clean', '--sample', '-o', {str(tmp_path)!r}, "
        "'--scheduler', 'tcp://127.0.0.1:1'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'medmnist_c[dask]'" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_address_of_fsspec_is_as_good_as_a_folder(cluster, data_dir, local, tmp_path):
    """`local://` goes the way of `s3://`, through fsspec, and all workers reach it."""
    how = {"data_dir": data_dir, "scheduler": cluster.address}
    build(select(NAMES[:2]), f"local://{tmp_path}/made", **how)
    build(select(NAMES), f"local://{tmp_path}/made", **how)
    assert contents(tmp_path / "made") == local


def test_workers_make_what_is_pushed(cluster, tmp_path):
    names = ("octmnist_clean", "breastmnist_pixelate_1")
    build(select(names), tmp_path / "local", sample=True, num_proc=1)
    with running_hub(tmp_path / "hub") as hub:
        program = "from medmnist_c.commands.push import push; push()"
        how = ["--sample", "--scheduler", cluster.address, "--work-dir", str(tmp_path / "work")]
        done = subprocess.run(
            [sys.executable, "-c", program, "tester/cluster", *names, *how],
            cwd=tmp_path,
            env=hub.environment(tmp_path / "home"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        there = hub.repository("tester/cluster")["files"]
    for path in shards(tmp_path / "local"):
        name = str(path.relative_to(tmp_path / "local"))
        assert there[name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not shards(tmp_path / "work")


@pytest.mark.long
def test_clean_images_are_fetched_by_one_worker_at_a_time(tmp_path):
    write_medmnist_file(tmp_path, "breastmnist", 156)
    names = ("breastmnist_clean", "breastmnist_pixelate_1", "breastmnist_pixelate_2")
    with serving(tmp_path, wait_s=0.05) as server, running_cluster(tmp_path / "c") as cluster:
        mirror = {"MEDMNIST_C_MIRROR": server.url}
        for name in ("one", "two"):
            cluster.start_worker(name, wait=False, environment=mirror)
        wait_until(lambda: "Registered to" in cluster.log("two"), "no worker comes")
        with running(build, select(names), tmp_path / "made", scheduler=cluster.address) as result:
            wait_until(lambda: server.body_bytes > 1 << 20, "nothing is fetched")
            folders = [f for name in ("one", "two") if (f := cluster.cache(name)).exists()]
            held = [f.name.removeprefix("cache_") for f in folders if list(f.rglob("*.part"))]
            (first,) = held  # the other one waits
            asked = len(server.requests)
            cluster.kill(first)
            killed = time.monotonic()
            wait_until(lambda: len(server.requests) > asked, "the other one does not go on")
            assert time.monotonic() - killed < 3 + 2  # the lease, and Dask looking for it
            cluster.start_worker(first, environment=mirror)
        assert len(result[0].made) == 3
        starts = server.starts()[asked:]
        once = len(starts) // 2 if len(starts) % 2 == 0 else len(starts)
        assert starts in (starts[:once] * 2, starts[:once])  # never in between each other


def test_chains_come_first_the_longest_first(monkeypatch):
    monkeypatch.setattr("medmnist_c.builder.parquet.shards.IMAGES_A_SHARD", 2000)
    tasks = tasks_of(TestSetSpec(one) for one in select("*"))
    datasets = [task.spec.config.dataset for task in tasks]
    links = [task for task in tasks if "_shot_noise_" in task.spec.config.name]
    assert tasks[: len(links)] == links
    order = list(dict.fromkeys(datasets[: len(links)]))
    assert order == [
        "chestmnist",
        "organamnist",
        "organsmnist",
        "organcmnist",
        "dermamnist",
        "pneumoniamnist",
    ]
    done = set()
    for task in tasks:
        assert task.after is None or task.after in done
        done.add(task.path)
    last = [task.path for task in links if task.spec.config.dataset == "dermamnist"][-1]
    blurs = [
        task for task in tasks if task.spec.config.folder.startswith("dermamnist/dermamnist_m")
    ]
    assert {task.after for task in blurs} == {last}
