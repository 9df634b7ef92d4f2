"""What a set of landmarks means: names, parts, edges, mirror partners and the error's unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

NAMED = ("right_eye", "left_eye", "nose_tip", "mouth_right", "mouth_left")
"""The five places every scheme can name; sides are the subject's."""

Edges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class LandmarkScheme:
    """A numbered set of landmarks. Left and right are the SUBJECT's, so right is image left.

    names: one per point. parts: name of a part -> its points. edges: lines that draw the face.
    flip: flip[i] is the number point i has once the image is mirrored. normaliser: two groups of
    points; the distance of their means is the length errors are divided by (NME).
    places: each of `NAMED` -> the points whose mean it is.
    """

    name: str
    names: tuple[str, ...]
    parts: Mapping[str, tuple[int, ...]]
    edges: Edges
    flip: tuple[int, ...]
    normaliser: tuple[tuple[int, ...], tuple[int, ...]]
    places: Mapping[str, tuple[int, ...]]
    # (5, K): each of `NAMED` as a mean of the points.
    _means: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        means = np.zeros((len(NAMED), len(self.names)))
        for row, name in zip(means, NAMED, strict=True):
            row[list(self.places[name])] = 1 / len(self.places[name])
        object.__setattr__(self, "_means", means)

    def __len__(self) -> int:
        return len(self.names)

    def named(self, points: ArrayLike) -> dict[str, NDArray[np.float64]]:
        """The five named places of points (K, 2), each (2,), in the frame of the points."""
        return dict(zip(NAMED, self._means @ self._checked(points), strict=True))

    def mirror(self, points_in_image: ArrayLike, width: float) -> NDArray[np.float64]:
        """Points (..., K, 2) in the mirrored image of `width` pixels, numbered by the scheme."""
        points = self._checked(points_in_image)[..., list(self.flip), :]
        points[..., 0] = width - 1 - points[..., 0]
        return points

    def nme_distance(self, points: ArrayLike) -> NDArray[np.float64]:
        """The normalising length of points (..., K, 2): shape (...), in the unit of the points."""
        array = self._checked(points)
        first, second = (array[..., list(group), :].mean(axis=-2) for group in self.normaliser)
        return np.asarray(np.linalg.norm(first - second, axis=-1))

    def _checked(self, points: ArrayLike) -> NDArray[np.float64]:
        array = np.asarray(points, np.float64)
        if array.shape[-2:] != (len(self), 2):
            raise ValueError(
                f"The scheme {self.name} has points (..., {len(self)}, 2). Received: {array.shape}"
            )
        return array


def chain(*points: int, closed: bool = False) -> Edges:
    """Edges that join the points in order."""
    following = points[1:] + points[:1] if closed else points[1:]
    return tuple(zip(points, following, strict=False))


def flip_table(count: int, *pairs: tuple[int, int]) -> tuple[int, ...]:
    """The permutation that swaps each pair and leaves the other points alone."""
    table = list(range(count))
    for first, second in pairs:
        table[first], table[second] = second, first
    return tuple(table)


def run(first: int, last: int) -> tuple[int, ...]:
    """first..last, both included."""
    return tuple(range(first, last + 1))
