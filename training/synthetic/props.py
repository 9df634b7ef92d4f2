"""What a person wears, holds or is hidden by: a coloured mesh with a name."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.synthetic.solids import Solid

Frame = Literal["head", "camera"]


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing that is drawn with a person.

    name: kind and part, e.g. "glasses.frame", "glasses.lens", "mask.surgical", "cap.brim".
    vertices_in_head: (V, 3) float64 mm in the head frame of this very head, or in the camera
        frame where `frame` says so. Head-frame things bend with the neck: pose them by
        `posed(vertices, vertices, pose)`.
    triangles: (T, 3) int32, anticlockwise seen from outside. colour: (V, 3) float32 linear RGB.
    gloss: strength of the highlight, as in Surface. sharpness: its exponent.
    opacity: < 1 for glass; blended over what lies behind it, in the order of the tuple.
    emissive: the colour is radiance, not albedo (reflections in lenses, lit displays).
    casts_shadow: whether it belongs to the occluders of the lamp.
    """

    name: str
    vertices_in_head: NDArray[np.float64]
    triangles: NDArray[np.int32]
    colour: NDArray[np.float32]
    gloss: float = 0.1
    sharpness: float = 14.0
    opacity: float = 1.0
    emissive: bool = False
    casts_shadow: bool = True
    frame: Frame = "head"

    @property
    def kind(self) -> str:
        """The name's first part: "glasses", "cap", "mask", "hand" ..."""
        return self.name.split(".")[0]


def prop(
    name: str,
    solid: Solid,
    colour: NDArray[np.floating],
    *,
    gloss: float = 0.1,
    sharpness: float = 14.0,
    opacity: float = 1.0,
    emissive: bool = False,
    casts_shadow: bool = True,
    frame: Frame = "head",
) -> Prop:
    """A Prop of a solid; colour: (3,) for all of it or (V, 3), linear RGB."""
    painted = np.broadcast_to(np.asarray(colour, dtype=np.float32), solid.vertices.shape)
    return Prop(
        name,
        solid.vertices,
        solid.triangles,
        np.ascontiguousarray(painted),
        gloss,
        sharpness,
        opacity,
        emissive,
        casts_shadow,
        frame,
    )
