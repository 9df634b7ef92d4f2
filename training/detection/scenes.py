"""Composes training pictures: one photograph or four, turned, scaled and mirrored, with pasted
faces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augmentation import photometric
from training.detection.canvas import Canvas, Rect
from training.detection.images import LabelledImage
from training.detection.targets import Scene


@dataclass(frozen=True, slots=True)
class HardPlace:
    """A place in a picture without faces that the network took for one.

    image: of the pictures without faces, by number. centre: x, y, pixels of the picture. score: of
    the wrong guess, 0..1.
    """

    image: int
    centre: tuple[float, float]
    score: float


@dataclass(frozen=True, slots=True)
class SceneRules:
    """How scenes are drawn.

    size: side of the square scene, pixels. shares: how often each source is the base of a tile.
    pasted: sources whose faces are pasted as patches. sizes: faces of interest are between these
    sizes (root of the area), evenly on a logarithmic scale; smallest: below it a face counts
    neither way. native: share of `natural` photographs shown at about the scale they will be served
    at, natural_scale. covered: share of tiles that the picture fills as far as it can; black stays
    around the others. turn_std: degrees in the image plane; tilts: shares of the pictures that are
    turned evenly up to so many degrees instead. hard: share of the pictures without faces that show
    a place which the network took for a face (see `training.detection.mining`).
    """

    size: int = 256
    shares: tuple[tuple[str, float], ...] = ()
    pasted: tuple[str, ...] = ()
    mosaic: float = 0.6
    paste: float = 0.35
    sizes: tuple[float, float] = (12.0, 245.0)
    smallest: float = 8.0
    natural: tuple[str, ...] = ("wider_sub", "negatives")
    native: float = 0.55
    natural_scale: tuple[float, float] = (0.6, 1.25)
    zoom: tuple[float, float] = (0.12, 2.5)
    covered: float = 0.85
    turn_std: float = 9.0
    tilts: tuple[tuple[float, float], ...] = ((0.12, 45.0), (0.33, 180.0))
    hard: float = 0.7
    dim: float = 0.1


class SceneMaker:
    """Draws scenes from photographs in memory; what it draws depends on the generator alone, and on
    the hard places that it was told of.
    """

    def __init__(self, images: list[LabelledImage], rules: SceneRules) -> None:
        self._by_source: dict[str, list[LabelledImage]] = {}
        for image in images:
            self._by_source.setdefault(image.source, []).append(image)
        names = [name for name, _ in rules.shares]
        if missing := {*names, *rules.pasted} - set(self._by_source):
            raise ValueError(f"no pictures of {sorted(missing)} among those loaded")
        shares = np.array([share for _, share in rules.shares])
        self._names, self._shares, self._rules = names, shares / shares.sum(), rules
        self.without_faces = [image for image in images if len(image.boxes) == 0 and image.complete]
        self._hard: list[HardPlace] = []
        self._hardness = np.zeros(0)

    @property
    def size(self) -> int:
        """Side of the scenes, pixels."""
        return self._rules.size

    def learn_hard(self, places: Sequence[HardPlace]) -> None:
        """From now on shows these places of `without_faces` often, the worst ones most."""
        self._hard = list(places)
        scores = np.array([place.score for place in places])
        self._hardness = scores / scores.sum() if len(scores) else scores

    def draw(self, rng: np.random.Generator) -> Scene:
        rules = self._rules
        canvas = Canvas(rules.size, rules.smallest)
        for tile in _tiles(rng, rules):
            name = self._names[rng.choice(len(self._names), p=self._shares)]
            self._show(rng, canvas, self._any_of(rng, name), tile)
        if rules.pasted and rng.random() < rules.paste:
            self._paste(rng, canvas)
        pixels = canvas.pixels
        if rng.random() < rules.dim:
            dimmed = cv2.convertScaleAbs(pixels, alpha=float(rng.uniform(0.15, 0.7)))
            pixels = np.asarray(dimmed, np.uint8)
        return Scene(
            pixels=photometric(rng, pixels),
            boxes=np.array(canvas.boxes, np.float32).reshape(-1, 4),
            points=np.array(canvas.points, np.float32).reshape(-1, 5, 2),
            unknown=canvas.unknown,
        )

    def _any_of(self, rng: np.random.Generator, source: str) -> LabelledImage:
        images = self._by_source[source]
        return images[rng.integers(len(images))]

    def _show(
        self, rng: np.random.Generator, canvas: "Canvas", image: LabelledImage, tile: Rect
    ) -> None:
        rules = self._rules
        side = min(tile[2] - tile[0], tile[3] - tile[1])
        height, width = image.pixels.shape[:2]
        natural = image.source in rules.natural and rng.random() < rules.native
        if len(image.boxes) == 0:
            low, high = rules.natural_scale if natural else (0.3, 2.0)
            scale = np.exp(rng.uniform(np.log(low), np.log(high)))
            anchor = rng.uniform(0.2, 0.8, 2) * (width, height)
            at = np.array([(tile[0] + tile[2]) / 2, (tile[1] + tile[3]) / 2])
            if self._hard and rng.random() < rules.hard:
                place = self._hard[rng.choice(len(self._hard), p=self._hardness)]
                image, anchor = self.without_faces[place.image], np.array(place.centre)
                height, width = image.pixels.shape[:2]
        else:
            box = image.boxes[rng.integers(len(image.boxes))]
            size = float(np.sqrt(box[2] * box[3]))
            if natural:
                scale = rng.uniform(*rules.natural_scale)
            else:
                wanted = _log_uniform(rng, rules.sizes[0], min(rules.sizes[1], 0.95 * side))
                scale = float(np.clip(wanted / size, *rules.zoom))
            anchor = box[:2] + box[2:] / 2
            reach = min(0.55 * size * scale, side / 2)
            at = rng.uniform(np.add(tile[:2], reach), np.subtract(tile[2:], reach))
        if rng.random() < rules.covered:
            wide, high = tile[2] - tile[0], tile[3] - tile[1]
            covering = max(wide / width, high / height)
            # A close picture of one face may leave room: covering would show large faces alone.
            least = covering if image.source in rules.natural else 0.75 * side / max(width, height)
            scale = max(scale, least)
            at = _covering(anchor * scale, at, (width * scale, height * scale), tile)
        canvas.show(image, _affine(rng, rules, scale, anchor, at), tile)

    def _paste(self, rng: np.random.Generator, canvas: "Canvas") -> None:
        """Lays small pictures of single faces on the scene, where they hide no other face."""
        for _ in range(rng.integers(1, 5)):
            side = int(_log_uniform(rng, 28, 0.55 * canvas.size))
            x, y = (int(v) for v in rng.integers(0, canvas.size - side + 1, 2))
            tile = (x, y, x + side, y + side)
            if canvas.hides(tile):
                continue
            image = self._any_of(rng, self._rules.pasted[rng.integers(len(self._rules.pasted))])
            box = image.boxes[0]
            scale = rng.uniform(0.4, 0.65) * side / float(np.sqrt(box[2] * box[3]))
            anchor = box[:2] + box[2:] / 2
            at = np.array([x, y]) + side * rng.uniform(0.4, 0.6, 2)
            canvas.show(image, _affine(rng, self._rules, scale, anchor, at), tile)


def _tiles(rng: np.random.Generator, rules: SceneRules) -> list[Rect]:
    """One tile, two rows (as most photographs are wider than high) or four tiles."""
    full = rules.size
    if rng.random() >= rules.mosaic:
        return [(0, 0, full, full)]
    x, y = (int(v) for v in rng.integers(full * 3 // 10, full * 7 // 10, 2))
    if rng.random() < 0.5:
        return [(0, 0, full, y), (0, y, full, full)]
    return [(0, 0, x, y), (x, 0, full, y), (0, y, x, full), (x, y, full, full)]


def _covering(
    anchor: NDArray[np.float64], at: NDArray[np.float64], extent: tuple[float, float], tile: Rect
) -> NDArray[np.float64]:
    """`at`, moved so that the scaled picture covers the tile, or lies in it where it is the smaller
    one.
    """
    start, room = np.array(tile[:2]), np.subtract(tile[2:], tile[:2])
    slack = room - np.array(extent)
    corner = np.clip(at - anchor, start + np.minimum(slack, 0), start + np.maximum(slack, 0))
    return np.asarray(corner + anchor)


def _affine(
    rng: np.random.Generator,
    rules: SceneRules,
    scale: float,
    anchor: NDArray[np.float64],
    at: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(2, 3) image -> scene: scaled, perhaps mirrored, turned, `anchor` laid on `at`."""
    turn = np.radians(_turn(rng, rules))
    # Sides differ a little: photographs of other cameras and slightly wrong aspect ratios.
    stretch = np.exp(rng.normal(0, 0.04))
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = matrix @ np.diag([scale * stretch, scale / stretch])
    if rng.random() < 0.5:
        matrix = matrix @ np.diag([-1.0, 1.0])
    return np.column_stack([matrix, at - matrix @ anchor])


def _turn(rng: np.random.Generator, rules: SceneRules) -> float:
    """Degrees."""
    chance = rng.random()
    for share, most in rules.tilts:
        if chance < share:
            return float(rng.uniform(-most, most))
        chance -= share
    return float(rng.normal(0, rules.turn_std))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(max(low, high)))))
