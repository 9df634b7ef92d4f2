"""From a detected face to its crop."""

import numpy as np
import pytest

from app.candidates import LEAST_TILT, Candidate
from app.detection import DetectedFace
from app.face.geometry import Box
from tests.face_points import FRONTAL, rotated

BOX = Box(100.0, 80.0, 60.0, 80.0)


def detected(tilt: float, confidence: float = 0.9) -> DetectedFace:
    return DetectedFace(BOX, confidence, rotated(FRONTAL, tilt) + BOX.centre)


@pytest.mark.parametrize("tilt", [0.0, 5.0, -14.9])
def test_small_tilts_are_left_to_the_model(tilt: float) -> None:
    candidate = Candidate.found(detected(tilt))
    assert (candidate.tilt, candidate.upright) == (0.0, BOX)


@pytest.mark.parametrize("tilt", [LEAST_TILT + 0.1, -30.0, 90.0, 179.0, -150.0])
def test_larger_ones_are_undone(tilt: float) -> None:
    candidate = Candidate.found(detected(tilt))
    assert candidate.box == BOX
    assert candidate.tilt == pytest.approx(tilt)
    assert candidate.upright.centre == pytest.approx(BOX.centre)
    image = np.zeros((300, 300, 3), np.uint8)
    crop = candidate.cut(image, 64, 1.3)
    assert crop.angle == candidate.tilt
    # The face stands upright in the crop: the eyes level, the mouth below them, all in the middle.
    five = crop.points_to_crop(detected(tilt).points)
    assert five[0, 1] == pytest.approx(five[1, 1])
    assert five[0, 0] < five[2, 0] < five[1, 0]
    assert five[3, 1] > five[2, 1] > five[0, 1]
    assert five[2] == pytest.approx([0.5, 0.5])


def test_a_head_on_its_side_has_a_box_on_its_side() -> None:
    lying = DetectedFace(Box(90.0, 90.0, 80.0, 60.0), 0.9, detected(90.0).points)
    upright = Candidate.found(lying).upright
    assert (upright.width, upright.height) == pytest.approx((60.0, 80.0))


def test_the_callers_box_is_taken_as_it_is() -> None:
    assert Candidate.given(BOX) == Candidate(BOX, None, 0.0, BOX)


@pytest.mark.parametrize(("score", "confidence"), [(1.0000001, 1.0), (-1e-9, 0.0), (0.4, 0.4)])
def test_confidences_stay_within_0_and_1(score: float, confidence: float) -> None:
    assert Candidate.found(detected(0.0, score)).confidence == confidence


def test_points_that_are_no_numbers_do_no_harm() -> None:
    face = DetectedFace(BOX, 0.9, np.full((5, 2), np.nan))
    assert Candidate.found(face).tilt == 0.0
