"""Models that state no deviations, over HTTP: points of any scheme, a rotation alone, or both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.face.landmarks import scheme
from app.settings import Settings
from tests.service.serving import ONE_FACE, Service, faces, problem, raw, running
from tests.tiny_models import (
    HEAD,
    TEMPLATE_68,
    keep_outputs,
    write_detector,
    write_face,
    write_landmarks,
)

# Looks at the middle of the face.
CAMERA = {"fx": 320.0, "fy": 320.0, "cx": 79.5, "cy": 99.5}
SCHEMES = ("aflw-21", "muct-76", "ibug-68")


def template(name: str) -> Any:
    """(K, 2): places of the 68 points, repeated as often as it takes."""
    return np.resize(TEMPLATE_68, (len(scheme(name)), 2))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("models")
    write_detector(folder / "detector")
    write_face(folder / "tiny-face")
    for name in SCHEMES:
        written = write_landmarks(folder / name, template=template(name), scheme=name)
        keep_outputs(written, "points")
    keep_outputs(write_face(folder / "turned"), "rotation", task="pose", scheme=None)
    keep_outputs(write_face(folder / "both"), "points", "rotation", task="pose")
    names = ("tiny-face", *SCHEMES, "turned", "both")
    with running(Settings(models_dir=folder, self_test=False, landmarks=names)) as started:
        yield started


def ask(service: Service, path: str, **query: Any) -> dict[str, Any]:
    (face,) = faces(raw(service.client, path, ONE_FACE, **CAMERA | query))
    return face


@pytest.mark.parametrize("name", SCHEMES)
def test_points_of_any_scheme_are_answered_without_deviations(service: Service, name: str) -> None:
    face = ask(service, "/landmarks", model=name)
    told = face["landmarks"]
    assert told["scheme"] == name
    assert (told["std"], told["visible"]) == (None, None)
    rated = ask(service, "/landmarks")["landmarks"]["points"]
    np.testing.assert_allclose(told["points"], np.resize(rated, (len(scheme(name)), 2)), atol=0.01)
    without = [] if name == "ibug-68" else ["no_pose"]
    assert face["usable"] == {"landmarks": False, "pose": False, "reasons": ["unrated", *without]}


def test_eyes_of_68_points_are_told_but_not_measurable(service: Service) -> None:
    eyes = ask(service, "/analyze", model="ibug-68")["eyes"]
    assert eyes["left"]["openness"] == pytest.approx(0.35, abs=0.01)
    assert not eyes["left"]["measurable"]
    assert ask(service, "/analyze", model="aflw-21")["eyes"] is None


def test_a_pose_follows_from_68_points_alone(service: Service) -> None:
    found = ask(service, "/pose", model="ibug-68")["pose"]
    assert (found["method"], found["std"]) == ("pnp", None)
    rated = ask(service, "/pose", method="pnp")["pose"]
    assert found["matrix"] == rated["matrix"]
    assert ask(service, "/pose", model="muct-76")["pose"] is None


@pytest.mark.parametrize("name", ["turned", "both"])
def test_a_rotation_is_the_models_own(service: Service, name: str) -> None:
    face = ask(service, "/pose", model=name)
    assert (face["pose"]["method"], face["pose"]["std"]) == ("direct", None)
    np.testing.assert_allclose(face["pose"]["matrix"], HEAD["rotation"], atol=2e-6)
    assert face["usable"] == {"landmarks": False, "pose": False, "reasons": ["unrated"]}


def test_what_such_models_know_of_a_face(service: Service) -> None:
    alone, both = (ask(service, "/analyze", model=name) for name in ("turned", "both"))
    assert (alone["landmarks"], alone["eyes"]) == (None, None)
    assert alone["quality"] == both["quality"]
    assert len(both["landmarks"]["points"]) == 68
    assert ask(service, "/pose", model="both", method="pnp")["pose"]["method"] == "pnp"


@pytest.mark.parametrize(("path", "query"), [("/landmarks", {}), ("/pose", {"method": "pnp"})])
def test_landmarks_that_a_model_does_not_know_are_refused(
    service: Service, path: str, query: dict[str, str]
) -> None:
    answer = raw(service.client, path, ONE_FACE, model="turned", **query)
    fault = problem(answer, 422, "invalid-parameter")
    assert "turned tells the rotation alone" in fault["detail"]
    assert "model=tiny-face" in fault["detail"]


@pytest.mark.parametrize("path", ["/pose", "/landmarks"])
def test_pnp_is_refused_for_points_that_it_cannot_use(service: Service, path: str) -> None:
    answer = raw(service.client, path, ONE_FACE, model="aflw-21", method="pnp")
    detail = problem(answer, 422, "invalid-parameter")["detail"]
    assert "pnp needs the 68 points of ibug-68, and aflw-21 knows those of aflw-21" in detail
    assert "model=tiny-face" in detail


def test_the_image_still_counts_against_them(service: Service) -> None:
    face = ask(service, "/pose", model="turned", box="60,80,15,20")
    assert face["usable"]["reasons"] == ["small", "blurred", "unrated"]


def test_they_are_listed_with_their_task(service: Service) -> None:
    listed = {one["name"]: one for one in service.client.get("/models").json()["models"]}
    assert (listed["turned"]["task"], listed["turned"]["scheme"]) == ("pose", None)
    assert listed["aflw-21"]["scheme"] == "aflw-21"
