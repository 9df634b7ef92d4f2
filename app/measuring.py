"""From a crop's landmarks to a face: back into the image, then all that follows from the points."""

from collections.abc import Sequence

import numpy as np

from app import eyes, pose
from app.alignment import Aligner, Alignment
from app.errors import InternalError
from app.face.geometry import Box, Crop
from app.face.schemes.ibug_68 import IBUG_68
from app.options import Options
from app.quality import measure_quality
from app.results import Face, ImageFacts
from app.usability import judge

# A face to be: its box in the image and the detector's confidence, None for the caller's box.
Candidate = tuple[Box, float | None]


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
    box, confidence = candidate
    scheme = aligner.model.card.scheme or ""
    points = crop.points_to_image(alignment.points_in_crop)
    std = alignment.std_in_crop * crop.scale
    if not (np.isfinite(points).all() and np.isfinite(std).all()):
        raise InternalError(f"{aligner.model.card.name} answered numbers that are not finite")
    camera = options.camera_for(image.width, image.height)
    convention = options.convention if "pose" in options.blocks else None
    head = pose.pose_of(points, std, camera, scheme, convention)
    quality = measure_quality(crop.pixels, aligner.crop_scale, box, image.width, image.height)
    return Face(
        box=box,
        confidence=confidence,
        scheme=scheme,
        points=points,
        std=std,
        pose=head,
        eyes=eyes.measure_eyes(points, std, None if head is None else head.yaw)
        if scheme == IBUG_68.name
        else None,
        quality=quality,
        usable=judge(box, confidence, points, std, quality, head),
    )
