"""Draws one layer of hair over what is already in the picture."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.canvas import Canvas
from training.synthetic.hair import HairMesh, hair_colour, hair_opacity
from training.synthetic.head import posed
from training.synthetic.mesh import unit, vertex_normals
from training.synthetic.person import Body, Person
from training.synthetic.rasteriser import rasterise
from training.synthetic.shading import Light, shade
from training.synthetic.surface import matt

_WRAP = (0.2, 0.2, 0.2)  # strands scatter light a little round the head
_FREE_HANGING_LIT = 0.8


def draw_hair(
    canvas: Canvas,
    skin_depth: NDArray[np.float32],
    layer: HairMesh,
    person: Person,
    body: Body,
    light: Light,
) -> None:
    """Blends a layer; skin_depth: (H, W) mm, what hides it (the layers below do not)."""
    in_camera = posed(layer.vertices, layer.rest, person.pose)
    buffer = rasterise(in_camera, layer.triangles, canvas.camera)
    normals = vertex_normals(in_camera, layer.triangles)
    lamp = np.full(len(in_camera), _FREE_HANGING_LIT, dtype=np.float32)
    if layer.on_scalp:
        lamp = body.lamp_seen[: len(in_camera)]
    scalars = np.stack([layer.level, layer.edge, lamp], axis=1)
    values = np.concatenate([layer.rest, normals, in_camera, scalars], axis=1)
    mixed = buffer.interpolate(layer.triangles, values)
    rest, level, edge = mixed[:, :3], mixed[:, 9], mixed[:, 10]
    to_viewer = unit(-mixed[:, 6:9])
    facing = unit(mixed[:, 3:6])
    turned_away = np.sum(facing * to_viewer, axis=1) < 0  # hair is seen from both sides
    facing[turned_away] *= -1
    colour = shade(
        matt(hair_colour(rest, level, person.look), 1.2, 22.0),
        facing,
        to_viewer,
        0.35 + 0.55 * level,
        np.maximum(mixed[:, 11], 0.35) * (0.5 + 0.5 * level),
        light,
        _WRAP,
    )
    rows, columns = np.nonzero(buffer.covered)
    depth = buffer.depth[rows, columns]
    opacity = hair_opacity(rest, level, edge, person.look)
    opacity = opacity * (depth < skin_depth[rows, columns])
    under = canvas.radiance[rows, columns]
    canvas.radiance[rows, columns] = under + (colour - under) * opacity[:, None]
    solid = opacity > 0.5
    rows, columns, depth = rows[solid], columns[solid], depth[solid]
    canvas.depth[rows, columns] = np.minimum(canvas.depth[rows, columns], depth)
