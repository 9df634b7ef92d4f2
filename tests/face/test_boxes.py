"""Fitting images into the detector's input and suppressing repeated boxes."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.face.boxes import detector_frame, frame_size, pairwise_iou, select_faces, suppress
from app.face.geometry import Box


def _image(width: int, height: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _boxes(seed: int, count: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(0, 100, (count, 2)), rng.uniform(5, 60, (count, 2))], axis=1)


@pytest.mark.parametrize(
    ("size", "long_side", "max_enlarge", "expected"),
    [
        ((640, 480), 320, 1.0, (320, 240)),
        ((480, 640), 320, 1.0, (240, 320)),
        ((80, 60), 320, 1.0, (80, 60)),
        ((80, 60), 320, 2.0, (160, 120)),
        ((80, 60), 320, 9.0, (320, 240)),
        ((20000, 1), 320, 1.0, (320, 1)),
        ((1, 1), 320, 1.0, (1, 1)),
    ],
)
def test_the_long_side_decides_the_size(
    size: tuple[int, int], long_side: int, max_enlarge: float, expected: tuple[int, int]
) -> None:
    assert frame_size(*size, long_side, max_enlarge=max_enlarge) == expected


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        frame_size(0, 4, 320)


def test_a_small_image_is_padded_and_not_touched() -> None:
    image = _image(70, 33)
    frame = detector_frame(image, 320)
    assert frame.pixels.shape == (64, 96, 3)
    assert frame.content == (70, 33)
    np.testing.assert_array_equal(frame.pixels[:33, :70], image)
    assert not frame.pixels[33:].any()
    assert not frame.pixels[:, 70:].any()


def test_shrinking_averages_areas() -> None:
    image = _image(640, 480)
    frame = detector_frame(image, 320)
    blocks = image.reshape(240, 2, 320, 2, 3).mean(axis=(1, 3))
    assert np.abs(frame.pixels[:240] - blocks).max() <= 0.5


@settings(deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([96, 320, 416]))
def test_every_side_is_a_positive_multiple_of_32(width: int, height: int, long_side: int) -> None:
    frame = detector_frame(np.zeros((height, width, 3), np.uint8), long_side)
    sides = np.array(frame.pixels.shape[:2])
    assert (sides % 32 == 0).all()
    assert (sides >= 32).all()
    assert max(frame.content) <= long_side


@settings(deadline=None)
@given(st.integers(1, 900), st.integers(1, 900))
def test_the_corners_of_the_content_are_the_corners_of_the_image(width: int, height: int) -> None:
    frame = detector_frame(np.zeros((height, width, 3), np.uint8), 320)
    content = np.array([[-0.5, -0.5], np.array(frame.content) - 0.5])
    corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
    np.testing.assert_allclose(frame.points_to_image(content), corners, atol=1e-9)
    np.testing.assert_allclose(frame.points_to_frame(corners), content, atol=1e-9)
    box = frame.boxes_to_image(np.array([[-0.5, -0.5, *frame.content]], dtype=np.float64))
    np.testing.assert_allclose(box, [[-0.5, -0.5, width, height]], atol=1e-9)


@pytest.mark.parametrize("long_side", [160, 320, 480])  # by areas, and twice bilinear
def test_a_spot_is_where_the_mapping_says(long_side: int) -> None:
    image = np.zeros((300, 500, 3), np.uint8)
    cv2.circle(image, (371, 122), 9, (255, 255, 255), -1)
    # Without hard edges, whose place every way of scaling shifts by some tenths of a pixel.
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 3.0), np.uint8)
    frame = detector_frame(image, long_side)
    weight = frame.pixels[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    centre = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    np.testing.assert_allclose(frame.points_to_image(centre), [371, 122], atol=0.05)


def test_overlap_by_hand() -> None:
    first = np.array([[0.0, 0, 10, 10], [0, 0, 0, 0]])
    second = np.array([[5.0, 0, 10, 10], [20, 20, 5, 5], [0, 0, 10, 10]])
    np.testing.assert_allclose(pairwise_iou(first, second), [[1 / 3, 0.0, 1.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("threshold", [0.2, 0.4, 0.7])
def test_suppression_agrees_with_opencv(seed: int, threshold: float) -> None:
    boxes = _boxes(seed, 60)
    scores = np.random.default_rng(seed + 100).permutation(60) / 60 + 0.01
    expected = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.0, threshold)
    np.testing.assert_array_equal(suppress(boxes, scores, threshold), np.ravel(expected))


def test_suppression_of_nothing_and_up_to_a_limit() -> None:
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.5).shape == (0,)
    apart = np.array([[0.0, 0, 1, 1], [5, 0, 1, 1], [9, 0, 1, 1]])
    np.testing.assert_array_equal(suppress(apart, np.array([0.1, 0.9, 0.5]), 0.5, limit=2), [1, 2])


def test_of_equal_boxes_the_first_stays() -> None:
    boxes = np.array([[0.0, 0, 4, 4], [0, 0, 4, 4]])
    np.testing.assert_array_equal(suppress(boxes, np.array([0.5, 0.5]), 0.5), [0])


def test_selected_faces_are_good_whole_and_in_image_pixels() -> None:
    frame = detector_frame(np.zeros((480, 640, 3), np.uint8), 320)
    boxes = np.array(
        [
            [9.5, 19.5, 40, 50],  # the face
            [10.5, 19.5, 40, 50],  # again, worse
            [200, 100, 20, 20],  # too low a score
            [100, 236, 20, 20],  # its centre lies in the padding
            [50, 50, 0, 20],  # no area
            [np.nan, 50, 20, 20],
        ]
    )
    scores = np.array([0.9, 0.8, 0.2, 0.9, 0.9, 0.9], np.float32)
    points = np.broadcast_to(boxes[:, None, :2], (6, 5, 2)) + 10
    faces = select_faces(frame, boxes, scores, points, score=0.5, nms_iou=0.4)
    assert len(faces) == 1
    np.testing.assert_allclose(faces.boxes, [[19.5, 39.5, 80, 100]])
    np.testing.assert_allclose(faces.points, np.broadcast_to([39.5, 59.5], (1, 5, 2)))
    np.testing.assert_allclose(faces.scores, [0.9], rtol=1e-6)


def _naive(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    content: tuple[int, int],
    score: float,
    most: int,
) -> list[int]:
    """What `select_faces` keeps, box by box."""
    good = []
    for index, (x, y, width, height) in enumerate(boxes.astype(np.float64).tolist()):
        middle = (x + width / 2, y + height / 2)
        within = -0.5 <= middle[0] <= content[0] - 0.5 and -0.5 <= middle[1] <= content[1] - 0.5
        if scores[index] >= score and width > 0 and height > 0 and within:
            good.append(index)
    good = sorted(good, key=lambda index: (-scores[index], index))[:most]
    kept: list[int] = []
    for index in good:
        box = Box(*boxes[index].astype(np.float64).tolist())
        if all(box.iou(Box(*boxes[k].astype(np.float64).tolist())) <= 0.4 for k in kept):
            kept.append(index)
    return kept


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("cells", [0, 1, 63, 64, 65, 400, 2100])
def test_selection_against_one_box_at_a_time(seed: int, cells: int) -> None:
    """Crowds and single faces, sorted as the exported network answers, and not sorted."""
    rng = np.random.default_rng(seed)
    frame = detector_frame(np.zeros((300, 640, 3), np.uint8), 320)
    faces = int(rng.choice([1, 5, 100]))
    centres = rng.uniform((-10, -10), (330, 170), (faces, 2))[rng.integers(0, faces, cells)]
    sizes = rng.uniform(-2, 40, (cells, 2))
    corners = centres + rng.normal(0, 3, (cells, 2)) - sizes / 2
    boxes = np.asarray(np.concatenate([corners, sizes], axis=1), np.float32)
    scores = np.asarray(rng.integers(0, 50, cells) / 50, np.float32)
    if seed % 2:
        order = np.argsort(-scores, kind="stable")
        boxes, scores = boxes[order], scores[order]
    points = rng.uniform(0, 320, (cells, 5, 2)).astype(np.float32)
    most = 400 if seed % 3 else 50
    found = select_faces(frame, boxes, scores, points, score=0.3, nms_iou=0.4, max_candidates=most)
    kept = _naive(boxes, scores, frame.content, 0.3, most)
    np.testing.assert_array_equal(found.scores, scores[kept])
    np.testing.assert_allclose(found.boxes, frame.boxes_to_image(boxes[kept]))
    np.testing.assert_allclose(found.points, frame.points_to_image(points[kept]))
