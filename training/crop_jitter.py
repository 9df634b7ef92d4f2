"""How the crops of training stray from the crop rule."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import CROP_SCALE, Box, crop_transform


@dataclass(frozen=True, slots=True)
class CropJitter:
    """How far training crops stray from the crop rule.

    turn_std, turn_max: degrees, normal with this deviation, one face in ten uniform up to the
    maximum. scale_std: of the logarithm of the side. shift_std: in box sides. forehead: callers'
    boxes may or may not hold it, so this share of the height is taken away from the top, uniformly
    between 0 and 1 of it. occluded, side_covered, restyled: shares of the crops of which a part, or
    one side, is covered, and of those given another look (see training.augmentation). untouched:
    share of the crops whose light, sharpness and noise are left as they are.
    """

    turn_std: float = 14.0
    turn_max: float = 50.0
    scale_std: float = 0.13
    shift_std: float = 0.06
    forehead: float = 0.2
    occluded: float = 0.3
    side_covered: float = 0.0
    restyled: float = 0.0
    untouched: float = 0.0

    def calmer(self) -> Self:
        """Nearer to the crops that are served: what a small network learns of lying, covered and
        noisy faces it would not spend on the others to the last.
        """
        return replace(
            self,
            turn_std=0.7 * self.turn_std,
            scale_std=0.7 * self.scale_std,
            shift_std=0.7 * self.shift_std,
            occluded=0.5 * self.occluded,
            side_covered=0.5 * self.side_covered,
            untouched=0.5,
        )


def jittered_crop(
    rng: np.random.Generator, box: Box, jitter: CropJitter
) -> tuple[NDArray[np.float64], float]:
    """A crop's affine to the picture and its angle in degrees, strayed from the crop rule."""
    if rng.random() < 0.5:
        cut = jitter.forehead * rng.random() * box.height
        box = Box(box.x, box.y + cut, box.width, box.height - cut)
    angle = drawn_turn(rng, jitter)
    scale = CROP_SCALE * np.exp(np.clip(rng.normal(0, jitter.scale_std), -0.35, 0.35))
    side = np.sqrt(box.area)
    dx, dy = np.clip(rng.normal(0, jitter.shift_std, 2), -0.2, 0.2) * side
    moved = Box(box.x + dx, box.y + dy, box.width, box.height)
    return crop_transform(moved, float(scale), angle), angle


def drawn_turn(rng: np.random.Generator, jitter: CropJitter) -> float:
    if rng.random() < 0.1:
        return float(rng.uniform(-jitter.turn_max, jitter.turn_max))
    return float(rng.normal(0, jitter.turn_std))
