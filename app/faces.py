"""From a crop's landmarks to a face: back into the image, then all that follows from the points,
and from the head where the model tells it.
"""

from collections.abc import Sequence

import numpy as np

from app.detection.candidates import Candidate
from app.errors import InternalError
from app.face.geometry import Crop
from app.face.landmarks import scheme as scheme_named
from app.face.rotation import geodesic_degrees
from app.face.schemes.ibug_68 import IBUG_68
from app.face.tilt import turned
from app.face.viewing import view_towards
from app.measuring.alignment import Aligner, Alignment, HeadInCrop
from app.measuring.direct_pose import pose_from_head
from app.measuring.eyes import Eyes, measure_eyes, told_eyes
from app.measuring.pnp_pose import pose_from_points
from app.measuring.pose import Array, Pose
from app.measuring.quality import measure_quality
from app.measuring.usability import judge
from app.options import Options
from app.results import Face, ImageFacts
from app.unrated_faces import unrated_face


def measure(
    found: Sequence[Candidate],
    crops: Sequence[Crop],
    aligned: Sequence[Alignment],
    aligner: Aligner,
    options: Options,
    image: ImageFacts,
) -> tuple[Face, ...]:
    """One face per candidate of an image. InternalError when the model answers no numbers."""
    measure_one = _face if aligner.tells_deviations else unrated_face
    return tuple(
        measure_one(candidate, crop, alignment, aligner, options, image)
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
    if not _finite(alignment):
        raise InternalError(f"{aligner.model.card.name} answered numbers that are not finite")
    scheme, head = aligner.model.card.scheme or "", alignment.head
    points = crop.points_to_image(alignment.points_in_crop)
    std = alignment.std_in_crop * crop.scale
    pose, split = _pose(candidate, crop, head, (points, std), scheme, options, image)
    quality = measure_quality(
        crop.pixels, aligner.crop_scale, candidate.box, image.width, image.height
    )
    # Face boxes stand upright, and what may be trusted depends on where the face looks when its
    # head does: a tilt that was undone must not count.
    upright = turned(points, candidate.box.centre, -candidate.tilt) if candidate.tilt else points
    seen = None if pose is None or head is not None else pose.turned(-candidate.tilt)
    return Face(
        box=candidate.box,
        confidence=candidate.confidence,
        scheme=scheme,
        points=points,
        std=std,
        visible=None if head is None else head.visible,
        pose=pose,
        eyes=_eyes(points, std, seen, head) if scheme == IBUG_68.name else None,
        quality=quality,
        usable=judge(
            candidate.upright,
            candidate.confidence,
            upright,
            std,
            quality,
            seen if head is None else pose,
            head,
            split,
        ),
    )


def _pose(
    candidate: Candidate,
    crop: Crop,
    head: HeadInCrop | None,
    landmarks: tuple[Array, Array],
    scheme: str,
    options: Options,
    image: ImageFacts,
) -> tuple[Pose | None, float]:
    """The pose by the asked method, and how far it is from the model's own, degrees."""
    camera = options.camera_for(image.width, image.height)
    convention = options.convention if "pose" in options.blocks else None
    if head is None:
        return pose_from_points(*landmarks, camera, scheme, convention), 0.0
    # The rotations that face models learn are those of a camera that looks at the head's origin
    # (training.datasets.viewing). An assumed one is a guess, whose error weighs more than what lies
    # between the middle of the box and there.
    known = options.knows_camera
    seen_at = _head_in_image(landmarks[0], scheme) if known else candidate.box.centre
    view = view_towards(camera, *seen_at)
    if options.method != "pnp":
        return pose_from_head(head, crop.angle, view, convention), 0.0
    pose = pose_from_points(*landmarks, camera, scheme, convention)
    own = pose_from_head(head, crop.angle, view)
    split = 0.0 if pose is None else float(geodesic_degrees(pose.rotation, own.rotation))
    return pose, split


def _head_in_image(points: Array, scheme: str) -> tuple[float, float]:
    """Where the head's origin is seen, pixels: between the outer eye corners."""
    first, second = (
        points[list(corner)].mean(axis=0) for corner in scheme_named(scheme).normaliser
    )
    x, y = ((first + second) / 2).tolist()
    return x, y


def _finite(alignment: Alignment) -> bool:
    head = alignment.head
    told: tuple[Array | float, ...] = ()
    if head is not None:
        told = head.visible, head.rotation, head.rotation_std, head.openness, head.presence
    parts = (alignment.points_in_crop, alignment.std_in_crop, *told)
    return all(np.isfinite(part).all() for part in parts)


def _eyes(points: Array, std: Array, seen: Pose | None, head: HeadInCrop | None) -> Eyes:
    if head is None:
        return measure_eyes(points, std, None if seen is None else seen.yaw)
    return told_eyes(head, points, std)
