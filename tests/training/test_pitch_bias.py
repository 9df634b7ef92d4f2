"""Signed errors by pitch, of made-up angles."""

from typing import Any

import numpy as np
import pytest

from training.metric_rows import MetricRows
from training.pitch_bias import pitch_bias_rows

TRUTH = np.array([(0, -60), (60, -30), (-61, -30), (0, -15), (0, 0), (0, 30), (0, 60), (0, 61)])
FOUND = TRUTH * 0.9 + (50, 0.0)


def means(nominal: bool) -> dict[str, tuple[Any, int]]:
    rows = MetricRows("made", range(len(TRUTH)))
    pitch_bias_rows(rows, "bias", FOUND, TRUTH.astype(float), "protocol", nominal=nominal)
    return {row.slice: (row.value, row.n) for row in rows.metrics}


def test_nods_that_are_told_too_small_have_two_signs() -> None:
    """Of heads that look down it is above 0; beyond 60 degrees of yaw and pitch none counts."""
    assert means(nominal=False) == {
        "pitch -60 to -30": (pytest.approx(6.0), 1),
        "pitch -30 to -15": (pytest.approx(3.0), 1),
        "pitch -15 to 0": (pytest.approx(1.5), 1),
        "pitch 0 to 15": (pytest.approx(0.0), 1),
        "pitch 30 to 60": (pytest.approx(-4.5), 2),
    }


def test_labels_of_a_few_angles_are_not_mixed() -> None:
    found = means(nominal=True)
    assert found["pitch -30"] == (pytest.approx(3.0), 1)
    assert found["pitch 30"] == (pytest.approx(-3.0), 1)
    assert found["pitch 60"] == (pytest.approx(-6.0), 1)
