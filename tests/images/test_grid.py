"""Coordinates of images that were decoded coarser: exact, at each scale and orientation."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from app.face.geometry import Box, Crop, crop_transform, transform, warp
from app.images import exif
from app.images.decoding import decode
from app.images.grid import WHOLE, Grid
from app.images.resolution import Resolution

SIZE = (267, 189)  # no multiple of 8, each with another remainder
DISCS = np.array([[60.0, 50.0], [200.25, 60.5], [130.5, 120.75], [215.0, 140.0]])
SPREAD = 9.0
# What a viewer does to the stored picture, by Pillow; here the way back.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def discs() -> Image.Image:
    """Soft bright discs on black; `DISCS` are their centres."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    light = sum(np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * SPREAD**2)) for u, v in DISCS)
    return Image.fromarray((np.asarray(light) * 230 + 0.5).astype(np.uint8)).convert("RGB")


def stored(image: Image.Image, orientation: int, **options: Any) -> bytes:
    """A JPEG that a viewer shows as `image`."""
    turn, tags, buffer = STORED[orientation], Image.Exif(), io.BytesIO()
    tags[0x0112] = orientation
    turned = image if turn is None else image.transpose(turn)
    turned.save(buffer, "JPEG", quality=95, exif=tags.tobytes(), **options)
    return buffer.getvalue()


def centre(light: NDArray[Any], near: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Centre of gravity of the light around `near`."""
    y, x = np.mgrid[0 : light.shape[0], 0 : light.shape[1]].astype(float)
    weight = light * (np.hypot(x - near[0], y - near[1]) < reach)
    return np.asarray([(x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("step", [1, 2, 4, 8])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_marks_are_where_they_were_drawn(orientation: int, step: int, subsampling: int) -> None:
    data = stored(discs(), orientation, subsampling=subsampling)
    image = decode(data, resolution=Resolution(step=step))
    assert (image.grid.step, image.orientation_applied) == (step, orientation)
    assert (image.width, image.height) == SIZE
    light = image.pixels.mean(axis=2)
    for disc in DISCS:
        near = transform(image.grid.from_image(np.eye(2, 3)), disc)
        found = image.grid.points_to_image(centre(light, near, 3.5 * SPREAD / step))
        # Half a decoded pixel of the coarsest scale would be 4.
        assert np.abs(found - disc).max() < 0.12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("step", [2, 4, 8])
def test_crops_show_the_same_at_each_scale(orientation: int, step: int) -> None:
    data = stored(discs(), orientation)
    to_image = crop_transform(Box(80.0, 40.0, 130.0, 110.0), 1.3, 20.0)
    whole, coarse = decode(data), decode(data, resolution=Resolution(step=step))
    size = 128 // step
    first = warp(whole.pixels, to_image, size).astype(float)
    second = warp(coarse.pixels, coarse.grid.from_image(to_image), size)
    assert first.max() > 150
    # Without the reach beyond the image, or half a pixel off, it is 10 and more.
    assert np.abs(first - second).mean() < 1.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sides_are_turned_like_pixels(orientation: int) -> None:
    pixels = np.zeros((9, 7, 3), np.uint8)
    pixels[1:-1, 0], pixels[0, 1:-1], pixels[1:-1, -1], pixels[-1, 1:-1] = 1, 2, 3, 4
    upright = exif.upright(pixels, orientation)
    middle, centre_ = upright.shape[0] // 2, upright.shape[1] // 2
    seen = upright[middle, 0], upright[0, centre_], upright[middle, -1], upright[-1, centre_]
    assert exif.upright_sides((1, 2, 3, 4), orientation) == tuple(int(side[0]) for side in seen)


@given(
    st.sampled_from([1, 2, 4, 8]),
    st.tuples(*[st.integers(0, 7)] * 4),
    st.lists(st.floats(-1e5, 1e5), min_size=4, max_size=4),
)
def test_there_and_back(step: int, beyond: tuple[int, int, int, int], values: list[float]) -> None:
    grid = Grid(step, *(side % step for side in beyond))
    points = np.reshape(values, (2, 2))
    there = transform(grid.from_image(np.eye(2, 3)), points)
    np.testing.assert_allclose(grid.points_to_image(there), points, rtol=1e-12, atol=1e-9)


def test_boxes_and_edges() -> None:
    grid = Grid(4, left=3, top=0, right=0, bottom=2)
    assert grid.image_size(10, 20) == (37, 78)
    # The edge of the first decoded pixel lies 3 pixels beyond the image's, which is at -0.5.
    boxes = grid.boxes_to_image([[-0.5, -0.5, 10, 20]])
    assert boxes.tolist() == [[-3.5, -0.5, 40, 80]]
    assert grid.boxes_to_image(np.zeros((0, 4))).shape == (0, 4)


def test_the_images_own_pixels_are_left_as_they_are() -> None:
    values = np.random.default_rng(0).normal(0, 100, (5, 2))
    np.testing.assert_array_equal(WHOLE.points_to_image(values), values)
    crop = Crop(np.zeros((1, 1, 3), np.uint8), crop_transform(Box(0.1, 0.2, 3, 4)), 0.0)
    np.testing.assert_array_equal(WHOLE.from_image(crop.to_image), crop.to_image)
