"""A rendered head that turns slowly before a still camera: what a steady answer is judged on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.face.rotation import from_euler
from training.synthetic.head import Pose
from training.synthetic.labels import FaceLabel
from training.synthetic.placing import crop_camera
from training.synthetic.scene import Scene, photograph, sample_scene
from training.synthetic.sensor import Sensor
from training.synthetic.studio import Studio

_SIZE = 256
_MARGIN = 1.8  # room for the head to swing in the still picture
_PLACE = np.array([0.0, 0.0, 700.0])
# A plain camera: only its noise differs from frame to frame.
_SENSOR = Sensor(noise=0.012, defocus=0.5)


@dataclass(frozen=True, slots=True)
class Clip:
    """yaw: degrees of each frame, in even steps."""

    yaw: tuple[float, ...] = tuple(np.linspace(-60.0, 60.0, 121).tolist())
    pitch: float = -5.0
    seed: int = 770


@dataclass(frozen=True, slots=True)
class Frame:
    """image: (size, size, 3) uint8 RGB; label: of its one face."""

    image: NDArray[np.uint8]
    label: FaceLabel


def render_clip(studio: Studio, clip: Clip, person: int) -> Iterator[Frame]:
    """The frames of one person, in the order of `clip.yaw`; the same whenever it is asked for."""
    scene = _scene(studio, clip, person)
    for index, yaw in enumerate(clip.yaw):
        pose = Pose(from_euler(yaw, clip.pitch, 0.0), _PLACE)
        turned = replace(scene.person, pose=pose)
        sample = photograph(studio, replace(scene, person=turned, grain=index))
        yield Frame(sample.image, sample.label)


def _scene(studio: Studio, clip: Clip, person: int) -> Scene:
    scene = sample_scene(studio, np.random.default_rng([clip.seed, person]), _SIZE, _MARGIN)
    # What stands before the camera would come and go as the head turns.
    props = tuple(prop for prop in scene.person.props if prop.frame != "camera")
    frontal = Pose(np.eye(3), _PLACE)
    camera = crop_camera(
        frontal.to_camera(studio.contour.marks.ibug.place(scene.head)), _SIZE, _MARGIN
    )
    sensor = replace(_SENSOR, grey=scene.sensor.grey)
    return replace(scene, person=replace(scene.person, props=props), camera=camera, sensor=sensor)
