"""The committed golden set agrees with itself: labels, cameras, rotations, pictures."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.face.geometry import face_box
from app.face.rotation import from_euler

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
IMAGES: list[dict[str, Any]] = json.loads((GOLDEN / "labels.json").read_text())["images"]
FACES = [
    pytest.param(face, id=f"{image['file']}-{index}")
    for image in IMAGES
    for index, face in enumerate(image["faces"])
]


def _matrix(face: dict[str, Any]) -> np.ndarray[Any, Any]:
    k = face["intrinsics"]
    return np.array([[k["fx"], 0, k["cx"]], [0, k["fy"], k["cy"]], [0, 0, 1.0]])


@pytest.mark.parametrize("face", FACES)
def test_labelled_points_are_projections_of_the_labelled_head(face: dict[str, Any]) -> None:
    vector = cv2.Rodrigues(np.array(face["rotation"]))[0]
    projected = cv2.projectPoints(
        np.array(face["points_68_in_head"]),
        vector,
        np.array(face["translation"]),
        _matrix(face),
        None,
    )[0][:, 0]

    np.testing.assert_allclose(face["points_68_3d"], projected, atol=1e-3)
    # Only the jaw differs between the two sets of points.
    np.testing.assert_array_equal(face["points_68"][17:], face["points_68_3d"][17:])


@pytest.mark.parametrize("face", FACES)
def test_solve_pnp_recovers_the_labelled_rotation(face: dict[str, Any]) -> None:
    ok, vector, _ = cv2.solvePnP(
        np.array(face["points_68_in_head"]),
        np.array(face["points_68_3d"]),
        _matrix(face),
        None,
        flags=cv2.SOLVEPNP_SQPNP,
    )

    assert ok
    found = cv2.Rodrigues(vector)[0]
    error = Rotation.from_matrix(found @ np.array(face["rotation"]).T).magnitude()
    assert np.rad2deg(error) < 0.1


@pytest.mark.parametrize("face", FACES)
def test_angles_and_box_follow_from_rotation_and_points(face: dict[str, Any]) -> None:
    angles = (face["yaw"], face["pitch"], face["roll"])
    np.testing.assert_allclose(from_euler(*angles), face["rotation"], atol=1e-5)
    box = face_box(np.array(face["points_68"]))
    np.testing.assert_allclose([box.x, box.y, box.width, box.height], face["box"], atol=1e-3)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image["file"])
def test_pictures_have_the_labelled_size(image: dict[str, Any]) -> None:
    pixels = cv2.imread(str(GOLDEN / image["file"]), cv2.IMREAD_UNCHANGED)

    assert pixels is not None
    assert pixels.shape == (image["height"], image["width"], 3)


def test_no_picture_is_unlabelled_and_the_set_stays_small() -> None:
    files = {path.name for path in GOLDEN.glob("*.png")}

    assert files == {image["file"] for image in IMAGES}
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) < 8_000_000
