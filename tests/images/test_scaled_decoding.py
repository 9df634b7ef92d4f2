"""Large JPEGs are decoded coarser, and nobody can tell from the answer. On rendered heads, by the
shipped models.
"""

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import cv2
import numpy as np
import pytest

from app.analysis import Analyzer, open_analyzer
from app.errors import ImageUndecodable, InvalidParameter
from app.face.geometry import Box
from app.images import decoding
from app.images.decoding import DecodedImage, ImageLimits
from app.images.resolution import FULL, Resolution
from app.intake.image_input import ImageInput
from app.observability.observer import Trace
from app.open_models import OpenModels, load_models
from app.options import Options
from app.results import Face, ImageResult
from app.settings import InferenceSettings, Settings
from tests.golden_heads import far_away, head, together
from tests.service.serving import PATIENCE, encoded

# What is measured here is the decoding: by one model in exact arithmetic, whichever is the default.
SETTINGS = Settings(
    landmarks=("landmarks-68",),
    inference=InferenceSettings(threads=1, decode_threads=1, precision="fp32"),
)
HEADS = ["frontal.png", "yaw-plus-30.png", "glasses.png", "roll-plus-30.png", "infrared.png"]
CROP = 128  # pixels


@pytest.fixture(scope="module")
def opened() -> OpenModels:
    return load_models(SETTINGS)


@asynccontextmanager
async def analyzer(opened: OpenModels) -> AsyncIterator[Analyzer]:
    async with open_analyzer(opened, SETTINGS, lambda _: None) as one:
        yield one


class Decodes:
    """Stands in for `decode` and notes how coarse each picture came out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, full: bool = False) -> None:
        self.full = full
        self.steps: list[int] = []
        self.held_before: list[bool] = []
        self._last: weakref.ref[Any] | None = None
        monkeypatch.setattr("app.image_steps.decode", self)

    def __call__(
        self, data: bytes, limits: ImageLimits, resolution: Resolution, *header: Any
    ) -> DecodedImage:
        self.held_before.append(self._last is not None and self._last() is not None)
        image = decoding.decode(data, limits, FULL if self.full else resolution, *header)
        self.steps.append(image.grid.step)
        self._last = weakref.ref(image.pixels)
        return image


def analyze(opened: OpenModels, image: ImageInput) -> ImageResult:
    async def test() -> ImageResult:
        async with analyzer(opened) as one:
            (result,) = await one.analyze([image], Options(), Trace("x"))
        return result

    return asyncio.run(asyncio.wait_for(test(), PATIENCE))


def picture(name: str, size: float, canvas: tuple[int, int]) -> bytes:
    """A JPEG of that many pixels with one head whose face box has `size` pixels, not too deep in a
    corner.
    """
    one = far_away(head(name), size, canvas, (canvas[0] // 3, canvas[1] // 8))
    return encoded(one.pixels, ".jpg")


def apart(first: Face, second: Face) -> Any:
    """(K,) distances of the points, in pixels of the crop."""
    scale = 1.3 * np.sqrt(first.box.area) / CROP
    return np.linalg.norm(first.points - second.points, axis=1) / scale


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(
    ("canvas", "size", "steps"),
    [((1600, 1200), 240, [4, 2]), ((1600, 1200), 84, [4, 1]), ((900, 700), 240, [2])],
)
def test_answers_agree_with_those_of_the_full_picture(
    opened: OpenModels,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    canvas: tuple[int, int],
    size: int,
    steps: list[int],
) -> None:
    data = picture(name, size, canvas)
    coarse = Decodes(monkeypatch)
    result = analyze(opened, ImageInput(data))
    Decodes(monkeypatch, full=True)
    expected = analyze(opened, ImageInput(data))
    # A face that the detector boxes a little smaller may ask for the next scale.
    assert coarse.steps in (steps, [steps[0], 1]), coarse.steps
    assert result.image == expected.image
    (one,), (other,) = result.faces, expected.faces
    assert one.box.iou(other.box) > 0.9
    assert one.confidence == pytest.approx(other.confidence, abs=0.05)
    assert apart(one, other).mean() < 1.0  # the box moved a little, and with it the crop
    assert one.quality.sharpness == pytest.approx(other.quality.sharpness, abs=0.06)
    assert one.quality.brightness == pytest.approx(other.quality.brightness, abs=0.05)
    assert one.usable == other.usable


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(("shrink", "step"), [(1.5, 1), (2.1, 2), (3.9, 2), (4.2, 4), (8.5, 8)])
def test_in_a_given_box_the_points_are_the_same(
    opened: OpenModels, monkeypatch: pytest.MonkeyPatch, name: str, shrink: float, step: int
) -> None:
    one = head(name)
    # Enlarged so that its crop covers `shrink` pixels of the picture per pixel of its own.
    zoom = shrink * CROP / 1.3 / float(np.sqrt(one.box[2] * one.box[3]))
    large = cv2.resize(one.pixels, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    x, y = ((one.box[:2] + 0.5) * zoom - 0.5).tolist()
    box = Box(x, y, float(one.box[2] * zoom), float(one.box[3] * zoom))
    image = ImageInput(encoded(np.asarray(large, np.uint8), ".jpg"), boxes=(box,))
    coarse = Decodes(monkeypatch)
    (face,) = analyze(opened, image).faces
    assert coarse.steps == [step]
    Decodes(monkeypatch, full=True)
    (expected,) = analyze(opened, image).faces
    assert face.box == expected.box
    assert apart(face, expected).mean() < 0.25
    assert apart(face, expected).max() < 0.8
    assert face.quality.brightness == pytest.approx(expected.quality.brightness, abs=0.002)
    assert face.quality.sharpness == pytest.approx(expected.quality.sharpness, abs=0.06)
    assert face.quality.face_pixels == expected.quality.face_pixels
    assert face.usable == expected.usable


def test_the_smallest_face_decides_and_pixels_are_held_once(
    opened: OpenModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = (1600, 1200)
    heads = [
        far_away(head("frontal.png"), 320, canvas, (100, 100)),
        far_away(head("glasses.png"), 120, canvas, (1000, 200)),
    ]
    decodes = Decodes(monkeypatch)
    result = analyze(opened, ImageInput(encoded(together(heads).copy(), ".jpg")))
    assert len(result.faces) == 2
    assert decodes.steps == [4, 1]
    assert decodes.held_before == [False, False], "the coarse picture was held beside the fine one"
    for face, one in zip(result.faces, heads, strict=True):
        assert face.box.iou(Box(*one.box.tolist())) > 0.6


def test_a_picture_without_a_face_is_decoded_once(
    opened: OpenModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    decodes = Decodes(monkeypatch)
    even = encoded(np.full((1000, 1700, 3), 90, np.uint8), ".jpg")
    assert analyze(opened, ImageInput(even)).faces == ()
    assert decodes.steps == [4]
    result = analyze(opened, ImageInput(even, boxes=()))
    assert (result.image.width, result.image.height) == (1700, 1000) if result.image else False


def test_ordinary_sizes_and_other_formats_are_decoded_in_full(
    opened: OpenModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    decodes = Decodes(monkeypatch)
    one = far_away(head("frontal.png"), 150, (640, 480), (200, 100))
    for kind in (".jpg", ".png"):
        assert len(analyze(opened, ImageInput(encoded(one.pixels, kind))).faces) == 1
    large = far_away(head("frontal.png"), 300, (1600, 1200), (200, 100))
    assert len(analyze(opened, ImageInput(encoded(large.pixels, ".bmp"))).faces) == 1
    assert decodes.steps == [1, 1, 1]


def test_boxes_are_checked_against_the_full_picture(opened: OpenModels) -> None:
    data = encoded(np.full((1003, 1701, 3), 90, np.uint8), ".jpg")
    analyze(opened, ImageInput(data, boxes=(Box(1699.0, 1001.0, 900.0, 900.0),)))
    for box in (Box(1701.0, 10.0, 900.0, 900.0), Box(10.0, 1003.0, 900.0, 900.0)):
        with pytest.raises(InvalidParameter, match="1701 x 1003"):
            analyze(opened, ImageInput(data, boxes=(box,)))


def test_damage_is_found_at_every_scale(opened: OpenModels) -> None:
    data = picture("frontal.png", 300, (1600, 1200))
    with pytest.raises(ImageUndecodable, match="1600 x 1200"):
        analyze(opened, ImageInput(data[: len(data) * 2 // 3].rstrip(b"\xff") + b"\xff\xd9"))
