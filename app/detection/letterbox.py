"""Which waiting pictures go through the detector together, and at which size.

Pictures of one shape always may. Those of different shapes are padded to a common one where the
padding costs less than the run that it saves; a picture that is alone keeps its own shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Letterbox:
    """One run: height and width of its pictures, and which ones they are."""

    height: int
    width: int
    members: tuple[int, ...]

    @property
    def pixels(self) -> int:
        return self.height * self.width * len(self.members)

    def with_one(self, member: int, height: int, width: int) -> "Letterbox":
        return Letterbox(max(self.height, height), max(self.width, width), (*self.members, member))

    def stack(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """The members of all `pictures` (H, W, 3), black on the right and at the bottom."""
        mine = [pictures[member] for member in self.members]
        shape = (self.height, self.width, 3)
        if all(picture.shape == shape for picture in mine):
            return np.stack(mine)
        batch = np.zeros((len(mine), *shape), np.uint8)
        for row, picture in zip(batch, mine, strict=True):
            row[: picture.shape[0], : picture.shape[1]] = picture
        return batch


def letterboxes(
    sizes: Sequence[tuple[int, int]], *, padding: int, most_pixels: int
) -> list[Letterbox]:
    """Divide pictures of these sizes (height, width) into runs; each is in exactly one.

    padding: pixels of black that saving one run is worth. most_pixels: of a run of several
    pictures, which bounds its memory.
    """
    boxes: list[Letterbox] = []
    # Large ones first: what comes later mostly fits into a shape that is there.
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i][0] * sizes[i][1], sizes[i], i))
    for member in order:
        height, width = sizes[member]
        best, least = None, padding + 1
        for index, box in enumerate(boxes):
            joint = box.with_one(member, height, width)
            added = joint.pixels - box.pixels - height * width
            if added < least and joint.pixels <= most_pixels:
                best, least = index, added
        if best is None:
            boxes.append(Letterbox(height, width, (member,)))
        else:
            boxes[best] = boxes[best].with_one(member, height, width)
    return boxes
