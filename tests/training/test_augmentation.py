"""Photometric changes: what they promise about pixels, colours and the seed."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from training import augmentation
from training.augmentation import cover_side, occlude, photometric, restyle

Change = Callable[[np.random.Generator, NDArray[np.uint8]], NDArray[np.uint8]]
Cover = Callable[
    [np.random.Generator, NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.bool_]]
]


def covered_by(cover: Cover) -> Change:
    """The picture alone, after what is said to be left of it was seen to be so."""

    def change(rng: np.random.Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        changed, covered = cover(rng, image)
        np.testing.assert_array_equal(changed[~covered], image[~covered])
        # What covers a pixel may happen to have its colour.
        assert (changed != image).any(axis=2)[covered].mean() > 0.7
        return changed

    return change


def picture() -> NDArray[np.uint8]:
    rows, columns = np.indices((48, 64))
    channels = [rows * 4, columns * 3, (rows + columns) * 2]
    return np.stack(channels, axis=2).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change", [photometric, covered_by(occlude), covered_by(cover_side), restyle]
)
def test_pictures_keep_their_form_and_the_seed_decides(change: Change) -> None:
    different = 0
    for seed in range(30):
        first = change(np.random.default_rng(seed), picture())
        again = change(np.random.default_rng(seed), picture())
        assert first.shape == (48, 64, 3)
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first, again)
        different += not np.array_equal(first, picture())
    assert different > 25


def test_sensor_noise_reaches_every_channel() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    noisy = augmentation._sensor_noise(np.random.default_rng(0), grey).astype(float)
    deviations = noisy.reshape(-1, 3).std(axis=0)
    assert (deviations > 1.5).all()
    assert (abs(noisy.reshape(-1, 3).mean(axis=0) - 128) < 1).all()


def test_blur_keeps_the_brightness_and_flattens() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for seed in range(10):
        blurred = augmentation._defocus_or_motion(np.random.default_rng(seed), noise)
        assert abs(float(blurred.mean()) - float(noise.mean())) < 3
        assert blurred.std() < noise.std()


def test_another_look_moves_no_edge() -> None:
    board = np.full((64, 64, 3), 60, np.uint8)
    board[20:, 31:] = 190
    for seed in range(20):
        styled = restyle(np.random.default_rng(seed), board).astype(float).sum(axis=2)
        steps = np.abs(np.diff(styled[30:], axis=1)).mean(axis=0)
        assert steps.argmax() == 30
        assert np.abs(np.diff(styled[:, 40:], axis=0)).mean(axis=1).argmax() == 19


def test_a_cover_hides_a_part_and_leaves_the_rest() -> None:
    shares = []
    for seed in range(40):
        covered, _ = occlude(np.random.default_rng(seed), picture())
        shares.append(float((covered != picture()).any(axis=2).mean()))
    assert 0 < np.mean(shares) < 0.3
    assert max(shares) < 0.5


def test_a_covered_side_reaches_from_edge_to_edge() -> None:
    sides = set()
    for seed in range(40):
        picture_covered, _ = cover_side(np.random.default_rng(seed), picture())
        changed = (picture_covered != picture()).any(axis=2)
        rows, columns = np.nonzero(changed)
        high, wide = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        assert (high >= 46) != (wide >= 62)
        across = high / 48 if high < 46 else wide / 64
        assert 0.2 < across <= 0.6
        at_start = rows.min() == 0 if high < 46 else columns.min() == 0
        sides.add((high < 46, bool(at_start)))
    assert len(sides) == 4
