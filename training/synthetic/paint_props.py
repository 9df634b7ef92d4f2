"""Draws one thing that is worn, held, or stands before the camera."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.canvas import Canvas
from training.synthetic.mesh import unit, vertex_normals
from training.synthetic.props import Prop
from training.synthetic.rasteriser import rasterise
from training.synthetic.shading import Light, shade
from training.synthetic.surface import matt

_SKY_SEEN, _LAMP_SEEN = 0.85, 0.9  # things stand free


def draw_prop(canvas: Canvas, prop: Prop, in_camera: NDArray[np.float64], light: Light) -> None:
    """Draws it where it is nearest; in_camera: (V, 3) mm, its vertices."""
    buffer = rasterise(in_camera, prop.triangles, canvas.camera)
    where = buffer.where()
    if not len(where):
        return
    depth = buffer.depth.reshape(-1)[where]
    normals = vertex_normals(in_camera, prop.triangles)
    values = np.concatenate([prop.colour, normals, in_camera.astype(np.float32)], axis=1)
    mixed = buffer.interpolate(prop.triangles, values, where)
    radiance = mixed[:, :3]
    if not prop.emissive:
        to_viewer = unit(-mixed[:, 6:9])
        facing = unit(mixed[:, 3:6])
        # Thin things are seen from inside too.
        facing[np.einsum("ij,ij->i", facing, to_viewer) < 0] *= -1
        seen = np.full(len(where), _SKY_SEEN, dtype=np.float32)
        lit = np.full(len(where), _LAMP_SEEN, dtype=np.float32)
        surface = matt(radiance, prop.gloss, prop.sharpness)
        radiance = shade(surface, facing, to_viewer, seen, lit, light)
    if prop.opacity >= 1.0:
        canvas.cover(where, depth, radiance, worn=True)
        return
    nearer = np.flatnonzero(depth < canvas.depth.reshape(-1)[where])
    opacity = np.full(len(nearer), prop.opacity, dtype=np.float32)
    canvas.blend(where[nearer], depth[nearer], radiance[nearer], opacity, worn=True)
