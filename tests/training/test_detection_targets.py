"""Which cell is told to find which face."""

import numpy as np
import pytest

from training.detection.targets import (
    FACE,
    IGNORED,
    TARGET_VALUES,
    Scene,
    cell_centres,
    scene_targets,
)

_SIZE = 128
_CELLS = {8: 256, 16: 64, 32: 16}


def _scene(*boxes: tuple[float, float, float, float], points: bool = True) -> Scene:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    middle = array[:, None, :2] + array[:, None, 2:] / 2
    five = np.repeat(middle, 5, axis=1).astype(np.float32)
    return Scene(
        pixels=np.zeros((_SIZE, _SIZE, 3), np.uint8),
        boxes=array,
        points=five if points else np.full_like(five, np.nan),
    )


def _levels(target: np.ndarray) -> dict[int, np.ndarray]:
    parts = np.split(target, np.cumsum(list(_CELLS.values()))[:-1])
    return {
        stride: part.reshape(_SIZE // stride, _SIZE // stride, TARGET_VALUES)
        for stride, part in zip(_CELLS, parts, strict=True)
    }


def test_cells_are_centred_on_the_pixels_they_cover() -> None:
    centres = cell_centres(64, 96, 32)
    assert centres.shape == (2, 3, 2)
    np.testing.assert_array_equal(centres[0, 0], np.arange(32).mean().repeat(2))
    np.testing.assert_array_equal(centres[1, 2], [79.5, 47.5])


@pytest.mark.parametrize(("side", "strides"), [(20, {8}), (34, {8, 16}), (60, {16}), (100, {32})])
def test_the_size_of_a_face_decides_its_strides(side: float, strides: set[int]) -> None:
    levels = _levels(scene_targets(_scene((10.0, 12.0, side, side))))
    assert {stride for stride, level in levels.items() if (level[..., 0] == FACE).any()} == strides


def test_positive_cells_lie_near_the_centre_and_carry_the_labels() -> None:
    box = (20.0, 30.0, 24.0, 30.0)
    level = _levels(scene_targets(_scene(box)))[8]
    positive = level[..., 0] == FACE
    distance = np.abs(cell_centres(_SIZE, _SIZE, 8)[positive] - [32.0, 45.0])
    assert 4 <= positive.sum() <= 9
    assert (distance <= 12).all()
    np.testing.assert_array_equal(level[positive][:, 1:5], np.tile(box, (positive.sum(), 1)))
    np.testing.assert_array_equal(
        level[positive][:, 5:15], np.tile([32.0, 45.0], (positive.sum(), 5))
    )
    np.testing.assert_array_equal(level[positive][:, 15], 1)
    assert not level[~positive][:, 1:].any()


def test_a_face_smaller_than_a_cell_still_has_one() -> None:
    target = scene_targets(_scene((64.0, 64.0, 3.0, 3.0)))
    assert (target[:, 0] == FACE).sum() == 1


def test_a_small_face_before_a_large_one_keeps_its_cells() -> None:
    small = (58.0, 58.0, 12.0, 12.0)
    level = _levels(scene_targets(_scene(small, (46.0, 46.0, 36.0, 36.0))))[8]
    wide = level[level[..., 0] == FACE][:, 3]
    assert {12.0, 36.0} == set(wide.tolist())
    centre = level[7, 7]
    np.testing.assert_array_equal(centre[1:5], small)


def test_unlabelled_points_weigh_nothing_and_stay_finite() -> None:
    target = scene_targets(_scene((20.0, 30.0, 24.0, 30.0), points=False))
    assert (target[:, 0] == FACE).any()
    assert not target[:, 5:].any()


def test_unknown_regions_are_ignored_at_every_stride() -> None:
    unknown = np.zeros((16, 16), bool)
    unknown[:, 8:] = True
    scene = Scene(pixels=np.zeros((_SIZE, _SIZE, 3), np.uint8), unknown=unknown)
    for level in _levels(scene_targets(scene)).values():
        half = level.shape[1] // 2
        assert (level[:, half:, 0] == IGNORED).all()
        assert (level[:, :half, 0] == 0).all()
