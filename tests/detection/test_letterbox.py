"""Which pictures share a run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.detection.letterbox import Letterbox, letterboxes

SIDES = st.integers(1, 12).map(lambda tiles: 32 * tiles)
ANY = 10**9


def shapes(boxes: list[Letterbox]) -> list[tuple[int, int, tuple[int, ...]]]:
    return sorted((box.height, box.width, box.members) for box in boxes)


def test_equal_shapes_go_together_and_others_apart() -> None:
    sizes = [(240, 320), (320, 240), (240, 320), (64, 64), (320, 240)]
    found = letterboxes(sizes, padding=0, most_pixels=ANY)
    assert shapes(found) == [(64, 64, (3,)), (240, 320, (0, 2)), (320, 240, (1, 4))]


def test_a_picture_alone_keeps_its_shape() -> None:
    assert letterboxes([(96, 320)], padding=ANY, most_pixels=1) == [Letterbox(96, 320, (0,))]
    assert letterboxes([], padding=ANY, most_pixels=ANY) == []


def test_padding_is_spent_only_where_a_run_is_worth_it() -> None:
    sizes = [(256, 320), (224, 320), (320, 64)]
    # 32 x 320 pixels of black make the second one as high as the first.
    assert len(letterboxes(sizes, padding=32 * 320 - 1, most_pixels=ANY)) == 3
    assert shapes(letterboxes(sizes, padding=32 * 320, most_pixels=ANY)) == [
        (256, 320, (0, 1)),
        (320, 64, (2,)),
    ]
    assert shapes(letterboxes(sizes, padding=ANY, most_pixels=ANY)) == [(320, 320, (0, 1, 2))]


def test_a_picture_joins_where_it_wastes_least() -> None:
    sizes = [(320, 320), (160, 320), (128, 320)]
    found = letterboxes(sizes, padding=32 * 320, most_pixels=ANY)
    assert shapes(found) == [(160, 320, (1, 2)), (320, 320, (0,))]


def test_runs_of_several_are_bounded_and_large_pictures_go_alone() -> None:
    found = letterboxes([(64, 64)] * 5 + [(640, 640)], padding=ANY, most_pixels=2 * 64 * 64)
    assert sorted(len(box.members) for box in found) == [1, 1, 2, 2]


@given(st.lists(st.tuples(SIDES, SIDES), max_size=32), st.integers(0, 200_000))
def test_each_picture_is_in_one_run_and_padding_pays(
    sizes: list[tuple[int, int]], padding: int
) -> None:
    most = 8 * 320 * 320
    boxes = letterboxes(sizes, padding=padding, most_pixels=most)
    assert sorted(member for box in boxes for member in box.members) == list(range(len(sizes)))
    for box in boxes:
        height, width = (max(sizes[member][axis] for member in box.members) for axis in (0, 1))
        assert (box.height, box.width) == (height, width)
        assert box.pixels <= most or len(box.members) == 1
        wasted = box.pixels - sum(sizes[member][0] * sizes[member][1] for member in box.members)
        assert wasted <= padding * (len(box.members) - 1)


def test_stacked_pictures_lie_at_the_top_left_on_black() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(1, 256, size, dtype=np.uint8) for size in ((2, 3, 3), (4, 1, 3))]
    batch = Letterbox(4, 3, (1, 0)).stack(pictures)
    assert batch.shape == (2, 4, 3, 3)
    np.testing.assert_array_equal(batch[0, :, :1], pictures[1])
    np.testing.assert_array_equal(batch[1, :2], pictures[0])
    assert batch.sum() == pytest.approx(sum(int(picture.sum()) for picture in pictures))
