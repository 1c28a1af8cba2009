"""What is fuzzed: readers, each with the inputs it is given and the check it must pass."""

from collections.abc import Callable
from dataclasses import dataclass

import datasets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzing import answers, evaluation, files, words

datasets.disable_progress_bars()


@dataclass(frozen=True)
class Target:
    """A reader: what it is given, and the check; `cost` is the time of one check, in units."""

    name: str
    inputs: Callable[[], st.SearchStrategy]
    check: Callable[[object], None]
    cost: int = 1

    def fuzz(
        self, most: int, seed: Callable[[Callable], Callable] = lambda test: test, **how
    ) -> None:
        """Check up to `most` inputs (fewer where one costs more); raises what was found.

        Args:
            most: of the cheapest target.
            seed: a `hypothesis.seed(...)`, unless the settings say which inputs.
            how: further settings of hypothesis.
        """

        @seed
        @settings(
            max_examples=max(1, most // self.cost),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **how,
        )
        @given(self.inputs())
        def check(given: object) -> None:
            self.check(given)

        check()


TARGETS = {
    target.name: target
    for target in (
        Target("npz", files.any_npz, files.read_npz),
        Target("test_set", files.any_npz, files.open_test_set, cost=4),
        Target("cache", files.damaged_copies, files.read_copy, cost=6),
        Target("state", files.states, files.read_state, cost=2),
        Target("masks", files.masks, files.read_masks, cost=6),
        Target("manifest", words.manifests, words.read_manifest, cost=4),
        Target("repository", words.repository_manifests, words.read_repository_manifest),
        Target("names", words.names, words.look_up, cost=2),
        Target("predictions", evaluation.predictions, evaluation.read_predictions, cost=2),
        Target("kept_predictions", evaluation.kept, evaluation.read_kept, cost=2),
        Target("report", evaluation.reports, evaluation.read_report, cost=3),
        Target("server", answers.answers, answers.fetch, cost=4),
    )
}
