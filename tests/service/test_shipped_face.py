"""The face models that are shipped, on rendered heads with exact labels, over HTTP.

One run for each folder of models/ whose card says "face", whether it is the default or not.
Tolerances are those of the models: annotators place points a few percent away from the mesh's
vertices, and their zero of pitch is another.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.card import load_card
from app.face.geometry import Box, face_box
from app.face.landmarks import scheme
from app.settings import Settings
from tests.golden_heads import GOLDEN, LABELS, Head, far_away, head, turned
from tests.service.serving import Service, encoded, faces, running

MODELS = Settings().models_dir
FACE_MODELS = sorted(
    path.parent.name for path in MODELS.glob("*/card.json") if load_card(path.parent).task == "face"
)
if not FACE_MODELS:
    pytest.skip("models/ holds no face model", allow_module_level=True)

PLAIN = [
    "frontal.png",
    "frontal-dark.png",
    "yaw-plus-30.png",
    "yaw-minus-30.png",
    "yaw-plus-60.png",
    "yaw-minus-60.png",
    "pitch-plus-25.png",
    "pitch-minus-25.png",
    "roll-plus-30.png",
    "combined-a.png",
    "combined-b.png",
    "glasses.png",
    "infrared.png",
]
PROFILES = ["yaw-plus-90.png", "yaw-minus-90.png"]
# What the models of November 2026 cannot do yet; their cards say so. A model that can makes these
# tests fail: then they go.
NOT_YET = pytest.mark.xfail(reason="stands on the card under limits")
COVERS_NOT_TOLD = {
    "face-68": {
        ("frontal.png", "right"),
        ("yaw-plus-30.png", "right"),
        ("yaw-minus-30.png", "left"),
    },
    "face-68-research": {("yaw-minus-30.png", "left")},
}
CLEAR = ["frontal.png", "frontal-dark.png", "yaw-plus-30.png", "yaw-minus-30.png"]


@pytest.fixture(scope="module", params=FACE_MODELS)
def shipped(request: pytest.FixtureRequest) -> Iterator[Service]:
    # The self-test is recorded for the default model alone.
    with running(Settings(landmarks=(request.param,), self_test=False)) as service:
        yield service


def ask(service: Service, one: Head, box: Box | None = None, **query: Any) -> dict[str, Any]:
    """The answer for the head's own box, or another."""
    own = box or Box(*one.box.tolist())
    numbers = f"{own.x},{own.y},{own.width},{own.height}"
    response = service.client.post(
        "/analyze",
        content=encoded(one.pixels),
        params={"box": numbers, **one.camera, **query},
        headers={"content-type": "image/png"},
    )
    (face,) = faces(response)
    return face


def found(service: Service, one: Head) -> dict[str, Any]:
    """The answer for the face that the detector finds, which undoes its tilt."""
    response = service.client.post(
        "/analyze", content=encoded(one.pixels), headers={"content-type": "image/png"}
    )
    (face,) = faces(response)
    return face


def degrees_apart(face: dict[str, Any], one: Head) -> float:
    between = Rotation.from_matrix(face["pose"]["matrix"]).inv() * Rotation.from_matrix(
        one.rotation
    )
    return float(np.degrees(between.magnitude()))


def repainted(one: Head, pixels: NDArray[Any]) -> Head:
    return replace(one, pixels=np.ascontiguousarray(pixels, np.uint8))


def size_of(one: Head) -> float:
    return float(np.sqrt(one.box[2:].prod()))


def half_covered(one: Head, part: str) -> Head:
    """A grey board before the points of one half."""
    pixels = one.pixels.copy()
    across, down = np.median(one.points, axis=0).round().astype(int)
    margin = round(0.15 * size_of(one))
    left, top = np.maximum(one.points.min(axis=0).astype(int) - margin, 0)
    right, bottom = one.points.max(axis=0).astype(int) + margin
    halves = {
        "lower": (slice(down, bottom), slice(left, right)),
        "left": (slice(top, bottom), slice(left, across)),
        "right": (slice(top, bottom), slice(across, right)),
    }
    pixels[halves[part]] = 128
    return repainted(one, pixels)


UPRIGHT = [
    name
    for name, entry in LABELS.items()
    if len(entry["faces"]) == 1
    and abs(entry["faces"][0]["yaw"]) < 65
    and abs(entry["faces"][0]["roll"]) < 20
]


def test_with_its_camera_a_head_looks_neither_up_nor_down_too_much(shipped: Service) -> None:
    """Over all golden heads. Where a camera looks at the middle of their boxes, which lies below
    their eyes, they are about 2 degrees too high.
    """
    errors = [
        ask(shipped, one)["pose"]["pitch"] - LABELS[name]["faces"][0]["pitch"]
        for name, one in ((name, head(name)) for name in UPRIGHT)
    ]
    assert len(errors) > 25
    assert abs(np.mean(errors)) < 1.0


@pytest.mark.parametrize("name", PLAIN)
def test_points_and_rotation_are_near_the_exact_labels(shipped: Service, name: str) -> None:
    one = head(name)
    face = ask(shipped, one)
    assert face["pose"]["method"] == "direct"
    assert degrees_apart(face, one) < 15
    distance = np.linalg.norm(np.array(face["landmarks"]["points"]) - one.points, axis=1).mean()
    if abs(LABELS[name]["faces"][0]["yaw"]) <= 45:  # both eyes are seen
        assert distance < 0.12 * scheme("ibug-68").nme_distance(one.points)
    assert distance < 0.06 * size_of(one)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_the_right_side_or_is_not_usable(shipped: Service, name: str) -> None:
    one = head(name)
    face = ask(shipped, one)
    assert degrees_apart(face, one) < 20 or not face["usable"]["pose"]
    assert np.sign(face["pose"]["yaw"]) == (1 if "plus" in name else -1)


def test_deviations_are_of_the_size_of_the_errors(shipped: Service) -> None:
    """Not calibrated on these few heads, but no dream: nine of ten within three deviations."""
    inside = []
    for name in PLAIN:
        one = head(name)
        face = ask(shipped, one)
        std = np.linalg.norm(list(face["pose"]["std"].values()))
        inside.append(degrees_apart(face, one) < 3 * std)
        assert 0.5 < std < 30
    assert np.mean(inside) >= 0.9


@pytest.mark.parametrize("degrees", [-30, 30])
@pytest.mark.parametrize("name", CLEAR)
def test_a_tilt_that_was_undone_is_put_back(shipped: Service, name: str, degrees: int) -> None:
    tilted = turned(head(name), degrees)
    face = found(shipped, tilted)
    assert degrees_apart(face, tilted) < 15
    assert face["usable"] == {"landmarks": True, "pose": True, "reasons": []}


@pytest.mark.parametrize("name", ["frontal.png", "combined-a.png"])
def test_pnp_tells_nearly_the_same(shipped: Service, name: str) -> None:
    one = head(name)
    face = ask(shipped, one, method="pnp")
    assert face["pose"]["method"] == "pnp"
    assert degrees_apart(face, one) < 15


def test_open_and_shut_eyes(shipped: Service) -> None:
    shut, opened = ask(shipped, head("eyes-shut.png")), ask(shipped, head("frontal.png"))
    (label,) = LABELS["frontal.png"]["faces"]
    for place, side in enumerate(("right", "left")):
        assert shut["eyes"][side]["openness"] < 0.1 < opened["eyes"][side]["openness"]
        exact = label["eye_openness"][place]
        assert opened["eyes"][side]["openness"] == pytest.approx(exact, abs=0.1)
        assert opened["eyes"][side]["measurable"]


@pytest.mark.parametrize("grey", [False, True])
def test_eyes_behind_dark_glasses_are_not_measurable(shipped: Service, grey: bool) -> None:
    one = head("sunglasses.png")
    if grey:
        luma = cv2.cvtColor(one.pixels, cv2.COLOR_RGB2GRAY)
        one = repainted(one, np.repeat(luma[..., None], 3, axis=2))
    eyes = ask(shipped, one)["eyes"]
    assert not eyes["left"]["measurable"]
    assert not eyes["right"]["measurable"]


def moved(one: Head, dx: float, dy: float, side: float = 1.0) -> Box:
    """The head's box moved by shares of its sides, and scaled."""
    x, y, width, height = one.box.tolist()
    x, y = x + (dx + (1 - side) / 2) * width, y + (dy + (1 - side) / 2) * height
    return Box(x, y, side * width, side * height)


BESIDE = [(0.3, 0.0), (-0.3, 0.0), (0.0, 0.3), (0.0, -0.3)]


@pytest.mark.parametrize("side", [0.8, 1.0, 1.5])
@pytest.mark.parametrize("name", [*CLEAR, "pitch-minus-25.png", "combined-a.png"])
def test_a_box_beside_the_face_tells_no_pose(shipped: Service, name: str, side: float) -> None:
    one = head(name)
    for dx, dy in BESIDE:
        face = ask(shipped, one, moved(one, dx, dy, side))
        assert not face["usable"]["pose"], (dx, dy, degrees_apart(face, one))


@pytest.mark.parametrize("name", CLEAR)
def test_a_box_somewhat_off_tells_the_pose(shipped: Service, name: str) -> None:
    one = head(name)
    for dx, dy, side in ((0.1, 0, 0.9), (-0.1, 0, 0.9), (0, 0.1, 1.1), (0, -0.1, 1.1)):
        face = ask(shipped, one, moved(one, dx, dy, side))
        assert face["usable"]["pose"], (dx, dy, side)
        assert degrees_apart(face, one) < 15


@pytest.mark.parametrize("name", CLEAR)
def test_the_box_of_the_answered_landmarks_mends_a_box_beside_the_face(
    shipped: Service, name: str
) -> None:
    """What docs/api.md tells those to do who sent such a box."""
    one = head(name)
    for dx, dy in ((0.2, 0.0), (-0.2, 0.0), (0.0, 0.2), (0.0, -0.2)):
        first = ask(shipped, one, moved(one, dx, dy))
        second = ask(shipped, one, face_box(np.array(first["landmarks"]["points"])))
        assert second["usable"]["pose"], (dx, dy)
        assert degrees_apart(second, one) < 15


def test_a_box_between_two_faces_tells_no_pose(shipped: Service) -> None:
    """Half of it lies on the one to the left, whose pose would be 30 degrees off."""
    response = shipped.client.post(
        "/analyze",
        content=(GOLDEN / "two-faces.png").read_bytes(),
        params={"box": "147.9,96.8,135,181.9"},
        headers={"content-type": "image/png"},
    )
    (face,) = faces(response)
    assert not face["usable"]["pose"]


@pytest.mark.parametrize("name", [*PLAIN, "night.png", "side-light.png", "mouth-open.png"])
def test_a_face_seen_well_is_usable(shipped: Service, name: str) -> None:
    assert ask(shipped, head(name))["usable"] == {"landmarks": True, "pose": True, "reasons": []}


def blurred(one: Head) -> Head:
    return repainted(one, cv2.GaussianBlur(one.pixels, (0, 0), 0.08 * size_of(one)))


def darkened(one: Head) -> Head:
    return repainted(one, one.pixels * 0.04)


def tiny(one: Head) -> Head:
    return far_away(one, 18, (160, 120), (60, 40))


@pytest.mark.parametrize("name", CLEAR)
@pytest.mark.parametrize(
    ("spoil", "reason"), [(blurred, "blurred"), (darkened, "dark"), (tiny, "small")]
)
def test_a_spoilt_picture_flips_its_verdict(
    shipped: Service, name: str, spoil: Callable[[Head], Head], reason: str
) -> None:
    usable = ask(shipped, spoil(head(name)))["usable"]
    assert reason in usable["reasons"]
    assert not usable["landmarks"]
    assert not usable["pose"]


@pytest.mark.parametrize("part", ["lower", "left", "right"])
@pytest.mark.parametrize("name", CLEAR)
def test_deviations_rise_where_a_face_is_covered(shipped: Service, name: str, part: str) -> None:
    one = head(name)
    clear, covered = ask(shipped, one), ask(shipped, half_covered(one, part))
    assert max(covered["landmarks"]["std"]) > 1.2 * max(clear["landmarks"]["std"])


@pytest.mark.parametrize("part", ["lower", "left", "right"])
@pytest.mark.parametrize("name", CLEAR)
def test_half_a_face_is_occluded(
    request: pytest.FixtureRequest, shipped: Service, name: str, part: str
) -> None:
    if (name, part) in COVERS_NOT_TOLD[request.node.callspec.params["shipped"]]:
        request.applymarker(NOT_YET)
    usable = ask(shipped, half_covered(head(name), part))["usable"]
    assert {"occluded", "uncertain", "low_confidence"} & set(usable["reasons"])
    assert not usable["landmarks"]


@pytest.mark.parametrize("side", [60, 120, 200])
def test_there_is_no_face_in_noise_or_on_an_even_wall(shipped: Service, side: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    wall = np.full((256, 256, 3), 120, np.uint8)
    for pixels in (noise, wall):
        one = repainted(head("frontal.png"), pixels)
        usable = ask(shipped, one, Box(20, 20, side, side))["usable"]
        assert not usable["landmarks"]
        assert not usable["pose"]
        assert "low_confidence" in usable["reasons"]
