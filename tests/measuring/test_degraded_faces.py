"""Verdicts on rendered heads that are spoilt in one way each; the model knows the truth.

What is wrong with a picture shows in the picture, what is hidden in the deviations: each flips the
verdict that it should, and no other.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.detection.candidates import Candidate
from app.detection.detector import DetectedFace
from app.face.geometry import Box
from app.face.pnp import Camera
from app.faces import measure
from app.inference.model import Model
from app.measuring.alignment import Aligner
from app.measuring.pose import Method
from app.options import Options
from app.results import Face, ImageFacts
from tests.golden_heads import Head, far_away, head, turned
from tests.knowing_model import COVER, exact_answer
from tests.tiny_models import write_face

NAMES = ["frontal.png", "yaw-plus-30.png", "yaw-minus-60.png", "pitch-minus-25.png"]


@pytest.fixture(scope="module")
def aligner(tmp_path_factory: pytest.TempPathFactory) -> Aligner:
    folder = write_face(tmp_path_factory.mktemp("models") / "face", size=128)
    return Aligner(Model.open(folder, "cpu"))


def answer(aligner: Aligner, one: Head, *, method: Method | None = None, **told: Any) -> Face:
    """What the service says when its detector and its model are exact."""
    candidate = Candidate.found(DetectedFace(Box(*one.box.tolist()), 0.97, one.five))
    crop = candidate.cut(one.pixels, aligner.crop_size, aligner.crop_scale)
    height, width = one.pixels.shape[:2]
    options = Options(camera=Camera(**one.camera), method=method)
    aligned = [exact_answer(one, crop, **told)]
    (face,) = measure([candidate], [crop], aligned, aligner, options, ImageFacts(width, height, 1))
    return face


def repainted(one: Head, change: Callable[[NDArray[np.uint8]], Any]) -> Head:
    return replace(one, pixels=np.ascontiguousarray(change(one.pixels), np.uint8))


def blurred(one: Head) -> Head:
    sigma = 0.08 * float(np.sqrt(one.box[2:].prod()))
    return repainted(one, lambda pixels: cv2.GaussianBlur(pixels, (0, 0), sigma))


def darkened(one: Head) -> Head:
    return repainted(one, lambda pixels: pixels * 0.04)


def tiny(one: Head) -> Head:
    return far_away(one, 18, (160, 120), (60, 40))


def covered(one: Head, part: str) -> Head:
    """A flat thing before one half of the points."""
    left, top = np.floor(one.points.min(axis=0) - 9).astype(int)
    right, bottom = np.ceil(one.points.max(axis=0) + 9).astype(int)
    across, down = np.median(one.points, axis=0).round().astype(int)
    rows, columns = {
        "lower": (slice(down, bottom), slice(left, right)),
        "left": (slice(top, bottom), slice(left, across)),
        "right": (slice(top, bottom), slice(across, right)),
        "whole": (slice(top, bottom), slice(left, right)),
    }[part]
    pixels = one.pixels.copy()
    pixels[rows, columns] = COVER
    return replace(one, pixels=pixels)


def away(one: Head) -> Head:
    """The same picture of a head that, as the model says, looks 130 degrees to the side."""
    return replace(one, rotation=Rotation.from_euler("y", -130, degrees=True).as_matrix())


@pytest.mark.parametrize("name", [*NAMES, "yaw-plus-90.png", "roll-minus-60.png", "night.png"])
def test_a_face_as_it_is_rendered_is_usable(aligner: Aligner, name: str) -> None:
    face = answer(aligner, head(name))
    assert face.usable.reasons == ()
    assert face.usable.landmarks
    assert face.usable.pose


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("spoil", "reason", "besides"),
    [(blurred, "blurred", set()), (darkened, "dark", set()), (tiny, "small", {"blurred"})],
)
def test_what_is_wrong_with_the_picture(
    aligner: Aligner, name: str, spoil: Callable[[Head], Head], reason: str, besides: set[str]
) -> None:
    usable = answer(aligner, spoil(head(name))).usable
    assert reason in usable.reasons
    assert set(usable.reasons) <= {reason} | besides
    assert not usable.landmarks
    assert not usable.pose


@pytest.mark.parametrize("name", ["frontal.png", "yaw-plus-30.png", "pitch-minus-25.png"])
@pytest.mark.parametrize("part", ["lower", "left", "right"])
def test_half_a_face_is_occluded(aligner: Aligner, name: str, part: str) -> None:
    """Its pose stands as long as the model is sure of it; a pose from these points does not."""
    one = covered(head(name), part)
    usable = answer(aligner, one).usable
    assert usable.reasons == ("occluded",)
    assert not usable.landmarks
    assert usable.pose
    assert not answer(aligner, one, method="pnp").usable.pose
    told = answer(aligner, one, rotation_std=(18.0, 9.0, 5.0)).usable
    assert told.reasons == ("occluded", "uncertain_pose")
    assert not told.pose


def test_what_the_head_itself_hides_is_not_occluded(aligner: Aligner) -> None:
    """Of a profile the far half alone is covered: its points lie on the far side of the contour."""
    one = head("yaw-plus-90.png")
    candidate = Candidate.given(Box(*one.box.tolist()))
    crop = candidate.cut(one.pixels, aligner.crop_size, aligner.crop_scale)
    exact = exact_answer(one, crop)
    assert exact.head is not None
    # The face looks to the image's right: its left side is the far one.
    far = np.r_[9:17, 22:27, 42:48, 52:55, 63:65]
    std = exact.std_in_crop.copy()
    std[far] = 0.2
    facts = ImageFacts(one.pixels.shape[1], one.pixels.shape[0], 1)
    (face,) = measure(
        [candidate], [crop], [replace(exact, std_in_crop=std)], aligner, Options(), facts
    )
    assert face.usable.reasons == ()


def test_a_face_all_covered_is_uncertain(aligner: Aligner) -> None:
    usable = answer(aligner, covered(head("frontal.png"), "whole"), presence=0.1).usable
    assert {"uncertain", "low_confidence"} <= set(usable.reasons)
    assert "occluded" not in usable.reasons
    assert not usable.landmarks
    assert not usable.pose


@pytest.mark.parametrize("name", NAMES)
def test_a_head_turned_away_is_out_of_range(aligner: Aligner, name: str) -> None:
    usable = answer(aligner, away(head(name))).usable
    assert usable.reasons == ("out_of_range",)
    assert usable.landmarks
    assert not usable.pose


def test_a_place_without_a_face_is_doubted_whatever_the_detector_says(aligner: Aligner) -> None:
    usable = answer(aligner, head("frontal.png"), presence=0.2).usable
    assert usable.reasons == ("low_confidence",)
    assert not usable.landmarks
    assert not usable.pose


@pytest.mark.parametrize("degrees", [-150, -90, -40, 20, 65, 120, 180])
@pytest.mark.parametrize("name", [*NAMES, "combined-b.png"])
def test_a_tilted_head_comes_back_exactly(aligner: Aligner, name: str, degrees: int) -> None:
    """Cut upright, answered as the crop shows it, turned back: rotation, points and verdict."""
    tilted = turned(head(name), degrees)
    face = answer(aligner, tilted)
    assert face.pose is not None
    assert face.pose.method == "direct"
    between = Rotation.from_matrix(face.pose.rotation).inv() * Rotation.from_matrix(tilted.rotation)
    assert np.degrees(between.magnitude()) < 1e-6
    np.testing.assert_allclose(face.points, tilted.points, atol=1e-6)
    assert face.usable.reasons == ()


@pytest.mark.parametrize("degrees", [0, 90])
def test_both_methods_agree_on_exact_answers(aligner: Aligner, degrees: int) -> None:
    one = turned(head("combined-a.png"), degrees)
    direct, pnp = answer(aligner, one), answer(aligner, one, method="pnp")
    assert direct.pose is not None
    assert pnp.pose is not None
    assert (direct.pose.method, pnp.pose.method) == ("direct", "pnp")
    between = Rotation.from_matrix(direct.pose.rotation).inv() * Rotation.from_matrix(
        pnp.pose.rotation
    )
    # One mean head stands for everybody.
    assert 1e-3 < np.degrees(between.magnitude()) < 8
    assert pnp.usable.pose


def test_a_pose_from_landmarks_that_the_model_contradicts_is_uncertain(aligner: Aligner) -> None:
    one = head("frontal.png")
    other = Rotation.from_euler("y", 40, degrees=True).as_matrix()
    usable = answer(aligner, replace(one, rotation=other), method="pnp").usable
    assert usable.reasons == ("uncertain_pose",)
    assert not usable.pose


def test_openness_is_the_models_own(aligner: Aligner) -> None:
    """Right eye first; of a head turned to the image's right the nose hides the left eye alone."""
    face = answer(aligner, head("yaw-plus-30.png"), openness=(0.1, -0.02))
    assert face.eyes is not None
    assert (face.eyes.right.openness, face.eyes.left.openness) == (0.1, 0.0)
    assert face.eyes.right.measurable
    assert face.eyes.left.measurable
    profile = answer(aligner, head("yaw-plus-90.png"), openness=(0.3, 0.3)).eyes
    assert profile is not None
    assert not profile.left.measurable
    mirrored = answer(aligner, head("yaw-minus-90.png"), openness=(0.3, 0.3)).eyes
    assert mirrored is not None
    assert not mirrored.right.measurable
