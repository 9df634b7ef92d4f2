"""A renderer of samples that are quick to make and tell their index, for tests of files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme
from training.synthetic.camera import PinholeCamera
from training.synthetic.head import Pose
from training.synthetic.labels import EyeLabels, FaceLabel, MarkedPoints

SIZE = 12


@dataclass(frozen=True, slots=True)
class MadeUpSample:
    image: NDArray[np.uint8]
    label: FaceLabel
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class OpenMadeUp:
    """fails_at: the index at which rendering breaks; tags: what samples have instead of theirs."""

    fails_at: int = -1
    tags: Mapping[str, str] | None = None

    def __call__(self) -> Callable[[int], MadeUpSample]:
        return self._sample

    def _sample(self, index: int) -> MadeUpSample:
        if index == self.fails_at:
            raise ArithmeticError(f"sample {index} broke")
        rng = np.random.default_rng([9, index])
        image = rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
        tags = self.tags or {"glasses": "sun" if index % 2 else "none"}
        return MadeUpSample(image, _label(rng), dict(tags))


def _label(rng: np.random.Generator) -> FaceLabel:
    def points(count: int) -> NDArray[np.float64]:
        return rng.uniform(1, SIZE - 1, (count, 2))

    def marked(name: str) -> MarkedPoints:
        count = len(scheme(name))
        return MarkedPoints(points(count), np.ones(count, dtype=np.bool_))

    flags = np.ones(68, dtype=np.bool_)
    visible = rng.random(68) < 0.8
    return FaceLabel(
        Pose(np.eye(3), np.array([0.0, 0.0, 500.0])),
        PinholeCamera.centred(SIZE, SIZE, 20.0),
        points(68),
        visible,
        points(68),
        visible,
        rng.normal(size=(68, 3)),
        {name: marked(name) for name in ("muct-76", "aflw-21", "five")},
        EyeLabels(
            openness=np.ones(2),
            gaze=np.tile([0.0, 0.0, -1.0], (2, 1)),
            gaze_angles=np.zeros((2, 2)),
            pupils=points(2),
            pupils_visible=flags[:2],
        ),
        0.1,
    )
