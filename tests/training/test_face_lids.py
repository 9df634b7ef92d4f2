"""Openness from lid points, and rotations as crops show them, against heads projected here."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.pnp import canonical_points
from app.face.rotation import geodesic_degrees
from training.datasets.viewing import as_seen
from training.faces.lids import OFFSET, SLOPE, believed, openness_of_lids

LIDS = {36: ((37, 41), (38, 40), (36, 39)), 42: ((43, 47), (44, 46), (42, 45))}


def opened(share: float) -> NDArray[np.float64]:
    """The canonical head with lids `share` as far apart as they are on it."""
    head = canonical_points().astype(np.float64)
    for *pairs, _ in LIDS.values():
        for up, low in pairs:
            middle = (head[up] + head[low]) / 2
            head[up], head[low] = (middle + share * (head[i] - middle) for i in (up, low))
    return head


def ratio(head: NDArray[np.float64], eye: int) -> float:
    first, second, corners = LIDS[eye]
    apart = [np.linalg.norm(head[a] - head[b]) for a, b in (first, second, corners)]
    return float((apart[0] + apart[1]) / 2 / apart[2])


@pytest.mark.parametrize("share", [0.5, 1.0, 1.6])
@pytest.mark.parametrize("angles", [(0, 0, 0), (40, 10, 0), (-30, -25, 50), (10, 35, -170)])
def test_the_eye_is_as_open_however_the_head_is_turned(
    angles: tuple[float, float, float], share: float
) -> None:
    rotation = Rotation.from_euler("YXZ", angles, degrees=True).as_matrix()
    head = opened(share)
    points = 3.7 * (head @ rotation.T)[:, :2] + 50
    found = openness_of_lids(points[None], rotation[None])[0]
    expected = [SLOPE * ratio(head, eye) + OFFSET for eye in LIDS]
    np.testing.assert_allclose(found, expected, atol=0.006)


def test_shut_eyes_are_shut_and_nothing_is_infinite() -> None:
    found = openness_of_lids(opened(0.0)[None, :, :2], np.eye(3)[None])
    np.testing.assert_array_equal(found, 0.0)
    assert np.isfinite(openness_of_lids(np.zeros((1, 68, 2)), np.eye(3)[None])).all()


def test_turned_heads_and_eyes_that_differ_are_not_believed() -> None:
    turns = Rotation.from_euler("YX", [[0, 0], [50, 0], [0, 45], [40, 30]], degrees=True)
    alike = np.full((4, 2), 0.25)
    assert believed(alike, turns.as_matrix()).tolist() == [True, False, False, True]
    wink = np.array([[0.0, 0.3]])
    assert not believed(wink, np.eye(3)[None]).any()


def weak_perspective(head: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation by which a far camera would see the head's points so, by least squares."""
    rows = np.linalg.lstsq(head - head.mean(0), points - points.mean(0), rcond=None)[0].T
    left, _, right = np.linalg.svd(rows, full_matrices=False)
    x, y = left @ right
    return np.stack([x, y, np.cross(x, y)])


def test_a_crop_shows_the_rotation_to_the_viewing_ray() -> None:
    rng = np.random.default_rng(4)
    rotations = Rotation.from_euler("YXZ", rng.uniform(-40, 40, (40, 3)), degrees=True).as_matrix()
    # Up to 27 degrees off the axis, all round it.
    places = Rotation.from_euler("yz", rng.uniform(-180, 180, (40, 2)) * [0.15, 1], degrees=True)
    places = places.apply([0.0, 0.0, 3000.0])
    head = canonical_points().astype(np.float64)
    found, seen = [], as_seen(rotations, places)
    for rotation, place in zip(rotations, places, strict=True):
        in_camera = head @ rotation.T + place
        found.append(weak_perspective(head, in_camera[:, :2] / in_camera[:, 2:]))
    assert geodesic_degrees(np.stack(found), seen).max() < 4
    assert geodesic_degrees(np.stack(found), rotations).max() > 15
    np.testing.assert_allclose(
        seen @ np.swapaxes(seen, 1, 2), np.tile(np.eye(3), (40, 1, 1)), atol=1e-9
    )


def test_on_the_axis_nothing_changes_and_the_ray_becomes_the_axis() -> None:
    turn = Rotation.random(5, rng=np.random.default_rng(1)).as_matrix()
    np.testing.assert_allclose(as_seen(turn, np.tile([0, 0, 700.0], (5, 1))), turn, atol=1e-12)
    place = np.array([[200.0, -300.0, 600.0]])
    moved = as_seen(np.eye(3)[None], place)[0] @ place[0]
    np.testing.assert_allclose(moved, [0, 0, 700.0], atol=1e-9)
