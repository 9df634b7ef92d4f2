"""One person ready to be drawn: all vertices in the camera frame with what painting needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.facekit import SKIN_VERTICES, FaceKit, Part
from training.synthetic.hair import HairMesh, hair_meshes
from training.synthetic.head import NECK_PIVOT, Pose, Shape, posed, shaped
from training.synthetic.mesh import sky_visibility, vertex_normals
from training.synthetic.noise import smoothstep
from training.synthetic.shading import Light, soft_shadow
from training.synthetic.torso import below_collar, torso

CLOTH = max(Part) + 1  # what the torso's triangles are called among the parts
_UNDER_SHIRT = 150.0  # skin below this height (mm, y down) is never seen


@dataclass(frozen=True, slots=True)
class Person:
    """Who is shown and where."""

    shape: Shape
    look: Appearance
    pose: Pose


@dataclass(frozen=True, slots=True)
class Body:
    """Head and clothed shoulders of a person; V vertices, those of the head model first.

    in_head: (V, 3) mm, deformed, head frame; in_camera: the same points in the camera frame.
    rest: (V, 3) mm, undeformed, head frame.
    normals: (V, 3) unit vectors, camera frame. sky_seen, lamp_seen: (V,) 0..1.
    triangles: (T, 3); parts: (T,) Part or CLOTH.
    hair: layers in the head frame, innermost first.
    """

    in_head: NDArray[np.float64]
    in_camera: NDArray[np.float64]
    rest: NDArray[np.float32]
    normals: NDArray[np.float32]
    sky_seen: NDArray[np.float32]
    lamp_seen: NDArray[np.float32]
    triangles: NDArray[np.int32]
    parts: NDArray[np.uint8]
    hair: list[HairMesh]


def build_body(kit: FaceKit, person: Person, light: Light) -> Body:
    """Shapes, dresses, poses and lights a person."""
    head = shaped(kit, person.shape)
    kept = kit.mean[kit.triangles, 1].min(axis=1) < _UNDER_SHIRT
    head_triangles = kit.triangles[kept]
    cloth, cloth_triangles = torso(person.look)
    in_head = np.concatenate([_tucked(head, kit.mean), cloth])
    rest = np.concatenate([kit.mean, cloth.astype(np.float32)])
    triangles = np.concatenate([head_triangles, cloth_triangles + np.int32(len(head))])
    cloth_parts = np.full(len(cloth_triangles), CLOTH, dtype=np.uint8)
    parts = np.concatenate([kit.parts[kept], cloth_parts])
    in_camera = posed(in_head, rest, person.pose)
    normals = vertex_normals(in_camera, triangles)
    hair = _hair(kit, head, person.look)
    occluding_vertices, occluders = _occluders(in_camera, head_triangles, hair, person.pose)
    # Hair and head cast shadows on each other, so their vertices are lit together.
    count = len(in_camera)
    padded = np.zeros_like(occluding_vertices, dtype=np.float32)
    padded[:count] = normals
    sky = sky_visibility(occluding_vertices, padded, occluders)[:count]
    lamp = soft_shadow(occluding_vertices, occluders, light)[:count]
    return Body(in_head, in_camera, rest, normals, sky, lamp, triangles, parts, hair)


def _tucked(head: NDArray[np.float64], rest: NDArray[np.float32]) -> NDArray[np.float64]:
    """The head with neck and shoulders drawn in below the collar, so that they stay under it."""
    covered = smoothstep(below_collar(rest), -2.0, 30.0).astype(np.float64)[:, None]
    towards_axis = (head - NECK_PIVOT) * (-0.3, 0.0, -0.3)
    return np.asarray(head + towards_axis * covered)


def _hair(kit: FaceKit, head: NDArray[np.float64], look: Appearance) -> list[HairMesh]:
    skin = kit.triangles_of(Part.FACE, Part.HEAD)
    skin = skin[(skin < SKIN_VERTICES).all(axis=1)]
    return hair_meshes(head, kit.mean, vertex_normals(head, skin), skin, look)


def _occluders(
    body: NDArray[np.float64],
    head_triangles: NDArray[np.int32],
    hair: list[HairMesh],
    pose: Pose,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The head and the middle of its hair as one mesh; (n, 3) mm camera frame, (t, 3)."""
    if not hair:
        return body, head_triangles
    vertices, triangles, offset = [body], [head_triangles], len(body)
    for layer in (hair[0], hair[len(hair) // 2]):
        solid = (layer.edge[layer.triangles] > 4.0).all(axis=1)
        vertices.append(posed(layer.vertices, layer.rest, pose))
        triangles.append(layer.triangles[solid] + np.int32(offset))
        offset += len(layer.vertices)
    return np.concatenate(vertices), np.concatenate(triangles)
