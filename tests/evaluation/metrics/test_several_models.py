"""Seeds, simultaneous bands, ranks and the severity at which a model loses too much."""

import numpy as np
import pytest
from scipy.stats import t as student

from medmnist_c.evaluation.metrics.ranks import mean_ranks, severity_lost
from medmnist_c.evaluation.metrics.uncertainty.resampled import Resampled, missing
from medmnist_c.evaluation.metrics.uncertainty.seeds import over_seeds
from medmnist_c.evaluation.metrics.uncertainty.simultaneous import max_t_bands


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def around(rng, value: float, spread: float, common: np.ndarray | None = None) -> Resampled:
    noise = rng.normal(size=1000) if common is None else common
    return Resampled(value, value + spread * noise)


def test_seeds_of_no_image_noise_have_student_s_interval():
    values = [0.10, 0.13, 0.11, 0.16, 0.12]
    found = over_seeds([Resampled(one, np.full(1000, one)) for one in values])
    assert found.mean.value == pytest.approx(np.mean(values))
    assert found.sd == pytest.approx(np.std(values, ddof=1))
    half = student(4).ppf(0.975) * found.sd / 5**0.5
    low, high = found.mean.interval()
    assert (high - low) / 2 == pytest.approx(half, rel=0.15)


def test_equal_seeds_keep_the_images_interval(rng):
    noise = rng.normal(size=1000)
    found = over_seeds([around(rng, 0.2, 0.01, noise) for _ in range(3)])
    assert found.sd == pytest.approx(0)
    assert found.mean.draws == pytest.approx(around(rng, 0.2, 0.01, noise).draws)


def test_one_seed_says_nothing_of_training(rng):
    one = around(rng, 0.2, 0.01)
    found = over_seeds([one])
    assert (found.sd, found.seeds) == (None, 1) and (found.mean.draws == one.draws).all()


def test_a_missing_figure_is_missing_over_seeds(rng):
    found = over_seeds([around(rng, 0.2, 0.01), missing("no image of it")])
    assert found.mean.value is None and found.mean.note == "no image of it" and found.sd is None


def test_bands_of_one_difference_are_its_interval(rng):
    draws = 0.3 + 0.1 * rng.normal(size=(1000, 1))
    bands = max_t_bands(np.array([0.3]), draws)
    assert bands.low[0] == pytest.approx(0.3 - 0.196, abs=0.015)
    assert bands.differs[0] and bands.p_values[0] < 0.02


def test_bands_of_many_hold_together(rng):
    """Of 40 independent ones the critical value is that of Sidak, of 40 equal ones that of one."""
    alone = rng.normal(size=(4000, 40))
    equal = np.repeat(alone[:, :1], 40, axis=1)
    widths = [max_t_bands(np.zeros(40), draws).high.mean() for draws in (alone, equal)]
    assert widths == pytest.approx([3.22, 1.96], abs=0.1)


def test_adjusted_p_values_agree_with_the_bands(rng):
    draws = rng.normal(size=(1000, 20)) @ rng.normal(size=(20, 20))
    values = 2.5 * rng.normal(size=20) * draws.std(axis=0)
    bands = max_t_bands(values, draws)
    assert 0 < bands.differs.sum() < 20
    assert (bands.differs == (bands.p_values < 0.05)).all()


def test_a_difference_that_never_varies(rng):
    draws = np.zeros((100, 3))
    draws[:, 2] = rng.normal(size=100)
    bands = max_t_bands(np.array([0.0, 0.5, 0.0]), draws)
    assert bands.differs.tolist() == [False, True, False]
    assert bands.p_values[1] == 0 and bands.p_values[0] == 1


def test_ranks_of_clear_and_of_equal_models(rng):
    noise = rng.normal(size=1000)
    datasets = [[around(rng, v, 0.001, noise) for v in (0.1, 0.3, 0.2)] for _ in range(3)]
    models = list(zip(*datasets, strict=True))
    assert [one.value for one in mean_ranks(models)] == [1, 3, 2]
    assert all((one.draws == one.value).all() for one in mean_ranks(models))
    alike = mean_ranks([[around(rng, 0.1, 0.01)], [around(rng, 0.1, 0.01)]])
    assert [one.value for one in alike] == [1.5, 1.5]
    assert alike[0].draws.mean() == pytest.approx(1.5, abs=0.06)


def test_a_dataset_that_one_model_lacks_has_no_rank(rng):
    models = [
        [around(rng, 0.1, 0), missing("not given")],
        [around(rng, 0.2, 0), around(rng, 0.1, 0)],
    ]
    assert [one.value for one in mean_ranks(models)] == [1, 2]
    assert mean_ranks([[missing("-")], [around(rng, 0.1, 0)]])[0].value is None


def test_severity_at_which_the_margin_is_passed(rng):
    common = rng.normal(size=1000)
    levels = {s: around(rng, 0.1 + 0.02 * s, 0.001, common) for s in (1, 2, 3, 4, 5)}
    clean = around(rng, 0.1, 0.001, common)
    assert severity_lost(clean, levels, 0.05).value == 3
    assert (severity_lost(clean, levels, 0.05).draws == 3).all()
    never = severity_lost(clean, levels, 0.2)
    assert never.value == 6 and "at no severity" in never.note
    low, high = severity_lost(around(rng, 0.1, 0.01), levels, 0.05).interval()
    assert low < 3 < high
