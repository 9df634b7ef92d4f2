"""How coarse an image may be decoded."""

import math

import pytest

from app.images.resolution import FULL, Resolution


@pytest.mark.parametrize(
    ("longer_side", "step"),
    [(383, 1), (384, 1), (640, 1), (767, 2), (766, 1), (1280, 2), (1533, 4), (3065, 8), (9000, 8)],
)
def test_as_coarse_as_the_detector_allows(longer_side: int, step: int) -> None:
    assert Resolution(long_side=384).coarsest_step(longer_side, progressive=False) == step
    decoded = math.ceil(longer_side / step)
    assert decoded >= min(384, longer_side)
    assert step == 8 or math.ceil(longer_side / (2 * step)) < 384


@pytest.mark.parametrize(("longer_side", "step"), [(1600, 1), (3070, 1), (3071, 2), (6143, 4)])
def test_progressive_files_keep_a_margin(longer_side: int, step: int) -> None:
    assert Resolution(long_side=384).coarsest_step(longer_side, progressive=True) == step


@pytest.mark.parametrize(
    ("most", "step"), [(1.0, 1), (1.99, 1), (2.0, 2), (3.9, 2), (4.0, 4), (8.0, 8), (math.inf, 8)]
)
def test_no_coarser_than_crops_allow(most: float, step: int) -> None:
    for progressive in (False, True):
        assert Resolution(step=most).coarsest_step(4000, progressive=progressive) == step


def test_both_bounds_hold_and_full_is_full() -> None:
    assert Resolution(long_side=384, step=2.5).coarsest_step(4000, progressive=False) == 2
    assert Resolution(long_side=3000, step=8).coarsest_step(4000, progressive=False) == 1
    assert FULL.coarsest_step(10**6, progressive=False) == 1
