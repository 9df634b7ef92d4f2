"""Pictures whose answers are known to be right or wrong, for `benchmarks.usability`.

Nothing that tests the models is touched: of w300 the validation photographs, of pointing04 the
persons 1 to 10. With `test`, for `benchmarks.usability_boxes`, it is the other way round.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.detection.detector import Detector
from app.face.geometry import Box, face_box
from app.face.rotation import from_euler
from training.splits import validation_by_subject

Image8 = NDArray[np.uint8]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A picture with a box; `points` or `rotation` is the truth, or the pose that is answered for
    the box `whole`; none of them: there is no face.
    """

    kind: str
    image: Image8
    box: Box
    confidence: float | None = None
    points: Array | None = None
    rotation: Array | None = None
    whole: Box | None = None


def photographs(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """w300: the labelled face with its own box, jittered ones and wrong ones, and turned over."""
    for image, points in labelled(folder):
        box = face_box(points)
        for change in ((0, 0, 1, 1), *_jitters(rng, 3)):
            yield Case("photographs", image, moved_box(box, *change), points=points)
        for factor in (0.5, 0.7, 1.25, 1.5, 2):
            changed = moved_box(box, 0, 0, factor, factor)
            yield Case(f"box {factor:g} times as large", image, changed, points=points)
        for dx, dy in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)):
            yield Case("box half beside the face", image, moved_box(box, dx, dy), points=points)
            half = moved_box(box, dx / 2, dy / 2, 1 - abs(dx), 1 - abs(dy))
            yield Case("box of half a face", image, half, points=points)
        for aspect in (2, 4, 10):
            for across in (aspect**0.5, aspect**-0.5):
                long = moved_box(box, 0, 0, across, 1 / across)
                yield Case(f"box {aspect} times too long", image, long, points=points)
        for share in (0.25, 0.5):
            small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            fewer = (points + 0.5) * share - 0.5
            yield Case(
                f"face of {share:.0%} of the size", _image(small), face_box(fewer), points=fewer
            )
        for angle in (60, 90, 180, 270):
            turned, moved = _turned(image, points, angle)
            centre = np.array([*box.centre, 1.0]) @ _turn(image, angle).T
            side = box.area**0.5
            whole = Box(centre[0] - side / 2, centre[1] - side / 2, side, side)
            yield Case(f"turned by {angle} degrees", turned, whole, points=moved)


def spoilt(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """w300: the labelled face blurred, darkened, shrunk and half covered, in several strengths."""
    for image, points in labelled(folder):
        box = face_box(points)
        side = box.area**0.5
        for share in (0.01, 0.02, 0.03, 0.05, 0.08):
            soft = cv2.GaussianBlur(image, (0, 0), share * side)
            yield Case("blurred", _image(soft), box, points=points)
        for factor in (0.4, 0.2, 0.1, 0.06, 0.03):
            noise = rng.normal(0, 2, image.shape)
            dark = np.clip(image * factor + noise, 0, 255)
            yield Case("dark", _image(dark), box, points=points)
        for pixels in (64, 40, 32, 24, 20, 16, 12):
            share = min(pixels / side, 1.0)
            few = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            fewer = (points + 0.5) * share - 0.5
            yield Case("small", _image(few), face_box(fewer), points=fewer)
        for part in ("lower", "left", "right", "eyes"):
            yield Case("covered", _covered(image, points, part, rng), box, points=points)


def nothing(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Photographs without faces, noise and patterns, with arbitrary boxes."""
    for path in rng.permutation(np.array(sorted((folder / "images").iterdir())))[:250]:
        image = read(path)
        height, width = image.shape[:2]
        for _ in range(4):
            side = float(rng.uniform(40, 0.9 * min(height, width)))
            x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
            yield Case("no face in the photograph", image, Box(float(x), float(y), side, side))
    for _ in range(100):
        noise = rng.integers(0, 256, (256, 256, 3), np.uint8)
        blobs = cv2.resize(noise[:16, :16], (256, 256), interpolation=cv2.INTER_CUBIC)
        size, side = int(rng.integers(4, 40)), float(rng.uniform(60, 200))
        squares = np.add.outer(np.arange(256) // size, np.arange(256) // size) % 2 * 255
        for image in (noise, _image(blobs), _image(np.repeat(squares[..., None], 3, axis=2))):
            box = Box(128 - side / 2, 128 - side / 2, side, side)
            yield Case("noise, blobs, squares", image, box)


def people(folder: Path, detector: Detector) -> Iterator[Case]:
    """pointing04: the largest detected face; nominal angles."""
    for name, tilt, pan in persons(folder):
        image = read(folder / "images" / name)
        faces = detector.run([detector.prepare(image)])[0]
        if not faces:
            continue
        face = max(faces, key=lambda one: one.box.area)
        steep = "pitch 60" if abs(tilt) == 60 else "pitch up to 30"
        near = "up to 15" if abs(pan) <= 15 else f"{abs(pan):.0f}"
        yield Case(
            f"yaw {near}, {steep}",
            image,
            face.box,
            face.confidence,
            rotation=from_euler(-pan, tilt, 0.0),
        )


def persons(folder: Path, test: bool = False) -> Iterator[tuple[str, float, float]]:
    """pointing04: names of the pictures, tilt and pan, up to a tilt of 60 degrees."""
    labels = np.load(folder / "labels.npz", allow_pickle=True)
    for name, (tilt, pan), person in zip(
        labels["filename"], labels["tilt_pan"].tolist(), labels["identity"].tolist(), strict=True
    ):
        if (person > 10) == test and abs(tilt) <= 60:
            yield str(name), tilt, pan


def labelled(folder: Path, test: bool = False) -> Iterator[tuple[Image8, Array]]:
    """w300: pictures and their points (68, 2)."""
    labels = np.load(folder / "labels.npz", allow_pickle=True)
    for name, landmarks, split in zip(
        labels["filename"], labels["landmarks"], labels["split"], strict=True
    ):
        held_out = validation_by_subject(str(name), one_in=20) == "validation"
        if (split == "test") if test else (split != "test" and held_out):
            yield read(folder / "images" / str(name)), landmarks.astype(np.float64)


def _covered(image: Image8, points: Array, part: str, rng: np.random.Generator) -> Image8:
    """A board of one colour before half of the points, or before eyes and brows."""
    margin = round(0.15 * face_box(points).area ** 0.5)
    left, top = np.maximum(points.min(axis=0).astype(int) - margin, 0)
    right, bottom = np.maximum(points.max(axis=0).astype(int) + margin, 1)
    across, down = np.maximum(np.median(points, axis=0).astype(int), 0)
    rows, columns = {
        "lower": (slice(down, bottom), slice(left, right)),
        "left": (slice(top, bottom), slice(left, across)),
        "right": (slice(top, bottom), slice(across, right)),
        "eyes": (slice(top, max(int(points[29, 1]), 0)), slice(left, right)),
    }[part]
    pixels = image.copy()
    pixels[rows, columns] = rng.integers(0, 256, 3)
    return pixels


def moved_box(box: Box, dx: float, dy: float, across: float = 1, along: float = 1) -> Box:
    """Moved by shares of its size, then scaled about its centre."""
    width, height = box.width * across, box.height * along
    x, y = box.centre
    return Box(x + dx * box.width - width / 2, y + dy * box.height - height / 2, width, height)


def _jitters(rng: np.random.Generator, number: int) -> Iterator[tuple[float, float, float, float]]:
    for _ in range(number):
        dx, dy = rng.normal(0, 0.04, 2).tolist()
        across, along = np.exp(rng.normal(0, 0.05, 2)).tolist()
        yield dx, dy, across, along


def _turn(image: Image8, angle: float) -> Array:
    height, width = image.shape[:2]
    return np.asarray(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0))


def _turned(image: Image8, points: Array, angle: float) -> tuple[Image8, Array]:
    move = _turn(image, angle)
    turned = cv2.warpAffine(image, move, (image.shape[1], image.shape[0]))
    return _image(turned), points @ move[:, :2].T + move[:, 2]


def read(path: Path) -> Image8:
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path} cannot be read. Check --data.")
    return _image(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _image(values: NDArray[np.generic]) -> Image8:
    return np.ascontiguousarray(values, dtype=np.uint8)
