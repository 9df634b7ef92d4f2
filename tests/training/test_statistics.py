"""Intervals against SciPy, against theory and against their meaning."""

import numpy as np
import pytest
from scipy import stats

from training.statistics import bootstrap, bootstrap_mean, most_events, wilson


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (3, 7), (480, 554), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_is_that_of_scipy(successes: int, trials: int, level: float) -> None:
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert wilson(successes, trials, level=level) == pytest.approx(tuple(expected), abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3), (0, 0)])
def test_wilson_refuses_counts_that_cannot_be(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, trials)


def test_the_interval_of_a_mean_is_close_to_that_of_the_normal_theory() -> None:
    values = np.random.default_rng(0).normal(4.0, 1.5, 400)
    low, high = bootstrap_mean(values, resamples=4000)
    theory = stats.norm.interval(0.95, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(theory, abs=0.02)


def test_both_bootstraps_agree_on_the_mean() -> None:
    values = np.random.default_rng(1).exponential(1, 60)
    by_mean = bootstrap_mean(values, resamples=3000)
    assert bootstrap(values, np.mean, resamples=3000) == pytest.approx(by_mean, abs=0.05)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(30.0)
    assert bootstrap_mean(values, seed=5) == bootstrap_mean(values, seed=5)
    assert bootstrap_mean(values, seed=5) != bootstrap_mean(values, seed=6)


def test_images_of_one_person_do_not_count_as_independent() -> None:
    # Ten persons with a hundred equal images each know as little as ten images.
    persons = np.random.default_rng(2).normal(0, 1, 10)
    values, clusters = np.repeat(persons, 100), np.repeat(np.arange(10), 100).tolist()
    low, high = bootstrap_mean(values, clusters=clusters)
    naive_low, naive_high = bootstrap_mean(values)
    assert high - low > 5 * (naive_high - naive_low)
    assert (low, high) == pytest.approx(bootstrap_mean(persons), abs=0.1)


def test_clusters_of_unequal_size_weigh_by_their_images() -> None:
    # A draw of two clusters gives both (mean 2.5, half of the time) or one of them twice (1, 3).
    values, clusters = [1.0, 3.0, 3.0, 3.0], ["a", "b", "b", "b"]
    assert bootstrap_mean(values, clusters=clusters) == pytest.approx((1.0, 3.0))
    assert bootstrap_mean(values, clusters=clusters, level=0.4) == pytest.approx((2.5, 2.5))


def test_one_value_has_an_interval_of_no_width() -> None:
    assert bootstrap_mean([2.0]) == (2.0, 2.0)


def test_nothing_has_no_interval() -> None:
    with pytest.raises(ValueError, match="no values"):
        bootstrap_mean([])


def test_labels_must_match_the_values() -> None:
    with pytest.raises(ValueError, match="2 cluster labels for 3 values"):
        bootstrap_mean([1.0, 2.0, 3.0], clusters=["a", "b"])


@pytest.mark.parametrize("expected", [0.5, 2.4, 4.25, 30.0])
def test_most_events_leave_little_chance_that_more_are_to_be_expected(expected: float) -> None:
    most = most_events(expected, 0.9)
    if stats.poisson.cdf(0, expected) > 0.1:
        assert most == 0
        return
    # Had more than `expected` been to be expected, so few would be seen one time in ten at most.
    assert stats.poisson.cdf(most, expected) <= 0.1 < stats.poisson.cdf(most + 1, expected)
