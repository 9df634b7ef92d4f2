"""Draws people into a picture: geometry first, then paint and light per pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from training.synthetic.appearance import linear
from training.synthetic.canvas import Canvas
from training.synthetic.eyes import paint_eyes
from training.synthetic.facekit import EYEBALLS, FaceKit, Part
from training.synthetic.front_map import brow_map, lip_map
from training.synthetic.head import eye_centre
from training.synthetic.mesh import unit
from training.synthetic.paint_hair import draw_hair
from training.synthetic.person import CLOTH, Body, Person
from training.synthetic.rasteriser import GeometryBuffer, rasterise
from training.synthetic.shading import PLAIN_WRAP, SKIN_WRAP, Light, shade
from training.synthetic.skin import SkinMaps, paint_skin
from training.synthetic.surface import Surface, matt
from training.synthetic.torso import below_collar, cloth_colour

_EYES_OF_68 = {Part.EYE_RIGHT: slice(36, 42), Part.EYE_LEFT: slice(42, 48)}


@dataclass(frozen=True, slots=True)
class _Pixels:
    """The pixels that a body covers, P of them, with what is interpolated there."""

    part: NDArray[np.uint8]
    rest: NDArray[np.float32]
    in_head: NDArray[np.float32]
    normals: NDArray[np.float32]
    to_viewer: NDArray[np.float32]
    sky_seen: NDArray[np.float32]
    lamp_seen: NDArray[np.float32]


def draw_person(canvas: Canvas, kit: FaceKit, person: Person, body: Body, light: Light) -> None:
    """Draws a person over what is farther away."""
    buffer = rasterise(body.in_camera, body.triangles, canvas.camera)
    pixels = _pixels(buffer, body)
    radiance = np.zeros((len(pixels.part), 3), dtype=np.float32)
    for mask, surface, wrap in _painted(kit, person, body, pixels):
        radiance[mask] = shade(
            surface,
            pixels.normals[mask],
            pixels.to_viewer[mask],
            pixels.sky_seen[mask],
            pixels.lamp_seen[mask],
            light,
            wrap,
        )
    covered = buffer.covered
    nearer = buffer.depth[covered] < canvas.depth[covered]
    rows, columns = (index[nearer] for index in np.nonzero(covered))
    canvas.radiance[rows, columns] = radiance[nearer]
    canvas.depth[rows, columns] = buffer.depth[covered][nearer]
    skin_depth = canvas.depth.copy()
    for layer in body.hair:
        draw_hair(canvas, skin_depth, layer, person, body, light)


def _pixels(buffer: GeometryBuffer, body: Body) -> _Pixels:
    values = np.concatenate(
        [
            body.rest,
            body.in_head,
            body.in_camera,
            body.normals,
            body.sky_seen[:, None],
            body.lamp_seen[:, None],
        ],
        axis=1,
    )
    mixed = buffer.interpolate(body.triangles, values)
    return _Pixels(
        part=body.parts[buffer.triangle[buffer.covered]],
        rest=mixed[:, 0:3],
        in_head=mixed[:, 3:6],
        normals=unit(mixed[:, 9:12]),
        to_viewer=unit(-mixed[:, 6:9]),
        sky_seen=mixed[:, 12],
        lamp_seen=mixed[:, 13],
    )


def _painted(
    kit: FaceKit, person: Person, body: Body, pixels: _Pixels
) -> list[tuple[NDArray[np.bool_], Surface, tuple[float, float, float]]]:
    """The pixels of each material with their surface."""
    look = person.look
    undeformed = kit.mean[kit.landmarks]
    maps = SkinMaps(lip_map(undeformed), brow_map(undeformed, look))
    skin = np.isin(pixels.part, (Part.FACE, Part.HEAD))
    # Where a bent neck breaks through the shirt it is painted as shirt.
    cloth = (pixels.part == CLOTH) | (skin & (below_collar(pixels.rest) > 4.0))
    skin &= ~cloth
    lids = cKDTree(np.concatenate([_lid_line(undeformed[eye]) for eye in _EYES_OF_68.values()]))
    to_lid = lids.query(pixels.rest[skin], distance_upper_bound=6.0)[0]
    to_lid = np.minimum(to_lid, 6.0).astype(np.float32)
    painted = [(skin, paint_skin(pixels.rest[skin], to_lid, look, maps), SKIN_WRAP)]
    landmarks = body.in_head[kit.landmarks]
    for part, eye in _EYES_OF_68.items():
        mask = pixels.part == part
        centre = eye_centre(kit.mean[EYEBALLS[part]])
        directions = unit(pixels.rest[mask] - centre.astype(np.float32))
        outline = _lid_line(landmarks[eye])
        upper = outline[: len(outline) // 2]
        spots = pixels.in_head[mask]
        around = cKDTree(outline).query(spots)[0].astype(np.float32)
        above = cKDTree(upper).query(spots)[0].astype(np.float32)
        painted.append((mask, paint_eyes(directions, around, above, look), PLAIN_WRAP))
    painted.append((cloth, matt(cloth_colour(pixels.rest[cloth], look)), PLAIN_WRAP))
    for part, colour in (
        (Part.TEETH, (206.0, 194.0, 176.0)),
        (Part.GUMS, (150.0, 74.0, 70.0)),
        (Part.MOUTH, (104.0, 46.0, 42.0)),
        (Part.SOCKET, (120.0, 70.0, 62.0)),
    ):
        mask = pixels.part == part
        albedo = np.tile(linear(np.array(colour)), (int(mask.sum()), 1))
        painted.append((mask, matt(albedo, 0.6), PLAIN_WRAP))
    return painted


def _lid_line(eye: NDArray[np.floating]) -> NDArray[np.float64]:
    """(200, 3) points along the lids through an eye's 6 landmarks, the upper lid first."""
    closed = np.concatenate([eye, eye[:1]])
    spline = CubicSpline(np.arange(7), closed, bc_type="periodic")
    return np.asarray(spline(np.linspace(0, 6, 200)), dtype=np.float64)
