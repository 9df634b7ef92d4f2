"""The tilt from five points, and the upright box of a tilted one."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.geometry import Box
from app.face.landmarks import NAMED, scheme
from app.face.pnp import canonical_points
from app.face.tilt import tilt_of, turned, upright_box
from tests.face_points import FRONTAL, rotated
from tests.golden_heads import LABELS


def apart(first: float, second: float) -> float:
    return abs((first - second + 180) % 360 - 180)


def mean_head() -> NDArray[np.float64]:
    """The five places of the mean head, (5, 3), head frame."""
    places = scheme("ibug-68").places
    return np.stack([canonical_points()[list(places[name])].mean(axis=0) for name in NAMED])


@pytest.mark.parametrize("angle", range(-170, 181, 10))
def test_a_frontal_face_tells_its_angle_exactly(angle: int) -> None:
    points = 3.7 * rotated(FRONTAL, angle) + [400, -20]
    assert apart(tilt_of(points), angle) < 1e-9
    assert -180 < tilt_of(points) <= 180


@pytest.mark.parametrize("yaw", [-90, -75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75, 90])
@pytest.mark.parametrize("pitch", [-20, 0, 20])
def test_turned_heads_tell_it_too(yaw: int, pitch: int) -> None:
    """Profiles as well, whose eyes coincide in the image."""
    # Nodded about its own x axis, then turned about the vertical, then about the camera's axis.
    unrolled = Rotation.from_euler("YX", [-yaw, -pitch], degrees=True)
    for angle in range(-180, 180, 30):
        rotation = Rotation.from_euler("z", angle, degrees=True) * unrolled
        points = rotation.apply(mean_head())[:, :2]
        # A nod is not a tilt, but in a profile it looks like one.
        nod = abs(pitch * np.sin(np.radians(yaw)))
        assert apart(tilt_of(points), angle) < 6 + 1.2 * nod


@pytest.mark.parametrize("name", [name for name, entry in LABELS.items() if entry["faces"]])
def test_the_golden_heads_tell_it_at_every_angle(name: str) -> None:
    for face in LABELS[name]["faces"]:
        # The head's own vertical, as it lies in the image.
        across, along = np.array(face["rotation"])[:2, 1]
        own = float(np.degrees(np.arctan2(-across, along)))
        for angle in range(-180, 180, 30):
            points = rotated(np.array(face["points_5"]), angle)
            assert apart(tilt_of(points), own + angle) < 16, name


def test_a_mirrored_face_is_tilted_the_other_way() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        points = rotated(FRONTAL + rng.normal(0, 8, (5, 2)), rng.uniform(-170, 170))
        mirrored = scheme("five").mirror(points, 640)
        assert apart(tilt_of(mirrored), -tilt_of(points)) < 1e-9


@pytest.mark.parametrize("value", [0.0, 7.5, float("nan"), float("inf")])
def test_points_that_tell_nothing_are_not_tilted(value: float) -> None:
    assert tilt_of(np.full((5, 2), value)) == 0.0


def ellipse_bounds(width: float, height: float, angle: float) -> Box:
    """Of the turned ellipse in a box about (300, 200), by looking at its outline."""
    around = np.linspace(0, 2 * np.pi, 200_001)
    outline = np.stack([width / 2 * np.cos(around), height / 2 * np.sin(around)], axis=-1)
    low, high = (f(rotated(outline, angle), axis=0) for f in (np.min, np.max))
    return Box.from_corners(*(low + (300, 200)), *(high + (300, 200)))


@pytest.mark.parametrize("angle", [0, 15, -30, 37, 53, -60, 90, 120, 150, 180, -110])
@pytest.mark.parametrize(("width", "height"), [(80, 80), (80, 100), (60, 110), (100, 70)])
def test_the_upright_box_comes_back(width: int, height: int, angle: int) -> None:
    box = upright_box(ellipse_bounds(width, height, angle), angle)
    assert (box.width, box.height) == pytest.approx((width, height), rel=1e-5)
    assert box.centre == pytest.approx((300, 200), abs=1e-5)


@pytest.mark.parametrize("angle", [40, 45, 50, -45, 135])
def test_at_45_degrees_the_size_is_that_of_a_usual_face(angle: int) -> None:
    tilted = ellipse_bounds(80, 104, angle)
    assert tilted.area**0.5 > 1.01 * (80 * 104) ** 0.5
    box = upright_box(tilted, angle)
    assert box.area**0.5 == pytest.approx((80 * 104) ** 0.5, rel=0.003)


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(-180, 180), st.floats(-1e4, 1e4))
def test_whatever_the_box_the_upright_one_is_as_large_or_smaller(
    width: float, height: float, angle: float, x: float
) -> None:
    box = Box(x, 7.0, width, height)
    upright = upright_box(box, angle)
    # A face is at most twice as long as wide, or as wide as long.
    assert 0.49 < upright.height / upright.width < 2.01
    assert upright.width**2 + upright.height**2 == pytest.approx(width**2 + height**2)
    assert upright.centre == pytest.approx(box.centre)


def test_turned_points_against_opencv() -> None:
    points = np.random.default_rng(1).uniform(-50, 50, (20, 2))
    affine = cv2.getRotationMatrix2D((12.5, -4.0), -33.0, 1.0)
    expected = points @ affine[:, :2].T + affine[:, 2]
    np.testing.assert_allclose(turned(points, (12.5, -4.0), 33.0), expected, atol=1e-9)
