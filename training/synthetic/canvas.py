"""The picture while it is being drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import PinholeCamera

# mm; points of a face are held to be seen unless something is farther before them than their
# label's tolerance. Cloth lies closer than that, so what is worn counts as this much nearer.
_WORN_IS_NEARER = 12.0


@dataclass(frozen=True, slots=True)
class Canvas:
    """radiance: (H, W, 3) float32 linear RGB; depth: (H, W) float32 mm; worn: (H, W) bool, True
    where a thing is nearest and not a person. All three are drawn into.
    """

    camera: PinholeCamera
    radiance: NDArray[np.float32]
    depth: NDArray[np.float32]
    worn: NDArray[np.bool_]

    def cover(
        self,
        where: NDArray[np.intp],
        depth: NDArray[np.float32],
        radiance: NDArray[np.float32],
        worn: bool = False,
    ) -> None:
        """Draws P opaque points, at (P,) places row by row, where they are nearer than what is
        there.
        """
        nearer = np.flatnonzero(depth < self.depth.reshape(-1)[where])
        where = where[nearer]
        self.radiance.reshape(-1, 3)[where] = radiance[nearer]
        self.depth.reshape(-1)[where] = depth[nearer]
        self.worn.reshape(-1)[where] = worn

    def blend(
        self,
        where: NDArray[np.intp],
        depth: NDArray[np.float32],
        radiance: NDArray[np.float32],
        opacity: NDArray[np.float32],
        worn: bool = False,
    ) -> None:
        """Draws P points over what is there; those that hide more than half of it hide its
        landmarks.
        """
        picture, depths = self.radiance.reshape(-1, 3), self.depth.reshape(-1)
        under = picture[where]
        picture[where] = under + (radiance - under) * opacity[:, None]
        solid = np.flatnonzero((opacity > 0.5) & (depth < depths[where]))
        depths[where[solid]] = depth[solid]
        self.worn.reshape(-1)[where[solid]] = worn

    def depth_for_labels(self) -> NDArray[np.float32]:
        """(H, W) mm by which landmarks are found hidden."""
        return np.where(self.worn, self.depth - np.float32(_WORN_IS_NEARER), self.depth)
