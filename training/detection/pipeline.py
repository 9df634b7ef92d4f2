"""Batches of composed scenes and what the detector should say about them."""

import numpy as np
from numpy.typing import NDArray

from training.detection.scenes import SceneMaker
from training.detection.targets import scene_targets
from training.fit import EpochBatches

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]

_LARGE_EVERY = 10


class DetectionBatches(EpochBatches):
    """Items: scenes (B, size, size, 3) uint8 and targets (B, M, 16), see
    `training.detection.targets`.

    large: makes every tenth batch, of larger scenes with larger faces and fewer of them, so that a
    batch costs about the same.
    """

    def __init__(
        self,
        maker: SceneMaker,
        *,
        batch: int,
        steps: int,
        seed: int,
        large: SceneMaker | None = None,
    ) -> None:
        super().__init__(steps=steps, seed=seed)
        self._maker, self._batch = maker, batch
        self._large = large or maker
        self._large_batch = max(1, round(batch * (maker.size / self._large.size) ** 2))

    def __getitem__(self, index: int) -> Batch:
        # Keras takes the shapes of the first two batches for those of all: they must differ.
        if index % _LARGE_EVERY == 1:
            return scene_batch(self._large, self.generator(index), self._large_batch)
        return scene_batch(self._maker, self.generator(index), self._batch)


def scene_batch(maker: SceneMaker, rng: np.random.Generator, count: int) -> Batch:
    """`count` scenes (N, size, size, 3) uint8 and their targets (N, M, 16)."""
    scenes = [maker.draw(rng) for _ in range(count)]
    pixels = np.stack([scene.pixels for scene in scenes])
    return pixels, np.stack([scene_targets(scene) for scene in scenes])
