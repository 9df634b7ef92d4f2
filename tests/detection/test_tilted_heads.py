"""Heads at every roll: exact detections of turned renders, through crop, shipped model and back."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.detection.candidates import Candidate
from app.detection.detector import DetectedFace
from app.face.geometry import Box
from app.face.landmarks import scheme
from app.face.pnp import Camera
from app.faces import measure
from app.inference.model import Model
from app.measuring.alignment import Aligner
from app.options import Options
from app.results import Face, ImageFacts
from app.settings import Settings
from tests.golden_heads import Head, head, turned

NAMES = ["frontal.png", "yaw-plus-30.png", "pitch-minus-25.png", "combined-b.png", "glasses.png"]
TURNS = [turn for turn in range(-150, 181, 30) if turn]


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    folder: Path = Settings().models_dir / "landmarks-68"
    return Aligner(Model.open(folder, "cpu"))


def answer(aligner: Aligner, one: Head, *, undo_tilt: bool = True) -> Face:
    """What the service says when its detector is exact."""
    candidate = Candidate.found(DetectedFace(Box(*one.box.tolist()), 0.97, one.five))
    if not undo_tilt:
        candidate = Candidate(candidate.box, candidate.confidence, 0.0, candidate.box)
    crop = candidate.cut(one.pixels, aligner.crop_size, aligner.crop_scale)
    height, width = one.pixels.shape[:2]
    options = Options(camera=Camera(**one.camera))
    aligned = aligner.run([crop.pixels])
    (face,) = measure([candidate], [crop], aligned, aligner, options, ImageFacts(width, height, 1))
    return face


def point_error(face: Face, one: Head) -> float:
    distance = np.linalg.norm(face.points - one.points, axis=1).mean()
    return float(distance / scheme("ibug-68").nme_distance(one.points))


def degrees_apart(face: Face, one: Head) -> float:
    assert face.pose is not None
    between = Rotation.from_matrix(face.pose.rotation).inv() * Rotation.from_matrix(one.rotation)
    return float(np.degrees(between.magnitude()))


@pytest.mark.parametrize("degrees", TURNS)
@pytest.mark.parametrize("name", NAMES)
def test_a_turned_head_is_read_as_well_as_an_upright_one(
    aligner: Aligner, name: str, degrees: int
) -> None:
    upright, tilted = head(name), turned(head(name), degrees)
    before, after = answer(aligner, upright), answer(aligner, tilted)
    assert point_error(after, tilted) < point_error(before, upright) + 0.015
    assert degrees_apart(after, tilted) < degrees_apart(before, upright) + 3
    size = float(np.sqrt(upright.box[2:].prod()))
    assert after.std.mean() / size == pytest.approx(before.std.mean() / size, rel=0.15)
    assert before.eyes is not None
    assert after.eyes is not None
    for side in ("left", "right"):
        first, second = getattr(before.eyes, side), getattr(after.eyes, side)
        assert second.openness == pytest.approx(first.openness, abs=0.06)
        assert second.measurable == first.measurable
    assert after.usable == before.usable
    assert after.usable.landmarks
    assert after.quality.brightness == pytest.approx(before.quality.brightness, abs=0.02)
    assert after.quality.sharpness == pytest.approx(before.quality.sharpness, abs=0.05)
    assert not after.quality.truncated


@pytest.mark.parametrize("degrees", TURNS)
def test_the_angles_are_those_of_the_turned_head(aligner: Aligner, degrees: int) -> None:
    """A frontal head turned by any angle: that roll, no yaw, no pitch; the answer's box is the one
    that was found.
    """
    tilted = turned(head("frontal.png"), degrees)
    face = answer(aligner, tilted)
    assert face.pose is not None
    assert abs((face.pose.roll - degrees + 180) % 360 - 180) < 5
    assert abs(face.pose.yaw) < 8
    assert abs(face.pose.pitch) < 15
    assert face.box == Box(*tilted.box.tolist())
    assert face.confidence == 0.97


def test_the_verdict_looks_at_the_head_as_it_would_stand_upright(aligner: Aligner) -> None:
    """Turned by 90 degrees, a head that looks 30 degrees to the side looks 30 degrees down; turned
    away it is neither way, and its eyes are seen as well as before.
    """
    face = answer(aligner, turned(head("yaw-plus-30.png"), 90))
    assert face.pose is not None
    assert face.pose.pitch < -20
    assert abs(face.pose.yaw) < 10
    assert face.usable.reasons == ()
    assert face.eyes is not None
    assert face.eyes.left.measurable
    assert face.eyes.right.measurable


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_without_undoing_the_tilt_these_heads_are_lost(aligner: Aligner, degrees: int) -> None:
    tilted = turned(head("frontal.png"), degrees)
    lost = answer(aligner, tilted, undo_tilt=False)
    assert degrees_apart(lost, tilted) > 20
    assert not lost.usable.landmarks
