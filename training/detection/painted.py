"""Painted rooms without anybody in them: backgrounds that are free of anybody's rights."""

from collections.abc import Iterator

import cv2
import numpy as np

from training.detection.images import POINTS, LabelledImage
from training.synthetic.background import sample_background
from training.synthetic.sensor import expose, sample_sensor

PAINTED = "painted"
_SIDES = (240, 400)


def painted_images(count: int, seed: int) -> Iterator[LabelledImage]:
    """`count` pictures of 240 to 400 pixels a side; picture i depends on (seed, i) alone."""
    cv2.setNumThreads(1)
    none = np.zeros((0, 4))
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        width, height = (int(side) for side in rng.integers(*_SIDES, 2))
        radiance = sample_background(rng, width, height)
        pixels = expose(radiance, sample_sensor(rng), rng)
        yield LabelledImage(PAINTED, pixels, none, np.zeros((0, POINTS, 2)), none, True)
