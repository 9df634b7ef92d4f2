"""From a detected face to its crop."""

import numpy as np
import pytest

from app.detection.candidates import (
    LEAST_TILT,
    Candidate,
    cut_all,
    largest,
    most_step,
    portions,
)
from app.detection.detector import DetectedFace
from app.face.geometry import Box, face_crop
from app.images.grid import Grid
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


def test_the_largest_faces_first() -> None:
    sizes = [(10.0, 30.0), (50.0, 40.0), (5.0, 40.0), (90.0, 8.0)]
    faces = [DetectedFace(Box(x, 0, side, side), 0.9, FRONTAL) for x, side in sizes]
    assert [one.box.x for one in largest(faces, 3)] == [5.0, 50.0, 10.0]
    assert len(largest(faces, 9)) == 4


def test_how_coarse_pixels_may_be_for_crops() -> None:
    large, small = (Candidate.given(Box(0, 0, side, side)) for side in (400.0, 100.0))
    assert large.shrink(128, 1.28) == pytest.approx(4.0)
    assert most_step([large], 128, 1.28) == pytest.approx(4.0)
    assert most_step([large, small], 128, 1.28) == pytest.approx(1.0)
    tiny = Candidate.given(Box(0, 0, 10, 10))
    assert most_step([large, tiny], 128, 1.28) == 1.0, "there is nothing finer than the image"
    assert most_step([], 128, 1.28) == np.inf


def test_large_faces_are_cut_a_few_at_a_time() -> None:
    sides = [1500.0, 1500.0, 100.0, 3000.0, 10.0, 10.0]
    found = [Candidate.given(Box(0, 0, side, side)) for side in sides]
    parts = [[one.box.width for one in part] for part in portions(found, 10_000_000)]
    assert parts == [[1500.0], [1500.0, 100.0], [3000.0], [10.0, 10.0]]
    # No box looks at more than the image.
    assert [len(part) for part in portions(found, 500_000)] == [6]
    assert list(portions([], 500_000)) == []


def test_a_crop_of_coarse_pixels_shows_the_same_place() -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (60, 80, 3), np.uint8)
    whole = coarse.repeat(4, axis=0).repeat(4, axis=1)[2:, 3:]
    grid = Grid(4, left=3, top=2)
    # Its crop covers whole blocks: each of its pixels is one of the coarse ones.
    candidate = Candidate.given(Box(60 - 3 - 0.5, 40 - 2 - 0.5, 128.0, 128.0))
    (crop,) = cut_all([candidate], coarse, 32, 1.0, grid)
    np.testing.assert_array_equal(crop.pixels, coarse[10:42, 15:47])
    full = face_crop(whole, candidate.box, 32, 1.0)
    np.testing.assert_array_equal(crop.pixels, full.pixels)
    np.testing.assert_array_equal(crop.to_image, full.to_image)
