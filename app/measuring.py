"""From a crop's landmarks to a face: back into the image, then all that follows from the points."""

from collections.abc import Sequence

import numpy as np

from app import eyes, pose
from app.alignment import Aligner, Alignment
from app.candidates import Candidate
from app.errors import InternalError
from app.face.geometry import Crop
from app.face.schemes.ibug_68 import IBUG_68
from app.face.tilt import turned
from app.options import Options
from app.quality import measure_quality
from app.results import Face, ImageFacts
from app.usability import judge


def measure(
    found: Sequence[Candidate],
    crops: Sequence[Crop],
    aligned: Sequence[Alignment],
    aligner: Aligner,
    options: Options,
    image: ImageFacts,
) -> tuple[Face, ...]:
    """One face per candidate of an image. InternalError when the model answers no numbers."""
    return tuple(
        _face(candidate, crop, alignment, aligner, options, image)
        for candidate, crop, alignment in zip(found, crops, aligned, strict=True)
    )


def _face(
    candidate: Candidate,
    crop: Crop,
    alignment: Alignment,
    aligner: Aligner,
    options: Options,
    image: ImageFacts,
) -> Face:
    scheme = aligner.model.card.scheme or ""
    points = crop.points_to_image(alignment.points_in_crop)
    std = alignment.std_in_crop * crop.scale
    if not (np.isfinite(points).all() and np.isfinite(std).all()):
        raise InternalError(f"{aligner.model.card.name} answered numbers that are not finite")
    camera = options.camera_for(image.width, image.height)
    convention = options.convention if "pose" in options.blocks else None
    head = pose.pose_of(points, std, camera, scheme, convention)
    quality = measure_quality(
        crop.pixels, aligner.crop_scale, candidate.box, image.width, image.height
    )
    # Face boxes stand upright, and what may be trusted depends on where the face looks when its
    # head does: a tilt that was undone must not count.
    upright = turned(points, candidate.box.centre, -candidate.tilt)
    seen = None if head is None else head.turned(-candidate.tilt)
    return Face(
        box=candidate.box,
        confidence=candidate.confidence,
        scheme=scheme,
        points=points,
        std=std,
        pose=head,
        eyes=eyes.measure_eyes(points, std, None if seen is None else seen.yaw)
        if scheme == IBUG_68.name
        else None,
        quality=quality,
        usable=judge(candidate.upright, candidate.confidence, upright, std, quality, seen),
    )
