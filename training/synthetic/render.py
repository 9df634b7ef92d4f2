"""People before a background become a picture in linear light, with labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import PinholeCamera
from training.synthetic.canvas import Canvas
from training.synthetic.labels import FaceLabel, label_face
from training.synthetic.paint import draw_person
from training.synthetic.person import Person, build_body
from training.synthetic.shading import Light
from training.synthetic.studio import Studio


@dataclass(frozen=True, slots=True)
class Rendered:
    """radiance: (H, W, 3) float32 linear RGB, which a sensor turns into a picture; faces: one
    label per person, in the order they were given.
    """

    radiance: NDArray[np.float32]
    faces: tuple[FaceLabel, ...]


def render(
    studio: Studio,
    people: Sequence[Person],
    camera: PinholeCamera,
    light: Light,
    background: NDArray[np.float32],
    heads: Sequence[NDArray[np.float64]] | None = None,
) -> Rendered:
    """Draws people before `background`, (h, w, 3) linear RGB of any size.

    heads: the (V, 3) vertices of each person in the head frame, where `shaped` was asked already.
    """
    fine = camera.finer(studio.quality.supersampling)
    size = (fine.width, fine.height)
    enlarged = cv2.resize(background, size, interpolation=cv2.INTER_LINEAR)
    radiance = np.array(enlarged, dtype=np.float32, order="C")
    depth = np.full(radiance.shape[:2], np.inf, dtype=np.float32)
    canvas = Canvas(fine, radiance, depth, np.zeros(depth.shape, dtype=np.bool_))
    bodies = [
        build_body(studio, person, light, None if heads is None else heads[index])
        for index, person in enumerate(people)
    ]
    # Hair is blended over what is already there, so the farthest person comes first.
    order = sorted(range(len(people)), key=lambda i: -float(people[i].pose.translation[2]))
    for index in order:
        draw_person(canvas, studio, people[index], bodies[index], light)
    hidden_by = canvas.depth_for_labels()
    faces = tuple(
        label_face(studio.kit, studio.contour, body.in_head, person.pose, camera, hidden_by)
        for person, body in zip(people, bodies, strict=True)
    )
    picture = (camera.width, camera.height)
    linear = cv2.resize(canvas.radiance, picture, interpolation=cv2.INTER_AREA)
    return Rendered(np.asarray(linear, dtype=np.float32), faces)
