"""Draws people into a picture: geometry first, then paint and light per pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from training.synthetic.appearance import linear
from training.synthetic.canvas import Canvas
from training.synthetic.eyes import paint_eyes
from training.synthetic.facekit import EYEBALLS, SKIN_VERTICES, FaceKit, Part
from training.synthetic.front_map import brow_map
from training.synthetic.head import eye_centre
from training.synthetic.lids import EYES_OF_68, lid_line
from training.synthetic.mesh import unit
from training.synthetic.paint_hair import draw_hair
from training.synthetic.paint_props import draw_prop
from training.synthetic.person import CLOTH, Body, Person
from training.synthetic.rasteriser import GeometryBuffer, rasterise
from training.synthetic.shading import PLAIN_WRAP, SKIN_WRAP, Light, shade
from training.synthetic.skin import SkinMaps, base_coat, paint_skin
from training.synthetic.studio import Studio
from training.synthetic.surface import Surface, matt
from training.synthetic.torso import below_collar, cloth_colour

# sRGB of what is seen beside the teeth in an open mouth, and between the lids.
_INSIDE = (
    (Part.GUMS, (150.0, 74.0, 70.0)),
    (Part.MOUTH, (104.0, 46.0, 42.0)),
    (Part.SOCKET, (120.0, 70.0, 62.0)),
)


# Cosine past which a vertex belongs to no triangle that can be seen, with much to spare.
_TURNED_AWAY = 0.6


@dataclass(frozen=True, slots=True)
class _Pixels:
    """The pixels that a body covers, P of them, with what is interpolated there."""

    part: NDArray[np.uint8]
    rest: NDArray[np.float32]
    normals: NDArray[np.float32]
    to_viewer: NDArray[np.float32]
    sky_seen: NDArray[np.float32]
    lamp_seen: NDArray[np.float32]
    lid_distance: NDArray[np.float32]
    coat: NDArray[np.float32]
    in_head: NDArray[np.float32]


def draw_person(canvas: Canvas, studio: Studio, person: Person, body: Body, light: Light) -> None:
    """Draws a person over what is farther away; things before the camera come last."""
    buffer = rasterise(body.in_camera, body.triangles, canvas.camera, body.one_sided)
    where = buffer.where()
    pixels = _pixels(buffer, where, studio, person, body)
    radiance = np.zeros((len(pixels.part), 3), dtype=np.float32)
    for rows, surface, wrap in _painted(studio, person, body, pixels):
        radiance[rows] = shade(
            surface,
            pixels.normals[rows],
            pixels.to_viewer[rows],
            pixels.sky_seen[rows],
            pixels.lamp_seen[rows],
            light,
            wrap,
        )
    canvas.cover(where, buffer.depth.reshape(-1)[where], radiance)
    solid = [index for index, prop in enumerate(person.props) if prop.opacity >= 1.0]
    glass = [index for index, prop in enumerate(person.props) if prop.opacity < 1.0]
    for index in solid:
        draw_prop(canvas, person.props[index], body.props[index], light)
    hidden_by = canvas.depth.copy()
    for layer in body.hair:
        draw_hair(canvas, hidden_by, layer, person.look, body.hair_lit, light)
    for index in glass:
        draw_prop(canvas, person.props[index], body.props[index], light)


def _pixels(
    buffer: GeometryBuffer,
    where: NDArray[np.intp],
    studio: Studio,
    person: Person,
    body: Body,
) -> _Pixels:
    count = len(body.in_camera)
    extra = np.zeros((count, 7), dtype=np.float32)
    extra[: len(studio.lid_distance), 0] = studio.lid_distance
    # Skin that faces away takes no part in any pixel.
    towards = np.einsum("ij,ij->i", body.normals[:SKIN_VERTICES], body.in_camera[:SKIN_VERTICES])
    facing = np.flatnonzero(towards < _TURNED_AWAY * body.in_camera[:SKIN_VERTICES, 2])
    extra[facing, 1:] = base_coat(body.rest[facing], person.look)
    scalars = np.stack([body.sky_seen, body.lamp_seen], axis=1)
    channels = (body.rest, body.in_camera, body.normals, scalars, extra, body.in_head)
    values = np.concatenate([np.asarray(c, dtype=np.float32) for c in channels], axis=1)
    mixed = buffer.interpolate(body.triangles, values, where)
    return _Pixels(
        part=body.parts[buffer.triangle.reshape(-1)[where]],
        rest=mixed[:, 0:3],
        to_viewer=unit(-mixed[:, 3:6]),
        normals=unit(mixed[:, 6:9]),
        sky_seen=mixed[:, 9],
        lamp_seen=mixed[:, 10],
        lid_distance=mixed[:, 11],
        coat=mixed[:, 12:18],
        in_head=mixed[:, 18:21],
    )


def _painted(
    studio: Studio, person: Person, body: Body, pixels: _Pixels
) -> list[tuple[NDArray[np.intp], Surface, tuple[float, float, float]]]:
    """The pixels of each material with their surface."""
    kit, look = studio.kit, person.look
    brows = brow_map(studio.brow_lines, look, studio.quality.map_pixels_per_mm)
    is_skin = (pixels.part == Part.FACE) | (pixels.part == Part.HEAD)
    # Where a bent neck breaks through the shirt it is painted as shirt.
    is_cloth = (pixels.part == CLOTH) | (is_skin & (below_collar(pixels.rest) > 4.0))
    skin, cloth = np.flatnonzero(is_skin & ~is_cloth), np.flatnonzero(is_cloth)
    skin_surface = paint_skin(
        pixels.rest[skin],
        pixels.coat[skin],
        pixels.lid_distance[skin],
        look,
        SkinMaps(studio.lips, brows),
    )
    cloth_surface = matt(cloth_colour(pixels.rest[cloth], look))
    painted = [(skin, skin_surface, SKIN_WRAP), (cloth, cloth_surface, PLAIN_WRAP)]
    for part in EYES_OF_68:
        rows = np.flatnonzero(pixels.part == part)
        if len(rows):
            painted.append((rows, _eye(kit, part, person, body, pixels, rows), PLAIN_WRAP))
    inside = [(part, linear(np.array(colour))) for part, colour in _INSIDE]
    for part, colour in [(Part.TEETH, look.teeth), *inside]:
        rows = np.flatnonzero(pixels.part == part)
        if len(rows):
            albedo = np.tile(colour, (len(rows), 1))
            painted.append((rows, matt(albedo, 0.6), PLAIN_WRAP))
    return painted


def _eye(
    kit: FaceKit,
    part: Part,
    person: Person,
    body: Body,
    pixels: _Pixels,
    rows: NDArray[np.intp],
) -> Surface:
    centre = eye_centre(kit.mean[EYEBALLS[part]])
    directions = unit(pixels.rest[rows] - centre.astype(np.float32))
    apart = cdist(pixels.in_head[rows], lid_line(body.in_head[kit.landmarks[EYES_OF_68[part]]]))
    around, above = apart.min(axis=1), apart[:, : apart.shape[1] // 2].min(axis=1)
    return paint_eyes(directions, around.astype(np.float32), above.astype(np.float32), person.look)
