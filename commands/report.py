"""`medmnist-c report`: pages, tables and figures of one or several reports."""

from pathlib import Path

import click

from medmnist_c.commands.options import Command, token_option


@click.command(cls=Command)
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write into.",
)
@click.option(
    "--push-to-card",
    metavar="REPO",
    help="Also write the results into this model's card on the Hub (one report only).",
)
@click.option(
    "--push-to-model",
    metavar="REPO",
    help="Also write the results into this model's repository, for the Hub's leaderboards, and its "
    "card; as a pull request if it is somebody else's (one report only).",
)
@click.option(
    "--dataset-repo",
    default="medmnist_c",
    show_default=True,
    help="Repository of the test sets, for these.",
)
@token_option
def report(
    reports: tuple[Path, ...],
    output: Path,
    push_to_card: str | None,
    push_to_model: str | None,
    dataset_repo: str,
    token: str | None,
) -> None:
    """Make pages and figures of one or more reports.

    Makes report.html, report.md and figures of REPORTS (report.json, or folders that hold one).

    Several models are put side by side, with differences that are paired by image.
    """
    from medmnist_c.evaluation.rendering.write import write_report
    from medmnist_c.evaluation.robustness_report import RobustnessReport

    loaded = [RobustnessReport.load(path) for path in reports]
    if (push_to_card or push_to_model) and len(loaded) > 1:
        raise ValueError("A card holds the results of one model: give one report.")
    for path in write_report(loaded, output):
        click.echo(path)
    if push_to_card:
        from medmnist_c.evaluation.rendering import model_card

        click.echo(
            model_card.push_to_card(loaded[0], push_to_card, dataset_repo=dataset_repo, token=token)
        )
    if push_to_model:
        from medmnist_c.evaluation.rendering import model_results

        click.echo(
            model_results.push_to_model(
                loaded[0], push_to_model, dataset_repo=dataset_repo, token=token
            )
        )
