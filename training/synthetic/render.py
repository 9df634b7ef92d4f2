"""A scene becomes a picture with labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic.background import blurred_room
from training.synthetic.camera import PinholeCamera
from training.synthetic.canvas import Canvas
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.labels import FaceLabel, label_face
from training.synthetic.paint import draw_person
from training.synthetic.person import Person, build_body
from training.synthetic.shading import Light, develop


@dataclass(frozen=True, slots=True)
class Rendered:
    """image: (H, W, 3) uint8 RGB; faces: one label per person, in the order they were given."""

    image: NDArray[np.uint8]
    faces: tuple[FaceLabel, ...]


def render(
    kit: FaceKit,
    people: Sequence[Person],
    camera: PinholeCamera,
    light: Light,
    rng: np.random.Generator,
    exposure: float = 1.4,
    supersampling: int = 2,
) -> Rendered:
    """Renders people before a blurred background.

    rng draws the background and the sensor's noise. exposure: what radiance is multiplied by;
    at 1.4 light skin facing the lamp comes out bright. supersampling: samples per pixel and axis.
    """
    fine = camera.finer(supersampling)
    room = blurred_room(camera.width, camera.height, rng)
    enlarged = cv2.resize(room, (fine.width, fine.height), interpolation=cv2.INTER_LINEAR)
    radiance = np.ascontiguousarray(enlarged, dtype=np.float32)
    depth = np.full((fine.height, fine.width), np.inf, dtype=np.float32)
    canvas = Canvas(fine, radiance, depth)
    bodies = [build_body(kit, person, light) for person in people]
    # Hair is blended over what is already there, so the farthest person comes first.
    order = sorted(range(len(people)), key=lambda i: -float(people[i].pose.translation[2]))
    for index in order:
        draw_person(canvas, kit, people[index], bodies[index], light)
    contour = JawContour(kit)
    faces = tuple(
        label_face(kit, contour, body.in_head, person.pose, camera, canvas.depth)
        for person, body in zip(people, bodies, strict=True)
    )
    size = (camera.width, camera.height)
    linear = cv2.resize(canvas.radiance, size, interpolation=cv2.INTER_AREA)
    return Rendered(_photograph(np.asarray(linear, dtype=np.float32), rng, exposure), faces)


def _photograph(
    linear: NDArray[np.float32], rng: np.random.Generator, exposure: float
) -> NDArray[np.uint8]:
    """Lens blur, development, grain."""
    blurred = cv2.GaussianBlur(linear, (0, 0), 0.5)
    display = develop(np.asarray(blurred, dtype=np.float32), exposure) * 255.0
    grain = rng.normal(0.0, 1.3, display.shape[:2])[..., None]
    noisy = np.clip(np.round(display + grain), 0, 255)
    return np.asarray(noisy, dtype=np.uint8)
