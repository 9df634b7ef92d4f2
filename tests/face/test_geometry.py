"""Crops against an image that is a formula: what a crop shows can be computed without cropping."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.face.geometry import Box, Crop, crop_transform, face_box, face_crop, warp

Array = NDArray[np.float64]

coordinates = st.floats(-2000, 4000)
sizes = st.floats(0.5, 3000)
boxes = st.builds(Box, coordinates, coordinates, sizes, sizes)
angles = st.floats(-360, 360)


def scene(x: Array, y: Array) -> Array:
    """Colour at image coordinates; smooth, so that sampling it is exact up to rounding."""
    return np.stack(
        [
            128 + 60 * np.sin(x / 23) + 50 * np.cos(y / 31),
            128 + 100 * np.sin((x + y) / 41),
            128 + 100 * np.cos((x - 2 * y) / 57),
        ],
        axis=-1,
    )


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    x, y = np.meshgrid(np.arange(640.0), np.arange(480.0))
    return scene(x, y).round().astype(np.uint8)


def crop_grid(box: Box, size: int, scale: float, angle: float) -> Array:
    """Image coordinates (size, size, 2) of the crop's pixel centres, by trigonometry alone."""
    side = scale * math.sqrt(box.width * box.height)
    steps = ((np.arange(size) + 0.5) / size - 0.5) * side
    across, down = np.meshgrid(steps, steps)
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x = box.x + box.width / 2 + across * cosine - down * sine
    y = box.y + box.height / 2 + across * sine + down * cosine
    return np.stack([x, y], axis=-1)


def shift_of(crop: Crop, grid: Array) -> Array:
    """By how many crop pixels the crop is off, by least squares on the image's slope."""
    x, y = grid[..., 0], grid[..., 1]
    slopes = [
        scene(x + 0.5, y) - scene(x - 0.5, y),
        scene(x, y + 0.5) - scene(x, y - 0.5),
    ]
    matrix = np.stack([slope.ravel() for slope in slopes], axis=1)
    difference = (crop.pixels - scene(x, y)).ravel()
    shift = np.linalg.lstsq(matrix, difference, rcond=None)[0]
    return np.asarray(shift * len(crop.pixels) / crop.scale, np.float64)


@pytest.mark.parametrize("angle", [0.0, 25.0, -70.0, 180.0])
@pytest.mark.parametrize(
    ("box", "size", "tolerance"),
    [
        (Box(200, 150, 120, 100), 128, 1.5),  # about 1 to 1
        (Box(300, 200, 20, 24), 96, 1.5),  # enlarged
        (Box(250, 170, 130, 130), 64, 2.0),  # 2.6 times smaller: averaged over blocks
        (Box(240, 160, 160, 160), 32, 4.0),  # 6.5 times smaller
    ],
)
def test_crop_shows_the_scene(
    photo: NDArray[np.uint8], box: Box, size: int, tolerance: float, angle: float
) -> None:
    crop = face_crop(photo, box, size, angle=angle)
    grid = crop_grid(box, size, 1.3, angle)
    assert crop.pixels.shape == (size, size, 3)
    assert np.abs(crop.pixels - scene(grid[..., 0], grid[..., 1])).max() < tolerance
    assert np.abs(shift_of(crop, grid)).max() < 0.05


@pytest.mark.parametrize(
    ("box", "size"), [(Box(-60, -50, 150, 150), 96), (Box(560, 400, 400, 300), 64)]
)
def test_outside_the_image_is_black(photo: NDArray[np.uint8], box: Box, size: int) -> None:
    crop = face_crop(photo, box, size, angle=15.0)
    grid = crop_grid(box, size, 1.3, 15.0)
    margin = 2 * crop.scale / size + 1
    x, y = grid[..., 0], grid[..., 1]
    inside = (x > margin) & (x < 639 - margin) & (y > margin) & (y < 479 - margin)
    outside = (x < -margin) | (x > 639 + margin) | (y < -margin) | (y > 479 + margin)
    assert inside.sum() > 100
    assert outside.sum() > 100
    assert np.abs(crop.pixels[inside] - scene(x[inside], y[inside])).max() < 3
    assert not crop.pixels[outside].any()


@pytest.mark.parametrize(
    "box", [Box(5000, 10, 50, 50), Box(10, -900, 50, 50), Box(1e9, 1e9, 10, 10), Box(0, -1e6, 9, 9)]
)
def test_wholly_outside_is_black(photo: NDArray[np.uint8], box: Box) -> None:
    assert not face_crop(photo, box, 32).pixels.any()


def test_the_whole_image_is_returned_as_it_is(photo: NDArray[np.uint8]) -> None:
    square = np.ascontiguousarray(photo[:256, :256])
    crop = face_crop(square, Box(-0.5, -0.5, 256, 256), 256, scale=1.0)
    np.testing.assert_array_equal(crop.pixels, square)


def test_whole_number_shrink_is_the_mean_of_blocks(photo: NDArray[np.uint8]) -> None:
    crop = face_crop(photo, Box(107.5, 63.5, 320, 320), 64, scale=1.0)
    blocks = photo[64:384, 108:428].reshape(64, 5, 64, 5, 3).mean(axis=(1, 3))
    assert np.abs(crop.pixels - blocks).max() <= 0.51  # rounding


def test_huge_shrink_does_not_alias() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (900, 1200, 3), np.uint8)
    crop = face_crop(noise, Box(200, 100, 800, 700), 24, scale=1.0)
    assert crop.pixels.std() < 8  # 74 without averaging
    assert abs(crop.pixels.mean() - 127.5) < 2


@pytest.mark.parametrize("box", [Box(300.2, 200.7, 1e-3, 1e-3), Box(638.9, 478.9, 0.01, 0.01)])
def test_tiny_boxes(photo: NDArray[np.uint8], box: Box) -> None:
    crop = face_crop(photo, box, 16)
    x, y = (round(value) for value in box.centre)
    assert np.abs(crop.pixels.astype(int) - photo[y, x]).max() <= 6


def test_one_pixel_image_and_box_far_larger_than_the_image() -> None:
    white = np.full((1, 1, 3), 255, np.uint8)
    assert face_crop(white, Box(-0.5, -0.5, 1, 1), 9, scale=1.0).pixels[4, 4].tolist() == [255] * 3
    assert face_crop(white, Box(-5e8, -5e8, 1e9, 1e9), 9).pixels.shape == (9, 9, 3)


@given(box=boxes, angle=angles, scale=st.floats(0.1, 4))
def test_points_round_trip(box: Box, angle: float, scale: float) -> None:
    crop = Crop(np.zeros((1, 1, 3), np.uint8), crop_transform(box, scale, angle), angle)
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 2, (3, 7, 2))
    np.testing.assert_allclose(crop.points_to_crop(crop.points_to_image(points)), points, atol=1e-8)
    side = scale * math.sqrt(box.width * box.height)
    assert crop.scale == pytest.approx(side)
    np.testing.assert_allclose(crop.points_to_image([0.5, 0.5]), box.centre, atol=1e-8)


@given(box=boxes, angle=angles)
def test_corners_follow_the_definition_of_the_angle(box: Box, angle: float) -> None:
    crop = Crop(np.zeros((1, 1, 3), np.uint8), crop_transform(box, 1.0, angle), angle)
    rightwards = crop.points_to_image([1.0, 0.5]) - crop.points_to_image([0.0, 0.5])
    # Clockwise in the image, y being down: the crop's x axis dips by the angle.
    expected = [math.cos(math.radians(angle)), math.sin(math.radians(angle))]
    np.testing.assert_allclose(rightwards / crop.scale, expected, atol=1e-6)


def test_a_clockwise_tilted_line_stands_upright_in_the_crop() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    for step in np.linspace(-60, 60, 800):  # a face's vertical axis, tilted clockwise by 30 degrees
        x = 100 - step * math.sin(math.radians(30))
        y = 100 + step * math.cos(math.radians(30))
        image[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2] = 255
    crop = face_crop(image, Box(50, 50, 100, 100), 100, scale=1.0, angle=30.0)
    assert crop.pixels[10:90, 48:52].min() > 100
    assert not crop.pixels[:, :40].any()
    assert not crop.pixels[:, 60:].any()


def test_warp_takes_a_mirrored_affine(photo: NDArray[np.uint8]) -> None:
    plain = crop_transform(Box(200, 150, 100, 100), 1.3, 20.0)
    flip = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
    mirrored = plain @ flip
    expected = warp(photo, plain, 64)[:, ::-1].astype(int)
    assert np.abs(warp(photo, mirrored, 64) - expected).max() <= 2


@pytest.mark.parametrize(
    "values", [(0, 0, 0, 5), (0, 0, 5, -1), (math.nan, 0, 1, 1), (0, math.inf, 1, 1)]
)
def test_bad_boxes_are_refused(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="Received"):
        Box(*values)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_bad_images_are_refused(image: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="Received"):
        face_crop(image, Box(0, 0, 2, 2), 8)


def test_bad_crops_are_refused(photo: NDArray[np.uint8]) -> None:
    box = Box(0, 0, 2, 2)
    with pytest.raises(ValueError, match="size"):
        face_crop(photo, box, 0)
    with pytest.raises(ValueError, match="scale"):
        face_crop(photo, box, 8, scale=0.0)
    with pytest.raises(ValueError, match="angle"):
        face_crop(photo, box, 8, angle=math.nan)
    with pytest.raises(ValueError, match="invertible"):
        face_crop(photo, Box(0, 0, 1e308, 1e308), 8)


def test_box_measures() -> None:
    box = Box.from_corners(10, 20, 40, 60)
    assert box == Box(10, 20, 30, 40)
    np.testing.assert_array_equal([*box.centre, box.area], [25, 40, 1200])
    assert box.iou(Box(25, 20, 30, 40)) == pytest.approx(1 / 3)
    assert box.iou(Box(100, 20, 30, 40)) == 0
    assert box.iou(box) == 1


@given(first=boxes, second=boxes)
def test_iou_is_symmetric_and_bounded(first: Box, second: Box) -> None:
    assert 0 <= first.iou(second) <= 1
    assert first.iou(second) == pytest.approx(second.iou(first))


def test_face_box_raises_the_top_by_a_quarter() -> None:
    points = np.full((68, 2), 50.0)
    points[0], points[1] = (10, 20), (90, 100)
    assert face_box(points) == Box(10, 0, 80, 100)


def test_a_crop_is_quick(photo: NDArray[np.uint8]) -> None:
    times = []
    for _ in range(50):
        start = time.perf_counter()
        face_crop(photo, Box(200, 150, 150, 160), 128)
        times.append(time.perf_counter() - start)
    assert min(times) < 2e-3  # about 0.1 ms; the bound is wide for busy machines
