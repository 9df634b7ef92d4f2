"""A head model ready to be drawn: everything that is the same for all people, computed once."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.contour import JawContour
from training.synthetic.facekit import SKIN_VERTICES, FaceKit, Part
from training.synthetic.front_map import FrontMap, brow_lines, lip_map
from training.synthetic.headform import HeadForms
from training.synthetic.lids import EYES_OF_68, lid_line
from training.synthetic.mesh import sky_visibility, vertex_normals
from training.synthetic.quality import Quality

_UNDER_SHIRT = 150.0  # skin below this height (mm, y down) is never seen
_FARTHEST_LID = 6.0  # mm; lashes are painted within about two
# The mean head's occlusion is smooth, so these many directions are enough.
_SKY_DIRECTIONS = 64


@dataclass(frozen=True, slots=True)
class Studio:
    """V vertices of the head model; T triangles of it that are drawn.

    triangles (T, 3), parts (T,) Part, one_sided (T,) those of the closed skin. scalp: (S, 3)
    triangles of the skin, on which hair grows. lid_distance: (V,) mm to the nearest rim of an eye
    opening, at most 6. sky_seen: (V,) ambient occlusion of the mean head, 0..1.
    """

    kit: FaceKit
    quality: Quality
    contour: JawContour
    forms: HeadForms
    lips: FrontMap
    brow_lines: NDArray[np.float64]
    triangles: NDArray[np.int32]
    parts: NDArray[np.uint8]
    one_sided: NDArray[np.bool_]
    scalp: NDArray[np.int32]
    lid_distance: NDArray[np.float32]
    sky_seen: NDArray[np.float32]

    @classmethod
    def open(cls, kit: FaceKit, quality: Quality) -> Self:
        """Takes a second or two, and keeps a few megabytes besides the head model."""
        kept = kit.mean[kit.triangles, 1].min(axis=1) < _UNDER_SHIRT
        triangles, parts = kit.triangles[kept], kit.parts[kept]
        skin = kit.triangles_of(Part.FACE, Part.HEAD)
        undeformed = kit.mean[kit.landmarks]
        lids = cKDTree(np.concatenate([lid_line(undeformed[eye]) for eye in EYES_OF_68.values()]))
        distance = lids.query(kit.mean, distance_upper_bound=_FARTHEST_LID)[0]
        sky = np.ones(len(kit.mean), dtype=np.float32)
        if quality.sky_directions == 0:
            normals = vertex_normals(kit.mean, triangles)
            sky = sky_visibility(kit.mean, normals, triangles, _SKY_DIRECTIONS)
        return cls(
            kit,
            quality,
            JawContour(kit),
            HeadForms(kit),
            lip_map(undeformed, quality.map_pixels_per_mm),
            brow_lines(undeformed),
            triangles,
            parts,
            np.isin(parts, (Part.FACE, Part.HEAD)),
            skin[(skin < SKIN_VERTICES).all(axis=1)],
            np.minimum(distance, _FARTHEST_LID).astype(np.float32),
            sky,
        )
