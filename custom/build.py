"""`build --from`: a suite of somebody's data set, the clean one and each corruption and severity.

{folder}/README.md                                      says what it is, and what it is not
{folder}/{clean | corruption_severity}/{split}-*.parquet
{folder}/{clean | corruption_severity}/made.json        written last: the set is whole
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from medmnist_c.builder.arrow.tables import even_ranges
from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.executor.base import Workers
from medmnist_c.builder.executor.local import local_workers
from medmnist_c.builder.executor.run import run_all
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.scheduling import MANIFEST, remove_others
from medmnist_c.builder.parquet.shards import IMAGES_A_SHARD, Shard, ShardRange
from medmnist_c.corruptions.table import SEVERITIES
from medmnist_c.custom.card import CLEAN, Suite, card_of
from medmnist_c.custom.cells import UnusableImage
from medmnist_c.custom.recipe import Recipe, make_recipe
from medmnist_c.custom.rows import Seen, look_at, write_rows
from medmnist_c.custom.source import OwnImages, open_own_images

_LOOKED_AT = "looked_at.json"  # what the first look found: it is not taken again
_LOOKS = 500  # images a task
_FAULTS_SHOWN = 5


@dataclass(frozen=True)
class BuiltSuite:
    """What a call of `build_custom` did: names of the sets made, of those already there, and a remark
    where the list of corruptions is for images of other colours (else "")."""

    made: list[str]
    kept: list[str]
    remark: str


@dataclass(frozen=True)
class _Set:
    """A set to be made, clean without a recipe: its name, and the identity of its images."""

    name: str
    recipe: Recipe | None
    identity: str


def build_custom(
    source: str | Path,
    like: str,
    folder: str | Path,
    *,
    corruptions: str | Iterable[str] | None = None,
    seed: int = 0,
    column: str = "image",
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
) -> BuiltSuite:
    """Make a suite of one's own images: the clean ones, and each corruption at each severity.

    `load_dataset(folder, "clean")`, `load_dataset(folder, "black_corner_3")` open the sets, without this
    package. Each image is what `corrupt` makes of it for the seed and its position, which stands in the
    column `index`; the other columns stay as they are. The card says that it is not MedMNIST-C.

    All images are looked at before anything is made. Safe to kill and to run again: what is finished is
    kept, and the bytes are the same.

    Args:
        source: a folder of images, or of files that `load_dataset` opens, or a data set on the Hub.
        like: whose list of corruptions, and parameters; as `corrupt_dataset`.
        folder: where to, not in `source`; made if it is not there.
        corruptions: some of the list; all by default.
        seed: a whole number >= 0.
        column: the images' column.
        split: which split; the only one, or "test", by default.
        config, revision: of a data set that has several.
        num_proc: processes; all cores by default.
        cache_dir: of `datasets`.

    Raises:
        UnknownNameError: no such dataset or corruption.
        TypeError, ValueError: no such split or column, no images, or images that cannot be corrupted:
            the message names them; or the folder is called as the package is.
        CleanDataError: the data set cannot be opened.
        BuildError: the folder cannot be written.
    """
    asked = [corruptions] if isinstance(corruptions, str) else list(corruptions or ())
    recipes = _recipes(like, seed)
    names = {make_recipe(like, name, SEVERITIES[0], seed).corruptions[0] for name in asked}
    output = OutputFolder.to_write(folder)
    _check_apart(source, folder)
    own = open_own_images(source, column, split, config, revision, cache_dir)
    with local_workers(num_proc) as pool:
        suite = Suite(own.name, own.split, like, recipes[0].seed, _looked_at(own, output, pool))
        sets = [_Set(CLEAN, None, own.identity)]
        sets += [_Set(_name(one), one, _identity(own, one)) for one in recipes]
        there = [one for one in sets if _is_whole(output, one)]
        wanted = [one for one in sets if one.recipe is None or _is_one_of(one.recipe, names)]
        missing = [one for one in wanted if one not in there]
        kept = [one for one in wanted if one in there]
        total = len(own.data) * len(missing)
        with tqdm(total=total, unit=" images", disable=None if missing else True) as bar:
            for one in _made(missing, own, output, pool, bar.update):
                there.append(one)
                bar.set_postfix_str(f"{len(there)}/{len(sets)}, {one.name}")
                _write_card(output, suite, there)
    _write_card(output, suite, there)
    return BuiltSuite([one.name for one in missing], [one.name for one in kept], suite.remark)


def _is_one_of(recipe: Recipe, names: set[str]) -> bool:
    return not names or recipe.corruptions[0] in names


def _recipes(like: str, seed: int) -> list[Recipe]:
    """All of a dataset's list."""
    names = make_recipe(like, "random", SEVERITIES[0], seed).corruptions
    return [make_recipe(like, name, severity, seed) for name in names for severity in SEVERITIES]


def _name(recipe: Recipe) -> str:
    return f"{recipe.corruptions[0]}_{recipe.severity}"


def _identity(own: OwnImages, recipe: Recipe) -> str:
    return hashlib.sha256(f"{own.identity} {recipe!r}".encode()).hexdigest()[:16]


def _check_apart(source: str | Path, folder: str | Path) -> None:
    """What is made must not be taken for more of the source's images next time."""
    if "://" in str(folder) or not Path(source).is_dir():
        return
    inside, outside = Path(folder).absolute().resolve(), Path(source).absolute().resolve()
    if inside == outside or outside in inside.parents:
        raise BuildError(f"{folder} lies in {source}; choose an output folder outside.")


def _looked_at(own: OwnImages, output: OutputFolder, pool: Workers) -> Seen:
    """What is in the images; an error names those that cannot be used."""
    known = _read_json(output, _LOOKED_AT)
    if known.get("identity") == own.identity:
        return Seen(known["grey"], known["rgb"], known["smallest"], known["largest"])
    ranges = even_ranges(len(own.data), -(-len(own.data) // _LOOKS))
    tasks = [(start, look_at, (own, start, stop)) for start, stop in ranges]
    seen = sum((one for _, one in sorted(run_all(pool, tasks))), Seen())
    if seen.faults:
        more = (
            f" And {len(seen.faults) - _FAULTS_SHOWN} more."
            if len(seen.faults) > _FAULTS_SHOWN
            else ""
        )
        raise UnusableImage(
            f"{len(seen.faults)} of {len(own.data)} images of {own.name} cannot be used, nothing is "
            f"made: {' '.join(seen.faults[:_FAULTS_SHOWN])}{more}"
        )
    found = {"identity": own.identity, **asdict(seen)}
    del found["faults"]
    _write_json(output, _LOOKED_AT, found)
    return seen


def _made(
    sets: list[_Set],
    own: OwnImages,
    output: OutputFolder,
    pool: Workers,
    progress: Callable[[int], object],
) -> Iterator[_Set]:
    """The sets, as they become whole; shards that are finished are kept."""
    ranges = _shard_ranges(own)
    finished: dict[_Set, list[Shard]] = {}
    tasks = []
    for one in sets:
        output.tidy(one.name)
        output.remove(f"{one.name}/{MANIFEST}")
        finished[one] = [shard for r in ranges if (shard := _finished(output, one, r))]
        names = {shard.name for shard in finished[one]}
        tasks += [(one, _make, (own, one, r, output)) for r in ranges if r.name not in names]
    for one, shards in finished.items():
        progress(sum(shard.rows for shard in shards))
        if len(shards) == len(ranges):  # it was killed before its last word
            _close(output, one, shards)
            yield one
    for one, shard in run_all(pool, tasks):
        finished[one].append(shard)
        progress(shard.rows)
        if len(finished[one]) == len(ranges):
            _close(output, one, finished[one])
            yield one


def _shard_ranges(own: OwnImages) -> list[ShardRange]:
    ranges = even_ranges(len(own.data), -(-len(own.data) // IMAGES_A_SHARD))
    return [
        ShardRange(f"{own.split}-{number:05d}-of-{len(ranges):05d}.parquet", start, stop)
        for number, (start, stop) in enumerate(ranges)
    ]


def _make(own: OwnImages, one: _Set, shard_range: ShardRange, output: OutputFolder) -> Shard:
    """Runs in a process. The marker says that the shard is finished; it goes when the set is."""
    shard = write_rows(own, one.recipe, one.name, shard_range, output)
    _write_json(
        output, _marker(one, shard_range), {"identity": one.identity, "shard": asdict(shard)}
    )
    return shard


def _marker(one: _Set, shard_range: ShardRange) -> str:
    return f"{one.name}/{shard_range.name}.json"


def _finished(output: OutputFolder, one: _Set, shard_range: ShardRange) -> Shard | None:
    """The shard, if an earlier run has made it, of these images."""
    known = _read_json(output, _marker(one, shard_range))
    try:
        shard = Shard(**known["shard"])
    except (KeyError, TypeError):
        return None
    same = known.get("identity") == one.identity and shard.name == shard_range.name
    return shard if same and output.holds(f"{one.name}/{shard.name}", shard.sha256) else None


def _close(output: OutputFolder, one: _Set, shards: list[Shard]) -> None:
    shards = sorted(shards, key=lambda shard: shard.name)
    manifest = {"identity": one.identity, "shards": [asdict(shard) for shard in shards]}
    _write_json(output, f"{one.name}/{MANIFEST}", manifest)
    remove_others(output, one.name, {shard.name for shard in shards})


def _is_whole(output: OutputFolder, one: _Set) -> bool:
    known = _read_json(output, f"{one.name}/{MANIFEST}")
    try:
        shards = [Shard(**shard) for shard in known["shards"]]
    except (KeyError, TypeError):
        return False
    return known.get("identity") == one.identity and all(
        output.holds(f"{one.name}/{shard.name}", shard.sha256) for shard in shards
    )


def _write_card(output: OutputFolder, suite: Suite, there: list[_Set]) -> None:
    with output.write("README.md") as file:
        file.write(card_of(suite, [one.name for one in there]).encode())


def _write_json(output: OutputFolder, path: str, content: dict[str, Any]) -> None:
    with output.write(path) as file:
        file.write(json.dumps(content, indent=1).encode())


def _read_json(output: OutputFolder, path: str) -> dict[str, Any]:
    try:
        found = json.loads(output.read(path) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
