"""A trained network on the Hub: its weights, how it was trained, its scores if there are any."""

from pathlib import Path

from huggingface_hub import HfApi

from medmnist_c.builder.files import absolute, atomic_write
from medmnist_c.builder.retry import CLIENT_ERRORS, failure_of
from medmnist_c.evaluation.report.model import Estimate
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.experiments.errors import ExperimentError
from medmnist_c.experiments.protocol import Protocol
from medmnist_c.experiments.runs import Run
from medmnist_c.experiments.scoring import passes
from medmnist_c.experiments.training.loop import RESULT_FILE, RUN_FILE
from medmnist_c.models.kinds.run_folder import MODEL_FILE, WEIGHTS_FILE

CARD = "README.md"


def push(
    run: Run,
    protocol: Protocol,
    folder: Path,
    output: Path,
    repo: str,
    api: HfApi | None = None,
) -> str:
    """Push a finished run's folder as a model repository, with a card; returns the commit's address.

    Args:
        run, protocol: what was trained, and how.
        folder, output: of the run, and of all runs, where its scores are if it was scored.
        repo: USER/NAME.
        api: None for the Hub's own places of address and token.

    Raises:
        ExperimentError: the Hub does not take it; the message has no token in it.
    """
    one = passes([run], absolute(output), protocol)[0].report_file(run)
    report = RobustnessReport.load(one) if one.exists() else None
    with atomic_write(folder / CARD) as file:
        file.write(card(run, protocol, report).encode())
    api = api or HfApi()
    try:
        api.create_repo(repo, exist_ok=True)
        files = [WEIGHTS_FILE, MODEL_FILE, RUN_FILE, RESULT_FILE, CARD]
        done = api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            allow_patterns=files,
            commit_message=f"{run.name} on {run.dataset}",
        )
    except CLIENT_ERRORS as error:
        raise ExperimentError(
            f"Cannot push {run.name} to {repo} ({failure_of(error).reason}); what is trained is kept, "
            "the same command tries again."
        ) from error
    return str(done.commit_url)


def card(run: Run, protocol: Protocol, report: RobustnessReport | None) -> str:
    """A model card: what it is, how to load it, the protocol line by line, and scores."""
    lines = [
        "---",
        "library_name: medmnist_c",
        "pipeline_tag: image-classification",
        f"tags: [medical-imaging, medmnist, robustness, {run.dataset}]",
        "---",
        f"# {run.architecture}, {run.augmentation}, on {run.dataset}",
        "",
        f"Trained by `medmnist-c train`, seed {run.seed}, protocol {protocol.name}"
        + (f", without the group {run.without} of corruptions." if run.without else "."),
        "Fetch the folder and score it: `medmnist-c evaluate --model run:FOLDER`.",
        "",
        "| setting | value | status | source |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name.partition('.')[2]} | {one.value} | {one.status} | {one.source} |"
        for name, one in protocol.sources.items()
        if name.startswith("training.")
    ]
    if report is not None:
        one = report.datasets[run.dataset]
        figures: dict[str, Estimate | None] = {
            "clean balanced error": one.clean.metrics.get("balanced_error"),
            "balanced error under corruption": one.summary.means.get("balanced_error"),
            "AUC under corruption": one.summary.means.get("auc"),
            "BE": one.summary.BE,
            "rBE": one.summary.rBE,
        }
        lines += ["", "| score (95 % interval over images) | |", "|---|---|"]
        lines += [f"| {name} | {_told(value)} |" for name, value in figures.items()]
        if one.partial:
            lines += ["", f"Partial: {one.partial}"]
    return "\n".join([*lines, ""])


def _told(one: Estimate | None) -> str:
    if one is None or one.value is None:
        return "-"
    interval = "" if one.low is None else f" ({one.low:.3f} to {one.high:.3f})"
    return f"{one.value:.3f}{interval}"
