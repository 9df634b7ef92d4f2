"""The shipped models end to end on rendered heads as they may stand in a picture: tilted, tiny,
filling it, many, none.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.detection.detector import Detector, DetectorSettings
from app.face.geometry import Box
from app.face.landmarks import scheme
from app.inference.model import Model
from app.settings import Settings
from tests.golden_heads import Head, cut_close, far_away, head, together, turned
from tests.service.serving import Service, encoded, faces, running

# As far as the shipped detector follows a tilt.
TILTS = range(-165, 181, 15)
TILTED = ["frontal.png", "frontal-dark.png", "yaw-plus-30.png", "combined-a.png", "infrared.png"]
CROWD = [
    "frontal.png",
    "frontal-dark.png",
    "yaw-plus-30.png",
    "yaw-minus-30.png",
    "pitch-plus-25.png",
    "pitch-minus-25.png",
    "glasses.png",
    "mouth-open.png",
    "eyes-shut.png",
    "combined-a.png",
    "headwear.png",
    "side-light.png",
]


@pytest.fixture(scope="module")
def shipped() -> Iterator[Service]:
    with running(Settings()) as service:
        yield service


def analyze(
    service: Service, pixels: NDArray[np.uint8], camera: dict[str, float] | None = None
) -> list[dict[str, Any]]:
    response = service.client.post(
        "/analyze",
        content=encoded(pixels),
        params=camera or {},
        headers={"content-type": "image/png"},
    )
    return faces(response)


def overlap(face: dict[str, Any], one: Head) -> float:
    return Box(**face["box"]).iou(Box(*one.box.tolist()))


def point_error(face: dict[str, Any], one: Head) -> float:
    distance = np.linalg.norm(np.array(face["landmarks"]["points"]) - one.points, axis=1).mean()
    return float(distance / scheme("ibug-68").nme_distance(one.points))


@pytest.mark.parametrize(("name", "degrees"), list(product(TILTED, TILTS)))
def test_a_tilted_head_is_found_and_read(shipped: Service, name: str, degrees: int) -> None:
    one = turned(head(name), degrees)
    (face,) = analyze(shipped, one.pixels, one.camera)
    assert overlap(face, one) > 0.5
    assert point_error(face, one) < 0.12
    between = Rotation.from_matrix(face["pose"]["matrix"]).inv() * Rotation.from_matrix(
        one.rotation
    )
    assert np.degrees(between.magnitude()) < 15


@pytest.mark.parametrize("size", [16, 20, 24])
@pytest.mark.parametrize("name", ["frontal.png", "frontal-dark.png", "yaw-minus-30.png"])
def test_a_tiny_face_is_found(shipped: Service, name: str, size: int) -> None:
    one = far_away(head(name), size, (320, 240), (150, 80))
    (face,) = analyze(shipped, one.pixels)
    assert overlap(face, one) > 0.5
    # Too few pixels to rely on, and the answer says so.
    assert ("small" in face["usable"]["reasons"]) == (face["quality"]["face_pixels"] < 24)


@pytest.mark.parametrize("name", ["frontal.png", "frontal-dark.png", "yaw-plus-30.png"])
def test_a_face_that_fills_the_picture_is_found(shipped: Service, name: str) -> None:
    one = cut_close(head(name), 0.8)
    (face,) = analyze(shipped, one.pixels, one.camera)
    assert overlap(face, one) > 0.6
    assert point_error(face, one) < 0.12
    assert not face["quality"]["truncated"]


def test_each_of_many_faces_is_found_once(shipped: Service) -> None:
    places = [(20 + 310 * (i % 4), 20 + 310 * (i // 4)) for i in range(len(CROWD))]
    heads = [
        far_away(head(name), 120, (1280, 960), place)
        for name, place in zip(CROWD, places, strict=True)
    ]
    found = analyze(shipped, together(heads))
    assert len(found) == len(heads)
    for name, one in zip(CROWD, heads, strict=True):
        (face,) = [face for face in found if overlap(face, one) > 0.5]
        assert point_error(face, one) < 0.15, name


def test_faces_stay_where_they_are_when_pictures_share_a_run() -> None:
    """Padding is black beyond the picture, as is the rest of its last tile."""
    model = Model.open(Settings().models_dir / "detector", "cpu")
    alone = Detector(model, DetectorSettings(padding=0))
    joint = Detector(model, DetectorSettings(padding=10**9))
    shapes = [(320, 320), (220, 320), (320, 200), (180, 310), (320, 320)]
    inputs = [
        alone.prepare(far_away(head(name), 90, (width, height), (30, 20)).pixels)
        for name, (height, width) in zip(CROWD, shapes, strict=False)
    ]
    assert (len(alone.batches(inputs)), len(joint.batches(inputs))) == (4, 1)
    for (before,), (after,) in zip(alone.run(inputs), joint.run(inputs), strict=True):
        assert before.box.iou(after.box) > 0.95
        assert after.confidence == pytest.approx(before.confidence, abs=0.03)
        assert np.abs(before.points - after.points).max() < 3


@pytest.mark.parametrize("value", [0, 110, 255])
def test_there_is_no_face_on_an_even_picture(shipped: Service, value: int) -> None:
    assert analyze(shipped, np.full((240, 320, 3), value, np.uint8)) == []


def test_there_is_no_face_in_noise(shipped: Service) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert analyze(shipped, noise) == []
