"""PnP against our own projection of the canonical head by SciPy rotations."""

import contextlib
import math
import time

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face import pnp
from app.face.landmarks import scheme
from app.face.pnp import Camera, canonical_points, solve
from app.face.rotation import geodesic_degrees, mirror, to_euler, turn

Array = NDArray[np.float64]

CAMERA = Camera.assumed(640, 480)
GRID = [
    (yaw, pitch, roll)
    for yaw in (-80, -45, -15, 0, 30, 60, 90)
    for pitch in (-50, -20, 0, 25, 50)
    for roll in (-150, -40, 0, 20, 90, 180)
]


def rotation_of(yaw: float, pitch: float, roll: float) -> Array:
    matrix = Rotation.from_euler("YXZ", [-yaw, -pitch, roll], degrees=True).as_matrix()
    return np.asarray(matrix, np.float64)


def project(
    rotation: Array, translation: tuple[float, float, float], camera: Camera = CAMERA
) -> Array:
    x, y, z = (canonical_points() @ rotation.T + translation).T
    return np.stack([camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy], axis=1)


def test_canonical_points_look_like_a_head_in_the_head_frame() -> None:
    points = canonical_points()
    assert points.shape == (68, 3)
    np.testing.assert_allclose(points[[36, 45]].mean(axis=0), 0, atol=1e-9)
    assert (
        80 < points[45, 0] - points[36, 0] < 100
    )  # mm, outer eye corners; x to the subject's left
    assert 90 < points[8, 1] < 130  # the chin is below the eyes: y down
    assert points[30, 2] == points[:, 2].min()  # the nose tip is nearest to the camera: z inwards
    assert points[0, 2] > 40  # the jaw starts near the ears


def test_canonical_points_are_exactly_symmetric() -> None:
    points = canonical_points()
    np.testing.assert_array_equal(points[list(scheme("ibug-68").flip)] * (-1, 1, 1), points)
    with pytest.raises(ValueError, match="read-only"):
        points[0] = 0


def test_zero_pitch_is_an_upright_line_from_brow_to_chin() -> None:
    brow, chin = canonical_points()[[21, 22]].mean(axis=0), canonical_points()[8]
    assert abs(math.degrees(math.atan2(chin[2] - brow[2], chin[1] - brow[1]))) < 2


@pytest.mark.parametrize("translation", [(0.0, 0.0, 600.0), (120.0, -90.0, 500.0)])
def test_recovers_the_pose(translation: tuple[float, float, float]) -> None:
    for angles in GRID:
        rotation = rotation_of(*angles)
        result = solve(project(rotation, translation), CAMERA)
        assert geodesic_degrees(result.rotation, rotation) < 0.01
        np.testing.assert_allclose(result.translation, translation, atol=0.1)
        assert result.reprojection_error < 1e-3
        assert np.linalg.det(result.rotation) == pytest.approx(1)


def test_signs_seen_in_the_image() -> None:
    points = project(rotation_of(25, 0, 0), (0, 0, 600))
    eyes = scheme("ibug-68").named(points)
    # Turned to the image's right: the nose tip is right of the middle of the eyes.
    assert eyes["nose_tip"][0] > (eyes["left_eye"][0] + eyes["right_eye"][0]) / 2 + 5
    assert to_euler(solve(points, CAMERA).rotation)[0] == pytest.approx(25, abs=0.01)


def test_other_cameras() -> None:
    for camera in (Camera(900, 950, 300, 260), Camera.from_hfov(640, 480, 25)):
        rotation = rotation_of(-35, 12, 8)
        result = solve(project(rotation, (40, 20, 900), camera), camera)
        assert geodesic_degrees(result.rotation, rotation) < 0.01


def test_noise_moves_the_angles_little() -> None:
    rng = np.random.default_rng(7)
    errors = []
    for angles in GRID:
        if abs(angles[0]) > 60:
            continue
        rotation = rotation_of(*angles)
        points = project(rotation, (0, 0, 500))  # the eyes are 114 px apart
        noisy = points + rng.normal(scale=1.5, size=points.shape)
        errors.append(geodesic_degrees(solve(noisy, CAMERA).rotation, rotation))
    assert np.mean(errors) < 2
    assert np.max(errors) < 8


def test_jaw_and_lips_are_not_used() -> None:
    rotation = rotation_of(20, 10, -5)
    points = project(rotation, (0, 0, 600))
    unused = sorted(set(range(68)) - set(pnp.USED_POINTS))
    assert set(range(17)) - {8} <= set(unused)
    points[unused] += 25
    assert geodesic_degrees(solve(points, CAMERA).rotation, rotation) < 0.01


@pytest.mark.parametrize("angles", [(30, 10, 5), (-70, -20, 40), (5, 0, -170)])
def test_mirrored_points_give_the_mirrored_rotation(angles: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(5)
    points = project(rotation_of(*angles), (60, 30, 600)) + rng.normal(size=(68, 2))
    plain = solve(points, CAMERA)
    mirrored = solve(scheme("ibug-68").mirror(points, 640), CAMERA)
    assert geodesic_degrees(mirrored.rotation, mirror(plain.rotation)) < 0.01
    np.testing.assert_allclose(mirrored.translation, plain.translation * (-1, 1, 1), atol=0.1)


def test_turned_points_give_the_turned_rotation() -> None:
    rng = np.random.default_rng(6)
    camera = Camera(600, 600, 0, 0)
    points = project(rotation_of(30, 10, 5), (60, 30, 600), camera) + rng.normal(size=(68, 2))
    clockwise = points @ np.array([[0.0, 1], [-1, 0]])  # (x, y) -> (-y, x)
    turned = solve(clockwise, camera)
    assert geodesic_degrees(turned.rotation, turn(solve(points, camera).rotation, 90)) < 0.01


def test_it_is_deterministic() -> None:
    points = np.random.default_rng(8).uniform(0, 480, (68, 2))
    first, second = solve(points, CAMERA), solve(points.copy(), CAMERA)
    np.testing.assert_array_equal(first.rotation, second.rotation)
    np.testing.assert_array_equal(first.translation, second.translation)


def _nonsense() -> list[Array]:
    rng = np.random.default_rng(9)
    line = np.arange(68.0)
    return [
        *rng.uniform(0, 640, (40, 68, 2)),
        *rng.uniform(-1e6, 1e6, (10, 68, 2)),
        *(rng.normal(size=(10, 68, 2)) * 1e-6 + 300),
        np.stack([line, line], axis=1),
        np.stack([line, 0 * line], axis=1),
        project(rotation_of(0, 0, 0), (0, 0, 600)) * (-1, 1) + (640, 0),  # inside out
        project(rotation_of(170, 0, 0), (0, 0, 600)),  # seen from behind
    ]


def test_never_behind_the_camera_and_never_from_behind() -> None:
    for points in _nonsense():
        result = solve(points, CAMERA)
        assert result.translation[2] > 0
        to_camera = -result.translation / np.linalg.norm(result.translation)
        assert -result.rotation[:, 2] @ to_camera > -0.51
        assert np.linalg.det(result.rotation) == pytest.approx(1)
        assert math.isfinite(result.reprojection_error)


def test_what_cannot_be_solved_is_refused() -> None:
    points = project(np.eye(3), (0, 0, 600))
    with pytest.raises(ValueError, match="aflw-21"):
        solve(points, CAMERA, scheme="aflw-21")
    with pytest.raises(ValueError, match="68"):
        solve(points[:67], CAMERA)
    with pytest.raises(ValueError, match="finite"):
        solve(np.where(points > 300, np.nan, points), CAMERA)
    with pytest.raises(ValueError, match="one place"):
        solve(np.full((68, 2), 7.0), CAMERA)


@pytest.mark.parametrize("focal", [1e-307, 1e-200, 1e-100, 1e-10, 1.0, 1e100, 1.7e308])
@pytest.mark.parametrize("size", [1e-200, 1.0, 1e9, 1e200])
def test_an_answer_is_finite_or_refused_whatever_the_camera(focal: float, size: float) -> None:
    """Warnings are errors here, so numpy says nothing on the way either."""
    points = project(rotation_of(20, 5, 3), (20, -10, 600)) * size
    for centre in (0.0, 320.0, -1e6, 1e300):
        with contextlib.suppress(ValueError):
            result = solve(points, Camera(focal, focal, centre, centre))
            assert np.isfinite(result.rotation).all()
            assert np.isfinite(result.translation).all()
            assert math.isfinite(result.reprojection_error)
            np.testing.assert_allclose(result.rotation @ result.rotation.T, np.eye(3), atol=1e-6)


def test_a_focal_length_near_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="no finite pose"):
        solve(project(np.eye(3), (0, 0, 600)), Camera(1e-307, 1e-307, 320, 240))


def test_cameras() -> None:
    assert Camera.assumed(640, 480) == Camera(640, 640, 319.5, 239.5)
    assert Camera.assumed(480, 640) == Camera(640, 640, 239.5, 319.5)
    assert Camera.from_hfov(800, 600, 90).fx == pytest.approx(400)
    for values in ((0, 1, 1, 1), (1, -1, 1, 1), (1, 1, math.nan, 1)):
        with pytest.raises(ValueError, match="camera"):
            Camera(*values)
    for angle in (0, 180, math.nan):
        with pytest.raises(ValueError, match="field of view"):
            Camera.from_hfov(640, 480, angle)


def test_solving_is_quick() -> None:
    points = project(rotation_of(30, 10, 5), (60, 30, 600))
    times = []
    for _ in range(30):
        start = time.perf_counter()
        solve(points, CAMERA)
        times.append(time.perf_counter() - start)
    assert min(times) < 5e-3  # about 0.3 ms; the bound is wide for busy machines
