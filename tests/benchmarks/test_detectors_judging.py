"""Rows of one detector against pictures whose answers are known."""

from dataclasses import replace

import numpy as np

from app.face.card import Metric
from benchmarks.detectors_boxes import BoxCorrection
from benchmarks.detectors_judging import AS_DRAWN, CORRECTED, PictureSet, Row, judge
from benchmarks.peers.peer import FoundBoxes, found_boxes
from training.detection.images import LabelledImage

FACE = (10.0, 10.0, 40.0, 40.0)
HALF_WIDE = BoxCorrection(scale=(0.5, 1.0))


def picture(*boxes: tuple[float, float, float, float]) -> LabelledImage:
    return LabelledImage(
        source="test",
        pixels=np.zeros((8, 8, 3), np.uint8),
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        points=np.full((len(boxes), 5, 2), np.nan),
        ignored=np.empty((0, 4)),
        complete=True,
    )


def drawn(*boxes: tuple[float, float, float, float], score: float = 1.0) -> FoundBoxes:
    return found_boxes([(*box, score) for box in boxes])


def by_slice(rows: list[Row], boxes: str) -> dict[str, Metric]:
    return {row.metric.slice: row.metric for row in rows if row.boxes == boxes}


def test_recall_by_slice_with_boxes_as_drawn_and_corrected() -> None:
    masks = {"all": np.ones(4, np.bool_), "left": np.array([True, True, False, False])}
    pictures = PictureSet("faces", "faces", [picture(FACE) for _ in range(4)], masks)
    wide = (-10.0, 10.0, 90.0, 40.0)  # IoU 40 / 90 as drawn, 40 / 45 at half its width
    found = [drawn(FACE), drawn(), drawn(wide), drawn(wide)]
    rows = judge("one", pictures, found, {AS_DRAWN: BoxCorrection(), CORRECTED: HALF_WIDE})
    as_drawn, corrected = by_slice(rows, AS_DRAWN), by_slice(rows, CORRECTED)
    assert (as_drawn["all"].value, as_drawn["all"].n) == (25, 4)
    assert (as_drawn["left"].value, as_drawn["left"].n) == (50, 2)
    # The first face is hit no less: IoU 20 / 40 of the half of it.
    assert (corrected["all"].value, corrected["left"].value) == (75, 50)
    assert as_drawn["all"].interval95 is not None
    low, high = as_drawn["all"].interval95
    assert low < 25 < high


def test_heads_at_any_roll_are_found_by_either_box() -> None:
    third = BoxCorrection(scale=(1.0, 1 / 3))
    found = [drawn(FACE), drawn((10, -30, 40, 120))]
    heads = [picture(FACE), picture(FACE)]
    masks = {"all": np.ones(2, np.bool_)}
    for any_roll, share in ((False, 50), (True, 100)):
        pictures = PictureSet("heads", "heads", heads, masks, any_roll=any_roll)
        (row,) = judge("one", pictures, found, {CORRECTED: third})
        assert row.metric.value == share


def test_every_box_on_a_negative_counts() -> None:
    pictures = PictureSet("negatives", "negatives", [picture(), picture(), picture(), picture()])
    found = [drawn(FACE, FACE), drawn(), drawn(FACE), drawn()]
    (row,) = judge("one", pictures, found, {AS_DRAWN: BoxCorrection()})
    assert (row.metric.name, row.metric.value, row.metric.n) == ("false_boxes_per_image", 0.75, 4)


def test_no_false_box_at_all_is_no_certainty() -> None:
    pictures = PictureSet("negatives", "negatives", [picture() for _ in range(100)])
    (row,) = judge("one", pictures, [drawn()] * 100, {AS_DRAWN: BoxCorrection()})
    assert row.metric.value == 0
    # Wilson's upper end for 0 of n: z^2 / (n + z^2).
    assert row.metric.interval95 == (0, round(1.959964**2 / (100 + 1.959964**2), 4))


def test_average_precision_counts_ignored_faces_neither_way() -> None:
    beside = (200.0, 10.0, 40.0, 40.0)
    with_ignored = replace(picture(FACE), ignored=np.array([beside]))
    images = [with_ignored, picture(FACE, (100, 100, 9, 9))]
    pictures = PictureSet("wider", "wider", images, curve=True)
    first = found_boxes([(*beside, 1.0), (*FACE, 0.9)])
    found = [first, drawn((300, 300, 20, 20), score=0.8)]
    (row,) = judge("one", pictures, found, {AS_DRAWN: BoxCorrection()})
    # One of three faces, found before the false box.
    assert (row.metric.value, row.metric.n) == (0.3333, 3)
