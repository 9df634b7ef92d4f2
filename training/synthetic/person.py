"""One person ready to be drawn: all vertices in the camera frame with what painting needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.facekit import Part
from training.synthetic.hair import HairLayer, hair_layers
from training.synthetic.head import NECK_PIVOT, Pose, Shape, posed, shaped
from training.synthetic.mesh import sky_visibility, vertex_normals
from training.synthetic.noise import smoothstep
from training.synthetic.props import Prop
from training.synthetic.shading import Light, soft_shadow
from training.synthetic.studio import Studio
from training.synthetic.torso import below_collar, torso

CLOTH = max(Part) + 1  # what the torso's triangles are called among the parts
_CLOTH_SKY = 0.85  # how much of the sky a shirt sees where it is not traced


@dataclass(frozen=True, slots=True)
class Person:
    """Who is shown and where; props are what is worn, held, or stands before this person."""

    shape: Shape
    look: Appearance
    pose: Pose
    props: tuple[Prop, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """Head and clothed shoulders of a person; V vertices, those of the head model first.

    in_head: (V, 3) mm, deformed, head frame; in_camera: the same points in the camera frame.
    rest: (V, 3) mm, undeformed, head frame.
    normals: (V, 3) unit vectors, camera frame. sky_seen, lamp_seen: (V,) 0..1.
    triangles: (T, 3); parts: (T,) Part or CLOTH; one_sided: (T,) the closed skin.
    hair: layers in the camera frame, innermost first; hair_lit: (n,) 0..1 as lamp_seen, of the
    vertices of one layer on the scalp. props: vertices in the camera frame, one array per prop.
    """

    in_head: NDArray[np.float64]
    in_camera: NDArray[np.float64]
    rest: NDArray[np.float32]
    normals: NDArray[np.float32]
    sky_seen: NDArray[np.float32]
    lamp_seen: NDArray[np.float32]
    triangles: NDArray[np.int32]
    parts: NDArray[np.uint8]
    one_sided: NDArray[np.bool_]
    hair: list[HairLayer]
    hair_lit: NDArray[np.float32]
    props: list[NDArray[np.float64]]


def build_body(
    studio: Studio, person: Person, light: Light, head: NDArray[np.float64] | None = None
) -> Body:
    """Shapes, dresses, poses and lights a person; head: (V, 3) mm, `shaped` vertices if known."""
    kit, quality = studio.kit, studio.quality
    head = shaped(kit, person.shape) if head is None else head
    cloth, cloth_triangles = torso(person.look, *quality.torso_grid)
    in_head = np.concatenate([_tucked(head, kit.mean), cloth])
    rest = np.concatenate([kit.mean, cloth.astype(np.float32)])
    triangles = np.concatenate([studio.triangles, cloth_triangles + np.int32(len(head))])
    cloth_parts = np.full(len(cloth_triangles), CLOTH, dtype=np.uint8)
    in_camera = posed(in_head, rest, person.pose)
    normals = vertex_normals(in_camera, triangles)
    hair = hair_layers(
        in_camera, rest, normals, studio.scalp, person.look, person.pose, quality.hair_shells
    )
    props = [_placed(prop, person.pose) for prop in person.props]
    shadows = _Shadows(in_camera, studio.triangles)
    for prop, vertices in zip(person.props, props, strict=True):
        if prop.casts_shadow:
            shadows.add(vertices, prop.triangles)
    # The middle layer stands for the hair that grows on the scalp; it comes last.
    for layer in [layer for layer in hair if not layer.on_scalp] + hair[len(hair) // 2 :][:1]:
        inside = layer.edge > 4.0
        a, b, c = layer.triangles.T
        shadows.add(layer.in_camera, layer.triangles[inside[a] & inside[b] & inside[c]])
    vertices, occluders = shadows.merged()
    lamp = soft_shadow(vertices, occluders, light, quality.lamp_samples, quality.shadow_map)
    count = len(in_camera)
    if quality.sky_directions:
        padded = np.zeros_like(vertices, dtype=np.float32)
        padded[:count] = normals
        sky = sky_visibility(vertices, padded, occluders, quality.sky_directions)[:count]
    else:
        on_cloth = np.full(len(cloth), _CLOTH_SKY, dtype=np.float32)
        sky = np.concatenate([studio.sky_seen, on_cloth])
    return Body(
        in_head,
        in_camera,
        rest,
        normals,
        sky,
        lamp[:count],
        triangles,
        np.concatenate([studio.parts, cloth_parts]),
        np.concatenate([studio.one_sided, np.zeros(len(cloth_parts), dtype=np.bool_)]),
        hair,
        lamp[-len(hair[-1].in_camera) :] if hair else lamp[:0],
        props,
    )


def _tucked(head: NDArray[np.float64], rest: NDArray[np.float32]) -> NDArray[np.float64]:
    """The head with neck and shoulders drawn in below the collar, so that they stay under it."""
    tucked = head.copy()
    low = np.flatnonzero(rest[:, 1] > 80.0)  # the collar is lower everywhere
    covered = smoothstep(below_collar(rest[low]), -2.0, 30.0).astype(np.float64)[:, None]
    tucked[low] += (head[low] - NECK_PIVOT) * (-0.3, 0.0, -0.3) * covered
    return tucked


def _placed(prop: Prop, pose: Pose) -> NDArray[np.float64]:
    """A prop's vertices in the camera frame; what is worn below the chin bends with the neck."""
    if prop.frame == "camera":
        return prop.vertices_in_head
    return posed(prop.vertices_in_head, prop.vertices_in_head, pose)


class _Shadows:
    """Meshes gathered into one."""

    def __init__(self, vertices: NDArray[np.float64], triangles: NDArray[np.int32]) -> None:
        self._vertices, self._triangles, self._count = [vertices], [triangles], len(vertices)

    def add(self, vertices: NDArray[np.float64], triangles: NDArray[np.int32]) -> None:
        self._vertices.append(vertices)
        self._triangles.append(triangles + np.int32(self._count))
        self._count += len(vertices)

    def merged(self) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        return np.concatenate(self._vertices), np.concatenate(self._triangles)
