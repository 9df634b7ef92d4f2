"""Sheets of small pictures with what the model said drawn on them: made to be looked at.

A mean says how much is wrong, a sheet says what. They show people's photographs: keep them out of
the repository.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box
from app.face.landmarks import LandmarkScheme

GREEN, RED, WHITE = (0, 220, 0), (235, 30, 30), (255, 255, 255)
TILE, ON_A_SHEET = 256, 40
_STRIP = 18  # pixels under each picture for its caption
_SHIFT = 4  # OpenCV draws at 1 / 2**_SHIFT of a pixel

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Detection:
    """A box in image pixels with its five points (5, 2) or None, and its score."""

    box: Box
    points: NDArray[np.floating] | None = None
    score: float | None = None


def landmark_tile(
    pixels: Picture,
    predicted: NDArray[np.floating] | None,
    truth: NDArray[np.floating] | None,
    scheme: LandmarkScheme,
    caption: str,
    *,
    seen: NDArray[np.bool_] | None = None,
    size: int = TILE,
) -> Picture:
    """A face crop (S, S, 3) RGB with the truth in red and the prediction in green over it, RGB.

    predicted, truth: (K, 2) in the unit crop, or None. Truth that is not `seen` is not drawn.
    """
    tile = _resized(pixels, size, size)
    if truth is not None:
        _face(tile, np.asarray(truth) * size - 0.5, scheme, RED, seen)
    if predicted is not None:
        _face(tile, np.asarray(predicted) * size - 0.5, scheme, GREEN, None)
    return _captioned(tile, caption)


def detection_tile(
    image: Picture,
    found: Sequence[Detection],
    truth: Sequence[Box],
    caption: str,
    *,
    size: int = TILE,
) -> Picture:
    """A whole picture, letterboxed; labelled boxes in red, found ones in green over them."""
    height, width = image.shape[:2]
    factor = size / max(height, width)
    inner = _resized(image, max(1, round(width * factor)), max(1, round(height * factor)))
    tile = np.zeros((size, size, 3), np.uint8)
    tile[: inner.shape[0], : inner.shape[1]] = inner
    for box in truth:
        _box(tile, box, factor, RED)
    for detection in found:
        _box(tile, detection.box, factor, GREEN)
        if detection.points is not None:
            _dots(tile, (np.asarray(detection.points) + 0.5) * factor - 0.5, GREEN)
        if detection.score is not None:
            corner = (round(detection.box.x * factor) + 2, round(detection.box.y * factor) + 10)
            _text(tile, f"{detection.score:.2f}", corner)
    return _captioned(tile, caption)


def contact_sheet(tiles: Sequence[Picture], columns: int = 8) -> Picture:
    """Tiles of one size, row by row; the last row is filled with black. ValueError if none."""
    if not tiles:
        raise ValueError("a contact sheet needs at least one tile")
    height, width = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
    return sheet


def write_sheets(
    folder: Path, badness: NDArray[np.float64], tile: Callable[[int], Picture], *, seed: int = 0
) -> None:
    """worst.png and random.png: the 40 items with the highest badness (NaN last), and any 40."""
    worst = np.argsort(-np.nan_to_num(badness, nan=-np.inf), kind="stable")
    drawn = np.random.default_rng(seed).permutation(len(badness))
    for name, chosen in (("worst", worst), ("random", drawn)):
        tiles = [tile(int(index)) for index in chosen[:ON_A_SHEET]]
        if tiles:
            save_picture(folder / f"{name}.png", contact_sheet(tiles))


def save_picture(path: Path, picture: Picture) -> None:
    """Write an RGB picture; the format follows the ending of the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(picture[:, :, ::-1]))
    if not done:
        raise OSError(f"{path} could not be encoded")
    path.write_bytes(data.tobytes())


def _resized(pixels: Picture, width: int, height: int) -> Picture:
    shrinks = width < pixels.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.array(cv2.resize(pixels, (width, height), interpolation=method), dtype=np.uint8)


def _face(
    tile: Picture,
    points: NDArray[np.floating],
    scheme: LandmarkScheme,
    colour: tuple[int, int, int],
    seen: NDArray[np.bool_] | None,
) -> None:
    drawn = np.isfinite(points).all(axis=-1)
    if seen is not None:
        drawn &= seen
    for first, second in scheme.edges:
        if drawn[first] and drawn[second]:
            start, end = _fixed(points[first]), _fixed(points[second])
            cv2.line(tile, start, end, colour, 1, cv2.LINE_AA, _SHIFT)
    _dots(tile, points[drawn], colour)


def _dots(tile: Picture, points: NDArray[np.floating], colour: tuple[int, int, int]) -> None:
    radius = round(1.5 * 2**_SHIFT)
    for point in points:
        cv2.circle(tile, _fixed(point), radius, colour, -1, cv2.LINE_AA, _SHIFT)


def _box(tile: Picture, box: Box, factor: float, colour: tuple[int, int, int]) -> None:
    corner = np.array([box.x, box.y])
    opposite = corner + np.array([box.width, box.height])
    start, end = (_fixed((edge + 0.5) * factor - 0.5) for edge in (corner, opposite))
    cv2.rectangle(tile, start, end, colour, 1, cv2.LINE_AA, _SHIFT)


def _fixed(point: NDArray[np.floating]) -> tuple[int, int]:
    x, y = np.round(np.clip(point, -1e4, 1e4) * 2**_SHIFT).astype(int).tolist()
    return x, y


def _captioned(tile: Picture, caption: str) -> Picture:
    framed = np.zeros((tile.shape[0] + _STRIP, tile.shape[1], 3), np.uint8)
    framed[: tile.shape[0]] = tile
    _text(framed, caption, (3, tile.shape[0] + _STRIP - 5))
    return framed


def _text(tile: Picture, text: str, corner: tuple[int, int]) -> None:
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(tile, plain, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.38, WHITE, 1, cv2.LINE_AA)
