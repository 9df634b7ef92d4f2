"""A face model beside a landmark model, over HTTP. Expected numbers follow from the tiny models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.face.geometry import Box, crop_transform, transform
from app.settings import Settings
from tests.service.serving import (
    ONE_FACE,
    Service,
    answer,
    encoded,
    faces,
    form,
    problem,
    raw,
    running,
)
from tests.tiny_models import (
    HEAD,
    TEMPLATE_68,
    picture,
    write_detector,
    write_face,
    write_landmarks,
)

# Looks between the outer corners of the eyes.
_LOOKED_AT = transform(crop_transform(Box(39.5, 49.5, 80, 100), 1.3), TEMPLATE_68[[36, 45]]).mean(
    axis=0
)
CAMERA = {"fx": 320.0, "fy": 320.0, "cx": float(_LOOKED_AT[0]), "cy": float(_LOOKED_AT[1])}
ANGLES = {"yaw": 30.0, "pitch": -20.0, "roll": 10.0}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("models")
    write_detector(folder / "detector")
    write_face(folder / "tiny-face")
    write_landmarks(folder / "tiny-points")
    settings = Settings(models_dir=folder, self_test=False, landmarks=("tiny-face", "tiny-points"))
    with running(settings) as started:
        yield started


def pose(service: Service, **query: Any) -> dict[str, Any]:
    (face,) = faces(raw(service.client, "/pose", ONE_FACE, **CAMERA | query))
    found: dict[str, Any] = face["pose"]
    return found


def test_the_rotation_is_the_models_own(service: Service) -> None:
    told = pose(service)
    assert told["method"] == "direct"
    np.testing.assert_allclose(told["matrix"], HEAD["rotation"], atol=2e-6)
    assert {name: told[name] for name in ANGLES} == ANGLES
    # Deviations 3, 2, 1 about the axes of elevation, azimuth and roll, pitch of -20 degrees.
    level, slope = np.cos(np.radians(20)), np.tan(np.radians(20))
    expected = {"pitch": 3.0, "yaw": 2 / level, "roll": np.hypot(1, 2 * slope)}
    assert told["std"] == pytest.approx(expected, abs=0.006)
    assert pose(service, method="direct") == told


def test_pnp_stays_selectable(service: Service) -> None:
    told = pose(service, method="pnp")
    assert told["method"] == "pnp"
    # Both models answer the same landmarks.
    assert told == pose(service, model="tiny-points")
    assert told["matrix"] != pose(service)["matrix"]


def test_direct_of_a_model_without_rotation_is_refused_with_a_remedy(service: Service) -> None:
    for path in ("/pose", "/landmarks", "/analyze"):
        refused = raw(service.client, path, ONE_FACE, model="tiny-points", method="direct")
        detail = problem(refused, 422, "invalid-parameter")["detail"]
        assert "tiny-points" in detail
        assert "method=pnp" in detail
        assert "model=tiny-face" in detail


def test_of_several_images_the_request_is_refused_not_each_image(service: Service) -> None:
    response = service.client.post(
        "/pose",
        files=form(ONE_FACE, ONE_FACE),
        params={"model": "tiny-points", "method": "direct"},
    )
    problem(response, 422, "invalid-parameter")


def test_conventions_rename_the_angles_and_their_deviations(service: Service) -> None:
    canonical, other = pose(service), pose(service, convention="openvino")
    assert other["pitch"] == -canonical["pitch"]
    assert other["std"] == pytest.approx(canonical["std"], abs=0.02)
    foreign = pose(service, convention="300w-lp")
    pitch, yaw, roll = Rotation.from_matrix(HEAD["rotation"]).as_euler("XYZ", degrees=True)
    assert (foreign["pitch"], foreign["yaw"], foreign["roll"]) == pytest.approx(
        (-pitch, yaw, roll), abs=0.006
    )
    assert foreign["matrix"] == canonical["matrix"]
    assert set(pose(service, convention="opencv-rodrigues")["std"].values()) == {None}


def test_the_camera_tells_from_where_the_head_is_seen(service: Service) -> None:
    """A camera that looks past the face, by 45 degrees to the image's right."""
    told = pose(service, cx=CAMERA["cx"] + 320)
    turn, _ = Rotation.align_vectors([-1.0, 0.0, 1.0], [0.0, 0.0, 1.0])
    np.testing.assert_allclose(told["matrix"], turn.as_matrix() @ HEAD["rotation"], atol=2e-6)


def test_eyes_are_the_models_own(service: Service) -> None:
    (face,) = faces(raw(service.client, "/analyze", ONE_FACE))
    assert face["eyes"] == {
        "left": {"openness": 0.3, "measurable": True},
        "right": {"openness": 0.1, "measurable": True},
    }
    assert face["usable"] == {"landmarks": True, "pose": True, "reasons": []}
    (points_alone,) = faces(raw(service.client, "/analyze", ONE_FACE, model="tiny-points"))
    assert points_alone["eyes"]["left"]["openness"] == pytest.approx(0.35, abs=0.01)
    assert face["landmarks"]["visible"] == [0.9] * 68
    assert points_alone["landmarks"] == face["landmarks"] | {"visible": None}


def test_the_callers_box_is_judged_by_the_models_presence(service: Service) -> None:
    (face,) = faces(raw(service.client, "/pose", ONE_FACE, box="39.5,49.5,80,100"))
    assert face["confidence"] is None
    assert face["usable"]["reasons"] == []


@pytest.mark.parametrize(
    ("head", "reasons"),
    [
        ({"presence": np.array(0.2)}, ["low_confidence"]),
        ({"rotation_std": np.array([20.0, 5.0, 5.0])}, ["uncertain_pose"]),
    ],
)
def test_doubts_of_the_model_reach_the_verdict(
    tmp_path: Path, head: dict[str, Any], reasons: list[str]
) -> None:
    write_detector(tmp_path / "detector")
    write_face(tmp_path / "tiny-face", head=head)
    settings = Settings(models_dir=tmp_path, self_test=False, landmarks=("tiny-face",))
    with running(settings) as started:
        (face,) = faces(raw(started.client, "/pose", ONE_FACE))
    assert face["usable"]["reasons"] == reasons
    assert not face["usable"]["pose"]


def test_a_rotation_that_is_no_number_is_the_services_fault(tmp_path: Path) -> None:
    write_detector(tmp_path / "detector")
    write_face(tmp_path / "tiny-face", head={"rotation_std": np.array([np.nan, 1.0, 1.0])})
    settings = Settings(models_dir=tmp_path, self_test=False, landmarks=("tiny-face",))
    with running(settings) as started:
        problem(raw(started.client, "/pose", ONE_FACE), 500, "internal")


def test_both_models_are_listed_and_served(service: Service) -> None:
    listed = service.client.get("/models").json()["models"]
    assert [(one["name"], one["task"], one["default"]) for one in listed] == [
        ("tiny-face", "face", True),
        ("tiny-points", "landmarks", False),
        ("detector", "detection", False),
    ]
    card = service.client.get("/models/tiny-face").json()
    assert {output["name"] for output in card["outputs"]} == {"points", "std", *HEAD}
    tensors = service.client.get("/v2/models/tiny-face").json()["outputs"]
    assert {one["name"]: one["shape"] for one in tensors}["presence"] == [-1]
    response = raw(service.client, "/landmarks", ONE_FACE)
    assert answer(response)["model"]["name"] == "tiny-face"
    other = raw(service.client, "/landmarks", ONE_FACE, model="tiny-points")
    assert answer(other)["model"]["name"] == "tiny-points"


def test_each_face_of_a_batch_gets_its_own_deviations(service: Service) -> None:
    image = picture(320, 240, {"red": (10, 10, 80, 80), "white": (150, 60, 80, 80)})
    red, white = faces(raw(service.client, "/landmarks", encoded(image)))
    assert white["landmarks"]["std"][0] > red["landmarks"]["std"][0]
