"""Hard negatives: where the network, as it is now, sees faces in training photographs without any.

Source: Sung and Poggio, Example-based learning for view-based human face detection, PAMI 1998
(bootstrapping): what was wrongly accepted is shown again.
"""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from training.detection.images import LabelledImage
from training.detection.scenes import HardPlace, SceneMaker

_MULTIPLE = 32
_BATCH = 16
_LOWEST_SCORE = 0.05
_PLACES = 3  # of one picture: neighbouring cells all see the same thing


class HardNegatives(keras.callbacks.Callback):
    """Every `every` epochs tells the makers which places without faces look like some.

    It needs no state: a resumed run mines anew with the weights that it resumes with.
    """

    def __init__(self, makers: Sequence[SceneMaker], every: int) -> None:
        super().__init__()
        self._makers, self._every, self._mined = makers, every, False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        if epoch == 0 or (self._mined and epoch % self._every):
            return
        self._mined = True
        for maker in self._makers:
            maker.learn_hard(hard_places(self.model, maker.without_faces))


def hard_places(network: keras.Model, images: Sequence[LabelledImage]) -> list[HardPlace]:
    """The worst false faces of each picture, at the size that it has."""
    places = []
    side = max((max(image.pixels.shape[:2]) for image in images), default=0)
    side = -(-side // _MULTIPLE) * _MULTIPLE
    for start in range(0, len(images), _BATCH):
        some = images[start : start + _BATCH]
        pixels = np.zeros((len(some), side, side, 3), np.uint8)
        for row, image in enumerate(some):
            height, width = image.pixels.shape[:2]
            pixels[row, :height, :width] = image.pixels
        cells = np.asarray(network.predict_on_batch(pixels))
        for row in range(len(some)):
            places += _worst(start + row, cells[row])
    return places


def _worst(image: int, cells: NDArray[np.float32]) -> list[HardPlace]:
    """cells: (M, 15), logit and box first."""
    scores = 1 / (1 + np.exp(-cells[:, 0].astype(np.float64)))
    places: list[HardPlace] = []
    for cell in np.argsort(-scores)[: _PLACES * 9].tolist():
        x, y, width, height = cells[cell, 1:5].tolist()
        centre = (x + width / 2, y + height / 2)
        reach = max(width, height) / 2
        if scores[cell] < _LOWEST_SCORE or len(places) == _PLACES:
            break
        if all(abs(centre[0] - p.centre[0]) + abs(centre[1] - p.centre[1]) > reach for p in places):
            places.append(HardPlace(image, centre, float(scores[cell])))
    return places
