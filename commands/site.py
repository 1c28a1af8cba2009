"""`medmnist-c site`, `explore` and `push-site`: a static leaderboard and explorer."""

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medmnist_c.builder.files import absolute
from medmnist_c.builder.settings import cache_folder
from medmnist_c.commands.options import Command, complete_dataset, token_option

if TYPE_CHECKING:
    from medmnist_c.pages.write import Site

_LOCAL = "medmnist_c_explorer"  # a folder in the cache, written anew by each `explore`

results_argument = click.argument("results", nargs=-1, type=click.Path(path_type=Path))
hub_option = click.option(
    "--hub",
    metavar="REPO",
    help="Also list what the Hub's leaderboard of these test sets states, USER/medmnist_c.",
)
leave_out_option = click.option(
    "--leave-out-refused",
    is_flag=True,
    help="Go on without reports that are refused. [default: nothing is written then]",
)


@click.command(cls=Command)
@results_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the site: new, empty, or of an earlier one.",
)
@hub_option
@leave_out_option
@token_option
def site(
    results: tuple[Path, ...],
    output: Path,
    hub: str | None,
    leave_out_refused: bool,
    token: str | None,
) -> None:
    """Make a static site of a leaderboard and an explorer.

    The board shows RESULTS.

    RESULTS are report.json files, or folders that hold one. Each is checked, and refused with a reason
    if it is partial, of other images, or changed by hand. The page opens from the disk.
    """
    from medmnist_c.pages.write import site_files, write_site

    made = _site(results, hub, leave_out_refused, token)
    page = write_site(made, output)
    size = sum((page.parent / path).stat().st_size for path in site_files(page.parent))
    count = len(made.entries)
    click.echo(f"{page}: {count} {'entry' if count == 1 else 'entries'}, {size / 1e6:.1f} MB")


@click.command(cls=Command)
@click.option("--dataset", multiple=True, shell_complete=complete_dataset, help="Only this one.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Show images of the MedMNIST+ files in this folder. [default: the package's sample]",
)
@click.option(
    "--index",
    multiple=True,
    type=click.IntRange(min=0),
    help="Number of a test image in --data-dir; may be given several times. [default: 0]",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of what is random."
)
@click.option(
    "--report", multiple=True, type=click.Path(path_type=Path), help="How this one fares."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write into. [default: one in the cache]",
)
@click.option("--no-browser", is_flag=True, help="Only write it.")
def explore(
    dataset: tuple[str, ...],
    data_dir: Path | None,
    index: tuple[int, ...],
    seed: int,
    report: tuple[Path, ...],
    output: Path | None,
    no_browser: bool,
) -> None:
    """Look at corrupted images in the browser.

    They are of the sample, or of one's own files.
    """
    from medmnist_c.builder.dataset_info import dataset_info
    from medmnist_c.corruptions.table import CORRUPTIONS
    from medmnist_c.pages.explorer.gallery import own_gallery, sample_gallery
    from medmnist_c.pages.write import Site, write_site

    for name in dataset:
        dataset_info(name)
    if data_dir is None and index:
        raise ValueError("Of the sample one image of each dataset is shown; leave --index out.")
    if data_dir is None:
        gallery = sample_gallery(dataset or tuple(CORRUPTIONS))
    else:
        gallery = own_gallery(data_dir, dataset or None, index or (0,), seed, cache_folder())
    folder = absolute(output or cache_folder() / _LOCAL)
    write_site(Site(_checked(report, leave_out=False), gallery), folder)
    page = folder / "explorer.html"
    click.echo(page)
    if not no_browser:
        webbrowser.open(page.as_uri())


@click.command(
    cls=Command, stopped="Stopped. The Space is as it was, or as it should be; run it again."
)
@click.argument("repo")
@results_argument
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="A site that `medmnist-c site` has written, in place of RESULTS.",
)
@click.option("--private", is_flag=True, help="Make the Space private.")
@hub_option
@leave_out_option
@token_option
def push_site(
    repo: str,
    results: tuple[Path, ...],
    folder: Path | None,
    private: bool,
    hub: str | None,
    leave_out_refused: bool,
    token: str | None,
) -> None:
    """Publish the site of RESULTS as a static Space on the Hub.

    REPO is its name, USER/NAME. Run it again to renew it: the Space then holds what the site has now.
    """
    from medmnist_c.pages.space import push_folder
    from medmnist_c.pages.write import write_site

    if folder is not None and (results or hub):
        raise ValueError("Give either RESULTS, or --folder with a site that is written.")
    if folder is not None:
        click.echo(push_folder(folder, repo, private=private, token=token))
        return
    made = _site(results, hub, leave_out_refused, token)
    with tempfile.TemporaryDirectory(prefix="medmnist_c_site_") as work:
        write_site(made, work)
        click.echo(push_folder(work, repo, private=private, token=token))


def _site(results: tuple[Path, ...], hub: str | None, leave_out: bool, token: str | None) -> "Site":
    from medmnist_c.pages.leaderboard.hub import stated_scores
    from medmnist_c.pages.write import Site

    reports = _checked(results, leave_out)
    stated = stated_scores(hub, token) if hub else ()
    return Site(reports, stated=stated, hub=hub)


def _checked(results: tuple[Path, ...], leave_out: bool) -> list:
    from medmnist_c.pages.errors import RefusedError
    from medmnist_c.pages.leaderboard.submission import read_submissions

    taken, refused = read_submissions(results)
    if refused and not leave_out:
        raise RefusedError("\n".join(refused))
    for reason in refused:
        click.echo(reason, err=True)
    return taken
