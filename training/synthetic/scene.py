"""One training sample, everything of it drawn from a seed and an index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.images import read_rgb
from training.synthetic.appearance import sample_appearance
from training.synthetic.background import (
    photograph_background,
    sample_background,
    sample_background_kind,
)
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import FACE_VERTICES
from training.synthetic.expressions import sample_expression
from training.synthetic.head import Shape, shaped
from training.synthetic.labels import FaceLabel
from training.synthetic.lights import KnownLight, sample_light
from training.synthetic.outfit import occluders_of, sample_obstacles, sample_outfit
from training.synthetic.person import Person
from training.synthetic.placing import crop_camera, sample_gaze, sample_pose
from training.synthetic.render import render
from training.synthetic.sensor import Sensor, expose, sample_sensor
from training.synthetic.studio import Studio
from training.synthetic.tags import Tags, tags_of

DEFAULT_SIZE = 160
# A crop shows this many times the side of the crop that networks see: room for turning, scaling
# and shifting it in training.
DEFAULT_MARGIN = 1.5
_FEWEST_VISIBLE = 14  # of the 68 points; a plain profile shows about 30
_ATTEMPTS = 20
_ON_PHOTOGRAPH = 0.7  # share of the heads before a photograph, where there are any
_LARGEST_COEFFICIENT = 3.0  # standard deviations of an identity mode


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that decides a sample's picture but the head model and the quality.

    background: (h, w, 3) linear RGB; grain: seed of the sensor's noise.
    """

    person: Person
    head: NDArray[np.float64]
    camera: PinholeCamera
    light: KnownLight
    background: NDArray[np.float32]
    sensor: Sensor
    grain: int
    tags: Tags


@dataclass(frozen=True, slots=True)
class Sample:
    """image: (size, size, 3) uint8 RGB; label: of its one face, in pixels of the image."""

    image: NDArray[np.uint8]
    label: FaceLabel
    tags: Tags

    def mirrored(self) -> "Sample":
        """The sample as a mirror shows it."""
        image = np.ascontiguousarray(self.image[:, ::-1])
        return replace(self, image=image, label=self.label.mirrored())


def render_sample(
    studio: Studio,
    seed: int,
    index: int,
    size: int = DEFAULT_SIZE,
    margin: float = DEFAULT_MARGIN,
    photographs: Sequence[Path] = (),
) -> Sample:
    """Sample `index` of the series `seed`: the same whatever was rendered before it.

    photographs: without people, to stand behind most of the heads; none: all rooms are painted.
    Scenes in which next to nothing of the face is to be seen are drawn again.
    """
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([seed, index, attempt])
        sample = photograph(studio, sample_scene(studio, rng, size, margin, photographs))
        if np.count_nonzero(sample.label.visible_3d) >= _FEWEST_VISIBLE:
            break
    return sample


def photograph(studio: Studio, scene: Scene) -> Sample:
    """Draws and exposes a scene."""
    rendered = render(
        studio, (scene.person,), scene.camera, scene.light, scene.background, (scene.head,)
    )
    image = expose(rendered.radiance, scene.sensor, np.random.default_rng(scene.grain))
    return Sample(image, rendered.faces[0], scene.tags)


def sample_scene(
    studio: Studio,
    rng: np.random.Generator,
    size: int = DEFAULT_SIZE,
    margin: float = DEFAULT_MARGIN,
    photographs: Sequence[Path] = (),
) -> Scene:
    """Draws identity, expression, gaze, pose, place, looks, things, light, room and camera."""
    kit = studio.kit
    pose = sample_pose(rng)
    gaze = sample_gaze(rng, pose)
    shape = Shape(_identity(rng, len(kit.identity)), sample_expression(rng, gaze), gaze)
    head = shaped(kit, shape)
    light = sample_light(rng)
    room = sample_background_kind(rng)
    outfit = sample_outfit(
        rng,
        studio.forms.of(head),
        sample_appearance(rng),
        infrared=light.infrared,
        in_car=room == "cabin",
    )
    obstacles = sample_obstacles(rng, pose.translation)
    person = Person(shape, outfit.look, pose, outfit.props + obstacles)
    points = pose.to_camera(studio.contour.marks.ibug.place(head))
    points[:17] = studio.contour.points(pose.to_camera(head[:FACE_VERTICES]))
    if photographs and rng.random() < _ON_PHOTOGRAPH:
        photograph_behind = read_rgb(photographs[int(rng.integers(len(photographs)))])
        background = photograph_background(photograph_behind, rng, size, size)
        room_shown = "photograph"
    else:
        background = sample_background(rng, size, size, room)
        room_shown = room
    sensor = sample_sensor(rng, light.kind)
    return Scene(
        person,
        head,
        crop_camera(points, size, margin, rng),
        light,
        background * np.float32(light.background),
        sensor,
        int(rng.integers(1 << 32)),
        tags_of(outfit, occluders_of(person.props), light, room_shown, sensor),
    )


def _identity(rng: np.random.Generator, modes: int) -> NDArray[np.float64]:
    """(modes,) coefficients, normal but without monsters."""
    coefficients = rng.normal(0.0, 0.95, modes)
    return np.clip(coefficients, -_LARGEST_COEFFICIENT, _LARGEST_COEFFICIENT)
