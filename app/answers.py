"""Frozen values -> the JSON of the contract, as plain dictionaries of rounded numbers.

Plain values rather than pydantic models: with many faces most of the time would go into building
models of numbers we have just computed. `app.schemas` describes the same shape, and the tests
validate every answer against it.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme
from app.face.one_rotation import quaternion_of
from app.face.rotation import CONVENTIONS
from app.measuring.eyes import Eye
from app.measuring.pose import Pose
from app.results import Face, ImageResult, ModelIdentity

STAGES = ("receive", "wait", "decode", "detect", "crop", "queue", "infer", "measure")


def answer(
    request_id: str,
    model: ModelIdentity,
    detector: ModelIdentity | None,
    results: Iterable[ImageResult],
    blocks: Set[str],
    convention: str,
) -> dict[str, Any]:
    """The whole answer but its timings. detector: None where nothing had to be detected. blocks:
    which parts of a face it holds.
    """
    return {
        "id": request_id,
        "model": _identity(model),
        "detector": None if detector is None else _identity(detector),
        "results": [_result(result, blocks, convention, request_id) for result in results],
    }


def timings(stages: Mapping[str, float], total: float) -> dict[str, float]:
    """Milliseconds per stage; a stage that did not run took 0."""
    return {
        **{stage: round(stages.get(stage, 0.0), 2) for stage in STAGES},
        "total": round(total, 2),
    }


def _identity(model: ModelIdentity) -> dict[str, str]:
    return {
        "name": model.name,
        "version": model.version,
        "sha256": model.sha256,
        "provider": model.provider,
        "precision": model.precision,
    }


def _result(
    result: ImageResult, blocks: Set[str], convention: str, request_id: str
) -> dict[str, Any]:
    image = result.image
    return {
        "index": result.index,
        "file_name": result.file_name,
        "image": None
        if image is None
        else {
            "width": image.width,
            "height": image.height,
            "orientation_applied": image.orientation_applied,
        },
        "faces": [_face(face, blocks, convention) for face in result.faces],
        "error": None if result.error is None else result.error.problem(request_id),
    }


def _face(face: Face, blocks: Set[str], convention: str) -> dict[str, Any]:
    box = face.box
    value: dict[str, Any] = {
        "box": {
            "x": round(box.x, 2),
            "y": round(box.y, 2),
            "width": round(box.width, 2),
            "height": round(box.height, 2),
        },
        "confidence": None if face.confidence is None else round(face.confidence, 4),
    }
    if "landmarks" in blocks:
        value["landmarks"] = _landmarks(face) if len(face.points) else None
    if "pose" in blocks:
        value["pose"] = None if face.pose is None else _pose(face.pose, convention)
    if "eyes" in blocks:
        eyes = face.eyes
        value["eyes"] = (
            None if eyes is None else {"left": _eye(eyes.left), "right": _eye(eyes.right)}
        )
    if "quality" in blocks:
        value["quality"] = {
            "brightness": round(face.quality.brightness, 2),
            "sharpness": round(face.quality.sharpness, 2),
            "face_pixels": face.quality.face_pixels,
            "truncated": face.quality.truncated,
        }
    value["usable"] = {
        "landmarks": face.usable.landmarks,
        "pose": face.usable.pose,
        "reasons": list(face.usable.reasons),
    }
    return value


def _landmarks(face: Face) -> dict[str, Any]:
    named = scheme(face.scheme).named(face.points)
    return {
        "scheme": face.scheme,
        "points": _rounded(face.points),
        "std": None if np.isnan(face.std).any() else _rounded(face.std),
        "visible": None if face.visible is None else _rounded(face.visible),
        "named": dict(zip(named, _rounded(np.stack([*named.values()])), strict=True)),
    }


def _pose(pose: Pose, convention: str) -> dict[str, Any]:
    values = CONVENTIONS[convention].fields(pose.rotation)
    value: dict[str, Any] = {
        **{name: _angle(values.get(name)) for name in ("yaw", "pitch", "roll")},
        "std": None
        if pose.std is None
        else {name: _angle(pose.std.get(name)) for name in ("yaw", "pitch", "roll")},
        "quaternion": _rounded(np.array(quaternion_of(pose.rotation)), 6),
        "matrix": _rounded(pose.rotation, 6),
        "convention": convention,
        "relative_to": "camera",
        "method": pose.method,
    }
    if convention != "canonical":
        value["values"] = {name: _rounded(np.asarray(item), 6) for name, item in values.items()}
    return value


def _angle(value: float | list[float] | None) -> float | None:
    if not isinstance(value, float):
        return None
    rounded = round(value, 2) + 0.0  # adding 0.0 turns a negative zero into a plain one
    # Angles are in (-180, 180]: what is rounded onto the open end is the closed one.
    return 180.0 if rounded == -180.0 else rounded


def _eye(eye: Eye) -> dict[str, Any]:
    return {"openness": round(eye.openness, 2), "measurable": eye.measurable}


def _rounded(values: NDArray[np.float64], digits: int = 2) -> Any:
    # A whole number over a power of ten, so no digits trail; adding 0.0 as in _angle.
    return (np.round(values, digits) + 0.0).tolist()
