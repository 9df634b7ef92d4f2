"""Draws one layer of hair over what is already in the picture."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.canvas import Canvas
from training.synthetic.hair import HairLayer, strands
from training.synthetic.mesh import unit
from training.synthetic.noise import smoothstep
from training.synthetic.rasteriser import rasterise
from training.synthetic.shading import Light, shade
from training.synthetic.surface import matt

_WRAP = (0.2, 0.2, 0.2)  # strands scatter light a little round the head
_FREE_HANGING_LIT = 0.8
_FREE_HANGING_LEVEL = 0.5  # as bright as the middle of the hair on the scalp


def draw_hair(
    canvas: Canvas,
    hidden_by: NDArray[np.float32],
    layer: HairLayer,
    look: Appearance,
    lit: NDArray[np.float32],
    light: Light,
) -> None:
    """Blends a layer.

    hidden_by: (H, W) mm, what hides it (the layers below do not). lit: (n,) 0..1, how much of the
    lamp the vertices of a layer on the scalp see.
    """
    # The far side of a shell is behind the head; hair that hangs free is seen from both sides.
    outside = np.full(len(layer.triangles), layer.on_scalp)
    buffer = rasterise(layer.in_camera, layer.triangles, canvas.camera, outside)
    # Nothing is infinitely far away, so this also leaves out what the layer does not cover.
    where = np.flatnonzero(buffer.depth.reshape(-1) < hidden_by.reshape(-1))
    lamp = lit if layer.on_scalp else np.full(len(layer.edge), _FREE_HANGING_LIT, np.float32)
    scalars = np.stack([layer.edge, lamp], axis=1)
    in_camera = layer.in_camera.astype(np.float32)
    values = np.concatenate([layer.strand, layer.normals, in_camera, scalars], axis=1)
    mixed = buffer.interpolate(layer.triangles, values, where)
    thin = strands(mixed[:, :3], look.seed + 21, 0.9, 0.15 * look.cut.curl)
    locks = strands(mixed[:, :3], look.seed + 22, 5.0, look.cut.curl)
    opacity = _opacity(mixed[:, 9], layer.level, thin, locks)
    drawn = np.flatnonzero(opacity > 0.02)
    mixed, where = mixed[drawn], where[drawn]
    to_viewer, facing = unit(-mixed[:, 6:9]), unit(mixed[:, 3:6])
    facing[np.einsum("ij,ij->i", facing, to_viewer) < 0] *= -1
    # Strands of slightly different shades, dark near the scalp.
    level = layer.level if layer.on_scalp else _FREE_HANGING_LEVEL
    shades = 0.55 + 0.45 * level + 0.22 * thin[drawn] + 0.16 * locks[drawn]
    colour = shade(
        matt(look.hair * np.clip(shades, 0.15, 2.0)[:, None], 1.2, 22.0),
        facing,
        to_viewer,
        np.full(len(drawn), 0.35 + 0.55 * level, dtype=np.float32),
        np.maximum(mixed[:, 10], 0.35) * np.float32(0.5 + 0.5 * level),
        light,
        _WRAP,
    )
    canvas.blend(where, buffer.depth.reshape(-1)[where], colour, opacity[drawn])


def _opacity(
    edge: NDArray[np.float32],
    level: float,
    thin: NDArray[np.float32],
    locks: NDArray[np.float32],
) -> NDArray[np.float32]:
    """(P,) 0..1: full well inside the hairline, single strands at it and in the outer shells."""
    hairline = smoothstep(edge + 3.0 * thin + 1.5 * locks, -2.0, 9.0)
    gaps = (0.75 * thin + 0.55 * locks) * min(2.5 * level, 1.0)
    outer = smoothstep(0.85 + gaps - level, -0.1, 0.35)
    return np.asarray(hairline * outer, dtype=np.float32)
