"""Boxes that a caller sends: strictly checked, every message names the place and what came."""

import re
from collections.abc import Sequence
from typing import Any

from app.errors import InvalidParameter
from app.face.geometry import Box

SHAPE = "Write a box as [x, y, width, height] in pixels of the upright image."
_LARGEST = 1_000_000.0  # pixels; no image has such a side
# What float() takes beyond this (1_0, nan, other digits than 0-9) is nobody's pixel.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MOST_TIMES, _ALWAYS_ALLOWED = 8.0, 64e6  # of the image; pixels: a tenth of a second
_LARGEST_SHARE = 4.0  # of the image's longer side: a face that large has no landmarks in the image


def parse_box(value: Any, where: str) -> Box:
    """[x, y, width, height] -> Box. `where` names the value in messages, for example
    boxes[0][2].
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
        raise InvalidParameter(f"{where} is not a list of four numbers. {SHAPE}")
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in value):
        raise InvalidParameter(f"{where} holds something that is not a number. {SHAPE}")
    # abs(nan) <= limit is false, so this refuses NaN and infinities too.
    if not all(abs(number) <= _LARGEST for number in value):
        raise InvalidParameter(
            f"{where} holds a number that is not finite or beyond {_LARGEST:.0f} pixels. {SHAPE}"
        )
    x, y, width, height = (float(number) for number in value)
    if width < 1 or height < 1:
        raise InvalidParameter(
            f"{where} has the size {width:g} x {height:g}; both must be at least 1 pixel. {SHAPE}"
        )
    return Box(x, y, width, height)


def parse_boxes(value: Any, where: str, most: int) -> tuple[Box, ...] | None:
    """One image's boxes: null (detect) or a list of at most `most`."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise InvalidParameter(f"{where} is neither null (detect) nor a list of boxes. {SHAPE}")
    if len(value) > most:
        raise InvalidParameter(
            f"{where} holds {len(value)} boxes; at most {most} per image are possible. "
            "Send the image again with the others."
        )
    return tuple(parse_box(box, f"{where}[{index}]") for index, box in enumerate(value))


def parse_box_texts(texts: Sequence[str], most: int) -> tuple[Box, ...] | None:
    """Repeated query parameter box=x,y,width,height; None when there is none."""
    boxes: list[Any] = []
    for index, text in enumerate(texts):
        numbers = [number.strip() for number in text.split(",")]
        if not all(_NUMBER.fullmatch(number) for number in numbers):
            raise InvalidParameter(
                f"box[{index}] is not four numbers with commas between them: {text[:80]!r}. "
                "Write box=x,y,width,height in pixels of the upright image."
            )
        boxes.append([float(number) for number in numbers])
    return parse_boxes(boxes, "box", most) if boxes else None


def check_boxes(boxes: Sequence[Box], image: int, width: int, height: int) -> None:
    """Every box must meet the image (width x height pixels) and not dwarf it, and all of them must
    not cover it many times over: each pixel costs its time as often as it lies in a box.
    """
    whole = Box(-0.5, -0.5, width, height)
    covered = sum(min(box.area, whole.area) for box in boxes)
    if covered > max(_MOST_TIMES * whole.area, _ALWAYS_ALLOWED):
        raise InvalidParameter(
            f"The boxes of image {image} cover its {width} x {height} pixels "
            f"{covered / whole.area:.0f} times; at most {_MOST_TIMES:g} times are possible. Send "
            "fewer large boxes, or a smaller image."
        )
    for index, box in enumerate(boxes):
        where = f"Box {index} of image {image}"
        if box.iou(whole) == 0:
            raise InvalidParameter(
                f"{where} lies outside the image of {width} x {height} pixels. {SHAPE}"
            )
        if max(box.width, box.height) > _LARGEST_SHARE * max(width, height):
            raise InvalidParameter(
                f"{where} is more than {_LARGEST_SHARE:g} times as large as the image of "
                f"{width} x {height} pixels. {SHAPE}"
            )
