"""Things between camera and face that do not move with the head: bars, twigs, edges, blobs."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from training.synthetic.cloth import dye
from training.synthetic.noise import fractal
from training.synthetic.props import Prop, prop
from training.synthetic.solids import Solid, box, ellipsoid, merged, tube, turned

ObstacleKind = Literal["bars", "blob", "edge", "twigs"]
OBSTACLES: tuple[ObstacleKind, ...] = get_args(ObstacleKind)


def obstacle(
    kind: ObstacleKind, face_in_camera: NDArray[np.floating], rng: np.random.Generator
) -> tuple[Prop, ...]:
    """Something between camera and face that does not move with the head, in the camera frame.

    face_in_camera: (3,) mm, the middle of the face. Raises ValueError for an unknown kind.
    """
    if kind not in OBSTACLES:
        raise ValueError(f"unknown obstacle {kind!r}; known: {', '.join(OBSTACLES)}")
    share = float(rng.uniform(0.5, 0.85))  # of the way to the face
    place = np.asarray(face_in_camera, dtype=np.float64) * share
    reach = 150.0 * share
    if kind == "blob":
        at = place + np.append(rng.normal(0, 0.55, 2) * reach, 0.0)
        solid = lump(at, float(rng.uniform(0.15, 0.5)) * reach, rng)
    elif kind == "edge":  # a door, a wall, somebody's shoulder
        angle = np.deg2rad(rng.choice([0, 90, 180, 270]) + rng.normal(0, 15))
        towards = np.array([np.cos(angle), np.sin(angle), 0.0])
        wide = 6 * reach
        slab = box((wide, wide, 12.0)).moved(turned((0, 0, np.rad2deg(angle))), (0.0, 0.0, 0.0))
        solid = slab.moved(np.eye(3), place + towards * (wide / 2 + rng.uniform(0.0, 0.9) * reach))
    else:
        bars = []
        angle = rng.uniform(0, np.pi)
        for _ in range(int(rng.integers(1, 5) if kind == "bars" else rng.integers(5, 14))):
            middle = place + np.append(rng.normal(0, 0.6, 2) * reach, rng.normal(0, 10))
            lean = angle if kind == "bars" else rng.uniform(0, np.pi)
            along = np.array([np.cos(lean), np.sin(lean), 0.0]) * reach * 3
            thick = rng.uniform(0.02, 0.10) * reach if kind == "bars" else rng.uniform(0.5, 3.0)
            bend = np.append(rng.normal(0, 0.12 if kind == "twigs" else 0.0, 2) * reach, 0.0)
            bars.append(tube(np.stack([middle - along, middle + bend, middle + along]), thick, 6))
        solid = merged(*bars)
    return (prop(f"obstacle.{kind}", solid, dye(rng), casts_shadow=False, frame="camera"),)


def lump(place: NDArray[np.float64], size: float, rng: np.random.Generator) -> Solid:
    """A bumpy ball of about `size` mm round (3,) mm."""
    first, second, third = (float(v) for v in size * rng.uniform(0.6, 1.4, 3))
    ball = ellipsoid((0.0, 0.0, 0.0), (first, second, third))
    bumps = 1.0 + 0.35 * fractal(ball.vertices / size, int(rng.integers(1 << 20)))
    return Solid(ball.vertices * bumps[:, None], ball.triangles).moved(
        turned(rng.uniform(0, 360, 3)), place
    )
