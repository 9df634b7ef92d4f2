"""Where limits are proposed, on made-up answers."""

import numpy as np
import pytest

from app.measuring import face_limits, landmark_limits, usability
from benchmarks.usability_limits import Limit, limits_of, propose, table

MOST = Limit("a.LARGEST", 10.0, lambda _: 0.0, True)
LEAST = Limit("a.LEAST", 0.2, lambda _: 0.0, False)


def test_a_largest_value_stands_where_answers_go_wrong() -> None:
    """Right up to 39, wrong from 40 to 59 and again from 80; order does not matter."""
    values = np.arange(100.0)
    right = (values < 40) | ((values >= 60) & (values < 80))
    order = np.random.default_rng(0).permutation(100)
    found = propose(MOST, values[order], right[order])
    # Up to 39: a third of the right ones is lost, times 4; up to 79: half of the wrong ones stay.
    assert found.at == 79.0
    assert (found.right, found.wrong) == (60, 40)
    assert found.kept == pytest.approx((11 / 60, 1.0))
    assert found.refused == pytest.approx((1.0, 0.5))


def test_a_right_answer_lost_counts_four_wrong_ones_kept() -> None:
    """Ten of 100 right answers are doubtful; beyond the limit they cost as much as 40 of 100."""
    right, values = np.arange(200) < 100, np.zeros(200)
    values[:10] = 5.0
    for doubtful, limit in ((35, 5.0), (45, 0.0)):
        values[100:] = 9.0
        values[100 : 100 + doubtful] = 5.0
        assert propose(MOST, values, right).at == limit


def test_a_least_value() -> None:
    values = np.linspace(0, 1, 101)
    found = propose(LEAST, values, values > 0.305)
    assert found.at == pytest.approx(0.31)
    assert found.kept == (1.0, 1.0)
    # Of 31 wrong ones 20 are below 0.2.
    assert found.refused == pytest.approx((20 / 31, 1.0))


def test_no_limit_where_it_would_cost_more_than_it_brings() -> None:
    found = propose(MOST, np.arange(100.0), np.arange(100) % 20 > 0)
    assert found.at is None
    assert found.kept[1] == 1.0
    assert "| none |" in "\n".join(table([found]))


def test_values_that_are_no_numbers_are_the_worst() -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0])
    found = propose(MOST, values, np.array([True, True, False, True]))
    assert found.at == 3.0
    assert found.refused == (1.0, 1.0)


@pytest.mark.parametrize("face_model", [True, False])
def test_limits_name_constants_that_exist_and_their_values(face_model: bool) -> None:
    modules = {
        "usability": usability,
        "face_limits": face_limits,
        "landmark_limits": landmark_limits,
    }
    for limit in limits_of(face_model):
        module, name = limit.name.split(".")
        assert getattr(modules[module], name) == limit.now
