"""Faces of models that state no deviations: points, a rotation or both, and nothing that tells how
far they are to be trusted.
"""

from dataclasses import replace

import numpy as np

from app.detection.candidates import Candidate
from app.errors import InternalError
from app.face.geometry import Crop
from app.face.schemes.ibug_68 import IBUG_68
from app.face.viewing import view_towards
from app.measuring.alignment import Aligner, Alignment
from app.measuring.direct_pose import pose_from_rotation
from app.measuring.eyes import measure_eyes
from app.measuring.pnp_pose import pose_from_points
from app.measuring.pose import Array, Pose
from app.measuring.quality import measure_quality
from app.measuring.usability import Usable, judge_unrated
from app.options import Options
from app.results import Face, ImageFacts


def unrated_face(
    candidate: Candidate,
    crop: Crop,
    alignment: Alignment,
    aligner: Aligner,
    options: Options,
    image: ImageFacts,
) -> Face:
    """InternalError when the model answers no numbers."""
    rotation = alignment.rotation
    told = (alignment.points_in_crop, *([] if rotation is None else [rotation]))
    if not all(np.isfinite(part).all() for part in told):
        raise InternalError(f"{aligner.model.card.name} answered numbers that are not finite")
    points, std = crop.points_to_image(alignment.points_in_crop), alignment.std_in_crop
    scheme = aligner.model.card.scheme or ""
    pose = _pose(candidate, crop, rotation, (points, std), scheme, options, image)
    quality = measure_quality(
        crop.pixels, aligner.crop_scale, candidate.box, image.width, image.height
    )
    return Face(
        box=candidate.box,
        confidence=candidate.confidence,
        scheme=scheme,
        points=points,
        std=std,
        visible=None,
        pose=pose,
        eyes=measure_eyes(points, std, None) if scheme == IBUG_68.name else None,
        quality=quality,
        usable=_judged(judge_unrated(candidate.confidence, quality), pose),
    )


def _judged(usable: Usable, pose: Pose | None) -> Usable:
    if pose is not None:
        return usable
    return replace(usable, reasons=(*usable.reasons, "no_pose"))


def _pose(
    candidate: Candidate,
    crop: Crop,
    rotation: Array | None,
    landmarks: tuple[Array, Array],
    scheme: str,
    options: Options,
    image: ImageFacts,
) -> Pose | None:
    camera = options.camera_for(image.width, image.height)
    if rotation is not None and options.method != "pnp":
        view = view_towards(camera, *candidate.box.centre)
        return pose_from_rotation(rotation, crop.angle, view)
    return pose_from_points(*landmarks, camera, scheme)
