"""How numbers are rounded for the answer."""

import pytest

from app.answers import _angle


@pytest.mark.parametrize(
    ("angle", "told"),
    [(12.345678, 12.35), (-179.997, 180.0), (-179.99, -179.99), (179.997, 180.0), (-0.001, 0.0)],
)
def test_angles_stay_within_their_range(angle: float, told: float) -> None:
    rounded = _angle(angle)
    assert (rounded, str(rounded)) == (told, str(told))
